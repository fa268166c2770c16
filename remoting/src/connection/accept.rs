//! The loop that accepts connections.

use std::future::poll_fn;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::__log_limit::{error_limited, warn_limited};

/// Pause after an error of accepting: out of file descriptors, most likely, so trying again at once would keep a
/// processor busy with failing.
const ACCEPT_ERROR_PAUSE: Duration = Duration::from_millis(50);

/// A source of connections.
pub trait Accept: Send {
    /// A connection, usually with the address of the peer.
    type Connection: Send;

    /// Waits for the next connection. Dropping the future loses no connection.
    ///
    /// # Errors
    /// If no connection could be accepted now; later ones may be.
    fn accept(&mut self) -> impl Future<Output = io::Result<Self::Connection>> + Send;
}

impl Accept for TcpListener {
    type Connection = (TcpStream, SocketAddr);

    async fn accept(&mut self) -> io::Result<Self::Connection> {
        Self::accept(self).await
    }
}

/// Accepts connections until `stop` completes, and runs a task for each; then drops the listener and returns the tasks
/// that still run.
///
/// `serve` returns the future that serves a connection, or `None` to refuse the connection, which is closed by dropping
/// it. A panic in such a future ends its own connection. An error of the listener is logged, and accepting goes on
/// after 50 ms.
///
/// Dropping the set of tasks, or the future of this function, closes their connections.
///
/// ```no_run
/// use amf_remoting::connection::accept_until;
///
/// # async fn run() -> std::io::Result<()> {
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let stop = std::future::pending();
/// let connections = accept_until(
///     listener,
///     |(socket, peer)| Some(async move { println!("{peer} connected by {socket:?}") }),
///     stop,
/// )
/// .await;
/// connections.join_all().await;
/// # Ok(())
/// # }
/// ```
pub async fn accept_until<A, F>(
    mut listener: A,
    mut serve: impl FnMut(A::Connection) -> Option<F>,
    stop: impl Future<Output = ()>,
) -> JoinSet<()>
where
    A: Accept,
    F: Future<Output = ()> + Send + 'static,
{
    let mut connections = JoinSet::new();
    let mut stop = pin!(stop);
    loop {
        let accepted = {
            let mut accepted = pin!(listener.accept());
            poll_fn(|cx| {
                while let Poll::Ready(Some(ended)) = connections.poll_join_next(cx) {
                    log_panic(ended);
                }
                match stop.as_mut().poll(cx) {
                    Poll::Ready(()) => Poll::Ready(None),
                    Poll::Pending => accepted.as_mut().poll(cx).map(Some),
                }
            })
            .await
        };
        match accepted {
            None => return connections,
            Some(Ok(connection)) => {
                if let Some(served) = serve(connection) {
                    connections.spawn(served);
                }
            }
            Some(Err(error)) => {
                warn_limited!(%error, "a connection could not be accepted");
                sleep(ACCEPT_ERROR_PAUSE).await;
            }
        }
    }
}

fn log_panic(ended: Result<(), tokio::task::JoinError>) {
    if let Err(error) = ended {
        error_limited!(%error, "a connection failed");
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;

    use super::*;

    /// Fails once, then accepts 2, 3 and 4.
    struct Numbers(u32);

    impl Accept for Numbers {
        type Connection = u32;

        async fn accept(&mut self) -> io::Result<u32> {
            self.0 += 1;
            match self.0 {
                1 => Err(io::ErrorKind::OutOfMemory.into()),
                number @ 2..=4 => Ok(number),
                _ => std::future::pending().await,
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn goes_on_after_errors_and_panics() {
        let (stop_tx, stop_rx) = oneshot::channel();
        let mut stop_tx = Some(stop_tx);
        let mut served = Vec::new();
        let serve = |number| {
            served.push(number);
            if number == 4 {
                stop_tx.take().unwrap().send(()).unwrap();
            }
            (number != 3).then_some(async move { assert_ne!(number, 2, "as asked") })
        };
        drop(accept_until(Numbers(0), serve, async { stop_rx.await.unwrap() }).await);
        assert_eq!(served, [2, 3, 4]);
    }
}
