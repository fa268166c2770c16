//! A method that panics harms its own call alone.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;

use futures_util::FutureExt;

use super::{Fault, Target};

/// Runs a step of a call.
///
/// Asserting unwind safety: a service's own state is behind its own locks, as it is for any concurrent server;
/// everything that belongs to the call itself is dropped.
#[inline]
pub(super) fn catch_panic<T>(target: &Target, step: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    fault_of_panic(target, catch_unwind(AssertUnwindSafe(step)))
}

/// Runs a call, or what has to be known before it, to its end.
pub(crate) async fn catch_panic_async<T>(
    target: &Target,
    call: impl Future<Output = Result<T, Fault>>,
) -> Result<T, Fault> {
    fault_of_panic(target, AssertUnwindSafe(call).catch_unwind().await)
}

/// Returns the outcome of a step, or the fault of its panic.
fn fault_of_panic<T>(target: &Target, outcome: thread::Result<Result<T, Fault>>) -> Result<T, Fault> {
    outcome.unwrap_or_else(|panic| Err(panicked(target, panic.as_ref())))
}

#[cold]
fn panicked(target: &Target, panic: &(dyn Any + Send)) -> Fault {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("(not a text)");
    Fault::panicked(format_args!("`{target}` panicked: {text}"))
}
