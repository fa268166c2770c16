#[allow(
    clippy::future_not_send,
    clippy::missing_const_for_fn,
    clippy::needless_pass_by_value,
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_async,
    clippy::unused_self
)]
impl Game {
    const LIMIT: u32 = 16;
    /// Borrowed parameters are the call's context.
    ///
    /// Owned ones arrive on the wire.
    async fn join(
        &self,
        user: &User,
        client: &Client,
        player: Player,
        room: Option<String>,
    ) -> Result<Room, GameError> {
        self.rooms.enter(user, client, player, room).await
    }
    fn version(&self) -> u32 {
        7
    }
    fn leave(&self, _token: String) {}
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_remoting::Service for Game
where
    Game: ::core::marker::Send + ::core::marker::Sync + 'static,
{
    const NAME: &'static ::core::primitive::str = "game";
    const METHODS: &'static [::amf_remoting::service::Method<Self>] = &[
        ::amf_remoting::service::Method::<
            Self,
        >::new(
                "join",
                |__service, __arguments, __context| {
                    let __parameter_player = __arguments.next::<Player>("player")?;
                    let __parameter_room = __arguments.next::<Option<String>>("room")?;
                    ::amf_remoting::__private::boxed_method(async move {
                        let __parameter_user = <User as ::amf_remoting::FromCaller>::from_caller(
                                __context.caller(),
                            )
                            .await?;
                        let __parameter_client = <Client as ::amf_remoting::FromCaller>::from_caller(
                                __context.caller(),
                            )
                            .await?;
                        let __output = Self::join(
                                &*__service,
                                &__parameter_user,
                                &__parameter_client,
                                __parameter_player,
                                __parameter_room,
                            )
                            .await;
                        <Result<
                            Room,
                            GameError,
                        > as ::amf_remoting::IntoReply<
                            _,
                        >>::into_reply(__output, &__context)
                    })
                },
            )
            .parameters(const {
                &[
                    ::amf_remoting::service::Parameter::new::<
                        Player,
                    >("player", "Player"),
                    ::amf_remoting::service::Parameter::new::<
                        Option<String>,
                    >("room", "Option<String>"),
                ]
            })
            .returns("Result<Room, GameError>")
            .docs(
                "Borrowed parameters are the call's context.\n\nOwned ones arrive on the wire.",
            ),
        ::amf_remoting::service::Method::<
            Self,
        >::new(
                "leave",
                |__service, __arguments, __context| {
                    let __parameter__token = __arguments.next::<String>("token")?;
                    ::amf_remoting::__private::boxed_method(async move {
                        let __output = Self::leave(&*__service, __parameter__token);
                        ::amf_remoting::IntoReply::into_reply(__output, &__context)
                    })
                },
            )
            .parameters(const {
                &[::amf_remoting::service::Parameter::new::<String>("token", "String")]
            }),
        ::amf_remoting::service::Method::<
            Self,
        >::new(
                "serverVersion",
                |__service, __arguments, __context| {
                    ::amf_remoting::__private::boxed_method(async move {
                        let __output = Self::version(&*__service);
                        <u32 as ::amf_remoting::IntoReply<
                            _,
                        >>::into_reply(__output, &__context)
                    })
                },
            )
            .returns("u32")
            .concurrent(),
    ];
}
