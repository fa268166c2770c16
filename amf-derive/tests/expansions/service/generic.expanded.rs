#[allow(
    clippy::future_not_send,
    clippy::missing_const_for_fn,
    clippy::needless_pass_by_value,
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_async,
    clippy::unused_self
)]
#[cfg(feature = "games")]
impl<S: Store + Send + Sync + 'static, const N: usize> arcade::HTTPGames<S, N>
where
    S::Key: Send,
{
    #[doc = include_str!("list.md")]
    #[cfg(unix)]
    #[expect(clippy::unused_async)]
    pub async fn r#match<'a>(
        &'a self,
        r#type: String,
        mut context: Vec<S::Item>,
    ) -> &'a str {
        context.clear();
        &self.name
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
#[cfg(feature = "games")]
impl<S: Store + Send + Sync + 'static, const N: usize> ::amf_remoting::Service
for arcade::HTTPGames<S, N>
where
    S::Key: Send,
    arcade::HTTPGames<S, N>: ::core::marker::Send + ::core::marker::Sync + 'static,
{
    const NAME: &'static ::core::primitive::str = "httpGames";
    const METHODS: &'static [::amf_remoting::service::Method<Self>] = &[
        #[cfg(unix)]
        #[allow(clippy::unused_async)]
        ::amf_remoting::service::Method::<
            Self,
        >::new(
                "match",
                |__service, __arguments, __context| {
                    let __parameter_type = __arguments.next::<String>("type")?;
                    let __parameter_context = __arguments
                        .next::<Vec<S::Item>>("context")?;
                    ::amf_remoting::__private::boxed_method(async move {
                        let __output = Self::r#match(
                                &*__service,
                                __parameter_type,
                                __parameter_context,
                            )
                            .await;
                        ::amf_remoting::IntoReply::into_reply(__output, &__context)
                    })
                },
            )
            .parameters(const {
                &[
                    ::amf_remoting::service::Parameter::new::<String>("type", "String"),
                    ::amf_remoting::service::Parameter::new::<
                        Vec<S::Item>,
                    >("context", "Vec<S::Item>"),
                ]
            })
            .returns("&'a str")
            .docs(::core::concat!(include_str!("list.md"), "\n")),
    ];
}
