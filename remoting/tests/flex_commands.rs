//! What a client of Flex wants of the server itself: pings, small messages, logins.
#![cfg(feature = "http")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests, with their own helpers"
)]

mod support;

use amf_remoting::flex::Flex;
use amf_remoting::service::{Authenticator, Credentials, Principal};
use amf_remoting::{Caller, Fault, Gateway, Services, Value, remoting_service};
use support::amf3::*;
use support::bytes;
use support::flex::*;
use support::post::post;
use support::probe::Probe;

const PING: u32 = 5;

fn ping(headers: &[(&str, Vec<u8>)]) -> Vec<u8> {
    envelope(&command_message(&command(PING, headers, nothing())))
}

fn header(answer: &Value, name: &str) -> Option<Value> {
    members(answer, "AcknowledgeMessage")("headers").get(name).cloned()
}

#[tokio::test]
async fn a_ping_gets_an_id() {
    let gateway = gateway();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let (target, reply) = answer(&gateway, ping(&[("DSId", text("nil"))])).await;
        assert_eq!(target, "/1/onResult");
        assert_eq!(members(&reply, "AcknowledgeMessage")("correlationId").as_str(), Some(ID));
        assert_eq!(members(&reply, "AcknowledgeMessage")("body"), Value::Null);
        assert_eq!(header(&reply, "DSMessagingVersion"), None);
        let id = header(&reply, "DSId").unwrap().as_str().unwrap().to_owned();
        assert_eq!((id.len(), &id[14..15]), (36, "4"), "{id} is no UUID of version 4");
        ids.push(id);
    }
    ids.sort();
    ids.dedup();
    assert_eq!(ids.len(), 3);
    // who has an id keeps it; who sends none gets one
    let (_, reply) = answer(&gateway, ping(&[("DSId", text("mine"))])).await;
    assert_eq!(header(&reply, "DSId").unwrap().as_str(), Some("mine"));
    let (_, reply) = answer(&gateway, ping(&[])).await;
    assert!(header(&reply, "DSId").is_some());
}

#[tokio::test]
async fn any_message_without_an_id_gets_one() {
    let with = |id: Vec<u8>| {
        let members_of = replaced(remoting("probe", "nothing", nothing()), "headers", map(&[("DSId", id)]));
        envelope(&remoting_message(&members_of))
    };
    let (_, reply) = answer(&gateway(), with(text("nil"))).await;
    assert_eq!(header(&reply, "DSId").unwrap().as_str().unwrap().len(), 36);
    let (_, reply) = answer(&gateway(), with(text("mine"))).await;
    assert_eq!(header(&reply, "DSId"), None);
}

/// A small acknowledgement, taken apart by hand.
struct SmallReply {
    flags: Vec<u8>,
    rest: Vec<u8>,
}

impl SmallReply {
    /// 11 switch, 0A object, 07 externalizable, its alias "DSK"; then the flags of `AbstractMessage`.
    #[track_caller]
    fn of(body: &[u8]) -> Self {
        let body =
            body.strip_prefix(b"\x11\x0A\x07\x07DSK").unwrap_or_else(|| panic!("{}", body.escape_ascii()));
        let count = body.iter().position(|byte| byte & 0x80 == 0).unwrap() + 1;
        Self { flags: body[..count].to_vec(), rest: body[count..].to_vec() }
    }
}

async fn single_reply(gateway: &Gateway, packet: Vec<u8>) -> (String, Vec<u8>) {
    let mut messages = messages(&post(gateway, packet).await);
    assert_eq!(messages.len(), 1);
    messages.remove(0)
}

/// The id that a client has after it said that it reads small messages.
async fn small_client(gateway: &Gateway) -> String {
    let headers = [("DSMessagingVersion", integer(1)), ("DSId", text("nil"))];
    let (target, body) = single_reply(gateway, ping(&headers)).await;
    assert_eq!(target, "/1/onResult");
    let small = SmallReply::of(&body);
    // 80 more, 20 timestamp, 08 headers; 01 clientId and 02 messageId in bytes
    assert_eq!(small.flags, [0xA8, 0x03]);
    // DSMessagingVersion: 1.0, DSId: 36 characters (49)
    let headers =
        [&[0x0A, 0x0B, 0x01][..], &name("DSMessagingVersion"), &double(1.0), &name("DSId"), &[0x06, 0x49]];
    let rest = small.rest.strip_prefix(&headers.concat()[..]).unwrap();
    let (id, rest) = rest.split_at(36);
    // 01 ends the headers; a double; two ids; 02 correlationId in bytes; 00 nothing of AcknowledgeMessage
    let rest = rest.strip_prefix(&[0x01, 0x05]).unwrap();
    assert_eq!(rest[8..10], [0x0C, 0x21]);
    assert_eq!(rest[26..28], [0x0C, 0x21]);
    assert_eq!(rest[44..], small_id_suffix());
    String::from_utf8(id.to_vec()).unwrap()
}

/// The flag of a correlationId in bytes, the bytes of `ID`, and the flags of `AcknowledgeMessage`.
fn small_id_suffix() -> Vec<u8> {
    let id = [0, 0, 0, 1, 0xAA, 0xAA, 0xBB, 0xBB, 0xCC, 0xCC, 0, 0, 0, 0, 0, 1];
    [vec![0x02], byte_array(&id), vec![0x00]].concat()
}

fn call_as(id: &str, operation: &str, body: Vec<u8>) -> Vec<u8> {
    let members_of = replaced(remoting("probe", operation, body), "headers", map(&[("DSId", text(id))]));
    remoting_message(&members_of)
}

#[tokio::test]
async fn small_messages_after_a_ping_that_asks_for_them() {
    let gateway = gateway();
    let id = small_client(&gateway).await;
    let (target, body) = single_reply(&gateway, envelope(&call_as(&id, "echo", array(&[text("x")])))).await;
    assert_eq!(target, "/1/onResult");
    let small = SmallReply::of(&body);
    // 80 more, 20 timestamp, 01 body; the ids in bytes
    assert_eq!(small.flags, [0xA1, 0x03]);
    // body "x"; double; clientId
    assert_eq!(small.rest[..4], [0x06, 0x03, b'x', 0x05]);
    let client =
        [0x22, 0x22, 0x22, 0x22, 0x22, 0x22, 0x33, 0x33, 0x44, 0x44, 0x55, 0x55, 0x55, 0x55, 0x55, 0x55];
    assert_eq!(small.rest[12..30], byte_array(&client));
    assert_eq!(small.rest[48..], small_id_suffix());
    // faults have no small form
    let (code, _) = error(&gateway, envelope(&call_as(&id, "fail", array(&[text("A.B")])))).await;
    assert_eq!(code, "A.B");
    // nor does AMF0 have externalizable classes: nothing is small there
    let typed = [
        [bytes::utf8("destination"), bytes::string("probe")].concat(),
        [bytes::utf8("operation"), bytes::string("nothing")].concat(),
        [bytes::utf8("headers"), bytes::object(&[("DSId", bytes::string(&id))])].concat(),
    ];
    let class = bytes::utf8(&format!("{MESSAGES}.RemotingMessage"));
    let typed = [&[0x10][..], &class, &typed.concat(), &[0, 0, 9]].concat();
    let call = bytes::packet(0, &[bytes::message("null", "/1", &bytes::arguments(&[typed]))]);
    let (target, body) = single_reply(&gateway, call).await;
    assert_eq!((target.as_str(), body[0]), ("/1/onResult", 0x10));
}

#[tokio::test]
async fn small_messages_only_for_those_who_asked_and_where_they_are_on() {
    let gateway = gateway();
    let small = small_client(&gateway).await;
    let (_, reply) = answer(&gateway, ping(&[("DSId", text("nil"))])).await;
    let full = header(&reply, "DSId").unwrap().as_str().unwrap().to_owned();
    for id in [full.as_str(), "nil", "mine", "8ACCDD79-881F-5BC8-9C9E-352975CDB3F9"] {
        let (_, reply) = answer(&gateway, envelope(&call_as(id, "nothing", nothing()))).await;
        let _ = members(&reply, "AcknowledgeMessage");
    }
    let off = Probe::default().gateway().flex(Flex::new().small_messages(false));
    let headers = [("DSMessagingVersion", integer(1)), ("DSId", text("nil"))];
    let (_, reply) = answer(&off, ping(&headers)).await;
    assert_eq!(header(&reply, "DSMessagingVersion"), None);
    let (_, reply) = answer(&off, envelope(&call_as(&small, "nothing", nothing()))).await;
    let _ = members(&reply, "AcknowledgeMessage");
}

#[tokio::test]
async fn an_id_in_small_letters_comes_back_as_it_was() {
    let gateway = gateway();
    let id = small_client(&gateway).await;
    let lower = ID.to_lowercase();
    let members_of =
        replaced(remoting("probe", "nothing", nothing()), "headers", map(&[("DSId", text(&id))]));
    let members_of = replaced(members_of, "messageId", text(&lower));
    let (_, body) = single_reply(&gateway, envelope(&remoting_message(&members_of))).await;
    // 01 correlationId as a value
    let end = [vec![0x01], text(&lower), vec![0x00]].concat();
    assert!(body.ends_with(&end), "{}", body.escape_ascii());
}

#[tokio::test]
async fn small_commands_are_read() {
    // AbstractMessage: 08 headers, 10 messageId, 80 more; 01 clientId in bytes, and 40 of later versions;
    // AsyncMessage: 01 correlationId; CommandMessage: 01 operation
    let values =
        [map(&[("DSId", text("nil"))]), text("m-1"), byte_array(&[0x11; 16]), text("of later")].concat();
    let small = |operation| {
        let flags = [0x98, 0x41];
        external("DSC", &[&flags[..], &values, &[0x01], &text("c"), &[0x01], &integer(operation)].concat())
    };
    let (target, reply) = answer(&gateway(), envelope(&small(PING))).await;
    assert_eq!(target, "/1/onResult");
    let member = members(&reply, "AcknowledgeMessage");
    assert_eq!(member("correlationId").as_str(), Some("m-1"));
    assert_eq!(member("clientId").as_str(), Some("11111111-1111-1111-1111-111111111111"));
    assert!(header(&reply, "DSId").is_some());
    assert_eq!(error(&gateway(), envelope(&small(77))).await.0, "Server.Processing");
    // AsyncMessageExt: 04 destination; nothing of AsyncMessage
    let publish = external("DSA", &[&[0x04][..], &text("chat"), &[0x00]].concat());
    let (code, words) = error(&gateway(), envelope(&publish)).await;
    assert_eq!(code, "Server.Processing");
    assert!(words.contains("chat"), "{words}");
}

#[tokio::test]
async fn what_is_not_supported_is_an_error() {
    for operation in [0, 1, 3, 4, 6, 7, 10, 11, 13, 10_000] {
        let message = command_message(&command(operation, &[], nothing()));
        assert_eq!(error(&gateway(), envelope(&message)).await.0, "Server.Processing", "{operation}");
    }
    let poll = command_message(&command(2, &[], nothing()));
    assert_eq!(error(&gateway(), envelope(&poll)).await.0, "Server.Processing.NotSubscribed");
    let publish = object(&format!("{MESSAGES}.AsyncMessage"), &remoting("chat", "", text("hello")));
    let (code, words) = error(&gateway(), envelope(&publish)).await;
    assert_eq!(code, "Server.Processing");
    assert!(words.contains("chat"), "{words}");
    let none = replaced(command(PING, &[], nothing()), "operation", nothing());
    assert_eq!(error(&gateway(), envelope(&command_message(&none))).await.0, "Client.Message.Encoding");
}

#[tokio::test]
async fn operations_that_are_not_supported_are_errors() {
    // BlazeDS: 0 subscribe, 1 unsubscribe, 2 poll, 3 client sync, 4 its answer, 6 and 7 cluster, 10 subscription
    // invalidated, 11 multi-subscribe, 13 trigger connect; the others are nobody's
    for operation in [0, 1, 2, 3, 4, 6, 7, 10, 11, 13, 14, 99, 10_000] {
        let packet = envelope(&command_message(&command(operation, &[], nothing())));
        let (target, answer) = answer(&gateway(), packet).await;
        assert_eq!(target, "/1/onStatus", "{operation}");
        let member = members(&answer, "ErrorMessage");
        let code = if operation == 2 { "Server.Processing.NotSubscribed" } else { "Server.Processing" };
        assert_eq!(member("faultCode").as_str(), Some(code), "{operation}");
        assert_eq!(member("correlationId").as_str(), Some(ID), "{operation}");
    }
}

#[tokio::test]
async fn disconnect_is_acknowledged() {
    let (target, reply) = answer(&gateway(), envelope(&command_message(&command(12, &[], nothing())))).await;
    assert_eq!(target, "/1/onResult");
    assert_eq!(members(&reply, "AcknowledgeMessage")("correlationId").as_str(), Some(ID));
}

struct Users;

impl Authenticator for Users {
    async fn authenticate(&self, credentials: &Credentials, _: &Caller) -> Result<Option<Principal>, Fault> {
        assert!(credentials.user() != "panic", "as asked");
        let is_right = (credentials.user(), credentials.password()) == ("Aladdin", "open sesame");
        Ok(is_right.then(|| Principal::new(credentials.user())))
    }
}

struct Secrets;

#[remoting_service(name = "secrets")]
impl Secrets {
    fn whoami(&self, user: &Principal) -> String {
        user.name().to_owned()
    }
}

/// RFC 7617 §2: `Aladdin:open sesame`.
const ALADDIN: &str = "QWxhZGRpbjpvcGVuIHNlc2FtZQ==";

fn login(body: Vec<u8>) -> Vec<u8> {
    command_message(&command(8, &[("DSCredentialsCharset", text("UTF-8"))], body))
}

#[tokio::test]
async fn a_login_holds_for_what_follows_in_its_packet() {
    let gateway = Gateway::new(Services::new().add(Secrets).authenticator(Users)).flex(Flex::new());
    let whoami = remoting_message(&remoting("secrets", "whoami", array(&[])));
    let logout = command_message(&command(9, &[], nothing()));
    let steps = [&whoami, &login(text(ALADDIN)), &whoami, &logout, &whoami];
    let steps: Vec<_> =
        steps.iter().enumerate().map(|(at, step)| in_message(&format!("/{at}"), step)).collect();
    let reply = messages(&post(&gateway, bytes::packet(3, &steps)).await);
    let targets: Vec<&str> = reply.iter().map(|(target, _)| target.as_str()).collect();
    assert_eq!(targets, ["/0/onStatus", "/1/onResult", "/2/onResult", "/3/onResult", "/4/onStatus"]);
    let code =
        |at: usize| members(&value(&reply[at].1), "ErrorMessage")("faultCode").as_str().unwrap().to_owned();
    let body =
        |at: usize| members(&value(&reply[at].1), "AcknowledgeMessage")("body").as_str().unwrap().to_owned();
    assert_eq!(
        (code(0), body(1), body(2)),
        ("Client.Authentication".into(), "success".into(), "Aladdin".into())
    );
    assert_eq!((body(3), code(4)), ("success".into(), "Client.Authentication".into()));
}

#[tokio::test]
async fn a_login_may_be_the_first_message() {
    let gateway = Gateway::new(Services::new().authenticator(Users)).flex(Flex::new());
    let headers = [("DSMessagingVersion", integer(1)), ("DSId", text("nil"))];
    let login = command_message(&command(8, &headers, text(ALADDIN)));
    let (target, body) = single_reply(&gateway, envelope(&login)).await;
    assert_eq!(target, "/1/onResult");
    let small = SmallReply::of(&body);
    // 80 more, 20 timestamp, 08 headers, 01 body: "success"
    assert_eq!(small.flags, [0xA9, 0x03]);
    assert!(small.rest.starts_with(&text("success")));
    let id = small.rest.windows(36).find_map(|window| {
        std::str::from_utf8(window).ok().filter(|id| id.as_bytes()[8] == b'-' && id.as_bytes()[23] == b'-')
    });
    let call = call_as(id.unwrap(), "nothing", nothing());
    let (_, body) = single_reply(&Probe::default().gateway().flex(Flex::new()), envelope(&call)).await;
    SmallReply::of(&body);
}

#[derive(Clone, Default)]
struct Sessions(std::sync::Arc<std::sync::Mutex<Option<Principal>>>);

impl Authenticator for Sessions {
    async fn authenticate(&self, credentials: &Credentials, _: &Caller) -> Result<Option<Principal>, Fault> {
        *self.0.lock().unwrap() = Some(Principal::new(credentials.user()));
        Ok(self.known())
    }

    async fn authenticate_session(&self, _: &Caller) -> Result<Option<Principal>, Fault> {
        Ok(self.known())
    }

    async fn end_session(&self, _: &Caller) -> Result<(), Fault> {
        *self.0.lock().unwrap() = None;
        Ok(())
    }
}

impl Sessions {
    fn known(&self) -> Option<Principal> {
        self.0.lock().unwrap().clone()
    }
}

#[tokio::test]
async fn a_session_keeps_a_login_until_the_logout() {
    let services = Services::new().add(Secrets).authenticator(Sessions::default());
    let gateway = Gateway::new(services).flex(Flex::new());
    let whoami = || envelope(&remoting_message(&remoting("secrets", "whoami", array(&[]))));
    let logout = envelope(&command_message(&command(9, &[], nothing())));
    assert_eq!(error(&gateway, whoami()).await.0, "Client.Authentication");
    assert_eq!(answer(&gateway, envelope(&login(text(ALADDIN)))).await.0, "/1/onResult");
    let (_, reply) = answer(&gateway, whoami()).await;
    assert_eq!(members(&reply, "AcknowledgeMessage")("body").as_str(), Some("Aladdin"));
    assert_eq!(answer(&gateway, logout).await.0, "/1/onResult");
    assert_eq!(error(&gateway, whoami()).await.0, "Client.Authentication");
}

#[tokio::test]
async fn logins_that_fail() {
    let gateway = Gateway::new(Services::new().add(Secrets).authenticator(Users)).flex(Flex::new());
    // "Aladdin:open", "Aladdin" without a colon, no base64, no text
    for body in [text("QWxhZGRpbjpvcGVu"), text("QWxhZGRpbg=="), text("*"), text(""), nothing(), integer(1)] {
        assert_eq!(error(&gateway, envelope(&login(body))).await.0, "Client.Authentication");
    }
    // "panic:x"
    assert_eq!(error(&gateway, envelope(&login(text("cGFuaWM6eA==")))).await.0, "Server.Processing");
    let nobody = Gateway::new(Services::new()).flex(Flex::new());
    assert_eq!(error(&nobody, envelope(&login(text(ALADDIN)))).await.0, "Client.Authentication");
}

#[tokio::test]
async fn credentials_with_a_call() {
    let gateway = Gateway::new(Services::new().add(Secrets).authenticator(Users)).flex(Flex::new());
    let with = |credentials: &str| {
        let header = ("DSRemoteCredentials", text(credentials));
        let headers = map(&[header, ("DSRemoteCredentialsCharset", nothing())]);
        remoting_message(&replaced(remoting("secrets", "whoami", array(&[])), "headers", headers))
    };
    let without = remoting_message(&remoting("secrets", "whoami", array(&[])));
    // that of plain calls is for a packet
    let header = map(&[("userid", text("Aladdin")), ("password", text("open sesame"))]);
    let headers = map(&[("Credentials", header)]);
    let plain = remoting_message(&replaced(remoting("secrets", "whoami", array(&[])), "headers", headers));
    assert_eq!(error(&gateway, envelope(&plain)).await.0, "Client.Authentication");
    // they are those of one message alone; "Aladdin:open" is wrong
    let steps = [with(ALADDIN), with("QWxhZGRpbjpvcGVu"), without, with(ALADDIN)];
    let steps: Vec<_> =
        steps.iter().enumerate().map(|(at, step)| in_message(&format!("/{at}"), step)).collect();
    let reply = messages(&post(&gateway, bytes::packet(3, &steps)).await);
    let targets: Vec<&str> = reply.iter().map(|(target, _)| target.as_str()).collect();
    assert_eq!(targets, ["/0/onResult", "/1/onStatus", "/2/onStatus", "/3/onResult"]);
    assert_eq!(members(&value(&reply[0].1), "AcknowledgeMessage")("body").as_str(), Some("Aladdin"));
}
