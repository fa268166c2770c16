//! UUIDs as Flex writes them (feature `uuid`).
//!
//! `mx.utils.UIDUtil` makes strings of 36 characters in upper case, and its `isUID` takes no other, so this
//! is what is written. Read are strings of every form that the `uuid` crate knows, in either case (hyphens or
//! none, braces, `urn:uuid:`), and a `ByteArray` of 16, which `UIDUtil.toByteArray` makes.

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
