const _: () = {
    #[allow(non_upper_case_globals)]
    static __CLASS_Empty: ::amf_core::Class = ::amf_core::Class::new(
        "com.example.Empty",
        &[],
    );
    #[allow(non_upper_case_globals)]
    static __CLASS_Line: ::amf_core::Class = ::amf_core::Class::new(
            "com.example.Line",
            &["startX", "tags"],
        )
        .also(&["old.Line"]);
    #[allow(deprecated)]
    const _: () = ::core::assert!(
        ! < Circle as ::amf_core::AmfClass > ::CLASS.alias().is_empty(),
        "the struct in `Shape::Circle` has no alias, which alone would tell it from others: add `#[amf(alias = ...)]` to it"
    );
    #[automatically_derived]
    #[allow(deprecated, non_snake_case)]
    impl<'de, T: ::amf_core::FromAmf<'de>> ::amf_core::FromAmf<'de> for Shape<T>
    where
        Vec<T>: ::core::default::Default,
    {
        fn from_amf(
            __decoder: &mut ::amf_core::Decoder<'de>,
        ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
            let __classes = [
                <Circle as ::amf_core::AmfClass>::CLASS,
                <Boxed<T> as ::amf_core::AmfClass>::CLASS,
                &__CLASS_Empty,
                &__CLASS_Line,
            ];
            match ::amf_core::__private::match_class(__decoder, &__classes)? {
                ::core::option::Option::Some(0) => {
                    <Circle as ::amf_core::FromAmf<'de>>::from_amf(__decoder)
                        .map(Self::Circle)
                }
                ::core::option::Option::Some(1) => {
                    <Boxed<T> as ::amf_core::FromAmf<'de>>::from_amf(__decoder)
                        .map(Self::Boxed)
                }
                ::core::option::Option::Some(2) => {
                    let __class = &__CLASS_Empty;
                    if let ::core::option::Option::Some(__object) = ::amf_core::__private::begin_in_order(
                        __decoder,
                        __class,
                    ) {
                        let __value = Self::Empty {};
                        ::amf_core::__private::end_in_order(__decoder, __object);
                        return ::core::result::Result::Ok(__value);
                    }
                    let mut __object = __decoder.begin_object(__class)?;
                    while __decoder.next_member(&mut __object)?.is_some() {
                        __decoder.skip()?;
                    }
                    ::core::result::Result::Ok(Self::Empty {})
                }
                ::core::option::Option::Some(3) => {
                    let __class = &__CLASS_Line;
                    if let ::core::option::Option::Some(__object) = ::amf_core::__private::begin_in_order(
                        __decoder,
                        __class,
                    ) {
                        let __value = Self::Line {
                            start_x: __decoder.member::<f64>("startX")?,
                            tags: __decoder.member::<Vec<T>>("tags")?,
                        };
                        ::amf_core::__private::end_in_order(__decoder, __object);
                        return ::core::result::Result::Ok(__value);
                    }
                    let mut __field_start_x: ::core::option::Option<f64> = ::core::option::Option::None;
                    let mut __field_tags: ::core::option::Option<Vec<T>> = ::core::option::Option::None;
                    '__read: {
                        let mut __object = match ::amf_core::__private::begin_named(
                            __decoder,
                            __class,
                        ) {
                            ::core::option::Option::Some(__named) => {
                                if ::amf_core::__private::take_name(__decoder, "startX") {
                                    __field_start_x = ::core::option::Option::Some(
                                        __decoder.member::<f64>("startX")?,
                                    );
                                }
                                if ::amf_core::__private::take_name(__decoder, "tags") {
                                    __field_tags = ::core::option::Option::Some(
                                        __decoder.member::<Vec<T>>("tags")?,
                                    );
                                }
                                if ::amf_core::__private::end_named(__decoder, __named) {
                                    break '__read;
                                }
                                ::amf_core::__private::resume_named(
                                    __decoder,
                                    __named,
                                    __class,
                                )
                            }
                            ::core::option::Option::None => {
                                __decoder.begin_object(__class)?
                            }
                        };
                        while let ::core::option::Option::Some(__member) = __decoder
                            .next_member(&mut __object)?
                        {
                            match __member {
                                ::amf_core::Member::Declared(0) => {
                                    __field_start_x = ::core::option::Option::Some(
                                        ::amf_core::__private::member_out_of_order::<
                                            f64,
                                        >(__decoder, "startX")?,
                                    );
                                }
                                ::amf_core::Member::Declared(1) => {
                                    __field_tags = ::core::option::Option::Some(
                                        ::amf_core::__private::member_out_of_order::<
                                            Vec<T>,
                                        >(__decoder, "tags")?,
                                    );
                                }
                                _ => __decoder.skip()?,
                            }
                        }
                    }
                    ::core::result::Result::Ok(Self::Line {
                        start_x: __decoder
                            .required::<f64>(__class, "startX", __field_start_x)?,
                        tags: __field_tags
                            .unwrap_or_else(
                                <Vec<T> as ::core::default::Default>::default,
                            ),
                    })
                }
                _ => {
                    <Value as ::amf_core::FromAmf<'de>>::from_amf(__decoder)
                        .map(Self::Other)
                }
            }
        }
        fn classes(__classes: &mut ::amf_core::Classes) {
            if __classes.visit::<Self>() {
                __classes.add_class(&__CLASS_Empty);
                __classes.add_class(&__CLASS_Line);
                <Circle as ::amf_core::FromAmf<'_>>::classes(__classes);
                <Boxed<T> as ::amf_core::FromAmf<'_>>::classes(__classes);
                <f64 as ::amf_core::FromAmf<'_>>::classes(__classes);
                <Vec<T> as ::amf_core::FromAmf<'_>>::classes(__classes);
                <Value as ::amf_core::FromAmf<'_>>::classes(__classes);
            }
        }
    }
    #[automatically_derived]
    #[allow(deprecated, non_snake_case)]
    impl<T: ::amf_core::ToAmf> ::amf_core::ToAmf for Shape<T> {
        fn to_amf(
            &self,
            __encoder: &mut ::amf_core::Encoder,
        ) -> ::core::result::Result<(), ::amf_core::EncodeError> {
            match self {
                Self::Circle(__held) => {
                    <Circle as ::amf_core::ToAmf>::to_amf(__held, __encoder)
                }
                Self::Boxed(__held) => {
                    <Boxed<T> as ::amf_core::ToAmf>::to_amf(__held, __encoder)
                }
                Self::Empty { .. } => {
                    let __class = &__CLASS_Empty;
                    __encoder.begin_object(__class)?;
                    __encoder.end_object(__class);
                    ::core::result::Result::Ok(())
                }
                Self::Line { start_x: __field_start_x, tags: __field_tags, .. } => {
                    let __class = &__CLASS_Line;
                    __encoder.begin_object(__class)?;
                    ::amf_core::__private::named_member::<
                        f64,
                    >(__encoder, __class, 0, b"\0\x06startX", __field_start_x)?;
                    ::amf_core::__private::named_member::<
                        Vec<T>,
                    >(__encoder, __class, 1, b"\0\x04tags", __field_tags)?;
                    __encoder.end_object(__class);
                    ::core::result::Result::Ok(())
                }
                Self::Other(__held) => {
                    <Value as ::amf_core::ToAmf>::to_amf(__held, __encoder)
                }
            }
        }
    }
};
