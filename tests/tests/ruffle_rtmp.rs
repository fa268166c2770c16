//! A Flash movie in Ruffle, in a real browser, speaks RTMP with the lobby through `flash.net.Socket`.
//!
//! Ruffle itself has no `rtmp://`: the movie brings a client of its own. The browser lets its bytes out in a
//! WebSocket, which the server answers itself: there is no proxy between.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything here runs inside a test, where a panic is the failure"
)]

use std::ops::RangeInclusive;
use std::path::Path;
use std::time::Duration;

use amf_tests::clients;
use amf_tests::lobby::Lobby;
use amf_tests::random::Random;
use amf_tests::tagged::{class, date, double, ecma, now, undefined};
use serde_json::{Value, json};

#[test]
#[ignore = "needs Chromium, Haxe and Ruffle: tests/run.sh"]
fn a_movie_in_ruffle_calls_and_is_called() {
    let movie = clients::rtmp_movie(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let lobby = Lobby::start();
    let mut random = Random::new();
    // Chunks that are smaller than the default, and larger.
    let sessions = [session(&mut random, "small", 64), session(&mut random, "large", 5000)];

    let from = now();
    let report = clients::report_of(
        &mut clients::ruffle_rtmp(&lobby.gateway(), &movie, lobby.rtmp(), &lobby.socket()),
        &json!(sessions),
        Duration::from_secs(150),
    );
    let time = from..=now();

    let reports = report["sessions"].as_array().unwrap();
    assert_eq!(reports.len(), sessions.len());
    for (session, report) in sessions.iter().zip(reports) {
        check_calls(session, report, lobby.rtmp());
        check_questions(session, report);
        check_room(session, report, &time);
    }
}

/// What the movie is told, see `RtmpMain.hx`.
fn session(random: &mut Random, label: &str, chunk_size: u32) -> Value {
    let arguments = json!([random.text(9), {"a": [random.between(0, 99), null]}, null, true]);
    // In each half one that takes many chunks: between them the size of the chunks changes.
    let values = json!([
        random.between(-1 << 28, (1 << 28) - 1),
        random.between(1 << 32, 1 << 53),
        double(random.fraction()),
        double(f64::MAX),
        double(-0.0),
        double(f64::NAN),
        true,
        null,
        undefined(),
        "",
        random.text(5),
        random.text(3000),
        random.text(300),
        // More than the 65,535 bytes that a short AMF0 string holds.
        random.text(40_000),
        date(random.millis()),
        [],
        [random.between(0, 99), random.text(4), null, [true, date(random.millis())]],
        {},
        {"a": {"b": {"c": [random.text(3), {"d": double(random.fraction())}]}}, "n": null, "ключ": 1},
        ecma(&json!({"0": 7, "one": random.text(3), "two": {"x": [1]}})),
    ]);
    let questions: Vec<Value> = [
        [json!(random.between(0, 1 << 20)), json!({"of": random.text(5), "list": [random.between(0, 99)]})],
        [json!(random.text(2000)), json!(random.text(2000))],
        [json!({"deep": [random.text(3), date(random.millis())]}), Value::Null],
    ]
    .into_iter()
    .map(|[value, answer]| json!({"method": random.name(), "value": value, "answer": answer}))
    .collect();
    let fault = json!({"level": "error", "code": "Movie.Refused", "description": random.name()});
    json!({
        "label": label, "chunkSize": chunk_size, "arguments": arguments, "values": values,
        "questions": questions, "refusal": {"method": random.name(), "fault": fault},
        "names": [random.name(), random.name()], "texts": [random.text(40), random.text(40)],
    })
}

fn check_calls(session: &Value, report: &Value, rtmp: &str) {
    assert_eq!(report["label"], session["label"]);
    // Nothing came that the movie did not expect, and no connection ended before its time.
    assert_eq!(report["events"], json!([[], []]), "{}", report["received"]);
    assert_eq!(report["connected"]["code"], "NetConnection.Connect.Success");
    let connection = json!({"app": "lobby", "tcUrl": rtmp, "arguments": session["arguments"]});
    assert_eq!(report["connection"], json!({"result": connection}));
    let values = session["values"].as_array().unwrap();
    let echoed = report["echoed"].as_array().unwrap();
    assert_eq!(echoed.len(), values.len());
    for (asked, answer) in values.iter().zip(echoed) {
        assert_eq!(*answer, json!({"result": asked}));
    }
    check_fault(&report["fault"], "Echo.Fail", "failed as asked");
    check_fault(&report["noMethod"], "NetConnection.Call.Failed", "nothing");
    check_fault(&report["noService"], "NetConnection.Call.Failed", "nothing");
}

/// The server calls the movie and waits for its answer.
fn check_questions(session: &Value, report: &Value) {
    let questions = session["questions"].as_array().unwrap();
    let asked = report["asked"].as_array().unwrap();
    assert_eq!(asked.len(), questions.len());
    for (question, asked) in questions.iter().zip(asked) {
        assert_eq!(asked["came"], json!([[question["value"]]]), "{question}");
        assert_eq!(asked["answered"], json!({"result": question["answer"]}), "{question}");
    }
    // What the movie refuses comes back as the fault that it made.
    let refusal = &session["refusal"]["fault"];
    check_fault(&report["refused"], "Movie.Refused", refusal["description"].as_str().unwrap());
    check_fault(&report["unknownToMovie"], "NetConnection.Call.Failed", "the movie has no nothingLikeIt");
    assert_eq!(report["askedBack"], json!({"result": [session["texts"][0], "asked back"]}));
}

/// Two in the room, over two connections.
fn check_room(session: &Value, report: &Value, time: &RangeInclusive<i64>) {
    let (names, texts) = (&session["names"], &session["texts"]);
    let [first, second, again] = [("seat", 0), ("seatSecond", 1), ("rejoined", 0)].map(|(seat, index)| {
        let seat = &report[seat]["result"];
        let player = player_in(&seat["members"]["player"], &names[index], time);
        let token = seat["members"]["token"].as_str().expect("a token");
        assert!(!token.is_empty());
        assert_eq!(*seat, class("Place", &json!({"token": token, "player": player})));
        player
    });
    for (joined_as, player) in [("joinedAs", &first), ("joinedAsSecond", &second)] {
        let members = &player["members"];
        let joined_at = &members["joinedAt"]["$date"];
        let expected = json!({"id": members["id"], "name": members["name"], "joinedAt": joined_at});
        assert_eq!(report[joined_as], expected);
        assert_eq!(report["seat"]["error"], Value::Null);
    }
    assert_eq!(report["seatAgain"], json!({"result": report["seat"]["result"]}));
    assert_eq!(report["players"], json!({"result": [first, second]}));
    check_fault(&report["nameTaken"], "Lobby.NameTaken", "");

    let [said, said_second] = [("said", 0), ("saidSecond", 1)].map(|(said, index)| {
        let line = &report[said]["result"];
        let at = line["members"]["at"]["$date"].as_i64().expect("a date");
        assert!(time.contains(&at), "{line}");
        let members = json!({"from": names[index], "text": texts[index], "at": date(at)});
        assert_eq!(*line, class("Line", &members));
        line
    });
    let told_first = json!([["playerJoined", second], ["said", said], ["said", said_second]]);
    assert_eq!(report["told"][0], told_first);
    let told_second = json!([
        ["said", said],
        ["said", said_second],
        ["playerLeft", first],
        ["playerJoined", again],
        // The one whose connection ended.
        ["playerLeft", again],
    ]);
    assert_eq!(report["told"][1], told_second);
    assert_eq!(report["left"], json!({"result": true}));
    assert_eq!(report["leftAgain"], json!({"result": false}));
    assert_eq!(report["playersAfter"], json!({"result": [second]}));
    assert_eq!(report["leftSecond"], json!({"result": true}));
}

fn player_in(reported: &Value, name: &Value, time: &RangeInclusive<i64>) -> Value {
    let id = reported["members"]["id"].as_i64().expect("an id");
    let joined_at = reported["members"]["joinedAt"]["$date"].as_i64().expect("a date");
    assert!(time.contains(&joined_at), "{reported}");
    let player = class("Guest", &json!({"id": id, "name": name, "joinedAt": date(joined_at)}));
    assert_eq!(*reported, player);
    player
}

/// What `_error` brought.
fn check_fault(answer: &Value, code: &str, description: &str) {
    let fault = &answer["fault"];
    assert_eq!(fault["level"], "error", "{answer}");
    assert_eq!(fault["code"], code, "{answer}");
    let words = fault["description"].as_str().expect("a description");
    assert!(!words.is_empty() && words.contains(description), "{answer}");
}
