//! What `#[derive(AmfObject)]` writes and reads, against bytes made by hand from the specifications of AMF0 and AMF3.

#![warn(unused_qualifications)]
#![allow(clippy::unwrap_used, clippy::items_after_statements, reason = "these are tests")]

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt::Debug;
use std::sync::{Arc, Weak};

use amf_core::{
    AmfClass, AmfObject, Classes, DecodeError, Decoder, DynamicMembers, EncodeError, ExternalInput,
    ExternalOutput, Externalizable, FromAmf, ToAmf, Value, Version, from_slice, to_vec,
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
    let message = from_slice::<T>(version, bytes).unwrap_err().to_string();
    assert!(message.contains(expected), "{message}");
}

#[derive(AmfObject, Clone, Debug, PartialEq)]
#[amf(alias = "P")]
struct Player {
    display_name: String,
    #[amf(rename = "hp")]
    health: u32,
    alive: bool,
    rank: Option<u32>,
}

fn ann() -> Player {
    Player { display_name: "Ann".to_owned(), health: 300, alive: true, rank: None }
}

#[test]
fn a_typed_object_in_amf0() {
    let bytes = [
        b"\x10\0\x01P".as_slice(), // typed object, its class
        b"\0\x0BdisplayName\x02\0\x03Ann",
        b"\0\x02hp\0\x40\x72\xC0\0\0\0\0\0", // 300.0
        b"\0\x05alive\x01\x01",
        b"\0\x04rank\x05",
        b"\0\0\x09",
    ];
    round_trip(Version::Amf0, &ann(), &bytes.concat());
}

#[test]
fn a_typed_object_in_amf3() {
    let bytes = [
        // object, inline traits with 4 sealed members: 4 << 4 | 0b0011
        b"\x0A\x43\x03P".as_slice(),
        b"\x17displayName\x05hp\x0Balive\x09rank",
        b"\x06\x07Ann\x04\x82\x2C\x03\x01", // 300 = 0b10_0101100
    ];
    round_trip(Version::Amf3, &ann(), &bytes.concat());
}

#[test]
fn traits_are_written_once() {
    let player =
        |name: &str| Player { display_name: name.to_owned(), health: 1, alive: false, rank: Some(2) };
    let bytes = [
        b"\x09\x05\x01".as_slice(), // array of 2
        b"\x0A\x43\x03P\x17displayName\x05hp\x0Balive\x09rank\x06\x03A\x04\x01\x02\x04\x02",
        // traits reference 0: 0 << 2 | 0b01
        b"\x0A\x01\x06\x03B\x04\x01\x02\x04\x02",
    ];
    round_trip(Version::Amf3, &vec![player("A"), player("B")], &bytes.concat());
}

#[test]
fn any_order_and_no_alias_will_do() {
    // anonymous, and as an ECMA array whose count is wrong
    let members =
        b"\0\x05alive\x01\x01\0\x02hp\0\x40\x72\xC0\0\0\0\0\0\0\x0BdisplayName\x02\0\x03Ann\0\0\x09";
    for head in [b"\x03".as_slice(), b"\x08\0\0\0\x09", b"\x10\0\x05Other"] {
        assert_eq!(from_slice::<Player>(Version::Amf0, &[head, members].concat()).unwrap(), ann());
    }
    // sealed in another order, anonymous, the rest dynamic
    let bytes = b"\x0A\x2B\x01\x05hp\x0Balive\x04\x82\x2C\x03\x17displayName\x06\x07Ann\x01";
    assert_eq!(from_slice::<Player>(Version::Amf3, bytes).unwrap(), ann());
}

#[test]
fn an_object_of_another_known_class_is_an_error() {
    #[derive(AmfObject, Debug)]
    #[amf(alias = "Q")]
    struct Other {}

    let mut classes = Classes::new();
    Player::classes(&mut classes);
    Other::classes(&mut classes);
    let mut decoder = Decoder::new(Version::Amf0, b"\x10\0\x01P\0\0\x09").with_classes(Arc::new(classes));
    let message = Other::from_amf(&mut decoder).unwrap_err().to_string();
    assert!(message.contains('P') && message.contains('Q'), "{message}");
}

#[test]
fn what_is_missing_or_wrong_is_named() {
    fails::<Player>(Version::Amf0, b"\x03\0\x0BdisplayName\x02\0\x03Ann\0\0\x09", "hp");
    fails::<Player>(Version::Amf3, b"\x0A\x0B\x03P\x05hp\x04\x01\x01", "displayName");
    fails::<Vec<Player>>(Version::Amf0, b"\x0A\0\0\0\x01\x03\0\x02hp\x01\x01\0\0\x09", "hp");
    fails::<Player>(Version::Amf0, b"\x02\0\x03Ann", "String");
}

#[test]
fn members_of_no_field_are_skipped() {
    let bytes = b"\x0A\x2B\x01\x03x\x05hp\x09\x03\x01\x0A\x0B\x01\x03y\x04\x01\x01\x04\x07\x17displayName\x06\x03A\x0Balive\x02\x01";
    let player = from_slice::<Player>(Version::Amf3, bytes).unwrap();
    assert_eq!((player.health, player.display_name.as_str()), (7, "A"));
}

#[test]
fn dynamic_members_are_kept_in_order() {
    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(alias = "D")]
    struct Tagged {
        id: u32,
        #[amf(dynamic)]
        rest: DynamicMembers,
    }

    let rest =
        [("zeta".to_owned(), Value::Bool(true)), ("alpha".to_owned(), Value::Null)].into_iter().collect();
    let tagged = Tagged { id: 1, rest };
    let bytes = b"\x10\0\x01D\0\x02id\0\x3F\xF0\0\0\0\0\0\0\0\x04zeta\x01\x01\0\x05alpha\x05\0\0\x09";
    round_trip(Version::Amf0, &tagged, bytes);
    // 1 << 4 | dynamic 0b1000 | 0b0011
    round_trip(Version::Amf3, &tagged, b"\x0A\x1B\x03D\x05id\x04\x01\x09zeta\x03\x0Balpha\x01\x01");
}

#[test]
fn renaming_rules_apply() {
    macro_rules! members {
        ($($case:literal)?) => {{
            #[derive(AmfObject)]
            $(#[amf(rename_all = $case)])?
            #[allow(dead_code)]
            struct Named {
                display_name: bool,
                r#type: bool,
                _hidden: bool,
                #[amf(rename = "As-Is")]
                renamed: bool,
                #[amf(skip)]
                skipped: bool,
            }
            assert_eq!(Named::CLASS.alias(), "");
            Named::CLASS.members()
        }};
    }
    assert_eq!(members!(), ["displayName", "type", "hidden", "As-Is"]);
    assert_eq!(members!("camelCase"), ["displayName", "type", "hidden", "As-Is"]);
    assert_eq!(members!("PascalCase"), ["DisplayName", "Type", "Hidden", "As-Is"]);
    assert_eq!(members!("snake_case"), ["display_name", "type", "_hidden", "As-Is"]);
    assert_eq!(members!("none"), ["display_name", "type", "_hidden", "As-Is"]);
    assert_eq!(members!("SCREAMING_SNAKE_CASE"), ["DISPLAY_NAME", "TYPE", "_HIDDEN", "As-Is"]);
    assert_eq!(members!("kebab-case"), ["display-name", "type", "-hidden", "As-Is"]);
    assert_eq!(members!("lowercase"), ["display_name", "type", "_hidden", "As-Is"]);
    assert_eq!(members!("UPPERCASE"), ["DISPLAY_NAME", "TYPE", "_HIDDEN", "As-Is"]);
}

#[test]
fn defaults_stand_in_for_what_is_missing() {
    #[derive(AmfObject, Debug, PartialEq)]
    struct Fields {
        #[amf(default)]
        zero: u32,
        #[amf(default = "Fields::three")]
        three: u32,
        #[amf(default)]
        none: Option<u32>,
        #[amf(skip)]
        skipped: Vec<String>,
    }
    impl Fields {
        fn three() -> u32 {
            3
        }
    }
    let fields = from_slice::<Fields>(Version::Amf0, b"\x03\0\0\x09").unwrap();
    assert_eq!(fields, Fields { zero: 0, three: 3, none: None, skipped: Vec::new() });
    // What is there counts, and a skipped one is not there, whatever it is called.
    let bytes = b"\x03\0\x05three\0\x3F\xF0\0\0\0\0\0\0\0\x07skipped\x01\x01\0\0\x09";
    assert_eq!(from_slice::<Fields>(Version::Amf0, bytes).unwrap().three, 1);
    let written = to_vec(Version::Amf0, &Fields { skipped: vec!["x".to_owned()], ..fields }).unwrap();
    assert!(!written.windows(7).any(|bytes| bytes == b"skipped"));
}

#[test]
fn the_struct_stands_in_for_what_is_missing() {
    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(default)]
    struct Settings {
        volume: f64,
        name: String,
        #[amf(default)]
        own: u32,
        #[amf(skip)]
        cache: u32,
    }
    impl Default for Settings {
        fn default() -> Self {
            Self { volume: 0.5, name: "none".to_owned(), own: 9, cache: 8 }
        }
    }
    let bytes = b"\x03\0\x04name\x02\0\x01x\0\0\x09";
    let expected = Settings { volume: 0.5, name: "x".to_owned(), own: 0, cache: 8 };
    assert_eq!(from_slice::<Settings>(Version::Amf0, bytes).unwrap(), expected);
}

#[test]
fn an_empty_object() {
    #[derive(AmfObject, Debug, PartialEq)]
    struct Anonymous {}
    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(alias = "E")]
    struct Typed {}

    round_trip(Version::Amf0, &Anonymous {}, b"\x03\0\0\x09");
    round_trip(Version::Amf0, &Typed {}, b"\x10\0\x01E\0\0\x09");
    round_trip(Version::Amf3, &Typed {}, b"\x0A\x03\x03E");
    assert_eq!(from_slice::<Anonymous>(Version::Amf3, b"\x0A\x0B\x01\x03x\x02\x01").unwrap(), Anonymous {});
}

#[test]
fn borrowed_members_are_not_copied() {
    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(alias = "B")]
    struct Borrowed<'a> {
        name: &'a str,
        title: Cow<'a, str>,
        data: &'a [u8],
    }

    let bytes = b"\x0A\x33\x03B\x09name\x0Btitle\x09data\x06\x07Ann\x06\x05Dr\x0C\x07\x01\x02\x03";
    let borrowed = Borrowed { name: "Ann", title: Cow::Borrowed("Dr"), data: &[1, 2, 3] };
    round_trip(Version::Amf3, &borrowed, bytes);
    let read: Borrowed<'_> = from_slice(Version::Amf3, bytes).unwrap();
    let inside = |pointer: *const u8| bytes.as_ptr_range().contains(&pointer);
    assert!(inside(read.name.as_ptr()) && inside(read.data.as_ptr()));
    assert!(matches!(read.title, Cow::Borrowed(_)));
}

#[test]
fn generic_structs() {
    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(alias = "Page")]
    struct Page<'a, T, const N: usize> {
        title: &'a str,
        items: [T; N],
        by_name: HashMap<String, T>,
    }

    let page = Page { title: "t", items: [true, false], by_name: HashMap::from([("k".to_owned(), true)]) };
    let bytes = [
        b"\x10\0\x04Page\0\x05title\x02\0\x01t".as_slice(),
        b"\0\x05items\x0A\0\0\0\x02\x01\x01\x01\0",
        b"\0\x06byName\x03\0\x01k\x01\x01\0\0\x09",
        b"\0\0\x09",
    ];
    round_trip(Version::Amf0, &page, &bytes.concat());

    // The page is one class; what is in it is not.
    #[derive(AmfObject)]
    #[amf(alias = "Other")]
    struct Other {}
    let mut classes = Classes::new();
    Page::<Player, 1>::classes(&mut classes);
    Page::<Other, 1>::classes(&mut classes);
    assert!(["Page", "P", "Other"].into_iter().all(|alias| classes.get(alias).is_some()));
    assert_eq!(classes.conflicts().count(), 0);
}

#[test]
fn recursive_structs_share_and_lead_back() {
    #[derive(AmfObject, Debug)]
    #[amf(alias = "N")]
    struct Node {
        name: String,
        parent: Weak<Node>,
        children: Vec<Arc<Node>>,
    }

    let root = Arc::new_cyclic(|root: &Weak<Node>| {
        let child = Arc::new(Node { name: "c".to_owned(), parent: root.clone(), children: Vec::new() });
        Node { name: "r".to_owned(), parent: Weak::new(), children: vec![child.clone(), child] }
    });
    let bytes = [
        b"\x0A\x33\x03N\x09name\x0Dparent\x11children".as_slice(), // object 0
        b"\x06\x03r\x01",
        b"\x09\x05\x01",                        // object 1: array of 2
        b"\x0A\x01\x06\x03c\x0A\0\x09\x01\x01", // object 2, whose parent is object 0; object 3: empty array
        b"\x0A\x04",                            // object 2 again
    ]
    .concat();
    assert_eq!(to_vec(Version::Amf3, &root).unwrap(), bytes);
    let read: Arc<Node> = from_slice(Version::Amf3, &bytes).unwrap();
    assert_eq!(read.name, "r");
    assert!(Arc::ptr_eq(&read.children[0], &read.children[1]));
    assert!(Arc::ptr_eq(&read.children[0].parent.upgrade().unwrap(), &read));
}

#[derive(AmfObject, Debug, PartialEq)]
#[amf(alias = "M", externalizable)]
enum Money {
    Cents(i32),
    Gift(Player),
}

impl Externalizable for Money {
    fn read_external(input: &mut ExternalInput<'_, '_>) -> Result<Self, DecodeError> {
        match input.read_u8()? {
            0 => Ok(Self::Cents(input.read_i32()?)),
            _ => Ok(Self::Gift(input.read()?)),
        }
    }

    fn write_external(&self, output: &mut ExternalOutput<'_>) -> Result<(), EncodeError> {
        match self {
            Self::Cents(cents) => {
                output.write_u8(0);
                output.write_i32(*cents);
                Ok(())
            }
            Self::Gift(player) => {
                output.write_u8(1);
                output.write(player)
            }
        }
    }
}

#[test]
fn externalizable_types_write_themselves() {
    // object with externalizable traits: 0b0111
    round_trip(Version::Amf3, &Money::Cents(258), b"\x0A\x07\x03M\0\0\0\x01\x02");
    let player = b"\x0A\x07\x03M\x01\x0A\x43\x03P\x17displayName\x05hp\x0Balive\x09rank\x06\x07Ann\x04\x82\x2C\x03\x01";
    round_trip(Version::Amf3, &Money::Gift(ann()), player);
    // AMF0 has none, so it is switched.
    round_trip(Version::Amf0, &Money::Cents(258), b"\x11\x0A\x07\x03M\0\0\0\x01\x02");
}

#[test]
fn externalizable_members_are_known_from_the_struct_around_them() {
    #[derive(AmfObject, Debug)]
    struct Order {
        #[amf(default)]
        id: u32,
        price: Option<Box<Money>>,
    }

    // `other` is skipped, for which the length of an M must be known.
    let bytes = b"\x0A\x0B\x01\x0Bother\x0A\x07\x03M\0\0\0\x01\x02\x05id\x04\x05\x01";
    let order: Order = from_slice(Version::Amf3, bytes).unwrap();
    assert!(order.id == 5 && order.price.is_none());
}
