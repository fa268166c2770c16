//! What `#[derive(AmfObject)]` makes of members beyond plain ones, and of structs without any: flattened, under
//! several names, in another form, updated in place. Bytes are made by hand from the specifications.

#![warn(unused_qualifications)]
#![allow(clippy::unwrap_used, clippy::items_after_statements, reason = "these are tests")]

use std::collections::HashMap;
use std::fmt::Debug;
use std::marker::PhantomData;
use std::sync::Arc;

use amf_core::{
    AmfClass, AmfObject, Classes, DecodeError, Decoder, DynamicMembers, EncodeError, Encoder, FromAmf, ToAmf,
    Value, Version, from_slice, to_vec, update_from_slice,
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

#[derive(AmfObject, Clone, Debug, Default, PartialEq)]
struct Entity {
    id: u32,
    #[amf(default, also = "label")]
    name: Option<String>,
}

#[derive(AmfObject, Clone, Debug, Default, PartialEq)]
#[amf(alias = "Mob")]
struct Mobile {
    #[amf(flatten)]
    entity: Entity,
    x: i32,
}

#[derive(AmfObject, Clone, Debug, PartialEq)]
#[amf(alias = "Pl")]
struct Player {
    team: u32,
    #[amf(flatten)]
    mobile: Mobile,
    #[amf(also = "health", also = "lives")]
    hp: u32,
    #[amf(skip)]
    cached: u32,
}

fn player() -> Player {
    let entity = Entity { id: 1, name: None };
    Player { team: 9, mobile: Mobile { entity, x: 2 }, hp: 3, cached: 0 }
}

#[test]
fn flattened_members_stand_where_the_field_does() {
    assert_eq!(Mobile::CLASS.members(), ["id", "name", "x"]);
    assert_eq!(Player::CLASS.members(), ["team", "id", "name", "x", "hp"]);
    // object, traits of 5: 5 << 4 | 0b0011
    let bytes = b"\x0A\x53\x05Pl\x09team\x05id\x09name\x03x\x05hp\x04\x09\x04\x01\x01\x04\x02\x04\x03";
    round_trip(Version::Amf3, &player(), bytes);
    let bytes = [
        b"\x10\0\x02Pl\0\x04team\0\x40\x22\0\0\0\0\0\0\0\x02id\0\x3F\xF0\0\0\0\0\0\0\0\x04name\x05"
            .as_slice(),
        b"\0\x01x\0\x40\0\0\0\0\0\0\0\0\x02hp\0\x40\x08\0\0\0\0\0\0\0\0\x09",
    ];
    round_trip(Version::Amf0, &player(), &bytes.concat());
}

#[test]
fn flattened_members_come_in_any_order_and_under_other_names() {
    let bytes = b"\x0A\x0B\x01\x03x\x04\x02\x0Dhealth\x04\x03\x09team\x04\x09\x0Blabel\x06\x03A\x05id\x04\x01\x03z\x02\x01";
    let mut expected = player();
    expected.mobile.entity.name = Some("A".to_owned());
    assert_eq!(from_slice::<Player>(Version::Amf3, bytes).unwrap(), expected);
    // A missing one is named, as one of the class that is read.
    fails::<Player>(
        Version::Amf3,
        b"\x0A\x0B\x01\x09team\x04\x09\x05hp\x04\x03\x01",
        "the member `id` of Pl is missing (at byte 16)",
    );
    // One that does not fit has its name in the path.
    fails::<Player>(
        Version::Amf3,
        b"\x0A\x0B\x01\x05id\x02\x01",
        "id: expected u32, got Boolean (at byte 7)",
    );
}

#[test]
fn a_base_may_take_what_nobody_declares() {
    #[derive(AmfObject, Debug, PartialEq)]
    struct Base<T> {
        value: T,
        #[amf(dynamic)]
        rest: DynamicMembers,
    }
    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(alias = "H")]
    struct Heir<'a, T> {
        name: &'a str,
        #[amf(flatten)]
        base: Base<T>,
        last: u32,
    }
    assert!(<Heir<'_, bool>>::CLASS.is_dynamic());
    let rest = [("z", Value::Null)].into_iter().collect();
    let heir = Heir { name: "n", base: Base { value: true, rest }, last: 1 };
    // 3 << 4 | dynamic 0b1000 | 0b0011
    let bytes = b"\x0A\x3B\x03H\x09name\x0Bvalue\x09last\x06\x03n\x03\x04\x01\x03z\x01\x01";
    round_trip(Version::Amf3, &heir, bytes);
    let bytes = b"\x10\0\x01H\0\x04name\x02\0\x01n\0\x05value\x01\x01\0\x04last\0\x3F\xF0\0\0\0\0\0\0\0\x01z\x05\0\0\x09";
    round_trip(Version::Amf0, &heir, bytes);
}

#[test]
fn defaults_apply_to_flattened_structs() {
    #[derive(AmfObject, Debug, PartialEq)]
    struct ByField {
        #[amf(flatten, default)]
        entity: Entity,
    }
    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(default)]
    struct ByStruct {
        #[amf(flatten)]
        entity: Entity,
        last: u32,
    }
    impl Default for ByStruct {
        fn default() -> Self {
            Self { entity: Entity { id: 7, name: Some("x".to_owned()) }, last: 8 }
        }
    }
    let bytes = b"\x0A\x0B\x01\x09name\x06\x03A\x01";
    let entity = |id| Entity { id, name: Some("A".to_owned()) };
    assert_eq!(from_slice::<ByField>(Version::Amf3, bytes).unwrap(), ByField { entity: entity(0) });
    assert_eq!(
        from_slice::<ByStruct>(Version::Amf3, bytes).unwrap(),
        ByStruct { entity: entity(7), last: 8 }
    );
}

#[test]
fn a_generic_base_is_a_parameter() {
    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(alias = "W")]
    struct With<B> {
        #[amf(flatten)]
        base: B,
        on: bool,
    }
    let with = With { base: Entity { id: 1, name: None }, on: true };
    round_trip(Version::Amf3, &with, b"\x0A\x33\x03W\x05id\x09name\x05on\x04\x01\x01\x03");
    // The class of the base, where it has one, is known as well.
    let mut classes = Classes::new();
    <With<Mobile>>::classes(&mut classes);
    assert!(classes.get("Mob").is_some() && classes.get("W").is_some());
}

#[test]
fn shared_and_repeated_heirs() {
    let shared = Arc::new(Mobile { entity: Entity { id: 1, name: None }, x: 2 });
    let bytes = b"\x09\x05\x01\x0A\x33\x07Mob\x05id\x09name\x03x\x04\x01\x01\x04\x02\x0A\x02";
    assert_eq!(to_vec(Version::Amf3, &[shared.clone(), shared]).unwrap(), bytes);
    let read: Vec<Arc<Mobile>> = from_slice(Version::Amf3, bytes).unwrap();
    assert!(Arc::ptr_eq(&read[0], &read[1]));
    assert_eq!(from_slice::<Vec<Mobile>>(Version::Amf3, bytes).unwrap()[1], *read[0]);
}

#[test]
fn other_aliases_are_those_of_the_class() {
    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(alias = "new.P", also = "old.P", also = "older.P")]
    struct Renamed {}
    #[derive(AmfObject, Debug, PartialEq)]
    struct Pair {
        one: Renamed,
        two: Option<Mobile>,
    }

    let bytes = b"\x0A\x13\x01\x07one\x0A\x03\x0Bold.P";
    assert_eq!(from_slice::<Pair>(Version::Amf3, bytes).unwrap(), Pair { one: Renamed {}, two: None });
    round_trip(Version::Amf3, &Renamed {}, b"\x0A\x03\x0Bnew.P");
    // An alias that is known, and that of another class: both are named.
    fails::<Pair>(
        Version::Amf3,
        b"\x0A\x13\x01\x07two\x0A\x03\x0Bold.P",
        "two: expected an object of class Mob, got one of old.P (at byte 15)",
    );
}

#[test]
fn unknown_members_may_be_denied() {
    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(alias = "S", deny_unknown)]
    struct Strict {
        #[amf(also = "was")]
        is: u32,
    }
    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(deny_unknown)]
    struct Heir {
        #[amf(flatten)]
        strict: Strict,
    }
    #[derive(AmfObject, Debug, PartialEq)]
    struct Loose {
        #[amf(flatten)]
        strict: Strict,
    }
    let read = b"\x0A\x0B\x01\x07was\x04\x01\x01";
    let unknown = b"\x0A\x0B\x01\x05is\x04\x01\x03x\x04\x01\x01";
    assert_eq!(from_slice::<Strict>(Version::Amf3, read).unwrap(), Strict { is: 1 });
    assert_eq!(from_slice::<Heir>(Version::Amf3, read).unwrap().strict.is, 1);
    fails::<Strict>(Version::Amf3, unknown, "S has no member `x` (at byte 10)");
    fails::<Heir>(Version::Amf3, unknown, "the member `x` is not known (at byte 10)");
    assert_eq!(from_slice::<Loose>(Version::Amf3, unknown).unwrap().strict.is, 1);
}

#[test]
fn newtypes_are_what_they_hold() {
    #[derive(AmfObject, Debug, PartialEq)]
    struct Id(u32);
    #[derive(AmfObject, Debug, PartialEq)]
    struct Maybe<T>(Option<T>, #[amf(skip)] PhantomData<T>);
    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(transparent)]
    struct Names {
        names: Vec<Mobile>,
        #[amf(skip)]
        count: usize,
    }
    #[derive(AmfObject, Debug, PartialEq)]
    struct Holder {
        id: Id,
        maybe: Maybe<u32>,
    }
    #[derive(AmfObject, Debug, PartialEq)]
    struct Big(#[amf(as = "string")] u64);

    round_trip(Version::Amf3, &Id(5), b"\x04\x05");
    round_trip(Version::Amf0, &Id(1), b"\0\x3F\xF0\0\0\0\0\0\0");
    round_trip(Version::Amf3, &Names { names: Vec::new(), count: 0 }, b"\x09\x01\x01");
    round_trip(Version::Amf3, &Big(u64::MAX), b"\x06\x2918446744073709551615");
    // What is missing is what the inner type says.
    let holder = from_slice::<Holder>(Version::Amf3, b"\x0A\x0B\x01\x05id\x04\x01\x01").unwrap();
    assert_eq!(holder, Holder { id: Id(1), maybe: Maybe(None, PhantomData) });
    fails::<Holder>(Version::Amf3, b"\x0A\x0B\x01\x01", "the member `id` is missing (at byte 4)");
    let mut classes = Classes::new();
    Names::classes(&mut classes);
    assert!(classes.get("Mob").is_some());
}

#[test]
fn tuple_structs_are_lists_and_unit_structs_empty_objects() {
    #[derive(AmfObject, Debug, PartialEq)]
    struct Point(i32, f64);
    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(alias = "U")]
    struct Unit;

    round_trip(Version::Amf3, &Point(1, 1.0), b"\x09\x05\x01\x04\x01\x05\x3F\xF0\0\0\0\0\0\0");
    fails::<Point>(
        Version::Amf3,
        b"\x09\x03\x01\x04\x01",
        "expected a list of 2, got one that lacks element 1 (at byte 5)",
    );
    round_trip(Version::Amf3, &Unit, b"\x0A\x03\x03U");
    round_trip(Version::Amf0, &Unit, b"\x10\0\x01U\0\0\x09");
}

#[derive(AmfObject, Debug, PartialEq)]
struct Wide {
    #[amf(as = "string")]
    id: u64,
    #[amf(as = "double")]
    count: Option<i64>,
    #[amf(as = "string", default)]
    all: Vec<u64>,
}

#[test]
fn large_integers_go_as_strings_or_doubles_where_it_says_so() {
    let wide = Wide { id: (1 << 53) + 1, count: Some(1 << 60), all: vec![1, u64::MAX] };
    let bytes = [
        b"\x03\0\x02id\x02\0\x109007199254740993".as_slice(),
        b"\0\x05count\0\x43\xB0\0\0\0\0\0\0", // 2^60
        b"\0\x03all\x0A\0\0\0\x02\x02\0\x011\x02\0\x1418446744073709551615",
        b"\0\0\x09",
    ];
    round_trip(Version::Amf0, &wide, &bytes.concat());
    // A small number will do, and null, or nothing, for an option.
    let read = from_slice::<Wide>(Version::Amf3, b"\x0A\x0B\x01\x05id\x04\x07\x01").unwrap();
    assert_eq!(read, Wide { id: 7, count: None, all: Vec::new() });
    fails::<Wide>(Version::Amf3, b"\x0A\x0B\x01\x01", "the member `id` is missing (at byte 4)");
    fails::<Wide>(
        Version::Amf3,
        b"\x0A\x0B\x01\x05id\x06\x05-1\x01",
        "id: expected u64, got the string \"-1\" (at byte 6)",
    );
    fails::<Wide>(
        Version::Amf3,
        b"\x0A\x0B\x01\x05id\x02\x01",
        "id: expected u64 as a string, got Boolean (at byte 7)",
    );
}

#[test]
fn large_integers_are_errors_where_it_says_nothing() {
    let message = to_vec(Version::Amf3, &((1_u64 << 53) + 1)).unwrap_err().to_string();
    let expected = "9007199254740993 is beyond 2^53, where a Number is no longer exact; send it as a \
                    string; a derive does by `#[amf(as = \"string\")]`, or rounds by `#[amf(as = \"double\")]`";
    assert_eq!(message, expected);
    // 2^54 as a double.
    let message = from_slice::<i64>(Version::Amf3, b"\x05\x43\x50\0\0\0\0\0\0").unwrap_err().to_string();
    assert!(
        message.starts_with("expected i64, got 18014398509481984, which may be another number"),
        "{message}"
    );
    assert!(message.contains("#[amf(as = \"string\")]"), "{message}");
    // What a smaller type cannot hold has no such remedy.
    let message = from_slice::<i32>(Version::Amf3, b"\x05\x43\x50\0\0\0\0\0\0").unwrap_err().to_string();
    assert!(message.contains("which it cannot hold"), "{message}");
}

/// Whole seconds, as milliseconds on the wire.
mod millis {
    use super::{DecodeError, Decoder, EncodeError, Encoder, FromAmf, ToAmf};

    pub(crate) fn from_amf(decoder: &mut Decoder<'_>) -> Result<Seconds, DecodeError> {
        u32::from_amf(decoder).map(|millis| Seconds(millis / 1000))
    }

    pub(crate) fn to_amf(seconds: &Seconds, encoder: &mut Encoder) -> Result<(), EncodeError> {
        (seconds.0 * 1000).to_amf(encoder)
    }

    /// Is no AMF itself.
    #[derive(Debug, Default, PartialEq)]
    pub(crate) struct Seconds(pub(crate) u32);
}

#[test]
fn a_module_gives_a_member_its_form() {
    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(alias = "T")]
    struct Timed {
        #[amf(with = "millis", rename = "ms")]
        time: millis::Seconds,
        #[amf(with = "millis", default)]
        other: millis::Seconds,
    }
    let timed = Timed { time: millis::Seconds(2), other: millis::Seconds(0) };
    // 2000 = 0b1111_1010000
    round_trip(Version::Amf3, &timed, b"\x0A\x23\x03T\x05ms\x0Bother\x04\x8F\x50\x04\0");
    fails::<Timed>(Version::Amf3, b"\x0A\x13\x03T\x05ms\x02", "ms: expected u32, got Boolean (at byte 8)");
    fails::<Timed>(Version::Amf3, b"\x0A\x03\x03T", "the member `ms` of T is missing (at byte 4)");
}

#[test]
fn bounds_can_be_given() {
    trait Family {
        type Member: Debug + PartialEq;
    }
    #[derive(Debug, PartialEq)]
    struct Numbers;
    impl Family for Numbers {
        type Member = u32;
    }
    #[derive(AmfObject, Debug, PartialEq)]
    #[amf(bound = "F::Member: FromAmf<'de> + ToAmf")]
    struct Of<F: Family> {
        member: F::Member,
        members: HashMap<String, F::Member>,
    }
    let of = Of::<Numbers> { member: 1, members: HashMap::new() };
    round_trip(Version::Amf3, &of, b"\x0A\x0B\x01\x0Dmember\x04\x01\x0Fmembers\x0A\x01\x01\x01");
}

#[test]
fn a_value_is_updated_by_what_came() {
    let mut value = player();
    value.cached = 77;
    let bytes = b"\x0A\x0B\x01\x03x\x04\x05\x0Dhealth\x04\x06\x0Dcached\x04\x01\x01";
    update_from_slice(Version::Amf3, bytes, &mut value).unwrap();
    let mut expected = player();
    (expected.mobile.x, expected.hp, expected.cached) = (5, 6, 77);
    assert_eq!(value, expected);
    // Nothing changes where there is an error, not even what came before it.
    let bytes = b"\x0A\x0B\x01\x03x\x04\x09\x05hp\x02\x01";
    let message = update_from_slice(Version::Amf3, bytes, &mut value).unwrap_err().to_string();
    assert_eq!(message, "hp: expected u32, got Boolean (at byte 11)");
    assert_eq!(value, expected);
    assert!(update_from_slice(Version::Amf3, b"\x0A\x0B\x01\x01\0", &mut value).is_err());

    #[derive(AmfObject, Debug, PartialEq)]
    struct Bag {
        #[amf(dynamic)]
        rest: DynamicMembers,
    }
    let rest = |pairs: &[(&'static str, i32)]| {
        pairs.iter().map(|(name, number)| (*name, Value::Integer(*number))).collect::<DynamicMembers>()
    };
    let mut bag = Bag { rest: rest(&[("a", 1), ("b", 2)]) };
    let mut decoder = Decoder::new(Version::Amf3, b"\x0A\x0B\x01\x03b\x04\x05\x03c\x04\x06\x01");
    decoder.update(&mut bag).unwrap();
    assert_eq!(bag.rest, rest(&[("a", 1), ("b", 5), ("c", 6)]));
}
