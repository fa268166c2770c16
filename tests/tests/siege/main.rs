//! A server in a process of its own, with its default limits, under attacks that cost the attacker little and the
//! server much. Honest clients at another address are in a call all the time: no call takes a second. The server's
//! memory stays near what it was at the start.
//!
//! `cargo test -p amf-tests --test siege -- --nocapture` prints a table; `AMF_SIEGE` selects the attacks whose name
//! contains it.

#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod attacks;
mod control;
mod deadline;
mod honest;
mod lobby;
mod process;
mod server;
mod target;
mod wire;

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use attacks::Attack;
use control::Control;
use honest::Honest;
use process::{ADDRESSES, Process, STARTED};
use target::{Target, Traffic};
use tokio::time::timeout;

/// The memory that the server may take beyond that at its start: its memory budget of 64 MiB, and what that does not
/// count, such as values that are being encoded, buffers of connections and gaps in the heap.
const BUDGET: usize = 112 << 20;
/// What it may keep of that for the next attack; beyond that, the next one has a new server.
const KEPT: usize = 32 << 20;
/// What the file of persistent shared objects may take on disk.
const DISK: u64 = 96 << 20;
/// The time that an honest call may take.
const NOTICED: Duration = Duration::from_secs(1);
/// The time that an attack may take.
const LONGEST: Duration = Duration::from_secs(15);
/// Where this test itself was late by more, its lateness is subtracted.
const STALLED: Duration = Duration::from_millis(300);

/// One siege at a time: each measures how long calls take.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

/// The process of the server, which the other test starts.
#[test]
fn server_process() {
    if std::env::var_os(STARTED).is_none() {
        return;
    }
    // Two threads, however many processors there are: so few can be kept busy.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(server::run(ADDRESSES));
}

/// A server with its honest clients.
struct Place {
    // Clients end before their server.
    honest: Honest,
    process: Process,
    start: usize,
}

impl Place {
    async fn open() -> Self {
        let process = Process::start();
        let honest = Honest::connect(process.rtmp, process.http);
        // Each has made some calls, so what is allocated once is there.
        for _ in 0..5 {
            honest.slowest_since(Instant::now()).await.unwrap();
        }
        let start = process.memory("VmRSS");
        Self { honest, process, start }
    }

    /// Lets an attack run, prints its line of the table, and gives what is wrong.
    async fn endure(&mut self, attack: &Attack, control: &Control) -> Vec<String> {
        let traffic = Arc::<Traffic>::default();
        let target =
            Target { rtmp: self.process.rtmp, http: self.process.http, traffic: Arc::clone(&traffic) };
        self.process.reset_peak();
        let start = Instant::now();
        let ended = timeout(LONGEST, (attack.run)(target)).await;
        let lasted = start.elapsed();
        let slowest = self.honest.slowest_since(start).await;
        let peak = self.process.memory("VmHWM").saturating_sub(self.start);
        let disk = self.process.disk();
        let late = Some(control.latest_since(start)).filter(|late| *late > STALLED).unwrap_or_default();

        let mut wrong = Vec::new();
        if let Some(status) = self.process.ended() {
            wrong.push(format!("the server ended: {status}"));
        }
        if peak > BUDGET {
            wrong.push(format!("{} MiB more than at the start", peak >> 20));
        }
        if disk > DISK {
            wrong.push(format!("{} MiB on disk", disk >> 20));
        }
        match &slowest {
            Ok(slowest) if slowest.saturating_sub(late) > NOTICED => {
                wrong.push(format!("an honest call took {} ms", slowest.as_millis()));
            }
            Ok(_) => {}
            Err(failure) => wrong.push(format!("an honest call failed: {failure}")),
        }
        if ended.is_err() {
            wrong.push(format!("the attack did not end within {LONGEST:?}"));
        }
        let slowest = slowest.map_or_else(|_| "failed".to_owned(), |slowest| slowest.as_millis().to_string());
        let note = if late > STALLED { format!("{slowest} - {} late", late.as_millis()) } else { slowest };
        println!(
            "| {} | {} | {} | {} | {} | {note} | {:.1} | {} |",
            attack.name,
            traffic.sent.load(Ordering::Relaxed),
            traffic.received.load(Ordering::Relaxed),
            peak >> 20,
            disk >> 20,
            lasted.as_secs_f64(),
            if wrong.is_empty() { "" } else { "FAILED" }
        );
        wrong
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn honest_clients_notice_nothing() {
    let _alone = ALONE.lock().await;
    let selected = std::env::var("AMF_SIEGE").unwrap_or_default();
    let control = Control::start();
    let mut place = Place::open().await;
    let mut all_wrong = Vec::new();
    println!(
        "| attack | bytes sent | bytes received | peak MiB above start | disk MiB | slowest honest call, ms | s | |"
    );
    println!("|---|--:|--:|--:|--:|--:|--:|---|");
    for attack in attacks::all().iter().filter(|attack| attack.name.contains(&selected)) {
        let wrong = place.endure(attack, &control).await;
        // What this one left is not the next one's: an allocator keeps what it was given back.
        let left = place.process.memory("VmRSS").saturating_sub(place.start);
        if !wrong.is_empty() || left > KEPT {
            place = Place::open().await;
        }
        if !wrong.is_empty() {
            all_wrong.push(format!("{}: {}", attack.name, wrong.join("; ")));
        }
    }
    assert!(all_wrong.is_empty(), "\n{}", all_wrong.join("\n"));
}
