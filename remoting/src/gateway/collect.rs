//! The bytes of a body, as they arrive.

use std::error::Error;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use futures_util::task::AtomicWaker;
use http_body::{Body, Frame};
use tokio::time::Instant;

use super::GatewayLimits;
use super::pace::{Pace, PaceLimits, TooSlow};
use crate::memory::{
    MIN_CHARGED_BYTES, MIN_SHED_BYTES, MemoryBudget, MemoryBudgetExceededError, MemoryCharge, MemoryHolder,
};

/// Reason for which a body is not collected to its end.
pub(super) enum CollectError<E> {
    TooLarge,
    TooSlow(TooSlow),
    Overloaded(MemoryBudgetExceededError),
    Body(E),
}

/// Collects a body within the limits. What arrives is charged to the budget, as long as a part of it is held.
pub(super) async fn collect<B>(
    mut body: Pin<&mut B>,
    limits: &GatewayLimits,
    memory: &MemoryBudget,
) -> Result<Bytes, CollectError<B::Error>>
where
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
{
    let mut collected = CollectedBody::new(memory);
    let mut pace = body_pace(limits);
    loop {
        let Some(frame) = poll_fn(|cx| poll_frame(body.as_mut(), &mut pace, &collected, cx)).await? else {
            return Ok(collected.finish());
        };
        let Ok(mut data) = frame.into_data() else { continue };
        let len = data.remaining();
        pace.record(len);
        if limits.body_bytes.saturating_sub(collected.len) < len {
            return Err(CollectError::TooLarge);
        }
        collected.push(data.copy_to_bytes(len)).map_err(CollectError::Overloaded)?;
    }
}

type FrameResult<B> = Result<Option<Frame<<B as Body>::Data>>, CollectError<<B as Body>::Error>>;

fn poll_frame<B: Body>(
    body: Pin<&mut B>,
    pace: &mut Pace,
    collected: &CollectedBody<'_>,
    cx: &mut Context<'_>,
) -> Poll<FrameResult<B>> {
    if let Poll::Ready(frame) = body.poll_frame(cx) {
        return Poll::Ready(frame.transpose().map_err(CollectError::Body));
    }
    if collected.poll_shed(cx).is_ready() {
        let max = collected.memory.max_bytes();
        return Poll::Ready(Err(CollectError::Overloaded(MemoryBudgetExceededError { max })));
    }
    pace.poll_waiting(cx).map(|reason| Err(CollectError::TooSlow(reason)))
}

fn body_pace(limits: &GatewayLimits) -> Pace {
    // Bytes that came fast buy no time for a stall, so there is no need for another limit on it.
    let pace = PaceLimits { stall: limits.body_grace, grace: limits.body_grace, rate: limits.body_rate };
    Pace::new(pace).with_deadline(Instant::now().checked_add(limits.body_timeout)).looking_twice()
}

/// Size of a block. Blocks of one size leave no gaps in the heap, as a buffer does that doubles where it grows.
const BLOCK_BYTES: usize = 16 << 10;
/// Size of the first block.
const MIN_BLOCK_BYTES: usize = 1 << 10;

/// Part of a body that has arrived.
struct CollectedBody<'a> {
    memory: &'a MemoryBudget,
    /// The only part: most bodies have no other, and it is not copied.
    first: Bytes,
    /// All parts, if there are several. They are copied, because each may be of one byte and keep the buffer that it was
    /// read into.
    blocks: Vec<Vec<u8>>,
    len: usize,
    allocated: usize,
    charge: Option<MemoryCharge>,
    holder: Option<Arc<UploadHolder>>,
}

impl<'a> CollectedBody<'a> {
    fn new(memory: &'a MemoryBudget) -> Self {
        let first = Bytes::new();
        Self { memory, first, blocks: Vec::new(), len: 0, allocated: 0, charge: None, holder: None }
    }

    fn push(&mut self, part: Bytes) -> Result<(), MemoryBudgetExceededError> {
        if self.len == 0 {
            self.len = part.len();
            self.first = part;
            return self.charge(self.len);
        }
        let first = std::mem::take(&mut self.first);
        if !first.is_empty() {
            self.len = 0;
            self.append(&first)?;
        }
        self.append(&part)
    }

    fn append(&mut self, mut bytes: &[u8]) -> Result<(), MemoryBudgetExceededError> {
        while !bytes.is_empty() {
            let room = self.blocks.last().map_or(0, |block| block.capacity() - block.len());
            if room == 0 {
                let capacity = self.len.clamp(MIN_BLOCK_BYTES, BLOCK_BYTES);
                self.charge(self.allocated + capacity)?;
                self.allocated += capacity;
                self.blocks.push(Vec::with_capacity(capacity));
                continue;
            }
            let (fitting, rest) = bytes.split_at_checked(room).unwrap_or((bytes, &[]));
            if let Some(block) = self.blocks.last_mut() {
                block.extend_from_slice(fitting);
            }
            self.len += fitting.len();
            bytes = rest;
        }
        Ok(())
    }

    fn charge(&mut self, bytes: usize) -> Result<(), MemoryBudgetExceededError> {
        if bytes < MIN_CHARGED_BYTES {
            return Ok(());
        }
        match &mut self.charge {
            None => self.charge = Some(self.memory.try_charge(bytes)?),
            Some(charge) if charge.bytes() < bytes => charge.try_set(bytes)?,
            Some(_) => return Ok(()),
        }
        if bytes >= MIN_SHED_BYTES {
            self.hold(bytes);
        }
        Ok(())
    }

    #[cold]
    fn hold(&mut self, bytes: usize) {
        let holder = self.holder.get_or_insert_with(|| {
            let holder = Arc::<UploadHolder>::default();
            let weak = Arc::downgrade(&holder);
            self.memory.register(weak);
            holder
        });
        holder.bytes.store(bytes, Ordering::Relaxed);
    }

    /// Ready once the budget has taken the memory back.
    fn poll_shed(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.holder.as_ref().map_or(Poll::Pending, |holder| holder.poll(cx))
    }

    fn finish(self) -> Bytes {
        let body = if self.blocks.is_empty() { self.first } else { join(self.blocks, self.len) };
        match self.charge {
            Some(mut charge) => {
                charge.set(body.len());
                charge.into_bytes(body)
            }
            None => body,
        }
    }
}

/// Frees each block when it is copied.
fn join(blocks: Vec<Vec<u8>>, len: usize) -> Bytes {
    let mut joined = Vec::with_capacity(len);
    for block in blocks {
        joined.extend_from_slice(&block);
    }
    joined.into()
}

/// A body in assembly, as the budget sees it.
#[derive(Default)]
struct UploadHolder {
    bytes: AtomicUsize,
    is_shed: AtomicBool,
    waker: AtomicWaker,
}

impl UploadHolder {
    fn poll(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.waker.register(cx.waker());
        if self.is_shed.load(Ordering::Acquire) { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl MemoryHolder for UploadHolder {
    fn held_bytes(&self) -> usize {
        self.bytes.load(Ordering::Relaxed)
    }

    fn shed(&self) {
        self.is_shed.store(true, Ordering::Release);
        self.waker.wake();
    }
}
