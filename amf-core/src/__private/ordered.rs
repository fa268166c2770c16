//! Reading of objects whose members arrive in the order of their class, and decoders and encoders that are not moved.
//!
//! These are functions, because methods of [`Decoder`] and [`Encoder`] would be part of their public interface.

use std::sync::Arc;

use crate::decoder::{InOrderReader, NamedReader};
use crate::{Amf0Numbering, Class, Classes, DecodeOptions, Decoder, EncodeError, Encoder, ObjectReader};

/// Opens an AMF3 object whose traits record was sent before and is that of the class. The object consists of the
/// members of the class in order; [`end_in_order`] closes it. Returns `None`, and reads nothing, if another value
/// follows.
#[inline]
pub fn begin_in_order(decoder: &mut Decoder<'_>, class: &'static Class) -> Option<InOrderReader> {
    decoder.begin_in_order(class)
}

/// Closes an object that [`begin_in_order`] opened.
#[inline]
pub fn end_in_order(decoder: &mut Decoder<'_>, object: InOrderReader) {
    decoder.end_in_order(object);
}

/// Opens an AMF0 object that is anonymous or of the class. Returns `None`, and reads nothing, if another value
/// follows.
///
/// The caller then goes through the members in the order of the class: if [`take_name`] returns `true`, it reads the
/// value. At the end it calls [`end_named`], and if that returns `false`, [`resume_named`] for the remaining members.
#[inline]
pub fn begin_named(decoder: &mut Decoder<'_>, class: &'static Class) -> Option<NamedReader> {
    decoder.begin_named(class)
}

/// Consumes the name of the next member and returns `true`, if the name is `name`.
#[inline]
pub fn take_name(decoder: &mut Decoder<'_>, name: &'static str) -> bool {
    decoder.take_name(name)
}

/// Closes the object and returns `true`, if no member is left.
#[inline]
pub fn end_named(decoder: &mut Decoder<'_>, object: NamedReader) -> bool {
    decoder.end_named(object)
}

/// Returns a reader of the remaining members.
pub fn resume_named<'de>(
    _decoder: &mut Decoder<'de>,
    object: NamedReader,
    class: &'static Class,
) -> ObjectReader<'de> {
    object.resume(class)
}

/// Returns a decoder for the arguments of a call, with a table of classes and with options.
///
/// The decoder is constructed in place: it is large, and the builder methods of [`Decoder`] would move it each time.
#[inline]
pub fn decoder_for_arguments<'de>(
    input: &'de [u8],
    classes: &Arc<Classes>,
    options: DecodeOptions,
) -> Decoder<'de> {
    Decoder::for_arguments(input, classes, options)
}

/// Returns the bytes of an encoder that is then dropped, without moving it.
///
/// # Errors
///
/// Returns an error in the same cases as [`Encoder::finish`].
#[inline]
pub fn finish_in_place(encoder: &mut Encoder) -> Result<Vec<u8>, EncodeError> {
    encoder.finish_in_place()
}

/// Returns how many bytes of [`Limits::memory`](crate::Limits::memory) the values take that were decoded.
#[inline]
pub fn decoded_memory(decoder: &Decoder<'_>) -> usize {
    decoder.decoded_memory()
}

/// Sets the numbering of AMF0 references that is tried first, without moving the decoder.
#[inline]
pub fn prefer_amf0_numbering(decoder: &mut Decoder<'_>, numbering: Amf0Numbering) {
    decoder.prefer_amf0_numbering(numbering);
}
