::core::compile_error! {
    "a method may outlive the bytes of its call, so an argument owns its data: write `String`"
}
impl Game {
    fn first(&self, name: &str) {}
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_remoting::Service for Game
where
    Game: ::core::marker::Send + ::core::marker::Sync + 'static,
{
    const NAME: &'static ::core::primitive::str = "game";
    const METHODS: &'static [::amf_remoting::service::Method<Self>] = &[];
}
