//! A disk that dies, loses and tears writes, fails to flush, or fills up.

use super::disk::{Disk, Fault};
use super::*;

const OBJECTS: [&str; 3] = ["a", "b", "c"];
const VERSIONS: u32 = 6;

/// What was acknowledged, and how far it was tried.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    acknowledged: u32,
    tried: u32,
}

/// A version of all objects, in one commit, with one that no other commit writes.
fn all(version: u32) -> Vec<StoredCommit> {
    let (object, slots) =
        (name(&format!("only {version}")), vec![("slot".into(), Some(single_slot(version)))]);
    let only = StoredCommit::new(object, version, slots);
    OBJECTS.iter().map(|object| commit(object, version)).chain([only]).collect()
}

/// It has pages of its own.
fn single_slot(version: u32) -> StoredSlot {
    StoredSlot { version, encoding: Version::Amf3, value: vec![version as u8; 6_000].into() }
}

/// Writes versions up to this, as long as it works.
fn write(store: &RedbStore, progress: &mut Progress, until: u32) {
    while progress.tried < until {
        progress.tried += 1;
        if store.commit(&all(progress.tried)).is_err() {
            return;
        }
        progress.acknowledged = progress.tried;
    }
}

/// The version that all objects have: one that was acknowledged, or was tried and is whole.
fn check(store: &RedbStore, progress: Progress, when: &str) -> u32 {
    let [version, ..] = OBJECTS.map(|object| check_stored(store, object));
    assert_eq!(
        OBJECTS.map(|object| check_stored(store, object)),
        [version; 3],
        "{when}: a commit is kept in part"
    );
    for n in 1..=version + 1 {
        let expected =
            (n <= version).then(|| StoredObject { version: n, slots: vec![("slot".into(), single_slot(n))] });
        assert!(store.load(&name(&format!("only {n}"))).unwrap() == expected, "{when}: {n} of {version}");
    }
    let Progress { acknowledged, tried } = progress;
    assert!((acknowledged..=tried).contains(&version), "{when}: version {version} after {progress:?}");
    version
}

/// The power fails: the same as [`check`], and it can be written again.
fn check_disk(disk: &Disk, progress: Progress, when: &str) -> u32 {
    let store = disk.store().unwrap_or_else(|error| panic!("{when}: {error}"));
    let version = check(&store, progress, when);
    store.commit(&all(version + 1)).unwrap();
    let progress = Progress { acknowledged: version + 1, tried: version + 1 };
    drop(store);
    check(&disk.store().unwrap(), progress, when)
}

/// Operations of a disk for opening, and for all versions after that.
fn operations() -> (u64, u64) {
    let disk = Disk::new(0);
    let store = disk.store().unwrap();
    let opened = disk.operations();
    write(&store, &mut Progress::default(), VERSIONS);
    (opened, disk.operations())
}

#[test]
fn commits_survive_a_power_failure_at_any_operation() {
    let (opened, all) = operations();
    assert!(all > opened + 50, "{opened} {all}");
    let mut lost = 0;
    for dead_after in opened..=all {
        let disk = Disk::new(0);
        let store = disk.store().unwrap();
        disk.fail(Fault::DeadAfter(dead_after));
        let mut progress = Progress::default();
        write(&store, &mut progress, VERSIONS);
        drop(store);
        for seed in 0..3 {
            let found = disk.after_power_failure(dead_after * 3 + seed);
            let version = check_disk(&found, progress, &format!("dead after {dead_after}, seed {seed}"));
            lost += u32::from(version == progress.acknowledged + 1);
        }
    }
    // Otherwise nothing was torn.
    assert!(lost > 0);
}

#[test]
fn commits_survive_repeated_power_failures() {
    for seed in 0..10 {
        let mut disk = Disk::new(seed);
        let mut progress = Progress::default();
        for round in 0..8 {
            let store = disk.store().unwrap();
            disk.fail(Fault::DeadAfter(disk.operations() + 3 + (seed * 31 + round * 17) % 60));
            let until = progress.tried + 100;
            write(&store, &mut progress, until);
            assert!(progress.tried < until, "a dead disk was not told of");
            drop(store);
            disk = disk.after_power_failure(seed * 100 + round);
            // It goes on from what is there.
            let version = check(&disk.store().unwrap(), progress, &format!("{seed}, round {round}"));
            progress = Progress { acknowledged: version, tried: version };
        }
    }
}

/// Writes versions up to this, each until it works, as an object does that writes again what it is in doubt of.
fn write_until_done(store: &RedbStore, progress: &mut Progress, until: u32, when: &str) {
    let mut failures = 0;
    while progress.acknowledged < until {
        progress.tried = progress.acknowledged + 1;
        match store.commit(&all(progress.tried)) {
            Ok(()) => progress.acknowledged = progress.tried,
            Err(error) => {
                failures += 1;
                assert!(failures < 1_000, "{when}: {error}");
            }
        }
    }
}

#[test]
fn the_store_recovers_from_any_failed_operation() {
    let (opened, all) = operations();
    for number in opened + 1..=all {
        let disk = Disk::new(number);
        let store = disk.store().unwrap();
        disk.fail(Fault::At(number));
        let (mut progress, when) = (Progress::default(), format!("operation {number}"));
        write(&store, &mut progress, VERSIONS);
        assert!(progress.acknowledged < VERSIONS, "{when}: nobody was told");
        check(&store, progress, &when);
        // As much as was acknowledged outlives the power, whenever it fails.
        write_until_done(&store, &mut progress, VERSIONS, &when);
        for seed in 0..3 {
            check_disk(&disk.after_power_failure(seed), progress, &when);
        }
        check(&store, progress, &when);
    }
}

#[test]
fn the_store_recovers_from_frequent_failures() {
    for seed in 0..24 {
        let disk = Disk::new(seed);
        let store = disk.store().unwrap();
        let (mut progress, when) = (Progress::default(), format!("seed {seed}"));
        for until in 1..=VERSIONS {
            disk.fail(Fault::OneOf(12 + seed as u32 * 4));
            write_until_done(&store, &mut progress, until, &when);
            disk.fail(Fault::None);
            check_disk(&disk.after_power_failure(seed), progress, &when);
        }
        check(&store, progress, &when);
    }
}

/// What the system takes for written is not believed, whether the program goes on or is started again. What is
/// written next does not write it again by itself.
#[test]
fn a_file_is_rewritten_after_a_failed_flush() {
    let mut is_there = 0;
    for (sync, seed, is_restarted) in
        (1..=4).flat_map(|sync| (0..20).map(move |seed| (sync, seed, seed % 2 == 1)))
    {
        let disk = Disk::new(seed);
        let mut store = disk.store().unwrap();
        let (mut progress, when) = (Progress::default(), format!("flush {sync}, seed {seed}"));
        write(&store, &mut progress, 2);
        disk.fail(Fault::Sync(disk.syncs() + sync));
        write(&store, &mut progress, VERSIONS);
        assert!(progress.acknowledged < VERSIONS, "{when}: nobody was told");
        if is_restarted {
            drop(store);
            store = disk.store().unwrap();
        }
        let version = check(&store, progress, &when);
        is_there += u32::from(version > progress.acknowledged);
        progress = Progress { acknowledged: version, tried: version };
        write_until_done(&store, &mut progress, version + 1, &when);
        for seed in 0..2 {
            check_disk(&disk.after_power_failure(seed), progress, &when);
        }
    }
    assert!(is_there > 0);
}

#[test]
fn the_store_recovers_from_a_full_disk() {
    let big = || {
        let value = Bytes::from(vec![7; 2_000_000]);
        let slot = StoredSlot { version: 2, encoding: Version::Amf3, value };
        StoredCommit::new(name("big"), 2, vec![("big".into(), Some(slot))])
    };
    for room in [0, 1, 5, 17, 50] {
        let disk = Disk::new(0);
        let store = disk.store().unwrap();
        let mut progress = Progress::default();
        write(&store, &mut progress, 10);
        disk.fail(Fault::FullAfter(disk.used_pages() + room));
        for _ in 0..2 {
            let error = store.commit(&[big()]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::StorageFull, "{error}");
            // And what was there can be read, here and in the next process.
            for store in [&disk.after_kill().store().unwrap(), &store] {
                assert_eq!(store.load(&name("big")).unwrap(), None);
                check(store, progress, "while it is full");
            }
        }
        disk.fail(Fault::None);
        store.commit(&[big()]).unwrap();
        write(&store, &mut progress, 11);
        let found = disk.after_power_failure(0);
        check_disk(&found, progress, "after it was full");
        assert_eq!(found.store().unwrap().load(&name("big")).unwrap().unwrap().slots.len(), 1);
    }
}

#[test]
fn a_commit_is_one_flush() {
    let disk = Disk::new(0);
    let store = disk.store().unwrap();
    let commits: Vec<_> = (1..500).map(|n| commit(&n.to_string(), 1)).collect();
    // Until the file need not grow for it.
    for _ in 0..3 {
        store.commit(&commits).unwrap();
    }
    let before = disk.syncs();
    store.commit(&commits).unwrap();
    assert_eq!(disk.syncs() - before, 1);
}
