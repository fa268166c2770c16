//! Location of the messages in a packet: cases in which lengths are trusted, in which they are not, and input that is
//! not a packet.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::sync::Arc;

use amf_core::DecodeErrorKind;
use amf_core::Limits;
use amf_core::packet::Packet;

/// Encodes a packet of version 0 without headers and with one message: target "a.b", response "/1", the given length.
fn packet(length: u32, body: &[u8]) -> Vec<u8> {
    [&b"\0\0\0\0\0\x01\0\x03a.b\0\x02/1"[..], &length.to_be_bytes(), body].concat()
}

fn decode_lazily(bytes: &[u8]) -> Packet<'_> {
    Packet::decode_lazily(bytes, &Arc::default(), Limits::default()).unwrap()
}

fn decode(bytes: &[u8]) -> Packet<'_> {
    Packet::decode(bytes, &Arc::default(), Limits::default()).unwrap()
}

#[test]
fn well_formed_bodies_do_not_depend_on_the_declared_length() {
    for (body, uses_amf3) in [
        // 02 string of 2 bytes; 05 null; 0A array of one
        (&b"\x02\0\x02hi"[..], false),
        (b"\x05", false),
        (b"\x0A\0\0\0\x01\x02\0\x02hi", false),
        // 11 switches to AMF3: 04 integer, 09 array
        (b"\x11\x04\x07", true),
        (b"\x11\x09\x03\x01\x04\x07", true),
        (b"\x0A\0\0\0\x01\x11\x04\x07", true),
        // behind another argument, and within an object (03)
        (b"\x0A\0\0\0\x02\x05\x11\x04\x07", true),
        (b"\x03\0\x01a\x11\x04\x07\0\0\x09", true),
        // 0x11 as a character, and in a number (00)
        (b"\x02\0\x01\x11", false),
        (b"\0\x40\x11\0\0\0\0\0\0", false),
    ] {
        for length in [body.len() as u32, u32::MAX, 0, 1, 1_000] {
            let bytes = packet(length, body);
            let (opened, decoded) = (decode_lazily(&bytes), decode(&bytes));
            let [opened, decoded] = [opened, decoded].map(|packet| {
                let message = packet.messages.first().unwrap();
                (message.body.to_vec(), message.offset, message.uses_amf3)
            });
            assert_eq!(opened, decoded, "{body:?} of length {length}");
            assert_eq!((&opened.0[..], opened.2), (body, uses_amf3), "{body:?} of length {length}");
        }
    }
}

#[test]
fn a_lazily_decoded_body_is_the_rest_of_the_input() {
    let garbage = b"\x05\x05";
    let bytes = packet(2, garbage);
    assert_eq!(decode_lazily(&bytes).messages.first().unwrap().body, garbage);
    // A wrong or missing length is not trusted: the value ends behind its only byte.
    for length in [0, 1, 3, u32::MAX] {
        let bytes = packet(length, garbage);
        for packet in [decode_lazily(&bytes), decode(&bytes)] {
            assert_eq!((packet.messages.first().unwrap().body, packet.trailing_bytes), (&b"\x05"[..], 1));
        }
    }
}

/// Encodes a message: target and response with their lengths as u16, the declared length, the body.
fn message_of_length(target: &str, response: &str, length: u32, body: &[u8]) -> Vec<u8> {
    let text = |text: &str| [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat();
    [&text(target)[..], &text(response), &length.to_be_bytes(), body].concat()
}

fn message(target: &str, response: &str, body: &[u8]) -> Vec<u8> {
    message_of_length(target, response, body.len() as u32, body)
}

/// Encodes a packet of version 0 without headers. The declared number of messages may be wrong.
fn packet_of(count: u16, messages: &[Vec<u8>]) -> Vec<u8> {
    [&[0, 0, 0, 0][..], &count.to_be_bytes(), &messages.concat()].concat()
}

/// Returns the response URIs of all messages, with `!` if the body cannot be read, and `?` for a broken message.
fn found(packet: &Packet<'_>) -> String {
    let message = |message: &amf_core::packet::Message<'_>| {
        format!("{}{} ", message.response_uri, if message.error.is_some() { "!" } else { "" })
    };
    let messages: String = packet.messages.iter().map(message).collect();
    let broken = packet.broken.as_ref().map(|broken| broken.response_uri.as_deref().unwrap_or_default());
    messages + &broken.map(|uri| format!("{uri}?")).unwrap_or_default()
}

#[test]
fn bytes_behind_the_last_message_are_counted() {
    let null = |response| message("a.b", response, b"\x05");
    let one_more = null("/2");
    for (count, trailing, found_messages) in [
        (1, &b""[..], "/1 "),
        (1, b"\n", "/1 "),
        (1, b"dead", "/1 "),
        (1, &one_more, "/1 "),
        (2, b"", "/1 ?"),
        (0, b"", ""),
    ] {
        let bytes = packet_of(count, &[null("/1"), trailing.to_vec()]);
        for packet in [decode_lazily(&bytes), decode(&bytes)] {
            assert_eq!(found(&packet), found_messages, "{count} {trailing:?}");
            let expected = match count {
                0 => null("/1").len(),
                1 => trailing.len(),
                // If a message is broken, trailing bytes cannot be distinguished from messages.
                _ => 0,
            };
            assert_eq!(packet.trailing_bytes, expected, "{count} {trailing:?}");
        }
    }
}

/// Returns bodies that cannot be read under the limits below, each for another reason.
fn unreadable_bodies() -> Vec<Vec<u8>> {
    vec![
        // 02: a string that is not UTF-8, since FF never is
        b"\x02\0\x01\xFF".to_vec(),
        // the same behind an argument, within a list (0A)
        b"\x0A\0\0\0\x02\x05\x02\0\x01\xFF".to_vec(),
        // 07: a reference to an object that was not sent
        b"\x0A\0\0\0\x01\x07\0\x09".to_vec(),
        // nested lists, 100 deep
        [b"\x0A\0\0\0\x01".repeat(100), b"\x05".to_vec()].concat(),
        // 0E is reserved, 77 is not a marker
        b"\x0E".to_vec(),
        b"\x0A\0\0\0\x02\x05\x77".to_vec(),
        // 11 to AMF3: 0A object, 07 an externalizable class, 03 "x", and a body that only the class can read
        b"\x0A\0\0\0\x01\x11\x0A\x07\x03x\x01\x02\x03".to_vec(),
        // 11, and a byte that is not a marker of AMF3
        b"\x11\x12".to_vec(),
        // a string beyond the limit of 10 bytes
        b"\x02\0\x0Bhello world".to_vec(),
        // a string (0C, length u32) beyond the end of the packet, so that none of it is read
        b"\x0C\0\0\xFF\xFFx".to_vec(),
        // no marker at all
        b"\x12".to_vec(),
    ]
}

fn limits() -> Limits {
    Limits::new().with_depth(64).with_string_len(10)
}

#[test]
fn exact_lengths_lead_past_a_body_that_cannot_be_read() {
    let (classes, null) = (Arc::default(), |response| message("a.b", response, b"\x05"));
    for body in unreadable_bodies() {
        let unreadable = |response| message("a.b", response, &body);
        for (messages, expected) in [
            (vec![unreadable("/1"), null("/2"), null("/3")], "/1! /2 /3 "),
            (vec![null("/1"), unreadable("/2"), null("/3")], "/1 /2! /3 "),
            (vec![unreadable("/1"), unreadable("/2"), null("/3")], "/1! /2! /3 "),
            (vec![null("/1"), null("/2"), unreadable("/3")], "/1 /2 /3! "),
        ] {
            let bytes = packet_of(3, &messages);
            let packet = Packet::decode(&bytes, &classes, limits()).unwrap();
            assert_eq!(found(&packet), expected, "{body:02x?}");
            let bodies: Vec<_> = packet.messages.iter().map(|message| message.body).collect();
            assert_eq!(bodies.iter().filter(|found| **found == body).count(), expected.matches('!').count());
            assert_eq!(packet.trailing_bytes, 0);
        }
    }
}

#[test]
fn one_length_that_is_not_exact_ends_the_packet_at_what_cannot_be_read() {
    let null = || message("a.b", "/2", b"\x05");
    for body in unreadable_bodies() {
        let len = body.len() as u32;
        let first = |length: u32| message_of_length("a.b", "/1", length, &body);
        let second = |length: u32| message_of_length("a.b", "/2", length, b"\x05");
        for (case, count, messages) in [
            ("shorter", 2, vec![first(len - 1), null()]),
            ("longer", 2, vec![first(len + 1), null()]),
            ("zero", 2, vec![first(0), null()]),
            ("unknown", 2, vec![first(u32::MAX), null()]),
            ("far too long", 2, vec![first(1 << 30), null()]),
            ("a later one shorter", 2, vec![first(len), second(0)]),
            ("a later one longer", 2, vec![first(len), second(2)]),
            ("a later one unknown", 2, vec![first(len), second(u32::MAX)]),
            ("fewer messages than declared", 3, vec![first(len), null()]),
            ("more messages than declared", 2, vec![first(len), null(), null()]),
            ("bytes behind the last", 2, vec![first(len), null(), b"\n".to_vec()]),
        ] {
            let bytes = packet_of(count, &messages);
            let packet = Packet::decode(&bytes, &Arc::default(), limits()).unwrap();
            assert_eq!(found(&packet), "/1?", "{case}: {body:02x?}");
        }
    }
}

#[test]
fn a_sender_whose_earlier_lengths_were_wrong_is_not_believed() {
    let (bad, null) = (message("a.b", "/2", b"\x0E"), message("a.b", "/3", b"\x05"));
    for (length, expected) in [(0, "/1 /2?"), (2, "/1 /2?"), (1, "/1 /2! /3 "), (u32::MAX, "/1 /2! /3 ")] {
        let first = message_of_length("a.b", "/1", length, b"\x05");
        let bytes = packet_of(3, &[first, bad.clone(), null.clone()]);
        assert_eq!(found(&decode(&bytes)), expected, "a message that declares {length}");
        // Header: name, must-understand, length, value.
        let header = [&b"\0\x01h\0"[..], &length.to_be_bytes(), b"\x05"].concat();
        let bytes = [&b"\0\0\0\x01"[..], &header, b"\0\x02", &bad, &null].concat();
        let expected = expected.strip_prefix("/1 ").unwrap();
        assert_eq!(found(&decode(&bytes)), expected, "a header that declares {length}");
    }
}

/// A client that declares a wrong length sends text typed by a third party, who typed a message. For every length,
/// including one that leads exactly to it, the text is not executed.
#[test]
fn a_text_within_a_value_is_never_a_message() {
    let last = message("game.leave", "/2", b"\x0A\0\0\0\0");
    // Taken as a message of the packet, its body would reach to the end: the rest is hidden in a long string
    // (0C).
    let typed = |hidden: usize| {
        let body = [&b"\x0A\0\0\0\x01\x0C"[..], &(hidden as u32).to_be_bytes()].concat();
        message_of_length("bank.pay", "/9", (body.len() + hidden) as u32, &body)
    };
    // behind the text in the value: a reference to nothing, so that the value cannot be read
    let tail = b"\x07\xFF\xFF";
    let typed = typed(tail.len() + last.len());
    let start = [&b"\x0A\0\0\0\x02\x02"[..], &(typed.len() as u16).to_be_bytes()].concat();
    let body = [&start[..], &typed, tail].concat();
    let to_the_text = start.len() as u32;
    for length in (0..=body.len() as u32 + 50).chain([u32::MAX, 1 << 31]) {
        let bytes = packet_of(2, &[message_of_length("game.say", "/1", length, &body), last.clone()]);
        for packet in [decode_lazily(&bytes), decode(&bytes)] {
            let targets: Vec<_> = packet.messages.iter().map(|message| &*message.target_uri).collect();
            let expected: &[&str] =
                if length as usize == body.len() { &["game.say", "game.leave"] } else { &[] };
            assert_eq!(targets, expected, "{length}; the text is at {to_the_text}");
        }
    }
    // The trap: the lengths alone would lead through the text to the end, in two messages.
    let trap =
        packet_of(2, &[message_of_length("game.say", "/1", to_the_text, &start), typed, tail.to_vec(), last]);
    let second = 6 + 2 + 8 + 2 + 2 + 4 + start.len();
    let declared = second + 2 + 8 + 2 + 2;
    let length = u32::from_be_bytes(trap[declared..declared + 4].try_into().unwrap());
    assert_eq!(declared + 4 + length as usize, trap.len());
}

/// Each of many bodies claims to contain everything that follows. Skipping each up to the end of the input would take
/// quadratic time: 256 times 2 MiB here.
#[test]
fn bodies_that_claim_the_rest_are_read_within_their_lengths() {
    // 0A: more elements than there are, of which the first are null; then FF
    let body = [b"\x0A\0\x7F\xFF\xFF", &[0x05; 8_000][..], &[0xFF]].concat();
    let message = message("a.b", "/1", &body);
    let bytes = packet_of(256, &vec![message; 256]);
    let packet = decode(&bytes);
    assert_eq!(packet.messages.len(), 256);
    assert!(packet.messages.iter().all(|message| message.error.is_some() && message.body == body));
    // Every error is within its own body, and its offset is that in the packet.
    for message in &packet.messages {
        let offset = message.error.as_ref().unwrap().offset();
        assert!((message.offset..=message.offset + body.len()).contains(&offset), "{offset}");
    }
}

#[test]
fn a_body_that_switches_to_amf3_before_its_fault_is_known_to_switch() {
    // 0A list of two: 11 04 07 is an integer of AMF3, 77 nothing; and one of AMF0 alone
    for (body, switches) in
        [(&b"\x0A\0\0\0\x02\x11\x04\x07\x77"[..], true), (b"\x0A\0\0\0\x02\x05\x77", false)]
    {
        let bytes = packet_of(2, &[message("a.b", "/1", body), message("a.b", "/2", b"\x05")]);
        assert_eq!(decode(&bytes).messages.first().unwrap().uses_amf3, switches);
    }
}

#[test]
fn what_is_no_packet_is_said_to_be_none_and_how_it_begins() {
    for (input, start) in [
        (&b"<?xml version=\"1.0\"?>\n<a/>"[..], r#"<?xml version=\"1.0\"?>\n<a…"#),
        (b"<html>", "<html>"),
        (b"\nNotice: Undefined index", r"\nNotice: Undefined index"),
        (b"a=1&b=2", "a=1&b=2"),
        (b"{\"a\":1}", r#"{\"a\":1}"#),
        (b"[]", "[]"),
        // zlib (RFC 1950), gzip (RFC 1952)
        (b"\x78\x9C\x63\x60\x00\x00\x00\x02\x00\x01", r"x\x9cc`\x00\x00\x00\x02\x00\x01"),
        (b"\x1F\x8B\x08\0\0\0\0\0\0\x03", r"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"),
        // byte order marks, of UTF-8 before a packet, and of UTF-16
        (b"\xEF\xBB\xBF\0\0\0\0\0\0", r"\xef\xbb\xbf\x00\x00\x00\x00\x00\x00"),
        (b"\xFF\xFE{\0}\0", r"\xff\xfe{\x00}\x00"),
        (b"\xFE\xFF\0<\0a\0>", r"\xfe\xff\x00<\x00a\x00>"),
        // bare values of AMF3: null, 1, {a: "b"}, a ByteArray; and of AMF0: a string, [null], a number
        (b"\x01", r"\x01"),
        (b"\x04\x01", r"\x04\x01"),
        (b"\x0A\x0B\x01\x03a\x06\x03b\x01", r"\n\x0b\x01\x03a\x06\x03b\x01"),
        (b"\x0C\x05\0\x01", r"\x0c\x05\x00\x01"),
        (b"\x02\0\0", r"\x02\x00\x00"),
        (b"\x0A\0\0\0\x01\x05", r"\n\x00\x00\x00\x01\x05"),
        (b"\0\x3F\xF0\0\0\0\0\0\0", r"\x00?\xf0\x00\x00\x00\x00\x00\x00"),
    ] {
        for decode in [Packet::decode, Packet::decode_lazily] {
            let error = decode(input, &Arc::default(), Limits::default()).unwrap_err();
            assert_eq!(*error.kind(), DecodeErrorKind::NotAPacket { start: start.to_owned() });
            let text = format!("the input is no AMF packet; it begins with `{start}`");
            assert_eq!(error.to_string(), text);
        }
    }
}

#[test]
fn packets_of_unknown_versions_are_packets() {
    for version in [2_u16, 4, 5, 0xFFFF] {
        let of_version = |packet: Vec<u8>| [&version.to_be_bytes()[..], &packet[2..]].concat();
        let bytes = of_version(packet_of(1, &[message("a.b", "/1", b"\x05")]));
        assert_eq!((decode(&bytes).version, found(&decode(&bytes))), (version, "/1 ".to_owned()));
        assert_eq!(found(&decode(&of_version(packet_of(0, &[])))), "");
        let bytes = of_version(packet_of(1, &[message("a.b", "/1", b"\x0E")]));
        assert_eq!(found(&decode(&bytes)), "/1! ", "its sender can be told");
    }
    // In a known version, an exceeded limit is reported as such, and so is an input that ends too early.
    for (bytes, expected) in [
        (&b"\0\0\0\x41"[..], "the limit `headers` of 64 is passed (at byte 4)"),
        (b"\0\x03\0\0\xFF\xFF", "the limit `messages` of 256 is passed (at byte 6)"),
        (b"\0", "the input ends here; at least 1 more bytes are needed (at byte 0)"),
        (b"\0\x03\0", "the input ends here; at least 1 more bytes are needed (at byte 2)"),
    ] {
        let error = Packet::decode(bytes, &Arc::default(), Limits::default()).unwrap_err();
        assert_eq!(error.to_string(), expected);
    }
}

#[test]
fn a_length_that_is_not_known_leads_nowhere() {
    // The first message, with an unknown length, is not an AMF0 value (77). The second one is null.
    let bytes =
        packet_of(2, &[message_of_length("a.b", "/1", u32::MAX, b"\x77"), message("a.b", "/2", b"\x05")]);
    let opened = decode_lazily(&bytes);
    assert!(opened.messages.is_empty());
    assert_eq!(opened.broken.unwrap().target_uri.as_deref(), Some("a.b"));
}
