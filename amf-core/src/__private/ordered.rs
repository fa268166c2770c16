//! Objects whose members stand on the wire in the order of their class, and decoders and encoders that are not moved:
//! functions, so that the methods are no part of the public interface of [`Decoder`] and [`Encoder`].

use std::sync::Arc;

use crate::decoder::{InOrderReader, NamedReader};
use crate::{Amf0Numbering, Class, Classes, DecodeOptions, Decoder, EncodeError, Encoder, ObjectReader};

/// Opens an AMF3 object whose traits were met before, and are those of the class: its members stand there one after
/// the other, and nothing else, until [`end_in_order`].
#[inline]
pub fn begin_in_order(decoder: &mut Decoder<'_>, class: &'static Class) -> Option<InOrderReader> {
    decoder.begin_in_order(class)
}

/// Closes the object.
#[inline]
pub fn end_in_order(decoder: &mut Decoder<'_>, object: InOrderReader) {
    decoder.end_in_order(object);
}

/// Opens an AMF0 object that is anonymous or of this class. Then, for one member after the other in the order of the
/// class: where [`take_name`], its value is read; and last, where not [`end_named`], [`resume_named`].
#[inline]
pub fn begin_named(decoder: &mut Decoder<'_>, class: &'static Class) -> Option<NamedReader> {
    decoder.begin_named(class)
}

/// Passes this name, if it is that of the next member.
#[inline]
pub fn take_name(decoder: &mut Decoder<'_>, name: &'static str) -> bool {
    decoder.take_name(name)
}

/// Closes the object, if nothing is left of it.
#[inline]
pub fn end_named(decoder: &mut Decoder<'_>, object: NamedReader) -> bool {
    decoder.end_named(object)
}

/// Returns a reader of the members that are left.
pub fn resume_named<'de>(
    _decoder: &mut Decoder<'de>,
    object: NamedReader,
    class: &'static Class,
) -> ObjectReader<'de> {
    object.resume(class)
}

/// Returns the decoder of a call's arguments, with a table of classes and with limits, without moving it.
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
/// Those of [`Encoder::finish`].
#[inline]
pub fn finish_in_place(encoder: &mut Encoder) -> Result<Vec<u8>, EncodeError> {
    encoder.finish_in_place()
}

/// Sets the numbering of AMF0 references that is tried first, without moving the decoder.
#[inline]
pub fn prefer_amf0_numbering(decoder: &mut Decoder<'_>, numbering: Amf0Numbering) {
    decoder.prefer_amf0_numbering(numbering);
}
