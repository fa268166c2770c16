//! Methods that compute in the task of their connection: each is logged once, and every slow poll is counted.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod support;

use std::thread::sleep;
use std::time::Duration;

use amf_remoting::service::{Authenticator, CallService, Credentials, Principal};
use amf_remoting::{Caller, Fault, Services, remoting_service};
use support::counters::Counters;
use support::direct::call;
use support::log::Log;
use tracing::Level;

/// Longer than the 100 ms from which on a poll is slow.
const LONG: Duration = Duration::from_millis(110);

struct Work;

#[remoting_service(name = "work")]
impl Work {
    fn compute(&self) {
        sleep(LONG);
    }

    /// The second poll is the slow one.
    async fn compute_later(&self) {
        tokio::task::yield_now().await;
        sleep(LONG);
    }

    /// Takes long, but holds nothing.
    async fn wait(&self) {
        tokio::time::sleep(LONG).await;
    }

    #[remote(blocking)]
    fn compute_elsewhere(&self) {
        sleep(LONG);
    }

    #[remote(logged_in)]
    fn secret(&self) {}
}

fn slow_polls(method: &str) -> String {
    format!("amf_slow_polls_total{{service=work,method={method}}}")
}

async fn run(services: &Services, method: &str) {
    call::<u32>(services, &format!("work.{method}"), &[]).await.unwrap();
}

#[tokio::test]
async fn a_slow_poll_is_logged_once_for_each_method_and_counted_each_time() {
    let (log, _guard) = Log::start(Level::WARN);
    let counters = Counters::start();
    let services = Services::new().add(Work);
    for method in ["compute", "compute", "computeLater", "compute"] {
        run(&services, method).await;
    }
    // What is made of services shares their methods.
    run(&services.call_timeout(Duration::from_secs(5)), "compute").await;
    let counted = counters.take();
    assert_eq!(counted[&slow_polls("compute")], 4);
    assert_eq!(counted[&slow_polls("computeLater")], 1);
    let text = log.text();
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines.len(), 2, "{text}");
    for (line, method) in lines.iter().zip(["compute", "computeLater"]) {
        let expected = format!("a poll of the method `{method}` of the service `work` took ");
        assert!(line.contains(" WARN ") && line.contains(&expected), "{line}");
        assert!(line.contains("`#[remote(blocking)]`"), "{line}");
    }
}

#[tokio::test]
async fn waiting_and_the_blocking_pool_hold_nothing() {
    let (log, _guard) = Log::start(Level::WARN);
    let counters = Counters::start();
    let services = Services::new().add(Work);
    run(&services, "wait").await;
    run(&services, "computeElsewhere").await;
    let counted = counters.take();
    assert!(!counted.keys().any(|name| name.starts_with("amf_slow_polls_total")), "{counted:?}");
    assert_eq!(log.text(), "");
}

/// Compares a hash that takes its time.
struct Users;

impl Authenticator for Users {
    async fn authenticate(&self, _: &Credentials, _: &Caller) -> Result<Option<Principal>, Fault> {
        Ok(None)
    }

    async fn authenticate_session(&self, _: &Caller) -> Result<Option<Principal>, Fault> {
        sleep(LONG);
        Ok(Some(Principal::new("ann")))
    }
}

#[tokio::test]
async fn authenticators_and_layers_are_part_of_a_poll() {
    let counters = Counters::start();
    run(&Services::new().add(Work).authenticator(Users), "secret").await;
    assert_eq!(counters.take()[&slow_polls("secret")], 1);

    let layer = tower::layer::layer_fn(|inner: CallService| {
        tower::util::MapRequest::new(inner, |call| {
            sleep(LONG);
            call
        })
    });
    let layered = Services::new().add(Work).layer(layer);
    run(&layered, "wait").await;
    assert_eq!(counters.take()[&slow_polls("wait")], 1);
    // A name that is in no table is no label.
    call::<u32>(&layered, "made.up", &[]).await.unwrap_err();
    assert_eq!(counters.take()["amf_slow_polls_total{service=unknown,method=unknown}"], 1);
}
