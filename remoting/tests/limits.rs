//! Every limit of the gateway at its value and one beyond: the answer names it, it is counted, and nothing else is
//! the matter. That the server's own hold is shown over sockets.
#![allow(clippy::unwrap_used, reason = "these are tests")]

mod support;

use std::time::Duration;

use amf_remoting::gateway::GatewayLimits;
use amf_remoting::{Gateway, Limits};
use bytes::Bytes;
use futures_util::StreamExt;
use http::Request;
use http_body_util::StreamBody;
use support::amf3;
use support::bytes::*;
use support::counters::Counters;
use support::post::{read, request};
use support::probe::Probe;
use tower::ServiceExt;

fn one(target: &str, values: &[Vec<u8>]) -> Vec<u8> {
    packet(0, &[message(target, "/1", &arguments(values))])
}

fn echo(value: Vec<u8>) -> Vec<u8> {
    one("probe.echo", &[value])
}

/// AMF0 long string: marker 0C, u32 length.
fn long_string(length: usize) -> Vec<u8> {
    [&[0x0C][..], &(length as u32).to_be_bytes(), &vec![b'x'; length]].concat()
}

/// Sends what passes no limit, and what passes this one; with the status of the latter.
async fn assert_limit<B>(gateway: &Gateway, limit: &str, within: Request<B>, beyond: Request<B>, status: u16)
where
    B: http_body::Body<Data: Send, Error: Into<tower::BoxError>> + Send + 'static,
{
    let counters = Counters::start();
    let ask = async |request| {
        let response = gateway.clone().oneshot(request).await.unwrap();
        (response.status().as_u16(), String::from_utf8_lossy(&read(response).await).into_owned())
    };
    let limits = || {
        let counted = counters.take().into_iter();
        counted.filter(|(name, _)| name.starts_with("amf_limits")).collect::<Vec<_>>()
    };
    let (found, reply) = ask(within).await;
    let head: String = reply.chars().take(300).collect();
    assert!(found == 200 && !reply.contains("onStatus"), "{limit}: {head}");
    assert_eq!(limits(), [], "{limit}");
    let (found, reply) = ask(beyond).await;
    let head: String = reply.chars().take(300).collect();
    assert!(found == status && reply.contains(&format!("limit `{limit}`")), "{limit}: {found} {head}");
    assert_eq!(limits(), [(format!("amf_limits_exceeded_total{{limit={limit}}}"), 1)]);
}

/// The same for a limit of a packet's content, whose size is made to measure.
async fn assert_limit_at(limit: &str, value: usize, status: u16, packet_of: impl Fn(usize) -> Vec<u8>) {
    // The recorder of these tests sees their own thread alone.
    let gateway = Gateway::new(Probe::default().services().blocking_threshold(usize::MAX));
    let (within, beyond) = (packet_of(value), packet_of(value + 1));
    assert_limit(&gateway, limit, request(within), request(beyond), status).await;
}

#[tokio::test]
async fn bytes_of_a_body() {
    let around = one("probe.greet", &[long_string(0), long_string(0)]).len();
    assert_limit_at("body_bytes", 2 * 1024 * 1024, 413, |size| {
        let first = 1024 * 1024;
        one("probe.greet", &[long_string(first), long_string(size - around - first)])
    })
    .await;
}

#[tokio::test]
async fn nesting_depth() {
    // the list of arguments is one, and so is each strict array
    assert_limit_at("depth", 64, 200, |depth| {
        echo([b"\x0A\0\0\0\x01".repeat(depth - 2), b"\x0A\0\0\0\0".to_vec()].concat())
    })
    .await;
}

#[tokio::test]
async fn values_in_all() {
    // two lists, and booleans (01 01) in the inner one
    assert_limit_at("nodes", 262_144, 200, |nodes| echo(arguments(&vec![vec![1, 1]; nodes - 2]))).await;
}

#[tokio::test]
async fn bytes_of_a_string() {
    assert_limit_at("string_len", 1024 * 1024, 200, |length| echo(long_string(length))).await;
}

#[tokio::test]
async fn members_of_a_class() {
    assert_limit_at("sealed_members", 1_024, 200, |count| {
        let names: Vec<_> = (0..count).map(|n| format!("m{n}")).collect();
        let members: Vec<_> = names.iter().map(|name| (name.as_str(), amf3::nothing())).collect();
        echo([vec![0x11], amf3::object("", &members)].concat())
    })
    .await;
}

#[tokio::test]
async fn memory_of_what_was_decoded() {
    // little is allowed, and it is the same for each byte sent, for a text is as long as it was
    let limits = Limits::new().with_memory(1_000);
    let gateway = Gateway::new(Probe::default().services().limits(limits));
    let greet = |length| request(one("probe.greet", &[long_string(length)]));
    assert_limit(&gateway, "memory", greet(1_000), greet(1_001), 200).await;
}

#[tokio::test]
async fn headers_and_messages() {
    let calls = |n| vec![message("probe.nothing", "/1", &null()); n];
    assert_limit_at("headers", 64, 400, |n| {
        packet_with_headers(0, &vec![header("h", false, &null()); n], &calls(1))
    })
    .await;
    assert_limit_at("messages", 256, 400, |n| packet(0, &calls(n))).await;
}

/// A body that comes after so many milliseconds.
fn delayed_body(
    milliseconds: u64,
) -> Request<impl http_body::Body<Data = Bytes, Error = std::io::Error> + Send + 'static> {
    let frame = futures_util::stream::once(async move {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        Ok(http_body::Frame::data(one("probe.nothing", &[]).into()))
    });
    Request::post("/gateway")
        .header("content-type", "application/x-amf")
        .body(StreamBody::new(Box::pin(frame)))
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn time_of_a_body() {
    let limits = GatewayLimits::new().with_body_grace(Duration::MAX);
    assert_limit(
        &Probe::default().gateway().limits(limits),
        "body_timeout",
        delayed_body(29_999),
        delayed_body(30_001),
        408,
    )
    .await;
}

fn sleep_calls(seconds: &[f64]) -> Request<http_body_util::Full<Bytes>> {
    let nap = |seconds| message("probe.sleep", "/1", &arguments(&[string("x"), number(seconds)]));
    request(packet(0, &seconds.iter().map(|seconds| nap(*seconds)).collect::<Vec<_>>()))
}

#[tokio::test(start_paused = true)]
async fn time_of_a_call_and_of_all() {
    assert_limit(
        &Probe::default().gateway(),
        "call_timeout",
        sleep_calls(&[29.999]),
        sleep_calls(&[30.001]),
        200,
    )
    .await;
    // none takes too long, but all of them together
    let within = [10.0, 10.0, 9.999];
    assert_limit(
        &Probe::default().gateway(),
        "packet_timeout",
        sleep_calls(&within),
        sleep_calls(&[10.0, 10.0, 10.001]),
        200,
    )
    .await;
}

#[tokio::test(start_paused = true)]
async fn calls_after_the_packet_timeout_are_not_made() {
    let probe = Probe::default();
    let started = tokio::time::Instant::now();
    let limits = GatewayLimits::new().with_packet_timeout(Duration::from_secs(3));
    let response = probe.gateway().limits(limits).oneshot(sleep_calls(&[2.0, 2.0, 0.0, 0.0])).await.unwrap();
    let reply = read(response).await.escape_ascii().to_string();
    assert_eq!(started.elapsed().as_secs(), 3);
    assert_eq!((reply.matches("/1/onResult").count(), reply.matches("/1/onStatus").count()), (1, 3));
    assert_eq!(
        reply.matches("limit `packet_timeout` of 3s is passed").count(),
        3 * 3,
        "each fault says it thrice"
    );
    assert_eq!(probe.take_events(), ["+x", "-x", "+x"]);
}

#[tokio::test]
async fn notifications_of_a_packet() {
    let tell = |count| vec![message("probe.tell", "/1", &arguments(&[string("x")])); count];
    let counted = async |limits, calls: &[Vec<u8>]| {
        let counters = Counters::start();
        let response =
            Probe::default().gateway().limits(limits).oneshot(request(packet(0, calls))).await.unwrap();
        let failed = read(response).await.escape_ascii().to_string().matches("onStatus").count() as u64;
        let counted = counters.take();
        let of = |limit: &str| counted.get(&format!("amf_limits_exceeded_total{{limit={limit}}}")).copied();
        (failed, of("notifications"), of("notification_bytes"))
    };
    let limits = GatewayLimits::new();
    assert_eq!(counted(limits.with_notifications(3), &tell(3)).await, (0, None, None));
    assert_eq!(counted(limits.with_notifications(3), &tell(4)).await, (1, Some(1), None));
    // each: the name `said`, and a strict array (5 bytes) of a string (3 + 1) and a number (9)
    assert_eq!(counted(limits.with_notification_bytes(3 * 22), &tell(3)).await, (0, None, None));
    assert_eq!(counted(limits.with_notification_bytes(3 * 22 - 1), &tell(3)).await, (1, None, Some(1)));
}

/// A body of so many parts of so many bytes, one every so many milliseconds.
fn slow_body(
    parts: usize,
    bytes: usize,
    milliseconds: u64,
) -> Request<impl http_body::Body<Data = Bytes, Error = std::io::Error> + Send + 'static> {
    let call = one("probe.nothing", &[]);
    // Bytes behind the last message are ignored.
    let packet = [&call[..], &vec![0; parts * bytes - call.len()]].concat();
    let parts: Vec<_> = packet.chunks(bytes).map(Bytes::copy_from_slice).collect();
    let frames = futures_util::stream::iter(parts).then(move |part| async move {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        Ok(http_body::Frame::data(part))
    });
    Request::post("/gateway")
        .header("content-type", "application/x-amf")
        .body(StreamBody::new(Box::pin(frames)))
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn rate_of_a_body() {
    let gateway = Probe::default().gateway();
    // 1 KiB/s; half of it for 20 s is the deficit of 10 s
    assert_limit(&gateway, "body_rate", slow_body(29, 1_024, 1_000), slow_body(29, 500, 1_000), 408).await;
    assert_limit(&gateway, "body_rate", slow_body(19, 512, 999), slow_body(21, 511, 1_000), 408).await;
    // a pause, after however many bytes
    let limits = GatewayLimits::new().with_body_rate(1);
    let gateway = gateway.limits(limits);
    assert_limit(&gateway, "body_rate", slow_body(2, 500_000, 9_999), slow_body(2, 500_000, 10_001), 408)
        .await;
    // no limit
    let gateway = gateway.limits(limits.with_body_rate(0).with_body_grace(Duration::MAX));
    assert_limit(&gateway, "body_timeout", slow_body(29, 10, 1_000), slow_body(31, 10, 1_000), 408).await;
}
