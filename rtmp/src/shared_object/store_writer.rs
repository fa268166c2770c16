//! The thread that works for a store.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::slice;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use tokio::sync::watch;

use super::state::slots::Slots;
use super::store::{SharedObjectStore, StoredCommit, StoredName};
use crate::metrics::store_failed;

/// What goes into one commit: so many jobs, and objects until they are so many bytes together. What comes later
/// waits no longer than for those.
const GROUP: usize = 1_024;
const GROUP_BYTES: usize = 4 << 20;
/// After so many commits of one object that failed, one after another, the others of the group are not tried.
const FAILURES: u32 = 3;
/// When an object that is in doubt is written again, and how often in vain.
const AGAIN: Duration = Duration::from_secs(1);
const TRIES: u32 = 60;

/// An object whose slots are kept by a store.
pub(super) trait PersistedObject: Send + Sync {
    /// Its name in the store.
    fn stored_name(&self) -> StoredName;
    /// Takes what the store had; `None` if the store failed.
    fn restored(self: Arc<Self>, slots: Option<Slots>);
    /// Takes the outcome of its commit.
    fn committed(self: Arc<Self>, is_done: bool);
    /// What is to be written because nobody knows whether it is on disk, while nothing else is about to be.
    fn doubtful(&self) -> Option<StoredCommit>;
    /// That is on disk.
    fn settled(&self);
}

/// Clones are the same. The thread ends when there is none, or when one is [closed](Self::close).
#[derive(Clone)]
pub(crate) struct Keeper {
    /// Nothing once it is closed.
    jobs: Arc<Mutex<Option<Sender<Job>>>>,
    /// Its other end is gone with the thread and the store.
    ended: watch::Receiver<()>,
}

/// The object is kept alive until it has the answer: so there are never two of one name.
enum Job {
    Load(Arc<dyn PersistedObject>),
    Commit(Arc<dyn PersistedObject>, StoredCommit),
}

impl Keeper {
    pub(crate) fn new(store: impl SharedObjectStore) -> io::Result<Self> {
        let (jobs, inbox) = channel();
        let (running, ended) = watch::channel(());
        thread::Builder::new().name("shared objects".into()).spawn(move || {
            Work::new(store, inbox).run();
            drop(running);
        })?;
        Ok(Self { jobs: Arc::new(Mutex::new(Some(jobs))), ended })
    }

    /// Whether there will be an answer.
    pub(super) fn load(&self, object: Arc<dyn PersistedObject>) -> bool {
        self.ask(Job::Load(object))
    }

    /// Whether there will be an answer.
    pub(super) fn commit(&self, object: Arc<dyn PersistedObject>, commit: StoredCommit) -> bool {
        self.ask(Job::Commit(object, commit))
    }

    fn ask(&self, job: Job) -> bool {
        let jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.as_ref().is_some_and(|jobs| jobs.send(job).is_ok())
    }

    /// Takes nothing more. Is done when all that was asked is done and the store was dropped.
    pub(crate) async fn close(&self) {
        self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take();
        // An error says that the thread is gone; it never tells anything else.
        let _ = self.ended.clone().changed().await;
    }
}

struct Work<S> {
    store: S,
    inbox: Receiver<Job>,
    /// Objects of which nobody knows what is on disk, as a commit failed. While they are here nobody loads it.
    doubtful: VecDeque<Arc<dyn PersistedObject>>,
    again: Instant,
    /// Tries since one was written.
    tries: u32,
}

impl<S: SharedObjectStore> Work<S> {
    fn new(store: S, inbox: Receiver<Job>) -> Self {
        Self { store, inbox, doubtful: VecDeque::new(), again: Instant::now(), tries: 0 }
    }

    fn run(mut self) {
        while let Some(job) = self.next() {
            self.group(job);
        }
        self.settle();
    }

    /// Nothing when nobody can ask any more.
    fn next(&mut self) -> Option<Job> {
        loop {
            if self.doubtful.is_empty() {
                return self.inbox.recv().ok();
            }
            let patience = self.again.saturating_duration_since(Instant::now());
            if patience.is_zero() {
                self.settle();
                continue;
            }
            match self.inbox.recv_timeout(patience) {
                Ok(job) => return Some(job),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return None,
            }
        }
    }

    /// Does this and what waits.
    fn group(&mut self, first: Job) {
        let (mut objects, mut commits) = (Vec::new(), Vec::new());
        let (mut next, mut jobs, mut bytes) = (Some(first), 0, 0);
        while let Some(job) = next {
            match job {
                Job::Load(object) => {
                    let name = object.stored_name();
                    let found = attempt("load", &name, 1, || self.store.load(&name));
                    object.restored(found.map(|found| found.map(Slots::from).unwrap_or_default()));
                }
                Job::Commit(object, commit) => {
                    bytes += commit.size();
                    objects.push(object);
                    commits.push(commit);
                }
            }
            jobs += 1;
            next = if jobs < GROUP && bytes < GROUP_BYTES { self.inbox.try_recv().ok() } else { None };
        }
        self.commit(objects, &commits);
    }

    /// One object must not cost the others theirs, so each is tried alone if all together fail.
    fn commit(&mut self, objects: Vec<Arc<dyn PersistedObject>>, commits: &[StoredCommit]) {
        let is_done = self.write(commits);
        let mut failures = 0;
        for (object, commit) in objects.into_iter().zip(commits.chunks(1)) {
            let is_done = is_done || (commits.len() > 1 && failures < FAILURES && self.write(commit));
            failures = if is_done { 0 } else { failures + 1 };
            Arc::clone(&object).committed(is_done);
            if !is_done {
                self.doubt(object);
            }
        }
    }

    fn doubt(&mut self, object: Arc<dyn PersistedObject>) {
        if self.doubtful.is_empty() {
            self.again = Instant::now() + AGAIN;
            self.tries = 0;
        }
        if !self.doubtful.iter().any(|other| Arc::ptr_eq(other, &object)) {
            self.doubtful.push_back(object);
        }
    }

    /// Writes objects that are in doubt as they are, until that fails.
    fn settle(&mut self) {
        while let Some(object) = self.doubtful.pop_front() {
            // Nothing, if a commit since then has done it, or is about to.
            let Some(commit) = object.doubtful() else { continue };
            if self.write(slice::from_ref(&commit)) {
                object.settled();
                self.tries = 0;
                continue;
            }
            self.doubtful.push_back(object);
            self.tries += 1;
            break;
        }
        if self.tries >= TRIES {
            tracing::error!(
                objects = self.doubtful.len(),
                "shared objects stay in doubt until their next change"
            );
            self.doubtful.clear();
        }
        self.again = Instant::now() + AGAIN;
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
    act: impl FnOnce() -> io::Result<T>,
) -> Option<T> {
    match catch_unwind(AssertUnwindSafe(act)) {
        Ok(Ok(done)) => return Some(done),
        Ok(Err(error)) => {
            tracing::error!(%error, action, %first, objects, "the store of shared objects failed");
        }
        Err(_panic) => tracing::error!(action, %first, objects, "the store of shared objects panicked"),
    }
    store_failed(action);
    None
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").finish_non_exhaustive()
    }
}
