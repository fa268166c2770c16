//! What a vector is as a whole: values of one version in a row, a remoting packet, or a shared object.

use std::sync::Arc;

use amf_core::packet::{Packet, PacketWriter};
use amf_core::sol::SolFile;
use amf_core::{
    Classes, DecodeError, DecodeErrorKind, Decoder, EncodeError, Encoder, FromAmf as _, Limits, ToAmf as _,
};
use amf_core::{Value, Version};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Form {
    /// AMF0 values, which may switch to AMF3.
    Amf0,
    Amf3,
    Packet,
    /// A local shared object.
    Sol,
}

#[derive(Debug, PartialEq)]
pub(crate) enum Content {
    Values(Vec<Value>),
    Packet(PacketContent),
    Sol(SolFile),
}

#[derive(Debug, PartialEq)]
pub(crate) struct PacketContent {
    pub(crate) version: u16,
    pub(crate) headers: Vec<(String, bool, Value)>,
    /// Target, response, body.
    pub(crate) messages: Vec<(String, String, Value)>,
}

/// What came of writing a content again.
pub(crate) struct Written {
    pub(crate) bytes: Vec<u8>,
    /// The values are the same bytes.
    pub(crate) same_values: bool,
    /// What is around them is: names, counts, lengths.
    pub(crate) same_frame: bool,
}

pub(crate) fn read(form: Form, bytes: &[u8], classes: &Arc<Classes>) -> Result<Content, DecodeError> {
    match form {
        Form::Amf0 => values(Version::Amf0, bytes, classes).map(Content::Values),
        Form::Amf3 => values(Version::Amf3, bytes, classes).map(Content::Values),
        Form::Packet => packet(bytes, classes).map(Content::Packet),
        Form::Sol => SolFile::from_slice_with(bytes, classes, Limits::default()).map(Content::Sol),
    }
}

/// Values until the end, of one message: they share the reference tables.
pub(crate) fn values(
    version: Version,
    bytes: &[u8],
    classes: &Arc<Classes>,
) -> Result<Vec<Value>, DecodeError> {
    Decoder::new(version, bytes).with_classes(Arc::clone(classes)).read_message(|decoder| {
        let mut values = Vec::new();
        loop {
            values.push(Value::from_amf(decoder)?);
            if decoder.is_at_end() {
                return Ok(values);
            }
        }
    })
}

/// Whether skipping as many values leads to the end as well. A packet is found by skipping.
pub(crate) fn can_be_skipped(form: Form, content: &Content, bytes: &[u8], classes: &Arc<Classes>) -> bool {
    let Content::Values(values) = content else { return true };
    let version = if form == Form::Amf3 { Version::Amf3 } else { Version::Amf0 };
    let decoder = Decoder::new(version, bytes).with_classes(Arc::clone(classes));
    let mut decoder = decoder.with_any_amf0_numbering();
    values.iter().all(|_| decoder.skip().is_ok()) && decoder.is_at_end()
}

fn packet(bytes: &[u8], classes: &Arc<Classes>) -> Result<PacketContent, DecodeError> {
    let packet = Packet::decode(bytes, classes, Limits::default())?;
    if let Some(broken) = packet.broken {
        return Err(broken.error);
    }
    // Receivers ignore such bytes; a vector that has them holds something else than a packet.
    if packet.trailing_bytes > 0 {
        let kind = DecodeErrorKind::TrailingBytes { count: packet.trailing_bytes };
        return Err(DecodeError::new(kind, bytes.len() - packet.trailing_bytes));
    }
    let one = |bytes: &[u8], offset: usize| {
        let mut decoder = Decoder::new(Version::Amf0, bytes).with_classes(Arc::clone(classes));
        let value = decoder.read_message(|decoder| {
            let value = Value::from_amf(decoder)?;
            decoder.finish()?;
            Ok(value)
        });
        value.map_err(|error| error.offset_by(offset))
    };
    let body = |bytes: &[u8], offset: usize| {
        if bytes.first() != Some(&0x0A) {
            return one(bytes, offset);
        }
        let mut decoder = Decoder::new(Version::Amf0, bytes).with_classes(Arc::clone(classes));
        let items = decoder.read_message(|decoder| {
            let count = decoder.begin_arguments()?;
            let items = (0..count).map(|_| Value::from_amf(decoder)).collect::<Result<Vec<_>, _>>()?;
            decoder.finish()?;
            Ok(items)
        });
        items.map(Value::from).map_err(|error| error.offset_by(offset))
    };
    let headers = packet.headers.iter().map(|header| {
        Ok((header.name.to_string(), header.must_understand, one(header.value, header.offset)?))
    });
    let messages = packet.messages.iter().map(|message| {
        let body = body(message.body, message.offset)?;
        Ok((message.target_uri.to_string(), message.response_uri.to_string(), body))
    });
    Ok(PacketContent {
        version: packet.version,
        headers: headers.collect::<Result<_, _>>()?,
        messages: messages.collect::<Result<_, _>>()?,
    })
}

/// Writes a content that was read from `original`, in the form that it had there.
pub(crate) fn write(form: Form, content: &Content, original: &[u8]) -> Result<Written, EncodeError> {
    let version = if form == Form::Amf3 { Version::Amf3 } else { Version::Amf0 };
    match content {
        Content::Values(values) => {
            let bytes = write_values(version, values, original)?;
            Ok(Written { same_values: bytes == original, same_frame: true, bytes })
        }
        Content::Packet(packet) => write_packet(packet, original),
        Content::Sol(sol) => {
            let bytes = sol.to_vec()?;
            Ok(Written { same_values: bytes == original, same_frame: true, bytes })
        }
    }
}

fn write_packet(content: &PacketContent, original: &[u8]) -> Result<Written, EncodeError> {
    let raw =
        Packet::decode(original, &crate::messages::classes(), Limits::default()).expect("it was read before");
    let mut again = PacketWriter::new(content.version);
    let mut frame = PacketWriter::new(content.version);
    let mut same_values = true;
    for (header, (name, must_understand, value)) in raw.headers.iter().zip(&content.headers) {
        let bytes = write_values(Version::Amf0, std::slice::from_ref(value), header.value)?;
        same_values &= bytes == header.value;
        again.header(name, *must_understand, &bytes)?;
        frame.header(name, *must_understand, header.value)?;
    }
    for (message, (target, response, body)) in raw.messages.iter().zip(&content.messages) {
        let bytes = write_values(Version::Amf0, std::slice::from_ref(body), message.body)?;
        same_values &= bytes == message.body;
        again.message(target, response, &bytes)?;
        frame.message(target, response, message.body)?;
    }
    Ok(Written { bytes: again.finish(), same_values, same_frame: frame.finish() == original })
}

fn write_values(version: Version, values: &[Value], original: &[u8]) -> Result<Vec<u8>, EncodeError> {
    if version == Version::Amf0
        && let [Value::Array(list)] = values
        && original.first() == Some(&0x0A)
        && let Some(bytes) = write_arguments(&list.items, original)?
    {
        return Ok(bytes);
    }
    let mut encoder = match (version, original.first()) {
        (Version::Amf0, Some(0x11)) => Encoder::in_envelope(Version::Amf3),
        _ => Encoder::new(version),
    };
    for value in values {
        value.to_amf(&mut encoder)?;
    }
    encoder.finish()
}

/// A strict array whose elements switch to AMF3 each for itself, if any does. The tables of the versions
/// are apart, so two encoders that write the elements by turns write what one would.
fn write_arguments(items: &[Value], original: &[u8]) -> Result<Option<Vec<u8>>, EncodeError> {
    let mut plain = Encoder::new(Version::Amf0);
    let mut switched = Encoder::in_envelope(Version::Amf3);
    plain.begin_arguments(items.len())?;
    let mut turns = vec![(false, plain.len())];
    let decoder = Decoder::new(Version::Amf0, original).with_classes(crate::messages::classes());
    let mut decoder = decoder.with_any_amf0_numbering();
    decoder.begin_arguments().expect("it was read before");
    for item in items {
        let is_switched = original.get(decoder.offset()) == Some(&0x11);
        decoder.skip().expect("it was read before");
        let encoder = if is_switched { &mut switched } else { &mut plain };
        let start = encoder.len();
        item.to_amf(encoder)?;
        turns.push((is_switched, encoder.len() - start));
    }
    plain.end_list();
    if switched.is_empty() {
        return Ok(None);
    }
    let (plain, switched) = (plain.finish()?, switched.finish()?);
    let (mut plain, mut switched) = (plain.as_slice(), switched.as_slice());
    let mut bytes = Vec::new();
    for (is_switched, len) in turns {
        let from = if is_switched { &mut switched } else { &mut plain };
        let (turn, rest) = from.split_at(len);
        bytes.extend_from_slice(turn);
        *from = rest;
    }
    Ok(Some(bytes))
}
