//! The bytes of a body, as they arrive.

use std::error::Error;
use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes, BytesMut};
use futures_util::task::AtomicWaker;
use http_body::{Body, Frame};
use tokio::time::Instant;

use super::GatewayLimits;
use super::pace::{Pace, PaceLimits, TooSlow};
use crate::memory::{
    MIN_CHARGED_BYTES, MIN_SHED_BYTES, MemoryBudget, MemoryBudgetExceededError, MemoryCharge, MemoryHolder,
};

/// Why a body is not collected to its end.
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
    let mut collected = CollectedBody::new(memory, limits.body_bytes);
    let mut pace = body_pace(limits);
    loop {
        let Some(frame) = poll_fn(|cx| poll_frame(body.as_mut(), &mut pace, &collected, cx)).await? else {
            return Ok(collected.finish());
        };
        let Ok(mut data) = frame.into_data() else { continue };
        let len = data.remaining();
        pace.record(len);
        if collected.max.saturating_sub(collected.len()) < len {
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

/// What of a body has arrived.
struct CollectedBody<'a> {
    memory: &'a MemoryBudget,
    max: usize,
    /// The only part: most bodies have no other, and it is not copied.
    first: Bytes,
    /// All parts, if there are several. A list of them would take many times what arrives, if each is of one byte.
    joined: BytesMut,
    charge: Option<MemoryCharge>,
    holder: Option<Arc<UploadHolder>>,
}

impl<'a> CollectedBody<'a> {
    fn new(memory: &'a MemoryBudget, max: usize) -> Self {
        Self { memory, max, first: Bytes::new(), joined: BytesMut::new(), charge: None, holder: None }
    }

    fn len(&self) -> usize {
        self.first.len() + self.joined.len()
    }

    fn push(&mut self, part: Bytes) -> Result<(), MemoryBudgetExceededError> {
        let len = self.len() + part.len();
        if self.len() == 0 {
            self.charge(len)?;
            self.first = part;
            return Ok(());
        }
        if len > self.joined.capacity() {
            let capacity = len.saturating_mul(2).min(self.max);
            self.charge(capacity)?;
            self.joined.reserve(capacity - self.joined.len());
        }
        let first = std::mem::take(&mut self.first);
        self.joined.extend_from_slice(&first);
        self.joined.extend_from_slice(&part);
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
        let body = if self.joined.is_empty() { self.first } else { self.joined.freeze() };
        match self.charge {
            Some(charge) => charge.into_bytes(body),
            None => body,
        }
    }
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
