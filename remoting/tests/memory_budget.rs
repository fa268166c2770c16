//! What the gateway charges to the memory budget, and what happens where there is no room.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod support;

use std::time::Duration;

use amf_remoting::gateway::{GatewayLimits, ReplyDroppedError};
use amf_remoting::{Gateway, MemoryBudget, Services};
use bytes::Bytes;
use futures_util::StreamExt;
use futures_util::stream::{iter, once, pending};
use http::{Request, Response};
use http_body::{Body, Frame};
use http_body_util::{BodyExt, StreamBody};
use support::bytes::*;
use support::counters::Counters;
use support::post::{post, read, refused, request};
use support::probe::Probe;
use tokio::time::sleep;
use tower::ServiceExt;

const MIB: usize = 1 << 20;
const STEP: usize = 4 << 10;

struct Place {
    budget: MemoryBudget,
    gateway: Gateway,
    counters: Counters,
}

impl Place {
    fn new(max: usize) -> Self {
        let budget = MemoryBudget::new(max);
        let gateway = Gateway::new(Probe::default().services().memory_budget(budget.clone()));
        Self { budget, gateway, counters: Counters::start() }
    }

    fn used(&self) -> usize {
        self.budget.used_bytes()
    }

    fn counted(&self, prefix: &str) -> Vec<(String, u64)> {
        self.counters.take().into_iter().filter(|(name, _)| name.starts_with(prefix)).collect()
    }

    async fn send(&self, packet: Vec<u8>) -> Response<amf_remoting::gateway::GatewayBody> {
        self.gateway.clone().oneshot(request(packet)).await.unwrap()
    }
}

fn one(target: &str, values: &[Vec<u8>]) -> Vec<u8> {
    packet(0, &[message(target, "/1", &arguments(values))])
}

/// AMF0 long string: marker 0C, u32 length.
fn text(length: usize) -> Vec<u8> {
    [&[0x0C][..], &(length as u32).to_be_bytes(), &vec![b'x'; length]].concat()
}

fn echo(length: usize) -> Vec<u8> {
    one("probe.echo", &[text(length)])
}

fn streamed(
    parts: impl futures_util::Stream<Item = Bytes> + Send + 'static,
) -> Request<impl Body<Data = Bytes, Error = std::io::Error> + Send + 'static> {
    let frames = parts.map(|part| Ok(Frame::data(part)));
    Request::post("/gateway")
        .header("content-type", "application/x-amf")
        .body(StreamBody::new(Box::pin(frames)))
        .unwrap()
}

#[tokio::test]
async fn nothing_stays_charged() {
    let place = Place::new(16 * MIB);
    for length in [0, 1, 3_900, 5_000, 60_000, 70_000, 1_000_000] {
        let reply = post(&place.gateway, echo(length)).await;
        assert!(reply.len() > length);
        assert_eq!(place.used(), 0, "{length}");
    }
    let parts: Vec<_> = echo(300_000).chunks(1_000).map(Bytes::copy_from_slice).collect();
    let response = place.gateway.clone().oneshot(streamed(iter(parts))).await.unwrap();
    assert!(read(response).await.ends_with(&vec![b'x'; 300_000]));
    assert_eq!(place.used(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_body_is_charged_while_it_arrives() {
    let place = Place::new(16 * MIB);
    let parts = iter((1..=100).map(|_| Bytes::from(vec![0; 10_000])));
    let parts = parts
        .then(|part| async {
            sleep(Duration::from_secs(1)).await;
            part
        })
        .chain(pending());
    let call = tokio::spawn(place.gateway.clone().oneshot(streamed(parts)));
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(place.used(), 12_288);
    sleep(Duration::from_secs(20)).await;
    // 210,000 bytes have come, into a buffer that doubles.
    assert!((210_000..=420_000 + STEP).contains(&place.used()), "{}", place.used());
    call.abort();
    drop(call.await);
    assert_eq!(place.used(), 0);
}

#[tokio::test]
async fn requests_without_room_receive_503() {
    let place = Place::new(100 * STEP);
    // One step is left for requests.
    let mut others = place.budget.charge(89 * STEP);
    // The body takes it, and its values and its reply are too small to count. The packet has some 40 bytes.
    let within = one("probe.add", &[number(1.0), number(1.0)]);
    let within = [&within[..], &vec![0; STEP - within.len()]].concat();
    assert!(post(&place.gateway, within.clone()).await.len() < 100);
    let beyond = [&within[..], &[0]].concat();
    let (status, words) = refused(&place.gateway, request(beyond.clone())).await;
    let expected =
        "The server is overloaded: it holds as much as it may, the limit `memory_budget` of 409600 bytes.\n";
    assert_eq!((status, &*words), (503, expected));
    assert_eq!(place.used(), 89 * STEP);
    let counted = place.counters.take();
    for counter in ["amf_shed_total{kind=request}", "amf_refused_total{reason=memory_budget}"] {
        assert_eq!(counted.get(counter), Some(&1), "{counter}: {counted:?}");
    }
    let response = place.send(beyond.clone()).await;
    assert_eq!(response.headers()["retry-after"], "1");
    // Short calls are served all the same.
    others.set(99 * STEP);
    post(&place.gateway, echo(10)).await;
    // And all, once there is room.
    others.set(80 * STEP);
    post(&place.gateway, beyond).await;
}

#[tokio::test]
async fn the_rest_of_a_refused_body_is_read() {
    let place = Place::new(MIB);
    let _others = place.budget.charge(900 << 10);
    let (read, counted) = std::sync::mpsc::channel();
    let parts = iter(0..50).map(move |_| {
        read.send(()).unwrap();
        Bytes::from(vec![0; 10_000])
    });
    let (status, words) = refused(&place.gateway, streamed(parts)).await;
    assert_eq!((status, counted.iter().count()), (503, 50), "{words}");
}

fn nap(value: Vec<u8>) -> Vec<u8> {
    one("probe.sleep", &[value, number(5.0)])
}

#[tokio::test(start_paused = true)]
async fn decoded_values_are_charged_while_their_call_runs() {
    let place = Place::new(16 * MIB);
    // The body and its values; a longer one is decoded on another thread.
    let call = tokio::spawn(place.gateway.clone().oneshot(request(nap(text(60_000)))));
    sleep(Duration::from_secs(1)).await;
    assert_eq!(place.used(), 61_440, "the values of 60,000 bytes are below 64 KiB");
    sleep(Duration::from_secs(9)).await;
    drop(call.await);
    assert_eq!(place.used(), 0);
}

#[tokio::test]
async fn long_values_are_charged_on_the_blocking_pool() {
    let place = Place::new(16 * MIB);
    let packet = one("probe.sleep", &[text(1_000_000), number(0.2)]);
    let call = tokio::spawn(place.gateway.clone().oneshot(request(packet)));
    let mut most = 0;
    while !call.is_finished() {
        most = most.max(place.used());
        sleep(Duration::from_millis(5)).await;
    }
    assert!((2_000_000..6_000_000).contains(&most), "{most}");
    drop(call.await);
    assert_eq!(place.used(), 0);
}

/// Some bytes of AMF0, of which each becomes a value of many.
fn bomb() -> Vec<u8> {
    // 0A strict array, u32 count, 05 null
    let nulls = [&[0x0A][..], &3_000_u32.to_be_bytes(), &[0x05; 3_000]].concat();
    packet(
        0,
        &[
            message("probe.echo", "/1", &arguments(&[nulls])),
            message("probe.sleep", "/2", &arguments(&[string("x"), number(5.0)])),
        ],
    )
}

#[tokio::test(start_paused = true)]
async fn a_short_call_with_many_values_is_charged_too() {
    let place = Place::new(16 * MIB);
    let body = bomb();
    assert!(body.len() < STEP);
    let response = place.send(body).await;
    assert_eq!(response.status(), 200);
    drop(response);
    assert_eq!(place.used(), 0);
    // Of a budget that is full, what such a call takes makes others end.
    let upload = tokio::spawn(
        place
            .gateway
            .clone()
            .oneshot(streamed(once(async { Bytes::from(vec![0; 200_000]) }).chain(pending()))),
    );
    sleep(Duration::from_millis(1)).await;
    let _others = place.budget.charge(16 * MIB - 220_000);
    assert!(!upload.is_finished());
    drop(place.send(bomb()).await);
    let response = upload.await.unwrap().unwrap();
    assert_eq!(response.status(), 503);
    assert_eq!(place.counted("amf_shed_total"), [("amf_shed_total{kind=disconnect}".to_owned(), 1)]);
}

#[tokio::test]
async fn a_call_whose_values_have_no_room_is_a_fault() {
    let place = Place::new(16 * MIB);
    // Room for the body of 40,000 bytes, not for the 2.3 MB that its values may take.
    let others = place.budget.charge(14 * MIB);
    let packet = packet(
        0,
        &[
            message("probe.echo", "/1", &arguments(&[text(40_000)])),
            message("probe.add", "/2", &arguments(&[number(1.0), number(2.0)])),
        ],
    );
    let reply = post(&place.gateway, packet.clone()).await.escape_ascii().to_string();
    assert!(reply.contains("/1/onStatus") && reply.contains("Server.Overloaded"), "{reply}");
    assert!(reply.contains("limit `memory_budget` of 16777216 bytes"), "{reply}");
    assert!(reply.contains("/2/onResult"), "{reply}");
    drop(others);
    assert!(post(&place.gateway, packet).await.len() > 40_000);
    assert_eq!(place.used(), 0);
}

#[tokio::test]
async fn one_call_may_take_a_quarter_of_the_budget() {
    // 10 bytes each: a Value and its place
    let numbers = |count: usize| {
        let numbers = number(1.0).repeat(count);
        one("probe.echo", &[[&[0x0A][..], &(count as u32).to_be_bytes(), &numbers].concat()])
    };
    let place = Place::new(8 * MIB);
    assert!(post(&place.gateway, numbers(20_000)).await.len() > 180_000);
    let reply = post(&place.gateway, numbers(100_000)).await.escape_ascii().to_string();
    assert!(reply.contains("limit `memory` of 2097152"), "{reply}");
}

#[tokio::test]
async fn a_reply_is_charged_until_it_is_dropped() {
    let place = Place::new(16 * MIB);
    let response = place.send(echo(10_000)).await;
    assert_eq!(place.used(), 12_288);
    let body = response.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(place.used(), 12_288);
    let part = body.slice(5_000..5_001);
    drop(body);
    assert_eq!(place.used(), 12_288);
    drop(part);
    assert_eq!(place.used(), 0);

    // A long one comes in parts, which do not hold the others.
    let mut response = place.send(echo(1_000_000)).await;
    assert_eq!(response.body().size_hint().exact(), Some(1_000_034));
    assert!((1_000_000..1_010_000).contains(&place.used()), "{}", place.used());
    let mut length = 0;
    while let Some(frame) = response.body_mut().frame().await {
        length += frame.unwrap().into_data().unwrap().len();
        assert_eq!(response.body().size_hint().exact(), Some(1_000_034 - length as u64));
    }
    assert!(response.body().is_end_stream());
    assert_eq!((length, place.used()), (1_000_034, 0));
    drop(place.send(echo(1_000_000)).await);
    assert_eq!(place.used(), 0);
}

#[tokio::test]
async fn the_largest_reply_makes_room_for_others() {
    let place = Place::new(6 * MIB);
    let mut largest = place.send(echo(1_000_000)).await;
    let mut other = place.send(echo(900_000)).await;
    assert!(largest.body_mut().frame().await.unwrap().is_ok());
    let mut others = place.budget.charge(6 * MIB - place.used());
    assert!(largest.body_mut().frame().await.unwrap().is_ok());
    others.set(others.bytes() + 1);
    assert_eq!(largest.body_mut().frame().await.unwrap().unwrap_err(), ReplyDroppedError);
    assert!(other.body_mut().frame().await.unwrap().is_ok());
    assert_eq!(place.counted("amf_shed_total"), [("amf_shed_total{kind=disconnect}".to_owned(), 1)]);
    assert!(place.used() < 6 * MIB - 800_000);
    drop((others, other, largest));
    assert_eq!(place.used(), 0);
}

struct Texts;

#[amf_remoting::remoting_service(name = "texts")]
impl Texts {
    fn text(&self, length: usize) -> String {
        "x".repeat(length)
    }
}

#[tokio::test]
async fn a_reply_without_room_is_a_fault() {
    let budget = MemoryBudget::new(100 * STEP);
    let gateway = Gateway::new(Services::new().add(Texts).memory_budget(budget.clone()));
    // Nothing of it can be ended.
    let others = budget.charge(96 * STEP);
    let text = |length: f64| message("texts.text", "/1", &arguments(&[number(length)]));
    // AMF0 string: marker, u16 length. Each is charged twice, for the packet too.
    for (length, is_answered) in [(4_000.0, true), (8_189.0, true), (8_190.0, false)] {
        let reply = post(&gateway, packet(0, &[text(length)])).await.escape_ascii().to_string();
        assert_eq!(reply.contains("onResult"), is_answered, "{length}");
        assert_eq!(reply.contains("Server.Overloaded"), !is_answered, "{length}");
        assert_eq!(budget.used_bytes(), others.bytes());
    }
    drop(others);
    assert!(post(&gateway, packet(0, &[text(8_190.0)])).await.len() > 8_190);
}

#[tokio::test(start_paused = true)]
async fn detached_packets_stay_charged_until_they_end() {
    let budget = MemoryBudget::new(16 * MIB);
    let gateway = Gateway::new(Probe::default().services().memory_budget(budget.clone()))
        .complete_calls_on_disconnect(true)
        .limits(GatewayLimits::new());
    let call = tokio::spawn(gateway.clone().oneshot(request(nap(text(60_000)))));
    sleep(Duration::from_secs(1)).await;
    call.abort();
    drop(call.await);
    assert_eq!(budget.used_bytes(), 61_440);
    gateway.wait_idle().await;
    assert_eq!(budget.used_bytes(), 0);
}

#[tokio::test]
async fn notifications_are_charged_until_the_reply_is_written() {
    let place = Place::new(MIB);
    let tell = |response: &str| message("probe.tell", response, &arguments(&[string(&"x".repeat(3_000))]));
    let slow = message("probe.sleep", "/3", &arguments(&[string("x"), number(0.2)]));
    let call =
        tokio::spawn(place.gateway.clone().oneshot(request(packet(0, &[tell("/1"), tell("/2"), slow]))));
    let mut most = 0;
    while !call.is_finished() {
        most = most.max(place.used());
        sleep(Duration::from_millis(5)).await;
    }
    // The body of 6 KB, and notifications of the same size.
    assert_eq!(most, 4 * STEP);
    drop(call.await);
    assert_eq!(place.used(), 0);
}
