//! Flash remoting over HTTP, as a route of any axum app.
//!
//! A client posts a packet of one or more calls and gets a packet with a result (`/1/onResult`) or a fault
//! (`/1/onStatus`) for each, in order. The calls of a packet run one after another, because programs send
//! `login` and `getData` in one; a method that is `concurrent` does not hold up those after it.
//!
//! A call that cannot be read gets a fault, and the calls behind it run all the same if they can be found: where the
//! declared lengths of all of them are exact, as Flash Player writes them. So `getData` may run although `login` could
//! not be read, as it may run after a `login` that failed. If a length is wrong, the packet ends at the call that
//! cannot be read. Bytes behind the last call are ignored.
//!
//! The version of a reply follows the call: AMF3 where the packet is of version 3 or its arguments are switched to
//! AMF3, AMF0 otherwise.
//!
//! Clients that speak with RemoteObject, those of Flex and of Apache Royale, are let in by [`Gateway::flex`].
//!
//! What a method told its [`Client`](crate::Client) follows the result of its call in the reply, as calls to the
//! methods of `NetConnection.client`. When the reply is written the client is gone. [`ReplyHeaders`] are for its
//! connection: `AppendToGatewayUrl`, `ReplaceGatewayUrl`, `RequestPersistentHeader`.
//!
//! What the app and its layers know reaches methods as it reaches axum's handlers: a method borrows axum's
//! [`Extension`](axum::Extension), its [`State`](axum::extract::State) with the type that the router has, and any other
//! extractor of the request's head as [`Extracted`].
//!
//! ```
//! use amf_remoting::{Gateway, Services, remoting_service};
//! use axum::{Extension, Router, extract::State};
//!
//! #[derive(Clone)]
//! struct App { motto: String }
//!
//! #[derive(Clone)]
//! struct Language(&'static str);
//!
//! struct About;
//!
//! #[remoting_service(name = "about")]
//! impl About {
//!     fn motto(&self, app: &State<App>, language: &Extension<Language>) -> String {
//!         format!("{} ({})", app.motto, language.0.0)
//!     }
//! }
//!
//! let app: Router = Router::new()
//!     .merge(Gateway::new(Services::new().add(About)).into_router("/gateway"))
//!     .layer(Extension(Language("en")))
//!     .with_state(App { motto: "onwards".to_owned() });
//! ```
//!
//! Who calls is found out by the [authenticator](Services::authenticator), from the AMF header `Credentials` or
//! HTTP Basic; or by a layer, which puts a [`Principal`](crate::service::Principal) into the request's extensions.
//! The head of the request is `caller.extension::<http::request::Parts>()`.
//!
//! # In an app
//!
//! A gateway is a route, and what goes around routes goes around it: tower-http's layers for CORS, compression, traces,
//! timeouts and limits. What is to hold for single calls, over every transport, goes around the services:
//! [`Services::layer`]. The example `layers` has all of it, each shown at work by its test.
//!
//! - **Traces.** Each request is a span `packet` (`version`, `messages`, `outcome`, `seconds`) and each call, over any
//!   transport, a span `call` (`service`, `method`, `client`, `outcome`, `seconds`), of the level DEBUG. The outcome of a call
//!   is `ok`, the code of its fault, `panic` or `cancelled`. Where no subscriber wants them, nothing is measured.
//! - **Counters**, with the feature `metrics`: `amf_remoting::metrics` lists them.
//! - **The server**: `axum::serve` has no deadline for heads and for responses that a client leaves unread, and no limit
//!   on connections; behind a proxy the proxy has them. `gateway::serve`, with the feature `serve`, is for apps that
//!   strangers reach directly.
//! - **Memory**: what all requests hold together is bounded by [`MemoryBudget`](crate::MemoryBudget).
//! - **Limits**: [`GatewayLimits`], [`Services::call_timeout`], [`Services::limits`] and [`Services::output_limits`] are
//!   in force unless others are set.
//! - **A client that goes away** cancels its calls, or not: [`Gateway::complete_calls_on_disconnect`].
//! - **A server that stops** in an orderly way, as axum's `with_graceful_shutdown`, lets running calls end.

mod body;
mod collect;
mod credentials;
mod detached;
mod extract;
mod limits;
mod pace;
#[cfg(feature = "serve")]
mod paced;
mod rejection;
mod request;
mod request_recorder;
#[cfg(feature = "serve")]
mod serve;

pub use crate::packet::ReplyHeaders;
pub use body::{GatewayBody, ReplyDroppedError};
pub use extract::{Extracted, HandlerFuture};
pub use limits::GatewayLimits;
#[cfg(feature = "serve")]
pub use paced::SlowBodyError;
#[cfg(feature = "serve")]
pub use serve::{ServerConfig, ServerLimits, serve};

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use amf_core::Classes;
use axum::routing::any;
use bytes::Bytes;
use http::{HeaderValue, Request, Response, StatusCode, header};
use tracing::{Instrument, Span};

use crate::flex::{self, Flex};
use crate::packet::{HeaderPolicy, PacketProtocol, PacketSettings, handle_packet, packet_span};
use crate::service::{Access, BoxFuture, Extensions, Services};
use credentials::caller_extensions;
use detached::DetachedPackets;
use rejection::HttpRejection;
use request_recorder::record_request;

/// The AMF gateway: answers remoting calls to [`Services`] over HTTP.
///
/// It is a [`tower::Service`] for HTTP requests with any body; [`into_router`](Self::into_router) makes routes of it.
#[derive(Clone)]
pub struct Gateway {
    inner: Arc<GatewayInner>,
}

#[derive(Clone)]
struct GatewayInner {
    services: Services,
    limits: GatewayLimits,
    policy: HeaderPolicy,
    /// What is spoken inside of messages, other than plain calls.
    protocol: Option<Arc<dyn PacketProtocol>>,
    /// Packets at work, where their calls go on without their client.
    detached_packets: Option<DetachedPackets>,
}

impl Gateway {
    /// A gateway with the default limits.
    pub fn new(services: Services) -> Self {
        let (limits, policy) = (GatewayLimits::default(), HeaderPolicy::default());
        Self {
            inner: Arc::new(GatewayInner {
                services,
                limits,
                policy,
                protocol: None,
                detached_packets: None,
            }),
        }
    }

    /// Sets what a request may cost.
    #[must_use]
    pub fn limits(mut self, limits: GatewayLimits) -> Self {
        let inner = Arc::make_mut(&mut self.inner);
        inner.detached_packets =
            inner.detached_packets.take().map(|detached| detached.with_max(limits.detached_packets));
        inner.limits = limits;
        self
    }

    /// Lets a protocol have the messages that it takes. Its classes are those that `classes` adds.
    fn with_protocol(mut self, protocol: Arc<dyn PacketProtocol>, classes: fn(&mut Classes)) -> Self {
        let inner = Arc::make_mut(&mut self.inner);
        inner.services = inner.services.clone().with_classes(classes);
        inner.protocol = Some(protocol);
        self
    }

    /// Lets clients of Flex in, besides those that make plain calls.
    #[must_use]
    pub fn flex(self, flex: Flex) -> Self {
        self.with_protocol(Arc::new(flex), flex::register_classes)
    }

    /// Takes "must understand" at its word: a packet with such a header of a name that is not among these, nor known
    /// to the gateway itself (`Credentials`, `DescribeService`), gets the fault `Client.Header.NotUnderstood` for
    /// each of its calls. Unless this is set, nothing is refused for a header, as in all known servers.
    #[must_use]
    pub fn strict_headers(mut self, understood: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Arc::make_mut(&mut self.inner).policy.set_understood(understood);
        self
    }

    /// Whether a packet with the header `DescribeService` gets descriptions of its services, each with what the
    /// caller may call of it, in place of results; it does, unless this is set to false. Then it gets faults: a
    /// call that is not meant is never made.
    #[must_use]
    pub fn describe_service(mut self, enabled: bool) -> Self {
        let access = enabled.then_some(Access::Public);
        Arc::make_mut(&mut self.inner).policy.set_describe_service(access);
        self
    }

    /// Restricts [`describe_service`](Self::describe_service) to callers that an access rule admits, for example to those
    /// who are logged in. Other callers receive the fault of the rule.
    ///
    /// ```
    /// use amf_remoting::service::Access;
    /// use amf_remoting::{Gateway, Services};
    ///
    /// let gateway = Gateway::new(Services::new()).describe_service_to(Access::LoggedIn);
    /// # let _ = gateway;
    /// ```
    #[must_use]
    pub fn describe_service_to(mut self, access: Access) -> Self {
        Arc::make_mut(&mut self.inner).policy.set_describe_service(Some(access));
        self
    }

    /// Whether the calls of a packet are made to their end when the client goes away meanwhile; unless this is set to
    /// true, they are cancelled then: a method's future is dropped where it waits, and later calls of the packet are
    /// not made.
    ///
    /// So many packets at a time are completed without their client as [`GatewayLimits::detached_packets`] says; those
    /// beyond are cancelled.
    ///
    /// A server that stops in an orderly way waits for its clients, and not for work without one: for that there is
    /// [`wait_idle`](Self::wait_idle).
    #[must_use]
    pub fn complete_calls_on_disconnect(mut self, enabled: bool) -> Self {
        let inner = Arc::make_mut(&mut self.inner);
        inner.detached_packets = enabled.then(|| DetachedPackets::new(inner.limits.detached_packets));
        self
    }

    /// Waits until no call is at work that goes on without its client, see [`complete_calls_on_disconnect`](Self::complete_calls_on_disconnect).
    ///
    /// ```
    /// # use amf_remoting::{Gateway, Services};
    /// # async fn f(listener: tokio::net::TcpListener, stop: tokio::sync::oneshot::Receiver<()>) -> std::io::Result<()> {
    /// let gateway = Gateway::new(Services::new()).complete_calls_on_disconnect(true);
    /// let app = axum::Router::new().merge(gateway.clone().into_router("/gateway"));
    /// axum::serve(listener, app).with_graceful_shutdown(async { _ = stop.await }).await?;
    /// gateway.wait_idle().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn wait_idle(&self) {
        if let Some(detached) = &self.inner.detached_packets {
            detached.wait_idle().await;
        }
    }

    /// Routes for an app with any state, to be merged or nested: `path`, also with a slash at its end and with
    /// path parameters (`/gateway;jsessionid=…`), as Flash clients and servlet containers write them.
    ///
    /// ```
    /// use amf_remoting::{Gateway, Services};
    ///
    /// #[derive(Clone)]
    /// struct AppState;
    ///
    /// let app: axum::Router = axum::Router::new()
    ///     .merge(Gateway::new(Services::new()).into_router("/gateway"))
    ///     .with_state(AppState);
    /// ```
    ///
    /// # Panics
    /// As axum does, where `path` does not start with a slash.
    pub fn into_router<S>(self, path: &str) -> axum::Router<S>
    where
        S: Clone + Send + Sync + 'static,
    {
        let base = path.strip_suffix('/').unwrap_or(path);
        let (slashed, root) = (format!("{base}/"), if base.is_empty() { "/" } else { base });
        let router = axum::Router::new()
            .route(&slashed, any(self.clone()))
            .route(&format!("{root};{{parameters}}"), any(self.clone()));
        if base.is_empty() { router } else { router.route(base, any(self)) }
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let GatewayInner { services, limits, protocol, .. } = &*self.inner;
        f.debug_struct("Gateway")
            .field("services", services)
            .field("limits", limits)
            .field("protocol", protocol)
            .finish_non_exhaustive()
    }
}

type GatewayFuture = BoxFuture<'static, Result<Response<GatewayBody>, Infallible>>;

impl<B> tower::Service<Request<B>> for Gateway
where
    B: http_body::Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    type Response = Response<GatewayBody>;
    type Error = Infallible;
    type Future = GatewayFuture;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let inner = Arc::clone(&self.inner);
        Box::pin(async move {
            let span = packet_span();
            let reply = pin!(inner.handle(request, &span));
            Ok(match record_request(span.clone(), reply).await {
                Ok(packet) => amf_response(GatewayBody::charged(packet, inner.services.memory())),
                Err(refusal) => refusal.into_response(),
            })
        })
    }
}

impl GatewayInner {
    async fn handle<B>(self: &Arc<Self>, request: Request<B>, span: &Span) -> Result<Bytes, HttpRejection>
    where
        B: http_body::Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>>,
    {
        let (parts, body) = request.into_parts();
        let packet = request::read_packet(&parts, body, &self.limits, self.services.memory()).await?;
        match &self.detached_packets {
            None => self.handle_packet(caller_extensions(parts), packet, span).await,
            Some(detached) => {
                let (inner, span) = (Arc::clone(self), span.clone());
                let extensions = caller_extensions(parts);
                let work = async move { inner.handle_packet(extensions, packet, &span).await };
                detached.run(work.in_current_span()).await.unwrap_or_else(|| {
                    let text = "The server is stopping.";
                    Err(HttpRejection::new("cancelled", StatusCode::SERVICE_UNAVAILABLE, text))
                })
            }
        }
    }

    async fn handle_packet(
        &self,
        extensions: Extensions,
        packet: Bytes,
        span: &Span,
    ) -> Result<Bytes, HttpRejection> {
        let Self { services, limits, policy, protocol, .. } = self;
        let (protocol, limits) = (protocol.as_deref(), limits.packet_limits());
        let settings = PacketSettings { services, protocol, limits, policy };
        Ok(handle_packet(settings, extensions, packet, span).await?)
    }
}

fn amf_response(packet: GatewayBody) -> Response<GatewayBody> {
    let mut response = Response::new(packet);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amf"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
