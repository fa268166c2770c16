//! Calls of a `RemoteObject`.
#![cfg(feature = "http")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "these are tests, with their own helpers"
)]

mod support;

use std::time::{SystemTime, UNIX_EPOCH};

use amf_remoting::flex::Flex;
use amf_remoting::service::{Call, Reply};
use amf_remoting::{AmfObject, ArrayCollection, Gateway, Services, Value, Version, remoting_service};
use support::amf3::*;
use support::bytes;
use support::flex::*;
use support::post::post;
use support::probe::Probe;

#[tokio::test]
async fn a_call_is_acknowledged() {
    let before = millis();
    let message = remoting_message(&remoting("probe", "add", array(&[integer(1), double(2.5)])));
    let (target, answer) = answer(&gateway(), envelope(&message)).await;
    assert_eq!(target, "/1/onResult");
    let member = members(&answer, "AcknowledgeMessage");
    assert_eq!(member("body"), Value::Number(3.5));
    assert_eq!(member("correlationId").as_str(), Some(ID));
    assert_eq!(member("clientId").as_str(), Some(CLIENT));
    assert_eq!(member("destination"), Value::Null);
    assert_eq!(member("timeToLive"), Value::Number(0.0));
    let (Value::Number(time), message_id) = (member("timestamp"), member("messageId")) else {
        panic!("no time")
    };
    assert!((before..=millis()).contains(&time), "{time} is not in milliseconds");
    assert!(message_id.as_str().is_some_and(|id| id.len() == 36 && id != ID), "{message_id:?}");
    assert_eq!(member("headers").as_object().unwrap().members().count(), 0);
}

fn millis() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis() as f64
}

#[tokio::test]
async fn the_message_in_every_envelope() {
    let message = remoting_message(&remoting("probe", "echo", array(&[text("é")])));
    let bodies = [
        [&[0x0A, 0, 0, 0, 1, 0x11][..], &message].concat(),
        [&[0x11][..], &array(std::slice::from_ref(&message))].concat(),
        [&[0x11][..], &message].concat(),
    ];
    for (version, body) in
        [0, 1, 3].into_iter().flat_map(|version| bodies.iter().map(move |body| (version, body)))
    {
        for target in ["null", ""] {
            let packet = bytes::packet(version, &[bytes::message(target, "/1", body)]);
            let (target, answer) = answer(&gateway(), packet).await;
            assert_eq!(target, "/1/onResult");
            assert_eq!(members(&answer, "AcknowledgeMessage")("body").as_str(), Some("é"));
        }
    }
}

#[tokio::test]
async fn all_of_it_in_amf0() {
    // typed object (10), alias, members, end
    let class = format!("{MESSAGES}.RemotingMessage");
    let typed = |body: Vec<u8>| {
        let members = [
            [bytes::utf8("body"), body].concat(),
            [bytes::utf8("destination"), bytes::string("probe")].concat(),
            [bytes::utf8("messageId"), bytes::string(ID)].concat(),
            [bytes::utf8("operation"), bytes::string("echo")].concat(),
        ];
        [&[0x10][..], &bytes::utf8(&class), &members.concat(), &[0, 0, 9]].concat()
    };
    // ECMA array (08): a count, then as an object
    let ecma = [&[0x08, 0, 0, 0, 1][..], &bytes::object(&[("0", bytes::string("x"))])[1..]].concat();
    for body in [bytes::arguments(&[bytes::string("x")]), ecma, bytes::string("x")] {
        let call = bytes::packet(0, &[bytes::message("null", "/1", &bytes::arguments(&[typed(body)]))]);
        let reply = messages(&post(&gateway(), call).await);
        assert_eq!(reply[0].0, "/1/onResult");
        let answer: Value = amf_core::from_slice(Version::Amf0, &reply[0].1).unwrap();
        let member = members(&answer, "AcknowledgeMessage");
        assert_eq!(member("body").as_str(), Some("x"));
        assert_eq!(member("correlationId").as_str(), Some(ID));
    }
    let call =
        bytes::packet(0, &[bytes::message("null", "/1", &bytes::arguments(&[typed(bytes::arguments(&[]))]))]);
    let reply = messages(&post(&gateway(), call).await);
    assert_eq!(reply[0].0, "/1/onStatus");
    let answer: Value = amf_core::from_slice(Version::Amf0, &reply[0].1).unwrap();
    assert_eq!(members(&answer, "ErrorMessage")("faultCode").as_str(), Some("Server.ResourceUnavailable"));
}

#[tokio::test]
async fn arguments_in_other_forms() {
    let collection = |items: &[Vec<u8>]| external("flex.messaging.io.ArrayCollection", &array(items));
    let list = external("flex.messaging.io.ArrayList", &array(&[text("x")]));
    for body in [array(&[text("x")]), collection(&[text("x")]), list, text("x")] {
        let message = remoting_message(&remoting("probe", "echo", body));
        let (_, answer) = answer(&gateway(), envelope(&message)).await;
        assert_eq!(members(&answer, "AcknowledgeMessage")("body").as_str(), Some("x"));
    }
    // an object is one argument, not a list of them
    let message = remoting_message(&remoting("probe", "echo", map(&[("0", text("x"))])));
    let (_, reply) = answer(&gateway(), envelope(&message)).await;
    assert_eq!(members(&reply, "AcknowledgeMessage")("body").get("0").unwrap().as_str(), Some("x"));
    // null, undefined, an empty array, or no body at all
    let without = remoting("probe", "nothing", nothing()).split_off(1);
    let nulls = [nothing(), vec![0x00], array(&[]), collection(&[])];
    let bodies = nulls.map(|body| remoting("probe", "nothing", body));
    for members_of in bodies.into_iter().chain([without]) {
        let (target, reply) = answer(&gateway(), envelope(&remoting_message(&members_of))).await;
        assert_eq!(target, "/1/onResult", "{reply:?}");
        assert_eq!(members(&reply, "AcknowledgeMessage")("body"), Value::Null);
    }
}

#[tokio::test]
async fn the_body_wherever_it_stands() {
    let mut members_of = remoting("probe", "echo", array(&[text("x")]));
    for _ in 0..members_of.len() {
        members_of.rotate_left(1);
        let (_, answer) = answer(&gateway(), envelope(&remoting_message(&members_of))).await;
        assert_eq!(members(&answer, "AcknowledgeMessage")("body").as_str(), Some("x"));
    }
    members_of.push(("unheardOf", array(&[integer(1)])));
    let (target, _) = answer(&gateway(), envelope(&remoting_message(&members_of))).await;
    assert_eq!(target, "/1/onResult");
}

#[tokio::test]
async fn headers_of_a_message_are_read_like_those_of_the_packet() {
    let gateway = gateway();
    let ask = |name: &str, headers: &[(&str, Vec<u8>)]| {
        let members = remoting("probe", "header", array(&[text(name)]));
        in_message("/1", &remoting_message(&replaced(members, "headers", map(headers))))
    };
    let sent = [
        ("DSEndpoint", text("my-amf")),
        ("DSRemoteCredentials", text("QWxhZGRpbjpvcGVu")),
        ("locale", map(&[("language", text("fr"))])),
        ("theme", text("dark")),
    ];
    let asked = ["DSEndpoint", "DSRemoteCredentials", "locale", "theme", "Trace", "none"];
    let mut steps: Vec<_> = asked.iter().map(|name| ask(name, &sent)).collect();
    // Those of one message are not those of the next.
    steps.extend([ask("theme", &[]), ask("locale", &[])]);
    // AMF0 strings: marker 02
    let of_packet =
        ["theme", "Trace"].map(|name| bytes::header(name, false, &bytes::string("of the packet")));
    let reply = messages(&post(&gateway, bytes::packet_with_headers(3, &of_packet, &steps)).await);
    let found = reply.iter().map(|(_, body)| members(&value(body), "AcknowledgeMessage")("body"));
    let found: Vec<_> =
        found.map(|value| value.get("language").unwrap_or(&value).as_str().map(str::to_owned)).collect();
    let expected = [
        Some("my-amf"),
        Some("QWxhZGRpbjpvcGVu"),
        Some("fr"),
        Some("dark"),
        Some("of the packet"),
        None,
        Some("of the packet"),
        None,
    ];
    assert_eq!(found, expected.map(|text| text.map(str::to_owned)));
}

#[tokio::test]
async fn references_reach_from_the_message_into_the_arguments() {
    // [message { body: [the alias "x" again by string reference, the headers again by object reference] }], where
    // strings: 0 the class, 1 body, 2 destination, 3 headers, 4 operation, 5 "probe", 6 "k", 7 "v", 8 "echo"
    // objects: 0 the message, 1 the headers, 2 the body
    let names = ["destination", "headers", "operation", "body"].map(name).concat();
    let message = [
        vec![0x0A, 4 << 4 | 3],
        name(&format!("{MESSAGES}.RemotingMessage")),
        names,
        text("probe"),
        map(&[("k", text("v"))]),
        text("echo"),
        array(&[vec![0x0A, 1 << 1]]),
    ];
    let (_, reply) = answer(&gateway(), envelope(&message.concat())).await;
    assert_eq!(members(&reply, "AcknowledgeMessage")("body").get("k").unwrap().as_str(), Some("v"));
    // the body itself by reference, to the array in the headers: objects 0 the message, 1 the headers, 2 the array
    let message =
        [message[..4].concat(), map(&[("k", array(&[text("v")]))]), text("echo"), vec![0x09, 2 << 1]];
    let (_, reply) = answer(&gateway(), envelope(&message.concat())).await;
    assert_eq!(members(&reply, "AcknowledgeMessage")("body").as_str(), Some("v"));
}

#[tokio::test]
async fn destination_source_and_operation() {
    let result = |destination: &'static str, source: Vec<u8>, operation: &'static str| async move {
        let members_of = replaced(remoting(destination, operation, array(&[text("x")])), "source", source);
        error_or_text(envelope(&remoting_message(&members_of))).await
    };
    for (destination, source) in [
        ("probe", nothing()),
        ("probe", text("")),
        ("probe", text("com.example.SomeJavaClass")),
        ("zend", text("probe")),
    ] {
        assert_eq!(result(destination, source, "echo").await, "x");
    }
    assert_eq!(result("nobody", nothing(), "echo").await, "Service.ResourceNotFound: Unknown service nobody");
    for (destination, operation, expected) in [
        (
            "amfphp",
            "echo",
            "Service.ResourceNotFound: Unknown service amfphp; the source prob is no service either",
        ),
        (
            "probe",
            "none",
            "Service.MethodNotFound: Unknown method none of service probe; the source prob is no service either",
        ),
        // a fault of the method itself, of the same code, has nothing to do with the source
        ("probe", "fail", "Service.MethodNotFound: as asked"),
    ] {
        let body = array(&[text("Service.MethodNotFound")]);
        let call = replaced(remoting(destination, operation, body), "source", text("prob"));
        assert_eq!(error_or_text(envelope(&remoting_message(&call))).await, expected);
    }
    assert_eq!(
        result("probe", nothing(), "none").await,
        "Service.MethodNotFound: Unknown method none of service probe"
    );
    assert_eq!(
        result("probe", nothing(), "note").await,
        "Service.MethodNotFound: Unknown method note of service probe"
    );
}

async fn error_or_text(packet: Vec<u8>) -> String {
    let (target, answer) = answer(&gateway(), packet).await;
    if target == "/1/onResult" {
        return members(&answer, "AcknowledgeMessage")("body").as_str().unwrap().to_owned();
    }
    let member = members(&answer, "ErrorMessage");
    format!("{}: {}", member("faultCode").as_str().unwrap(), member("faultString").as_str().unwrap())
}

#[tokio::test]
async fn a_fault_is_an_error_message() {
    let message = remoting_message(&remoting("probe", "fail", array(&[text("A.B")])));
    let (target, reply) = answer(&gateway(), envelope(&message)).await;
    assert_eq!(target, "/1/onStatus");
    let member = members(&reply, "ErrorMessage");
    assert_eq!(member("faultCode").as_str(), Some("A.B"));
    assert_eq!(member("faultString").as_str(), Some("as asked"));
    for name in ["faultDetail", "rootCause", "extendedData", "body"] {
        assert_eq!(member(name), Value::Null, "{name}");
    }
    assert_eq!(member("correlationId").as_str(), Some(ID));
    assert_eq!(member("clientId").as_str(), Some(CLIENT));
    assert_eq!(member("destination").as_str(), Some("probe"));

    let message = remoting_message(&remoting("probe", "explode", array(&[])));
    let (code, text_of) = error(&gateway(), envelope(&message)).await;
    assert_eq!((code.as_str(), text_of.as_str()), ("Server.Processing", "internal error"));
    let message = remoting_message(&remoting("probe", "add", array(&[integer(1), text("x")])));
    let (code, text_of) = error(&gateway(), envelope(&message)).await;
    assert_eq!(code, "Client.Message.Encoding");
    assert!(text_of.starts_with("argument 2 `b`: expected"), "{text_of}");
    let message = remoting_message(&remoting("probe", "add", array(&[integer(1)])));
    let (code, text_of) = error(&gateway(), envelope(&message)).await;
    assert_eq!(code, "Server.ResourceUnavailable");
    assert_eq!(text_of, "1 arguments were sent but 2 were expected");
}

#[tokio::test]
async fn messages_of_one_packet_are_answered_in_order() {
    let probe = Probe::default();
    let gateway = probe.gateway().flex(Flex::new());
    let call = |operation, args: &[Vec<u8>]| remoting_message(&remoting("probe", operation, array(args)));
    let packet = bytes::packet(
        3,
        &[
            in_message("/1", &call("sleep", &[text("a"), double(0.02)])),
            in_message("/2", &call("fail", &[text("A.B")])),
            bytes::message("probe.greet", "/3", &bytes::arguments(&[bytes::string("Ann")])),
            in_message("/4", &call("overlap", &[text("b"), double(0.02)])),
            in_message("/5", &call("tell", &[text("hello")])),
            in_message("/5", &call("echo", &[integer(7)])),
        ],
    );
    let reply = messages(&post(&gateway, packet).await);
    let targets: Vec<&str> = reply.iter().map(|(target, _)| target.as_str()).collect();
    assert_eq!(
        targets,
        ["/1/onResult", "/2/onStatus", "/3/onResult", "/4/onResult", "/5/onResult", "said", "/5/onResult"]
    );
    assert_eq!(probe.take_events(), ["+a", "-a", "fail", "+b", "-b"]);
    assert_eq!(members(&value(&reply[6].1), "AcknowledgeMessage")("body"), Value::Integer(7));
    // the plain call is answered plainly
    assert_eq!(value(&reply[2].1).as_str(), Some("hello Ann"));
}

#[derive(AmfObject, Clone, PartialEq)]
#[amf(alias = "com.example.Player")]
struct Player {
    name: String,
    friend: Option<std::sync::Arc<Player>>,
}

struct Typed;

#[remoting_service(name = "typed")]
impl Typed {
    fn both(&self, players: Vec<Player>) -> ArrayCollection<Player> {
        ArrayCollection(players.into_iter().rev().collect())
    }
}

#[tokio::test]
async fn typed_both_ways() {
    let gateway = Gateway::new(Services::new().add(Typed)).flex(Flex::new());
    let player =
        |name: &str, friend| object("com.example.Player", &[("name", text(name)), ("friend", friend)]);
    let players = [player("Ann", nothing()), player("Bob", player("Cid", nothing()))];
    let list = external("flex.messaging.io.ArrayCollection", &array(&players));
    for list in [array(&players), list] {
        let message = remoting_message(&remoting("typed", "both", array(&[list])));
        let (_, reply) = answer(&gateway, envelope(&message)).await;
        let Value::External(result) = members(&reply, "AcknowledgeMessage")("body") else {
            panic!("no collection")
        };
        let result = result.as_list().unwrap();
        assert_eq!(result[0].as_object().unwrap().alias(), "com.example.Player");
        assert_eq!(result[0].get("friend").unwrap().get("name").unwrap().as_str(), Some("Cid"));
        assert_eq!(result[1].get("name").unwrap().as_str(), Some("Ann"));
    }
}

#[tokio::test]
async fn layers_see_the_call_and_may_answer_it() {
    let seen = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
    let log = std::sync::Arc::clone(&seen);
    let layer = tower::layer::layer_fn(move |_inner: amf_remoting::service::CallService| {
        let log = std::sync::Arc::clone(&log);
        tower::service_fn(move |call: Call| {
            log.lock().unwrap().push(call.target().to_string());
            std::future::ready(Ok::<_, amf_remoting::Fault>(
                Reply::encode(call.version(), "from the layer").unwrap(),
            ))
        })
    });
    let gateway = Gateway::new(Services::new().layer(layer)).flex(Flex::new());
    let message = remoting_message(&remoting("some", "thing", array(&[])));
    let (_, reply) = answer(&gateway, envelope(&message)).await;
    let member = members(&reply, "AcknowledgeMessage");
    assert_eq!(member("body").as_str(), Some("from the layer"));
    assert_eq!(member("correlationId").as_str(), Some(ID));
    assert_eq!(*seen.lock().unwrap(), ["some.thing"]);
}

#[tokio::test]
async fn a_reply_that_a_layer_kept_answers_no_other_message() {
    let kept: std::sync::Arc<std::sync::Mutex<Option<Reply>>> = std::sync::Arc::default();
    let layer = tower::layer::layer_fn(move |inner: amf_remoting::service::CallService| {
        let kept = std::sync::Arc::clone(&kept);
        tower::service_fn(move |call: Call| {
            let (kept, mut inner) = (std::sync::Arc::clone(&kept), inner.clone());
            async move {
                if let Some(reply) = kept.lock().unwrap().clone() {
                    return Ok::<_, amf_remoting::Fault>(reply);
                }
                let reply = tower::Service::call(&mut inner, call).await?;
                *kept.lock().unwrap() = Some(reply.clone());
                Ok(reply)
            }
        })
    });
    let gateway = Gateway::new(Probe::default().services().layer(layer)).flex(Flex::new());
    let message = envelope(&remoting_message(&remoting("probe", "nothing", array(&[]))));
    assert_eq!(answer(&gateway, message.clone()).await.0, "/1/onResult");
    assert_eq!(error(&gateway, message).await.0, "Server.Processing");
}

#[tokio::test]
async fn without_flex_it_is_a_call_to_nobody() {
    let message = envelope(&remoting_message(&remoting("probe", "nothing", array(&[]))));
    let reply = messages(&post(&Probe::default().gateway(), message).await);
    assert_eq!(reply[0].0, "/1/onStatus");
    assert_eq!(value(&reply[0].1).get("code").unwrap().as_str(), Some("Service.ResourceNotFound"));
}
