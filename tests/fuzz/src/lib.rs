//! What every target checks of an input.

pub mod differential;
pub mod rtmp;

use std::collections::{BTreeMap, HashMap};
use std::rc::Rc;
use std::sync::{Arc, LazyLock, Weak};

use amf_core::{
    AmfObject, ArrayCollection, Classes, Date, DecodeError, DecodeErrorKind, Decoder, DynamicMembers,
    EncodeError, Encoder, ExternalInput, ExternalOutput, Externalizable, FromAmf, Limits, Value, Version,
};

/// A class with a member of every kind that typed reading knows.
#[derive(AmfObject)]
#[amf(alias = "N", default)]
#[derive(Default)]
pub struct Node {
    a: Option<i32>,
    b: Option<f64>,
    c: Option<String>,
    d: Vec<Node>,
    e: Option<Arc<Node>>,
    f: Weak<Node>,
    g: Option<Arc<Vec<Value>>>,
    h: Vec<u8>,
    i: BTreeMap<String, Value>,
    j: Option<Date>,
    k: Option<Box<Node>>,
    l: Option<Blob>,
    m: Option<(i8, u64)>,
    n: HashMap<u16, Arc<Node>>,
    o: Option<ArrayCollection<Node>>,
    p: Vec<f64>,
    #[amf(dynamic)]
    rest: DynamicMembers,
}

/// A class that reads its own body: a byte, then a value if it is odd, then a node.
#[derive(AmfObject, Default)]
#[amf(alias = "B", externalizable)]
pub struct Blob {
    flags: u8,
    value: Option<Value>,
    node: Option<Arc<Node>>,
}

impl Externalizable for Blob {
    fn read_external(input: &mut ExternalInput<'_, '_>) -> Result<Self, DecodeError> {
        let flags = input.read_u8()?;
        let value = if flags & 1 == 1 { Some(input.read()?) } else { None };
        Ok(Self { flags, value, node: input.read()? })
    }

    fn write_external(&self, output: &mut ExternalOutput<'_>) -> Result<(), EncodeError> {
        output.write_u8(self.flags & !1 | u8::from(self.value.is_some()));
        if let Some(value) = &self.value {
            output.write(value)?;
        }
        output.write(&self.node)
    }
}

/// The classes of [`Node`].
pub static CLASSES: LazyLock<Arc<Classes>> = LazyLock::new(|| {
    let mut classes = Classes::new();
    Node::classes(&mut classes);
    Arc::new(classes)
});

fn decoder(version: Version, input: &[u8]) -> Decoder<'_> {
    Decoder::new(version, input).with_classes(Arc::clone(&CLASSES)).with_limits(Limits::default())
}

/// Steps of work for each byte that is read or written: beyond them something costs more than it is long.
const STEPS_PER_BYTE: u64 = 64;
/// What an input of no bytes may cost, such as a table of the classes.
const FREE_STEPS: u64 = 1_024;

/// Reads by `read`, whose work is bounded by the input and by what was read more than once.
fn within_bound<'de, T>(
    decoder: &mut Decoder<'de>,
    input: &[u8],
    read: impl FnOnce(&mut Decoder<'de>) -> T,
) -> T {
    let (value, steps) = amf_core::work::counted(|| read(decoder));
    let bound = STEPS_PER_BYTE * input.len() as u64 + decoder.replayed_bytes() as u64 + FREE_STEPS;
    assert!(steps <= bound, "{steps} steps of work for {} bytes, more than {bound}", input.len());
    value
}

/// Reads an input in every way, and holds the ways against one another.
pub fn check(version: Version, input: &[u8]) {
    let mut skipping = decoder(version, input);
    let skipped = within_bound(&mut skipping, input, Decoder::skip);

    let mut dynamic = decoder(version, input);
    match within_bound(&mut dynamic, input, Value::from_amf) {
        Ok(value) => {
            if skipped.is_ok() {
                assert_eq!(skipping.offset(), dynamic.offset(), "skipping ends where reading does");
            }
            plant(&value);
            rewrite(version, &value, input.len());
        }
        Err(error) => assert!(error.offset() <= input.len(), "{error}"),
    }

    let mut typed = decoder(version, input);
    match within_bound(&mut typed, input, <Arc<Node>>::from_amf) {
        Ok(node) => {
            if skipped.is_ok() {
                assert_eq!(skipping.offset(), typed.offset(), "typed reading ends where skipping does");
            }
            drop(amf_core::to_vec(version, &node));
        }
        Err(error) => assert!(error.offset() <= input.len(), "{error}"),
    }
    drop(within_bound(&mut decoder(version, input), input, Vec::<Node>::from_amf));
    drop(HashMap::<String, Rc<Value>>::from_amf(&mut decoder(version, input)));
}

/// What was read is written and read again until nothing changes any more. (The first rounds may: of a name
/// that came twice in one object the last value is kept, and what only the others held goes. A cycle through
/// both versions is never done: where AMF3 refers to an object of AMF0, which it cannot, there is a copy.)
fn rewrite(version: Version, value: &Value, held: usize) {
    let write = |value: &Value| {
        let mut encoder = Encoder::new(version);
        let (written, steps) = amf_core::work::counted(|| {
            amf_core::ToAmf::to_amf(value, &mut encoder)?;
            encoder.finish()
        });
        if let Ok(bytes) = &written {
            let bound = STEPS_PER_BYTE * (held + bytes.len()) as u64 + FREE_STEPS;
            assert!(steps <= bound, "{steps} steps of work for {} bytes, more than {bound}", bytes.len());
        }
        written
    };
    let mut written = Vec::new();
    let mut value = value.clone();
    let mut switched = false;
    for round in 0.. {
        let Ok(bytes) = write(&value) else { return };
        if bytes == written || switched && round == 32 {
            return;
        }
        assert!(round < 32, "{bytes:02X?} is not {written:02X?}");
        written = bytes;
        let mut reading = decoder(version, &written);
        let read = Value::from_amf(&mut reading);
        switched |= reading.has_switched_to_amf3();
        value = match read {
            Ok(value) => value,
            // Output can pass a limit that the input did not: a member that was named by reference takes more bytes.
            // And a cycle of which a member went is written from another object on: a `Blob` may stand inside
            // of what it wants by value then; or, where AMF3 has a copy for what it cannot refer to, in the place of
            // something of another class.
            Err(error) => {
                let explained = match error.kind() {
                    DecodeErrorKind::Limit { .. } | DecodeErrorKind::Cycle => true,
                    DecodeErrorKind::Class { .. } => switched,
                    _ => false,
                };
                assert!(explained, "{error}");
                return;
            }
        };
    }
}

/// With `AMF_PLANT=1` a panic waits behind values that only real reading reaches: it shows that the
/// fuzzer finds such a thing.
fn plant(value: &Value) {
    static PLANTED: LazyLock<bool> = LazyLock::new(|| std::env::var_os("AMF_PLANT").is_some());
    if *PLANTED && is_treasure(value) {
        panic!("the planted panic");
    }
}

/// A list that holds an object with two members or more.
fn is_treasure(value: &Value) -> bool {
    let is_object = |value: &Value| value.as_object().is_some_and(|object| object.members().count() >= 2);
    value.as_list().is_some_and(|items| items.iter().any(is_object))
}
