//! Putting a packet together from values that were written before.

use crate::error::{EncodeError, EncodeErrorKind};

/// Puts a packet together. Headers and messages may come in any order; the headers are written first.
///
/// ```
/// use amf_core::packet::PacketWriter;
/// use amf_core::{to_vec, Version};
///
/// let mut packet = PacketWriter::new(0);
/// packet.message("/1/onResult", "null", &to_vec(Version::Amf0, &true)?)?;
/// let bytes = packet.finish();
/// assert_eq!(bytes, b"\0\0\0\0\0\x01\0\x0B/1/onResult\0\x04null\0\0\0\x02\x01\x01");
/// # Ok::<(), amf_core::EncodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct PacketWriter {
    version: u16,
    headers: Section,
    messages: Section,
}

#[derive(Clone, Debug, Default)]
struct Section {
    count: u16,
    bytes: Vec<u8>,
}

impl PacketWriter {
    /// An empty packet of a version: 0 or 3.
    pub fn new(version: u16) -> Self {
        Self { version, headers: Section::default(), messages: Section::default() }
    }

    /// Adds a header with a value in the form of the [envelope](crate::Encoder::in_envelope).
    pub fn header(&mut self, name: &str, must_understand: bool, value: &[u8]) -> Result<(), EncodeError> {
        let section = self.headers.next("headers")?;
        section.text(name)?;
        section.bytes.push(u8::from(must_understand));
        section.value(value)
    }

    /// Adds a message with a body in the form of the [envelope](crate::Encoder::in_envelope).
    pub fn message(&mut self, target_uri: &str, response_uri: &str, body: &[u8]) -> Result<(), EncodeError> {
        let section = self.messages.next("messages")?;
        section.text(target_uri)?;
        section.text(response_uri)?;
        section.value(body)
    }

    /// The packet's bytes.
    pub fn finish(self) -> Vec<u8> {
        let mut out = Vec::with_capacity(6 + self.headers.bytes.len() + self.messages.bytes.len());
        out.extend_from_slice(&self.version.to_be_bytes());
        for section in [self.headers, self.messages] {
            out.extend_from_slice(&section.count.to_be_bytes());
            out.extend_from_slice(&section.bytes);
        }
        out
    }
}

impl Section {
    fn next(&mut self, what: &'static str) -> Result<&mut Self, EncodeError> {
        match self.count.checked_add(1) {
            Some(count) => {
                self.count = count;
                Ok(self)
            }
            None => Err(too_long(what, usize::from(u16::MAX) + 1, usize::from(u16::MAX))),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), EncodeError> {
        let Ok(length) = u16::try_from(text.len()) else {
            return Err(too_long("a name of the packet", text.len(), usize::from(u16::MAX)));
        };
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(text.as_bytes());
        Ok(())
    }

    fn value(&mut self, value: &[u8]) -> Result<(), EncodeError> {
        let Ok(length) = u32::try_from(value.len()) else {
            return Err(too_long("a value of the packet", value.len(), u32::MAX as usize));
        };
        self.bytes.extend_from_slice(&length.to_be_bytes());
        self.bytes.extend_from_slice(value);
        Ok(())
    }
}

fn too_long(what: &'static str, len: usize, max: usize) -> EncodeError {
    EncodeError::new(EncodeErrorKind::Length { what, len, max })
}
