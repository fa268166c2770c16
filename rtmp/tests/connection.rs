//! Client and server against each other, under virtual time and cut anywhere.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod pair;

use std::time::Duration;

use amf_core::{DynamicMembers, Object, Value, Version};
use amf_rtmp::proto::chunk::PreChunkedMessage;
use amf_rtmp::proto::message::{UserControl, code};
use amf_rtmp::proto::{
    Accept, CloseReason, Command, Config, Connection, Event, Message, MessageType, Outcome, Status, UserError,
};
use bytes::Bytes;
use pair::{Cut, Pair, encode, request};
use proptest::prelude::*;

const CUTS: [Cut; 4] = [Cut::Whole, Cut::Bytes, Cut::Random(3), Cut::Random(77)];
const VERSIONS: [Version; 2] = [Version::Amf0, Version::Amf3];

fn command(event: Event) -> Command {
    match event {
        Event::Command(command) => command,
        other => panic!("{other:?} is no command"),
    }
}

fn outcome(event: Event) -> Outcome {
    match event {
        Event::Reply(reply) => reply.outcome,
        other => panic!("{other:?} is no reply"),
    }
}

fn result(event: Event) -> Value {
    match outcome(event) {
        Outcome::Result(body) => body.to_values().unwrap().remove(0),
        other => panic!("{other:?} is no result"),
    }
}

#[test]
fn connect_carries_the_properties_of_the_client() {
    for cut in CUTS {
        let request = request(Version::Amf3)
            .property("pageUrl", "http://localhost/page")
            .property("swfUrl", "http://localhost/a.swf")
            .property("extra", Value::from(Object::new().with("n", 7)))
            .argument("Ann")
            .unwrap()
            .argument(&[1, 2][..])
            .unwrap();
        let mut pair = Pair::with(cut, Config::client(), Config::server(), request);
        pair.drive();
        let Event::Connect(connect) = pair.server_event() else { panic!() };
        assert_eq!(connect.app(), "lobby");
        assert_eq!(connect.tc_url(), Some("rtmp://localhost/lobby"));
        assert_eq!(connect.page_url(), Some("http://localhost/page"));
        assert_eq!(connect.swf_url(), Some("http://localhost/a.swf"));
        assert_eq!(connect.version(), Version::Amf3);
        assert_eq!(connect.property("extra").and_then(|extra| extra.get("n")), Some(&Value::Number(7.0)));
        let arguments = connect.body().to_values().unwrap();
        assert_eq!(arguments[0], Value::from("Ann"));
        assert_eq!(arguments[1].as_list().unwrap(), [Value::Number(1.0), Value::Number(2.0)]);
        let typed: DynamicMembers = connect.body().read_object().unwrap();
        assert_eq!(typed.get("app"), Some(&Value::from("lobby")));

        let mut accept = Accept::default();
        accept.properties.insert("fmsVer", "FMS/1");
        accept.info = accept.info.with("seats", 8);
        pair.server.accept(pair.now, &accept).unwrap();
        pair.drive();
        let Event::Accepted(reply) = pair.client_event() else { panic!() };
        assert_eq!(reply.version(), Version::Amf3);
        assert_eq!(reply.properties().get("fmsVer"), Some(&Value::from("FMS/1")));
        assert_eq!(reply.info().code(), code::CONNECT_SUCCESS);
        assert_eq!(reply.info().level(), "status");
        assert_eq!(reply.info().get("seats"), Some(&Value::Number(8.0)));
        assert_eq!((pair.client.version(), pair.server.version()), (Version::Amf3, Version::Amf3));
        assert_eq!((pair.client.chunk_size(), pair.server.chunk_size()), (60_000, 60_000));
    }
}

#[test]
fn a_rejected_client_receives_the_status() {
    for cut in CUTS {
        let mut pair = Pair::new(cut, Version::Amf3);
        pair.drive();
        let ex = Value::from(Object::new().with("code", 302).with("redirect", "rtmp://elsewhere/lobby"));
        let status = Status::error(code::CONNECT_REJECTED, "the house is full").with("ex", ex);
        pair.server.reject(&status).unwrap();
        assert!(pair.server.is_closed());
        assert_eq!(pair.server.accept(pair.now, &Accept::default()), Err(UserError::Closed));
        pair.drive();
        let Event::Rejected(info) = pair.client_event() else { panic!() };
        assert_eq!(
            (info.code(), info.description(), info.level()),
            (code::CONNECT_REJECTED, "the house is full", "error")
        );
        let redirect = info.get("ex").and_then(|ex| ex.get("redirect")).and_then(Value::as_str);
        assert_eq!(redirect, Some("rtmp://elsewhere/lobby"));
        assert!(matches!(pair.client_event(), Event::Closed(CloseReason::Rejected)));
        assert!(matches!(pair.server_events.pop_back(), Some(Event::Closed(CloseReason::Rejected))));
    }
}

#[test]
fn calls_go_both_ways() {
    for version in VERSIONS {
        for cut in CUTS {
            let mut pair = Pair::open(cut, version);
            let long: String = "x".repeat(70_000);
            let arguments = [Value::from("Ann"), Value::from(7), Value::from(long.as_str())];
            let call = pair.client.call(pair.now, 0, "lobby.join", &encode(version, &arguments)).unwrap();
            assert_eq!((call.number(), pair.client.calls_out()), (2, 1));
            pair.drive();
            let join = command(pair.server_event());
            assert_eq!((join.name(), join.stream(), join.version()), ("lobby.join", 0, version));
            let values = join.body().to_values().unwrap();
            assert_eq!(values[0], arguments[0]);
            assert_eq!(values[1].as_f64(), Some(7.0));
            assert_eq!(values[2], arguments[2]);
            assert!(!join.body().has_object());
            assert_eq!(join.body().arguments().unwrap(), encode(version, &arguments));

            // Before it answers, the server calls back and hears.
            pair.server.call(pair.now, 0, "ask", &encode(version, &[Value::from(true)])).unwrap();
            pair.drive();
            let ask = command(pair.client_event());
            assert_eq!(ask.body().to_values().unwrap(), [Value::Bool(true)]);
            let yes = encode(version, &[Value::from("yes")]);
            pair.client.reply(ask.transaction().unwrap(), &yes).unwrap();
            pair.drive();
            assert_eq!(result(pair.server_event()), Value::from("yes"));

            let seat = Value::from(Object::typed("lobby.Seat").with("number", 3));
            let transaction = join.transaction().unwrap();
            pair.server.reply(transaction, &encode(version, &[seat])).unwrap();
            pair.drive();
            let seat = result(pair.client_event());
            assert_eq!(seat.as_object().unwrap().alias(), "lobby.Seat");
            assert_eq!(pair.client.calls_out() + pair.server.calls_in(), 0);

            let again = pair.server.reply(transaction, &yes);
            assert_eq!(again, Err(UserError::UnknownTransaction));
        }
    }
}

#[test]
fn chunk_sizes_change_in_both_directions_at_any_time() {
    for cut in CUTS {
        let mut pair = Pair::open(cut, Version::Amf0);
        for size in [1, 2, 127, 128, 129, 4_096, 65_536, 0, u32::MAX, 60_000] {
            let expected = size.clamp(1, 0x7FFF_FFFF);
            pair.client.set_chunk_size(size).unwrap();
            pair.server.set_chunk_size(size / 2).unwrap();
            assert_eq!(pair.client.chunk_size(), expected);
            assert_eq!(pair.server.chunk_size(), (size / 2).max(1));
            let text = "x".repeat(1_000);
            let value = encode(Version::Amf0, &[Value::from(text.as_str())]);
            pair.client.call(pair.now, 0, "echo", &value).unwrap();
            pair.drive();
            let echo = command(pair.server_event());
            pair.server.reply(echo.transaction().unwrap(), &echo.body().arguments().unwrap()).unwrap();
            pair.drive();
            assert_eq!(result(pair.client_event()), Value::from(text));
        }
    }
}

/// 4.7 GiB of video one way, then the other, while the time runs from 0 to beyond 2^32 ms: what is acknowledged
/// wraps, and so do timestamps.
#[test]
fn byte_counts_and_timestamps_wrap_at_32_bits() {
    const MESSAGE: usize = 8 << 20;
    // 512 steps are a little more than 2^32.
    const STEP: u32 = 0x0080_0001;
    let mut client = Config::client();
    client.chunk_size = 1 << 20;
    client.limits = client.limits.with_outbound_bytes(usize::MAX);
    let mut server = Config::server().with_limits(client.limits);
    server.chunk_size = client.chunk_size;
    let payload = Bytes::from(vec![0xEE; MESSAGE]);
    for client_sends in [true, false] {
        let mut pair = Pair::open_with(Cut::Whole, client.clone(), server.clone(), Version::Amf0);
        let now = pair.now;
        let (from, to) = if client_sends {
            (&mut pair.client, &mut pair.server)
        } else {
            (&mut pair.server, &mut pair.client)
        };
        let mut acknowledged = vec![0];
        for index in 0..600_u32 {
            let timestamp = STEP.wrapping_mul(index);
            let (stream, kind, payload) = (1, MessageType::VIDEO, payload.clone());
            let video = Message::new(kind, payload)
                .with_chunk_stream(6)
                .with_timestamp(timestamp)
                .with_stream(stream);
            from.send(&video).unwrap();
            while let Some(piece) = from.poll_transmit() {
                to.handle_input(now, &piece);
                while let Some(piece) = to.poll_transmit() {
                    // An acknowledgement ends with the bytes so far, modulo 2^32.
                    assert_eq!(u32::from_be_bytes(*piece.last_chunk().unwrap()), to.received() as u32);
                    acknowledged.push(to.received());
                    from.handle_input(now, &piece);
                }
            }
            let unacknowledged = to.received() - acknowledged.last().unwrap();
            assert_eq!((from.sent(), u64::from(from.unacknowledged())), (to.received(), unacknowledged));
            let Some(Event::Video(received)) = to.poll_event() else { panic!("{index}") };
            assert_eq!((received.timestamp, received.payload.len()), (timestamp, MESSAGE));
        }
        assert!(acknowledged.last().unwrap() >> 32 == 1 && STEP.checked_mul(599).is_none());
        // Each comes as soon as the window of 2,500,000 is full, which a chunk passes by less than its length.
        assert!(acknowledged.windows(2).all(|pair| pair[1] - pair[0] < 2_500_000 + (1 << 20) + 100));
        assert!(pair.client.is_open() && pair.server.is_open());
    }
}

#[test]
fn faults_are_distinguished_from_results() {
    for version in VERSIONS {
        let mut pair = Pair::open(Cut::Whole, version);
        pair.client.call(pair.now, 0, "nothing", &Bytes::new()).unwrap();
        pair.drive();
        let transaction = command(pair.server_event()).transaction().unwrap();
        let status = Status::error(code::CALL_FAILED, "there is no such method");
        pair.server.fault(transaction, &status.encode(version).unwrap()).unwrap();
        pair.drive();
        let Outcome::Error(body) = outcome(pair.client_event()) else { panic!() };
        assert_eq!(Status::from(&body.to_values().unwrap()[0]), status);
    }
}

#[test]
fn replies_come_in_any_order() {
    let mut pair = Pair::open(Cut::Random(5), Version::Amf3);
    let calls: Vec<_> = (0..100)
        .map(|n| pair.client.call(pair.now, 0, "n", &encode(Version::Amf3, &[Value::from(n)])).unwrap())
        .collect();
    pair.drive();
    let commands: Vec<_> = pair.server_events.drain(..).map(command).collect();
    for command in commands.iter().rev() {
        let value = command.body().arguments().unwrap();
        pair.server.reply(command.transaction().unwrap(), &value).unwrap();
    }
    pair.drive();
    for (n, event) in (0..100).rev().zip(pair.client_events) {
        let Event::Reply(reply) = event else { panic!() };
        assert_eq!(reply.call, calls[n]);
        let Outcome::Result(body) = reply.outcome else { panic!() };
        assert_eq!(body.to_values().unwrap()[0].as_f64(), Some(n as f64));
    }
}

#[test]
fn a_notification_has_no_transaction() {
    for version in VERSIONS {
        let mut pair = Pair::open(Cut::Bytes, version);
        pair.server.notify(1, "onStatus", &encode(version, &[Value::Null])).unwrap();
        let shared = Message::notification(version, 0, "said", &encode(version, &[Value::from("hi")]));
        let chunked = PreChunkedMessage::new(shared, pair.server.chunk_size());
        pair.server.send_pre_chunked(&chunked).unwrap();
        pair.server.send_pre_chunked(&chunked).unwrap();
        pair.drive();
        let status = command(pair.client_event());
        assert_eq!((status.name(), status.stream(), status.transaction()), ("onStatus", 1, None));
        for _ in 0..2 {
            let said = command(pair.client_event());
            assert_eq!((said.name(), said.transaction()), ("said", None));
            assert_eq!(said.body().to_values().unwrap(), [Value::from("hi")]);
        }
        assert_eq!(pair.client.calls_in(), 0);
    }
}

#[test]
fn an_answer_comes_in_the_version_of_the_call() {
    // The connection speaks AMF3, but this call is a type 20.
    let (mut server, now) = pair::accepted(Config::server());
    server.handle_input(now, &pair::chunk(3, 20, 0, &pair::command("a", 4.0, b"")));
    server.handle_input(now, &pair::chunk(3, 17, 0, &[&[0], &pair::command("b", 5.0, b"")[..]].concat()));
    for (kind, expected) in [(20, Version::Amf0), (17, Version::Amf3)] {
        let call = command(server.poll_event().unwrap());
        assert_eq!(call.version(), expected);
        server.reply(call.transaction().unwrap(), &encode(expected, &[Value::Null])).unwrap();
        let sent: Vec<u8> = std::iter::from_fn(|| server.poll_transmit()).flatten().collect();
        // Form 1 or 0: the type is the byte behind the length.
        assert_eq!(sent[7], kind);
    }
}

#[test]
fn an_unanswered_call_times_out_and_its_late_reply_is_ignored() {
    let mut pair = Pair::open(Cut::Whole, Version::Amf0);
    pair.client.call(pair.now, 0, "slow", &Bytes::new()).unwrap();
    pair.drive();
    let slow = command(pair.server_event());
    pair.advance(Duration::from_millis(29_999));
    assert!(pair.client_events.is_empty());
    pair.advance(Duration::from_millis(1));
    assert!(matches!(outcome(pair.client_event()), Outcome::TimedOut));
    pair.server.reply(slow.transaction().unwrap(), &encode(Version::Amf0, &[Value::Null])).unwrap();
    pair.drive();
    assert!(pair.client_events.is_empty() && pair.client.is_open());
    assert_eq!((pair.client.counters().late_replies, pair.client.counters().unknown_replies), (1, 0));
}

#[test]
fn messages_before_acceptance_are_held() {
    let (mut server, now) = pair::handshaken(Config::server());
    let mut input = pair::chunk(3, 20, 0, &pair::connect_command());
    input.extend(pair::chunk(3, 20, 0, &pair::command("createStream", 2.0, b"")));
    server.handle_input(now, &input);
    assert!(matches!(server.poll_event(), Some(Event::Connect(_))));
    assert!(server.poll_event().is_none());
    assert_eq!(server.notify(0, "x", &Bytes::new()), Err(UserError::NotConnected));
    server.accept(now, &Accept::default()).unwrap();
    assert_eq!(command(server.poll_event().unwrap()).name(), "createStream");
}

#[test]
fn an_idle_peer_is_pinged_and_then_disconnected() {
    let mut pair = Pair::open(Cut::Whole, Version::Amf0);
    // A peer that answers stays as long as it likes.
    pair.advance(Duration::from_mins(10));
    assert!(pair.server.is_open() && pair.client.is_open());
    assert_eq!(pair.server.round_trip(), Some(Duration::ZERO));

    // One that is gone does not: pinged after one minute, ended after two.
    let (mut server, start) = pair::accepted(Config::server());
    assert_eq!(server.poll_timeout(), Some(start + Duration::from_mins(1)));
    server.handle_timeout(start + Duration::from_mins(1));
    let ping: Vec<u8> = std::iter::from_fn(|| server.poll_transmit()).flatten().collect();
    // Form 0 or 1 on chunk stream 2; the last six bytes are event 6 and the milliseconds: 60,000 = EA60.
    assert_eq!(ping[ping.len() - 6..], [0, 6, 0, 0, 0xEA, 0x60]);
    assert_eq!(server.poll_timeout(), Some(start + Duration::from_mins(2)));
    server.handle_timeout(start + Duration::from_mins(2));
    assert_eq!(pair::fault(&mut server), "idle_timeout");
}

#[test]
fn a_round_trip_is_measured() {
    let (mut server, start) = pair::accepted(Config::server());
    let now = start + Duration::from_secs(3);
    server.ping(now).unwrap();
    // Pong (event 7) of another time says nothing; that of 3,000 ms (0BB8) counts.
    server.handle_input(now, &pair::chunk(2, 4, 0, &[0, 7, 0, 0, 0, 1]));
    assert_eq!(server.round_trip(), None);
    server.handle_input(now + Duration::from_millis(40), &pair::chunk(2, 4, 0, &[0, 7, 0, 0, 0x0B, 0xB8]));
    assert_eq!(server.round_trip(), Some(Duration::from_millis(40)));
}

#[test]
fn media_data_and_shared_objects_are_handed_on() {
    let mut pair = Pair::open(Cut::Random(11), Version::Amf0);
    let message = |kind: MessageType, payload: &'static [u8]| {
        Message::new(kind, payload).with_chunk_stream(6).with_timestamp(40).with_stream(1)
    };
    let sent = [
        message(MessageType::AUDIO, b"\xAF\x01a"),
        message(MessageType::VIDEO, b"\x17\x01v"),
        message(MessageType::DATA, b"\x02\0\x0AonMetaData\x08\0\0\0\0\0\0\x09"),
        message(MessageType::DATA_AMF3, b"\x00\x02\0\x01d\x11\x04\x07"),
        message(MessageType::SHARED_OBJECT, b"\0\x01s\0\0\0\x01\0\0\0\x02\0\0\0\0"),
        message(MessageType::SHARED_OBJECT_AMF3, b"\0\0\x01s\0\0\0\x01\0\0\0\x02\0\0\0\0"),
    ];
    for message in &sent {
        pair.client.send(message).unwrap();
    }
    pair.client.send(&message(MessageType(99), b"what")).unwrap();
    pair.client.send_user_control(UserControl::SetBufferLength { stream: 1, millis: 300 }).unwrap();
    pair.drive();
    for expected in sent {
        let received = match pair.server_event() {
            Event::Audio(message) | Event::Video(message) | Event::Data(message) => message,
            Event::SharedObject(object) => {
                let again = object.to_message();
                Message::new(again.kind, again.payload)
                    .with_chunk_stream(expected.chunk_stream)
                    .with_timestamp(expected.timestamp)
                    .with_stream(expected.stream)
            }
            other => panic!("{other:?}"),
        };
        if let Some(mut values) = received.data() {
            let name: String = values.read().unwrap();
            assert!(name == "onMetaData" || name == "d");
        }
        assert_eq!(received, expected);
    }
    assert!(matches!(
        pair.server_event(),
        Event::UserControl(UserControl::SetBufferLength { stream: 1, millis: 300 })
    ));
    assert_eq!(pair.server.counters().ignored, 1);
}

#[test]
fn closed_events_carry_the_reason() {
    let mut pair = Pair::open(Cut::Whole, Version::Amf3);
    pair.server.close(Some(&Status::success(code::CONNECT_CLOSED, "the server goes to sleep")));
    assert!(pair.server.is_closed());
    pair.drive();
    assert!(matches!(pair.server_event(), Event::Closed(CloseReason::Local)));
    let status = command(pair.client_event());
    assert_eq!(status.name(), "onStatus");
    assert_eq!(Status::from(&status.body().to_values().unwrap()[0]).code(), code::CONNECT_CLOSED);
    pair.client.disconnect();
    assert!(matches!(pair.client.poll_event(), Some(Event::Closed(CloseReason::Disconnected))));
    assert!(pair.client.poll_event().is_none() && pair.client.poll_timeout().is_none());
    for connection in [&mut pair.client, &mut pair.server] {
        assert_eq!(connection.notify(0, "x", &Bytes::new()), Err(UserError::Closed));
        connection.handle_input(pair.now, b"anything");
        assert!(connection.poll_event().is_none() && connection.poll_transmit().is_none());
    }
}

#[test]
fn many_broadcasts_are_one_allocation() {
    let message = Message::notification(Version::Amf0, 0, "said", &[0x05; 5_000]);
    let chunked = PreChunkedMessage::new(message, 60_000);
    for _ in 0..3 {
        let (mut server, _) = pair::accepted(Config::server());
        server.send_pre_chunked(&chunked).unwrap();
        assert_eq!(server.poll_transmit().unwrap().as_ptr(), chunked.bytes().as_ptr());
        assert!(server.poll_transmit().is_none());
    }
}

#[test]
fn a_connection_can_be_moved_between_threads() {
    fn is_send<T: Send>() {}
    is_send::<Connection>();
    is_send::<Event>();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn values_arrive_however_the_bytes_are_cut(
        seed in 1_u64..u64::MAX,
        texts in proptest::collection::vec("[a-z]{0,300}", 0..20),
        amf3: bool,
        chunk_size in prop_oneof![1_u32..200, Just(4_096)],
    ) {
        let version = if amf3 { Version::Amf3 } else { Version::Amf0 };
        let mut config = Config::client();
        config.chunk_size = chunk_size;
        let mut pair = Pair::open_with(Cut::Random(seed), config, Config::server(), version);
        for text in &texts {
            let arguments = encode(version, &[Value::from(text.as_str()), Value::from(text.len() as f64)]);
            pair.client.call(pair.now, 0, "echo", &arguments).unwrap();
        }
        pair.drive();
        for event in std::mem::take(&mut pair.server_events) {
            let command = command(event);
            pair.server.reply(command.transaction().unwrap(), &encode(version, &command.body().to_values().unwrap()[..1])).unwrap();
        }
        pair.drive();
        prop_assert_eq!(pair.client_events.len(), texts.len());
        for (text, event) in texts.iter().zip(pair.client_events) {
            prop_assert_eq!(result(event), Value::from(text.as_str()));
        }
    }
}
