//! The Haxe side of the whiteboard: it compiles for players with shared objects of their own, and in Ruffle two
//! draw on one board with this project's client.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything here runs inside a test, where a panic is the failure"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use amf_remoting::FromAmf;
use amf_rtmp::{NetConnection, RedbStore, RemoteSharedObject, SharedObjectOptions, SyncEvents};
use amf_tests::clients;
use amf_tests::process::Process;
use amf_tests::random::Random;
use examples::whiteboard::{self, Cursor, Stroke};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;
use tokio::time::timeout;

const TIMEOUT: Duration = Duration::from_secs(50);

#[test]
#[ignore = "needs Haxe: tests/run.sh"]
fn the_movie_compiles_for_flash() {
    compile("flash.hxml");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium, Haxe and Ruffle: tests/run.sh"]
async fn two_movies_in_ruffle_draw_on_one_board() {
    let movie = spawn_blocking(|| compile("ruffle.hxml")).await.unwrap();
    let (rtmp, page) = serve(movie).await;
    let mut random = Random::new();
    let [already, later] = [30, 90].map(|top| stroke(&mut random, top));
    let [first, second] = [150, 210].map(|top| path(&mut random, top));
    let rest = (random.between(50, 700) as f64, random.between(270, 400) as f64);

    let connection = NetConnection::builder(&rtmp).unwrap().connect().await.unwrap();
    let strokes =
        connection.shared_object("strokes", SharedObjectOptions::new().persistent(true)).await.unwrap();
    let cursors = connection.shared_object("cursors", SharedObjectOptions::new()).await.unwrap();
    let mut drawn = strokes.events();
    let mut moved = cursors.events();
    strokes.set("already", &already).unwrap();

    let input = json!({
        "already": on_stage(&already), "later": on_stage(&later), "rest": rest,
        "paths": [pairs(&first), pairs(&second)],
    });
    let mut browser = clients::ruffle_whiteboard(&page);
    let report = spawn_blocking(move || clients::report_of(&mut browser, &input, TIMEOUT));

    // What the movies draw comes here, and what is drawn here comes to them.
    let first_is = until(&mut drawn, &strokes, |strokes: &[Stroke]| colored(strokes, &first)).await;
    let second_is = until(&mut drawn, &strokes, |strokes: &[Stroke]| colored(strokes, &second)).await;
    strokes.set("later", &later).unwrap();
    let rests = Cursor { x: rest.0, y: rest.1, color: first_is };
    until(&mut moved, &cursors, |cursors: &[Cursor]| cursors.contains(&rests).then_some(())).await;
    // The second closes its page, then the first wipes the board.
    until(&mut moved, &cursors, |cursors: &[Cursor]| (cursors.len() == 1).then_some(())).await;
    until(&mut drawn, &strokes, |strokes: &[Stroke]| strokes.is_empty().then_some(())).await;
    assert_eq!(report.await.unwrap(), json!({"colors": [first_is, second_is]}));
}

/// Compiles the movie as these options say, but not into the project's folder.
fn compile(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    fs::create_dir_all(&folder).unwrap();
    let project = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let options = fs::read_to_string(project.join("examples/haxe").join(name)).unwrap();
    let movie = options.lines().find_map(|line| line.strip_prefix("--swf target/")).unwrap();
    let movie = folder.join(movie);
    let elsewhere = folder.join(name);
    fs::write(&elsewhere, options.replace("target/", &format!("{}/", folder.display()))).unwrap();
    let haxe = Process::start(Command::new("haxe").current_dir(project).arg(elsewhere));
    let finished = haxe.finish(Duration::from_mins(1));
    assert!(finished.status.success(), "{name} does not compile:\n{}", finished.stderr);
    movie
}

/// A whiteboard with nothing on it: where it is by RTMP, and its page.
async fn serve(movie: PathBuf) -> (String, String) {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join("whiteboard_movies.redb");
    let _ = fs::remove_file(&file);
    let server = whiteboard::server(RedbStore::open(file).unwrap()).unwrap();
    let bound = server.clone().bind("127.0.0.1:0").await.unwrap();
    let rtmp = format!("rtmp://{}/whiteboard/garden", bound.local_addr().unwrap());
    tokio::spawn(bound.serve());
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let page = format!("http://{}/?board=garden", listener.local_addr().unwrap());
    let app = whiteboard::http(&server, movie);
    tokio::spawn(async move { axum::serve(listener, app).await });
    (rtmp, page)
}

/// x and y of points; those of the first two lie so that all between them is of the stroke.
fn path(random: &mut Random, top: i64) -> Vec<f64> {
    let (left, right, y) = (random.between(20, 300), random.between(400, 760), random.between(top, top + 20));
    let mut points = vec![left, y, right, y];
    for _ in 0..random.between(1, 20) {
        points.extend([random.between(20, 760), random.between(top + 25, top + 50)]);
    }
    points.into_iter().map(|point| point as f64).collect()
}

fn stroke(random: &mut Random, top: i64) -> Stroke {
    Stroke { color: random.between(0, 0xff_ff_fe) as u32, points: path(random, top) }
}

fn on_stage(stroke: &Stroke) -> Value {
    json!({"color": stroke.color, "points": pairs(&stroke.points)})
}

fn pairs(points: &[f64]) -> Vec<&[f64]> {
    points.chunks(2).collect()
}

/// The color of the stroke with these points.
fn colored(strokes: &[Stroke], points: &[f64]) -> Option<u32> {
    strokes.iter().find(|stroke| stroke.points == points).map(|stroke| stroke.color)
}

/// Waits until the slots are such.
async fn until<T, U>(
    events: &mut SyncEvents,
    object: &RemoteSharedObject,
    found: impl Fn(&[T]) -> Option<U>,
) -> U
where
    T: for<'de> FromAmf<'de>,
{
    let found = async {
        loop {
            let slots: Vec<T> = object.slots().iter().map(|(_, value)| value.read().unwrap()).collect();
            if let Some(found) = found(&slots) {
                return found;
            }
            events.recv().await.expect("the object is in use");
        }
    };
    timeout(TIMEOUT, found).await.expect("it comes to that")
}
