//! A child process with time limits, which is killed when the test that started it ends.

use std::io::{BufRead as _, BufReader, Read, Write as _};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A running child process. Dropping it kills that one process and waits for it.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    stdout: Receiver<String>,
    stderr: Option<JoinHandle<String>>,
}

/// How a child process ended, and what it wrote.
#[derive(Debug)]
pub struct Finished {
    /// The exit status.
    pub status: ExitStatus,
    /// What it wrote on stdout after the lines that were taken by [`Process::line`].
    pub stdout: String,
    /// What it wrote on stderr.
    pub stderr: String,
}

impl Process {
    /// Starts `command` without stdin; a command that cannot be started fails the test.
    pub fn start(command: &mut Command) -> Self {
        Self::start_with_input(command, "")
    }

    /// Starts `command` with `input` as its whole stdin.
    pub fn start_with_input(command: &mut Command, input: &str) -> Self {
        let name = command.get_program().to_string_lossy().into_owned();
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));

        // All three pipes move at once, so that a full one never blocks another.
        let mut stdin = child.stdin.take().expect("stdin is piped");
        let input = input.to_owned();
        thread::spawn(move || {
            // A child that has read enough may close its stdin; its exit status tells the rest.
            let _ = stdin.write_all(input.as_bytes());
        });
        let stdout = lines_of(child.stdout.take().expect("stdout is piped"));
        let mut pipe = child.stderr.take().expect("stderr is piped");
        let stderr = thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = pipe.read_to_end(&mut bytes);
            String::from_utf8_lossy(&bytes).into_owned()
        });
        Self { name, child, stdout, stderr: Some(stderr) }
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The first line of stdout for which `wanted` has an answer; lines before it are passed over.
    ///
    /// The test fails when it does not come within `limit`.
    pub fn line<T>(&mut self, limit: Duration, wanted: impl Fn(&str) -> Option<T>) -> T {
        let end = Instant::now() + limit;
        let mut seen = Vec::new();
        loop {
            match self.stdout.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => match wanted(&line) {
                    Some(answer) => return answer,
                    None => seen.push(line),
                },
                Err(RecvTimeoutError::Timeout) => {
                    panic!("{} did not print the line within {limit:?}, only {seen:?}", self.name)
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let stderr = self.kill();
                    panic!("{} ended before it printed the line: {seen:?}\n{stderr}", self.name)
                }
            }
        }
    }

    /// Waits for the process to end by itself, at most for `limit`; after that the test fails.
    pub fn finish(mut self, limit: Duration) -> Finished {
        let end = Instant::now() + limit;
        let mut stdout = String::new();
        let status = loop {
            // Stdout is read until its end before the status is asked for: nothing is lost.
            match self.stdout.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(line) => {
                    stdout.push_str(&line);
                    stdout.push('\n');
                }
                Err(RecvTimeoutError::Disconnected) => {
                    if let Some(status) = self.child.try_wait().expect("the child can be waited for") {
                        break status;
                    }
                    if Instant::now() >= end {
                        self.out_of_time(limit, &stdout);
                    }
                    thread::sleep(Duration::from_millis(10));
                }
                Err(RecvTimeoutError::Timeout) => self.out_of_time(limit, &stdout),
            }
        };
        Finished { status, stdout, stderr: self.kill() }
    }

    /// Ends the process, and returns what it wrote on stderr.
    pub fn stop(mut self) -> String {
        self.kill()
    }

    fn out_of_time(&mut self, limit: Duration, stdout: &str) -> ! {
        let stderr = self.kill();
        panic!("{} did not end within {limit:?}\n{stdout}\n{stderr}", self.name)
    }

    /// Ends the process if it still runs and gives what it wrote on stderr, the first time.
    fn kill(&mut self) -> String {
        // Both fail only when the process has ended already, which is what is wanted.
        let _ = self.child.kill();
        let _ = self.child.wait();
        // A grandchild may hold the pipe open: no waiting for it here.
        let end = Instant::now() + Duration::from_secs(2);
        match self.stderr.take() {
            None => String::new(),
            Some(reader) => {
                while !reader.is_finished() && Instant::now() < end {
                    thread::sleep(Duration::from_millis(10));
                }
                if reader.is_finished() { reader.join().unwrap_or_default() } else { String::new() }
            }
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let stderr = self.kill();
        if thread::panicking() && !stderr.is_empty() {
            eprintln!("--- stderr of {}\n{stderr}---", self.name);
        }
    }
}

fn lines_of(pipe: impl Read + Send + 'static) -> Receiver<String> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        for line in BufReader::new(pipe).lines().map_while(Result::ok) {
            // Nobody listens any more once the test has ended; the pipe is still emptied.
            let _ = sender.send(line);
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_lines_as_they_come_and_the_rest_at_the_end() {
        let mut shell = Process::start(
            Command::new("sh")
                .args(["-c", "echo one; echo two; echo three; echo four; echo odd >&2; exit 3"]),
        );
        let found = shell.line(Duration::from_secs(10), |line| line.strip_prefix("tw").map(str::to_owned));
        assert_eq!(found, "o");
        let finished = shell.finish(Duration::from_secs(10));
        assert_eq!(finished.stdout, "three\nfour\n");
        assert_eq!(finished.stderr, "odd\n");
        assert_eq!(finished.status.code(), Some(3));
    }

    #[test]
    fn input_larger_than_a_pipe_passes_through() {
        let input = "0123456789abcde\n".repeat(20_000);
        let cat = Process::start_with_input(&mut Command::new("cat"), &input);
        assert_eq!(cat.finish(Duration::from_secs(30)).stdout, input);
    }

    #[test]
    #[should_panic(expected = "did not end within")]
    fn a_process_that_hangs_fails_the_test() {
        Process::start(Command::new("sleep").arg("600")).finish(Duration::from_millis(50));
    }

    #[test]
    fn a_dropped_process_is_gone() {
        let mut sleeper = Process::start(Command::new("sh").args(["-c", "echo up; exec sleep 600"]));
        sleeper.line(Duration::from_secs(10), |_| Some(()));
        let id = sleeper.id().to_string();
        drop(sleeper);
        let alive = Command::new("kill").args(["-0", &id]).stderr(Stdio::null()).status().unwrap();
        assert!(!alive.success());
    }
}
