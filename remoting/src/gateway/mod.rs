//! Flash remoting over HTTP, as a route of any axum app.
//!
//! A client posts a packet of one or more calls and gets a packet with a result (`/1/onResult`) or a fault
//! (`/1/onStatus`) for each, in order. The calls of a packet run one after another, because programs send
//! `login` and `getData` in one; a method that is `concurrent` does not hold up those after it.
//!
//! The version of a reply follows the call: AMF3 where the packet is of version 3 or its arguments are switched to
//! AMF3, AMF0 otherwise.
//!
//! What a method told its [`Client`](crate::Client) follows the result of its call in the reply, as calls to the
//! methods of `NetConnection.client`. When the reply is written the client is gone.
//!
//! The head of the request is `caller.extension::<http::request::Parts>()`, and with it whatever the layers of the
//! app put into its extensions:
//!
//! ```
//! use amf_remoting::{Caller, Fault, FromCaller};
//!
//! #[derive(Clone)]
//! struct User(String);
//!
//! impl FromCaller for User {
//!     async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
//!         let user = caller.extension::<http::request::Parts>().and_then(|request| request.extensions.get::<User>());
//!         user.cloned().ok_or_else(|| Fault::new("Client.Authentication", "log in first"))
//!     }
//! }
//! ```

mod batch;
mod body;
mod exchange;
mod intake;
mod limits;
mod outbox;
mod refusal;
mod reply;
mod versions;

pub use body::GatewayBody;
pub use limits::GatewayLimits;

use std::convert::Infallible;
use std::error::Error;
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};

use crate::Services;
use crate::service::BoxFuture;
use refusal::Refusal;

/// The HTTP door to [`Services`].
///
/// It is a [`tower::Service`] for HTTP requests with any body; [`into_router`](Self::into_router) makes routes of it.
#[derive(Clone)]
pub struct Gateway {
    shared: Arc<Shared>,
}

struct Shared {
    services: Services,
    limits: GatewayLimits,
}

impl Gateway {
    /// A gateway with the default limits.
    pub fn new(services: Services) -> Self {
        Self::with(services, GatewayLimits::default())
    }

    /// Sets what a request may cost.
    #[must_use]
    pub fn limits(self, limits: GatewayLimits) -> Self {
        Self::with(self.shared.services.clone(), limits)
    }

    fn with(services: Services, limits: GatewayLimits) -> Self {
        Self { shared: Arc::new(Shared { services, limits }) }
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
            .route_service(&slashed, self.clone())
            .route_service(&format!("{root};{{parameters}}"), self.clone());
        if base.is_empty() { router } else { router.route_service(base, self) }
    }
}

impl fmt::Debug for Gateway {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Shared { services, limits } = &*self.shared;
        f.debug_struct("Gateway").field("services", services).field("limits", limits).finish()
    }
}

impl<B> tower::Service<Request<B>> for Gateway
where
    B: http_body::Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>> + Send + 'static,
{
    type Response = Response<GatewayBody>;
    type Error = Infallible;
    type Future = BoxFuture<'static, Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let shared = Arc::clone(&self.shared);
        Box::pin(async move {
            Ok(match shared.answer(request).await {
                Ok(packet) => amf(packet),
                Err(refusal) => refusal.into_response(),
            })
        })
    }
}

impl Shared {
    async fn answer<B>(&self, request: Request<B>) -> Result<Bytes, Refusal>
    where
        B: http_body::Body<Data: Send, Error: Into<Box<dyn Error + Send + Sync>>>,
    {
        let (parts, body) = request.into_parts();
        intake::check_head(&parts)?;
        let packet = intake::read_body(body, &self.limits).await?;
        exchange::answer(&self.services, &self.limits, parts, packet).await
    }
}

fn amf(packet: Bytes) -> Response<GatewayBody> {
    let mut response = Response::new(GatewayBody::from(packet));
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amf"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
