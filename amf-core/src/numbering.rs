//! Numbering of the objects that AMF0 references name, in which senders differ.

/// Selection of the values that AMF0 reference numbers count, in addition to objects, arrays and XML documents, which
/// all senders count.
///
/// The specification (AMF0 §2.9) leaves two points open, in which senders differ: whether the array of a call's
/// arguments has a number, and whether dates have one. A reader with another numbering than the sender's finds another
/// object under the same number.
///
/// | sender | arguments | dates |
/// |---|---|---|
/// | Flash Player (AVM1), BlazeDS | count | do not count |
/// | `Py3AMF` | do not count | count |
/// | a request in the tests of Zend AMF | do not count | – |
/// | `ByteArray` of Flash Player (AVM2), Red5 | – | count |
///
/// Reading starts with the configured numbering, by default that of the first row. If the message cannot be read
/// under it, and a reference would mean another object under another numbering, the whole message is read again under
/// the next one; see [`Decoder::read_message`](crate::Decoder::read_message). A message that can be read under
/// several numberings is read under the first of them.
///
/// In the file of a local shared object, the object of all members takes the place of the array of arguments.
///
/// ```
/// use amf_core::{Amf0Numbering, Decoder, Version};
///
/// // [Date(0), "AB" as a strict array of one, the same array again]: the sender counts dates, so the list is 0, the
/// // date 1, and the inner array 2.
/// let bytes = *b"\x0A\0\0\0\x03\x0B\0\0\0\0\0\0\0\0\0\0\x0A\0\0\0\x01\x02\0\x02AB\x07\0\x02";
/// let mut decoder = Decoder::new(Version::Amf0, &bytes);
/// let (_, first, again): (amf_core::Date, Vec<String>, Vec<String>) = decoder.read_message(|decoder| decoder.read())?;
/// assert_eq!((first, decoder.amf0_numbering().dates_count), (again, true));
/// # Ok::<(), amf_core::DecodeError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Amf0Numbering {
    /// Whether the array of a call's arguments has a number.
    pub arguments_count: bool,
    /// Whether dates have numbers.
    pub dates_count: bool,
}

impl Default for Amf0Numbering {
    /// Returns the numbering of Flash Player: the array of arguments counts, dates do not.
    fn default() -> Self {
        Self::FLASH_PLAYER
    }
}

impl Amf0Numbering {
    /// The numbering of Flash Player and BlazeDS: the array of arguments counts, dates do not. The default.
    pub const FLASH_PLAYER: Self = Self { arguments_count: true, dates_count: false };
    /// The numbering of `Py3AMF`: dates count, the array of arguments does not.
    pub const PY3AMF: Self = Self { arguments_count: false, dates_count: true };

    /// All numberings, in the order in which they are tried after the preferred one.
    pub(crate) const ALL: [Self; 4] = [
        Self::FLASH_PLAYER,
        Self::PY3AMF,
        Self { arguments_count: false, dates_count: false },
        Self { arguments_count: true, dates_count: true },
    ];
}

/// Set of numberings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct NumberingSet(u8);

impl NumberingSet {
    pub(crate) const ALL: Self = Self(0b1111);

    pub(crate) fn insert(&mut self, numbering: Amf0Numbering) {
        self.0 |= Self::bit(numbering);
    }

    pub(crate) fn remove(&mut self, numbering: Amf0Numbering) {
        self.0 &= !Self::bit(numbering);
    }

    pub(crate) fn contains(self, numbering: Amf0Numbering) -> bool {
        self.0 & Self::bit(numbering) != 0
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// Returns the numbering of the set that is tried first.
    pub(crate) fn first(self) -> Option<Amf0Numbering> {
        Amf0Numbering::ALL.into_iter().find(|numbering| self.contains(*numbering))
    }

    fn bit(numbering: Amf0Numbering) -> u8 {
        1 << (u8::from(numbering.arguments_count) | u8::from(numbering.dates_count) << 1)
    }
}
