//! A drawing that everybody shares: strokes that are kept on disk, and cursors that are not.
//!
//! `rtmp://host/whiteboard/kitchen` is one drawing. `strokes`, a persistent shared object, has a slot for each stroke;
//! `cursors` has one for each client, named by what `whiteboard.me` says. Clients change both themselves, so there is
//! little to do here: to refuse what they must not do, and to do what only the program may.
//!
//! In Ruffle, with [Haxe](https://haxe.org) and from the project's folder:
//!
//! ```sh
//! haxe examples/haxe/ruffle.hxml
//! cargo run -p examples --bin whiteboard
//! ```
//!
//! Then <http://127.0.0.1:8080/> is the kitchen's drawing, and <http://127.0.0.1:8080/?board=garden> another. The
//! page has Ruffle from unpkg.com; the movie's RTMP comes in through a WebSocket.
//!
//! In Flash Player or AIR: `haxe examples/haxe/flash.hxml`, and open `target/whiteboard.swf` in Flash Player's
//! projector, or name it as the `content` of an AIR application. It connects to `rtmp://127.0.0.1/whiteboard/kitchen`
//! and shares the drawing with the page.

use std::io;
use std::path::PathBuf;

use amf_remoting::{AmfObject, Client, Fault, Services, remoting_service};
use amf_rtmp::{
    Disconnect, Instance, Server, SharedObjectAccess, SharedObjectError, SharedObjectGuard,
    SharedObjectOptions, SharedObjectStore, SharedObjects, SlotWrite,
};
use axum::Router;
use axum::http::{StatusCode, header};
use axum::response::{Html, IntoResponse};
use axum::routing::get;

/// The application's name in the address.
pub const APPLICATION: &str = "whiteboard";

/// The most points of one stroke.
const MAX_POINTS: usize = 512;

/// A line through points.
#[derive(AmfObject, Clone, Debug, PartialEq)]
pub struct Stroke {
    /// 0xRRGGBB.
    pub color: u32,
    /// x and y of each point in turn, in pixels.
    pub points: Vec<f64>,
}

/// Where somebody's mouse is.
#[derive(AmfObject, Clone, Debug, PartialEq)]
pub struct Cursor {
    /// In pixels.
    pub x: f64,
    /// In pixels.
    pub y: f64,
    /// Of its owner's strokes, 0xRRGGBB.
    pub color: u32,
}

/// A server whose drawings are kept in this store.
pub fn server(store: impl SharedObjectStore) -> io::Result<Server> {
    let objects = SharedObjects::new().guard(WhiteboardGuard).store(store)?;
    Ok(Server::new(Services::new().add(Whiteboard))
        .shared_objects(objects)
        .on_connect(|connect| async move {
            if connect.application() == APPLICATION {
                Ok(connect.accept())
            } else {
                Err(connect.reject("there is only the whiteboard"))
            }
        })
        .on_disconnect(|gone| async move { remove_cursor(&gone).await }))
}

/// A page with the movie in Ruffle, and the WebSocket route that carries the movie's RTMP.
pub fn http(server: &Server, movie: impl Into<PathBuf>) -> Router {
    let movie = movie.into();
    Router::new()
        .route("/", get(Html(include_str!("whiteboard/page.html"))))
        .route("/whiteboard.swf", get(async move || swf(movie).await))
        .route("/rtmp", server.websocket())
}

async fn swf(movie: PathBuf) -> impl IntoResponse {
    let bytes = tokio::fs::read(movie).await.map_err(|_| StatusCode::NOT_FOUND)?;
    Ok::<_, StatusCode>(([(header::CONTENT_TYPE, "application/x-shockwave-flash")], bytes))
}

struct WhiteboardGuard;

impl SharedObjectGuard for WhiteboardGuard {
    fn may_create(&self, access: &SharedObjectAccess<'_>) -> bool {
        matches!((access.name(), access.is_persistent()), ("strokes", true) | ("cursors", false))
    }

    fn may_write(&self, access: &SharedObjectAccess<'_>, write: &SlotWrite<'_>) -> bool {
        match access.name() {
            "strokes" => write.value::<Stroke>().is_ok_and(|stroke| stroke.is_none_or(|s| s.is_short())),
            _ => write.key() == cursor_of(access.caller().client()) && write.value::<Cursor>().is_ok(),
        }
    }

    fn may_send(&self, _: &SharedObjectAccess<'_>, _: &str) -> bool {
        false
    }
}

impl Stroke {
    fn is_short(&self) -> bool {
        self.points.len() <= 2 * MAX_POINTS
    }
}

fn cursor_of(client: &Client) -> String {
    client.id().to_string()
}

async fn remove_cursor(disconnect: &Disconnect) {
    let removed = match disconnect.instance().shared_object("cursors", SharedObjectOptions::new()).await {
        Ok(cursors) => cursors.remove(&cursor_of(disconnect.client())).await,
        Err(error) => Err(error),
    };
    if let Err(error) = removed {
        tracing::warn!(%error, "a cursor stays without its client");
    }
}

struct Whiteboard;

/// Why the drawing stays as it is.
#[derive(Fault)]
enum WipeError {
    #[fault(code = "Whiteboard.WipeError", message = "{0}")]
    Because(SharedObjectError),
}

#[remoting_service(name = "whiteboard")]
impl Whiteboard {
    /// The slot of the caller's cursor.
    fn me(&self, client: &Client) -> String {
        cursor_of(client)
    }

    /// Removes all strokes. The answer comes once they are gone from the disk too.
    async fn wipe(&self, instance: &Instance) -> Result<(), WipeError> {
        let strokes = instance
            .shared_object("strokes", SharedObjectOptions::new().persistent(true))
            .await
            .map_err(WipeError::Because)?;
        strokes.clear().await.map_err(WipeError::Because)
    }
}
