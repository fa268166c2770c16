//! Lines about calls that failed inside, which a caller can cause as often as it calls.

use std::cell::Cell;
use std::collections::HashMap;
use std::fmt;
use std::panic::Location;
use std::ptr;
use std::sync::{LazyLock, Mutex, PoisonError};

use super::Signature;
use crate::__log_limit::LogLimiter;

thread_local! {
    static METHOD: Cell<Option<CurrentMethod>> = const { Cell::new(None) };
}

/// The method that this thread runs, by the address of its signature in the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct CurrentMethod(usize);

impl CurrentMethod {
    /// Makes a method the one that this thread runs, until the [`MethodScope`] around it ends.
    #[inline]
    pub(super) fn set(signature: &'static Signature) -> Self {
        let method = Self(ptr::from_ref(signature).addr());
        METHOD.set(Some(method));
        method
    }

    /// Returns the method that this thread runs now, to run a part of it on another thread.
    pub(super) fn get() -> Option<Self> {
        METHOD.get()
    }
}

/// Makes a method, or none, the one that this thread runs, until this is dropped.
pub(super) struct MethodScope(Option<CurrentMethod>);

impl MethodScope {
    #[inline]
    pub(super) fn enter(method: Option<CurrentMethod>) -> Self {
        Self(METHOD.replace(method))
    }
}

impl Drop for MethodScope {
    #[inline]
    fn drop(&mut self) {
        METHOD.set(self.0);
    }
}

/// Failure of a call: the place in the program that reported it, and the method that ran.
type Failure = (&'static Location<'static>, Option<CurrentMethod>);

/// A program has fewer pairs of methods and places that fail. Those beyond share the last limiter.
const MAX_FAILURES: usize = 4_096;

#[derive(Default)]
struct FailureLimiters {
    by_failure: HashMap<Failure, LogLimiter>,
    others: LogLimiter,
}

impl FailureLimiters {
    fn admit(&mut self, failure: Failure) -> Option<u64> {
        if let Some(limiter) = self.by_failure.get(&failure) {
            return limiter.admit();
        }
        if self.by_failure.len() >= MAX_FAILURES {
            return self.others.admit();
        }
        self.by_failure.entry(failure).or_default().admit()
    }
}

/// Logs an error of a call. Each method and each place where it is noticed has a rate of its own, so that a failure that
/// somebody repeats does not hide another one. What is not logged is not formatted.
#[cold]
#[track_caller]
pub(super) fn log_failure(what: impl fmt::Display) {
    static LIMITERS: LazyLock<Mutex<FailureLimiters>> = LazyLock::new(Mutex::default);
    let failure = (Location::caller(), CurrentMethod::get());
    let admitted = LIMITERS.lock().unwrap_or_else(PoisonError::into_inner).admit(failure);
    if let Some(suppressed) = admitted {
        crate::__log_limited!(after suppressed, error, "a call failed: {what}");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_method_and_place_has_its_own_rate_up_to_a_number_of_them() {
        let mut limiters = FailureLimiters::default();
        let (here, there) = (Location::caller(), std::panic::Location::caller());
        let burst = |limiters: &mut FailureLimiters, failure| {
            (0..100).filter(|_| limiters.admit(failure).is_some()).count() as u64
        };
        assert_ne!(here, there);
        for failure in [(here, None), (there, None), (here, Some(CurrentMethod(7)))] {
            assert_eq!(burst(&mut limiters, failure), LogLimiter::BURST);
        }
        for method in 0..MAX_FAILURES {
            limiters.admit((here, Some(CurrentMethod(method))));
        }
        assert_eq!(limiters.by_failure.len(), MAX_FAILURES);
        let beyond = [usize::MAX, usize::MAX - 1].map(|method| (here, Some(CurrentMethod(method))));
        let others = beyond.map(|failure| burst(&mut limiters, failure));
        assert!(others.iter().sum::<u64>() <= LogLimiter::BURST, "{others:?}");
        assert_eq!(limiters.by_failure.len(), MAX_FAILURES);
    }

    #[test]
    fn a_scope_ends_with_the_method_before_it() {
        let (outer, inner) = (Some(CurrentMethod(1)), Some(CurrentMethod(2)));
        let scope = MethodScope::enter(outer);
        {
            let _inner = MethodScope::enter(inner);
            assert_eq!(CurrentMethod::get(), inner);
        }
        assert_eq!(CurrentMethod::get(), outer);
        drop(scope);
        assert_eq!(CurrentMethod::get(), None);
    }
}
