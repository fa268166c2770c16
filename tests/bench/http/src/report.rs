//! The table, in Markdown.

use crate::measure::Figures;
use crate::rows::{LEAST_RATE, Row};

/// Of resident memory, in KiB.
const MOST_GROWTH: i64 = 1024;

pub fn table(rows: &[(&Row, Figures)]) {
    println!("| | axum | gateway | times axum | at most | | axum | gateway | Py3AMF | times Py3AMF | at least | | memory |");
    println!("|---|---:|---:|---:|---:|---|---:|---:|---:|---:|---:|---|---:|");
    for (row, figures) in rows {
        println!("{}", line(row, figures));
    }
}

fn line(row: &Row, figures: &Figures) -> String {
    let Figures { axum, gateway, ratio, spread, py3amf, growth } = figures;
    let times = py3amf.map(|rate| gateway.rate / rate);
    let cells = [
        row.title.to_owned(),
        format!("{:.2} µs", axum.micros),
        format!("{:.2} µs", gateway.micros),
        format!("{ratio:.2} ± {spread:.2}"),
        format!("{:.2}", row.most_time),
        verdict(*ratio <= row.most_time),
        format!("{:.0}/s", axum.rate),
        format!("{:.0}/s", gateway.rate),
        py3amf.map_or_else(unknown, |rate| format!("{rate:.0}/s")),
        times.map_or_else(unknown, |times| format!("{times:.0}")),
        format!("{LEAST_RATE}"),
        times.map_or_else(unknown, |times| verdict(times >= LEAST_RATE)),
        format!("{growth:+} KiB{}", if *growth < MOST_GROWTH { "" } else { " **NOT met**" }),
    ];
    format!("| {} |", cells.join(" | "))
}

fn verdict(is_met: bool) -> String {
    if is_met { "met" } else { "**NOT met**" }.to_owned()
}

fn unknown() -> String {
    "–".to_owned()
}
