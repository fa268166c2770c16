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

/// Version, number of headers, and number of messages.
const FIXED_LEN: usize = 6;

impl PacketWriter {
    /// An empty packet of a version: 0 or 3.
    pub fn new(version: u16) -> Self {
        Self { version, headers: Section::default(), messages: Section::default() }
    }

    /// Adds a header with a value in the form of the [envelope](crate::Encoder::in_envelope).
    pub fn header(&mut self, name: &str, must_understand: bool, value: &[u8]) -> Result<(), EncodeError> {
        let section = self.headers.add_entry("headers")?;
        section.text(name)?;
        section.bytes.push(u8::from(must_understand));
        section.value(value)
    }

    /// Adds a message with a body in the form of the [envelope](crate::Encoder::in_envelope).
    pub fn message(&mut self, target_uri: &str, response_uri: &str, body: &[u8]) -> Result<(), EncodeError> {
        let section = self.messages.add_entry("messages")?;
        if section.bytes.is_empty() {
            // In most packets this is all there is, and then it is in its place already.
            let lengths = 2 + 2 + 4;
            section.bytes.reserve(FIXED_LEN + lengths + target_uri.len() + response_uri.len() + body.len());
            section.bytes.resize(FIXED_LEN, 0);
        }
        section.text(target_uri)?;
        section.text(response_uri)?;
        section.value(body)
    }

    /// The packet's bytes.
    pub fn finish(self) -> Vec<u8> {
        let Self { version, headers, messages } = self;
        let mut bytes = messages.bytes;
        bytes.resize(bytes.len().max(FIXED_LEN), 0);
        let [version, header_count, message_count] =
            [version, headers.count, messages.count].map(u16::to_be_bytes);
        let start = [&version, &header_count, &*headers.bytes, &message_count].concat();
        bytes.splice(..FIXED_LEN, start);
        bytes
    }
}

impl Section {
    fn add_entry(&mut self, what: &'static str) -> Result<&mut Self, EncodeError> {
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
