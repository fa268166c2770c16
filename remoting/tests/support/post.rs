//! Requests to a gateway without a socket.

use amf_remoting::Gateway;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;

pub fn request(packet: impl Into<Bytes>) -> Request<Full<Bytes>> {
    Request::post("/gateway")
        .header("content-type", "application/x-amf")
        .body(Full::new(packet.into()))
        .unwrap()
}

/// Posts a packet and gives the packet that answers it.
pub async fn post(gateway: &Gateway, packet: Vec<u8>) -> Vec<u8> {
    let response = gateway.clone().oneshot(request(packet)).await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store");
    let (status, text) = (response.status(), read(response).await);
    assert_eq!(status, StatusCode::OK, "{}", String::from_utf8_lossy(&text));
    text
}

/// Sends a request that is refused; gives the status and the text.
pub async fn refused<B>(gateway: &Gateway, request: Request<B>) -> (u16, String)
where
    B: http_body::Body<Data: Send, Error: Into<tower::BoxError>> + Send + 'static,
{
    let response = gateway.clone().oneshot(request).await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/plain; charset=utf-8");
    let status = response.status().as_u16();
    (status, String::from_utf8(read(response).await).unwrap())
}

pub async fn read<B: http_body::Body<Error: std::fmt::Debug>>(response: Response<B>) -> Vec<u8> {
    response.into_body().collect().await.unwrap().to_bytes().to_vec()
}

/// Compares packets as readable text first, since bytes in decimal tell nobody anything.
#[track_caller]
pub fn assert_packet(actual: &[u8], expected: &[u8]) {
    assert_eq!(actual.escape_ascii().to_string(), expected.escape_ascii().to_string());
}
