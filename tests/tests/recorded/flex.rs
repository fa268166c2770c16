//! Messages of Flex, against what BlazeDS and Zend answered.

use amf_core::from_slice;
use amf_remoting::{Value, Version};

use crate::services::gateway;
use crate::{folder_or_leave, post, read};

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
    let folder = folder_or_leave!();
    for conversation in ["poll", "long", "small"] {
        let name = |step: &str, way| format!("blazeds-messaging/{conversation}_{step}.{way}.bin");
        let gateway = gateway();
        let ping = read(&folder, &name("1_ping", "req"));
        let theirs = read(&folder, &name("1_ping", "resp"));
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
        let theirs = read(&folder, &name("2_subscribe", "resp"));
        let theirs = first(&theirs).1;
        let disconnect = post(&gateway, replay(read(&folder, &name("8_disconnect", "req")))).await;
        let (target, ours) = first(&disconnect);
        assert_eq!(target, "/9/onResult");
        let (ours, theirs) = (Small::of(&ours, 0), Small::of(&theirs, 0));
        assert_eq!(ours.flags, theirs.flags);
        // 02, 0C 21, the id of message 8 here and of message 2 there, 00
        let mut correlation = theirs.correlation.to_vec();
        correlation[6] = 8;
        assert_eq!(ours.correlation, correlation);

        // Errors have no small form; all members are those of theirs.
        let theirs = read(&folder, &name("6b_subscribe_selector", "resp"));
        let theirs = message(&first(&theirs).1);
        let steps =
            ["2_subscribe", "3_poll_empty", "4_publish_match", "6b_subscribe_selector", "7_unsubscribe"];
        for step in steps {
            let (target, ours) = first(&post(&gateway, replay(read(&folder, &name(step, "req")))).await);
            assert!(target.ends_with("/onStatus"), "{step}: {target}");
            let ours = message(&ours);
            assert_eq!(ours.as_object().unwrap().alias(), theirs.as_object().unwrap().alias());
            assert_eq!(member_names(&ours), member_names(&theirs), "{step}");
            let code = ours.get("faultCode").unwrap().as_str().unwrap();
            assert!(code.starts_with("Server.Processing"), "{step}: {code}");
        }
    }
}

/// Each against the result in the reply that Zend's tests have for it, if they have one.
#[tokio::test]
#[ignore = "needs AMF_VECTORS: tests/run.sh"]
async fn requests_to_zend_are_answered() {
    let folder = folder_or_leave!();
    for name in ["array", "boolFalse", "boolTrue", "date", "largeInt", "number", "string", "undef", "xml"] {
        let request = read(&folder, &format!("zendamf/Request/mock/{name}Amf3Request.bin"));
        let (target, answer) = first(&post(&gateway(), request).await);
        assert_eq!(target, "/2/onResult", "{name}");
        let answer = message(&answer);
        let has_reply = !["undef", "xml"].contains(&name);
        let theirs = if has_reply { name } else { "string" };
        let theirs = message(&first(&read(&folder, &format!("zendamf/Response/{theirs}Amf3Response.bin"))).1);
        let body = answer.get("body").unwrap();
        match name {
            "undef" => assert_eq!(*body, Value::Undefined),
            "xml" => assert!(matches!(body, Value::Xml(_) | Value::XmlDocument(_)), "{body:?}"),
            _ => assert_eq!(body, theirs.get("body").unwrap(), "{name}"),
        }
        assert_eq!(answer.as_object().unwrap().alias(), theirs.as_object().unwrap().alias());
        assert_eq!(member_names(&answer), member_names(&theirs));
        // DSId was "nil"
        assert!(answer.get("headers").unwrap().get("DSId").is_some(), "{name}");
    }
}

#[tokio::test]
#[ignore = "needs AMF_VECTORS: tests/run.sh"]
async fn requests_to_rubyamf_and_rocketamf_are_answered() {
    let folder = folder_or_leave!();
    let saved = "FE4AF2BC-DD3C-5470-05D8-9971D51FF89D";
    for (name, body, id) in [
        ("rubyamf/remotingMessage", Value::Bool(true), saved),
        ("rocketamf/request/remotingMessage", Value::Bool(true), saved),
        // with DSRemoteCredentials
        (
            "rubyamf/requestWithNewCredentials",
            "username: asdfasdfasdfasd".into(),
            "CA4F7056-317E-FC0C-BEDA-DFFC8B3AA791",
        ),
        // without an array around the message, and without a destination
        (
            "rocketamf/request/flex-request",
            "first_arg second_arg".into(),
            "9D108E33-B591-BE79-210D-F1A72D06B578",
        ),
    ] {
        let (target, answer) = first(&post(&gateway(), read(&folder, &format!("{name}.bin"))).await);
        assert_eq!(target, "/2/onResult", "{name}");
        let answer = message(&answer);
        assert_eq!(*answer.get("body").unwrap(), body, "{name}");
        assert_eq!(answer.get("correlationId").unwrap().as_str(), Some(id), "{name}");
    }
    let ping = read(&folder, "rocketamf/request/commandMessage.bin");
    assert_eq!(first(&post(&gateway(), ping).await).0, "/1/onResult");
    // an operation of number 10,000
    let unknown = read(&folder, "rocketamf/request/unsupportedCommandMessage.bin");
    let (target, answer) = first(&post(&gateway(), unknown).await);
    assert_eq!(target, "/1/onStatus");
    assert_eq!(message(&answer).get("faultCode").unwrap().as_str(), Some("Server.Processing"));
}

type Check = Box<dyn Fn(&Value)>;

#[tokio::test]
#[ignore = "needs AMF_VECTORS: tests/run.sh"]
async fn requests_of_royale_are_answered() {
    let folder = folder_or_leave!();
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
        let request = read(&folder, &format!("captures/royale-amf3-{name}.bin"));
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
        let request = read(&folder, &format!("captures/royale-amf3-{name}.bin"));
        let (target, answer) = first(&post(&gateway(), request).await);
        assert!(target.ends_with("/onStatus"), "{name}: {target}");
        assert_eq!(message(&answer).get("faultCode").unwrap().as_str(), Some(code), "{name}");
    }
    let ping = read(&folder, "captures/royale-amf3-ping.bin");
    let (target, answer) = first(&post(&gateway(), ping).await);
    assert_eq!((target.as_str(), &answer[..7]), ("/1/onResult", &b"\x0A\x07\x07DSK\xA8"[..]));
}
