//! Prints what was measured, as Markdown.

use std::time::Duration;

use crate::servers::Server;
use crate::workloads::{Sample, Target, Workload};

/// The medians of one server.
struct Line {
    server: Server,
    time: Duration,
    cost: Duration,
    memory: u64,
}

/// One row of the run.
pub fn print(workload: &Workload, samples: &[Sample]) {
    println!("### {}\n", workload.title);
    println!("| | {0}s per second | server time per {0} | of ours | memory per {0} |", workload.unit);
    println!("|---|---:|---:|---:|---:|");
    let lines: Vec<_> = workload.servers.iter().map(|server| line(*server, samples)).collect();
    let ours = &lines[0];
    for line in &lines {
        println!(
            "| {} | {:.0} | {:.2} µs | {:.2}× | {} |",
            line.server.name(),
            line.time.as_secs_f64().recip(),
            micros(line.cost),
            micros(line.cost) / micros(ours.cost),
            if line.memory == 0 {
                "–".to_owned()
            } else {
                format!("{:.1} KiB", line.memory as f64 / 1024.0)
            },
        );
    }
    println!();
    if let Some(target) = workload.target {
        println!("- {}\n", verdict(target, &lines, samples));
    }
}

fn line(server: Server, samples: &[Sample]) -> Line {
    let of = |take: fn(&Sample) -> f64| {
        median(samples.iter().filter(|sample| sample.server == server).map(take).collect())
    };
    Line {
        server,
        time: Duration::from_secs_f64(of(|sample| sample.time.as_secs_f64())),
        cost: Duration::from_secs_f64(of(|sample| sample.cost.as_secs_f64())),
        memory: of(|sample| sample.memory as f64) as u64,
    }
}

/// Ratios are those of samples of one round, of which the median is taken: noise hits both alike.
fn verdict(target: Target, lines: &[Line], samples: &[Sample]) -> String {
    let ratio = |other: Server, take: fn(&Sample) -> f64| {
        let of = |server| samples.iter().filter(move |sample| sample.server == server).map(take);
        median(of(Server::Ours).zip(of(other)).map(|(ours, other)| ours / other).collect())
    };
    match target {
        Target::Rate(other, least) => {
            let found = ratio(other, |sample| sample.time.as_secs_f64().recip());
            format!(
                "at least {least:.2}× per second of {}: {found:.2}×, {}",
                other.name(),
                word(found >= least)
            )
        }
        Target::Cost(other, most) => {
            let found = ratio(other, |sample| sample.cost.as_secs_f64());
            format!("at most {most:.2}× the time of {}: {found:.2}×, {}", other.name(), word(found <= most))
        }
        Target::Memory(most) => {
            let found = lines[0].memory;
            let (most_kib, found_kib) = (most as f64 / 1024.0, found as f64 / 1024.0);
            format!("at most {most_kib:.1} KiB: {found_kib:.1} KiB, {}", word(found <= most))
        }
    }
}

fn word(is_met: bool) -> &'static str {
    if is_met { "met" } else { "NOT met" }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

fn micros(time: Duration) -> f64 {
    time.as_secs_f64() * 1e6
}
