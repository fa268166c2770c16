//! Several calls in one packet: isolated from each other, answered in order.
#![cfg(feature = "http")]

mod support;

use std::time::Duration;

use amf_remoting::gateway::GatewayLimits;
use support::bytes::*;
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
