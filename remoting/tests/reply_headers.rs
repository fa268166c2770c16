//! What methods tell the client's connection by the headers of a reply.
#![allow(clippy::unwrap_used, reason = "tests")]

mod support;

use std::sync::Mutex;

use amf_remoting::gateway::{GatewayLimits, ReplyHeaders};
use amf_remoting::{CallError, Gateway, Services, remoting_service};
use support::bytes::*;
use support::post::*;

#[derive(Default)]
struct Sessions {
    kept: Mutex<Option<ReplyHeaders>>,
}

#[remoting_service(name = "sessions")]
impl Sessions {
    fn open(&self, headers: &ReplyHeaders) -> Result<(), CallError> {
        headers.append_to_gateway_url(";jsessionid=1")?;
        headers.request_persistent_header("token", true, "t")?;
        headers.clear_persistent_header("Credentials")
    }

    fn move_on(&self, headers: &ReplyHeaders, url: String) -> Result<(), CallError> {
        headers.replace_gateway_url(&url)
    }

    fn add(&self, headers: &ReplyHeaders, name: String) -> Result<(), CallError> {
        headers.add(&name, false, &true)
    }

    fn keep(&self, headers: &ReplyHeaders) {
        *self.kept.lock().unwrap() = Some(headers.clone());
    }

    fn late(&self) -> Result<(), CallError> {
        self.kept.lock().unwrap().as_ref().unwrap().add("late", false, &true)
    }
}

fn gateway() -> Gateway {
    Gateway::new(Services::new().add(Sessions::default()))
}

fn call(method: &str, response: &str, values: &[Vec<u8>]) -> Vec<u8> {
    message(&format!("sessions.{method}"), response, &arguments(values))
}

#[tokio::test]
async fn the_headers_that_flash_player_obeys() {
    let calls = [call("open", "/1", &[]), call("moveOn", "/2", &[string("/other")])];
    let persistent = |name, must_understand: bool, data| {
        let must_understand = vec![0x01, u8::from(must_understand)];
        let value = object(&[("name", string(name)), ("mustUnderstand", must_understand), ("data", data)]);
        header("RequestPersistentHeader", true, &value)
    };
    let headers = [
        header("AppendToGatewayUrl", true, &string(";jsessionid=1")),
        persistent("token", true, string("t")),
        persistent("Credentials", false, null()),
        header("ReplaceGatewayUrl", true, &string("/other")),
    ];
    let results = [result("/1", &null()), result("/2", &null())];
    assert_packet(&post(&gateway(), packet(0, &calls)).await, &packet_with_headers(0, &headers, &results));
}

#[tokio::test]
async fn as_many_as_the_limit_says_and_one_more() {
    // A name of 1 byte and a Boolean (01 01) are 3 bytes.
    for limits in
        [GatewayLimits::new().with_notifications(2), GatewayLimits::new().with_notification_bytes(8)]
    {
        let calls = ["a", "b", "c"].map(|name| call("add", &format!("/{name}"), &[string(name)]));
        let reply = post(&gateway().limits(limits), packet(0, &calls)).await;
        let headers = [header("a", false, &[1, 1]), header("b", false, &[1, 1])];
        let full = status("/c", "Server.ClientCallFailed", "the queue is full");
        let results = [result("/a", &null()), result("/b", &null()), full];
        assert_packet(&reply, &packet_with_headers(0, &headers, &results));
    }
}

#[tokio::test]
async fn after_the_reply_it_is_too_late() {
    let gateway = gateway();
    post(&gateway, packet(0, &[call("keep", "/1", &[])])).await;
    let reply = post(&gateway, packet(0, &[call("late", "/1", &[])])).await;
    let gone = status("/1", "Server.ClientCallFailed", "the other side is gone");
    assert_packet(&reply, &packet(0, &[gone]));
}
