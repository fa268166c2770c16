//! A header of the request as a parameter.

use std::ops::Deref;

use amf_core::FromAmf;

use super::fault::{Fault, code};
use super::{Caller, FromCaller};

/// A type that is the value of one header.
pub trait HeaderValue: for<'de> FromAmf<'de> + Send + Sync {
    /// The header's name.
    const NAME: &'static str;
}

/// One that may be missing.
impl<T: HeaderValue> HeaderValue for Option<T> {
    const NAME: &'static str = T::NAME;
}

/// A header of the request, read as `T`: a method borrows it.
///
/// Where it is missing or of another type, the call gets the fault `Client.Message.Encoding`;
/// `&Header<Option<T>>` is `None` where it is missing.
///
/// ```
/// use amf_remoting::service::{Header, HeaderValue};
/// use amf_remoting::{AmfObject, remoting_service};
///
/// #[derive(AmfObject)]
/// struct Locale { language: String }
///
/// impl HeaderValue for Locale {
///     const NAME: &'static str = "locale";
/// }
///
/// struct Greeter;
///
/// #[remoting_service(name = "greeter")]
/// impl Greeter {
///     fn greet(&self, locale: &Header<Locale>, name: String) -> String {
///         if locale.language == "fr" { format!("Bonjour {name}") } else { format!("Hello {name}") }
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header<T>(pub T);

impl<T> Deref for Header<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: HeaderValue> FromCaller for Header<T> {
    async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
        match caller.header_as::<T>(T::NAME)?.or_else(T::missing) {
            Some(value) => Ok(Self(value)),
            None => Err(Fault::new(code::MESSAGE_ENCODING, format!("the header `{}` is missing", T::NAME))),
        }
    }
}
