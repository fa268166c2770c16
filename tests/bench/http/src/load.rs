//! Load by `wrk`, from the core that the servers do not have.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

const CORE: &str = "1";
const CONNECTIONS: &str = "16";
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/post.lua");

/// What was answered in which time.
#[derive(Clone, Copy, Debug)]
pub struct Load {
    pub requests: u64,
    pub time: Duration,
}

impl Load {
    pub fn rate(&self) -> f64 {
        self.requests as f64 / self.time.as_secs_f64()
    }
}

/// A request in a file, where `wrk` reads it.
#[derive(Debug)]
pub struct Request {
    path: PathBuf,
}

impl Request {
    pub fn new(bytes: &[u8]) -> Self {
        let path = std::env::temp_dir().join(format!("amf-bench-http-{}", std::process::id()));
        std::fs::write(&path, bytes).expect("there is room for a request");
        Self { path }
    }

    /// Posts it as often as it is answered, for so many seconds.
    pub fn post(&self, url: &str, seconds: u32) -> Load {
        let mut wrk = Command::new("taskset");
        wrk.args(["-c", CORE, "wrk", "--threads", "1", "--connections", CONNECTIONS]);
        wrk.args(["--duration", &format!("{seconds}s"), "--script", SCRIPT, url]).arg(&self.path);
        let output = wrk.output().expect("taskset is installed");
        let output = String::from_utf8_lossy(&output.stdout);
        let summary = output.lines().find_map(|line| line.strip_prefix("summary: "));
        let numbers: Vec<u64> =
            summary.into_iter().flat_map(|line| line.split(' ')).flat_map(str::parse).collect();
        match numbers[..] {
            [requests, micros, 0] => Load { requests, time: Duration::from_micros(micros) },
            _ => panic!("some requests were not answered, or wrk is not installed:\n{output}"),
        }
    }
}

impl Drop for Request {
    fn drop(&mut self) {
        std::fs::remove_file(&self.path).ok();
    }
}
