//! A file that is not believed after a flush that failed.

use std::io;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use redb::{BackendError, StorageBackend};

/// What is read and written at a time, in bytes: what systems keep in memory as a whole.
const PAGE: u64 = 4_096;

/// After a flush that failed, Linux takes what it could not write for written: it is still read, but may be gone
/// when the machine stops, and no later flush writes it. redb would find the commit whole, and build on it. So
/// before redb sees such a file, all of it is written again and flushed.
#[derive(Debug)]
pub(super) struct ResyncBackend<B> {
    backend: B,
    /// Whether the file is to be written again first.
    needs_rewrite: AtomicBool,
    /// Whether a flush has failed since all was written.
    is_uncertain: Arc<AtomicBool>,
}

impl<B: StorageBackend> ResyncBackend<B> {
    pub(super) fn new(backend: B, needs_rewrite: bool, is_uncertain: Arc<AtomicBool>) -> Self {
        Self { backend, needs_rewrite: AtomicBool::new(needs_rewrite), is_uncertain }
    }

    /// redb locks the file before it does anything else, so nobody else writes it now.
    fn rewritten(&self) -> io::Result<&B> {
        if self.needs_rewrite.load(Ordering::Relaxed) {
            rewrite(&self.backend)?;
            self.needs_rewrite.store(false, Ordering::Relaxed);
            self.is_uncertain.store(false, Ordering::Relaxed);
        }
        Ok(&self.backend)
    }
}

/// The same bytes in the same places: if this is cut, nothing has changed.
fn rewrite(backend: &impl StorageBackend) -> io::Result<()> {
    let (mut page, len) = (Vec::new(), used_len(backend)?);
    for number in 0..len.div_ceil(PAGE) {
        // What cannot be read is not what the system kept in memory. redb will say so if it needs it.
        if read(backend, number, len, &mut page).is_err() {
            continue;
        }
        match backend.write(number * PAGE, &page) {
            // A hole needs no room.
            Err(error) if error.kind() == io::ErrorKind::StorageFull && is_zero(&page) => {}
            written => written?,
        }
    }
    backend.sync_data()
}

/// How much of a file was ever written: redb makes it longer beforehand, which takes no room on disk.
fn used_len(backend: &impl StorageBackend) -> io::Result<u64> {
    let (mut page, len) = (Vec::new(), backend.len()?);
    let is_used = |number: &u64| read(backend, *number, len, &mut page).is_err() || !is_zero(&page);
    let last = (0..len.div_ceil(PAGE)).rev().find(is_used);
    Ok(last.map_or(0, |last| len.min((last + 1) * PAGE)))
}

fn read(backend: &impl StorageBackend, number: u64, len: u64, page: &mut Vec<u8>) -> io::Result<()> {
    let offset = number * PAGE;
    page.resize(usize::try_from(PAGE.min(len - offset)).unwrap_or_default(), 0);
    backend.read(offset, page)
}

fn is_zero(page: &[u8]) -> bool {
    page.iter().all(|byte| *byte == 0)
}

impl<B: StorageBackend> StorageBackend for ResyncBackend<B> {
    fn len(&self) -> io::Result<u64> {
        self.rewritten()?.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.rewritten()?.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.rewritten()?.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.rewritten()?.sync_data().inspect_err(|_| self.is_uncertain.store(true, Ordering::Relaxed))
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.rewritten()?.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.backend.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.backend.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.backend.query_lock_range(start, end)
    }
}
