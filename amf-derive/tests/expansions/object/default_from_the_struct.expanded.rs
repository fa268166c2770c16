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
            let mut __object = match ::amf_remoting::amf_core::__private::begin_named(
                __decoder,
                __class,
            ) {
                ::core::option::Option::Some(__named) => {
                    if ::amf_remoting::amf_core::__private::take_name(
                        __decoder,
                        "Volume",
                    ) {
                        __field_volume = ::core::option::Option::Some(
                            __decoder.member::<f64>("Volume")?,
                        );
                    }
                    if ::amf_remoting::amf_core::__private::take_name(
                        __decoder,
                        "Muted",
                    ) {
                        __field_muted = ::core::option::Option::Some(
                            __decoder.member::<bool>("Muted")?,
                        );
                    }
                    if ::amf_remoting::amf_core::__private::end_named(
                        __decoder,
                        __named,
                    ) {
                        break '__read;
                    }
                    ::amf_remoting::amf_core::__private::resume_named(
                        __decoder,
                        __named,
                        __class,
                    )
                }
                ::core::option::Option::None => __decoder.begin_object(__class)?,
            };
            while let ::core::option::Option::Some(__member) = __decoder
                .next_member(&mut __object)?
            {
                match __member {
                    ::amf_remoting::amf_core::Member::Declared(0) => {
                        __field_volume = ::core::option::Option::Some(
                            ::amf_remoting::amf_core::__private::member_out_of_order::<
                                f64,
                            >(__decoder, "Volume")?,
                        );
                    }
                    ::amf_remoting::amf_core::Member::Declared(1) => {
                        __field_muted = ::core::option::Option::Some(
                            ::amf_remoting::amf_core::__private::member_out_of_order::<
                                bool,
                            >(__decoder, "Muted")?,
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
        ::amf_remoting::amf_core::WriteMembers::write_members(
            self,
            __class,
            0,
            __encoder,
        )?;
        ::amf_remoting::amf_core::WriteMembers::write_dynamic(self, __encoder)?;
        __encoder.end_object(__class);
        ::core::result::Result::Ok(())
    }
}
const _: () = {
    #[doc(hidden)]
    #[allow(deprecated, missing_debug_implementations, private_bounds)]
    pub struct __Partial<'de>(
        ::core::option::Option<f64>,
        ::core::option::Option<bool>,
        ::core::marker::PhantomData<(&'de (), Settings)>,
    );
    #[automatically_derived]
    #[allow(deprecated, non_snake_case)]
    impl<'de> ::amf_remoting::amf_core::ReadMembers<'de> for Settings {
        type Partial = __Partial<'de>;
        #[inline]
        fn empty() -> Self::Partial {
            __Partial(
                ::core::option::Option::None,
                ::core::option::Option::None,
                ::core::marker::PhantomData,
            )
        }
        #[inline]
        fn read_member(
            __found: &mut Self::Partial,
            __index: ::core::primitive::usize,
            __decoder: &mut ::amf_remoting::amf_core::Decoder<'de>,
        ) -> ::core::result::Result<(), ::amf_remoting::amf_core::DecodeError> {
            match __index {
                0 => {
                    __found.0 = ::core::option::Option::Some(
                        ::amf_remoting::amf_core::__private::member_out_of_order::<
                            f64,
                        >(__decoder, "Volume")?,
                    );
                }
                1 => {
                    __found.1 = ::core::option::Option::Some(
                        ::amf_remoting::amf_core::__private::member_out_of_order::<
                            bool,
                        >(__decoder, "Muted")?,
                    );
                }
                _ => {}
            }
            ::core::result::Result::Ok(())
        }
        #[inline]
        fn from_partial(
            __found: Self::Partial,
            __class: &'static ::amf_remoting::amf_core::Class,
            __decoder: &::amf_remoting::amf_core::Decoder<'de>,
        ) -> ::core::result::Result<Self, ::amf_remoting::amf_core::DecodeError> {
            let __Partial(__field_volume, __field_muted, _) = __found;
            let __default = <Self as ::core::default::Default>::default();
            ::core::result::Result::Ok(Self {
                volume: __field_volume.unwrap_or(__default.volume),
                muted: __field_muted
                    .unwrap_or_else(<bool as ::core::default::Default>::default),
                dirty: __default.dirty,
            })
        }
        #[inline]
        fn apply(&mut self, __found: Self::Partial) {
            let __Partial(__field_volume, __field_muted, _) = __found;
            if let ::core::option::Option::Some(__value) = __field_volume {
                self.volume = __value;
            }
            if let ::core::option::Option::Some(__value) = __field_muted {
                self.muted = __value;
            }
        }
    }
};
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_remoting::amf_core::WriteMembers for Settings {
    #[inline]
    fn write_members(
        &self,
        __class: &'static ::amf_remoting::amf_core::Class,
        __first: ::core::primitive::usize,
        __encoder: &mut ::amf_remoting::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_remoting::amf_core::EncodeError> {
        ::amf_remoting::amf_core::__private::named_member::<
            f64,
        >(__encoder, __class, __first + 0, b"\0\x06Volume", &self.volume)?;
        ::amf_remoting::amf_core::__private::named_member::<
            bool,
        >(__encoder, __class, __first + 1, b"\0\x05Muted", &self.muted)?;
        ::core::result::Result::Ok(())
    }
}
