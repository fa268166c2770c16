//! Tuples as the arguments of a call.

use amf_core::{EncodeError, Encoder, ToAmf};

/// The arguments of a call to a client: a tuple of up to twelve values, or of references to them.
///
/// One argument is `(value,)`, none is `()`. Where the number is known only at run time, a slice of values. The trait is
/// sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a list of arguments",
    label = "expected a tuple of values that can be written as AMF",
    note = "one argument is written `(value,)`, with the comma; no arguments are `()`"
)]
pub trait ToArguments: Sealed {
    /// How many there are.
    fn count(&self) -> usize;
    /// Writes one after another.
    fn write(&self, encoder: &mut Encoder) -> Result<(), EncodeError>;
}

mod sealed {
    pub trait Sealed {}
}
use sealed::Sealed;

impl<T: ToArguments + ?Sized> Sealed for &T {}

impl<T: ToArguments + ?Sized> ToArguments for &T {
    fn count(&self) -> usize {
        (**self).count()
    }

    fn write(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        (**self).write(encoder)
    }
}

impl<T: ToAmf> Sealed for [T] {}

/// As many arguments as there are values, where their number is known only at run time.
impl<T: ToAmf> ToArguments for [T] {
    fn count(&self) -> usize {
        self.len()
    }

    fn write(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        self.iter().try_for_each(|value| value.to_amf(encoder))
    }
}

macro_rules! tuple {
    ($($name:ident),*) => {
        impl<$($name: ToAmf),*> Sealed for ($($name,)*) {}

        impl<$($name: ToAmf),*> ToArguments for ($($name,)*) {
            fn count(&self) -> usize {
                [$(stringify!($name)),*].len()
            }

            #[allow(non_snake_case, unused_variables)]
            fn write(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
                let ($($name,)*) = self;
                $($name.to_amf(encoder)?;)*
                Ok(())
            }
        }
    };
}

impl Sealed for () {}

impl ToArguments for () {
    fn count(&self) -> usize {
        0
    }

    fn write(&self, _encoder: &mut Encoder) -> Result<(), EncodeError> {
        Ok(())
    }
}

tuple!(A);
tuple!(A, B);
tuple!(A, B, C);
tuple!(A, B, C, D);
tuple!(A, B, C, D, E);
tuple!(A, B, C, D, E, F);
tuple!(A, B, C, D, E, F, G);
tuple!(A, B, C, D, E, F, G, H);
tuple!(A, B, C, D, E, F, G, H, I);
tuple!(A, B, C, D, E, F, G, H, I, J);
tuple!(A, B, C, D, E, F, G, H, I, J, K);
tuple!(A, B, C, D, E, F, G, H, I, J, K, L);
