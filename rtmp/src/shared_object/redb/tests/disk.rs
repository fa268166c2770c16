//! A disk in memory that loses what is not flushed, tears it, fills up or fails, and a system that takes what it
//! could not flush for flushed.

use std::collections::HashSet;
use std::io::{Error, ErrorKind, Result};
use std::ops::Range;
use std::sync::MutexGuard;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::*;

/// What a disk writes as a whole, in bytes.
const SECTOR: usize = 512;
/// What it gives files room in.
const PAGE: u64 = 4_096;

/// Clones are the same disk.
#[derive(Clone, Debug)]
pub(super) struct Disk(Arc<Mutex<DiskState>>);

#[derive(Debug)]
struct DiskState {
    /// What programs read.
    cached: Vec<u8>,
    /// What is on the disk.
    flushed: Vec<u8>,
    /// The pages that were ever written.
    used_pages: HashSet<u64>,
    /// What the system has still to write.
    dirty: Vec<Operation>,
    operations: u64,
    syncs: u64,
    fault: Fault,
    random: StdRng,
}

#[derive(Clone, Debug)]
enum Operation {
    Write(u64, Vec<u8>),
    SetLength(u64),
}

#[derive(Clone, Copy, Debug, Default)]
pub(super) enum Fault {
    #[default]
    None,
    /// Everything after so many operations fails.
    DeadAfter(u64),
    /// This operation fails, and nothing else.
    At(u64),
    /// This flush fails, and nothing else.
    Sync(u64),
    /// One of so many operations fails.
    OneOf(u32),
    /// There is room for so many pages. A file that is made longer takes none before it is written.
    FullAfter(usize),
}

impl Disk {
    pub(super) fn new(seed: u64) -> Self {
        Self::with_contents(Vec::new(), StdRng::seed_from_u64(seed))
    }

    fn with_contents(bytes: Vec<u8>, random: StdRng) -> Self {
        let (operations, syncs) = (0, 0);
        let (cached, flushed, dirty) = (bytes.clone(), bytes, Vec::new());
        let (fault, used_pages) = (Fault::None, (0..cached.len() as u64 / PAGE).collect());
        let state = DiskState { cached, flushed, used_pages, dirty, operations, syncs, fault, random };
        Self(Arc::new(Mutex::new(state)))
    }

    pub(super) fn store(&self) -> Result<RedbStore> {
        let disk = self.clone();
        RedbStore::with_backend("disk".into(), move || Ok(disk.clone()))
    }

    pub(super) fn fail(&self, fault: Fault) {
        self.lock().fault = fault;
    }

    pub(super) fn operations(&self) -> u64 {
        self.lock().operations
    }

    pub(super) fn syncs(&self) -> u64 {
        self.lock().syncs
    }

    /// Pages that are in use.
    pub(super) fn used_pages(&self) -> usize {
        self.lock().used_pages.len()
    }

    /// What is found after the power failed: of what was not flushed, any part is there, or torn.
    pub(super) fn after_power_failure(&self, seed: u64) -> Self {
        let mut random = StdRng::seed_from_u64(seed);
        let state = self.lock();
        let mut bytes = state.flushed.clone();
        for operation in &state.dirty {
            operation.apply_in_part(&mut bytes, &mut random);
        }
        Self::with_contents(bytes, random)
    }

    /// What the next process finds when this one was killed: all that the system knows.
    pub(super) fn after_kill(&self) -> Self {
        let DiskState { cached, flushed, used_pages, dirty, operations, syncs, fault, .. } = &*self.lock();
        let (cached, flushed, used_pages, dirty) =
            (cached.clone(), flushed.clone(), used_pages.clone(), dirty.clone());
        let (operations, syncs, fault, random) = (*operations, *syncs, *fault, StdRng::seed_from_u64(0));
        let state = DiskState { cached, flushed, used_pages, dirty, operations, syncs, fault, random };
        Self(Arc::new(Mutex::new(state)))
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        self.lock().cached.clone()
    }

    fn lock(&self) -> MutexGuard<'_, DiskState> {
        self.0.lock().unwrap()
    }

    fn apply(&self, operation: Operation) -> Result<()> {
        let mut state = self.lock();
        let pages: Vec<_> = operation.pages().filter(|page| !state.used_pages.contains(page)).collect();
        if let Fault::FullAfter(room) = state.fault
            && !pages.is_empty()
            && state.used_pages.len() + pages.len() > room
        {
            return Err(ErrorKind::StorageFull.into());
        }
        state.used_pages.extend(pages);
        let outcome = state.begin();
        let done = if outcome.is_ok() { operation } else { operation.first_half() };
        done.apply(&mut state.cached);
        state.dirty.push(done);
        outcome
    }
}

impl DiskState {
    fn begin(&mut self) -> Result<()> {
        self.operations += 1;
        let fails = match self.fault {
            Fault::DeadAfter(count) => self.operations > count,
            Fault::At(number) => self.operations == number,
            Fault::OneOf(of) => self.random.random_ratio(1, of),
            Fault::None | Fault::FullAfter(_) | Fault::Sync(_) => false,
        };
        if fails { Err(failed()) } else { Ok(()) }
    }
}

fn failed() -> Error {
    Error::other("the disk failed")
}

impl Operation {
    fn end(&self) -> u64 {
        match self {
            Self::Write(offset, data) => offset + data.len() as u64,
            Self::SetLength(length) => *length,
        }
    }

    fn pages(&self) -> Range<u64> {
        match self {
            Self::Write(offset, _) => offset / PAGE..self.end().div_ceil(PAGE),
            Self::SetLength(_) => 0..0,
        }
    }

    fn apply(&self, bytes: &mut Vec<u8>) {
        match self {
            Self::Write(offset, data) => {
                let range = *offset as usize..self.end() as usize;
                // A change of length may have been lost before it.
                bytes.resize(bytes.len().max(range.end), 0);
                bytes[range].copy_from_slice(data);
            }
            Self::SetLength(length) => bytes.resize(*length as usize, 0),
        }
    }

    /// What is done of one that fails.
    fn first_half(self) -> Self {
        match self {
            Self::Write(offset, data) => Self::Write(offset, data[..data.len() / 2].to_vec()),
            length @ Self::SetLength(_) => length,
        }
    }

    /// Nothing of it, all, or some of its sectors.
    fn apply_in_part(&self, bytes: &mut Vec<u8>, random: &mut StdRng) {
        match (random.random_range(0..3), self) {
            (0, _) => {}
            (1, Self::Write(offset, data)) => {
                // Sectors are of the disk, not of what is written.
                let start = *offset as usize;
                let mut from = 0;
                while from < data.len() {
                    let to = data.len().min((start + from) / SECTOR * SECTOR + SECTOR - start);
                    if random.random() {
                        Self::Write((start + from) as u64, data[from..to].to_vec()).apply(bytes);
                    }
                    from = to;
                }
            }
            _ => self.apply(bytes),
        }
    }
}

impl StorageBackend for Disk {
    fn len(&self) -> Result<u64> {
        Ok(self.lock().cached.len() as u64)
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> Result<()> {
        let state = self.lock();
        let bytes = state.cached.get(offset as usize..).and_then(|bytes| bytes.get(..out.len()));
        out.copy_from_slice(bytes.ok_or(ErrorKind::UnexpectedEof)?);
        Ok(())
    }

    fn set_len(&self, length: u64) -> Result<()> {
        self.apply(Operation::SetLength(length))
    }

    fn write(&self, offset: u64, data: &[u8]) -> Result<()> {
        self.apply(Operation::Write(offset, data.to_vec()))
    }

    fn sync_data(&self) -> Result<()> {
        let mut state = self.lock();
        state.syncs += 1;
        let outcome = match state.fault {
            Fault::Sync(number) if state.syncs == number => Err(failed()),
            _ => state.begin(),
        };
        let is_dead = matches!(state.fault, Fault::DeadAfter(_));
        let DiskState { cached, flushed, dirty, random, .. } = &mut *state;
        match &outcome {
            Ok(()) => dirty.drain(..).for_each(|operation| operation.apply(flushed)),
            Err(_) if is_dead => {}
            // The system takes all for written, whatever was; and may read it from the disk the next time.
            Err(_) => {
                dirty.drain(..).for_each(|operation| operation.apply_in_part(flushed, random));
                if random.random_ratio(1, 3) {
                    cached.clone_from(flushed);
                }
            }
        }
        outcome
    }
}
