//! Tokens: complete scalars, and the heads of values with members.

use std::borrow::Cow;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;

use crate::class::Class;
use crate::error::{DecodeError, DecodeErrorKind};
use crate::{Decoder, Limits, Version, work};

use super::{Frame, Mode, SlotId};

/// Smallest unit of decoding.
#[derive(Debug)]
pub(crate) enum Token<'de> {
    Undefined,
    Null,
    Unsupported,
    Bool(bool),
    Integer(i32),
    Unsigned(u32),
    Number(f64),
    String(WireString<'de>),
    Date(f64),
    Xml(Cow<'de, str>),
    XmlDocument(Cow<'de, str>),
    ByteArray(&'de [u8]),
    Open(Container<'de>),
}

/// Text with its index in the table of strings, if it has one.
#[derive(Clone, Debug)]
pub(crate) struct WireString<'de> {
    pub(crate) content: Cow<'de, str>,
    pub(crate) entry: Option<u32>,
}

/// Open value whose members follow.
#[derive(Debug)]
pub(crate) struct Container<'de> {
    pub(crate) frame: Frame,
    pub(crate) shape: Shape<'de>,
}

/// Kind of an open value, with the data of its head.
#[derive(Debug)]
pub(crate) enum Shape<'de> {
    /// AMF0 object: members up to the end marker. The alias of an anonymous object is empty.
    Object {
        alias: Cow<'de, str>,
    },
    /// AMF0 ECMA array: members as in an object. The length is a hint.
    EcmaArray {
        length: u32,
    },
    StrictArray {
        count: usize,
    },
    /// AMF3 array: named elements up to an empty name, then `dense` elements.
    Array {
        dense: usize,
    },
    /// AMF3 object: sealed members as its traits declare them, then dynamic ones.
    Traits(Rc<WireTraits<'de>>),
    /// AMF3 object with a body that only its class can read.
    External(Rc<WireTraits<'de>>),
    Vector {
        kind: VectorKind,
        count: usize,
        fixed: bool,
        class: Cow<'de, str>,
    },
    Dictionary {
        count: usize,
        weak: bool,
    },
}

/// Type of the elements of a Vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum VectorKind {
    Int,
    Uint,
    Number,
    /// Values with markers.
    Object,
}

/// Traits record (AMF3 §3.12).
#[derive(Debug)]
pub(crate) struct WireTraits<'de> {
    pub(crate) alias: Cow<'de, str>,
    pub(crate) members: Vec<Cow<'de, str>>,
    pub(crate) dynamic: bool,
    pub(crate) externalizable: bool,
    /// Class that was requested last, if it has exactly these members in this order.
    pub(crate) in_order: Cell<Option<&'static Class>>,
    /// Layout for each class that was requested.
    pub(crate) layouts: RefCell<Vec<(&'static Class, Layout)>>,
    /// The same record for dynamic values.
    pub(crate) value_traits: RefCell<Option<Arc<crate::value::Traits>>>,
}

/// Index into the members of a class for each sealed position. [`NOT_DECLARED`] stands for members that the class
/// does not have.
pub(crate) type Layout = Rc<[u16]>;
pub(crate) const NOT_DECLARED: u16 = u16::MAX;

impl<'de> Decoder<'de> {
    /// Reads the next token. After [`Token::Open`] the members follow, and then [`close`](Self::close) must be
    /// called.
    #[inline]
    pub(crate) fn token(&mut self) -> Result<Token<'de>, DecodeError> {
        self.count_node()?;
        let outer = self.mode;
        let mut token = match outer {
            Mode::Amf3 => self.amf3_token()?,
            Mode::Amf0 => self.amf0_token()?,
            Mode::Int => Token::Integer(self.reader.u32()? as i32),
            Mode::Uint => Token::Unsigned(self.reader.u32()?),
            Mode::Number => Token::Number(self.reader.f64()?),
        };
        match &mut token {
            // The members of an AMF3 object within AMF0 are AMF3 too; `close` restores the outer mode.
            Token::Open(container) => container.frame.outer = outer,
            _ => self.mode = outer,
        }
        Ok(token)
    }

    /// Reads the object that a reference names again, from its original bytes.
    pub(crate) fn replayed_token(&mut self, slot: SlotId) -> Result<Token<'de>, DecodeError> {
        self.begin_replay(slot)?;
        self.count_node()?;
        let mut token = match slot.version {
            Version::Amf0 => self.amf0_token()?,
            Version::Amf3 => self.amf3_token()?,
        };
        match &mut token {
            Token::Open(container) => container.frame.replay = true,
            _ => self.end_replay(),
        }
        Ok(token)
    }

    /// Skips text that exceeds the limit, and returns the error. The text is part of the value: a packet must not
    /// search for its next message inside of it, where an attacker could place a forged call.
    #[cold]
    fn refuse_text(&mut self, length: usize) -> DecodeError {
        let error = self.limit_error(Limits::NAMES.string_len, self.limits().string_len);
        // A missing rest of the text is not reported: the limit is exceeded in either case.
        let _ = self.reader.bytes(length);
        error
    }

    /// Reads text of `length` bytes and checks its encoding.
    #[inline]
    pub(crate) fn text(&mut self, length: usize) -> Result<Cow<'de, str>, DecodeError> {
        if length > self.limits().string_len {
            return Err(self.refuse_text(length));
        }
        let start = self.offset();
        let bytes = self.reader.bytes(length)?;
        work::count_bytes(length);
        let text = crate::wire::utf8::read_as(bytes, self.options.text_encoding)
            .ok_or_else(|| DecodeError::new(DecodeErrorKind::Utf8, start))?;
        if let Cow::Owned(text) = &text {
            self.charge(text.len())?;
        }
        Ok(text)
    }
}

impl WireTraits<'_> {
    /// Returns `true` if the record has exactly the members of the class in its order, and objects of the record may
    /// be read as that class.
    #[inline]
    pub(crate) fn is_in_order_for(&self, class: &'static Class) -> bool {
        self.in_order.get().is_some_and(|known| std::ptr::eq(known, class))
    }
}

impl<'de> WireString<'de> {
    /// Creates text that references cannot name.
    pub(crate) fn inline(text: Cow<'de, str>) -> Self {
        Self { content: text, entry: None }
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.content.is_empty()
    }
}

impl Token<'_> {
    /// Returns a description for errors.
    pub(crate) fn describe(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self {
            Self::Undefined => "undefined",
            Self::Null => "null",
            Self::Unsupported => "unsupported",
            Self::Bool(_) => "Boolean",
            Self::Integer(_) | Self::Unsigned(_) => "Integer",
            Self::Number(_) => "Number",
            Self::String(_) => "String",
            Self::Date(_) => "Date",
            Self::Xml(_) => "XML",
            Self::XmlDocument(_) => "XMLDocument",
            Self::ByteArray(_) => "ByteArray",
            Self::Open(container) => return container.shape.describe(),
        })
    }
}

impl Shape<'_> {
    pub(crate) fn describe(&self) -> Cow<'static, str> {
        let of_class = |kind: &str, alias: &str| {
            if alias.is_empty() {
                Cow::Owned(kind.to_owned())
            } else {
                Cow::Owned(format!("{kind} of class {alias}"))
            }
        };
        match self {
            Self::Object { alias } => of_class("an object", alias),
            Self::Traits(traits) => of_class("an object", &traits.alias),
            Self::External(traits) => of_class("an externalizable object", &traits.alias),
            Self::EcmaArray { .. } => Cow::Borrowed("an ECMA array"),
            Self::StrictArray { .. } | Self::Array { .. } => Cow::Borrowed("Array"),
            Self::Vector { kind, .. } => Cow::Borrowed(match kind {
                VectorKind::Int => "Vector.<int>",
                VectorKind::Uint => "Vector.<uint>",
                VectorKind::Number => "Vector.<Number>",
                VectorKind::Object => "Vector.<Object>",
            }),
            Self::Dictionary { .. } => Cow::Borrowed("Dictionary"),
        }
    }
}
