//! Tower layers around calls.

use std::fmt;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::sync::Mutex;
use tower::BoxError;

use super::dispatch::dispatch;
use super::fault::{Fault, code};
use super::{BoxFuture, Call, Reply};

/// A [`tower::Service`] from calls to replies: what a layer wraps.
#[derive(Clone)]
pub struct CallService {
    outermost: Option<Arc<dyn ErasedCallService>>,
}

impl CallService {
    /// Dispatches every call, with no layer.
    pub(super) fn without_layers() -> Self {
        Self { outermost: None }
    }

    /// Puts a layer around what is there.
    pub(super) fn with_layer<L>(self, layer: &L) -> Self
    where
        L: tower::Layer<Self>,
        L::Service:
            tower::Service<Call, Response = Reply, Error: Into<BoxError>, Future: Send> + Send + 'static,
    {
        let layered = LayeredService { service: Arc::new(Mutex::new(layer.layer(self))) };
        Self { outermost: Some(Arc::new(layered)) }
    }

    pub(super) fn is_layered(&self) -> bool {
        self.outermost.is_some()
    }

    pub(super) fn run(&self, call: Call) -> BoxFuture<'static, Result<Reply, Fault>> {
        match &self.outermost {
            Some(layer) => layer.run(call),
            None => dispatch(call),
        }
    }
}

impl tower::Service<Call> for CallService {
    type Response = Reply;
    type Error = Fault;
    type Future = BoxFuture<'static, Result<Reply, Fault>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Fault>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, call: Call) -> Self::Future {
        self.run(call)
    }
}

impl fmt::Debug for CallService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CallService").field("is_layered", &self.is_layered()).finish()
    }
}

/// A layered service whose type is forgotten.
trait ErasedCallService: Send + Sync {
    fn run(&self, call: Call) -> BoxFuture<'static, Result<Reply, Fault>>;
}

/// One service for all callers, so that a layer need not be `Clone` and its limits hold for all of them together.
///
/// The lock is held until the service is ready and has taken the call, not while the call runs.
struct LayeredService<S> {
    service: Arc<Mutex<S>>,
}

impl<S> ErasedCallService for LayeredService<S>
where
    S: tower::Service<Call, Response = Reply, Error: Into<BoxError>, Future: Send> + Send + 'static,
{
    fn run(&self, call: Call) -> BoxFuture<'static, Result<Reply, Fault>> {
        let service = Arc::clone(&self.service);
        Box::pin(async move {
            let reply = {
                let mut service = service.lock().await;
                poll_fn(|cx| service.poll_ready(cx)).await.map_err(into_fault)?;
                service.call(call)
            };
            reply.await.map_err(into_fault)
        })
    }
}

/// A fault stays what it is; what a layer itself gives up with becomes one.
fn into_fault(error: impl Into<BoxError>) -> Fault {
    match error.into().downcast::<Fault>() {
        Ok(fault) => *fault,
        Err(error) if error.is::<tower::timeout::error::Elapsed>() => {
            Fault::new(code::TIMEOUT, "the method did not answer in time")
        }
        Err(error) if error.is::<tower::load_shed::error::Overloaded>() => {
            Fault::new(code::OVERLOADED, "the server has too much to do, try again later")
        }
        Err(error) => Fault::internal(format_args!("a layer failed: {error}")),
    }
}
