//! UUIDs in the format of Flex (feature `uuid`).
//!
//! UUIDs are written as strings of 36 characters in upper case, because `mx.utils.UIDUtil.isUID` accepts no other
//! format. Strings in every format that the `uuid` crate parses are read (either case, with or without hyphens,
//! braces, `urn:uuid:`), and `ByteArray`s of 16 bytes, the output of `UIDUtil.toByteArray`.

use std::borrow::Cow;

use uuid::Uuid;

use crate::decoder::Token;
use crate::error::{DecodeError, EncodeError};
use crate::{Decoder, Encoder, FromAmf, ToAmf};

impl FromAmf<'_> for Uuid {
    fn from_amf(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
        let (uuid, found) = match decoder.token()? {
            Token::String(text) => (Uuid::try_parse(&text.content).ok(), Cow::Borrowed("another string")),
            Token::ByteArray(bytes) => {
                (Uuid::from_slice(bytes).ok(), Cow::Owned(format!("a ByteArray of {}", bytes.len())))
            }
            other => return Err(decoder.mismatch("a UUID", &other)),
        };
        uuid.ok_or_else(|| decoder.custom_error(format!("expected a UUID, got {found}")))
    }
}

impl ToAmf for Uuid {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.string(self.hyphenated().encode_upper(&mut Uuid::encode_buffer()))
    }
}
