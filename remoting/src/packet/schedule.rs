//! The calls of a packet, one after another, unless they are concurrent.

use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::task::yield_now;

/// How long the calls of a packet run before other tasks have their turn: 2 MiB may hold many calls, each of which is
/// too small for the blocking pool.
const TIME_SLICE: Duration = Duration::from_millis(5);

/// One call of a packet, which has not begun.
pub(crate) struct ScheduledCall<F> {
    /// Whether those after it need not wait for it. It waits for those before it all the same.
    pub(crate) is_concurrent: bool,
    pub(crate) reply: F,
}

/// Runs all calls; gives the outcomes in the order of the calls. Each passes through `finish` as soon as its call has
/// ended, with the place of the call.
pub(super) async fn run<T, F: Future<Output = T>>(
    calls: Vec<ScheduledCall<F>>,
    finish: impl Fn(usize, T) -> T,
) -> Vec<T> {
    // Most packets hold one call, which should not pay for what others need.
    match <[ScheduledCall<F>; 1]>::try_from(calls) {
        Ok([only]) => vec![finish(0, only.reply.await)],
        Err(calls) => Box::pin(run_several(calls, &finish)).await,
    }
}

async fn run_several<T, F: Future<Output = T>>(
    calls: Vec<ScheduledCall<F>>,
    finish: &impl Fn(usize, T) -> T,
) -> Vec<T> {
    let mut outcomes = Vec::new();
    let mut running = FuturesUnordered::new();
    let mut slice = TimeSlice::start();
    for (index, call) in calls.into_iter().enumerate() {
        let reply = async move { (index, finish(index, call.reply.await)) };
        if call.is_concurrent {
            running.push(reply);
            continue;
        }
        let mut reply = pin!(reply);
        let outcome = poll_fn(|cx| {
            while let Poll::Ready(Some(outcome)) = running.poll_next_unpin(cx) {
                outcomes.push(outcome);
                if slice.is_spent() {
                    slice = TimeSlice::start();
                    cx.waker().wake_by_ref();
                    return Poll::Pending;
                }
            }
            reply.as_mut().poll(cx)
        });
        let outcome = outcome.await;
        outcomes.push(outcome);
        slice.yield_if_spent().await;
    }
    while let Some(outcome) = running.next().await {
        outcomes.push(outcome);
        slice.yield_if_spent().await;
    }
    outcomes.sort_by_key(|(index, _)| *index);
    outcomes.into_iter().map(|(_, outcome)| outcome).collect()
}

/// Time since other tasks last had their turn.
struct TimeSlice {
    start: Instant,
}

impl TimeSlice {
    fn start() -> Self {
        Self { start: Instant::now() }
    }

    fn is_spent(&self) -> bool {
        self.start.elapsed() >= TIME_SLICE
    }

    async fn yield_if_spent(&mut self) {
        if self.is_spent() {
            yield_now().await;
            *self = Self::start();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use tokio::time::sleep;

    use super::*;

    /// Runs calls that take so many seconds, and gives what happened in which order.
    async fn trace(calls: &[(&'static str, bool, u64)]) -> (Vec<&'static str>, Vec<String>) {
        let events = Mutex::new(Vec::new());
        let events_ref = &events;
        let call = |&(name, is_concurrent, seconds)| ScheduledCall {
            is_concurrent,
            reply: async move {
                events_ref.lock().unwrap().push(format!("+{name}"));
                sleep(Duration::from_secs(seconds)).await;
                events_ref.lock().unwrap().push(format!("-{name}"));
                name
            },
        };
        let outcomes = run(calls.iter().map(call).collect(), |_, outcome| outcome).await;
        (outcomes, events.into_inner().unwrap())
    }

    #[tokio::test(start_paused = true)]
    async fn one_after_another() {
        let (outcomes, events) = trace(&[("a", false, 2), ("b", false, 1)]).await;
        assert_eq!(outcomes, ["a", "b"]);
        assert_eq!(events, ["+a", "-a", "+b", "-b"]);
    }

    #[tokio::test(start_paused = true)]
    async fn concurrent_calls_wait_for_those_before_and_hold_up_nobody() {
        let (outcomes, events) =
            trace(&[("login", false, 1), ("a", true, 5), ("b", true, 2), ("c", false, 1)]).await;
        assert_eq!(outcomes, ["login", "a", "b", "c"]);
        // a and b have their turn before c, so they start before it
        assert_eq!(events[..2], ["+login", "-login"]);
        let mut started = events[2..5].to_vec();
        started.sort();
        assert_eq!(started, ["+a", "+b", "+c"]);
        assert_eq!(events[5..], ["-c", "-b", "-a"]);
    }

    #[tokio::test]
    async fn other_tasks_have_their_turn_between_long_calls() {
        for is_concurrent in [false, true] {
            let events = Mutex::new(Vec::new());
            let events_ref = &events;
            let calls = ["a", "b"].map(|name| ScheduledCall {
                is_concurrent,
                reply: async move {
                    std::thread::sleep(TIME_SLICE);
                    events_ref.lock().unwrap().push(name);
                },
            });
            let other_task = async { events_ref.lock().unwrap().push("other") };
            tokio::join!(run(calls.into(), |_, outcome| outcome), other_task);
            assert_eq!(events.into_inner().unwrap(), ["a", "other", "b"], "concurrent: {is_concurrent}");
        }
    }

    #[tokio::test]
    async fn no_calls() {
        let calls = Vec::<ScheduledCall<std::future::Ready<()>>>::new();
        assert!(run(calls, |_, outcome| outcome).await.is_empty());
    }
}
