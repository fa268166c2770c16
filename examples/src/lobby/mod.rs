//! A small multiplayer lobby, in which players join, talk and leave. All players in the room receive each event.
//!
//! - [`wire`]: types that are sent over the wire, and faults.
//! - [`room`]: players and messages, with the rules of the lobby; no clock, lock or transport.
//! - [`host`]: the room as shared by all transports; notifies clients and watchers.
//! - [`service`]: services that clients call.
//! - [`page`]: web page with a live view of the room.

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

/// Path of the AMF gateway.
pub const GATEWAY: &str = "/gateway";
/// Name of the RTMP application.
pub const APPLICATION: &str = "lobby";

/// Path of the WebSocket route that carries RTMP.
pub const SOCKET: &str = "/rtmp";

/// Returns the services, which are the same for all transports.
pub fn services(host: &Arc<Host>) -> Services {
    Services::new().add(Lobby::new(Arc::clone(host))).add(Echo).add(Ask)
}

/// Returns an RTMP server for `services`. A client that disconnects leaves the room.
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

/// Returns the routes that carry RTMP over HTTP: WebSocket for Ruffle, RTMPT for Flash Player.
pub fn tunnels(rtmp: &Server) -> Router {
    Router::new().route(SOCKET, rtmp.websocket()).merge(rtmp.rtmpt())
}

/// Returns the HTTP routes: the page, and the gateway to the services.
pub fn http(host: Arc<Host>, services: Services) -> Router {
    page::routes(host).merge(Gateway::new(services).into_router(GATEWAY))
}
