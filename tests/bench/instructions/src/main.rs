//! Runs one row of the benchmarks a fixed number of times, so that callgrind counts the same work in every run.
//!
//! The data, the calls of `amf-core`, the state machine of RTMP and the requests of the gateway are those of the
//! benchmarks that measure time: the same files. `instructions.sh` starts this program.

#[path = "../../src/data.rs"]
mod data;
mod gateway;
#[path = "../../src/contestants/ours.rs"]
mod ours;
#[path = "../../src/contestants/ours_rtmp.rs"]
mod ours_rtmp;
#[path = "../../http/src/rows.rs"]
#[expect(dead_code, reason = "the targets and titles are those of another program")]
mod requests;
mod rows;
mod rtmp_server;
#[path = "../../http/src/service.rs"]
mod service;

const USAGE: &str = "usage: amf-bench-instructions list          prints each row and its number of operations
       amf-bench-instructions ROW COUNT     runs the operation of one row so many times";

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words[..] {
        ["list"] => {
            for row in rows::ALL {
                println!("{} {}", row.name, row.count);
            }
            Some(())
        }
        [name, count] => run(name, count),
        _ => None,
    };
    if done.is_none() {
        eprintln!("{USAGE}");
        std::process::exit(2);
    }
}

fn run(name: &str, count: &str) -> Option<()> {
    let row = rows::ALL.iter().find(|row| row.name == name)?;
    let count = count.parse().ok()?;
    (row.prepare)()(count);
    Some(())
}
