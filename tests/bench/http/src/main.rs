//! Measures the gateway against axum without AMF, and against `Py3AMF` under gunicorn. See README.md.

mod apps;
mod bodies;
mod in_process;
mod load;
mod measure;
mod polls;
mod process;
mod report;
mod rows;
mod service;

use rows::Row;

const USAGE: &str = "usage: amf-bench-http [--rounds N] [--py3amf PYTHON] [WORD...]
Measures the rows whose title has every WORD, such as: amf0 echo

       amf-bench-http polls [--rounds N] [WORD...]
Measures the longest poll of requests of 2 MiB, such as: records

       amf-bench-http in-process gateway|axum|bare-axum ROW COUNT
Calls one app so often without a socket, for a profiler that counts instructions";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        // How this program starts itself again, as a server.
        ["serve", app, row] => app_of(app, row).map(apps::serve),
        ["in-process", app, row, count] => app_of(app, row)
            .zip(count.parse().ok())
            .map(|((app, row), count)| in_process::run(app, row, count)),
        ["polls", ref words @ ..] => {
            Options::read(words).map(|options| polls::measure(options.rounds, &options.words))
        }
        ref words => Options::read(words).map(|options| compare(&options)),
    };
    if done.is_none() {
        eprintln!("{USAGE}");
        std::process::exit(2);
    }
}

fn app_of(app: &str, row: &str) -> Option<(apps::App, &'static Row)> {
    Some((apps::App::named(app)?, rows::ROWS.iter().find(|found| found.name == row)?))
}

/// What the command line asks for.
struct Options<'a> {
    /// Pairs of samples in each row.
    rounds: usize,
    /// The interpreter that has `Py3AMF` and gunicorn.
    python: Option<&'a str>,
    /// In lower case; a row's title has them all.
    words: Vec<String>,
}

impl<'a> Options<'a> {
    fn read(words: &[&'a str]) -> Option<Self> {
        let mut options = Self { rounds: 15, python: None, words: Vec::new() };
        let mut words = words.iter().copied();
        while let Some(word) = words.next() {
            match word {
                "--rounds" => options.rounds = words.next()?.parse().ok().filter(|&rounds| rounds > 0)?,
                "--py3amf" => options.python = Some(words.next()?),
                word if word.starts_with('-') => return None,
                word => options.words.push(word.to_lowercase()),
            }
        }
        Some(options)
    }

    fn chooses(&self, row: &Row) -> bool {
        let title = row.title.to_lowercase();
        self.words.iter().all(|word| title.contains(word))
    }
}

fn compare(options: &Options<'_>) {
    let chosen = rows::ROWS.iter().filter(|row| options.chooses(row));
    let figures: Vec<_> = chosen
        .map(|row| {
            eprintln!("{}", row.title);
            (row, measure::measure(row, options.rounds, options.python))
        })
        .collect();
    report::table(&figures);
}
