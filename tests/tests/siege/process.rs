//! The server's process: this program, started again.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};

/// Set where the process is started.
pub(crate) const STARTED: &str = "AMF_SIEGE_SERVER";
/// The file of persistent shared objects.
pub(crate) const STORE: &str = "AMF_SIEGE_STORE";
/// What stands before the addresses that the process writes.
pub(crate) const ADDRESSES: &str = "the server is at ";

pub(crate) struct Process {
    child: Child,
    /// Kept open: the process says more at its end.
    _output: BufReader<ChildStdout>,
    pub(crate) rtmp: SocketAddr,
    pub(crate) http: SocketAddr,
    store: PathBuf,
}

impl Process {
    pub(crate) fn start() -> Self {
        static STARTS: AtomicU32 = AtomicU32::new(0);
        let number = STARTS.fetch_add(1, Ordering::Relaxed);
        let store = std::env::temp_dir().join(format!("amf-siege-{}-{number}.redb", std::process::id()));
        // The limit of 4 GiB ends the server, where it would otherwise take all memory of the machine.
        let mut child = Command::new("sh")
            .args(["-c", "ulimit -v 4194304; exec \"$0\" \"$@\""])
            .arg(std::env::current_exe().unwrap())
            .args(["server_process", "--exact", "--nocapture"])
            .env(STARTED, "1")
            .env(STORE, &store)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with(ADDRESSES) {
            line.clear();
            assert!(output.read_line(&mut line).unwrap() > 0, "the process ended");
        }
        let (rtmp, http) = line[ADDRESSES.len()..].trim().split_once(' ').unwrap();
        Self { child, _output: output, rtmp: rtmp.parse().unwrap(), http: http.parse().unwrap(), store }
    }

    /// How the process ended, if it did.
    pub(crate) fn ended(&mut self) -> Option<String> {
        self.child.try_wait().unwrap().map(|status| status.to_string())
    }

    /// Resident memory in bytes: `VmRSS`, or the peak since [`reset_peak`](Self::reset_peak), `VmHWM`. Zero once the
    /// process ended.
    pub(crate) fn memory(&self, name: &str) -> usize {
        memory_of(self.child.id(), name)
    }

    /// Bytes that the file of persistent shared objects takes on disk. It never shrinks.
    pub(crate) fn disk(&self) -> u64 {
        std::fs::metadata(&self.store).map_or(0, |file| file.blocks() * 512)
    }

    pub(crate) fn reset_peak(&self) {
        std::fs::write(format!("/proc/{}/clear_refs", self.child.id()), "5").unwrap();
    }
}

/// Memory of a process, by the name of its line in `/proc/PID/status`.
pub(crate) fn memory_of(process: u32, name: &str) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with(name)).unwrap_or_default();
    line.split_whitespace().nth(1).map_or(0, |kib| kib.parse::<usize>().unwrap() << 10)
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_file(&self.store);
    }
}
