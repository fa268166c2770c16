#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::core::convert::From<Never> for ::amf_remoting::Fault {
    fn from(__error: Never) -> Self {
        match __error {}
    }
}
