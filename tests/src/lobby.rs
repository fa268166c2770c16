//! The lobby example as a running program, for clients to talk to.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::Duration;

use serde_json::Value;

use crate::process::Process;

/// A lobby of the test's own, on a free port of the loopback; it ends when this is dropped.
#[derive(Debug)]
pub struct Lobby {
    origin: String,
    rtmp: String,
    process: Process,
}

impl Lobby {
    /// Builds the example once per test program and starts it.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// The same with more arguments.
    pub fn start_with(more: &[&str]) -> Self {
        static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
        let program = PROGRAM.get_or_init(build);
        let arguments = ["--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0"];
        let mut process = Process::start(Command::new(program).args(arguments).args(more));
        let mut address = |scheme: &str| {
            process.line(Duration::from_secs(20), |line| {
                let url = line.strip_prefix("listening on ")?.trim();
                url.starts_with(scheme).then(|| url.trim_end_matches('/').to_owned())
            })
        };
        let origin = address("http://127.0.0.1:");
        let rtmp = address("rtmp://127.0.0.1:");
        Self { origin, rtmp, process }
    }

    /// Ends the lobby, and returns its log.
    pub fn stop(self) -> String {
        self.process.stop()
    }

    /// Id of the lobby's process.
    pub fn process_id(&self) -> u32 {
        self.process.id()
    }

    /// Where the page is: `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Where the gateway is.
    pub fn gateway(&self) -> String {
        format!("{}/gateway", self.origin)
    }

    /// RTMP through WebSocket: `ws://127.0.0.1:PORT/rtmp`.
    pub fn socket(&self) -> String {
        format!("{}/rtmp", self.origin.replacen("http", "ws", 1))
    }

    /// The application over RTMP: `rtmp://127.0.0.1:PORT/lobby`.
    pub fn rtmp(&self) -> &str {
        &self.rtmp
    }
}

/// The program is of another package, so cargo hands no path to it: cargo is asked for one.
fn build() -> PathBuf {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the workspace is above");
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let built = Process::start(Command::new(cargo).current_dir(workspace).args([
        "build",
        "--quiet",
        "--package=examples",
        "--bin=lobby",
        "--message-format=json-render-diagnostics",
    ]))
    .finish(Duration::from_mins(15));
    assert!(built.status.success(), "the lobby does not build:\n{}", built.stderr);
    built
        .stdout
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["target"]["name"] == "lobby")
        .find_map(|message| message["executable"].as_str().map(PathBuf::from))
        .expect("cargo names the program that it built")
}
