//! Messages of shared objects: bytes by hand from the layout in `proto::message::shared_object`, cut and wrong ones.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use amf_core::{Date, Value, Version};
use amf_rtmp::proto::{
    Limits, Message, MessageType, PeerErrorKind, SentMessage, SharedObjectEvent, SharedObjectMessage,
};
use bytes::Bytes;
use proptest::prelude::*;

/// u16 length and name; version 7; persistence 2; zero.
const HEAD: &[u8] = b"\0\x05board\0\0\0\x07\0\0\0\x02\0\0\0\0";

fn message(kind: MessageType, payload: &[u8]) -> Message {
    Message::new(kind, Bytes::copy_from_slice(payload)).with_chunk_stream(3)
}

fn parse(payload: &[u8]) -> Result<SharedObjectMessage, PeerErrorKind> {
    let message = message(MessageType::SHARED_OBJECT, payload);
    SharedObjectMessage::parse(&message, &Limits::server()).map(Option::unwrap)
}

fn event(number: u8, body: &[u8]) -> Vec<u8> {
    [&[number][..], &(body.len() as u32).to_be_bytes(), body].concat()
}

fn board_message(encoding: Version, events: Vec<SharedObjectEvent>) -> SharedObjectMessage {
    SharedObjectMessage::new(encoding, "board", events).with_version(7).with_persistence(true)
}

fn with(events: &[Vec<u8>]) -> Vec<u8> {
    [HEAD, &events.concat()].concat()
}

/// Every event, as its bytes are and as it reads. 7.5 is 0x401E… in AMF0.
fn every_event() -> Vec<(Vec<u8>, SharedObjectEvent)> {
    use SharedObjectEvent as Event;
    let number = b"\0\x40\x1e\0\0\0\0\0\0";
    let text = b"\x02\0\x02hi";
    vec![
        (event(1, b""), Event::Use),
        (event(2, b""), Event::Release),
        (
            event(3, &[b"\0\x01x", &number[..]].concat()),
            Event::RequestChange { key: "x".into(), value: Bytes::from_static(number) },
        ),
        (
            event(4, &[b"\0\x01y", &text[..]].concat()),
            Event::Change { key: "y".into(), value: Bytes::from_static(text) },
        ),
        (event(5, b"\0\x01x"), Event::Success { key: "x".into() }),
        (
            event(6, b"\x02\0\x04move\x01\x01\x05"),
            Event::SendMessage(SentMessage::new("move", b"\x01\x01\x05")),
        ),
        (event(7, b"\0\x04code\0\x05error"), Event::Status { code: "code".into(), level: "error".into() }),
        (event(8, b""), Event::Clear),
        (event(9, b"\0\x01x"), Event::Remove { key: "x".into() }),
        (event(10, b"\0\x01x"), Event::RequestRemove { key: "x".into() }),
        (event(11, b""), Event::UseSuccess),
        (
            event(13, &[b"\0\x01x", &number[..]].concat()),
            Event::ChangeEcho { key: "x".into(), value: Bytes::from_static(number) },
        ),
        (event(14, b""), Event::RequestClear),
        (event(99, b"what"), Event::Other { event: 99, body: Bytes::from_static(b"what") }),
    ]
}

#[test]
fn every_event_is_read_and_written() {
    let (bytes, events): (Vec<_>, Vec<_>) = every_event().into_iter().unzip();
    let payload = with(&bytes);
    let expected = board_message(Version::Amf0, events.clone());
    assert_eq!(parse(&payload).unwrap(), expected);
    assert_eq!(expected.to_message(), message(MessageType::SHARED_OBJECT, &payload));
    for (bytes, event) in every_event() {
        assert_eq!(event.size(), bytes.len());
    }

    // Type 16 has a zero before all of it.
    let amf3 = board_message(Version::Amf3, events);
    let payload = [&[0], &*payload].concat();
    let wire = message(MessageType::SHARED_OBJECT_AMF3, &payload);
    assert_eq!(SharedObjectMessage::parse(&wire, &Limits::server()).unwrap().unwrap(), amf3);
    assert_eq!(amf3.to_message(), wire);
}

#[test]
fn amf3_values_follow_their_marker() {
    // AMF3: 0x11, integer marker 0x04, 7.
    let payload = [&[0], HEAD, &event(3, b"\0\x01x\x11\x04\x07")].concat();
    let wire = message(MessageType::SHARED_OBJECT_AMF3, &payload);
    let read = SharedObjectMessage::parse(&wire, &Limits::server()).unwrap().unwrap();
    let value = Bytes::from_static(b"\x11\x04\x07");
    assert_eq!(read.events, [SharedObjectEvent::RequestChange { key: "x".into(), value }]);
}

#[test]
fn an_event_with_several_slots_is_several_changes() {
    let read = parse(&with(&[event(4, b"\0\x01x\x05\0\x01y\x01\x01\0\x01z\x06")])).unwrap();
    let change =
        |key: &str, value: &'static [u8]| SharedObjectEvent::Change { key: key.into(), value: value.into() };
    assert_eq!(read.events, [change("x", b"\x05"), change("y", b"\x01\x01"), change("z", b"\x06")]);
}

#[test]
fn a_change_without_a_value_is_a_change_to_null() {
    let read = parse(&with(&[event(3, b"\0\x01x")])).unwrap();
    let value = Bytes::from_static(b"\x05");
    assert_eq!(read.events, [SharedObjectEvent::RequestChange { key: "x".into(), value }]);
}

#[test]
fn a_handler_has_arguments() {
    let sent = SentMessage::new("move", b"\x01\x01\x02\0\x02e4");
    let mut decoder = sent.decoder().unwrap();
    assert_eq!((decoder.read().unwrap(), decoder.read().unwrap()), (true, "e4"));
    assert!(decoder.is_at_end());
}

#[test]
fn a_message_that_is_cut_anywhere_is_an_error() {
    let (bytes, _): (Vec<_>, Vec<_>) = every_event().into_iter().unzip();
    let payload = with(&bytes);
    let mut ends = vec![HEAD.len()];
    for event in &bytes {
        ends.push(ends.last().unwrap() + event.len());
    }
    for end in 0..payload.len() {
        let outcome = parse(payload.get(..end).unwrap());
        assert_eq!(outcome.is_ok(), ends.contains(&end), "cut at {end}: {outcome:?}");
        if let Err(error) = outcome {
            assert_eq!(error.name(), "shared_object", "{error}");
        }
    }
    let empty = SharedObjectMessage::parse(&message(MessageType::SHARED_OBJECT_AMF3, b""), &Limits::server());
    assert!(matches!(empty, Err(PeerErrorKind::SharedObject { at: 0, .. })));
    let other = SharedObjectMessage::parse(&message(MessageType::COMMAND, b""), &Limits::server());
    assert_eq!(other, Ok(None));
}

#[test]
fn a_body_ends_where_its_length_says() {
    for (name, body) in [
        ("something in an empty body", event(1, b"x")),
        ("something behind a key", event(5, b"\0\x01xy")),
        ("a key that is longer than its body", event(5, b"\0\x09x")),
        ("something behind a value", event(3, b"\0\x01x\x05\x05")),
        ("a status without a level", event(7, b"\0\x04code")),
        ("a key that is no text", event(5, b"\0\x01\xff")),
        ("a body of 4 GB", b"\x08\xff\xff\xff\xff".to_vec()),
    ] {
        let error = parse(&with(&[body])).expect_err(name);
        assert!(
            matches!(error, PeerErrorKind::SharedObject { at, .. } if at >= HEAD.len()),
            "{name}: {error}"
        );
    }
    // An external class that nobody knows ends with its body.
    parse(&with(&[event(3, b"\0\x01x\x11\x0a\x07\x03E\x01\x02\x03")])).unwrap();
}

#[test]
fn a_value_that_cannot_be_read_is_an_error() {
    // 100 lists in one another: more than the 64 that a decoder goes down.
    let nested = [&b"\0\x01x"[..], &b"\x0a\0\0\0\x01".repeat(100), b"\x05"].concat();
    for (name, number, body) in [
        ("a value that is longer than its body", 3, &b"\0\x01x\x02\0\x09hi"[..]),
        ("a slot without a value", 4, b"\0\x01x"),
        ("a value of no type", 3, b"\0\x01x\xee"),
        ("a string of 4 GB", 3, b"\0\x01x\x0c\xff\xff\xff\xff"),
        ("a list of 4 billion", 3, b"\0\x01x\x0a\xff\xff\xff\xff"),
        ("text that is not UTF-8", 3, b"\0\x01x\x02\0\x01\xe9"),
        ("a reference to nothing", 3, b"\0\x01x\x07\0\x09"),
        ("a handler that is a number", 6, b"\0\x40\x1e\0\0\0\0\0\0"),
        ("no handler", 6, b""),
        ("half an argument", 6, b"\x02\0\x01m\x02\0\x09"),
        ("a value of 100 levels", 3, &nested),
    ] {
        let error = parse(&with(&[event(number, body), event(8, b"")])).expect_err(name);
        assert!(matches!(error, PeerErrorKind::SharedObject { .. }), "{name}: {error:?}");
    }
}

#[test]
fn values_of_senders_that_count_dates_have_an_end() {
    // AMF0 §2.13: a date. A list of it and the same date again is 0, the date 1: reference 1 exists only where dates
    // count (Red5). The end of the value is the same for everybody.
    let value = b"\x0a\0\0\0\x02\x0b\0\0\0\0\0\0\0\0\0\0\x07\0\x01";
    for (number, behind) in [(3, &b""[..]), (4, b"\0\x01y\x05")] {
        let body = [&b"\0\x01x"[..], value, behind].concat();
        let read = parse(&with(&[event(number, &body)])).unwrap();
        let found = match read.events.first() {
            Some(
                SharedObjectEvent::RequestChange { value, .. } | SharedObjectEvent::Change { value, .. },
            ) => value,
            other => panic!("{other:?}"),
        };
        assert_eq!(&found[..], value);
    }
    let sent = SentMessage::new("seen", value);
    let date = Value::from(Date::from_millis(0.0));
    assert_eq!(sent.to_values().unwrap(), [Value::from(vec![date.clone(), date])]);
    parse(&with(&[event(6, sent.body())])).unwrap();
}

#[test]
fn limits_are_enforced() {
    let limits = Limits::server();
    let limited = |payload: &[u8]| match parse(payload) {
        Ok(read) => Ok(read.events.len()),
        Err(PeerErrorKind::Limit { limit, max, found }) => Err((limit, max, found)),
        Err(other) => panic!("{other}"),
    };
    let many = |events: usize| with(&vec![event(8, b""); events]);
    assert_eq!(limited(&many(1_024)), Ok(1_024));
    assert_eq!(limited(&many(1_025)), Err(("shared_object_events", 1_024, 1_025)));
    // Slots count, not only events.
    let slots = |slots: usize| with(&[event(4, &b"\0\x01x\x05".repeat(slots))]);
    assert_eq!(limited(&slots(1_024)), Ok(1_024));
    assert_eq!(limited(&slots(1_025)), Err(("shared_object_events", 1_024, 1_025)));

    let key = |len: usize| with(&[event(5, &[&(len as u16).to_be_bytes()[..], &vec![b'k'; len]].concat())]);
    assert_eq!(limited(&key(256)), Ok(1));
    assert_eq!(limited(&key(257)), Err(("shared_object_name_bytes", 256, 257)));
    let name = |len: usize| [&(len as u16).to_be_bytes()[..], &vec![b'n'; len], &[0; 12]].concat();
    assert_eq!(limited(&name(256)), Ok(0));
    assert_eq!(limited(&name(257)), Err(("shared_object_name_bytes", 256, 257)));
    assert_eq!(limits.shared_objects, 64);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn reading_and_writing_round_trips(bytes in prop::collection::vec(any::<u8>(), 0..80), events in prop::collection::vec((0..16_u8, prop::collection::vec(any::<u8>(), 0..12)), 0..4)) {
        let _ = parse(&bytes);
        let payload = with(&events.iter().map(|(number, body)| event(*number, body)).collect::<Vec<_>>());
        if let Ok(read) = parse(&payload) {
            let again = parse(&read.to_message().payload);
            prop_assert_eq!(again.as_ref(), Ok(&read));
        }
    }
}
