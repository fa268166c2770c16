//! Each limit of `Limits` with its default value: input at the limit is read, and one more is an error that names the
//! limit.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::needless_pass_by_value,
    reason = "tests"
)]

use std::collections::HashMap;

use amf_core::packet::Packet;
use amf_core::{Classes, DecodeError, DecodeErrorKind, Decoder, FromAmf, Limits, Value, Version};

/// Defines one test for each limit. The test of all names fails for a new limit until it is listed here.
macro_rules! limits {
    ($($limit:ident = $default:expr, $test:expr;)*) => {
        #[test]
        fn every_limit_has_a_test() {
            let declared: Vec<_> = Limits::DECLARATION.limits.iter().map(|limit| limit.name).collect();
            assert_eq!(declared, [$(stringify!($limit)),*]);
        }

        $(
            #[test]
            fn $limit() {
                let max = Limits::default().$limit;
                assert_eq!(max, $default);
                let test: fn(Limit) = $test;
                test(Limit { name: stringify!($limit), max });
            }
        )*
    };
}
limits! {
    depth = 64, nested_values;
    nodes = 262_144, total_values;
    replayed_nodes = 262_144, replayed_values;
    replayed_bytes = 16 << 20, copies_of_text_that_is_not_utf8;
    memory = 64 << 20, memory_for_large_input;
    memory_factor = 32, memory_for_small_input;
    string_len = 1 << 20, length_of_every_kind_of_text;
    sealed_members = 1_024, sealed_members_of_one_traits_record;
    headers = 64, number_of_headers;
    messages = 256, number_of_messages;
}

/// Limit with its name and its default.
#[derive(Clone, Copy)]
struct Limit {
    name: &'static str,
    max: usize,
}

impl Limit {
    /// Checks that input of size `max` is read as `T` and skipped, and that one more is refused in both cases.
    #[track_caller]
    fn assert_enforced<T: for<'de> FromAmf<'de>>(self, version: Version, make: impl Fn(usize) -> Vec<u8>) {
        for way in [read::<T>, skip] {
            self.assert_enforced_by(|size| way(version, &make(size)));
        }
    }

    #[track_caller]
    fn assert_enforced_by(self, read: impl Fn(usize) -> Result<(), DecodeError>) {
        assert_eq!(read(self.max), Ok(()));
        let error = read(self.max + 1).unwrap_err();
        let passed = DecodeErrorKind::Limit { limit: self.name, max: self.max };
        assert_eq!(*error.kind(), passed, "{error}");
    }
}

fn read<T: for<'de> FromAmf<'de>>(version: Version, bytes: &[u8]) -> Result<(), DecodeError> {
    let mut decoder = Decoder::new(version, bytes);
    T::from_amf(&mut decoder)?;
    decoder.finish()
}

fn skip(version: Version, bytes: &[u8]) -> Result<(), DecodeError> {
    let mut decoder = Decoder::new(version, bytes);
    decoder.skip()?;
    decoder.finish()
}

/// Text that cannot be borrowed is copied for each reference of two bytes.
fn copies_of_text_that_is_not_utf8(limit: Limit) {
    // U+1F600 as two surrogates of three bytes each, which is a character of four bytes: 64 KiB, and one.
    const SURROGATES: &[u8] = b"\xED\xA0\xBD\xED\xB8\x80";
    let list = |size: usize| {
        let (large, small) = (size >> 16, size & 0xFFFF);
        let mut bytes = vec![
            0x09,
            0x80 | ((2 + large + small) >> 6) as u8,
            ((2 + large + small) << 1 | 1) as u8 & 0x7F,
            0x01,
        ];
        // 98,304 and 6 bytes as U29s (AMF3 §1.3.1).
        bytes.extend([0x06, 0x8C, 0x80, 0x01]);
        bytes.extend(SURROGATES.repeat(1 << 14));
        bytes.extend([0x06, 0x0D]);
        bytes.extend(SURROGATES);
        bytes.extend([0x06, 0x00].repeat(large));
        bytes.extend([0x06, 0x02].repeat(small));
        bytes
    };
    limit.assert_enforced_by(|size| {
        let bytes = list(size);
        let limits = Limits::new().with_memory_factor(1_000);
        let mut decoder = Decoder::new(Version::Amf3, &bytes).with_limits(limits);
        let read = Vec::<String>::from_amf(&mut decoder);
        assert!(decoder.replayed_bytes() <= limit.max);
        read.map(drop)
    });
}

/// Nested lists of any depth.
struct Lists(#[expect(dead_code, reason = "only its depth counts")] Vec<Lists>);

impl<'de> FromAmf<'de> for Lists {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        Vec::from_amf(decoder).map(Lists)
    }
}

/// Returns a function that repeats `open`, appends `innermost`, and repeats `close`.
fn nested(open: &[u8], innermost: &[u8], close: &[u8]) -> impl Fn(usize) -> Vec<u8> {
    move |levels| [&open.repeat(levels - 1), innermost, &close.repeat(levels - 1)].concat()
}

fn nested_values(limit: Limit) {
    let amf0: [(&[u8], &[u8], &[u8]); 4] = [
        // strict arrays of one element; objects, ECMA arrays and typed objects with a member `a`
        (&[0x0A, 0, 0, 0, 1], &[0x0A, 0, 0, 0, 0], &[]),
        (&[0x03, 0, 1, b'a'], &[0x03, 0, 0, 0x09], &[0, 0, 0x09]),
        (&[0x08, 0, 0, 0, 1, 0, 1, b'a'], &[0x08, 0, 0, 0, 0, 0, 0, 0x09], &[0, 0, 0x09]),
        (&[0x10, 0, 1, b'P', 0, 1, b'a'], &[0x10, 0, 1, b'P', 0, 0, 0x09], &[0, 0, 0x09]),
    ];
    for (open, innermost, close) in amf0 {
        limit.assert_enforced::<Value>(Version::Amf0, nested(open, innermost, close));
    }
    let amf3: [(&[u8], &[u8], &[u8]); 7] = [
        // arrays of one element; arrays and objects with a member `a`; sealed objects of one member
        (&[0x09, 0x03, 0x01], &[0x09, 0x01, 0x01], &[]),
        (&[0x09, 0x01, 0x03, b'a'], &[0x09, 0x01, 0x01], &[0x01]),
        (&[0x0A, 0x0B, 0x01, 0x03, b'a'], &[0x0A, 0x0B, 0x01, 0x01], &[0x01]),
        (&[0x0A, 0x13, 0x01, 0x03, b'a'], &[0x0A, 0x0B, 0x01, 0x01], &[]),
        // Vectors of one element; Dictionaries with a value, and with a key
        (&[0x10, 0x03, 0x00, 0x01], &[0x10, 0x01, 0x00, 0x01], &[]),
        (&[0x11, 0x03, 0x00, 0x01], &[0x11, 0x01, 0x00], &[]),
        (&[0x11, 0x03, 0x00], &[0x11, 0x01, 0x00], &[0x01]),
    ];
    for (open, innermost, close) in amf3 {
        limit.assert_enforced::<Value>(Version::Amf3, nested(open, innermost, close));
    }
    limit.assert_enforced::<Value>(Version::Amf3, nested_collections);
    // AMF3 within AMF0: the levels of both are counted together.
    limit.assert_enforced::<Value>(Version::Amf0, |levels| {
        let outside = [0x0A, 0, 0, 0, 1].repeat(30);
        [outside, vec![0x11], nested(&[0x09, 0x03, 0x01], &[0x09, 0x01, 0x01], &[])(levels - 30)].concat()
    });
    // Read as a type, without an intermediate tree.
    limit.assert_enforced::<Lists>(Version::Amf0, nested(&[0x0A, 0, 0, 0, 1], &[0x0A, 0, 0, 0, 0], &[]));
    limit.assert_enforced::<Lists>(Version::Amf3, nested(&[0x09, 0x03, 0x01], &[0x09, 0x01, 0x01], &[]));
}

/// Encodes nested externalizable objects, the innermost of which contains null.
fn nested_collections(levels: usize) -> Vec<u8> {
    let alias = b"flex.messaging.io.ArrayCollection";
    let mut bytes = vec![0x0A, 0x07, (alias.len() << 1 | 1) as u8];
    bytes.extend(alias);
    bytes.extend([0x0A, 0x01].repeat(levels - 1));
    bytes.push(0x01);
    bytes
}

/// A list counts as one value, in addition to its elements.
fn total_values(limit: Limit) {
    let elements = |values: usize, element: &[u8]| element.repeat(values - 1);
    let strict = |values: usize| {
        let count = (values as u32 - 1).to_be_bytes();
        [&[0x0A][..], &count, &elements(values, &[0x01, 0x01])].concat()
    };
    limit.assert_enforced::<Value>(Version::Amf0, strict);
    limit.assert_enforced::<Vec<bool>>(Version::Amf0, strict);
    let array = |values: usize| {
        [&[0x09][..], &u29((values - 1) << 1 | 1), &[0x01], &elements(values, &[0x04, 0x07])].concat()
    };
    limit.assert_enforced::<Value>(Version::Amf3, array);
    limit.assert_enforced::<Vec<i32>>(Version::Amf3, array);
    let vector = |values: usize| {
        [&[0x10][..], &u29((values - 1) << 1 | 1), &[0x00, 0x01], &elements(values, &[0x04, 0x07])].concat()
    };
    limit.assert_enforced::<Value>(Version::Amf3, vector);
    // Keys and values. The list is the Dictionary, and an additional array makes the total odd.
    let dictionary = |values: usize| {
        let pairs = (values - 2) / 2;
        let null = [0x01].repeat((values - 2) % 2);
        let head = u29((1 + null.len()) << 1 | 1);
        let entries = [0x04, 0x07].repeat(2 * pairs);
        [&[0x09][..], &head, &[0x01, 0x11], &u29(pairs << 1 | 1), &[0x00], &entries, &null].concat()
    };
    limit.assert_enforced::<Value>(Version::Amf3, dictionary);
}

/// References to a list of 63 nulls, which is 64 values each time, and one more to an empty list.
fn replayed_values(limit: Limit) {
    let counts = |again: usize| (again / 64, again % 64);
    let amf0 = |again: usize| {
        let (full, empty) = counts(again);
        let count = (2 + full + empty) as u32;
        let lists = [&[0x0A, 0, 0, 0, 63][..], &[0x05].repeat(63), &[0x0A, 0, 0, 0, 0]].concat();
        let references = [[0x07, 0, 1].repeat(full), [0x07, 0, 2].repeat(empty)].concat();
        [&[0x0A][..], &count.to_be_bytes(), &lists, &references].concat()
    };
    limit.assert_enforced_by(|again| read::<Vec<Vec<()>>>(Version::Amf0, &amf0(again)));
    let amf3 = |again: usize| {
        let (full, empty) = counts(again);
        let lists = [&[0x09, 0x7F, 0x01][..], &[0x01].repeat(63), &[0x09, 0x01, 0x01]].concat();
        let references = [[0x09, 0x02].repeat(full), [0x09, 0x04].repeat(empty)].concat();
        [&[0x09][..], &u29((2 + full + empty) << 1 | 1), &[0x01], &lists, &references].concat()
    };
    limit.assert_enforced_by(|again| read::<Vec<Vec<()>>>(Version::Amf3, &amf3(again)));
    // A `Value` shares the targets of references, and skipping reads nothing again.
    for (version, bytes) in [(Version::Amf0, amf0(limit.max + 1)), (Version::Amf3, amf3(limit.max + 1))] {
        assert_eq!(read::<Value>(version, &bytes), Ok(()));
        assert_eq!(skip(version, &bytes), Ok(()));
    }
}

fn memory_for_large_input(limit: Limit) {
    // 32 times the input exceeds the limit, so that `memory` alone applies.
    let input = vec![0x05; limit.max / 8];
    let charge = |bytes| Decoder::new(Version::Amf0, &input).charge(bytes);
    limit.assert_enforced_by(charge);
    // A `ByteArray`, which is charged with its length.
    limit.assert_enforced_by(|length| {
        let mut bytes = vec![0x0C];
        bytes.extend(u29(length << 1 | 1));
        bytes.resize(bytes.len() + length, 0xFF);
        read::<Vec<u8>>(Version::Amf3, &bytes)
    });
    assert_eq!(Limits::default().memory_for(usize::MAX), limit.max);
}

/// The effective limit is the factor times the input, plus 1 MiB.
fn memory_for_small_input(limit: Limit) {
    const FLOOR: usize = 1 << 20;
    let memory = |max| Limit { name: "memory", max };
    for length in [0, 1, 1_000, 100_000] {
        let input = vec![0x05; length];
        let in_all = memory(limit.max * length + FLOOR);
        in_all.assert_enforced_by(|bytes| Decoder::new(Version::Amf0, &input).charge(bytes));
        assert_eq!(Limits::default().memory_for(length), in_all.max);
    }
    // With the budget of an input little longer than the string, the string can be stored 48 times.
    for (references, fits) in [(47, true), (48, false)] {
        let mut bytes = vec![0x09];
        bytes.extend(u29((1 + references) << 1 | 1));
        bytes.extend([0x01, 0x06]);
        bytes.extend(u29(65_000 << 1 | 1));
        bytes.resize(bytes.len() + 65_000, b'x');
        bytes.extend([0x06, 0x00].repeat(references));
        let result = read::<Vec<String>>(Version::Amf3, &bytes);
        assert_eq!(result.is_ok(), fits, "{result:?}");
    }
}

fn length_of_every_kind_of_text(limit: Limit) {
    let long = |marker: u8| {
        move |length: usize| [&[marker][..], &(length as u32).to_be_bytes(), &vec![b'x'; length]].concat()
    };
    let text3 = |length: usize| [&u29(length << 1 | 1), &vec![b'x'; length][..]].concat();
    limit.assert_enforced::<Value>(Version::Amf0, long(0x0C));
    limit.assert_enforced::<String>(Version::Amf0, long(0x0C));
    limit.assert_enforced::<Value>(Version::Amf0, long(0x0F));
    for marker in [0x06, 0x07, 0x0B] {
        let text = |length| [&[marker][..], &text3(length)].concat();
        limit.assert_enforced::<Value>(Version::Amf3, text);
        limit.assert_enforced::<String>(Version::Amf3, text);
    }
    // A member's name, an alias, a sealed member's name, the class of a Vector.
    let name = |length| [&[0x0A, 0x0B, 0x01][..], &text3(length), &[0x01, 0x01]].concat();
    limit.assert_enforced::<Value>(Version::Amf3, name);
    limit.assert_enforced::<HashMap<String, Option<u8>>>(Version::Amf3, name);
    limit.assert_enforced::<Value>(Version::Amf3, |length| [&[0x0A, 0x03][..], &text3(length)].concat());
    limit.assert_enforced::<Value>(Version::Amf3, |length| {
        [&[0x0A, 0x13, 0x01][..], &text3(length), &[0x01]].concat()
    });
    limit
        .assert_enforced::<Value>(Version::Amf3, |length| [&[0x10, 0x01, 0x00][..], &text3(length)].concat());
    // AMF0's short text cannot be that long.
    let short = [&[0x02, 0xFF, 0xFF][..], &vec![b'x'; 0xFFFF]].concat();
    assert_eq!(read::<Value>(Version::Amf0, &short), Ok(()));
}

fn sealed_members_of_one_traits_record(limit: Limit) {
    // The first member contains the name, and the others refer to it. All values are null.
    let object = |count: usize| {
        let names = [&[0x03, b'm'][..], &[0x00].repeat(count - 1)].concat();
        [&[0x0A][..], &u29(count << 4 | 3), &[0x01], &names, &[0x01].repeat(count)].concat()
    };
    limit.assert_enforced::<Value>(Version::Amf3, object);
    limit.assert_enforced::<HashMap<String, Option<u8>>>(Version::Amf3, object);
    // The same holds for an object in AMF0 that is switched to AMF3.
    limit.assert_enforced::<Value>(Version::Amf0, |count| [&[0x11][..], &object(count)].concat());
}

fn number_of_headers(limit: Limit) {
    limit.assert_enforced_by(|headers| packet(headers, 1));
}

fn number_of_messages(limit: Limit) {
    limit.assert_enforced_by(|messages| packet(0, messages));
}

/// Reads a packet with headers named `h` and messages, all of which are null.
fn packet(headers: usize, messages: usize) -> Result<(), DecodeError> {
    let mut bytes = vec![0, 0];
    bytes.extend((headers as u16).to_be_bytes());
    bytes.extend([0, 1, b'h', 0, 0, 0, 0, 0, 0x05].repeat(headers));
    bytes.extend((messages as u16).to_be_bytes());
    bytes.extend([0, 0, 0, 0, 0, 0, 0, 0, 0x05].repeat(messages));
    let packet = Packet::decode(&bytes, &Classes::new().into(), Limits::default())?;
    assert_eq!((packet.headers.len(), packet.messages.len()), (headers, messages));
    assert!(packet.broken.is_none());
    Ok(())
}

/// Encodes a number of up to 29 bits in four bytes (AMF3 §1.3.1), which may be more than necessary.
fn u29(number: usize) -> [u8; 4] {
    assert!(number < 1 << 29);
    let seven = |shift: usize| (number >> shift) as u8 | 0x80;
    [seven(22), seven(15), seven(8), number as u8]
}
