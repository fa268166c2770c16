//! Reading lists, in every shape that clients send them in.

use crate::decoder::{
    Container, Frame, Member, Mode, ObjectReader, ObjectRef, Shape, Token, VectorKind, parse_index,
};
use crate::error::DecodeError;
use crate::wire::u29;
use crate::{Decoder, FromAmf, amf0, amf3, external};

/// A list whose elements are being read; see [`Decoder::begin_list`].
#[derive(Debug)]
pub struct ListReader<'de> {
    items: Items<'de>,
    /// What was around it: `ArrayCollection`s, the outermost first.
    wrappers: Vec<Frame>,
}

#[derive(Debug)]
enum Items<'de> {
    Counted {
        frame: Frame,
        next: usize,
        count: usize,
    },
    /// An object or an associative array whose names are indices.
    Keyed {
        object: ObjectReader<'de>,
        /// An array may have a member `length` beside its elements.
        is_array: bool,
    },
}

/// The member with which Flash Player, against the specification, sends the length of some arrays. BlazeDS and Red5 drop
/// it.
pub(crate) const LENGTH_MEMBER: &str = "length";

/// The bare elements of a Vector of numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) enum VectorElements<'de> {
    Int(&'de [[u8; 4]]),
    Uint(&'de [[u8; 4]]),
    Number(&'de [[u8; 8]]),
}

impl<'de> Decoder<'de> {
    /// Opens anything that is a list: arrays of both versions, Vectors, an ECMA array or an object whose
    /// members are named by index, `ArrayCollection` and `ArrayList`.
    ///
    /// ```
    /// use amf_core::{Decoder, FromAmf, Version};
    ///
    /// // AMF3 [true, false]
    /// let mut decoder = Decoder::new(Version::Amf3, &[0x09, 0x05, 0x01, 0x03, 0x02]);
    /// let mut list = decoder.begin_list()?;
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

    /// The same for a token that was read already.
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

    /// Whether a Vector of fixed length stands next, itself or by reference.
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

    /// Every member must be an index, or it is not a list; [`next_item`](Self::next_item) checks that.
    fn begin_keyed(&mut self, container: Container<'de>) -> Result<Items<'de>, DecodeError> {
        let is_array = matches!(container.shape, Shape::Array { .. } | Shape::EcmaArray { .. });
        self.map_from_container(container).map(|object| Items::Keyed { object, is_array })
    }

    /// The index of the next element, whose value must be read then; `None` when the list ended.
    ///
    /// The indices of an associative array come in the order of the wire, which may be any.
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

    /// Reads a list into a `Vec`, whatever the order of its indices. An element that a sparse array leaves out becomes
    /// [`T::hole()`](FromAmf::hole).
    pub(crate) fn read_list<T: FromAmf<'de>>(&mut self) -> Result<Vec<T>, DecodeError> {
        self.read_number_list(|_| None)
    }

    /// The same, where all the elements of a Vector of numbers may be converted at once. What that does not
    /// convert is read one by one.
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

    /// So many bare elements of a Vector.
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

    /// Adds the elements up to an index that a sparse array leaves out: AMF3 sends no more of `["a",,,"b"]` than two
    /// elements with their indices, where a strict array of AMF0 has undefined in between (AMF3 §3.11).
    ///
    /// Each counts as a value and takes memory: five bytes on the wire name the index 99,999.
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
    /// The elements were read by their count.
    fn skip_counted(&mut self) {
        if let Items::Counted { next, count, .. } = &mut self.items {
            *next = *count;
        }
    }

    /// How many elements the peer says there are, where it says so. Not to be trusted.
    pub fn declared_len(&self) -> usize {
        match &self.items {
            Items::Counted { next, count, .. } => count - next,
            Items::Keyed { .. } => 0,
        }
    }
}
