//! A shared drawing: strokes are stored on disk, cursors are not.
//!
//! Each instance of the application, such as `rtmp://host/whiteboard/kitchen`, is one drawing. The persistent shared
//! object `strokes` has a slot for each stroke. The shared object `cursors` has a slot for each client, under the name
//! that `whiteboard.me` returns. Clients change both objects directly. The server only refuses invalid changes, removes
//! the cursors of disconnected clients, and removes all strokes on request.
//!
//! In Ruffle, with [Haxe](https://haxe.org) and from the project's folder:
//!
//! ```sh
//! haxe examples/haxe/ruffle.hxml
//! cargo run --release -p examples --bin whiteboard
//! ```
//!
//! Then <http://127.0.0.1:8080/> shows the drawing `kitchen`, and <http://127.0.0.1:8080/?board=garden> another one.
//! The page loads Ruffle from unpkg.com. A WebSocket carries the movie's RTMP.
//!
//! In Flash Player or AIR: run `haxe examples/haxe/flash.hxml`. Then open `target/whiteboard.swf` in Flash Player's
//! projector, or use it as the `content` of an AIR application. The movie connects to
//! `rtmp://127.0.0.1/whiteboard/kitchen` and shares the drawing with the page.

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

/// Name of the RTMP application.
pub const APPLICATION: &str = "whiteboard";

/// Maximum number of points in a stroke.
const MAX_POINTS: usize = 512;

/// Line through a list of points.
#[derive(AmfObject, Clone, Debug, PartialEq)]
pub struct Stroke {
    /// Color of the line, 0xRRGGBB.
    pub color: u32,
    /// Alternating x and y coordinates of the points, in pixels.
    pub points: Vec<f64>,
}

/// Mouse position of a client.
#[derive(AmfObject, Clone, Debug, PartialEq)]
pub struct Cursor {
    /// Horizontal position in pixels.
    pub x: f64,
    /// Vertical position in pixels.
    pub y: f64,
    /// Color of the client's strokes, 0xRRGGBB.
    pub color: u32,
}

/// Returns the RTMP server, which stores drawings in `store`.
///
/// # Errors
/// If the thread that writes to the store cannot be started.
pub fn server(store: impl SharedObjectStore) -> io::Result<Server> {
    let objects = SharedObjects::new().guard(WhiteboardGuard).store(store)?;
    Ok(Server::new(Services::new().add(Whiteboard))
        .shared_objects(objects)
        .on_connect(|connect| async move {
            if connect.application() == APPLICATION {
                Ok(connect.accept())
            } else {
                Err(connect.reject("unknown application"))
            }
        })
        .on_disconnect(|gone| async move { remove_cursor(&gone).await }))
}

/// Returns the routes of the page, of the movie in the file `movie`, and of the WebSocket that carries its RTMP.
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

    fn may_create_persistent(&self, access: &SharedObjectAccess<'_>) -> bool {
        access.name() == "strokes"
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
        tracing::warn!(%error, "cannot remove the cursor of a disconnected client");
    }
}

struct Whiteboard;

/// Fault of [`Whiteboard::wipe`].
#[derive(Fault)]
enum WipeError {
    #[fault(code = "Whiteboard.WipeError", message = "{0}")]
    Because(SharedObjectError),
}

#[remoting_service(name = "whiteboard")]
impl Whiteboard {
    /// Returns the name of the slot for the caller's cursor.
    fn me(&self, client: &Client) -> String {
        cursor_of(client)
    }

    /// Removes all strokes. Returns once they are removed from disk.
    async fn wipe(&self, instance: &Instance) -> Result<(), WipeError> {
        let strokes = instance
            .shared_object("strokes", SharedObjectOptions::new().persistent(true))
            .await
            .map_err(WipeError::Because)?;
        strokes.clear().await.map_err(WipeError::Because)
    }
}
