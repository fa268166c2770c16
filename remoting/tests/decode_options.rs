//! Text in Latin-1 and numberings of AMF0 references, as gateway and client are told to read them.

#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use amf_core::TextEncoding;
use amf_remoting::client::{Builder, RemotingClient};
use amf_remoting::service::{Header, HeaderValue};
use amf_remoting::{
    Amf0Numbering, AmfObject, Date, Gateway, Services, Value, remote_client, remoting_service,
};
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
    async fn log(&self) -> Result<Log, amf_remoting::CallError>;
}

/// A client of a server that always replies with these bytes.
fn client_of(reply: Vec<u8>) -> Builder {
    let server = tower::service_fn(move |_: http::Request<http_body_util::Full<bytes::Bytes>>| {
        let reply = http::Response::builder()
            .header("content-type", "application/x-amf")
            .body(http_body_util::Full::new(bytes::Bytes::from(reply.clone())));
        async move { reply }
    });
    RemotingClient::builder("http://localhost/gateway").unwrap().transport(server)
}

#[tokio::test]
async fn the_client_reads_latin1_by_choice() {
    let reply = packet(3, &[result("/1", NAME)]);
    let builder = || client_of(reply.clone());
    let client = builder().text_encoding(TextEncoding::Latin1).build().unwrap();
    assert_eq!(client.remote("names").name().await.unwrap(), "René");
    let client = builder().build().unwrap();
    assert!(client.remote("names").name().await.is_err());
}

#[derive(AmfObject)]
struct Log {
    when: Date,
    first: Value,
    second: Value,
    last: Value,
}

impl HeaderValue for Log {
    const NAME: &'static str = "log";
}

/// Two strict arrays behind a date, then reference 2: to the second one if dates do not count, else to the first. The
/// object around them is 0 (AMF0 §2.5, §2.9, §2.12, §2.13).
fn log() -> Vec<u8> {
    let list = |item| [&[0x0A, 0, 0, 0, 1][..], &number(item)].concat();
    let date = b"\x0B\0\0\0\0\0\0\0\0\0\0".to_vec();
    let reference = b"\x07\0\x02".to_vec();
    object(&[("when", date), ("first", list(1.0)), ("second", list(2.0)), ("last", reference)])
}

struct Logs;

#[remoting_service(name = "logs")]
impl Logs {
    fn last(&self, log: &Header<Log>) -> bool {
        assert_eq!(log.when.as_millis().to_bits(), 0);
        assert_ne!(log.first, log.second);
        log.last == log.first
    }
}

#[tokio::test]
async fn headers_are_read_under_the_numbering_of_the_services() {
    let request = packet_with_headers(
        0,
        &[header("log", false, &log())],
        &[message("logs.last", "/1", &arguments(&[]))],
    );
    for (numbering, is_first) in [(Amf0Numbering::FLASH_PLAYER, 0), (Amf0Numbering::PY3AMF, 1)] {
        let gateway = Gateway::new(Services::new().add(Logs).amf0_numbering(numbering));
        assert_packet(&post(&gateway, request.clone()).await, &packet(0, &[result("/1", &[1, is_first])]));
    }
}

#[tokio::test]
async fn the_client_reads_replies_under_the_numbering_that_is_set() {
    let reply = packet(0, &[result("/1", &log())]);
    for (numbering, is_first) in [(Amf0Numbering::FLASH_PLAYER, false), (Amf0Numbering::PY3AMF, true)] {
        let client = client_of(reply.clone()).amf0_numbering(numbering).build().unwrap();
        let log = client.remote("logs").log().await.unwrap();
        assert_eq!(log.last == log.first, is_first, "{numbering:?}");
    }
}
