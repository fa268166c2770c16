//! The remoting packet and AMF0 as the specifications lay them out: all numbers big-endian.

/// Packet: version u16, header count u16, headers, message count u16, messages.
pub fn packet(version: u16, messages: &[Vec<u8>]) -> Vec<u8> {
    packet_with_headers(version, &[], messages)
}

pub fn packet_with_headers(version: u16, headers: &[Vec<u8>], messages: &[Vec<u8>]) -> Vec<u8> {
    let mut packet = version.to_be_bytes().to_vec();
    packet.extend((headers.len() as u16).to_be_bytes());
    packet.extend(headers.concat());
    packet.extend((messages.len() as u16).to_be_bytes());
    packet.extend(messages.concat());
    packet
}

/// Header: name UTF-8 with u16 length, must-understand u8, length u32, value.
pub fn header(name: &str, must_understand: bool, value: &[u8]) -> Vec<u8> {
    [&utf8(name)[..], &[u8::from(must_understand)], &(value.len() as u32).to_be_bytes(), value].concat()
}

/// Message: target URI and response URI as UTF-8 with u16 length, length u32, value.
pub fn message(target: &str, response: &str, body: &[u8]) -> Vec<u8> {
    [&utf8(target)[..], &utf8(response), &(body.len() as u32).to_be_bytes(), body].concat()
}

/// The length as u16, then the bytes.
pub fn utf8(text: &str) -> Vec<u8> {
    [&(text.len() as u16).to_be_bytes()[..], text.as_bytes()].concat()
}

/// AMF0 strict array: marker 0A, count u32, values.
pub fn arguments(values: &[Vec<u8>]) -> Vec<u8> {
    [&[0x0A][..], &(values.len() as u32).to_be_bytes(), &values.concat()].concat()
}

/// AMF0 number: marker 00, IEEE 754 double.
pub fn number(value: f64) -> Vec<u8> {
    [&[0x00][..], &value.to_be_bytes()].concat()
}

/// AMF0 string: marker 02, UTF-8 with u16 length.
pub fn string(text: &str) -> Vec<u8> {
    [&[0x02][..], &utf8(text)].concat()
}

/// AMF0 null: marker 05.
pub fn null() -> Vec<u8> {
    vec![0x05]
}

/// AMF0 anonymous object: marker 03, pairs of a name and a value, an empty name, marker 09.
pub fn object(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let members: Vec<u8> =
        members.iter().flat_map(|(name, value)| [utf8(name), value.clone()].concat()).collect();
    [&[0x03][..], &members, &[0, 0, 0x09]].concat()
}

/// A fault as every client finds what it looks for.
pub fn fault(code: &str, message: &str, detail: &str) -> Vec<u8> {
    object(&[
        ("level", string("error")),
        ("code", string(code)),
        ("type", string(code)),
        ("description", string(message)),
        ("details", string(detail)),
        ("faultCode", string(code)),
        ("faultString", string(message)),
        ("faultDetail", string(detail)),
        ("message", string(message)),
        ("rootCause", null()),
    ])
}

/// A reply's result and its fault: the response URI of the call with a suffix, and nobody who answers.
pub fn result(response: &str, value: &[u8]) -> Vec<u8> {
    message(&format!("{response}/onResult"), "null", value)
}

pub fn status(response: &str, code: &str, text: &str) -> Vec<u8> {
    message(&format!("{response}/onStatus"), "null", &fault(code, text, ""))
}
