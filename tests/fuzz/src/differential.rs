//! The decoder held against flash-lso's: what both accept must be the same value, and what only one
//! accepts, or reads in its own way, must have one of the reasons that are listed here.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use amf_core::{
    Array, DecodeError, DecodeErrorKind, DynamicMembers, FromAmf, Object, Value, Vector, Version,
};
use flash_lso::amf0::read::AMF0Decoder;
use flash_lso::amf3::read::AMF3Decoder;
use flash_lso::errors::Error;
use flash_lso::types::{Attribute, ClassDefinition, Element, ObjectId, Value as Theirs};
use nom::error::ErrorKind;

/// How the two decoders took an input. More than one may be true of an input that both accept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    BothRefuse,
    Same,
    /// Both accept. flash-lso takes a flag (`fixed`, weak keys) for true only if it is 1, we if it is not 0.
    Flag,
    /// We alone. No class is registered with flash-lso.
    Externalizable,
    /// We alone. BlazeDS writes characters beyond the BMP as two surrogates; flash-lso takes strict UTF-8.
    Cesu8,
    /// flash-lso alone. It resolves no reference, and so checks none. Of a U29 with bit 28 it makes an odd
    /// number, so that such a reference is a value of that length.
    Reference,
    /// flash-lso alone. It takes AMF0 markers that there are not for "unsupported", and `09` behind any name
    /// for the end of an object.
    Marker,
    /// flash-lso alone. It has no limits.
    Limit,
}

const OUTCOMES: [Outcome; 8] = [
    Outcome::BothRefuse,
    Outcome::Same,
    Outcome::Flag,
    Outcome::Externalizable,
    Outcome::Cesu8,
    Outcome::Reference,
    Outcome::Marker,
    Outcome::Limit,
];

/// Reads an input with both; a difference without a listed reason panics.
pub fn check(version: Version, input: &[u8]) {
    let mut decoder = super::decoder(version, input);
    let ours = Value::from_amf(&mut decoder);
    let theirs = match version {
        Version::Amf0 => AMF0Decoder::default().parse_single_element(input),
        Version::Amf3 => AMF3Decoder::default().parse_single_element(input),
    };
    match (ours, theirs) {
        (Ok(ours), Ok((rest, theirs))) => {
            assert_eq!(decoder.offset(), input.len() - rest.len(), "both end at the same place");
            super::plant(&ours);
            count(compare(version, &ours, &theirs));
        }
        (Ok(ours), Err(error)) => match ours_alone(input, &error) {
            Some(outcome) => count(outcome),
            None => panic!("only we accept {ours:?}: {error}"),
        },
        (Err(error), Ok((_, theirs))) => match theirs_alone(&error) {
            Some(outcome) => count(outcome),
            None => panic!("only flash-lso accepts {theirs:?}: {error}"),
        },
        (Err(_), Err(_)) => count(Outcome::BothRefuse),
    }
}

fn ours_alone(input: &[u8], error: &nom::Err<Error<'_>>) -> Option<Outcome> {
    // What it says of a class without a decoder, and of nothing else inside of a value. But first it reads
    // as many names as the traits say, a number that is not significant there (AMF3 §3.12).
    let is_undecoded = matches!(error, nom::Err::Error(Error::Nom(_, ErrorKind::Tag)));
    if is_undecoded || (0..input.len()).any(|start| has_external_traits(&input[start..])) {
        return Some(Outcome::Externalizable);
    }
    let is_surrogate = |pair: &[u8]| pair[0] == 0xED && (0xA0..=0xBF).contains(&pair[1]);
    input.windows(2).any(is_surrogate).then_some(Outcome::Cesu8)
}

/// Whether an object stands here that brings traits of an externalizable class with a number of members.
fn has_external_traits(input: &[u8]) -> bool {
    let [0x0A, head @ ..] = input else { return false };
    let length = head.iter().take(3).take_while(|byte| **byte >= 0x80).count();
    head.get(length).is_some_and(|last| last & 7 == 7 && (length > 0 || *last > 7))
}

fn theirs_alone(error: &DecodeError) -> Option<Outcome> {
    match error.kind() {
        DecodeErrorKind::Reference { table: "object", .. } => Some(Outcome::Reference),
        DecodeErrorKind::UnknownMarker { version: Version::Amf0, .. } => Some(Outcome::Marker),
        DecodeErrorKind::Limit { .. } => Some(Outcome::Limit),
        _ => None,
    }
}

/// Counts outcomes, and prints them after 2^16 inputs, 2^17, and so on.
fn count(outcome: Outcome) {
    static COUNTS: [AtomicU64; OUTCOMES.len()] = [const { AtomicU64::new(0) }; OUTCOMES.len()];
    COUNTS[outcome as usize].fetch_add(1, Ordering::Relaxed);
    let counts = COUNTS.each_ref().map(|count| count.load(Ordering::Relaxed));
    let total: u64 = counts.iter().sum();
    if total.is_power_of_two() && total >= 1 << 16 {
        eprintln!("differential: {:?}", std::iter::zip(OUTCOMES, counts).collect::<Vec<_>>());
    }
}

fn compare(version: Version, ours: &Value, theirs: &Theirs) -> Outcome {
    let mut tables = Tables::default();
    tables.enter(version, theirs);
    let (known, known_theirs) = Default::default();
    let mut comparison = Comparison { tables, known, known_theirs, outcome: Outcome::Same };
    comparison.value(version, ours, theirs);
    comparison.outcome
}

/// The objects of flash-lso's tree, which holds references as numbers, in the order in which they begin.
#[derive(Default)]
struct Tables<'a> {
    amf0: Vec<&'a Theirs>,
    amf3: Vec<&'a Theirs>,
}

impl<'a> Tables<'a> {
    fn enter(&mut self, version: Version, value: &'a Theirs) {
        let is_counted = match (version, value) {
            (
                _,
                Theirs::Object { id, .. } | Theirs::ECMAArray { id, .. } | Theirs::StrictArray { id, .. },
            ) => {
                let own = if version == Version::Amf3 { self.amf3.len() as i64 } else { -1 };
                assert_eq!(*id, ObjectId(own), "it counts as we do");
                true
            }
            (_, Theirs::XML { .. }) => true,
            (Version::Amf0, _) => false,
            (Version::Amf3, Theirs::VectorObject { .. } | Theirs::Dictionary { .. }) => true,
            (Version::Amf3, Theirs::VectorInt(_) | Theirs::VectorUInt(_) | Theirs::VectorDouble(_)) => true,
            (Version::Amf3, Theirs::Date { .. } | Theirs::ByteArray(_)) => true,
            (Version::Amf3, _) => false,
        };
        match version {
            _ if !is_counted => {}
            Version::Amf0 => self.amf0.push(value),
            Version::Amf3 => self.amf3.push(value),
        }
        self.enter_inside(version, value);
    }

    fn enter_inside(&mut self, version: Version, value: &'a Theirs) {
        match value {
            Theirs::AMF3(value) => self.enter(Version::Amf3, value),
            Theirs::Object { data, .. } => self.enter_elements(version, &data.elements),
            Theirs::ECMAArray { data, .. } => {
                self.enter_elements(version, &data.elements);
                data.dense.iter().for_each(|value| self.enter(version, value));
            }
            Theirs::StrictArray { values, .. } => values.iter().for_each(|value| self.enter(version, value)),
            Theirs::VectorObject { data, .. } => {
                data.values.iter().for_each(|value| self.enter(version, value));
            }
            Theirs::Dictionary { data, .. } => {
                for entry in &data.elements {
                    self.enter(version, &entry.key);
                    self.enter(version, &entry.value);
                }
            }
            _ => {}
        }
    }

    fn enter_elements(&mut self, version: Version, elements: &'a [Element]) {
        elements.iter().for_each(|element| self.enter(version, &element.value));
    }

    /// What a value stands for, and in which version it is.
    fn resolve(&self, version: Version, value: &'a Theirs) -> (Version, &'a Theirs) {
        match value {
            Theirs::AMF3(value) => self.resolve(Version::Amf3, value),
            Theirs::Amf3ObjectReference(ObjectId(index)) => (Version::Amf3, self.amf3[*index as usize]),
            Theirs::Reference(reference) => {
                // The number is private, but not to its debug form: `Reference(7)`.
                let form = format!("{reference:?}");
                let digits = form.trim_start_matches("Reference(").trim_end_matches(')');
                (Version::Amf0, self.amf0[digits.parse::<usize>().expect("a number")])
            }
            value => (version, value),
        }
    }
}

struct Comparison<'a> {
    tables: Tables<'a>,
    /// Objects that were met already, by address: ours with flash-lso's, and the other way.
    known: HashMap<usize, usize>,
    known_theirs: HashMap<usize, usize>,
    outcome: Outcome,
}

impl<'a> Comparison<'a> {
    fn value(&mut self, version: Version, ours: &Value, theirs: &'a Theirs) {
        let (version, theirs) = self.tables.resolve(version, theirs);
        match (ours, theirs) {
            (Value::Ancestor(weak), _) => {
                let ours = weak.upgrade().expect("the decoder keeps it");
                self.value(version, &ours, theirs);
            }
            (Value::Undefined, Theirs::Undefined)
            | (Value::Null, Theirs::Null)
            | (Value::Unsupported, Theirs::Unsupported) => {}
            (Value::Bool(ours), Theirs::Bool(theirs)) => assert_eq!(ours, theirs),
            (Value::Integer(ours), Theirs::Integer(theirs)) => assert_eq!(ours, theirs),
            (Value::Number(ours), Theirs::Number(theirs)) => same_bits(*ours, *theirs),
            (Value::String(ours), Theirs::String(theirs)) => assert_eq!(**ours, **theirs),
            (Value::Date(ours), Theirs::Date { time, .. }) => same_bits(ours.as_millis(), *time),
            (Value::ByteArray(ours), Theirs::ByteArray(theirs)) => assert_eq!(**ours, **theirs),
            (Value::Xml(ours), Theirs::XML { value, is_string: true }) if version == Version::Amf3 => {
                assert_eq!(**ours, **value);
            }
            (Value::XmlDocument(ours), Theirs::XML { value, is_string }) => {
                assert_eq!((&**ours, version == Version::Amf0), (&**value, *is_string));
            }
            _ => {
                if self.is_new(ours, theirs) {
                    self.inside(version, ours, theirs);
                }
            }
        }
    }

    /// Whether the pair is met the first time; each of both must always be met with the other.
    fn is_new(&mut self, ours: &Value, theirs: &'a Theirs) -> bool {
        let address = match ours {
            Value::Array(array) => Arc::as_ptr(array).addr(),
            Value::EcmaArray(array) => Arc::as_ptr(array).addr(),
            Value::Object(object) => Arc::as_ptr(object).addr(),
            Value::Vector(vector) => Arc::as_ptr(vector).addr(),
            Value::Dictionary(dictionary) => Arc::as_ptr(dictionary).addr(),
            _ => panic!("{ours:?} is not {theirs:?}"),
        };
        let their_address = std::ptr::from_ref(theirs).addr();
        let met =
            (self.known.insert(address, their_address), self.known_theirs.insert(their_address, address));
        assert!(
            matches!(met, (None, None)) || met == (Some(their_address), Some(address)),
            "{ours:?} is another object than {theirs:?}"
        );
        met.0.is_none()
    }

    fn inside(&mut self, version: Version, ours: &Value, theirs: &'a Theirs) {
        match (ours, theirs) {
            (Value::Object(ours), Theirs::Object { data, .. }) => {
                self.object(version, ours, &data.elements, data.class_definition.as_ref());
            }
            (Value::EcmaArray(ours), Theirs::ECMAArray { data, .. }) => {
                assert_eq!((ours.length, 0), (data.length, data.dense.len()));
                self.members(version, &ours.members, &data.elements);
            }
            (Value::Array(ours), Theirs::StrictArray { values, .. }) => {
                assert!(ours.members.is_empty());
                self.values(version, &ours.items, values);
            }
            (Value::Array(ours), Theirs::ECMAArray { data, .. }) => {
                let Array { items, members, .. } = &**ours;
                self.members(version, members, &data.elements);
                self.values(version, items, &data.dense);
            }
            (Value::Dictionary(ours), Theirs::Dictionary { data, .. }) => {
                self.flag(ours.weak, data.weak_keys);
                assert_eq!(ours.entries.len(), data.elements.len());
                for ((key, value), entry) in ours.entries.iter().zip(&data.elements) {
                    self.value(version, key, &entry.key);
                    self.value(version, value, &entry.value);
                }
            }
            (Value::Vector(ours), theirs) => self.vector(version, ours, theirs),
            _ => panic!("{ours:?} is not {theirs:?}"),
        }
    }

    fn object(
        &mut self,
        version: Version,
        ours: &Object,
        theirs: &'a [Element],
        class: Option<&ClassDefinition>,
    ) {
        let traits = ours.traits();
        let names = |class: &ClassDefinition| {
            assert!(traits.members().iter().map(|name| &**name).eq(class.static_properties.iter()));
            (class.name.clone(), class.attributes.contains(Attribute::Dynamic))
        };
        let (alias, is_dynamic) = class.map(names).unwrap_or_default();
        // In AMF0 every object is dynamic; flash-lso says it of none.
        assert_eq!((traits.alias(), traits.is_dynamic()), (&*alias, is_dynamic || version == Version::Amf0));
        let (sealed, dynamic) = theirs.split_at(traits.members().len());
        for ((name, value), element) in ours.sealed().zip(sealed) {
            assert_eq!(name, element.name);
            self.value(version, value, &element.value);
        }
        self.members(version, ours.dynamic(), dynamic);
    }

    /// Of members of one name flash-lso keeps all, we the last value in the place of the first.
    fn members(&mut self, version: Version, ours: &DynamicMembers, theirs: &'a [Element]) {
        let mut places = HashMap::new();
        let mut kept: Vec<&Element> = Vec::new();
        for element in theirs {
            let place = *places.entry(&element.name).or_insert(kept.len());
            match kept.get_mut(place) {
                Some(kept) => *kept = element,
                None => kept.push(element),
            }
        }
        assert_eq!(ours.len(), kept.len());
        for ((name, value), element) in ours.iter().zip(kept) {
            assert_eq!(name, element.name);
            self.value(version, value, &element.value);
        }
    }

    fn values(&mut self, version: Version, ours: &[Value], theirs: &'a [Theirs]) {
        assert_eq!(ours.len(), theirs.len());
        for (ours, theirs) in ours.iter().zip(theirs) {
            self.value(version, ours, theirs);
        }
    }

    fn vector(&mut self, version: Version, ours: &Vector, theirs: &'a Theirs) {
        let fixed = match (ours, theirs) {
            (Vector::Int { items, .. }, Theirs::VectorInt(theirs)) => {
                assert_eq!(*items, theirs.values);
                theirs.fixed_length
            }
            (Vector::Uint { items, .. }, Theirs::VectorUInt(theirs)) => {
                assert_eq!(*items, theirs.values);
                theirs.fixed_length
            }
            (Vector::Number { items, .. }, Theirs::VectorDouble(theirs)) => {
                assert_eq!(items.len(), theirs.values.len());
                items.iter().zip(&theirs.values).for_each(|(ours, theirs)| same_bits(*ours, *theirs));
                theirs.fixed_length
            }
            (Vector::Object { class, items, .. }, Theirs::VectorObject { data, .. }) => {
                assert_eq!(**class, data.object_type_name);
                self.values(version, items, &data.values);
                data.fixed_length
            }
            _ => panic!("{ours:?} is not {theirs:?}"),
        };
        self.flag(ours.is_fixed(), fixed);
    }

    fn flag(&mut self, ours: bool, theirs: bool) {
        if ours != theirs {
            assert!(ours, "a flag that is 1 is set");
            self.outcome = Outcome::Flag;
        }
    }
}

#[track_caller]
fn same_bits(ours: f64, theirs: f64) {
    assert_eq!(ours.to_bits(), theirs.to_bits(), "{ours} is not {theirs}");
}
