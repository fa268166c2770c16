//! Small inputs that expand. Whatever type they are read as, the memory in use stays near the budget of
//! `Limits::memory_for`, and reading terminates.
//!
//! One test runs at a time, because the allocator counts for the whole process.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::print_stdout,
    reason = "tests"
)]

use std::collections::HashMap;
use std::rc::Rc;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use amf_core::{DecodeError, Decoder, FromAmf, Limits, Value, Version};
use peak_alloc::PeakAlloc;

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

/// The budget is charged with the contents of values, but not with their entries in the reference tables, nor with
/// the storage of shared `Arc` and `Rc`. Growing tables exist twice for a moment.
const ALLOWED_FACTOR: usize = 6;

/// Slightly more than a power of two, where growing tables have just doubled.
const ELEMENTS: usize = 17_000;

#[test]
fn memory_stays_near_the_budget() {
    assert_memory_bounded(&bombs());
}

#[test]
fn false_counts_allocate_no_more_than_the_budget() {
    let lies: [(&str, Version, &[u8]); 4] = [
        ("strict arrays", Version::Amf0, &[0x0A, 0x7F, 0xFF, 0xFF, 0xFF]),
        ("arrays", Version::Amf3, &[0x09, 0xFF, 0xFF, 0xFF, 0xFF, 0x01]),
        ("Vectors", Version::Amf3, &[0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x00, 0x01]),
        ("Dictionaries", Version::Amf3, &[0x11, 0xFF, 0xFF, 0xFF, 0xFF, 0x00]),
    ];
    assert_memory_bounded(&lies.map(|(name, version, head)| (name, version, with_false_count(head))));
}

/// Name, version and bytes of a bomb.
type Bomb = (&'static str, Version, Vec<u8>);

fn assert_memory_bounded(bombs: &[Bomb]) {
    static TEST_LOCK: Mutex<()> = Mutex::new(());
    let _guard = TEST_LOCK.lock();
    let mut over = Vec::new();
    for (name, version, bytes) in bombs {
        let budget = Limits::default().memory_for(bytes.len());
        for (way, read) in READ_FNS {
            let start = Instant::now();
            let taken = allocated_by(|| read(*version, bytes));
            let time = start.elapsed();
            println!("{name}, {way}: {} bytes, {taken} of {budget} taken, {time:?}", bytes.len());
            assert!(time < Duration::from_secs(30), "{name}, {way}: {time:?}");
            if taken > ALLOWED_FACTOR * budget {
                over.push(format!("{name}, {way}: {} bytes took {taken} of {budget}", bytes.len()));
            }
        }
    }
    assert!(over.is_empty(), "{}", over.join("\n"));
}

fn allocated_by(run: impl FnOnce()) -> usize {
    let before = ALLOCATOR.current_usage();
    ALLOCATOR.reset_peak_usage();
    run();
    ALLOCATOR.peak_usage() - before
}

type ReadFn = fn(Version, &[u8]);

/// Functions that read a bomb. The results are kept until the end, so that the tables of the decoder and the values
/// are measured together.
const READ_FNS: &[(&str, ReadFn)] = &[
    ("skip", |version, bytes| drop(Decoder::new(version, bytes).skip())),
    ("Value", read::<Value>),
    ("Vec<Tree>", read::<Tree>),
    ("Vec<Arc<Tree>>", read::<SharedTree>),
    ("Vec<Rc<Value>>", read::<Vec<Rc<Value>>>),
    ("Vec<String>", read::<Vec<String>>),
    ("Vec<Arc<str>>", read::<Vec<Arc<str>>>),
    ("Vec<Vec<u8>>", read::<Vec<Vec<u8>>>),
    ("HashMap<String, Value>", read::<HashMap<String, Value>>),
];

fn read<T: for<'de> FromAmf<'de>>(version: Version, bytes: &[u8]) {
    let mut decoder = Decoder::new(version, bytes);
    drop(T::from_amf(&mut decoder));
}

#[derive(Debug)]
struct Tree(#[expect(dead_code, reason = "grown, not looked at")] Vec<Tree>);

impl<'de> FromAmf<'de> for Tree {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        Vec::from_amf(decoder).map(Tree)
    }
}

#[derive(Debug)]
struct SharedTree(#[expect(dead_code, reason = "grown, not looked at")] Vec<Arc<SharedTree>>);

impl<'de> FromAmf<'de> for SharedTree {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        Vec::from_amf(decoder).map(SharedTree)
    }
}

fn bombs() -> Vec<Bomb> {
    let amf0 = |name, element: &[u8]| (name, Version::Amf0, amf0_list(ELEMENTS, element));
    let amf3 = |name, element: &[u8]| (name, Version::Amf3, amf3_list(ELEMENTS, &element.repeat(ELEMENTS)));
    vec![
        amf0("empty objects", &[0x03, 0, 0, 0x09]),
        amf0("empty typed objects", &[0x10, 0, 1, b'P', 0, 0, 0x09]),
        amf0("empty ECMA arrays", &[0x08, 0, 0, 0, 0, 0, 0, 0x09]),
        amf0("empty strict arrays", &[0x0A, 0, 0, 0, 0]),
        amf0("empty documents", &[0x0F, 0, 0, 0, 0]),
        amf0("empty strings", &[0x02, 0, 0]),
        amf0("references to the list itself", &[0x07, 0, 0]),
        amf0("empty arrays of AMF3", &[0x11, 0x09, 0x01, 0x01]),
        amf3("empty arrays", &[0x09, 0x01, 0x01]),
        amf3("empty byte arrays", &[0x0C, 0x01]),
        amf3("empty documents", &[0x07, 0x01]),
        amf3("empty XML", &[0x0B, 0x01]),
        amf3("empty strings", &[0x06, 0x01]),
        amf3("the same short string", &[0x06, 0x03, b'a']),
        amf3("CESU-8", b"\x06\x0D\xED\xA0\xBD\xED\xB8\x80"),
        amf3("empty Vectors of int", &[0x0D, 0x01, 0x00]),
        amf3("empty Vectors of Object", &[0x10, 0x01, 0x00, 0x01]),
        amf3("empty Dictionaries", &[0x11, 0x01, 0x00]),
        amf3("traits without members", &[0x0A, 0x03, 0x01]),
        amf3("anonymous objects with traits of their own", &[0x0A, 0x0B, 0x01, 0x01]),
        amf3("references to the list itself", &[0x09, 0x00]),
        ("one traits record", Version::Amf3, one_traits_record()),
        ("traits of 1,024 members", Version::Amf3, wide_traits(100)),
        ("collections", Version::Amf3, collections()),
        ("members of one name", Version::Amf3, members_of_one_name(ELEMENTS)),
        ("members of many names", Version::Amf3, members_of_many_names(ELEMENTS)),
        ("members of many names", Version::Amf0, amf0_members_of_many_names(ELEMENTS)),
        ("a long string, many times", Version::Amf3, one_string(100_000)),
        ("doubling references", Version::Amf3, amf3_doubling_references(60)),
        ("doubling references", Version::Amf0, amf0_doubling_references(60)),
    ]
}

/// Encodes a list that repeats one element.
fn amf0_list(count: usize, element: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x0A];
    bytes.extend((count as u32).to_be_bytes());
    bytes.extend(element.repeat(count));
    bytes
}

fn amf3_list(count: usize, elements: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0x09];
    bytes.extend(u29(count << 1 | 1));
    bytes.push(0x01);
    bytes.extend(elements);
    bytes
}

/// Encodes a number of up to 21 bits in three bytes (AMF3 §1.3.1).
fn u29(number: usize) -> [u8; 3] {
    assert!(number < 1 << 21);
    [(number >> 14) as u8 | 0x80, (number >> 7) as u8 | 0x80, number as u8 & 0x7F]
}

/// Encodes empty objects that refer to one traits record.
fn one_traits_record() -> Vec<u8> {
    let mut objects = vec![0x0A, 0x0B, 0x01, 0x01];
    objects.extend([0x0A, 0x01, 0x01].repeat(ELEMENTS - 1));
    amf3_list(ELEMENTS, &objects)
}

/// Encodes objects with 1,024 null members each, and with separate traits records whose names are references to one
/// string.
fn wide_traits(count: usize) -> Vec<u8> {
    let mut objects = Vec::new();
    for _ in 0..count {
        objects.push(0x0A);
        objects.extend(u29(1_024 << 4 | 3));
        objects.push(0x01);
        // The first record contains the name, and all others refer to it.
        if objects.len() < 10 {
            objects.extend([0x03, b'm']);
        } else {
            objects.push(0x00);
        }
        objects.extend([0x00].repeat(1_023));
        objects.extend([0x01].repeat(1_024));
    }
    amf3_list(count, &objects)
}

/// Encodes `ArrayCollection`s of null.
fn collections() -> Vec<u8> {
    let alias = b"flex.messaging.io.ArrayCollection";
    let mut objects = vec![0x0A, 0x07, (alias.len() << 1 | 1) as u8];
    objects.extend(alias);
    objects.push(0x01);
    objects.extend([0x0A, 0x01, 0x01].repeat(ELEMENTS - 1));
    amf3_list(ELEMENTS, &objects)
}

/// Encodes `{a: null, a: null, …}`, with the name by reference.
fn members_of_one_name(count: usize) -> Vec<u8> {
    let mut bytes = vec![0x0A, 0x0B, 0x01, 0x03, b'a', 0x01];
    bytes.extend([0x00, 0x01].repeat(count - 1));
    bytes.push(0x01);
    bytes
}

/// Returns names of three letters, from `AAA` on.
fn names(count: usize) -> impl Iterator<Item = [u8; 3]> {
    (0..count).map(|number| [number / 2_500, number / 50 % 50, number % 50].map(|digit| b'A' + digit as u8))
}

fn members_of_many_names(count: usize) -> Vec<u8> {
    let mut bytes = vec![0x0A, 0x0B, 0x01];
    for name in names(count) {
        bytes.push(0x07);
        bytes.extend(name);
        bytes.push(0x01);
    }
    bytes.push(0x01);
    bytes
}

fn amf0_members_of_many_names(count: usize) -> Vec<u8> {
    let mut bytes = vec![0x03];
    for name in names(count) {
        bytes.extend([0, 3]);
        bytes.extend(name);
        bytes.push(0x05);
    }
    bytes.extend([0, 0, 0x09]);
    bytes
}

/// Encodes a string of 10,000 bytes and references to it.
fn one_string(count: usize) -> Vec<u8> {
    let mut strings = vec![0x06];
    strings.extend(u29(10_000 << 1 | 1));
    strings.resize(strings.len() + 10_000, b'x');
    strings.extend([0x06, 0x00].repeat(count - 1));
    amf3_list(count, &strings)
}

/// Encodes lists nested to the maximum depth, each with the largest possible count, followed by bytes that could be
/// that many elements.
fn with_false_count(head: &[u8]) -> Vec<u8> {
    let mut bytes = head.repeat(64);
    bytes.resize(100_000, 0x01);
    bytes
}

/// Encodes levels, each of which refers to the previous one twice.
fn amf3_doubling_references(levels: usize) -> Vec<u8> {
    let mut lists = vec![0x09, 0x01, 0x01];
    for level in 1..=levels {
        let before = (level as u8) << 1;
        lists.extend([0x09, 0x05, 0x01, 0x09, before, 0x09, before]);
    }
    amf3_list(levels + 1, &lists)
}

fn amf0_doubling_references(levels: usize) -> Vec<u8> {
    let mut bytes = vec![0x0A];
    bytes.extend((levels as u32 + 1).to_be_bytes());
    bytes.extend([0x0A, 0, 0, 0, 0]);
    for level in 1..=levels {
        bytes.extend([0x0A, 0, 0, 0, 2, 0x07, 0, level as u8, 0x07, 0, level as u8]);
    }
    bytes
}
