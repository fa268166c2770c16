//! Counter of steps of work, for tests.
//!
//! The work that a peer can cause must be proportional to the length of its input. Tests and fuzz targets assert this
//! in steps, because time depends on the machine. One step is a value, a probe of a table, or eight bytes that are
//! compared, hashed, checked or copied. Without the feature `work-counter` the calls compile to nothing.

#[cfg(feature = "work-counter")]
thread_local! {
    static STEPS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

/// Counts `steps` steps.
#[inline(always)]
#[allow(clippy::inline_always, reason = "empty in all but test builds")]
pub(crate) fn count(steps: usize) {
    #[cfg(feature = "work-counter")]
    STEPS.with(|counted| counted.set(counted.get() + steps as u64));
    #[cfg(not(feature = "work-counter"))]
    let _ = steps;
}

/// Counts the steps for `bytes` bytes.
#[inline(always)]
#[allow(clippy::inline_always, reason = "empty in all but test builds")]
pub(crate) fn count_bytes(bytes: usize) {
    count(bytes.div_ceil(8));
}

/// Runs a function and returns its result with the number of steps on this thread.
#[cfg(feature = "work-counter")]
pub fn counted<T>(run: impl FnOnce() -> T) -> (T, u64) {
    let before = STEPS.with(std::cell::Cell::get);
    let value = run();
    (value, STEPS.with(std::cell::Cell::get) - before)
}
