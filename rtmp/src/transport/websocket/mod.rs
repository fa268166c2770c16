//! RTMP in WebSocket: the bytes of the connection in binary messages, cut anywhere.

use std::error::Error;
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, any};
use bytes::BytesMut;
use futures_util::{SinkExt, Stream, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWrite, AsyncWriteExt, DuplexStream};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite;
use tokio_tungstenite::tungstenite::error::CapacityError;

use super::PIPE_SIZE;
use super::client_address::ClientAddress;
use crate::metrics::limit;
use crate::server::{ConnectionPermit, Server, ServerSettings, serve_connection};

/// What is kept for reading and writing of each connection, beside the pipe.
const BUFFER_SIZE: usize = 8 << 10;
/// How long a client may take to close after the connection has ended.
const LINGER: Duration = Duration::from_secs(2);

impl Server {
    /// A door through WebSocket: the bytes of RTMP in binary messages. It is what Ruffle's `socketProxy` speaks,
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
    /// Messages have a [limit](crate::TunnelLimits::message): a longer one ends the connection with the code 1009, and
    /// text ends it with 1003. Who is one too many for
    /// [`max_connections`](Server::max_connections) gets 503. [`Connect::peer`](crate::Connect::peer) is known where
    /// the app is served by `into_make_service_with_connect_info::<SocketAddr>`. Any page may open a WebSocket to any
    /// host: where the connection alone is to let somebody in, put a layer around the route that looks at `Origin`.
    pub fn websocket<S: Clone + Send + Sync + 'static>(&self) -> MethodRouter<S> {
        let settings = Arc::clone(self.settings());
        any(move |peer: ClientAddress, upgrade: WebSocketUpgrade| {
            let settings = Arc::clone(&settings);
            async move { upgraded(&settings, peer, upgrade) }
        })
    }
}

fn upgraded(settings: &Arc<ServerSettings>, peer: ClientAddress, upgrade: WebSocketUpgrade) -> Response {
    let permit = match settings.admit(None) {
        Ok(permit) => permit,
        Err(full) => {
            tracing::warn!(%full, "a WebSocket was refused");
            return (StatusCode::SERVICE_UNAVAILABLE, "too many connections").into_response();
        }
    };
    let settings = Arc::clone(settings);
    upgrade
        // What tunnels for TCP ask for.
        .protocols(["binary"])
        .max_message_size(settings.tunnel.message_bytes)
        .max_frame_size(settings.tunnel.message_bytes)
        .read_buffer_size(BUFFER_SIZE)
        .write_buffer_size(0)
        .on_upgrade(move |socket| async move {
            settings.tasks().track_future(serve(socket, peer, &settings, permit)).await;
        })
}

async fn serve(
    socket: WebSocket,
    ClientAddress(peer): ClientAddress,
    settings: &Arc<ServerSettings>,
    permit: ConnectionPermit,
) {
    let (near, far) = tokio::io::duplex(PIPE_SIZE);
    let mut served = pin!(serve_connection(near, peer, settings, &permit));
    let mut carried = pin!(relay(socket, far));
    tokio::select! {
        // The last words may be on their way.
        () = &mut served => drop(timeout(LINGER, carried).await),
        () = &mut carried => served.await,
    }
}

/// Whatever ends on one side ends on the other.
async fn relay(socket: WebSocket, pipe: DuplexStream) {
    let (mut sink, stream) = socket.split();
    let (mut reader, writer) = tokio::io::split(pipe);
    let farewell = OnceLock::new();
    let up = async {
        if let Some(refused) = forward_to_pipe(stream, writer).await {
            // There is none before it.
            let _ = farewell.set(refused);
        }
    };
    let down = async {
        let mut buffer = BytesMut::new();
        loop {
            buffer.reserve(BUFFER_SIZE);
            match reader.read_buf(&mut buffer).await {
                Ok(1..) => sink.send(Message::Binary(buffer.split().freeze())).await?,
                Ok(0) | Err(_) => break,
            }
        }
        let normal = CloseFrame { code: close_code::NORMAL, reason: "".into() };
        sink.send(Message::Close(Some(farewell.get().cloned().unwrap_or(normal)))).await
    };
    let ((), sent) = tokio::join!(up, down);
    if let Err(error) = sent {
        tracing::debug!(%error, "a WebSocket was lost");
    }
}

/// Until the client closes, or sends what cannot be: then it is told why.
async fn forward_to_pipe(
    mut messages: impl Stream<Item = Result<Message, axum::Error>> + Unpin,
    mut pipe: impl AsyncWrite + Unpin,
) -> Option<CloseFrame> {
    let mut refused = None;
    while let Some(message) = messages.next().await {
        match message {
            Ok(Message::Binary(bytes)) => {
                // An error says that the connection has ended.
                if pipe.write_all(&bytes).await.is_err() {
                    break;
                }
            }
            Ok(Message::Ping(_) | Message::Pong(_)) => {}
            Ok(Message::Close(_)) => break,
            Ok(Message::Text(_)) => {
                refused = Some(refusal(close_code::UNSUPPORTED, "RTMP goes in binary messages"));
                break;
            }
            Err(error) if is_too_long(&error) => {
                limit("message_bytes");
                refused = Some(refusal(close_code::SIZE, "passed the limit `message_bytes`"));
                break;
            }
            Err(error) => {
                tracing::debug!(%error, "a WebSocket was lost");
                break;
            }
        }
    }
    // An error says that it is closed.
    let _ = pipe.shutdown().await;
    refused
}

fn refusal(code: u16, reason: &'static str) -> CloseFrame {
    tracing::debug!(code, reason, "a WebSocket ends");
    CloseFrame { code, reason: reason.into() }
}

fn is_too_long(error: &axum::Error) -> bool {
    let error = error.source().and_then(|source| source.downcast_ref());
    matches!(error, Some(tungstenite::Error::Capacity(CapacityError::MessageTooLong { .. })))
}
