//! What the crates log by `Display`: text of a peer is logged by `Debug`, or in an error that escapes it.

#![allow(clippy::unwrap_used, reason = "tests")]

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
            let sets_message = line.contains("tracing::") && line.contains("message = ");
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

#[test]
fn fields_are_found_wherever_they_stand() {
    assert_eq!(
        display_fields("tracing::debug!(%name, client = %a.b(), \"100 % of {x}\");"),
        ["%name", "%a.b()"]
    );
    assert_eq!(display_fields("    %name,"), ["%name"]);
    assert_eq!(display_fields("let rest = a % b;"), Vec::<String>::new());
}
