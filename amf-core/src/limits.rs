//! Limits on the resources that a peer can consume, and on output.

crate::__limits! {
    /// Limits on decoding, in force by default.
    ///
    /// Input that exceeds a limit results in [`DecodeErrorKind::Limit`](crate::DecodeErrorKind::Limit) with the name
    /// of the field.
    /// `docs/limits.md` lists the limits of all crates.
    ///
    /// ```
    /// use amf_core::{Decoder, Limits, Value, Version, FromAmf};
    ///
    /// // Three nested strict arrays, and a limit of two.
    /// let bytes = [0x0A, 0, 0, 0, 1, 0x0A, 0, 0, 0, 1, 0x0A, 0, 0, 0, 0];
    /// let limits = Limits::new().with_depth(2);
    /// let error = Value::from_amf(&mut Decoder::new(Version::Amf0, &bytes).with_limits(limits)).unwrap_err();
    /// assert_eq!(error.to_string(), "[0][0]: the limit `depth` of 2 is passed (at byte 10)");
    /// ```
    pub struct Limits by new {
        /// Maximum number of values that enclose one another.
        depth, with_depth = 64 values {
            /// Decoding fails. The default is safe on a stack of 2 MiB.
        }

        /// Maximum number of values in one decoder's input, scalars too. A Vector of numbers counts as one.
        nodes, with_nodes = 262_144 values {
            /// Decoding fails.
        }

        /// Maximum number of values that are decoded again because a reference to them is read as a separate value.
        replayed_nodes, with_replayed_nodes = 262_144 values {
            /// Decoding fails. Types that read shared objects as `Arc<T>` decode them once.
        }

        /// Maximum number of bytes of one input that are read more than once. This happens if a reference is read as
        /// a separate value, and if a long string or name that was sent by reference is copied or hashed again.
        replayed_bytes, with_replayed_bytes = 16 MiB {
            /// Decoding fails.
            ///
            /// Together with the length of the input, this limit bounds the work of decoding. A receiver of several
            /// inputs in one request can share the limit among them by means of
            /// [`Decoder::replayed_bytes`](crate::Decoder::replayed_bytes).
        }

        /// Maximum size in memory of the values that are decoded from one input.
        memory, with_memory = 64 MiB {
            /// Decoding fails. The effective limit is the smaller of `memory` and `memory_factor` × the input + 1
            /// MiB.
        }

        /// Maximum number of bytes of decoded memory for each byte of input, beyond 1 MiB.
        memory_factor, with_memory_factor = 32 bytes {
            /// Decoding fails, and the error names `memory`.
            ///
            /// Legitimate input stays below the default: a tree of 16,383 objects with references to their parents
            /// takes 143 kB on the wire and 2.8 MB in memory, and 200,000 empty objects take 600 kB and 14.4 MB.
            /// Values that take two bytes on the wire may exceed it. Of sealed objects without members, which take 72
            /// bytes each as [`Value`](crate::Value)s, about 131,000 in one list are accepted by default.
        }

        /// Maximum length of one string. A `ByteArray` is bounded by the input and `memory` only.
        string_len, with_string_len = 1 MiB {
            /// Decoding fails.
        }

        /// Maximum number of sealed members of one traits record.
        sealed_members, with_sealed_members = 1_024 members {
            /// Decoding fails.
        }

        /// Maximum number of headers of a remoting packet.
        headers, with_headers = 64 headers {
            /// Decoding the packet fails.
        }

        /// Maximum number of messages of a remoting packet.
        messages, with_messages = 256 messages {
            /// Decoding the packet fails.
        }
    }
}

/// Maximum number of bytes that one operation may write, with a name for errors.
///
/// The name identifies the operation: a reply, a notification, a packet. It is part of the error, so a program can
/// count errors by name.
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
    /// Returns limits without bounds other than those on replays, for bytes that this process wrote itself.
    pub(crate) const fn for_trusted_input() -> Self {
        Self::new()
            .with_depth(usize::MAX)
            .with_nodes(usize::MAX)
            .with_memory(usize::MAX)
            .with_memory_factor(usize::MAX)
            .with_string_len(usize::MAX)
            .with_sealed_members(usize::MAX)
    }

    /// Returns the memory budget for an input of `input` bytes, in bytes.
    pub fn memory_for(&self, input: usize) -> usize {
        const MEMORY_FLOOR: usize = 1 << 20;
        self.memory.min(input.saturating_mul(self.memory_factor).saturating_add(MEMORY_FLOOR))
    }
}
