//! Files that are made, and files that do not open.

use std::fs;
use std::sync::atomic::{AtomicU32, Ordering};

use super::disk::{Disk, Fault};
use super::*;

/// A folder that is gone with its test.
struct TempDir(PathBuf);

impl TempDir {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("amf-rtmp-files-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("objects.redb")
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn objects_are_restored_and_kept_apart() {
    let folder = TempDir::new();
    let objects = ["", "a", "a\0", "a\0b", "a\u{1}", "aa", "b", "é", "\u{10ffff}"];
    let names: Vec<_> = [("x", "y/z"), ("x/y", "z"), ("x", "")]
        .iter()
        .flat_map(|(application, instance)| {
            objects.map(|name| StoredName {
                application: (*application).into(),
                instance: (*instance).into(),
                name: name.into(),
            })
        })
        .collect();
    let slots = |version| ["", "a", "\0", "\u{10ffff}"].map(|key| (key.into(), Some(slot(version)))).to_vec();
    let store = RedbStore::open(folder.file()).unwrap();
    for (object, version) in names.iter().cloned().zip(1..) {
        store.commit(&[StoredCommit::new(object, version, slots(version))]).unwrap();
    }
    drop(store);
    let store = RedbStore::open(folder.file()).unwrap();
    let removed = vec![("a".into(), None), ("never there".into(), None)];
    for (object, version) in names.iter().zip(1..) {
        let found = store.load(object).unwrap().unwrap();
        assert_eq!((found.version, found.slots.len()), (version, 4), "{object:?}");
        assert!(found.slots.iter().all(|(_, kept)| *kept == slot(version)));
        store.commit(&[StoredCommit::new(object.clone(), 99, removed.clone())]).unwrap();
        let found = store.load(object).unwrap().unwrap();
        let keys: Vec<_> = found.slots.iter().map(|(key, _)| &**key).collect();
        assert_eq!((found.version, keys), (99, vec!["", "\0", "\u{10ffff}"]));
    }
}

/// What the file holds, read row by row.
fn counted(store: &RedbStore) -> StoreUsage {
    let count = |database: &Database| {
        let transaction = database.begin_read()?;
        count(&transaction.open_table(OBJECTS)?, &transaction.open_table(SLOTS)?)
    };
    store.with_database(count).unwrap()
}

#[test]
fn the_running_total_is_what_the_file_holds() {
    let folder = TempDir::new();
    let store = RedbStore::open(folder.file()).unwrap();
    assert_eq!(store.usage().unwrap(), StoreUsage::default());
    // Slots come, change their size and go; the same object is several times in one commit of a custom caller.
    for version in 1..40 {
        store.commit(&[commit("a", version), commit("b", version + 1), commit("a", version + 1)]).unwrap();
        assert_eq!(store.usage().unwrap(), counted(&store), "{version}");
    }
    let mut expected = StoreUsage::default();
    for object in ["a", "b"].map(name) {
        expected.add(&object, &store.load(&object).unwrap().unwrap());
    }
    assert_eq!((store.usage().unwrap(), expected.objects), (expected, 2));

    // A file of an earlier version has no total. It is counted, and kept with the next commit.
    let remove = |database: &Database| {
        let transaction = database.begin_write()?;
        transaction.delete_table(USAGE)?;
        Ok(transaction.commit()?)
    };
    store.with_database(remove).unwrap();
    drop(store);
    let store = RedbStore::open(folder.file()).unwrap();
    assert_eq!(store.usage().unwrap(), expected);
    store.commit(&[commit("b", 50)]).unwrap();
    assert_eq!(store.usage().unwrap(), counted(&store));

    // An object without slots is gone.
    for object in ["a", "b"] {
        let slots = store.load(&name(object)).unwrap().unwrap().slots;
        let removed = slots.into_iter().map(|(key, _)| (key, None)).collect();
        store.commit(&[StoredCommit::new(name(object), 99, removed).deleted(true)]).unwrap();
        assert_eq!(store.load(&name(object)).unwrap(), None);
        assert_eq!(store.usage().unwrap(), counted(&store));
    }
    assert_eq!(store.usage().unwrap(), StoreUsage::default());
}

#[test]
fn errors_of_opening_name_the_file() {
    let folder = TempDir::new();
    let path = folder.file();
    let open_error = |path: &Path| {
        let error = RedbStore::open(path).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with(&format!("shared objects in {}: ", path.display())), "{text}");
        (error.kind(), text)
    };

    let first = RedbStore::open(&path).unwrap();
    let (kind, text) = open_error(&path);
    assert!(kind == io::ErrorKind::ResourceBusy && text.contains("already open"), "{text}");
    drop(first);

    // The version of the format is the first byte of each commit slot, at 64 and 192: redb's design.md. 3 is today's.
    for (version, expected) in [(2, "upgrade required"), (4, "expected file format version <= 3")] {
        let mut bytes = fs::read(&path).unwrap();
        assert_eq!((bytes[64], bytes[192]), (3, 3));
        (bytes[64], bytes[192]) = (version, version);
        let other = folder.0.join("other.redb");
        fs::write(&other, bytes).unwrap();
        let (_, text) = open_error(&other);
        assert!(text.to_lowercase().contains(expected), "{text}");
    }

    fs::write(&path, vec![7; 100_000]).unwrap();
    let (kind, text) = open_error(&path);
    assert!(kind == io::ErrorKind::InvalidData && text.contains("Not a redb database"), "{text}");
    assert_eq!(fs::read(&path).unwrap(), vec![7; 100_000], "it is not ours");
    assert_eq!(open_error(&folder.0.join("nowhere").join("objects.redb")).0, io::ErrorKind::NotFound);
    open_error(&folder.0);
}

#[test]
fn a_crash_during_creation_does_not_prevent_opening() {
    let count = {
        let disk = Disk::new(0);
        drop(disk.store().unwrap());
        disk.operations()
    };
    let mut unfinished = 0;
    for dead_after in 0..count {
        let disk = Disk::new(0);
        disk.fail(Fault::DeadAfter(dead_after));
        drop(disk.store());
        let found = disk.after_power_failure(dead_after);
        unfinished += u32::from(found.store().is_err());

        let folder = TempDir::new();
        fs::write(folder.0.join("objects.redb.new"), found.bytes()).unwrap();
        if dead_after.is_multiple_of(2) {
            fs::write(folder.file(), "").unwrap();
        }
        RedbStore::open(folder.file()).unwrap().commit(&[commit("a", 1)]).unwrap();
        assert_eq!(check_stored(&RedbStore::open(folder.file()).unwrap(), "a"), 1);
        let files: Vec<_> = fs::read_dir(&folder.0).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(files, ["objects.redb"]);
    }
    // Those would stand in the way for ever.
    assert!(unfinished > 0);
}

/// Nothing under the file's own name is ever in part.
#[test]
fn a_file_is_renamed_after_it_is_complete() {
    let folder = TempDir::new();
    let new = folder.0.join("objects.redb.new");
    fs::create_dir(&new).unwrap();
    RedbStore::open(folder.file()).unwrap_err();
    assert!(!folder.file().exists());
    fs::remove_dir(&new).unwrap();
    RedbStore::open(folder.file()).unwrap();
}

#[cfg(unix)]
#[test]
fn only_regular_files_are_replaced() {
    use std::os::unix::fs::{FileTypeExt, symlink};

    let folder = TempDir::new();
    let fifo = folder.0.join("fifo");
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let link_to_fifo = folder.0.join("link to a fifo");
    symlink(&fifo, &link_to_fifo).unwrap();
    let device = Path::new("/dev/null");
    for path in [&*fifo, &*link_to_fifo, device, &*folder.0] {
        let error = RedbStore::open(path).unwrap_err();
        assert!(error.to_string().contains("expected a regular file, or none yet"), "{error}");
    }
    assert!(fs::symlink_metadata(&fifo).unwrap().file_type().is_fifo());
    assert!(fs::symlink_metadata(&link_to_fifo).unwrap().is_symlink());
    assert!(fs::symlink_metadata(device).unwrap().file_type().is_char_device());
    let circle = folder.0.join("circle");
    symlink(&circle, &circle).unwrap();
    assert!(RedbStore::open(&circle).is_err());
}

#[cfg(unix)]
#[test]
fn symbolic_links_are_followed_and_kept() {
    use std::os::unix::fs::symlink;

    let folder = TempDir::new();
    for (name, is_there) in [("empty", true), ("new", false)] {
        let (target, link) = (folder.0.join(name), folder.0.join(format!("link to {name}")));
        if is_there {
            fs::File::create(&target).unwrap();
        }
        symlink(name, &link).unwrap();
        drop(RedbStore::open(&link).unwrap());
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "{name}");
        assert!(fs::metadata(&target).unwrap().len() > 0, "{name}");
        drop(RedbStore::open(&target).unwrap());
    }
}
