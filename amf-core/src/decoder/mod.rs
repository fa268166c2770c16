//! Decoding of AMF by one concrete decoder, which tracks the current version.

mod amf0;
mod amf3;
mod cursor;
mod from_amf;
mod lazy;
mod list;
mod numbering;
mod object;
mod options;
mod ordered;
mod peek;
mod references;
mod scalar;
mod skip;
mod token;

use std::borrow::Cow;
use std::cell::OnceCell;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use crate::Version;
use crate::class::{Class, Classes, ExternalBody};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::limits::Limits;
use crate::value::Value;
use crate::wire::Reader;
use crate::work;

pub(crate) use cursor::{Cursor, Frame, ReferenceTable, Slot, SlotId};
pub use from_amf::{FromAmf, from_slice};
use lazy::Lazy;
#[cfg(feature = "serde")]
pub(crate) use list::LENGTH_MEMBER;
pub use list::ListReader;
pub(crate) use list::VectorElements;
pub(crate) use numbering::{Amf0References, Amf0Referent};
pub(crate) use object::parse_index;
pub use object::{Member, ObjectReader};
pub use options::DecodeOptions;
pub use ordered::{InOrderReader, NamedReader};
pub(crate) use references::{ObjectRef, Pointer, SharedObjects, WeakPointer};
pub(crate) use token::{Container, Shape, Token, VectorKind, WireString, WireTraits};

/// Decoder that reads the values of one message from borrowed bytes, directly into the requested types.
///
/// The reference tables belong to the decoder. One decoder therefore reads exactly one message body, one header, or
/// one RTMP command: references never cross these boundaries.
///
/// ```
/// use amf_core::{Decoder, FromAmf, Version};
///
/// // An AMF0 number, then an AMF0 string.
/// let bytes = [0x00, 0x40, 0x08, 0, 0, 0, 0, 0, 0, 0x02, 0, 2, b'h', b'i'];
/// let mut decoder = Decoder::new(Version::Amf0, &bytes);
/// assert_eq!(u8::from_amf(&mut decoder)?, 3);
/// assert_eq!(<&str>::from_amf(&mut decoder)?, "hi");
/// assert!(decoder.is_at_end());
/// # Ok::<(), amf_core::DecodeError>(())
/// ```
#[derive(Debug)]
pub struct Decoder<'de> {
    pub(crate) reader: Reader<'de>,
    pub(crate) mode: Mode,
    pub(crate) amf0_objects: ReferenceTable<Slot>,
    pub(crate) amf3_objects: ReferenceTable<Slot>,
    amf0_references: Amf0References,
    /// Strings by index. The empty string, which never has an index, stands for an entry of `cesu8_strings`.
    pub(crate) strings: ReferenceTable<&'de str>,
    /// Strings that cannot be borrowed from the input, by index.
    pub(crate) cesu8_strings: Lazy<HashMap<u32, String>>,
    pub(crate) traits: ReferenceTable<std::rc::Rc<WireTraits<'de>>>,
    pub(crate) shared_objects: Lazy<SharedObjects>,
    /// Indices of AMF3 objects that references with the date marker may name. Present after a dynamic value contained
    /// a date.
    pub(crate) date_references: Option<Box<HashSet<u32>>>,
    /// Deepest level that was reached since the last reset, counted from the outermost value and including the levels
    /// behind shared references.
    reached_depth: usize,
    /// Whether values are discarded immediately; see [`Decoder::dry_run`].
    pub(crate) is_dry_run: bool,
    /// Positions to resume from after each replay in progress.
    resume_cursors: Vec<Cursor>,
    /// Array that contains the arguments of a call. Its end is not read.
    pub(crate) arguments: Option<SlotId>,
    classes: ClassSource,
    pub(crate) options: DecodeOptions,
    pub(crate) switched: bool,
    depth_left: usize,
    nodes_left: usize,
    /// Budget that is not in use: that of replayed values during normal reading, and that of other values during a
    /// replay.
    suspended_nodes_left: usize,
    memory_left: usize,
    /// Budget of [`Limits::replayed_bytes`]. Dry runs and checkpoints do not restore it, because it bounds work, not
    /// memory.
    replayed_bytes_left: usize,
    /// Position from which on the current replay has not been charged yet.
    replay_mark: usize,
    /// Members by name, for classes with many members; see [`Decoder::member_index`].
    member_names: Lazy<MemberNames>,
}

/// Members of classes by name, keyed by the address of the class.
pub(crate) type MemberNames = HashMap<usize, ClassMemberNames>;

/// Members of one class by name.
#[derive(Debug, Default)]
pub(crate) struct ClassMemberNames {
    indices: HashMap<&'static str, usize>,
    /// Length in bytes of the longest name. Longer names sent by a peer are not hashed.
    longest: usize,
}

impl ClassMemberNames {
    pub(crate) fn new(class: &'static Class) -> Self {
        let mut names = Self::default();
        for (index, member) in class.members().iter().enumerate() {
            names.longest = names.longest.max(member.len());
            names.indices.entry(*member).or_insert(index);
        }
        names
    }

    pub(crate) fn get(&self, name: &str) -> Option<usize> {
        if name.len() <= self.longest { self.indices.get(name).copied() } else { None }
    }
}

/// Source of the classes that a decoder knows.
#[derive(Debug)]
enum ClassSource {
    BuiltIn,
    Table(Arc<Classes>),
    /// Classes that the function adds. The table is built on first use.
    Type(fn(&mut Classes), OnceCell<Classes>),
}

/// Encoding of the next value: behind a marker of one of the versions, or as a bare element of an AMF3 Vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    Amf0,
    Amf3,
    Int,
    Uint,
    Number,
}

impl<'de> Decoder<'de> {
    /// Creates a decoder at the start of `input`, with the built-in classes and the default limits.
    ///
    /// A decoder reads at most 2 GiB. A longer input is treated as if it ended there.
    #[inline]
    pub fn new(version: Version, input: &'de [u8]) -> Self {
        Self::with_class_source(version, input, ClassSource::BuiltIn, DecodeOptions::new())
    }

    /// Creates the decoder of a call's arguments. The result equals that of `with_classes` and `with_options`, but
    /// the decoder is not moved.
    #[inline]
    pub(crate) fn for_arguments(input: &'de [u8], classes: &Arc<Classes>, options: DecodeOptions) -> Self {
        let classes = ClassSource::Table(Arc::clone(classes));
        Self::with_class_source(Version::Amf0, input, classes, options)
    }

    #[inline]
    fn with_class_source(
        version: Version,
        input: &'de [u8],
        classes: ClassSource,
        options: DecodeOptions,
    ) -> Self {
        let input = input.get(..cursor::MAX_INPUT).unwrap_or(input);
        let limits = options.limits;
        Self {
            reader: Reader::new(input),
            mode: Mode::of(version),
            amf0_objects: ReferenceTable::default(),
            amf3_objects: ReferenceTable::default(),
            amf0_references: Amf0References::new(options.amf0_numbering),
            strings: ReferenceTable::default(),
            cesu8_strings: Lazy::default(),
            traits: ReferenceTable::default(),
            shared_objects: Lazy::default(),
            date_references: None,
            reached_depth: 0,
            is_dry_run: false,
            resume_cursors: Vec::new(),
            arguments: None,
            classes,
            options,
            switched: false,
            depth_left: limits.depth,
            nodes_left: limits.nodes,
            suspended_nodes_left: limits.replayed_nodes,
            memory_left: limits.memory_for(input.len()),
            replayed_bytes_left: limits.replayed_bytes,
            replay_mark: 0,
            member_names: Lazy::default(),
        }
    }

    /// Sets the classes that the decoder knows.
    #[inline]
    #[must_use]
    pub fn with_classes(mut self, classes: Arc<Classes>) -> Self {
        self.classes = ClassSource::Table(classes);
        self
    }

    /// Makes the classes of `T`, and of all types that `T` can contain, known to the decoder. The table is built when
    /// an alias is looked up for the first time, so a message of the expected classes does not pay for it.
    #[must_use]
    pub fn with_classes_of<T: FromAmf<'de>>(mut self) -> Self {
        self.classes = ClassSource::Type(T::classes, OnceCell::new());
        self
    }

    /// Sets the limits. Default: [`Limits::default`].
    #[inline]
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.options.limits = limits;
        self.depth_left = limits.depth;
        self.nodes_left = limits.nodes;
        self.suspended_nodes_left = limits.replayed_nodes;
        self.memory_left = limits.memory_for(self.reader.position() + self.reader.remaining());
        self.replayed_bytes_left = limits.replayed_bytes;
        self
    }

    /// Sets the options: limits, and the leniency of the decoder.
    #[inline]
    #[must_use]
    pub fn with_options(mut self, options: impl Into<DecodeOptions>) -> Self {
        self.options = options.into();
        let DecodeOptions { limits, amf0_numbering, .. } = self.options;
        self.with_amf0_numbering(amf0_numbering).with_limits(limits)
    }

    /// Reads one value, as `T::from_amf(self)` does.
    ///
    /// # Errors
    ///
    /// Returns an error if the next value cannot be read as `T`, or if it exceeds a limit.
    pub fn read<T: FromAmf<'de>>(&mut self) -> Result<T, DecodeError> {
        T::from_amf(self)
    }

    /// Returns `true` if the whole input has been read.
    pub fn is_at_end(&self) -> bool {
        self.reader.remaining() == 0
    }

    /// Checks that the whole input has been read.
    ///
    /// # Errors
    ///
    /// Returns [`DecodeErrorKind::TrailingBytes`] if bytes remain.
    pub fn finish(&self) -> Result<(), DecodeError> {
        match self.reader.remaining() {
            0 => Ok(()),
            count => Err(self.error(DecodeErrorKind::TrailingBytes { count })),
        }
    }

    /// Returns the byte offset of the next value.
    pub fn offset(&self) -> usize {
        self.reader.position()
    }

    /// Returns `true` if a value so far was switched from AMF0 to AMF3.
    pub fn has_switched_to_amf3(&self) -> bool {
        self.switched
    }

    /// Returns the limits in force.
    pub fn limits(&self) -> &Limits {
        &self.options.limits
    }

    /// Returns the class with this alias, if it is known.
    pub(crate) fn class(&self, alias: &str) -> Option<&'static Class> {
        match self.known_classes() {
            Some(classes) => classes.get(alias),
            None => Classes::built_in(alias).map(|(class, _)| class),
        }
    }

    pub(crate) fn external_body(&self, alias: &str) -> Option<ExternalBody> {
        match self.known_classes() {
            Some(classes) => classes.external_body(alias),
            None => Classes::built_in(alias).map(|(_, body)| body),
        }
    }

    fn known_classes(&self) -> Option<&Classes> {
        match &self.classes {
            ClassSource::BuiltIn => None,
            ClassSource::Table(classes) => Some(classes),
            ClassSource::Type(add, classes) => Some(classes.get_or_init(|| {
                let mut classes = Classes::new();
                add(&mut classes);
                classes
            })),
        }
    }

    /// Opens the arguments of a call and returns their number. Calls carry a strict array, an AMF3 array, or one bare
    /// value. The arguments are then read from this decoder.
    ///
    /// Senders differ in whether the array itself has a number among the objects that AMF0 references name; see
    /// [`Amf0Numbering`](crate::Amf0Numbering). A reference to the array is an error under every numbering.
    ///
    /// # Errors
    ///
    /// Returns an error if the head of the array cannot be read.
    pub fn begin_arguments(&mut self) -> Result<usize, DecodeError> {
        let is_array = match self.mode {
            Mode::Amf0 => {
                let rest = self.reader.slice(self.offset(), self.offset() + 2.min(self.reader.remaining()));
                matches!(rest, [0x0A, ..] | [0x11, 0x09])
            }
            Mode::Amf3 => self.reader.peek() == Some(0x09),
            Mode::Int | Mode::Uint | Mode::Number => false,
        };
        if !is_array {
            return Ok(1);
        }
        match self.token()? {
            Token::Open(Container { frame, shape: Shape::StrictArray { count } }) => {
                self.arguments = Some(frame.slot);
                self.set_amf0_container(frame.slot.index, false);
                Ok(count)
            }
            Token::Open(Container { shape: Shape::Array { dense }, frame }) => {
                self.arguments = Some(frame.slot);
                while !self.amf3_string()?.is_empty() {
                    self.skip()?;
                }
                Ok(dense)
            }
            other => Err(self.mismatch("a list of arguments", &other)),
        }
    }

    /// Returns an error of this kind at the current offset.
    #[cold]
    pub fn error(&self, kind: DecodeErrorKind) -> DecodeError {
        DecodeError::new(kind, self.offset())
    }

    /// Returns an error with a message of the program at the current offset.
    #[cold]
    pub fn custom_error(&self, message: impl Into<Cow<'static, str>>) -> DecodeError {
        self.error(DecodeErrorKind::Custom(message.into()))
    }

    /// Returns the bytes charged against the budget of decoded memory so far.
    #[inline]
    pub(crate) fn decoded_memory(&self) -> usize {
        let input = self.reader.position() + self.reader.remaining();
        self.options.limits.memory_for(input).saturating_sub(self.memory_left)
    }

    /// Charges `bytes` against the budget of decoded memory ([`Limits::memory`]).
    ///
    /// The conversions of this crate charge their allocations. A conversion outside of this crate that allocates more
    /// than it reads from the input should charge the difference.
    ///
    /// # Errors
    ///
    /// Returns an error if the budget is exhausted.
    #[inline]
    pub fn charge(&mut self, bytes: usize) -> Result<(), DecodeError> {
        match self.memory_left.checked_sub(bytes) {
            Some(left) => {
                self.memory_left = left;
                Ok(())
            }
            None => Err(self.out_of_memory()),
        }
    }

    /// Returns the number of bytes that were read more than once so far; see [`Limits::replayed_bytes`].
    pub fn replayed_bytes(&self) -> usize {
        self.limits().replayed_bytes.saturating_sub(self.replayed_bytes_left)
    }

    /// Charges bytes against the budget of bytes that are read more than once.
    pub(crate) fn charge_replayed(&mut self, bytes: usize) -> Result<(), DecodeError> {
        work::count_bytes(bytes);
        if bytes > self.replayed_bytes_left {
            self.replayed_bytes_left = 0;
            return Err(self.limit_error(Limits::NAMES.replayed_bytes, self.limits().replayed_bytes));
        }
        self.replayed_bytes_left -= bytes;
        Ok(())
    }

    /// Charges the current replay where no error can be returned. The next replay reports an exhausted budget.
    fn charge_replayed_span(&mut self) {
        let bytes = self.reader.position().saturating_sub(self.replay_mark);
        self.replayed_bytes_left = self.replayed_bytes_left.saturating_sub(bytes);
    }

    /// Charges a copy of text that was sent before.
    pub(crate) fn charge_copy(&mut self, bytes: usize) -> Result<(), DecodeError> {
        self.charge_replayed(bytes)?;
        self.charge(bytes)
    }

    #[cold]
    #[inline(never)]
    fn out_of_memory(&self) -> DecodeError {
        self.limit_error(
            Limits::NAMES.memory,
            self.limits().memory_for(self.offset() + self.reader.remaining()),
        )
    }

    /// Returns the number of elements of `T` to reserve for a declared count: at most as many as the rest of the
    /// input and of the memory budget can hold.
    ///
    /// Below a few levels only a small number is reserved, because each nested list could declare the same count:
    /// `limits.depth` lists would each reserve the rest of the input.
    #[inline]
    pub(crate) fn bounded_capacity<T>(&self, declared: usize, smallest: usize) -> usize {
        const UNCAPPED_DEPTH: usize = 4;
        const CAPPED_ELEMENTS: usize = 256;
        let cap = if self.depth() <= UNCAPPED_DEPTH { usize::MAX } else { CAPPED_ELEMENTS };
        declared
            .min(cap)
            .min(self.reader.remaining() / smallest.max(1))
            .min(self.memory_left / size_of::<T>().max(1))
    }

    /// Returns the number of open values around the current position.
    #[inline]
    pub(crate) fn depth(&self) -> usize {
        self.limits().depth.saturating_sub(self.depth_left)
    }

    /// Counts one value against the limit.
    #[inline]
    pub(crate) fn count_node(&mut self) -> Result<(), DecodeError> {
        self.count_nodes(1)
    }

    /// Counts several values against the limit.
    #[inline]
    pub(crate) fn count_nodes(&mut self, count: usize) -> Result<(), DecodeError> {
        work::count(1);
        match self.nodes_left.checked_sub(count) {
            Some(left) => {
                self.nodes_left = left;
                Ok(())
            }
            None => Err(self.too_many_nodes()),
        }
    }

    #[cold]
    #[inline(never)]
    fn too_many_nodes(&self) -> DecodeError {
        if self.resume_cursors.is_empty() {
            self.limit_error(Limits::NAMES.nodes, self.limits().nodes)
        } else {
            self.limit_error(Limits::NAMES.replayed_nodes, self.limits().replayed_nodes)
        }
    }

    #[cold]
    pub(crate) fn limit_error(&self, limit: &'static str, max: usize) -> DecodeError {
        self.error(DecodeErrorKind::Limit { limit, max })
    }

    #[cold]
    pub(crate) fn mismatch(&self, expected: impl Into<Cow<'static, str>>, found: &Token<'de>) -> DecodeError {
        self.error(DecodeErrorKind::Type { expected: expected.into(), found: found.describe() })
    }

    /// Reads a `Value`, the type of members that no class declares.
    pub(crate) fn read_value(&mut self) -> Result<Value, DecodeError> {
        Value::from_amf(self)
    }
}
