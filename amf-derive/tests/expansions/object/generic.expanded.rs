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
            let mut __object = match __decoder.begin_named(__class) {
                ::core::option::Option::Some(__named) => {
                    if __decoder.take_name("title") {
                        __field_title = ::core::option::Option::Some(
                            __decoder.member::<&'a str>("title")?,
                        );
                    }
                    if __decoder.take_name("text") {
                        __field_text = ::core::option::Option::Some(
                            __decoder.member::<Cow<'de, str>>("text")?,
                        );
                    }
                    if __decoder.take_name("items") {
                        __field_items = ::core::option::Option::Some(
                            __decoder.member::<Vec<T>>("items")?,
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
                    ::amf_core::Member::Declared(0) => {
                        __field_title = ::core::option::Option::Some(
                            __decoder.late_member::<&'a str>("title")?,
                        );
                    }
                    ::amf_core::Member::Declared(1) => {
                        __field_text = ::core::option::Option::Some(
                            __decoder.late_member::<Cow<'de, str>>("text")?,
                        );
                    }
                    ::amf_core::Member::Declared(2) => {
                        __field_items = ::core::option::Option::Some(
                            __decoder.late_member::<Vec<T>>("items")?,
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
        __encoder.named_member::<&'a str>(__class, 0, b"\0\x05title", &self.title)?;
        __encoder.named_member::<Cow<'de, str>>(__class, 1, b"\0\x04text", &self.text)?;
        __encoder.named_member::<Vec<T>>(__class, 2, b"\0\x05items", &self.items)?;
        __encoder.end_object(__class);
        ::core::result::Result::Ok(())
    }
}
