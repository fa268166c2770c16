//! What is measured: one file for each workload.

mod w1_objects;
mod w2_numbers;
mod w3_connect;
mod w4_bytes;
mod w5_nested;
mod w6_texts;
mod w7_echo;

use crate::row::Row;

/// Its title, and what puts it together when its turn comes.
type Entry = (&'static str, fn() -> Row);

/// All rows, in order.
pub const ROWS: &[Entry] = &[
    ("W1 AMF3 encode: 1,000 typed objects of 12 members", w1_objects::amf3_encode),
    ("W1 AMF3 decode: 1,000 typed objects of 12 members", w1_objects::amf3_decode),
    ("W1 AMF0 encode: 1,000 typed objects of 12 members", w1_objects::amf0_encode),
    ("W1 AMF0 decode: 1,000 typed objects of 12 members", w1_objects::amf0_decode),
    ("W2 AMF3 encode: array of 100,000 doubles", w2_numbers::doubles_encode),
    ("W2 AMF3 decode: array of 100,000 doubles", w2_numbers::doubles_decode),
    ("W2 AMF3 encode: Vector.<Number> of 100,000", w2_numbers::vector_encode),
    ("W2 AMF3 decode: Vector.<Number> of 100,000", w2_numbers::vector_decode),
    ("W2 AMF3 encode: array of 100,000 integers", w2_numbers::integers_encode),
    ("W2 AMF3 decode: array of 100,000 integers", w2_numbers::integers_decode),
    ("W3 AMF0 encode: connect command of RTMP", w3_connect::encode),
    ("W3 AMF0 decode: connect command of RTMP", w3_connect::decode),
    ("W4 AMF3 encode: ByteArray of 1 MiB", w4_bytes::encode),
    ("W4 AMF3 decode: ByteArray of 1 MiB", w4_bytes::decode),
    ("W5 AMF3 encode: 100 objects in one another", w5_nested::encode),
    ("W5 AMF3 decode: 100 objects in one another", w5_nested::decode),
    ("W6 AMF3 encode: 240 kB of unicode texts", w6_texts::amf3_encode),
    ("W6 AMF3 decode: 240 kB of unicode texts", w6_texts::amf3_decode),
    ("W6 AMF0 encode: 240 kB of unicode texts", w6_texts::amf0_encode),
    ("W6 AMF0 decode: 240 kB of unicode texts", w6_texts::amf0_decode),
    ("W7 RTMP: an echo call of 64 bytes, protocol alone", w7_echo::one),
    ("W7 RTMP: 32 echo calls of 64 bytes in one read, protocol alone", w7_echo::pipelined),
];
