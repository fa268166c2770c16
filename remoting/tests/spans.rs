//! What a subscriber of `tracing` sees of packets and calls.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod support;

use std::time::Duration;

use amf_remoting::Gateway;
use support::bytes::*;
use support::log::Log;
use support::post::{post, refused, request};
use support::probe::Probe;
use tower::ServiceExt;
use tracing::Level;

fn call(target: &str, response: &str, values: &[Vec<u8>]) -> Vec<u8> {
    message(target, response, &arguments(values))
}

#[tokio::test]
async fn a_packet_and_its_calls() {
    let (log, _guard) = Log::start(Level::DEBUG);
    let calls = [
        call("probe.add", "/1", &[number(1.0), number(1.0)]),
        call("probe/fail", "/2", &[string("A.B")]),
        call("probe.explode", "/3", &[]),
        call("made.up", "/4", &[]),
    ];
    post(&Probe::default().gateway(), packet(0, &calls)).await;
    for (name, outcome) in [
        (r#"service="probe" method="add""#, "ok"),
        (r#"service="probe" method="fail""#, "A.B"),
        (r#"service="probe" method="explode""#, "panic"),
        (r#"service="made" method="up""#, "Service.ResourceNotFound"),
    ] {
        let line = log.closing_line(name);
        assert!(line.contains("packet{version=0 messages=4"), "{line}");
        assert!(line.contains(&format!("outcome=\"{outcome}\" seconds=")), "{line}");
    }
    let packet = log.closing_line("packet{version=0 messages=4 outcome=\"answered\" seconds=");
    assert!(!packet.contains("call{"), "{packet}");
    // what a panic said is told once, within its call
    let text = log.text();
    let error = text.lines().find(|line| line.contains("ERROR")).unwrap();
    assert!(error.contains("method=\"explode\"") && error.contains("with a secret in it"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn cancelled_and_timed_out_calls() {
    let (log, _guard) = Log::start(Level::DEBUG);
    let sleep = |target| packet(0, &[call(target, "/1", &[string("x"), number(9.0)])]);
    // the client goes away
    let gone = Probe::default().gateway().oneshot(request(sleep("probe.sleep")));
    tokio::time::timeout(Duration::from_secs(1), gone).await.unwrap_err();
    assert!(log.closing_line("method=\"sleep\"").contains("outcome=\"cancelled\""));
    assert!(log.closing_line("messages=1 outcome=\"cancelled\"").contains("packet{version=0"));
    // it takes too long
    let services = Probe::default().services().call_timeout(Duration::from_secs(2));
    post(&Gateway::new(services), sleep("probe.overlap")).await;
    assert!(log.closing_line("method=\"overlap\"").contains("outcome=\"Server.Timeout\""));
}

#[tokio::test]
async fn a_request_that_is_refused() {
    let (log, _guard) = Log::start(Level::DEBUG);
    refused(&Probe::default().gateway(), request("<html>")).await;
    assert!(
        log.text().contains("refused a request status=400 text=\"The body is no AMF packet"),
        "{}",
        log.text()
    );
    log.closing_line("packet{outcome=\"packet\" seconds=");
}

/// Spans of an app's layers have fields of the same names.
#[tokio::test]
async fn an_enclosing_span_is_kept() {
    let (log, _guard) = Log::start(Level::INFO);
    let span = tracing::info_span!("request", version = "HTTP/1.1", outcome = tracing::field::Empty);
    let work =
        async { post(&Probe::default().gateway(), packet(0, &[call("probe.nothing", "/1", &[])])).await };
    tracing::Instrument::instrument(work, span).await;
    log.closing_line("request{version=\"HTTP/1.1\"}");
    assert_eq!(log.text().lines().count(), 1, "{}", log.text());
}
