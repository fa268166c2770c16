//! What Flash Player and Ruffle sent in the tests of Ruffle: every `Body: [..]` in `ruffle/`.

#![allow(clippy::many_single_char_names, clippy::too_many_arguments, reason = "that many arguments are sent")]

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use amf_core::packet::Packet;
use amf_core::{Decoder, Limits};
use amf_remoting::{Caller, Fault, Gateway, Services, Value, Version, remoting_service};

use crate::{folder_or_leave, post, read};

/// The recorded requests, each with the file in which it is.
fn requests(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for machine in ["avm1", "avm2"] {
        for test in fs::read_dir(folder.join("ruffle").join(machine)).unwrap() {
            for file in fs::read_dir(test.unwrap().path()).unwrap() {
                let path = file.unwrap().path();
                if path.extension().is_some_and(|extension| extension == "txt") {
                    let text = fs::read_to_string(&path).unwrap();
                    let bodies = text
                        .lines()
                        .filter_map(|line| line.trim().strip_prefix("Body: [")?.strip_suffix(']'));
                    found.extend(bodies.map(|body| (path.display().to_string(), bytes(body))));
                }
            }
        }
    }
    found
}

fn bytes(list: &str) -> Vec<u8> {
    list.split(", ").map(|byte| u8::from_str_radix(byte, 16).unwrap()).collect()
}

/// What Ruffle's tests call, and their server answers: "Success!" with arguments; without, a fault and then true.
#[derive(Default)]
struct Test {
    calls: AtomicUsize,
}

#[remoting_service(name = "test")]
impl Test {
    fn method(
        &self,
        caller: &Caller,
        text: Option<String>,
        flag: Option<bool>,
        number: Option<i32>,
        object: Option<Value>,
    ) -> Result<Value, Fault> {
        if let (Some(text), Some(true), Some(123), Some(object)) = (text, flag, number, object) {
            assert_eq!(
                (&*text, object.get("key").and_then(Value::as_str)),
                ("Argument 1", Some("Hello World!"))
            );
            return Ok("Success!".into());
        }
        if self.calls.fetch_add(1, Ordering::Relaxed) == 0 {
            return Err(Fault::new("Test.Failed", "as asked"));
        }
        let required = caller.header("Required").and_then(Value::as_str);
        Ok((required == Some("value") && caller.header("Duplicate") == Some(&Value::Null)).into())
    }

    /// The first is a list, whether it came as one or as `{0: …, 1: …}`.
    fn arrays(
        &self,
        real: Vec<String>,
        _fake: Option<Value>,
        _mixed: Option<Value>,
        _sparse: Option<Value>,
        _deep: Option<Value>,
    ) -> Vec<String> {
        real
    }

    /// As many as came, without those at the end that are nothing.
    fn avm1(
        &self,
        a: Option<Value>,
        b: Option<Value>,
        c: Option<Value>,
        d: Option<Value>,
        e: Option<Value>,
        f: Option<Value>,
        g: Option<Value>,
        h: Option<Value>,
    ) -> Vec<Value> {
        [a, b, c, d, e, f, g, h].into_iter().flatten().collect()
    }
}

struct Avm2;

#[remoting_service(name = "test.avm2")]
impl Avm2 {
    fn amf0(&self, a: Value, b: Value, c: Value, d: Value, e: Value, f: Value) -> Vec<Value> {
        vec![a, b, c, d, e, f]
    }

    fn amf3(&self, a: Value, b: Value, c: Value, d: Value, e: Value, f: Value) -> Vec<Value> {
        vec![a, b, c, d, e, f]
    }
}

fn gateway() -> Gateway {
    Gateway::new(Services::new().add(Test::default()).add(Avm2))
}

/// Targets and bodies.
fn messages(packet: &[u8]) -> Vec<(String, Vec<u8>)> {
    let packet = Packet::decode(packet, &Arc::default(), Limits::default()).unwrap();
    packet.messages.iter().map(|message| (message.target_uri.to_string(), message.body.to_vec())).collect()
}

fn list(body: &[u8]) -> Vec<Value> {
    Decoder::new(Version::Amf0, body).read().unwrap()
}

#[tokio::test]
#[ignore = "needs AMF_VECTORS: tests/run.sh"]
async fn recorded_requests_of_movies_are_answered() {
    let folder = folder_or_leave!();
    let requests = requests(&folder);
    assert_eq!(requests.len(), REQUESTS);
    for (file, request) in requests {
        let sent = messages(&request);
        let reply = messages(&post(&gateway(), request).await);
        if file.ends_with("amf0_serde_suite/output.ruffle.txt") {
            // Ruffle counted scalars as references too (flash-lso#115), so one of them leads nowhere.
            assert_fault(&reply[0], "Client.Message.Encoding");
            continue;
        }
        assert_eq!(reply.len(), sent.len(), "{file}");
        let (target, answer) = &reply[0];
        match sent[0].0.as_str() {
            "failure" => assert_fault(&reply[0], "Service.ResourceNotFound"),
            "test.arrays" => assert_eq!(list(answer), ["real_0", "real_1"].map(Value::from), "{file}"),
            "test.avm1" if file.contains("amf_serialize_typed_objects") => {
                assert_fault(&reply[0], "Server.ResourceUnavailable");
            }
            "test.avm1" | "test.avm2.amf0" | "test.avm2.amf3" => {
                assert_eq!((target.as_str(), list(answer)), ("/1/onResult", list(&sent[0].1)), "{file}");
            }
            // What Ruffle's server answered, byte for byte; but its fault is a number, and ours an object.
            "test.method" => {
                let recorded = match (reply.len(), sent[0].1.len()) {
                    (2, _) => "test3",
                    (_, 5) => "test2",
                    _ => "test1",
                };
                let recorded = format!("ruffle/avm2/netconnection_send_remote/localhost/{recorded}");
                for (ours, theirs) in reply.iter().zip(messages(&read(&folder, &recorded))) {
                    assert_eq!(ours.0, theirs.0, "{file}");
                    if ours.0.ends_with("/onResult") {
                        assert_eq!(ours.1, theirs.1, "{file}");
                    }
                }
            }
            other => panic!("{file} calls {other}"),
        }
    }
}

/// How many there are in the folder.
const REQUESTS: usize = 25;

#[track_caller]
fn assert_fault((target, body): &(String, Vec<u8>), code: &str) {
    let fault = Fault::from(&Decoder::new(Version::Amf0, body).read::<Value>().unwrap());
    assert_eq!((target.as_str(), fault.code()), ("/1/onStatus", code));
}
