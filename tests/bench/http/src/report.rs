//! The table, in Markdown.

use crate::measure::{Figures, Ratio, Side};
use crate::rows::{LEAST_RATE, Row};

/// Of resident memory, in KiB.
const MOST_GROWTH: i64 = 1024;

pub fn table(rows: &[(&Row, Figures)]) {
    println!("Processor time of a request:\n");
    println!(
        "| | axum bare | axum with the limits | gateway | times bare | times with the limits | at most | |"
    );
    println!("|---|---:|---:|---:|---:|---:|---:|---|");
    for (row, figures) in rows {
        print(&times(row, figures));
    }
    println!("\nRequests per second, and growth of the gateway's memory:\n");
    println!("| | axum bare | gateway | Py3AMF | times Py3AMF | at least | | memory | at most | |");
    println!("|---|---:|---:|---:|---:|---:|---|---:|---:|---|");
    for (row, figures) in rows {
        print(&rates(row, figures));
    }
}

fn times(row: &Row, figures: &Figures) -> Vec<String> {
    let micros = |side: &Side| format!("{:.2} µs", side.micros);
    let ratio = |ratio: &Ratio| format!("{:.2} ± {:.2}", ratio.median, ratio.spread);
    vec![
        row.title.to_owned(),
        micros(&figures.bare),
        micros(&figures.axum),
        micros(&figures.gateway),
        ratio(&figures.to_bare),
        ratio(&figures.to_axum),
        format!("{:.2}", row.most_time),
        verdict(figures.to_bare.median.max(figures.to_axum.median) <= row.most_time),
    ]
}

fn rates(row: &Row, figures: &Figures) -> Vec<String> {
    let Figures { bare, gateway, py3amf, growth, .. } = figures;
    let times = py3amf.map(|rate| gateway.rate / rate);
    vec![
        row.title.to_owned(),
        format!("{:.0}", bare.rate),
        format!("{:.0}", gateway.rate),
        py3amf.map_or_else(unknown, |rate| format!("{rate:.0}")),
        times.map_or_else(unknown, |times| format!("{times:.0}")),
        format!("{LEAST_RATE}"),
        times.map_or_else(unknown, |times| verdict(times >= LEAST_RATE)),
        format!("{growth:+} KiB"),
        format!("{MOST_GROWTH} KiB"),
        verdict(*growth < MOST_GROWTH),
    ]
}

fn print(cells: &[String]) {
    println!("| {} |", cells.join(" | "));
}

fn verdict(is_met: bool) -> String {
    if is_met { "met" } else { "**NOT met**" }.to_owned()
}

fn unknown() -> String {
    "–".to_owned()
}
