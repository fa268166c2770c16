//! How long one poll of the gateway takes for requests of 2 MiB: for that long, nothing else runs on its thread.
//!
//! Polls are measured in processor time of the thread, which other work on the machine changes little.

use std::pin::{Pin, pin};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use amf_remoting::{Gateway, Services};
use axum::Router;
use cpu_time::ThreadTime;

use crate::bodies::{self, Body};
use crate::in_process;
use crate::service::Lab;

/// No poll may take longer.
const MOST: Duration = Duration::from_millis(50);

/// Measures the requests whose title has every word, each `rounds` times, and prints a table.
pub fn measure(rounds: usize, words: &[String]) {
    println!(
        "| request of 2 MiB | in the task: longest poll | by default: longest poll | the whole call | |"
    );
    println!("|---|---:|---:|---:|---|");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().expect("it can start");
    for body in bodies::BODIES.iter().filter(|body| body.has(words)) {
        let request = body.request();
        let services = Services::new().add(Lab::new());
        let figures = [services.clone().blocking_threshold(usize::MAX), services].map(|services| {
            let router = Gateway::new(services).into_router(crate::apps::PATH);
            runtime.block_on(median(&router, body, &request, rounds))
        });
        let [in_task, by_default] = figures;
        println!(
            "| {} | {} | {} | {} | {} |",
            body.title,
            millis(in_task.longest_poll),
            millis(by_default.longest_poll),
            millis(by_default.whole),
            if by_default.longest_poll <= MOST { "met" } else { "**NOT met**" },
        );
    }
}

#[derive(Clone, Copy, Debug)]
struct Figures {
    /// Processor time.
    longest_poll: Duration,
    /// From the request to the reply.
    whole: Duration,
}

/// The calls with the median longest poll; the first call is not counted.
async fn median(router: &Router, body: &Body, request: &[u8], rounds: usize) -> Figures {
    let mut figures = Vec::new();
    for round in 0..=rounds {
        let start = Instant::now();
        let call = pin!(in_process::call(router, request.to_vec().into()));
        let (reply, longest_poll) = Timed { future: call, longest: Duration::ZERO }.await;
        if round == 0 {
            body.check(&reply);
        } else {
            figures.push(Figures { longest_poll, whole: start.elapsed() });
        }
    }
    figures.sort_by_key(|figures| figures.longest_poll);
    figures[figures.len() / 2]
}

/// A future that also returns the time of its longest poll.
struct Timed<F> {
    future: F,
    longest: Duration,
}

impl<F: Future + Unpin> Future for Timed<F> {
    type Output = (F::Output, Duration);

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let start = ThreadTime::now();
        let polled = Pin::new(&mut self.future).poll(cx);
        self.longest = self.longest.max(start.elapsed());
        polled.map(|output| (output, self.longest))
    }
}

fn millis(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}
