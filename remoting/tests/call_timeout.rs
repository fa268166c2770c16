//! The deadline of calls: by default, of one method, beside that of a packet, with layers and authenticators that wait,
//! and where there is no runtime.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod support;

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::Duration;

use amf_remoting::flex::Flex;
use amf_remoting::gateway::GatewayLimits;
use amf_remoting::service::{Authenticator, Credentials, Principal};
use amf_remoting::{Caller, Fault, Gateway, Services, remoting_service};
use support::bytes::*;
use support::counters::Counters;
use support::direct::{call, call_of, caller};
use support::post::{assert_packet, post};
use support::{amf3, flex};
use tokio::runtime;
use tower::limit::ConcurrencyLimitLayer;

const DAY: u32 = 24 * 60 * 60 * 1_000;

#[derive(Clone, Default)]
struct Naps {
    is_dropped: Arc<AtomicBool>,
}

/// Notes that it is dropped.
struct NoteDrop(Arc<AtomicBool>);

impl Drop for NoteDrop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[remoting_service(name = "naps")]
impl Naps {
    async fn nap(&self, milliseconds: u32) {
        let _note = NoteDrop(Arc::clone(&self.is_dropped));
        nap(milliseconds).await;
    }

    #[remote(timeout = "1s")]
    async fn short(&self, milliseconds: u32) {
        nap(milliseconds).await;
    }

    #[remote(timeout = "1h")]
    async fn long(&self, milliseconds: u32) {
        nap(milliseconds).await;
    }

    #[remote(timeout = "none")]
    async fn unlimited(&self, milliseconds: u32) {
        nap(milliseconds).await;
    }

    #[remote(logged_in)]
    fn secret(&self) {}

    /// Waits once, without a timer.
    async fn wait_once(&self) {
        let mut has_waited = false;
        poll_fn(|cx| {
            if has_waited {
                return Poll::Ready(());
            }
            has_waited = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        })
        .await;
    }

    /// Always has something to do, and gives others their turn.
    async fn busy(&self) {
        loop {
            tokio::task::consume_budget().await;
        }
    }
}

async fn nap(milliseconds: u32) {
    tokio::time::sleep(Duration::from_millis(milliseconds.into())).await;
}

fn services() -> Services {
    Services::new().add(Naps::default())
}

async fn nap_by(services: &Services, method: &str, milliseconds: u32) -> Result<(), Fault> {
    call(services, &format!("naps.{method}"), &[milliseconds]).await.map(drop)
}

fn timeout_text(limit: &str, timeout: &str) -> String {
    format!("the method did not answer in time: the limit `{limit}` of {timeout} is passed")
}

fn timeout(limit: &str, timeout: &str) -> Result<(), Fault> {
    Err(Fault::new("Server.Timeout", timeout_text(limit, timeout)))
}

#[tokio::test(start_paused = true)]
async fn a_call_has_30_seconds_by_default() {
    let services = services();
    assert_eq!(nap_by(&services, "nap", 29_999).await, Ok(()));
    let started = tokio::time::Instant::now();
    assert_eq!(nap_by(&services, "nap", 30_001).await, timeout("call_timeout", "30s"));
    assert_eq!(started.elapsed(), Duration::from_secs(30));
}

#[tokio::test(start_paused = true)]
async fn the_timeout_of_all_calls_is_set() {
    let short = services().call_timeout(Duration::from_millis(250));
    assert_eq!(nap_by(&short, "nap", 249).await, Ok(()));
    assert_eq!(nap_by(&short, "nap", 251).await, timeout("call_timeout", "250ms"));
    let unlimited = services().call_timeout(Duration::MAX);
    assert_eq!(nap_by(&unlimited, "nap", 7 * DAY).await, Ok(()));
    // A call that does not wait is answered whatever its time is.
    let none = services().call_timeout(Duration::ZERO);
    assert_eq!(nap_by(&none, "nap", 1).await, timeout("call_timeout", "0ns"));
    assert_eq!(call::<u32>(&none, "naps.secret", &[]).await.unwrap_err().code(), "Client.Authentication");
}

#[tokio::test(start_paused = true)]
async fn a_method_has_a_timeout_of_its_own_that_is_shorter_or_longer() {
    let services = services().call_timeout(Duration::from_secs(10));
    assert_eq!(nap_by(&services, "short", 999).await, Ok(()));
    assert_eq!(nap_by(&services, "short", 1_001).await, timeout("method_timeout", "1s"));
    assert_eq!(nap_by(&services, "long", 3_599_999).await, Ok(()));
    assert_eq!(nap_by(&services, "long", 3_600_001).await, timeout("method_timeout", "3600s"));
    assert_eq!(nap_by(&services, "unlimited", 7 * DAY).await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn the_future_of_a_method_is_dropped_at_the_deadline() {
    let naps = Naps::default();
    let services = Services::new().add(naps.clone());
    let mut call = services.call(call_of("naps.nap", &[DAY]));
    let outcome = poll_fn(|cx| {
        let outcome = call.as_mut().poll(cx);
        // While the call itself is still there.
        assert_eq!(naps.is_dropped.load(Ordering::Relaxed), outcome.is_ready());
        outcome
    });
    assert_eq!(outcome.await.unwrap_err().code(), "Server.Timeout");
}

#[tokio::test(start_paused = true)]
async fn timeouts_are_counted_by_their_names() {
    let counters = Counters::start();
    let services = services();
    for method in ["nap", "nap", "short"] {
        nap_by(&services, method, DAY).await.unwrap_err();
    }
    nap_by(&services, "long", 1_000).await.unwrap();
    counters.assert(&[
        ("amf_calls_total{service=naps,method=nap,outcome=Server.Timeout}", 2),
        ("amf_call_seconds{service=naps,method=nap,outcome=Server.Timeout}", 2),
        ("amf_calls_total{service=naps,method=short,outcome=Server.Timeout}", 1),
        ("amf_call_seconds{service=naps,method=short,outcome=Server.Timeout}", 1),
        ("amf_calls_total{service=naps,method=long,outcome=ok}", 1),
        ("amf_call_seconds{service=naps,method=long,outcome=ok}", 1),
        ("amf_limits_exceeded_total{limit=call_timeout}", 2),
        ("amf_limits_exceeded_total{limit=method_timeout}", 1),
    ]);
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_waits_counts() {
    let services = services().layer(ConcurrencyLimitLayer::new(1));
    let occupied = tokio::spawn({
        let services = services.clone();
        async move { nap_by(&services, "long", 3_000_000).await }
    });
    tokio::task::yield_now().await;
    assert_eq!(nap_by(&services, "nap", 1).await, timeout("call_timeout", "30s"));
    assert_eq!(occupied.await.unwrap(), Ok(()));
    assert_eq!(nap_by(&services, "nap", 1).await, Ok(()));
}

/// Knows everybody, after a minute.
struct SlowUsers;

impl Authenticator for SlowUsers {
    async fn authenticate(&self, _: &Credentials, _: &Caller) -> Result<Option<Principal>, Fault> {
        nap(60_000).await;
        Ok(Some(Principal::new("ann")))
    }

    async fn authenticate_session(&self, _: &Caller) -> Result<Option<Principal>, Fault> {
        nap(60_000).await;
        Ok(Some(Principal::new("ann")))
    }

    async fn end_session(&self, _: &Caller) -> Result<(), Fault> {
        nap(60_000).await;
        Ok(())
    }
}

#[tokio::test(start_paused = true)]
async fn an_authenticator_that_waits_counts() {
    let services = services().authenticator(SlowUsers);
    let expected = timeout("call_timeout", "30s");
    assert_eq!(call::<u32>(&services, "naps.secret", &[]).await.map(drop), expected);
    let login = services.login(&Credentials::new("ann", "secret"), &caller()).await;
    assert_eq!(login.map(drop), expected);
    assert_eq!(services.logout(&caller()).await, expected);
    let patient = services.call_timeout(Duration::from_secs(61));
    assert_eq!(call::<u32>(&patient, "naps.secret", &[]).await.map(drop), Ok(()));
}

#[tokio::test(start_paused = true)]
async fn the_packet_timeout_stays_in_force_over_http() {
    let gateway = Gateway::new(services())
        .limits(GatewayLimits::new().with_packet_timeout(Duration::from_secs(5)))
        .flex(Flex::new());
    let nap = |method: &str, milliseconds: f64| {
        message(&format!("naps.{method}"), "/1", &arguments(&[number(milliseconds)]))
    };
    for (method, milliseconds, limit, time) in [
        ("long", 6_000.0, "packet_timeout", "5s"),
        ("nap", 6_000.0, "packet_timeout", "5s"),
        ("short", 6_000.0, "method_timeout", "1s"),
    ] {
        let expected = timeout_text(limit, time);
        let reply = post(&gateway, packet(0, &[nap(method, milliseconds)])).await;
        assert_packet(&reply, &packet(0, &[status("/1", "Server.Timeout", &expected)]));
        let body = amf3::array(&[amf3::double(milliseconds)]);
        let message = flex::remoting_message(&flex::remoting("naps", method, body));
        let error = flex::error(&gateway, flex::envelope(&message)).await;
        assert_eq!(error, ("Server.Timeout".to_owned(), expected));
    }
    let reply = post(&gateway, packet(0, &[nap("long", 4_000.0)])).await;
    assert_packet(&reply, &packet(0, &[result("/1", &null())]));
}

/// The cooperative budget of a task, used up in each poll, does not keep the deadline from being seen.
#[tokio::test]
async fn a_method_that_always_has_something_to_do_is_dropped_at_the_deadline() {
    let services = services().call_timeout(Duration::from_millis(20));
    let outcome = call::<u32>(&services, "naps.busy", &[]);
    let outcome = tokio::time::timeout(Duration::from_secs(10), outcome).await.unwrap();
    assert_eq!(outcome.map(drop), timeout("call_timeout", "20ms"));
    // Nor does it keep a thread of the blocking pool for ever.
    let services = services.blocking_threshold(0);
    let outcome = call::<u32>(&services, "naps.busy", &[]);
    let outcome = tokio::time::timeout(Duration::from_secs(10), outcome).await.unwrap();
    assert_eq!(outcome.map(drop), timeout("call_timeout", "20ms"));
}

/// A runtime without timers refuses every timer, so a call that is answered there has set none.
#[test]
fn a_call_that_does_not_wait_sets_no_timer() {
    let runtime = runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let services = Services::new().add(Quick);
        assert_eq!(call::<u32>(&services, "quick.touch", &[]).await.map(drop), Ok(()));
    });
}

struct Quick;

#[remoting_service(name = "quick")]
impl Quick {
    async fn touch(&self) {}
}

#[test]
fn a_runtime_without_timers_has_no_deadlines_to_give() {
    let runtime = runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let fault = call::<u32>(&services(), "naps.waitOnce", &[]).await.unwrap_err();
        assert_eq!(fault, Fault::new("Server.Processing", "internal error"));
        let unlimited = services().call_timeout(Duration::MAX);
        assert_eq!(call::<u32>(&unlimited, "naps.waitOnce", &[]).await.map(drop), Ok(()));
    });
}

/// Polls a future whenever it is woken, outside of any runtime.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let (mut future, waker) = (pin!(future), Waker::from(Arc::new(Unpark(thread::current()))));
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn a_call_without_a_runtime_may_wait() {
    // Without time, but nothing measures it.
    let services = services().call_timeout(Duration::ZERO);
    assert_eq!(block_on(call::<u32>(&services, "naps.waitOnce", &[])).map(drop), Ok(()));
}
