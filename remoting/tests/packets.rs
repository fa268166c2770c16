//! What a client sends and gets, byte by byte.
#![cfg(feature = "http")]

mod support;

use support::bytes::*;
use support::post::{assert_packet, post};
use support::probe::Probe;

#[tokio::test]
async fn a_call_in_amf0() {
    // version 0, no headers, 1 message; target "probe.add", 9 bytes; response "/1", 2 bytes; body of 23 bytes:
    // 0A strict array of 2, 00 number 1.5 = 3FF8…, 00 number 2.0 = 4000…
    let call = b"\0\0\0\0\0\x01\0\x09probe.add\0\x02/1\0\0\0\x17\
        \x0A\0\0\0\x02\0\x3F\xF8\0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0";
    // version 0, no headers, 1 message; target "/1/onResult", 11 bytes; response "null"; body of 9 bytes:
    // 00 number 3.5 = 400C…
    let reply = b"\0\0\0\0\0\x01\0\x0B/1/onResult\0\x04null\0\0\0\x09\0\x40\x0C\0\0\0\0\0\0";
    assert_packet(&post(&Probe::default().gateway(), call.to_vec()).await, reply);
}

#[tokio::test]
async fn a_call_in_amf3_with_each_argument_switched() {
    // As Flash Player sends it: version 3; an AMF0 strict array (0A) of 1, whose value is 11 = switch to AMF3,
    // 06 string, 05 = length 2 with the low bit set, "hi".
    let call = b"\0\x03\0\0\0\x01\0\x0Aprobe.echo\0\x02/1\0\0\0\x0A\x0A\0\0\0\x01\x11\x06\x05hi";
    let reply = b"\0\x03\0\0\0\x01\0\x0B/1/onResult\0\x04null\0\0\0\x05\x11\x06\x05hi";
    assert_packet(&post(&Probe::default().gateway(), call.to_vec()).await, reply);
}

#[tokio::test]
async fn a_body_switched_as_a_whole_in_a_version_0_packet() {
    // 11 switch, 09 array, 03 = 1 dense value with the low bit set, 01 = empty name: no associative part,
    // 04 integer, 05.
    let call = packet(0, &[message("probe.echo", "/1", &[0x11, 0x09, 0x03, 0x01, 0x04, 0x05])]);
    let reply = packet(0, &[result("/1", &[0x11, 0x04, 0x05])]);
    assert_packet(&post(&Probe::default().gateway(), call).await, &reply);
}

#[tokio::test]
async fn one_switched_argument_among_others_is_answered_in_amf3() {
    // 11 switch, 06 string, 07 = 3 bytes, "Dr."
    let body = arguments(&[string("Ann"), b"\x11\x06\x07Dr.".to_vec()]);
    let call = packet(0, &[message("probe.greet", "/1", &body)]);
    // 06 string, 1B = 13 bytes
    let reply = packet(0, &[result("/1", b"\x11\x06\x1Bhello Dr. Ann")]);
    assert_packet(&post(&Probe::default().gateway(), call).await, &reply);
}

#[tokio::test]
async fn amf0_arguments_in_a_version_3_packet_are_answered_in_amf3() {
    let call = packet(3, &[message("probe.add", "/1", &arguments(&[number(1.0), number(0.5)]))]);
    // 11 switch, 05 double, 1.5 = 3FF8…
    let reply = packet(3, &[result("/1", b"\x11\x05\x3F\xF8\0\0\0\0\0\0")]);
    assert_packet(&post(&Probe::default().gateway(), call).await, &reply);
}

#[tokio::test]
async fn version_1_is_answered_as_0() {
    let call = packet(1, &[message("probe.echo", "/1", &arguments(&[string("x")]))]);
    assert_packet(&post(&Probe::default().gateway(), call).await, &packet(0, &[result("/1", &string("x"))]));
}

#[tokio::test]
async fn an_unknown_version_gets_a_fault_for_each_message() {
    let echo = |response| message("probe.echo", response, &arguments(&[string("x")]));
    for version in [2, 4, 5, 0xFFFF] {
        let text = format!("packets of version {version} are not known here; 0 and 3 are");
        let fault = |response| status(response, "Client.Message.Encoding", &text);
        let reply = packet(0, &[fault("/1"), fault("/2")]);
        assert_packet(
            &post(&Probe::default().gateway(), packet(version, &[echo("/1"), echo("/2")])).await,
            &reply,
        );
    }
}

#[tokio::test]
async fn zero_messages_get_an_empty_packet() {
    for version in [0, 3] {
        assert_packet(
            &post(&Probe::default().gateway(), packet(version, &[])).await,
            &[0, version as u8, 0, 0, 0, 0],
        );
    }
}

#[tokio::test]
async fn declared_lengths_are_not_trusted() {
    let right = message("probe.echo", "/1", &arguments(&[string("x")]));
    let body = arguments(&[string("x")]);
    for declared in [-1_i32, 0, 1, 1_000_000] {
        let wrong = [&utf8("probe.echo")[..], &utf8("/1"), &declared.to_be_bytes(), &body].concat();
        let reply = packet(0, &[result("/1", &string("x")), result("/1", &string("x"))]);
        assert_packet(&post(&Probe::default().gateway(), packet(0, &[wrong, right.clone()])).await, &reply);
    }
}

#[tokio::test]
async fn both_separators_and_empty_response_uris() {
    let body = arguments(&[null()]);
    let call = packet(
        0,
        &[
            message("probe/echo", "/1", &body),
            message("probe.echo", "", &body),
            message("probe.echo", "/1", &body),
        ],
    );
    // two messages with one response URI both get their reply
    let reply = packet(0, &[result("/1", &null()), result("", &null()), result("/1", &null())]);
    assert_packet(&post(&Probe::default().gateway(), call).await, &reply);
}

#[tokio::test]
async fn no_arguments_in_every_way_they_are_written() {
    // an empty strict array; null; undefined; AMF3 null; an empty AMF3 array
    for body in [&b"\x0A\0\0\0\0"[..], b"\x05", b"\x06", b"\x11\x01", b"\x11\x09\x01\x01"] {
        let call = packet(0, &[message("probe.nothing", "/1", body)]);
        let reply = post(&Probe::default().gateway(), call).await;
        assert!(reply.starts_with(b"\0\0\0\0\0\x01\0\x0B/1/onResult"), "{body:?}: {}", reply.escape_ascii());
    }
}

#[tokio::test]
async fn an_object_of_an_unknown_class_is_plain_data_that_keeps_its_alias() {
    // AMF0: 10 typed object, alias "java.lang.Runtime", member "x": 05 null, the end
    let amf0 = b"\x10\0\x11java.lang.Runtime\0\x01x\x05\0\0\x09";
    // AMF3: 11 switch, 0A object, 13 = one sealed member, alias of 17 bytes (23), "x", 01 null
    let amf3 = b"\x11\x0A\x13\x23java.lang.Runtime\x03x\x01";
    for value in [&amf0[..], amf3] {
        let call = packet(0, &[message("probe.echo", "/1", &arguments(&[value.to_vec()]))]);
        assert_packet(&post(&Probe::default().gateway(), call).await, &packet(0, &[result("/1", value)]));
    }
}

#[tokio::test]
async fn headers_reach_methods() {
    let ask = |name| message("probe.header", "/1", &arguments(&[string(name)]));
    let headers = [
        header("Credentials", true, &object(&[("userid", string("ann"))])),
        header("n", false, &number(7.0)),
    ];
    let call = packet_with_headers(0, &headers, &[ask("Credentials"), ask("n"), ask("none")]);
    let reply = packet(
        0,
        &[
            result("/1", &object(&[("userid", string("ann"))])),
            result("/1", &number(7.0)),
            result("/1", &null()),
        ],
    );
    assert_packet(&post(&Probe::default().gateway(), call).await, &reply);
}
