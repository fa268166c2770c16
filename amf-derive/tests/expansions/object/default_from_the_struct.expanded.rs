#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_remoting::amf_core::AmfClass for Settings {
    const CLASS: &'static ::amf_remoting::amf_core::Class = &::amf_remoting::amf_core::Class::new(
        "",
        &["Volume", "Muted"],
    );
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'de> ::amf_remoting::amf_core::FromAmf<'de> for Settings {
    fn from_amf(
        __decoder: &mut ::amf_remoting::amf_core::Decoder<'de>,
    ) -> ::core::result::Result<Self, ::amf_remoting::amf_core::DecodeError> {
        let __class = <Self as ::amf_remoting::amf_core::AmfClass>::CLASS;
        let mut __field_volume: ::core::option::Option<f64> = ::core::option::Option::None;
        let mut __field_muted: ::core::option::Option<bool> = ::core::option::Option::None;
        '__read: {
            let mut __object = match __decoder.begin_named(__class) {
                ::core::option::Option::Some(__named) => {
                    if __decoder.take_name("Volume") {
                        __field_volume = ::core::option::Option::Some(
                            __decoder.member::<f64>("Volume")?,
                        );
                    }
                    if __decoder.take_name("Muted") {
                        __field_muted = ::core::option::Option::Some(
                            __decoder.member::<bool>("Muted")?,
                        );
                    }
                    if __decoder.end_named(__named) {
                        break '__read;
                    }
                    __decoder.go_on_named(__named, __class)
                }
                ::core::option::Option::None => __decoder.begin_object(__class)?,
            };
            while let ::core::option::Option::Some(__member) = __decoder
                .next_member(&mut __object)?
            {
                match __member {
                    ::amf_remoting::amf_core::Member::Declared(0) => {
                        __field_volume = ::core::option::Option::Some(
                            __decoder.late_member::<f64>("Volume")?,
                        );
                    }
                    ::amf_remoting::amf_core::Member::Declared(1) => {
                        __field_muted = ::core::option::Option::Some(
                            __decoder.late_member::<bool>("Muted")?,
                        );
                    }
                    _ => __decoder.skip()?,
                }
            }
        }
        let __default = <Self as ::core::default::Default>::default();
        ::core::result::Result::Ok(Self {
            volume: __field_volume.unwrap_or(__default.volume),
            muted: __field_muted
                .unwrap_or_else(<bool as ::core::default::Default>::default),
            dirty: __default.dirty,
        })
    }
    fn classes(__classes: &mut ::amf_remoting::amf_core::Classes) {
        if __classes.add::<Self>() {
            <f64 as ::amf_remoting::amf_core::FromAmf<'_>>::classes(__classes);
            <bool as ::amf_remoting::amf_core::FromAmf<'_>>::classes(__classes);
        }
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_remoting::amf_core::ToAmf for Settings {
    fn to_amf(
        &self,
        __encoder: &mut ::amf_remoting::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_remoting::amf_core::EncodeError> {
        let __class = <Self as ::amf_remoting::amf_core::AmfClass>::CLASS;
        __encoder.begin_object(__class)?;
        __encoder.named_member::<f64>(__class, 0, b"\0\x06Volume", &self.volume)?;
        __encoder.named_member::<bool>(__class, 1, b"\0\x05Muted", &self.muted)?;
        __encoder.end_object(__class);
        ::core::result::Result::Ok(())
    }
}
