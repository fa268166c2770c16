//! Measures `amf-core` against the other AMF libraries, and against what is possible. See README.md.

mod allocations;
mod claim;
mod contestants;
mod data;
mod measure;
mod report;
mod row;
mod workloads;

use report::Style;

const USAGE: &str = "usage: amf-bench [--markdown] [--rounds N] [WORD...]
Measures the rows whose title has every WORD, such as: w1 amf3 decode";

/// What the command line asks for.
struct Options {
    style: Style,
    /// Samples of each contestant.
    rounds: usize,
    /// In lower case; a row's title has them all.
    words: Vec<String>,
}

fn main() {
    let Some(options) = options(std::env::args().skip(1)) else {
        eprintln!("{USAGE}");
        std::process::exit(2);
    };
    measure::warm_up_allocator();
    let chosen = workloads::ROWS.iter().filter(|(title, _)| options.chooses(title));
    let rows: Vec<_> = chosen
        .map(|&(title, prepare)| {
            let row = prepare();
            let figures = measure::in_turn(row.contestants, options.rounds);
            let verdicts = claim::judge(&row.claims, &figures);
            report::row(options.style, title, &figures, &verdicts);
            (title, figures, verdicts)
        })
        .collect();
    report::summary(options.style, &rows);
}

fn options(mut arguments: impl Iterator<Item = String>) -> Option<Options> {
    let mut options = Options { style: Style::Terminal, rounds: 61, words: Vec::new() };
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--markdown" => options.style = Style::Markdown,
            "--rounds" => options.rounds = arguments.next()?.parse().ok().filter(|&rounds| rounds > 0)?,
            word if word.starts_with('-') => return None,
            word => options.words.push(word.to_lowercase()),
        }
    }
    Some(options)
}

impl Options {
    fn chooses(&self, title: &str) -> bool {
        let title = title.to_lowercase();
        self.words.iter().all(|word| title.contains(word))
    }
}
