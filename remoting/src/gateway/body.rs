//! The body of a response, whose kind is nobody else's business.

use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

use crate::memory::{MIN_CHARGED_BYTES, MIN_SHED_BYTES, MemoryBudget, MemoryCharge, MemoryHolder};

/// Size of the parts of a body that can be taken back. Each is a copy, so that parts that the server holds do not keep
/// the others.
const PART_BYTES: usize = 64 << 10;

/// What a [`Gateway`](super::Gateway) answers with.
///
/// A body of 64 KiB and more is handed to the server in parts. If the memory budget is exceeded before the client has
/// taken all of them, the rest is dropped, and the body ends with an error, at which a server closes the connection.
#[derive(Debug)]
pub struct GatewayBody {
    kind: BodyKind,
}

#[derive(Debug)]
enum BodyKind {
    Whole(Full<Bytes>),
    InParts(Arc<ReplyHolder>),
}

/// Error of a [`GatewayBody`] whose memory was needed for others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReplyDroppedError;

impl GatewayBody {
    /// A reply packet, charged as long as a part of it is held.
    pub(super) fn charged(packet: Bytes, memory: &MemoryBudget) -> Self {
        if packet.len() < MIN_CHARGED_BYTES {
            return Self::from(packet);
        }
        let charge = memory.charge(packet.len());
        if packet.len() < MIN_SHED_BYTES {
            return Self::from(charge.into_bytes(packet));
        }
        let holder = Arc::new(ReplyHolder { held: Mutex::new(Some(HeldReply { left: packet, charge })) });
        let weak = Arc::downgrade(&holder);
        memory.register(weak);
        Self { kind: BodyKind::InParts(holder) }
    }
}

impl From<Bytes> for GatewayBody {
    fn from(whole: Bytes) -> Self {
        Self { kind: BodyKind::Whole(Full::new(whole)) }
    }
}

impl Body for GatewayBody {
    type Data = Bytes;
    type Error = ReplyDroppedError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, ReplyDroppedError>>> {
        match &mut self.kind {
            BodyKind::Whole(whole) => Pin::new(whole).poll_frame(cx).map_err(|never| match never {}),
            BodyKind::InParts(holder) => Poll::Ready(holder.next_part().transpose()),
        }
    }

    fn is_end_stream(&self) -> bool {
        match &self.kind {
            BodyKind::Whole(whole) => whole.is_end_stream(),
            BodyKind::InParts(holder) => holder.lock().as_ref().is_some_and(|held| held.left.is_empty()),
        }
    }

    fn size_hint(&self) -> SizeHint {
        match &self.kind {
            BodyKind::Whole(whole) => whole.size_hint(),
            BodyKind::InParts(holder) => {
                let left = holder.lock().as_ref().map_or(0, |held| held.left.len());
                SizeHint::with_exact(left as u64)
            }
        }
    }
}

/// A reply that the client has not taken, as the budget sees it.
#[derive(Debug)]
struct ReplyHolder {
    /// `None` when the budget has taken it back.
    held: Mutex<Option<HeldReply>>,
}

#[derive(Debug)]
struct HeldReply {
    left: Bytes,
    charge: MemoryCharge,
}

impl ReplyHolder {
    fn lock(&self) -> MutexGuard<'_, Option<HeldReply>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next_part(&self) -> Result<Option<Frame<Bytes>>, ReplyDroppedError> {
        let mut held = self.lock();
        let HeldReply { left, charge } = held.as_mut().ok_or(ReplyDroppedError)?;
        let len = left.len().min(PART_BYTES);
        let Some(part @ [_, ..]) = left.get(..len) else { return Ok(None) };
        let part = Bytes::copy_from_slice(part);
        left.advance(len);
        if left.is_empty() {
            *left = Bytes::new();
            charge.set(0);
        }
        Ok(Some(Frame::data(part)))
    }
}

impl MemoryHolder for ReplyHolder {
    fn held_bytes(&self) -> usize {
        self.lock().as_ref().map_or(0, |held| held.charge.bytes())
    }

    fn shed(&self) {
        let held = self.lock().take();
        drop(held);
    }
}

impl fmt::Display for ReplyDroppedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the reply was dropped: the limit `{}` is exceeded", MemoryBudget::NAME)
    }
}

impl std::error::Error for ReplyDroppedError {}
