//! How a call fails, as the caller learns it.

use std::borrow::Cow;
use std::fmt;

use amf_core::__private::Escaped;
use amf_core::{Class, DecodeError, Decoder, EncodeError, Encoder, FromAmf, ToAmf, Value};

use super::CallError;
use super::failure_log::log_failure;
use crate::__log_limit::info_limited;
use crate::memory::MemoryBudgetExceededError;

/// The codes that the framework itself answers with.
pub mod code {
    /// There is no service of that name.
    pub const SERVICE_NOT_FOUND: &str = "Service.ResourceNotFound";
    /// The service has no method of that name.
    pub const METHOD_NOT_FOUND: &str = "Service.MethodNotFound";
    /// Too few or too many arguments.
    pub const WRONG_ARGUMENT_COUNT: &str = "Server.ResourceUnavailable";
    /// What was sent cannot be read as what the method takes.
    pub const MESSAGE_ENCODING: &str = "Client.Message.Encoding";
    /// Nobody is logged in, or the credentials are wrong.
    pub const CLIENT_AUTHENTICATION: &str = "Client.Authentication";
    /// Credentials were not checked, because there were too many attempts; the message says when to try again.
    pub const TOO_MANY_LOGINS: &str = "Client.Authentication.TooManyAttempts";
    /// Somebody is logged in who may not call this. So does BlazeDS say it (`LoginManager.checkConstraint`): this code
    /// where a principal lacks the roles of a constraint, `Client.Authentication` where there is no principal.
    pub const CLIENT_AUTHORIZATION: &str = "Client.Authorization";
    /// Credentials were sent that nobody can check.
    pub const SERVER_AUTHENTICATION: &str = "Server.Authentication";
    /// A header that must be understood is not.
    pub const HEADER_NOT_UNDERSTOOD: &str = "Client.Header.NotUnderstood";
    /// Something failed inside; the log knows more.
    pub const PROCESSING: &str = "Server.Processing";
    /// The call took longer than the limit that the message names: `call_timeout`, `method_timeout` or
    /// `packet_timeout`.
    pub const TIMEOUT: &str = "Server.Timeout";
    /// The result is larger than the output limit that the message names.
    pub const REPLY_TOO_LARGE: &str = "Server.ReplyTooLarge";
    /// The result is a part of a cyclic value, and refers back to an object that encloses it and is gone; a method
    /// keeps that object with [`ValuePart`](amf_core::ValuePart).
    pub const INCOMPLETE_RESULT: &str = "Server.IncompleteResult";
    /// A layer refuses calls for the moment.
    pub const OVERLOADED: &str = "Server.Overloaded";
    /// What a fault without a code of its own has, where it is read.
    pub const CALL_FAILED: &str = "NetConnection.Call.Failed";
    /// A call to the client failed, and the method passed that on.
    pub const CLIENT_CALL: &str = "Server.ClientCallFailed";
}

/// The error of a call, as the caller sees it.
///
/// Nothing becomes a fault by itself: there is no conversion from any error, so that internals do not leak.
/// `#[derive(Fault)]` makes one from an error type of your own, [`Fault::internal`] from what only the log may know.
///
/// ```
/// use amf_remoting::Fault;
///
/// let fault = Fault::new("Game.RoomFull", "room 7 is full").with_detail("16 players are in it");
/// assert_eq!(fault.to_string(), "Game.RoomFull: room 7 is full");
/// ```
#[derive(Clone, Debug)]
pub struct Fault {
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    detail: Option<Cow<'static, str>>,
    /// Whether a panic led to it, which only who runs the server may know.
    is_panic: bool,
}

/// Faults are equal where a caller sees no difference.
impl PartialEq for Fault {
    fn eq(&self, other: &Self) -> bool {
        (&self.code, &self.message, &self.detail) == (&other.code, &other.message, &other.detail)
    }
}

impl Eq for Fault {}

impl Fault {
    /// A fault with a code for programs and a message for people.
    pub fn new(code: impl Into<Cow<'static, str>>, message: impl Into<Cow<'static, str>>) -> Self {
        Self { code: code.into(), message: message.into(), detail: None, is_panic: false }
    }

    /// Adds more for people.
    #[must_use]
    pub fn with_detail(mut self, detail: impl Into<Cow<'static, str>>) -> Self {
        self.detail = Some(detail.into());
        self
    }

    /// Creates the fault `Client.Message.Encoding`, for input of a caller that cannot be read. `what` names the part.
    ///
    /// The [advice](DecodeError::advice) that the error has for the program's author is logged, not sent to the caller.
    ///
    /// ```
    /// use amf_remoting::{Fault, Version, amf_core};
    ///
    /// // A list of AMF3 that holds a reference to itself.
    /// let error = amf_core::from_slice::<Vec<Vec<f64>>>(Version::Amf3, &[0x09, 0x03, 0x01, 0x09, 0x00]).unwrap_err();
    /// let fault = Fault::unreadable("the save", &error);
    /// assert_eq!(
    ///     fault.message(),
    ///     "the save cannot be read: [0]: the reference leads back to an object that encloses it (at byte 5)"
    /// );
    /// ```
    pub fn unreadable(what: impl fmt::Display, error: &DecodeError) -> Self {
        Self::of_decode_error(format!("{what} cannot be read: {}", error.without_advice()), error)
    }

    /// The same for arguments, whose errors have a path that names them.
    pub(crate) fn unreadable_arguments(error: &DecodeError) -> Self {
        Self::of_decode_error(error.without_advice().to_string(), error)
    }

    #[cold]
    fn of_decode_error(message: String, error: &DecodeError) -> Self {
        if error.advice().is_some() {
            info_limited!("a caller sent what the program cannot read: {error}");
        }
        Self::new(code::MESSAGE_ENCODING, message)
    }

    /// Logs `what` as an error; the caller learns no more than `Server.Processing`, "internal error".
    ///
    /// Lines about one method and one place in the program are limited: ten at once, then one every ten seconds, with
    /// the number of those between in the field `suppressed`.
    #[track_caller]
    pub fn internal(what: impl fmt::Display) -> Self {
        log_failure(Escaped(what));
        Self::new(code::PROCESSING, "internal error")
    }

    /// The same, of a method or a layer that panicked.
    #[track_caller]
    pub(super) fn panicked(what: impl fmt::Display) -> Self {
        Self { is_panic: true, ..Self::internal(what) }
    }

    pub(super) fn is_panic(&self) -> bool {
        self.is_panic
    }

    /// The code as it was given: borrowed where it stands in a program's text.
    pub(super) fn code_cow(&self) -> &Cow<'static, str> {
        &self.code
    }

    /// The code for programs.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// The message for people.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// More for people.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }
}

/// Reads the error object of any known server: AMF0's with `code` and `description`, Flex's `ErrorMessage` with
/// `faultCode` and `faultString`, a union of both as ours, or a mere text.
impl From<&Value> for Fault {
    fn from(value: &Value) -> Self {
        let text = |names: &[&str]| {
            names.iter().filter_map(|name| value.get(name)).map(text_of).find(|text| !text.is_empty())
        };
        let code = text(&["code", "faultCode"]).unwrap_or_else(|| code::CALL_FAILED.to_owned());
        let message = text(&["description", "faultString", "message"]).unwrap_or_else(|| text_of(value));
        let detail = text(&["details", "faultDetail"]).map(Cow::Owned);
        Self { code: code.into(), message: message.into(), detail, is_panic: false }
    }
}

/// Some servers have numbers where others have texts.
fn text_of(value: &Value) -> String {
    match (value.as_str(), value.as_f64()) {
        (Some(text), _) => text.to_owned(),
        (None, Some(number)) => number.to_string(),
        (None, None) => String::new(),
    }
}

impl<'de> FromAmf<'de> for Fault {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        Value::from_amf(decoder).map(|value| Self::from(&value))
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", Escaped(&self.code), Escaped(&self.message))
    }
}

impl std::error::Error for Fault {}

/// There is no room for the call in the memory budget: `Server.Overloaded`.
impl From<MemoryBudgetExceededError> for Fault {
    #[cold]
    fn from(error: MemoryBudgetExceededError) -> Self {
        Self::new(code::OVERLOADED, error.to_string())
    }
}

impl From<CallError> for Fault {
    fn from(error: CallError) -> Self {
        let message = match &error {
            // A mistake of this program, with advice for its author.
            CallError::Encode(_) => {
                log_failure(format_args!("a client cannot be called: {error}"));
                "the arguments cannot be encoded".to_owned()
            }
            CallError::Decode(error) => format!("the answer cannot be read: {}", error.without_advice()),
            error => error.to_string(),
        };
        Self::new(code::CLIENT_CALL, message)
    }
}

/// Everything that some client looks for: status handlers read `code` and `description`, Flex reads the `fault…`
/// members, and others `message` and `details`.
static FAULT_CLASS: Class = Class::new(
    "",
    &[
        "level",
        "code",
        "type",
        "description",
        "details",
        "faultCode",
        "faultString",
        "faultDetail",
        "message",
        "rootCause",
    ],
);

impl ToAmf for Fault {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        let (code, message, detail) = (self.code(), self.message(), self.detail().unwrap_or_default());
        encoder.begin_object(&FAULT_CLASS)?;
        for (index, text) in
            ["error", code, code, message, detail, code, message, detail, message].iter().enumerate()
        {
            encoder.member(&FAULT_CLASS, index, *text)?;
        }
        encoder.member(&FAULT_CLASS, 9, &None::<&str>)?;
        encoder.end_object(&FAULT_CLASS);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use amf_core::{Version, to_vec};

    use super::*;

    #[test]
    fn the_object_has_what_each_client_looks_for() {
        let fault = Fault::new("A.B", "no").with_detail("why");
        // 03 object; members as u16 length, name, value; 02 string with u16 length; 05 null; 0000 09 the end
        let expected = b"\x03\0\x05level\x02\0\x05error\0\x04code\x02\0\x03A.B\0\x04type\x02\0\x03A.B\
            \0\x0Bdescription\x02\0\x02no\0\x07details\x02\0\x03why\0\x09faultCode\x02\0\x03A.B\
            \0\x0BfaultString\x02\0\x02no\0\x0BfaultDetail\x02\0\x03why\0\x07message\x02\0\x02no\
            \0\x09rootCause\x05\0\0\x09";
        let actual = to_vec(Version::Amf0, &fault).unwrap();
        assert_eq!(actual.escape_ascii().to_string(), expected.escape_ascii().to_string());
    }

    #[test]
    fn the_error_objects_of_other_servers() {
        use amf_core::Object;
        let typed = Object::typed("flex.messaging.messages.ErrorMessage");
        for (object, expected) in [
            // PyAMF's ErrorFault
            (
                Object::new()
                    .with("level", "error")
                    .with("code", "Service.MethodNotFound")
                    .with("type", "UnknownServiceMethodError")
                    .with("description", "Unknown method")
                    .with("details", ""),
                Fault::new("Service.MethodNotFound", "Unknown method"),
            ),
            // BlazeDS
            (
                typed
                    .with("faultCode", "Server.Processing")
                    .with("faultString", "no")
                    .with("faultDetail", "why")
                    .with("rootCause", Value::Null),
                Fault::new("Server.Processing", "no").with_detail("why"),
            ),
            // AMFPHP, whose code may be a number
            (
                Object::new().with("faultCode", 7).with("faultString", "no").with("faultDetail", "/a.php:3"),
                Fault::new("7", "no").with_detail("/a.php:3"),
            ),
            (Object::new(), Fault::new(code::CALL_FAILED, "")),
        ] {
            assert_eq!(Fault::from(&Value::from(object)), expected);
        }
        let bare = Fault::from(&Value::String("method timeout".into()));
        assert_eq!(bare, Fault::new(code::CALL_FAILED, "method timeout"), "node-amf");
        assert_eq!(Fault::from(&Value::Null), Fault::new(code::CALL_FAILED, ""));
    }

    #[test]
    fn internal_errors_are_not_exposed() {
        let fault = Fault::internal("the password is 1234");
        assert_eq!(fault, Fault::new("Server.Processing", "internal error"));
    }
}
