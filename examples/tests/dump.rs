//! Tests of the program `dump`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

fn dump(arguments: &[&str], input: &[u8]) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_dump"))
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // The program may exit before it reads its input.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

#[track_caller]
fn prints(arguments: &[&str], input: &[u8], code: i32, words: &str) {
    let output = dump(arguments, input);
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.code() == Some(code) && said.contains(words), "{arguments:?}: {output:?}");
}

#[test]
fn the_kind_of_input_is_detected() {
    prints(
        &["-"],
        b"\0\0\0\0\0\x01\0\x03a.b\0\x02/1\0\0\0\x01\x05",
        0,
        "remoting packet, 20 bytes\n0000  00 00",
    );
    prints(&["-"], b"\x02\0\x02hi", 0, "AMF0, 5 bytes\n0000  02 00 02 68 69            String \"hi\"\n");
    prints(
        &["-"],
        b"\x06\x05hi",
        0,
        "AMF3, 4 bytes\n0000  06 05 68 69               String \"hi\"  = string 0\n",
    );
    let sol = b"\0\xBF\0\0\0\x11TCSO\0\x04\0\0\0\0\0\x01s\0\0\0\x03";
    prints(&["-"], sol, 0, "shared object, 23 bytes\n0000  00 bf");
}

#[test]
fn the_kind_of_input_can_be_given() {
    prints(&["--as", "amf3", "-"], b"\x01", 0, "AMF3, 1 byte\n");
    prints(&["--as", "amf0", "-"], b"\x01", 1, "** at byte 1: the input ends here");
    prints(&["--as", "packet", "-"], b"\x01", 1, "remoting packet");
    prints(&["-", "--as", "sol"], b"\x01", 1, "shared object");
}

#[test]
fn hexadecimal_input_is_read() {
    for text in ["0a 0b 01\n03 61 04 01 01", "0A0B010361040101", "0x0a, 0x0b, 0x01, 03:61:04:01:01"] {
        prints(&["--hex", "-"], text.as_bytes(), 0, "Object, dynamic  = object 0, = traits 0");
    }
}

#[test]
fn a_file_is_read_by_name() {
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("capture.amf");
    std::fs::write(&path, b"\x04\x07").unwrap();
    prints(&[path.to_str().unwrap()], b"", 0, "Integer 7");
}

#[test]
fn usage_errors_are_reported() {
    for (arguments, input, words) in [
        (&[][..], "", "expected a file"),
        (&["--as", "xml", "-"], "", "expected packet, amf0, amf3 or sol, got xml"),
        (&["no/such/file"], "", "no/such/file: "),
        (&["--hex", "-"], "0a 0", "expected bytes in hex, such as 0a 0b 01, got 0"),
        (&["--hex", "-"], "zz", "got zz"),
        (&["--loud"], "", "--loud"),
    ] {
        let output = dump(arguments, input.as_bytes());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.code() == Some(1) && said.contains(words), "{arguments:?}: {output:?}");
    }
}
