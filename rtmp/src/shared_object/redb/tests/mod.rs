//! What is kept is there again, after a disk that fails, loses and tears what it is given.

mod disk;
mod files;
mod power;

use std::collections::BTreeMap;

use super::*;

fn name(object: &str) -> StoredName {
    StoredName { application: "game".into(), instance: "room".into(), name: object.into() }
}

fn slot(version: u32) -> StoredSlot {
    let encoding = if version.is_multiple_of(2) { Version::Amf0 } else { Version::Amf3 };
    StoredSlot { version, encoding, value: vec![version as u8; 60 * (version as usize % 50)].into() }
}

/// What makes this version of an object of the one before. The same two slots are in every one, so one that is kept
/// in part is seen.
fn commit(object: &str, version: u32) -> StoredCommit {
    let mut slots = BTreeMap::<Arc<str>, _>::new();
    for n in (version..version + 3).map(|n| n.wrapping_mul(7)) {
        slots.insert(format!("slot {}", n % 16).into(), (n % 5 > 0).then(|| slot(version)));
    }
    slots.extend(["first", "z last"].map(|key| (key.into(), Some(slot(version)))));
    StoredCommit::new(name(object), version, slots.into_iter().collect())
}

/// What there is after the commits up to this version.
fn history(version: u32) -> Option<StoredObject> {
    let mut slots = BTreeMap::new();
    for version in 1..=version {
        for (key, slot) in commit("", version).slots {
            match slot {
                Some(slot) => slots.insert(key, slot),
                None => slots.remove(&key),
            };
        }
    }
    (version > 0).then(|| StoredObject { version, slots: slots.into_iter().collect() })
}

/// The version that is kept, after everything that is kept was compared with the history.
fn check_stored(store: &RedbStore, object: &str) -> u32 {
    let found = store.load(&name(object)).unwrap();
    let version = found.as_ref().map_or(0, |found| found.version);
    assert!(found == history(version), "{object} is not what version {version} was");
    version
}
