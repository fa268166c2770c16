//! Tests of the program `call` against the program `lobby`, with the commands of the README.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// A running program, which is killed when the test ends.
struct Process {
    child: Child,
    lines: BufReader<ChildStdout>,
}

impl Process {
    fn start(command: &mut Command) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap());
        Self { child, lines }
    }

    /// Reads lines until one contains `words`, and returns that line.
    fn line_with(&mut self, words: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.lines.read_line(&mut line).unwrap(), 0, "ended before {words:?}");
            if line.contains(words) {
                return line.trim_end().to_owned();
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn call(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_call")).args(arguments).output().unwrap()
}

#[track_caller]
fn prints(arguments: &[&str], words: &str) {
    let output = call(arguments);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && said.contains(words), "{arguments:?}: {output:?}");
}

#[test]
fn the_lobby_answers_the_calls_of_the_readme() {
    let mut lobby = Process::start(Command::new(env!("CARGO_BIN_EXE_lobby")).args([
        "--http",
        "127.0.0.1:0",
        "--rtmp",
        "127.0.0.1:0",
    ]));
    let address = |line: String| line.strip_prefix("listening on ").unwrap().to_owned();
    let http = address(lobby.line_with("listening on http://")) + "/gateway";
    let rtmp = address(lobby.line_with("listening on rtmp://"));

    let mut listener = Process::start(Command::new(env!("CARGO_BIN_EXE_call")).args([
        &rtmp,
        "lobby.join",
        "\"Ann\"",
        "--listen",
    ]));
    listener.line_with("lobby.Seat");
    for (url, version, name) in [(&http, "--amf0", "Bob"), (&rtmp, "--amf0", "Cleo"), (&http, "", "Dan")] {
        let options: Vec<&str> = [version, url].into_iter().filter(|word| !word.is_empty()).collect();
        let with = |more: &[&'static str]| [options.as_slice(), more].concat();
        let name_json = format!("\"{name}\"");
        prints(&[options.as_slice(), &["lobby.join", &name_json]].concat(), name);
        assert!(listener.line_with("playerJoined").contains(name));
        prints(&with(&["lobby.players"]), "\"Ann\"");
        prints(&with(&["echo.echo", r#"{"a": [1.5, null, "x"]}"#]), "a: [");

        let failed = call(&with(&["echo.fail"]));
        assert_eq!(failed.status.code(), Some(1));
        assert_eq!(String::from_utf8_lossy(&failed.stdout), "fault Echo.Fail: failed as asked\n");

        // The fault contains the name of the method, whose escape sequence would clear the terminal.
        let failed = call(&with(&["echo.\u{1b}[2J\u{202E}"]));
        let said = String::from_utf8_lossy(&failed.stdout);
        assert!(said.contains("\\u{1b}[2J\\u{202e}") && !said.contains(['\u{1b}', '\u{202E}']), "{said:?}");
    }
}

#[test]
fn usage_errors_are_reported() {
    for (arguments, words) in [
        (&[][..], "expected a URL"),
        (&["http://127.0.0.1:1/"], "expected a target"),
        (&["ftp://127.0.0.1/", "a.b"], "expected http://… or rtmp://…"),
        (&["http://127.0.0.1:1/", "a.b", "Ann"], "expected JSON"),
        (&["rtmp://127.0.0.1:1/lobby", "a.b"], "there is no connection"),
        (&["rtmp://127.0.0.1", "a.b"], "expected rtmp://host[:port]/application"),
        (&["--loud"], "--loud"),
    ] {
        let output = call(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains(words), "{arguments:?}: {output:?}");
    }
}
