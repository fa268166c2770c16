//! Lists with missing elements, and lists with a member `length`. The bytes are derived by hand from AMF0 §2.10 to
//! §2.12 and AMF3 §3.11.

#![allow(clippy::unwrap_used, reason = "tests")]

use amf_core::{ArrayCollection, DecodeErrorKind, Decoder, FromAmf, Limits, Value, Version, from_slice};
use std::collections::HashMap;

const AMF0: Version = Version::Amf0;
const AMF3: Version = Version::Amf3;

/// `["a",,,"b"]` as ActionScript 3 sends it in AMF0: four elements, of which two are undefined.
const AMF0_STRICT: &[u8] = b"\x0A\0\0\0\x04\x02\0\x01a\x06\x06\x02\0\x01b";
/// The same list as ActionScript 2 sends it: the existing elements by index, and a length.
const AMF0_ECMA: &[u8] = b"\x08\0\0\0\x04\0\x010\x02\0\x01a\0\x013\x02\0\x01b\0\0\x09";
/// The same list in AMF3: the elements behind the gap by index, up to an empty name, then one dense element.
const AMF3_ARRAY: &[u8] = b"\x09\x03\x033\x06\x03b\x01\x06\x03a";

#[test]
fn a_sparse_array_is_the_same_list_in_every_form() {
    let list = [Some("a"), None, None, Some("b")];
    let expected: Vec<Value> = vec!["a".into(), Value::Undefined, Value::Undefined, "b".into()];
    for (version, bytes) in [(AMF0, AMF0_STRICT), (AMF0, AMF0_ECMA), (AMF3, AMF3_ARRAY)] {
        assert_eq!(from_slice::<Vec<Option<&str>>>(version, bytes).unwrap(), list, "{bytes:02X?}");
        assert_eq!(from_slice::<[Option<&str>; 4]>(version, bytes).unwrap(), list, "{bytes:02X?}");
        assert_eq!(from_slice::<ArrayCollection<Option<&str>>>(version, bytes).unwrap().0, list);
        assert_eq!(from_slice::<Vec<Value>>(version, bytes).unwrap(), expected, "{bytes:02X?}");
        let boxed: Vec<Box<Value>> = from_slice(version, bytes).unwrap();
        assert_eq!(boxed.into_iter().map(|value| *value).collect::<Vec<_>>(), expected);
        let (one, two, three, four): (&str, Option<u8>, Value, String) = from_slice(version, bytes).unwrap();
        assert_eq!((one, two, three, &*four), ("a", None, Value::Undefined, "b"));
    }
}

#[cfg(feature = "serde")]
#[test]
fn serde_sees_the_same_list() {
    use amf_core::serde::Serde;
    for (version, bytes) in [(AMF0, AMF0_STRICT), (AMF0, AMF0_ECMA), (AMF3, AMF3_ARRAY)] {
        let list: Serde<Vec<Option<String>>> = from_slice(version, bytes).unwrap();
        assert_eq!(list.0, [Some("a".to_owned()), None, None, Some("b".to_owned())], "{bytes:02X?}");
        let tuple: Serde<(String, Option<u8>, Option<u8>, String)> = from_slice(version, bytes).unwrap();
        assert_eq!(tuple.0, ("a".to_owned(), None, None, "b".to_owned()), "{bytes:02X?}");
    }
    let error = from_slice::<Serde<Vec<String>>>(AMF3, AMF3_ARRAY).unwrap_err();
    assert!(error.to_string().contains("element 1 is missing"), "{error}");
}

#[test]
fn a_gap_stays_an_error_where_the_type_has_nothing_for_it() {
    let text = |error: amf_core::DecodeError| error.to_string();
    let missing = "expected a list, got one whose element 1 is missing or sent twice (at byte 11)";
    assert_eq!(text(from_slice::<Vec<&str>>(AMF3, AMF3_ARRAY).unwrap_err()), missing);
    assert_eq!(
        text(from_slice::<(&str, &str, &str, &str)>(AMF3, AMF3_ARRAY).unwrap_err()),
        "expected a list of 4, got one that lacks element 1 (at byte 11)"
    );
    // An element that is sent twice: 0 by its index, and as the dense element.
    let twice = b"\x09\x03\x030\x06\x03b\x01\x06\x03a";
    let repeated = "expected a list, got one whose element 0 is missing or sent twice (at byte 11)";
    assert_eq!(text(from_slice::<Vec<Option<&str>>>(AMF3, twice).unwrap_err()), repeated);
    assert_eq!(text(from_slice::<[Option<&str>; 1]>(AMF3, twice).unwrap_err()), repeated);
}

#[test]
fn the_trailing_elements_of_a_tuple_are_not_made_up() {
    // `["a"]` read as a pair: an array ends with its last element, so this array is not sparse.
    let error = from_slice::<(&str, Option<u8>)>(AMF3, b"\x09\x03\x01\x06\x03a").unwrap_err();
    assert_eq!(error.to_string(), "expected a list of 2, got one that lacks element 1 (at byte 6)");
}

#[test]
fn each_element_left_out_counts_as_a_value() {
    // `[,,, null]`: the array, its element, and three missing elements.
    let bytes = b"\x09\x01\x033\x01\x01";
    let read = |nodes| {
        let limits = Limits::new().with_nodes(nodes);
        Vec::<Option<u8>>::from_amf(&mut Decoder::new(AMF3, bytes).with_limits(limits))
    };
    assert_eq!(read(5).unwrap(), [None; 4]);
    assert_eq!(*read(4).unwrap_err().kind(), DecodeErrorKind::Limit { limit: "nodes", max: 4 });
    // Eleven bytes that denote 200,000 elements of 16 bytes exceed 1 MiB.
    let large = b"\x09\x01\x0D200000\x01\x01";
    let error = from_slice::<Vec<Option<f64>>>(AMF3, large).unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::Limit { limit: "memory", .. }), "{error}");
    // The largest possible index does not reserve memory.
    let largest = b"\x08\0\0\0\0\0\x1418446744073709551615\x05\0\0\x09";
    let error = from_slice::<Vec<()>>(AMF0, largest).unwrap_err();
    assert!(matches!(error.kind(), DecodeErrorKind::Limit { limit: "nodes", .. }), "{error}");
}

#[test]
fn the_length_beside_the_elements_of_an_array_is_dropped() {
    // Flash Player's `["a", "b"]`; BlazeDS, `Amf0Input.readECMAArray`: "ignore erroneous 'length' prop".
    let behind =
        b"\x08\0\0\0\x02\0\x010\x02\0\x01a\0\x011\x02\0\x01b\0\x06length\0\x40\0\0\0\0\0\0\0\0\0\x09";
    let before =
        b"\x08\0\0\0\x02\0\x06length\0\x40\0\0\0\0\0\0\0\0\x010\x02\0\x01a\0\x011\x02\0\x01b\0\0\x09";
    // The same array after it was forwarded in AMF3.
    let amf3 = b"\x09\x05\x0Dlength\x04\x02\x01\x06\x03a\x06\x03b";
    for (version, bytes) in [(AMF0, &behind[..]), (AMF0, before), (AMF3, amf3)] {
        assert_eq!(from_slice::<Vec<&str>>(version, bytes).unwrap(), ["a", "b"], "{bytes:02X?}");
        assert_eq!(from_slice::<(&str, &str)>(version, bytes).unwrap(), ("a", "b"), "{bytes:02X?}");
    }
    let empty = b"\x08\0\0\0\0\0\x06length\0\0\0\0\0\0\0\0\0\0\0\x09";
    assert_eq!(from_slice::<Vec<u8>>(AMF0, empty).unwrap(), []);
}

#[test]
fn a_member_length_is_kept_where_it_is_one() {
    // `{length: 2}` as an ECMA array, as PHP sends maps, and as an object.
    let ecma = b"\x08\0\0\0\x01\0\x06length\0\x40\0\0\0\0\0\0\0\0\0\x09";
    let object = b"\x03\0\x06length\0\x40\0\0\0\0\0\0\0\0\0\x09";
    for bytes in [&ecma[..], object] {
        let map: HashMap<String, u8> = from_slice(AMF0, bytes).unwrap();
        assert_eq!(map.get("length"), Some(&2));
    }
    let error = from_slice::<Vec<u8>>(AMF0, object).unwrap_err();
    assert_eq!(error.to_string(), "expected a list, got something with a member `length` (at byte 9)");
    // Another name makes neither of them a list.
    let other = b"\x08\0\0\0\x01\0\x010\x05\0\x05width\x05\0\0\x09";
    assert!(from_slice::<Vec<Option<u8>>>(AMF0, other).is_err());
}
