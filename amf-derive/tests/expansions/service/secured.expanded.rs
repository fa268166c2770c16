#[allow(
    clippy::future_not_send,
    clippy::missing_const_for_fn,
    clippy::needless_pass_by_value,
    clippy::ref_option,
    clippy::trivially_copy_pass_by_ref,
    clippy::unused_async,
    clippy::unused_self
)]
impl Accounts {
    fn mine(&self, principal: &Principal) -> Vec<Account> {}
    async fn delete(&self, name: String) -> Result<(), AccountError> {}
    fn motto(&self) -> String {}
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_remoting::Service for Accounts
where
    Accounts: ::core::marker::Send + ::core::marker::Sync + 'static,
{
    const NAME: &'static ::core::primitive::str = "accounts";
    const METHODS: &'static [::amf_remoting::service::Method<Self>] = &[
        ::amf_remoting::service::Method::<
            Self,
        >::new(
                "delete",
                |__service, __arguments, __context| {
                    let __parameter_name = __arguments.next::<String>("name")?;
                    ::amf_remoting::__private::boxed_method(async move {
                        let __output = Self::delete(&*__service, __parameter_name).await;
                        <Result<
                            (),
                            AccountError,
                        > as ::amf_remoting::IntoReply<
                            _,
                        >>::into_reply(__output, &__context)
                    })
                },
            )
            .parameters(const {
                &[::amf_remoting::service::Parameter::new::<String>("name", "String")]
            })
            .returns("Result<(), AccountError>")
            .access(::amf_remoting::service::Access::Role("admin")),
        ::amf_remoting::service::Method::<
            Self,
        >::new(
                "mine",
                |__service, __arguments, __context| {
                    ::amf_remoting::__private::boxed_method(async move {
                        let __parameter_principal = <Principal as ::amf_remoting::FromCaller>::from_caller(
                                __context.caller(),
                            )
                            .await?;
                        let __output = Self::mine(&*__service, &__parameter_principal);
                        <Vec<
                            Account,
                        > as ::amf_remoting::IntoReply<
                            _,
                        >>::into_reply(__output, &__context)
                    })
                },
            )
            .returns("Vec<Account>")
            .access(::amf_remoting::service::Access::LoggedIn),
        ::amf_remoting::service::Method::<
            Self,
        >::new(
                "motto",
                |__service, __arguments, __context| {
                    ::amf_remoting::__private::boxed_method(async move {
                        let __output = Self::motto(&*__service);
                        <String as ::amf_remoting::IntoReply<
                            _,
                        >>::into_reply(__output, &__context)
                    })
                },
            )
            .returns("String")
            .concurrent(),
    ];
}
