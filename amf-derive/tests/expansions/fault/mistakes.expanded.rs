::core::compile_error! {
    "programs tell faults apart by their codes: add `code = \"...\"` for `Unnumbered`"
}
::core::compile_error! {
    "there is no field `0`, there are none at all: write `{{0}}` for the braces"
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::core::convert::From<Broken> for ::amf_remoting::Fault {
    fn from(__error: Broken) -> Self {
        ::core::unimplemented!()
    }
}
