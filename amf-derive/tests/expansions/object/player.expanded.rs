#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_core::AmfClass for Player {
    const CLASS: &'static ::amf_core::Class = &::amf_core::Class::new(
            "com.example.Player",
            &["displayName", "hp", "level", "lives"],
        )
        .dynamic();
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'de> ::amf_core::FromAmf<'de> for Player {
    fn from_amf(
        __decoder: &mut ::amf_core::Decoder<'de>,
    ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
        let __class = <Self as ::amf_core::AmfClass>::CLASS;
        let mut __field_display_name: ::core::option::Option<String> = ::core::option::Option::None;
        let mut __field_health: ::core::option::Option<u32> = ::core::option::Option::None;
        let mut __field_level: ::core::option::Option<u32> = ::core::option::Option::None;
        let mut __field_lives: ::core::option::Option<u32> = ::core::option::Option::None;
        let mut __field_extra: DynamicMembers = ::core::default::Default::default();
        '__read: {
            let mut __object = match ::amf_core::__private::begin_named(
                __decoder,
                __class,
            ) {
                ::core::option::Option::Some(__named) => {
                    if ::amf_core::__private::take_name(__decoder, "displayName") {
                        __field_display_name = ::core::option::Option::Some(
                            __decoder.member::<String>("displayName")?,
                        );
                    }
                    if ::amf_core::__private::take_name(__decoder, "hp") {
                        __field_health = ::core::option::Option::Some(
                            __decoder.member::<u32>("hp")?,
                        );
                    }
                    if ::amf_core::__private::take_name(__decoder, "level") {
                        __field_level = ::core::option::Option::Some(
                            __decoder.member::<u32>("level")?,
                        );
                    }
                    if ::amf_core::__private::take_name(__decoder, "lives") {
                        __field_lives = ::core::option::Option::Some(
                            __decoder.member::<u32>("lives")?,
                        );
                    }
                    if ::amf_core::__private::end_named(__decoder, __named) {
                        break '__read;
                    }
                    ::amf_core::__private::resume_named(__decoder, __named, __class)
                }
                ::core::option::Option::None => __decoder.begin_object(__class)?,
            };
            while let ::core::option::Option::Some(__member) = __decoder
                .next_member(&mut __object)?
            {
                match __member {
                    ::amf_core::Member::Declared(0) => {
                        __field_display_name = ::core::option::Option::Some(
                            ::amf_core::__private::member_out_of_order::<
                                String,
                            >(__decoder, "displayName")?,
                        );
                    }
                    ::amf_core::Member::Declared(1) => {
                        __field_health = ::core::option::Option::Some(
                            ::amf_core::__private::member_out_of_order::<
                                u32,
                            >(__decoder, "hp")?,
                        );
                    }
                    ::amf_core::Member::Declared(2) => {
                        __field_level = ::core::option::Option::Some(
                            ::amf_core::__private::member_out_of_order::<
                                u32,
                            >(__decoder, "level")?,
                        );
                    }
                    ::amf_core::Member::Declared(3) => {
                        __field_lives = ::core::option::Option::Some(
                            ::amf_core::__private::member_out_of_order::<
                                u32,
                            >(__decoder, "lives")?,
                        );
                    }
                    ::amf_core::Member::Unknown(__name) => {
                        __decoder.dynamic_member(__name, &mut __field_extra)?
                    }
                    _ => __decoder.skip()?,
                }
            }
        }
        ::core::result::Result::Ok(Self {
            display_name: __decoder
                .required::<String>(__class, "displayName", __field_display_name)?,
            health: __decoder.required::<u32>(__class, "hp", __field_health)?,
            level: __field_level
                .unwrap_or_else(<u32 as ::core::default::Default>::default),
            lives: __field_lives.unwrap_or_else(defaults::lives),
            cached_rank: <Option<u32> as ::core::default::Default>::default(),
            extra: __field_extra,
        })
    }
    fn classes(__classes: &mut ::amf_core::Classes) {
        if __classes.add::<Self>() {
            <String as ::amf_core::FromAmf<'_>>::classes(__classes);
            <u32 as ::amf_core::FromAmf<'_>>::classes(__classes);
        }
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_core::ToAmf for Player {
    fn to_amf(
        &self,
        __encoder: &mut ::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_core::EncodeError> {
        let __class = <Self as ::amf_core::AmfClass>::CLASS;
        __encoder.begin_object(__class)?;
        ::amf_core::WriteMembers::write_members(self, __class, 0, __encoder)?;
        ::amf_core::WriteMembers::write_dynamic(self, __encoder)?;
        __encoder.end_object(__class);
        ::core::result::Result::Ok(())
    }
}
const _: () = {
    #[doc(hidden)]
    #[allow(deprecated, missing_debug_implementations, private_bounds)]
    pub struct __Partial<'de>(
        ::core::option::Option<String>,
        ::core::option::Option<u32>,
        ::core::option::Option<u32>,
        ::core::option::Option<u32>,
        DynamicMembers,
        ::core::marker::PhantomData<(&'de (), Player)>,
    );
    #[automatically_derived]
    #[allow(deprecated, non_snake_case)]
    impl<'de> ::amf_core::ReadMembers<'de> for Player {
        type Partial = __Partial<'de>;
        #[inline]
        fn empty() -> Self::Partial {
            __Partial(
                ::core::option::Option::None,
                ::core::option::Option::None,
                ::core::option::Option::None,
                ::core::option::Option::None,
                ::core::default::Default::default(),
                ::core::marker::PhantomData,
            )
        }
        #[inline]
        fn read_member(
            __found: &mut Self::Partial,
            __index: ::core::primitive::usize,
            __decoder: &mut ::amf_core::Decoder<'de>,
        ) -> ::core::result::Result<(), ::amf_core::DecodeError> {
            match __index {
                0 => {
                    __found.0 = ::core::option::Option::Some(
                        ::amf_core::__private::member_out_of_order::<
                            String,
                        >(__decoder, "displayName")?,
                    );
                }
                1 => {
                    __found.1 = ::core::option::Option::Some(
                        ::amf_core::__private::member_out_of_order::<
                            u32,
                        >(__decoder, "hp")?,
                    );
                }
                2 => {
                    __found.2 = ::core::option::Option::Some(
                        ::amf_core::__private::member_out_of_order::<
                            u32,
                        >(__decoder, "level")?,
                    );
                }
                3 => {
                    __found.3 = ::core::option::Option::Some(
                        ::amf_core::__private::member_out_of_order::<
                            u32,
                        >(__decoder, "lives")?,
                    );
                }
                _ => {}
            }
            ::core::result::Result::Ok(())
        }
        #[inline]
        fn read_undeclared(
            __found: &mut Self::Partial,
            __name: ::amf_core::__private::Name<'de>,
            __decoder: &mut ::amf_core::Decoder<'de>,
        ) -> ::core::result::Result<
            ::core::option::Option<::amf_core::__private::Name<'de>>,
            ::amf_core::DecodeError,
        > {
            __decoder.dynamic_member(__name, &mut __found.4)?;
            ::core::result::Result::Ok(::core::option::Option::None)
        }
        #[inline]
        fn from_partial(
            __found: Self::Partial,
            __class: &'static ::amf_core::Class,
            __decoder: &::amf_core::Decoder<'de>,
        ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
            let __Partial(
                __field_display_name,
                __field_health,
                __field_level,
                __field_lives,
                __field_extra,
                _,
            ) = __found;
            ::core::result::Result::Ok(Self {
                display_name: __decoder
                    .required::<String>(__class, "displayName", __field_display_name)?,
                health: __decoder.required::<u32>(__class, "hp", __field_health)?,
                level: __field_level
                    .unwrap_or_else(<u32 as ::core::default::Default>::default),
                lives: __field_lives.unwrap_or_else(defaults::lives),
                cached_rank: <Option<u32> as ::core::default::Default>::default(),
                extra: __field_extra,
            })
        }
        #[inline]
        fn apply(&mut self, __found: Self::Partial) {
            let __Partial(
                __field_display_name,
                __field_health,
                __field_level,
                __field_lives,
                __field_extra,
                _,
            ) = __found;
            if let ::core::option::Option::Some(__value) = __field_display_name {
                self.display_name = __value;
            }
            if let ::core::option::Option::Some(__value) = __field_health {
                self.health = __value;
            }
            if let ::core::option::Option::Some(__value) = __field_level {
                self.level = __value;
            }
            if let ::core::option::Option::Some(__value) = __field_lives {
                self.lives = __value;
            }
            ::amf_core::__private::extend_dynamic(&mut self.extra, &__field_extra);
        }
    }
};
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_core::WriteMembers for Player {
    #[inline]
    fn write_members(
        &self,
        __class: &'static ::amf_core::Class,
        __first: ::core::primitive::usize,
        __encoder: &mut ::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_core::EncodeError> {
        ::amf_core::__private::named_member::<
            String,
        >(__encoder, __class, __first + 0, b"\0\x0BdisplayName", &self.display_name)?;
        ::amf_core::__private::named_member::<
            u32,
        >(__encoder, __class, __first + 1, b"\0\x02hp", &self.health)?;
        ::amf_core::__private::named_member::<
            u32,
        >(__encoder, __class, __first + 2, b"\0\x05level", &self.level)?;
        ::amf_core::__private::named_member::<
            u32,
        >(__encoder, __class, __first + 3, b"\0\x05lives", &self.lives)?;
        ::core::result::Result::Ok(())
    }
    fn write_dynamic(
        &self,
        __encoder: &mut ::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_core::EncodeError> {
        __encoder.dynamic_members(&self.extra)?;
        ::core::result::Result::Ok(())
    }
}
