//! Errors with an address: the offset in the input and the path to the value.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Write as _};

use crate::escaped::{Escaped, Escaper};
use crate::{Limits, Version};

/// Error for bytes that could not be decoded as the requested type. The peer causes it, not the program.
///
/// The error contains the offset in the input and the path of members and indices to the value: ``argument 1
/// `player`.name: expected String, got Integer (at byte 12)``. Some errors have [`advice`](Self::advice) for the
/// author of the Rust types, which is printed too.
///
/// ```
/// use amf_core::{DecodeErrorKind, Version, from_slice};
///
/// // AMF3 [true, null]
/// let error = from_slice::<Vec<bool>>(Version::Amf3, &[0x09, 0x05, 0x01, 0x03, 0x01]).unwrap_err();
/// assert!(matches!(error.kind(), DecodeErrorKind::Type { .. }));
/// assert_eq!((error.path(), error.offset()), ("[1]".to_owned(), 5));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct DecodeError {
    // Boxed, because a large error would make every `Result` large, also on the path without errors.
    inner: Box<DecodeErrorInner>,
}

#[derive(Clone, Debug, PartialEq)]
struct DecodeErrorInner {
    kind: DecodeErrorKind,
    /// Offset in the input. `None` if the value did not come from bytes, or if the offset is added later.
    offset: Option<usize>,
    path: Path,
    /// Advice that replaces that of the kind.
    advice: Option<&'static str>,
}

/// Cause of a [`DecodeError`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The input ends within a value.
    UnexpectedEnd {
        /// Minimum number of missing bytes.
        missing: usize,
    },
    /// Bytes follow the value that must be the last one.
    TrailingBytes {
        /// Number of bytes that follow.
        count: usize,
    },
    /// A byte that does not introduce any type in this version, or that the specification reserves.
    UnknownMarker {
        /// Version in which the byte was read.
        version: Version,
        /// The byte.
        marker: u8,
    },
    /// A value of another type.
    Type {
        /// Type that was requested.
        expected: Cow<'static, str>,
        /// Type on the wire.
        found: Cow<'static, str>,
    },
    /// A number out of the range of the requested type.
    Range {
        /// Number on the wire.
        value: f64,
        /// Type that was requested.
        expected: &'static str,
    },
    /// A reference to an index that was not sent yet.
    Reference {
        /// Table of the reference: `object`, `string` or `traits`.
        table: &'static str,
        /// Index in the reference.
        index: usize,
        /// Number of entries in the table.
        len: usize,
    },
    /// A reference to an enclosing object, where the requested type needs a value of its own.
    Cycle,
    /// One of the [`Limits`](crate::Limits) was exceeded.
    Limit {
        /// Name of the field in [`Limits`](crate::Limits).
        limit: &'static str,
        /// Value of the limit.
        max: usize,
    },
    /// A required member is missing.
    MissingMember {
        /// Alias of the class, empty if it has none.
        class: &'static str,
        /// Name of the member on the wire.
        member: &'static str,
    },
    /// A member that the class does not declare, although `#[amf(deny_unknown)]` excludes such members.
    UnknownMember {
        /// Alias of the class, empty if it has none.
        class: &'static str,
        /// Name of the member on the wire.
        member: String,
    },
    /// An object of another known class.
    Class {
        /// Alias that was requested.
        expected: &'static str,
        /// Alias on the wire.
        found: String,
    },
    /// An externalizable object of an unknown class. Its length is unknown too.
    UnknownExternalizable {
        /// Alias on the wire.
        alias: String,
    },
    /// Text that is neither UTF-8 nor CESU-8.
    Utf8,
    /// Bytes that are not a remoting packet: another format, or a packet behind a byte order mark or a line of text.
    NotAPacket {
        /// First 24 bytes, escaped as in a Rust byte string, followed by `…` if there are more.
        start: String,
    },
    /// Message of a conversion in the program.
    Custom(Cow<'static, str>),
}

/// Path to a value, from the inside out: each level appends its segment while the error propagates.
#[derive(Clone, Debug, Default, PartialEq)]
struct Path(Vec<PathSegment>);

#[derive(Clone, Debug, PartialEq)]
enum PathSegment {
    Argument(usize, Cow<'static, str>),
    Member(Cow<'static, str>),
    Index(usize),
}

impl DecodeError {
    /// Creates an error at a byte offset of the input, with an empty path.
    #[cold]
    pub fn new(kind: DecodeErrorKind, offset: usize) -> Self {
        let (offset, path, advice) = (Some(offset), Path::default(), None);
        Self { inner: Box::new(DecodeErrorInner { kind, offset, path, advice }) }
    }

    /// Creates an error of a conversion without access to the input.
    /// [`with_default_offset`](Self::with_default_offset) adds the offset later.
    #[cfg(feature = "serde")]
    #[cold]
    pub(crate) fn with_unknown_offset(kind: DecodeErrorKind) -> Self {
        let (offset, path, advice) = (None, Path::default(), None);
        Self { inner: Box::new(DecodeErrorInner { kind, offset, path, advice }) }
    }

    /// Sets the offset, unless the error already has one.
    #[cfg(feature = "serde")]
    #[cold]
    pub(crate) fn with_default_offset(mut self, offset: usize) -> Self {
        self.inner.offset.get_or_insert(offset);
        self
    }

    /// Removes the offset, for input that the caller never saw.
    #[cold]
    pub(crate) fn without_offset(mut self) -> Self {
        self.inner.offset = None;
        self
    }

    /// Returns the cause of the error.
    pub fn kind(&self) -> &DecodeErrorKind {
        &self.inner.kind
    }

    /// Returns the byte offset in the input at which the error was detected. Returns 0 if there was no input, as in
    /// [`from_value`](crate::from_value).
    pub fn offset(&self) -> usize {
        self.inner.offset.unwrap_or(0)
    }

    /// Returns the path from the outermost value to the faulty one, such as ``argument 1 `player`.items[3]``. The
    /// path is empty if the outermost value itself is faulty.
    pub fn path(&self) -> String {
        self.inner.path.to_string()
    }

    /// Returns advice for the author of the requested Rust types, such as "take what is shared as `Arc<T>`".
    pub fn advice(&self) -> Option<&'static str> {
        self.inner.advice.or_else(|| self.inner.kind.advice())
    }

    /// Returns the message for the sender of the bytes, without the [`advice`](Self::advice).
    ///
    /// ```
    /// use amf_core::{Decoder, Version};
    ///
    /// // An AMF3 list (09) that contains a reference (01) to itself (00)
    /// let error = amf_core::from_slice::<Vec<Vec<f64>>>(Version::Amf3, &[0x09, 0x03, 0x01, 0x09, 0x00]).unwrap_err();
    /// assert!(error.to_string().contains("Arc<T>"));
    /// assert_eq!(
    ///     error.without_advice().to_string(),
    ///     "[0]: the reference leads back to an object that encloses it (at byte 5)"
    /// );
    /// ```
    pub fn without_advice(&self) -> impl fmt::Display {
        WithoutAdvice(self)
    }

    /// Replaces the advice.
    #[cold]
    pub(crate) fn with_advice(mut self, advice: &'static str) -> Self {
        self.inner.advice = Some(advice);
        self
    }

    /// Adds an argument to the path: its number, from 1, and its name.
    #[cold]
    #[must_use]
    pub fn in_argument(self, number: usize, name: impl Into<Cow<'static, str>>) -> Self {
        self.with_segment(PathSegment::Argument(number, name.into()))
    }

    /// Adds a member to the path.
    #[cold]
    #[must_use]
    pub fn in_member(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.with_segment(PathSegment::Member(name.into()))
    }

    /// Adds an index, from 0, to the path.
    #[cold]
    #[must_use]
    pub fn at_index(self, index: usize) -> Self {
        self.with_segment(PathSegment::Index(index))
    }

    /// Converts the offset to that in a larger input, which contains this one from `base` on.
    #[cold]
    #[must_use]
    pub fn offset_by(mut self, base: usize) -> Self {
        self.inner.offset = self.inner.offset.map(|offset| offset + base);
        self
    }

    fn with_segment(mut self, segment: PathSegment) -> Self {
        self.inner.path.0.push(segment);
        self
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt_with(self.advice(), f)
    }
}

struct WithoutAdvice<'a>(&'a DecodeError);

impl fmt::Display for WithoutAdvice<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.inner.fmt_with(None, f)
    }
}

impl DecodeErrorInner {
    fn fmt_with(&self, advice: Option<&str>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.write_prefix(f)?;
        write!(f, "{}", self.kind)?;
        if let Some(advice) = advice {
            write!(f, "; {advice}")?;
        }
        match self.offset {
            Some(offset) => write!(f, " (at byte {offset})"),
            None => Ok(()),
        }
    }
}

impl Path {
    /// Writes the path before a message, unless it is empty.
    fn write_prefix(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.to_string();
        if path.is_empty() { Ok(()) } else { write!(f, "{path}: ") }
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (level, segment) in self.0.iter().rev().enumerate() {
            if level > 0 && matches!(segment, PathSegment::Member(_)) {
                f.write_str(".")?;
            }
            segment.fmt(f)?;
        }
        Ok(())
    }
}

impl fmt::Display for PathSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Argument(number, name) => write!(f, "argument {number} `{}`", Escaped(name)),
            Self::Member(name) => Escaped(name).fmt(f),
            Self::Index(index) => write!(f, "[{index}]"),
        }
    }
}

impl DecodeErrorKind {
    fn advice(&self) -> Option<&'static str> {
        match self {
            Self::Range { .. } if self.is_inexact() => Some(
                "have it sent as a string and read by `#[amf(as = \"string\")]`, or take it as it is by \
                 `#[amf(as = \"double\")]`",
            ),
            Self::Cycle => Some("take it as `Weak<T>` below an `Arc<T>`"),
            Self::Limit { limit, .. } if *limit == Limits::NAMES.replayed_nodes => {
                Some("take what is shared as `Arc<T>`")
            }
            _ => None,
        }
    }

    /// Returns `true` if a double was read as an integer type, and the double may stand for several integers.
    fn is_inexact(&self) -> bool {
        match self {
            Self::Range { value, expected } => {
                value.abs() >= MAX_EXACT_INTEGER && value.fract() == 0.0 && exceeds_exact_range(expected)
            }
            _ => false,
        }
    }
}

impl fmt::Display for DecodeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names and texts in the error come from the peer.
        let mut f = Escaper(f);
        match self {
            Self::UnexpectedEnd { missing } => {
                write!(f, "the input ends here; at least {missing} more bytes are needed")
            }
            Self::TrailingBytes { count } => write!(f, "{count} bytes follow the value"),
            Self::UnknownMarker { version, marker } => {
                write!(f, "{marker:#04x} introduces no {version} value")
            }
            Self::Type { expected, found } => write!(f, "expected {expected}, got {found}"),
            Self::Range { value, expected } if self.is_inexact() => write!(
                f,
                "expected {expected}, got {value}, which may be another number: beyond 2^53 a Number is not exact"
            ),
            Self::Range { value, expected } => {
                write!(f, "expected {expected}, got {value}, which it cannot hold")
            }
            Self::Reference { table, index, len } => {
                write!(f, "{table} reference {index} is out of range; {len} were sent before")
            }
            Self::Cycle => f.write_str("the reference leads back to an object that encloses it"),
            Self::Limit { limit, max } if *limit == Limits::NAMES.replayed_nodes => {
                write!(f, "the limit `{limit}` of {max} values read again through references is passed")
            }
            Self::Limit { limit, max } => write!(f, "the limit `{limit}` of {max} is passed"),
            Self::MissingMember { class: "", member } => write!(f, "the member `{member}` is missing"),
            Self::MissingMember { class, member } => write!(f, "the member `{member}` of {class} is missing"),
            Self::UnknownMember { class: "", member } => write!(f, "the member `{member}` is not known"),
            Self::UnknownMember { class, member } => write!(f, "{class} has no member `{member}`"),
            Self::Class { expected, found } => {
                write!(f, "expected an object of class {expected}, got one of {found}")
            }
            Self::UnknownExternalizable { alias } => write!(
                f,
                "the externalizable class {alias} is not known, and only it knows where its value ends"
            ),
            Self::Utf8 => f.write_str("the text is not UTF-8"),
            Self::NotAPacket { start } => write!(f, "the input is no AMF packet; it begins with `{start}`"),
            Self::Custom(message) => f.write_str(message),
        }
    }
}

/// Largest magnitude up to which a double represents every integer exactly.
const MAX_EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;

/// Returns `true` if the integer type has values beyond 2^53.
fn exceeds_exact_range(integer: &str) -> bool {
    matches!(integer, "i64" | "u64" | "i128" | "u128" | "isize" | "usize")
}

impl Error for DecodeError {}

/// Error for a value that cannot be encoded, because of a mistake in the program or in its data.
///
/// Errors of values that are serialized by serde contain the path to the value:
/// `players[3].id: 9007199254740993 is beyond 2^53, …`.
///
/// ```
/// use amf_core::{EncodeErrorKind, Version, to_vec};
///
/// let error = to_vec(Version::Amf3, &u64::MAX).unwrap_err();
/// assert_eq!(*error.kind(), EncodeErrorKind::Integer(i128::from(u64::MAX)));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct EncodeError {
    inner: Box<EncodeErrorInner>,
}

#[derive(Clone, Debug, PartialEq)]
struct EncodeErrorInner {
    kind: EncodeErrorKind,
    path: Path,
}

/// Cause of an [`EncodeError`].
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EncodeErrorKind {
    /// Values are nested deeper than the limit of the encoder. A cycle of pointers other than `Arc` and `Rc` has this
    /// result too.
    Depth {
        /// The limit.
        max: usize,
    },
    /// A value is longer than its length on the wire can express.
    Length {
        /// Description of the value: `a member's name`, `a string`, …
        what: &'static str,
        /// Length of the value.
        len: usize,
        /// Maximum length that can be written.
        max: usize,
    },
    /// The output exceeds its limit: the [`OutputLimit`](crate::OutputLimit) of an encoder, a packet, a file or a
    /// dump.
    OutputTooLarge {
        /// Name of the limit, such as `reply_bytes`.
        limit: &'static str,
        /// Limit in bytes.
        max: usize,
    },
    /// An integer beyond ±2^53, which a double cannot represent exactly.
    Integer(i128),
    /// A reference to an enclosing object that was dropped. The value is a part of a cyclic value, and
    /// [`ValuePart`](crate::ValuePart) was not used to keep the whole alive.
    Dangling,
    /// Message of a conversion in the program.
    Custom(Cow<'static, str>),
}

impl EncodeError {
    /// Creates an error with an empty path.
    #[cold]
    pub fn new(kind: EncodeErrorKind) -> Self {
        Self { inner: Box::new(EncodeErrorInner { kind, path: Path::default() }) }
    }

    /// Creates an error with a message of the program.
    pub fn custom(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(EncodeErrorKind::Custom(message.into()))
    }

    /// Returns the cause of the error.
    pub fn kind(&self) -> &EncodeErrorKind {
        &self.inner.kind
    }

    /// Returns the path from the outermost value to the faulty one, as far as it is known.
    pub fn path(&self) -> String {
        self.inner.path.to_string()
    }

    /// Adds a member to the path.
    #[cold]
    #[must_use]
    pub fn in_member(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.with_segment(PathSegment::Member(name.into()))
    }

    /// Adds an index, from 0, to the path.
    #[cold]
    #[must_use]
    pub fn at_index(self, index: usize) -> Self {
        self.with_segment(PathSegment::Index(index))
    }

    fn with_segment(mut self, segment: PathSegment) -> Self {
        self.inner.path.0.push(segment);
        self
    }
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.path.write_prefix(f)?;
        match &self.inner.kind {
            EncodeErrorKind::Depth { max } => {
                write!(f, "the value is nested deeper than {max} levels")
            }
            EncodeErrorKind::Length { what, len, max } => {
                write!(f, "{what} of {len} is longer than {max}")
            }
            EncodeErrorKind::OutputTooLarge { limit, max } => {
                write!(f, "the output is larger than the limit `{limit}` of {max} bytes")
            }
            EncodeErrorKind::Integer(value) => {
                write!(
                    f,
                    "{value} is beyond 2^53, where a Number is no longer exact; \
                     send it as a string; a derive does by `#[amf(as = \"string\")]`, or rounds by `#[amf(as = \"double\")]`"
                )
            }
            EncodeErrorKind::Dangling => f.write_str(
                "the value refers back to an object that encloses it and is gone; keep that with it by `ValuePart`",
            ),
            EncodeErrorKind::Custom(message) => Escaped(message).fmt(f),
        }
    }
}

impl Error for EncodeError {}
