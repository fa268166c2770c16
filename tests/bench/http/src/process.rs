//! Servers as processes of their own, on one core.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::apps::{App, PATH};
use crate::rows::Row;

/// The core of the servers, of which one works at a time. The load comes from the other one.
const CORE: &str = "0";

#[derive(Debug)]
pub struct Server {
    name: &'static str,
    process: Child,
    port: u16,
}

impl Server {
    /// This program once more.
    pub fn start(app: App, row: &Row) -> Self {
        let program = std::env::current_exe().expect("this program has a path");
        let mut command = on_core(program.to_str().expect("its path is a text"));
        command.args(["serve", app.name(), row.name]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("taskset is installed");
        let mut port = String::new();
        let output = process.stdout.take().expect("it is a pipe");
        BufReader::new(output).read_line(&mut port).expect("the server says its port");
        let port = port.trim().parse().expect("it is a port");
        Self { name: app.name(), process, port }.answering(row)
    }

    /// `Py3AMF` in one process of gunicorn, whose threads let clients keep their connections.
    pub fn start_py3amf(python: &str, row: &Row) -> Self {
        let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
        let port = free.expect("a free port").port();
        let mut command = on_core(python);
        command.args(["-m", "gunicorn", "--log-level", "error", "--chdir", env!("CARGO_MANIFEST_DIR")]);
        command.args(["--workers", "1", "--threads", "4", "--bind", &format!("127.0.0.1:{port}")]);
        let process = command.arg("gateway").spawn().expect("taskset is installed");
        Self { name: "Py3AMF", process, port }.answering(row)
    }

    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}{PATH}", self.port)
    }

    /// What its threads have taken of the processor until now.
    pub fn processor_time(&self) -> Duration {
        let threads = fs::read_dir(format!("/proc/{}/task", self.process.id())).expect("the server runs");
        let time = |thread: fs::DirEntry| -> u64 {
            let schedule = fs::read_to_string(thread.path().join("schedstat")).expect("the kernel counts");
            schedule.split(' ').next().and_then(|time| time.parse().ok()).expect("nanoseconds come first")
        };
        Duration::from_nanos(threads.flatten().map(time).sum())
    }

    /// Resident memory in KiB.
    pub fn memory(&self) -> i64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process.id())).expect("it runs");
        let resident =
            status.lines().find_map(|line| line.strip_prefix("VmRSS:")?.trim().strip_suffix(" kB"));
        resident.and_then(|size| size.parse().ok()).expect("it has memory")
    }

    /// Waits until it takes connections, and looks whether it gives the right answer.
    fn answering(self, row: &Row) -> Self {
        let begin = Instant::now();
        let connection = loop {
            match TcpStream::connect(("127.0.0.1", self.port)) {
                Ok(connection) => break connection,
                Err(error) if begin.elapsed() > Duration::from_secs(10) => panic!("{}: {error}", self.name),
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        row.check(self.name, &post(connection, &row.request()).expect("the server answers"));
        self
    }
}

impl Drop for Server {
    /// By a signal that gunicorn hands on to its worker.
    fn drop(&mut self) {
        Command::new("kill").arg(self.process.id().to_string()).status().ok();
        self.process.wait().ok();
    }
}

fn on_core(program: &str) -> Command {
    let mut command = Command::new("taskset");
    command.args(["-c", CORE, program]);
    command
}

fn post(mut connection: TcpStream, body: &[u8]) -> std::io::Result<Vec<u8>> {
    write!(
        connection,
        "POST {PATH} HTTP/1.1\r\nHost: bench\r\nConnection: close\r\nContent-Type: application/x-amf\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    )?;
    connection.write_all(body)?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer)?;
    let head = answer.windows(4).position(|end| end == b"\r\n\r\n").expect("the answer has a head");
    Ok(answer.split_off(head + 4))
}
