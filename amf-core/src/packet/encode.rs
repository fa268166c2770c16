//! Assembly of a packet from encoded values.

use crate::OutputLimit;
use crate::error::{EncodeError, EncodeErrorKind};

/// Writer of a packet. Headers and messages may be added in any order; headers are written first.
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
///
/// A packet is limited to 16 MiB (`packet_bytes`), unless another [limit](Self::with_output_limit) is set. An entry
/// that cannot be added leaves the packet unchanged, so that a short fault can be added instead.
#[derive(Clone, Debug)]
pub struct PacketWriter {
    version: u16,
    limit: OutputLimit,
    headers: Section,
    messages: Section,
}

#[derive(Clone, Debug, Default)]
struct Section {
    count: u16,
    bytes: Vec<u8>,
}

/// Length of the version, the number of headers and the number of messages, in bytes.
const FIXED_LEN: usize = 6;
const DEFAULT_OUTPUT_LIMIT: OutputLimit = OutputLimit::new("packet_bytes", 16 << 20);

impl PacketWriter {
    /// Creates an empty packet of a version: 0 or 3.
    pub fn new(version: u16) -> Self {
        let limit = DEFAULT_OUTPUT_LIMIT;
        Self { version, limit, headers: Section::default(), messages: Section::default() }
    }

    /// Sets the maximum number of bytes of the packet. Default: 16 MiB, named `packet_bytes`.
    ///
    /// ```
    /// use amf_core::packet::PacketWriter;
    /// use amf_core::OutputLimit;
    ///
    /// let mut packet = PacketWriter::new(0).with_output_limit(OutputLimit::new("packet_bytes", 20));
    /// assert!(packet.message("/1/onResult", "null", &[0x01, 0x01]).is_err());
    /// packet.message("/1", "", &[0x05, 0x05, 0x05, 0x05])?;
    /// assert_eq!((packet.len(), packet.remaining()), (20, 0));
    /// # Ok::<(), amf_core::EncodeError>(())
    /// ```
    #[must_use]
    pub fn with_output_limit(mut self, limit: OutputLimit) -> Self {
        self.limit = limit;
        self
    }

    /// Reserves room for messages of `bytes` together, with the few bytes that each takes besides its body. Without
    /// this the buffer doubles where it grows, and a large packet takes up to three times its size for a moment.
    pub fn reserve(&mut self, bytes: usize) {
        self.messages.bytes.reserve_exact(FIXED_LEN.saturating_add(bytes.min(self.limit.max)));
    }

    /// Returns the number of bytes of the packet so far.
    #[allow(clippy::len_without_is_empty, reason = "a packet without entries has its head")]
    pub fn len(&self) -> usize {
        FIXED_LEN.max(self.messages.bytes.len()) + self.headers.bytes.len()
    }

    /// Returns the number of bytes that can still be added. An entry consists of its value, its texts, and a few
    /// bytes for lengths.
    pub fn remaining(&self) -> usize {
        self.limit.max.saturating_sub(self.len())
    }

    /// Returns an error unless `bytes` more bytes fit.
    fn check(&self, bytes: usize) -> Result<(), EncodeError> {
        if bytes <= self.remaining() {
            return Ok(());
        }
        let OutputLimit { name, max } = self.limit;
        Err(EncodeError::new(EncodeErrorKind::OutputTooLarge { limit: name, max }))
    }

    /// Adds a header. The value must be encoded as in an [envelope](crate::Encoder::in_envelope).
    ///
    /// # Errors
    ///
    /// Returns [`OutputTooLarge`](EncodeErrorKind::OutputTooLarge) beyond the limit, and
    /// [`Length`](EncodeErrorKind::Length) for a name of more than 65,535 bytes and for the 65,536th header.
    pub fn header(&mut self, name: &str, must_understand: bool, value: &[u8]) -> Result<(), EncodeError> {
        let (name, value) = (Text::new(name)?, Body::new(value)?);
        self.check(name.written_len() + 1 + value.written_len())?;
        let bytes = self.headers.add_entry("headers")?;
        name.write(bytes);
        bytes.push(u8::from(must_understand));
        value.write(bytes);
        Ok(())
    }

    /// Adds a message. The body must be encoded as in an [envelope](crate::Encoder::in_envelope).
    ///
    /// # Errors
    ///
    /// Returns [`OutputTooLarge`](EncodeErrorKind::OutputTooLarge) beyond the limit, and
    /// [`Length`](EncodeErrorKind::Length) for a URI of more than 65,535 bytes and for the 65,536th message.
    pub fn message(&mut self, target_uri: &str, response_uri: &str, body: &[u8]) -> Result<(), EncodeError> {
        let (target, response, body) = (Text::new(target_uri)?, Text::new(response_uri)?, Body::new(body)?);
        let len = target.written_len() + response.written_len() + body.written_len();
        self.check(len)?;
        let bytes = self.messages.add_entry("messages")?;
        if bytes.is_empty() {
            // Most packets have a single message. With the head reserved in front of it, the message is not
            // moved again.
            bytes.reserve_exact(FIXED_LEN + len);
            bytes.resize(FIXED_LEN, 0);
        }
        target.write(bytes);
        response.write(bytes);
        body.write(bytes);
        Ok(())
    }

    /// Returns the bytes of the packet.
    pub fn finish(self) -> Vec<u8> {
        let Self { version, headers, messages, .. } = self;
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
    /// Counts one more entry, and returns the buffer to which the entry must be written.
    fn add_entry(&mut self, what: &'static str) -> Result<&mut Vec<u8>, EncodeError> {
        match self.count.checked_add(1) {
            Some(count) => {
                self.count = count;
                Ok(&mut self.bytes)
            }
            None => Err(too_long(what, usize::from(u16::MAX) + 1, usize::from(u16::MAX))),
        }
    }
}

/// Text whose length fits in 16 bits.
struct Text<'a>(u16, &'a str);

impl<'a> Text<'a> {
    fn new(text: &'a str) -> Result<Self, EncodeError> {
        match u16::try_from(text.len()) {
            Ok(length) => Ok(Self(length, text)),
            Err(_) => Err(too_long("a name of the packet", text.len(), usize::from(u16::MAX))),
        }
    }

    fn written_len(&self) -> usize {
        size_of::<u16>() + self.1.len()
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.0.to_be_bytes());
        bytes.extend_from_slice(self.1.as_bytes());
    }
}

/// Value whose length fits in 32 bits.
struct Body<'a>(u32, &'a [u8]);

impl<'a> Body<'a> {
    fn new(value: &'a [u8]) -> Result<Self, EncodeError> {
        match u32::try_from(value.len()) {
            Ok(length) => Ok(Self(length, value)),
            Err(_) => Err(too_long("a value of the packet", value.len(), u32::MAX as usize)),
        }
    }

    fn written_len(&self) -> usize {
        size_of::<u32>() + self.1.len()
    }

    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend_from_slice(&self.0.to_be_bytes());
        bytes.extend_from_slice(self.1);
    }
}

fn too_long(what: &'static str, len: usize, max: usize) -> EncodeError {
    EncodeError::new(EncodeErrorKind::Length { what, len, max })
}
