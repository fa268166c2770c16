//! Commands: a name, a transaction id, a command object, and arguments (RTMP §7.1.1, §7.2).

use std::borrow::Cow;
use std::sync::Arc;

use amf_core::{Classes, DecodeError, Decoder, FromAmf, Limits, Value, Version};
use bytes::{Buf, BufMut, Bytes, BytesMut};

use super::{Message, MessageType, chunk_stream};

/// The values of a command as they came; nothing behind the transaction id is decoded yet.
///
/// All values of a command share their reference tables: an AMF0 reference in an argument counts the
/// objects of the whole message (AMF0 §2.9), the command object and what it holds among them, and the
/// tables of AMF3 live on from one value behind 0x11 to the next. So the arguments are read by one decoder
/// that passed over what stands before them, and that is what [`decoder`](Self::decoder) gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Body {
    /// From the name on, without the byte that AMF3's message type puts before it.
    bytes: Bytes,
    version: Version,
    /// Where the command object begins.
    object_offset: usize,
    /// Whether the name or the id may have entered something in a reference table: one of them was switched to AMF3,
    /// or the id is no number.
    is_head_referable: bool,
}

impl Body {
    /// The version that the peer used, and so the one to answer in.
    pub fn version(&self) -> Version {
        self.version
    }

    /// All of it, from the command's name on.
    pub fn bytes(&self) -> &Bytes {
        &self.bytes
    }

    /// The arguments alone, for a decoder of their own.
    ///
    /// This is exact where they [stand alone](Self::stands_alone), as they do in every call that a Flash
    /// program makes. Otherwise [`decoder`](Self::decoder) is what reads references right.
    pub fn arguments(&self) -> Result<Bytes, DecodeError> {
        Ok(self.bytes.slice(self.arguments_offset()?..))
    }

    /// The [`arguments`](Self::arguments) alone, where nothing else is wanted any more.
    pub fn into_arguments(mut self) -> Result<Bytes, DecodeError> {
        self.bytes.advance(self.arguments_offset()?);
        Ok(self.bytes)
    }

    fn arguments_offset(&self) -> Result<usize, DecodeError> {
        match self.null_object_len() {
            Some(len) => Ok(self.object_offset + len),
            // Only the end of the command object is wanted.
            None => Ok(skip_command_object(self.new_decoder().with_any_amf0_numbering())?.offset()),
        }
    }

    /// Whether nothing before the arguments takes a place in a reference table: the command object is null,
    /// and the name is plain AMF0.
    pub fn stands_alone(&self) -> bool {
        !self.is_head_referable && !self.has_object()
    }

    /// Whether the command object is anything but null, undefined, or missing.
    pub fn has_object(&self) -> bool {
        self.null_object_len().is_none()
    }

    /// The length of the command object, if it is none.
    fn null_object_len(&self) -> Option<usize> {
        match self.bytes.get(self.object_offset..).unwrap_or_default() {
            [] => Some(0),
            [0x05 | 0x06, ..] => Some(1),
            [0x11, 0x00 | 0x01, ..] => Some(2),
            _ => None,
        }
    }

    /// A decoder that stands at the first argument, or at the end if there is none.
    ///
    /// It reads references under one numbering; [`read_arguments`](Self::read_arguments) tries others too.
    pub fn decoder(&self) -> Result<Decoder<'_>, DecodeError> {
        skip_command_object(self.new_decoder())
    }

    /// The same with these classes and limits.
    pub fn decoder_with(&self, classes: Arc<Classes>, limits: Limits) -> Result<Decoder<'_>, DecodeError> {
        skip_command_object(self.new_decoder().with_classes(classes).with_limits(limits))
    }

    /// Reads the arguments by `read`, with a decoder that stands at the first of them.
    ///
    /// `read` is called again if it fails and the arguments may be readable under another
    /// [`Amf0Numbering`](amf_core::Amf0Numbering).
    ///
    /// # Errors
    /// The error of the first call, if none of them succeeds.
    pub fn read_arguments<'de, T>(
        &'de self,
        classes: Arc<Classes>,
        limits: Limits,
        mut read: impl FnMut(&mut Decoder<'de>) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let mut decoder = self.new_decoder().with_classes(classes).with_limits(limits);
        decoder.read_message(|decoder| {
            skip_head(decoder)?;
            read(decoder)
        })
    }

    fn new_decoder(&self) -> Decoder<'_> {
        Decoder::new(Version::Amf0, &self.bytes)
    }

    /// Decodes the arguments as values.
    ///
    /// # Errors
    /// If one of them cannot be decoded.
    pub fn to_values(&self) -> Result<Vec<Value>, DecodeError> {
        self.new_decoder().read_message(|decoder| {
            skip_head(decoder)?;
            let mut values = Vec::new();
            while !decoder.is_at_end() {
                values.push(Value::from_amf(decoder)?);
            }
            Ok(values)
        })
    }

    /// Returns the [`arguments`](Self::arguments) of a reply as one value in the form that an envelope carries: null
    /// if the peer gave none.
    ///
    /// # Errors
    /// If what stands before the arguments cannot be decoded.
    pub fn to_reply_value(&self) -> Result<Bytes, DecodeError> {
        const NULL: &[u8] = &[0x05];
        let value = self.arguments()?;
        Ok(if value.is_empty() { Bytes::from_static(NULL) } else { value })
    }

    /// Decodes the command object, typed; for connect it holds what the client says about itself.
    ///
    /// # Errors
    /// If there is none, or if it is not of the type.
    pub fn read_object<'de, T: FromAmf<'de>>(&'de self) -> Result<T, DecodeError> {
        self.new_decoder().read_message(|decoder| {
            decoder.skip()?;
            decoder.skip()?;
            decoder.read()
        })
    }
}

fn skip_command_object(mut decoder: Decoder<'_>) -> Result<Decoder<'_>, DecodeError> {
    skip_head(&mut decoder)?;
    Ok(decoder)
}

/// Passes over what stands before the arguments.
fn skip_head(decoder: &mut Decoder<'_>) -> Result<(), DecodeError> {
    for _name_id_object in 0..3 {
        if !decoder.is_at_end() {
            decoder.skip()?;
        }
    }
    Ok(())
}

/// The name of a command whose name is null: Flash Player makes that of `connection.call(null, …)`, as Flex does for
/// its messages, and over HTTP the same call has this text as its target.
const NULL_NAME: &str = "null";

/// A command, taken apart as far as its command object.
pub(crate) struct SplitCommand {
    pub(crate) name: Arc<str>,
    /// The transaction id; 0, which wants no reply, where the peer gave none that can be answered to.
    pub(crate) number: f64,
    pub(crate) body: Body,
}

/// A command whose name or transaction id cannot be read.
pub(crate) struct UnreadableCommand {
    pub(crate) error: DecodeError,
    pub(crate) version: Version,
    /// The transaction id, 0 where it cannot be read.
    pub(crate) number: f64,
}

/// Splits a command into name, transaction id and the rest. The `@` or `|` that Flash puts before some
/// names is dropped.
pub(crate) fn split_command(message: Message) -> Result<SplitCommand, UnreadableCommand> {
    let version = message.kind.command_version();
    let bytes = strip_format_byte(version, message.payload);
    if let Some((name, number, object_offset)) = parse_plain_head(&bytes) {
        let (name, number) = (strip_prefix(name), usable_number(number));
        let body = Body { bytes, version, object_offset, is_head_referable: false };
        return Ok(SplitCommand { name, number, body });
    }
    match parse_head(&bytes) {
        Ok(head) => Ok(head.into_command(bytes, version)),
        Err(error) => {
            // A transaction id whose end is known costs its caller the reply, and no more.
            if let Some(bytes) = replace_unreadable_id(&bytes)
                && let Ok(head) = parse_head(&bytes)
            {
                return Ok(head.into_command(bytes, version));
            }
            Err(UnreadableCommand { error, version, number: number_behind_unreadable_name(&bytes) })
        }
    }
}

/// Name and transaction id as almost everybody writes them, as a string and a number of AMF0, and where they
/// end. Of what is written otherwise, or wrong, this says nothing: the decoder does.
fn parse_plain_head(bytes: &[u8]) -> Option<(&str, f64, usize)> {
    let (name, rest) = split_plain_name(bytes)?;
    let (number, rest) = split_plain_number(rest)?;
    Some((str::from_utf8(name).ok()?, number, bytes.len() - rest.len()))
}

fn split_plain_name(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (&[0x02, high, low], rest) = bytes.split_first_chunk()? else { return None };
    rest.split_at_checked(u16::from_be_bytes([high, low]).into())
}

fn split_plain_number(bytes: &[u8]) -> Option<(f64, &[u8])> {
    let (&[0x00, ref number @ ..], rest) = bytes.split_first_chunk::<9>()? else { return None };
    Some((f64::from_be_bytes(*number), rest))
}

/// What stands before the command object.
struct Head {
    name: Arc<str>,
    number: f64,
    object_offset: usize,
    is_referable: bool,
}

impl Head {
    fn into_command(self, bytes: Bytes, version: Version) -> SplitCommand {
        let Self { name, number, object_offset, is_referable } = self;
        let body = Body { bytes, version, object_offset, is_head_referable: is_referable };
        SplitCommand { name, number, body }
    }
}

#[cold]
fn parse_head(bytes: &[u8]) -> Result<Head, DecodeError> {
    let mut decoder = Decoder::new(Version::Amf0, bytes);
    let name: Option<Cow<'_, str>> = decoder.read()?;
    let name = name.map_or_else(|| NULL_NAME.into(), |name| strip_prefix(&name));
    // Some peers end a command after its name.
    let number = if decoder.is_at_end() { Value::Undefined } else { decoder.read()? };
    let is_plain = matches!(number, Value::Number(_) | Value::Null | Value::Undefined | Value::String(_));
    let is_referable = decoder.has_switched_to_amf3() || !is_plain;
    let number = usable_number(number.as_f64().unwrap_or(0.0));
    Ok(Head { name, number, object_offset: decoder.offset(), is_referable })
}

/// The command with 0 as its transaction id, where the id is a reference of AMF0 to nothing or text that is not UTF-8.
/// Neither takes a place in a reference table, so what follows means the same.
#[cold]
fn replace_unreadable_id(bytes: &[u8]) -> Option<Bytes> {
    let (_, id) = split_plain_name(bytes)?;
    let id_len = match *id {
        [0x07, _, _, ..] => 3,
        [0x02, high, low, ..] => 3 + usize::from(u16::from_be_bytes([high, low])),
        [0x0C, a, b, c, d, ..] => 5_usize.checked_add(u32::from_be_bytes([a, b, c, d]) as usize)?,
        _ => return None,
    };
    let (name, rest) = (bytes.get(..bytes.len() - id.len())?, id.get(id_len..)?);
    let mut replaced = BytesMut::with_capacity(name.len() + 9 + rest.len());
    replaced.put_slice(name);
    put_number(&mut replaced, 0.0);
    replaced.put_slice(rest);
    Some(replaced.freeze())
}

/// The transaction id of a command whose name cannot be read, if the name's end is known all the same: it is text
/// that is not UTF-8, or a value of another type.
#[cold]
fn number_behind_unreadable_name(bytes: &[u8]) -> f64 {
    let behind = if let Some((_, behind)) = split_plain_name(bytes) {
        Some(behind)
    } else {
        let mut decoder = Decoder::new(Version::Amf0, bytes);
        decoder.skip().ok().and_then(|()| bytes.get(decoder.offset()..))
    };
    behind.and_then(split_plain_number).map_or(0.0, |(number, _)| usable_number(number))
}

/// No peer can wait for the reply to a number that is none, or is infinite: it is read as 0.
fn usable_number(number: f64) -> f64 {
    if number.is_finite() { number } else { 0.0 }
}

fn strip_prefix(name: &str) -> Arc<str> {
    name.strip_prefix(['@', '|']).unwrap_or(name).into()
}

/// AMF3's message types begin with a zero, which some peers leave out.
fn strip_format_byte(version: Version, mut payload: Bytes) -> Bytes {
    if version == Version::Amf3 && payload.first() == Some(&0x00) {
        payload.advance(1);
    }
    payload
}

/// What a command takes beside its name and arguments, at most.
pub(crate) const MAX_COMMAND_HEAD: usize = 1 + 5 + 9 + 1;

/// A command up to its arguments, with null as the command object.
pub(crate) struct CommandHead<'a> {
    pub(crate) version: Version,
    pub(crate) name: &'a str,
    /// The transaction id.
    pub(crate) number: f64,
}

impl CommandHead<'_> {
    /// AMF0's message type has to begin with the name's marker: librtmp looks at that byte.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        if self.version == Version::Amf3 {
            out.put_u8(0x00);
        }
        if let Ok(length) = u16::try_from(self.name.len()) {
            out.put_u8(0x02);
            out.put_u16(length);
        } else {
            // A long string. No client has such a name, but if one had, it would have to be written right.
            out.put_u8(0x0C);
            out.put_u32(self.name.len() as u32);
        }
        out.put_slice(self.name.as_bytes());
        put_number(out, self.number);
        out.put_u8(0x05);
    }
}

fn put_number(out: &mut impl BufMut, number: f64) {
    out.put_u8(0x00);
    out.put_f64(number);
}

impl Message {
    /// A command that wants no reply. `arguments` are values in the form that an envelope carries
    /// ([`amf_core::Encoder::in_envelope`]), one after another.
    pub fn notification(version: Version, stream: u32, name: &str, arguments: &[u8]) -> Self {
        Self::command(version, stream, name, 0.0, arguments)
    }

    pub(crate) fn command(version: Version, stream: u32, name: &str, id: f64, arguments: &[u8]) -> Self {
        let mut payload = Vec::with_capacity(name.len() + MAX_COMMAND_HEAD + arguments.len());
        CommandHead { version, name, number: id }.write(&mut payload);
        payload.extend_from_slice(arguments);
        Self {
            chunk_stream: if stream == 0 { chunk_stream::COMMAND } else { chunk_stream::STREAM },
            timestamp: 0,
            stream,
            kind: MessageType::command(version),
            payload: payload.into(),
        }
    }

    /// A data message as a command with null as its object that wants no reply; `None` if it is of another type, or has
    /// no name.
    ///
    /// Red5's `conn.notify` sends such messages on message stream 0, and means a call of the method by that name.
    pub(crate) fn data_to_command(&self) -> Option<SplitCommand> {
        let (kind, values) = self.data_values()?;
        let mut decoder = Decoder::new(Version::Amf0, values);
        let _name: Cow<'_, str> = decoder.read().ok()?;
        let (name, arguments) = values.split_at_checked(decoder.offset())?;
        let mut payload = BytesMut::with_capacity(values.len() + MAX_COMMAND_HEAD);
        payload.put_slice(name);
        put_number(&mut payload, 0.0);
        payload.put_u8(0x05);
        payload.put_slice(arguments);
        split_command(Self { kind, payload: payload.freeze(), ..self.clone() }).ok()
    }

    /// A decoder of the values of a data message, of which the first is its name; `None` for other types.
    pub fn data(&self) -> Option<Decoder<'_>> {
        self.data_values().map(|(_, values)| Decoder::new(Version::Amf0, values))
    }

    /// The values of a data message, and the type of a command in the same version.
    fn data_values(&self) -> Option<(MessageType, &[u8])> {
        match self.kind {
            MessageType::DATA => Some((MessageType::COMMAND, &self.payload)),
            MessageType::DATA_AMF3 => {
                let values = self.payload.strip_prefix(&[0]).unwrap_or(&self.payload);
                Some((MessageType::COMMAND_AMF3, values))
            }
            _ => None,
        }
    }
}
