//! Prints what was measured, for a terminal or as Markdown.

use crate::claim::{Outcome, Verdict};
use crate::measure::{Figures, Kind};
use crate::row::{BORROWED, MEMCPY, OURS};

/// How it is printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    Terminal,
    Markdown,
}

const HEADINGS: [&str; 6] = ["", "time", "±", "of ours", "allocations", "bytes"];

/// One row, with what is claimed of it.
pub fn row(style: Style, title: &str, row: &[Figures], verdicts: &[Verdict]) {
    match style {
        Style::Terminal => println!("{title}"),
        Style::Markdown => println!("### {title}\n"),
    }
    let ours = row.iter().find(|figures| figures.name == OURS).expect("we take part");
    let mut sorted: Vec<&Figures> = row.iter().collect();
    sorted.sort_by_key(|figures| (figures.kind == Kind::Limit, figures.kind.is_peer()));
    table(style, HEADINGS, sorted.into_iter().map(|figures| cells(figures, ours)).collect());
    for verdict in verdicts {
        let Verdict { text, outcome } = verdict;
        println!("{}{text}: {}", if style == Style::Markdown { "- " } else { "  " }, word(*outcome));
    }
    println!();
}

/// All rows, one line each, and how many claims hold.
pub fn summary(style: Style, rows: &[(&str, Vec<Figures>, Vec<Verdict>)]) {
    const HEADINGS: [&str; 6] = ["", OURS, "borrowed", "fastest AMF peer", "rmp-serde", MEMCPY];
    let lines = rows.iter().map(|(title, figures, _)| {
        let time = |name: &str| {
            let found = figures.iter().find(|figures| figures.name == name);
            found.map_or_else(|| "–".to_owned(), |figures| duration(figures.median))
        };
        let peers = figures.iter().filter(|figures| figures.kind.is_peer());
        let peer = peers.min_by(|a, b| a.median.total_cmp(&b.median));
        let peer =
            peer.map_or_else(|| "–".to_owned(), |peer| format!("{} {}", duration(peer.median), peer.name));
        [(*title).to_owned(), time(OURS), time(BORROWED), peer, time("rmp-serde"), time(MEMCPY)]
    });
    table(style, HEADINGS, lines.collect());
    let count =
        |outcome| rows.iter().flat_map(|row| &row.2).filter(|verdict| verdict.outcome == outcome).count();
    let outcomes = [Outcome::Met, Outcome::Even, Outcome::NotMet];
    println!(
        "Targets: {}",
        outcomes.map(|outcome| format!("{} {}", count(outcome), word(outcome))).join(", ")
    );
}

fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Met => "met",
        Outcome::Even => "even",
        Outcome::NotMet => "NOT met",
    }
}

fn cells(figures: &Figures, ours: &Figures) -> [String; 6] {
    let name = match figures.kind {
        Kind::Ours => figures.name.clone(),
        Kind::Peer | Kind::PeerWithStructs => format!("peer: {}", figures.name),
        Kind::Limit => format!("limit: {}", figures.name),
    };
    [
        name,
        duration(figures.median),
        format!("{:.0} %", figures.spread * 100.0),
        format!("{:.2}×", figures.median / ours.median),
        thousands(figures.allocations),
        thousands(figures.bytes as u64),
    ]
}

/// Nanoseconds below a microsecond, else microseconds; three digits at least.
fn duration(nanoseconds: f64) -> String {
    match nanoseconds {
        0.0..10.0 => format!("{nanoseconds:.1} ns"),
        10.0..1e3 => format!("{nanoseconds:.0} ns"),
        1e3..1e4 => format!("{:.2} µs", nanoseconds / 1e3),
        1e4..1e5 => format!("{:.1} µs", nanoseconds / 1e3),
        _ => format!("{} µs", thousands((nanoseconds / 1e3).round() as u64)),
    }
}

fn thousands(number: u64) -> String {
    let digits = number.to_string();
    let groups = digits.as_bytes().rchunks(3).rev().map(String::from_utf8_lossy);
    groups.collect::<Vec<_>>().join(",")
}

fn table<const N: usize>(style: Style, headings: [&str; N], lines: Vec<[String; N]>) {
    if style == Style::Markdown {
        println!("| {} |\n|---|{}", headings.join(" | "), "---:|".repeat(N - 1));
        for line in lines {
            println!("| {} |", line.join(" | "));
        }
        println!();
        return;
    }
    let headings = headings.map(str::to_owned);
    let all = || std::iter::once(&headings).chain(&lines);
    let width = |column: usize| all().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    for line in all() {
        print!("  {:<1$}", line[0], widths[0]);
        for (cell, width) in line.iter().zip(widths).skip(1) {
            print!("  {cell:>width$}");
        }
        println!();
    }
}
