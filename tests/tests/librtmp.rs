//! `python-librtmp` visits the lobby over RTMP, calls it and is called by it, in AMF0.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything here runs inside a test, where a panic is the failure"
)]

use std::ops::RangeInclusive;
use std::time::Duration;

use amf_tests::clients;
use amf_tests::lobby::Lobby;
use amf_tests::random::Random;
use amf_tests::tagged::{class, date, double, ecma, now, same, undefined};
use serde_json::{Value, json};

#[test]
#[ignore = "needs python-librtmp: tests/run.sh"]
fn librtmp_calls_and_is_called() {
    // What librtmp itself makes of values: JSON has all of it.
    visit("librtmp", |number| json!(number), |random| vec![ecma(&json!({"0": 7, "one": random.text(3)}))]);
}

#[test]
#[ignore = "needs python-librtmp and Py3AMF: tests/run.sh"]
fn librtmp_with_py3amf_visits_the_lobby() {
    let lobby = Lobby::start();
    let mut random = Random::new();
    let [name, guest] = [random.name(), random.name()];
    let texts = [random.text(40), random.text(40)];
    let from = now();
    let codec = Codec { name: "py3amf", number: double, more: typed };
    let others = json!({"name": name, "guest": guest, "texts": texts});
    let report = visit_with(&lobby, &mut random, &codec, &others);
    check_lobby(&report["lobby"], &name, &guest, &texts, &(from..=now()));
}

/// How the client makes values of what it receives.
struct Codec {
    name: &'static str,
    /// The form in which it shows a number that is not whole.
    number: fn(f64) -> Value,
    /// Values that this codec alone has.
    more: fn(&mut Random) -> Vec<Value>,
}

fn visit(name: &'static str, number: fn(f64) -> Value, more: fn(&mut Random) -> Vec<Value>) {
    visit_with(&Lobby::start(), &mut Random::new(), &Codec { name, number, more }, &json!({}));
}

/// One run of the client.
fn visit_with(lobby: &Lobby, random: &mut Random, codec: &Codec, others: &Value) -> Value {
    let &Codec { name: codec, number, more } = codec;
    let fraction = random.fraction();
    let mut values = vec![
        json!(0),
        json!(random.between(-1 << 53, 1 << 53)),
        number(fraction),
        number(f64::MAX),
        json!(true),
        json!(false),
        Value::Null,
        json!(""),
        json!(random.text(7)),
        // Chunks have 128 bytes unless somebody says otherwise.
        json!(random.text(300)),
        // More than the 65,535 bytes that a short AMF0 string holds.
        json!(random.text(40_000)),
        json!([]),
        json!([random.between(0, 99), random.text(4), null, [true, number(fraction)]]),
        json!({}),
        json!({"a": {"b": {"c": [random.text(3), {"d": number(fraction)}]}}, "n": null, "ключ": 1}),
    ];
    values.extend(more(random));
    let questions: Vec<Value> = [
        [json!(random.between(0, 1 << 20)), json!({"of": random.text(5), "list": [random.between(0, 99)]})],
        [json!(random.text(2000)), json!(random.between(0, 1 << 20))],
        [json!([{"deep": random.text(3)}, false]), json!(false)],
    ]
    .into_iter()
    .map(|[value, answer]| json!({"method": random.name(), "value": value, "answer": answer}))
    .collect();
    let (connect, arguments) = connect_arguments(random, number);

    let mut session = json!({"codec": codec, "connect": connect, "values": values, "questions": questions});
    session.as_object_mut().unwrap().extend(others.as_object().unwrap().clone());
    let report = clients::report_of(
        &mut clients::librtmp(lobby.rtmp(), &lobby.gateway()),
        &session,
        Duration::from_mins(1),
    );

    assert_eq!(report["connected"]["code"], "NetConnection.Connect.Success");
    assert_eq!(report["connected"]["level"], "status");
    let connection = json!({"app": "lobby", "tcUrl": lobby.rtmp(), "arguments": arguments});
    assert_eq!(report["connection"], json!({"result": connection}));
    let echoed = report["echoed"].as_array().unwrap();
    assert_eq!(echoed.len(), values.len());
    for (asked, answer) in values.iter().zip(echoed) {
        assert_eq!(answer["result"], *asked);
    }
    let asked = report["asked"].as_array().unwrap();
    assert_eq!(asked.len(), questions.len());
    for (question, asked) in questions.iter().zip(asked) {
        assert_eq!(asked["came"], json!([[question["value"]]]), "{question}");
        assert_eq!(asked["answered"], json!({"result": question["answer"]}), "{question}");
    }
    check_fault(&report["fault"], "Echo.Fail", "failed as asked");
    check_fault(&report["noMethod"], "NetConnection.Call.Failed", "nothing");
    check_fault(&report["noService"], "NetConnection.Call.Failed", "nothing");
    assert_eq!(report["afterFaults"], json!({"result": "still here"}));
    // Connecting fails as librtmp has it: the server said why, and hung up.
    let other = &report["otherApplication"];
    assert_eq!(other["raised"], "RTMPError", "{other}");
    assert_eq!(other["errors"].as_array().unwrap().len(), 1, "{other}");
    check_fault(&json!({"fault": other["errors"][0]}), "NetConnection.Connect.InvalidApp", "");
    report
}

/// Extra arguments of connect as librtmp is told them, and as they shall arrive.
fn connect_arguments(random: &mut Random, number: fn(f64) -> Value) -> (Value, Value) {
    let (word, inner) = (random.text(9), random.text(3));
    let (fraction, whole) = (random.fraction(), random.between(-1000, 1000));
    let told = json!([
        "B:1",
        format!("N:{whole}"),
        "O:1",
        "NB:no:0",
        format!("NN:part:{fraction}"),
        "NO:inner:1",
        format!("NS:word:{inner}"),
        "O:0",
        "O:0",
        "Z:",
        format!("S:{word}"),
    ]);
    let object = json!({"no": false, "part": number(fraction), "inner": {"word": inner}});
    (told, json!([true, whole, object, null, word]))
}

/// What is `Py3AMF`'s, and not librtmp's.
fn typed(random: &mut Random) -> Vec<Value> {
    // Py3AMF writes fractions of a second before 1970 wrong.
    let moment = date(random.between(0, 1 << 41));
    let player = json!({"id": random.between(0, 1 << 20), "name": random.text(6), "joinedAt": moment});
    vec![
        moment,
        undefined(),
        double(f64::NAN),
        ecma(&json!({"0": 7, "one": random.text(3), "two": {"x": [1]}})),
        class("lobby.Player", &player),
        class(
            "test.Unknown",
            &json!({"list": [random.text(3), null], "player": class("lobby.Player", &player)}),
        ),
        json!({"children": [{"parent": same(0)}], "self": same(0)}),
    ]
}

/// What the one over RTMP heard of the room and of the one over HTTP.
fn check_lobby(report: &Value, name: &str, guest: &str, texts: &[String; 2], time: &RangeInclusive<i64>) {
    let seat = &report["seat"];
    let token = seat["members"]["token"].as_str().expect("a token");
    let player = player_in(&seat["members"]["player"], name, time);
    assert!(!token.is_empty());
    assert_eq!(*seat, class("lobby.Seat", &json!({"token": token, "player": player})));
    assert_eq!(report["joinedAs"], json!(["Seat", "Player", name]));
    assert_eq!(report["seatAgain"], json!({"result": seat}));

    let told = report["told"].as_array().unwrap();
    assert_eq!(told.len(), 4, "{told:?}");
    let guest = player_in(&told[0][1], guest, time);
    assert_eq!(told[0], json!(["playerJoined", guest]));
    for (told, (speaker, text)) in told[1..3].iter().zip([(&guest, &texts[1]), (&player, &texts[0])]) {
        let at = told[1]["members"]["at"]["$date"].as_i64().expect("a date");
        assert!(time.contains(&at), "{told}");
        let message = json!({"from": speaker["members"]["name"], "text": text, "at": date(at)});
        assert_eq!(*told, json!(["said", class("lobby.Message", &message)]));
    }
    assert_eq!(told[3], json!(["playerLeft", guest]));
    assert_eq!(report["said"], json!({"result": told[2][1]}));

    assert_eq!(report["players"], json!({"result": [player, guest]}));
    check_fault(&report["nameTaken"], "Lobby.NameTaken", "");
    check_fault(
        &report["wrongType"],
        "Client.Message.Encoding",
        "argument 1 `token`: expected String, got Array",
    );
    let too_few = "1 arguments were sent but 2 were expected";
    check_fault(&report["tooFew"], "Server.ResourceUnavailable", too_few);
    assert_eq!(report["left"], json!({"result": true}));
    // Whose connection ends leaves.
    assert_eq!(report["lost"], json!({"before": [name], "after": []}));
}

fn player_in(reported: &Value, name: &str, time: &RangeInclusive<i64>) -> Value {
    let id = reported["members"]["id"].as_i64().expect("an id");
    let joined_at = reported["members"]["joinedAt"]["$date"].as_i64().expect("a date");
    assert!(time.contains(&joined_at), "{reported}");
    let player = class("lobby.Player", &json!({"id": id, "name": name, "joinedAt": date(joined_at)}));
    assert_eq!(*reported, player);
    player
}

/// What `_error` brought.
fn check_fault(answer: &Value, code: &str, description: &str) {
    let brought = answer["fault"].as_array().expect("an answer by _error");
    assert_eq!(brought.len(), 1, "{answer}");
    assert_eq!(brought[0]["level"], "error", "{answer}");
    assert_eq!(brought[0]["code"], code, "{answer}");
    let words = brought[0]["description"].as_str().expect("a description");
    assert!(!words.is_empty() && words.contains(description), "{answer}");
}
