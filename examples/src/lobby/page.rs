//! The room as a web page: server-sent events show it live, and visitors of the page can join and talk.

use std::convert::Infallible;
use std::future::ready;
use std::sync::Arc;
use std::time::Duration;

use amf_remoting::Fault;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{StatusCode, header};
use axum::response::sse::{Event as Sent, KeepAlive, Sse};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use futures_util::{StreamExt, stream};
use serde::{Deserialize, Serialize};

use super::host::{Event, Host, Watch};
use super::wire::{LobbyError, Message, Player, Seat};

/// More than the longest name or text.
const MAX_BODY: usize = 8 * 1024;
/// After which time a browser comes back that lost its events.
const RETRY: Duration = Duration::from_secs(1);
/// Everything that the page needs is in the page.
const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; \
                                       connect-src 'self'; img-src data:; base-uri 'none'; frame-ancestors 'none'";

/// The page at `/`, its events, and what its form does.
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

/// The room as it is, then what happens in it. A browser that lags too far behind is let go: it comes back and gets
/// the room anew.
async fn events(State(host): State<Arc<Host>>) -> Response {
    let Some(Watch { players, messages, events }) = host.watch() else {
        return (StatusCode::SERVICE_UNAVAILABLE, "Too many are watching.\n").into_response();
    };
    let room = sse_event("room", &Snapshot { players, messages }).retry(RETRY);
    let later = stream::unfold(events, async |mut events| {
        let event = events.recv().await.ok()?;
        Some((to_sse(&event), events))
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
    // What is sent has neither maps nor anything else that JSON has no words for.
    Sent::default().event(name).json_data(data).unwrap_or_default()
}

// The form sends JSON: a page of another origin cannot do that unasked.

#[derive(Deserialize)]
struct Join {
    name: String,
}

async fn join(State(host): State<Arc<Host>>, Json(form): Json<Join>) -> Result<Json<Seat>, PageRejection> {
    Ok(Json(host.join(&form.name, None)?))
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

/// The page is told what an AMF client would be told.
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
