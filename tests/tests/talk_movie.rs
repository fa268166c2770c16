//! The Haxe side of the lobby: it compiles for players that speak RTMP themselves, and in Ruffle somebody talks with
//! this project's client.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "everything here runs inside a test")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use amf_remoting::{Services, remoting_service};
use amf_rtmp::NetConnection;
use amf_tests::clients;
use amf_tests::lobby::Lobby;
use amf_tests::process::Process;
use amf_tests::random::Random;
use examples::lobby::wire::{Message, Player, Seat};
use serde_json::json;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::spawn_blocking;
use tokio::time::timeout;

const TIMEOUT: Duration = Duration::from_mins(1);

#[test]
#[ignore = "needs Haxe: tests/run.sh"]
fn the_movie_compiles_for_flash() {
    compile("talk.swf", &[]);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium, Haxe and Ruffle: tests/run.sh"]
async fn a_movie_in_ruffle_talks() {
    let movie = spawn_blocking(|| compile("talk-ruffle.swf", &["-D", "ruffle"])).await.unwrap();
    let lobby = spawn_blocking(Lobby::start).await.unwrap();
    let mut random = Random::new();
    let [theirs, ours] = [random.name(), random.name()];
    let [first, second] = [format!("first {}", random.name()), format!("second {}", random.name())];

    let (said, mut events) = unbounded_channel();
    let connecting =
        NetConnection::builder(lobby.rtmp()).unwrap().services(Services::new().add(Listener(said)));
    let connection = connecting.connect().await.unwrap();
    let seat: Seat = connection.call("lobby.join", (&ours,)).await.unwrap();

    let script = json!({
        "name": theirs, "awaits": format!("{ours}: {first}"), "says": second, "ends": format!("{ours} left"),
    });
    let mut browser = clients::ruffle_talk(&movie, lobby.rtmp(), &lobby.socket());
    let shown = spawn_blocking(move || clients::report_of(&mut browser, &script, TIMEOUT));

    assert_eq!(next(&mut events).await, format!("{theirs} joined"));
    connection.call::<Message>("lobby.say", (&seat.token, &first)).await.unwrap();
    assert_eq!(next(&mut events).await, format!("{ours}: {first}"));
    assert_eq!(next(&mut events).await, format!("{theirs}: {second}"));
    assert!(connection.call::<bool>("lobby.leave", (&seat.token,)).await.unwrap());
    let expected = json!([
        format!("You joined as {theirs}. Say something:"),
        format!("{ours}: {first}"),
        format!("{theirs}: {second}"),
        format!("{ours} left"),
    ]);
    assert_eq!(shown.await.unwrap(), expected);
}

async fn next(events: &mut UnboundedReceiver<String>) -> String {
    timeout(TIMEOUT, events.recv()).await.expect("something is events").expect("the connection is there")
}

/// What the lobby calls, in the words of the movie.
struct Listener(UnboundedSender<String>);

#[remoting_service(name = "")]
impl Listener {
    fn player_joined(&self, player: Player) {
        let _ = self.0.send(format!("{} joined", player.name));
    }

    fn said(&self, message: Message) {
        let _ = self.0.send(format!("{}: {}", message.from, message.text));
    }

    fn player_left(&self, player: Player) {
        let _ = self.0.send(format!("{} left", player.name));
    }
}

fn compile(name: &str, options: &[&str]) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    std::fs::create_dir_all(folder).unwrap();
    let movie = folder.join(name);
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/haxe");
    let mut haxe = Command::new("haxe");
    haxe.current_dir(sources).args(["--main", "Talk", "--swf"]).arg(&movie);
    haxe.args(["--swf-version", "11", "-D", "network-sandbox"]).args(options);
    let finished = Process::start(&mut haxe).finish(Duration::from_mins(1));
    assert!(finished.status.success(), "{name} does not compile:\n{}", finished.stderr);
    movie
}
