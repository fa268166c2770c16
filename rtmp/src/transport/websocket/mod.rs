//! RTMP in WebSocket: the bytes of the connection in binary messages, cut anywhere.

mod frame_meter;

use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use amf_remoting::__private::log_limit::warn_limited;
use amf_remoting::connection::{ConnectionMemory, ConnectionPermit};
use axum::body::Body;
use axum::extract::Request;
use axum::http::header::{HeaderValue, SEC_WEBSOCKET_PROTOCOL, SEC_WEBSOCKET_VERSION};
use axum::http::{Method, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any};
use bytes::BytesMut;
use futures_util::{SinkExt, Stream, StreamExt};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::error::CapacityError;
use tokio_tungstenite::tungstenite::handshake::server::create_response_with_body;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::protocol::{CloseFrame, Role, WebSocketConfig};
use tokio_tungstenite::tungstenite::{self, Message, Utf8Bytes};

use super::client_address::ClientAddress;
use super::pipe::{PipeEnd, pipe};
use crate::connection::ConnectionEnd;
use crate::metrics::limit_exceeded;
use crate::proto::Limits;
use crate::server::{Server, ServerSettings, TunnelLimits, serve_connection};
use frame_meter::{FrameMeter, MeteredStream, PreConnectLimitError};

/// What is kept for reading and writing of each connection, beside the pipe.
const BUFFER_SIZE: usize = 8 << 10;
/// How long a client may take to close after the connection has ended.
const LINGER: Duration = Duration::from_secs(2);
/// The subprotocol that tunnels for TCP ask for.
const SUBPROTOCOL: &str = "binary";

impl Server {
    /// A transport through WebSocket: the bytes of RTMP in binary messages. It is what Ruffle's `socketProxy` speaks,
    /// so programs in a browser reach the server without a proxy beside it.
    ///
    /// ```
    /// use amf_remoting::Services;
    /// use amf_rtmp::Server;
    /// use axum::Router;
    ///
    /// let server = Server::new(Services::new());
    /// let app: Router = Router::new().route("/rtmp", server.websocket());
    /// ```
    ///
    /// In the page: `socketProxy: [{ host: "game.example", port: 1935, proxyUrl: "wss://game.example/rtmp" }]`.
    ///
    /// Messages have a [limit](crate::TunnelLimits::message_bytes): a longer one ends the connection with the code 1009, and
    /// text ends it with 1003. Connections over [`max_connections`](Server::max_connections) or
    /// [`max_connections_per_address`](Server::max_connections_per_address) get 503. Pages of other hosts get 403, unless
    /// [`allowed_origins`](Server::allowed_origins) allows them.
    ///
    /// The address of a client, which is its [`Connect::peer`](crate::Connect::peer) too, is axum's
    /// `ConnectInfo<SocketAddr>`: serve the app by `amf_remoting::gateway::serve`, or with
    /// `into_make_service_with_connect_info::<SocketAddr>()`. Without it, all connections count as those of one address,
    /// and a warning says so. Behind a proxy, `amf_remoting::address::TrustedHeader` finds the address.
    pub fn websocket<S: Clone + Send + Sync + 'static>(&self) -> MethodRouter<S> {
        let settings = Arc::clone(self.settings());
        any(move |peer: ClientAddress, request: Request| {
            let settings = Arc::clone(&settings);
            async move { upgrade(settings, &peer, request) }
        })
    }
}

/// Answers the opening handshake, and serves the connection once it has been upgraded.
///
/// axum's own extractor hides the stream below the frames. It is needed here: tungstenite hands on a message when all
/// of it has come, so a client could have a message of 1 MiB buffered before it has shaken hands in RTMP.
fn upgrade(settings: Arc<ServerSettings>, peer: &ClientAddress, mut request: Request) -> Response {
    if let Err(refusal) = settings.allowed_origins.check(request.uri(), request.headers()) {
        return refusal.into_response();
    }
    let mut response = match accept_handshake(&request) {
        Ok(response) => response,
        Err((status, reason)) => return (status, reason).into_response(),
    };
    if offers_subprotocol(&request) {
        response.headers_mut().insert(SEC_WEBSOCKET_PROTOCOL, HeaderValue::from_static(SUBPROTOCOL));
    }
    let permit = match settings.admit(Some(peer.counted(&settings))) {
        Ok(permit) => Arc::new(permit),
        Err(error) => {
            warn_limited!(%error, peer = ?peer.0, "a WebSocket was refused");
            return (StatusCode::SERVICE_UNAVAILABLE, error.to_string()).into_response();
        }
    };
    let peer = peer.0;
    let upgraded = hyper::upgrade::on(&mut request);
    let tasks = settings.tasks().clone();
    tasks.spawn(async move {
        match upgraded.await {
            Ok(stream) => serve(TokioIo::new(stream), peer, &settings, &permit).await,
            Err(error) => tracing::debug!(%error, "a WebSocket was not upgraded"),
        }
    });
    response
}

/// The response that accepts the opening handshake (RFC 6455 §4.2.2; over HTTP/2 RFC 8441 §5).
fn accept_handshake(request: &Request) -> Result<Response, (StatusCode, String)> {
    if request.version() == Version::HTTP_2 && request.method() == Method::CONNECT {
        let is_known = request.headers().get(SEC_WEBSOCKET_VERSION).is_some_and(|version| version == "13");
        return if is_known {
            Ok(StatusCode::OK.into_response())
        } else {
            Err((StatusCode::BAD_REQUEST, "expected version 13 of WebSocket".to_owned()))
        };
    }
    create_response_with_body(request, Body::empty)
        .map_err(|error| (StatusCode::BAD_REQUEST, format!("expected a WebSocket handshake: {error}")))
}

fn offers_subprotocol(request: &Request) -> bool {
    let offered = request.headers().get_all(SEC_WEBSOCKET_PROTOCOL).into_iter();
    offered
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|protocol| protocol.trim() == SUBPROTOCOL)
}

async fn serve<S>(
    stream: S,
    peer: Option<SocketAddr>,
    settings: &Arc<ServerSettings>,
    permit: &Arc<ConnectionPermit>,
) where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let limits = &settings.config.limits;
    // One read of tungstenite's may bring the beginning of the next frame along.
    let max_before_connect = limits.before_connect_bytes.saturating_add(BUFFER_SIZE);
    let memory = ConnectionMemory::new(settings.services.memory());
    let meter = FrameMeter::new(Arc::clone(permit), max_before_connect, &memory);
    let config = WebSocketConfig::default()
        .max_message_size(Some(settings.tunnel.message_bytes))
        .max_frame_size(Some(settings.tunnel.message_bytes))
        .read_buffer_size(BUFFER_SIZE)
        .write_buffer_size(0);
    let stream = MeteredStream::new(stream, Arc::clone(&meter));
    let socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(config)).await;
    let (server_end, tunnel_end) = pipe(&memory);
    let mut served = pin!(serve_connection(server_end, peer, settings, permit, memory));
    let mut relayed = pin!(relay(socket, tunnel_end, &meter, limits.message_timeout));
    tokio::select! {
        end = &mut served => if !matches!(end, ConnectionEnd::Shed) {
            // The last words may be on their way.
            drop(timeout(LINGER, relayed).await);
        },
        () = &mut relayed => drop(served.await),
    }
}

/// Whatever ends on one side ends on the other.
async fn relay<S>(socket: WebSocketStream<S>, pipe: PipeEnd, meter: &FrameMeter, message_timeout: Duration)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let (mut sink, stream) = socket.split();
    let (mut reader, writer) = tokio::io::split(pipe);
    let refusal = OnceLock::new();
    let to_server = async {
        if let Some(close_frame) = forward_to_pipe(stream, writer, meter, message_timeout).await {
            // There is none before it.
            let _ = refusal.set(close_frame);
        }
    };
    let to_client = async {
        let mut buffer = BytesMut::new();
        loop {
            buffer.reserve(BUFFER_SIZE);
            match reader.read_buf(&mut buffer).await {
                Ok(1..) => sink.send(Message::Binary(buffer.split().freeze())).await?,
                Ok(0) | Err(_) => break,
            }
        }
        let normal = CloseFrame { code: CloseCode::Normal, reason: "".into() };
        sink.send(Message::Close(Some(refusal.get().cloned().unwrap_or(normal)))).await
    };
    let ((), sent) = tokio::join!(to_server, to_client);
    if let Err(error) = sent {
        tracing::debug!(%error, "a WebSocket was lost");
    }
}

/// Until the client closes, or sends what cannot be: then it is told why.
async fn forward_to_pipe(
    mut messages: impl Stream<Item = Result<Message, tungstenite::Error>> + Unpin,
    mut pipe: impl AsyncWrite + Unpin,
    meter: &FrameMeter,
    message_timeout: Duration,
) -> Option<CloseFrame> {
    let mut close_frame = None;
    loop {
        let message = match next_message(&mut messages, meter, message_timeout).await {
            Ok(Some(message)) => message,
            Ok(None) => break,
            Err(MessageTimeoutError) => {
                close_frame = Some(limit_close_frame(CloseCode::Policy, Limits::NAMES.message_timeout));
                break;
            }
        };
        match message {
            Ok(Message::Binary(bytes)) => {
                // An error says that the connection has ended.
                if pipe.write_all(&bytes).await.is_err() {
                    break;
                }
            }
            Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_)) => {}
            Ok(Message::Close(_)) => break,
            Ok(Message::Text(_)) => {
                close_frame = Some(new_close_frame(CloseCode::Unsupported, "RTMP goes in binary messages"));
                break;
            }
            Err(error) => {
                close_frame = close_frame_of(&error);
                break;
            }
        }
        // Only now: until the pipe has taken the message, it is held here.
        meter.reset();
    }
    // An error says that it is closed.
    let _ = pipe.shutdown().await;
    close_frame
}

/// A message did not become complete in time.
struct MessageTimeoutError;

/// Returns the next message. An incomplete one that makes no end within the time, or at most twice that, is an error.
async fn next_message<M>(
    messages: &mut (impl Stream<Item = M> + Unpin),
    meter: &FrameMeter,
    message_timeout: Duration,
) -> Result<Option<M>, MessageTimeoutError> {
    let mut was_incomplete = false;
    loop {
        match timeout(message_timeout, messages.next()).await {
            Ok(message) => return Ok(message),
            Err(_elapsed) if was_incomplete => return Err(MessageTimeoutError),
            Err(_elapsed) => was_incomplete = meter.has_buffered(),
        }
    }
}

/// Why a WebSocket ends because of an error; `None` where there is nobody to tell.
fn close_frame_of(error: &tungstenite::Error) -> Option<CloseFrame> {
    match error {
        tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. }) => {
            Some(limit_close_frame(CloseCode::Size, TunnelLimits::NAMES.message_bytes))
        }
        tungstenite::Error::Io(error) if is_pre_connect_limit(error) => {
            Some(limit_close_frame(CloseCode::Size, Limits::NAMES.before_connect_bytes))
        }
        error => {
            tracing::debug!(%error, "a WebSocket was lost");
            None
        }
    }
}

fn is_pre_connect_limit(error: &io::Error) -> bool {
    error.get_ref().and_then(|error| error.downcast_ref::<PreConnectLimitError>()).is_some()
}

/// Counts the exceeded limit, too.
fn limit_close_frame(code: CloseCode, limit: &'static str) -> CloseFrame {
    limit_exceeded(limit);
    new_close_frame(code, format!("exceeded the limit `{limit}`"))
}

fn new_close_frame(code: CloseCode, reason: impl Into<Utf8Bytes>) -> CloseFrame {
    let reason = reason.into();
    tracing::debug!(?code, reason = &*reason, "a WebSocket ends");
    CloseFrame { code, reason }
}
