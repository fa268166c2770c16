//! Where the foreign clients are and how they are run; `tests/run.sh` installs them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::process::Process;

/// The folder with the clients' own sources.
pub fn sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("clients")
}

/// The folder into which `tests/run.sh` installs what the clients need.
pub fn installed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(".clients")
}

/// The Python that has `Py3AMF` and `python-librtmp`; a missing one fails the test.
pub fn python() -> Command {
    let python = installed().join("venv/bin/python");
    assert!(python.exists(), "{} is missing: run tests/run.sh", python.display());
    let mut command = Command::new(python);
    // No __pycache__ beside the sources.
    command.arg("-B");
    command
}

/// The command that runs a gateway of `Py3AMF`, which prints its port; see `gateway.py`.
pub fn py3amf_gateway() -> Command {
    let mut command = python();
    command.arg(sources().join("py3amf/gateway.py"));
    command
}

/// Compiles the movie that visits the gateway with Haxe into `folder`, which is made, and gives its path.
pub fn movie(folder: &Path) -> PathBuf {
    compile(folder, "Main")
}

/// Compiles the movie that speaks RTMP; see `RtmpMain.hx`.
pub fn rtmp_movie(folder: &Path) -> PathBuf {
    compile(folder, "RtmpMain")
}

/// Compiles the movie that uses shared objects; see `SharedMain.hx`.
pub fn shared_movie(folder: &Path) -> PathBuf {
    compile(folder, "SharedMain")
}

fn compile(folder: &Path, main: &str) -> PathBuf {
    std::fs::create_dir_all(folder).expect("the movie's folder can be made");
    let movie = folder.join(main).with_extension("swf");
    let finished = Process::start(
        Command::new("haxe").current_dir(sources().join("ruffle")).arg("--swf").arg(&movie).args([
            "--main",
            main,
            "-cp",
            "../../../examples/haxe",
            "--swf-version",
            "11",
            "-D",
            "network-sandbox",
            "--no-traces",
        ]),
    )
    .finish(Duration::from_mins(1));
    assert!(finished.status.success(), "the movie does not compile:\n{}", finished.stderr);
    movie
}

/// The command that plays `movie` in Ruffle with `gateway` behind it; see `play.mjs`.
pub fn ruffle(gateway: &str, movie: &Path) -> Command {
    let modules = installed();
    let ruffle = modules.join("node_modules/@ruffle-rs/ruffle");
    assert!(ruffle.exists(), "{} is missing: run tests/run.sh", ruffle.display());
    let mut command = Command::new("node");
    command.arg(sources().join("ruffle/play.mjs")).arg(gateway).arg(movie).arg(modules);
    command
}

/// The command that plays `movie` in Ruffle, with a WebSocket to `socket` for each of its sockets to `rtmp`.
pub fn ruffle_rtmp(gateway: &str, movie: &Path, rtmp: &str, socket: &str) -> Command {
    let mut command = ruffle(gateway, movie);
    command.arg(rtmp).arg(socket);
    command
}

/// The command that talks in the lobby with `movie`; see `talk.mjs`.
pub fn ruffle_talk(movie: &Path, rtmp: &str, socket: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(sources().join("ruffle/talk.mjs")).arg(movie).arg(installed()).arg(rtmp).arg(socket);
    command
}

/// The command that draws on the whiteboard's `page`; see `whiteboard.mjs`.
pub fn ruffle_whiteboard(page: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(sources().join("ruffle/whiteboard.mjs")).arg(page).arg(installed());
    command
}

/// The command that visits `rtmp`, and `gateway` beside it, with `python-librtmp`; see `client.py`.
pub fn librtmp(rtmp: &str, gateway: &str) -> Command {
    let mut command = python();
    command.arg(sources().join("librtmp/client.py")).arg(rtmp).arg(gateway);
    command
}

/// The command that visits `rtmp` with npm's `rtmp-client`; see `visit.mjs`.
pub fn rtmp_client(rtmp: &str) -> Command {
    let modules = installed();
    let client = modules.join("node_modules/rtmp-client");
    assert!(client.exists(), "{} is missing: run tests/run.sh", client.display());
    let mut command = Command::new("node");
    command.arg(sources().join("rtmp-client/visit.mjs")).arg(rtmp).arg(modules);
    command
}

/// The command that visits `gateway` with `Py3AMF`; see `client.py`.
pub fn py3amf(gateway: &str) -> Command {
    let mut command = python();
    command.arg(sources().join("py3amf/client.py")).arg(gateway);
    command
}

/// The command that says what `Py3AMF`'s decoder reads; see `oracle.py`.
pub fn py3amf_oracle() -> Command {
    let mut command = python();
    command.arg(sources().join("py3amf/oracle.py"));
    command
}

/// Runs a client with `input` on its stdin and gives what it printed on stdout, as JSON.
///
/// A client that fails, prints something else or takes longer than `limit` fails the test.
pub fn report_of(command: &mut Command, input: &Value, limit: Duration) -> Value {
    let finished = Process::start_with_input(command, &input.to_string()).finish(limit);
    assert!(
        finished.status.success(),
        "{command:?} ended with {}\n{}\n{}",
        finished.status,
        finished.stdout,
        finished.stderr
    );
    serde_json::from_str(&finished.stdout)
        .unwrap_or_else(|error| panic!("{command:?} printed no JSON ({error}):\n{}", finished.stdout))
}
