//! How much a peer may make us do.

/// Bounds on decoding, in force by default.
///
/// Each one that is passed gives a [`DecodeErrorKind::Limit`](crate::DecodeErrorKind::Limit) with its name.
///
/// ```
/// use amf_core::{Decoder, Limits, Value, Version, FromAmf};
///
/// // Three strict arrays in one another, and a limit of two.
/// let bytes = [0x0A, 0, 0, 0, 1, 0x0A, 0, 0, 0, 1, 0x0A, 0, 0, 0, 0];
/// let limits = Limits { depth: 2, ..Limits::default() };
/// let error = Value::from_amf(&mut Decoder::new(Version::Amf0, &bytes).with_limits(limits)).unwrap_err();
/// assert_eq!(error.to_string(), "[0][0]: the limit `depth` of 2 is passed (at byte 10)");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Values that may enclose one another. Default 64, which is safe on a stack of 2 MiB.
    pub depth: usize,
    /// Values in one decoder's input, scalars too; a Vector of numbers counts as one. Default 262,144.
    pub nodes: usize,
    /// Values that are read again because a reference to them is wanted as a value of its own. Default 262,144.
    pub replayed_nodes: usize,
    /// Bytes of memory that decoded values may take, at most. Default 64 MiB.
    ///
    /// What is in force is the smaller of this and `memory_factor` × the input + 1 MiB.
    pub memory: usize,
    /// Bytes of decoded memory for each byte of input. Default 16.
    pub memory_factor: usize,
    /// Bytes of one string. Default 1 MiB. A `ByteArray` is bounded by the input and `memory` alone.
    pub string_len: usize,
    /// Sealed members of one traits record. Default 1,024.
    pub sealed_members: usize,
    /// Headers of a remoting packet. Default 64.
    pub headers: usize,
    /// Messages of a remoting packet. Default 256.
    pub messages: usize,
}

/// Maximum number of bytes that one operation may write, with the name under which reaching it is reported.
///
/// The name tells apart where the limit was reached: a reply, a notification, a packet. It is part of the error, so a
/// program can count by it.
///
/// ```
/// use amf_core::OutputLimit;
///
/// const REPLY: OutputLimit = OutputLimit::new("reply_bytes", 4 << 20);
/// assert_eq!((REPLY.name, REPLY.max), ("reply_bytes", 4_194_304));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OutputLimit {
    /// Name of the limit, such as `reply_bytes`.
    pub name: &'static str,
    /// Maximum number of bytes.
    pub max: usize,
}

impl OutputLimit {
    /// Creates a limit of `max` bytes.
    pub const fn new(name: &'static str, max: usize) -> Self {
        Self { name, max }
    }
}

impl Limits {
    /// No bound but that on reading again, for bytes that this process wrote itself.
    pub(crate) fn for_trusted_input() -> Self {
        Self {
            depth: usize::MAX,
            nodes: usize::MAX,
            memory: usize::MAX,
            memory_factor: usize::MAX,
            string_len: usize::MAX,
            sealed_members: usize::MAX,
            ..Self::default()
        }
    }

    /// The memory budget for an input of this many bytes.
    pub fn memory_for(&self, input: usize) -> usize {
        const MEMORY_FLOOR: usize = 1 << 20;
        self.memory.min(input.saturating_mul(self.memory_factor).saturating_add(MEMORY_FLOOR))
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth: 64,
            nodes: 262_144,
            replayed_nodes: 262_144,
            memory: 64 << 20,
            memory_factor: 16,
            string_len: 1 << 20,
            sealed_members: 1_024,
            headers: 64,
            messages: 256,
        }
    }
}
