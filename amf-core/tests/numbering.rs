//! AMF0 reference numbers of senders that count different objects.
//!
//! The bytes are written by [`Sender`], which follows AMF0 §2 and numbers objects in the order in which they begin
//! (§2.9), counting the array of arguments and dates as the numbering says. The numberings are those of real senders:
//! AVM1 and `BlazeDS` (arguments), `Py3AMF` (dates), Zend AMF's test requests (neither), Red5 (dates).

#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

use std::sync::Arc;

use amf_core::{
    Amf0Numbering, AmfObject, Date, DecodeErrorKind, Decoder, EncodeErrorKind, Encoder, Limits, Object,
    OutputLimit, ToAmf, Value, Version, WeakValue, from_slice, to_vec,
};

const ALL: [Amf0Numbering; 4] = [
    Amf0Numbering { arguments_count: true, dates_count: false },
    Amf0Numbering { arguments_count: false, dates_count: true },
    Amf0Numbering { arguments_count: false, dates_count: false },
    Amf0Numbering { arguments_count: true, dates_count: true },
];

/// Writer of AMF0 that follows one numbering.
struct Sender {
    numbering: Amf0Numbering,
    bytes: Vec<u8>,
    next: u16,
}

impl Sender {
    fn new(numbering: Amf0Numbering) -> Self {
        Self { numbering, bytes: Vec::new(), next: 0 }
    }

    fn arguments(numbering: Amf0Numbering, count: u8) -> Self {
        let mut sender = Self::new(numbering);
        sender.bytes.extend([0x0A, 0, 0, 0, count]);
        sender.next += u16::from(numbering.arguments_count);
        sender
    }

    fn place(&mut self) -> u16 {
        self.next += 1;
        self.next - 1
    }

    fn array(&mut self, count: u8) -> u16 {
        self.bytes.extend([0x0A, 0, 0, 0, count]);
        self.place()
    }

    fn date(&mut self, millis: f64) -> Option<u16> {
        self.bytes.push(0x0B);
        self.bytes.extend(millis.to_be_bytes());
        self.bytes.extend([0, 0]);
        self.numbering.dates_count.then(|| self.place())
    }

    /// Writes an anonymous object with one Boolean member.
    fn object(&mut self, name: u8) -> u16 {
        self.bytes.extend([0x03, 0, 1, name, 0x01, 1, 0, 0, 9]);
        self.place()
    }

    fn xml(&mut self) -> u16 {
        self.bytes.extend(*b"\x0F\0\0\0\x04<a/>");
        self.place()
    }

    fn reference(&mut self, number: u16) {
        self.bytes.push(0x07);
        self.bytes.extend(number.to_be_bytes());
    }
}

#[derive(AmfObject, Debug, PartialEq)]
struct A {
    a: bool,
}

#[derive(AmfObject, Debug, PartialEq)]
struct B {
    b: bool,
}

const NOON: f64 = 1_306_926_000_000.0;

/// Reads the arguments of a call with one function.
fn arguments<'de, T>(
    decoder: &mut Decoder<'de>,
    mut read: impl FnMut(&mut Decoder<'de>) -> Result<T, amf_core::DecodeError>,
) -> Result<T, amf_core::DecodeError> {
    decoder.read_message(|decoder| {
        decoder.begin_arguments()?;
        let value = read(decoder)?;
        decoder.finish()?;
        Ok(value)
    })
}

#[test]
fn typed_arguments_of_every_sender() {
    for numbering in ALL {
        let mut sender = Sender::arguments(numbering, 5);
        sender.date(NOON);
        let a = sender.object(b'a');
        sender.object(b'b');
        let xml = sender.xml();
        sender.reference(a);
        let mut decoder = Decoder::new(Version::Amf0, &sender.bytes);
        let (date, a, b, xml_text, again): (Date, A, B, String, A) = arguments(&mut decoder, |decoder| {
            Ok((decoder.read()?, decoder.read()?, decoder.read()?, decoder.read()?, decoder.read()?))
        })
        .unwrap_or_else(|error| panic!("{numbering:?}: {error}"));
        assert_eq!((date, b, xml_text.as_str()), (Date::from_millis(NOON), B { b: true }, "<a/>"));
        assert_eq!(a, again);

        // A reference to the XML, behind it.
        sender.bytes[4] = 6;
        sender.reference(xml);
        let mut decoder = Decoder::new(Version::Amf0, &sender.bytes);
        let xml: String = arguments(&mut decoder, |decoder| {
            let _: (Date, A, B) = (decoder.read()?, decoder.read()?, decoder.read()?);
            let first: String = decoder.read()?;
            let _: A = decoder.read()?;
            let second: String = decoder.read()?;
            assert_eq!(first, second);
            Ok(second)
        })
        .unwrap_or_else(|error| panic!("{numbering:?}: {error}"));
        assert_eq!(xml, "<a/>");
    }
}

#[test]
fn values_of_a_sender_whose_numbering_is_set() {
    for numbering in ALL {
        // [[a date, A, B, {when: a date}, A again, B again]]
        let mut sender = Sender::arguments(numbering, 1);
        sender.array(6);
        sender.date(NOON);
        let a = sender.object(b'a');
        let b = sender.object(b'b');
        sender.bytes.extend(*b"\x03\0\x04when");
        sender.place();
        sender.date(NOON);
        sender.bytes.extend([0, 0, 9]);
        sender.reference(a);
        sender.reference(b);
        let mut decoder = Decoder::new(Version::Amf0, &sender.bytes).with_amf0_numbering(numbering);
        let items: Vec<Value> = arguments(&mut decoder, Decoder::read).unwrap();
        let same = |one: &Value, other: &Value| match (one, other) {
            (Value::Object(one), Value::Object(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        assert!(same(&items[1], &items[4]) && same(&items[2], &items[5]), "{numbering:?}: {items:?}");
        assert!(items[1].get("a").is_some() && items[2].get("b").is_some());
        assert_eq!(decoder.amf0_numbering(), numbering);
    }
}

#[test]
fn a_date_sent_again() {
    // An array of arguments, a list of two, and the date of July 2022 twice: the array is 0, the list 1, the date 2.
    let bytes = *b"\x0A\0\0\0\x01\x0A\0\0\0\x02\x0B\x42\x78\x56\xAA\x0C\x80\0\0\0\0\x07\0\x02";
    let date = Date::from_millis(f64::from_be_bytes(*b"\x42\x78\x56\xAA\x0C\x80\0\0"));
    let mut decoder = Decoder::new(Version::Amf0, &bytes);
    let dates: Vec<Date> = arguments(&mut decoder, Decoder::read).unwrap();
    assert_eq!(dates, [date, date]);
    let counted = Amf0Numbering { arguments_count: true, dates_count: true };
    assert_eq!(decoder.amf0_numbering(), counted);
    assert_eq!(decoder.shown_amf0_numbering(), Some(counted));

    let mut decoder = Decoder::new(Version::Amf0, &bytes);
    let dates: Vec<Value> = arguments(&mut decoder, Decoder::read).unwrap();
    assert_eq!(dates, [Value::Date(date.into()), Value::Date(date.into())]);
}

#[derive(AmfObject, Debug, PartialEq)]
struct Holder {
    when: Date,
}

#[test]
fn a_date_in_an_object_that_is_read_again() {
    for numbering in ALL {
        // A list of {when: date} twice, and of [B] twice: objects that are replayed by value do not change
        // the numbers.
        let mut sender = Sender::new(numbering);
        sender.array(4);
        sender.bytes.extend(*b"\x03\0\x04when");
        let holder = sender.place();
        sender.date(NOON);
        sender.bytes.extend([0, 0, 9]);
        sender.reference(holder);
        let list = sender.array(1);
        sender.object(b'b');
        sender.reference(list);
        let (one, two, three, four): (Holder, Holder, Vec<B>, Vec<B>) =
            from_slice(Version::Amf0, &sender.bytes).unwrap();
        assert_eq!((one, three), (two, four));
    }
}

#[test]
fn a_date_behind_the_switch_to_amf3_has_no_amf0_number() {
    // [11 08 01 a date, {a}, {b}, reference 1 or 2]: the list is 0, A is 1 and B is 2, also if AMF0 dates count.
    let mut sender = Sender::new(Amf0Numbering { arguments_count: true, dates_count: true });
    sender.array(4);
    sender.bytes.extend([0x11, 0x08, 0x01]);
    sender.bytes.extend(NOON.to_be_bytes());
    let a = sender.object(b'a');
    sender.object(b'b');
    sender.reference(a);
    let mut decoder = Decoder::new(Version::Amf0, &sender.bytes);
    let (_, a, _, again): (Date, A, B, A) = decoder.read_message(Decoder::read).unwrap();
    assert_eq!(a, again);
    assert_eq!(decoder.shown_amf0_numbering(), None, "all numberings agree");
}

#[test]
fn what_reads_under_several_takes_the_first() {
    // A list of a date, A, B and reference 3, which is B if the arguments count, and A if dates count too.
    let mut sender = Sender::arguments(ALL[3], 1);
    sender.array(4);
    sender.date(NOON);
    let a = sender.object(b'a');
    sender.object(b'b');
    sender.reference(a);
    let read = |numbering| {
        let mut decoder = Decoder::new(Version::Amf0, &sender.bytes).with_amf0_numbering(numbering);
        let items: Vec<Value> = arguments(&mut decoder, Decoder::read).unwrap();
        assert_eq!(decoder.amf0_numbering(), numbering, "it was read once");
        items[3].clone()
    };
    assert!(read(Amf0Numbering::default()).get("b").is_some());
    assert!(read(ALL[3]).get("a").is_some());
}

#[test]
fn the_array_of_arguments_is_never_meant() {
    // Reference 0 alone is the array or nothing.
    let bytes = *b"\x0A\0\0\0\x01\x07\0\0";
    let mut decoder = Decoder::new(Version::Amf0, &bytes);
    let error = arguments(&mut decoder, Decoder::read::<Value>).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the reference leads to the array of arguments, which encloses all of them (at byte 8)"
    );

    // Behind an object, reference 0 is that object: the sender does not count the array.
    let mut sender = Sender::arguments(ALL[2], 2);
    let a = sender.object(b'a');
    sender.reference(a);
    let mut decoder = Decoder::new(Version::Amf0, &sender.bytes);
    let read = arguments(&mut decoder, |decoder| Ok((decoder.read::<Value>()?, decoder.read::<Value>()?)));
    let (first, again) = read.unwrap();
    assert_eq!(first, again);
    assert!(!decoder.amf0_numbering().arguments_count);
}

#[test]
fn the_first_error_is_reported() {
    // A list of a date, A, and reference 9, which is invalid under every numbering.
    let mut sender = Sender::arguments(ALL[0], 1);
    sender.array(3);
    sender.date(NOON);
    sender.object(b'a');
    sender.reference(9);
    let mut decoder = Decoder::new(Version::Amf0, &sender.bytes);
    let error = arguments(&mut decoder, Decoder::read::<Vec<Value>>).unwrap_err();
    // The array, the list, and A: three numbers under the first numbering.
    assert_eq!(*error.kind(), DecodeErrorKind::Reference { table: "object", index: 9, len: 3 });
}

#[test]
fn all_attempts_share_one_budget() {
    // [a date, A, reference]: 1 array + 1 list + 1 date + 1 object + 1 Boolean = 5 values up to the reference.
    let mut sender = Sender::arguments(ALL[3], 1);
    sender.array(3);
    sender.date(NOON);
    let a = sender.object(b'a');
    sender.reference(a);
    let read = |nodes| {
        let limits = Limits::new().with_nodes(nodes);
        let mut decoder = Decoder::new(Version::Amf0, &sender.bytes).with_limits(limits);
        arguments(&mut decoder, Decoder::read::<Vec<Value>>).map_err(|error| error.kind().clone())
    };
    // Under the first numbering reference 3 is out of range, because there are three objects. The first
    // attempt takes 6 values, and the second one 5, because its reference leads to an object that was already
    // read.
    let first = DecodeErrorKind::Reference { table: "object", index: 3, len: 3 };
    assert_eq!(read(10).unwrap_err(), first);
    assert_eq!(read(11).unwrap().len(), 3);
}

/// `{when: a date, first: A, second: B, again: A}`, with A shared.
fn object_behind_a_date() -> Value {
    let a = Value::from(Object::new().with("a", true));
    let b = Value::from(Object::new().with("b", true));
    let object = Object::new().with("when", Date::from_millis(NOON)).with("first", a.clone());
    Value::from(object.with("second", b).with("again", a))
}

#[test]
fn what_is_written_means_the_same_to_every_reader() {
    let xml = Value::XmlDocument("<a/>".into());
    let early = Value::from(Object::new().with("early", true));
    let mixed = vec![early.clone(), xml.clone(), object_behind_a_date(), early, xml, object_behind_a_date()];
    for value in [object_behind_a_date(), Value::from(mixed)] {
        let bytes = to_vec(Version::Amf0, &value).unwrap();
        for numbering in ALL {
            let mut decoder = Decoder::new(Version::Amf0, &bytes).with_amf0_numbering(numbering);
            assert_eq!(decoder.read::<Value>().unwrap(), value, "{numbering:?}");
        }
    }
    // Before the first date, references are written: {a} is 1 in a list, and again.
    let a = Value::from(Object::new().with("a", true));
    let list = Value::from(vec![a.clone(), a, Date::from_millis(0.0).into()]);
    let bytes = to_vec(Version::Amf0, &list).unwrap();
    assert_eq!(bytes[14..17], [0x07, 0, 1], "{bytes:02x?}");
}

#[test]
fn what_is_written_for_a_known_reader_refers_by_its_numbers() {
    // The object is 0. If dates count, the date is 1. A follows.
    for (numbering, number) in ALL.into_iter().zip([1, 2, 1, 2]) {
        let mut encoder = Encoder::new(Version::Amf0).with_amf0_numbering(numbering);
        object_behind_a_date().to_amf(&mut encoder).unwrap();
        let bytes = encoder.finish().unwrap();
        assert!(bytes.ends_with(&[0x07, 0, number, 0, 0, 9]), "{numbering:?}: {bytes:02x?}");
    }
}

#[test]
fn enclosing_objects_are_referred_to_as_flash_player_counts() {
    // [a date, {itself}]: the list is 0 and the object 1.
    let node = Arc::new_cyclic(|weak| {
        Object::new().with("itself", Value::Ancestor(WeakValue::Object(weak.clone())))
    });
    let value = (Date::from_millis(NOON), Value::Object(node.clone()), Value::Object(node.clone()));
    let bytes = to_vec(Version::Amf0, &value).unwrap();
    let object = |number| [&b"\x03\0\x06itself\x07\0"[..], &[number, 0, 0, 9]].concat();
    assert!(bytes.ends_with(&[object(1), object(2)].concat()), "it is written twice: {bytes:02x?}");

    // As arguments, without a date: the array is 0 and the object 1.
    let mut encoder = Encoder::new(Version::Amf0);
    encoder.begin_arguments(2).unwrap();
    Value::Object(node.clone()).to_amf(&mut encoder).unwrap();
    Value::Object(node).to_amf(&mut encoder).unwrap();
    encoder.end_list();
    assert!(encoder.finish().unwrap().ends_with(&[object(1), object(2)].concat()));
}

#[test]
fn objects_that_are_written_again_stay_within_the_output_limit() {
    // Behind a date, 40 lists, each of which contains the previous one twice. In full they would contain the
    // innermost 2^40 times.
    let mut list = Value::from(vec![Value::from(true)]);
    for _ in 0..40 {
        list = Value::from(vec![list.clone(), list]);
    }
    let limit = OutputLimit::new("reply_bytes", 10_000);
    let mut encoder = Encoder::new(Version::Amf0).with_output_limit(limit);
    let error = Value::from(vec![Date::from_millis(0.0).into(), list]).to_amf(&mut encoder).unwrap_err();
    assert_eq!(*error.kind(), EncodeErrorKind::OutputTooLarge { limit: "reply_bytes", max: 10_000 });
}
