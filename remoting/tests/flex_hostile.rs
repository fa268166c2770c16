//! Messages of Flex with anything in them: an `ErrorMessage`, or a refusal, and never a panic.
#![cfg(feature = "http")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests, with their own helpers"
)]

mod support;

use amf_remoting::Gateway;
use http::StatusCode;
use support::amf3::*;
use support::bytes;
use support::flex::*;
use support::post::{read, request};
use tower::ServiceExt;

/// Values of every type.
fn values() -> Vec<Vec<u8>> {
    vec![
        vec![0x00],
        nothing(),
        vec![0x02],
        vec![0x03],
        integer(7),
        double(f64::NAN),
        text(""),
        text("x"),
        text(&"long ".repeat(20_000)),
        array(&[]),
        array(&[array(&[nothing()])]),
        map(&[]),
        map(&[("DSId", integer(1)), ("DSMessagingVersion", text("x"))]),
        object("com.example.Unknown", &[("x", nothing())]),
        object(&format!("{MESSAGES}.RemotingMessage"), &[]),
        object(&format!("{MESSAGES}.AcknowledgeMessage"), &[("body", nothing())]),
        byte_array(&[0xFF; 16]),
        byte_array(&[]),
        external("flex.messaging.io.ArrayCollection", &array(&[])),
        external("flex.messaging.io.ArrayCollection", &integer(1)),
        external("flex.messaging.io.ObjectProxy", &map(&[])),
        external("DSK", &[0, 0, 0]),
        // 08 date; 07 and 0B XML; 0D a Vector.<int> of one; 11 an empty Dictionary
        [&[0x08, 0x01][..], &0_f64.to_be_bytes()].concat(),
        vec![0x07, 0x03, b'x'],
        vec![0x0B, 0x03, b'x'],
        vec![0x0D, 0x03, 0x00, 0, 0, 0, 1],
        vec![0x11, 0x01, 0x00],
    ]
}

/// What came of it: `Ok` with the target and the `faultCode` of an answer, `Err` with the status of a refusal.
async fn outcome(gateway: &Gateway, packet: Vec<u8>) -> Result<(String, String), StatusCode> {
    let response = gateway.clone().oneshot(request(packet)).await.unwrap();
    let status = response.status();
    let body = read(response).await;
    if status != StatusCode::OK {
        assert!(status.is_client_error(), "{status}");
        return Err(status);
    }
    let (target, body) = messages(&body).remove(0);
    let code = if target.ends_with("/onStatus") {
        assert_eq!(body[0], 0x11);
        let answer = value(&body);
        answer.get("faultCode").unwrap().as_str().unwrap().to_owned()
    } else {
        String::new()
    };
    Ok((target, code))
}

#[tokio::test]
async fn every_type_in_every_member() {
    let gateway = gateway();
    let call = remoting("probe", "echo", array(&[text("x")]));
    let commands =
        [5, 8, 9, 12, 0, 2].map(|operation| command(operation, &[("DSId", text("nil"))], nothing()));
    let mut faults = 0;
    for members_of in [call].into_iter().chain(commands) {
        let is_call = members_of.iter().any(|(name, _)| *name == "source");
        let class =
            |members: &[_]| if is_call { remoting_message(members) } else { command_message(members) };
        for (name, _) in &members_of {
            for value in values() {
                let message = class(&replaced(members_of.clone(), name, value.clone()));
                let (_, code) = outcome(&gateway, envelope(&message)).await.unwrap();
                faults += usize::from(!code.is_empty());
                assert_ne!(code, "Server.Timeout");
            }
            let without: Vec<_> = members_of.iter().filter(|(other, _)| other != name).cloned().collect();
            outcome(&gateway, envelope(&class(&without))).await.unwrap();
        }
    }
    assert!(faults > 100, "{faults}");
}

#[tokio::test]
async fn a_wrong_member_is_named_and_the_answer_still_finds_its_sender() {
    let members_of = replaced(remoting("probe", "echo", array(&[])), "operation", integer(7));
    let (target, reply) = answer(&gateway(), envelope(&remoting_message(&members_of))).await;
    assert_eq!(target, "/1/onStatus");
    let member = members(&reply, "ErrorMessage");
    assert_eq!(member("faultCode").as_str(), Some("Client.Message.Encoding"));
    let words = member("faultString");
    assert!(words.as_str().unwrap().starts_with("operation: expected"), "{words:?}");
    assert_eq!(member("correlationId").as_str(), Some(ID));
    assert_eq!(member("clientId").as_str(), Some(CLIENT));
}

#[tokio::test]
async fn bodies_that_are_not_messages() {
    let gateway = gateway();
    for value in values() {
        let inside = format!("{:?}", &value[..value.len().min(40)]);
        for packet in [
            envelope(&value),
            bytes::packet(3, &[bytes::message("null", "/1", &[&[0x11], &value[..]].concat())]),
        ] {
            let (target, code) = outcome(&gateway, packet).await.unwrap();
            // an object of that class without members is a call of nothing
            let codes = ["Client.Message.Encoding", "Service.ResourceNotFound", "Server.Processing"];
            assert!(target == "/1/onStatus" && codes.contains(&code.as_str()), "{inside}: {target} {code}");
        }
    }
    // no arguments at all; in AMF0 the answer is one in AMF0
    let empty = bytes::packet(3, &[bytes::message("null", "/1", &bytes::arguments(&[]))]);
    assert_eq!(outcome(&gateway, empty).await.unwrap().1, "Client.Message.Encoding");
}

#[tokio::test]
async fn nested_as_deep_as_the_limit_and_deeper() {
    let nested = |depth: usize| (0..depth).fold(nothing(), |inner, _| array(&[inner]));
    // around the value are the array of arguments, the message, and its body
    let call = |depth| envelope(&remoting_message(&remoting("probe", "echo", array(&[nested(depth)]))));
    assert_eq!(outcome(&gateway(), call(61)).await.unwrap().0, "/1/onResult");
    for depth in [62, 1_000, 100_000] {
        let (target, code) = outcome(&gateway(), call(depth)).await.unwrap();
        assert_eq!((target.as_str(), code.as_str()), ("/1/onStatus", "Client.Message.Encoding"), "{depth}");
    }
}

#[tokio::test]
async fn cut_and_changed_at_every_byte() {
    let gateway = gateway();
    let small_flags = [0x9F, 0x43];
    let small_values = [
        text("b"),
        text("c"),
        text("d"),
        map(&[("DSId", text("nil"))]),
        text("m"),
        byte_array(&[1; 16]),
        byte_array(&[2; 16]),
        nothing(),
    ];
    let small = external(
        "DSC",
        &[&small_flags[..], &small_values.concat(), &[0x02], &byte_array(&[3; 16]), &[0x01], &integer(5)]
            .concat(),
    );
    let messages = [
        remoting_message(&remoting("probe", "echo", array(&[map(&[("k", text("v"))])]))),
        command_message(&command(5, &[("DSId", text("nil"))], nothing())),
        small,
    ];
    for message in messages {
        let packet = envelope(&message);
        assert_eq!(outcome(&gateway, packet.clone()).await.unwrap().0, "/1/onResult");
        for at in 0..packet.len() {
            let _ = outcome_of_anything(&gateway, packet[..at].to_vec()).await;
            for change in [0x01, 0x80, 0xFF] {
                let mut changed = packet.clone();
                changed[at] ^= change;
                outcome_of_anything(&gateway, changed).await;
            }
        }
    }
}

/// Answers only: what they are depends on the change.
async fn outcome_of_anything(gateway: &Gateway, packet: Vec<u8>) -> StatusCode {
    let response = gateway.clone().oneshot(request(packet)).await.unwrap();
    let status = response.status();
    assert!(status == StatusCode::OK || status.is_client_error(), "{status}");
    status
}

#[tokio::test]
async fn a_broken_message_of_flex_is_refused_as_one() {
    let call = remoting_message(&remoting("probe", "nothing", nothing()));
    // 12 is no marker of AMF3
    let broken = bytes::message("null", "/2", &[0x0A, 0, 0, 0, 1, 0x11, 0x12]);
    let packet = bytes::packet(3, &[in_message("/1", &call), broken]);
    let reply = messages(&support::post::post(&gateway(), packet).await);
    assert_eq!((reply[0].0.as_str(), reply[1].0.as_str()), ("/1/onResult", "/2/onStatus"));
    assert_eq!(
        members(&value(&reply[1].1), "ErrorMessage")("faultCode").as_str(),
        Some("Client.Message.Encoding")
    );
}

#[tokio::test]
async fn many_flags_and_wrong_ids_in_small_messages() {
    let gateway = gateway();
    // a thousand bytes of flags that say nothing is there
    let flags = [&[0x80; 1_000][..], &[0x00]].concat();
    let many = external("DSC", &[&flags[..], &[0x00, 0x01], &integer(12)].concat());
    assert_eq!(outcome(&gateway, envelope(&many)).await.unwrap().0, "/1/onResult");
    for id in [byte_array(&[0; 15]), byte_array(&[0; 17]), text("x"), integer(1)] {
        let wrong = external("DSC", &[&[0x80, 0x01][..], &id, &[0x00, 0x01], &integer(12)].concat());
        let outcome = outcome(&gateway, envelope(&wrong)).await;
        assert!(outcome.as_ref().is_ok_and(|(target, _)| target == "/1/onStatus"), "{outcome:?}");
    }
    // all flags, and nothing behind them
    let nothing_there = external("DSC", &[0xFF, 0x7F]);
    assert!(
        matches!(outcome(&gateway, envelope(&nothing_there)).await, Ok((target, _)) if target == "/1/onStatus")
    );
}
