//! Identity of objects: references on the wire correspond to shared pointers in memory, in typed values of both
//! versions.

#![cfg(feature = "derive")]
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::rc::Rc;
use std::sync::{Arc, Weak};

use amf_core::{AmfObject, Value, Version, from_slice, to_vec};

const VERSIONS: [Version; 2] = [Version::Amf0, Version::Amf3];

#[derive(AmfObject, Clone, Debug, PartialEq)]
#[amf(alias = "Point")]
struct Point {
    x: i32,
}

/// Written by hand: two members that refer to one object, {a: {x: 1}, b: ref 1}.
const TWICE_AMF0: &[u8] = &[
    0x03, 0, 1, b'a', 0x10, 0, 5, b'P', b'o', b'i', b'n', b't', 0, 1, b'x', 0x00, 0x3F, 0xF0, 0, 0, 0, 0, 0,
    0, 0, 0, 9, 0, 1, b'b', 0x07, 0, 1, 0, 0, 9,
];
const TWICE_AMF3: &[u8] = &[
    0x0A, 0x0B, 0x01, 0x03, b'a', 0x0A, 0x13, 0x0B, b'P', b'o', b'i', b'n', b't', 0x03, b'x', 0x04, 1, 0x03,
    b'b', 0x0A, 0x02, 0x01,
];

#[test]
fn a_reference_is_read_again_as_an_owned_value() {
    #[derive(AmfObject, Debug, PartialEq)]
    struct Twice {
        a: Point,
        b: Point,
    }
    for (version, bytes) in [(Version::Amf0, TWICE_AMF0), (Version::Amf3, TWICE_AMF3)] {
        let twice: Twice = from_slice(version, bytes).unwrap();
        assert_eq!(twice, Twice { a: Point { x: 1 }, b: Point { x: 1 } });
    }
}

#[test]
fn references_to_skipped_objects_are_resolved() {
    #[derive(AmfObject, Debug)]
    struct OnlyB {
        b: Arc<Point>,
    }
    for (version, bytes) in [(Version::Amf0, TWICE_AMF0), (Version::Amf3, TWICE_AMF3)] {
        assert_eq!(from_slice::<OnlyB>(version, bytes).unwrap().b.x, 1);
    }
}

#[test]
fn shared_pointers_stay_shared_in_a_round_trip() {
    #[derive(AmfObject, Debug)]
    struct Twice {
        a: Arc<Point>,
        b: Arc<Point>,
    }
    #[derive(AmfObject, Debug)]
    struct TwiceRc {
        a: Rc<Point>,
        b: Rc<Point>,
    }
    for (version, bytes) in [(Version::Amf0, TWICE_AMF0), (Version::Amf3, TWICE_AMF3)] {
        let twice: Twice = from_slice(version, bytes).unwrap();
        assert!(Arc::ptr_eq(&twice.a, &twice.b));
        assert_eq!(to_vec(version, &twice).unwrap(), bytes);
        let twice: TwiceRc = from_slice(version, bytes).unwrap();
        assert!(Rc::ptr_eq(&twice.a, &twice.b));
        assert_eq!(to_vec(version, &twice).unwrap(), bytes);
    }
}

#[test]
fn equal_values_are_separate_objects() {
    let points = vec![Arc::new(Point { x: 1 }), Arc::new(Point { x: 1 })];
    for version in VERSIONS {
        let bytes = to_vec(version, &points).unwrap();
        let read: Vec<Arc<Point>> = from_slice(version, &bytes).unwrap();
        assert!(!Arc::ptr_eq(&read[0], &read[1]));
    }
}

/// Type whose conversion creates a pointer and drops it immediately, so that the next pointer may have the same
/// address.
struct Temporary(i32);

impl amf_core::ToAmf for Temporary {
    fn to_amf(&self, encoder: &mut amf_core::Encoder) -> Result<(), amf_core::EncodeError> {
        Arc::new(Point { x: self.0 }).to_amf(encoder)
    }
}

#[test]
fn a_reused_address_is_another_object() {
    let list: Vec<_> = (0..4).map(Temporary).collect();
    for version in VERSIONS {
        let bytes = to_vec(version, &list).unwrap();
        let read: Vec<Point> = from_slice(version, &bytes).unwrap();
        assert_eq!(read.iter().map(|point| point.x).collect::<Vec<_>>(), [0, 1, 2, 3]);
    }
}

#[test]
fn a_replay_keeps_the_indices_of_inner_objects() {
    // [A {friend: B}, ref A] is read as two values of A, which must share one B.
    #[derive(AmfObject, Debug)]
    struct A {
        friend: Arc<Point>,
    }
    let a = Arc::new(A { friend: Arc::new(Point { x: 7 }) });
    for version in VERSIONS {
        let bytes = to_vec(version, &vec![a.clone(), a.clone()]).unwrap();
        let read: Vec<A> = from_slice(version, &bytes).unwrap();
        assert!(Arc::ptr_eq(&read[0].friend, &read[1].friend), "{version}");
    }
}

#[derive(AmfObject, Debug)]
#[amf(alias = "Node")]
struct Node {
    name: String,
    parent: Weak<Node>,
    children: Vec<Arc<Node>>,
}

fn tree(name: &str, parent: &Weak<Node>, depth: usize) -> Arc<Node> {
    Arc::new_cyclic(|me| Node {
        name: name.to_owned(),
        parent: parent.clone(),
        children: (0..if depth == 0 { 0 } else { 2 })
            .map(|child| tree(&format!("{name}{child}"), me, depth - 1))
            .collect(),
    })
}

fn assert_parents(node: &Arc<Node>) -> usize {
    let below: usize = node
        .children
        .iter()
        .map(|child| {
            assert!(Arc::ptr_eq(&child.parent.upgrade().unwrap(), node), "{}", child.name);
            assert_parents(child)
        })
        .sum();
    below + 1
}

#[test]
fn cycles_are_decoded_as_arc_and_weak() {
    for version in VERSIONS {
        let root = tree("r", &Weak::new(), 9);
        let bytes = to_vec(version, &root).unwrap();
        let read: Arc<Node> = from_slice(version, &bytes).unwrap();
        assert_eq!(assert_parents(&read), 1023);
        assert!(read.parent.upgrade().is_none());
        assert_eq!(to_vec(version, &read).unwrap(), bytes);
        let value: Value = from_slice(version, &bytes).unwrap();
        assert_eq!(from_slice::<Value>(version, &to_vec(version, &value).unwrap()).unwrap(), value);
    }
}

#[test]
fn cycles_of_other_types_are_errors_with_advice() {
    #[derive(AmfObject, Debug)]
    struct Owned {
        me: Option<Box<Owned>>,
    }
    #[derive(AmfObject, Debug)]
    struct Strong {
        me: Option<Arc<Strong>>,
    }
    #[derive(AmfObject, Debug)]
    struct ByValue {
        me: Weak<ByValue>,
    }
    // {me: ref 0}
    let cycle = [0x0A, 0x0B, 0x01, 0x05, b'm', b'e', 0x0A, 0x00, 0x01];
    for error in [
        from_slice::<Owned>(Version::Amf3, &cycle).unwrap_err(),
        from_slice::<Arc<Strong>>(Version::Amf3, &cycle).unwrap_err(),
    ] {
        assert_eq!(
            error.to_string(),
            "me: the reference leads back to an object that encloses it; \
             take it as `Weak<T>` below an `Arc<T>` (at byte 8)"
        );
    }
    let error = from_slice::<ByValue>(Version::Amf3, &cycle).unwrap_err();
    assert_eq!(
        error.to_string(),
        "me: the reference leads back to an object that encloses it; \
         a `Weak` needs it to be taken as `Arc` (at byte 6)"
    );
}

#[test]
fn references_work_across_switches_to_amf3_in_one_body() {
    // AMF0 [11 {x: 1} as AMF3 class P, 11 ref 0]: the tables of AMF3 persist between switches.
    let bytes = [0x0A, 0, 0, 0, 2, 0x11, 0x0A, 0x13, 0x03, b'P', 0x03, b'x', 0x04, 1, 0x11, 0x0A, 0x00];
    let points: Vec<Arc<Point>> = from_slice(Version::Amf0, &bytes).unwrap();
    assert!(Arc::ptr_eq(&points[0], &points[1]));
    let value: Value = from_slice(Version::Amf0, &bytes).unwrap();
    let Some([Value::Object(first), Value::Object(second)]) = value.as_list() else { panic!("{value:?}") };
    assert!(Arc::ptr_eq(first, second));
}

/// A date has an index in the table of objects (AMF3 §3.10). A date that two places refer to is written as one again,
/// and equal dates that were sent separately remain separate.
#[test]
fn dates_keep_their_identity_in_dynamic_values() {
    let date = [0x01, 0xBF, 0xF0, 0, 0, 0, 0, 0, 0];
    // [d, ^d], object 1 behind the array.
    let shared = [&[0x09, 0x05, 0x01, 0x08][..], &date, &[0x08, 0x02]].concat();
    // [d, d]
    let apart = [&[0x09, 0x05, 0x01, 0x08][..], &date, &[0x08], &date].concat();
    // {a: d, b: {c: ^d}}, and an array of all variants, in which the reference names object 2.
    let nested = [
        &[0x0A, 0x0B, 0x01, 0x03, b'a', 0x08][..],
        &date,
        &[0x03, b'b', 0x0A, 0x01, 0x03, b'c', 0x08, 0x02, 0x01, 0x01],
    ]
    .concat();
    // [{}, d, 8, ^d]: the integer 8 resembles a reference to a date, but is not one.
    let among =
        [&[0x09, 0x09, 0x01, 0x0A, 0x0B, 0x01, 0x01, 0x08][..], &date, &[0x04, 0x08, 0x08, 0x04]].concat();
    for bytes in [shared.clone(), apart, nested, among] {
        let value: Value = amf_core::from_slice(Version::Amf3, &bytes).unwrap();
        assert_eq!(amf_core::to_vec(Version::Amf3, &value).unwrap(), bytes);
        // The same behind the switch from AMF0.
        let values: Value = amf_core::from_slice(Version::Amf0, &[&[0x11][..], &bytes].concat()).unwrap();
        assert_eq!(values, value);
    }
    // AMF0 has no reference to a date: 0A, the number of elements, two dates with their time zones.
    let value: Value = amf_core::from_slice(Version::Amf3, &shared).unwrap();
    let amf0 = [&[0x0A, 0, 0, 0, 2, 0x0B][..], &date[1..], &[0, 0, 0x0B], &date[1..], &[0, 0]].concat();
    assert_eq!(amf_core::to_vec(Version::Amf0, &value).unwrap(), amf0);
}
