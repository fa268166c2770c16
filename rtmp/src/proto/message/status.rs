//! Information objects: what commands say about how something went.

use amf_core::{DynamicMembers, EncodeError, Encoder, ToAmf, Value, Version};
use bytes::Bytes;

/// An information object: level, code, description, and whatever else.
///
/// It stands in the replies to connect, in `_error`, and in `onStatus`.
///
/// ```
/// use amf_core::Version;
/// use amf_rtmp::proto::Status;
///
/// let status = Status::error("NetConnection.Call.Failed", "there is no such method").with("tries", 3);
/// assert_eq!(status.code(), "NetConnection.Call.Failed");
/// assert!(!status.encode(Version::Amf0)?.is_empty());
/// # Ok::<(), amf_core::EncodeError>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Status {
    members: DynamicMembers,
}

/// Codes of information objects.
pub mod code {
    /// The connection is accepted.
    pub const CONNECT_SUCCESS: &str = "NetConnection.Connect.Success";
    /// The connection is refused.
    pub const CONNECT_REJECTED: &str = "NetConnection.Connect.Rejected";
    /// There is no such application.
    pub const CONNECT_INVALID_APP: &str = "NetConnection.Connect.InvalidApp";
    /// The application is being shut down; the end of the connection follows.
    pub const CONNECT_APP_SHUTDOWN: &str = "NetConnection.Connect.AppShutdown";
    /// The connection ends.
    pub const CONNECT_CLOSED: &str = "NetConnection.Connect.Closed";
    /// A call could not be carried out.
    pub const CALL_FAILED: &str = "NetConnection.Call.Failed";
    /// The client may not use the shared object.
    pub const SHARED_OBJECT_NO_READ_ACCESS: &str = "SharedObject.NoReadAccess";
    /// The client may not change the shared object so, or the change could not be kept.
    pub const SHARED_OBJECT_NO_WRITE_ACCESS: &str = "SharedObject.NoWriteAccess";
    /// There can be no such shared object.
    pub const SHARED_OBJECT_CREATION_FAILED: &str = "SharedObject.ObjectCreationFailed";
    /// The shared object is there, and is persistent where the client wants one that is not, or the other way.
    pub const SHARED_OBJECT_BAD_PERSISTENCE: &str = "SharedObject.BadPersistence";
}

impl Status {
    /// Something went as it should.
    pub fn success(code: impl AsRef<str>, description: impl AsRef<str>) -> Self {
        Self::new("status", code.as_ref(), description.as_ref())
    }

    /// Something failed.
    pub fn error(code: impl AsRef<str>, description: impl AsRef<str>) -> Self {
        Self::new("error", code.as_ref(), description.as_ref())
    }

    fn new(level: &str, code: &str, description: &str) -> Self {
        Self {
            members: DynamicMembers::from_iter([
                ("level", level),
                ("code", code),
                ("description", description),
            ]),
        }
    }

    /// The same object with one more member.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.members.insert(name, value);
        self
    }

    /// What happened.
    pub fn code(&self) -> &str {
        self.text("code")
    }

    /// What happened, in words for people.
    pub fn description(&self) -> &str {
        self.text("description")
    }

    /// `status`, `warning` or `error`.
    pub fn level(&self) -> &str {
        self.text("level")
    }

    /// The member of this name.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.members.get(name)
    }

    /// The object as one value in the form that a command carries.
    pub fn encode(&self, version: Version) -> Result<Bytes, EncodeError> {
        let mut encoder = Encoder::in_envelope(version).with_output_limit(super::MESSAGE_LIMIT);
        self.to_amf(&mut encoder)?;
        Ok(encoder.finish()?.into())
    }

    fn text(&self, name: &str) -> &str {
        self.members.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

impl ToAmf for Status {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        self.members.to_amf(encoder)
    }
}

/// The members of whatever object came; nothing if it is none.
impl From<&Value> for Status {
    fn from(value: &Value) -> Self {
        let members = match value {
            Value::Object(object) => object.members().map(|(name, value)| (name, value.clone())).collect(),
            Value::EcmaArray(array) => array.members.clone(),
            _ => DynamicMembers::new(),
        };
        Self { members }
    }
}
