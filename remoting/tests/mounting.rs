//! The gateway as a part of axum apps of every shape.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, with their own helpers")]

mod support;

use axum::Router;
use axum::routing::get;
use http::{Method, Request, StatusCode};
use http_body_util::Full;
use support::bytes::*;
use support::post::{assert_packet, read, refused, request};
use support::probe::Probe;
use tower::ServiceExt;

#[derive(Clone)]
struct AppState;

fn ask() -> Vec<u8> {
    packet(0, &[message("probe.echo", "/1", &arguments(&[null()]))])
}

async fn status_of(app: &Router, uri: &str) -> StatusCode {
    let request = Request::post(uri)
        .header("content-type", "application/x-amf")
        .body(axum::body::Body::from(ask()))
        .unwrap();
    let response = app.clone().oneshot(request).await.unwrap();
    let status = response.status();
    if status == StatusCode::OK {
        assert_eq!(response.headers()["content-type"], "application/x-amf", "{uri}");
        assert_packet(&read(response).await, &packet(0, &[result("/1", &null())]));
    }
    status
}

#[tokio::test]
async fn every_way_to_write_the_path_reaches_it() {
    let gateway = || Probe::default().gateway();
    let stateful: Router<AppState> = Router::new().route("/health", get(|| async { "ok" }));
    let merged: Router = stateful.merge(gateway().into_router("/gateway")).with_state(AppState);
    let nested: Router = Router::new()
        .nest("/api", Router::<AppState>::new().nest("/v1", gateway().into_router("/gateway")))
        .with_state(AppState);
    let slashed: Router = gateway().into_router("/gateway/");
    let deep: Router = gateway().into_router("/flash/{game}/gateway");
    let root: Router = gateway().into_router("/");
    for (app, base) in [
        (&merged, "/gateway"),
        (&nested, "/api/v1/gateway"),
        (&slashed, "/gateway"),
        (&deep, "/flash/chess/gateway"),
    ] {
        for suffix in ["", "/", ";jsessionid=1F", ";a=1;b=2", "?x=1", "/?x=1", ";jsessionid=1F?x=1", ";"] {
            let uri = format!("{base}{suffix}");
            let expected = if suffix == ";" { StatusCode::NOT_FOUND } else { StatusCode::OK };
            assert_eq!(status_of(app, &uri).await, expected, "{uri}");
        }
        for suffix in ["x", "/x", "/x/y"] {
            assert_eq!(
                status_of(app, &format!("{base}{suffix}")).await,
                StatusCode::NOT_FOUND,
                "{base}{suffix}"
            );
        }
    }
    for uri in ["/", "/?x=1", "/;jsessionid=1"] {
        assert_eq!(status_of(&root, uri).await, StatusCode::OK, "{uri}");
    }
    assert_eq!(status_of(&merged, "/health").await, StatusCode::METHOD_NOT_ALLOWED);
}

#[tokio::test]
async fn methods_see_the_request() {
    let call = packet(0, &[message("probe.path", "/1", &arguments(&[]))]);
    let response = Probe::default().gateway().oneshot(request(call)).await.unwrap();
    assert_packet(&read(response).await, &packet(0, &[result("/1", &string("/gateway"))]));
}

#[tokio::test]
async fn other_http_methods_get_a_usage_text() {
    for method in [Method::GET, Method::HEAD, Method::PUT, Method::OPTIONS] {
        let request =
            Request::builder().method(&method).uri("/gateway").body(Full::<bytes::Bytes>::default()).unwrap();
        let response = Probe::default().gateway().oneshot(request).await.unwrap();
        assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
        assert_eq!(response.headers()["allow"], "POST");
        assert!(String::from_utf8(read(response).await).unwrap().contains("AMF gateway"));
    }
}

#[tokio::test]
async fn content_types() {
    let post = |content_type: Option<&str>| {
        let builder = Request::post("/gateway");
        let builder =
            content_type.into_iter().fold(builder, |builder, value| builder.header("content-type", value));
        builder.body(Full::new(bytes::Bytes::from(ask()))).unwrap()
    };
    let gateway = Probe::default().gateway();
    for accepted in [
        Some("application/x-amf"),
        Some("Application/X-AMF; charset=utf-8"),
        Some("application/octet-stream"),
    ] {
        let response = gateway.clone().oneshot(post(accepted)).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{accepted:?}");
    }
    for other in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
        Some("multipart/form-data; boundary=x"),
        Some(""),
        Some("application/x-amfx"),
    ] {
        let (status, text) = refused(&gateway, post(other)).await;
        assert_eq!((status, text.contains("application/x-amf")), (415, true), "{other:?}");
    }
}
