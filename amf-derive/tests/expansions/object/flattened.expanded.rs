#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<T> ::amf_core::AmfClass for Player<T>
where
    State<T>: ::amf_core::AmfClass,
{
    const CLASS: &'static ::amf_core::Class = &const {
        &::amf_core::__private::FlattenedClass::new(
            &[
                ::amf_core::__private::ClassPart::Own(&["team"]),
                ::amf_core::__private::ClassPart::Flattened(
                    <Entity as ::amf_core::AmfClass>::CLASS,
                ),
                ::amf_core::__private::ClassPart::Flattened(
                    <State<T> as ::amf_core::AmfClass>::CLASS,
                ),
                ::amf_core::__private::ClassPart::Own(&["hp", "account", "since"]),
            ],
            false,
        )
    }
        .class("com.example.Player")
        .also(&["old.Player"]);
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'de, T> ::amf_core::FromAmf<'de> for Player<T>
where
    State<T>: ::amf_core::ReadMembers<'de>,
    State<T>: ::core::default::Default,
{
    fn from_amf(
        __decoder: &mut ::amf_core::Decoder<'de>,
    ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
        ::amf_core::__private::read_object(__decoder)
    }
    fn classes(__classes: &mut ::amf_core::Classes) {
        if __classes.add::<Self>() {
            <u32 as ::amf_core::FromAmf<'_>>::classes(__classes);
            <Entity as ::amf_core::FromAmf<'_>>::classes(__classes);
            <State<T> as ::amf_core::FromAmf<'_>>::classes(__classes);
        }
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<T> ::amf_core::ToAmf for Player<T>
where
    State<T>: ::amf_core::WriteMembers,
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
    pub struct __Partial<'de, T>(
        ::core::option::Option<u32>,
        <Entity as ::amf_core::ReadMembers<'de>>::Partial,
        <State<T> as ::amf_core::ReadMembers<'de>>::Partial,
        ::core::option::Option<u32>,
        ::core::option::Option<Option<u64>>,
        ::core::option::Option<Seconds>,
        ::core::marker::PhantomData<(&'de (), Player<T>)>,
    )
    where
        State<T>: ::amf_core::ReadMembers<'de>,
        State<T>: ::core::default::Default;
    #[automatically_derived]
    #[allow(deprecated, non_snake_case)]
    impl<'de, T> ::amf_core::ReadMembers<'de> for Player<T>
    where
        State<T>: ::amf_core::ReadMembers<'de>,
        State<T>: ::core::default::Default,
    {
        type Partial = __Partial<'de, T>;
        const DENIES_UNKNOWN: ::core::primitive::bool = true;
        #[inline]
        fn empty() -> Self::Partial {
            __Partial(
                ::core::option::Option::None,
                <Entity as ::amf_core::ReadMembers<'de>>::empty(),
                <State<T> as ::amf_core::ReadMembers<'de>>::empty(),
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
            __decoder: &mut ::amf_core::Decoder<'de>,
        ) -> ::core::result::Result<(), ::amf_core::DecodeError> {
            match __index {
                0 => {
                    __found.0 = ::core::option::Option::Some(
                        ::amf_core::__private::member_out_of_order::<
                            u32,
                        >(__decoder, "team")?,
                    );
                }
                _ => {}
            }
            let __index = __index.wrapping_sub(1);
            let __count = <Entity as ::amf_core::AmfClass>::CLASS.members().len();
            if __index < __count {
                <Entity as ::amf_core::ReadMembers<
                    'de,
                >>::read_member(&mut __found.1, __index, __decoder)?;
            }
            let __index = __index.wrapping_sub(__count);
            let __count = <State<T> as ::amf_core::AmfClass>::CLASS.members().len();
            if __index < __count {
                <State<
                    T,
                > as ::amf_core::ReadMembers<
                    'de,
                >>::read_member(&mut __found.2, __index, __decoder)?;
            }
            let __index = __index.wrapping_sub(__count);
            match __index {
                0 => {
                    __found.3 = ::core::option::Option::Some(
                        ::amf_core::__private::member_out_of_order::<
                            u32,
                        >(__decoder, "hp")?,
                    );
                }
                1 => {
                    __found.4 = ::core::option::Option::Some(
                        ::amf_core::as_string::from_amf(__decoder)
                            .map_err(|__error| __error.in_member("account"))?,
                    );
                }
                2 => {
                    __found.5 = ::core::option::Option::Some(
                        seconds::from_amf(__decoder)
                            .map_err(|__error| __error.in_member("since"))?,
                    );
                }
                _ => {}
            }
            let __index = __index.wrapping_sub(3);
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
            if ::core::matches!(& * __name, "health") {
                __found.3 = ::core::option::Option::Some(
                    ::amf_core::__private::member_out_of_order::<u32>(__decoder, "hp")?,
                );
                return ::core::result::Result::Ok(::core::option::Option::None);
            }
            let ::core::option::Option::Some(__name) = <Entity as ::amf_core::ReadMembers<
                'de,
            >>::read_undeclared(&mut __found.1, __name, __decoder)? else {
                return ::core::result::Result::Ok(::core::option::Option::None);
            };
            let ::core::option::Option::Some(__name) = <State<
                T,
            > as ::amf_core::ReadMembers<
                'de,
            >>::read_undeclared(&mut __found.2, __name, __decoder)? else {
                return ::core::result::Result::Ok(::core::option::Option::None);
            };
            ::core::result::Result::Ok(::core::option::Option::Some(__name))
        }
        #[inline]
        fn from_partial(
            __found: Self::Partial,
            __class: &'static ::amf_core::Class,
            __decoder: &::amf_core::Decoder<'de>,
        ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
            let __Partial(
                __field_team,
                __field_entity,
                __field_state,
                __field_hp,
                __field_account,
                __field_since,
                _,
            ) = __found;
            ::core::result::Result::Ok(Self {
                team: __decoder.required::<u32>(__class, "team", __field_team)?,
                entity: <Entity as ::amf_core::ReadMembers<
                    'de,
                >>::from_partial(__field_entity, __class, __decoder)?,
                state: {
                    let mut __flattened: State<T> = ::core::default::Default::default();
                    <State<
                        T,
                    > as ::amf_core::ReadMembers<
                        'de,
                    >>::apply(&mut __flattened, __field_state);
                    __flattened
                },
                hp: __decoder.required::<u32>(__class, "hp", __field_hp)?,
                account: __field_account.unwrap_or(::core::option::Option::None),
                since: __field_since
                    .unwrap_or_else(<Seconds as ::core::default::Default>::default),
                cached: <u32 as ::core::default::Default>::default(),
            })
        }
        #[inline]
        fn apply(&mut self, __found: Self::Partial) {
            let __Partial(
                __field_team,
                __field_entity,
                __field_state,
                __field_hp,
                __field_account,
                __field_since,
                _,
            ) = __found;
            if let ::core::option::Option::Some(__value) = __field_team {
                self.team = __value;
            }
            <Entity as ::amf_core::ReadMembers<
                'de,
            >>::apply(&mut self.entity, __field_entity);
            <State<
                T,
            > as ::amf_core::ReadMembers<'de>>::apply(&mut self.state, __field_state);
            if let ::core::option::Option::Some(__value) = __field_hp {
                self.hp = __value;
            }
            if let ::core::option::Option::Some(__value) = __field_account {
                self.account = __value;
            }
            if let ::core::option::Option::Some(__value) = __field_since {
                self.since = __value;
            }
        }
    }
};
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<T> ::amf_core::WriteMembers for Player<T>
where
    State<T>: ::amf_core::WriteMembers,
{
    #[inline]
    fn write_members(
        &self,
        __class: &'static ::amf_core::Class,
        __first: ::core::primitive::usize,
        __encoder: &mut ::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_core::EncodeError> {
        ::amf_core::__private::named_member::<
            u32,
        >(__encoder, __class, __first + 0, b"\0\x04team", &self.team)?;
        let __first = __first + 1;
        <Entity as ::amf_core::WriteMembers>::write_members(
            &self.entity,
            __class,
            __first,
            __encoder,
        )?;
        let __first = __first + <Entity as ::amf_core::AmfClass>::CLASS.members().len();
        let __first = __first + 0;
        <State<
            T,
        > as ::amf_core::WriteMembers>::write_members(
            &self.state,
            __class,
            __first,
            __encoder,
        )?;
        let __first = __first
            + <State<T> as ::amf_core::AmfClass>::CLASS.members().len();
        ::amf_core::__private::named_member::<
            u32,
        >(__encoder, __class, __first + 0, b"\0\x02hp", &self.hp)?;
        ::amf_core::__private::named_member(
            __encoder,
            __class,
            __first + 1,
            b"\0\x07account",
            &::amf_core::__private::encode_with(|__encoder| ::amf_core::as_string::to_amf(
                &self.account,
                __encoder,
            )),
        )?;
        ::amf_core::__private::named_member(
            __encoder,
            __class,
            __first + 2,
            b"\0\x05since",
            &::amf_core::__private::encode_with(|__encoder| seconds::to_amf(
                &self.since,
                __encoder,
            )),
        )?;
        ::core::result::Result::Ok(())
    }
    fn write_dynamic(
        &self,
        __encoder: &mut ::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_core::EncodeError> {
        <Entity as ::amf_core::WriteMembers>::write_dynamic(&self.entity, __encoder)?;
        <State<T> as ::amf_core::WriteMembers>::write_dynamic(&self.state, __encoder)?;
        ::core::result::Result::Ok(())
    }
}
