//! Bytes of AMF3, packets, HTTP, RTMP and WebSocket, written by hand.

/// AMF3 §1.3.1.
pub(crate) fn u29(value: usize) -> Vec<u8> {
    let value = value as u32;
    match value {
        0..0x80 => vec![value as u8],
        0x80..0x4000 => vec![(value >> 7) as u8 | 0x80, value as u8 & 0x7F],
        0x4000..0x20_0000 => {
            vec![(value >> 14) as u8 | 0x80, (value >> 7) as u8 | 0x80, value as u8 & 0x7F]
        }
        _ => vec![
            (value >> 22) as u8 | 0x80,
            (value >> 15) as u8 | 0x80,
            (value >> 8) as u8 | 0x80,
            value as u8,
        ],
    }
}

/// A string without its marker, as names are.
pub(crate) fn name(text: &[u8]) -> Vec<u8> {
    [u29(text.len() << 1 | 1), text.to_vec()].concat()
}

pub(crate) fn string(text: &[u8]) -> Vec<u8> {
    [vec![0x06], name(text)].concat()
}

pub(crate) fn string_reference(index: usize) -> Vec<u8> {
    [vec![0x06], u29(index << 1)].concat()
}

/// An array of `count` values, without members that have names.
pub(crate) fn array(count: usize, values: &[u8]) -> Vec<u8> {
    [&[0x09][..], &u29(count << 1 | 1), &[0x01], values].concat()
}

/// The start of an object with a traits record: the values of `members` follow.
pub(crate) fn object(alias: &[u8], members: &[&[u8]]) -> Vec<u8> {
    let mut bytes = [vec![0x0A], u29(members.len() << 4 | 0b0011), name(alias)].concat();
    for member in members {
        bytes.extend(name(member));
    }
    bytes
}

/// The body of a message: a strict array of one AMF3 value (AMF0 §2.12, §3.1).
pub(crate) fn amf3_body(value: &[u8]) -> Vec<u8> {
    [b"\x0A\0\0\0\x01\x11", value].concat()
}

/// A packet of messages: target, response, body.
pub(crate) fn packet(version: u16, messages: &[(&str, &str, &[u8])]) -> Vec<u8> {
    packet_with_headers(version, &[], messages)
}

/// A packet with headers of these names and values.
pub(crate) fn packet_with_headers(
    version: u16,
    headers: &[(&str, &[u8])],
    messages: &[(&str, &str, &[u8])],
) -> Vec<u8> {
    let mut bytes = version.to_be_bytes().to_vec();
    bytes.extend((headers.len() as u16).to_be_bytes());
    for (header, value) in headers {
        bytes.extend(text(header));
        bytes.push(0);
        bytes.extend((value.len() as u32).to_be_bytes());
        bytes.extend(*value);
    }
    bytes.extend((messages.len() as u16).to_be_bytes());
    for (target, response, body) in messages {
        bytes.extend([text(target), text(response)].concat());
        bytes.extend((body.len() as u32).to_be_bytes());
        bytes.extend(*body);
    }
    bytes
}

/// Text of AMF0 without its marker.
pub(crate) fn text(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes(), text.as_bytes()].concat()
}

pub(crate) fn number(value: f64) -> Vec<u8> {
    [&[0][..], &value.to_be_bytes()].concat()
}

/// A packet in a request, the rest of whose connection is kept.
pub(crate) fn post(path: &str, body: &[u8]) -> Vec<u8> {
    [&post_head(path, body.len())[..], body].concat()
}

pub(crate) fn post_head(path: &str, length: usize) -> Vec<u8> {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-amf\r\nContent-Length: {length}\r\n\r\n"
    )
    .into_bytes()
}

/// Where the head of an answer ends, and the length of its body.
pub(crate) fn head(bytes: &[u8]) -> Option<(usize, usize)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")? + 4;
    let head = String::from_utf8_lossy(&bytes[..end]).to_ascii_lowercase();
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    Some((end, length.map_or(0, |length| length.parse().unwrap())))
}

/// A message of RTMP in one chunk, which must not be larger than [`CHUNK_SIZE`] says.
pub(crate) fn message(kind: u8, payload: &[u8]) -> Vec<u8> {
    [&header(3, kind, payload.len()), payload].concat()
}

/// A header of form 0.
pub(crate) fn header(chunk_stream: u8, kind: u8, length: usize) -> Vec<u8> {
    let length = (length as u32).to_be_bytes();
    vec![chunk_stream, 0, 0, 0, length[1], length[2], length[3], kind, 0, 0, 0, 0]
}

/// Announces chunks of 1 MiB.
pub(crate) const CHUNK_SIZE: &[u8] = b"\x02\0\0\0\0\0\x04\x01\0\0\0\0\0\x10\0\0";

/// A command of AMF0: its arguments follow the null that stands for the command's object.
pub(crate) fn command(name: &str, transaction: f64, arguments: &[u8]) -> Vec<u8> {
    command_with_object(name, transaction, &[&[0x05], arguments].concat())
}

/// A command of AMF0: the command's object and its arguments follow.
pub(crate) fn command_with_object(name: &str, transaction: f64, rest: &[u8]) -> Vec<u8> {
    message(20, &[&[0x02][..], &text(name), &number(transaction), rest].concat())
}

/// A command on a connection of AMF3, with one value of AMF3.
pub(crate) fn command_amf3(name: &str, transaction: f64, value: &[u8]) -> Vec<u8> {
    let payload = [&[0, 0x02][..], &text(name), &number(transaction), &[0x05, 0x11], value].concat();
    message(17, &payload)
}

/// A message of a shared object that is not persistent.
pub(crate) fn shared_object(name: &str, events: &[u8]) -> Vec<u8> {
    message(19, &[&text(name), &[0; 12][..], events].concat())
}

/// The same of a persistent object: version 0, the flag of persistence, zero.
pub(crate) fn persistent_object(name: &str, events: &[u8]) -> Vec<u8> {
    message(19, &[&text(name), &b"\0\0\0\0\0\0\0\x02\0\0\0\0"[..], events].concat())
}

/// A `RequestChange` of a slot to a string of so many bytes, at least 64 KiB, in AMF0.
pub(crate) fn long_change(slot: &str, len: usize) -> Vec<u8> {
    let change = [&text(slot)[..], &[0x0C], &(len as u32).to_be_bytes(), &vec![b'x'; len]].concat();
    [&[3][..], &(change.len() as u32).to_be_bytes(), &change].concat()
}

/// A `RequestChange` of a slot to true.
pub(crate) fn short_change(slot: &str) -> Vec<u8> {
    let change = [&text(slot)[..], &[0x01, 0x01]].concat();
    [&[3][..], &(change.len() as u32).to_be_bytes(), &change].concat()
}

/// A `RequestChange` of a slot to a value of AMF3, in the form of messages of AMF3.
pub(crate) fn shared_object_amf3(name: &str, slot: &str, value: &[u8]) -> Vec<u8> {
    let change = [&text(slot)[..], &[0x11], value].concat();
    let events = [&[3][..], &(change.len() as u32).to_be_bytes(), &change].concat();
    message(16, &[&[0][..], &text(name), &[0; 12], &events].concat())
}

/// `Use`, the first event of each client.
pub(crate) const USE: &[u8] = b"\x01\0\0\0\0";

/// `Release`, the last event of each client.
pub(crate) const RELEASE: &[u8] = b"\x02\0\0\0\0";

/// A binary message of a WebSocket, or less of it than its head says. The mask is of zeros.
pub(crate) fn frame(length: usize, payload: &[u8]) -> Vec<u8> {
    [&[0x82, 0xFF][..], &(length as u64).to_be_bytes(), &[0; 4], payload].concat()
}

/// C0 with version 3, C1 and C2 of zeros.
pub(crate) fn handshake() -> Vec<u8> {
    [&[3][..], &[0; 3072]].concat()
}

/// The command `connect`, in chunks of 128 bytes, with members of its object.
pub(crate) fn connect(encoding: f64) -> Vec<u8> {
    let members = [
        &text("app")[..],
        &[2],
        &text(crate::server::APPLICATION),
        &text("objectEncoding"),
        &number(encoding),
    ];
    let object = [&[3][..], &members.concat(), &[0, 0, 9]].concat();
    let payload = [&[2][..], &text("connect"), &number(1.0), &object].concat();
    let mut bytes = header(3, 20, payload.len());
    for (index, chunk) in payload.chunks(128).enumerate() {
        if index > 0 {
            bytes.push(0xC3);
        }
        bytes.extend(chunk);
    }
    bytes
}
