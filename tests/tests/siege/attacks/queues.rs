//! Section 3: queues before the counted one.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep};

use super::{Attack, attack, crowd, numbers, numbers_body};
use crate::server::{HELD, SEALED};
use crate::target::{Encoding, Target, Wire};
use crate::wire;

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        attack!("3i replies of 4 MiB that RTMP does not read", unread_replies),
        attack!("3k 300 WebSockets, 1 MiB each unfinished", unfinished_frames),
        attack!("3l 100 tunnels, bodies of 1 MiB unfinished", unfinished_bodies),
        attack!("3l 100 tunnels, slow bodies", slow_bodies),
        attack!("3m 1,000 refused writes to a slot of 1 MB", refused_writes),
        attack!("3m the same, read", refused_writes_read),
        attack!("3m 7,000 Use while the object is locked", uses_while_locked),
        attack!("3m the same, read", uses_while_locked_read),
        attack!("3m slots of AMF3 for readers of AMF0", translated_slots),
        attack!("3n notifications to a client that does not read", unread_notifications),
        attack!("3n 40 of a group do not read", unread_group),
        attack!("3n notifications in a reply of HTTP", notifications_over_http),
        attack!("3o response URIs of 65,530 bytes", long_responses),
    ]
}

fn soon(seconds: f64) -> Instant {
    Instant::now() + Duration::from_secs_f64(seconds)
}

async fn unread_replies(target: Target) {
    let end = soon(4.0);
    let mut wire = target.rtmp(Encoding::Amf3).await;
    let call = wire::command("siege.big", 2.0, &numbers(&[4_000_000]));
    wire.write_until(&call.repeat(2_400_000 / call.len()), end).await;
    tokio::time::sleep_until(end).await;
}

/// Does this on so many connections at once, and keeps what each gives until the end.
async fn many<F, Fut>(count: usize, end: Instant, connect: F)
where
    F: Fn(usize) -> Fut,
    Fut: Future<Output = Option<Wire>> + Send + 'static,
{
    let connections: JoinSet<_> = (0..count).map(connect).collect();
    let connections = connections.join_all().await;
    tokio::time::sleep_until(end).await;
    drop(connections);
}

async fn unfinished_frames(target: Target) {
    // A handshake, and then what is part of a message of 8 MiB.
    let payload =
        [wire::handshake(), wire::CHUNK_SIZE.to_vec(), wire::header(4, 9, 8 << 20), vec![0; 1 << 20]];
    let frame = wire::frame(1 << 20, &payload.concat()[..(1 << 20) - 1]);
    let end = soon(6.0);
    many(300, end, |_| {
        let (target, frame) = (target.clone(), frame.clone());
        async move {
            let mut wire = target.websocket().await;
            wire.write_until(&frame, end).await;
            Some(wire)
        }
    })
    .await;
}

async fn unfinished_bodies(target: Target) {
    let body = vec![3; (1 << 20) - 1];
    let end = soon(3.0);
    many(100, end, |_| {
        let (target, body) = (target.clone(), body.clone());
        async move {
            let id = target.open_tunnel().await?;
            let mut wire = target.open(target.http).await;
            let head = wire::post_head(&format!("/send/{id}/0"), 1 << 20);
            wire.write_until(&[head, body].concat(), end).await;
            Some(wire)
        }
    })
    .await;
}

async fn slow_bodies(target: Target) {
    let end = soon(2.0);
    many(100, end, |_| {
        let target = target.clone();
        async move {
            let id = target.open_tunnel().await?;
            let mut wire = target.open(target.http).await;
            wire.write(&wire::post_head(&format!("/send/{id}/0"), 1 << 20)).await;
            while Instant::now() < end && wire.write(&[3]).await {
                sleep(Duration::from_millis(50)).await;
            }
            Some(wire)
        }
    })
    .await;
}

/// `RequestChange` of the slot to true, refused, 1,000 times in each of three messages.
fn refused() -> Vec<u8> {
    let events = b"\x03\0\0\0\x05\0\x01s\x01\x01".repeat(1_000);
    [wire::shared_object(SEALED, wire::USE), wire::shared_object(SEALED, &events).repeat(3)].concat()
}

async fn refused_writes(target: Target) {
    let end = soon(3.0);
    let mut wire = target.rtmp(Encoding::Amf0).await;
    wire.write_until(&refused(), end).await;
    tokio::time::sleep_until(end).await;
}

async fn refused_writes_read(target: Target) {
    let mut wire = target.rtmp(Encoding::Amf0).await;
    let end = soon(4.0);
    wire.write(&refused()).await;
    wire.drain(end).await;
}

fn uses() -> Vec<u8> {
    [
        wire::command("siege.hold", 2.0, &numbers(&[1_500])),
        wire::shared_object(HELD, &wire::USE.repeat(1_000)).repeat(7),
    ]
    .concat()
}

async fn uses_while_locked(target: Target) {
    let end = soon(3.5);
    let mut wire = target.rtmp(Encoding::Amf0).await;
    wire.write_until(&uses(), end).await;
    tokio::time::sleep_until(end).await;
}

async fn uses_while_locked_read(target: Target) {
    let end = soon(4.5);
    let mut wire = target.rtmp(Encoding::Amf0).await;
    wire.write_until(&uses(), end).await;
    wire.drain(end).await;
}

async fn translated_slots(target: Target) {
    let end = soon(2.0);
    let mut readers = Vec::new();
    for _ in 0..10 {
        let mut reader = target.rtmp(Encoding::Amf0).await;
        reader.write(&wire::shared_object("open", wire::USE)).await;
        readers.push(reader);
    }
    let value = crowd(0, 2_500, 1, 100_000);
    let change = wire::shared_object_amf3("open", "s", &value);
    let mut writer = target.rtmp(Encoding::Amf3).await;
    writer.write(&[wire::shared_object("open", wire::USE), change.repeat(10)].concat()).await;
    tokio::time::sleep_until(end).await;
}

async fn unread_notifications(target: Target) {
    let end = soon(2.0);
    many(10, end, |_| {
        let target = target.clone();
        async move {
            let mut wire = target.rtmp(Encoding::Amf3).await;
            wire.write(&wire::command("siege.flood", 2.0, &numbers(&[4_000, 2_000]))).await;
            Some(wire)
        }
    })
    .await;
}

async fn unread_group(target: Target) {
    let end = soon(3.0);
    many(40, end, |index| {
        let target = target.clone();
        async move {
            let mut wire = target.rtmp(Encoding::Amf3).await;
            wire.write(&wire::command("siege.join", 2.0, &[])).await;
            if index == 39 {
                sleep(Duration::from_millis(500)).await;
                wire.write(&wire::command("siege.tell", 2.0, &numbers(&[5_000, 1_000]))).await;
            }
            Some(wire)
        }
    })
    .await;
}

async fn notifications_over_http(target: Target) {
    let body = numbers_body(&[2_000, 4_000]);
    let messages = vec![("siege.flood", "/1", &body[..]); 30];
    target.post(&wire::packet(3, &messages)).await;
}

async fn long_responses(target: Target) {
    let response = format!("/{}", "r".repeat(65_529));
    let body = numbers_body(&[10]);
    let messages = vec![("siege.wait", &response[..], &body[..]); 31];
    target.post(&wire::packet(3, &messages)).await;
    target.post(&wire::packet(0, &messages)).await;
}
