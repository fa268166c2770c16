//! The body of a response, whose kind is nobody else's business.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};
use http_body_util::Full;

/// What a [`Gateway`](super::Gateway) answers with.
#[derive(Debug)]
pub struct GatewayBody {
    whole: Full<Bytes>,
}

impl From<Bytes> for GatewayBody {
    fn from(whole: Bytes) -> Self {
        Self { whole: Full::new(whole) }
    }
}

impl Body for GatewayBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.whole).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.whole.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.whole.size_hint()
    }
}
