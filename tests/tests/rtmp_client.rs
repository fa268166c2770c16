//! npm's `rtmp-client`, unchanged, calls a server, is called by it, and uses a shared object, in AMF0.
//!
//! It sets the flag 0x10 on every object, expects event 13 as the reply to its changes, and clears by event 14.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything here runs inside a test, where a panic is the failure"
)]

use std::sync::Mutex;
use std::time::Duration;

use amf_core::serde::Serde;
use amf_remoting::{Client, Fault, Services, Value as AmfValue, remoting_service};
use amf_rtmp::{Connect, Instance, NetConnection, Server, SharedObjectOptions, SyncChange, SyncEvent};
use amf_tests::clients;
use amf_tests::random::Random;
use amf_tests::tagged::date;
use serde_json::{Value, json};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

const TIMEOUT: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Probe {
    noted: Mutex<Vec<String>>,
}

#[remoting_service(name = "probe")]
impl Probe {
    fn echo(&self, value: AmfValue) -> AmfValue {
        value
    }

    fn arguments(&self, connect: &Connect) -> Vec<AmfValue> {
        connect.values().to_vec()
    }

    /// Calls its caller and waits for the answer.
    async fn ask(&self, client: &Client, number: f64) -> Result<f64, Fault> {
        client.invoke("double", (number,)).await.map_err(Fault::internal)
    }

    fn fail(&self) -> Result<(), Fault> {
        Err(Fault::new("Probe.Fail", "failed as asked"))
    }

    fn note(&self, text: String) {
        self.noted.lock().unwrap().push(text);
    }

    fn noted(&self) -> Vec<String> {
        self.noted.lock().unwrap().clone()
    }

    async fn write(&self, instance: &Instance, key: String, value: String) {
        let board = instance.shared_object("board", SharedObjectOptions::new()).await.unwrap();
        board.set(&key, &value).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Node.js and rtmp-client: tests/run.sh"]
async fn rtmp_client_calls_and_shares_an_object() {
    let server = Server::new(Services::new().add(Probe::default()));
    let bound = server.bind("127.0.0.1:0").await.unwrap();
    let url = format!("rtmp://{}/lobby/red", bound.local_addr().unwrap());
    tokio::spawn(bound.serve());

    // Somebody with this project's client is there before.
    let connection = NetConnection::builder(&url).unwrap().connect().await.unwrap();
    let board = connection.shared_object("board", SharedObjectOptions::new()).await.unwrap();
    let mut events = board.events();
    board.set("before", &7).unwrap();
    assert!(matches!(events.recv().await, Some(SyncEvent::Sync(_))));

    let session = session(&mut Random::new());
    let (mut command, input) = (clients::rtmp_client(&url), session.clone());
    let report = spawn_blocking(move || clients::report_of(&mut command, &input, TIMEOUT)).await.unwrap();
    check_calls(&session, &report);
    check_object(&session["texts"], &report);

    let heard = async {
        let mut heard = Vec::new();
        while heard.last().is_none_or(|last| *last != json!("clear")) {
            heard.extend(words(&events.recv().await.unwrap()));
        }
        heard
    };
    let text = &session["texts"][0];
    let expected = [
        json!(["change", "mine"]),
        json!(["change", "mine"]),
        json!(["change", "theirs"]),
        json!(["delete", "mine"]),
        json!(["said", [text, 7]]),
        json!("clear"),
    ];
    assert_eq!(timeout(TIMEOUT, heard).await.unwrap(), expected);
    assert!(board.slots().is_empty());
}

fn session(random: &mut Random) -> Value {
    let values = json!([
        random.text(7),
        random.between(-1 << 53, 1 << 53),
        random.fraction(),
        true,
        false,
        null,
        "",
        // Chunks have 128 bytes unless somebody says otherwise.
        random.text(300),
        // More than the 65,535 bytes that a short AMF0 string holds.
        random.text(40_000),
        [],
        [1, random.text(4), null, [true]],
        {"a": {"b": [random.text(3), {"c": 1.5}]}, "n": null},
        date(random.millis()),
    ]);
    let texts = [random.text(5), random.text(200), random.text(9)];
    json!({"arguments": ["Ann", 7], "values": values, "texts": texts})
}

fn check_calls(session: &Value, report: &Value) {
    assert_eq!(report["connected"]["code"], "NetConnection.Connect.Success");
    assert_eq!(report["arguments"], session["arguments"]);
    let (asked, echoed) = (session["values"].as_array().unwrap(), report["echoed"].as_array().unwrap());
    assert_eq!(echoed.len(), asked.len());
    for (asked, echoed) in asked.iter().zip(echoed) {
        assert_eq!(echoed, asked);
    }
    assert_eq!((&report["asked"], &report["doubled"]), (&json!([21]), &json!(42)));
    for (fault, code, text) in [
        ("fault", "Probe.Fail", "failed as asked"),
        ("noMethod", "NetConnection.Call.Failed", "Method not found (probe.nothing)."),
        ("noService", "NetConnection.Call.Failed", "Method not found (nobody.at)."),
    ] {
        let fault = &report[fault]["fault"];
        assert_eq!((&fault["level"], &fault["code"]), (&json!("error"), &json!(code)));
        assert_eq!(fault["description"], text);
    }
    assert_eq!(report["noted"], json!(["noted"]));
    assert_eq!(report["closed"]["code"], "NetConnection.Connect.Closed");
}

fn check_object(texts: &Value, report: &Value) {
    let (first, second, third) = (&texts[0], &texts[1], &texts[2]);
    let table = json!({"text": second, "list": [1, second]});
    let expected = json!([
        [{"code": "clear"}, {"code": "change", "name": "before", "newValue": 7}],
        [{"code": "success", "name": "mine", "newValue": first}],
        [{"code": "success", "name": "mine", "newValue": table, "oldValue": first}],
        [{"code": "change", "name": "theirs", "newValue": third}],
        [{"code": "delete", "name": "mine", "newValue": null, "oldValue": table}],
        [{"code": "clear"}],
    ]);
    assert_eq!(report["synced"], expected);
    assert_eq!(report["statuses"], json!(["SharedObject.Proxy.Connect"]));
    assert_eq!((&report["mine"], &report["theirs"]), (&table, third));
    assert_eq!((&report["names"], &report["size"]), (&json!(["before", "theirs"]), &json!(0)));
    // 1 at first, and one for each change: `before`, `mine` twice, `theirs`, the removal, the clearing.
    assert_eq!(report["version"], 7);
}

/// What the other client hears.
fn words(event: &SyncEvent) -> Vec<Value> {
    match event {
        SyncEvent::Sync(changes) => changes
            .iter()
            .map(|change| match change {
                SyncChange::Change { key, .. } => json!(["change", **key]),
                SyncChange::Delete { key, .. } => json!(["delete", **key]),
                SyncChange::Clear => json!("clear"),
                other => panic!("{other:?}"),
            })
            .collect(),
        SyncEvent::Message(message) => {
            let mut decoder = message.decoder().unwrap();
            let mut arguments = Vec::new();
            while !decoder.is_at_end() {
                arguments.push(decoder.read::<Serde<Value>>().unwrap().0);
            }
            vec![json!([message.handler(), arguments])]
        }
        other => panic!("{other:?}"),
    }
}
