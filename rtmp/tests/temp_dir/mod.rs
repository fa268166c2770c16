//! A folder for the file of a store.

#![allow(dead_code, unreachable_pub, reason = "each test takes what it needs")]

use std::path::PathBuf;

use amf_rtmp::RedbStore;

/// Folder that is removed with its test.
pub struct TempDir(PathBuf);

impl TempDir {
    /// Creates the folder of the test with this name.
    pub fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("amf-rtmp-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Returns the path of the store's file.
    pub fn file(&self) -> PathBuf {
        self.0.join("objects.redb")
    }

    /// Opens the store.
    pub fn store(&self) -> RedbStore {
        RedbStore::open(self.file()).unwrap()
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}
