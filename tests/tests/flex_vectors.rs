//! Requests and conversations of Flex that others recorded, from the folder that `AMF_VECTORS` names: what a gateway
//! answers, against what BlazeDS and Zend answered.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything here is a test, where a panic is the failure"
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{env, fs};

use amf_core::packet::Packet;
use amf_core::{Decoder, Limits, from_slice};
use amf_remoting::flex::Flex;
use amf_remoting::service::{Authenticator, Credentials, Principal};
use amf_remoting::{AmfObject, Caller, Date, Fault, Gateway, Services, Value, Version, remoting_service};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use tower::ServiceExt;

/// Where the recorded file is, unless there are none.
fn recorded(name: &str) -> Option<PathBuf> {
    let folder = env::var_os("AMF_VECTORS").filter(|folder| !folder.is_empty())?;
    Some(Path::new(&folder).join(name))
}

macro_rules! bytes_or_leave {
    ($name:expr) => {
        match recorded($name) {
            Some(path) => fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
            None => return eprintln!("LEFT OUT: AMF_VECTORS is not set."),
        }
    };
}

async fn post(gateway: &Gateway, packet: Vec<u8>) -> Vec<u8> {
    let request = http::Request::post("/gateway").header("content-type", "application/x-amf");
    let response =
        gateway.clone().oneshot(request.body(Full::new(Bytes::from(packet))).unwrap()).await.unwrap();
    assert_eq!(response.status(), 200);
    response.into_body().collect().await.unwrap().to_bytes().to_vec()
}

/// The target and the body, without the switch, of the first message of a packet that may hold small messages.
fn first(packet: &[u8]) -> (String, Vec<u8>) {
    // After version and counts come headers of known lengths, if any, and then the message.
    let short = |at: usize| usize::from(u16::from_be_bytes([packet[at], packet[at + 1]]));
    let mut at = 4;
    for _ in 0..short(2) {
        at += 2 + short(at) + 1 + 4;
        // The one header that BlazeDS writes is a string.
        assert_eq!(packet[at], 0x02);
        at += 3 + short(at + 1);
    }
    at += 2;
    let target = String::from_utf8(packet[at + 2..][..short(at)].to_vec()).unwrap();
    at += 2 + short(at);
    at += 2 + short(at) + 4;
    assert_eq!(packet[at], 0x11);
    (target, packet[at + 1..].to_vec())
}

fn message(body: &[u8]) -> Value {
    from_slice(Version::Amf3, body).unwrap()
}

fn member_names(message: &Value) -> Vec<&str> {
    let mut names: Vec<_> = message.as_object().unwrap().sealed().map(|(name, _)| name).collect();
    names.sort_unstable();
    names
}

fn gateway() -> Gateway {
    let services = Services::new().add(RoundTrip).add(UserController).add(WritesController).add(Lab);
    Gateway::new(services.authenticator(Users)).flex(Flex::new())
}

/// Small acknowledgements: what is the same in every one, and what is its own.
#[derive(Debug, PartialEq)]
struct Small<'a> {
    flags: &'a [u8],
    correlation: &'a [u8],
}

impl<'a> Small<'a> {
    /// `headers` is their length.
    #[track_caller]
    fn of(body: &'a [u8], headers: usize) -> Self {
        let body = body.strip_prefix(b"\x0A\x07\x07DSK").unwrap_or_else(|| panic!("{}", body.escape_ascii()));
        let (flags, rest) = body.split_at(2);
        let rest = &rest[headers..];
        // 05 a double; 0C 21 a byte array of 16, for the clientId and the messageId
        assert_eq!((rest[0], &rest[9..11], &rest[27..29]), (0x05, &[0x0C, 0x21][..], &[0x0C, 0x21][..]));
        Self { flags, correlation: &rest[45..] }
    }
}

#[tokio::test]
#[ignore = "needs AMF_VECTORS: tests/run.sh"]
async fn conversations_of_blazeds_as_far_as_they_go_without_subscriptions() {
    for conversation in ["poll", "long", "small"] {
        let name = |step: &str, way| format!("blazeds-messaging/{conversation}_{step}.{way}.bin");
        let gateway = gateway();
        let ping = bytes_or_leave!(&name("1_ping", "req"));
        let theirs = bytes_or_leave!(&name("1_ping", "resp"));
        let ours = post(&gateway, ping).await;
        let ((target, ours), (their_target, theirs)) = (first(&ours), first(&theirs));
        assert_eq!(target, their_target);
        // The headers are an object in both, of sealed members there (0A 23 01, names, values) and of dynamic ones
        // here (0A 0B 01, names with values, 01).
        let names = 1 + "DSMessagingVersion".len() + 1 + "DSId".len();
        let headers = 3 + names + 9 + 2 + 36;
        assert_eq!(Small::of(&ours, headers + 1), Small::of(&theirs, headers));
        // The id is the last of the headers; before them are the class and two bytes of flags.
        let id = |body: &[u8], end: usize| body[..6 + 2 + end][6 + 2 + end - 36..].to_vec();
        let (our_id, their_id) = (id(&ours, headers), id(&theirs, headers));
        assert!(our_id.is_ascii() && our_id[8] == b'-', "{}", our_id.escape_ascii());

        // Their client with our id.
        let replay = |request: Vec<u8>| {
            let at = request
                .windows(36)
                .position(|window| window == their_id)
                .expect("the id is in every request");
            [&request[..at], &our_id, &request[at + 36..]].concat()
        };
        // A subscription is acknowledged there as a disconnect is here.
        let theirs = bytes_or_leave!(&name("2_subscribe", "resp"));
        let theirs = first(&theirs).1;
        let disconnect = post(&gateway, replay(bytes_or_leave!(&name("8_disconnect", "req")))).await;
        let (target, ours) = first(&disconnect);
        assert_eq!(target, "/9/onResult");
        let (ours, theirs) = (Small::of(&ours, 0), Small::of(&theirs, 0));
        assert_eq!(ours.flags, theirs.flags);
        // 02, 0C 21, the id of message 8 here and of message 2 there, 00
        let mut correlation = theirs.correlation.to_vec();
        correlation[6] = 8;
        assert_eq!(ours.correlation, correlation);

        // Errors have no small form; all members are those of theirs.
        let theirs = bytes_or_leave!(&name("6b_subscribe_selector", "resp"));
        let theirs = message(&first(&theirs).1);
        let steps =
            ["2_subscribe", "3_poll_empty", "4_publish_match", "6b_subscribe_selector", "7_unsubscribe"];
        for step in steps {
            let (target, ours) = first(&post(&gateway, replay(bytes_or_leave!(&name(step, "req")))).await);
            assert!(target.ends_with("/onStatus"), "{step}: {target}");
            let ours = message(&ours);
            assert_eq!(ours.as_object().unwrap().alias(), theirs.as_object().unwrap().alias());
            assert_eq!(member_names(&ours), member_names(&theirs), "{step}");
            let code = ours.get("faultCode").unwrap().as_str().unwrap();
            assert!(code.starts_with("Server.Processing"), "{step}: {code}");
        }
    }
}

#[tokio::test]
#[ignore = "needs AMF_VECTORS: tests/run.sh"]
async fn requests_to_zend_are_answered() {
    let letters = "abcdefghijklmpqrstuvwxyz";
    let array = ["a", "b", "c", "d", "e", "f", "g"].map(Value::from).to_vec();
    // 1978-10-23T09:20:00Z
    let date = Value::Date(Date::from_millis(277_982_400_000.0));
    for (name, expected) in [
        ("boolFalseAmf3", Value::Bool(false)),
        ("boolTrueAmf3", Value::Bool(true)),
        ("dateAmf3", date),
        ("largeIntAmf3", Value::Integer(268_435_455)),
        ("numberAmf3", Value::Number(31.57)),
        ("stringAmf3", letters.into()),
        ("undefAmf3", Value::Undefined),
        ("arrayAmf3", array.into()),
    ] {
        let request = bytes_or_leave!(&format!("zendamf/Request/mock/{name}Request.bin"));
        let (target, answer) = first(&post(&gateway(), request).await);
        assert_eq!(target, "/2/onResult", "{name}");
        let answer = message(&answer);
        assert_eq!(*answer.get("body").unwrap(), expected, "{name}");
        // DSId was "nil"
        assert!(answer.get("headers").unwrap().get("DSId").is_some(), "{name}");
        let zend = bytes_or_leave!("zendamf/Response/stringAmf3Response.bin");
        let zend = message(&first(&zend).1);
        assert_eq!(answer.as_object().unwrap().alias(), zend.as_object().unwrap().alias());
        assert_eq!(member_names(&answer), member_names(&zend));
    }
    let xml = bytes_or_leave!("zendamf/Request/mock/xmlAmf3Request.bin");
    let (target, answer) = first(&post(&gateway(), xml).await);
    assert_eq!(target, "/2/onResult");
    let body = message(&answer).get("body").unwrap().clone();
    assert!(matches!(body, Value::Xml(_) | Value::XmlDocument(_)), "{body:?}");

    // Plain calls go on beside them.
    for name in
        ["boolFalseAmf0", "credentialsheader", "dateAmf0", "intAmf0", "nullAmf0", "numberAmf0", "objectAmf0"]
    {
        let file = if name == "credentialsheader" { format!("{name}Amf0") } else { format!("{name}Request") };
        let request = bytes_or_leave!(&format!("zendamf/Request/mock/{file}.bin"));
        let reply = post(&gateway(), request).await;
        assert!(reply.windows(9).any(|window| window == b"/onResult"), "{name}: {}", reply.escape_ascii());
    }
}

#[tokio::test]
#[ignore = "needs AMF_VECTORS: tests/run.sh"]
async fn requests_to_rubyamf_are_answered() {
    let request = bytes_or_leave!("rubyamf/remotingMessage.bin");
    let (target, answer) = first(&post(&gateway(), request).await);
    assert_eq!(target, "/2/onResult");
    let answer = message(&answer);
    assert_eq!(*answer.get("body").unwrap(), Value::Bool(true));
    assert_eq!(answer.get("correlationId").unwrap().as_str(), Some("FE4AF2BC-DD3C-5470-05D8-9971D51FF89D"));
    // both kinds of credentials
    let request = bytes_or_leave!("rubyamf/requestWithNewCredentials.bin");
    let (target, answer) = first(&post(&gateway(), request).await);
    assert_eq!(target, "/2/onResult");
    assert_eq!(message(&answer).get("body").unwrap().as_str(), Some("username: asdfasdfasdfasd"));
    let request = bytes_or_leave!("rubyamf/requestWithOldCredentials.bin");
    let reply = post(&gateway(), request).await;
    let reply = Packet::decode(&reply, &Arc::default(), Limits::default()).unwrap();
    let mut body = Decoder::new(Version::Amf0, reply.messages[0].body);
    assert_eq!(body.read::<String>().unwrap(), "username: asdfasdfasdfasd");
}

type Check = Box<dyn Fn(&Value)>;

#[tokio::test]
#[ignore = "needs AMF_VECTORS: tests/run.sh"]
async fn requests_of_royale_are_answered() {
    let person = |age: i32| {
        let members = [("age", Value::Integer(age)), ("name", Value::from("Ann"))];
        move |value: &Value| {
            let object = value.as_object().unwrap();
            assert_eq!(object.alias(), "lab.Person");
            assert!(members.iter().all(|(name, expected)| object.get(name) == Some(expected)), "{object:?}");
        }
    };
    let checks: [(&str, Check); 4] = [
        ("add", Box::new(|value| assert_eq!(*value, Value::Integer(5)))),
        ("echo", Box::new(|value| assert_eq!(value.get("s").unwrap().as_str(), Some("héllo")))),
        ("describe_typed", Box::new(|value| assert_eq!(value.as_str(), Some("Ann is 41")))),
        ("older_typed", Box::new(person(42))),
    ];
    for (name, check) in checks {
        let request = bytes_or_leave!(&format!("captures/royale-amf3-{name}.bin"));
        let (target, answer) = first(&post(&gateway(), request).await);
        assert!(target.ends_with("/onResult"), "{name}: {target}");
        check(message(&answer).get("body").unwrap());
    }
    for (name, code) in [
        ("fail", "Lab.Failed"),
        ("subscribe", "Server.Processing"),
        ("poll", "Server.Processing.NotSubscribed"),
        ("producer_async", "Server.Processing"),
    ] {
        let request = bytes_or_leave!(&format!("captures/royale-amf3-{name}.bin"));
        let (target, answer) = first(&post(&gateway(), request).await);
        assert!(target.ends_with("/onStatus"), "{name}: {target}");
        assert_eq!(message(&answer).get("faultCode").unwrap().as_str(), Some(code), "{name}");
    }
    let ping = bytes_or_leave!("captures/royale-amf3-ping.bin");
    let (target, answer) = first(&post(&gateway(), ping).await);
    assert_eq!((target.as_str(), &answer[..7]), ("/1/onResult", &b"\x0A\x07\x07DSK\xA8"[..]));
}

struct RoundTrip;

#[remoting_service(name = "RoundTrip")]
impl RoundTrip {
    fn return_array(&self, value: Value) -> Value {
        value
    }

    fn return_bool(&self, value: bool) -> bool {
        value
    }

    fn return_date(&self, value: Value) -> Value {
        value
    }

    fn return_int(&self, value: i32) -> i32 {
        value
    }

    fn return_null(&self, value: Value) -> Value {
        value
    }

    fn return_number(&self, value: f64) -> f64 {
        value
    }

    fn return_object(&self, value: Value) -> Value {
        value
    }

    fn return_string(&self, value: String) -> String {
        value
    }

    fn return_undefined(&self, value: Value) -> Value {
        value
    }

    fn return_xml(&self, value: Value) -> Value {
        value
    }
}

struct WritesController;

#[remoting_service(name = "WritesController")]
impl WritesController {
    fn save(&self, value: bool) -> bool {
        value
    }
}

struct UserController;

#[remoting_service(name = "UserController")]
impl UserController {
    fn get_user(&self, user: &Principal, text: String) -> String {
        format!("{}: {text}", user.name())
    }
}

struct Users;

impl Authenticator for Users {
    async fn authenticate(&self, credentials: &Credentials, _: &Caller) -> Result<Option<Principal>, Fault> {
        let is_right = (credentials.user(), credentials.password()) == ("username", "password");
        Ok(is_right.then(|| Principal::new(credentials.user())))
    }
}

#[derive(AmfObject)]
#[amf(alias = "lab.Person")]
struct Person {
    age: i32,
    name: String,
}

struct Lab;

#[remoting_service(name = "lab")]
impl Lab {
    fn add(&self, a: i32, b: i32) -> i32 {
        a + b
    }

    fn echo(&self, value: Value) -> Value {
        value
    }

    fn describe(&self, person: Person) -> String {
        format!("{} is {}", person.name, person.age)
    }

    fn older(&self, person: Person) -> Person {
        Person { age: person.age + 1, ..person }
    }

    fn fail(&self) -> Result<(), Fault> {
        Err(Fault::new("Lab.Failed", "as asked"))
    }
}
