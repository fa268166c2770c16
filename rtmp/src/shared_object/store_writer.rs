//! The thread that works for a store, and the bounded queue to it.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use amf_core::__private::Escaped;
use amf_remoting::__private::log_limit::error_limited;
use amf_remoting::memory::{MemoryBudget, MemoryCharge};
use tokio::sync::watch;

use super::state::limits::LimitError;
use super::state::persistence_limits::PersistenceLimits;
use super::state::slots::Slots;
use super::store::{SharedObjectStore, StoreUsage, StoredCommit, StoredName};
use crate::metrics::store_failed;

/// What goes into one commit: so many jobs, and objects until they are so many bytes together. What comes later
/// waits no longer than for those.
const MAX_GROUP_JOBS: usize = 1_024;
const MAX_GROUP_BYTES: usize = 4 << 20;
/// After so many commits of one object that failed, one after another, the others of the group are not tried.
const MAX_CONSECUTIVE_FAILURES: u32 = 3;
/// When an object that is in doubt is written again, and how often in vain.
const RETRY_INTERVAL: Duration = Duration::from_secs(1);
const MAX_RETRIES: u32 = 60;

/// An object whose slots are kept by a store.
pub(super) trait PersistedObject: Send + Sync {
    /// Its name in the store.
    fn stored_name(&self) -> StoredName;
    /// Takes what the store had; `None` if the store failed.
    fn load_finished(self: Arc<Self>, slots: Option<Slots>);
    /// Takes the outcome of its commit.
    fn commit_finished(self: Arc<Self>, is_done: bool);
    /// What is to be written because nobody knows whether it is on disk, while nothing else is about to be.
    fn uncertain_slots(&self) -> Option<StoredCommit>;
    /// That is on disk.
    fn clear_uncertain(&self);
}

/// Clones are the same. The thread ends when there is none, or when one is [closed](Self::close).
#[derive(Clone)]
pub(crate) struct StoreWriter {
    /// Nothing once it is closed.
    jobs_tx: Arc<Mutex<Option<Sender<Job>>>>,
    queue: Arc<Mutex<QueueUsage>>,
    /// What the store held when it was opened.
    usage: StoreUsage,
    /// Its other end is gone with the thread and the store.
    ended_rx: watch::Receiver<()>,
}

/// The object is kept alive until it has the answer: so there are never two of one name.
enum Job {
    Load(Arc<dyn PersistedObject>, QueuePermit),
    Commit(Arc<dyn PersistedObject>, StoredCommit, QueuePermit),
}

/// Jobs that wait or are being done, and the bytes of their commits.
#[derive(Default)]
struct QueueUsage {
    jobs: usize,
    bytes: usize,
}

/// A place in the queue, until the job is done.
struct QueuePermit {
    queue: Arc<Mutex<QueueUsage>>,
    bytes: usize,
    _charge: MemoryCharge,
}

/// What bounds the queue.
#[derive(Clone, Copy)]
pub(super) struct QueueLimits<'a> {
    pub(super) limits: &'a PersistenceLimits,
    pub(super) budget: &'a MemoryBudget,
}

/// Why a job is not in the queue.
#[derive(Clone, Copy, Debug)]
pub(super) enum QueueError {
    /// The store is closed.
    Closed,
    /// The queue is full.
    Limit(LimitError),
}

impl StoreWriter {
    pub(crate) fn new(store: impl SharedObjectStore) -> io::Result<Self> {
        let usage = store.usage()?;
        let (jobs_tx, jobs_rx) = channel();
        let (ended_tx, ended_rx) = watch::channel(());
        thread::Builder::new().name("shared objects".into()).spawn(move || {
            WriterThread::new(store, jobs_rx).run();
            drop(ended_tx);
        })?;
        Ok(Self { jobs_tx: Arc::new(Mutex::new(Some(jobs_tx))), queue: Arc::default(), usage, ended_rx })
    }

    pub(super) fn usage(&self) -> StoreUsage {
        self.usage
    }

    /// The object is told what the store has, unless this is an error.
    pub(super) fn load(
        &self,
        object: Arc<dyn PersistedObject>,
        limits: QueueLimits<'_>,
    ) -> Result<(), QueueError> {
        let permit = self.enter(0, limits)?;
        self.send(Job::Load(object, permit))
    }

    /// The object is told the outcome, unless this is an error. Then nothing was written.
    pub(super) fn commit(
        &self,
        object: Arc<dyn PersistedObject>,
        commit: StoredCommit,
        limits: QueueLimits<'_>,
    ) -> Result<(), QueueError> {
        let permit = self.enter(commit.size(), limits)?;
        self.send(Job::Commit(object, commit, permit))
    }

    /// Counts a job. Nobody waits for a place: an object that is refused goes back to what it was, and says so to its
    /// writers, so neither a task nor a lock is held while the store is slow.
    fn enter(&self, bytes: usize, limits: QueueLimits<'_>) -> Result<QueuePermit, QueueError> {
        let QueueLimits { limits, budget } = limits;
        let names = PersistenceLimits::NAMES;
        let mut queue = lock(&self.queue);
        let exceeded = if queue.jobs >= limits.store_queue_jobs {
            Some((names.store_queue_jobs, limits.store_queue_jobs))
        } else if bytes > 0 && queue.bytes > 0 && queue.bytes.saturating_add(bytes) > limits.store_queue_bytes
        {
            Some((names.store_queue_bytes, limits.store_queue_bytes))
        } else {
            None
        };
        if let Some((name, max)) = exceeded {
            return Err(QueueError::Limit(LimitError::new(name, max)));
        }
        // The budget counts its refusals itself.
        let charge = budget
            .try_charge(bytes)
            .map_err(|error| QueueError::Limit(LimitError { limit: MemoryBudget::NAME, max: error.max }))?;
        queue.jobs += 1;
        queue.bytes = queue.bytes.saturating_add(bytes);
        Ok(QueuePermit { queue: Arc::clone(&self.queue), bytes, _charge: charge })
    }

    fn send(&self, job: Job) -> Result<(), QueueError> {
        let jobs_tx = self.jobs_tx.lock().unwrap_or_else(PoisonError::into_inner);
        let jobs_tx = jobs_tx.as_ref().ok_or(QueueError::Closed)?;
        jobs_tx.send(job).map_err(|_| QueueError::Closed)
    }

    /// Takes nothing more. Is done when all that was asked is done and the store was dropped.
    pub(crate) async fn close(&self) {
        self.jobs_tx.lock().unwrap_or_else(PoisonError::into_inner).take();
        // An error says that the thread is gone; it never tells anything else.
        let _ = self.ended_rx.clone().changed().await;
    }
}

fn lock(queue: &Mutex<QueueUsage>) -> MutexGuard<'_, QueueUsage> {
    queue.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for QueuePermit {
    fn drop(&mut self) {
        let mut queue = lock(&self.queue);
        queue.jobs = queue.jobs.saturating_sub(1);
        queue.bytes = queue.bytes.saturating_sub(self.bytes);
    }
}

struct WriterThread<S> {
    store: S,
    jobs_rx: Receiver<Job>,
    /// Objects of which nobody knows what is on disk, as a commit failed. While they are here nobody loads it.
    uncertain_objects: VecDeque<Arc<dyn PersistedObject>>,
    retry_at: Instant,
    /// Tries since one was written.
    retries: u32,
}

impl<S: SharedObjectStore> WriterThread<S> {
    fn new(store: S, jobs_rx: Receiver<Job>) -> Self {
        Self { store, jobs_rx, uncertain_objects: VecDeque::new(), retry_at: Instant::now(), retries: 0 }
    }

    fn run(mut self) {
        while let Some(job) = self.next_job() {
            self.process_group(job);
        }
        self.write_uncertain_objects();
    }

    /// Nothing when nobody can ask any more.
    fn next_job(&mut self) -> Option<Job> {
        loop {
            if self.uncertain_objects.is_empty() {
                return self.jobs_rx.recv().ok();
            }
            let wait = self.retry_at.saturating_duration_since(Instant::now());
            if wait.is_zero() {
                self.write_uncertain_objects();
                continue;
            }
            match self.jobs_rx.recv_timeout(wait) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Does this and what waits.
    fn process_group(&mut self, first: Job) {
        let (mut objects, mut commits, mut permits) = (Vec::new(), Vec::new(), Vec::new());
        let (mut next, mut jobs, mut bytes) = (Some(first), 0, 0);
        while let Some(job) = next {
            match job {
                Job::Load(object, permit) => {
                    let name = object.stored_name();
                    let found = attempt("load", &name, 1, || self.store.load(&name));
                    // What follows may need a place itself.
                    drop(permit);
                    object.load_finished(found.map(|found| found.map(Slots::from).unwrap_or_default()));
                }
                Job::Commit(object, commit, permit) => {
                    bytes += commit.size();
                    objects.push(object);
                    permits.push(permit);
                    commits.push(commit);
                }
            }
            jobs += 1;
            next = if jobs < MAX_GROUP_JOBS && bytes < MAX_GROUP_BYTES {
                self.jobs_rx.try_recv().ok()
            } else {
                None
            };
        }
        self.commit(objects, &commits, permits);
    }

    /// One object must not cost the others theirs, so each is tried alone if all together fail.
    fn commit(
        &mut self,
        objects: Vec<Arc<dyn PersistedObject>>,
        commits: &[StoredCommit],
        permits: Vec<QueuePermit>,
    ) {
        let is_done = self.write(commits);
        let mut failures = 0;
        for ((object, commit), permit) in objects.into_iter().zip(commits.chunks(1)).zip(permits) {
            let is_done =
                is_done || (commits.len() > 1 && failures < MAX_CONSECUTIVE_FAILURES && self.write(commit));
            failures = if is_done { 0 } else { failures + 1 };
            // What waited for this commit needs a place itself.
            drop(permit);
            Arc::clone(&object).commit_finished(is_done);
            if !is_done {
                self.mark_uncertain(object);
            }
        }
    }

    fn mark_uncertain(&mut self, object: Arc<dyn PersistedObject>) {
        if self.uncertain_objects.is_empty() {
            self.retry_at = Instant::now() + RETRY_INTERVAL;
            self.retries = 0;
        }
        if !self.uncertain_objects.iter().any(|other| Arc::ptr_eq(other, &object)) {
            self.uncertain_objects.push_back(object);
        }
    }

    /// Writes objects that are in doubt as they are, until that fails.
    fn write_uncertain_objects(&mut self) {
        while let Some(object) = self.uncertain_objects.pop_front() {
            // Nothing, if a commit since then has done it, or is about to.
            let Some(commit) = object.uncertain_slots() else { continue };
            if self.write(slice::from_ref(&commit)) {
                object.clear_uncertain();
                self.retries = 0;
                continue;
            }
            self.uncertain_objects.push_back(object);
            self.retries += 1;
            break;
        }
        if self.retries >= MAX_RETRIES {
            error_limited!(
                objects = self.uncertain_objects.len(),
                "shared objects stay in doubt until their next change"
            );
            self.uncertain_objects.clear();
        }
        self.retry_at = Instant::now() + RETRY_INTERVAL;
    }

    fn write(&self, commits: &[StoredCommit]) -> bool {
        let Some(first) = commits.first() else { return true };
        attempt("commit", &first.object, commits.len(), || self.store.commit(commits)).is_some()
    }
}

fn attempt<T>(
    action: &'static str,
    first: &StoredName,
    objects: usize,
    operation: impl FnOnce() -> io::Result<T>,
) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(operation)) {
        Ok(Ok(done)) => return Some(done),
        Ok(Err(error)) => {
            error_limited!(%error, action, first = %Escaped(first), objects, "the store of shared objects failed");
        }
        Err(_panic) => {
            error_limited!(action, first = %Escaped(first), objects, "the store of shared objects panicked");
        }
    }
    store_failed(action);
    None
}

impl fmt::Debug for StoreWriter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StoreWriter").finish_non_exhaustive()
    }
}
