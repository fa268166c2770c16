#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'a, 'de, T, U: Clone, const N: usize> ::amf_core::AmfClass
for Page<'a, 'de, T, U, N>
where
    T: Ord,
{
    const CLASS: &'static ::amf_core::Class = &::amf_core::Class::new(
        "",
        &["title", "text", "items"],
    );
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<
    '__de: 'a + 'de,
    'a,
    'de,
    T: ::amf_core::FromAmf<'__de>,
    U: Clone,
    const N: usize,
> ::amf_core::FromAmf<'__de> for Page<'a, 'de, T, U, N>
where
    T: Ord,
    Option<U>: ::core::default::Default,
{
    fn from_amf(
        __decoder: &mut ::amf_core::Decoder<'__de>,
    ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
        let __class = <Self as ::amf_core::AmfClass>::CLASS;
        let mut __field_title: ::core::option::Option<&'a str> = ::core::option::Option::None;
        let mut __field_text: ::core::option::Option<Cow<'de, str>> = ::core::option::Option::None;
        let mut __field_items: ::core::option::Option<Vec<T>> = ::core::option::Option::None;
        '__read: {
            let mut __object = match ::amf_core::__private::begin_named(
                __decoder,
                __class,
            ) {
                ::core::option::Option::Some(__named) => {
                    if ::amf_core::__private::take_name(__decoder, "title") {
                        __field_title = ::core::option::Option::Some(
                            __decoder.member::<&'a str>("title")?,
                        );
                    }
                    if ::amf_core::__private::take_name(__decoder, "text") {
                        __field_text = ::core::option::Option::Some(
                            __decoder.member::<Cow<'de, str>>("text")?,
                        );
                    }
                    if ::amf_core::__private::take_name(__decoder, "items") {
                        __field_items = ::core::option::Option::Some(
                            __decoder.member::<Vec<T>>("items")?,
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
                        __field_title = ::core::option::Option::Some(
                            ::amf_core::__private::member_out_of_order::<
                                &'a str,
                            >(__decoder, "title")?,
                        );
                    }
                    ::amf_core::Member::Declared(1) => {
                        __field_text = ::core::option::Option::Some(
                            ::amf_core::__private::member_out_of_order::<
                                Cow<'de, str>,
                            >(__decoder, "text")?,
                        );
                    }
                    ::amf_core::Member::Declared(2) => {
                        __field_items = ::core::option::Option::Some(
                            ::amf_core::__private::member_out_of_order::<
                                Vec<T>,
                            >(__decoder, "items")?,
                        );
                    }
                    _ => __decoder.skip()?,
                }
            }
        }
        ::core::result::Result::Ok(Self {
            title: __decoder.required::<&'a str>(__class, "title", __field_title)?,
            text: __decoder.required::<Cow<'de, str>>(__class, "text", __field_text)?,
            items: __decoder.required::<Vec<T>>(__class, "items", __field_items)?,
            cache: <Option<U> as ::core::default::Default>::default(),
        })
    }
    fn classes(__classes: &mut ::amf_core::Classes) {
        if __classes.add::<Self>() {
            <&'a str as ::amf_core::FromAmf<'_>>::classes(__classes);
            <Cow<'de, str> as ::amf_core::FromAmf<'_>>::classes(__classes);
            <Vec<T> as ::amf_core::FromAmf<'_>>::classes(__classes);
        }
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'a, 'de, T: ::amf_core::ToAmf, U: Clone, const N: usize> ::amf_core::ToAmf
for Page<'a, 'de, T, U, N>
where
    T: Ord,
{
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
    pub struct __Partial<
        '__de: 'a + 'de,
        'a,
        'de,
        T: ::amf_core::FromAmf<'__de>,
        U: Clone,
        const N: usize,
    >(
        ::core::option::Option<&'a str>,
        ::core::option::Option<Cow<'de, str>>,
        ::core::option::Option<Vec<T>>,
        ::core::marker::PhantomData<(&'__de (), Page<'a, 'de, T, U, N>)>,
    )
    where
        T: Ord,
        Option<U>: ::core::default::Default;
    #[automatically_derived]
    #[allow(deprecated, non_snake_case)]
    impl<
        '__de: 'a + 'de,
        'a,
        'de,
        T: ::amf_core::FromAmf<'__de>,
        U: Clone,
        const N: usize,
    > ::amf_core::ReadMembers<'__de> for Page<'a, 'de, T, U, N>
    where
        T: Ord,
        Option<U>: ::core::default::Default,
    {
        type Partial = __Partial<'__de, 'a, 'de, T, U, N>;
        #[inline]
        fn empty() -> Self::Partial {
            __Partial(
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
            __decoder: &mut ::amf_core::Decoder<'__de>,
        ) -> ::core::result::Result<(), ::amf_core::DecodeError> {
            match __index {
                0 => {
                    __found.0 = ::core::option::Option::Some(
                        ::amf_core::__private::member_out_of_order::<
                            &'a str,
                        >(__decoder, "title")?,
                    );
                }
                1 => {
                    __found.1 = ::core::option::Option::Some(
                        ::amf_core::__private::member_out_of_order::<
                            Cow<'de, str>,
                        >(__decoder, "text")?,
                    );
                }
                2 => {
                    __found.2 = ::core::option::Option::Some(
                        ::amf_core::__private::member_out_of_order::<
                            Vec<T>,
                        >(__decoder, "items")?,
                    );
                }
                _ => {}
            }
            ::core::result::Result::Ok(())
        }
        #[inline]
        fn from_partial(
            __found: Self::Partial,
            __class: &'static ::amf_core::Class,
            __decoder: &::amf_core::Decoder<'__de>,
        ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
            let __Partial(__field_title, __field_text, __field_items, _) = __found;
            ::core::result::Result::Ok(Self {
                title: __decoder.required::<&'a str>(__class, "title", __field_title)?,
                text: __decoder
                    .required::<Cow<'de, str>>(__class, "text", __field_text)?,
                items: __decoder.required::<Vec<T>>(__class, "items", __field_items)?,
                cache: <Option<U> as ::core::default::Default>::default(),
            })
        }
        #[inline]
        fn apply(&mut self, __found: Self::Partial) {
            let __Partial(__field_title, __field_text, __field_items, _) = __found;
            if let ::core::option::Option::Some(__value) = __field_title {
                self.title = __value;
            }
            if let ::core::option::Option::Some(__value) = __field_text {
                self.text = __value;
            }
            if let ::core::option::Option::Some(__value) = __field_items {
                self.items = __value;
            }
        }
    }
};
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'a, 'de, T: ::amf_core::ToAmf, U: Clone, const N: usize> ::amf_core::WriteMembers
for Page<'a, 'de, T, U, N>
where
    T: Ord,
{
    #[inline]
    fn write_members(
        &self,
        __class: &'static ::amf_core::Class,
        __first: ::core::primitive::usize,
        __encoder: &mut ::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_core::EncodeError> {
        ::amf_core::__private::named_member::<
            &'a str,
        >(__encoder, __class, __first + 0, b"\0\x05title", &self.title)?;
        ::amf_core::__private::named_member::<
            Cow<'de, str>,
        >(__encoder, __class, __first + 1, b"\0\x04text", &self.text)?;
        ::amf_core::__private::named_member::<
            Vec<T>,
        >(__encoder, __class, __first + 2, b"\0\x05items", &self.items)?;
        ::core::result::Result::Ok(())
    }
}
