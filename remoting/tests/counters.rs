//! What is counted of packets, calls, refusals and limits.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod support;

use std::time::Duration;

use http::Request;
use http_body_util::Full;
use support::bytes::*;
use support::counters::Counters;
use support::post::{post, refused, request};
use support::probe::Probe;
use support::{amf3, flex};
use tower::ServiceExt;

fn call(target: &str, response: &str, values: &[Vec<u8>]) -> Vec<u8> {
    message(target, response, &arguments(values))
}

#[tokio::test]
async fn packets_calls_and_bytes() {
    let counters = Counters::start();
    let add = || call("probe.add", "/1", &[number(1.0), number(1.0)]);
    let calls = [add(), add(), call("probe.explode", "/3", &[]), call("probe.fail", "/4", &[string("x1")])];
    let packet = packet(0, &calls);
    let received = packet.len() as u64;
    let sent = post(&Probe::default().gateway(), packet).await.len() as u64;
    counters.assert(&[
        ("amf_packets_total{version=0}", 1),
        ("amf_messages_total{}", 4),
        ("amf_received_bytes_total{}", received),
        ("amf_sent_bytes_total{}", sent),
        ("amf_calls_total{service=probe,method=add,outcome=ok}", 2),
        ("amf_call_seconds{service=probe,method=add,outcome=ok}", 2),
        ("amf_calls_total{service=probe,method=explode,outcome=panic}", 1),
        ("amf_call_seconds{service=probe,method=explode,outcome=panic}", 1),
        // the method made its code of what it was sent
        ("amf_calls_total{service=probe,method=fail,outcome=fault}", 1),
        ("amf_call_seconds{service=probe,method=fail,outcome=fault}", 1),
    ]);
}

#[tokio::test]
async fn unknown_names_are_not_labels() {
    let counters = Counters::start();
    let calls: Vec<_> = (0..200)
        .flat_map(|n| [call(&format!("s{n}.m"), "/1", &[]), call(&format!("probe.m{n}"), "/2", &[])])
        .collect();
    for calls in calls.chunks(100) {
        post(&flex::gateway(), packet(0, calls)).await;
    }
    for version in [1, 3, 4, 77] {
        post(&flex::gateway(), packet(version, &[])).await;
    }
    let made_up = flex::remoting_message(&flex::remoting("nobody", "home", amf3::array(&[])));
    post(&flex::gateway(), flex::envelope(&made_up)).await;
    let counted = counters.take();
    let of = |name: &str| counted.iter().filter(|(key, _)| key.starts_with(name)).collect::<Vec<_>>();
    let unknown = |method: &str, code: &str| format!("amf_calls_total{{{method},outcome={code}}}");
    assert_eq!(
        of("amf_calls"),
        [
            (&unknown("service=probe,method=unknown", "Service.MethodNotFound"), &200),
            (&unknown("service=unknown,method=unknown", "Service.ResourceNotFound"), &201),
        ]
    );
    let packets: Vec<_> = of("amf_packets").into_iter().map(|(key, count)| (key.as_str(), *count)).collect();
    assert_eq!(
        packets,
        [
            ("amf_packets_total{version=0}", 4),
            ("amf_packets_total{version=1}", 1),
            ("amf_packets_total{version=3}", 2),
            ("amf_packets_total{version=unknown}", 2),
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn cancelled_calls() {
    let counters = Counters::start();
    let sleep = packet(0, &[call("probe.sleep", "/1", &[string("x"), number(99.0)])]);
    let gone = Probe::default().gateway().oneshot(request(sleep.clone()));
    tokio::time::timeout(Duration::from_secs(1), gone).await.unwrap_err();
    let counted = counters.take();
    assert_eq!(counted["amf_calls_total{service=probe,method=sleep,outcome=cancelled}"], 1);
    assert_eq!(counted["amf_refused_total{reason=cancelled}"], 1);
    post(&Probe::default().gateway(), sleep).await;
    let counted = counters.take();
    assert_eq!(counted["amf_calls_total{service=probe,method=sleep,outcome=Server.Timeout}"], 1);
    assert_eq!(counted["amf_limits_exceeded_total{limit=call_timeout}"], 1);
}

#[tokio::test]
async fn refusals_by_reason() {
    let counters = Counters::start();
    let gateway = Probe::default().gateway().strict_headers(["known"]);
    let of_type = |content_type: &str| {
        let post = Request::post("/gateway").header("content-type", content_type);
        post.body(Full::from(&b"\0\0\0\0\0\0"[..])).unwrap()
    };
    let with_encoding = |coding: &str| {
        let post = Request::post("/gateway").header("content-type", "application/x-amf");
        post.header("content-encoding", coding).body(Full::from("")).unwrap()
    };
    let get = Request::get("/gateway").body(Full::from("")).unwrap();
    for (request, status, reason) in [
        (get, 405, "method"),
        (of_type("text/plain"), 415, "content_type"),
        (request(""), 400, "empty"),
        (with_encoding("gzip"), 415, "content_encoding"),
        (request("<html>"), 400, "packet"),
        (request(packet_with_headers(0, &[header("h", false, &amf_reference())], &[])), 400, "packet"),
    ] {
        assert_eq!(refused(&gateway, request).await.0, status);
        assert_eq!(counters.take()[&format!("amf_refused_total{{reason={reason}}}")], 1);
    }
    let nothing = || call("probe.nothing", "/1", &[]);
    for (packet, reason) in [
        (packet(9, &[nothing()]), "version"),
        (packet_with_headers(0, &[header("h", true, &null())], &[nothing()]), "must_understand"),
        (packet(0, &[nothing(), message("a.b", "/2", &[0x77]), nothing()]), "message"),
        // 77 is no marker, and of the length that is declared, one byte is missing
        (packet(0, &[nothing(), [message("a.b", "/2", &[0x77, 0x77]), nothing()].concat()]), "message"),
    ] {
        post(&gateway, packet).await;
        assert_eq!(counters.take()[&format!("amf_refused_total{{reason={reason}}}")], 1, "{reason}");
    }
}

/// A method that returns what it is sent.
#[derive(Default)]
struct Echo;

#[amf_remoting::remoting_service(name = "echo")]
impl Echo {
    fn echo(&self, value: amf_core::Value) -> amf_core::Value {
        value
    }

    fn in_vector(&self, value: amf_core::Value) -> amf_core::Value {
        let vector = amf_core::Vector::Object { fixed: false, class: "".into(), items: vec![value] };
        amf_core::Value::Vector(std::sync::Arc::new(vector))
    }
}

#[tokio::test]
async fn members_that_amf3_cannot_carry() {
    let counters = Counters::start();
    let gateway = amf_remoting::Gateway::new(amf_remoting::Services::new().add(Echo));
    let members = [("a", string("x")), ("", number(2.0)), ("b", null())];
    // AMF0 §2.5 allows an empty name; in AMF3 it would end the object (§3.12), and Flash Player leaves it out.
    let request = |version| packet(version, &[call("echo.echo", "/1", &[object(&members)])]);
    let expected = [&[0x11], &amf3::map(&[("a", amf3::text("x")), ("b", amf3::nothing())])[..]].concat();
    assert_eq!(post(&gateway, request(3)).await, packet(3, &[result("/1", &expected)]));
    assert_eq!(counters.take()["amf_omitted_members_total{}"], 1);
    assert_eq!(post(&gateway, request(0)).await, packet(0, &[result("/1", &object(&members))]));
    assert_eq!(counters.take().get("amf_omitted_members_total{}"), None);
    // A Vector switches to AMF3 also where AMF0 is the rule, whether or not the peer's numbering of references is known.
    let services = amf_remoting::Services::new().add(Echo);
    for services in [services.clone(), services.amf0_numbering(amf_remoting::Amf0Numbering::PY3AMF)] {
        let request = packet(0, &[call("echo.inVector", "/1", &[object(&members)])]);
        let reply = post(&amf_remoting::Gateway::new(services), request).await;
        // 11 to AMF3: 10 a Vector of objects, one of them (03), of variable length (00), of any class (01)
        let object = amf3::map(&[("a", amf3::text("x")), ("b", amf3::nothing())]);
        let expected = [&[0x11, 0x10, 0x03, 0x00, 0x01], &object[..]].concat();
        assert_eq!(reply, packet(0, &[result("/1", &expected)]));
        assert_eq!(counters.take()["amf_omitted_members_total{}"], 1);
    }
}

/// A reference (07) to an object that was not sent.
fn amf_reference() -> Vec<u8> {
    vec![0x07, 0, 9]
}

#[test]
fn the_names_can_be_described() {
    let _counters = Counters::start();
    amf_remoting::metrics::describe();
}

#[tokio::test]
async fn what_is_no_packet_exceeds_no_limit() {
    let counters = Counters::start();
    let gateway = Probe::default().gateway();
    for body in ["<?xml version=\"1.0\"?>", "\nNotice: x", "a=1&b=2", "{\"a\":1}", "\u{FEFF}\0\0\0\0\0\0"] {
        assert_eq!(refused(&gateway, request(body)).await.0, 400);
        let counted = counters.take();
        assert_eq!(counted["amf_refused_total{reason=packet}"], 1, "{body}");
        assert!(!counted.keys().any(|name| name.starts_with("amf_limits")), "{body}: {counted:?}");
    }
}

#[tokio::test]
async fn bytes_behind_the_last_message() {
    let counters = Counters::start();
    let gateway = Probe::default().gateway();
    let whole = packet(0, &[call("probe.nothing", "/1", &[])]);
    post(&gateway, whole.clone()).await;
    assert!(!counters.take().contains_key("amf_trailing_bytes_total{packet=request}"));
    post(&gateway, [&whole[..], b"dead"].concat()).await;
    assert_eq!(counters.take()["amf_trailing_bytes_total{packet=request}"], 4);
}
