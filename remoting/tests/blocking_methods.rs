//! Methods on the blocking pool: threads, panics, deadlines, and calls that nobody waits for any more.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, ThreadId};
use std::time::Duration;

use amf_core::{DecodeError, Decoder, FromAmf};
use amf_remoting::{Client, Fault, Services, remoting_service};
use support::counters::Counters;
use support::direct::{call, get};
use tokio::runtime;
use tokio::time::{sleep, timeout};

/// Long enough for anything that happens at all.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone, Default)]
struct Work(Arc<State>);

#[derive(Default)]
struct State {
    ran_on: Mutex<Option<ThreadId>>,
    begun: AtomicUsize,
    ended: AtomicUsize,
    /// Ends calls of `waitForRelease`, one for each message.
    release: Mutex<Option<mpsc::Receiver<()>>>,
}

#[remoting_service(name = "work")]
impl Work {
    #[remote(blocking)]
    fn double(&self, client: &Client, number: f64) -> Result<f64, Fault> {
        *self.0.ran_on.lock().unwrap() = Some(thread::current().id());
        if client.is_open() { Err(Fault::new("Work.Open", "nobody is there")) } else { Ok(number * 2.0) }
    }

    #[remote(blocking)]
    fn fail(&self) -> Result<(), Fault> {
        Err(Fault::new("Work.Fail", "as asked"))
    }

    #[remote(blocking)]
    fn panic(&self) {
        panic!("as asked");
    }

    #[remote(blocking, timeout = "50ms")]
    fn wait_for_release(&self) {
        self.0.begun.fetch_add(1, Ordering::SeqCst);
        self.0.release.lock().unwrap().as_ref().unwrap().recv_timeout(TIMEOUT).unwrap();
        self.0.ended.fetch_add(1, Ordering::SeqCst);
    }

    /// Whether another call began while this one was at work.
    #[remote(blocking)]
    fn meet(&self) -> bool {
        self.0.begun.fetch_add(1, Ordering::SeqCst);
        (0..1_000).any(|_| {
            thread::sleep(TIMEOUT / 1_000);
            self.0.begun.load(Ordering::SeqCst) == 2
        })
    }
}

impl Work {
    /// With what ends a call of `waitForRelease`.
    fn with_release() -> (Self, mpsc::Sender<()>) {
        let (release_tx, release_rx) = mpsc::channel();
        let work = Self::default();
        *work.0.release.lock().unwrap() = Some(release_rx);
        (work, release_tx)
    }

    fn services(&self) -> Services {
        Services::new().add(self.clone())
    }

    /// Waits until so many calls of `waitForRelease` have ended.
    async fn ended(&self, count: usize) {
        let ended = async {
            while self.0.ended.load(Ordering::SeqCst) < count {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(TIMEOUT, ended).await.unwrap();
    }
}

#[tokio::test]
async fn a_blocking_method_runs_on_another_thread() {
    let work = Work::default();
    // AMF0: a number is 00 and a double; 42 is 4045 0000 0000 0000.
    let reply = call(&work.services(), "work.double", &[21.0]).await.unwrap();
    assert_eq!(reply.body()[..], [0, 0x40, 0x45, 0, 0, 0, 0, 0, 0]);
    assert_ne!(work.0.ran_on.lock().unwrap().unwrap(), thread::current().id());
    let fault = get::<()>(&work.services(), "work.fail").await.unwrap_err();
    assert_eq!(fault, Fault::new("Work.Fail", "as asked"));
}

#[tokio::test]
async fn a_panic_is_the_fault_of_its_call_alone() {
    let counters = Counters::start();
    let services = Work::default().services();
    let fault = get::<()>(&services, "work.panic").await.unwrap_err();
    assert_eq!(fault, Fault::new("Server.Processing", "internal error"));
    assert_eq!(counters.take()["amf_calls_total{service=work,method=panic,outcome=panic}"], 1);
    call(&services, "work.double", &[1.0]).await.unwrap();
}

#[tokio::test]
async fn the_caller_receives_the_fault_at_the_deadline_and_the_method_runs_to_its_end() {
    let (work, release) = Work::with_release();
    let fault = get::<()>(&work.services(), "work.waitForRelease").await.unwrap_err();
    let text = "the method did not answer in time: the limit `method_timeout` of 50ms is passed";
    assert_eq!(fault, Fault::new("Server.Timeout", text));
    assert_eq!((work.0.begun.load(Ordering::SeqCst), work.0.ended.load(Ordering::SeqCst)), (1, 0));
    release.send(()).unwrap();
    work.ended(1).await;
}

#[tokio::test]
async fn two_run_at_a_time() {
    let services = Work::default().services();
    let two = tokio::join!(get::<bool>(&services, "work.meet"), get::<bool>(&services, "work.meet"));
    assert_eq!(two, (Ok(true), Ok(true)));
}

#[test]
fn a_method_that_nobody_waits_for_any_more_is_not_begun() {
    let runtime =
        runtime::Builder::new_current_thread().enable_time().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let (work, release) = Work::with_release();
        let services = work.services();
        // The first has the only thread, and the second waits for it until its deadline.
        for _ in 0..2 {
            let fault = get::<()>(&services, "work.waitForRelease").await.unwrap_err();
            assert_eq!(fault.code(), "Server.Timeout");
        }
        release.send(()).unwrap();
        work.ended(1).await;
        // This one is behind the second in the pool's queue.
        call(&services, "work.double", &[1.0]).await.unwrap();
        assert_eq!(work.0.begun.load(Ordering::SeqCst), 1);
    });
}

static DECODED: AtomicUsize = AtomicUsize::new(0);

/// Counts how many of it were decoded.
struct Counted;

impl<'de> FromAmf<'de> for Counted {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        DECODED.fetch_add(1, Ordering::SeqCst);
        decoder.skip().map(|()| Self)
    }
}

struct Large;

#[remoting_service(name = "large")]
impl Large {
    #[remote(timeout = "50ms")]
    fn take(&self, _argument: Counted) {}
}

#[test]
fn arguments_that_nobody_waits_for_any_more_are_not_decoded() {
    let runtime =
        runtime::Builder::new_current_thread().enable_time().max_blocking_threads(1).build().unwrap();
    runtime.block_on(async {
        let (work, release) = Work::with_release();
        let services = work.services().add(Large).blocking_threshold(0);
        // The method without arguments is looked up and started on the pool too, then keeps its only thread.
        assert_eq!(get::<()>(&services, "work.waitForRelease").await.unwrap_err().code(), "Server.Timeout");
        assert_eq!(call(&services, "large.take", &[1.0]).await.unwrap_err().code(), "Server.Timeout");
        release.send(()).unwrap();
        work.ended(1).await;
        // This one is behind the other in the pool's queue.
        call(&services, "work.double", &[1.0]).await.unwrap();
        assert_eq!(DECODED.load(Ordering::SeqCst), 0);
    });
}

#[test]
fn without_a_runtime_it_runs_in_place() {
    use futures_util::FutureExt;
    let work = Work::default();
    call(&work.services(), "work.double", &[1.0]).now_or_never().unwrap().unwrap();
    assert_eq!(work.0.ran_on.lock().unwrap().unwrap(), thread::current().id());
}
