//! Programs that want to play or publish at the lobby are told that it has no streams, and go.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything here runs inside a test, where a panic is the failure"
)]

use std::process::Command;
use std::time::Duration;

use amf_tests::lobby::Lobby;
use amf_tests::process::Process;

/// Less than the half minute after which rtmpdump gives up by itself.
const TIMEOUT: Duration = Duration::from_secs(10);

#[test]
#[ignore = "needs rtmpdump: tests/run.sh"]
fn rtmpdump_is_told_that_there_are_no_streams() {
    let lobby = Lobby::start();
    let play = [&format!("{}/stream", lobby.rtmp()), "-o", "/dev/null"];
    for more in [&["-V"][..], &["-V", "--live"]] {
        let words = refused(Command::new("rtmpdump").arg("-r").args(play).args(more));
        assert_eq!(words.matches("Connected...").count(), 1, "{words}");
        // Its own words are few; those of the server show with -V.
        assert!(words.contains("this server has no streams yet"), "{words}");
        assert!(words.contains("Closing connection: NetStream.Failed"), "{words}");
    }
}

#[test]
#[ignore = "needs ffmpeg: tests/run.sh"]
fn ffmpeg_is_told_that_there_are_no_streams() {
    let lobby = Lobby::start();
    let stream = format!("{}/stream", lobby.rtmp());
    let play = ["-i", &stream, "-f", "null", "-"];
    let publish =
        ["-f", "lavfi", "-i", "testsrc=size=64x64:rate=5:duration=2", "-c:v", "flv", "-f", "flv", &stream];
    for arguments in [&play[..], &publish] {
        let words = refused(ffmpeg().args(arguments));
        assert!(words.contains("Server error: this server has no streams yet"), "{words}");
    }
}

#[test]
#[ignore = "needs rtmpdump and ffmpeg: tests/run.sh"]
fn other_applications_are_refused() {
    let lobby = Lobby::start();
    let stream = format!("{}-of-others/stream", lobby.rtmp());
    let words = refused(Command::new("rtmpdump").args(["-V", "-r", &stream, "-o", "/dev/null"]));
    assert!(words.contains("NetConnection.Connect.InvalidApp"), "{words}");
    let words = refused(ffmpeg().args(["-i", &stream, "-f", "null", "-"]));
    assert!(words.contains("Server error: "), "{words}");
    assert!(words.contains("lobby-of-others"), "{words}");
}

fn ffmpeg() -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-nostdin", "-hide_banner", "-loglevel", "warning"]);
    command
}

/// What a program says that goes soon and by itself, with an exit code of failure.
fn refused(command: &mut Command) -> String {
    let finished = Process::start(command).finish(TIMEOUT);
    assert_eq!(finished.status.code(), Some(1), "{command:?}\n{}", finished.stderr);
    assert_eq!(finished.stdout, "");
    finished.stderr
}
