//! Messages of a peer, written by hand.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod pair;

use amf_core::{Value, Version};
use amf_rtmp::proto::message::{BandwidthLimit, Control, UserControl};
use amf_rtmp::proto::{
    Accept, CloseReason, Command, Config, Connection, Event, Message, MessageType, PeerErrorKind,
    SharedObjectEvent, Transaction,
};
use bytes::Bytes;
use pair::{Cut, Pair, accepted, chunk, command, fault};

fn output(connection: &mut Connection) -> Vec<u8> {
    std::iter::from_fn(|| connection.poll_transmit()).flatten().collect()
}

fn message(kind: MessageType, payload: &'static [u8]) -> Message {
    Message::new(kind, payload).with_chunk_stream(2)
}

/// What a server makes of one message.
fn server_after(kind: u8, payload: &[u8]) -> Connection {
    let (mut server, now) = accepted(Config::server());
    server.handle_input(now, &chunk(3, kind, 0, payload));
    server
}

fn received_command(kind: u8, payload: &[u8]) -> Command {
    match server_after(kind, payload).poll_event() {
        Some(Event::Command(command)) => command,
        other => panic!("{other:?}"),
    }
}

#[test]
fn control_messages_follow_the_specification() {
    // RTMP §5.4.1 to §5.4.5 and §7.1.7, and the events of later players, whose numbers are in the sources
    // of librtmp (RTMP_SendCtrl, HandleCtrl).
    let cases: [(Control, MessageType, &'static [u8]); 18] = [
        (Control::SetChunkSize(4096), MessageType::SET_CHUNK_SIZE, b"\x00\x00\x10\x00"),
        (Control::Abort(5), MessageType::ABORT, b"\x00\x00\x00\x05"),
        (Control::Acknowledgement(0xFFFF_FFFF), MessageType::ACKNOWLEDGEMENT, b"\xFF\xFF\xFF\xFF"),
        (Control::WindowAcknowledgement(2_500_000), MessageType::WINDOW_ACKNOWLEDGEMENT, b"\x00\x26\x25\xA0"),
        (
            Control::SetPeerBandwidth(1, BandwidthLimit::Hard),
            MessageType::SET_PEER_BANDWIDTH,
            b"\0\0\0\x01\0",
        ),
        (
            Control::SetPeerBandwidth(1, BandwidthLimit::Soft),
            MessageType::SET_PEER_BANDWIDTH,
            b"\0\0\0\x01\x01",
        ),
        (
            Control::SetPeerBandwidth(1, BandwidthLimit::Dynamic),
            MessageType::SET_PEER_BANDWIDTH,
            b"\0\0\0\x01\x02",
        ),
        (Control::User(UserControl::StreamBegin(1)), MessageType::USER_CONTROL, b"\0\x00\0\0\0\x01"),
        (Control::User(UserControl::StreamEof(1)), MessageType::USER_CONTROL, b"\0\x01\0\0\0\x01"),
        (Control::User(UserControl::StreamDry(1)), MessageType::USER_CONTROL, b"\0\x02\0\0\0\x01"),
        (
            Control::User(UserControl::SetBufferLength { stream: 1, millis: 300 }),
            MessageType::USER_CONTROL,
            b"\0\x03\0\0\0\x01\0\0\x01\x2C",
        ),
        (Control::User(UserControl::StreamIsRecorded(1)), MessageType::USER_CONTROL, b"\0\x04\0\0\0\x01"),
        (Control::User(UserControl::Ping(9)), MessageType::USER_CONTROL, b"\0\x06\0\0\0\x09"),
        (Control::User(UserControl::Pong(9)), MessageType::USER_CONTROL, b"\0\x07\0\0\0\x09"),
        (Control::User(UserControl::SwfVerificationRequest), MessageType::USER_CONTROL, b"\0\x1A"),
        (
            Control::User(UserControl::SwfVerification(Bytes::from_static(b"\x01\x01proof"))),
            MessageType::USER_CONTROL,
            b"\0\x1B\x01\x01proof",
        ),
        (Control::User(UserControl::BufferEmpty(1)), MessageType::USER_CONTROL, b"\0\x1F\0\0\0\x01"),
        (Control::User(UserControl::BufferReady(1)), MessageType::USER_CONTROL, b"\0\x20\0\0\0\x01"),
    ];
    for (control, kind, payload) in cases {
        assert_eq!(control.to_message(), message(kind, payload));
        assert_eq!(Control::parse(&message(kind, payload)), Ok(Some(control)));
        if payload.len() > 2 && !payload.starts_with(b"\0\x1B") {
            let short = message(kind, &payload[..payload.len() - 1]);
            let error = Control::parse(&short).unwrap_err();
            assert!(matches!(error, PeerErrorKind::ControlLength { .. }), "{error}");
        }
    }
    let other = UserControl::Other { event: 0x1234, data: Bytes::from_static(b"xy") };
    assert_eq!(
        Control::parse(&message(MessageType::USER_CONTROL, b"\x12\x34xy")),
        Ok(Some(Control::User(other)))
    );
    assert_eq!(Control::parse(&message(MessageType::COMMAND, b"")), Ok(None));
}

#[test]
fn invalid_chunk_sizes_are_refused() {
    for (size, payload) in [(0_u32, *b"\0\0\0\0"), (0x8000_0000, *b"\x80\0\0\0")] {
        let mut server = server_after(1, &payload);
        assert_eq!(pair::fault_kind(&mut server), PeerErrorKind::ChunkSize { size });
    }
    let mut server = server_after(1, b"\0\0\x01");
    let Some(Event::Closed(CloseReason::Peer(error))) = server.poll_event() else { panic!() };
    assert!(
        error.to_string().starts_with("expected 4 bytes in a message of type 1 (SetChunkSize), got 3"),
        "{error}"
    );
}

#[test]
fn a_ping_is_answered() {
    let mut server = server_after(4, b"\0\x06\x01\x02\x03\x04");
    // A header of form 0 (RTMP §5.3.1.2.1), as on every control message: some clients read no other there.
    let pong = b"\x02\0\0\0\0\0\x06\x04\0\0\0\0\0\x07\x01\x02\x03\x04";
    assert_eq!(output(&mut server), *pong);
}

#[test]
fn acknowledgements_come_after_each_window_and_wrap_with_the_count() {
    let (mut server, now) = accepted(Config::server());
    server.handle_input(now, &chunk(2, 5, 0, &1_000_u32.to_be_bytes()));
    output(&mut server);
    let before = server.received();
    // Acknowledgements to the server are 16 bytes each, and mean nothing here.
    let acknowledgement = chunk(2, 3, 0, &[0xFF; 4]);
    let mut acknowledged = Vec::new();
    while acknowledged.len() < 3 {
        server.handle_input(now, &acknowledgement);
        let sent = output(&mut server);
        if !sent.is_empty() {
            let sequence = u32::from_be_bytes(*sent.last_chunk().unwrap());
            assert_eq!(u64::from(sequence), server.received());
            acknowledged.push(server.received());
        }
    }
    assert!(acknowledged[0] >= 1_000 && acknowledged[0] <= before + 1_000 + 16, "{acknowledged:?} {before}");
    for pair in acknowledged.windows(2) {
        assert_eq!(pair[1] - pair[0], 1_008, "the first multiple of 16 from 1,000 on");
    }
    assert!(server.is_open(), "odd acknowledgements close nothing");
}

#[test]
fn every_user_control_event_is_reported() {
    let events: [(&[u8], UserControl); 7] = [
        (b"\0\0\0\0\0\x01", UserControl::StreamBegin(1)),
        (b"\0\x01\0\0\0\x01", UserControl::StreamEof(1)),
        (b"\0\x03\0\0\0\x01\0\0\x01\x2C", UserControl::SetBufferLength { stream: 1, millis: 300 }),
        (b"\0\x1A", UserControl::SwfVerificationRequest),
        (b"\0\x1B\x01\x01", UserControl::SwfVerification(Bytes::from_static(b"\x01\x01"))),
        (b"\0\x20\0\0\0\x01", UserControl::BufferReady(1)),
        (b"\0\x63", UserControl::Other { event: 99, data: Bytes::new() }),
    ];
    for (payload, expected) in events {
        let mut server = server_after(4, payload);
        let Some(Event::UserControl(event)) = server.poll_event() else { panic!("{expected:?}") };
        assert_eq!(event, expected);
        assert_eq!((server.poll_event().is_none(), server.queued()), (true, 0), "{expected:?}");
    }
}

#[test]
fn session_parameters_follow_connect_in_the_usual_order() {
    // WindowAckSize, SetPeerBandwidth, SetChunkSize, _result: as nginx, lal, NMS and SRS have it. The reply is AMF0
    // (type 20, its first byte 02, which librtmp looks at), whatever the client speaks.
    for encoding in [0_u8, 3] {
        let (mut server, now) = pair::handshaken(Config::server());
        let mut connect = b"\x02\0\x07connect\0\x3F\xF0\0\0\0\0\0\0\x03\0\x03app\x02\0\x05lobby".to_vec();
        let number: &[u8] = if encoding == 3 { b"\x40\x08\0\0\0\0\0\0" } else { &[0; 8] };
        connect.extend([&b"\0\x0EobjectEncoding\0"[..], number, b"\0\0\x09"].concat());
        server.handle_input(now, &chunk(3, 20, 0, &connect));
        let Some(Event::Connect(connect)) = server.poll_event() else { panic!() };
        assert_eq!(connect.version(), if encoding == 3 { Version::Amf3 } else { Version::Amf0 });
        server.accept(now, &Accept::default()).unwrap();
        let sent = output(&mut server);
        let head = [
            &b"\x02\0\0\0\0\0\x04\x05\0\0\0\0\x00\x26\x25\xA0"[..], // form 0 on 2: type 5, 2,500,000
            b"\x02\0\0\0\0\0\x05\x06\0\0\0\0\x00\x26\x25\xA0\x02",  // type 6, the same, dynamic
            b"\x02\0\0\0\0\0\x04\x01\0\0\0\0\x00\x00\xEA\x60",      // type 1, 60,000
        ]
        .concat();
        assert_eq!(sent[..head.len()], head);
        let (header, reply) = sent[head.len()..].split_at(12);
        assert_eq!((header[0], header[7]), (3, 20));
        assert_eq!(reply[..19], *b"\x02\0\x07_result\0\x3F\xF0\0\0\0\0\0\0");
        let end = [&b"objectEncoding\0"[..], number, b"\0\0\x09"].concat();
        assert!(reply.ends_with(&end));
        assert_eq!(reply.len(), usize::from(header[6]) + 256 * usize::from(header[5]), "all in one chunk");
    }
}

#[test]
fn a_new_bandwidth_is_answered_with_the_window() {
    let (mut server, now) = accepted(Config::server());
    // 2,500,000 is what the server told the client already.
    server.handle_input(now, &chunk(2, 6, 0, b"\x00\x26\x25\xA0\x02"));
    assert!(output(&mut server).is_empty());
    server.handle_input(now, &chunk(2, 6, 0, b"\x00\x00\x10\x00\x02"));
    let sent = output(&mut server);
    assert_eq!(sent[sent.len() - 4..], *b"\x00\x00\x10\x00");
    // Hard, soft and dynamic: 8,192; no more than that; 4,096; and as hard as the last: 16,384.
    for (payload, window) in [
        (b"\x00\x00\x20\x00\x00", Some([0, 0, 0x20, 0])),
        (b"\x00\x00\x40\x00\x01", None),
        (b"\x00\x00\x10\x00\x01", Some([0, 0, 0x10, 0])),
        (b"\x00\x00\x40\x00\x02", Some([0, 0, 0x40, 0])),
    ] {
        server.handle_input(now, &chunk(2, 6, 0, payload));
        assert_eq!(output(&mut server).last_chunk().copied(), window);
    }
}

#[test]
fn reads_a_command() {
    // RTMP §7.1.1, AMF0 §2: 02 string "say"; 00 number 7; 05 null; 02 string "hi"; 01 true.
    let say = b"\x02\x00\x03say\x00\x40\x1C\0\0\0\0\0\0\x05\x02\x00\x02hi\x01\x01";
    let say = received_command(20, say);
    assert_eq!((say.name(), say.version()), ("say", Version::Amf0));
    assert_eq!(say.transaction().map(Transaction::number), Some(7.0));
    assert_eq!(say.body().to_values().unwrap(), [Value::from("hi"), Value::Bool(true)]);
    assert_eq!(say.body().arguments().unwrap()[..], *b"\x02\x00\x02hi\x01\x01");
}

#[test]
fn reads_an_amf3_command_with_and_without_its_format_byte() {
    // The same, each argument switched by 11 (AMF0 §3.1): 06 05 = string of 2; 03 = true.
    let say = b"\x02\x00\x03say\x00\x40\x1C\0\0\0\0\0\0\x05\x11\x06\x05hi\x11\x03";
    for bytes in [&say[..], &[b"\0", &say[..]].concat()] {
        let say = received_command(17, bytes);
        assert_eq!((say.name(), say.version()), ("say", Version::Amf3));
        assert_eq!(say.body().to_values().unwrap(), [Value::from("hi"), Value::Bool(true)]);
    }
}

#[test]
fn reads_data_in_both_versions() {
    // 02 "d", then true: by AMF0 01 01, by AMF3 11 03; type 15 with its zero and without.
    for (kind, payload) in [
        (18, &b"\x02\0\x01d\x01\x01"[..]),
        (15, b"\0\x02\0\x01d\x11\x03"),
        (15, b"\x02\0\x01d\x11\x03"),
        (15, b"\0\x02\0\x01d\x01\x01"),
    ] {
        let Some(Event::Data(data)) = server_after(kind, payload).poll_event() else { panic!("{payload:?}") };
        let mut values = data.data().unwrap();
        assert_eq!(
            (values.read::<String>().unwrap(), values.read::<bool>().unwrap()),
            ("d".to_owned(), true)
        );
        assert!(values.is_at_end());
        assert_eq!(data.payload[..], *payload, "it is handed on byte for byte");
    }
}

#[test]
fn flashs_prefixes_are_dropped_from_names() {
    for name in ["@say", "|say", "say"] {
        assert_eq!(received_command(20, &command(name, 2.0, b"")).name(), "say");
    }
    assert_eq!(received_command(20, &command("@@say", 2.0, b"")).name(), "@say", "one of them");
}

#[test]
fn the_tables_of_amf3_live_on_between_arguments() {
    // 11 06 05 "hi", then 11 06 00: a reference to the first string (AMF3 §3.8).
    let say = received_command(17, &command("say", 2.0, b"\x11\x06\x05hi\x11\x06\x00"));
    assert_eq!(say.body().to_values().unwrap(), [Value::from("hi"), Value::from("hi")]);
}

#[test]
fn references_count_from_the_command_object_on() {
    // AMF0 §2.9: the command object {x: 1} is object 0, the argument {y: 2} is object 1; 07 0000 and 07 0001
    // refer to them.
    let bytes = b"\x02\x00\x01f\x00\x40\0\0\0\0\0\0\0\
        \x03\x00\x01x\x00\x3F\xF0\0\0\0\0\0\0\x00\x00\x09\
        \x03\x00\x01y\x00\x40\x00\0\0\0\0\0\0\x00\x00\x09\
        \x07\x00\x00\x07\x00\x01";
    let f = received_command(20, bytes);
    assert!(f.body().has_object());
    let values = f.body().to_values().unwrap();
    assert_eq!(values.len(), 3);
    assert_eq!(values[1].get("x"), Some(&Value::Number(1.0)));
    assert_eq!(values[2].get("y"), Some(&Value::Number(2.0)));
    assert_eq!(f.body().arguments().unwrap()[..], bytes[bytes.len() - 22..]);
    let object: Value = f.body().read_object().unwrap();
    assert_eq!(object.get("x"), Some(&Value::Number(1.0)));
}

#[test]
fn an_amf3_name_is_entered_in_the_reference_tables() {
    // 11 06 03 "f", id 2, 11 01 (AMF3 null), 11 06 00: a reference to the name.
    let f = received_command(17, b"\x00\x11\x06\x03f\x00\x40\0\0\0\0\0\0\0\x11\x01\x11\x06\x00");
    assert_eq!(f.name(), "f");
    assert!(!f.body().has_object() && !f.body().stands_alone());
    assert_eq!(f.body().to_values().unwrap(), [Value::from("f")]);
    assert_eq!(f.body().arguments().unwrap()[..], *b"\x11\x06\x00");
    assert!(received_command(20, &command("f", 2.0, b"\x05")).body().stands_alone());
}

#[test]
fn a_command_may_end_after_its_id() {
    let f = received_command(20, b"\x02\x00\x01f\x00\x40\0\0\0\0\0\0\0");
    assert_eq!((f.body().to_values().unwrap().len(), f.body().arguments().unwrap().len()), (0, 0));
    let f = received_command(20, &command("f", 0.0, b""));
    assert_eq!(f.transaction(), None, "transaction 0 wants no reply");
}

#[test]
fn a_transaction_id_that_no_reply_can_name_is_read_as_0() {
    // Behind the string "say", by AMF0 §2: nothing; null; undefined; the string "7"; true; NaN; +∞ and −∞; an object;
    // a date; a reference, before which there is no object; a string and a long string that are not UTF-8.
    for id in [
        &b""[..],
        b"\x05\x05\x01\x01",
        b"\x06\x05\x01\x01",
        b"\x02\0\x017\x05\x01\x01",
        b"\x01\x01\x05\x01\x01",
        b"\x00\x7F\xF8\0\0\0\0\0\0\x05\x01\x01",
        b"\x00\x7F\xF0\0\0\0\0\0\0\x05\x01\x01",
        b"\x00\xFF\xF0\0\0\0\0\0\0\x05\x01\x01",
        b"\x03\0\0\x09\x05\x01\x01",
        b"\x0B\0\0\0\0\0\0\0\0\0\0\x05\x01\x01",
        b"\x07\0\0\x05\x01\x01",
        b"\x02\0\x01\xFF\x05\x01\x01",
        b"\x0C\0\0\0\x01\xFF\x05\x01\x01",
    ] {
        let say = received_command(20, &[b"\x02\0\x03say", id].concat());
        assert_eq!((say.name(), say.transaction()), ("say", None), "{id:x?}");
        let arguments: &[Value] = if id.is_empty() { &[] } else { &[Value::Bool(true)] };
        assert_eq!(say.body().to_values().unwrap(), arguments, "{id:x?}");
    }
    // An object as the id is object 0 of the message (AMF0 §2.9), so {} behind it is 1.
    let say = received_command(20, b"\x02\0\x03say\x03\0\0\x09\x05\x03\0\x01x\x01\x01\0\0\x09\x07\0\x01");
    assert!(!say.body().stands_alone());
    assert_eq!(say.body().to_values().unwrap()[1].get("x"), Some(&Value::Bool(true)));
    // In AMF3: 11 04 07 is the integer 7, 11 01 is null.
    let say = received_command(17, b"\x00\x02\0\x03say\x11\x04\x07\x05");
    assert_eq!(say.transaction().map(Transaction::number), Some(7.0));
    assert_eq!(received_command(17, b"\x00\x02\0\x03say\x11\x01\x05").transaction(), None);
}

#[test]
fn a_command_that_cannot_be_read_is_lost_alone() {
    let cases: [(u8, &[u8]); 13] = [
        (20, b""),
        (17, b""),
        (17, b"\x00"),
        (17, b"\x03say"),
        (20, b"\x02"),
        (20, b"\x02\0\x09say"),               // cut
        (20, b"\x02\0\x03say\xEE"),           // an id of no type
        (20, b"\x02\0\x03say\x02\0\x02\xFF"), // an id that is cut
        (20, b"\x02\0\x03say\x0C\xFF\xFF\xFF\xFF\xFF"),
        (20, b"\x00\x3F\xF0\0\0\0\0\0\0"),           // a number as the name
        (20, b"\x02\0\x01\xFF\x00\0\0\0\0\0\0\0\0"), // not UTF-8, and nobody waits
        (20, b"\x01\x01"),                           // a Boolean as the name
        (20, b"\x0E"),
    ];
    for (kind, payload) in cases {
        let (mut server, now) = accepted(Config::server());
        server.handle_input(now, &chunk(3, kind, 0, payload));
        assert!(server.poll_event().is_none() && server.is_open(), "{payload:x?}");
        assert_eq!((server.counters().ignored, server.queued()), (1, 0), "{payload:x?}");
        server.handle_input(now, &chunk(3, 20, 0, &command("say", 2.0, b"")));
        let Some(Event::Command(say)) = server.poll_event() else { panic!("{payload:x?}") };
        assert_eq!(say.name(), "say");
    }
}

#[test]
fn who_waits_for_a_command_that_cannot_be_read_is_answered() {
    // The id is 7: behind a name of one byte that is no UTF-8, and behind a number.
    for payload in [
        &b"\x02\0\x01\xFF\x00\x40\x1C\0\0\0\0\0\0\x05"[..],
        b"\x00\0\0\0\0\0\0\0\0\x00\x40\x1C\0\0\0\0\0\0\x05",
    ] {
        let mut server = server_after(20, payload);
        let sent = output(&mut server);
        let error = b"\x02\0\x06_error\x00\x40\x1C\0\0\0\0\0\0\x05\x03";
        assert!(sent.windows(error.len()).any(|bytes| bytes == error), "{sent:x?}");
        let code = b"NetConnection.Call.Failed";
        assert!(sent.windows(code.len()).any(|bytes| bytes == code), "{sent:x?}");
        assert!(server.is_open() && server.calls_in() == 0);
    }
}

#[test]
fn a_null_name_is_the_text_null() {
    // What Flash Player makes of call(null, …): 05, or the text; by AMF3 11 01.
    for (kind, name) in [(20, &b"\x05"[..]), (20, b"\x02\0\x04null"), (17, b"\x00\x11\x01"), (17, b"\x05")] {
        let call = received_command(kind, &[name, b"\x00\x40\0\0\0\0\0\0\0\x05\x01\x01"].concat());
        assert_eq!(
            (call.name(), call.transaction().map(Transaction::number)),
            ("null", Some(2.0)),
            "{name:x?}"
        );
        assert_eq!(call.body().to_values().unwrap(), [Value::Bool(true)]);
    }
}

#[test]
fn control_messages_that_are_too_short_are_ignored() {
    let cases: [(u8, &[u8]); 10] = [
        (4, b""),
        (4, b"\0"),
        (4, b"\0\x06"),             // a ping without its number
        (4, b"\0\x06\0\0\0"),       // and with most of it
        (4, b"\0\x00\0\0\0"),       // StreamBegin
        (4, b"\0\x03\0\0\0\x01\0"), // SetBufferLength
        (3, b"\0\0\0"),
        (5, b"\0\0\0"),
        (6, b"\0\0\0"),
        (6, b"\0\0\0\x01"), // a bandwidth without its type
    ];
    for (kind, payload) in cases {
        let mut server = server_after(kind, payload);
        assert!(server.poll_event().is_none() && server.is_open(), "{kind} {payload:x?}");
        assert_eq!((server.counters().ignored, server.queued()), (1, 0), "{kind} {payload:x?}");
    }
    // What follows SetChunkSize or Abort cannot be read without knowing what they say.
    for kind in [1, 2] {
        assert_eq!(fault(&mut server_after(kind, b"\0\0\x01")), "control_length");
    }
}

#[test]
fn what_cannot_be_read_of_a_shared_object_is_ignored() {
    let head = b"\0\x01b\0\0\0\0\0\0\0\0\0\0\0\0";
    let remove = b"\x0a\0\0\0\x03\0\x01x";
    for (event, ignored) in [
        (&b"\x01\0\0\0\x01x"[..], 1),                   // something in an empty body
        (b"\x05\0\0\0\x04\0\x01xy", 1),                 // something behind a key
        (b"\x03\0\0\0\x04\0\x01x\xEE", 1),              // a value of no type
        (b"\x04\0\0\0\x09\0\x01x\x05\0\x01y\x02\0", 1), // the second of two slots
        (b"\x05\0\0\0\x03\0\x01\xFF\x03\0\0\0\x04\0\x01x\xEE", 2), // a key that is not UTF-8, and another
        (b"\x09\0\0\0\x01\0", 1),                       // half a key
    ] {
        let payload = [&head[..], event, remove].concat();
        let mut server = server_after(19, &payload);
        let Some(Event::SharedObject(read)) = server.poll_event() else { panic!("{event:x?}") };
        assert_eq!(read.events, [SharedObjectEvent::RequestRemove { key: "x".into() }], "{event:x?}");
        assert_eq!((server.counters().ignored, server.is_open()), (ignored, true), "{event:x?}");
    }
    // A length beyond the message: nothing says where another event would begin.
    let mut server = server_after(19, &[&head[..], remove, b"\x05\0\0\x01\0\0\x01x"].concat());
    let Some(Event::SharedObject(read)) = server.poll_event() else { panic!() };
    assert_eq!((read.events.len(), server.counters().ignored), (1, 1));
    // A message without a whole head, and a name that is not UTF-8.
    for payload in [&b""[..], b"\0\x09b", &head[..14], b"\0\x01\xFF\0\0\0\0\0\0\0\0\0\0\0\0"] {
        let mut server = server_after(19, payload);
        assert!(server.poll_event().is_none() && server.is_open(), "{payload:x?}");
        assert_eq!(server.counters().ignored, 1, "{payload:x?}");
    }
}

#[test]
fn the_command_close_closes() {
    // As Flash Media Server sends it: transaction 0, null.
    for phase_is_open in [true, false] {
        let (mut server, now) =
            if phase_is_open { accepted(Config::server()) } else { pair::handshaken(Config::server()) };
        server.handle_input(now, &chunk(3, 20, 0, &command("close", 0.0, b"")));
        assert!(matches!(server.poll_event(), Some(Event::Closed(CloseReason::Remote))));
        assert!(server.is_closed());
    }
    // While the server decides on the client, it is held with what was sent behind it, which is never read.
    let (mut server, now) = pair::handshaken(Config::server());
    let held = [&command("close", 0.0, b"")[..], &command("say", 2.0, b""), &pair::connect_command()];
    server.handle_input(now, &chunk(3, 20, 0, &pair::connect_command()));
    assert!(matches!(server.poll_event(), Some(Event::Connect(_))));
    for message in held {
        server.handle_input(now, &chunk(3, 20, 0, message));
    }
    server.accept(now, &Accept::default()).unwrap();
    assert!(matches!(server.poll_event(), Some(Event::Closed(CloseReason::Remote))));
    assert!(server.poll_event().is_none() && server.calls_in() == 0, "nothing follows the end");
    // On a message stream it is of that stream.
    let (mut server, now) = accepted(Config::server());
    server.handle_input(now, &chunk(3, 20, 1, &command("close", 0.0, b"")));
    assert!(matches!(server.poll_event(), Some(Event::Command(_))));
    let mut pair = Pair::open(Cut::Whole, Version::Amf3);
    pair.server.notify(0, "close", &Bytes::new()).unwrap();
    pair.drive();
    assert!(matches!(pair.client_event(), Event::Closed(CloseReason::Remote)));
}

/// A client that waits for the answer to its connect.
fn connecting() -> Pair {
    let mut pair = Pair::new(Cut::Whole, Version::Amf0);
    pair.drive();
    assert!(matches!(pair.server_event(), Event::Connect(_)));
    pair
}

#[test]
fn on_status_refuses_before_connect_was_answered() {
    let info = |level: &str, code: &str| {
        let text = |text: &str| [&[2, 0, text.len() as u8][..], text.as_bytes()].concat();
        [b"\x03\0\x05level", &*text(level), b"\0\x04code", &text(code), b"\0\0\x09"].concat()
    };
    for (level, code) in [
        ("error", "NetConnection.Connect.Rejected"),
        ("status", "NetConnection.Connect.Closed"),
        ("error", "Room.Full"),
    ] {
        let mut pair = connecting();
        let refusal = chunk(3, 20, 0, &command("onStatus", 0.0, &info(level, code)));
        pair.client.handle_input(pair.now, &refusal);
        let Some(Event::Rejected(status)) = pair.client.poll_event() else { panic!("{code}") };
        assert_eq!(status.code(), code);
        assert!(matches!(pair.client.poll_event(), Some(Event::Closed(CloseReason::Rejected))));
    }
    for (level, code) in [("status", "NetConnection.Connect.Success"), ("status", "Room.News")] {
        let mut pair = connecting();
        let news = chunk(3, 20, 0, &command("onStatus", 0.0, &info(level, code)));
        pair.client.handle_input(pair.now, &news);
        assert!(matches!(pair.client.poll_event(), Some(Event::Command(_))), "{code}");
        pair.server.accept(pair.now, &Accept::default()).unwrap();
        pair.drive();
        assert!(matches!(pair.client_event(), Event::Accepted(_)));
    }
}

#[test]
fn a_result_that_nobody_waits_for_is_ignored() {
    // Of the ids 99, 0 and NaN, and without one; before connect was answered, and afterwards.
    for is_accepted in [false, true] {
        let mut pair = if is_accepted { Pair::open(Cut::Whole, Version::Amf0) } else { connecting() };
        for id in [99.0, 0.0, f64::NAN] {
            pair.client.handle_input(pair.now, &chunk(3, 20, 0, &command("_result", id, b"\x05")));
        }
        pair.client.handle_input(pair.now, &chunk(3, 20, 0, b"\x02\0\x06_error"));
        assert!(pair.client.poll_event().is_none());
        assert_eq!((pair.client.counters().unknown_replies, pair.client.is_closed()), (4, false));
    }
}

#[test]
fn a_connect_without_an_application_reaches_the_program() {
    // Nothing; null; a string; {}; {app: ""}; {app: 7}; an empty name with a query.
    for (object, app) in [
        (&b""[..], ""),
        (b"\x05", ""),
        (b"\x02\0\x01x", ""),
        (b"\x03\0\0\x09", ""),
        (b"\x03\0\x03app\x02\0\0\0\0\x09", ""),
        (b"\x03\0\x03app\x00\x40\x1C\0\0\0\0\0\0\0\0\x09", ""),
        (b"\x03\0\x03app\x02\0\x02?q\0\0\x09", "?q"),
    ] {
        let (mut server, now) = pair::handshaken(Config::server());
        let payload = [b"\x02\0\x07connect\0\x3F\xF0\0\0\0\0\0\0", object].concat();
        server.handle_input(now, &chunk(3, 20, 0, &payload));
        let Some(Event::Connect(connect)) = server.poll_event() else { panic!("{object:x?}") };
        assert_eq!((connect.app(), connect.app_and_query().0), (app, ""));
        server.accept(now, &Accept::default()).unwrap();
        assert!(server.is_open());
    }
}

#[test]
fn unreadable_arguments_do_not_close_the_connection() {
    // It is the method's business what it takes: 0E is a reserved marker.
    let f = received_command(20, &command("f", 2.0, b"\x0E"));
    assert!(f.body().to_values().is_err());
    assert_eq!(f.body().arguments().unwrap()[..], [0x0E]);
}

#[test]
fn connect_comes_first_and_once() {
    let not_connected = |kind, payload: &[u8]| {
        let (mut server, now) = pair::handshaken(Config::server());
        server.handle_input(now, &chunk(3, kind, 0, payload));
        fault(&mut server)
    };
    assert_eq!(not_connected(20, &command("createStream", 2.0, b"")), "not_connected");
    assert_eq!(not_connected(8, b"a"), "not_connected");
    assert_eq!(not_connected(18, b"\x02\0\x01d"), "not_connected");
    assert_eq!(not_connected(22, b""), "not_connected");
    assert_eq!(fault(&mut server_after(20, &pair::connect_command())), "connect_twice");
    // Control messages may come at any time.
    assert_eq!(not_connected(5, &[0, 0, 0x10, 0]), "");
}

#[test]
fn invalid_application_names_are_refused() {
    for app in ["a\0b", "a/../b", ".."] {
        let (mut server, now) = pair::handshaken(Config::server());
        let mut payload = b"\x02\0\x07connect\0\x3F\xF0\0\0\0\0\0\0\x03\0\x03app\x02".to_vec();
        payload.extend((app.len() as u16).to_be_bytes());
        payload.extend(app.as_bytes());
        payload.extend(b"\0\0\x09");
        server.handle_input(now, &chunk(3, 20, 0, &payload));
        assert_eq!(fault(&mut server), "application_name", "{app:?}");
        let sent = output(&mut server);
        assert!(sent.windows(6).any(|bytes| bytes == b"_error"), "the client is told");
    }
}

#[test]
fn an_aggregate_is_split_into_its_parts() {
    // RTMP §7.1.6: per part type, length 24, timestamp 24 + 8, stream 24, body, back pointer 32. The parts'
    // times are 100 and 123, the aggregate's is 1,000: they become 1,000 and 1,023.
    let payload = b"\x08\0\0\x01\0\0\x64\0\0\0\0a\0\0\0\x0C\
                    \x09\0\0\x02\0\0\x7B\0\0\0\0vv\0\0\0\x0D";
    let (mut server, now) = accepted(Config::server());
    let mut bytes = b"\x06\x00\x03\xE8\0\0\x21\x16\x01\0\0\0".to_vec();
    bytes.extend(payload);
    server.handle_input(now, &bytes);
    let Some(Event::Audio(audio)) = server.poll_event() else { panic!() };
    assert_eq!((audio.timestamp, audio.stream, &*audio.payload), (1_000, 1, &b"a"[..]));
    let Some(Event::Video(video)) = server.poll_event() else { panic!() };
    assert_eq!((video.timestamp, video.stream, &*video.payload), (1_023, 1, &b"vv"[..]));
    assert!(server.poll_event().is_none());

    let again = Message::aggregate(1, &[audio.with_timestamp(100), video.with_timestamp(123)]);
    assert_eq!(again.payload[..], payload[..]);

    // Cut anywhere it is an error, but for the last back pointer, which some leave out.
    for cut in 1..payload.len() {
        let mut server = server_after(22, &payload[..cut]);
        let whole = (12..=16).contains(&cut) || cut >= 29;
        let name = fault(&mut server);
        assert_eq!(name == "aggregate", !whole, "{cut} {name}");
    }
}

#[test]
fn commands_in_an_aggregate_are_ignored() {
    // A command, an aggregate and a SetChunkSize of 1 as parts, before a video: none of them is heeded.
    let part = |kind: u8, body: &[u8]| {
        [&[kind, 0, 0, body.len() as u8][..], &[0; 7], body, &[0, 0, 0, 11 + body.len() as u8]].concat()
    };
    let parts =
        [part(20, &command("f", 2.0, b"")), part(22, b""), part(1, &[0, 0, 0, 1]), part(9, b"vv")].concat();
    let mut server = server_after(22, &parts);
    let Some(Event::Video(video)) = server.poll_event() else { panic!() };
    assert_eq!(video.payload[..], *b"vv");
    assert!(server.poll_event().is_none() && server.is_open());
    assert_eq!((server.counters().ignored, server.calls_in()), (3, 0));
}

#[test]
fn an_aggregate_takes_no_memory_for_small_parts() {
    // 60,000 parts without bytes, made when they are taken.
    let part = b"\x09\0\0\0\0\0\0\0\0\0\0\0\0\0\x0B";
    let mut server = server_after(22, &part.repeat(60_000));
    let mut count = 0;
    while let Some(Event::Video(_)) = server.poll_event() {
        count += 1;
    }
    assert_eq!(count, 60_000);
    assert!(server.is_open());
}

#[test]
fn an_abort_drops_the_message_in_progress() {
    let (mut server, now) = accepted(Config::server());
    let begun = &chunk(4, 20, 0, &command("first", 2.0, &[5; 300]))[..12 + 128];
    server.handle_input(now, begun);
    server.handle_input(now, &chunk(2, 2, 0, &4_u32.to_be_bytes()));
    server.handle_input(now, &chunk(4, 20, 0, &command("second", 3.0, b"")));
    let Some(Event::Command(second)) = server.poll_event() else { panic!() };
    assert_eq!(second.name(), "second");
}
