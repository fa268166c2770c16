//! The client that called, as something that can be called back.

use std::any::Any;
use std::fmt;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, OnceLock};

use amf_core::{
    Classes, DecodeError, DecodeOptions, Decoder, EncodeError, EncodeErrorKind, FromAmf, Version,
};
use bytes::Bytes;

use super::budget::{OutputBudget, record_exceeded};
use super::{ArgumentsForm, BoxFuture, Fault, OutputLimits, ToArguments};

/// A client that is, or was, connected: it can be told things, and asked where the transport allows it.
///
/// It is cheap to clone and may be kept; when the client has gone, telling it anything gives [`CallError::Gone`].
/// Over HTTP a client is there until the reply to its request is written: what it was told goes out with it.
#[derive(Clone)]
pub struct Client {
    id: ClientId,
    connection: Arc<dyn Connection>,
}

impl Client {
    /// A client that is reached through `connection`. Transports make these.
    pub fn new(id: ClientId, connection: Arc<dyn Connection>) -> Self {
        Self { id, connection }
    }

    /// Which client this is, among all that this process has seen.
    pub fn id(&self) -> ClientId {
        self.id
    }

    /// Whether the client can still be told anything.
    pub fn is_open(&self) -> bool {
        self.connection.is_open()
    }

    /// Calls a method of the client without waiting for an answer.
    ///
    /// `Ok` says that the call is on its way, not that it arrived.
    pub fn notify(&self, method: &str, arguments: impl ToArguments) -> Result<(), CallError> {
        let notification = self.encode(method, &arguments)?;
        self.connection.notify(&notification)
    }

    /// Calls a method of the client and waits for its answer.
    ///
    /// The arguments are encoded at once, so the future borrows none of them.
    pub fn invoke<R>(
        &self,
        method: &str,
        arguments: impl ToArguments,
    ) -> BoxFuture<'static, Result<R, CallError>>
    where
        R: for<'de> FromAmf<'de> + Send + 'static,
    {
        let answer = self.encode(method, &arguments).map(|call| self.connection.invoke(&call));
        let options = self.connection.decode_options();
        Box::pin(async move { Ok(decode_reply(&answer?.await?, options)?) })
    }

    fn encode(&self, method: &str, arguments: &impl ToArguments) -> Result<Notification, CallError> {
        let Self { connection, .. } = self;
        let max_bytes = connection.max_message_bytes();
        Ok(Notification::encode_within(method, arguments, connection.encoding(), max_bytes)?)
    }

    pub(super) fn connection(&self) -> &Arc<dyn Connection> {
        &self.connection
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("id", &self.id)
            .field("is_open", &self.is_open())
            .finish_non_exhaustive()
    }
}

fn decode_reply<R: for<'de> FromAmf<'de>>(bytes: &[u8], options: DecodeOptions) -> Result<R, DecodeError> {
    let mut classes = Classes::new();
    R::classes(&mut classes);
    let decoder = Decoder::new(Version::Amf0, bytes).with_classes(Arc::new(classes));
    decoder.with_options(options).read_message(R::from_amf)
}

/// Identifier of a client: unique across processes and machines, and never used twice.
///
/// It has 64 random bits of this process's start, and a counter of 64 bits. So the identifiers of one process are
/// ordered as they were allocated; between processes their order says nothing.
///
/// An identifier is no secret and grants nothing: whoever knows the one of a client can guess those of the others. It
/// may be logged and sent to other clients, but no client may be trusted because it knows one.
///
/// ```
/// use amf_remoting::service::ClientId;
///
/// let (first, second) = (ClientId::allocate(), ClientId::allocate());
/// assert!(first < second);
/// // 16 hexadecimal digits for the process, a hyphen, and the counter in decimal: `9f86d081884c7d65-1`.
/// assert_eq!(first.to_string().find('-'), Some(16));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ClientId {
    process: u64,
    number: u64,
}

impl ClientId {
    /// Returns the next identifier of this process.
    pub fn allocate() -> Self {
        static PROCESS: LazyLock<u64> = LazyLock::new(random_bits);
        static NEXT: AtomicU64 = AtomicU64::new(1);
        Self { process: *PROCESS, number: NEXT.fetch_add(1, Ordering::Relaxed) }
    }
}

/// Returns 64 random bits: the standard library seeds its hashers from the operating system.
fn random_bits() -> u64 {
    RandomState::new().build_hasher().finish()
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}-{}", self.process, self.number)
    }
}

/// How a client wants its arguments: what differs here is encoded separately, what does not is shared.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Encoding {
    /// AMF0, or AMF3 behind `0x11`.
    pub version: Version,
    /// One array, or one value after another.
    pub form: ArgumentsForm,
}

impl Encoding {
    /// Creates the encoding of a version and a form.
    pub const fn new(version: Version, form: ArgumentsForm) -> Self {
        Self { version, form }
    }
}

/// A call to a client with its arguments encoded, shared by all clients with the same encoding.
#[derive(Clone, Debug)]
pub struct Notification {
    call: Arc<EncodedCall>,
}

/// In one place for all who are told the same.
#[derive(Debug)]
struct EncodedCall {
    method: Box<str>,
    arguments: Bytes,
    transport_form: OnceLock<Arc<dyn Any + Send + Sync>>,
}

impl Notification {
    /// Encodes the arguments, within the default [`OutputLimits::client_call_bytes`].
    ///
    /// # Errors
    /// Those of [`encode_within`](Self::encode_within).
    pub fn encode(method: &str, arguments: &impl ToArguments, encoding: Encoding) -> Result<Self, CallError> {
        Ok(Self::encode_within(method, arguments, encoding, OutputLimits::new().client_call_bytes)?)
    }

    /// Encodes the arguments, within a maximum number of bytes.
    ///
    /// ```
    /// use amf_remoting::Version;
    /// use amf_remoting::service::{ArgumentsForm, Encoding, Notification};
    ///
    /// let encoding = Encoding::new(Version::Amf0, ArgumentsForm::Sequence);
    /// // AMF0: a marker, a length of 16 bits, and the text
    /// assert!(Notification::encode_within("said", &("hi",), encoding, 5).is_ok());
    /// assert!(Notification::encode_within("said", &("hi",), encoding, 4).is_err());
    /// ```
    ///
    /// # Errors
    /// If the arguments cannot be encoded, if they are larger than `max_bytes` (the limit
    /// `client_call_bytes`), or if the method's name is longer than the 65,535 bytes that a packet can hold.
    pub fn encode_within(
        method: &str,
        arguments: &impl ToArguments,
        encoding: Encoding,
        max_bytes: usize,
    ) -> Result<Self, EncodeError> {
        check_name("a method's name", method)?;
        let budget = OutputLimits::new().with_client_call_bytes(max_bytes).client_call();
        let arguments = encode_arguments(arguments, encoding, budget).inspect_err(|error| {
            record_exceeded(error);
        })?;
        let call = EncodedCall { method: method.into(), arguments, transport_form: OnceLock::new() };
        Ok(Self { call: Arc::new(call) })
    }

    /// The method's name.
    pub fn method(&self) -> &str {
        &self.call.method
    }

    /// The encoded arguments.
    pub fn arguments(&self) -> &Bytes {
        &self.call.arguments
    }

    /// What a transport makes of it for all clients alike: the first that asks makes it, the others get the same.
    pub fn get_or_init<T: Send + Sync + 'static>(&self, make: impl Fn() -> T) -> Arc<T> {
        let first = self.call.transport_form.get_or_init(|| Arc::new(make()));
        // Another transport may have come first.
        Arc::downcast(Arc::clone(first)).unwrap_or_else(|_other| Arc::new(make()))
    }
}

fn encode_arguments(
    arguments: &impl ToArguments,
    encoding: Encoding,
    budget: OutputBudget,
) -> Result<Bytes, EncodeError> {
    budget.encode(encoding.version, |encoder| match encoding.form {
        ArgumentsForm::Array => {
            encoder.begin_arguments(arguments.count())?;
            arguments.write(encoder)?;
            encoder.end_list();
            Ok(())
        }
        ArgumentsForm::Sequence => arguments.write(encoder),
    })
}

/// Checks a name of a packet, whose length is written in 16 bits.
pub(crate) fn check_name(what: &'static str, name: &str) -> Result<(), EncodeError> {
    const MAX: usize = u16::MAX as usize;
    if name.len() <= MAX {
        return Ok(());
    }
    Err(EncodeError::new(EncodeErrorKind::Length { what, len: name.len(), max: MAX }))
}

impl PartialEq for Notification {
    fn eq(&self, other: &Self) -> bool {
        (self.method(), self.arguments()) == (other.method(), other.arguments())
    }
}

impl Eq for Notification {}

/// What a transport puts under a [`Client`].
///
/// The transport owns it: groups hold it weakly.
pub trait Connection: Send + Sync + 'static {
    /// How this client wants its arguments.
    fn encoding(&self) -> Encoding;
    /// Returns the maximum size of the encoded arguments of one notification or call, in bytes. Default: that of
    /// [`OutputLimits::client_call_bytes`].
    fn max_message_bytes(&self) -> usize {
        OutputLimits::new().client_call_bytes
    }
    /// Returns how answers are read. Default: strictly, within the default limits.
    fn decode_options(&self) -> DecodeOptions {
        DecodeOptions::new()
    }
    /// Sends a call that has no answer. It must not wait.
    fn notify(&self, notification: &Notification) -> Result<(), CallError>;
    /// Sends a call that has no answer and goes to other clients too: what is made of it for the wire can be kept
    /// [once for all](Notification::get_or_init).
    fn broadcast(&self, notification: &Notification) -> Result<(), CallError> {
        self.notify(notification)
    }
    /// Sends a call and gives its answer, one value in the form that an envelope carries.
    fn invoke(&self, call: &Notification) -> BoxFuture<'static, Result<Bytes, CallError>>;
    /// Whether anything can still be sent.
    fn is_open(&self) -> bool;
}

/// Why a call to the other side did not succeed.
///
/// What the other side did wrong is [`Fault`](Self::Fault), [`Decode`](Self::Decode) and [`Timeout`](Self::Timeout); what
/// this program did wrong, [`Encode`](Self::Encode) and [`Unsupported`](Self::Unsupported); what lies between,
/// [`Transport`](Self::Transport), [`Gone`](Self::Gone) and [`Full`](Self::Full).
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError {
    /// The other side is no longer there.
    Gone,
    /// The call or its answer did not get through; over HTTP it is an `amf_remoting::client::HttpError`.
    Transport(Box<dyn std::error::Error + Send + Sync>),
    /// The transport cannot do this; the text says what and why.
    Unsupported(&'static str),
    /// More was waiting to be sent than its queue may hold.
    Full,
    /// The other side did not answer in time.
    Timeout,
    /// The other side answered with a fault.
    Fault(Fault),
    /// The arguments cannot be encoded.
    Encode(EncodeError),
    /// The answer is not of the expected type.
    Decode(DecodeError),
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Gone => f.write_str("the other side is gone"),
            Self::Transport(error) => write!(f, "the call did not get through: {error}"),
            Self::Unsupported(what) => f.write_str(what),
            Self::Full => f.write_str("the queue is full"),
            Self::Timeout => f.write_str("the other side did not answer in time"),
            Self::Fault(fault) => write!(f, "the other side answered with a fault: {fault}"),
            Self::Encode(error) => write!(f, "the arguments cannot be encoded: {error}"),
            Self::Decode(error) => write!(f, "the answer cannot be read: {error}"),
        }
    }
}

impl std::error::Error for CallError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Fault(fault) => Some(fault),
            Self::Transport(error) => Some(&**error),
            Self::Encode(error) => Some(error),
            Self::Decode(error) => Some(error),
            Self::Gone | Self::Unsupported(_) | Self::Full | Self::Timeout => None,
        }
    }
}

impl From<EncodeError> for CallError {
    fn from(error: EncodeError) -> Self {
        Self::Encode(error)
    }
}

impl From<DecodeError> for CallError {
    fn from(error: DecodeError) -> Self {
        Self::Decode(error)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use amf_core::Version;

    use super::super::ArgumentsForm;
    use super::{ClientId, Encoding, Notification, random_bits};

    #[test]
    fn client_ids_are_ordered_within_a_process_and_differ_between_processes() {
        let ids = [ClientId::allocate(), ClientId::allocate()];
        assert!(ids[0] < ids[1]);
        assert_eq!(ids[0].process, ids[1].process);
        // What two processes would draw.
        assert_ne!(random_bits(), random_bits());
    }

    #[test]
    fn a_client_id_is_printed_with_all_digits_of_its_process() {
        let id = ClientId { process: 0xAB, number: 17 };
        assert_eq!(id.to_string(), "00000000000000ab-17");
    }

    #[test]
    fn get_or_init_runs_once() {
        let encoding = Encoding::new(Version::Amf0, ArgumentsForm::Sequence);
        let notification = Notification::encode("heard", &("Ann",), encoding).unwrap();
        let first = notification.get_or_init(|| String::from("of the first"));
        let second = notification.clone().get_or_init(|| String::from("of the second"));
        assert_eq!(*second, "of the first");
        assert!(Arc::ptr_eq(&first, &second));
        // What another transport makes is of its own type.
        assert_eq!(*notification.get_or_init(|| 7), 7);
    }
}
