//! Object identity: values that were created from an object, so that later references find them.
//!
//! `Arc<T>` and `Rc<T>` are stored by slot and type. Cycles are formed through `Weak`. The closure of `new_cyclic`
//! cannot fail, so the object is first read as if it were not cyclic. Only if a `Weak` inside requested the object,
//! its bytes are read again within `new_cyclic`, with the pointer available.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use crate::decoder::{Amf0Referent, Cursor, Mode, SlotId};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::value::Value;
use crate::wire::u29;
use crate::{Decoder, FromAmf, Limits, Version, amf0, amf3};

/// Dynamic values and shared pointers that were created for this message.
#[derive(Debug, Default)]
pub(crate) struct SharedObjects {
    pub(crate) values: HashMap<SlotId, (Value, Depth)>,
    /// Traits record of the last AMF0 object with an alias.
    pub(crate) amf0_traits: Option<Arc<crate::value::Traits>>,
    /// One copy of each string that dynamic values contain, by index.
    pub(crate) strings: HashMap<u32, Arc<str>>,
    pointers: PointerTable,
    /// Pointers whose objects are being read, the innermost last.
    in_progress: Vec<PointerInProgress>,
    /// Objects that are known to be part of a cycle.
    cyclic: HashSet<(SlotId, TypeId)>,
}

/// Number of levels of an object: itself and the levels inside, including those behind shared references.
///
/// Dropping and traversing a value recurses this deep, regardless of its depth on the wire:
/// `[[], [ref 1], [ref 2], …]` is flat there.
pub(crate) type Depth = usize;

/// Strong pointers by slot. The order allows dropping all pointers inside an object in one step.
#[derive(Debug, Default)]
struct PointerTable {
    amf0: BTreeMap<u32, TypedPointers>,
    amf3: BTreeMap<u32, TypedPointers>,
}

/// Pointers that were created from one object, one for each type.
type TypedPointers = Vec<(TypeId, Box<dyn Any>, Depth)>;

#[derive(Debug)]
struct PointerInProgress {
    key: (SlotId, TypeId),
    /// Whether a `Weak` inside the object requested the pointer.
    weak_requested: bool,
    weak: Option<Box<dyn Any>>,
}

/// Identity of the next value.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ObjectRef {
    /// A value without identity, or one that cannot be read.
    Scalar,
    /// An object that takes this slot in its table.
    Inline(SlotId),
    /// A reference that ends at this offset.
    Reference(SlotId, usize),
}

/// Strong pointer: `Arc` or `Rc`.
pub(crate) trait Pointer: Clone + 'static {
    type Target;
    type Weak: WeakPointer<Strong = Self>;
    fn new(value: Self::Target) -> Self;
    fn new_cyclic(make: impl FnOnce(&Self::Weak) -> Self::Target) -> Self;
    fn downgrade(&self) -> Self::Weak;
}

/// Weak pointer: the `Weak` of `Arc` or `Rc`.
pub(crate) trait WeakPointer: Clone + 'static {
    type Strong;
    fn dangling() -> Self;
}

impl<'de> Decoder<'de> {
    pub(crate) fn peek_object_ref(&mut self) -> Result<ObjectRef, DecodeError> {
        let start = self.offset();
        let object_ref = match self.mode {
            Mode::Amf0 => self.amf0_object_ref(),
            Mode::Amf3 => self.amf3_object_ref(),
            Mode::Int | Mode::Uint | Mode::Number => Ok(ObjectRef::Scalar),
        };
        self.reader.seek(start);
        object_ref
    }

    fn amf0_object_ref(&mut self) -> Result<ObjectRef, DecodeError> {
        use amf0::marker;
        let version = Version::Amf0;
        Ok(match self.reader.u8()? {
            marker::AVMPLUS => return self.amf3_object_ref(),
            marker::REFERENCE => {
                let number = u32::from(self.reader.u16()?);
                match self.resolve_amf0_reference(number) {
                    Amf0Referent::Object(slot) => ObjectRef::Reference(slot, self.offset()),
                    // Dates have no identity here: their bytes are at hand, and no pointer is stored by their
                    // slot.
                    Amf0Referent::Date(_) => ObjectRef::Scalar,
                }
            }
            marker::OBJECT
            | marker::ECMA_ARRAY
            | marker::STRICT_ARRAY
            | marker::XML_DOCUMENT
            | marker::TYPED_OBJECT => {
                ObjectRef::Inline(SlotId { version, index: self.amf0_objects.next_index() })
            }
            _ => ObjectRef::Scalar,
        })
    }

    fn amf3_object_ref(&mut self) -> Result<ObjectRef, DecodeError> {
        use amf3::marker;
        let version = Version::Amf3;
        if !(marker::XML_DOCUMENT..=marker::DICTIONARY).contains(&self.reader.u8()?) {
            return Ok(ObjectRef::Scalar);
        }
        let head = u29::read(&mut self.reader)?;
        Ok(if head & 1 == 0 {
            ObjectRef::Reference(SlotId { version, index: head >> 1 }, self.offset())
        } else {
            ObjectRef::Inline(SlotId { version, index: self.amf3_objects.next_index() })
        })
    }

    /// Returns the end of the next value if it is a reference, after a check that the reference names an object.
    pub(crate) fn end_of_reference(&mut self) -> Result<Option<usize>, DecodeError> {
        match self.peek_object_ref()? {
            ObjectRef::Reference(slot, end) => match self.is_open(slot) {
                Some(_) => Ok(Some(end)),
                None => Err(self.unknown_object(slot)),
            },
            _ => Ok(None),
        }
    }

    /// Reads a strong pointer. All references to one object return the same pointer.
    pub(crate) fn pointer<P>(&mut self) -> Result<P, DecodeError>
    where
        P: Pointer,
        P::Target: FromAmf<'de>,
    {
        self.charge(size_of::<P::Target>())?;
        let (slot, reference_end) = match self.peek_object_ref()? {
            ObjectRef::Scalar => return P::Target::from_amf(self).map(P::new),
            ObjectRef::Inline(slot) => (slot, None),
            ObjectRef::Reference(slot, end) => (slot, Some(end)),
        };
        let key = (slot, TypeId::of::<P>());
        if let Some((pointer, depth)) = self.shared_pointer::<P>(key) {
            self.add_shared_depth(depth)?;
            match reference_end {
                Some(end) => self.reader.seek(end),
                // These bytes are being replayed, and an earlier reading created the pointer.
                None => self.skip()?,
            }
            return Ok(pointer);
        }
        let (pointer, depth) = self.read_with_depth(|decoder| match reference_end {
            // The object was read as another type before, so its bytes are replayed. If it is still open, the
            // replay reports a cycle.
            Some(_) => P::Target::from_amf(decoder).map(P::new),
            None => decoder.inline_pointer(key),
        })?;
        self.shared_objects.get_mut().pointers.insert(key, pointer.clone(), depth);
        Ok(pointer)
    }

    /// Reads a value that may be shared, and returns it with its depth.
    pub(crate) fn read_with_depth<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<(T, Depth), DecodeError> {
        let depth = self.depth();
        let around = std::mem::replace(&mut self.reached_depth, depth + 1);
        let value = read(self)?;
        let reached = self.reached_depth;
        self.reached_depth = around.max(reached);
        Ok((value, reached.saturating_sub(depth)))
    }

    /// Counts the levels behind a shared reference against the depth limit.
    pub(crate) fn add_shared_depth(&mut self, depth: Depth) -> Result<(), DecodeError> {
        let reached = self.depth() + depth;
        if reached > self.limits().depth {
            return Err(self.limit_error(Limits::NAMES.depth, self.limits().depth));
        }
        self.reached_depth = self.reached_depth.max(reached);
        Ok(())
    }

    fn shared_pointer<P: Pointer>(&self, key: (SlotId, TypeId)) -> Option<(P, Depth)> {
        self.shared_objects.get()?.pointers.get(key)
    }

    fn inline_pointer<P>(&mut self, key: (SlotId, TypeId)) -> Result<P, DecodeError>
    where
        P: Pointer,
        P::Target: FromAmf<'de>,
    {
        let start = self.cursor();
        // An object that is known to be cyclic counts as requested from the start. Objects inside then do not
        // close their own cycles in a reading that is discarded.
        let known = self.shared_objects.get().is_some_and(|shared| shared.cyclic.contains(&key));
        let (value, weak_requested) =
            self.read_pointee::<P>(PointerInProgress { key, weak_requested: known, weak: None })?;
        if !weak_requested {
            return Ok(P::new(value));
        }
        let shared = self.shared_objects.get_mut();
        shared.cyclic.insert(key);
        if shared.in_progress.iter().any(|outer| outer.weak_requested && outer.weak.is_none()) {
            // An enclosing object will be read again, and this object with it. Reading it again here too
            // would double the work with each level of nesting.
            return Ok(P::new(value));
        }
        self.close_cycle(key, start, value)
    }

    fn close_cycle<P>(
        &mut self,
        key: (SlotId, TypeId),
        start: Cursor,
        first: P::Target,
    ) -> Result<P, DecodeError>
    where
        P: Pointer,
        P::Target: FromAmf<'de>,
    {
        // Pointers from the first reading hold dangling `Weak`s. Later references must find those of the
        // second reading instead.
        self.shared_objects.get_mut().pointers.discard_from(start);
        let mut failure = None;
        let pointer = P::new_cyclic(|weak| {
            let weak = Some(Box::new(weak.clone()) as Box<dyn Any>);
            let building = PointerInProgress { key, weak_requested: true, weak };
            match self.replay_from(start, |decoder| decoder.read_pointee::<P>(building)) {
                Ok((value, _)) => value,
                Err(error) => {
                    // The closure cannot fail, so it returns the first value, which is dropped with the
                    // pointer.
                    failure = Some(error);
                    first
                }
            }
        });
        failure.map_or(Ok(pointer), Err)
    }

    fn read_pointee<P>(&mut self, building: PointerInProgress) -> Result<(P::Target, bool), DecodeError>
    where
        P: Pointer,
        P::Target: FromAmf<'de>,
    {
        self.shared_objects.get_mut().in_progress.push(building);
        let value = P::Target::from_amf(self);
        let weak_requested =
            self.shared_objects.get_mut().in_progress.pop().is_some_and(|building| building.weak_requested);
        Ok((value?, weak_requested))
    }

    /// Runs the code of an externalizable class to find the end of a body, and discards the result.
    ///
    /// The enclosing objects are not built in a skip, so references back to them resolve to dangling pointers. Shared
    /// objects that are created during the run are discarded: later references must not find them.
    pub(crate) fn dry_run<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let shared = std::mem::take(&mut self.shared_objects);
        let (is_dry_run, reached, memory) = (self.is_dry_run, self.reached_depth, self.memory_left);
        (self.is_dry_run, self.reached_depth) = (true, 0);
        let result = read(self);
        // The memory of discarded values is free again. The budgets of values and of replayed bytes are not
        // restored, because they bound work.
        self.shared_objects = shared;
        (self.is_dry_run, self.reached_depth, self.memory_left) = (is_dry_run, reached, memory);
        result
    }

    /// Reads a weak pointer: dangling for null, otherwise to the object that a strong pointer holds.
    pub(crate) fn weak_pointer<P>(&mut self) -> Result<P::Weak, DecodeError>
    where
        P: Pointer,
        P::Target: FromAmf<'de>,
    {
        if self.take_null() {
            return Ok(P::Weak::dangling());
        }
        let ObjectRef::Reference(slot, end) = self.peek_object_ref()? else {
            // The object occurs before its owner. The decoder holds it until the message ends.
            return self.pointer::<P>().map(|pointer| pointer.downgrade());
        };
        let key = (slot, TypeId::of::<P>());
        let is_open = self.is_open(slot) == Some(true);
        if is_open && self.is_dry_run {
            self.reader.seek(end);
            return Ok(P::Weak::dangling());
        }
        let weak = match self.shared_pointer::<P>(key) {
            Some((pointer, _)) => pointer.downgrade(),
            None => match self
                .shared_objects
                .get_mut()
                .in_progress
                .iter_mut()
                .find(|building| building.key == key)
            {
                Some(building) => {
                    building.weak_requested = true;
                    let weak = building.weak.as_ref().and_then(|weak| weak.downcast_ref::<P::Weak>());
                    weak.cloned().unwrap_or_else(P::Weak::dangling)
                }
                None if is_open => {
                    let error = self.error(DecodeErrorKind::Cycle);
                    return Err(error.with_advice("a `Weak` needs it to be taken as `Arc`"));
                }
                None => return self.pointer::<P>().map(|pointer| pointer.downgrade()),
            },
        };
        self.reader.seek(end);
        Ok(weak)
    }
}

impl PointerTable {
    fn get<P: Pointer>(&self, (slot, kind): (SlotId, TypeId)) -> Option<(P, Depth)> {
        let made = match slot.version {
            Version::Amf0 => self.amf0.get(&slot.index),
            Version::Amf3 => self.amf3.get(&slot.index),
        };
        let (_, pointer, depth) = made?.iter().find(|(made, ..)| *made == kind)?;
        pointer.downcast_ref::<P>().map(|pointer| (pointer.clone(), *depth))
    }

    fn insert<P: Pointer>(&mut self, (slot, kind): (SlotId, TypeId), pointer: P, depth: Depth) {
        let made = match slot.version {
            Version::Amf0 => self.amf0.entry(slot.index),
            Version::Amf3 => self.amf3.entry(slot.index),
        };
        made.or_default().push((kind, Box::new(pointer), depth));
    }

    /// Drops the pointers of all objects that begin at `start` or later.
    fn discard_from(&mut self, start: Cursor) {
        drop(self.amf0.split_off(&start.objects(Version::Amf0)));
        drop(self.amf3.split_off(&start.objects(Version::Amf3)));
    }
}
