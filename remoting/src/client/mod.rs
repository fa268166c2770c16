//! A remoting client: calls to any gateway, ours or another, over HTTP.
//!
//! ```
//! use amf_remoting::{CallError, Gateway, RemotingClient, Services, remoting_service};
//!
//! struct Adder;
//!
//! #[remoting_service(name = "adder")]
//! impl Adder {
//!     fn add(&self, a: f64, b: f64) -> f64 { a + b }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let gateway = Gateway::new(Services::new().add(Adder));
//! let client = RemotingClient::new("http://127.0.0.1:8080/gateway")?;
//! # let client = RemotingClient::builder("http://127.0.0.1:8080/gateway")?.transport(gateway).build()?;
//! let sum: f64 = client.call("adder.add", (1, 2)).await?;
//! assert_eq!(sum, 3.0);
//!
//! match client.call::<f64>("adder.subtract", (1, 2)).await {
//!     Err(CallError::Fault(fault)) => assert_eq!(fault.code(), "Service.MethodNotFound"),
//!     other => panic!("{other:?}"),
//! }
//!
//! // Several calls in one packet, each with its own result.
//! let mut batch = client.batch();
//! let first = batch.call::<f64>("adder.add", (1, 2))?;
//! let second = batch.call::<String>("adder.add", (3, 4))?;
//! let replies = batch.send().await?;
//! assert_eq!(replies.get(&first)?, 3.0);
//! let error = replies.get(&second).unwrap_err().to_string();
//! assert!(error.contains("/4/onResult: expected String"), "{error}");
//! # Ok(())
//! # }
//! ```
//!
//! `#[remote_client]` traits work on what [`RemotingClient::remote`] gives. Cookies are kept; so is what a server asks
//! for by `AppendToGatewayUrl`, `ReplaceGatewayUrl` (within the same host) and `RequestPersistentHeader`. Methods
//! that a server calls along with its reply go to [`Builder::services`].

mod batch;
mod builder;
mod error;
mod limits;
mod remote;
mod replies;
mod session;
mod transport;

pub use batch::{Batch, PendingCall};
pub use builder::Builder;
pub use error::{HttpError, UrlError};
pub use limits::ClientLimits;
pub use replies::{Replies, ReplyHeader, ReplyKind, ReplyMessage};

use std::fmt;
use std::slice;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use amf_core::packet::PacketWriter;
use amf_core::{Classes, DecodeOptions, EncodeError, FromAmf, ToAmf, Version};
use bytes::Bytes;
use http::response::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use http_body_util::Full;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::timeout;

use crate::__log_limit::warn_limited;
use crate::metrics;
use crate::service::{Call, CallError, Caller, Client, ClientId, Credentials, Services, ToArguments};
use batch::EncodedCall;
use builder::UnhandledHook;
use remote::RemoteService;
use session::Session;
use transport::Transport;

/// A client of a remoting gateway. Cheap to clone; clones share connections, headers and cookies.
///
/// It needs a tokio runtime. See the [module](self) for an example.
#[derive(Clone)]
pub struct RemotingClient {
    inner: Arc<ClientInner>,
}

struct ClientInner {
    transport: Transport,
    session: Mutex<Session>,
    calls: AtomicU64,
    notifications: Arc<Semaphore>,
    notification_bytes: NotificationBytes,
    version: Version,
    limits: ClientLimits,
    decode_options: DecodeOptions,
    http_headers: HeaderMap,
    classes: Classes,
    services: Services,
    unhandled: Arc<UnhandledHook>,
}

/// The bytes of notifications in flight.
struct NotificationBytes {
    permits: Arc<Semaphore>,
    max: u32,
}

impl NotificationBytes {
    fn new(max: usize) -> Self {
        let max = u32::try_from(max.min(Semaphore::MAX_PERMITS)).unwrap_or(u32::MAX);
        Self { permits: Arc::new(Semaphore::new(max as usize)), max }
    }

    /// Takes the room of one notification. One of any size fits if it is alone.
    fn acquire(&self, bytes: usize) -> Option<OwnedSemaphorePermit> {
        let bytes = u32::try_from(bytes).unwrap_or(u32::MAX).min(self.max);
        Arc::clone(&self.permits).try_acquire_many_owned(bytes).ok()
    }
}

impl RemotingClient {
    /// A client of the gateway at `http://…`, or `https://…` with the feature `client-tls`, that speaks AMF3.
    pub fn new(url: &str) -> Result<Self, UrlError> {
        Self::builder(url)?.build()
    }

    /// A client with settings.
    pub fn builder(url: &str) -> Result<Builder, UrlError> {
        Builder::new(url)
    }

    fn from_builder(builder: Builder) -> Self {
        let decode_options = builder.decode_options();
        Self {
            inner: Arc::new(ClientInner {
                transport: builder.transport.unwrap_or_else(|| Transport::new(builder.session.is_secure())),
                session: Mutex::new(builder.session),
                calls: AtomicU64::new(0),
                notifications: Arc::new(Semaphore::new(
                    builder.limits.notifications_in_flight.min(Semaphore::MAX_PERMITS),
                )),
                notification_bytes: NotificationBytes::new(builder.limits.notification_bytes_in_flight),
                version: builder.version,
                limits: builder.limits,
                decode_options,
                http_headers: builder.http_headers,
                classes: builder.classes,
                services: builder.services,
                unhandled: builder.unhandled,
            }),
        }
    }

    /// Calls `service.method` and waits for its result.
    pub async fn call<T>(&self, target: &str, arguments: impl ToArguments) -> Result<T, CallError>
    where
        T: for<'de> FromAmf<'de>,
    {
        let mut batch = self.batch();
        let call = batch.call::<T>(target, arguments)?;
        batch.send().await?.get(&call)
    }

    /// Gathers calls to send in one packet.
    pub fn batch(&self) -> Batch<'_> {
        Batch::new(self)
    }

    /// A service of the gateway, as something that `#[remote_client]` traits can be called on; the empty name is for
    /// methods without a service.
    ///
    /// A method that is told, not asked, is sent by a task of its own, up to
    /// [`ClientLimits::notifications_in_flight`] at a time, and may overtake another.
    ///
    /// ```
    /// use amf_remoting::{CallError, Gateway, RemotingClient, Services, remote_client, remoting_service};
    ///
    /// #[remote_client]
    /// trait Adder {
    ///     async fn add(&self, a: f64, b: f64) -> Result<f64, CallError>;
    /// }
    /// # struct Server;
    /// # #[remoting_service(name = "adder")]
    /// # impl Server { fn add(&self, a: f64, b: f64) -> f64 { a + b } }
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let gateway = Gateway::new(Services::new().add(Server));
    ///
    /// let client = RemotingClient::new("http://127.0.0.1:8080/gateway")?;
    /// # let client = RemotingClient::builder("http://127.0.0.1:8080/gateway")?.transport(gateway).build()?;
    /// assert_eq!(client.remote("adder").add(1.0, 2.0).await?, 3.0);
    /// # Ok(())
    /// # }
    /// ```
    pub fn remote(&self, service: &str) -> Client {
        Client::new(ClientId::allocate(), Arc::new(RemoteService::new(self.clone(), service)))
    }

    /// Adds an AMF header to every packet from now on, in place of the one of its name.
    pub fn set_header(&self, name: &str, value: &(impl ToAmf + ?Sized)) -> Result<(), EncodeError> {
        self.session().set_header(name, false, value, self.limits().request_budget())
    }

    /// Leaves an AMF header out from now on.
    pub fn remove_header(&self, name: &str) {
        self.session().remove_header(name);
    }

    /// Sends these credentials with every packet from now on.
    pub fn set_credentials(&self, credentials: &Credentials) -> Result<(), EncodeError> {
        builder::set_credentials(&mut self.session(), credentials, self.limits().request_budget())
    }

    /// The address to which the next request goes.
    pub fn url(&self) -> String {
        self.session().url().to_string()
    }

    fn version(&self) -> Version {
        self.inner.version
    }

    fn classes(&self) -> &Classes {
        &self.inner.classes
    }

    fn next_response_uri(&self) -> String {
        format!("/{}", self.inner.calls.fetch_add(1, Ordering::Relaxed) + 1)
    }

    fn limits(&self) -> &ClientLimits {
        &self.inner.limits
    }

    fn decode_options(&self) -> DecodeOptions {
        self.inner.decode_options
    }

    /// The permits of a notification with this many bytes of arguments, held while it is in flight.
    fn notification_permits(&self, bytes: usize) -> Option<[OwnedSemaphorePermit; 2]> {
        let notification = Arc::clone(&self.inner.notifications).try_acquire_owned().ok()?;
        Some([notification, self.inner.notification_bytes.acquire(bytes)?])
    }

    fn session(&self) -> MutexGuard<'_, Session> {
        self.inner.session.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One call whose result stays encoded.
    async fn call_encoded(&self, call: EncodedCall) -> Result<Bytes, CallError> {
        let classes = Arc::new(self.classes().clone());
        let replies = self.send_packet(slice::from_ref(&call), &classes).await?;
        Ok(replies.reply_to(&call.response_uri)?.bytes().clone())
    }

    /// Sends calls, waits for the replies, and does what these say besides.
    async fn send_packet(&self, calls: &[EncodedCall], classes: &Arc<Classes>) -> Result<Replies, CallError> {
        let limits = &self.inner.limits;
        let request = self.request(calls)?;
        let answer = self.inner.transport.send(request, limits.reply_bytes);
        let (head, body) = timeout(limits.call_timeout, answer).await.map_err(|_| CallError::Timeout)??;
        self.session().store_cookies(&head.headers, limits);
        check_response(&head, &body)?;
        let replies = Replies::from_bytes_with(body, classes, self.decode_options())?;
        metrics::record_trailing_bytes("reply", replies.trailing_bytes());
        self.session().apply_headers(&replies, limits);
        if timeout(limits.call_timeout, self.dispatch_server_calls(&replies)).await.is_err() {
            warn_limited!("what the server called along with its reply took too long");
        }
        Ok(replies)
    }

    fn request(&self, calls: &[EncodedCall]) -> Result<Request<Full<Bytes>>, EncodeError> {
        let mut packet = PacketWriter::new(match self.version() {
            Version::Amf0 => 0,
            Version::Amf3 => 3,
        })
        .with_output_limit(self.limits().request_budget().limit());
        let session = self.session();
        session.write_headers(&mut packet)?;
        for call in calls {
            packet.message(&call.target, &call.response_uri, &call.arguments)?;
        }
        let packet = packet.finish();
        self.limits().request_budget().check(packet.len())?;
        let mut request = Request::new(Full::new(packet.into()));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = session.url().clone();
        let headers = request.headers_mut();
        headers.extend(session.cookies().map(|cookies| (header::COOKIE, cookies)));
        headers.extend(self.inner.http_headers.clone());
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amf"));
        Ok(request)
    }

    /// The methods of ours that the server called, one after another.
    async fn dispatch_server_calls(&self, replies: &Replies) {
        for message in replies.messages() {
            let ReplyKind::Call(method) = message.kind() else { continue };
            let services = &self.inner.services;
            let caller = Caller::new(self.remote(""));
            let call = Call::new(method, message.bytes().clone(), self.version(), caller);
            if services.signature(call.target()).is_some() {
                if let Err(fault) = services.call(call).await {
                    tracing::debug!(method, %fault, "a call of the server failed");
                }
                continue;
            }
            match message.value() {
                Ok(arguments) => (self.inner.unhandled)(method, arguments),
                Err(error) => tracing::debug!(%error, "a call of the server cannot be read"),
            }
        }
    }
}

impl fmt::Debug for RemotingClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemotingClient")
            .field("url", &self.url())
            .field("version", &self.version())
            .field("limits", &self.inner.limits)
            .finish_non_exhaustive()
    }
}

/// Whether a response is worth reading. Some servers leave the content type out.
fn check_response(head: &Parts, body: &Bytes) -> Result<(), HttpError> {
    if head.status != StatusCode::OK {
        return Err(HttpError::Status { status: head.status, text: body_excerpt(body) });
    }
    let content_type = head.headers.get(header::CONTENT_TYPE).map(HeaderValue::as_bytes).unwrap_or_default();
    if content_type.starts_with(b"text/") {
        let content_type = String::from_utf8_lossy(content_type).into_owned();
        return Err(HttpError::NotAmf { content_type, text: body_excerpt(body) });
    }
    Ok(())
}

/// As much of a text as an error message bears.
fn body_excerpt(body: &Bytes) -> String {
    const MAX: usize = 200;
    String::from_utf8_lossy(body.get(..MAX).unwrap_or(body)).trim_end().to_owned()
}
