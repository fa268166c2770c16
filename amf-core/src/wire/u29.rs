//! Variable-length integers of AMF3: seven bits in each byte, and eight in the fourth (AMF3 §1.3.1).

use super::Reader;
use crate::error::DecodeError;

/// Maximum number of bytes of an integer.
pub(crate) const MAX_WIDTH: usize = 4;
/// Maximum unsigned value, 2^29 − 1.
pub(crate) const MAX: u32 = (1 << 29) - 1;
/// Minimum signed value, −2^28.
pub(crate) const INTEGER_MIN: i32 = -(1 << 28);
/// Maximum signed value, 2^28 − 1.
pub(crate) const INTEGER_MAX: i32 = (1 << 28) - 1;

/// Reads the 29 bits as an unsigned number.
#[inline]
pub(crate) fn read(reader: &mut Reader<'_>) -> Result<u32, DecodeError> {
    match split(reader.rest()) {
        Some((value, rest)) => {
            reader.advance_to(rest);
            Ok(value)
        }
        None => truncated(reader),
    }
}

/// Returns the number at the start of `bytes`, and the bytes that follow it.
#[inline]
pub(crate) fn split(bytes: &[u8]) -> Option<(u32, &[u8])> {
    match bytes {
        [a @ 0..0x80, rest @ ..] => Some((u32::from(*a), rest)),
        [a, b @ 0..0x80, rest @ ..] => Some((u32::from(a & 0x7F) << 7 | u32::from(*b), rest)),
        _ => split_long(bytes),
    }
}

fn split_long(bytes: &[u8]) -> Option<(u32, &[u8])> {
    let high = |a: u8, b: u8| u32::from(a & 0x7F) << 7 | u32::from(b & 0x7F);
    match bytes {
        [a, b, c @ 0..0x80, rest @ ..] => Some((high(*a, *b) << 7 | u32::from(*c), rest)),
        [a, b, c, d, rest @ ..] => {
            Some((high(*a, *b) << 15 | u32::from(c & 0x7F) << 8 | u32::from(*d), rest))
        }
        _ => None,
    }
}

/// Returns the error for an input that ends within a number. Reads on, so that the offset is that of the first
/// missing byte.
#[cold]
fn truncated(reader: &mut Reader<'_>) -> Result<u32, DecodeError> {
    loop {
        reader.u8()?;
    }
}

/// Interprets the 29 bits as a number in two's complement.
#[inline]
pub(crate) fn signed(bits: u32) -> i32 {
    ((bits << 3) as i32) >> 3
}

/// Returns the number of bytes in which the low 29 bits are encoded.
#[inline]
pub(crate) fn width(value: u32) -> usize {
    match value & MAX {
        0..0x80 => 1,
        0x80..0x4000 => 2,
        0x4000..0x20_0000 => 3,
        _ => 4,
    }
}

/// Writes the low 29 bits of `value`. Callers have checked that the value fits.
#[inline]
pub(crate) fn write(out: &mut Vec<u8>, value: u32) {
    let value = value & MAX;
    match value {
        0..0x80 => out.push(value as u8),
        0x80..0x4000 => out.extend_from_slice(&[(value >> 7) as u8 | 0x80, value as u8 & 0x7F]),
        0x4000..0x20_0000 => out.extend_from_slice(&[
            (value >> 14) as u8 | 0x80,
            (value >> 7) as u8 | 0x80,
            value as u8 & 0x7F,
        ]),
        _ => out.extend_from_slice(&[
            (value >> 22) as u8 | 0x80,
            (value >> 15) as u8 | 0x80,
            (value >> 8) as u8 | 0x80,
            value as u8,
        ]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From the table in AMF3 §1.3.1.
    const EDGES: [(u32, &[u8]); 9] = [
        (0, &[0x00]),
        (0x7F, &[0x7F]),
        (0x80, &[0x81, 0x00]),
        (0x3FFF, &[0xFF, 0x7F]),
        (0x4000, &[0x81, 0x80, 0x00]),
        (0x1F_FFFF, &[0xFF, 0xFF, 0x7F]),
        (0x20_0000, &[0x80, 0xC0, 0x80, 0x00]),
        (0x1000_0001, &[0xC0, 0x80, 0x80, 0x01]),
        (0x1FFF_FFFF, &[0xFF, 0xFF, 0xFF, 0xFF]),
    ];

    #[test]
    fn edges_of_each_width_survive_a_round_trip() {
        for (value, bytes) in EDGES {
            let mut out = Vec::new();
            write(&mut out, value);
            assert_eq!(out, bytes, "{value:#x}");
            assert_eq!(width(value), bytes.len(), "{value:#x}");
            assert_eq!(read(&mut Reader::new(bytes)).unwrap(), value, "{value:#x}");
        }
    }

    #[test]
    fn integers_are_sign_extended_from_bit_28() {
        let read = |bytes: &[u8]| signed(read(&mut Reader::new(bytes)).unwrap());
        assert_eq!(read(&[0xC0, 0x80, 0x80, 0x01]), -268_435_455);
        assert_eq!(read(&[0xFF, 0xFF, 0xFF, 0xFF]), -1);
        assert_eq!(read(&[0xC0, 0x80, 0x80, 0x00]), INTEGER_MIN);
        assert_eq!(read(&[0xBF, 0xFF, 0xFF, 0xFF]), INTEGER_MAX);
    }
}
