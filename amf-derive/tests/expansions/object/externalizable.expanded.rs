#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_core::AmfClass for Money {
    const CLASS: &'static ::amf_core::Class = &::amf_core::Class::new(
            "com.example.Money",
            &[],
        )
        .externalizable();
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'de> ::amf_core::FromAmf<'de> for Money
where
    Money: ::amf_core::Externalizable,
{
    fn from_amf(
        __decoder: &mut ::amf_core::Decoder<'de>,
    ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
        __decoder.externalizable::<Self>(<Self as ::amf_core::AmfClass>::CLASS)
    }
    fn classes(__classes: &mut ::amf_core::Classes) {
        __classes.add_externalizable::<Self>();
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_core::ToAmf for Money
where
    Money: ::amf_core::Externalizable,
{
    fn to_amf(
        &self,
        __encoder: &mut ::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_core::EncodeError> {
        __encoder.externalizable::<Self>(<Self as ::amf_core::AmfClass>::CLASS, self)
    }
}
