//! Web page with a live view of the room by server-sent events. Visitors of the page can join and talk.

use std::convert::Infallible;
use std::future::ready;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use amf_remoting::Fault;
use axum::extract::{ConnectInfo, DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use super::host::{Event, Host, Watch};
use super::wire::{LobbyError, Message, Player, Seat};

/// Maximum size of a form in bytes. The longest valid name or text is shorter.
const MAX_BODY: usize = 8 * 1024;
/// Time after which a browser reconnects when its event stream ends.
const RETRY: Duration = Duration::from_secs(1);
/// Address of a visitor, if the app is served with `ConnectInfo`.
type Peer = Option<Extension<ConnectInfo<SocketAddr>>>;

/// Policy for the page, which contains its own script and style and loads nothing else.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                                       connect-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'";

/// Returns the routes of the page at `/`, of its events, and of its forms.
pub fn routes(host: Arc<Host>) -> Router {
    Router::new()
        .route("/", get(page))
        .route("/events", get(events))
        .route("/page/join", post(join))
        .route("/page/say", post(say))
        .route("/page/leave", post(leave))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .with_state(host)
}

async fn page() -> impl IntoResponse {
    ([(header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)], Html(include_str!("page.html")))
}

/// Streams a snapshot of the room and then its events. If a browser lags too far behind, the stream ends; the browser
/// then reconnects and receives a new snapshot.
async fn events(State(host): State<Arc<Host>>, peer: Peer) -> Response {
    let peer = peer.map(|Extension(ConnectInfo(peer))| peer);
    let Some(Watch { players, messages, events, permit }) = host.watch(peer) else {
        return (StatusCode::SERVICE_UNAVAILABLE, "Too many watchers.\n").into_response();
    };
    let room = sse_event("room", &Snapshot { players, messages }).retry(RETRY);
    let later = stream::unfold((events, permit), async |(mut events, permit)| {
        let event = events.recv().await.ok()?;
        Some((to_sse(&event), (events, permit)))
    });
    let all = stream::once(ready(room)).chain(later).map(Ok::<_, Infallible>);
    Sse::new(all).keep_alive(KeepAlive::default()).into_response()
}

#[derive(Serialize)]
struct Snapshot {
    players: Vec<Player>,
    messages: Vec<Message>,
}

fn to_sse(event: &Event) -> Sent {
    match event {
        Event::Joined(player) => sse_event("joined", player),
        Event::Said(message) => sse_event("said", message),
        Event::Left(player) => sse_event("left", player),
    }
}

fn sse_event(name: &str, data: &impl Serialize) -> Sent {
    // Serialization cannot fail, because these types contain no maps or other values that JSON cannot represent.
    Sent::default().event(name).json_data(data).unwrap_or_default()
}

// The forms send JSON, because a page of another origin cannot send JSON without a CORS preflight request.

#[derive(Deserialize)]
struct Join {
    name: String,
}

async fn join(
    State(host): State<Arc<Host>>,
    peer: Peer,
    Json(form): Json<Join>,
) -> Result<Json<Seat>, PageRejection> {
    let address = peer.map(|Extension(ConnectInfo(peer))| peer.ip());
    Ok(Json(host.join(&form.name, address, None)?))
}

#[derive(Deserialize)]
struct Say {
    token: String,
    text: String,
}

async fn say(State(host): State<Arc<Host>>, Json(form): Json<Say>) -> Result<Json<Message>, PageRejection> {
    Ok(Json(host.say(&form.token, &form.text)?))
}

#[derive(Deserialize)]
struct Leave {
    token: String,
}

async fn leave(State(host): State<Arc<Host>>, Json(form): Json<Leave>) -> Json<bool> {
    Json(host.leave(&form.token))
}

/// Response with the fault that an AMF client would receive, as JSON.
struct PageRejection(Fault);

impl From<LobbyError> for PageRejection {
    fn from(error: LobbyError) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for PageRejection {
    fn into_response(self) -> Response {
        #[derive(Serialize)]
        struct ErrorBody<'a> {
            code: &'a str,
            message: &'a str,
        }
        let words = ErrorBody { code: self.0.code(), message: self.0.message() };
        (StatusCode::UNPROCESSABLE_ENTITY, Json(words)).into_response()
    }
}
