//! Measures the RTMP endpoint against `rml_rtmp` and against bare sockets. See README.md.

mod peer;
mod process;
mod report;
mod servers;
mod wire;
mod workloads;

use servers::Server;

const USAGE: &str = "usage: rtmp-bench [--rounds N] [WORD...]
Measures the rows whose title has every WORD, such as: broadcast";

fn main() -> std::io::Result<()> {
    let mut arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [command, name] = &arguments[..]
        && command == "serve"
        && let Some(server) = Server::named(name)
    {
        return server.serve();
    }
    let mut rounds = 7;
    if let Some(at) = arguments.iter().position(|argument| argument == "--rounds") {
        let Some(number) = arguments.get(at + 1).and_then(|number| number.parse().ok()) else {
            eprintln!("{USAGE}");
            std::process::exit(2);
        };
        rounds = number;
        arguments.drain(at..at + 2);
    }
    let words: Vec<_> = arguments.iter().map(|word| word.to_lowercase()).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for workload in workloads::ALL {
        if words.iter().all(|word| workload.title.to_lowercase().contains(word)) {
            report::print(workload, &runtime.block_on(workload.measure(rounds))?);
        }
    }
    Ok(())
}
