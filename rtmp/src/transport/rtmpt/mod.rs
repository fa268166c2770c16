//! RTMPT: RTMP in the bodies of HTTP requests. There is no official specification; this is what Flash Player and
//! librtmp do.
//!
//! ```text
//! POST /open/1                the answer is an id for all that follows, and a line feed
//! POST /send/{id}/{number}    the body goes to the server
//! POST /idle/{id}/{number}    a body of one byte that means nothing: is there anything?
//! POST /close/{id}/{number}   the end
//! ```
//!
//! The answer to `send` and `idle` is one byte, which tells the client how long to wait before it asks again, and
//! what the server has to say. Numbers count requests, whatever they are.

mod session;
mod sessions;

use std::sync::Arc;

use amf_remoting::__private::log_limit::warn_limited;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use bytes::Bytes;
use tokio::time::timeout;

use super::client_address::ClientAddress;
use crate::metrics::limit_exceeded;
use crate::server::{Server, TunnelLimits};
use session::{BodyError, TunnelError};
use sessions::Sessions;

/// Bytes of a body that are read although they mean nothing.
const MAX_DISCARDED_BODY: usize = 64 << 10;

impl Server {
    /// A transport through plain HTTP requests, for players behind firewalls: `rtmpt://host/app`, and `rtmpts://` where the
    /// app is served by TLS. The routes are `/open/…`, `/send/…`, `/idle/…`, `/close/…` and `/fcs/…` at the root of
    /// the host, as clients ask for them there.
    ///
    /// ```
    /// use amf_remoting::Services;
    /// use amf_rtmp::Server;
    /// use axum::Router;
    ///
    /// let server = Server::new(Services::new());
    /// let app: Router = Router::new().merge(server.rtmpt());
    /// ```
    ///
    /// A connection is identified by a random id of 128 bits. It ends if no request arrives for a while, or if a request
    /// that was overtaken by another does not arrive; the last request may be sent again. The limits are
    /// [`TunnelLimits`](crate::TunnelLimits). Requests over [`max_connections`](Server::max_connections) or
    /// [`max_connections_per_address`](Server::max_connections_per_address) receive `503 Service Unavailable`, and pages of
    /// other hosts `403 Forbidden`, unless [`allowed_origins`](Server::allowed_origins) allows them. Connections are known
    /// to this router only: behind a load balancer, all requests of a client have to reach the same machine.
    ///
    /// The address of a client, which is its [`Connect::peer`](crate::Connect::peer) too, is axum's
    /// `ConnectInfo<SocketAddr>`: serve the app by `amf_remoting::gateway::serve`, or with
    /// `into_make_service_with_connect_info::<SocketAddr>()`. Without it, all connections count as those of one address,
    /// and a warning says so. Behind a proxy, `amf_remoting::address::TrustedHeader` finds the address.
    pub fn rtmpt<S: Clone + Send + Sync + 'static>(&self) -> Router<S> {
        Router::new()
            .route("/fcs/{what}", post(ident))
            .route("/open/{number}", post(open))
            .route("/send/{id}/{number}", post(send))
            .route("/idle/{id}/{number}", post(idle))
            .route("/close/{id}/{number}", post(close))
            .with_state(Arc::new(Sessions::new(Arc::clone(self.settings()))))
    }
}

async fn open(
    State(sessions): State<Arc<Sessions>>,
    uri: Uri,
    headers: HeaderMap,
    peer: ClientAddress,
    body: Body,
) -> Response {
    if let Err(refusal) = sessions.allowed_origins().check(&uri, &headers) {
        return respond_after_body(&sessions, body, refusal.into_response()).await;
    }
    let response = match sessions.open(&peer) {
        Ok(id) => tunnel_response(format!("{id}\n")),
        Err(error) => {
            warn_limited!(%error, peer = ?peer.0, "a tunnel was refused");
            (StatusCode::SERVICE_UNAVAILABLE, format!("{error}\n")).into_response()
        }
    };
    respond_after_body(&sessions, body, response).await
}

async fn send(
    State(sessions): State<Arc<Sessions>>,
    Path((id, number)): Path<(String, u64)>,
    body: Body,
) -> Response {
    let slot = match sessions.slot(&id) {
        Ok(slot) => slot,
        Err(error) => return respond_after_body(&sessions, body, response_to(Err(error))).await,
    };
    let (name, max) = slot.max_body();
    match timeout(sessions.limits().request_timeout, slot.read_body(body, max)).await {
        Ok(Ok(body)) => response_to(slot.exchange(number, body).await),
        Ok(Err(BodyError::Closed)) => with_connection_close(response_to(Err(TunnelError::Unknown))),
        // Nobody reads the response to a lost one.
        Ok(Err(BodyError::TooLong | BodyError::Lost)) => {
            with_connection_close(limit_response(StatusCode::PAYLOAD_TOO_LARGE, name))
        }
        Err(_) => with_connection_close(limit_response(
            StatusCode::REQUEST_TIMEOUT,
            TunnelLimits::NAMES.request_timeout,
        )),
    }
}

async fn idle(
    State(sessions): State<Arc<Sessions>>,
    Path((id, number)): Path<(String, u64)>,
    body: Body,
) -> Response {
    let response = match sessions.slot(&id) {
        Ok(slot) => response_to(slot.poll(number).await),
        Err(error) => response_to(Err(error)),
    };
    respond_after_body(&sessions, body, response).await
}

async fn close(
    State(sessions): State<Arc<Sessions>>,
    Path((id, number)): Path<(String, u64)>,
    body: Body,
) -> Response {
    let is_closed = Arc::clone(&sessions).close(id, number).await;
    let response = if is_closed {
        tunnel_response(Bytes::from_static(&[0]))
    } else {
        response_to(Err(TunnelError::Unknown))
    };
    respond_after_body(&sessions, body, response).await
}

/// Clients ask for the server's address here, and go on where there is none.
async fn ident(State(sessions): State<Arc<Sessions>>, body: Body) -> Response {
    respond_after_body(&sessions, body, StatusCode::NOT_FOUND.into_response()).await
}

/// Reads the body of a request whose bytes mean nothing, then responds.
///
/// A body that is left unread closes the connection, without a word to the client: clients send the one byte of
/// `idle` in a packet of its own, and lose the connection with each request that was answered before the byte came.
async fn respond_after_body(sessions: &Sessions, body: Body, response: Response) -> Response {
    let discarded = timeout(sessions.limits().request_timeout, to_bytes(body, MAX_DISCARDED_BODY)).await;
    if matches!(discarded, Ok(Ok(_))) { response } else { with_connection_close(response) }
}

/// Announces that the connection ends with this response.
fn with_connection_close(mut response: Response) -> Response {
    response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
    response
}

fn response_to(outcome: Result<Bytes, TunnelError>) -> Response {
    match outcome {
        Ok(bytes) => tunnel_response(bytes),
        Err(TunnelError::Unknown) => StatusCode::NOT_FOUND.into_response(),
        Err(TunnelError::TooMany) => {
            limit_response(StatusCode::TOO_MANY_REQUESTS, TunnelLimits::NAMES.pending_requests)
        }
        Err(TunnelError::OutOfOrder) => StatusCode::BAD_REQUEST.into_response(),
    }
}

/// One of the [`TunnelLimits`](crate::TunnelLimits) was exceeded.
fn limit_response(status: StatusCode, name: &'static str) -> Response {
    limit_exceeded(name);
    tracing::debug!(%status, limit = name, "a request of a tunnel exceeded a limit");
    (status, format!("exceeded the limit `{name}`\n")).into_response()
}

fn tunnel_response(bytes: impl Into<Bytes>) -> Response {
    let bytes = bytes.into();
    let length = bytes.len();
    let mut response = (
        [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/x-fcs")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-cache")),
        ],
        bytes,
    )
        .into_response();
    // librtmp looks for `Content-` with a capital letter, which HTTP/1.1 of today does not write.
    if let Ok(length) = HeaderValue::try_from(format!("Content-Length: {length}")) {
        response.headers_mut().insert("x-librtmp", length);
    }
    response
}
