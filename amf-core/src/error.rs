//! What can go wrong, with an address: the offset in the input and the path to the value.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Write as _};

use crate::escaped::{Escaped, Escaper};
use crate::{Limits, Version};

/// Bytes that could not be read as what was asked for: a peer's fault, not the program's.
///
/// It knows the offset in the input and the path of members and indices that leads to the value, and
/// prints them: ``argument 1 `player`.name: expected String, got Integer (at byte 12)``. Some errors have
/// [`advice`](Self::advice) for the author of the Rust types, which is printed too.
#[derive(Clone, Debug, PartialEq)]
pub struct DecodeError {
    // Boxed, so that a `Result` of something small stays small on the way that does not fail.
    inner: Box<DecodeErrorInner>,
}

#[derive(Clone, Debug, PartialEq)]
struct DecodeErrorInner {
    kind: DecodeErrorKind,
    /// None: what was wrong did not come from bytes, or nobody said yet where it stood.
    offset: Option<usize>,
    path: Path,
    /// In place of that of the kind.
    advice: Option<&'static str>,
}

/// What was wrong with the bytes.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum DecodeErrorKind {
    /// The input ended inside a value.
    UnexpectedEnd {
        /// How many bytes more were needed, at least.
        missing: usize,
    },
    /// Bytes follow the value that should have been the last one.
    TrailingBytes {
        /// How many.
        count: usize,
    },
    /// A byte that introduces no type in this version, or one that the specification reserves.
    UnknownMarker {
        /// The version that was being read.
        version: Version,
        /// The byte.
        marker: u8,
    },
    /// A value of another type.
    Type {
        /// What the program asked for.
        expected: Cow<'static, str>,
        /// What the wire holds.
        found: Cow<'static, str>,
    },
    /// A number that the wanted type cannot hold.
    Range {
        /// The number on the wire.
        value: f64,
        /// The type that was wanted.
        expected: &'static str,
    },
    /// A reference to something that has not been sent.
    Reference {
        /// Which table: `object`, `string` or `traits`.
        table: &'static str,
        /// The index that was asked for.
        index: usize,
        /// How many entries there are.
        len: usize,
    },
    /// A reference to an object that is not complete yet, where a value of its own is wanted.
    Cycle,
    /// One of the [`Limits`](crate::Limits) was passed.
    Limit {
        /// The limit's field name.
        limit: &'static str,
        /// Its value.
        max: usize,
    },
    /// A member that the class needs is not there.
    MissingMember {
        /// The alias of the class, empty where it has none.
        class: &'static str,
        /// The member's name on the wire.
        member: &'static str,
    },
    /// A member that the class does not declare, where `#[amf(deny_unknown)]` says that there are no others.
    UnknownMember {
        /// The alias of the class, empty where it has none.
        class: &'static str,
        /// The member's name on the wire.
        member: String,
    },
    /// An object of another class that is known too.
    Class {
        /// The alias that was wanted.
        expected: &'static str,
        /// The alias on the wire.
        found: String,
    },
    /// An externalizable object whose class is not known, so that its length is not known either.
    UnknownExternalizable {
        /// The alias on the wire.
        alias: String,
    },
    /// Text that is neither UTF-8 nor CESU-8.
    Utf8,
    /// Bytes that are no remoting packet: another format, or a packet behind a byte order mark or a line of text.
    NotAPacket {
        /// The first 24 bytes, escaped as in a byte string of Rust, and `…` if there are more.
        start: String,
    },
    /// Whatever a program's own conversion has to say.
    Custom(Cow<'static, str>),
}

/// The way to a value, from the inside out: each level adds itself as the error passes.
#[derive(Clone, Debug, Default, PartialEq)]
struct Path(Vec<PathSegment>);

#[derive(Clone, Debug, PartialEq)]
enum PathSegment {
    Argument(usize, Cow<'static, str>),
    Member(Cow<'static, str>),
    Index(usize),
}

impl DecodeError {
    /// An error at a byte offset of the input, with an empty path.
    #[cold]
    pub fn new(kind: DecodeErrorKind, offset: usize) -> Self {
        let (offset, path, advice) = (Some(offset), Path::default(), None);
        Self { inner: Box::new(DecodeErrorInner { kind, offset, path, advice }) }
    }

    /// An error of a conversion that does not see the input. Its offset follows by [`with_default_offset`](Self::with_default_offset).
    #[cfg(feature = "serde")]
    #[cold]
    pub(crate) fn with_unknown_offset(kind: DecodeErrorKind) -> Self {
        let (offset, path, advice) = (None, Path::default(), None);
        Self { inner: Box::new(DecodeErrorInner { kind, offset, path, advice }) }
    }

    /// The same error at this offset, unless it knows one.
    #[cfg(feature = "serde")]
    #[cold]
    pub(crate) fn with_default_offset(mut self, offset: usize) -> Self {
        self.inner.offset.get_or_insert(offset);
        self
    }

    /// The same error without an offset, for bytes that the caller never saw.
    #[cold]
    pub(crate) fn without_offset(mut self) -> Self {
        self.inner.offset = None;
        self
    }

    /// What was wrong.
    pub fn kind(&self) -> &DecodeErrorKind {
        &self.inner.kind
    }

    /// The byte offset in the input at which it was noticed; 0 where there was no input, as in
    /// [`from_value`](crate::from_value).
    pub fn offset(&self) -> usize {
        self.inner.offset.unwrap_or(0)
    }

    /// The way from the outermost value to the one that is wrong, such as ``argument 1 `player`.items[3]``;
    /// empty when the outermost value itself is wrong.
    pub fn path(&self) -> String {
        self.inner.path.to_string()
    }

    /// Returns advice for the author of the Rust types that were read, such as "take what is shared as `Arc<T>`".
    pub fn advice(&self) -> Option<&'static str> {
        self.inner.advice.or_else(|| self.inner.kind.advice())
    }

    /// Returns the error as the sender of the bytes can use it: without the [`advice`](Self::advice).
    ///
    /// ```
    /// use amf_core::{Decoder, Version};
    ///
    /// // A list of AMF3 (09) that holds a reference (01) to itself (00)
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

    /// The same error with other advice than that of its kind.
    #[cold]
    pub(crate) fn with_advice(mut self, advice: &'static str) -> Self {
        self.inner.advice = Some(advice);
        self
    }

    /// The same error, inside the argument of this number (from 1) and name.
    #[cold]
    #[must_use]
    pub fn in_argument(self, number: usize, name: impl Into<Cow<'static, str>>) -> Self {
        self.with_segment(PathSegment::Argument(number, name.into()))
    }

    /// The same error, inside the member of this name.
    #[cold]
    #[must_use]
    pub fn in_member(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.with_segment(PathSegment::Member(name.into()))
    }

    /// The same error, inside the element of this index (from 0).
    #[cold]
    #[must_use]
    pub fn at_index(self, index: usize) -> Self {
        self.with_segment(PathSegment::Index(index))
    }

    /// The same error in a larger input that holds this one from `base` on.
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
    /// Writes the path before a message, unless it says nothing.
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

    /// Whether a double stands where an integer is wanted that it may not hold exactly.
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
        // Names and texts in it are the peer's.
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

/// Up to here every integer is a double.
const MAX_EXACT_INTEGER: f64 = 9_007_199_254_740_992.0;

/// Whether a type of this name has integers beyond 2^53.
fn exceeds_exact_range(integer: &str) -> bool {
    matches!(integer, "i64" | "u64" | "i128" | "u128" | "isize" | "usize")
}

impl Error for DecodeError {}

/// A value that cannot be written: the program's own mistake, or one of its data.
///
/// What serde gives knows the path to the value: `players[3].id: 9007199254740993 is beyond 2^53, …`.
#[derive(Clone, Debug, PartialEq)]
pub struct EncodeError {
    inner: Box<EncodeErrorInner>,
}

#[derive(Clone, Debug, PartialEq)]
struct EncodeErrorInner {
    kind: EncodeErrorKind,
    path: Path,
}

/// What was wrong with the value.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum EncodeErrorKind {
    /// Objects nested deeper than the encoder's limit; a cycle without `Arc` ends here too.
    Depth {
        /// The limit.
        max: usize,
    },
    /// Something longer than its length on the wire can say.
    Length {
        /// What: `a member's name`, `a string`, …
        what: &'static str,
        /// Its length.
        len: usize,
        /// The largest that can be written.
        max: usize,
    },
    /// The output is larger than its limit: the [`OutputLimit`](crate::OutputLimit) of an encoder, a packet, a file or
    /// a dump.
    OutputTooLarge {
        /// The limit's name, such as `reply_bytes`.
        limit: &'static str,
        /// The limit in bytes.
        max: usize,
    },
    /// An integer beyond ±2^53, which a double cannot hold exactly.
    Integer(i128),
    /// A reference back to an enclosing object that is gone: the value is a part of a cyclic one, and was not kept
    /// together with it by [`ValuePart`](crate::ValuePart).
    Dangling,
    /// Whatever a program's own conversion has to say.
    Custom(Cow<'static, str>),
}

impl EncodeError {
    /// An error of this kind.
    #[cold]
    pub fn new(kind: EncodeErrorKind) -> Self {
        Self { inner: Box::new(EncodeErrorInner { kind, path: Path::default() }) }
    }

    /// An error in the program's own words.
    pub fn custom(message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(EncodeErrorKind::Custom(message.into()))
    }

    /// What was wrong.
    pub fn kind(&self) -> &EncodeErrorKind {
        &self.inner.kind
    }

    /// The way from the outermost value to the one that is wrong, as far as it was told.
    pub fn path(&self) -> String {
        self.inner.path.to_string()
    }

    /// The same error, inside the member of this name.
    #[cold]
    #[must_use]
    pub fn in_member(self, name: impl Into<Cow<'static, str>>) -> Self {
        self.with_segment(PathSegment::Member(name.into()))
    }

    /// The same error, inside the element of this index (from 0).
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
