//! The servers of this program: the gateway, and axum that answers with the same bytes.

use std::io::Read as _;

use amf_remoting::flex::Flex;
use amf_remoting::gateway::GatewayLimits;
use amf_remoting::{Gateway, Services};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use axum::routing::post;
use tower_http::timeout::{RequestBodyTimeoutLayer, TimeoutLayer};

use crate::in_process;
use crate::rows::Row;
use crate::service::Lab;

pub const PATH: &str = "/gateway";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum App {
    Gateway,
    /// With the limits that the gateway has by default: on a body's size, its time, and the time of the work.
    Axum,
    /// With axum's own limit on a body's size and no other.
    BareAxum,
}

impl App {
    pub fn named(name: &str) -> Option<Self> {
        [Self::Gateway, Self::Axum, Self::BareAxum].into_iter().find(|app| app.name() == name)
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Gateway => "gateway",
            Self::Axum => "axum",
            Self::BareAxum => "bare-axum",
        }
    }

    pub async fn router(self, row: &Row) -> Router {
        match self {
            Self::Gateway => gateway(),
            Self::Axum => limited(same_bytes(in_process::answer(&gateway(), row).await)),
            Self::BareAxum => same_bytes(in_process::answer(&gateway(), row).await),
        }
    }
}

fn gateway() -> Router {
    Gateway::new(Services::new().add(Lab::new())).flex(Flex::new()).into_router(PATH)
}

/// Takes the whole body, as the gateway does, and answers with the gateway's headers and bytes.
fn same_bytes(reply: Bytes) -> Router {
    async fn answer(State(reply): State<Bytes>, _request: Bytes) -> impl IntoResponse {
        ([(CONTENT_TYPE, "application/x-amf"), (CACHE_CONTROL, "no-store")], reply)
    }
    Router::new().route(PATH, post(answer)).with_state(reply)
}

fn limited(router: Router) -> Router {
    let GatewayLimits { body_timeout, packet_timeout, .. } = GatewayLimits::default();
    router
        .layer(RequestBodyTimeoutLayer::new(body_timeout))
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, packet_timeout))
}

/// Prints its port, and serves until its input ends: with the process that started it.
#[tokio::main]
pub async fn serve((app, row): (App, &Row)) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    println!("{}", listener.local_addr().expect("it is bound").port());
    let router = app.router(row).await;
    std::thread::spawn(|| {
        std::io::stdin().read_to_end(&mut Vec::new()).ok();
        std::process::exit(0);
    });
    axum::serve(listener, router).await.expect("it serves");
}
