#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'de> ::amf_core::FromAmf<'de> for Id {
    fn from_amf(
        __decoder: &mut ::amf_core::Decoder<'de>,
    ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
        ::amf_core::as_string::from_amf(__decoder).map(|__value| Self { 0: __value })
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_core::ToAmf for Id {
    fn to_amf(
        &self,
        __encoder: &mut ::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_core::EncodeError> {
        ::amf_core::as_string::to_amf(&self.0, __encoder)
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'de, T: ::amf_core::FromAmf<'de>> ::amf_core::FromAmf<'de> for Names<T>
where
    PhantomData<T>: ::core::default::Default,
{
    fn from_amf(
        __decoder: &mut ::amf_core::Decoder<'de>,
    ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
        <Vec<T> as ::amf_core::FromAmf<'de>>::from_amf(__decoder)
            .map(|__value| Self {
                0: __value,
                1: ::core::default::Default::default(),
            })
    }
    fn missing() -> ::core::option::Option<Self> {
        <Vec<T> as ::amf_core::FromAmf<'de>>::missing()
            .map(|__value| Self {
                0: __value,
                1: ::core::default::Default::default(),
            })
    }
    fn classes(__classes: &mut ::amf_core::Classes) {
        <Vec<T> as ::amf_core::FromAmf<'_>>::classes(__classes);
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<T: ::amf_core::ToAmf> ::amf_core::ToAmf for Names<T> {
    fn to_amf(
        &self,
        __encoder: &mut ::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_core::EncodeError> {
        <Vec<T> as ::amf_core::ToAmf>::to_amf(&self.0, __encoder)
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'de, T> ::amf_core::FromAmf<'de> for Tags<T>
where
    T: FromAmf<'de> + ToAmf + Ord,
{
    fn from_amf(
        __decoder: &mut ::amf_core::Decoder<'de>,
    ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
        <BTreeSet<T> as ::amf_core::FromAmf<'de>>::from_amf(__decoder)
            .map(|__value| Self { tags: __value })
    }
    fn missing() -> ::core::option::Option<Self> {
        <BTreeSet<T> as ::amf_core::FromAmf<'de>>::missing()
            .map(|__value| Self { tags: __value })
    }
    fn classes(__classes: &mut ::amf_core::Classes) {
        <BTreeSet<T> as ::amf_core::FromAmf<'_>>::classes(__classes);
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<T> ::amf_core::ToAmf for Tags<T>
where
    T: ToAmf + Ord,
{
    fn to_amf(
        &self,
        __encoder: &mut ::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_core::EncodeError> {
        <BTreeSet<T> as ::amf_core::ToAmf>::to_amf(&self.tags, __encoder)
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'de> ::amf_core::FromAmf<'de> for Point {
    fn from_amf(
        __decoder: &mut ::amf_core::Decoder<'de>,
    ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
        <(i32, f64) as ::amf_core::FromAmf<'de>>::from_amf(__decoder)
            .map(|(__field_0, __field_1)| Self { 0: __field_0, 1: __field_1 })
    }
    fn classes(__classes: &mut ::amf_core::Classes) {
        <(i32, f64) as ::amf_core::FromAmf<'_>>::classes(__classes);
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_core::ToAmf for Point {
    fn to_amf(
        &self,
        __encoder: &mut ::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_core::EncodeError> {
        ::amf_core::ToAmf::to_amf(&(&self.0, &self.1), __encoder)
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_core::AmfClass for Ping {
    const CLASS: &'static ::amf_core::Class = &::amf_core::Class::new(
        "com.example.Ping",
        &[],
    );
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'de> ::amf_core::FromAmf<'de> for Ping {
    fn from_amf(
        __decoder: &mut ::amf_core::Decoder<'de>,
    ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
        let __class = <Self as ::amf_core::AmfClass>::CLASS;
        if let ::core::option::Option::Some(__object) = ::amf_core::__private::begin_in_order(
            __decoder,
            __class,
        ) {
            let __value = Self {};
            ::amf_core::__private::end_in_order(__decoder, __object);
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
        ::amf_core::WriteMembers::write_members(self, __class, 0, __encoder)?;
        ::amf_core::WriteMembers::write_dynamic(self, __encoder)?;
        __encoder.end_object(__class);
        ::core::result::Result::Ok(())
    }
}
const _: () = {
    #[doc(hidden)]
    #[allow(deprecated, missing_debug_implementations, private_bounds)]
    pub struct __Partial<'de>(::core::marker::PhantomData<(&'de (), Ping)>);
    #[automatically_derived]
    #[allow(deprecated, non_snake_case)]
    impl<'de> ::amf_core::ReadMembers<'de> for Ping {
        type Partial = __Partial<'de>;
        #[inline]
        fn empty() -> Self::Partial {
            __Partial(::core::marker::PhantomData)
        }
        #[inline]
        fn read_member(
            __found: &mut Self::Partial,
            __index: ::core::primitive::usize,
            __decoder: &mut ::amf_core::Decoder<'de>,
        ) -> ::core::result::Result<(), ::amf_core::DecodeError> {
            ::core::result::Result::Ok(())
        }
        #[inline]
        fn from_partial(
            __found: Self::Partial,
            __class: &'static ::amf_core::Class,
            __decoder: &::amf_core::Decoder<'de>,
        ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
            let __Partial(_) = __found;
            ::core::result::Result::Ok(Self {})
        }
        #[inline]
        fn apply(&mut self, __found: Self::Partial) {
            let __Partial(_) = __found;
        }
    }
};
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_core::WriteMembers for Ping {
    #[inline]
    fn write_members(
        &self,
        __class: &'static ::amf_core::Class,
        __first: ::core::primitive::usize,
        __encoder: &mut ::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_core::EncodeError> {
        ::core::result::Result::Ok(())
    }
}
