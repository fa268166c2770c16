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
