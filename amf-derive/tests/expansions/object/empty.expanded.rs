#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_core::AmfClass for Ping {
    const CLASS: &'static ::amf_core::Class = &::amf_core::Class::new("", &[]);
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'de> ::amf_core::FromAmf<'de> for Ping {
    fn from_amf(
        __decoder: &mut ::amf_core::Decoder<'de>,
    ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
        let __class = <Self as ::amf_core::AmfClass>::CLASS;
        if let ::core::option::Option::Some(__object) = __decoder.begin_in_order(__class)
        {
            let __value = Self {};
            __decoder.end_in_order(__object);
            return ::core::result::Result::Ok(__value);
        }
        let mut __object = __decoder.begin_object(__class)?;
        while __decoder.next_member(&mut __object)?.is_some() {
            __decoder.skip()?;
        }
        ::core::result::Result::Ok(Self {})
    }
    fn classes(__classes: &mut ::amf_core::Classes) {
        if __classes.add::<Self>() {}
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_core::ToAmf for Ping {
    fn to_amf(
        &self,
        __encoder: &mut ::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_core::EncodeError> {
        let __class = <Self as ::amf_core::AmfClass>::CLASS;
        __encoder.begin_object(__class)?;
        __encoder.end_object(__class);
        ::core::result::Result::Ok(())
    }
}
