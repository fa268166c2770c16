//! A write whose outcome may be awaited.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::sync::oneshot;

use super::error::SharedObjectError;
use super::state::WriteError;

/// A write, which is on its way whether this is waited for or not. It comes to its end when the write is done: of a
/// persistent object, when it is on disk.
#[derive(Debug)]
pub struct PendingWrite {
    result_rx: oneshot::Receiver<Result<(), WriteError>>,
}

impl PendingWrite {
    pub(super) fn new(result_rx: oneshot::Receiver<Result<(), WriteError>>) -> Self {
        Self { result_rx }
    }
}

impl Future for PendingWrite {
    type Output = Result<(), SharedObjectError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        Poll::Ready(match ready!(Pin::new(&mut self.result_rx).poll(cx)) {
            Ok(Ok(())) => Ok(()),
            Ok(Err(WriteError::Limit(limit))) => Err(SharedObjectError::Limit(limit)),
            Ok(Err(WriteError::Storage)) | Err(_) => Err(SharedObjectError::Storage),
        })
    }
}
