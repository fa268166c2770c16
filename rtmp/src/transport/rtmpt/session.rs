//! One connection in a tunnel: requests in their order, and what each is answered.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream};
use tokio::sync::{Mutex, Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::{Instant, sleep_until, timeout};

use super::super::PIPE;
use crate::metrics::limit;
use crate::server::TunnelLimits;

/// What the server takes to read a request; it reads all the time.
const STALLED: Duration = Duration::from_secs(10);
/// How long the client shall wait before it asks again, by how long there was nothing to say. The last one is about
/// half a second. These are the steps of Red5.
const INTERVALS: [u8; 6] = [0x01, 0x03, 0x05, 0x09, 0x11, 0x21];
/// How many empty answers make a step.
const STEP: usize = 10;

/// What can go wrong with a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refused {
    /// There is no such connection, or no longer.
    Unknown,
    /// As many requests wait for their turn as may.
    TooMany,
    /// A request before this one is missing, it came long ago, or it could not be taken whole. The connection ends.
    OutOfOrder,
}

pub(super) struct Exchange {
    silence: Duration,
    pipe: Mutex<Pipe>,
    turns: Arc<Semaphore>,
    heard: watch::Sender<Instant>,
    closed: watch::Sender<bool>,
    emptied: Notify,
}

/// A request that may be read and answered.
pub(super) struct Turn {
    exchange: Arc<Exchange>,
    permit: OwnedSemaphorePermit,
}

/// The other end of what the connection is served on.
struct Pipe {
    stream: DuplexStream,
    hold: Duration,
    /// The last request and its answer.
    last: Option<(u64, Bytes)>,
    /// Answers since there was something to say.
    empty: usize,
    has_ended: bool,
}

impl Exchange {
    pub(super) fn new(stream: DuplexStream, limits: TunnelLimits) -> Self {
        Self {
            silence: limits.silence,
            pipe: Mutex::new(Pipe { stream, hold: limits.hold, last: None, empty: 0, has_ended: false }),
            turns: Arc::new(Semaphore::new(limits.requests.min(Semaphore::MAX_PERMITS))),
            heard: watch::Sender::new(Instant::now()),
            closed: watch::Sender::new(false),
            emptied: Notify::new(),
        }
    }

    pub(super) fn turn(self: &Arc<Self>) -> Result<Turn, Refused> {
        let permit = Arc::clone(&self.turns).try_acquire_owned().map_err(|_| Refused::TooMany)?;
        Ok(Turn { exchange: Arc::clone(self), permit })
    }

    /// One request; one after another, in the order in which they come.
    async fn run(&self, number: u64, bytes: Bytes) -> Result<Bytes, Refused> {
        self.heard.send_replace(Instant::now());
        let mut pipe = self.pipe.lock().await;
        let answer = pipe.answer(number, &bytes).await;
        if pipe.has_ended {
            self.emptied.notify_one();
        }
        if answer == Err(Refused::OutOfOrder) {
            self.close();
        }
        self.heard.send_replace(Instant::now());
        answer
    }

    /// Ends the connection, as if its transport were closed.
    pub(super) fn close(&self) {
        self.closed.send_replace(true);
    }

    /// Is done when the client has closed, or asks for nothing any more.
    pub(super) async fn abandoned(&self) {
        let mut closed = self.closed.subscribe();
        let silent = async {
            loop {
                let Some(until) = self.heard.borrow().checked_add(self.silence) else {
                    return pending().await;
                };
                if until <= Instant::now() {
                    limit("silence");
                    tracing::debug!(after = ?self.silence, "a tunnel ends: nobody asks, the limit `silence`");
                    break;
                }
                sleep_until(until).await;
            }
        };
        tokio::select! {
            _ = closed.wait_for(|closed| *closed) => {}
            () = silent => {}
        }
    }

    /// Tells the server that nothing more will come.
    pub(super) async fn hang_up(&self) {
        // An error says that it knows.
        let _ = self.pipe.lock().await.stream.shutdown().await;
    }

    /// Is done when the client has all that the connection had to say.
    pub(super) async fn emptied(&self) {
        self.emptied.notified().await;
    }
}

impl Turn {
    /// Gives the connection what came, and takes what it has to say.
    ///
    /// It goes on if nobody waits for it any more: a request that was half taken would break the connection, and its
    /// answer may be asked for again.
    pub(super) async fn exchange(self, number: u64, bytes: Bytes) -> Result<Bytes, Refused> {
        let Self { exchange, permit } = self;
        let exchanged = tokio::spawn(async move {
            let answer = exchange.run(number, bytes).await;
            drop(permit);
            answer
        });
        exchanged.await.unwrap_or(Err(Refused::Unknown))
    }
}

impl Pipe {
    async fn answer(&mut self, number: u64, bytes: &[u8]) -> Result<Bytes, Refused> {
        match &self.last {
            // The answer did not get through.
            Some((last, answer)) if *last == number => return Ok(answer.clone()),
            Some((last, _)) if last.checked_add(1) != Some(number) => return Err(Refused::OutOfOrder),
            _ => {}
        }
        if self.has_ended {
            return Err(Refused::Unknown);
        }
        // An error in time says that the connection has ended; its last words can still be read.
        if timeout(STALLED, self.stream.write_all(bytes)).await.is_err() {
            return Err(Refused::OutOfOrder);
        }
        let mut answer = BytesMut::with_capacity(256);
        answer.put_u8(0);
        self.read_into(&mut answer).await;
        if answer.len() == 1 && self.has_ended {
            return Err(Refused::Unknown);
        }
        self.empty = if answer.len() > 1 { 0 } else { self.empty + 1 };
        if let Some(interval) = answer.first_mut() {
            *interval = interval_after(self.empty);
        }
        // It is kept, so it shall not take more than it has.
        let answer = Bytes::copy_from_slice(&answer);
        self.last = Some((number, answer.clone()));
        Ok(answer)
    }

    /// Waits a little for the first bytes, and for no more than are there then.
    async fn read_into(&mut self, answer: &mut BytesMut) {
        let mut wait = self.hold;
        while answer.len() < PIPE {
            answer.reserve(4 << 10);
            match timeout(wait, self.stream.read_buf(answer)).await {
                Ok(Ok(1..)) => wait = Duration::ZERO,
                Ok(Ok(0) | Err(_)) => {
                    self.has_ended = true;
                    return;
                }
                Err(_elapsed) => return,
            }
        }
    }
}

fn interval_after(empty: usize) -> u8 {
    let step = (empty / STEP).min(INTERVALS.len() - 1);
    INTERVALS.get(step).copied().unwrap_or(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_grow_while_there_is_nothing_to_say() {
        let intervals = [0, 9, 10, 19, 20, 49, 50, 1000].map(interval_after);
        assert_eq!(intervals, [0x01, 0x01, 0x03, 0x03, 0x05, 0x11, 0x21, 0x21]);
    }
}
