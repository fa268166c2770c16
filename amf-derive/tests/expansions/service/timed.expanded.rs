#[allow(
    clippy::future_not_send,
    clippy::missing_const_for_fn,
    clippy::needless_pass_by_value,
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_async,
    clippy::unused_self
)]
impl Chess {
    fn best_move(&self, user: &User, board: Board) -> Result<Move, ChessError> {}
    async fn next_move(&self) -> Move {}
    async fn sync(&self) {}
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_remoting::Service for Chess
where
    Chess: ::core::marker::Send + ::core::marker::Sync + 'static,
{
    const NAME: &'static ::core::primitive::str = "chess";
    const METHODS: &'static [::amf_remoting::service::Method<Self>] = &[
        ::amf_remoting::service::Method::<
            Self,
        >::new(
                "bestMove",
                |__service, __arguments, __context| {
                    let __parameter_board = __arguments.next::<Board>("board")?;
                    ::amf_remoting::__private::boxed_method(async move {
                        let __parameter_user = <User as ::amf_remoting::FromCaller>::from_caller(
                                __context.caller(),
                            )
                            .await?;
                        ::amf_remoting::__private::run_blocking(move || {
                                let __output = Self::best_move(
                                    &*__service,
                                    &__parameter_user,
                                    __parameter_board,
                                );
                                <Result<
                                    Move,
                                    ChessError,
                                > as ::amf_remoting::IntoReply<
                                    _,
                                >>::into_reply(__output, &__context)
                            })
                            .await
                    })
                },
            )
            .parameters(const {
                &[::amf_remoting::service::Parameter::new::<Board>("board", "Board")]
            })
            .returns("Result<Move, ChessError>")
            .timeout(::core::time::Duration::from_secs(60u64)),
        ::amf_remoting::service::Method::<
            Self,
        >::new(
                "nextMove",
                |__service, __arguments, __context| {
                    ::amf_remoting::__private::boxed_method(async move {
                        let __output = Self::next_move(&*__service).await;
                        <Move as ::amf_remoting::IntoReply<
                            _,
                        >>::into_reply(__output, &__context)
                    })
                },
            )
            .returns("Move")
            .timeout(::core::time::Duration::MAX),
        ::amf_remoting::service::Method::<
            Self,
        >::new(
                "sync",
                |__service, __arguments, __context| {
                    ::amf_remoting::__private::boxed_method(async move {
                        let __output = Self::sync(&*__service).await;
                        ::amf_remoting::IntoReply::into_reply(__output, &__context)
                    })
                },
            )
            .timeout(::core::time::Duration::from_millis(250u64))
            .access(::amf_remoting::service::Access::Role("player")),
    ];
}
