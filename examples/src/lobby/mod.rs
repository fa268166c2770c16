//! A small multiplayer lobby: people join, talk and leave, and everybody in the room is told.
//!
//! - [`wire`]: what travels, as typed objects, and how calls fail.
//! - [`room`]: who is there and what was said; the rules, without clock, lock or transport.
//! - [`host`]: the room as the whole program shares it; tells everybody what happens.
//! - [`service`]: what clients may call.
//! - [`page`]: the room as a web page, live.

pub mod host;
pub mod page;
pub mod room;
pub mod service;
pub mod wire;

use std::sync::Arc;

use amf_remoting::{Gateway, Services};
use amf_rtmp::{Rejection, Server};
use axum::Router;

use host::Host;
use service::{Ask, Echo, Lobby};

/// Where AMF clients post their calls.
pub const GATEWAY: &str = "/gateway";
/// What RTMP clients connect to.
pub const APPLICATION: &str = "lobby";

/// Where RTMP goes through WebSocket.
pub const SOCKET: &str = "/rtmp";

/// What clients may call, whichever way they come.
pub fn services(host: &Arc<Host>) -> Services {
    Services::new().add(Lobby::new(Arc::clone(host))).add(Echo).add(Ask)
}

/// The RTMP side: the same services. Whoever loses the connection leaves the room.
pub fn rtmp(host: Arc<Host>, services: Services) -> Server {
    Server::new(services)
        .on_connect(|connect| async move {
            match connect.application() {
                APPLICATION => Ok(connect.accept()),
                other => Err(Rejection::invalid_application(other)),
            }
        })
        .on_disconnect(move |gone| {
            host.disconnected(gone.client());
            std::future::ready(())
        })
}

/// The RTMP side for those whom only HTTP reaches: Ruffle by WebSocket, Flash Player by RTMPT.
pub fn tunnels(rtmp: &Server) -> Router {
    Router::new().route(SOCKET, rtmp.websocket()).merge(rtmp.rtmpt())
}

/// The HTTP side: the page, and the gateway to the services.
pub fn http(host: Arc<Host>, services: Services) -> Router {
    page::routes(host).merge(Gateway::new(services).into_router(GATEWAY))
}
