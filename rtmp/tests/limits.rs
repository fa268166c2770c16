//! Each limit at its default: what is allowed to the last, and what one more gives.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod pair;

use std::time::{Duration, Instant};

use amf_core::{Value, Version};
use amf_rtmp::proto::chunk::ChunkReader;
use amf_rtmp::proto::{
    Accept, CloseReason, Config, Connection, Event, Limits, Message, MessageType, Outcome, PeerErrorKind,
    Status, UserError,
};
use bytes::Bytes;
use pair::{Cut, Pair, accepted, chunk, command, encode, fault, fault_kind, handshaken, plain_handshake};

const MIB: usize = 1 << 20;

#[track_caller]
fn assert_limit(kind: &PeerErrorKind, limit: &str, max: usize) {
    match kind {
        PeerErrorKind::Limit { limit: name, max: value, found } if *name == limit => {
            assert_eq!(*value, max);
            assert!(*found > max);
            assert_eq!(
                kind.to_string(),
                format!("expected no more than {max}, the limit `{limit}`, got {found}")
            );
        }
        other => panic!("{other} is not the limit {limit}"),
    }
}

/// What one message of this length gives, in chunks of 1 MiB.
fn of_length(kind: u8, len: usize) -> (Connection, usize) {
    let (mut server, now) = accepted(Config::server());
    server.handle_input(now, &chunk(2, 1, 0, &(MIB as u32).to_be_bytes()));
    // A command with a string as long as it takes: 02 00 01 "f", 00 id, 05, 0C length …
    let mut payload = command("f", 0.0, &[]);
    payload.push(0x0C);
    if kind == 19 {
        // The shared object "s", and an event of no name.
        payload = [&b"\0\x01s"[..], &[0; 12], &[99]].concat();
    }
    payload.extend((len.saturating_sub(payload.len() + 4) as u32).to_be_bytes());
    payload.resize(len, b'x');
    let mut header = vec![4, 0, 0, 0];
    header.extend(&(len as u32).to_be_bytes()[1..]);
    header.extend([kind, 0, 0, 0, 0]);
    server.handle_input(now, &header);
    for (index, piece) in payload.chunks(MIB).enumerate() {
        if index > 0 {
            server.handle_input(now, &[0xC4]);
        }
        server.handle_input(now, piece);
    }
    let mut events = 0;
    while !server.is_closed() && server.poll_event().is_some() {
        events += 1;
    }
    (server, events)
}

#[test]
fn command_bytes_is_enforced() {
    for kind in [20, 18, 19] {
        assert_eq!(of_length(kind, MIB).1, 1, "{kind}");
        assert_limit(&fault_kind(&mut of_length(kind, MIB + 1).0), "command_bytes", MIB);
    }
}

#[test]
fn media_bytes_is_enforced() {
    for kind in [8, 9] {
        assert_eq!(of_length(kind, 8 * MIB).1, 1, "{kind}");
        assert_limit(&fault_kind(&mut of_length(kind, 8 * MIB + 1).0), "media_bytes", 8 * MIB);
    }
    assert_limit(&fault_kind(&mut of_length(22, 8 * MIB + 1).0), "media_bytes", 8 * MIB);
}

#[test]
fn before_connect_bytes_is_enforced() {
    let connect = |len: usize| {
        let (mut server, now) = handshaken(Config::server());
        let mut payload = pair::connect_command();
        // One more argument, a long string.
        let rest = len - payload.len() - 5;
        payload.push(0x0C);
        payload.extend((rest as u32).to_be_bytes());
        payload.resize(len, b'x');
        server.handle_input(now, &chunk(3, 20, 0, &payload));
        server
    };
    assert!(matches!(connect(65_536).poll_event(), Some(Event::Connect(_))));
    assert_limit(&fault_kind(&mut connect(65_537)), "before_connect_bytes", 65_536);
}

#[test]
fn held_messages_count_as_before_connect() {
    // 64 bytes are counted for each beside its payload: 512 of 64 bytes are 65,536.
    let waiting = command("f", 0.0, &[5; 64 - 14]);
    assert_eq!(waiting.len(), 64 - 14 + 4 + 9 + 1);
    let waiting = &waiting[..64];
    let (mut server, now) = handshaken(Config::server());
    server.handle_input(now, &chunk(3, 20, 0, &pair::connect_command()));
    for _ in 0..512 {
        server.handle_input(now, &chunk(3, 20, 0, waiting));
    }
    assert!(matches!(server.poll_event(), Some(Event::Connect(_))));
    assert!(server.poll_event().is_none() && !server.is_closed());
    server.handle_input(now, &chunk(3, 8, 0, b""));
    assert_limit(&fault_kind(&mut server), "before_connect_bytes", 65_536);
}

#[test]
fn chunk_size_is_enforced() {
    // Anything may be announced; a chunk that makes use of more than 1 MiB is an error.
    let one = |announced: u32, len: usize| {
        let (mut server, now) = accepted(Config::server());
        server.handle_input(now, &chunk(2, 1, 0, &announced.to_be_bytes()));
        let mut bytes = vec![4, 0, 0, 0];
        bytes.extend(&(len as u32).to_be_bytes()[1..]);
        bytes.extend([9, 0, 0, 0, 0]);
        server.handle_input(now, &bytes);
        server.handle_input(now, &vec![0; len]);
        server
    };
    assert!(matches!(one(MIB as u32, MIB).poll_event(), Some(Event::Video(_))));
    assert!(matches!(one(0x7FFF_FFFF, MIB).poll_event(), Some(Event::Video(_))));
    assert_limit(&fault_kind(&mut one(0x7FFF_FFFF, MIB + 1)), "chunk_size", MIB);
}

#[test]
fn chunks_per_message_is_enforced() {
    // One byte a chunk: 65,536 bytes are allowed, one more is not.
    let one_byte_chunks = |len: usize| {
        let (mut server, now) = accepted(Config::server());
        server.handle_input(now, &chunk(2, 1, 0, &1_u32.to_be_bytes()));
        let mut bytes = vec![4, 0, 0, 0];
        bytes.extend(&(len as u32).to_be_bytes()[1..]);
        bytes.extend([9, 0, 0, 0, 0, b'v']);
        for _ in 1..len {
            bytes.extend([0xC4, b'v']);
        }
        server.handle_input(now, &bytes);
        server
    };
    let Some(Event::Video(video)) = one_byte_chunks(65_536).poll_event() else { panic!() };
    assert_eq!(video.payload.len(), 65_536);
    assert_limit(&fault_kind(&mut one_byte_chunks(65_537)), "chunks_per_message", 65_536);
}

/// A header of form 0 on any chunk stream from 64 on.
fn header(chunk_stream: u32, kind: u8, len: usize) -> Vec<u8> {
    let mut bytes = vec![1];
    bytes.extend(((chunk_stream - 64) as u16).to_le_bytes());
    bytes.extend([0, 0, 0]);
    bytes.extend(&(len as u32).to_be_bytes()[1..]);
    bytes.extend([kind, 1, 0, 0, 0]);
    bytes
}

#[test]
fn chunk_streams_is_enforced() {
    // Chunk stream 3 carried connect; 63 more may be used, at either end of their range.
    let (mut server, now) = accepted(Config::server());
    for chunk_stream in 65_600 - 63..65_600 {
        server.handle_input(now, &header(chunk_stream, 8, 0));
        assert!(matches!(server.poll_event(), Some(Event::Audio(_))));
    }
    server.handle_input(now, &header(65_599, 8, 0));
    assert!(matches!(server.poll_event(), Some(Event::Audio(_))), "known ones go on");
    server.handle_input(now, &header(64, 8, 0));
    assert_limit(&fault_kind(&mut server), "chunk_streams", 64);
}

#[test]
fn partial_messages_is_enforced() {
    let (mut server, now) = accepted(Config::server());
    let begin = |server: &mut Connection, chunk_stream| {
        server.handle_input(now, &header(chunk_stream, 8, 200));
        server.handle_input(now, &[0; 128]);
    };
    for chunk_stream in 100..108 {
        begin(&mut server, chunk_stream);
    }
    // A whole message fits between, and one of them can be dropped for another.
    server.handle_input(now, &chunk(2, 2, 0, &100_u32.to_be_bytes()));
    begin(&mut server, 108);
    server.handle_input(now, &chunk(3, 20, 0, &command("f", 0.0, b"")));
    assert!(matches!(server.poll_event(), Some(Event::Command(_))));
    begin(&mut server, 109);
    assert_limit(&fault_kind(&mut server), "partial_messages", 8);
}

#[test]
fn assembly_bytes_is_enforced() {
    // Three messages of 8 MiB that are all but complete would be 24 MiB.
    let fill = |last: usize| {
        let (mut server, now) = accepted(Config::server());
        server.handle_input(now, &chunk(2, 1, 0, &(MIB as u32).to_be_bytes()));
        let mut left = 16 * MIB + last;
        for chunk_stream in 100..103 {
            server.handle_input(now, &header(chunk_stream, 9, 8 * MIB));
            for index in 0..7 {
                if left == 0 {
                    return server;
                }
                if index > 0 {
                    let mut basic = vec![0xC1];
                    basic.extend(((chunk_stream - 64) as u16).to_le_bytes());
                    server.handle_input(now, &basic);
                }
                let len = left.min(MIB);
                server.handle_input(now, &vec![0; len]);
                left -= len;
            }
        }
        panic!("{left} bytes were too many")
    };
    assert_eq!(fault(&mut fill(0)), "");
    assert_limit(&fault_kind(&mut fill(1)), "assembly_bytes", 16 * MIB);
}

#[test]
fn declared_lengths_reserve_no_memory() {
    // 8 messages that say 8 MiB and bring a byte each; the reader's whole state stays small.
    let mut reader = ChunkReader::new(Limits::default());
    for chunk_stream in 100..108 {
        let mut bytes = header(chunk_stream, 9, 8 * MIB);
        bytes.extend([0; 128]);
        assert_eq!(reader.read(&mut &bytes[..]).unwrap(), None);
    }
    assert!(format!("{reader:?}").len() < 20_000, "its Debug shows every byte that it holds");
}

#[test]
fn calls_in_is_enforced() {
    let (mut server, now) = accepted(Config::server());
    for id in 0..256 {
        server.handle_input(now, &chunk(3, 20, 0, &command("f", f64::from(id + 2), b"")));
    }
    assert_eq!(server.calls_in(), 256);
    assert_eq!(server.queued(), 0);
    // One more is answered with an error, and the connection goes on.
    server.handle_input(now, &chunk(3, 20, 0, &command("f", 999.0, b"")));
    let sent: Vec<u8> = std::iter::from_fn(|| server.poll_transmit()).flatten().collect();
    assert!(sent.windows(8).any(|bytes| bytes == b"calls_in"), "{sent:?}");
    assert_eq!(server.counters().refused_calls, 1);
    // Notifications are none of those.
    server.handle_input(now, &chunk(3, 20, 0, &command("n", 0.0, b"")));
    let mut first = None;
    let mut last = String::new();
    while let Some(Event::Command(command)) = server.poll_event() {
        first = first.or(command.transaction());
        last = command.name().to_owned();
    }
    assert_eq!(last, "n");
    // An answer makes room, and so does one to the same id twice.
    server.reply(first.unwrap(), &encode(Version::Amf0, &[Value::Null])).unwrap();
    server.handle_input(now, &chunk(3, 20, 0, &command("f", 5.0, b"")));
    assert!(matches!(server.poll_event(), Some(Event::Command(_))));
    assert_eq!((server.calls_in(), server.is_open()), (256, true));
}

#[test]
fn calls_out_is_enforced() {
    let mut pair = Pair::open(Cut::Whole, Version::Amf0);
    for _ in 0..256 {
        pair.server.call(pair.now, 0, "f", &Bytes::new()).unwrap();
    }
    let more = pair.server.call(pair.now, 0, "f", &Bytes::new());
    assert_eq!(more, Err(UserError::TooManyCalls { max: 256 }));
    // When their time is up there is room again.
    pair.advance(Duration::from_secs(30));
    let timed_out = pair
        .server_events
        .iter()
        .filter(|event| matches!(event, Event::Reply(reply) if matches!(reply.outcome, Outcome::TimedOut)));
    assert_eq!(timed_out.count(), 256);
    pair.server.call(pair.now, 0, "f", &Bytes::new()).unwrap();
}

#[test]
fn unsent_replies_is_enforced() {
    // Pongs that nobody reads.
    let (mut server, now) = accepted(Config::server());
    let ping = chunk(2, 4, 0, b"\0\x06\0\0\0\x01");
    for _ in 0..1_024 {
        server.handle_input(now, &ping);
    }
    assert!(server.is_open());
    server.handle_input(now, &ping);
    assert_limit(&fault_kind(&mut server), "unsent_replies", 1_024);

    // A peer that reads may ping for ever.
    let (mut server, now) = accepted(Config::server());
    for _ in 0..10_000 {
        server.handle_input(now, &ping);
        while server.poll_transmit().is_some() {}
    }
    assert!(server.is_open());
}

#[test]
fn unsent_reply_bytes_is_enforced() {
    let owe = |first: usize, second: usize| {
        let (mut server, now) = accepted(Config::server());
        // Answers are sent in chunks of 60,000, but for these headers: 12 or 8 bytes, 17 of the command up to
        // its value, and a byte for each further chunk.
        for id in 0..2 {
            server.handle_input(now, &chunk(3, 20, 0, &command("f", f64::from(id + 2), b"")));
        }
        for len in [first, second] {
            let Some(Event::Command(command)) = server.poll_event() else { panic!() };
            let before = server.queued();
            let value = Bytes::from(vec![0; len]);
            let result = server.reply(command.transaction().unwrap(), &value);
            let took = server.queued() - before;
            assert_eq!(result.is_ok(), server.is_open());
            assert!(took > len && took < len + 100);
        }
        let queued = server.queued();
        (server, queued)
    };
    // A single one may be as long as it likes, if it is alone.
    let (server, queued) = owe(600_000, 440_000);
    assert!(server.is_open());
    let overhead = queued - 1_040_000;
    let fits = MIB - 600_000 - overhead;
    let (server, queued) = owe(600_000, fits);
    assert!(server.is_open() && queued == MIB, "{queued}");
    let (mut server, _) = owe(600_000, fits + 1);
    assert_limit(&fault_kind(&mut server), "unsent_reply_bytes", MIB);
    assert!(owe(3 * MIB, 0).0.is_closed());

    let (mut server, now) = accepted(Config::server());
    server.handle_input(now, &chunk(3, 20, 0, &command("f", 2.0, b"")));
    let Some(Event::Command(command)) = server.poll_event() else { panic!() };
    server.reply(command.transaction().unwrap(), &Bytes::from(vec![0; 3 * MIB])).unwrap();
    assert!(server.is_open());
}

#[test]
fn outbound_bytes_is_enforced() {
    let (mut server, _) = accepted(Config::server());
    let said = |len: usize| Message::new(MessageType::VIDEO, vec![0; len]).with_stream(1);
    // One message always fits an empty queue.
    server.send(&said(5 * MIB)).unwrap();
    assert_eq!(server.send(&said(0)), Err(UserError::QueueFull { max: 4 * MIB }));
    while server.poll_transmit().is_some() {}
    server.send(&said(MIB)).unwrap();
    let room = 4 * MIB - server.queued();
    assert_eq!(server.send(&said(room + 1)), Err(UserError::QueueFull { max: 4 * MIB }));
    server.send(&said(room)).unwrap();
    assert_eq!(server.notify(0, "f", &Bytes::new()), Err(UserError::QueueFull { max: 4 * MIB }));
    assert!(server.is_open());
    let long = Bytes::from(vec![0; 0x0100_0000]);
    while server.poll_transmit().is_some() {}
    let error = server.notify(0, "f", &long).unwrap_err();
    assert!(matches!(error, UserError::MessageTooLong { .. }), "{error}");
}

#[test]
fn application_name_bytes_is_enforced() {
    let connect = |app: &str| {
        let (mut server, now) = handshaken(Config::server());
        let mut payload = b"\x02\0\x07connect\0\x3F\xF0\0\0\0\0\0\0\x03\0\x03app\x02".to_vec();
        payload.extend((app.len() as u16).to_be_bytes());
        payload.extend(app.as_bytes());
        payload.extend(b"\0\0\x09");
        server.handle_input(now, &chunk(3, 20, 0, &payload));
        server
    };
    let longest = "a".repeat(128);
    assert!(matches!(connect(&longest).poll_event(), Some(Event::Connect(_))));
    // What stands behind a question mark is no part of the name.
    assert!(matches!(connect(&format!("{longest}?token=1")).poll_event(), Some(Event::Connect(_))));
    assert_limit(&fault_kind(&mut connect(&"a".repeat(129))), "application_name_bytes", 128);
}

#[test]
fn timeouts_are_enforced() {
    let seconds =
        |limit: &'static str, after: u64| PeerErrorKind::Timeout { limit, after: Duration::from_secs(after) };
    let almost = |after: u64| Duration::from_nanos(after * 1_000_000_000 - 1);
    let check = |mut server: Connection, start: Instant, expected: PeerErrorKind, after: u64| {
        assert!(server.poll_timeout().is_some_and(|deadline| deadline <= start + Duration::from_secs(after)));
        server.handle_timeout(start + almost(after));
        assert!(!server.is_closed());
        server.handle_timeout(start + Duration::from_secs(after));
        assert_eq!(fault_kind(&mut server), expected);
    };
    let start = Instant::now();
    let new = || {
        let config = std::sync::Arc::new(Config::server());
        Connection::server(config, &amf_rtmp::proto::Seed::new([0; 32]), start)
    };
    check(new(), start, seconds("handshake_timeout", 5), 5);
    let mut cut = new();
    cut.handle_input(start + Duration::from_secs(3), &plain_handshake()[..3_000]);
    check(cut, start, seconds("handshake_timeout", 5), 5);
    let (server, start) = handshaken(Config::server());
    check(server, start, seconds("connect_timeout", 5), 5);
    let (server, start) = accepted(Config::server());
    check(server, start, seconds("idle_timeout", 120), 120);
    // While the program decides there is no time but its own.
    let (mut server, start) = handshaken(Config::server());
    server.handle_input(start, &chunk(3, 20, 0, &pair::connect_command()));
    assert_eq!(server.poll_timeout(), None);
    server.handle_timeout(start + Duration::from_hours(1));
    server.accept(start + Duration::from_hours(1), &Accept::default()).unwrap();
}

#[test]
fn a_message_must_be_complete_in_time_whatever_else_arrives() {
    let (mut server, start) = accepted(Config::server());
    // 128 bytes of a command of 1,000, and acknowledgements from then on.
    let mut begun = header(64, 20, 1_000);
    begun.extend([0; 128]);
    server.handle_input(start, &begun);
    let acknowledge = |server: &mut Connection, at: Duration| {
        server.handle_input(start + at, &chunk(2, 3, 0, &[0, 0, 0, 1]));
        server.handle_timeout(start + at);
    };
    for second in 1..30 {
        acknowledge(&mut server, Duration::from_secs(second));
    }
    acknowledge(&mut server, Duration::from_nanos(30_000_000_000 - 1));
    assert!(!server.is_closed());
    assert_eq!(server.poll_timeout(), Some(start + Duration::from_secs(30)));
    server.handle_timeout(start + Duration::from_secs(30));
    let limit = PeerErrorKind::Timeout { limit: "message_timeout", after: Duration::from_secs(30) };
    assert_eq!(fault_kind(&mut server), limit);

    // A message that is complete in time leaves no deadline, and the next one has its own.
    let (mut server, start) = accepted(Config::server());
    let payload = command("f", 0.0, &[5; 300]);
    let whole = chunk(3, 20, 0, &payload);
    let at = |seconds| start + Duration::from_secs(seconds);
    server.handle_input(start, &whole[..200]);
    server.handle_input(at(29), &whole[200..]);
    server.handle_input(at(29), &whole[..200]);
    server.handle_timeout(at(58));
    assert!(!server.is_closed());
    server.handle_timeout(at(59));
    assert!(server.is_closed());
}

#[test]
fn ping_interval_and_stall_timeout_are_enforced() {
    let (mut server, start) = accepted(Config::server());
    server.handle_timeout(start + Duration::from_millis(59_999));
    assert_eq!(server.queued(), 0);
    server.handle_timeout(start + Duration::from_mins(1));
    assert!(server.queued() > 0);

    // What drives the connection says when nothing was taken.
    server.handle_stall();
    let stalled = PeerErrorKind::Stalled { after: Duration::from_secs(10) };
    assert_eq!(fault_kind(&mut server), stalled);
    assert_eq!(
        stalled.to_string(),
        "expected the peer to take what it is sent within 10s, the limit `stall_timeout`, but it took nothing"
    );
    assert_eq!((server.queued(), exceeded(&server)), (0, vec![("stall_timeout", 1)]));
    server.handle_stall();
    assert_eq!(exceeded(&server), [("stall_timeout", 2)], "while the rest was to be sent");
}

fn exceeded(connection: &Connection) -> Vec<(&'static str, u64)> {
    connection.limit_counters().collect()
}

#[test]
fn exceeded_limits_are_counted_by_name() {
    // By the program, which may go on.
    let limits = Limits::server().with_calls_out(1).with_outbound_bytes(1_000);
    let (mut server, start) = accepted(Config::server().with_limits(limits));
    assert_eq!(exceeded(&server), []);
    server.call(start, 0, "f", &Bytes::new()).unwrap();
    for _ in 0..2 {
        server.call(start, 0, "f", &Bytes::new()).unwrap_err();
    }
    server.notify(0, "f", &Bytes::from(vec![0; 1_000])).unwrap_err();
    server.handle_timeout(start + Duration::from_secs(30));
    assert_eq!(exceeded(&server), [("calls_out", 2), ("outbound_bytes", 1), ("reply_timeout", 1)]);

    // By the peer, which mostly may not: each name is that of the error.
    let once = |name, mut server: Connection| {
        assert_eq!(exceeded(&server), [(name, 1)]);
        assert!(["", name].contains(&fault(&mut server)));
    };
    once("command_bytes", of_length(20, MIB + 1).0);
    once("media_bytes", of_length(9, 8 * MIB + 1).0);
    let limits = Limits::server().with_calls_in(0);
    let (mut server, now) = accepted(Config::server().with_limits(limits));
    server.handle_input(now, &chunk(3, 20, 0, &command("f", 2.0, b"")));
    once("calls_in", server);
    let (mut server, now) = accepted(Config::server());
    server.handle_timeout(now + Duration::from_mins(2));
    once("idle_timeout", server);
    // What is no limit is not counted: a chunk size of 0, a second connect.
    let (mut server, now) = accepted(Config::server());
    server.handle_input(now, &chunk(2, 1, 0, &[0; 4]));
    assert_eq!((exceeded(&server), fault(&mut server)), (vec![], "chunk_size"));
}

#[test]
fn limits_can_be_changed() {
    let limits = Limits::server()
        .with_chunk_streams(1)
        .with_handshake_timeout(Duration::MAX)
        .with_idle_timeout(Duration::MAX)
        .with_ping_interval(Duration::MAX);
    let now = Instant::now();
    let config = std::sync::Arc::new(Config::server().with_limits(limits));
    let server = Connection::server(config.clone(), &amf_rtmp::proto::Seed::random(), now);
    assert_eq!(server.poll_timeout(), None);
    let (mut server, now) = accepted(Config::server().with_limits(limits));
    assert_eq!(server.poll_timeout(), None);
    server.handle_input(now, &header(64, 8, 0));
    assert_limit(&fault_kind(&mut server), "chunk_streams", 1);
}

#[test]
fn many_messages_in_one_input_are_bounded() {
    // A megabyte of pings, of acknowledgements, of calls, each in one receive.
    let flood = |bytes: &[u8]| {
        let (mut server, now) = accepted(Config::server());
        server.handle_input(now, &bytes.repeat(MIB / bytes.len()));
        server
    };
    assert_eq!(fault(&mut flood(&chunk(2, 4, 0, b"\0\x06\0\0\0\x01"))), "unsent_replies");
    let mut acks = flood(&chunk(2, 3, 0, &[0; 4]));
    assert!(acks.is_open() && acks.poll_event().is_none() && acks.queued() == 0);
    let calls = chunk(3, 20, 0, &command("createStream", 2.0, b""));
    assert_eq!(fault(&mut flood(&calls)), "unsent_replies");
    let unknown = chunk(3, 20, 0, &command("_result", 77.0, b"\x05"));
    let mut server = flood(&unknown);
    assert!(server.is_open() && server.poll_event().is_none());
    assert_eq!(server.counters().unknown_replies as usize, MIB / unknown.len());
    server.close(Some(&Status::success("a", "b")));
    assert!(matches!(server.poll_event(), Some(Event::Closed(CloseReason::Local))));
}

#[test]
fn nested_values_in_connect_are_refused() {
    // {app: {a: {a: …}}}: 10,000 deep, each 03 00 01 "a".
    let (mut server, now) = handshaken(Config::server());
    let mut payload = b"\x02\0\x07connect\0\x3F\xF0\0\0\0\0\0\0".to_vec();
    payload.extend(b"\x03\0\x01a".repeat(10_000));
    server.handle_input(now, &chunk(3, 20, 0, &payload));
    let Some(Event::Closed(CloseReason::Peer(error))) = server.poll_event() else { panic!() };
    assert!(error.to_string().contains("the limit `depth` of 64 is passed"), "{error}");
    assert_eq!((error.limit(), exceeded(&server)), (Some("depth"), vec![("depth", 1)]));
}
