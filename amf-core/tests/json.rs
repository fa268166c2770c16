//! Dynamic values as JSON, in the plain and in the tagged form.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::sync::Arc;

use amf_core::serde::Tagged;
use amf_core::{
    Array, Date, Dictionary, DynamicMembers, EcmaArray, External, ExternalPart, Object, Traits, Value,
    Vector, Version, WeakValue, from_slice,
};
use proptest::prelude::*;
use serde_json::json;

fn plain_json(value: impl Into<Value>) -> String {
    serde_json::to_string(&value.into()).unwrap()
}

/// Checks both directions between a value and its form, as text and as a tree that sorts its members.
#[track_caller]
fn assert_round_trip(value: impl Into<Value>, form: &serde_json::Value) {
    let value = value.into();
    let text = serde_json::to_string(&Tagged(&value)).unwrap();
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), *form);
    let Tagged(back) = serde_json::from_str::<Tagged<Value>>(&text).unwrap();
    assert_same(&back, &value);
    let Tagged(back) = serde_json::from_value::<Tagged<Value>>(form.clone()).unwrap();
    assert_same(&back, &value);
}

/// Checks that two values are equal and are encoded as the same bytes.
#[track_caller]
fn assert_same(back: &Value, value: &Value) {
    assert_eq!(back, value);
    assert_eq!(nested_type_names(back), nested_type_names(value));
}

/// Returns details that equality ignores as text: the sign of zero, and lengths.
fn nested_type_names(value: &Value) -> String {
    match value {
        Value::Number(number) => format!("{number:?}"),
        Value::EcmaArray(array) => array.length.to_string(),
        _ => String::new(),
    }
}

fn error_text(form: &str) -> String {
    let error = serde_json::from_str::<Tagged<Value>>(form).unwrap_err().to_string();
    error.split(" at line").next().unwrap().to_owned()
}

fn members<const N: usize>(members: [(&str, Value); N]) -> DynamicMembers {
    members.into_iter().collect()
}

mod plain_form {
    use super::*;

    #[test]
    fn every_kind_of_value_has_a_plain_form() {
        assert_eq!(plain_json(Value::Undefined), "null");
        assert_eq!(plain_json(Value::Unsupported), "null");
        assert_eq!(plain_json(7), "7");
        assert_eq!(plain_json(7.0), "7");
        assert_eq!(plain_json(-0.0), "-0.0");
        assert_eq!(plain_json(0.5), "0.5");
        assert_eq!(plain_json(f64::NAN), "null");
        assert_eq!(plain_json(1e300), "1e+300");
        assert_eq!(plain_json(Date::from_millis(1e12)), "1000000000000");
        assert_eq!(plain_json(Value::Xml("<a/>".into())), r#""<a/>""#);
        // RFC 4648 §10
        assert_eq!(plain_json(&b"fooba"[..]), r#""Zm9vYmE=""#);
        assert_eq!(plain_json(Object::typed("C").with("a", 1)), r#"{"a":1}"#);
        assert_eq!(plain_json(Vector::Number { fixed: true, items: vec![0.5] }), "[0.5]");
        let array = Array::new(vec![Value::Null]).with_members(members([("k", Value::from(1))]));
        assert_eq!(plain_json(array), r#"{"0":null,"k":1}"#);
        let list = EcmaArray::new(members([("0", Value::from(5)), ("1", Value::from(6))])).with_length(9);
        assert_eq!(plain_json(list), "[5,6]");
        let map = EcmaArray::new(members([("0", Value::from(5)), ("x", Value::from(6))])).with_length(0);
        assert_eq!(plain_json(map), r#"{"0":5,"x":6}"#);
        let entries = vec![(Value::from("a"), Value::from(1)), (Value::from(1.5), Value::from(2))];
        assert_eq!(plain_json(Dictionary::new(entries).with_weak_keys(true)), r#"{"a":1,"1.5":2}"#);
        let list = ExternalPart::Value(Value::from(vec![Value::from(1)]));
        assert_eq!(plain_json(External::new("flex.messaging.io.ArrayCollection", vec![list.clone()])), "[1]");
        let parts = vec![ExternalPart::Bytes(b"fooba"[..].into()), list];
        assert_eq!(plain_json(External::new("X", parts)), r#"["Zm9vYmE=",[1]]"#);
    }

    #[test]
    fn plain_json_is_read_as_values() {
        let value: Value =
            serde_json::from_str(r#"[null, true, 7, 7.0, 5000000000, "x", {"a": []}]"#).unwrap();
        assert_eq!(format!("{value:?}"), r#"[null, true, 7, 7.0, 5000000000.0, "x", {a: []}]"#);
        let error = serde_json::from_str::<Value>("9007199254740993").unwrap_err().to_string();
        assert!(error.starts_with("9007199254740993 is beyond 2^53"), "{error}");
        serde_json::from_str::<Value>("9007199254740992").unwrap();
    }

    #[test]
    fn cycles_and_unnamed_keys_have_no_plain_form() {
        // AMF3: an array with a reference to itself.
        let cycle: Value = from_slice(Version::Amf3, &[9, 3, 1, 9, 0]).unwrap();
        assert_eq!(
            serde_json::to_string(&cycle).unwrap_err().to_string(),
            "a reference to an object that encloses it has no plain form; use `Tagged`"
        );
        let odd = Dictionary::new(vec![(Value::from(true), Value::Null)]);
        assert_eq!(
            serde_json::to_string(&Value::from(odd)).unwrap_err().to_string(),
            "a Dictionary with a key of type Boolean has no plain form; use `Tagged`"
        );
    }

    #[test]
    fn repetition_of_shared_values_is_bounded() {
        // A list that contains a list twice, repeatedly: 41 lists represent 2^40 values.
        let mut value = Value::from(vec![Value::Null]);
        for _ in 0..40 {
            value = Value::from(vec![value.clone(), value]);
        }
        let error = serde_json::to_string(&value).unwrap_err().to_string();
        assert_eq!(
            error,
            "what is shared has more than 262144 values when it is written each time; use `Tagged`"
        );
        let text = serde_json::to_string(&Tagged(&value)).unwrap();
        let Tagged(back) = serde_json::from_str::<Tagged<Value>>(&text).unwrap();
        assert_eq!(back, value);
    }
}

mod tagged_form {
    use super::*;

    #[test]
    fn json_types_stand_for_themselves() {
        assert_round_trip(Value::Null, &json!(null));
        assert_round_trip(true, &json!(true));
        assert_round_trip(7, &json!(7));
        assert_round_trip(7.0, &json!(7.0));
        assert_round_trip(-0.125, &json!(-0.125));
        assert_round_trip("x", &json!("x"));
        assert_round_trip(vec![Value::from(1), Value::from("x")], &json!([1, "x"]));
        assert_round_trip(Object::new().with("a", 1), &json!({"a": 1}));
    }

    #[test]
    fn other_types_are_tagged_objects() {
        assert_round_trip(Value::Undefined, &json!({"$amf": "undefined"}));
        assert_round_trip(Value::Unsupported, &json!({"$amf": "unsupported"}));
        assert_round_trip(f64::NAN, &json!({"$amf": "number", "value": "NaN"}));
        assert_round_trip(f64::INFINITY, &json!({"$amf": "number", "value": "Infinity"}));
        assert_round_trip(f64::NEG_INFINITY, &json!({"$amf": "number", "value": "-Infinity"}));
        assert_round_trip(-0.0, &json!({"$amf": "number", "value": "-0"}));
        assert_round_trip(Date::from_millis(1e12), &json!({"$amf": "date", "millis": 1_000_000_000_000_i64}));
        assert_round_trip(Date::from_millis(0.5), &json!({"$amf": "date", "millis": 0.5}));
        assert_round_trip(
            Date::from_millis(f64::NAN),
            &json!({"$amf": "date", "millis": {"$amf": "number", "value": "NaN"}}),
        );
        assert_round_trip(Value::Xml("<a/>".into()), &json!({"$amf": "xml", "text": "<a/>"}));
        assert_round_trip(Value::XmlDocument("<a/>".into()), &json!({"$amf": "xmlDocument", "text": "<a/>"}));
        assert_round_trip(&b"fooba"[..], &json!({"$amf": "bytes", "base64": "Zm9vYmE="}));
        let array = Array::new(vec![Value::Null]).with_members(members([("k", Value::from(1))]));
        assert_round_trip(array, &json!({"$amf": "array", "items": [null], "members": {"k": 1}}));
        let array = EcmaArray::new(members([("0", Value::from(1))])).with_length(3_000_000_000);
        assert_round_trip(array, &json!({"$amf": "ecmaArray", "length": 3e9, "members": {"0": 1}}));
        assert_round_trip(
            Vector::Int { fixed: false, items: vec![-1] },
            &json!({"$amf": "vector", "of": "int", "items": [-1]}),
        );
        assert_round_trip(
            Vector::Uint { fixed: true, items: vec![1, u32::MAX] },
            &json!({"$amf": "vector", "of": "uint", "fixed": true, "items": [1, 4_294_967_295.0]}),
        );
        assert_round_trip(
            Vector::Number { fixed: false, items: vec![1.0, f64::NAN] },
            &json!({"$amf": "vector", "of": "Number", "items": [1.0, {"$amf": "number", "value": "NaN"}]}),
        );
        assert_round_trip(
            Vector::Object { fixed: false, class: "C".into(), items: vec![Value::Undefined] },
            &json!({"$amf": "vector", "of": "Object", "class": "C", "items": [{"$amf": "undefined"}]}),
        );
        let entries = vec![(Value::from(vec![]), Value::from(1)), (Value::Number(2.0), Value::Null)];
        assert_round_trip(
            Dictionary::new(entries).with_weak_keys(true),
            &json!({"$amf": "dictionary", "weak": true, "entries": [[[], 1], [2.0, null]]}),
        );
        let parts = vec![ExternalPart::Bytes(b"fooba"[..].into()), ExternalPart::Value(Value::from(1))];
        assert_round_trip(
            External::new("X", parts),
            &json!({"$amf": "external", "alias": "X", "parts": [{"base64": "Zm9vYmE="}, {"value": 1}]}),
        );
    }

    #[test]
    fn objects_keep_their_traits() {
        let object = |alias: &str, sealed: &[&str], dynamic, values: &[i32], others: DynamicMembers| {
            let traits = Traits::new(alias, sealed.iter().map(|name| Arc::from(*name)), dynamic);
            Object::with_traits(
                Arc::new(traits),
                values.iter().map(|value| Value::from(*value)).collect(),
                others,
            )
        };
        assert_round_trip(
            Object::typed("C").with("a", 1),
            &json!({"$amf": "object", "alias": "C", "members": {"a": 1}}),
        );
        assert_round_trip(
            object("C", &["b", "a"], false, &[1, 2], DynamicMembers::new()),
            &json!({"$amf": "object", "alias": "C", "sealed": ["b", "a"], "members": {"b": 1, "a": 2}}),
        );
        assert_round_trip(
            object("", &["b"], true, &[1], members([("a", Value::Null)])),
            &json!({"$amf": "object", "sealed": ["b"], "dynamic": true, "members": {"b": 1, "a": null}}),
        );
        assert_round_trip(
            object("C", &[], false, &[], DynamicMembers::new()),
            &json!({"$amf": "object", "alias": "C", "sealed": [], "members": {}}),
        );
        // Names that occur twice.
        assert_round_trip(
            object("", &["a", "a"], true, &[1, 2], members([("a", Value::from(3))])),
            &json!({"$amf": "object", "sealed": ["a", "a"], "dynamic": true, "members": [["a", 1], ["a", 2], ["a", 3]]}),
        );
        // A member named like the tag, whose value is the name of a type.
        assert_round_trip(
            Object::new().with("$amf", "ref").with("id", 7),
            &json!({"$amf": "object", "members": {"$amf": "ref", "id": 7}}),
        );
        let array = Array::new(vec![])
            .with_members(members([("$amf", Value::from("object")), ("id", Value::from(1))]));
        assert_round_trip(
            array,
            &json!({"$amf": "array", "items": [], "members": {"$amf": "object", "id": 1}}),
        );
    }

    #[test]
    fn shared_objects_stay_shared() {
        let shared = Value::from(vec![Value::from(1)]);
        let form = json!([{"$amf": "array", "id": 1, "items": [1]}, {"$amf": "ref", "id": 1}]);
        assert_round_trip(vec![shared.clone(), shared], &form);
        let Tagged(Value::Array(list)) = serde_json::from_value(form).unwrap() else { panic!() };
        let (Value::Array(a), Value::Array(b)) = (&list.items[0], &list.items[1]) else { panic!() };
        assert!(Arc::ptr_eq(a, b));
        // Objects, bytes and documents in their short and tagged forms.
        let object = Value::from(Object::new().with("a", 1));
        let bytes = Value::from(&b"fooba"[..]);
        assert_round_trip(
            vec![object.clone(), bytes.clone(), bytes, object],
            &json!([
                {"$amf": "object", "id": 1, "members": {"a": 1}},
                {"$amf": "bytes", "id": 2, "base64": "Zm9vYmE="},
                {"$amf": "ref", "id": 2},
                {"$amf": "ref", "id": 1},
            ]),
        );
    }

    #[test]
    fn references_before_their_objects_are_resolved() {
        let shared = Value::from(vec![Value::from(1)]);
        let object = Object::new().with("b", shared.clone()).with("a", shared);
        // The tree of serde_json sorts the members, so the reference comes first.
        let tree = serde_json::to_value(Tagged(&Value::from(object))).unwrap();
        assert_eq!(
            tree.to_string(),
            r#"{"a":{"$amf":"ref","id":1},"b":{"$amf":"array","id":1,"items":[1]}}"#
        );
        let Tagged(Value::Object(back)) = serde_json::from_value(tree).unwrap() else { panic!() };
        let (Some(Value::Array(a)), Some(Value::Array(b))) = (back.get("a"), back.get("b")) else { panic!() };
        assert!(Arc::ptr_eq(a, b));
    }

    #[test]
    fn cycles_survive_a_round_trip() {
        // AMF3 {self: reference to object 0}.
        let cycle: Value = from_slice(Version::Amf3, b"\x0A\x0B\x01\x09self\x0A\0\x01").unwrap();
        let form = json!({"$amf": "object", "id": 1, "members": {"self": {"$amf": "ancestor", "id": 1}}});
        assert_round_trip(cycle, &form);
        let Tagged(Value::Object(back)) = serde_json::from_value(form).unwrap() else { panic!() };
        let Some(Value::Ancestor(WeakValue::Object(weak))) = back.get("self") else { panic!() };
        assert!(Arc::ptr_eq(&weak.upgrade().unwrap(), &back));
    }

    #[test]
    fn a_value_taken_out_of_a_cycle_is_written() {
        // [[a reference to object 0]]: the inner list refers to the outer one, which does not contain it
        // here.
        let outer: Value = from_slice(Version::Amf3, &[9, 3, 1, 9, 3, 1, 9, 0]).unwrap();
        let inner = outer.as_list().unwrap()[0].clone();
        let form = serde_json::to_value(Tagged(&inner)).unwrap();
        let id = json!({"$amf": "ref", "id": 1});
        assert_eq!(
            form,
            json!({"$amf": "array", "id": 1, "items": [{"$amf": "array", "id": 2, "items": [id]}]})
        );
        drop(outer);
        let error = serde_json::to_string(&Tagged(&inner)).unwrap_err().to_string();
        assert_eq!(
            error,
            "the value refers back to an object that encloses it and is gone; keep that with it by `ValuePart`"
        );
    }

    #[test]
    fn more_than_64_levels_are_an_error() {
        let nested = |levels: usize| {
            (1..levels)
                .fold(Value::from(vec![]), |inner, _| Dictionary::new(vec![(Value::Null, inner)]).into())
        };
        let text = serde_json::to_string(&Tagged(nested(64))).unwrap();
        let mut reader = serde_json::Deserializer::from_str(&text);
        reader.disable_recursion_limit();
        let Tagged(back) = <Tagged<Value> as serde::Deserialize>::deserialize(&mut reader).unwrap();
        assert_eq!(back, nested(64));
        assert_eq!(
            serde_json::to_string(&Tagged(nested(65))).unwrap_err().to_string(),
            "the value is nested deeper than 64 levels"
        );
        serde_json::to_string(&nested(1)).unwrap();
        let lists = |levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let value: Value = serde_json::from_str(&lists(64)).unwrap();
        assert_eq!(serde_json::to_string(&value).unwrap(), lists(64));
        serde_json::from_str::<Value>(&lists(65)).unwrap_err();
        serde_json::to_string(&Value::from(vec![value])).unwrap_err();
        assert_eq!(
            error_text(&lists(65)),
            format!("{}: the limit `depth` of 64 is passed", "[0]".repeat(64))
        );
        let endless = "[".repeat(1_000_000);
        let mut endless = serde_json::Deserializer::from_str(&endless);
        endless.disable_recursion_limit();
        <Tagged<Value> as serde::Deserialize>::deserialize(&mut endless).unwrap_err();
    }

    #[test]
    fn errors_name_the_mistake() {
        assert_eq!(error_text(r#"[{"$amf": "thing"}]"#), "[0]: `$amf` has no kind `thing`");
        assert_eq!(error_text(r#"{"$amf": 1}"#), "$amf: expected a kind of value, got Integer");
        assert_eq!(error_text(r#"{"a": {"$amf": "date"}}"#), "a: the member `millis` is missing");
        assert_eq!(error_text(r#"{"$amf": "date", "millis": "x"}"#), "millis: expected Number, got String");
        assert_eq!(error_text(r#"{"$amf": "bytes", "base64": "%"}"#), "expected base64");
        assert_eq!(
            error_text(r#"{"$amf": "object", "member": {}}"#),
            "the kind `object` has no member `member`"
        );
        assert_eq!(error_text(r#"{"$amf": "ref", "id": 1}"#), "no object has the id 1");
        assert_eq!(error_text(r#"{"$amf": "ref"}"#), "the member `id` is missing");
        assert_eq!(
            error_text(r#"[{"$amf": "xml", "text": "", "id": 1}, {"$amf": "xml", "text": "", "id": 1}]"#),
            "two objects have the id 1"
        );
        assert_eq!(error_text(r#"{"$amf": "vector", "of": "x", "items": []}"#), "there is no Vector of `x`");
        assert_eq!(
            error_text(r#"{"$amf": "vector", "of": "uint", "items": [1, -1]}"#),
            "items[1]: expected u32, got Integer"
        );
        assert_eq!(
            error_text(r#"{"$amf": "dictionary", "entries": [[1]]}"#),
            "entries[0]: expected a list of two, got Array"
        );
        assert_eq!(error_text(r#"{"$amf": "number", "value": "2"}"#), "`2` is no number in words");
        assert_eq!(
            error_text(r#"{"$amf": "external", "alias": "X", "parts": [{}]}"#),
            "parts[0]: a part has either `base64` or `value`"
        );
    }

    #[test]
    fn the_tagged_form_can_be_written_as_amf() {
        let value = Value::from(Object::typed("C").with("at", Date::from_millis(5.5)).with("n", 2));
        for version in [Version::Amf0, Version::Amf3] {
            let bytes = amf_core::serde::to_vec(version, &Tagged(&value)).unwrap();
            let Tagged(back) = amf_core::serde::from_slice::<Tagged<Value>>(version, &bytes).unwrap();
            assert_eq!(back, value);
        }
    }
}

fn value() -> impl Strategy<Value = Value> {
    let number = || prop_oneof![any::<f64>(), (-5..5).prop_map(f64::from)];
    let text = || "[a$ é<]{0,4}".prop_map(Arc::<str>::from);
    let leaf =
        prop_oneof![
            Just(Value::Undefined),
            Just(Value::Null),
            Just(Value::Unsupported),
            any::<bool>().prop_map(Value::Bool),
            any::<i32>().prop_map(Value::Integer),
            number().prop_map(Value::Number),
            text().prop_map(Value::String),
            number().prop_map(|millis| Value::from(Date::from_millis(millis))),
            text().prop_map(Value::Xml),
            text().prop_map(Value::XmlDocument),
            prop::collection::vec(any::<u8>(), 0..6).prop_map(|bytes| Value::ByteArray(bytes.into())),
            (any::<bool>(), prop::collection::vec(any::<i32>(), 0..3))
                .prop_map(|(fixed, items)| Vector::Int { fixed, items }.into()),
            (any::<bool>(), prop::collection::vec(any::<u32>(), 0..3))
                .prop_map(|(fixed, items)| Vector::Uint { fixed, items }.into()),
            (any::<bool>(), prop::collection::vec(number(), 0..3))
                .prop_map(|(fixed, items)| Vector::Number { fixed, items }.into()),
        ];
    leaf.prop_recursive(5, 40, 4, move |inner| {
        // There are few names, among them the tag, so that collisions occur.
        let name = || {
            prop_oneof!["[a-c]", Just("$amf".to_owned()), Just("id".to_owned()), Just("members".to_owned())]
        };
        let list = prop::collection::vec(inner.clone(), 0..4);
        let named = prop::collection::vec((name(), inner.clone()), 0..4)
            .prop_map(|members| members.into_iter().collect::<DynamicMembers>());
        let pairs = prop::collection::vec((inner.clone(), inner.clone()), 0..3);
        let part = prop_oneof![
            prop::collection::vec(any::<u8>(), 0..4).prop_map(|bytes| ExternalPart::Bytes(bytes.into())),
            inner.clone().prop_map(ExternalPart::Value),
        ];
        prop_oneof![
            list.clone().prop_map(Value::from),
            // A list that contains the same value twice.
            (inner.clone(), name()).prop_map(|(shared, name)| {
                Value::from(vec![shared.clone(), Object::new().with(name, shared).into()])
            }),
            named.clone().prop_map(Value::from),
            (list.clone(), named.clone())
                .prop_map(|(items, members)| Array::new(items).with_members(members).into()),
            (any::<u32>(), named.clone())
                .prop_map(|(length, members)| EcmaArray::new(members).with_length(length).into()),
            (text(), prop::collection::vec(name(), 0..3), any::<bool>(), list.clone(), named).prop_map(
                |(alias, names, dynamic, sealed, members)| {
                    let traits = Traits::new(alias, names.into_iter().map(Arc::from), dynamic);
                    Object::with_traits(Arc::new(traits), sealed, members).into()
                }
            ),
            (any::<bool>(), text(), list).prop_map(|(fixed, class, items)| Vector::Object {
                fixed,
                class,
                items
            }
            .into()),
            (any::<bool>(), pairs)
                .prop_map(|(weak, entries)| Dictionary::new(entries).with_weak_keys(weak).into()),
            (text(), prop::collection::vec(part, 0..3))
                .prop_map(|(alias, parts)| External::new(alias, parts).into()),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..Default::default() })]

    #[test]
    fn every_value_survives_the_tagged_form(value in value()) {
        let text = serde_json::to_string(&Tagged(&value)).unwrap();
        let Tagged(back) = serde_json::from_str::<Tagged<Value>>(&text).unwrap();
        prop_assert_eq!(&back, &value);
        // The same bytes show sharing, order, and details that equality ignores.
        prop_assert_eq!(
            amf_core::to_vec(Version::Amf0, &back).ok(),
            amf_core::to_vec(Version::Amf0, &value).ok()
        );
        let tree = serde_json::to_value(Tagged(&value)).unwrap();
        let Tagged(back) = serde_json::from_value::<Tagged<Value>>(tree).unwrap();
        prop_assert_eq!(back, value);
    }

    #[test]
    fn plain_json_survives_a_round_trip(value in value()) {
        if let Ok(json) = serde_json::to_string(&value) {
            let back: Value = serde_json::from_str(&json).unwrap();
            prop_assert_eq!(serde_json::to_string(&back).unwrap(), json);
        }
    }

    #[test]
    fn every_decoded_value_survives_the_tagged_form(bytes in prop::collection::vec(0..20_u8, 0..40)) {
        for version in [Version::Amf0, Version::Amf3] {
            let Ok(value) = from_slice::<Value>(version, &bytes) else { continue };
            let text = serde_json::to_string(&Tagged(&value)).unwrap();
            let Tagged(back) = serde_json::from_str::<Tagged<Value>>(&text).unwrap();
            prop_assert_eq!(&back, &value);
            prop_assert_eq!(amf_core::to_vec(version, &back).ok(), amf_core::to_vec(version, &value).ok());
        }
    }
}

/// A value that contains a chain is as deep as the chain is long, and dropping it would recurse that deep.
#[test]
fn the_length_of_a_reference_chain_counts_as_depth() {
    let chain = |links: usize| {
        let link = |id: usize| {
            let items = if id == 0 { String::new() } else { format!(r#"{{"$amf":"ref","id":{}}}"#, id - 1) };
            format!(r#"{{"$amf":"array","id":{id},"items":[{items}]}}"#)
        };
        let links: Vec<String> = (0..links).map(link).collect();
        serde_json::from_str::<Tagged<Value>>(&format!("[{}]", links.join(",")))
    };
    assert!(chain(63).is_ok());
    for links in [64, 50_000] {
        let error = chain(links).unwrap_err().to_string();
        assert!(error.contains("the limit `depth` of 64 is passed"), "{links} links: {error}");
    }
}
