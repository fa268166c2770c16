//! `amf-core`, as a program would use it.

use std::hint::black_box;

use amf_core::{
    Decoder, EncodeError, Encoder, FromAmf, Limits, ToAmf, VectorOf, Version, from_slice, to_vec,
};

use crate::data::{Command, Connect};

/// Deeper than the default limit, for 100 objects in one another.
const DEPTH: usize = 128;

pub fn encode<T: ToAmf + ?Sized>(version: Version, value: &T) -> Vec<u8> {
    to_vec(version, value).expect("it can be written")
}

/// Messages by an encoder that lives on between them.
pub fn reused(
    version: Version,
    write: impl Fn(&mut Encoder) -> Result<(), EncodeError>,
) -> impl FnMut() -> usize {
    let mut encoder = Encoder::new(version);
    move || {
        encoder.clear();
        black_box(&write)(&mut encoder).expect("it can be written");
        black_box(encoder.bytes().expect("it is small enough")).len()
    }
}

pub fn decode<'de, T: FromAmf<'de>>(version: Version, bytes: &'de [u8]) -> T {
    from_slice(version, bytes).expect("it can be read")
}

pub fn encode_deep<T: ToAmf>(value: &T) -> Vec<u8> {
    let mut encoder = Encoder::new(Version::Amf3).with_max_depth(DEPTH);
    value.to_amf(&mut encoder).expect("it can be written");
    encoder.finish().expect("it is small enough")
}

pub fn decode_deep<'de, T: FromAmf<'de>>(bytes: &'de [u8]) -> T {
    let limits = Limits::new().with_depth(DEPTH);
    let mut decoder = Decoder::new(Version::Amf3, bytes).with_limits(limits);
    let value = decoder.read().expect("it can be read");
    assert!(decoder.is_at_end(), "bytes are left");
    value
}

pub fn encode_command<Text: ToAmf>(command: &Command<Text>) -> Vec<u8> {
    let mut encoder = Encoder::new(Version::Amf0);
    write_command(command, &mut encoder).expect("it can be written");
    encoder.finish().expect("it is small enough")
}

pub fn write_command<Text: ToAmf>(command: &Command<Text>, encoder: &mut Encoder) -> Result<(), EncodeError> {
    let Command(name, transaction, connect) = command;
    name.to_amf(encoder)?;
    transaction.to_amf(encoder)?;
    connect.to_amf(encoder)
}

pub fn decode_command<'de, Text: FromAmf<'de>>(bytes: &'de [u8]) -> Command<Text> {
    let mut decoder = Decoder::new(Version::Amf0, bytes);
    let name = decoder.read().expect("it can be read");
    let transaction = decoder.read().expect("it can be read");
    let connect = decoder.read::<Connect<Text>>().expect("it can be read");
    assert!(decoder.is_at_end(), "bytes are left");
    Command(name, transaction, connect)
}

/// A `Vector.<Number>`.
pub type NumberVector = VectorOf<f64>;

pub fn number_vector(items: Vec<f64>) -> NumberVector {
    items.into()
}
