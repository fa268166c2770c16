//! AMF3 as the specification lays it out, with every string, traits record and object in full: no references.

/// A number of 29 bits: 7 bits a byte, the highest bit set where another byte follows (§1.3.1).
pub fn u29(value: u32) -> Vec<u8> {
    match value {
        0..0x80 => vec![value as u8],
        0x80..0x4000 => vec![(value >> 7) as u8 | 0x80, (value & 0x7F) as u8],
        _ => vec![(value >> 14) as u8 | 0x80, (value >> 7) as u8 | 0x80, (value & 0x7F) as u8],
    }
}

/// The length shifted by one with the lowest bit set, then the bytes (§1.3.2): a name, or a string without marker.
pub fn name(text: &str) -> Vec<u8> {
    [u29((text.len() as u32) << 1 | 1), text.as_bytes().to_vec()].concat()
}

/// Marker 06 (§3.8).
pub fn text(text: &str) -> Vec<u8> {
    [vec![0x06], name(text)].concat()
}

/// Marker 05, IEEE 754 (§3.7).
pub fn double(value: f64) -> Vec<u8> {
    [&[0x05][..], &value.to_be_bytes()].concat()
}

/// Marker 04 (§3.6), of numbers that are not negative.
pub fn integer(value: u32) -> Vec<u8> {
    [vec![0x04], u29(value)].concat()
}

/// Marker 01 (§3.3).
pub fn nothing() -> Vec<u8> {
    vec![0x01]
}

/// Marker 09, the count shifted by one with the lowest bit set, no named members (§3.11).
pub fn array(items: &[Vec<u8>]) -> Vec<u8> {
    [vec![0x09], u29((items.len() as u32) << 1 | 1), vec![0x01], items.concat()].concat()
}

/// Marker 0C (§3.14).
pub fn byte_array(bytes: &[u8]) -> Vec<u8> {
    [vec![0x0C], u29((bytes.len() as u32) << 1 | 1), bytes.to_vec()].concat()
}

/// Marker 0A, sealed traits (§3.12: count << 4 | 0011), alias, names, values.
pub fn object(alias: &str, members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let names: Vec<u8> = members.iter().flat_map(|(member, _)| name(member)).collect();
    let values: Vec<u8> = members.iter().flat_map(|(_, value)| value.clone()).collect();
    [vec![0x0A], u29((members.len() as u32) << 4 | 3), name(alias), names, values].concat()
}

/// The same, anonymous and dynamic (1011): names and values in turn, then an empty name.
pub fn map(members: &[(&str, Vec<u8>)]) -> Vec<u8> {
    let members: Vec<u8> =
        members.iter().flat_map(|(member, value)| [name(member), value.clone()].concat()).collect();
    [vec![0x0A, 0x0B, 0x01], members, vec![0x01]].concat()
}

/// The same of a class that writes itself (0111).
pub fn external(alias: &str, body: &[u8]) -> Vec<u8> {
    [vec![0x0A, 0x07], name(alias), body.to_vec()].concat()
}
