//! CORS requests and the policy file of the example `blazeds`. Calls are tested in `tests/royale.rs` of `amf-tests`.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::BodyExt;
use tower::ServiceExt;

const AMF: &str = "/samples/messagebroker/amf";

fn app() -> Router {
    examples::blazeds::app([HeaderValue::from_static("http://pages.example.com")])
}

async fn ask(method: Method, path: &str, headers: &[(&str, &str)], body: &'static [u8]) -> Response<Body> {
    let request = Request::builder().method(method).uri(path);
    let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
    app().oneshot(request.body(Body::from(body)).unwrap()).await.unwrap()
}

#[tokio::test]
async fn known_origins_may_call() {
    for (origin, is_known) in [("http://pages.example.com", true), ("http://evil.example.com", false)] {
        let wants =
            [("access-control-request-method", "POST"), ("access-control-request-headers", "content-type")];
        let preflight = ask(Method::OPTIONS, AMF, &[&[("origin", origin)][..], &wants].concat(), b"").await;
        assert_eq!(preflight.status(), StatusCode::OK);
        let allowed = preflight.headers().get("access-control-allow-origin");
        assert_eq!(allowed.map(|origin| origin.to_str().unwrap()), is_known.then_some(origin));

        // Version 0, no headers, 1 message: target, response URI, a body of unknown length: 0A, no arguments.
        let call = b"\0\0\0\0\0\x01\0\x13product.getProducts\0\x02/1\xFF\xFF\xFF\xFF\x0A\0\0\0\0";
        let headers = [("origin", origin), ("content-type", "application/x-amf")];
        let reply = ask(Method::POST, &format!("{AMF};jsessionid=1"), &headers, call).await;
        assert_eq!(reply.headers().contains_key("access-control-allow-origin"), is_known);
        let reply = reply.into_body().collect().await.unwrap().to_bytes();
        assert!(reply.windows(10).any(|window| window == b"Nokia 6010"), "{}", reply.escape_ascii());
    }
}

#[tokio::test]
async fn the_policy_file_is_served() {
    let policy = ask(Method::GET, "/crossdomain.xml", &[], b"").await;
    assert_eq!(policy.headers()["content-type"], "text/x-cross-domain-policy");
    let policy = policy.into_body().collect().await.unwrap().to_bytes();
    assert!(policy.starts_with(b"<?xml") && policy.trim_ascii_end().ends_with(b"</cross-domain-policy>"));
}
