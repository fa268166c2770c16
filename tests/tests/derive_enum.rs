//! Enums with `#[derive(AmfObject)]`, against bytes made by hand from the specifications of AMF0 and AMF3.

#![warn(unused_qualifications)]
#![allow(clippy::unwrap_used, clippy::items_after_statements, reason = "these are tests")]

use std::fmt::Debug;
use std::sync::Arc;

use amf_core::{
    AmfObject, Classes, Decoder, DynamicMembers, FromAmf, Limits, ToAmf, Value, Version, from_slice, to_vec,
};

/// Writes `value` as these bytes and reads it back from them.
#[track_caller]
fn round_trip<'de, T: ToAmf + FromAmf<'de> + PartialEq + Debug>(
    version: Version,
    value: &T,
    bytes: &'de [u8],
) {
    assert_eq!(to_vec(version, value).unwrap(), bytes, "written");
    assert_eq!(&from_slice::<T>(version, bytes).unwrap(), value, "read");
}

#[track_caller]
fn fails<'de, T: FromAmf<'de> + Debug>(version: Version, bytes: &'de [u8], expected: &str) {
    assert_eq!(from_slice::<T>(version, bytes).unwrap_err().to_string(), expected);
}

#[derive(AmfObject, Clone, Debug, PartialEq)]
#[amf(alias = "C")]
struct Circle {
    r: i32,
}

#[derive(AmfObject, Clone, Debug, PartialEq)]
#[amf(alias = "G", also = "old.G")]
struct Group {
    shapes: Vec<Shape>,
}

#[derive(AmfObject, Clone, Debug, PartialEq)]
enum Shape {
    Circle(Circle),
    Group(Box<Group>),
    #[amf(alias = "E")]
    Empty,
    #[amf(alias = "L", also = "Line")]
    Line {
        start_x: i32,
        #[amf(default)]
        end: Option<Arc<Shape>>,
        #[amf(skip)]
        cached: u8,
    },
}

fn circle(r: i32) -> Shape {
    Shape::Circle(Circle { r })
}

#[test]
fn the_alias_selects_the_variant() {
    round_trip(Version::Amf3, &circle(1), b"\x0A\x13\x03C\x03r\x04\x01");
    round_trip(Version::Amf3, &Shape::Empty, b"\x0A\x03\x03E");
    round_trip(Version::Amf0, &Shape::Empty, b"\x10\0\x01E\0\0\x09");
    let line = Shape::Line { start_x: 5, end: None, cached: 0 };
    // 2 << 4 | 0b0011
    round_trip(Version::Amf3, &line, b"\x0A\x23\x03L\x0DstartX\x07end\x04\x05\x01");
    let bytes = b"\x10\0\x01L\0\x06startX\0\x40\x14\0\0\0\0\0\0\0\x03end\x05\0\0\x09";
    round_trip(Version::Amf0, &line, bytes);
}

#[test]
fn lists_are_polymorphic_and_nest() {
    let group = |shapes| Shape::Group(Box::new(Group { shapes }));
    let shapes = group(vec![circle(1), Shape::Empty, group(vec![circle(2)])]);
    let bytes = [
        b"\x0A\x13\x03G\x0Dshapes".as_slice(), // traits 0
        b"\x09\x07\x01",                       // array of 3
        b"\x0A\x13\x03C\x03r\x04\x01",         // traits 1
        b"\x0A\x03\x03E",                      // traits 2
        b"\x0A\x01\x09\x03\x01",               // traits 0; array of 1
        b"\x0A\x05\x04\x02",                   // traits 1
    ];
    round_trip(Version::Amf3, &shapes, &bytes.concat());
    // AMF0: typed objects in strict arrays
    let bytes = b"\x0A\0\0\0\x02\x10\0\x01C\0\x01r\0\x3F\xF0\0\0\0\0\0\0\0\0\x09\x10\0\x01E\0\0\x09";
    round_trip(Version::Amf0, &vec![circle(1), Shape::Empty], bytes);
    // Switched to AMF3, one by one: the second takes the first's traits.
    let bytes = b"\x0A\0\0\0\x02\x11\x0A\x13\x03C\x03r\x04\x01\x11\x0A\x01\x04\x02";
    assert_eq!(from_slice::<Vec<Shape>>(Version::Amf0, bytes).unwrap(), [circle(1), circle(2)]);
    // An option, and members in any order, dynamic ones as well.
    assert_eq!(from_slice::<Option<Shape>>(Version::Amf3, b"\x01").unwrap(), None);
    let bytes = b"\x0A\x0B\x03C\x03x\x02\x03r\x04\x07\x01";
    assert_eq!(from_slice::<Option<Shape>>(Version::Amf3, bytes).unwrap(), Some(circle(7)));
}

#[test]
fn other_aliases_are_read_and_not_written() {
    let bytes = b"\x0A\x13\x0Bold.G\x0Dshapes\x09\x01\x01";
    let group = from_slice::<Shape>(Version::Amf3, bytes).unwrap();
    assert_eq!(group, Shape::Group(Box::new(Group { shapes: Vec::new() })));
    assert_eq!(to_vec(Version::Amf3, &group).unwrap(), b"\x0A\x13\x03G\x0Dshapes\x09\x01\x01");
    let line = from_slice::<Shape>(Version::Amf3, b"\x0A\x13\x09Line\x0DstartX\x04\x05").unwrap();
    assert_eq!(line, Shape::Line { start_x: 5, end: None, cached: 0 });
}

#[test]
fn references_lead_to_variants() {
    // [circle, reference to it] by value: read again.
    let bytes = b"\x09\x05\x01\x0A\x13\x03C\x03r\x04\x01\x0A\x02";
    assert_eq!(from_slice::<Vec<Shape>>(Version::Amf3, bytes).unwrap(), [circle(1), circle(1)]);
    // Shared: one value, one reference.
    let shared: Vec<Arc<Shape>> = from_slice(Version::Amf3, bytes).unwrap();
    assert!(Arc::ptr_eq(&shared[0], &shared[1]));
    assert_eq!(to_vec(Version::Amf3, &shared).unwrap(), bytes);
    // AMF0: the array is 0, the circle 1.
    let bytes = b"\x0A\0\0\0\x02\x10\0\x01C\0\x01r\0\x3F\xF0\0\0\0\0\0\0\0\0\x09\x07\0\x01";
    let shared: Vec<Arc<Shape>> = from_slice(Version::Amf0, bytes).unwrap();
    assert!(Arc::ptr_eq(&shared[0], &shared[1]) && *shared[0] == circle(1));
    assert_eq!(to_vec(Version::Amf0, &shared).unwrap(), bytes);
    // A reference inside an object that is read again: a line whose end is the circle before it, twice.
    let bytes =
        b"\x09\x07\x01\x0A\x13\x03C\x03r\x04\x01\x0A\x23\x03L\x0DstartX\x07end\x04\x05\x0A\x02\x0A\x04";
    let shapes = from_slice::<Vec<Shape>>(Version::Amf3, bytes).unwrap();
    let line = Shape::Line { start_x: 5, end: Some(Arc::new(circle(1))), cached: 0 };
    assert_eq!(shapes, [circle(1), line.clone(), line]);
    // A reference to nothing, and one to what encloses it.
    fails::<Shape>(
        Version::Amf3,
        b"\x0A\x02",
        "object reference 1 is out of range; 0 were sent before (at byte 0)",
    );
    let message =
        from_slice::<Shape>(Version::Amf3, b"\x0A\x13\x03G\x0Dshapes\x09\x03\x01\x0A\0").unwrap_err();
    assert!(message.to_string().contains("leads back to an object that encloses it"), "{message}");
}

#[test]
fn a_proxy_is_looked_through() {
    let bytes = b"\x0A\x07\x3Bflex.messaging.io.ObjectProxy\x0A\x13\x03C\x03r\x04\x01";
    assert_eq!(from_slice::<Shape>(Version::Amf3, bytes).unwrap(), circle(1));
    // Many proxies in one another neither overflow the stack nor become a shape.
    let proxies = [b"\x0A\x07\x3Bflex.messaging.io.ObjectProxy".as_slice(), &[0x0A, 1].repeat(100_000)];
    assert!(from_slice::<Shape>(Version::Amf3, &proxies.concat()).is_err());
}

#[test]
fn errors_list_the_known_variants() {
    let of = "expected an object of class C, G, E or L, got";
    fails::<Shape>(Version::Amf3, b"\x0A\x03\x03X", &format!("{of} one of class X (at byte 0)"));
    fails::<Shape>(Version::Amf0, b"\x10\0\x01X\0\0\x09", &format!("{of} one of class X (at byte 0)"));
    let nameless = format!("{of} an object without a class, which alone says what it is (at byte 0)");
    fails::<Shape>(Version::Amf3, b"\x0A\x0B\x01\x01", &nameless);
    fails::<Shape>(Version::Amf0, b"\x03\0\0\x09", &nameless);
    fails::<Shape>(Version::Amf3, b"\x04\x01", &format!("{of} Integer (at byte 0)"));
    fails::<Shape>(Version::Amf3, b"\x01", &format!("{of} null (at byte 0)"));
    fails::<Shape>(Version::Amf0, b"\x02\0\x01C", &format!("{of} String (at byte 0)"));
    let error = from_slice::<Vec<Shape>>(Version::Amf3, b"\x09\x03\x01\x0A\x03\x03X").unwrap_err();
    assert_eq!((error.path().as_str(), error.offset()), ("[0]", 3));
    // The input ends in the alias.
    fails::<Shape>(
        Version::Amf3,
        b"\x0A\x13\x07C",
        "the input ends here; at least 2 more bytes are needed (at byte 3)",
    );
}

#[test]
fn the_other_variant_takes_unknown_aliases() {
    #[derive(AmfObject, Debug, PartialEq)]
    enum Known {
        Circle(Circle),
        #[amf(other)]
        Other(Value),
    }
    assert_eq!(
        from_slice::<Known>(Version::Amf3, b"\x0A\x13\x03C\x03r\x04\x01").unwrap(),
        Known::Circle(Circle { r: 1 })
    );
    round_trip(Version::Amf3, &Known::Other(Value::Integer(5)), b"\x04\x05");
    round_trip(Version::Amf0, &Known::Other(Value::Null), b"\x05");
    let Known::Other(Value::Object(object)) =
        from_slice(Version::Amf3, b"\x0A\x13\x03X\x03r\x04\x01").unwrap()
    else {
        panic!("not an object");
    };
    assert_eq!((object.alias(), object.get("r")), ("X", Some(&Value::Integer(1))));
    // Looking at a string table entry does not enter it twice: X, r, then references to them.
    let bytes = b"\x09\x05\x01\x0A\x13\x03X\x03r\x06\0\x06\x02";
    let [Known::Other(_), Known::Other(Value::String(text))] =
        &from_slice::<[Known; 2]>(Version::Amf3, bytes).unwrap()
    else {
        panic!("not a string");
    };
    assert_eq!(&**text, "r");
    // An ancestor that is a dynamic value: an array in itself.
    assert!(from_slice::<Known>(Version::Amf3, b"\x09\x03\x01\x09\0").is_ok());
}

#[test]
fn classes_of_all_variants_are_known() {
    let mut classes = Classes::new();
    Shape::classes(&mut classes);
    for alias in ["C", "G", "old.G", "E", "L", "Line"] {
        assert!(classes.get(alias).is_some(), "{alias}");
    }
    Vec::<Option<Shape>>::classes(&mut classes);
    assert_eq!(classes.conflicts().count(), 0);
    // A circle where a group is wanted: both are known.
    let mut decoder = Decoder::new(Version::Amf0, b"\x10\0\x01C\0\0\x09").with_classes(Arc::new(classes));
    let message = Group::from_amf(&mut decoder).unwrap_err().to_string();
    assert!(message.contains("expected an object of class G, got one of C"), "{message}");
}

#[test]
fn peeking_does_not_count_against_the_limits() {
    let nodes = |nodes| {
        let limits = Limits::new().with_nodes(nodes);
        let bytes = b"\x09\x05\x01\x0A\x13\x03C\x03r\x04\x01\x0A\x01\x04\x02";
        <Vec<Shape>>::from_amf(&mut Decoder::new(Version::Amf3, bytes).with_limits(limits))
    };
    // The array, two circles, two radii.
    assert!(nodes(5).is_ok() && nodes(4).is_err());

    #[derive(AmfObject, Debug, PartialEq)]
    enum Mood {
        Happy,
        #[amf(other)]
        Other(Value),
    }
    let nodes = |nodes| {
        let limits = Limits::new().with_nodes(nodes);
        // Number 1 behind 0x11, and "x".
        let bytes = b"\x0A\0\0\0\x02\x11\x04\x01\x02\0\x01x";
        <Vec<Mood>>::from_amf(&mut Decoder::new(Version::Amf0, bytes).with_limits(limits))
    };
    assert_eq!(nodes(3).unwrap(), [Mood::Other(Value::Integer(1)), Mood::Other(Value::from("x"))]);
    assert!(nodes(2).is_err());
}

#[test]
fn generic_enums_and_pointers_in_variants() {
    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(alias = "B")]
    struct Boxed<T> {
        value: T,
    }
    #[derive(AmfObject, Debug, PartialEq)]
    enum Either<'a, T> {
        Shared(Arc<Circle>),
        Boxed(Boxed<T>),
        #[amf(alias = "N")]
        Named {
            name: &'a str,
            inner: T,
            #[amf(dynamic)]
            more: DynamicMembers,
        },
    }
    round_trip(Version::Amf3, &Either::Boxed(Boxed { value: true }), b"\x0A\x13\x03B\x0Bvalue\x03");
    round_trip::<Either<'_, bool>>(
        Version::Amf3,
        &Either::Shared(Arc::new(Circle { r: 1 })),
        b"\x0A\x13\x03C\x03r\x04\x01",
    );
    let more = [("x", Value::Null)].into_iter().collect();
    // 2 << 4 | dynamic 0b1000 | 0b0011
    let bytes = b"\x0A\x2B\x03N\x09name\x0Binner\x06\x03a\x03\x03x\x01\x01";
    round_trip(Version::Amf3, &Either::Named { name: "a", inner: true, more }, bytes);
}

#[test]
fn unit_variants_are_strings() {
    #[derive(AmfObject, Debug, PartialEq)]
    enum Suit {
        Hearts,
        #[amf(rename = "spade", also = "Spades", also = "S")]
        Spades,
    }
    round_trip(Version::Amf0, &Suit::Hearts, b"\x02\0\x06Hearts");
    round_trip(Version::Amf3, &Suit::Spades, b"\x06\x0Bspade");
    for old in [b"\x06\x0DSpades".as_slice(), b"\x06\x03S"] {
        assert_eq!(from_slice::<Suit>(Version::Amf3, old).unwrap(), Suit::Spades);
    }
    round_trip(Version::Amf3, &vec![Suit::Hearts, Suit::Hearts], b"\x09\x05\x01\x06\x0DHearts\x06\0");
    let expected = "expected \"Hearts\", \"spade\", \"Spades\" or \"S\", got";
    fails::<Suit>(Version::Amf0, b"\x02\0\x01X", &format!("{expected} \"X\" (at byte 0)"));
    fails::<Suit>(Version::Amf3, b"\x04\x01", &format!("{expected} Integer (at byte 0)"));

    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(string, rename_all = "kebab-case")]
    enum Mood {
        VeryHappy,
        #[amf(other)]
        Other(String),
    }
    round_trip(Version::Amf3, &Mood::VeryHappy, b"\x06\x15very-happy");
    round_trip(Version::Amf3, &Mood::Other("sad".to_owned()), b"\x06\x07sad");
    assert!(from_slice::<Mood>(Version::Amf3, b"\x04\x01").is_err());

    #[derive(AmfObject, Debug, PartialEq)]
    enum Loose {
        On,
        #[amf(other)]
        Unknown,
    }
    for strange in [b"\x06\x03x".as_slice(), b"\x04\x01", b"\x09\x03\x01\x04\x01"] {
        assert_eq!(from_slice::<Loose>(Version::Amf3, strange).unwrap(), Loose::Unknown);
    }
    round_trip(Version::Amf3, &Loose::Unknown, b"\x06\x0FUnknown");
}

#[test]
fn unit_variants_are_numbers_where_it_says_so() {
    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(number)]
    enum Level {
        Low = 1,
        Middle,
        High = 10,
        Below = -1,
    }
    round_trip(Version::Amf3, &Level::Low, b"\x04\x01");
    round_trip(Version::Amf3, &Level::Middle, b"\x04\x02");
    round_trip(Version::Amf0, &Level::High, b"\0\x40\x24\0\0\0\0\0\0");
    round_trip(Version::Amf3, &Level::Below, b"\x04\xFF\xFF\xFF\xFF");
    // A double, and a Vector.<int>.
    assert_eq!(from_slice::<Level>(Version::Amf3, b"\x05\x40\x24\0\0\0\0\0\0").unwrap(), Level::High);
    let vector = b"\x0D\x05\0\0\0\0\x01\0\0\0\x0A";
    assert_eq!(from_slice::<Vec<Level>>(Version::Amf3, vector).unwrap(), [Level::Low, Level::High]);
    fails::<Level>(Version::Amf3, b"\x04\x03", "expected 1, 2, 10 or -1, got 3 (at byte 0)");
    fails::<Level>(Version::Amf3, b"\x06\x03x", "expected 1, 2, 10 or -1, got String (at byte 0)");

    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(number)]
    #[repr(u8)]
    enum Code {
        Zero,
        One,
        #[amf(other)]
        Other(f64),
    }
    round_trip(Version::Amf3, &Code::One, b"\x04\x01");
    assert_eq!(from_slice::<Code>(Version::Amf3, b"\x04\x09").unwrap(), Code::Other(9.0));
    assert_eq!(from_slice::<Code>(Version::Amf3, b"\x04\0").unwrap(), Code::Zero);
}

#[test]
fn cut_and_changed_bytes_are_errors_at_most() {
    let amf3 =
        b"\x09\x07\x01\x0A\x13\x03C\x03r\x04\x01\x0A\x23\x03L\x0DstartX\x07end\x04\x05\x0A\x02\x0A\x04";
    let amf0 = b"\x0A\0\0\0\x02\x10\0\x01C\0\x01r\0\x3F\xF0\0\0\0\0\0\0\0\0\x09\x11\x0A\x03\x03E";
    for (version, bytes) in [(Version::Amf3, amf3.as_slice()), (Version::Amf0, amf0)] {
        assert!(from_slice::<Vec<Shape>>(version, bytes).is_ok());
        for end in 0..bytes.len() {
            assert!(from_slice::<Vec<Shape>>(version, &bytes[..end]).is_err(), "cut at {end}");
        }
        for place in 0..bytes.len() {
            for byte in 0..=u8::MAX {
                let mut changed = bytes.to_vec();
                changed[place] = byte;
                let by_value = from_slice::<Vec<Shape>>(version, &changed);
                let shared = from_slice::<Vec<Arc<Shape>>>(version, &changed);
                assert_eq!(by_value.is_ok(), shared.is_ok(), "{byte:#04x} at {place}");
            }
        }
    }
}
