//! Identity: what was already made of an object, so that a second reference finds it.
//!
//! `Arc<T>` and `Rc<T>` keep what they made by slot and type. A cycle arrives through `Weak`: the closure
//! of `new_cyclic` cannot fail, so the object is read once as if it had no cycle, and only if a `Weak`
//! inside asked for it, its bytes are read again with the pointer at hand.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use crate::decoder::{Amf0Referent, Cursor, Mode, SlotId};
use crate::error::{DecodeError, DecodeErrorKind};
use crate::value::Value;
use crate::wire::u29;
use crate::{Decoder, FromAmf, Limits, Version, amf0, amf3};

/// What dynamic values and shared pointers of this message were made so far.
#[derive(Debug, Default)]
pub(crate) struct SharedObjects {
    pub(crate) values: HashMap<SlotId, (Value, Depth)>,
    /// The traits record of the AMF0 object with an alias that was made last.
    pub(crate) amf0_traits: Option<Arc<crate::value::Traits>>,
    /// For dynamic values: one copy of each string that they hold, by its place in the table.
    pub(crate) strings: HashMap<u32, Arc<str>>,
    pointers: PointerTable,
    /// Pointers whose objects are being read, the innermost last.
    in_progress: Vec<PointerInProgress>,
    /// Objects that are known to lie on a cycle.
    cyclic: HashSet<(SlotId, TypeId)>,
}

/// How many levels of values an object is high, itself and those behind shared references.
///
/// A value is dropped, and walked, as deep as that, however shallow it stands on the wire:
/// `[[], [ref 1], [ref 2], …]`.
pub(crate) type Depth = usize;

/// Strong pointers by slot, in order, so that those of one object's inside are dropped in one step.
#[derive(Debug, Default)]
struct PointerTable {
    amf0: BTreeMap<u32, TypedPointers>,
    amf3: BTreeMap<u32, TypedPointers>,
}

/// What was made of one object: a pointer for each type that it was read as.
type TypedPointers = Vec<(TypeId, Box<dyn Any>, Depth)>;

#[derive(Debug)]
struct PointerInProgress {
    key: (SlotId, TypeId),
    /// Somebody inside asked for it.
    weak_requested: bool,
    weak: Option<Box<dyn Any>>,
}

/// What stands next in the input, without reading it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum ObjectRef {
    /// A value without identity, or nothing that can be read.
    Scalar,
    /// An object that will take this place in its table.
    Inline(SlotId),
    /// A reference that ends at this offset.
    Reference(SlotId, usize),
}

/// `Arc` or `Rc`.
pub(crate) trait Pointer: Clone + 'static {
    type Target;
    type Weak: WeakPointer<Strong = Self>;
    fn new(value: Self::Target) -> Self;
    fn new_cyclic(make: impl FnOnce(&Self::Weak) -> Self::Target) -> Self;
    fn downgrade(&self) -> Self::Weak;
}

/// The `Weak` of either.
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
                    // The date's bytes are at hand, and nothing refers to it by its slot.
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

    /// Where a reference that stands next ends, after a check that it names something.
    pub(crate) fn end_of_reference(&mut self) -> Result<Option<usize>, DecodeError> {
        match self.peek_object_ref()? {
            ObjectRef::Reference(slot, end) => match self.is_open(slot) {
                Some(_) => Ok(Some(end)),
                None => Err(self.unknown_object(slot)),
            },
            _ => Ok(None),
        }
    }

    /// Reads a strong pointer, the same one for every reference to one object.
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
                None => self.skip()?,
            }
            return Ok(pointer);
        }
        let (pointer, depth) = self.read_with_depth(|decoder| match reference_end {
            Some(_) => P::Target::from_amf(decoder).map(P::new),
            None => decoder.inline_pointer(key),
        })?;
        self.shared_objects.get_mut().pointers.insert(key, pointer.clone(), depth);
        Ok(pointer)
    }

    /// Reads something that may be shared, and tells how high it is.
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

    /// Counts what a shared reference leads to against the depth.
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
        let known = self.shared_objects.get().is_some_and(|shared| shared.cyclic.contains(&key));
        let (value, weak_requested) =
            self.read_pointee::<P>(PointerInProgress { key, weak_requested: known, weak: None })?;
        if !weak_requested {
            return Ok(P::new(value));
        }
        let shared = self.shared_objects.get_mut();
        shared.cyclic.insert(key);
        if shared.in_progress.iter().any(|outer| outer.weak_requested && outer.weak.is_none()) {
            // An object around this one will be read again, and this one with it.
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
        self.shared_objects.get_mut().pointers.discard_from(start);
        let mut failure = None;
        let pointer = P::new_cyclic(|weak| {
            let weak = Some(Box::new(weak.clone()) as Box<dyn Any>);
            let building = PointerInProgress { key, weak_requested: true, weak };
            match self.replay_from(start, |decoder| decoder.read_pointee::<P>(building)) {
                Ok((value, _)) => value,
                Err(error) => {
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

    /// Runs the own code of an externalizable class for nothing but where its body ends.
    ///
    /// Nobody builds the objects around it, so references back to them lead nowhere; and nothing that is made
    /// stays to be found by later references.
    pub(crate) fn dry_run<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let shared = std::mem::take(&mut self.shared_objects);
        let (is_dry_run, reached, memory) = (self.is_dry_run, self.reached_depth, self.memory_left);
        (self.is_dry_run, self.reached_depth) = (true, 0);
        let result = read(self);
        self.shared_objects = shared;
        (self.is_dry_run, self.reached_depth, self.memory_left) = (is_dry_run, reached, memory);
        result
    }

    /// Reads a weak pointer: nowhere for null, else to the object that a strong pointer holds.
    pub(crate) fn weak_pointer<P>(&mut self) -> Result<P::Weak, DecodeError>
    where
        P: Pointer,
        P::Target: FromAmf<'de>,
    {
        if self.take_null() {
            return Ok(P::Weak::dangling());
        }
        let ObjectRef::Reference(slot, end) = self.peek_object_ref()? else {
            // Met before its owner: the decoder keeps it until the message ends.
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

    /// Forgets what was made of objects that begin at `start` or later.
    fn discard_from(&mut self, start: Cursor) {
        drop(self.amf0.split_off(&start.objects(Version::Amf0)));
        drop(self.amf3.split_off(&start.objects(Version::Amf3)));
    }
}
