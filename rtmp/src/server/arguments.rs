//! Arguments of a command as Rust types.

use amf_core::{Classes, DecodeError, Decoder, FromAmf};

/// What the arguments of a command are read into: tuples of up to eight types, each of which reads one.
///
/// A missing argument is what its type is without it: nothing for an `Option`, an error for most others. More
/// arguments than types are an error. The trait is sealed.
pub trait FromArguments: Sealed + Sized {
    /// Adds the classes that the types need.
    fn classes(classes: &mut Classes);
    /// Reads the arguments from where the decoder stands to its end.
    fn read(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError>;
}

mod sealed {
    pub trait Sealed {}
}
use sealed::Sealed;

pub(crate) fn read_argument<T: for<'de> FromAmf<'de>>(decoder: &mut Decoder<'_>) -> Result<T, DecodeError> {
    match T::missing().filter(|_| decoder.is_at_end()) {
        Some(missing) => Ok(missing),
        None => decoder.read(),
    }
}

fn check_end(decoder: &Decoder<'_>, expected: usize) -> Result<(), DecodeError> {
    if decoder.is_at_end() {
        return Ok(());
    }
    Err(decoder.custom_error(format!("expected no more than {expected} arguments")))
}

macro_rules! tuples {
    ($($count:literal: $($name:ident)*;)*) => {$(
        impl<$($name: for<'de> FromAmf<'de>),*> Sealed for ($($name,)*) {}

        impl<$($name: for<'de> FromAmf<'de>),*> FromArguments for ($($name,)*) {
            fn classes(_classes: &mut Classes) {
                $($name::classes(_classes);)*
            }

            #[allow(clippy::unused_unit, reason = "for the empty tuple")]
            fn read(decoder: &mut Decoder<'_>) -> Result<Self, DecodeError> {
                let arguments = ($(read_argument::<$name>(decoder)?,)*);
                check_end(decoder, $count)?;
                Ok(arguments)
            }
        }
    )*};
}

tuples! {
    0: ;
    1: A;
    2: A B;
    3: A B C;
    4: A B C D;
    5: A B C D E;
    6: A B C D E F;
    7: A B C D E F G;
    8: A B C D E F G H;
}
