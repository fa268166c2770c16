//! An app without a socket around it.

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::Request;
use axum::http::header::CONTENT_TYPE;
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::apps::{App, PATH};
use crate::rows::Row;

/// Calls an app so often.
#[tokio::main(flavor = "current_thread")]
pub async fn run(app: App, row: &Row, count: usize) {
    let router = app.router(row).await;
    let request = Bytes::from(row.request());
    for _ in 0..count {
        call(&router, request.clone()).await;
    }
}

/// What an app answers, if it is right.
pub async fn answer(router: &Router, row: &Row) -> Bytes {
    let reply = call(router, row.request().into()).await;
    row.check("the gateway", &reply);
    reply
}

/// Calls an app once.
pub async fn call(router: &Router, request: Bytes) -> Bytes {
    let request = Request::post(PATH).header(CONTENT_TYPE, "application/x-amf").body(Body::from(request));
    let answer = router.clone().oneshot(request.expect("it is well formed")).await;
    answer
        .unwrap_or_else(|never| match never {})
        .into_body()
        .collect()
        .await
        .expect("it is in memory")
        .to_bytes()
}
