//! What the crates log by `Display`: text of a peer is logged by `Debug`, or in an error that escapes it. And how often:
//! lines that a peer can cause are limited.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::fs;
use std::path::{Path, PathBuf};

/// Fields that hold no text of a peer, or escape it: errors and faults escape it in their `Display`.
const ALLOWED: [&str; 10] = [
    "%error",
    "%fault",
    "%limit",
    "%peer",
    "%status",
    "%id",
    "%call.caller().client().id()",
    "%caller.client().id()",
    "%self.client.id()",
    "%subscriber.client",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// The fields of a line that are logged by `Display`: `%` at the beginning of an argument or of a field's value.
fn display_fields(line: &str) -> Vec<String> {
    let starts = line.match_indices('%').filter(|(at, _)| {
        let before = line.get(..*at).unwrap_or_default().trim_end();
        before.is_empty() || before.ends_with(['(', ',', '='])
    });
    let field = |(at, _): (usize, &str)| {
        let rest = line.get(at..).unwrap_or_default();
        rest.split([',', ';']).next().unwrap_or_default().trim_end().to_owned()
    };
    starts.map(field).collect()
}

#[test]
fn no_text_of_a_peer_is_logged_as_it_is() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for crate_name in ["amf-core", "remoting", "rtmp"] {
        sources(&root.join(crate_name).join("src"), &mut files);
    }
    let mut fields = 0;
    for file in files {
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            if line.trim_start().starts_with("//") {
                continue;
            }
            let place = format!("{}:{}", file.display(), number + 1);
            let is_event = line.contains("tracing::") || line.contains("_limited!");
            let sets_message = is_event && line.contains("message = ");
            assert!(!sets_message, "{place}: subscribers write the field `message` as it is");
            for field in display_fields(line) {
                fields += 1;
                let is_allowed = ALLOWED
                    .iter()
                    .any(|allowed| field.trim_end_matches(')') == allowed.trim_end_matches(')'))
                    || field.starts_with("%Escaped(");
                assert!(is_allowed, "{place}: `{field}` is logged as it is; log it by `?`, or list it here");
            }
        }
    }
    assert!(fields > 20, "{fields} fields were found");
}

/// Lines of the levels that are written by default which are not limited: file, words of the line, and why a peer cannot
/// cause more of them.
const UNLIMITED: [(&str, &str, &str); 4] = [
    ("remoting/src/gateway/serve.rs", "cancelled requests", "once, when the server is shut down"),
    ("remoting/src/service/supervisor.rs", "a poll of the method", "once for each method"),
    ("rtmp/src/server/settings.rs", "without the client's address", "once for each server"),
    ("rtmp/src/server/settings.rs", "is still at work", "once, when the server is shut down"),
];

/// Whether a line of code writes an event of a level that is written by default.
fn is_unlimited_event(line: &str) -> bool {
    let line = line.trim_start();
    let macros = ["warn!", "error!", "info!", "event!"];
    !line.starts_with("//")
        && (macros.iter().any(|name| line.contains(&format!("tracing::{name}")) || line.starts_with(name))
            || line.starts_with("use tracing::")
                && ["warn", "error", "info", "event"].iter().any(|name| line.contains(name)))
}

#[test]
fn lines_that_a_peer_can_cause_are_limited() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut files = Vec::new();
    for crate_name in ["amf-core", "remoting", "rtmp"] {
        sources(&root.join(crate_name).join("src"), &mut files);
    }
    let mut unlimited = Vec::new();
    let mut limited = 0;
    for file in files {
        let name = file.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&file).unwrap();
        let lines: Vec<_> = text.lines().collect();
        limited += lines.iter().filter(|line| line.contains("_limited!(")).count();
        for (index, line) in lines.iter().enumerate().filter(|(_, line)| is_unlimited_event(line)) {
            // The words may stand on the following lines.
            let event = lines.get(index..lines.len().min(index + 6)).unwrap().join("\n");
            let listed = UNLIMITED.iter().position(|(file, words, _)| *file == name && event.contains(words));
            let place = format!("{name}:{}", index + 1);
            unlimited.push(listed.unwrap_or_else(|| {
                panic!(
                    "{place}: `{}` may be repeated by a peer; use `warn_limited!` or the like, or list it",
                    line.trim()
                )
            }));
        }
    }
    unlimited.sort_unstable();
    assert_eq!(unlimited, [0, 1, 2, 3], "each line that is listed occurs once");
    assert!(limited > 20, "{limited} lines are limited");
}

#[test]
fn events_are_found_however_they_are_written() {
    for line in [
        "tracing::warn!(%error, \"no\");",
        "  warn!(\"no\")",
        "Err(_) => return tracing::error!(",
        "use tracing::{info, debug};",
    ] {
        assert!(is_unlimited_event(line), "{line}");
    }
    for line in
        ["warn_limited!(\"no\");", "// tracing::warn!", "tracing::debug!(\"no\");", "use tracing::Span;"]
    {
        assert!(!is_unlimited_event(line), "{line}");
    }
}

#[test]
fn fields_are_found_wherever_they_stand() {
    assert_eq!(
        display_fields("tracing::debug!(%name, client = %a.b(), \"100 % of {x}\");"),
        ["%name", "%a.b()"]
    );
    assert_eq!(display_fields("    %name,"), ["%name"]);
    assert_eq!(display_fields("let rest = a % b;"), Vec::<String>::new());
}
