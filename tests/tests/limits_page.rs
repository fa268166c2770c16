//! `docs/limits.md` says what the declarations of limits say.
//!
//! `UPDATE_DOCS=1 cargo test -p amf-tests --test limits_page` writes the page anew.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use amf_core::__private::limits::{LimitDeclaration, LimitsDeclaration};

/// One struct of limits on the page.
struct Section {
    title: &'static str,
    /// How a program sets the limits.
    text: &'static str,
    declaration: LimitsDeclaration,
}

const SECTIONS: &[Section] = &[
    Section {
        title: "`amf_core::Limits`: decoding",
        text: "For `Decoder::with_limits`, and for all calls by `Services::limits`.",
        declaration: amf_core::Limits::DECLARATION,
    },
    Section {
        title: "`amf_remoting::Services`: calls",
        text: "Methods of `Services`. `#[remote(timeout = \"5m\")]` gives one method a timeout of its own, which is \
               reported as `method_timeout`.",
        declaration: amf_remoting::Services::CALL_LIMITS,
    },
    Section {
        title: "`amf_remoting::service::LoginLimits`: attempts to log in",
        text: "For `Services::login_limits`, over every transport.",
        declaration: amf_remoting::service::LoginLimits::DECLARATION,
    },
    Section {
        title: "`amf_remoting::OutputLimits`: what a server writes",
        text: "For `Services::output_limits`, over every transport.",
        declaration: amf_remoting::OutputLimits::DECLARATION,
    },
    Section {
        title: "`amf_remoting::gateway::GatewayLimits`: requests over HTTP",
        text: "For `Gateway::limits`.",
        declaration: amf_remoting::gateway::GatewayLimits::DECLARATION,
    },
    Section {
        title: "`amf_remoting::gateway::ServerLimits`: HTTP connections",
        text: "For `gateway::serve`, of the feature `serve`.",
        declaration: amf_remoting::gateway::ServerLimits::DECLARATION,
    },
    Section {
        title: "`amf_remoting::client::ClientLimits`: a remoting client",
        text: "For the builder of `RemotingClient`, of the feature `client`.",
        declaration: amf_remoting::client::ClientLimits::DECLARATION,
    },
    Section {
        title: "`amf_rtmp::proto::Limits`: an RTMP connection",
        text: "For `Config::with_limits`, which `Server::config` and the builder of `NetConnection` take. `Limits::server()` \
               has the defaults of a server, `Limits::client()` those of a client.",
        declaration: amf_rtmp::proto::Limits::DECLARATION,
    },
    Section {
        title: "`amf_rtmp::Server`: RTMP connections",
        text: "Methods of `Server`.",
        declaration: amf_rtmp::Server::LIMITS,
    },
    Section {
        title: "`amf_rtmp::TunnelLimits`: WebSocket and RTMPT",
        text: "For `Server::tunnel_limits`, of the feature `tunnel`.",
        declaration: amf_rtmp::TunnelLimits::DECLARATION,
    },
    Section {
        title: "`amf_rtmp::SharedObjectLimits`: shared objects",
        text: "For `SharedObjects::limits`, which `Server::shared_objects` takes.",
        declaration: amf_rtmp::SharedObjectLimits::DECLARATION,
    },
    Section {
        title: "`amf_rtmp::PersistenceLimits`: shared objects on disk",
        text: "For `SharedObjects::persistence_limits`.",
        declaration: amf_rtmp::PersistenceLimits::DECLARATION,
    },
];

const HEAD: &str = "<!-- Made of the declarations: UPDATE_DOCS=1 cargo test -p amf-tests --test limits_page -->

# Limits

All limits are in force by default. The name of a limit is the name in errors and responses, and the label of the counters of exceeded limits. Each limit of a struct has a setter, `with_` and the name: `Limits::new().with_depth(16)`. `usize::MAX` and `Duration::MAX` are no limit.

The size of what an `Encoder`, a `PacketWriter`, a `SolFile`, a `Dump` or JSON of a `Value` writes is limited by an `OutputLimit` of its own, whose default is documented there.
";

#[test]
fn the_page_is_up_to_date() {
    let (path, page) = (workspace().join("docs/limits.md"), page());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&path, &page).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        found == page,
        "docs/limits.md differs from the declarations; write it by \
         `UPDATE_DOCS=1 cargo test -p amf-tests --test limits_page`"
    );
}

#[test]
fn every_declaration_is_on_the_page() {
    let mut declared: Vec<_> = ["amf-core/src", "remoting/src", "rtmp/src"]
        .into_iter()
        .flat_map(|folder| sources(&workspace().join(folder)))
        .flat_map(|source| declared_structs(&fs::read_to_string(source).unwrap()))
        .collect();
    let mut shown: Vec<_> = SECTIONS.iter().map(|section| section.declaration.name.to_owned()).collect();
    declared.sort();
    shown.sort();
    assert_eq!(declared, shown);
}

#[test]
fn every_limit_says_what_happens_beyond_it() {
    for section in SECTIONS {
        for limit in section.declaration.limits {
            let (bounds, excess) = (first_paragraph(limit.bounds), first_paragraph(limit.excess));
            for text in [bounds, excess] {
                assert!(text.ends_with('.'), "{}: {}: {text:?}", section.title, limit.name);
            }
        }
    }
}

#[test]
fn links_become_their_text() {
    assert_eq!(without_links("a [`B::c`](crate::B::c) d, [e](Self::e) [`F`]."), "a `B::c` d, e `F`.");
}

fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    for Section { title, text, declaration } in SECTIONS {
        write!(
            page,
            "\n## {title}\n\n{text}\n\n| limit | unit | default | what is bounded | beyond it |\n|---|---|---|---|---|\n"
        )
        .unwrap();
        for limit in declaration.limits {
            page.push_str(&row(limit));
        }
    }
    page
}

fn row(limit: &LimitDeclaration) -> String {
    let LimitDeclaration { name, unit, default, client_default, bounds, excess, .. } = *limit;
    let client = client_default.map(|default| format!("; of a client {default}")).unwrap_or_default();
    // Digits are grouped as in prose.
    let default = format!("{default}{client}").replace('_', ",");
    let (bounds, excess) = (first_paragraph(bounds), first_paragraph(excess));
    format!("| `{name}` | {unit} | {default} | {bounds} | {excess} |\n")
}

fn first_paragraph(docs: &[&str]) -> String {
    let lines: Vec<_> = docs.iter().map(|line| line.trim()).take_while(|line| !line.is_empty()).collect();
    without_links(&lines.join(" "))
}

/// The text without the targets of its links, which only rustdoc can resolve.
fn without_links(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text;
    while let Some((before, link)) = rest.split_once('[') {
        let (label, after) = link.split_once(']').unwrap();
        plain += before;
        plain += label;
        rest = match after.strip_prefix('(') {
            Some(target) => target.split_once(')').unwrap().1,
            None => after,
        };
    }
    plain + rest
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { sources(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .collect()
}

/// Names of the structs that a source declares by the macro.
fn declared_structs(source: &str) -> Vec<String> {
    source
        .split("limits! {\n")
        .skip(1)
        .filter_map(|declaration| {
            let line = declaration.lines().find(|line| !line.trim_start().starts_with("///"))?;
            let (_, name) = line.split_once("struct ")?;
            Some(name.split(' ').next()?.to_owned())
        })
        .collect()
}
