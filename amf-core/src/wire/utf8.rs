//! Decoding of text: UTF-8, and the surrogate pairs (CESU-8) that Java peers write beyond the basic plane.

use std::borrow::Cow;

/// Minimum length for which the vectorised check is faster than that of std.
const SIMD_THRESHOLD: usize = 64;

/// Interpretation of text that is not UTF-8.
///
/// Old PHP servers, and games that stored their data, wrote text in the encoding of their machine. CESU-8, which Java
/// writes, is accepted with every setting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TextEncoding {
    /// UTF-8 only; other text is an error.
    #[default]
    Utf8,
    /// Text that is not UTF-8 is read as Latin-1 (ISO 8859-1): each byte is the character with this number.
    Latin1,
    /// Invalid sequences are replaced by U+FFFD.
    Replacement,
}

/// Decodes text, without a copy if it is UTF-8. Returns `None` if the encoding does not allow the text.
#[inline]
pub(crate) fn read_as(bytes: &[u8], encoding: TextEncoding) -> Option<Cow<'_, str>> {
    read(bytes).or_else(|| read_leniently(bytes, encoding))
}

#[cold]
fn read_leniently(bytes: &[u8], encoding: TextEncoding) -> Option<Cow<'_, str>> {
    match encoding {
        TextEncoding::Utf8 => None,
        TextEncoding::Latin1 => Some(bytes.iter().copied().map(char::from).collect()),
        TextEncoding::Replacement => Some(String::from_utf8_lossy(bytes)),
    }
}

/// Decodes UTF-8 without a copy, or CESU-8 with one. Returns `None` if the text is neither.
#[inline]
pub(crate) fn read(bytes: &[u8]) -> Option<Cow<'_, str>> {
    match read_utf8(bytes) {
        Some(text) => Some(Cow::Borrowed(text)),
        None => from_cesu8(bytes).map(Cow::Owned),
    }
}

/// Decodes UTF-8.
#[inline]
pub(crate) fn read_utf8(bytes: &[u8]) -> Option<&str> {
    if bytes.len() < SIMD_THRESHOLD {
        std::str::from_utf8(bytes).ok()
    } else {
        simdutf8::basic::from_utf8(bytes).ok()
    }
}

#[cold]
fn from_cesu8(bytes: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        // The three bytes of a surrogate are three invalid chunks of one byte, so the pair is decoded from
        // here.
        if !chunk.invalid().is_empty() {
            let start = chunk.invalid().as_ptr() as usize - bytes.as_ptr() as usize;
            return from_cesu8_at(text, bytes.get(start..)?);
        }
    }
    Some(text)
}

fn from_cesu8_at(mut text: String, mut rest: &[u8]) -> Option<String> {
    while !rest.is_empty() {
        let (pair, after) = rest.split_first_chunk::<6>()?;
        text.push(surrogate_pair(*pair)?);
        let plain =
            after.windows(2).position(|two| matches!(two, [0xED, 0xA0..=0xAF])).unwrap_or(after.len());
        let (valid, next) = after.split_at_checked(plain)?;
        text.push_str(std::str::from_utf8(valid).ok()?);
        rest = next;
    }
    Some(text)
}

fn surrogate_pair(pair: [u8; 6]) -> Option<char> {
    let [0xED, high @ 0xA0..=0xAF, high_low @ 0x80..=0xBF, 0xED, low @ 0xB0..=0xBF, low_low @ 0x80..=0xBF] =
        pair
    else {
        return None;
    };
    let high = u32::from(high & 0x0F) << 6 | u32::from(high_low & 0x3F);
    let low = u32::from(low & 0x0F) << 6 | u32::from(low_low & 0x3F);
    char::from_u32(0x1_0000 + (high << 10 | low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn surrogate_pairs_become_one_character() {
        // U+1F600 is D83D DE00 in UTF-16, each half as three bytes.
        let cesu = [b'a', 0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80, b'b', 0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80];
        assert_eq!(read(&cesu).unwrap(), "a\u{1F600}b\u{1F600}");
    }

    #[test]
    fn lone_surrogates_and_invalid_bytes_are_rejected() {
        for bytes in [
            &[0xED, 0xA0, 0xBD][..],
            &[0xED, 0xB8, 0x80, 0xED, 0xA0, 0xBD],
            &[0xFF],
            &[b'a', 0xC0, 0x80],
            &[0xED, 0xA0, 0xBD, 0xED, 0xB8, 0x80, 0xFF],
        ] {
            assert_eq!(read(bytes), None, "{bytes:02X?}");
        }
    }

    #[test]
    fn long_text_is_checked_in_the_same_way() {
        let text = "日本語".repeat(40);
        assert_eq!(read(text.as_bytes()).unwrap(), text);
        let mut broken = text.into_bytes();
        broken.push(0xFF);
        assert_eq!(read(&broken), None);
    }
}
