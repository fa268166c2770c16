//! What the encoder writes, read by `Py3AMF`'s decoder: every type that it knows, in both versions.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::needless_pass_by_value,
    reason = "everything here runs inside a test, where a panic is the failure"
)]

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use amf_core::{
    Amf0Numbering, Array, ArrayCollection, Date, Dictionary, DynamicMembers, EcmaArray, Encoder, External,
    ExternalPart, Object, ToAmf, Traits, Value, Version, WeakValue,
};
use amf_tests::clients;
use amf_tests::process::Process;
use amf_tests::random::Random;
use amf_tests::tagged::{bytes, class, date, double, ecma, hex, same, undefined};
use serde_json::{Value as Json, json};

#[test]
#[ignore = "needs Py3AMF: tests/run.sh"]
fn scalars() {
    let mut asked = Asked::default();
    asked.both(&Value::Null, json!(null), json!(null));
    asked.both(&Value::Undefined, undefined(), undefined());
    asked.both(&true, json!(true), json!(true));
    asked.both(&false, json!(false), json!(false));
    asked.in_amf0(&Value::Unsupported, json!(null));
    for number in [0.5, -1.25e300, f64::MIN_POSITIVE, f64::INFINITY, f64::NEG_INFINITY, f64::NAN] {
        asked.both(&number, double(number), double(number));
    }
    for moment in [0.0, 1_000.0, 1_306_926_779_576.0, -1_000.0, -2_208_988_800_000.0] {
        let moment_date = Date::from_millis(moment);
        asked.both(&moment_date, date(moment as i64), date(moment as i64));
    }
    // Python writes by number what is not ASCII.
    let said = xml("<a><b>&#233;</b></a>");
    asked.both(&Value::XmlDocument("<a><b>é</b></a>".into()), said.clone(), said);
    asked.both(&Value::Xml("<a x=\"1\" />".into()), xml("<a x=\"1\" />"), xml("<a x=\"1\" />"));
    asked.both(&[0_u8, 127, 128, 255][..], bytes(&[0, 127, 128, 255]), bytes(&[0, 127, 128, 255]));
    asked.answer();
}

#[test]
#[ignore = "needs Py3AMF: tests/run.sh"]
fn integers_at_the_edges_of_each_width() {
    let mut asked = Asked::default();
    let edges: [i64; 10] =
        [0x7F, 0x80, 0x3FFF, 0x4000, 0x1F_FFFF, 0x20_0000, 0x0FFF_FFFF, 0x1000_0000, 0x7FFF_FFFF, 1 << 53];
    for edge in edges {
        for integer in [edge, -edge, -edge - 1] {
            if integer < -(1 << 53) {
                continue;
            }
            let fits = (-0x1000_0000..=0x0FFF_FFFF).contains(&integer);
            let in_amf3 = if fits { json!(integer) } else { double(integer as f64) };
            asked.both(&integer, json!(integer), in_amf3);
        }
    }
    asked.both(&0, json!(0), json!(0));
    asked.answer();
}

#[test]
#[ignore = "needs Py3AMF: tests/run.sh"]
fn texts_of_every_length_and_script() {
    let mut random = Random::new();
    let mut asked = Asked::default();
    let mut texts: Vec<String> = [0, 1, 63, 64, 65, 8_191, 8_192].map(|length| random.text(length)).into();
    // The last that is short in AMF0, and the first that is long.
    texts.extend([0xFFFF, 0x1_0000, 300_000].map(|length| "x".repeat(length)));
    texts.extend(["\0\u{1F600}\u{10FFFF}", "שלום", "\u{FEFF}e\u{301}"].map(str::to_owned));
    for text in &texts {
        asked.both(text, json!(text), json!(text));
    }
    // By reference in AMF3, and the empty one that is never referred to.
    let again: Vec<&str> = texts.iter().take(3).chain(&texts).map(String::as_str).collect();
    asked.both(&again, json!(again), json!(again));
    asked.answer();
}

#[test]
#[ignore = "needs Py3AMF: tests/run.sh"]
fn arrays_and_objects() {
    let mut asked = Asked::default();
    let nested = json!([[], [[1, 2], ["a", null]], [true]]);
    asked.both(&(Vec::<i32>::new(), ((1, 2), ("a", ())), (true,)), nested.clone(), nested);

    let map: BTreeMap<&str, i32> = [("one", 1), ("zwei", 2), ("три", 3)].into();
    let object = json!({"one": 1, "zwei": 2, "три": 3});
    asked.both(&map, object.clone(), object);
    asked.both(&Object::new(), json!({}), json!({}));

    let members: DynamicMembers =
        [("0", Value::from("a")), ("1", 1.into()), ("key", Value::Null)].into_iter().collect();
    let array = json!({"0": "a", "1": 1, "key": null});
    asked.both(&EcmaArray::new(members).with_length(2), ecma(&array), ecma(&array));
    let named = [("key", Value::Null)].into_iter().collect();
    let mixed = Array::new(vec!["a".into(), 1.into()]).with_members(named);
    asked.both(&mixed, ecma(&array), ecma(&array));

    let dictionary =
        Dictionary::new(vec![("a".into(), 1.into()), (2.into(), Value::Null)]).with_weak_keys(true);
    asked.in_amf3(&dictionary, json!({"$dictionary": [["a", 1], [2, null]], "weak": true}));
    asked.answer();
}

#[test]
#[ignore = "needs Py3AMF: tests/run.sh"]
fn typed_objects_with_sealed_and_dynamic_members() {
    let mut asked = Asked::default();
    let sealed = Arc::new(Traits::new("com.example.Point", ["x".into(), "y".into()], false));
    let dynamic = Arc::new(Traits::new("com.example.Named", ["x".into()], true));
    let point = |x: i32| {
        Value::from(Object::with_traits(sealed.clone(), vec![x.into(), "text".into()], DynamicMembers::new()))
    };
    let named = |x: i32| {
        let members = [("name", Value::from("text")), ("other", Value::Undefined)].into_iter().collect();
        Value::from(Object::with_traits(dynamic.clone(), vec![x.into()], members))
    };
    let point_said = |x: i32| class("com.example.Point", &json!({"x": x, "y": "text"}));
    let named_said =
        |x: i32| class("com.example.Named", &json!({"x": x, "name": "text", "other": undefined()}));
    // The second of each has its traits by reference.
    let list = Value::from(vec![point(1), named(1), point(2), named(2)]);
    let list_said = json!([point_said(1), named_said(1), point_said(2), named_said(2)]);
    asked.both(&list, list_said.clone(), list_said);
    let typed = Object::typed("com.example.Ünï").with("child", Object::typed("empty"));
    let typed_said = class("com.example.Ünï", &json!({"child": class("empty", &json!({}))}));
    asked.both(&typed, typed_said.clone(), typed_said);
    asked.answer();
}

#[test]
#[ignore = "needs Py3AMF: tests/run.sh"]
fn references_and_cycles() {
    let mut asked = Asked::default();
    let shared = Arc::new(vec![1, 2]);
    let list = vec![shared.clone(), Arc::new(vec![1, 2]), shared];
    let list_said = json!([[1, 2], [1, 2], same(1)]);
    asked.both(&list, list_said.clone(), list_said);

    let object = Value::from(Object::typed("com.example.Room").with("name", "Lobby"));
    let array = Value::from(EcmaArray::new([("k", 1)].into_iter().collect()).with_length(0));
    let list = Value::from(vec![object.clone(), array.clone(), object, array]);
    let room = class("com.example.Room", &json!({"name": "Lobby"}));
    let list_said = json!([room, ecma(&json!({"k": 1})), same(1), same(2)]);
    asked.both(&list, list_said.clone(), list_said);

    let cycle = Arc::new_cyclic(|weak| {
        Object::typed("com.example.Node").with("itself", Value::Ancestor(WeakValue::Object(weak.clone())))
    });
    let cycle_said = class("com.example.Node", &json!({"itself": same(0)}));
    asked.both(&Value::Object(cycle), cycle_said.clone(), cycle_said);

    let array_cycle = Arc::new_cyclic(|weak| {
        let inner = Value::from(vec![Value::Ancestor(WeakValue::Array(weak.clone()))]);
        Array::new(vec![inner, 7.into()])
    });
    asked.both(&Value::Array(array_cycle), json!([[same(0)], 7]), json!([[same(0)], 7]));

    // Byte arrays, XML and dates take places in the table of AMF3 before what is referred to. In that of AMF0, XML
    // does, and to Py3AMF dates do.
    let room = Value::from(Object::new().with("name", "Lobby"));
    let mut list = vec![Value::ByteArray(Arc::from([1, 2])), Value::Xml("<a />".into()), room.clone(), room];
    let mut list_said = vec![bytes(&[1, 2]), xml("<a />"), json!({"name": "Lobby"}), same(1)];
    asked.in_amf0(&list, Json::from(list_said.clone()));
    list.insert(0, Date::from_millis(5.0).into());
    list_said.insert(0, date(5));
    asked.in_amf3(&list, Json::from(list_said.clone()));
    asked.in_amf0_of_py3amf(&list, Json::from(list_said.clone()));
    // Where the reader's numbering is not known, what is shared is written twice.
    let room_said = list_said[3].clone();
    list_said[4] = room_said;
    asked.in_amf0(&list, Json::from(list_said));
    asked.answer();
}

#[test]
#[ignore = "needs Py3AMF: tests/run.sh"]
fn collections_of_flex() {
    let mut asked = Asked::default();
    let said = json!({"$collection": ["a", 1, null]});
    let collection = ArrayCollection(vec![Value::from("a"), 1.into(), Value::Null]);
    // Behind a switch to AMF3 where the version is 0.
    asked.both(&collection, said.clone(), said);
    let proxy = External::new(
        "flex.messaging.io.ObjectProxy",
        vec![ExternalPart::Value(Object::new().with("a", 1).into())],
    );
    let said = json!({"$proxy": {"a": 1}});
    asked.both(&proxy, said.clone(), said);
    asked.answer();
}

#[test]
#[ignore = "needs Py3AMF: tests/run.sh"]
fn values_switched_to_amf3_share_its_tables() {
    let mut asked = Asked::default();
    let room = Value::from(Object::typed("com.example.Room").with("name", "Lobby"));
    let mut encoder = Encoder::in_envelope(Version::Amf3);
    for value in [Value::from("Lobby"), room.clone(), room, 7.into()] {
        value.to_amf(&mut encoder).unwrap();
    }
    // Each value is numbered afresh by the oracle, so the second room shows as a whole again.
    let room = class("com.example.Room", &json!({"name": "Lobby"}));
    asked.bytes(0, &encoder.finish().unwrap(), json!(["Lobby", room, room, 7]));

    // A byte array inside of AMF0.
    let list =
        Value::from(vec![Value::ByteArray(Arc::from([9])), "a".into(), Value::ByteArray(Arc::from([9]))]);
    asked.in_amf0(&list, json!([bytes(&[9]), "a", bytes(&[9])]));
    asked.answer();
}

#[test]
#[ignore = "needs Py3AMF: tests/run.sh"]
fn values_chosen_at_random() {
    let mut random = Random::new();
    let mut asked = Asked::default();
    for _ in 0..200 {
        let (value, in_amf0, in_amf3) = tree(&mut random, 4);
        asked.both(&value, in_amf0, in_amf3);
    }
    asked.answer();
}

/// A value, and what is said of it in each version.
fn tree(random: &mut Random, depth: usize) -> (Value, Json, Json) {
    let plain = |value: Value, said: Json| (value, said.clone(), said);
    match random.between(0, if depth == 0 { 6 } else { 9 }) {
        0 => plain(Value::Null, json!(null)),
        1 => plain(true.into(), json!(true)),
        2 => {
            let integer = random.between(-(1 << 28), (1 << 28) - 1) as i32;
            plain(integer.into(), json!(integer))
        }
        3 => {
            let number = random.fraction();
            plain(number.into(), double(number))
        }
        4 => {
            let integer = random.between(1 << 28, 1 << 40);
            (Value::Number(integer as f64), json!(integer), double(integer as f64))
        }
        5 => {
            let length = random.between(0, 40) as usize;
            let text = random.text(length);
            plain(text.as_str().into(), json!(text))
        }
        6 => {
            let millis = random.millis();
            plain(Date::from_millis(millis as f64).into(), date(millis))
        }
        7 => {
            let trees: Vec<_> = (0..random.between(0, 5)).map(|_| tree(random, depth - 1)).collect();
            let said =
                |version: fn(&(Value, Json, Json)) -> &Json| trees.iter().map(version).cloned().collect();
            let (amf0, amf3) = (said(|tree| &tree.1), said(|tree| &tree.2));
            (trees.iter().map(|tree| tree.0.clone()).collect(), Json::Array(amf0), Json::Array(amf3))
        }
        kind => {
            let mut object = if kind == 8 { Object::new() } else { Object::typed("com.example.Tree") };
            let (mut amf0, mut amf3) = (serde_json::Map::new(), serde_json::Map::new());
            for _ in 0..random.between(0, 5) {
                let name = random.name();
                let (value, in_amf0, in_amf3) = tree(random, depth - 1);
                object.insert(name.as_str(), value);
                amf0.insert(name.clone(), in_amf0);
                amf3.insert(name, in_amf3);
            }
            let said = |members: serde_json::Map<String, Json>| {
                let members = Json::Object(members);
                if kind == 8 { members } else { class("com.example.Tree", &members) }
            };
            (object.into(), said(amf0), said(amf3))
        }
    }
}

fn xml(text: &str) -> Json {
    json!({"$xml": text})
}

/// Bytes, and what is to be said of them.
#[derive(Default)]
struct Asked {
    questions: String,
    expected: Vec<(String, Json)>,
}

impl Asked {
    fn both<T: ToAmf + ?Sized>(&mut self, value: &T, in_amf0: Json, in_amf3: Json) {
        self.in_amf0(value, in_amf0);
        self.in_amf3(value, in_amf3);
    }

    fn in_amf0<T: ToAmf + ?Sized>(&mut self, value: &T, said: Json) {
        self.bytes(0, &amf_core::to_vec(Version::Amf0, value).unwrap(), json!([said]));
    }

    /// References are numbered as `Py3AMF` does.
    fn in_amf0_of_py3amf<T: ToAmf + ?Sized>(&mut self, value: &T, said: Json) {
        let mut encoder = Encoder::new(Version::Amf0).with_amf0_numbering(Amf0Numbering::PY3AMF);
        value.to_amf(&mut encoder).unwrap();
        self.bytes(0, &encoder.finish().unwrap(), json!([said]));
    }

    fn in_amf3<T: ToAmf + ?Sized>(&mut self, value: &T, said: Json) {
        self.bytes(3, &amf_core::to_vec(Version::Amf3, value).unwrap(), json!([said]));
    }

    fn bytes(&mut self, version: u8, bytes: &[u8], said: Json) {
        let question = json!({"version": version, "bytes": hex(bytes)});
        writeln!(self.questions, "{question}").unwrap();
        self.expected.push((question.to_string(), json!({"values": said})));
    }

    /// Asks the oracle everything at once.
    fn answer(self) {
        let oracle = Process::start_with_input(&mut clients::py3amf_oracle(), &self.questions);
        let finished = oracle.finish(Duration::from_mins(1));
        assert!(finished.status.success(), "{}", finished.stderr);
        let answers: Vec<&str> = finished.stdout.lines().collect();
        assert_eq!(answers.len(), self.expected.len());
        let mut wrong = Vec::new();
        for (answer, (question, expected)) in answers.iter().zip(&self.expected) {
            let answer: Json = serde_json::from_str(answer).unwrap();
            if answer != *expected {
                let short = |text: String| text.chars().take(600).collect::<String>();
                let (question, expected) = (short(question.clone()), short(expected.to_string()));
                wrong.push(format!("{question}\n    {}\n  instead of {expected}", short(answer.to_string())));
            }
        }
        assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), answers.len(), wrong.join("\n"));
    }
}
