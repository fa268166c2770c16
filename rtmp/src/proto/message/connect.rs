//! The connect command: what a client says, and what it is answered (RTMP §7.2.1.1).

use amf_core::{DynamicMembers, EncodeError, Encoder, ToAmf, Value, Version};
use bytes::Bytes;

use super::{MESSAGE_LIMIT, Message, MessageType, Status, code};

/// The command's name.
pub(crate) const CONNECT: &str = "connect";
/// Its transaction id.
pub(crate) const CONNECT_ID: u32 = 1;

/// A client's request to be connected.
///
/// ```
/// use amf_rtmp::proto::ConnectRequest;
///
/// let request = ConnectRequest::new("lobby", "rtmp://localhost/lobby").property("pageUrl", "http://localhost/").argument(&"Ann")?;
/// # Ok::<(), amf_core::EncodeError>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConnectRequest {
    properties: DynamicMembers,
    version: Version,
    arguments: Vec<Value>,
}

impl ConnectRequest {
    /// A request for this application at this URL, in AMF0.
    pub fn new(app: &str, tc_url: &str) -> Self {
        let mut properties = DynamicMembers::new();
        properties.insert("app", app);
        properties.insert("flashVer", "LNX 32,0,0,465");
        properties.insert("tcUrl", tc_url);
        properties.insert("fpad", false);
        properties.insert("capabilities", 239);
        properties.insert("audioCodecs", 3575);
        properties.insert("videoCodecs", 252);
        properties.insert("videoFunction", 1);
        Self { properties, version: Version::Amf0, arguments: Vec::new() }
    }

    /// The version in which commands shall be spoken afterwards.
    #[must_use]
    pub fn encoding(mut self, version: Version) -> Self {
        self.version = version;
        self
    }

    /// Sets a member of the command object.
    #[must_use]
    pub fn property(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.properties.insert(name, value);
        self
    }

    /// Adds an argument behind the command object.
    pub fn argument(mut self, value: &(impl ToAmf + ?Sized)) -> Result<Self, EncodeError> {
        let bytes = amf_core::to_vec(Version::Amf0, value)?;
        let value = amf_core::from_slice(Version::Amf0, &bytes);
        self.arguments.push(value.map_err(|error| EncodeError::custom(error.to_string()))?);
        Ok(self)
    }

    /// The version that is asked for.
    pub(crate) fn version(&self) -> Version {
        self.version
    }

    /// The command, always in AMF0, with the transaction id 1.
    pub(crate) fn message(&self) -> Result<Message, EncodeError> {
        let mut properties = self.properties.clone();
        properties.insert("objectEncoding", object_encoding(self.version));
        let mut encoder = Encoder::new(Version::Amf0).with_output_limit(MESSAGE_LIMIT);
        encoder.string(CONNECT)?;
        encoder.number(f64::from(CONNECT_ID));
        properties.to_amf(&mut encoder)?;
        for argument in &self.arguments {
            argument.to_amf(&mut encoder)?;
        }
        Ok(command(encoder.finish()?.into()))
    }
}

/// How a client is accepted: the command object and the information object of the reply.
///
/// [`Accept::default`] says what clients look for: a version of a Flash Media Server that they know, and
/// that it went well.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Accept {
    /// The command object of the reply.
    pub properties: DynamicMembers,
    /// The information object of the reply. `objectEncoding` is added to it.
    pub info: Status,
}

impl Default for Accept {
    fn default() -> Self {
        let mut properties = DynamicMembers::new();
        properties.insert("fmsVer", "FMS/3,5,7,7009");
        properties.insert("capabilities", 31);
        Self { properties, info: Status::success(code::CONNECT_SUCCESS, "Connection succeeded.") }
    }
}

impl Accept {
    /// Returns the default reply.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a member of the command object.
    #[must_use]
    pub fn with_property(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.properties.insert(name, value);
        self
    }

    /// Replaces the information object.
    #[must_use]
    pub fn with_info(mut self, info: Status) -> Self {
        self.info = info;
        self
    }

    /// The reply, always in AMF0.
    pub(crate) fn message(&self, id: f64, version: Version) -> Result<Message, EncodeError> {
        let mut encoder = Encoder::new(Version::Amf0).with_output_limit(MESSAGE_LIMIT);
        encoder.string("_result")?;
        encoder.number(id);
        self.properties.to_amf(&mut encoder)?;
        self.info.clone().with("objectEncoding", object_encoding(version)).to_amf(&mut encoder)?;
        Ok(command(encoder.finish()?.into()))
    }
}

impl Status {
    /// The reply that refuses a client, always in AMF0.
    pub(crate) fn rejection(&self, id: f64) -> Result<Message, EncodeError> {
        let info = self.encode(Version::Amf0)?;
        Ok(Message::command(Version::Amf0, 0, "_error", id, &info))
    }
}

fn command(payload: Bytes) -> Message {
    Message::new(MessageType::COMMAND, payload)
}

/// How `objectEncoding` names a version.
fn object_encoding(version: Version) -> f64 {
    match version {
        Version::Amf0 => 0.0,
        Version::Amf3 => 3.0,
    }
}

/// Whether this can be the name of an application or an instance: no NUL, and nothing that climbs out of a folder. It
/// may be empty.
pub(crate) fn is_valid_application(name: &str) -> bool {
    !name.contains('\0') && !name.contains("..")
}
