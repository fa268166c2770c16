#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'de> ::amf_core::FromAmf<'de> for Suit {
    fn from_amf(
        __decoder: &mut ::amf_core::Decoder<'de>,
    ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
        let __known: [&::core::primitive::str; 3] = ["hearts", "spade", "spades"];
        match ::amf_core::__private::match_name(__decoder, &__known)? {
            ::core::option::Option::Some(0) => ::core::result::Result::Ok(Self::Hearts),
            ::core::option::Option::Some(1 | 2) => {
                ::core::result::Result::Ok(Self::Spades)
            }
            _ => {
                <String as ::amf_core::FromAmf<'de>>::from_amf(__decoder)
                    .map(Self::Other)
            }
        }
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_core::ToAmf for Suit {
    fn to_amf(
        &self,
        __encoder: &mut ::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_core::EncodeError> {
        match self {
            Self::Hearts => __encoder.string("hearts"),
            Self::Spades => __encoder.string("spade"),
            Self::Other(__kept) => {
                <String as ::amf_core::ToAmf>::to_amf(__kept, __encoder)
            }
        }
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl<'de> ::amf_core::FromAmf<'de> for Level {
    fn from_amf(
        __decoder: &mut ::amf_core::Decoder<'de>,
    ) -> ::core::result::Result<Self, ::amf_core::DecodeError> {
        let __known: [::core::primitive::i128; 3] = [
            (1) as ::core::primitive::i128,
            (1) as ::core::primitive::i128 + 1i128,
            (9) as ::core::primitive::i128,
        ];
        match ::amf_core::__private::match_number(__decoder, &__known)? {
            ::core::option::Option::Some(0) => ::core::result::Result::Ok(Self::Low),
            ::core::option::Option::Some(1) => ::core::result::Result::Ok(Self::Middle),
            ::core::option::Option::Some(2) => ::core::result::Result::Ok(Self::Unknown),
            _ => __decoder.skip().map(|()| Self::Unknown),
        }
    }
}
#[automatically_derived]
#[allow(deprecated, non_snake_case)]
impl ::amf_core::ToAmf for Level {
    fn to_amf(
        &self,
        __encoder: &mut ::amf_core::Encoder,
    ) -> ::core::result::Result<(), ::amf_core::EncodeError> {
        match self {
            Self::Low => {
                <::core::primitive::i128 as ::amf_core::ToAmf>::to_amf(
                    &((1) as ::core::primitive::i128),
                    __encoder,
                )
            }
            Self::Middle => {
                <::core::primitive::i128 as ::amf_core::ToAmf>::to_amf(
                    &((1) as ::core::primitive::i128 + 1i128),
                    __encoder,
                )
            }
            Self::Unknown => {
                <::core::primitive::i128 as ::amf_core::ToAmf>::to_amf(
                    &((9) as ::core::primitive::i128),
                    __encoder,
                )
            }
        }
    }
}
