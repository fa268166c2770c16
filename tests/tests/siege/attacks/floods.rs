//! Floods of connections from one address, which may not take the places of others.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::{Attack, attack};
use crate::target::{Encoding, Target, Wire};
use crate::wire;

/// More than the limit by address, and fewer than a process may have descriptors.
const CONNECTIONS: usize = 400;

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        attack!("400 connections of RTMP", sockets),
        attack!("400 WebSockets", websockets),
        attack!("20,000 tunnels through four connections", tunnels),
    ]
}

fn soon(seconds: f64) -> Instant {
    Instant::now() + Duration::from_secs_f64(seconds)
}

/// Opens connections at once and keeps them for a while.
async fn flood<F, Fut>(open: F)
where
    F: Fn() -> Fut,
    Fut: Future<Output = Wire> + Send + 'static,
{
    let end = soon(2.0);
    let opening: JoinSet<_> = (0..CONNECTIONS).map(|_| open()).collect();
    let held = opening.join_all().await;
    sleep_until(end).await;
    drop(held);
}

async fn sockets(target: Target) {
    flood(|| {
        let target = target.clone();
        async move { target.rtmp(Encoding::Amf0).await }
    })
    .await;
}

async fn websockets(target: Target) {
    flood(|| {
        let target = target.clone();
        async move { target.websocket().await }
    })
    .await;
}

async fn tunnels(target: Target) {
    let end = soon(5.0);
    // So many at a time that no time is lost with waiting. The last one is answered otherwise than those before it.
    let batch = [wire::post("/open/1", b"").repeat(500), wire::post("/fcs/ident2", b"")].concat();
    let flooding: JoinSet<_> = (0..4)
        .map(|_| {
            let (target, batch) = (target.clone(), batch.clone());
            async move {
                let mut wire = target.open_reader(target.http).await;
                for _ in 0..10 {
                    if Instant::now() > end || !wire.write(&batch).await {
                        break;
                    }
                    wire.read_until(b"404 Not Found").await;
                }
            }
        })
        .collect();
    flooding.join_all().await;
    sleep_until(soon(0.5)).await;
}
