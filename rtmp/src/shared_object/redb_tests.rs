//! redb on a disk that fails at every write, and tears it.

use std::sync::Arc;

use redb::{Builder, StorageBackend};

use super::*;

/// Bytes of a disk that does so many more writes, half of the last one, and then none.
#[derive(Clone, Debug, Default)]
struct Disk {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    bytes: Vec<u8>,
    writes: u64,
    left: Option<u64>,
}

impl Disk {
    fn allow(&self, left: Option<u64>) {
        self.inner.lock().unwrap().left = left;
    }

    fn writes(&self) -> u64 {
        self.inner.lock().unwrap().writes
    }

    fn store(&self) -> io::Result<RedbStore> {
        let disk = self.clone();
        RedbStore::with(move || Builder::new().create_with_backend(disk.clone()))
    }
}

fn failed() -> io::Error {
    io::Error::other("the disk was pulled out")
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64, io::Error> {
        Ok(self.inner.lock().unwrap().bytes.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<(), io::Error> {
        let inner = self.inner.lock().unwrap();
        let offset = offset as usize;
        out.copy_from_slice(inner.bytes.get(offset..offset + out.len()).ok_or_else(failed)?);
        Ok(())
    }

    fn set_len(&self, len: u64) -> Result<(), io::Error> {
        self.inner.lock().unwrap().bytes.resize(len as usize, 0);
        Ok(())
    }

    fn sync_data(&self) -> Result<(), io::Error> {
        if self.inner.lock().unwrap().left == Some(0) { Err(failed()) } else { Ok(()) }
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<(), io::Error> {
        let mut inner = self.inner.lock().unwrap();
        inner.writes += 1;
        let data = match &mut inner.left {
            Some(0) => return Err(failed()),
            Some(left) => {
                *left -= 1;
                if *left == 0 { &data[..data.len() / 2] } else { data }
            }
            None => data,
        };
        let offset = offset as usize;
        inner.bytes[offset..offset + data.len()].copy_from_slice(data);
        Ok(())
    }
}

fn name() -> StoredName {
    StoredName { application: "lobby".into(), instance: "red".into(), name: "board".into() }
}

/// A version with three slots of so many bytes.
fn version(version: u32) -> StoredCommit {
    let value = Bytes::from(vec![version as u8; 3_000 * version as usize]);
    let slot = StoredSlot { version, encoding: Version::Amf3, value };
    let slots = ["a", "b", "c"].map(|key| (key.into(), Some(slot.clone())));
    StoredCommit { object: name(), version, slots: slots.to_vec() }
}

fn expected(version: u32) -> StoredObject {
    let commit = self::version(version);
    let slots = commit.slots.into_iter().map(|(key, slot)| (key, slot.unwrap())).collect();
    StoredObject { version, slots }
}

#[test]
fn a_torn_write_leaves_all_of_the_last_commit_or_all_of_this_one() {
    let (mut failures, mut allowed) = (0, 1);
    loop {
        let disk = Disk::default();
        let store = disk.store().unwrap();
        assert_eq!(store.load(&name()).unwrap(), None);
        store.commit(&[version(1)]).unwrap();
        assert_eq!(store.load(&name()).unwrap(), Some(expected(1)));
        let before = disk.writes();
        disk.allow(Some(allowed));
        let outcome = store.commit(&[version(2)]);
        disk.allow(None);
        let found = store.load(&name()).unwrap();
        if outcome.is_ok() {
            assert_eq!(found, Some(expected(2)));
            if disk.writes() - before < allowed {
                break;
            }
        } else {
            failures += 1;
            assert!(found == Some(expected(1)) || found == Some(expected(2)), "after {allowed} writes");
        }
        // The same store goes on.
        store.commit(&[version(3)]).unwrap();
        assert_eq!(store.load(&name()).unwrap(), Some(expected(3)));
        // And so does the next process.
        drop(store);
        assert_eq!(disk.store().unwrap().load(&name()).unwrap(), Some(expected(3)));
        allowed += 1;
    }
    assert!(failures > 3, "{failures}");
}

#[test]
fn slots_go_and_objects_do_not_mix() {
    let store = Disk::default().store().unwrap();
    let mut other = version(7);
    other.object.name = "board\0".into();
    store.commit(&[version(1), other.clone()]).unwrap();
    let gone =
        StoredCommit { object: name(), version: 2, slots: vec![("b".into(), None), ("x".into(), None)] };
    store.commit(&[gone]).unwrap();
    let kept = store.load(&name()).unwrap().unwrap();
    let keys: Vec<_> = kept.slots.iter().map(|(key, _)| &**key).collect();
    assert_eq!((kept.version, keys), (2, vec!["a", "c"]));
    assert_eq!(store.load(&other.object).unwrap(), Some(expected(7)));
}
