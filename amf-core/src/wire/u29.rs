//! The variable length integer of AMF3: seven bits a byte, the fourth byte whole (AMF3 §1.3.1).

use super::Reader;
use crate::error::DecodeError;

/// The largest unsigned value, 2^29 − 1.
pub(crate) const MAX: u32 = (1 << 29) - 1;
/// The smallest signed value, −2^28.
pub(crate) const INTEGER_MIN: i32 = -(1 << 28);
/// The largest signed value, 2^28 − 1.
pub(crate) const INTEGER_MAX: i32 = (1 << 28) - 1;

#[inline]
pub(crate) fn read(reader: &mut Reader<'_>) -> Result<u32, DecodeError> {
    let first = reader.u8()?;
    if first < 0x80 {
        return Ok(u32::from(first));
    }
    let mut value = u32::from(first & 0x7F);
    for _ in 0..2 {
        let byte = reader.u8()?;
        value = value << 7 | u32::from(byte & 0x7F);
        if byte < 0x80 {
            return Ok(value);
        }
    }
    Ok(value << 8 | u32::from(reader.u8()?))
}

/// Reads the 29 bits as a signed number in two's complement.
#[inline]
pub(crate) fn read_signed(reader: &mut Reader<'_>) -> Result<i32, DecodeError> {
    read(reader).map(|bits| ((bits << 3) as i32) >> 3)
}

/// Writes the low 29 bits of `value`; callers have checked that it fits.
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
    fn edges_of_each_width_both_ways() {
        for (value, bytes) in EDGES {
            let mut out = Vec::new();
            write(&mut out, value);
            assert_eq!(out, bytes, "{value:#x}");
            assert_eq!(read(&mut Reader::new(bytes)).unwrap(), value, "{value:#x}");
        }
    }

    #[test]
    fn integers_extend_their_sign_from_bit_28() {
        let read = |bytes: &[u8]| read_signed(&mut Reader::new(bytes)).unwrap();
        assert_eq!(read(&[0xC0, 0x80, 0x80, 0x01]), -268_435_455);
        assert_eq!(read(&[0xFF, 0xFF, 0xFF, 0xFF]), -1);
        assert_eq!(read(&[0xC0, 0x80, 0x80, 0x00]), INTEGER_MIN);
        assert_eq!(read(&[0xBF, 0xFF, 0xFF, 0xFF]), INTEGER_MAX);
    }
}
