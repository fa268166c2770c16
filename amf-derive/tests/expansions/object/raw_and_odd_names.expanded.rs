#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl framework::amf::AmfClass for r#Type {
    const CLASS: &'static framework::amf::Class = &framework::amf::Class::new(
        "",
        &["type", "decoder", "__decoder", "alreadyCamel"],
    );
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'de> framework::amf::FromAmf<'de> for r#Type {
    fn from_amf(
        __decoder: &mut framework::amf::Decoder<'de>,
    ) -> ::core::result::Result<Self, framework::amf::DecodeError> {
        let __class = <Self as framework::amf::AmfClass>::CLASS;
        if let ::core::option::Option::Some(__object) = framework::amf::__private::begin_in_order(
            __decoder,
            __class,
        ) {
            let __value = Self {
                r#type: __decoder.member::<String>("type")?,
                decoder: __decoder.member::<u8>("decoder")?,
                __decoder: __decoder.member::<u8>("__decoder")?,
                alreadyCamel: __decoder.member::<bool>("alreadyCamel")?,
            };
            framework::amf::__private::end_in_order(__decoder, __object);
            return ::core::result::Result::Ok(__value);
        }
        let mut __field_type: ::core::option::Option<String> = ::core::option::Option::None;
        let mut __field_decoder: ::core::option::Option<u8> = ::core::option::Option::None;
        let mut __field___decoder: ::core::option::Option<u8> = ::core::option::Option::None;
        let mut __field_alreadyCamel: ::core::option::Option<bool> = ::core::option::Option::None;
        '__read: {
            let mut __object = match framework::amf::__private::begin_named(
                __decoder,
                __class,
            ) {
                ::core::option::Option::Some(__named) => {
                    if framework::amf::__private::take_name(__decoder, "type") {
                        __field_type = ::core::option::Option::Some(
                            __decoder.member::<String>("type")?,
                        );
                    }
                    if framework::amf::__private::take_name(__decoder, "decoder") {
                        __field_decoder = ::core::option::Option::Some(
                            __decoder.member::<u8>("decoder")?,
                        );
                    }
                    if framework::amf::__private::take_name(__decoder, "__decoder") {
                        __field___decoder = ::core::option::Option::Some(
                            __decoder.member::<u8>("__decoder")?,
                        );
                    }
                    if framework::amf::__private::take_name(__decoder, "alreadyCamel") {
                        __field_alreadyCamel = ::core::option::Option::Some(
                            __decoder.member::<bool>("alreadyCamel")?,
                        );
                    }
                    if framework::amf::__private::end_named(__decoder, __named) {
                        break '__read;
                    }
                    framework::amf::__private::resume_named(__decoder, __named, __class)
                }
                ::core::option::Option::None => __decoder.begin_object(__class)?,
            };
            while let ::core::option::Option::Some(__member) = __decoder
                .next_member(&mut __object)?
            {
                match __member {
                    framework::amf::Member::Declared(0) => {
                        __field_type = ::core::option::Option::Some(
                            framework::amf::__private::member_out_of_order::<
                                String,
                            >(__decoder, "type")?,
                        );
                    }
                    framework::amf::Member::Declared(1) => {
                        __field_decoder = ::core::option::Option::Some(
                            framework::amf::__private::member_out_of_order::<
                                u8,
                            >(__decoder, "decoder")?,
                        );
                    }
                    framework::amf::Member::Declared(2) => {
                        __field___decoder = ::core::option::Option::Some(
                            framework::amf::__private::member_out_of_order::<
                                u8,
                            >(__decoder, "__decoder")?,
                        );
                    }
                    framework::amf::Member::Declared(3) => {
                        __field_alreadyCamel = ::core::option::Option::Some(
                            framework::amf::__private::member_out_of_order::<
                                bool,
                            >(__decoder, "alreadyCamel")?,
                        );
                    }
                    _ => __decoder.skip()?,
                }
            }
        }
        ::core::result::Result::Ok(Self {
            r#type: __decoder.required::<String>(__class, "type", __field_type)?,
            decoder: __decoder.required::<u8>(__class, "decoder", __field_decoder)?,
            __decoder: __decoder
                .required::<u8>(__class, "__decoder", __field___decoder)?,
            alreadyCamel: __decoder
                .required::<bool>(__class, "alreadyCamel", __field_alreadyCamel)?,
        })
    }
    fn classes(__classes: &mut framework::amf::Classes) {
        if __classes.add::<Self>() {
            <String as framework::amf::FromAmf<'_>>::classes(__classes);
            <u8 as framework::amf::FromAmf<'_>>::classes(__classes);
            <bool as framework::amf::FromAmf<'_>>::classes(__classes);
        }
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl framework::amf::ToAmf for r#Type {
    fn to_amf(
        &self,
        __encoder: &mut framework::amf::Encoder,
    ) -> ::core::result::Result<(), framework::amf::EncodeError> {
        let __class = <Self as framework::amf::AmfClass>::CLASS;
        __encoder.begin_object(__class)?;
        framework::amf::WriteMembers::write_members(self, __class, 0, __encoder)?;
        framework::amf::WriteMembers::write_dynamic(self, __encoder)?;
        __encoder.end_object(__class);
        ::core::result::Result::Ok(())
    }
}
const _: () = {
    #[doc(hidden)]
    #[allow(deprecated, missing_debug_implementations, private_bounds)]
    pub struct __Partial<'de>(
        ::core::option::Option<String>,
        ::core::option::Option<u8>,
        ::core::option::Option<u8>,
        ::core::option::Option<bool>,
        ::core::marker::PhantomData<(&'de (), r#Type)>,
    );
    #[automatically_derived]
    #[allow(deprecated, non_snake_case)]
    impl<'de> framework::amf::ReadMembers<'de> for r#Type {
        type Partial = __Partial<'de>;
        #[inline]
        fn empty() -> Self::Partial {
            __Partial(
                ::core::option::Option::None,
                ::core::option::Option::None,
                ::core::option::Option::None,
                ::core::option::Option::None,
                ::core::marker::PhantomData,
            )
        }
        #[inline]
        fn read_member(
            __found: &mut Self::Partial,
            __index: ::core::primitive::usize,
            __decoder: &mut framework::amf::Decoder<'de>,
        ) -> ::core::result::Result<(), framework::amf::DecodeError> {
            match __index {
                0 => {
                    __found.0 = ::core::option::Option::Some(
                        framework::amf::__private::member_out_of_order::<
                            String,
                        >(__decoder, "type")?,
                    );
                }
                1 => {
                    __found.1 = ::core::option::Option::Some(
                        framework::amf::__private::member_out_of_order::<
                            u8,
                        >(__decoder, "decoder")?,
                    );
                }
                2 => {
                    __found.2 = ::core::option::Option::Some(
                        framework::amf::__private::member_out_of_order::<
                            u8,
                        >(__decoder, "__decoder")?,
                    );
                }
                3 => {
                    __found.3 = ::core::option::Option::Some(
                        framework::amf::__private::member_out_of_order::<
                            bool,
                        >(__decoder, "alreadyCamel")?,
                    );
                }
                _ => {}
            }
            ::core::result::Result::Ok(())
        }
        #[inline]
        fn from_partial(
            __found: Self::Partial,
            __class: &'static framework::amf::Class,
            __decoder: &framework::amf::Decoder<'de>,
        ) -> ::core::result::Result<Self, framework::amf::DecodeError> {
            let __Partial(
                __field_type,
                __field_decoder,
                __field___decoder,
                __field_alreadyCamel,
                _,
            ) = __found;
            ::core::result::Result::Ok(Self {
                r#type: __decoder.required::<String>(__class, "type", __field_type)?,
                decoder: __decoder.required::<u8>(__class, "decoder", __field_decoder)?,
                __decoder: __decoder
                    .required::<u8>(__class, "__decoder", __field___decoder)?,
                alreadyCamel: __decoder
                    .required::<bool>(__class, "alreadyCamel", __field_alreadyCamel)?,
            })
        }
        #[inline]
        fn apply(&mut self, __found: Self::Partial) {
            let __Partial(
                __field_type,
                __field_decoder,
                __field___decoder,
                __field_alreadyCamel,
                _,
            ) = __found;
            if let ::core::option::Option::Some(__value) = __field_type {
                self.r#type = __value;
            }
            if let ::core::option::Option::Some(__value) = __field_decoder {
                self.decoder = __value;
            }
            if let ::core::option::Option::Some(__value) = __field___decoder {
                self.__decoder = __value;
            }
            if let ::core::option::Option::Some(__value) = __field_alreadyCamel {
                self.alreadyCamel = __value;
            }
        }
    }
};
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl framework::amf::WriteMembers for r#Type {
    #[inline]
    fn write_members(
        &self,
        __class: &'static framework::amf::Class,
        __first: ::core::primitive::usize,
        __encoder: &mut framework::amf::Encoder,
    ) -> ::core::result::Result<(), framework::amf::EncodeError> {
        framework::amf::__private::named_member::<
            String,
        >(__encoder, __class, __first + 0, b"\0\x04type", &self.r#type)?;
        framework::amf::__private::named_member::<
            u8,
        >(__encoder, __class, __first + 1, b"\0\x07decoder", &self.decoder)?;
        framework::amf::__private::named_member::<
            u8,
        >(__encoder, __class, __first + 2, b"\0\t__decoder", &self.__decoder)?;
        framework::amf::__private::named_member::<
            bool,
        >(__encoder, __class, __first + 3, b"\0\x0CalreadyCamel", &self.alreadyCamel)?;
        ::core::result::Result::Ok(())
    }
}
