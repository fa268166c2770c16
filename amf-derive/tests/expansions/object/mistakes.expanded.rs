::core::compile_error! {
    "an alias is not empty; leave `alias` out where objects are anonymous"
}
::core::compile_error! {
    "unknown attribute `renam_all`; did you mean `rename_all`?"
}
::core::compile_error! {
    "unknown attribute `renam`; did you mean `rename`?"
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_core::AmfClass for Broken {
    const CLASS: &'static ::amf_core::Class = &::amf_core::Class::new("", &[]);
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'de> ::amf_core::FromAmf<'de> for Broken {
    fn from_amf(
        _: &mut ::amf_core::Decoder<'_>,
    ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
        ::core::unimplemented!()
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_core::ToAmf for Broken {
    fn to_amf(
        &self,
        _: &mut ::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_core::EncodeError> {
        ::core::unimplemented!()
    }
}
