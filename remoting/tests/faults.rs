//! What each mistake of a caller is answered with.
#![cfg(feature = "http")]

mod support;

use amf_remoting::service::Call;
use amf_remoting::{Fault, Gateway, Services, Version, remoting_service};
use support::bytes::*;
use support::log::Log;
use support::post::{assert_packet, post};
use support::probe::Probe;
use tracing::Level;

async fn assert_fault(target: &str, body: &[u8], code: &str, text: &str) {
    let call = packet(0, &[message(target, "/1", body)]);
    assert_packet(&post(&Probe::default().gateway(), call).await, &packet(0, &[status("/1", code, text)]));
}

#[tokio::test]
async fn unknown_names() {
    let body = arguments(&[]);
    for target in ["nobody.home", "nobody/home"] {
        assert_fault(target, &body, "Service.ResourceNotFound", "Unknown service nobody").await;
    }
    for (target, text) in [
        ("home", "Unknown service: the call names the method home and no service"),
        (".home", "Unknown service: the call names the method home and no service"),
        ("", "Unknown service: the call names neither a service nor a method"),
    ] {
        assert_fault(target, &body, "Service.ResourceNotFound", text).await;
    }
    assert_fault("probe.none", &body, "Service.MethodNotFound", "Unknown method none of service probe").await;
    assert_fault("probe.", &body, "Service.MethodNotFound", "Unknown method  of service probe").await;
    assert_fault("probe.note", &body, "Service.MethodNotFound", "Unknown method note of service probe").await;
}

#[tokio::test]
async fn wrong_argument_counts() {
    let count = "Server.ResourceUnavailable";
    let args = |n| arguments(&vec![string("x"); n]);
    // the number is checked before the types: a string is not a number
    assert_fault("probe.add", &args(1), count, "1 arguments were sent but 2 were expected").await;
    assert_fault("probe.add", &args(0), count, "0 arguments were sent but 2 were expected").await;
    assert_fault("probe.add", &args(3), count, "3 arguments were sent but 2 were expected").await;
    assert_fault("probe.nothing", &args(1), count, "1 arguments were sent but 0 were expected").await;
    assert_fault("probe.greet", &args(0), count, "0 arguments were sent but 1 to 2 were expected").await;
    assert_fault("probe.greet", &args(3), count, "3 arguments were sent but 1 to 2 were expected").await;
}

#[tokio::test]
async fn the_last_optional_arguments_may_be_left_out() {
    for (sent, greeting) in [
        (vec![string("Ann")], "hello Ann"),
        (vec![string("Ann"), null()], "hello Ann"),
        (vec![string("Ann"), string("Dr.")], "hello Dr. Ann"),
    ] {
        let call = packet(0, &[message("probe.greet", "/1", &arguments(&sent))]);
        let reply = packet(0, &[result("/1", &string(greeting))]);
        assert_packet(&post(&Probe::default().gateway(), call).await, &reply);
    }
}

#[tokio::test]
async fn a_wrong_type_is_named_with_its_argument() {
    let call = packet(0, &[message("probe.add", "/1", &arguments(&[number(1.0), string("x")]))]);
    let reply = post(&Probe::default().gateway(), call).await.escape_ascii().to_string();
    assert!(reply.contains("/1/onStatus"), "{reply}");
    assert!(reply.contains("Client.Message.Encoding"), "{reply}");
    assert!(reply.contains("argument 2 `b`: expected"), "{reply}");
}

#[tokio::test]
async fn a_fault_in_amf3_is_one_anonymous_object() {
    let call = packet(3, &[message("probe.fail", "/1", &arguments(&[string("A.B")]))]);
    let reply = post(&Probe::default().gateway(), call).await;
    let body = &reply[6 + 2 + "/1/onStatus".len() + 2 + "null".len() + 4..];
    // 11 switch, 0A object
    assert_eq!(body[..2], [0x11, 0x0A]);
    let amf_remoting::Value::Object(fault) =
        amf_core::from_slice(amf_core::Version::Amf3, &body[1..]).unwrap()
    else {
        panic!("not an object")
    };
    let text = format!("{fault:?}");
    for name in [
        "level",
        "code",
        "type",
        "description",
        "details",
        "faultCode",
        "faultString",
        "faultDetail",
        "rootCause",
    ] {
        assert!(text.contains(name), "{name} is not in {text}");
    }
}

struct Saves;

#[remoting_service(name = "saves")]
impl Saves {
    fn nested(&self, lists: Vec<Vec<f64>>) -> usize {
        lists.len()
    }

    fn score(&self, score: i64) -> i64 {
        score
    }
}

/// What a Rust programmer can do about it is of no use to a caller.
#[tokio::test]
async fn advice_for_the_author_of_a_service_is_logged_and_not_sent() {
    // the double 2^54, which may have been 2^54 + 1
    let large = b"\0\x43\x50\0\0\0\0\0\0".to_vec();
    for (method, argument, told, advice) in [
        // A list (09) of AMF3 (11) that holds a reference (01) to itself (00)
        (
            "nested",
            b"\x11\x09\x03\x01\x09\0".to_vec(),
            "argument 1 `lists`[0]: the reference leads back to an object that encloses it (at byte 11)",
            "Arc<T>",
        ),
        (
            "score",
            large,
            "argument 1 `score`: expected i64, got 18014398509481984, which may be another number: beyond 2^53 a \
             Number is not exact (at byte 14)",
            "#[amf(as = ",
        ),
    ] {
        let (log, guard) = Log::start(tracing::Level::INFO);
        let call = packet(0, &[message(&format!("saves.{method}"), "/1", &arguments(&[argument]))]);
        let reply = post(&Gateway::new(Services::new().add(Saves)), call).await;
        let reply = reply.escape_ascii().to_string();
        assert!(reply.contains("/1/onStatus") && reply.contains("Client.Message.Encoding"), "{reply}");
        assert!(reply.contains(told) && !reply.contains(advice), "{reply}");
        drop(guard);
        assert!(log.text().contains(advice), "{}", log.text());
    }
}

/// Names and texts of peers reach logs and terminals only as escapes: they could forge lines, or clear the screen.
#[tokio::test]
async fn text_of_peers_does_not_act_in_logs() {
    let (log, _guard) = Log::start(Level::TRACE);
    let hostile = "\n\u{1b}[2J\u{202E}x";
    let services = Services::new().add(Saves);
    let target = format!("saves.{hostile}");
    let call = Call::new(
        &*target,
        bytes::Bytes::from_static(b"\x0A\0\0\0\0"),
        Version::Amf0,
        support::direct::caller(),
    );
    let fault = services.call(call).await.unwrap_err();
    assert_eq!(fault.message(), format!("Unknown method {hostile} of service saves"), "as it was sent");
    assert!(fault.to_string().contains("Unknown method \\n\\u{1b}[2J\\u{202e}x of"), "{fault}");
    let _ = Fault::internal(format_args!("`{target}` failed"));
    let text = log.text();
    assert!(text.contains("saves.\\n\\u{1b}[2J\\u{202e}x"), "{text}");
    assert!(!text.contains(['\u{1b}', '\u{202E}']) && !text.contains("\n\\u{1b}"), "{text:?}");
}
