//! Shared objects: what clients take of what all clients share.

use std::time::Duration;

use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

use super::{Attack, attack};
use crate::target::{Encoding, Target};
use crate::wire;

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        attack!("object flood: 16 clients, 64 objects each, 21 times", many_objects),
        attack!("object flood: 16 clients fill objects of 1 MB", full_objects),
        attack!("disk flood: 6 clients write objects of 1 MB and leave them", disk_flood),
        attack!("disk flood: 6 clients rewrite one slot of 1 MB each", rewritten_slots),
        attack!("disk flood: 6 clients, 2,000 small objects each", small_disk_flood),
    ]
}

/// Sends what `messages` gives of a client's number and a count, and reads the answers, until the end.
async fn flood(
    target: &Target,
    clients: usize,
    seconds: f64,
    messages: impl Fn(usize, usize) -> Vec<u8> + Copy + Send + Sync + 'static,
) {
    let end = Instant::now() + Duration::from_secs_f64(seconds);
    let flooding: JoinSet<_> = (0..clients)
        .map(|client| {
            let target = target.clone();
            async move {
                let wire = target.open_reader(target.rtmp).await;
                wire.connected(Encoding::Amf0).await.flood(end, move |count| messages(client, count)).await;
            }
        })
        .collect();
    flooding.join_all().await;
    sleep_until(end).await;
}

async fn many_objects(target: Target) {
    let messages = |client: usize, count: usize| {
        let object = |index: usize| format!("{client}-{}", count * 64 + index);
        let used = (0..64).flat_map(|index| {
            wire::shared_object(&object(index), &[wire::USE, &wire::short_change("s")].concat())
        });
        let left = (0..64).flat_map(|index| wire::shared_object(&object(index), wire::RELEASE));
        match count {
            0..20 => used.chain(left).collect(),
            // The last ones stay in use.
            20 => used.collect(),
            _ => Vec::new(),
        }
    };
    flood(&target, 16, 4.0, messages).await;
}

async fn full_objects(target: Target) {
    let messages = |client: usize, count: usize| {
        let events = [wire::USE, &wire::long_change("s", 1_000_000)].concat();
        wire::shared_object(&format!("{client}-{}", count % 64), &events)
    };
    flood(&target, 16, 4.0, messages).await;
}

async fn disk_flood(target: Target) {
    let messages = |client: usize, count: usize| {
        let events = [wire::USE, &wire::long_change("s", 1_000_000), wire::RELEASE].concat();
        wire::persistent_object(&format!("{client}-{count}"), &events)
    };
    flood(&target, 6, 8.5, messages).await;
}

async fn small_disk_flood(target: Target) {
    let messages = |client: usize, count: usize| {
        let events = [wire::USE, &wire::short_change("s"), wire::RELEASE].concat();
        if count < 2_000 {
            wire::persistent_object(&format!("{client}-{count}"), &events)
        } else {
            Vec::new()
        }
    };
    flood(&target, 6, 4.0, messages).await;
}

async fn rewritten_slots(target: Target) {
    let messages = |client: usize, count: usize| {
        let events = [if count == 0 { wire::USE } else { &[] }, &wire::long_change("s", 1_000_000)].concat();
        wire::persistent_object(&format!("{client}"), &events)
    };
    flood(&target, 6, 4.0, messages).await;
}
