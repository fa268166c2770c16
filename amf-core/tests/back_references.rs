//! Externalizable bodies that refer to an enclosing object which is not built, because it is skipped or read as a
//! dynamic value. The code of the class runs in both cases, because only it determines the end of the body.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::sync::{Arc, Weak};

use amf_core::packet::Packet;
use amf_core::{
    AmfClass, Class, Classes, DecodeError, Decoder, DynamicMembers, EncodeError, ExternalInput,
    ExternalOutput, ExternalPart, Externalizable, FromAmf, Limits, Value, Version, WeakValue,
};

/// A byte and any value.
struct SelfReferencing(u8, Value);

impl AmfClass for SelfReferencing {
    const CLASS: &'static Class = &Class::new("X", &[]).externalizable();
}

impl Externalizable for SelfReferencing {
    fn read_external(input: &mut ExternalInput<'_, '_>) -> Result<Self, DecodeError> {
        Ok(Self(input.read_u8()?, input.read()?))
    }

    fn write_external(&self, output: &mut ExternalOutput<'_>) -> Result<(), EncodeError> {
        output.write_u8(self.0);
        output.write(&self.1)
    }
}

/// A child with a weak pointer to its parent.
struct Child(Weak<DynamicMembers>);

impl AmfClass for Child {
    const CLASS: &'static Class = &Class::new("C", &[]).externalizable();
}

impl Externalizable for Child {
    fn read_external(input: &mut ExternalInput<'_, '_>) -> Result<Self, DecodeError> {
        input.read().map(Self)
    }

    fn write_external(&self, output: &mut ExternalOutput<'_>) -> Result<(), EncodeError> {
        output.write(&self.0)
    }
}

fn decoder(bytes: &[u8]) -> Decoder<'_> {
    let mut classes = Classes::new();
    classes.add_externalizable::<SelfReferencing>();
    classes.add_externalizable::<Child>();
    Decoder::new(Version::Amf3, bytes).with_classes(Arc::new(classes))
}

/// AMF3 §3.12: an object (0A) of externalizable traits (07) and the alias X; its body, which is the byte AB
/// and reference 0, to the object itself.
const OBJECT_REFERRING_TO_ITSELF: [u8; 7] = [0x0A, 0x07, 0x03, b'X', 0xAB, 0x0A, 0x00];

/// An anonymous dynamic object (0A 0B 01) with the member c: an object of the externalizable class C, whose
/// body is reference 0, to the object around it; the empty name that ends the members.
const CHILD_REFERRING_TO_PARENT: [u8; 12] =
    [0x0A, 0x0B, 0x01, 0x03, b'c', 0x0A, 0x07, 0x03, b'C', 0x0A, 0x00, 0x01];

#[test]
fn externalizable_objects_that_refer_to_themselves_are_skipped() {
    for bytes in [&OBJECT_REFERRING_TO_ITSELF[..], &CHILD_REFERRING_TO_PARENT] {
        let mut decoder = decoder(bytes);
        decoder.skip().unwrap();
        assert!(decoder.is_at_end());
        for cut in 0..bytes.len() {
            self::decoder(&bytes[..cut]).skip().unwrap_err();
        }
    }
}

#[test]
fn externalizable_objects_that_refer_to_themselves_do_not_break_a_packet() {
    // AMF0 §4: version 3, no header, one message of target a and response /1, its length, the body: 11
    // switches to AMF3.
    let mut bytes = b"\0\x03\0\0\0\x01\0\x01a\0\x02/1\0\0\0\x0D\x11".to_vec();
    bytes.extend(CHILD_REFERRING_TO_PARENT);
    let mut classes = Classes::new();
    classes.add_externalizable::<Child>();
    let packet = Packet::decode(&bytes, &Arc::new(classes), Limits::default()).unwrap();
    assert!(packet.broken.is_none(), "{packet:?}");
    assert_eq!(packet.messages[0].body, &bytes[17..]);
}

#[test]
fn externalizable_objects_that_refer_to_themselves_become_dynamic_values() {
    let value = Value::from_amf(&mut decoder(&OBJECT_REFERRING_TO_ITSELF)).unwrap();
    let Value::External(external) = &value else { panic!("{value:?}") };
    let [ExternalPart::Bytes(byte), ExternalPart::Value(Value::Ancestor(itself))] = &*external.parts else {
        panic!("{value:?}")
    };
    assert_eq!(**byte, [0xAB]);
    assert!(matches!(itself.upgrade(), Some(Value::External(other)) if Arc::ptr_eq(&other, external)));

    let value = Value::from_amf(&mut decoder(&CHILD_REFERRING_TO_PARENT)).unwrap();
    let Some(Value::External(child)) = value.get("c") else { panic!("{value:?}") };
    let [ExternalPart::Value(Value::Ancestor(WeakValue::Object(parent)))] = &*child.parts else {
        panic!("{value:?}")
    };
    let Value::Object(object) = &value else { panic!("{value:?}") };
    assert!(Arc::ptr_eq(&parent.upgrade().unwrap(), object));
    assert_eq!(amf_core::to_vec(Version::Amf3, &value).unwrap(), CHILD_REFERRING_TO_PARENT);
}

#[test]
fn skipped_externalizable_objects_leave_no_values_behind() {
    // [an object, which is skipped, and a reference to the object within X]: the array is 0, the object 1, X 2, and the object within X is 3; its member refers to 1.
    let bytes = [
        0x09, 0x05, 0x01, // two elements
        0x0A, 0x0B, 0x01, 0x03, b'x', // 1: {x:
        0x0A, 0x07, 0x03, b'X', 0xAB, // 2: X, AB and
        0x0A, 0x01, 0x03, b'p', 0x0A, 0x02, 0x01, // 3: {p: 1}
        0x01, // }
        0x0A, 0x06, // 3
    ];
    let mut decoder = decoder(&bytes);
    assert_eq!(decoder.begin_arguments().unwrap(), 2);
    decoder.skip().unwrap();
    let value = Value::from_amf(&mut decoder).unwrap();
    let parent = value.get("p").unwrap();
    let Some(Value::External(x)) = parent.get("x") else { panic!("{value:?}") };
    assert_eq!(x.alias(), "X");
    assert!(decoder.is_at_end());
}

#[test]
fn nested_externalizable_objects_are_read_in_bounded_time() {
    // 60 nested objects X. From the second one on the traits are reference 0 (01). The innermost body is
    // null.
    let mut bytes = OBJECT_REFERRING_TO_ITSELF[..5].to_vec();
    for _ in 1..60 {
        bytes.extend([0x0A, 0x01, 0xAB]);
    }
    bytes.push(0x01);
    decoder(&bytes).skip().unwrap();
    let value = Value::from_amf(&mut decoder(&bytes)).unwrap();
    assert_eq!(amf_core::to_vec(Version::Amf3, &value).unwrap(), bytes);
}
