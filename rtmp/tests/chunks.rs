//! Chunks: headers written by hand from RTMP §5.3.1, and what the writer writes, read again.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

use amf_rtmp::proto::chunk::{ChunkReader, ChunkWriter, Output, PreChunkedMessage};
use amf_rtmp::proto::{Limits, Message, MessageType, PeerError};
use bytes::Bytes;
use proptest::prelude::*;

fn message(chunk_stream: u32, timestamp: u32, stream: u32, kind: u8, payload: &[u8]) -> Message {
    let message = Message::new(MessageType(kind), Bytes::copy_from_slice(payload));
    message.with_chunk_stream(chunk_stream).with_timestamp(timestamp).with_stream(stream)
}

/// Reads everything, in pieces of these lengths, the last of which repeats.
fn read_cut(input: &[u8], pieces: &[usize]) -> Result<Vec<Message>, PeerError> {
    let mut reader = ChunkReader::new(Limits::default());
    let mut messages = Vec::new();
    let mut rest = input;
    let mut pieces = pieces.iter().copied();
    let mut piece = 1;
    while !rest.is_empty() {
        piece = pieces.next().unwrap_or(piece).max(1);
        let (mut head, tail) = rest.split_at(piece.min(rest.len()));
        while let Some(message) = reader.read(&mut head)? {
            if message.kind == MessageType::SET_CHUNK_SIZE {
                let size = message.payload.first_chunk().unwrap();
                reader.set_chunk_size(u32::from_be_bytes(*size));
            }
            messages.push(message);
        }
        assert!(head.is_empty());
        rest = tail;
    }
    Ok(messages)
}

/// Reads everything, whole and cut at each byte, which must make no difference.
#[track_caller]
fn read(input: &[u8]) -> Vec<Message> {
    let whole = read_cut(input, &[input.len()]).unwrap();
    assert_eq!(read_cut(input, &[1]).unwrap(), whole);
    for cut in 1..input.len() {
        assert_eq!(read_cut(input, &[cut, input.len()]).unwrap(), whole, "cut at {cut}");
    }
    whole
}

#[track_caller]
fn error(input: &[u8]) -> String {
    let error = read_cut(input, &[input.len()]).unwrap_err();
    let bytewise = read_cut(input, &[1]).unwrap_err();
    assert_eq!(bytewise, error);
    format!("{}: {error}", error.name())
}

#[test]
fn reads_a_header_of_format_0() {
    // §5.3.1.2.1: 03 = form 0, chunk stream 3; 0003E8 = 1000 ms; 000002 = 2 bytes; 09 = video;
    // 01000000 = stream 1, little endian.
    let input = b"\x03\x00\x03\xE8\x00\x00\x02\x09\x01\x00\x00\x00hi";
    assert_eq!(read(input), [message(3, 1000, 1, 9, b"hi")]);
}

#[test]
fn chunk_stream_ids_take_one_to_three_bytes() {
    // §5.3.1.1: 00 b = 64 + b; 01 b c = 64 + b + 256 c.
    let rest = b"\0\0\0\0\0\x01\x08\0\0\0\0x";
    for (basic, chunk_stream) in [
        (&b"\x02"[..], 2),
        (b"\x3F", 63),
        (b"\x00\x00", 64),
        (b"\x00\xFF", 319),
        (b"\x01\x00\x00", 64),
        (b"\x01\x00\x01", 320),
        (b"\x01\xFF\x00", 319),
        (b"\x01\xFF\xFF", 65_599),
    ] {
        assert_eq!(read(&[basic, rest].concat()), [message(chunk_stream, 0, 0, 8, b"x")]);
    }
    for (basic, chunk_stream) in [
        (&b"\x02"[..], 2),
        (b"\x3F", 63),
        (b"\x00\x00", 64),
        (b"\x00\xFF", 319),
        (b"\x01\x00\x01", 320),
        (b"\x01\xFF\xFF", 65_599),
    ] {
        let chunked = PreChunkedMessage::new(message(chunk_stream, 0, 0, 8, b"x"), 128);
        assert_eq!(chunked.bytes()[..], [basic, rest].concat(), "the shortest form is written");
    }
}

#[test]
fn every_format_works_with_every_length_of_chunk_stream_id() {
    // Form 0 at 1000; form 1: +20, 130 bytes, video, so form 3 goes on with it; form 2: +23; form 3 repeats that.
    let (small, rest) = (&b"a"[..], [7; 130]);
    for (basic, chunk_stream) in [
        (&b"\x02"[..], 2),
        (b"\x3F", 63),
        (b"\x00\x00", 64),
        (b"\x00\xFF", 319),
        (b"\x01\x00\x01", 320),
        (b"\x01\xFF\xFF", 65_599),
    ] {
        let form = |form: u8| [&[form << 6 | basic[0]], &basic[1..]].concat();
        let input = [
            &form(0)[..],
            b"\x00\x03\xE8\x00\x00\x01\x08\x01\x00\x00\x00a",
            &form(1),
            b"\x00\x00\x14\x00\x00\x82\x09",
            &rest[..128],
            &form(3),
            &rest[128..],
            &form(2),
            b"\x00\x00\x17",
            &rest[..128],
            &form(3),
            &rest[128..],
            &form(3),
            &rest[..128],
            &form(3),
            &rest[128..],
        ];
        let expected = [(1000, 8, small), (1020, 9, &rest), (1043, 9, &rest), (1066, 9, &rest)]
            .map(|(timestamp, kind, payload)| message(chunk_stream, timestamp, 1, kind, payload));
        assert_eq!(read(&input.concat()), expected, "{chunk_stream}");
    }
}

#[test]
fn a_chunk_stream_is_the_same_however_its_number_is_written() {
    // 64 is 00 00 and 01 00 00 (§5.3.1.1 allows both up to 319).
    let input = [
        &b"\x00\x00\x00\x03\xE8\x00\x00\x01\x08\x01\x00\x00\x00a"[..], // form 0 at 1000
        b"\x41\x00\x00\x00\x00\x05\x00\x00\x01\x08b",                  // form 1: +5
        b"\x80\x00\x00\x00\x07c",                                      // form 2: +7
        b"\xC1\x00\x00d",                                              // form 3: +7
    ];
    let times: Vec<u32> = read(&input.concat()).iter().map(|message| message.timestamp).collect();
    assert_eq!(times, [1000, 1005, 1012, 1019]);
}

#[test]
fn deltas_add_up_and_form_3_repeats_them() {
    let input = [
        &b"\x04\x00\x03\xE8\x00\x00\x01\x08\x01\x00\x00\x00a"[..], // form 0 at 1000
        b"\x44\x00\x00\x14\x00\x00\x02\x09bb",                     // form 1: +20, 2 bytes, video
        b"\x84\x00\x00\x17cc",                                     // form 2: +23
        b"\xC4dd",                                                 // form 3: +23
        b"\xC4ee",                                                 // form 3: +23
    ];
    assert_eq!(
        read(&input.concat()),
        [
            message(4, 1000, 1, 8, b"a"),
            message(4, 1020, 1, 9, b"bb"),
            message(4, 1043, 1, 9, b"cc"),
            message(4, 1066, 1, 9, b"dd"),
            message(4, 1089, 1, 9, b"ee"),
        ]
    );
}

#[test]
fn form_3_after_form_0_takes_its_timestamp_as_the_delta() {
    // What FMLE writes; SRS, FFmpeg and librtmp read it so.
    let input = [&b"\x04\x00\x00\x28\x00\x00\x01\x08\x01\x00\x00\x00a"[..], b"\xC4b", b"\xC4c"];
    let times: Vec<u32> = read(&input.concat()).iter().map(|message| message.timestamp).collect();
    assert_eq!(times, [40, 80, 120]);
}

#[test]
fn format_1_may_begin_a_chunk_stream() {
    // librtmp's pings do.
    let input = b"\x42\x00\x00\x05\x00\x00\x06\x04\x00\x06\x00\x00\x00\x07";
    assert_eq!(read(input), [message(2, 5, 0, 4, b"\0\x06\0\0\0\x07")]);
}

#[test]
fn formats_2_and_3_may_not_begin_a_chunk_stream() {
    let text =
        "fresh_chunk_stream: expected a whole header on chunk stream 5, which is new, got one of type ";
    assert_eq!(error(b"\x85\0\0\0"), format!("{text}2 (at byte 0 of the connection)"));
    assert_eq!(error(b"\xC5"), format!("{text}3 (at byte 0 of the connection)"));
}

#[test]
fn timestamps_wrap_at_32_bits() {
    // §5.3.1.3: FFFFFF says that 32 bits follow. FFFFFFF0 + 32 = 0x10, modulo 2^32.
    let input =
        [&b"\x04\xFF\xFF\xFF\x00\x00\x01\x08\x01\x00\x00\x00\xFF\xFF\xFF\xF0a"[..], b"\x84\x00\x00\x20b"];
    assert_eq!(read(&input.concat()), [message(4, 0xFFFF_FFF0, 1, 8, b"a"), message(4, 0x10, 1, 8, b"b")]);
    // By form 3, and by a delta of 32 bits: FFFFFFF0 + FFFFFFF0 is FFFFFFE0.
    let input = [
        &b"\x04\xFF\xFF\xFF\x00\x00\x01\x08\x01\x00\x00\x00\xFF\xFF\xFF\xF0a"[..],
        b"\x84\xFF\xFF\xFF\xFF\xFF\xFF\xF0b",
        b"\x84\x00\x00\x18c",
        b"\xC4d",
        b"\xC4e",
    ];
    let times: Vec<u32> = read(&input.concat()).iter().map(|message| message.timestamp).collect();
    assert_eq!(times, [0xFFFF_FFF0, 0xFFFF_FFE0, 0xFFFF_FFF8, 0x10, 0x28]);
}

#[test]
fn timestamps_are_extended_from_24_bits_on() {
    // §5.3.1.2.1: FFFFFF itself is written behind the header, too.
    for (timestamp, bytes) in [
        (0x00FF_FFFE, &b"\x04\xFF\xFF\xFE\x00\x00\x01\x08\x01\x00\x00\x00a"[..]),
        (0x00FF_FFFF, b"\x04\xFF\xFF\xFF\x00\x00\x01\x08\x01\x00\x00\x00\x00\xFF\xFF\xFFa"),
        (0x0100_0000, b"\x04\xFF\xFF\xFF\x00\x00\x01\x08\x01\x00\x00\x00\x01\x00\x00\x00a"),
        (0xFFFF_FFFF, b"\x04\xFF\xFF\xFF\x00\x00\x01\x08\x01\x00\x00\x00\xFF\xFF\xFF\xFFa"),
    ] {
        let expected = message(4, timestamp, 1, 8, b"a");
        assert_eq!(read(bytes), std::slice::from_ref(&expected));
        assert_eq!(PreChunkedMessage::new(expected, 128).bytes()[..], *bytes);
    }
}

#[test]
fn an_extended_timestamp_stands_in_every_chunk() {
    let payload: Vec<u8> = (0..300).map(|at| at as u8).collect();
    // 0x01000000 ms, in three chunks of at most 128 bytes.
    let head = b"\x04\xFF\xFF\xFF\x00\x01\x2C\x09\x01\x00\x00\x00\x01\x00\x00\x00";
    let repeat = b"\xC4\x01\x00\x00\x00";
    let input = [&head[..], &payload[..128], repeat, &payload[128..256], repeat, &payload[256..]].concat();
    assert_eq!(read(&input), [message(4, 0x0100_0000, 1, 9, &payload)]);
    let chunked = PreChunkedMessage::new(message(4, 0x0100_0000, 1, 9, &payload), 128);
    assert_eq!(chunked.bytes()[..], input, "it is written so, too");
}

#[test]
fn an_extended_timestamp_may_be_left_out_of_the_chunks_after_the_first() {
    // The payload begins each later chunk with bytes that look like the timestamp for longer and longer.
    let head = b"\x04\xFF\xFF\xFF\x00\x01\x2C\x09\x01\x00\x00\x00\x01\x02\x03\x04";
    for alike in 0..4 {
        let mut payload = vec![0xEE; 300];
        payload[128..128 + alike].copy_from_slice(&[1, 2, 3, 4][..alike]);
        payload[256..256 + alike].copy_from_slice(&[1, 2, 3, 4][..alike]);
        let input =
            [&head[..], &payload[..128], b"\xC4", &payload[128..256], b"\xC4", &payload[256..]].concat();
        // Another message behind, as what looked like a timestamp may be the end of this one.
        let input = [&input[..], b"\x03\0\0\0\0\0\x02\x14\0\0\0\0hi"].concat();
        assert_eq!(
            read(&input),
            [message(4, 0x0102_0304, 1, 9, &payload), message(3, 0, 0, 20, b"hi")],
            "{alike}"
        );
    }
}

#[test]
fn a_last_chunk_shorter_than_a_timestamp_is_told_apart() {
    // 129 bytes in chunks of 128: one byte is left, and it is the first of the timestamp. The next header
    // (03, …) tells that it was payload.
    let head = b"\x04\xFF\xFF\xFF\x00\x00\x81\x09\x01\x00\x00\x00\x01\x02\x03\x04";
    let mut payload = vec![0xEE; 129];
    payload[128] = 1;
    let input = [&head[..], &payload[..128], b"\xC4", &payload[128..], b"\x03\0\0\0\0\0\x02\x14\0\0\0\0hi"];
    assert_eq!(read(&input.concat()), [message(4, 0x0102_0304, 1, 9, &payload), message(3, 0, 0, 20, b"hi")]);
}

#[test]
fn an_extended_delta_is_repeated_as_the_delta_or_as_the_time() {
    let payload = [0xEE; 130];
    for repeated in [0x0100_0000_u32, 0x0100_03E8] {
        let input = [
            &b"\x04\x00\x03\xE8\x00\x00\x01\x09\x01\x00\x00\x00a"[..], // form 0 at 1000
            b"\x44\xFF\xFF\xFF\x00\x00\x82\x09\x01\x00\x00\x00",       // form 1: + 0x01000000
            &payload[..128],
            b"\xC4",
            &repeated.to_be_bytes(),
            &payload[128..],
        ];
        assert_eq!(
            read(&input.concat()),
            [message(4, 1000, 1, 9, b"a"), message(4, 0x0100_03E8, 1, 9, &payload)]
        );
    }
}

#[test]
fn form_3_that_begins_a_message_has_the_extended_timestamp_too() {
    let input = [
        &b"\x04\x00\x03\xE8\x00\x00\x01\x09\x01\x00\x00\x00a"[..], // form 0 at 1000
        b"\x84\xFF\xFF\xFF\x01\x00\x00\x00b",                      // form 2: + 0x01000000
        b"\xC4\x01\x00\x00\x00c",                                  // form 3: the same
    ];
    let times: Vec<u32> = read(&input.concat()).iter().map(|message| message.timestamp).collect();
    assert_eq!(times, [1000, 0x0100_03E8, 0x0200_03E8]);

    // After a form 0 it is that one's time, as without extension.
    let input =
        [&b"\x04\xFF\xFF\xFF\x00\x00\x01\x09\x01\x00\x00\x00\x01\x00\x00\x00a"[..], b"\xC4\x01\x00\x00\x00b"];
    let times: Vec<u32> = read(&input.concat()).iter().map(|message| message.timestamp).collect();
    assert_eq!(times, [0x0100_0000, 0x0200_0000]);
}

#[test]
fn messages_interleave_across_chunk_streams() {
    // §5.3.2.2's example of a large message, with a small one between its chunks.
    let video: Vec<u8> = (0..307).map(|at| (at * 3) as u8).collect();
    let input = [
        &b"\x06\x00\x03\xE8\x00\x01\x33\x09\x01\x00\x00\x00"[..],
        &video[..128],
        b"\x04\x00\x03\xE8\x00\x00\x02\x08\x01\x00\x00\x00hi",
        b"\xC6",
        &video[128..256],
        b"\x84\x00\x00\x10yo",
        b"\xC6",
        &video[256..],
    ];
    assert_eq!(
        read(&input.concat()),
        [message(4, 1000, 1, 8, b"hi"), message(4, 1016, 1, 8, b"yo"), message(6, 1000, 1, 9, &video),]
    );
}

#[test]
fn a_message_does_not_change_in_the_middle() {
    let begun = [&b"\x04\x00\x00\x00\x00\x01\x00\x09\x01\x00\x00\x00"[..], &[0; 128]].concat();
    let then = |header: &[u8]| error(&[&begun[..], header].concat());
    assert_eq!(
        then(b"\x04\x00\x00\x00\x00\x01\x00\x09\x01\x00\x00\x00"),
        "header_in_message: expected the rest of the message on chunk stream 4, got the header of another \
         (at byte 140 of the connection)"
    );
    assert_eq!(
        then(b"\x44\x00\x00\x00\x00\x01\x01\x09"),
        "length_changed: expected the rest of a message of 256 bytes on chunk stream 4, got 257 as its length \
         (at byte 140 of the connection)"
    );
    assert_eq!(
        then(b"\x44\x00\x00\x00\x00\x01\x00\x08"),
        "type_changed: expected the rest of a message of type 9 (video) on chunk stream 4, got type 8 (audio) \
         (at byte 140 of the connection)"
    );
    // One that repeats what is known is taken as form 3.
    let whole = [&begun[..], b"\x44\x00\x00\x07\x00\x01\x00\x09", &[1; 128]].concat();
    let messages = read(&whole);
    assert_eq!((messages.len(), messages[0].timestamp, messages[0].payload.len()), (1, 0, 256));
    let whole = [&begun[..], b"\x84\x00\x00\x07", &[1; 128]].concat();
    let messages = read(&whole);
    assert_eq!((messages.len(), messages[0].timestamp, messages[0].payload.len()), (1, 0, 256));
}

#[test]
fn an_aborted_message_leaves_its_header() {
    let mut reader = ChunkReader::new(Limits::default());
    let begun = [&b"\x04\x00\x00\x0A\x00\x01\x00\x09\x01\x00\x00\x00"[..], &[0; 128]].concat();
    assert_eq!(reader.read(&mut &begun[..]).unwrap(), None);
    reader.abort(9); // nothing is there
    reader.abort(4);
    reader.abort(4);
    let again = [&b"\x84\x00\x00\x05"[..], &[1; 128], b"\xC4", &[2; 128]].concat();
    let message = reader.read(&mut &again[..]).unwrap().unwrap();
    assert_eq!((message.timestamp, message.stream, message.payload.len()), (15, 1, 256));
    assert_eq!(message.payload[0], 1);
    // Form 3 begins another one: 5 ms later, and as long.
    assert_eq!(reader.read(&mut &[&[0xC4][..], &[3; 128]].concat()[..]).unwrap(), None);
    reader.abort(4);
    let again = [&[0xC4][..], &[4; 128], &[0xC4], &[5; 128]].concat();
    let message = reader.read(&mut &again[..]).unwrap().unwrap();
    assert_eq!((message.timestamp, message.payload[0], message.payload.len()), (25, 4, 256));
}

#[test]
fn the_chunk_size_changes_between_the_chunks_of_a_message() {
    // §5.4.1; a SetChunkSize on chunk stream 2 comes after the first chunk of 128.
    let video: Vec<u8> = (0..400).map(|at| at as u8).collect();
    for size in [1_u32, 5, 200, 272, 0x7FFF_FFFF] {
        let mut input = b"\x06\x00\x00\x00\x00\x01\x90\x09\x01\x00\x00\x00".to_vec();
        input.extend(&video[..128]);
        input.extend(b"\x02\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00");
        input.extend(size.to_be_bytes());
        for piece in video[128..].chunks(size as usize) {
            input.push(0xC6);
            input.extend(piece);
        }
        let messages = read_cut(&input, &[1]).unwrap();
        assert_eq!(messages, read_cut(&input, &[input.len()]).unwrap());
        assert_eq!(messages[1], message(6, 0, 1, 9, &video), "{size}");
    }
}

#[test]
fn an_empty_message_is_read() {
    assert_eq!(
        read(b"\x04\0\0\0\0\0\0\x08\x01\0\0\0\xC4\xC4"),
        [message(4, 0, 1, 8, b""), message(4, 0, 1, 8, b""), message(4, 0, 1, 8, b"")]
    );
}

#[test]
fn headers_are_as_short_as_they_can_be() {
    let mut writer = ChunkWriter::new();
    let mut written = |message: &Message| -> Vec<u8> {
        let mut out = Output::new();
        writer.write(message, &mut out);
        std::iter::from_fn(|| out.take()).flatten().collect()
    };
    assert_eq!(written(&message(4, 1000, 1, 8, b"a")), b"\x04\x00\x03\xE8\x00\x00\x01\x08\x01\0\0\0a");
    assert_eq!(written(&message(4, 1000, 1, 8, b"b")), b"\x84\x00\x00\x00b", "no form 3 after form 0");
    assert_eq!(written(&message(4, 1020, 1, 8, b"b")), b"\x84\x00\x00\x14b");
    assert_eq!(written(&message(4, 1040, 1, 8, b"c")), b"\xC4c");
    assert_eq!(written(&message(4, 1060, 1, 9, b"dd")), b"\x44\x00\x00\x14\x00\x00\x02\x09dd");
    assert_eq!(written(&message(4, 1080, 1, 9, b"ee")), b"\xC4ee");
    assert_eq!(written(&message(4, 1080, 2, 9, b"ff"))[0], 0x04, "another stream");
    assert_eq!(written(&message(4, 1070, 2, 9, b"ff"))[0], 0x04, "time goes back");
    assert_eq!(written(&message(4, 0x0100_0500, 2, 9, b"ff"))[0], 0x04, "a delta of more than 24 bits");
    assert_eq!(
        written(&message(4, 0x0100_0500, 2, 9, b"ff")),
        b"\x84\x00\x00\x00ff",
        "no timestamp, no extension"
    );
    assert_eq!(written(&message(4, 0xFFFF_FFF0, 2, 9, b"ff"))[0], 0x04);
    assert_eq!(written(&message(4, 0x10, 2, 9, b"ff")), b"\x84\x00\x00\x20ff", "the time wraps");
    assert_eq!(written(&message(4, 0x0100_000E, 2, 9, b"ff")), b"\x84\xFF\xFF\xFEff", "the longest delta");
    assert_eq!(written(&message(4, 0x0200_000D, 2, 9, b"ff"))[0], 0x04, "and one more");
}

#[test]
fn large_pieces_are_shared_not_copied() {
    let payload = Bytes::from(vec![7; 10_000]);
    let mut writer = ChunkWriter::new();
    writer.set_chunk_size(4_096);
    let mut out = Output::new();
    writer.write(
        &Message::new(MessageType::VIDEO, payload.clone()).with_chunk_stream(6).with_stream(1),
        &mut out,
    );
    assert_eq!(out.len(), 12 + 10_000 + 2);
    let pieces: Vec<Bytes> = std::iter::from_fn(|| out.take()).collect();
    assert_eq!(pieces.iter().map(Bytes::len).collect::<Vec<_>>(), [12, 4_096, 1, 4_096, 1, 1_808]);
    let inside = payload.as_ptr() as usize..payload.as_ptr() as usize + payload.len();
    assert!(
        pieces
            .iter()
            .filter(|piece| piece.len() > 12)
            .all(|piece| inside.contains(&(piece.as_ptr() as usize)))
    );
    assert!(out.is_empty() && out.taken() == 10_014);

    // Cut once for many, it is one piece, the same for all.
    let chunked = PreChunkedMessage::new(message(6, 5, 1, 9, &payload), 4_096);
    for _ in 0..2 {
        writer.write_pre_chunked(&chunked, &mut out);
        let piece = out.take().unwrap();
        assert_eq!(piece.as_ptr(), chunked.bytes().as_ptr());
        assert!(out.is_empty());
    }
    // With another chunk size it is cut again.
    writer.set_chunk_size(100);
    writer.write_pre_chunked(&chunked, &mut out);
    assert!(out.len() > 10_000 + 99);
}

fn any_message() -> impl Strategy<Value = Message> {
    let chunk_stream = prop_oneof![3_u32..8, 60_u32..70, Just(320), Just(65_599)];
    let timestamp = prop_oneof![0_u32..2_000, 0x00FF_FFF0_u32..0x0100_0010, any::<u32>()];
    let payload = prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..8),
        proptest::collection::vec(any::<u8>(), 100..700),
        // Bytes that look like the timestamps above.
        proptest::collection::vec(0_u8..2, 0..700),
    ];
    (chunk_stream, timestamp, 0_u32..3, prop_oneof![Just(8_u8), Just(9), Just(20)], payload).prop_map(
        |(chunk_stream, timestamp, stream, kind, payload)| {
            message(chunk_stream, timestamp, stream, kind, &payload)
        },
    )
}

proptest! {
    #[test]
    fn what_is_written_is_read_however_it_is_cut(
        messages in proptest::collection::vec((any_message(), any::<bool>()), 1..12),
        size in prop_oneof![Just(128_u32), 1_u32..300, Just(60_000)],
        pieces in proptest::collection::vec(1_usize..200, 1..50),
    ) {
        let mut writer = ChunkWriter::new();
        let mut out = Output::new();
        out.put(b"\x02\x00\x00\x00\x00\x00\x04\x01\x00\x00\x00\x00");
        out.put(&size.to_be_bytes());
        writer.set_chunk_size(size);
        for (message, shared) in &messages {
            if *shared {
                writer.write_pre_chunked(&PreChunkedMessage::new(message.clone(), size), &mut out);
            } else {
                writer.write(message, &mut out);
            }
        }
        let bytes: Vec<u8> = std::iter::from_fn(|| out.take()).flatten().collect();
        let mut read = read_cut(&bytes, &pieces).unwrap();
        read.remove(0);
        prop_assert_eq!(read, messages.into_iter().map(|(message, _)| message).collect::<Vec<_>>());
    }

    #[test]
    fn cutting_makes_no_difference_to_any_bytes(
        input in proptest::collection::vec(prop_oneof![any::<u8>(), Just(0_u8), Just(0xC4), Just(4), Just(0xFF)], 0..400),
        pieces in proptest::collection::vec(1_usize..40, 1..50),
    ) {
        let whole = read_cut(&input, &[input.len().max(1)]);
        let cut = read_cut(&input, &pieces);
        match (whole, cut) {
            (Ok(whole), Ok(cut)) => prop_assert_eq!(whole, cut),
            (Err(whole), Err(cut)) => prop_assert_eq!(whole, cut),
            (whole, cut) => prop_assert!(false, "{:?} {:?}", whole, cut),
        }
    }
}
