//! Several calls in one packet: isolated from each other, answered in order.
#![cfg(feature = "http")]
#![allow(clippy::indexing_slicing, reason = "these are tests")]

mod support;

use std::time::Duration;

use amf_remoting::gateway::GatewayLimits;
use support::bytes::*;
use support::flex;
use support::post::{assert_packet, post};
use support::probe::Probe;

fn sleep(method: &str, response: &str, name: &str, seconds: f64) -> Vec<u8> {
    message(&format!("probe.{method}"), response, &arguments(&[string(name), number(seconds)]))
}

#[tokio::test]
async fn a_fault_in_the_middle_is_a_fault_for_that_call() {
    let probe = Probe::default();
    let call = packet(
        0,
        &[
            message("probe.add", "/1", &arguments(&[number(1.0), number(1.0)])),
            message("probe.fail", "/2", &arguments(&[string("Probe.Asked")])),
            message("nobody.home", "/3", &arguments(&[])),
            message("probe.add", "/4", &arguments(&[number(2.0), number(2.0)])),
        ],
    );
    let reply = packet(
        0,
        &[
            result("/1", &number(2.0)),
            status("/2", "Probe.Asked", "as asked"),
            status("/3", "Service.ResourceNotFound", "Unknown service nobody"),
            result("/4", &number(4.0)),
        ],
    );
    assert_packet(&post(&probe.gateway(), call).await, &reply);
    assert_eq!(probe.take_events(), ["add 1 1", "fail", "add 2 2"]);
}

#[tokio::test]
async fn a_panic_is_a_fault_for_that_call_and_does_not_leak_its_message() {
    let probe = Probe::default();
    let internal = |response| status(response, "Server.Processing", "internal error");
    for _ in 0..2 {
        let call = packet(
            0,
            &[
                message("probe.explode", "/1", &arguments(&[])),
                message("probe.explodeEarly", "/2", &arguments(&[null()])),
                message("probe.add", "/3", &arguments(&[number(2.0), number(2.0)])),
            ],
        );
        let reply = packet(0, &[internal("/1"), internal("/2"), result("/3", &number(4.0))]);
        assert_packet(&post(&probe.gateway(), call).await, &reply);
    }
}

#[tokio::test(start_paused = true)]
async fn calls_run_one_after_another() {
    let probe = Probe::default();
    let call = packet(0, &[sleep("sleep", "/1", "login", 2.0), sleep("sleep", "/2", "getData", 1.0)]);
    let reply = packet(0, &[result("/1", &string("login")), result("/2", &string("getData"))]);
    assert_packet(&post(&probe.gateway(), call).await, &reply);
    assert_eq!(probe.take_events(), ["+login", "-login", "+getData", "-getData"]);
}

#[tokio::test(start_paused = true)]
async fn concurrent_methods_overlap_and_are_answered_in_order() {
    let probe = Probe::default();
    let call = packet(
        0,
        &[
            sleep("sleep", "/1", "login", 1.0),
            sleep("overlap", "/2", "slow", 3.0),
            sleep("overlap", "/3", "quick", 1.0),
            sleep("sleep", "/4", "last", 2.0),
        ],
    );
    let names = ["login", "slow", "quick", "last"];
    let results: Vec<_> = (1..).zip(names).map(|(n, name)| result(&format!("/{n}"), &string(name))).collect();
    assert_packet(&post(&probe.gateway(), call).await, &packet(0, &results));
    let events = probe.take_events();
    assert_eq!(events[..2], ["+login", "-login"]);
    assert_eq!(events[5..], ["-quick", "-last", "-slow"]);
}

#[tokio::test(start_paused = true)]
async fn a_call_over_its_time_is_a_fault_and_the_next_one_runs() {
    let probe = Probe::default();
    let call = packet(0, &[sleep("sleep", "/1", "long", 30.001), sleep("sleep", "/2", "just", 29.999)]);
    let text = "the method did not answer in time: the limit `call_timeout` of 30s is passed";
    let reply = packet(0, &[status("/1", "Server.Timeout", text), result("/2", &string("just"))]);
    let gateway = probe.gateway().limits(GatewayLimits::new().with_packet_timeout(Duration::from_mins(1)));
    assert_packet(&post(&gateway, call).await, &reply);
    assert_eq!(probe.take_events(), ["+long", "+just", "-just"]);
}

#[tokio::test]
async fn a_broken_later_message_leaves_those_before_it_answered() {
    let probe = Probe::default();
    // 0E is not a marker that may stand for a value (reserved: record set)
    let broken = message("probe.echo", "/2", &arguments(&[vec![0x0E]]));
    let whole = message("probe.add", "/1", &arguments(&[number(1.0), number(1.0)]));
    let reply = post(&probe.gateway(), packet(0, &[whole, broken])).await;
    let answered = packet(0, &[result("/1", &number(2.0)), Vec::new()]);
    assert!(reply.starts_with(&answered), "{}", reply.escape_ascii());
    let rest = reply[answered.len()..].escape_ascii().to_string();
    assert!(rest.starts_with(r"\x00\x0b/2/onStatus\x00\x04null"), "{rest}");
    assert!(rest.contains("Client.Message.Encoding"), "{rest}");
    assert_eq!(probe.take_events(), ["add 1 1"]);
}

/// Bodies of AMF0 that nobody can read, each for another reason.
fn unreadable_bodies() -> Vec<Vec<u8>> {
    vec![
        // a string (02) that is not UTF-8, and a reference (07) to what was not sent
        arguments(&[b"\x02\0\x01\xFF".to_vec()]),
        arguments(&[b"\x07\0\x09".to_vec()]),
        // lists in lists, deeper than the limit
        arguments(&[[b"\x0A\0\0\0\x01".repeat(100), null()].concat()]),
        // a reserved marker, and one that AMF3 (11) does not have
        arguments(&[vec![0x0E]]),
        arguments(&[vec![0x11, 0x12]]),
        // 0A object, 07 an externalizable class, 03 "x", and what only the class could read
        arguments(&[b"\x11\x0A\x07\x03x\x01\x02\x03".to_vec()]),
        // a long string (0C) of one byte more than the limit
        arguments(&[[&b"\x0C\0\x10\0\x01"[..], &vec![b'x'; 0x10_0001]].concat()]),
        // a list that is not there
        vec![0x0E],
    ]
}

#[tokio::test]
async fn calls_behind_one_that_cannot_be_read_are_made_where_all_lengths_are_exact() {
    let add = |response| message("probe.add", response, &arguments(&[number(1.0), number(1.0)]));
    for body in unreadable_bodies() {
        let probe = Probe::default();
        let calls =
            [message("probe.echo", "/1", &body), add("/2"), message("probe.echo", "/3", &body), add("/4")];
        let limits = GatewayLimits::new().with_body_bytes(4 << 20);
        let reply = post(&probe.gateway().limits(limits), packet(0, &calls)).await;
        let answers: Vec<_> = flex::messages(&reply).into_iter().map(|(target, _)| target).collect();
        let shown = body[..body.len().min(20)].escape_ascii();
        assert_eq!(answers, ["/1/onStatus", "/2/onResult", "/3/onStatus", "/4/onResult"], "{shown}");
        assert!(reply.escape_ascii().to_string().contains("Client.Message.Encoding"), "{shown}");
        assert_eq!(probe.take_events(), ["add 1 1", "add 1 1"], "{shown}");
    }
}

#[tokio::test]
async fn calls_behind_one_that_cannot_be_read_are_not_looked_for_where_a_length_is_wrong() {
    let add = message("probe.add", "/2", &arguments(&[number(1.0), number(1.0)]));
    for body in unreadable_bodies() {
        let len = body.len() as u32;
        for length in [0, 2, len - 1, len + 1, u32::MAX] {
            let first = [&utf8("probe.echo")[..], &utf8("/1"), &length.to_be_bytes(), &body].concat();
            let probe = Probe::default();
            let reply = post(&probe.gateway(), packet(0, &[first, add.clone()])).await;
            let answers = flex::messages(&reply);
            assert_eq!((answers.len(), answers[0].0.as_str()), (1, "/1/onStatus"), "{length}");
            assert!(probe.take_events().is_empty(), "{length}");
        }
    }
}

/// A call that is written in a text, which stands in a value that cannot be read, of a message whose declared length
/// leads to the text.
#[tokio::test]
async fn a_call_in_a_text_is_never_made() {
    let last = message("probe.nothing", "/3", &arguments(&[]));
    // 07: the text is followed by a reference that leads nowhere
    let tail = b"\x07\xFF\xFF";
    // its second argument, a long string (0C), takes all that follows, so that the lengths lead to the end
    let hidden = (tail.len() + last.len()) as u32;
    let start = [&b"\x0A\0\0\0\x02"[..], &number(7.0), &[0x0C], &hidden.to_be_bytes()].concat();
    let typed = [&utf8("probe.sleep")[..], &utf8("/2"), &(start.len() as u32 + hidden).to_be_bytes(), &start]
        .concat();
    let before = [&b"\x0A\0\0\0\x02\x02"[..], &(typed.len() as u16).to_be_bytes()].concat();
    let body = [&before[..], &typed, tail].concat();
    for length in 0..body.len() as u32 {
        let first = [&utf8("probe.echo")[..], &utf8("/1"), &length.to_be_bytes(), &body].concat();
        let probe = Probe::default();
        let reply = post(&probe.gateway(), packet(0, &[first, last.clone()])).await;
        let answers = flex::messages(&reply);
        assert_eq!((answers.len(), answers[0].0.as_str()), (1, "/1/onStatus"), "{length}");
    }
}

/// The same of a text that is refused for its length: it is a part of the value although nobody reads it. A sender that
/// counts characters declares a length that ends within it.
#[tokio::test]
async fn a_call_in_a_text_that_is_too_long_is_never_made() {
    let filler = vec![b'x'; 0x10_0000];
    let hidden = message("probe.nothing", "/2", &arguments(&[]));
    // 0C: a long string
    let text_len = (filler.len() + hidden.len()) as u32;
    let before = [&b"\x0A\0\0\0\x01\x0C"[..], &text_len.to_be_bytes(), &filler].concat();
    let first = message("probe.echo", "/1", &before);
    let reply = post(&Probe::default().gateway(), packet(0, &[first, hidden])).await;
    let answers: Vec<_> = flex::messages(&reply).into_iter().map(|(target, _)| target).collect();
    assert_eq!(answers, ["/1/onStatus"]);
}

#[tokio::test]
async fn bytes_behind_the_last_call_are_ignored() {
    let add = |response| message("probe.add", response, &arguments(&[number(1.0), number(1.0)]));
    let unknown_length = [
        &utf8("probe.add")[..],
        &utf8("/1"),
        &u32::MAX.to_be_bytes(),
        &arguments(&[number(1.0), number(1.0)]),
    ]
    .concat();
    for first in [add("/1"), unknown_length] {
        for trailing in [&b"\n"[..], b"\r\n", b"dead", b"\0", &add("/2")] {
            let probe = Probe::default();
            let call = [packet(0, std::slice::from_ref(&first)), trailing.to_vec()].concat();
            let reply = packet(0, &[result("/1", &number(2.0))]);
            assert_packet(&post(&probe.gateway(), call).await, &reply);
            assert_eq!(probe.take_events(), ["add 1 1"], "what is behind the calls is none");
        }
    }
}
