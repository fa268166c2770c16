//! Calls of senders that number AMF0 references in different ways: over HTTP's array of arguments and RTMP's sequence.

#![allow(clippy::unused_async, missing_docs, clippy::unwrap_used, reason = "tests")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use amf_remoting::service::{ArgumentsForm, Call};
use amf_remoting::{
    Amf0Numbering, AmfObject, Caller, Date, Fault, Services, Value, Version, remoting_service,
};
use bytes::Bytes;

use support::direct::caller;

#[derive(AmfObject)]
struct A {
    a: bool,
}

#[derive(AmfObject)]
struct B {
    b: bool,
}

#[derive(Default)]
struct Echo {
    calls: Arc<AtomicUsize>,
}

#[remoting_service(name = "echo")]
impl Echo {
    async fn dates(&self, dates: Vec<Date>) -> String {
        self.calls.fetch_add(1, Ordering::Relaxed);
        dates.iter().fold(String::new(), |text, date| format!("{text}{} ", date.as_millis()))
    }

    async fn typed(&self, when: Date, a: A, b: B, again: A) -> String {
        format!("{} {} {} {}", when.as_millis(), a.a, b.b, again.a)
    }

    async fn last(&self, items: Vec<Value>) -> String {
        let members = items.last().and_then(Value::as_object).map(|object| format!("{object:?}"));
        members.unwrap_or_default()
    }
}

async fn call(
    services: &Services,
    caller: &Caller,
    target: &str,
    form: ArgumentsForm,
    bytes: &[u8],
) -> Result<String, Fault> {
    let call =
        Call::new(target, Bytes::copy_from_slice(bytes), Version::Amf0, caller.clone()).with_form(form);
    let reply = services.call(call).await?;
    // AMF0 §2.4: the marker, 16 bits of length, and the text.
    Ok(String::from_utf8_lossy(reply.body().get(3..).unwrap_or_default()).into_owned())
}

const ARRAY: ArgumentsForm = ArgumentsForm::Array;
const DATE: &[u8] = b"\x0B\0\0\0\0\0\0\0\0\0\0";
const OBJECT_A: &[u8] = b"\x03\0\x01a\x01\x01\0\0\x09";
const OBJECT_B: &[u8] = b"\x03\0\x01b\x01\x00\0\0\x09";

#[tokio::test]
async fn arguments_are_read_again_and_the_method_runs_once() {
    let echo = Echo::default();
    let calls = Arc::clone(&echo.calls);
    let services = Services::new().add(echo);
    // The array is 0, the list 1 and the date 2 where both count.
    let bytes = b"\x0A\0\0\0\x01\x0A\0\0\0\x02\x0B\x42\x78\x1F\x2A\x84\xA0\0\0\0\0\x07\0\x02";
    let millis = f64::from_be_bytes(*b"\x42\x78\x1F\x2A\x84\xA0\0\0");
    let reply = call(&services, &caller(), "echo.dates", ARRAY, bytes).await.unwrap();
    assert_eq!(reply, format!("{millis} {millis} "));
    assert_eq!(calls.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn typed_arguments_of_every_sender() {
    let services = Services::new().add(Echo::default());
    // Two numbers say whether the array and the date count: A follows both.
    for number in [u8::from(false), 1, 2] {
        let items = [DATE, OBJECT_A, OBJECT_B, &[0x07, 0, number]].concat();
        let array = [b"\x0A\0\0\0\x04", &items[..]].concat();
        let reply = call(&services, &caller(), "echo.typed", ARRAY, &array).await;
        assert_eq!(reply.unwrap(), "0 true false true", "{number}");
    }
    // A sequence has no array: only dates differ.
    for number in [0, 1] {
        let items = [DATE, OBJECT_A, OBJECT_B, &[0x07, 0, number]].concat();
        let reply = call(&services, &caller(), "echo.typed", ArgumentsForm::Sequence, &items).await;
        assert_eq!(reply.unwrap(), "0 true false true", "{number}");
    }
    // No sender means the array.
    let none = call(&services, &caller(), "echo.dates", ARRAY, b"\x0A\0\0\0\x01\x07\0\0").await.unwrap_err();
    assert_eq!(none.code(), "Client.Message.Encoding");
}

#[tokio::test]
async fn a_connection_is_read_as_its_last_call_showed() {
    let services = Services::new().add(Echo::default());
    // A list of a date, A, B and reference 3. By default the array is 0, the list 1, A 2 and B 3.
    let list = [b"\x0A\0\0\0\x01\x0A\0\0\0\x04", DATE, OBJECT_A, OBJECT_B, &[0x07, 0, 3]].concat();
    // A sender that counts both means A by 3: array 0, list 1, date 2.
    let caller = support::direct::caller();
    assert_eq!(call(&services, &caller, "echo.last", ARRAY, &list).await.unwrap(), "{b: false}");
    assert_eq!(caller.amf0_numbering(), None, "it says nothing about the sender");
    let shows = b"\x0A\0\0\0\x01\x0A\0\0\0\x02\x0B\0\0\0\0\0\0\0\0\0\0\x07\0\x02";
    call(&services, &caller, "echo.dates", ARRAY, shows).await.unwrap();
    assert_eq!(caller.amf0_numbering(), Some(Amf0Numbering { arguments_count: true, dates_count: true }));
    assert_eq!(call(&services, &caller, "echo.last", ARRAY, &list).await.unwrap(), "{a: true}");
}

#[tokio::test]
async fn the_program_sets_what_its_callers_use() {
    // [A, B, B again] of Py3AMF: the list is 0, A 1, B 2. By default 2 is A, since the array is 0.
    let list = [b"\x0A\0\0\0\x01\x0A\0\0\0\x03", OBJECT_A, OBJECT_B, &[0x07, 0, 2]].concat();
    let services = Services::new().add(Echo::default());
    assert_eq!(call(&services, &caller(), "echo.last", ARRAY, &list).await.unwrap(), "{a: true}");
    let services = services.amf0_numbering(Amf0Numbering::PY3AMF);
    assert_eq!(call(&services, &caller(), "echo.last", ARRAY, &list).await.unwrap(), "{b: false}");
}
