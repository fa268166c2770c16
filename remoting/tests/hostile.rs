//! Requests that are too large, too slow, cut, or no packets at all.
#![cfg(feature = "http")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests, with their own helpers"
)]

mod support;

use std::convert::Infallible;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use amf_remoting::Gateway;
use amf_remoting::gateway::GatewayLimits;
use bytes::Bytes;
use http::{Request, StatusCode};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, Full};
use support::bytes::*;
use support::post::{assert_packet, post, read, refused, request};
use support::probe::Probe;
use tower::ServiceExt;

#[tokio::test]
async fn a_body_at_the_limit_and_one_byte_over_it() {
    let limit = 2 * 1024 * 1024;
    let gateway = Probe::default().gateway();
    // a long string (0C, u32 length) in pieces of at most 1 MiB, to fill a packet to the byte
    let filled = |size: usize| {
        let long =
            |length: usize| [&[0x0C][..], &(length as u32).to_be_bytes(), &vec![b'x'; length]].concat();
        let around = packet(0, &[message("probe.greet", "/1", &arguments(&[long(0), long(0)]))]).len();
        let first = 1024 * 1024;
        let body = arguments(&[long(first), long(size - around - first)]);
        packet(0, &[message("probe.greet", "/1", &body)])
    };
    let at_the_limit = filled(limit);
    assert_eq!(at_the_limit.len(), limit);
    let reply = post(&gateway, at_the_limit).await;
    assert!(reply.starts_with(b"\0\0\0\0\0\x01\0\x0B/1/onResult"), "{}", reply[..200].escape_ascii());

    let over = Bytes::from(filled(limit + 1));
    let announced = refused(&gateway, request(over.clone())).await;
    assert_eq!(
        announced,
        (413, "The body is larger than 2097152 bytes, the limit `body_bytes`.\n".to_owned())
    );
    // in chunks, with no length announced
    let chunks =
        over.chunks(65_536).map(|chunk| Ok::<_, Infallible>(Frame::data(Bytes::copy_from_slice(chunk))));
    let chunked = http_body_util::StreamBody::new(futures_util::stream::iter(chunks.collect::<Vec<_>>()));
    assert_eq!(refused(&gateway, post_body(chunked)).await, announced);
}

fn post_body<B>(body: B) -> Request<B> {
    Request::post("/gateway").header("content-type", "application/x-amf").body(body).unwrap()
}

#[tokio::test]
async fn the_limit_is_configurable() {
    let call = packet(0, &[message("probe.nothing", "/1", &null())]);
    let gateway =
        |limit| Gateway::new(Probe::default().services()).limits(GatewayLimits::new().with_body_bytes(limit));
    post(&gateway(call.len()), call.clone()).await;
    assert_eq!(refused(&gateway(call.len() - 1), request(call)).await.0, 413);
}

/// Sends zeros one by one at an interval.
struct SlowBody {
    left: usize,
    interval: Duration,
    next: Pin<Box<tokio::time::Sleep>>,
}

fn slow_body(bytes: usize, interval: Duration) -> SlowBody {
    SlowBody { left: bytes, interval, next: Box::pin(tokio::time::sleep(interval)) }
}

impl Body for SlowBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let Some(left) = self.left.checked_sub(1) else { return Poll::Ready(None) };
        std::task::ready!(self.next.as_mut().poll(cx));
        let next = tokio::time::Instant::now() + self.interval;
        self.next.as_mut().reset(next);
        self.left = left;
        Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"\0")))))
    }
}

/// Only the whole time counts.
fn without_body_rate() -> Gateway {
    Probe::default().gateway().limits(GatewayLimits::new().with_body_rate(0).with_body_grace(Duration::MAX))
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends() {
    let started = tokio::time::Instant::now();
    let body = slow_body(usize::MAX, Duration::from_secs(1));
    let (status, text) = refused(&without_body_rate(), post_body(body)).await;
    assert_eq!(
        (status, text.as_str()),
        (408, "The body did not arrive within 30s, the limit `body_timeout`.\n")
    );
    assert_eq!(started.elapsed().as_secs(), 30);
}

#[tokio::test(start_paused = true)]
async fn a_slow_body_within_its_time_and_beyond() {
    // six zeros are a packet without messages
    for (milliseconds, expected) in [(4_999, 200), (5_001, 408)] {
        let body = slow_body(6, Duration::from_millis(milliseconds));
        let response = without_body_rate().oneshot(post_body(body)).await.unwrap();
        assert_eq!(response.status(), expected, "{milliseconds}");
    }
}

#[tokio::test]
async fn a_body_that_breaks_off() {
    let frames =
        [Ok(Frame::data(Bytes::from_static(b"\0\0\0\0"))), Err(io::Error::other("connection reset"))];
    let body = http_body_util::StreamBody::new(futures_util::stream::iter(frames));
    let (status, text) = refused(&Probe::default().gateway(), post_body(body)).await;
    assert_eq!((status, text.as_str()), (400, "The body cannot be read: connection reset.\n"));
}

#[tokio::test]
async fn bodies_that_are_not_packets() {
    let gateway = Probe::default().gateway();
    let (status, text) = refused(&gateway, request("")).await;
    assert_eq!((status, text.as_str()), (400, "The body is empty; an AMF packet is expected.\n"));
    for garbage in [
        &b"\0"[..],
        b"\0\0\0",
        b"<html>",
        b"\0\0\0\0\xFF\xFF",
        b"\0\0\xFF\xFF\0\0",
        b"hello, is there anybody?",
    ] {
        let (status, text) = refused(&gateway, request(garbage.to_vec())).await;
        assert_eq!(status, 400, "{garbage:?}");
        let is_packet = garbage.starts_with(b"\0");
        let words = if is_packet {
            "The AMF packet cannot be read: "
        } else {
            "The body is no AMF packet; it begins with `"
        };
        assert!(text.starts_with(words), "{text}");
    }
    for (body, text) in [
        (&b"<html>"[..], "The body is no AMF packet; it begins with `<html>`.\n"),
        // gzip (RFC 1952): 1F 8B, and 08 for deflate
        (b"\x1F\x8B\x08\0", "The body is no AMF packet; it begins with `\\x1f\\x8b\\x08\\x00`.\n"),
        (
            b"action=login&name=Ann&room=7",
            "The body is no AMF packet; it begins with `action=login&name=Ann&ro…`.\n",
        ),
    ] {
        assert_eq!(refused(&gateway, request(body)).await, (400, text.to_owned()));
    }
    // and the next request works
    post(&gateway, packet(0, &[message("probe.nothing", "/1", &null())])).await;
}

/// A prefix of a packet may be answered only with what came before the cut.
#[tokio::test]
async fn a_truncated_packet_is_never_answered_as_if_complete() {
    let calls = [
        message("probe.add", "/1", &arguments(&[number(1.0), number(1.0)])),
        message("probe.greet", "/2", &arguments(&[string("Ann"), string("Dr.")])),
        message("probe.echo", "/3", &[0x11, 0x09, 0x03, 0x01, 0x06, 0x05, b'h', b'i']),
    ];
    let headers = [header("Credentials", false, &object(&[("userid", string("ann"))]))];
    let whole = packet_with_headers(0, &headers, &calls);
    let mut message_ends = vec![whole.len() - calls.concat().len()];
    for call in &calls {
        message_ends.push(message_ends.last().unwrap() + call.len());
    }
    for cut in 0..whole.len() {
        let probe = Probe::default();
        let response = probe.gateway().oneshot(request(whole[..cut].to_vec())).await.unwrap();
        let status = response.status();
        let reply = read(response).await.escape_ascii().to_string();
        let complete = message_ends[1..].iter().filter(|end| **end <= cut).count();
        assert_eq!(reply.matches("/onResult").count(), complete, "cut at {cut}: {reply}");
        // whoever cannot be told within a packet is told by HTTP
        let addressed = cut >= message_ends[0] + utf8("probe.add").len() + utf8("/1").len();
        assert_eq!(status, if addressed { StatusCode::OK } else { StatusCode::BAD_REQUEST }, "cut at {cut}");
        assert_eq!(reply.matches("/onStatus").count(), usize::from(addressed), "cut at {cut}: {reply}");
        assert!(!reply.contains("/3/onResult"), "cut at {cut}: {reply}");
    }
    let reply = post(&Probe::default().gateway(), whole).await;
    let results =
        [result("/1", &number(2.0)), result("/2", &string("hello Dr. Ann")), result("/3", b"\x11\x06\x05hi")];
    assert_packet(&reply, &packet(0, &results));
}

#[tokio::test]
async fn messages_and_headers_at_their_limits() {
    let gateway = Probe::default().gateway();
    let calls = |n| vec![message("probe.nothing", "/1", &null()); n];
    let headers = |n| vec![header("h", false, &null()); n];
    let reply = post(&gateway, packet_with_headers(0, &headers(64), &calls(256))).await;
    assert_eq!(reply[4..6], [1, 0]);
    let (status, _) = refused(&gateway, request(packet_with_headers(0, &headers(65), &calls(1)))).await;
    assert_eq!(status, 400);
    let (status, _) = refused(&gateway, request(packet(0, &calls(257)))).await;
    assert_eq!(status, 400);
}

#[tokio::test]
async fn nesting_is_an_error_and_not_an_overflow() {
    let nested = |levels: usize| [b"\x0A\0\0\0\x01".repeat(levels), null()].concat();
    let call = packet(0, &[message("probe.echo", "/1", &arguments(&[nested(100_000)]))]);
    let response = Probe::default().gateway().oneshot(request(call)).await.unwrap();
    let text = read(response).await.escape_ascii().to_string();
    assert!(!text.contains("onResult"), "{text}");
}

#[tokio::test]
async fn an_axum_body_serves_as_well() {
    let call = packet(0, &[message("probe.nothing", "/1", &null())]);
    let body = axum::body::Body::from(call);
    let response = Probe::default().gateway().oneshot(post_body(body)).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
    let boxed = Full::new(Bytes::new()).boxed();
    assert_eq!(refused(&Probe::default().gateway(), post_body(boxed)).await.0, 400);
}

#[tokio::test]
async fn a_content_coding_that_no_layer_decodes() {
    let call = packet(0, &[message("probe.nothing", "/1", &null())]);
    let with_coding = |coding: &[u8]| {
        let mut request = request(call.clone());
        request.headers_mut().insert("content-encoding", coding.try_into().unwrap());
        request
    };
    let gateway = Probe::default().gateway();
    for coding in ["gzip", "GZIP", "deflate", "br", "identity, gzip", "x\u{e9}"] {
        let response = gateway.clone().oneshot(with_coding(coding.as_bytes())).await.unwrap();
        // RFC 9110 §15.5.16
        assert_eq!(response.headers()["accept-encoding"], "identity");
        assert_eq!(response.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{coding}");
        let named = coding.rsplit(", ").next().unwrap().as_bytes().escape_ascii().to_string();
        let text = String::from_utf8(read(response).await).unwrap();
        assert!(text.starts_with(&format!("The body has Content-Encoding: {named}, which")), "{text}");
    }
    for coding in ["identity", "Identity", "", " , identity"] {
        let response = gateway.clone().oneshot(with_coding(coding.as_bytes())).await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{coding}");
    }
}

/// A body of zeros in frames of 1 KiB, which counts how many were taken.
fn counted_body(frames: usize) -> (impl Body<Data = Bytes, Error = Infallible> + Send, Arc<AtomicUsize>) {
    let taken = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&taken);
    let frames = (0..frames).map(move |_| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(Frame::data(Bytes::from_static(&[0; 1024])))
    });
    (http_body_util::StreamBody::new(futures_util::stream::iter(frames)), taken)
}

#[tokio::test]
async fn a_refused_body_is_read_up_to_a_limit() {
    let limits = GatewayLimits::new().with_body_bytes(10 << 10).with_drained_bytes(20 << 10);
    let gateway = Probe::default().gateway().limits(limits);
    // 10 KiB are within the limit, the next frame exceeds it, and 20 KiB more may be read
    for (frames, expected) in [(11, 11), (31, 31), (32, 32), (33, 32), (1_000, 32)] {
        let (body, taken) = counted_body(frames);
        assert_eq!(refused(&gateway, post_body(body)).await.0, 413);
        assert_eq!(taken.load(Ordering::Relaxed), expected, "{frames}");
    }
    // what is refused for its head is read too
    for (frames, expected) in [(1, 1), (20, 20), (21, 21), (22, 21)] {
        let (body, taken) = counted_body(frames);
        let request = Request::post("/gateway").header("content-type", "text/xml").body(body).unwrap();
        assert_eq!(refused(&gateway, request).await.0, 415);
        assert_eq!(taken.load(Ordering::Relaxed), expected, "{frames}");
    }
    // a client that waits to be told to send has sent nothing
    let (body, taken) = counted_body(20);
    let request =
        Request::post("/gateway").header("content-type", "text/xml").header("expect", "100-continue");
    assert_eq!(refused(&gateway, request.body(body).unwrap()).await.0, 415);
    assert_eq!(taken.load(Ordering::Relaxed), 0);
}

#[tokio::test(start_paused = true)]
async fn a_refused_body_is_read_for_a_time() {
    for (limits, seconds) in [
        (GatewayLimits::new(), 10),
        (GatewayLimits::new().with_drain_timeout(Duration::from_secs(3)), 3),
        (GatewayLimits::new().with_body_timeout(Duration::from_secs(2)), 2),
    ] {
        let started = tokio::time::Instant::now();
        let body = slow_body(usize::MAX, Duration::from_millis(100));
        let request = Request::post("/gateway").header("content-type", "text/xml").body(body).unwrap();
        assert_eq!(refused(&Probe::default().gateway().limits(limits), request).await.0, 415);
        assert_eq!(started.elapsed().as_secs(), seconds);
    }
}
