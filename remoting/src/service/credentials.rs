//! A name and a password, however they were sent.

use std::fmt;

use amf_core::Value;
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

/// The most bytes of `user:password` in base64: 64 KiB.
const MAX_BASE64: usize = 64 * 1024;

/// A name and a password: from the AMF header `Credentials`, from HTTP Basic, or from a login of Flex.
///
/// Printing them does not print the password.
///
/// ```
/// use amf_remoting::service::Credentials;
///
/// let credentials = Credentials::new("Aladdin", "open sesame");
/// // RFC 7617 §2
/// assert_eq!(Credentials::from_base64("QWxhZGRpbjpvcGVuIHNlc2FtZQ=="), Some(credentials.clone()));
/// assert_eq!(format!("{credentials:?}"), r#"Credentials { user: "Aladdin", .. }"#);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    user: String,
    password: String,
}

impl Credentials {
    /// The AMF header that carries them: an object with `userid` and `password`.
    pub const HEADER: &'static str = "Credentials";

    /// A name and a password.
    pub fn new(user: impl Into<String>, password: impl Into<String>) -> Self {
        Self { user: user.into(), password: password.into() }
    }

    /// Reads `user:password` in base64, as HTTP Basic (RFC 7617) and the login of Flex have it: UTF-8, or
    /// ISO 8859-1 where it is none, up to 64 KiB. Nothing where it is neither.
    pub fn from_base64(text: &str) -> Option<Self> {
        if text.len() > MAX_BASE64 {
            return None;
        }
        let decoded = LENIENT.decode(text.trim()).ok()?;
        let decoded = String::from_utf8(decoded)
            .unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect());
        let (user, password) = decoded.split_once(':')?;
        Some(Self::new(user, password))
    }

    /// Reads the value of the AMF header. Clients that log out send null, or an empty name: nothing, then.
    pub(super) fn from_header(value: &Value) -> Option<Self> {
        let text = |name| value.get(name).and_then(Value::as_str);
        let user = text("userid").filter(|user| !user.is_empty())?;
        Some(Self::new(user, text("password").unwrap_or_default()))
    }

    /// The name.
    pub fn user(&self) -> &str {
        &self.user
    }

    /// The password.
    pub fn password(&self) -> &str {
        &self.password
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Some clients leave the padding out.
const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

#[cfg(test)]
mod tests {
    use amf_core::Object;

    use super::*;

    #[test]
    fn base64_in_both_character_sets() {
        // "a:b:c", "ä:ü" in UTF-8 (C3 A4 3A C3 BC) and in ISO 8859-1 (E4 3A FC)
        for (text, user, password) in [
            ("YTpiOmM=", "a", "b:c"),
            ("YTpiOmM", "a", "b:c"),
            ("w6Q6w7w=", "ä", "ü"),
            ("5Dr8", "ä", "ü"),
            ("Og==", "", ""),
        ] {
            assert_eq!(Credentials::from_base64(text), Some(Credentials::new(user, password)), "{text}");
        }
        for text in ["", "YWI=", "*", "YQ"] {
            assert_eq!(Credentials::from_base64(text), None, "{text}");
        }
        let name = "YWFh".repeat(MAX_BASE64 / 4 - 1);
        assert!(Credentials::from_base64(&format!("{name}Ojo=")).is_some());
        assert_eq!(Credentials::from_base64(&format!("{name}Ojo6YQ==")), None, "one group more");
    }

    #[test]
    fn the_header_as_clients_send_it() {
        let full = Value::from(Object::new().with("userid", "ann").with("password", "secret"));
        assert_eq!(Credentials::from_header(&full), Some(Credentials::new("ann", "secret")));
        let bare = Value::from(Object::new().with("userid", "ann"));
        assert_eq!(Credentials::from_header(&bare), Some(Credentials::new("ann", "")));
        for gone in [Value::Null, Value::from(Object::new().with("userid", "")), Value::Bool(true)] {
            assert_eq!(Credentials::from_header(&gone), None, "{gone:?}");
        }
    }
}
