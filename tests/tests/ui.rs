//! What the macros say of mistakes: one file in `ui` for each, with the words beside it.
//!
//! The words around ours are the compiler's, so they are compared under the one that the workspace names. After an
//! intended change, `TRYBUILD=overwrite cargo test -p amf-tests --test ui` writes them anew; read them as a user
//! would before they are committed.

use std::process::Command;

#[test]
fn compile_errors_say_what_to_write() {
    let wanted = concat!("rustc ", env!("CARGO_PKG_RUST_VERSION"));
    let rustc = std::env::var("RUSTC").unwrap_or_else(|_| "rustc".to_owned());
    let version = Command::new(rustc).arg("--version").output().unwrap().stdout;
    if !String::from_utf8_lossy(&version).starts_with(wanted) {
        eprintln!("not compared: the words are those of {wanted}");
        return;
    }
    let cases = trybuild::TestCases::new();
    for folder in ["object", "service", "fault", "client", "limits"] {
        cases.compile_fail(format!("ui/{folder}/*.rs"));
    }
}
