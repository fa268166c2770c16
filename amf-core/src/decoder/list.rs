//! Reading of lists, in every form in which clients send them.

use crate::decoder::{
    Container, Frame, Member, Mode, ObjectReader, ObjectRef, Shape, Token, VectorKind, parse_index,
};
use crate::error::DecodeError;
use crate::wire::u29;
use crate::{Decoder, FromAmf, amf0, amf3, external};

/// List whose elements are being read; returned by [`Decoder::begin_list`].
#[derive(Debug)]
pub struct ListReader<'de> {
    items: Items<'de>,
    /// Open `ArrayCollection`s around the list, the outermost first.
    wrappers: Vec<Frame>,
}

#[derive(Debug)]
enum Items<'de> {
    Counted {
        frame: Frame,
        next: usize,
        count: usize,
    },
    /// Object or associative array whose names are indices.
    Keyed {
        object: ObjectReader<'de>,
        /// Whether a member `length` is accepted beside the elements.
        is_array: bool,
    },
}

/// Member in which Flash Player sends the length of some arrays, contrary to the specification. BlazeDS and Red5 drop
/// the member too.
pub(crate) const LENGTH_MEMBER: &str = "length";

/// Bare elements of a Vector of numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum VectorElements<'de> {
    Int(&'de [[u8; 4]]),
    Uint(&'de [[u8; 4]]),
    Number(&'de [[u8; 8]]),
}

impl<'de> Decoder<'de> {
    /// Opens a list in any form: arrays of both versions, Vectors, ECMA arrays and objects whose members are named by
    /// index, `ArrayCollection` and `ArrayList`.
    ///
    /// # Errors
    ///
    /// Returns an error if the next value is not a list.
    ///
    /// ```
    /// use amf_core::{Decoder, FromAmf, ListReader, Version};
    ///
    /// // AMF3 [true, false]
    /// let mut decoder = Decoder::new(Version::Amf3, &[0x09, 0x05, 0x01, 0x03, 0x02]);
    /// let mut list: ListReader<'_> = decoder.begin_list()?;
    /// let mut items = Vec::new();
    /// while let Some(_index) = decoder.next_item(&mut list)? {
    ///     items.push(bool::from_amf(&mut decoder)?);
    /// }
    /// assert_eq!(items, [true, false]);
    /// # Ok::<(), amf_core::DecodeError>(())
    /// ```
    pub fn begin_list(&mut self) -> Result<ListReader<'de>, DecodeError> {
        let token = self.token()?;
        self.list_from_token(token)
    }

    /// Opens the list whose head is `token`.
    pub(crate) fn list_from_token(&mut self, mut token: Token<'de>) -> Result<ListReader<'de>, DecodeError> {
        let mut wrappers = Vec::new();
        loop {
            match token {
                Token::Open(Container { frame, shape: Shape::External(traits) })
                    if external::is_collection(&traits.alias) =>
                {
                    wrappers.push(frame);
                    token = self.token()?;
                }
                Token::Open(container) => {
                    let items = self.begin_items(container)?;
                    return Ok(ListReader { items, wrappers });
                }
                other => return Err(self.mismatch("a list", &other)),
            }
        }
    }

    /// Returns `true` if the next value is a Vector of fixed length or a reference to one. Reads nothing.
    pub(crate) fn next_is_fixed_vector(&mut self) -> Result<bool, DecodeError> {
        let start = self.offset();
        let position = match self.peek_object_ref()? {
            ObjectRef::Scalar => return Ok(false),
            ObjectRef::Inline(_) => start,
            ObjectRef::Reference(slot, _) => match self.start_offset(slot) {
                Some(position) => position,
                None => return Err(self.unknown_object(slot)),
            },
        };
        self.reader.seek(position);
        if self.reader.peek() == Some(amf0::marker::AVMPLUS) {
            self.reader.u8()?;
        }
        let is_fixed = match self.reader.u8()? {
            amf3::marker::VECTOR_INT..=amf3::marker::VECTOR_OBJECT => {
                u29::read(&mut self.reader)?;
                self.reader.u8()? != 0
            }
            _ => false,
        };
        self.reader.seek(start);
        Ok(is_fixed)
    }

    fn begin_items(&mut self, container: Container<'de>) -> Result<Items<'de>, DecodeError> {
        let frame = container.frame;
        let counted = |count| Items::Counted { frame, next: 0, count };
        match container.shape {
            Shape::StrictArray { count } => Ok(counted(count)),
            Shape::Array { dense } if self.reader.peek() == Some(0x01) => {
                self.amf3_string()?;
                Ok(counted(dense))
            }
            Shape::Vector { kind, count, .. } => {
                self.mode = match kind {
                    VectorKind::Int => Mode::Int,
                    VectorKind::Uint => Mode::Uint,
                    VectorKind::Number => Mode::Number,
                    VectorKind::Object => Mode::Amf3,
                };
                Ok(counted(count))
            }
            Shape::Array { .. } | Shape::EcmaArray { .. } | Shape::Object { .. } | Shape::Traits(_) => {
                self.begin_keyed(container)
            }
            shape => Err(self.mismatch("a list", &Token::Open(Container { frame, shape }))),
        }
    }

    /// Opens an object or an associative array as a list. [`next_item`](Self::next_item) checks that every member is
    /// an index.
    fn begin_keyed(&mut self, container: Container<'de>) -> Result<Items<'de>, DecodeError> {
        let is_array = matches!(container.shape, Shape::Array { .. } | Shape::EcmaArray { .. });
        self.map_from_container(container).map(|object| Items::Keyed { object, is_array })
    }

    /// Returns the index of the next element, whose value must be read next, or `None` at the end of the list.
    ///
    /// The indices of an associative array are returned in the order of the wire, which is arbitrary.
    ///
    /// # Errors
    ///
    /// Returns an error if the next member of an object or associative array is not an index, or if the input ends.
    #[inline]
    pub fn next_item(&mut self, list: &mut ListReader<'de>) -> Result<Option<usize>, DecodeError> {
        let index = match &mut list.items {
            Items::Counted { frame, next, count } => {
                if next < count {
                    *next += 1;
                    return Ok(Some(*next - 1));
                }
                let frame = *frame;
                self.close(frame);
                None
            }
            Items::Keyed { object, is_array } => self.next_index(object, *is_array)?,
        };
        if index.is_none() {
            while let Some(wrapper) = list.wrappers.pop() {
                self.close(wrapper);
            }
        }
        Ok(index)
    }

    fn next_index(
        &mut self,
        object: &mut ObjectReader<'de>,
        is_array: bool,
    ) -> Result<Option<usize>, DecodeError> {
        loop {
            let name = match self.next_member(object)? {
                None => return Ok(None),
                Some(Member::Declared(index)) => return Ok(Some(index)),
                Some(Member::Unknown(name)) => name,
            };
            if let Some(index) = parse_index(&name) {
                return Ok(Some(index));
            }
            if !is_array || name != LENGTH_MEMBER {
                return Err(
                    self.custom_error(format!("expected a list, got something with a member `{name}`"))
                );
            }
            self.skip()?;
        }
    }

    /// Reads a list into a `Vec`, in any order of its indices. Elements that a sparse array leaves out become
    /// [`T::hole()`](FromAmf::hole).
    pub(crate) fn read_list<T: FromAmf<'de>>(&mut self) -> Result<Vec<T>, DecodeError> {
        self.read_number_list(|_| None)
    }

    /// Reads a list as [`read_list`](Self::read_list) does, but passes the elements of a Vector of numbers to
    /// `convert` in bulk. If `convert` returns `None`, the elements are read one by one.
    pub(crate) fn read_number_list<T: FromAmf<'de>>(
        &mut self,
        convert: impl FnOnce(VectorElements<'de>) -> Option<Vec<T>>,
    ) -> Result<Vec<T>, DecodeError> {
        let mut list = self.begin_list()?;
        let count = match list.items {
            Items::Counted { next, count, .. } => count - next,
            Items::Keyed { .. } => return self.keyed_items(list),
        };
        let items = match self.convert_elements(count, convert)? {
            Some(items) => items,
            None => self.counted_items(count)?,
        };
        list.skip_counted();
        self.next_item(&mut list)?;
        Ok(items)
    }

    fn convert_elements<T>(
        &mut self,
        count: usize,
        convert: impl FnOnce(VectorElements<'de>) -> Option<Vec<T>>,
    ) -> Result<Option<Vec<T>>, DecodeError> {
        let start = self.offset();
        let items = convert(match self.mode {
            Mode::Int => VectorElements::Int(self.vector_elements(count)?),
            Mode::Uint => VectorElements::Uint(self.vector_elements(count)?),
            Mode::Number => VectorElements::Number(self.vector_elements(count)?),
            Mode::Amf0 | Mode::Amf3 => return Ok(None),
        });
        match &items {
            Some(items) => self.charge(items.len() * size_of::<T>())?,
            None => self.reader.seek(start),
        }
        Ok(items)
    }

    /// Reads `count` bare elements of a Vector.
    pub(crate) fn vector_elements<const N: usize>(
        &mut self,
        count: usize,
    ) -> Result<&'de [[u8; N]], DecodeError> {
        let bytes = self.reader.bytes(count.saturating_mul(N))?;
        Ok(bytes.as_chunks().0)
    }

    fn counted_items<T: FromAmf<'de>>(&mut self, count: usize) -> Result<Vec<T>, DecodeError> {
        let mut items = Vec::with_capacity(self.bounded_capacity::<T>(count, 1));
        for index in 0..count {
            self.charge(size_of::<T>())?;
            match T::from_amf(self) {
                Ok(item) => items.push(item),
                Err(error) => return Err(error.at_index(index)),
            }
        }
        Ok(items)
    }

    fn keyed_items<T: FromAmf<'de>>(&mut self, mut list: ListReader<'de>) -> Result<Vec<T>, DecodeError> {
        let mut items = Vec::new();
        let mut out_of_order: Vec<(usize, T)> = Vec::new();
        while let Some(index) = self.next_item(&mut list)? {
            self.charge(size_of::<T>())?;
            let item = T::from_amf(self).map_err(|error| error.at_index(index))?;
            // Elements in order go straight into the result. Out-of-order elements are kept apart and sorted
            // once, so that a list in reverse order costs n log n steps and not n².
            if index == items.len() {
                items.push(item);
            } else {
                out_of_order.push((index, item));
            }
        }
        out_of_order.sort_by_key(|(index, _)| *index);
        for (index, item) in out_of_order {
            self.fill_holes(&mut items, index)?;
            items.push(item);
        }
        Ok(items)
    }

    /// Adds elements for the indices up to `end` that a sparse array leaves out.
    ///
    /// For `["a",,,"b"]` AMF3 sends two elements with their indices; an AMF0 strict array contains undefined in
    /// between (AMF3 §3.11).
    ///
    /// Each hole is charged as a value and as memory, because the index 99,999 takes five bytes on the wire.
    fn fill_holes<T: FromAmf<'de>>(&mut self, items: &mut Vec<T>, end: usize) -> Result<(), DecodeError> {
        let Some(holes) = end.checked_sub(items.len()) else {
            return Err(self.index_error(end));
        };
        if holes > 0 && T::hole().is_none() {
            return Err(self.index_error(items.len()));
        }
        self.count_nodes(holes)?;
        self.charge(holes.saturating_mul(size_of::<T>()))?;
        items.reserve(holes);
        items.extend(std::iter::repeat_with(T::hole).take(holes).flatten());
        Ok(())
    }

    #[cold]
    pub(crate) fn index_error(&self, index: usize) -> DecodeError {
        self.custom_error(format!("expected a list, got one whose element {index} is missing or sent twice"))
    }
}

impl ListReader<'_> {
    /// Marks all elements as read, after they were read by their count.
    fn skip_counted(&mut self) {
        if let Items::Counted { next, count, .. } = &mut self.items {
            *next = *count;
        }
    }

    /// Returns the number of elements that the peer declared, or 0 if it declared none. The number is not verified.
    pub fn declared_len(&self) -> usize {
        match &self.items {
            Items::Counted { next, count, .. } => count - next,
            Items::Keyed { .. } => 0,
        }
    }
}
