//! Conversion of pointers. Shared pointers keep their identity on the wire.

use std::any::Any;
use std::rc::{Rc, Weak as RcWeak};
use std::sync::{Arc, Weak as ArcWeak};

use crate::decoder::{Pointer, WeakPointer};
use crate::encoder::KeepAlive;
use crate::error::{DecodeError, EncodeError};
use crate::{Classes, Decoder, Encoder, FromAmf, ToAmf};

impl<'de, T: FromAmf<'de>> FromAmf<'de> for Box<T> {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        decoder.charge(size_of::<T>())?;
        T::from_amf(decoder).map(Box::new)
    }

    fn missing() -> Option<Self> {
        T::missing().map(Box::new)
    }

    fn hole() -> Option<Self> {
        T::hole().map(Box::new)
    }

    fn classes(classes: &mut Classes) {
        T::classes(classes);
    }
}

impl<T: ToAmf> ToAmf for Box<T> {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        (**self).to_amf(encoder)
    }
}

macro_rules! pointers {
    ($($strong:ident $weak:ident [$($bound:path),*] $keep:expr;)*) => {$(
        impl<T: 'static> Pointer for $strong<T> {
            type Target = T;
            type Weak = $weak<T>;

            fn new(value: T) -> Self {
                Self::new(value)
            }

            fn new_cyclic(make: impl FnOnce(&$weak<T>) -> T) -> Self {
                Self::new_cyclic(make)
            }

            fn downgrade(&self) -> $weak<T> {
                Self::downgrade(self)
            }
        }

        impl<T: 'static> WeakPointer for $weak<T> {
            type Strong = $strong<T>;

            fn dangling() -> Self {
                Self::new()
            }
        }

        /// References to the same object become pointers to the same value.
        impl<'de, T: FromAmf<'de> + 'static> FromAmf<'de> for $strong<T> {
            fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
                decoder.pointer()
            }

            fn missing() -> Option<Self> {
                T::missing().map(Self::new)
            }

            fn hole() -> Option<Self> {
                T::hole().map(Self::new)
            }

            fn classes(classes: &mut Classes) {
                T::classes(classes);
            }
        }

        /// Pointers to the same value become references to the same object.
        impl<T: ToAmf $(+ $bound)* + 'static> ToAmf for $strong<T> {
            fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
                let address = Self::as_ptr(self).addr();
                let keep: fn(Self) -> KeepAlive = $keep;
                encoder.write_shared(address, || keep(Self::clone(self)), |encoder| (**self).to_amf(encoder))
            }
        }

        /// Points to the value of a strong pointer in the same message. Null becomes a dangling pointer.
        impl<'de, T: FromAmf<'de> + 'static> FromAmf<'de> for $weak<T> {
            fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
                decoder.weak_pointer::<$strong<T>>()
            }

            fn missing() -> Option<Self> {
                Some(Self::new())
            }

            fn classes(classes: &mut Classes) {
                T::classes(classes);
            }
        }

        /// Writes null if the value was dropped.
        impl<T: ToAmf $(+ $bound)* + 'static> ToAmf for $weak<T> {
            fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
                self.upgrade().to_amf(encoder)
            }
        }
    )*};
}
pointers! {
    Arc ArcWeak [Send, Sync] |pointer| KeepAlive::Arc(pointer as Arc<dyn Any + Send + Sync>);
    Rc RcWeak [] |pointer| KeepAlive::Rc(pointer as Rc<dyn Any>);
}
