//! The rows: a name without spaces, a number of operations, and the function that prepares the operation.

use std::hint::black_box;

use amf_core::Version::{self, Amf0, Amf3};
use amf_core::{FromAmf, ToAmf};

use crate::data::{self, Node, Player};
use crate::ours::{self, NumberVector};
use crate::ours_rtmp::{self, Echo};
use crate::{gateway, rtmp_server};

/// Prepared operation of a row. Runs as many times as its argument says.
pub type Operation = Box<dyn FnMut(u32)>;

pub struct Row {
    pub name: &'static str,
    /// Operations of a short run; a long run has twice as many. A short run is some 20 million instructions.
    pub count: u32,
    pub prepare: fn() -> Operation,
}

const fn row(name: &'static str, count: u32, prepare: fn() -> Operation) -> Row {
    Row { name, count, prepare }
}

pub const ALL: &[Row] = &[
    row("w1-amf3-encode", 20, || encode(Amf3, data::players())),
    row("w1-amf3-encode-reused", 20, || encode_reused(Amf3, data::players())),
    row("w1-amf3-decode", 10, || decode(Amf3, &data::players())),
    row("w1-amf3-decode-borrowed", 20, || borrow::<Vec<Player<&str>>>(Amf3, &data::players())),
    row("w1-amf0-encode", 20, || encode(Amf0, data::players())),
    row("w1-amf0-encode-reused", 20, || encode_reused(Amf0, data::players())),
    row("w1-amf0-decode", 10, || decode(Amf0, &data::players())),
    row("w1-amf0-decode-borrowed", 20, || borrow::<Vec<Player<&str>>>(Amf0, &data::players())),
    row("w2-doubles-encode", 10, || encode(Amf3, data::doubles())),
    row("w2-doubles-decode", 10, || decode(Amf3, &data::doubles())),
    row("w2-vector-encode", 10, || encode(Amf3, ours::number_vector(data::doubles()))),
    row("w2-vector-decode", 10, || decode::<NumberVector>(Amf3, &ours::number_vector(data::doubles()))),
    row("w2-vector-decode-to-vec", 10, || borrow::<Vec<f64>>(Amf3, &ours::number_vector(data::doubles()))),
    row("w2-integers-encode", 5, || encode(Amf3, data::integers())),
    row("w2-integers-decode", 5, || decode(Amf3, &data::integers())),
    row("w3-connect-encode", 5_000, || {
        let command = data::connect_command();
        repeat(move || ours::encode_command(black_box(&command)))
    }),
    row("w3-connect-encode-reused", 5_000, || {
        let command = data::connect_command();
        repeat(ours::reused(Amf0, move |encoder| ours::write_command(&command, encoder)))
    }),
    row("w3-connect-decode", 5_000, || {
        let bytes = connect();
        repeat(move || ours::decode_command::<String>(black_box(bytes)))
    }),
    row("w3-connect-decode-borrowed", 5_000, || {
        let bytes = connect();
        repeat(move || ours::decode_command::<&str>(black_box(bytes)))
    }),
    row("w4-bytes-encode", 50, || encode(Amf3, data::byte_array())),
    row("w4-bytes-decode", 50, || decode(Amf3, &data::byte_array())),
    row("w4-bytes-decode-borrowed", 5_000, || borrow::<&[u8]>(Amf3, &data::byte_array())),
    row("w5-nested-encode", 500, || {
        let node = data::nested();
        repeat(move || ours::encode_deep(black_box(&node)))
    }),
    row("w5-nested-decode", 200, || {
        let bytes: &[u8] = ours::encode_deep(&data::nested()).leak();
        repeat(move || ours::decode_deep::<Node>(black_box(bytes)))
    }),
    row("w6-texts-amf3-encode", 50, || encode(Amf3, data::texts())),
    row("w6-texts-amf3-decode", 50, || decode(Amf3, &data::texts())),
    row("w6-texts-amf3-decode-borrowed", 50, || borrow::<Vec<&str>>(Amf3, &data::texts())),
    row("w6-texts-amf0-encode", 50, || encode(Amf0, data::texts())),
    row("w6-texts-amf0-decode", 50, || decode(Amf0, &data::texts())),
    row("w6-texts-amf0-decode-borrowed", 50, || borrow::<Vec<&str>>(Amf0, &data::texts())),
    row("w7-protocol-echo", 5_000, || protocol(1)),
    row("w7-protocol-echo-of-32", 200, || protocol(32)),
    row("gateway-echo", 1_000, || gateway::calls("echo")),
    row("gateway-flex", 1_000, || gateway::calls("flex")),
    row("gateway-list", 200, || gateway::calls("list")),
    row("gateway-echo-list", 200, || gateway::calls("echo-list")),
    row("rtmp-server-echo", 1_000, || rtmp_server::calls(1)),
    row("rtmp-server-echo-of-32", 50, || rtmp_server::calls(32)),
];

/// Dropping the result is part of the operation, as in the benchmarks that measure time.
fn repeat<T>(mut operation: impl FnMut() -> T + 'static) -> Operation {
    Box::new(move |count| {
        for _ in 0..count {
            black_box(operation());
        }
    })
}

fn encode<T: ToAmf + 'static>(version: Version, data: T) -> Operation {
    repeat(move || ours::encode(version, black_box(&data)))
}

/// The encoder is cleared and used again for each message.
fn encode_reused<T: ToAmf + 'static>(version: Version, data: T) -> Operation {
    repeat(ours::reused(version, move |encoder| data.to_amf(encoder)))
}

fn decode<T: FromAmf<'static> + ToAmf + 'static>(version: Version, data: &T) -> Operation {
    borrow::<T>(version, data)
}

/// Decodes as `T`, which may borrow from the bytes and differ from the type that was written.
fn borrow<T: FromAmf<'static> + 'static>(version: Version, data: &impl ToAmf) -> Operation {
    let bytes: &[u8] = ours::encode(version, data).leak();
    repeat(move || ours::decode::<T>(version, black_box(bytes)))
}

fn connect() -> &'static [u8] {
    ours::encode_command(&data::connect_command()).leak()
}

/// So many calls arrive with one read.
fn protocol(calls: usize) -> Operation {
    let input = ours_rtmp::call().repeat(calls);
    let mut echo = Echo::connected();
    repeat(move || echo.answer(black_box(&input)))
}
