//! `Py3AMF`'s remoting client visits the lobby, in AMF0 and in AMF3.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything here runs inside a test, where a panic is the failure"
)]

use std::time::Duration;

use amf_tests::clients;
use amf_tests::lobby::Lobby;
use amf_tests::random::Random;
use amf_tests::tagged::{bytes, class, date, double, ecma, now, same, undefined, unhex};
use serde_json::{Value, json};

#[test]
#[ignore = "needs Py3AMF: tests/run.sh"]
fn py3amf_visits_the_lobby_in_amf0() {
    visit(0);
}

#[test]
#[ignore = "needs Py3AMF: tests/run.sh"]
fn py3amf_visits_the_lobby_in_amf3() {
    visit(3);
}

fn visit(version: u16) {
    let lobby = Lobby::start_with(&["--py3amf"]);
    let mut random = Random::new();
    let name = random.name();
    let text = random.text(40);
    let (asked, expected): (Vec<Value>, Vec<Value>) = values(&mut random, version).into_iter().unzip();
    let session = json!({
        "version": version, "name": name, "text": text, "values": asked,
        "header": {"number": random.between(0, 1000), "list": [random.text(3), null]},
    });

    let from = now();
    let report = clients::report_of(&mut clients::py3amf(&lobby.gateway()), &session, Duration::from_mins(1));
    let time = from..=now();

    let seat = &report["join"];
    let token = seat["members"]["token"].as_str().expect("a token");
    let player = &seat["members"]["player"];
    let joined_at = player["members"]["joinedAt"]["$date"].as_i64().expect("a date");
    assert!(!token.is_empty() && time.contains(&joined_at), "{seat}");
    let id = player["members"]["id"].as_i64().expect("an id");
    let player = class("lobby.Player", &json!({"id": id, "name": name, "joinedAt": date(joined_at)}));
    let seat_as_sent = class("lobby.Seat", &json!({"token": token, "player": player}));
    assert_eq!(*seat, seat_as_sent);
    assert_eq!(report["joinedAs"], json!(["Seat", "Player", name]));
    assert_eq!(report["players"], json!({"result": [player]}));
    let message = |answer: &Value| {
        let at = answer["result"]["members"]["at"]["$date"].as_i64().expect("a date");
        assert!(time.contains(&at), "{answer}");
        json!({"result": class("lobby.Message", &json!({"from": name, "text": text, "at": date(at)}))})
    };
    assert_eq!(report["said"], message(&report["said"]));

    let echoed = report["echoed"].as_array().unwrap();
    assert_eq!(echoed.len(), expected.len());
    for ((asked, expected), answer) in asked.iter().zip(&expected).zip(echoed) {
        assert_eq!(answer["result"], *expected, "asked for {asked}, got {answer}");
    }
    assert_eq!(report["seatAgain"], json!({"result": seat_as_sent}));

    check_fault(&report["fault"], "Echo.Fail", "failed as asked");
    assert_eq!(report["raised"], json!({"error": "RemotingError", "words": "failed as asked"}));
    check_fault(&report["badToken"], "Lobby.NotJoined", "");
    check_fault(&report["nameTaken"], "Lobby.NameTaken", "");
    check_fault(&report["noMethod"], "Service.MethodNotFound", "");
    check_fault(&report["noService"], "Service.ResourceNotFound", "");
    let too_few = "1 arguments were sent but 2 were expected";
    check_fault(&report["tooFew"], "Server.ResourceUnavailable", too_few);
    let wrong_type = "argument 1 `token`: expected String, got Array";
    check_fault(&report["wrongType"], "Client.Message.Encoding", wrong_type);

    let batch = &report["batch"];
    assert_eq!(batch["answered"], batch["asked"], "every call is answered, in order");
    let answers = batch["answers"].as_array().unwrap();
    assert_eq!(answers.len(), 5);
    assert_eq!(answers[0], json!({"result": text}));
    assert_eq!(answers[1], json!({"result": [player]}));
    check_fault(&answers[2], "Echo.Fail", "failed as asked");
    assert_eq!(answers[3], message(&answers[3]));
    assert_eq!(answers[4], json!({"result": null}));

    assert_eq!(report["left"], json!({"result": true}));
    assert_eq!(report["leftAgain"], json!({"result": false}));
    assert_eq!(report["playersAfter"], json!({"result": []}));

    for packet in report["packets"].as_array().unwrap() {
        assert_eq!(packet["status"], 200, "{packet}");
        assert_eq!(packet["type"], "application/x-amf", "{packet}");
        let (request, reply) =
            (&unhex(packet["request"].as_str().unwrap()), &unhex(packet["reply"].as_str().unwrap()));
        assert_eq!(u16::from_be_bytes([request[0], request[1]]), version);
        assert_eq!(u16::from_be_bytes([reply[0], reply[1]]), version, "{packet}");
        assert_eq!(request[2..4], [0, 1], "every request has the header");
    }
}

/// What the echo is asked for, and what shall come back.
fn values(random: &mut Random, version: u16) -> Vec<(Value, Value)> {
    // An AMF3 integer has 29 bits; Py3AMF makes a number of what is larger, and keeps the two apart.
    let large = |number: i64| {
        let expected = if version == 3 { double(number as f64) } else { json!(number) };
        (json!(number), expected)
    };
    let alike = |value: Value| (value.clone(), value);
    let joined_at = moment(random);
    let stranger = json!({"id": random.between(0, 1 << 20), "name": random.text(6), "joinedAt": joined_at});
    let members = json!({"list": [random.text(3), null], "number": random.between(-500, 500)});
    let shared = json!({"word": random.text(3)});
    let mut values = vec![
        alike(json!(random.between(-1 << 28, (1 << 28) - 1))),
        alike(json!((1 << 28) - 1)),
        alike(json!(-1 << 28)),
        large(1 << 28),
        large((-1 << 28) - 1),
        large(1 << 31),
        large(-(1 << 31) - 1),
        large(random.between(1 << 32, 1 << 53)),
        large(-random.between(1 << 32, 1 << 53)),
        alike(double(random.fraction())),
        alike(double(f64::MAX)),
        alike(double(f64::from_bits(1))),
        alike(double(f64::NAN)),
        alike(double(f64::NEG_INFINITY)),
        alike(json!(true)),
        alike(json!(false)),
        alike(Value::Null),
        alike(undefined()),
        alike(json!("")),
        alike(json!(random.text(7))),
        alike(json!(random.text(300))),
        // More than the 65,535 bytes that a short AMF0 string holds.
        alike(json!(random.text(40_000))),
        alike(moment(random)),
        alike(json!([])),
        alike(json!([random.between(0, 99), random.text(4), null, [true, moment(random)]])),
        alike(json!({})),
        alike(
            json!({"a": {"b": {"c": [random.text(3), {"d": double(random.fraction())}]}}, "n": null, "ключ": 1}),
        ),
        alike(ecma(&json!({"0": 7, "one": random.text(3), "two": {"x": [1]}}))),
        // A class that both sides know, and one that only the client knows.
        alike(class("lobby.Player", &stranger)),
        alike(class("test.Unknown", &members)),
        // The list is compound 0, the object in it 1: one object in three places.
        alike(json!([shared, same(1), {"again": same(1)}])),
        alike(json!({"children": [{"parent": same(0)}], "self": same(0)})),
        alike(class("test.Unknown", &json!({"itself": same(0), "list": [same(0)]}))),
    ];
    if version == 3 {
        values.push(alike(double(-0.0)));
        values.push(alike(bytes(&random.bits().to_be_bytes())));
        values.push(alike(bytes(&[])));
        values.push(alike(json!({"$collection": [random.text(3), {"a": 1}, null]})));
        values.push(alike(json!({"$proxy": {"a": random.text(3)}})));
        values.push(alike(json!([{"$collection": [same(1)]}, same(1)])));
    }
    values
}

/// A date. `Py3AMF` writes fractions of a second before 1970 wrong, so such a date has none here.
fn moment(random: &mut Random) -> Value {
    let millis = random.millis();
    date(if millis < 0 { millis / 1000 * 1000 } else { millis })
}

fn check_fault(answer: &Value, code: &str, description: &str) {
    let fault = &answer["fault"];
    assert_eq!(fault["level"], "error", "{answer}");
    assert_eq!(fault["code"], code, "{answer}");
    let words = fault["description"].as_str().expect("a description");
    assert!(!words.is_empty() && words.contains(description), "{answer}");
}
