//! Who calls, and what is known about them.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use amf_core::{Amf0Numbering, DecodeError, Decoder, DynamicMembers, FromAmf, ToAmf, Value, Version};

use super::authenticator::{Identity, no_authenticator, wrong_credentials};
use super::budget::{OutputBudget, record_exceeded};
use super::fault::{Fault, code};
use super::login_attempts::LoginAttempts;
use super::logins::Logins;
use super::request_headers::RequestHeader;
use super::{Client, ClientAddress, Credentials, Extensions, Principal};

/// The other side of a call: the client itself, the headers of its request, and whatever a transport or a layer
/// found out about it.
#[derive(Clone)]
pub struct Caller {
    client: Client,
    headers: Arc<[RequestHeader]>,
    message_headers: Option<Arc<dyn MessageHeaders>>,
    extensions: Arc<Extensions>,
    identity: Identity,
    logins: Option<Arc<Logins>>,
}

impl Caller {
    /// A caller of whom nothing is known but how to reach them.
    pub fn new(client: Client) -> Self {
        Self {
            client,
            headers: Arc::default(),
            message_headers: None,
            extensions: Arc::default(),
            identity: Identity::default(),
            logins: None,
        }
    }

    /// Sets the headers of the request.
    #[must_use]
    pub fn with_headers(self, headers: Vec<(String, Value)>) -> Self {
        let headers = headers.into_iter().map(|(name, value)| RequestHeader::new(name, value));
        self.with_request_headers(headers.collect())
    }

    pub(crate) fn with_request_headers(mut self, headers: Vec<RequestHeader>) -> Self {
        // An empty one is shared by all callers.
        self.headers = if headers.is_empty() { Arc::default() } else { headers.into() };
        self
    }

    /// The same caller with headers of one message in the packet, which count before those of the packet.
    #[must_use]
    pub fn with_message_headers(mut self, headers: Arc<dyn MessageHeaders>) -> Self {
        self.message_headers = Some(headers);
        self
    }

    /// Attaches a value that [`extension`](Self::extension) finds by its type.
    #[must_use]
    pub fn with_extension<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        self.extensions_mut().insert(value);
        self
    }

    /// The same caller, reached another way.
    #[must_use]
    pub fn with_client(mut self, client: Client) -> Self {
        self.client = client;
        self
    }

    /// The client, which can be told things and, over RTMP, be asked.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// A header of the request, by its name. Where there are several, the last one counts.
    ///
    /// A message within a packet may have headers of its own, as those of Flex do (`DSId`, `DSEndpoint` and the like);
    /// they are found here too, before those of the packet.
    pub fn header(&self, name: &str) -> Option<&Value> {
        self.message_header(name).or_else(|| self.packet_header(name)?.value())
    }

    fn message_header(&self, name: &str) -> Option<&Value> {
        self.message_headers.as_ref().and_then(|headers| headers.all().get(name))
    }

    fn packet_header(&self, name: &str) -> Option<&RequestHeader> {
        self.headers.iter().rev().find(|header| header.name == name)
    }

    /// All headers of the request that can be read, in their order; those of the packet come first.
    pub fn headers(&self) -> impl Iterator<Item = (&str, &Value)> {
        let of_message = self.message_headers.iter().flat_map(|headers| headers.all().iter());
        let of_packet =
            self.headers.iter().filter_map(|header| Some((header.name.as_str(), header.value()?)));
        of_packet.chain(of_message)
    }

    /// A header of the request, by its name, as a value of some type; nothing where there is none.
    ///
    /// One that cannot be read as that is the fault `Client.Message.Encoding`. A method that borrows a
    /// [`Header`](super::Header) gets it in this way.
    pub fn header_as<T: for<'de> FromAmf<'de>>(&self, name: &str) -> Result<Option<T>, Fault> {
        if let Some(value) = self.message_header(name) {
            return reread(name, value).map(Some);
        }
        let Some(header) = self.packet_header(name) else { return Ok(None) };
        match header.decode_as() {
            Some(decoded) => decoded.map(Some).map_err(|error| decode_fault(name, error)),
            None => header.value().map(|value| reread(name, value)).transpose(),
        }
    }

    /// The credentials that came with the call: in the AMF header `Credentials`, or as an attached
    /// [`Credentials`], where the gateway puts those of HTTP Basic.
    pub fn credentials(&self) -> Option<Credentials> {
        // Flex has its own way to send them.
        let header = self.packet_header(Credentials::HEADER).and_then(RequestHeader::value);
        let header = header.and_then(Credentials::from_header);
        header.or_else(|| self.extension::<Credentials>().cloned())
    }

    /// Who it is; nobody where that is not known.
    ///
    /// That is, the first of these: who was [logged in](Self::login); the [`Principal`] that a layer attached, to the
    /// caller or, over HTTP, to the request; whose the [credentials](Self::credentials) are; whom the
    /// [`Authenticator`](super::Authenticator) recalls. Wrong credentials are the fault `Client.Authentication`;
    /// credentials that nobody can check, `Server.Authentication`.
    pub async fn principal(&self) -> Result<Option<Principal>, Fault> {
        self.identity.principal(self).await
    }

    /// Returns the address of the client, if its transport attached a [`ClientAddress`]. Limits count by it.
    pub fn address(&self) -> Option<IpAddr> {
        self.extension::<ClientAddress>().map(|address| address.0)
    }

    /// Checks credentials that a method received as arguments: asks the [`Authenticator`](super::Authenticator) of the
    /// services within the [`LoginLimits`](super::LoginLimits), and [logs the caller in](Self::login).
    ///
    /// ```
    /// use amf_remoting::service::Credentials;
    /// use amf_remoting::{Caller, Fault, remoting_service};
    ///
    /// struct Accounts;
    ///
    /// #[remoting_service(name = "accounts")]
    /// impl Accounts {
    ///     async fn login(&self, caller: &Caller, name: String, password: String) -> Result<(), Fault> {
    ///         caller.login_with(&Credentials::new(name, password)).await?;
    ///         Ok(())
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// `Client.Authentication` if the credentials are wrong, `Client.Authentication.TooManyAttempts` if a limit is
    /// exceeded, `Server.Authentication` if the services have no authenticator, or the fault of the authenticator.
    pub async fn login_with(&self, credentials: &Credentials) -> Result<Principal, Fault> {
        let logins = self.logins.as_ref().ok_or_else(no_authenticator)?;
        let principal =
            Box::pin(logins.authenticate(credentials, self)).await?.ok_or_else(wrong_credentials)?;
        self.login(principal.clone()).await;
        Ok(principal)
    }

    /// Says who it is, for all calls that follow in the same packet or on the same connection.
    ///
    /// Over HTTP the next packet is a stranger's again: keep a session, and let the
    /// [`Authenticator`](super::Authenticator) recall it.
    pub async fn login(&self, principal: Principal) {
        self.identity.login(principal).await;
    }

    /// Forgets who it is, for all calls that follow in the same packet or on the same connection.
    pub async fn logout(&self) {
        self.identity.logout().await;
    }

    /// Returns the numbering of AMF0 references that the caller showed last, in the same packet or on the same
    /// connection: a message could be read under no other, or not under the one that was tried first.
    pub fn amf0_numbering(&self) -> Option<Amf0Numbering> {
        self.identity.numbering().get()
    }

    /// Remembers the numbering of AMF0 references that a message of the caller showed, for a transport that decodes
    /// messages itself.
    pub fn set_amf0_numbering(&self, numbering: Amf0Numbering) {
        self.identity.numbering().set(numbering);
    }

    pub(super) fn set_logins(&mut self, logins: &Arc<Logins>) {
        self.logins = Some(Arc::clone(logins));
    }

    pub(super) fn logins(&self) -> Option<&Arc<Logins>> {
        self.logins.as_ref()
    }

    pub(super) fn login_attempts(&self) -> &LoginAttempts {
        self.identity.login_attempts()
    }

    /// The same caller, of whom nobody has found out anything.
    pub(crate) fn anonymous(&self) -> Self {
        Self { identity: self.identity.separate(), logins: None, ..self.clone() }
    }

    /// What was attached of this type.
    ///
    /// Over HTTP the head of the request is there as `http::request::Parts`, with the extensions that layers of
    /// the app put into it.
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.extensions.get()
    }

    /// Everything that was attached, to attach more: a layer may put an authenticated user here.
    pub fn extensions_mut(&mut self) -> &mut Extensions {
        Arc::make_mut(&mut self.extensions)
    }
}

/// The headers of one message, of which a packet may hold several.
pub trait MessageHeaders: Send + Sync {
    /// All of them.
    fn all(&self) -> &DynamicMembers;
}

impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the values of the headers: a password may be among them.
        let headers: Vec<_> = self.headers.iter().map(|header| &header.name).collect();
        f.debug_struct("Caller")
            .field("client", &self.client)
            .field("headers", &headers)
            .field("extensions", &self.extensions)
            .finish_non_exhaustive()
    }
}

/// Reads a value as another type, through its encoding.
fn reread<T: for<'de> FromAmf<'de>>(name: &str, value: &Value) -> Result<T, Fault> {
    // As much as one text may have. A value of many references to one text is far longer than what was received.
    const BUDGET: OutputBudget = OutputBudget::new("header_bytes", 1 << 20);
    let bytes = BUDGET.encode(Version::Amf3, |encoder| value.to_amf(encoder)).map_err(|error| {
        record_exceeded(&error);
        let text = format!("the header `{name}` cannot be read: {error}");
        Fault::new(code::MESSAGE_ENCODING, text)
    })?;
    let decoded = Decoder::new(Version::Amf0, &bytes).with_classes_of::<T>().read();
    decoded.map_err(|error| decode_fault(name, error))
}

#[cold]
fn decode_fault(name: &str, error: DecodeError) -> Fault {
    Fault::unreadable(format_args!("the header `{name}`"), &error.in_member(name.to_owned()))
}

/// What a method can borrow: `&T` among its parameters is made from the caller, by this.
///
/// ```
/// use amf_remoting::{Caller, Fault, FromCaller};
///
/// struct User { name: String }
///
/// impl FromCaller for User {
///     async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
///         match caller.header("user") {
///             Some(amf_remoting::Value::String(name)) => Ok(User { name: name.to_string() }),
///             _ => Err(Fault::new("Client.Authentication", "who are you?")),
///         }
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be borrowed from the caller",
    label = "a borrowed parameter is made from the caller of the method",
    note = "take `{Self}` by value if it arrives on the wire,",
    note = "or implement `FromCaller` for it if it is about who calls"
)]
pub trait FromCaller: Sized + Send + Sync {
    /// Makes it, or refuses the call.
    fn from_caller(caller: &Caller) -> impl Future<Output = Result<Self, Fault>> + Send;
}

impl FromCaller for Caller {
    async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
        Ok(caller.clone())
    }
}

impl FromCaller for Client {
    async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
        Ok(caller.client().clone())
    }
}
