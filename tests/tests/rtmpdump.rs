//! What rtmpdump and ffmpeg say when they connect reaches the program typed; and rtmpdump, which knows
//! Adobe's keys, takes the server for a genuine one.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything here runs inside a test, where a panic is the failure"
)]

use std::process::Command;
use std::time::Duration;

use amf_remoting::{DynamicMembers, Services, Value};
use amf_rtmp::{Connect, Server};
use amf_tests::process::{Finished, Process};
use amf_tests::random::Random;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

const TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::test]
#[ignore = "needs rtmpdump: tests/run.sh"]
async fn every_type_of_rtmpdump_reaches_the_hook() {
    let mut server = TestServer::open().await;
    let mut random = Random::new();
    let (number, part) = (random.between(-1_000_000, 1_000_000), random.fraction());
    let (word, inner, answer) = (random.text(20), random.text(300), random.between(0, 99));
    let options = [
        "B:1".to_owned(),
        "B:0".to_owned(),
        format!("N:{number}"),
        format!("S:{word}"),
        "S:".to_owned(),
        "Z:".to_owned(),
        "O:1".to_owned(),
        "NB:yes:1".to_owned(),
        "NB:no:0".to_owned(),
        format!("NN:part:{part}"),
        format!("NS:ключ:{word}"),
        "NO:inner:1".to_owned(),
        format!("NS:text:{inner}"),
        "NO:deep:1".to_owned(),
        format!("NN:answer:{answer}"),
        // A nested object ends without its name.
        "O:0".to_owned(),
        "NB:after:1".to_owned(),
        "O:0".to_owned(),
        "O:0".to_owned(),
        format!("N:{part}"),
    ];
    let mut rtmpdump = Command::new("rtmpdump");
    rtmpdump.args(["-r", &server.url("game/room"), "-a", "game/room", "-y", "stream", "-o", "/dev/null"]);
    rtmpdump.args(["-f", "TEST 1,2", "-s", "http://127.0.0.1/game.swf", "-p", "http://127.0.0.1/page"]);
    rtmpdump.args(options.iter().flat_map(|option| ["-C", option]));

    let connect = server.connect_from(rtmpdump).await;
    let deep = object([("answer", f(answer))]);
    let inner = object([("text", text(&inner)), ("deep", deep), ("after", Value::Bool(true))]);
    let expected = [
        Value::Bool(true),
        Value::Bool(false),
        f(number),
        text(&word),
        text(""),
        Value::Null,
        object([
            ("yes", Value::Bool(true)),
            ("no", Value::Bool(false)),
            ("part", Value::Number(part)),
            ("ключ", text(&word)),
            ("inner", inner),
        ]),
        Value::Number(part),
    ];
    assert_eq!(connect.values(), expected);
    // By a type of the program's own, too.
    assert!(connect.argument::<bool>(0).unwrap());
    assert_eq!(connect.argument::<i32>(2).unwrap(), i32::try_from(number).unwrap());
    assert_eq!(connect.argument::<String>(3).unwrap(), word);
    assert_eq!(connect.argument::<Option<String>>(5).unwrap(), None);
    assert_eq!(connect.argument::<Option<String>>(99).unwrap(), None);
    assert_eq!((connect.application(), connect.instance().name()), ("game", "room"));
    assert_eq!(connect.tc_url(), server.url("game/room"));
    for (property, expected) in [
        ("flashVer", "TEST 1,2"),
        ("swfUrl", "http://127.0.0.1/game.swf"),
        ("pageUrl", "http://127.0.0.1/page"),
    ] {
        assert_eq!(connect.property(property), Some(&text(expected)), "{property}");
    }
}

#[tokio::test]
#[ignore = "needs ffmpeg: tests/run.sh"]
async fn every_type_of_ffmpeg_reaches_the_hook() {
    let mut server = TestServer::open().await;
    let mut random = Random::new();
    let (number, part, word) = (random.between(-1000, 1000), random.fraction(), random.name());
    let arguments =
        format!("B:1 B:0 N:{number} S:{word} Z: O:1 NB:no:0 NN:part:{part} NS:word:{word} O:0 S:end");
    let mut ffmpeg = Command::new("ffmpeg");
    ffmpeg.args(["-nostdin", "-hide_banner", "-rtmp_conn", &arguments]);
    ffmpeg.args(["-i", &server.url("game/stream"), "-f", "null", "-"]);

    let connect = server.connect_from(ffmpeg).await;
    let named = [("no", Value::Bool(false)), ("part", Value::Number(part)), ("word", text(&word))];
    let expected = [
        Value::Bool(true),
        Value::Bool(false),
        f(number),
        text(&word),
        Value::Null,
        object(named),
        text("end"),
    ];
    assert_eq!(connect.values(), expected);
    assert_eq!(connect.application(), "game");
}

#[tokio::test]
#[ignore = "needs rtmpdump: tests/run.sh"]
async fn rtmpdump_verifies_the_digest_of_the_server() {
    let mut server = TestServer::open().await;
    for _ in 0..8 {
        let mut rtmpdump = Command::new("rtmpdump");
        rtmpdump.args(["-z", "-r", &server.url("game"), "-y", "stream", "-o", "/dev/null"]);
        // With what is known of a movie it shakes hands by digests, at offsets of its choice.
        rtmpdump.args(["-w", &"5a".repeat(32), "-x", "1000"]);
        let (_, Finished { stderr, .. }) = server.connect_and_finish(rtmpdump).await;
        assert!(stderr.contains("Genuine Adobe Flash Media Server"), "{stderr}");
        assert!(stderr.contains("Connected..."), "{stderr}");
    }
}

/// A server whose hook hands on what comes, and lets everybody in.
struct TestServer {
    origin: String,
    connects: mpsc::UnboundedReceiver<Connect>,
}

impl TestServer {
    async fn open() -> Self {
        let (sender, connects) = mpsc::unbounded_channel();
        let bound = Server::new(Services::new())
            .on_connect(move |connect| {
                sender.send(connect.clone()).expect("the test waits for it");
                async move { Ok::<_, amf_rtmp::Rejection>(connect.accept()) }
            })
            .bind("127.0.0.1:0")
            .await
            .unwrap();
        let origin = format!("rtmp://{}", bound.local_addr().unwrap());
        tokio::spawn(bound.serve());
        Self { origin, connects }
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.origin)
    }

    /// With what a program came. It then wants a stream, gets none, and goes.
    async fn connect_from(&mut self, command: Command) -> Connect {
        self.connect_and_finish(command).await.0
    }

    async fn connect_and_finish(&mut self, mut command: Command) -> (Connect, Finished) {
        let finished = spawn_blocking(move || Process::start(&mut command).finish(TIMEOUT)).await.unwrap();
        assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
        let connect = timeout(TIMEOUT, self.connects.recv()).await;
        (connect.expect("the hook was asked").unwrap(), finished)
    }
}

fn f(number: i64) -> Value {
    Value::Number(number as f64)
}

fn text(text: &str) -> Value {
    Value::from(text)
}

fn object<const N: usize>(members: [(&str, Value); N]) -> Value {
    let mut dynamic = DynamicMembers::new();
    for (name, value) in members {
        dynamic.insert(name, value);
    }
    dynamic.into()
}
