//! Text in Latin-1, through gateway and client.

mod support;

use amf_core::TextEncoding;
use amf_remoting::client::RemotingClient;
use amf_remoting::{Gateway, Services, remote_client, remoting_service};
use support::bytes::*;
use support::post::{assert_packet, post};

struct Names;

#[remoting_service(name = "names")]
impl Names {
    fn greet(&self, name: String) -> String {
        format!("Hello {name}")
    }
}

/// AMF0 §2.4: 02, the length in bytes, the text: é is E9 in ISO 8859-1.
const NAME: &[u8] = b"\x02\0\x04Ren\xE9";

fn request(argument: &[u8]) -> Vec<u8> {
    packet(0, &[message("names.greet", "/1", &arguments(&[argument.to_vec()]))])
}

#[tokio::test]
async fn the_gateway_reads_latin1_by_choice() {
    let services = Services::new().add(Names);
    let lenient = Gateway::new(services.clone().text_encoding(TextEncoding::Latin1));
    let greeting = packet(0, &[result("/1", &string("Hello René"))]);
    assert_packet(&post(&lenient, request(NAME)).await, &greeting);
    // By default the call gets a fault, and the packet an answer.
    let reply = post(&Gateway::new(services), request(NAME)).await;
    let contains = |text: &str| reply.windows(text.len()).any(|window| window == text.as_bytes());
    assert!(contains("/1/onStatus") && contains("UTF-8"), "{}", String::from_utf8_lossy(&reply));
}

#[remote_client]
trait NamesClient {
    async fn name(&self) -> Result<String, amf_remoting::CallError>;
}

#[tokio::test]
async fn the_client_reads_latin1_by_choice() {
    let reply = packet(3, &[result("/1", NAME)]);
    let server = tower::service_fn(move |_: http::Request<http_body_util::Full<bytes::Bytes>>| {
        let reply = http::Response::builder()
            .header("content-type", "application/x-amf")
            .body(http_body_util::Full::new(bytes::Bytes::from(reply.clone())));
        async move { reply }
    });
    let builder = || RemotingClient::builder("http://localhost/gateway").unwrap().transport(server.clone());
    let client = builder().text_encoding(TextEncoding::Latin1).build().unwrap();
    assert_eq!(client.remote("names").name().await.unwrap(), "René");
    let client = builder().build().unwrap();
    assert!(client.remote("names").name().await.is_err());
}
