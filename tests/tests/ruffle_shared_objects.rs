//! A Flash movie in Ruffle shares objects with this project's client, through the server's WebSocket route.
//!
//! The movie writes and reads the messages by itself (see `RtmpSharedObject.hx`); what each of its people heard is
//! compared with what the protocol says, message by message.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything here runs inside a test, where a panic is the failure"
)]

use std::fs;
use std::path::Path;
use std::time::Duration;

use amf_core::serde::Serde;
use amf_remoting::{Services, remoting_service};
use amf_rtmp::{
    Instance, NetConnection, RedbStore, RemoteSharedObject, Server, SharedObject, SharedObjectAccess,
    SharedObjectGuard, SharedObjectOptions, SharedObjects, SlotValue, SlotWrite, SyncEvent,
};
use amf_tests::clients;
use amf_tests::random::Random;
use amf_tests::tagged::{date, double, ecma, undefined};
use axum::Router;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, spawn_blocking};
use tokio::time::timeout;

const TIMEOUT: Duration = Duration::from_secs(50);

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium, Haxe and Ruffle: tests/run.sh"]
async fn a_movie_in_ruffle_shares_objects() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let movie = spawn_blocking(|| clients::shared_movie(folder)).await.unwrap();
    let server = TestServer::open(&folder.join("ruffle_shared_objects.redb")).await;
    let mut random = Random::new();
    // In AMF0, in AMF3, and one of each, whose values are translated on the way.
    let sessions = [
        Session::new(&mut random, "table", false, [0; 3]),
        Session::new(&mut random, "kept", true, [3; 3]),
        Session::new(&mut random, "mixed", false, [0, 3, 0]),
    ];
    let mut visitors = Vec::new();
    for session in &sessions {
        visitors.push(server.visit(session).await);
    }

    let steps = json!(sessions.each_ref().map(|session| &session.script.steps));
    let (rtmp, socket) = (server.rtmp.clone(), server.socket.clone());
    // There is no gateway in this server.
    let mut player = clients::ruffle_rtmp("http://127.0.0.1:1/", &movie, &rtmp, &socket);
    let report = spawn_blocking(move || clients::report_of(&mut player, &steps, TIMEOUT)).await.unwrap();

    let reports = report["sessions"].as_array().unwrap();
    assert_eq!(reports.len(), sessions.len());
    for ((session, report), visitor) in sessions.iter().zip(reports).zip(visitors) {
        session.check(report);
        let heard = timeout(TIMEOUT, visitor).await.expect("the visitor hears of the end").unwrap();
        session.check_visitor(&heard);
        session.check_server(&server).await;
    }
}

/// A server with two transports: TCP and WebSocket.
struct TestServer {
    server: Server,
    rtmp: String,
    socket: String,
}

impl TestServer {
    async fn open(file: &Path) -> Self {
        // The table is empty in each run.
        let _ = fs::remove_file(file);
        let store = RedbStore::open(file).unwrap();
        let objects = SharedObjects::new().guard(TestGuard).store(store).unwrap();
        let server = Server::new(Services::new().add(Dealer)).shared_objects(objects);
        let bound = server.clone().bind("127.0.0.1:0").await.unwrap();
        let rtmp = format!("rtmp://{}/game/red", bound.local_addr().unwrap());
        tokio::spawn(bound.serve());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let socket = format!("ws://{}/rtmp", listener.local_addr().unwrap());
        let app = Router::new().route("/rtmp", server.websocket());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { server, rtmp, socket }
    }

    async fn table(&self, session: &Session) -> SharedObject {
        let instance = self.server.instance("game", "red").unwrap();
        table_of(&instance, session.script.object, session.script.is_persistent).await
    }

    /// Somebody with this project's client is at the table before the movie comes.
    async fn visit(&self, session: &Session) -> JoinHandle<Visitor> {
        let table = self.table(session).await;
        table.set("locked", &session.texts[0]).unwrap().await.unwrap();
        let connection = NetConnection::builder(&self.rtmp).unwrap().connect().await.unwrap();
        let Script { object, is_persistent, .. } = session.script;
        let theirs = connection
            .shared_object(object, SharedObjectOptions::new().persistent(is_persistent))
            .await
            .unwrap();
        let mut events = theirs.events();
        theirs.set("before", &session.texts[1]).unwrap();
        assert!(matches!(events.recv().await, Some(SyncEvent::Sync(_))));
        tokio::spawn(async move {
            let mut visitor = Visitor::default();
            while let Some(event) = events.recv().await {
                let SyncEvent::Message(message) = event else { continue };
                let mut decoder = message.decoder().unwrap();
                match message.handler() {
                    "please" => {
                        let text: String = decoder.read().unwrap();
                        theirs.set("reply", &text).unwrap();
                        theirs.send("thanks", (&text, 7)).unwrap();
                        visitor.asked.push(text);
                    }
                    "wiping" => visitor.slots = slots_of(&theirs),
                    "end" => break,
                    _ => {}
                }
            }
            // So long they held the table.
            drop((connection, table));
            visitor
        })
    }
}

/// What the visitor heard and had.
#[derive(Debug, Default, PartialEq)]
struct Visitor {
    asked: Vec<String>,
    slots: Value,
}

fn slots_of(object: &RemoteSharedObject) -> Value {
    let read = |value: SlotValue| value.read::<Serde<Value>>().unwrap().0;
    object.slots().into_iter().map(|(key, value)| (key.to_string(), read(value))).collect()
}

/// Some things are not for clients.
struct TestGuard;

impl SharedObjectGuard for TestGuard {
    fn may_create(&self, access: &SharedObjectAccess<'_>) -> bool {
        access.name() != "nothing"
    }

    fn may_create_persistent(&self, _: &SharedObjectAccess<'_>) -> bool {
        true
    }

    fn may_read(&self, access: &SharedObjectAccess<'_>) -> bool {
        access.name() != "secret"
    }

    fn may_write(&self, _: &SharedObjectAccess<'_>, write: &SlotWrite<'_>) -> bool {
        !write.key().starts_with("locked")
    }

    fn may_send(&self, _: &SharedObjectAccess<'_>, handler: &str) -> bool {
        handler != "shout"
    }
}

/// Changes on the server's own side.
struct Dealer;

#[remoting_service(name = "dealer")]
impl Dealer {
    /// Three changes that are told together.
    #[expect(clippy::too_many_arguments, reason = "the movie sends them one by one")]
    async fn deal(
        &self,
        instance: &Instance,
        name: String,
        is_persistent: bool,
        first: String,
        second: String,
    ) {
        let table = table_of(instance, &name, is_persistent).await;
        let lock = table.lock().await.unwrap();
        lock.set("first", &first).unwrap();
        lock.set("second", &second).unwrap();
        lock.remove("before");
        lock.unlock().await.unwrap();
    }

    async fn wipe(&self, instance: &Instance, name: String, is_persistent: bool) {
        table_of(instance, &name, is_persistent).await.clear().await.unwrap();
    }
}

async fn table_of(instance: &Instance, name: &str, is_persistent: bool) -> SharedObject {
    instance.shared_object(name, SharedObjectOptions::new().persistent(is_persistent)).await.unwrap()
}

/// What the movie is to do, chosen when the test runs, and what its two people hear of it.
struct Session {
    encodings: [u8; 3],
    texts: Vec<String>,
    script: Script,
}

/// Steps as the movie takes them, and the messages that each person is to get.
struct Script {
    object: &'static str,
    is_persistent: bool,
    version: u32,
    steps: Vec<Value>,
    heard: [Vec<Value>; 3],
}

impl Session {
    fn new(random: &mut Random, object: &'static str, is_persistent: bool, encodings: [u8; 3]) -> Self {
        let texts: Vec<_> = (0..8).map(|_| random.text(6)).collect();
        let mut script = Script {
            object,
            is_persistent,
            // 1 is the empty object; the server and the visitor changed it once each.
            version: 3,
            steps: Vec::new(),
            heard: Default::default(),
        };
        script.join(encodings, &texts);
        script.change(random);
        script.talk(&texts);
        script.ask_for_refused_changes(random, &texts);
        script.receive_server_changes(&texts);
        script.leave_and_rejoin(&texts);
        script.end(&texts);
        Self { encodings, texts, script }
    }

    fn check(&self, report: &Value) {
        assert_eq!(report["late"], Value::Null, "a step was not done: {report:#}");
        assert_eq!(report["notes"], json!([[], [], []]));
        for (person, heard) in self.script.heard.iter().enumerate() {
            let reported = report["heard"][person].as_array().unwrap();
            for (number, (came, expected)) in reported.iter().zip(heard).enumerate() {
                assert_eq!(came, expected, "message {number} to person {person}");
            }
            assert_eq!(reported.len(), heard.len(), "messages to person {person}");
            let (own, other) =
                [("type 19", "type 16"), ("type 16", "type 19")][usize::from(self.encodings[person] == 3)];
            let received = &report["received"][person];
            assert_eq!((&received[own], &received[other]), (&json!(heard.len()), &Value::Null));
        }
        // Who released it has no copy.
        let last = json!({self.script.object: {"last": self.texts[7]}});
        assert_eq!(report["copies"][0], last);
        assert_eq!(report["copies"][1], last);
    }

    fn check_visitor(&self, visitor: &Visitor) {
        let texts = &self.texts;
        let slots = json!({
            "locked": texts[0], "reply": texts[2], "first": texts[3], "second": texts[4],
            "x": texts[5], "y": {"of": [texts[6]]}, "while away": texts[6],
        });
        assert_eq!(*visitor, Visitor { asked: vec![texts[2].clone()], slots });
    }

    async fn check_server(&self, server: &TestServer) {
        if self.script.is_persistent {
            let table = server.table(self).await;
            assert_eq!(table.get::<String>("last").unwrap().as_ref(), Some(&self.texts[7]));
            assert_eq!((table.slots().len(), table.version()), (1, self.script.version));
        }
    }
}

impl Script {
    /// Two come late: they get the whole object.
    fn join(&mut self, encodings: [u8; 3], texts: &[String]) {
        for (by, encoding) in encodings.into_iter().enumerate() {
            self.step(&json!({"by": by, "does": "connect", "encoding": encoding}));
        }
        for by in 0..2 {
            self.hears(by, &Self::all(&[("before", &texts[1]), ("locked", &texts[0])]));
            let (object, is_persistent) = (self.object, self.is_persistent);
            self.step(&json!({"by": by, "does": "use", "object": object, "persistent": is_persistent}));
        }
    }

    /// What one sets is acknowledged to it and told to the other.
    fn change(&mut self, random: &mut Random) {
        let values = [
            double(random.fraction()),
            json!(random.between(0, 1 << 30)),
            json!(true),
            json!(""),
            json!(random.text(5)),
            // Many chunks; and more than the 65,535 bytes of a short string.
            json!(random.text(3000)),
            json!(random.text(40_000)),
            date(random.millis()),
            json!([random.text(3), null, undefined(), [date(random.millis())]]),
            json!({"a": {"b": [random.text(3)]}}),
            ecma(&json!({"0": 7, "one": random.text(3)})),
        ];
        for (index, value) in values.iter().enumerate() {
            let by = index % 2;
            self.version += 1;
            self.hears(by, &json!([["succeeded", "ключ"]]));
            self.hears(1 - by, &json!([["changed", "ключ", value]]));
            self.step(&json!({"by": by, "does": "set", "name": "ключ", "value": value}));
        }
        // Null takes it away, as the other way does; of that the writer hears what the others hear.
        self.version += 1;
        self.hears(0, &json!([["succeeded", "ключ"]]));
        self.hears(1, &json!([["removed", "ключ"]]));
        self.step(&json!({"by": 0, "does": "set", "name": "ключ", "value": null}));
        self.version += 1;
        self.hears(0, &json!([["changed", "gone", 1]]));
        self.hears(1, &json!([["succeeded", "gone"]]));
        self.step(&json!({"by": 1, "does": "set", "name": "gone", "value": 1}));
        self.version += 1;
        self.both_hear(&json!([["removed", "gone"]]));
        self.step(&json!({"by": 0, "does": "remove", "name": "gone"}));
    }

    /// Handlers of all are called, those of the caller too. The visitor answers.
    fn talk(&mut self, texts: &[String]) {
        self.both_hear(&json!([["sent", "please", [texts[2], {"n": [1, null]}]]]));
        self.version += 1;
        self.both_hear(&json!([["changed", "reply", texts[2]]]));
        self.both_hear(&json!([["sent", "thanks", [texts[2], 7]]]));
        self.step(&json!({"by": 0, "does": "send", "name": "please", "value": [texts[2], {"n": [1, null]}]}));
        self.both_hear(&json!([["sent", "nothing", []]]));
        self.step(&json!({"by": 1, "does": "send", "name": "nothing", "value": []}));
    }

    /// Who is refused is told so, and what is; nobody else hears of it.
    fn ask_for_refused_changes(&mut self, random: &mut Random, texts: &[String]) {
        let refused = json!(["refused", "SharedObject.NoWriteAccess", "error"]);
        self.hears(0, &json!([refused, ["changed", "locked", texts[0]]]));
        self.step(&json!({"by": 0, "does": "set", "name": "locked", "value": random.text(4)}));
        self.hears(1, &json!([refused, ["changed", "locked", texts[0]]]));
        self.step(&json!({"by": 1, "does": "remove", "name": "locked"}));
        self.hears(1, &json!([refused, ["removed", "locked too"]]));
        self.step(&json!({"by": 1, "does": "set", "name": "locked too", "value": random.text(4)}));
        self.hears(0, &json!([refused]));
        self.step(&json!({"by": 0, "does": "send", "name": "shout", "value": [random.text(4)]}));
        for (object, is_persistent, code) in [
            (self.object, !self.is_persistent, "SharedObject.BadPersistence"),
            ("secret", false, "SharedObject.NoReadAccess"),
            ("nothing", false, "SharedObject.ObjectCreationFailed"),
        ] {
            let message = json!({"object": object, "version": 0, "events": [["refused", code, "error"]]});
            self.heard[2].push(message);
            self.step(&json!({"by": 2, "does": "use", "object": object, "persistent": is_persistent}));
        }
    }

    /// What the server changes under one lock goes out as one message.
    fn receive_server_changes(&mut self, texts: &[String]) {
        self.version += 1;
        let dealt =
            json!([["changed", "first", texts[3]], ["changed", "second", texts[4]], ["removed", "before"]]);
        self.both_hear(&dealt);
        let arguments = json!([self.object, self.is_persistent, texts[3], texts[4]]);
        self.step(&json!({"by": 1, "does": "call", "name": "dealer.deal", "value": arguments}));
        // And what a client asks for in one message is answered in one.
        self.version += 1;
        let (x, y) = (&texts[5], json!({"of": [texts[6]]}));
        self.hears(0, &json!([["changed", "x", x], ["changed", "y", y]]));
        self.hears(1, &json!([["succeeded", "x"], ["succeeded", "y"]]));
        self.step(&json!({"by": 1, "does": "setAll", "value": {"x": x, "y": y}}));
    }

    /// Who released the object hears nothing, and has all of it when it is back.
    fn leave_and_rejoin(&mut self, texts: &[String]) {
        self.step(&json!({"by": 1, "does": "release"}));
        self.version += 1;
        self.hears(0, &json!([["succeeded", "while away"]]));
        self.step(&json!({"by": 0, "does": "set", "name": "while away", "value": texts[6]}));
        let mut all = Self::all(&[("first", &texts[3]), ("locked", &texts[0]), ("reply", &texts[2])]);
        all.as_array_mut().unwrap().extend([
            json!(["changed", "second", texts[4]]),
            json!(["changed", "while away", texts[6]]),
            json!(["changed", "x", texts[5]]),
            json!(["changed", "y", {"of": [texts[6]]}]),
        ]);
        self.hears(1, &all);
        let (object, is_persistent) = (self.object, self.is_persistent);
        self.step(&json!({"by": 1, "does": "use", "object": object, "persistent": is_persistent}));
    }

    fn end(&mut self, texts: &[String]) {
        self.both_hear(&json!([["sent", "wiping", []]]));
        self.step(&json!({"by": 0, "does": "send", "name": "wiping", "value": []}));
        self.version += 1;
        self.both_hear(&json!([["cleared"]]));
        self.step(&json!({"by": 0, "does": "call", "name": "dealer.wipe", "value": [self.object, self.is_persistent]}));
        self.version += 1;
        self.hears(0, &json!([["changed", "last", texts[7]]]));
        self.hears(1, &json!([["succeeded", "last"]]));
        self.step(&json!({"by": 1, "does": "set", "name": "last", "value": texts[7]}));
        self.both_hear(&json!([["sent", "end", []]]));
        self.step(&json!({"by": 0, "does": "send", "name": "end", "value": []}));
    }

    /// What one gets who comes: the object may be used, is empty, and has these slots.
    fn all(slots: &[(&str, &String)]) -> Value {
        let mut events = vec![json!(["used"]), json!(["cleared"])];
        events.extend(slots.iter().map(|(slot, value)| json!(["changed", slot, value])));
        json!(events)
    }

    fn both_hear(&mut self, events: &Value) {
        self.hears(0, events);
        self.hears(1, events);
    }

    /// One message, with these events and the version that the object has now.
    fn hears(&mut self, person: usize, events: &Value) {
        let message = json!({"object": self.object, "version": self.version, "events": events});
        self.heard[person].push(message);
    }

    /// A step, after which each heard everything up to here.
    fn step(&mut self, step: &Value) {
        let mut step = step.clone();
        if step["object"].is_null() {
            step["object"] = json!(self.object);
        }
        step["heard"] = json!(self.heard.each_ref().map(Vec::len));
        self.steps.push(step);
    }
}
