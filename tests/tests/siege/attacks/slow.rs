//! Clients over HTTP that take time: replies that nobody reads, bodies that do not end.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::{Attack, attack, numbers_body};
use crate::target::{Target, Wire};
use crate::wire;

pub(super) fn attacks() -> Vec<Attack> {
    let unread = attack!("unread replies of 16 MB over HTTP, 60 clients", unread_replies);
    [unread].into_iter().chain(without_methods()).collect()
}

pub(super) fn without_methods() -> Vec<Attack> {
    vec![
        attack!("bodies over HTTP that lack a byte, 800 clients", slow_bodies),
        attack!("bodies over HTTP, a byte at a time, 800 clients", dribbled_bodies),
    ]
}

/// Longer than the timeouts of 10 s.
const HELD: Duration = Duration::from_secs(12);
/// As many as the files of this process allow, nearly.
const BODIES: usize = 800;
/// The largest that the gateway takes.
const BODY_BYTES: usize = 2 << 20;

async fn unread_replies(target: Target) {
    let end = Instant::now() + HELD;
    let body = numbers_body(&[4_000_000]);
    let request = wire::post("/gateway", &wire::packet(3, &[("siege.big", "/1", &body[..]); 4]));
    let mut connections = Vec::new();
    for _ in 0..60 {
        let mut wire = target.open(target.http).await;
        wire.write(&request).await;
        connections.push(wire);
    }
    sleep_until(end).await;
}

async fn slow_bodies(target: Target) {
    all_at_once(target, |mut wire, end| async move {
        wire.write_until(&wire::post_head("/gateway", BODY_BYTES), end).await;
        let part = [0; 8 << 10];
        for _ in 1..BODY_BYTES / part.len() {
            wire.write_until(&part, end).await;
        }
        wire.write_until(&part[1..], end).await;
        sleep_until(end).await;
    })
    .await;
}

async fn dribbled_bodies(target: Target) {
    all_at_once(target, |mut wire, end| async move {
        wire.write_until(CHUNKED_HEAD, end).await;
        wire.write_until(&CHUNK.repeat(20_000), end).await;
        while Instant::now() < end && wire.write(CHUNK).await {
            sleep(Duration::from_secs(1)).await;
        }
    })
    .await;
}

/// Runs clients over HTTP at the same time, each with a connection and the end of the attack.
async fn all_at_once<F, Fut>(target: Target, client: F)
where
    F: Fn(Wire, Instant) -> Fut + Copy + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let end = Instant::now() + HELD;
    let clients: JoinSet<_> = (0..BODIES)
        .map(|_| {
            let target = target.clone();
            async move { client(target.open(target.http).await, end).await }
        })
        .collect();
    clients.join_all().await;
}

const CHUNKED_HEAD: &[u8] =
    b"POST /gateway HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amf\r\nTransfer-Encoding: chunked\r\n\r\n";
/// A chunk of one byte.
const CHUNK: &[u8] = b"1\r\nx\r\n";
