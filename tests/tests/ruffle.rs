//! A Flash movie in Ruffle, in a real browser, visits the lobby.
//!
//! What Ruffle 0.6.0 writes is always AMF0 in a packet of version 0, whatever `objectEncoding` says,
//! so the third session has its packets marked as version 3 on the way: the replies come in AMF3.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything here runs inside a test, where a panic is the failure"
)]

use std::path::Path;
use std::time::Duration;

use amf_tests::clients;
use amf_tests::lobby::Lobby;
use amf_tests::random::Random;
use amf_tests::tagged::{bytes, class, date, double, ecma, now, undefined, unhex};
use serde_json::{Value, json};

/// One session of the movie, see `Main.hx`.
struct Session {
    label: &'static str,
    gateway: &'static str,
    encoding: u8,
    /// The version that the replies have.
    version: u16,
    name: String,
    text: String,
    values: Vec<Value>,
}

#[test]
#[ignore = "needs Chromium, Haxe and Ruffle: tests/run.sh"]
fn a_movie_in_ruffle_visits_the_lobby() {
    let movie = clients::movie(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let lobby = Lobby::start();
    let mut random = Random::new();
    let sessions = [
        session(&mut random, "AMF0", "/gateway", 0, 0),
        session(&mut random, "AMF3", "/gateway", 3, 0),
        session(&mut random, "AMF3 replies", "/gateway/version3", 3, 3),
    ];
    let asked: Vec<Value> = sessions
        .iter()
        .map(|session| {
            json!({
                "label": session.label, "gateway": session.gateway, "encoding": session.encoding,
                "name": session.name, "text": session.text, "values": session.values,
            })
        })
        .collect();

    let from = now();
    let report = clients::report_of(
        &mut clients::ruffle(&lobby.gateway(), &movie),
        &json!(asked),
        Duration::from_secs(150),
    );
    let until = now();

    let reports = report["sessions"].as_array().unwrap();
    assert_eq!(reports.len(), sessions.len());
    for (session, report) in sessions.iter().zip(reports) {
        check(session, report, from..=until);
    }
    check_packets(report["packets"].as_array().unwrap(), &sessions);
}

fn session(
    random: &mut Random,
    label: &'static str,
    gateway: &'static str,
    encoding: u8,
    version: u16,
) -> Session {
    let mut values = vec![
        json!(random.between(-1 << 28, (1 << 28) - 1)),
        json!(random.between(1 << 32, 1 << 53)),
        json!(-random.between(1 << 32, 1 << 53)),
        json!(0),
        double(random.fraction()),
        double(f64::MAX),
        double(f64::from_bits(1)),
        double(-0.0),
        double(f64::NAN),
        double(f64::NEG_INFINITY),
        json!(true),
        json!(false),
        Value::Null,
        undefined(),
        json!(""),
        json!(random.text(5)),
        json!(random.text(300)),
        // More than the 65,535 bytes that an AMF0 string holds.
        json!(random.text(40_000)),
        date(random.millis()),
        json!([]),
        json!([random.between(0, 99), random.text(4), null, [true, date(random.millis())]]),
        json!({}),
        json!({"a": {"b": {"c": [random.text(3), {"d": double(random.fraction())}]}}, "n": null, "ключ": 1}),
        ecma(&json!({"0": 7, "one": random.text(3), "two": {"x": [1]}})),
    ];
    if version == 0 {
        // Ruffle sends a ByteArray as "unsupported", which AMF3 does not have.
        values.push(bytes(&random.bits().to_be_bytes()));
    }
    Session { label, gateway, encoding, version, name: random.name(), text: random.text(40), values }
}

fn check(session: &Session, report: &Value, time: std::ops::RangeInclusive<i64>) {
    let label = session.label;
    assert_eq!(report["label"], label);
    // The movie closes its connection itself; nothing else may have happened to it.
    let events: Vec<&str> = report["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(Value::as_str)
        .filter(|e| !e.is_empty())
        .collect();
    assert_eq!(events, ["NetConnection.Connect.Closed"], "{label}");

    let seat = &report["join"]["result"];
    let token = seat["members"]["token"].as_str().expect("a token");
    let player = &seat["members"]["player"];
    let id = player["members"]["id"].as_i64().expect("an id");
    let joined_at = player["members"]["joinedAt"]["$date"].as_i64().expect("a date");
    assert!(!token.is_empty() && time.contains(&joined_at), "{label}: {seat}");
    let members = json!({"id": id, "name": session.name, "joinedAt": date(joined_at)});
    let guest = class("Guest", &members);
    assert_eq!(*seat, class("Place", &json!({"token": token, "player": guest})), "{label}");
    assert_eq!(report["join"]["error"], Value::Null, "{label}");
    assert_eq!(report["joinedAs"], json!({"id": id, "name": session.name, "joinedAt": joined_at}), "{label}");
    assert_eq!(report["players"], json!({"result": [guest]}), "{label}");

    let said_at = report["said"]["result"]["members"]["at"]["$date"].as_i64().expect("a date");
    assert!(time.contains(&said_at), "{label}: {said_at}");
    let line = json!({"from": session.name, "text": session.text, "at": date(said_at)});
    assert_eq!(report["said"], json!({"result": class("Line", &line)}), "{label}");
    assert_eq!(
        report["heard"],
        json!({"from": session.name, "text": session.text, "at": said_at}),
        "{label}"
    );

    let echoed = report["echoed"].as_array().unwrap();
    assert_eq!(echoed.len(), session.values.len(), "{label}");
    for (asked, answer) in session.values.iter().zip(echoed) {
        let expected = if asked.get("$bytes").is_some() { undefined() } else { asked.clone() };
        assert_eq!(answer["result"], expected, "{label}: {answer}");
    }
    // Ruffle loses the alias of what it sends, so these come back without their class.
    assert_eq!(report["seatAgain"], json!({"result": {"token": token, "player": members}}), "{label}");

    check_fault(session, &report["fault"], "Echo.Fail", "failed as asked");
    for (step, code) in [
        ("badToken", "Lobby.NotJoined"),
        ("nameTaken", "Lobby.NameTaken"),
        ("noMethod", "Service.MethodNotFound"),
        ("noService", "Service.ResourceNotFound"),
        ("tooFew", "Server.ResourceUnavailable"),
    ] {
        check_fault(session, &report[step], code, "");
    }

    assert_eq!(
        report["pair"],
        json!([{"index": 0, "result": "first"}, {"index": 1, "result": "second"}]),
        "{label}"
    );
    let mixed = report["faultInTheMiddle"].as_array().unwrap();
    assert_eq!(mixed.len(), 3, "{label}");
    assert_eq!(mixed[0], json!({"index": 0, "result": 1}), "{label}");
    assert_eq!(mixed[1]["index"], 1, "{label}");
    check_fault(session, &mixed[1], "Echo.Fail", "failed as asked");
    assert_eq!(mixed[2], json!({"index": 2, "result": 3}), "{label}");

    let header = json!({"session": label, "numbers": [1, 2, 3]});
    assert_eq!(report["withHeader"], json!({"result": header}));
    assert_eq!(report["left"], json!({"result": true}), "{label}");
    assert_eq!(report["leftAgain"], json!({"result": false}), "{label}");
    assert_eq!(report["playersAfter"], json!({"result": []}), "{label}");
    for step in ["http404", "http500"] {
        let failed = json!({"code": "NetConnection.Call.Failed", "level": "error"});
        assert_eq!(report[step], failed, "{label}: {step}");
    }
}

/// What the movie's status function was given.
fn check_fault(session: &Session, answer: &Value, code: &str, description: &str) {
    let fault = &answer["fault"];
    let label = session.label;
    assert_eq!(fault["level"], "error", "{label}: {answer}");
    for member in ["code", "faultCode"] {
        assert_eq!(fault[member], code, "{label}: {answer}");
    }
    let words = fault["description"].as_str().expect("a description");
    assert!(!words.is_empty() && words.contains(description), "{label}: {answer}");
    assert_eq!(fault["faultString"], words, "{label}: {answer}");
}

/// What went over the wire, as it stands in the bytes.
fn check_packets(packets: &[Value], sessions: &[Session]) {
    let mut pairs = 0;
    let mut with_header = 0;
    for packet in packets {
        let (request, reply) = (&packet["request"], &packet["reply"]);
        assert_eq!(request["version"], 0, "{request}");
        assert_eq!(request["type"], "application/x-amf");
        assert_eq!(reply["status"], 200, "{packet}");
        assert_eq!(reply["type"], "application/x-amf", "{packet}");
        assert_eq!(reply["cache"], "no-store", "{packet}");
        assert_eq!(reply["messages"], request["messages"], "{packet}");
        let session = sessions.iter().find(|session| session.gateway == packet["path"]).unwrap();
        assert_eq!(reply["version"], session.version, "{packet}");
        if session.version == 3 && reply["messages"] == 1 {
            assert_eq!(first_marker(&unhex(reply["bytes"].as_str().unwrap())), 0x11, "{packet}");
        }
        pairs += usize::from(request["messages"] == 2);
        with_header += usize::from(request["headers"] == json!(["Trace"]));
    }
    // Both calls of the pair were in one packet.
    assert_eq!(pairs, sessions.len());
    // The header is on the call after it was added and on the three that follow.
    assert_eq!(with_header, sessions.len() * 4);
}

/// The marker of the first message's value in a packet without headers.
fn first_marker(packet: &[u8]) -> u8 {
    assert_eq!(packet[2..4], [0, 0], "no headers in a reply");
    let mut at = 6;
    for _ in 0..2 {
        at += 2 + usize::from(u16::from_be_bytes([packet[at], packet[at + 1]]));
    }
    packet[at + 4]
}
