//! References to an enclosing object that is read as a Rust type, in a place of type [`Value`]. They become copies.
//! The bytes are derived by hand from AMF0 §2.9 and AMF3 §3.12: an object is numbered when it begins.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use std::collections::HashMap;
use std::sync::Arc;

use amf_core::{
    AmfObject, ArrayCollection, DecodeErrorKind, Decoder, FromAmf, Limits, Value, Version, WeakValue,
    from_slice, to_vec,
};

const AMF0: Version = Version::Amf0;
const AMF3: Version = Version::Amf3;

/// Returns the target of a reference to an enclosing object.
fn target(value: &Value) -> Option<Value> {
    match value {
        Value::Ancestor(weak) => weak.upgrade(),
        _ => None,
    }
}

fn is_same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => Arc::ptr_eq(a, b),
        (Value::Object(a), Value::Object(b)) => Arc::ptr_eq(a, b),
        (Value::External(a), Value::External(b)) => Arc::ptr_eq(a, b),
        _ => false,
    }
}

#[derive(AmfObject)]
struct Parent {
    name: String,
    child: Value,
}

#[derive(AmfObject, Debug)]
struct Node {
    #[allow(dead_code, reason = "never read")]
    next: Option<Box<Node>>,
}

#[test]
fn a_list_that_holds_itself() {
    // 09 05 01: an array of two elements; each is reference 0, to the array.
    let list: Vec<Value> = from_slice(AMF3, b"\x09\x05\x01\x09\0\x09\0").unwrap();
    assert!(is_same(&list[0], &list[1]), "made once");
    let copy = list[0].as_list().unwrap();
    assert_eq!(copy.len(), 2);
    for item in copy {
        assert!(is_same(&target(item).unwrap(), &list[0]), "its own cycle inside");
    }
    // A strict array, 0A, and references of 16 bits behind 07.
    let list: Vec<Value> = from_slice(AMF0, b"\x0A\0\0\0\x01\x07\0\0").unwrap();
    assert!(is_same(&target(&list[0].as_list().unwrap()[0]).unwrap(), &list[0]));
}

#[test]
fn a_map_a_collection_and_a_struct() {
    let map: HashMap<String, Value> = from_slice(AMF0, b"\x03\0\x02me\x07\0\0\0\0\x09").unwrap();
    assert!(is_same(&target(map["me"].get("me").unwrap()).unwrap(), &map["me"]));

    // An ArrayCollection, object 0, around an array, object 1, of references to both.
    let collection = b"\x0A\x07\x43flex.messaging.io.ArrayCollection\x09\x05\x01\x0A\0\x09\x02";
    let list: ArrayCollection<Value> = from_slice(AMF3, collection).unwrap();
    let [outer, inner] = list.0.try_into().unwrap();
    assert!(matches!(outer, Value::External(_)) && matches!(inner, Value::Array(_)));
    assert_eq!(outer.as_list().unwrap().len(), 2);
    assert!(is_same(&target(&outer.as_list().unwrap()[0]).unwrap(), &outer));
    assert!(is_same(&target(&inner.as_list().unwrap()[1]).unwrap(), &inner));

    // {name: "p", child: {parent: ^}}: the child refers to object 0.
    let bytes = b"\x0A\x0B\x01\x09name\x06\x03p\x0Bchild\x0A\x01\x0Dparent\x0A\0\x01\x01";
    let parent: Parent = from_slice(AMF3, bytes).unwrap();
    let copy = parent.child.get("parent").unwrap();
    assert_eq!((&*parent.name, copy.get("name")), ("p", Some(&"p".into())));
    let inside = copy.get("child").unwrap();
    assert!(!is_same(inside, &parent.child), "a copy has children of its own");
    assert!(is_same(&target(inside.get("parent").unwrap()).unwrap(), copy));
    // The copy is complete in itself: it can be written, and equals the data of the sender.
    let copy = copy.clone();
    drop(parent);
    assert_eq!(to_vec(AMF3, &copy).unwrap(), bytes);
}

#[test]
fn what_follows_such_a_reference_is_read_as_if_it_were_not_there() {
    // [{l: ^list}, {}, ^0, ^1, ^2, "x", ^"x"]: objects 0 list, 1, 2; strings 0 "l", 1 "x".
    let bytes = b"\x09\x0F\x01\x0A\x0B\x01\x03l\x09\0\x01\x0A\x01\x01\x09\0\x0A\x02\x0A\x04\x06\x03x\x06\x02";
    let list: Vec<Value> = from_slice(AMF3, bytes).unwrap();
    let copy = list[0].get("l").unwrap();
    assert!(is_same(copy, &list[2]));
    assert!(is_same(&list[0], &list[3]));
    assert!(is_same(&list[1], &list[4]));
    assert_eq!((&list[5], &list[6]), (&"x".into(), &"x".into()));
    assert_eq!(copy.as_list().unwrap()[5], "x".into());
    // In the copy, the first object refers back to the copy, and the fourth is the first.
    let items = copy.as_list().unwrap();
    assert!(is_same(&target(items[0].get("l").unwrap()).unwrap(), copy));
    assert!(is_same(&items[0], &items[3]));
}

#[test]
fn references_to_several_enclosing_objects() {
    // [[^0, ^1]] as lists of lists of values: object 0 around object 1.
    let list: Vec<Vec<Value>> = from_slice(AMF3, b"\x09\x03\x01\x09\x05\x01\x09\0\x09\x02").unwrap();
    let [outer, inner] = <[Value; 2]>::try_from(list.into_iter().next().unwrap()).unwrap();
    let in_outer = &outer.as_list().unwrap()[0];
    assert!(is_same(&target(&in_outer.as_list().unwrap()[0]).unwrap(), &outer));
    assert!(is_same(&target(&in_outer.as_list().unwrap()[1]).unwrap(), in_outer));
    // The copy of the inner one refers to that of the outer one, and to itself.
    assert!(is_same(&inner.as_list().unwrap()[0], &outer));
    assert!(is_same(&target(&inner.as_list().unwrap()[1]).unwrap(), &inner));
    // A reference to the same object in a typed place remains an error, because its value would be infinite.
    let error = from_slice::<Node>(AMF3, b"\x0A\x0B\x01\x09next\x0A\0\x01").unwrap_err();
    assert_eq!(*error.kind(), DecodeErrorKind::Cycle);
}

#[test]
fn the_array_of_arguments_is_not_meant() {
    // Two arguments, `{}` and reference 0. In AMF3 the array has the number 0.
    let mut decoder = Decoder::new(AMF0, b"\x11\x09\x05\x01\x0A\x0B\x01\x01\x09\0");
    assert_eq!(decoder.begin_arguments().unwrap(), 2);
    decoder.skip().unwrap();
    assert_eq!(*Value::from_amf(&mut decoder).unwrap_err().kind(), DecodeErrorKind::Cycle);
    // In AMF0, a sender that does not count the array refers to the first argument; see `numbering.rs`.
    let mut decoder = Decoder::new(AMF0, b"\x0A\0\0\0\x02\x03\0\0\x09\x07\0\0");
    assert_eq!(decoder.begin_arguments().unwrap(), 2);
    decoder.skip().unwrap();
    let error = Value::from_amf(&mut decoder).unwrap_err();
    assert!(error.to_string().contains("the array of arguments"), "{error}");
}

#[test]
fn copies_are_made_on_the_budget_of_what_is_read_again() {
    // A list of `{l: ^list}` and n nulls. The copy has n + 2 values, and its references are resolved.
    let list = |nulls: u8| {
        let mut bytes = vec![0x09, (nulls + 1) << 1 | 1, 0x01];
        bytes.extend(b"\x0A\x0B\x01\x03l\x09\0\x01");
        bytes.resize(bytes.len() + usize::from(nulls), 0x01);
        bytes
    };
    let read = |replayed_nodes| {
        let bytes = list(5);
        let limits = Limits::new().with_replayed_nodes(replayed_nodes);
        Vec::<Value>::from_amf(&mut Decoder::new(AMF3, &bytes).with_limits(limits)).map(drop)
    };
    assert_eq!(read(7), Ok(()));
    let error = read(6).unwrap_err();
    assert_eq!(*error.kind(), DecodeErrorKind::Limit { limit: "replayed_nodes", max: 6 });
}

#[test]
fn values_alone_keep_their_cycles() {
    let value: Value = from_slice(AMF3, b"\x09\x03\x01\x09\0").unwrap();
    assert!(matches!(value.as_list().unwrap(), [Value::Ancestor(WeakValue::Array(_))]));
}
