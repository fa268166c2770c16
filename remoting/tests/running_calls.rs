//! Calls that `RunningCalls` starts: at once, later, with layers and without.

#![cfg(feature = "connection")]
#![allow(clippy::panic, clippy::unwrap_used, clippy::indexing_slicing, reason = "these are tests")]

#[path = "support/direct.rs"]
#[allow(dead_code, unreachable_pub, reason = "this test uses some of it")]
mod direct;

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Waker};
use std::time::Duration;

use amf_core::{Version, from_slice};
use amf_remoting::connection::{InFlightCall, RunningCalls, outcome_bytes};
use amf_remoting::service::{Call, Reply, fault::code};
use amf_remoting::{Services, remoting_service};
use direct::call_of;
use tokio::sync::Notify;
use tokio::time::timeout;
use tower::layer::util::Identity;

#[derive(Clone, Default)]
struct Game {
    started: Arc<AtomicUsize>,
    release: Arc<Notify>,
}

#[remoting_service(name = "game")]
impl Game {
    fn start(&self) -> usize {
        self.started.fetch_add(1, Ordering::Relaxed) + 1
    }

    async fn wait(&self) -> usize {
        self.release.notified().await;
        self.start()
    }

    #[remote(logged_in)]
    fn guarded(&self) -> usize {
        self.start()
    }

    fn fail(&self) {
        panic!("on purpose");
    }
}

type Calls = RunningCalls<InFlightCall<&'static str>>;

fn calls() -> Calls {
    RunningCalls::new(1_000, outcome_bytes)
}

/// The services of a game, without layers and with one.
fn plain_and_layered(game: &Game) -> [Services; 2] {
    let services = Services::new().add(game.clone());
    [services.clone(), services.layer(Identity::new())]
}

fn call(target: &str) -> Call {
    call_of::<f64>(target, &[])
}

/// Takes the outcome that has waited longest: its tag, and the number that the method returned or the code of its fault.
fn pop(calls: &mut Calls) -> Option<(&'static str, Result<usize, String>)> {
    let (tag, outcome) = calls.pop_completed()?;
    let number = |reply: Reply| from_slice(Version::Amf0, reply.body()).unwrap();
    Some((tag, outcome.map(number).map_err(|fault| fault.code().to_owned())))
}

async fn completed(calls: &mut Calls) -> Option<(&'static str, Result<usize, String>)> {
    timeout(Duration::from_secs(10), poll_fn(|cx| calls.poll(cx))).await.unwrap();
    pop(calls)
}

#[test]
fn a_call_that_does_not_wait_completes_when_it_is_started() {
    for services in plain_and_layered(&Game::default()) {
        let mut calls = calls();
        calls.call(&services, call("game.start"), "a");
        assert!(matches!(pop(&mut calls), Some(("a", Ok(1 | 2)))));
        assert!(calls.is_empty());
    }
}

#[tokio::test]
async fn a_call_that_waits_completes_when_it_is_woken() {
    let game = Game::default();
    for (services, number) in plain_and_layered(&game).iter().zip(1..) {
        let mut calls = calls();
        calls.call(services, call("game.wait"), "a");
        assert_eq!((calls.len(), calls.has_completed()), (1, false));
        game.release.notify_one();
        assert_eq!(completed(&mut calls).await, Some(("a", Ok(number))));
        assert!(calls.is_empty());
    }
}

#[tokio::test]
async fn no_call_starts_while_outcomes_hold_more_than_their_share() {
    for number in 0..2 {
        let game = Game::default();
        let services = &plain_and_layered(&game)[number];
        let mut calls = RunningCalls::new(0, outcome_bytes);
        calls.call(services, call("game.start"), "a");
        calls.call(services, call("game.start"), "b");
        assert!(calls.poll(&mut Context::from_waker(Waker::noop())).is_pending());
        assert_eq!(game.started.load(Ordering::Relaxed), 1);
        assert_eq!(pop(&mut calls), Some(("a", Ok(1))));
        assert_eq!(completed(&mut calls).await, Some(("b", Ok(2))));
    }
}

#[test]
fn what_fails_at_once_is_the_fault_of_its_call_alone() {
    for services in plain_and_layered(&Game::default()) {
        let mut calls = calls();
        for (target, expected) in [
            ("game.fail", code::PROCESSING),
            ("game.guarded", code::CLIENT_AUTHENTICATION),
            ("game.none", code::METHOD_NOT_FOUND),
        ] {
            calls.call(&services, call(target), target);
            assert_eq!(pop(&mut calls), Some((target, Err(expected.to_owned()))));
        }
        calls.call(&services, call("game.start"), "b");
        assert!(matches!(pop(&mut calls), Some(("b", Ok(_)))));
    }
}
