trait GameQueries {
    fn ping(
        &self,
        n: u32,
    ) -> impl ::core::future::Future<
        Output = Result<u32, CallError>,
    > + ::core::marker::Send;
    fn moved<'a>(&'a self, r#type: &'a str);
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl GameQueries for framework::remoting::Client {
    fn ping(
        &self,
        n: u32,
    ) -> impl ::core::future::Future<
        Output = Result<u32, CallError>,
    > + ::core::marker::Send {
        framework::remoting::Client::invoke(self, "ping", (n,))
    }
    fn moved<'a>(&'a self, r#type: &'a str) {
        framework::remoting::__private::log_failed_notification(
            "moved",
            framework::remoting::Client::notify(self, "moved", (r#type,)),
        )
    }
}
