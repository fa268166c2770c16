//! Calls of the gateway's route without a socket.

use amf_remoting::flex::Flex;
use amf_remoting::{Gateway, Services};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::requests::ROWS;
use crate::rows::Operation;
use crate::service::Lab;

const PATH: &str = "/gateway";

/// Prepares the request of one row of the HTTP benchmark, and checks its reply once.
pub fn calls(name: &str) -> Operation {
    let row = ROWS.iter().find(|row| row.name == name).expect("the HTTP benchmark has this row");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("it can start");
    let router = Gateway::new(Services::new().add(Lab::new())).flex(Flex::new()).into_router(PATH);
    let request = Bytes::from(row.request());
    row.check("the gateway", &runtime.block_on(call(&router, request.clone())));
    Box::new(move |count| {
        runtime.block_on(async {
            for _ in 0..count {
                call(&router, request.clone()).await;
            }
        });
    })
}

async fn call(router: &Router, request: Bytes) -> Bytes {
    let request = Request::post(PATH).header(CONTENT_TYPE, "application/x-amf").body(Body::from(request));
    let Ok(reply) = router.clone().oneshot(request.expect("it is well formed")).await;
    reply.into_body().collect().await.expect("it is in memory").to_bytes()
}
