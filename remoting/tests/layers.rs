//! Tower layers around calls, shared by every transport.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, with their own helpers")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use amf_remoting::service::{Call, CallService, Reply};
use amf_remoting::{Fault, Gateway, Services};
use futures_util::future::join_all;
use support::bytes::*;
use support::post::{assert_packet, post};
use support::probe::Probe;
use tower::limit::{ConcurrencyLimitLayer, RateLimitLayer};
use tower::timeout::TimeoutLayer;
use tower::{BoxError, Layer, Service, ServiceBuilder};

fn sleep(name: &str, seconds: f64) -> Vec<u8> {
    packet(0, &[message("probe.sleep", "/1", &arguments(&[string(name), number(seconds)]))])
}

#[tokio::test(start_paused = true)]
async fn a_timeout_is_a_fault() {
    let services = Probe::default().services().layer(TimeoutLayer::new(Duration::from_secs(2)));
    let gateway = Gateway::new(services);
    assert_packet(&post(&gateway, sleep("quick", 1.0)).await, &packet(0, &[result("/1", &string("quick"))]));
    let timeout = status("/1", "Server.Timeout", "the method did not answer in time");
    assert_packet(&post(&gateway, sleep("slow", 3.0)).await, &packet(0, &[timeout]));
}

#[tokio::test(start_paused = true)]
async fn a_concurrency_limit_is_for_all_callers_together() {
    let probe = Probe::default();
    let gateway = Gateway::new(probe.services().layer(ConcurrencyLimitLayer::new(2)));
    let started = tokio::time::Instant::now();
    join_all((0..6).map(|_| post(&gateway, sleep("x", 1.0)))).await;
    assert_eq!(started.elapsed().as_secs(), 3);
}

#[tokio::test(start_paused = true)]
async fn a_layer_that_is_not_clone() {
    let gateway =
        Gateway::new(Probe::default().services().layer(RateLimitLayer::new(1, Duration::from_secs(5))));
    let started = tokio::time::Instant::now();
    join_all((0..3).map(|_| post(&gateway, sleep("x", 0.0)))).await;
    assert_eq!(started.elapsed().as_secs(), 10);
}

#[tokio::test(start_paused = true)]
async fn shedding_load_is_a_fault() {
    // in one stack, so that the outer layer sees whether the inner one is ready
    let stack = ServiceBuilder::new().load_shed().concurrency_limit(1);
    let services = Probe::default().services().layer(stack);
    let gateway = Gateway::new(services);
    let replies = join_all((0..2).map(|_| post(&gateway, sleep("x", 1.0)))).await;
    let overloaded = status("/1", "Server.Overloaded", "the server has too much to do, try again later");
    assert_packet(&replies[0], &packet(0, &[result("/1", &string("x"))]));
    assert_packet(&replies[1], &packet(0, &[overloaded]));
}

/// Counts calls, notes them, and refuses, fails or panics for some targets.
#[derive(Clone)]
struct Guard {
    name: &'static str,
    seen: Arc<AtomicUsize>,
    probe: Probe,
}

struct Guarded {
    guard: Guard,
    inner: CallService,
}

impl Layer<CallService> for Guard {
    type Service = Guarded;

    fn layer(&self, inner: CallService) -> Guarded {
        Guarded { guard: self.clone(), inner }
    }
}

impl Service<Call> for Guarded {
    type Response = Reply;
    type Error = BoxError;
    type Future = amf_remoting::service::BoxFuture<'static, Result<Reply, BoxError>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, mut call: Call) -> Self::Future {
        self.guard.seen.fetch_add(1, Ordering::Relaxed);
        self.guard.probe.note(self.guard.name);
        call.caller_mut().extensions_mut().insert(self.guard.name);
        let (inner, target) = (self.inner.call(call.clone()), call.target().clone());
        Box::pin(async move {
            match target.method() {
                "refused" => Err(Fault::new("Client.Authorization", "not you").into()),
                "failing" => Err("a secret".into()),
                "panicking" => panic!("in a layer"),
                _ => Ok(inner.await?),
            }
        })
    }
}

fn guard(name: &'static str, probe: &Probe) -> Guard {
    Guard { name, seen: Arc::default(), probe: probe.clone() }
}

#[tokio::test]
async fn the_layer_that_is_added_last_sees_a_call_first() {
    let probe = Probe::default();
    // before the service, and after it: both apply
    let services =
        Services::new().layer(guard("inner", &probe)).add(probe.clone()).layer(guard("outer", &probe));
    let call = packet(0, &[message("probe.add", "/1", &arguments(&[number(1.0), number(1.0)]))]);
    assert_packet(&post(&Gateway::new(services), call).await, &packet(0, &[result("/1", &number(2.0))]));
    assert_eq!(probe.take_events(), ["outer", "inner", "add 1 1"]);
}

#[tokio::test]
async fn errors_of_a_layer_become_faults() {
    let probe = Probe::default();
    let guard = guard("guard", &probe);
    let gateway = Gateway::new(probe.services().layer(guard.clone()));
    let ask = |target, response| message(target, response, &arguments(&[]));
    let call = packet(
        0,
        &[
            ask("probe.refused", "/1"),
            ask("probe.failing", "/2"),
            ask("probe.panicking", "/3"),
            ask("probe.none", "/4"),
            message("probe.echo", "/5", &arguments(&[string("x")])),
        ],
    );
    let internal = |response| status(response, "Server.Processing", "internal error");
    let reply = packet(
        0,
        &[
            status("/1", "Client.Authorization", "not you"),
            internal("/2"),
            internal("/3"),
            status("/4", "Service.MethodNotFound", "Unknown method none of service probe"),
            result("/5", &string("x")),
        ],
    );
    assert_packet(&post(&gateway, call).await, &reply);
    assert_eq!(guard.seen.load(Ordering::Relaxed), 5);
}
