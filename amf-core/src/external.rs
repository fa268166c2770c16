//! Externalizable classes, which read and write their own body (AMF3 §3.12).

use std::borrow::Cow;

use crate::class::{Class, ExternalBody};
use crate::decoder::Cursor;
use crate::error::{DecodeError, EncodeError, EncodeErrorKind};
use crate::{Decoder, Encoder, FromAmf, ToAmf};

/// Class that defines the encoding of its objects itself, as `flash.utils.IExternalizable` does. Used together with
/// `#[amf(externalizable)]` on the derive.
///
/// The wire does not declare the end of such a body, so [`read_external`](Self::read_external) must read exactly the
/// bytes that the other side writes.
///
/// ```
/// use amf_core::{
///     AmfObject, DecodeError, EncodeError, ExternalInput, ExternalOutput, Externalizable, Version, from_slice, to_vec,
/// };
///
/// #[derive(AmfObject, Debug, PartialEq)]
/// #[amf(alias = "com.example.Point", externalizable)]
/// struct Point {
///     x: i32,
///     y: i32,
/// }
///
/// impl Externalizable for Point {
///     fn read_external(input: &mut ExternalInput<'_, '_>) -> Result<Self, DecodeError> {
///         Ok(Self { x: input.read_i32()?, y: input.read_i32()? })
///     }
///
///     fn write_external(&self, output: &mut ExternalOutput<'_>) -> Result<(), EncodeError> {
///         output.write_i32(self.x);
///         output.write_i32(self.y);
///         Ok(())
///     }
/// }
///
/// let point = Point { x: 3, y: -4 };
/// let bytes = to_vec(Version::Amf3, &point)?;
/// assert_eq!(from_slice::<Point>(Version::Amf3, &bytes)?, point);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say how its body is read and written",
    label = "not externalizable",
    note = "implement `Externalizable` for it, or remove `#[amf(externalizable)]`"
)]
pub trait Externalizable: Sized {
    /// Reads a body.
    ///
    /// # Errors
    ///
    /// Returns an error if the body cannot be read. [`ExternalInput::error`] creates one with a message.
    fn read_external(input: &mut ExternalInput<'_, '_>) -> Result<Self, DecodeError>;
    /// Writes a body.
    ///
    /// # Errors
    ///
    /// Returns an error if a value in the body cannot be written.
    fn write_external(&self, output: &mut ExternalOutput<'_>) -> Result<(), EncodeError>;
}

/// Body of an externalizable object that is being read, as in `flash.utils.IDataInput`: raw big-endian data and AMF3
/// values, in any order. [`Externalizable`] has an example.
#[derive(Debug)]
pub struct ExternalInput<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    /// Parts that were read, if the body is recorded for a dynamic value.
    recorded: Option<Vec<RecordedPart<'de>>>,
}

/// Part of a recorded body.
#[derive(Debug)]
pub(crate) enum RecordedPart<'de> {
    Bytes(&'de [u8]),
    Value(Cursor),
}

impl<'a, 'de> ExternalInput<'a, 'de> {
    pub(crate) fn new(decoder: &'a mut Decoder<'de>) -> Self {
        Self { decoder, recorded: None }
    }

    pub(crate) fn record(
        decoder: &'a mut Decoder<'de>,
        body: ExternalBody,
    ) -> Result<Vec<RecordedPart<'de>>, DecodeError> {
        decoder.dry_run(|decoder| {
            let mut input = ExternalInput { decoder, recorded: Some(Vec::new()) };
            body(&mut input)?;
            Ok(input.recorded.unwrap_or_default())
        })
    }

    /// Reads one AMF3 value, as `readObject` does.
    ///
    /// # Errors
    ///
    /// Returns an error if the next value cannot be read as `T`, or if it exceeds a limit.
    pub fn read<T: FromAmf<'de>>(&mut self) -> Result<T, DecodeError> {
        self.record_value();
        T::from_amf(self.decoder)
    }

    /// Reads one AMF3 value and discards it.
    ///
    /// # Errors
    ///
    /// Returns an error if the next value cannot be read.
    pub fn skip(&mut self) -> Result<(), DecodeError> {
        self.record_value();
        self.decoder.skip()
    }

    /// Reads `count` raw bytes.
    ///
    /// # Errors
    ///
    /// Returns an error if the input ends before.
    pub fn read_bytes(&mut self, count: usize) -> Result<&'de [u8], DecodeError> {
        let bytes = self.decoder.reader.bytes(count)?;
        if let Some(recorded) = &mut self.recorded {
            recorded.push(RecordedPart::Bytes(bytes));
        }
        Ok(bytes)
    }

    /// Reads text with a length of 16 bits, as `readUTF` does.
    ///
    /// # Errors
    ///
    /// Returns an error if the input ends before, or if the text has another encoding.
    pub fn read_utf(&mut self) -> Result<Cow<'de, str>, DecodeError> {
        let length = usize::from(self.read_u16()?);
        let at = self.decoder.offset();
        let bytes = self.read_bytes(length)?;
        let text = crate::wire::utf8::read_as(bytes, self.decoder.options.text_encoding);
        text.ok_or_else(|| DecodeError::new(crate::DecodeErrorKind::Utf8, at))
    }

    /// Reads one byte as a Boolean, which is `false` for 0.
    ///
    /// # Errors
    ///
    /// Returns an error if the input ends before.
    pub fn read_bool(&mut self) -> Result<bool, DecodeError> {
        self.read_u8().map(|byte| byte != 0)
    }

    /// Returns an error with a message of the program at the current offset.
    pub fn error(&self, message: impl Into<Cow<'static, str>>) -> DecodeError {
        self.decoder.custom_error(message)
    }

    fn record_value(&mut self) {
        let cursor = self.decoder.cursor();
        if let Some(recorded) = &mut self.recorded {
            recorded.push(RecordedPart::Value(cursor));
        }
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let bytes = self.read_bytes(N)?;
        Ok(bytes.first_chunk().copied().unwrap_or([0; N]))
    }
}

/// Body of an externalizable object that is being written, as in `flash.utils.IDataOutput`. [`Externalizable`] has an
/// example.
#[derive(Debug)]
pub struct ExternalOutput<'a> {
    encoder: &'a mut Encoder,
}

impl<'a> ExternalOutput<'a> {
    pub(crate) fn new(encoder: &'a mut Encoder) -> Self {
        Self { encoder }
    }

    /// Writes one AMF3 value, as `writeObject` does.
    ///
    /// # Errors
    ///
    /// Returns an error if the value cannot be written.
    pub fn write<T: ToAmf + ?Sized>(&mut self, value: &T) -> Result<(), EncodeError> {
        value.to_amf(self.encoder)
    }

    /// Writes a list of values as one array, also if its elements are bytes.
    pub(crate) fn write_list<T: ToAmf>(&mut self, items: &[T]) -> Result<(), EncodeError> {
        self.encoder.begin_list(items.len())?;
        for item in items {
            item.to_amf(self.encoder)?;
        }
        self.encoder.end_list();
        Ok(())
    }

    /// Writes raw bytes.
    pub fn write_bytes(&mut self, bytes: &[u8]) {
        self.encoder.raw(bytes);
    }

    /// Writes text with a length of 16 bits, as `writeUTF` does.
    ///
    /// # Errors
    ///
    /// Returns an error if the text is longer than 65,535 bytes.
    pub fn write_utf(&mut self, text: &str) -> Result<(), EncodeError> {
        let Ok(length) = u16::try_from(text.len()) else {
            let kind = EncodeErrorKind::Length {
                what: "text of writeUTF",
                len: text.len(),
                max: usize::from(u16::MAX),
            };
            return Err(EncodeError::new(kind));
        };
        self.write_u16(length);
        self.write_bytes(text.as_bytes());
        Ok(())
    }

    /// Writes a Boolean as one byte, 1 or 0.
    pub fn write_bool(&mut self, value: bool) {
        self.write_u8(u8::from(value));
    }
}

macro_rules! numbers {
    ($($type:ident $read:ident $write:ident $flash:literal)*) => {
        impl ExternalInput<'_, '_> {$(
            #[doc = concat!("Reads a big-endian `", stringify!($type), "`, as `read", $flash, "` does.")]
            ///
            /// # Errors
            ///
            /// Returns an error if the input ends before.
            pub fn $read(&mut self) -> Result<$type, DecodeError> {
                self.array().map($type::from_be_bytes)
            }
        )*}

        impl ExternalOutput<'_> {$(
            #[doc = concat!("Writes a big-endian `", stringify!($type), "`, as `write", $flash, "` does.")]
            pub fn $write(&mut self, value: $type) {
                self.encoder.raw(&value.to_be_bytes());
            }
        )*}
    };
}
numbers! {
    i8 read_i8 write_i8 "Byte"
    u8 read_u8 write_u8 "UnsignedByte"
    i16 read_i16 write_i16 "Short"
    u16 read_u16 write_u16 "UnsignedShort"
    i32 read_i32 write_i32 "Int"
    u32 read_u32 write_u32 "UnsignedInt"
    f32 read_f32 write_f32 "Float"
    f64 read_f64 write_f64 "Double"
}

pub(crate) static ARRAY_COLLECTION: Class =
    Class::new("flex.messaging.io.ArrayCollection", &[]).externalizable();
static ARRAY_LIST: Class = Class::new("flex.messaging.io.ArrayList", &[]).externalizable();
static OBJECT_PROXY: Class = Class::new("flex.messaging.io.ObjectProxy", &[]).externalizable();
static MANAGED_OBJECT_PROXY: Class = Class::new("flex.messaging.io.ManagedObjectProxy", &[]).externalizable();

/// Externalizable classes that Flex itself sends.
pub(crate) static BUILT_IN: &[(&Class, ExternalBody)] = &[
    (&ARRAY_COLLECTION, skip_one_value),
    (&ARRAY_LIST, skip_one_value),
    (&OBJECT_PROXY, skip_one_value),
    (&MANAGED_OBJECT_PROXY, skip_names_and_values),
];

/// Returns `true` for a class whose body is one list.
pub(crate) fn is_collection(alias: &str) -> bool {
    alias == ARRAY_COLLECTION.alias() || alias == ARRAY_LIST.alias()
}

/// Returns `true` for a class whose body is the object that it represents.
pub(crate) fn is_proxy(alias: &str) -> bool {
    alias == OBJECT_PROXY.alias()
}

fn skip_one_value(input: &mut ExternalInput<'_, '_>) -> Result<(), DecodeError> {
    input.skip()
}

/// Skips a count of 32 bits and as many pairs of a name and a value.
fn skip_names_and_values(input: &mut ExternalInput<'_, '_>) -> Result<(), DecodeError> {
    for _ in 0..input.read_u32()? {
        input.skip()?;
        input.skip()?;
    }
    Ok(())
}
