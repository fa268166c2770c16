::core::compile_error! {
    "a client has methods only: move this to a trait of its own"
}
::core::compile_error! {
    "a remote method takes `&self` first: write `fn no_receiver(&self, ...)`, or move the function to another trait"
}
::core::compile_error! {
    "an answer may not come: write `-> Result<(), CallError>` behind `async fn no_answer(...)`, or `fn` without `async` to wait for none"
}
trait Broken {
    fn no_receiver(n: u32);
    fn no_answer(
        &self,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send;
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl Broken for ::amf_remoting::Client {
    #[allow(unused)]
    fn no_receiver(n: u32) {
        ::core::unimplemented!()
    }
    #[allow(unused)]
    fn no_answer(
        &self,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send {
        ::core::future::pending()
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl Broken for ::amf_remoting::Group {
    #[allow(unused)]
    fn no_receiver(n: u32) {
        ::core::unimplemented!()
    }
    #[allow(unused)]
    fn no_answer(
        &self,
    ) -> impl ::core::future::Future<Output = ()> + ::core::marker::Send {
        ::core::future::pending()
    }
}
