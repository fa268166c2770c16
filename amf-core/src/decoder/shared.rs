//! Identity: what was already made of an object, so that a second reference finds it.
//!
//! `Arc<T>` and `Rc<T>` keep what they made by slot and type. A cycle arrives through `Weak`: the closure
//! of `new_cyclic` cannot fail, so the object is read once as if it had no cycle, and only if a `Weak`
//! inside asked for it, its bytes are read again with the pointer at hand.

use std::any::{Any, TypeId};
use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use crate::decoder::{Cursor, Mode, SlotId};
use crate::error::DecodeError;
use crate::value::Value;
use crate::wire::u29;
use crate::{Decoder, FromAmf, Version, amf0, amf3};

/// What dynamic values and shared pointers of this message were made so far.
#[derive(Debug, Default)]
pub(crate) struct Shared {
    pub(crate) values: HashMap<SlotId, (Value, Height)>,
    /// For dynamic values: one copy of each string that they hold, by its place in the table.
    pub(crate) strings: HashMap<u32, Arc<str>>,
    pointers: Pointers,
    /// Pointers whose objects are being read, the innermost last.
    building: Vec<Building>,
    /// Objects that are known to lie on a cycle.
    cyclic: HashSet<(SlotId, TypeId)>,
}

/// How many levels of values an object is high, itself and those behind shared references.
///
/// A value is dropped, and walked, as deep as that, however shallow it stands on the wire:
/// `[[], [ref 1], [ref 2], …]`.
pub(crate) type Height = usize;

/// Strong pointers by slot, in order, so that those of one object's inside are dropped in one step.
#[derive(Debug, Default)]
struct Pointers {
    amf0: BTreeMap<u32, Made>,
    amf3: BTreeMap<u32, Made>,
}

/// What was made of one object: a pointer for each type that it was read as.
type Made = Vec<(TypeId, Box<dyn Any>, Height)>;

#[derive(Debug)]
struct Building {
    key: (SlotId, TypeId),
    /// Somebody inside asked for it.
    wanted: bool,
    weak: Option<Box<dyn Any>>,
}

/// What stands next in the input, without reading it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Identity {
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
    fn nowhere() -> Self;
}

impl<'de> Decoder<'de> {
    pub(crate) fn identity(&mut self) -> Result<Identity, DecodeError> {
        let start = self.offset();
        let identity = match self.mode {
            Mode::Amf0 => self.amf0_identity(),
            Mode::Amf3 => self.amf3_identity(),
            Mode::Int | Mode::Uint | Mode::Number => Ok(Identity::Scalar),
        };
        self.reader.seek(start);
        identity
    }

    fn amf0_identity(&mut self) -> Result<Identity, DecodeError> {
        use amf0::marker;
        let version = Version::Amf0;
        Ok(match self.reader.u8()? {
            marker::AVMPLUS => return self.amf3_identity(),
            marker::REFERENCE => {
                let index = u32::from(self.reader.u16()?);
                Identity::Reference(SlotId { version, index }, self.offset())
            }
            marker::OBJECT
            | marker::ECMA_ARRAY
            | marker::STRICT_ARRAY
            | marker::XML_DOCUMENT
            | marker::TYPED_OBJECT => Identity::Inline(SlotId { version, index: self.amf0_objects.next() }),
            _ => Identity::Scalar,
        })
    }

    fn amf3_identity(&mut self) -> Result<Identity, DecodeError> {
        use amf3::marker;
        let version = Version::Amf3;
        if !(marker::XML_DOCUMENT..=marker::DICTIONARY).contains(&self.reader.u8()?) {
            return Ok(Identity::Scalar);
        }
        let head = u29::read(&mut self.reader)?;
        Ok(if head & 1 == 0 {
            Identity::Reference(SlotId { version, index: head >> 1 }, self.offset())
        } else {
            Identity::Inline(SlotId { version, index: self.amf3_objects.next() })
        })
    }

    /// Where a reference that stands next ends, after a check that it names something.
    pub(crate) fn end_of_reference(&mut self) -> Result<Option<usize>, DecodeError> {
        match self.identity()? {
            Identity::Reference(slot, end) => match self.is_open(slot) {
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
        let (slot, reference_end) = match self.identity()? {
            Identity::Scalar => return P::Target::from_amf(self).map(P::new),
            Identity::Inline(slot) => (slot, None),
            Identity::Reference(slot, end) => (slot, Some(end)),
        };
        let key = (slot, TypeId::of::<P>());
        if let Some((pointer, height)) = self.shared_pointer::<P>(key) {
            self.reach_by(height)?;
            match reference_end {
                Some(end) => self.reader.seek(end),
                None => self.skip()?,
            }
            return Ok(pointer);
        }
        let (pointer, height) = self.measured(|decoder| match reference_end {
            Some(_) => P::Target::from_amf(decoder).map(P::new),
            None => decoder.inline_pointer(key),
        })?;
        self.shared.get_mut().pointers.insert(key, pointer.clone(), height);
        Ok(pointer)
    }

    /// Reads something that may be shared, and tells how high it is.
    pub(crate) fn measured<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<(T, Height), DecodeError> {
        let depth = self.depth();
        let around = std::mem::replace(&mut self.reach, depth + 1);
        let value = read(self)?;
        let reach = self.reach;
        self.reach = around.max(reach);
        Ok((value, reach.saturating_sub(depth)))
    }

    /// Counts what a shared reference leads to against the depth.
    pub(crate) fn reach_by(&mut self, height: Height) -> Result<(), DecodeError> {
        let reach = self.depth() + height;
        if reach > self.limits().depth {
            return Err(self.limit("depth", self.limits().depth));
        }
        self.reach = self.reach.max(reach);
        Ok(())
    }

    fn shared_pointer<P: Pointer>(&self, key: (SlotId, TypeId)) -> Option<(P, Height)> {
        self.shared.get()?.pointers.get(key)
    }

    fn inline_pointer<P>(&mut self, key: (SlotId, TypeId)) -> Result<P, DecodeError>
    where
        P: Pointer,
        P::Target: FromAmf<'de>,
    {
        let start = self.cursor();
        let known = self.shared.get().is_some_and(|shared| shared.cyclic.contains(&key));
        let (value, wanted) = self.build::<P>(Building { key, wanted: known, weak: None })?;
        if !wanted {
            return Ok(P::new(value));
        }
        let shared = self.shared.get_mut();
        shared.cyclic.insert(key);
        if shared.building.iter().any(|outer| outer.wanted && outer.weak.is_none()) {
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
        self.shared.get_mut().pointers.forget_from(start);
        let mut failure = None;
        let pointer = P::new_cyclic(|weak| {
            let weak = Some(Box::new(weak.clone()) as Box<dyn Any>);
            let building = Building { key, wanted: true, weak };
            match self.replay_from(start, |decoder| decoder.build::<P>(building)) {
                Ok((value, _)) => value,
                Err(error) => {
                    failure = Some(error);
                    first
                }
            }
        });
        failure.map_or(Ok(pointer), Err)
    }

    fn build<P>(&mut self, building: Building) -> Result<(P::Target, bool), DecodeError>
    where
        P: Pointer,
        P::Target: FromAmf<'de>,
    {
        self.shared.get_mut().building.push(building);
        let value = P::Target::from_amf(self);
        let wanted = self.shared.get_mut().building.pop().is_some_and(|building| building.wanted);
        Ok((value?, wanted))
    }

    /// Runs the own code of an externalizable class for nothing but where its body ends.
    ///
    /// Nobody builds the objects around it, so references back to them lead nowhere; and nothing that is made
    /// stays to be found by later references.
    pub(crate) fn rehearse<T>(
        &mut self,
        read: impl FnOnce(&mut Self) -> Result<T, DecodeError>,
    ) -> Result<T, DecodeError> {
        let shared = std::mem::take(&mut self.shared);
        let (is_rehearsal, reach, memory) = (self.is_rehearsal, self.reach, self.memory);
        (self.is_rehearsal, self.reach) = (true, 0);
        let result = read(self);
        self.shared = shared;
        (self.is_rehearsal, self.reach, self.memory) = (is_rehearsal, reach, memory);
        result
    }

    /// Reads a weak pointer: nowhere for null, else to the object that a strong pointer holds.
    pub(crate) fn weak_pointer<P>(&mut self) -> Result<P::Weak, DecodeError>
    where
        P: Pointer,
        P::Target: FromAmf<'de>,
    {
        if self.take_null() {
            return Ok(P::Weak::nowhere());
        }
        let Identity::Reference(slot, end) = self.identity()? else {
            // Met before its owner: the decoder keeps it until the message ends.
            return self.pointer::<P>().map(|pointer| pointer.downgrade());
        };
        let key = (slot, TypeId::of::<P>());
        let is_open = self.is_open(slot) == Some(true);
        if is_open && self.is_rehearsal {
            self.reader.seek(end);
            return Ok(P::Weak::nowhere());
        }
        let weak = match self.shared_pointer::<P>(key) {
            Some((pointer, _)) => pointer.downgrade(),
            None => match self.shared.get_mut().building.iter_mut().find(|building| building.key == key) {
                Some(building) => {
                    building.wanted = true;
                    let weak = building.weak.as_ref().and_then(|weak| weak.downcast_ref::<P::Weak>());
                    weak.cloned().unwrap_or_else(P::Weak::nowhere)
                }
                None if is_open => {
                    return Err(self.custom_error(
                        "a `Weak` leads to an object that is taken by value; take it as `Arc`",
                    ));
                }
                None => return self.pointer::<P>().map(|pointer| pointer.downgrade()),
            },
        };
        self.reader.seek(end);
        Ok(weak)
    }
}

impl Pointers {
    fn get<P: Pointer>(&self, (slot, kind): (SlotId, TypeId)) -> Option<(P, Height)> {
        let made = match slot.version {
            Version::Amf0 => self.amf0.get(&slot.index),
            Version::Amf3 => self.amf3.get(&slot.index),
        };
        let (_, pointer, height) = made?.iter().find(|(made, ..)| *made == kind)?;
        pointer.downcast_ref::<P>().map(|pointer| (pointer.clone(), *height))
    }

    fn insert<P: Pointer>(&mut self, (slot, kind): (SlotId, TypeId), pointer: P, height: Height) {
        let made = match slot.version {
            Version::Amf0 => self.amf0.entry(slot.index),
            Version::Amf3 => self.amf3.entry(slot.index),
        };
        made.or_default().push((kind, Box::new(pointer), height));
    }

    /// Forgets what was made of objects that begin at `start` or later.
    fn forget_from(&mut self, start: Cursor) {
        drop(self.amf0.split_off(&start.objects(Version::Amf0)));
        drop(self.amf3.split_off(&start.objects(Version::Amf3)));
    }
}
