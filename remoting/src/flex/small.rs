//! The small messages of BlazeDS: the same as the classes of `flex.messaging.messages`, in fewer bytes.
//!
//! Each class in the line of heirs, `AbstractMessage` first, writes bytes of flags, and then the values that they say
//! are there, from the lowest bit on. The highest bit of a byte says that another byte of flags follows. Ids that are
//! UUIDs are byte arrays of 16 bytes, under flags of their own. Flags that are not known here have values all the same.

use std::borrow::Cow;

use amf_core::{
    AmfObject, DecodeError, DynamicMembers, EncodeError, ExternalInput, ExternalOutput, Externalizable,
    FromAmf, ToAmf,
};

use super::body::{CommandBody, SkippedBody};
use super::client_id;
use super::messages::{
    AcknowledgeMessage, AsyncMessage, CommandMessage, FlexHeaders, ReplyBase, RequestBase,
};

const HAS_NEXT: u8 = 0x80;

/// Of `AbstractMessage`, first byte.
mod abstract_flags {
    pub(super) const BODY: u8 = 1;
    pub(super) const CLIENT_ID: u8 = 2;
    pub(super) const DESTINATION: u8 = 4;
    pub(super) const HEADERS: u8 = 8;
    pub(super) const MESSAGE_ID: u8 = 16;
    pub(super) const TIMESTAMP: u8 = 32;
    pub(super) const TIME_TO_LIVE: u8 = 64;
}

/// Of `AbstractMessage`, second byte.
mod abstract_flags_2 {
    pub(super) const CLIENT_ID_BYTES: u8 = 1;
    pub(super) const MESSAGE_ID_BYTES: u8 = 2;
}

/// Of `AsyncMessage`.
mod async_flags {
    pub(super) const CORRELATION_ID: u8 = 1;
    pub(super) const CORRELATION_ID_BYTES: u8 = 2;
}

/// Of `CommandMessage`.
mod command_flags {
    pub(super) const OPERATION: u8 = 1;
}

/// `CommandMessageExt`.
#[derive(AmfObject, Debug)]
#[amf(alias = "DSC", externalizable)]
pub(super) struct SmallCommand(pub(super) CommandMessage);

/// `AsyncMessageExt`.
#[derive(AmfObject, Debug)]
#[amf(alias = "DSA", externalizable)]
pub(super) struct SmallAsync(pub(super) AsyncMessage);

/// `AcknowledgeMessageExt`.
#[derive(AmfObject, Debug)]
#[amf(alias = "DSK", externalizable)]
pub(super) struct SmallAcknowledge<B>(pub(super) AcknowledgeMessage<B>);

impl Externalizable for SmallCommand {
    fn read_external(input: &mut ExternalInput<'_, '_>) -> Result<Self, DecodeError> {
        let (body, base) = AbstractMessage::<CommandBody, FlexHeaders>::read(input)?.into_request();
        read_correlation_id(input)?;
        let mut operation = None;
        read_flagged(input, |input, byte, flag| {
            match (byte, flag) {
                (0, command_flags::OPERATION) => operation = input.read()?,
                _ => input.skip()?,
            }
            Ok(())
        })?;
        Ok(Self(CommandMessage { body: body.unwrap_or_default(), base, operation }))
    }

    fn write_external(&self, output: &mut ExternalOutput<'_>) -> Result<(), EncodeError> {
        let body = Some(&self.0.body).filter(|body| body.0.is_some());
        AbstractMessage::of_request(body, &self.0.base).write(output)?;
        write_correlation_id(None, output)?;
        output.write_u8(if self.0.operation.is_some() { command_flags::OPERATION } else { 0 });
        self.0.operation.map_or(Ok(()), |operation| output.write(&operation))
    }
}

impl Externalizable for SmallAsync {
    fn read_external(input: &mut ExternalInput<'_, '_>) -> Result<Self, DecodeError> {
        let (_, base) = AbstractMessage::<SkippedBody, FlexHeaders>::read(input)?.into_request();
        read_correlation_id(input)?;
        Ok(Self(AsyncMessage { base }))
    }

    fn write_external(&self, output: &mut ExternalOutput<'_>) -> Result<(), EncodeError> {
        AbstractMessage::of_request(None::<&SkippedBody>, &self.0.base).write(output)?;
        write_correlation_id(None, output)
    }
}

impl<B: for<'de> FromAmf<'de> + ToAmf> Externalizable for SmallAcknowledge<B> {
    fn read_external(input: &mut ExternalInput<'_, '_>) -> Result<Self, DecodeError> {
        let read = AbstractMessage::<B, DynamicMembers>::read(input)?;
        let correlation_id = read_correlation_id(input)?;
        // It has no members of its own, but flags for those to come.
        read_flagged(input, |input, _, _| input.skip())?;
        let base = ReplyBase {
            client_id: read.client_id.unwrap_or_default().into_owned(),
            correlation_id,
            destination: read.destination.map(Cow::into_owned),
            headers: read.headers.unwrap_or_default(),
            message_id: read.message_id.unwrap_or_default().into_owned(),
            time_to_live: read.time_to_live,
            timestamp: read.timestamp,
        };
        Ok(Self(AcknowledgeMessage { body: read.body, base }))
    }

    fn write_external(&self, output: &mut ExternalOutput<'_>) -> Result<(), EncodeError> {
        let base = &self.0.base;
        AbstractMessage {
            body: self.0.body.as_ref(),
            client_id: Some(Cow::from(&base.client_id)),
            destination: base.destination.as_ref().map(Cow::from),
            headers: Some(&base.headers).filter(|headers| !headers.is_empty()),
            message_id: Some(Cow::from(&base.message_id)),
            timestamp: base.timestamp,
            time_to_live: base.time_to_live,
        }
        .write(output)?;
        write_correlation_id(base.correlation_id.as_deref(), output)?;
        output.write_u8(0);
        Ok(())
    }
}

/// What `AbstractMessage` writes. What is nothing, or 0, is left out.
struct AbstractMessage<'a, B, H> {
    body: Option<B>,
    client_id: Option<Cow<'a, str>>,
    destination: Option<Cow<'a, str>>,
    headers: Option<H>,
    message_id: Option<Cow<'a, str>>,
    timestamp: f64,
    time_to_live: f64,
}

impl<'de, B: FromAmf<'de>, H: FromAmf<'de>> AbstractMessage<'de, B, H> {
    fn read(input: &mut ExternalInput<'_, 'de>) -> Result<Self, DecodeError> {
        let mut read = Self {
            body: None,
            client_id: None,
            destination: None,
            headers: None,
            message_id: None,
            timestamp: 0.0,
            time_to_live: 0.0,
        };
        read_flagged(input, |input, byte, flag| {
            match (byte, flag) {
                (0, abstract_flags::BODY) => read.body = input.read()?,
                (0, abstract_flags::CLIENT_ID) => read.client_id = input.read()?,
                (0, abstract_flags::DESTINATION) => read.destination = input.read()?,
                (0, abstract_flags::HEADERS) => read.headers = input.read()?,
                (0, abstract_flags::MESSAGE_ID) => read.message_id = input.read()?,
                (0, abstract_flags::TIMESTAMP) => read.timestamp = input.read()?,
                (0, abstract_flags::TIME_TO_LIVE) => read.time_to_live = input.read()?,
                (1, abstract_flags_2::CLIENT_ID_BYTES) => read.client_id = read_id(input)?.map(Cow::from),
                (1, abstract_flags_2::MESSAGE_ID_BYTES) => read.message_id = read_id(input)?.map(Cow::from),
                _ => input.skip()?,
            }
            Ok(())
        })?;
        Ok(read)
    }
}

impl<B> AbstractMessage<'_, B, FlexHeaders> {
    fn into_request(self) -> (Option<B>, RequestBase) {
        let base = RequestBase {
            client_id: self.client_id.map(Cow::into_owned),
            destination: self.destination.map(Cow::into_owned),
            headers: self.headers,
            message_id: self.message_id.map(Cow::into_owned),
        };
        (self.body, base)
    }
}

impl<'a, B> AbstractMessage<'a, &'a B, &'a FlexHeaders> {
    fn of_request(body: Option<&'a B>, base: &'a RequestBase) -> Self {
        Self {
            body,
            client_id: base.client_id.as_ref().map(Cow::from),
            destination: base.destination.as_ref().map(Cow::from),
            headers: base.headers.as_ref(),
            message_id: base.message_id.as_ref().map(Cow::from),
            timestamp: 0.0,
            time_to_live: 0.0,
        }
    }
}

impl<B: ToAmf, H: ToAmf> AbstractMessage<'_, B, H> {
    fn write(&self, output: &mut ExternalOutput<'_>) -> Result<(), EncodeError> {
        let client_id = WireId::new(self.client_id.as_deref());
        let message_id = WireId::new(self.message_id.as_deref());
        let flags = flag(abstract_flags::BODY, self.body.is_some())
            | flag(abstract_flags::CLIENT_ID, client_id.text().is_some())
            | flag(abstract_flags::DESTINATION, self.destination.is_some())
            | flag(abstract_flags::HEADERS, self.headers.is_some())
            | flag(abstract_flags::MESSAGE_ID, message_id.text().is_some())
            | flag(abstract_flags::TIMESTAMP, self.timestamp != 0.0)
            | flag(abstract_flags::TIME_TO_LIVE, self.time_to_live != 0.0);
        let more = flag(abstract_flags_2::CLIENT_ID_BYTES, client_id.bytes().is_some())
            | flag(abstract_flags_2::MESSAGE_ID_BYTES, message_id.bytes().is_some());
        output.write_u8(flags | flag(HAS_NEXT, more != 0));
        if more != 0 {
            output.write_u8(more);
        }
        write_some(self.body.as_ref(), output)?;
        write_some(client_id.text(), output)?;
        write_some(self.destination.as_deref(), output)?;
        write_some(self.headers.as_ref(), output)?;
        write_some(message_id.text(), output)?;
        write_some(Some(&self.timestamp).filter(|time| **time != 0.0), output)?;
        write_some(Some(&self.time_to_live).filter(|time| **time != 0.0), output)?;
        write_some(client_id.bytes(), output)?;
        write_some(message_id.bytes(), output)
    }
}

/// An id in the form in which it is written.
enum WireId<'a> {
    None,
    Text(&'a str),
    Bytes([u8; 16]),
}

impl<'a> WireId<'a> {
    fn new(id: Option<&'a str>) -> Self {
        match id {
            None => Self::None,
            Some(id) => client_id::to_bytes(id).map_or(Self::Text(id), Self::Bytes),
        }
    }

    fn text(&self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    fn bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }
}

fn read_id(input: &mut ExternalInput<'_, '_>) -> Result<Option<String>, DecodeError> {
    let Some(bytes) = input.read::<Option<&[u8]>>()? else { return Ok(None) };
    match bytes.try_into() {
        Ok(bytes) => Ok(Some(client_id::from_bytes(bytes))),
        Err(_) => Err(input.error(format!("expected the 16 bytes of an id, got {}", bytes.len()))),
    }
}

fn read_correlation_id(input: &mut ExternalInput<'_, '_>) -> Result<Option<String>, DecodeError> {
    let mut id = None;
    read_flagged(input, |input, byte, flag| {
        match (byte, flag) {
            (0, async_flags::CORRELATION_ID) => id = input.read()?,
            (0, async_flags::CORRELATION_ID_BYTES) => id = read_id(input)?,
            _ => input.skip()?,
        }
        Ok(())
    })?;
    Ok(id)
}

fn write_correlation_id(id: Option<&str>, output: &mut ExternalOutput<'_>) -> Result<(), EncodeError> {
    let id = WireId::new(id);
    output.write_u8(
        flag(async_flags::CORRELATION_ID, id.text().is_some())
            | flag(async_flags::CORRELATION_ID_BYTES, id.bytes().is_some()),
    );
    write_some(id.text(), output)?;
    write_some(id.bytes(), output)
}

/// Reads the flags of one class, then hands each that is set to `read`, which reads its value.
fn read_flagged<'de>(
    input: &mut ExternalInput<'_, 'de>,
    mut read: impl FnMut(&mut ExternalInput<'_, 'de>, usize, u8) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut flags = Vec::new();
    loop {
        let byte = input.read_u8()?;
        flags.push(byte);
        if byte & HAS_NEXT == 0 {
            break;
        }
    }
    for (byte, flags) in flags.into_iter().enumerate() {
        for flag in (0..7).map(|bit| 1 << bit).filter(|flag| flags & flag != 0) {
            read(input, byte, flag)?;
        }
    }
    Ok(())
}

fn flag(flag: u8, is_set: bool) -> u8 {
    if is_set { flag } else { 0 }
}

fn write_some<T: ToAmf + ?Sized>(
    value: Option<&T>,
    output: &mut ExternalOutput<'_>,
) -> Result<(), EncodeError> {
    value.map_or(Ok(()), |value| output.write(value))
}
