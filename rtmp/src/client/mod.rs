//! A client: connects to a server, calls it, and is called.

mod address;
mod backoff;
mod connecting;
mod error;
mod link;
pub(crate) mod remote;
mod session;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use amf_core::FromAmf;
use amf_remoting::service::{Connection as _, ToArguments};
use amf_remoting::{CallError, Client};

use crate::proto::Accepted;

pub use backoff::Backoff;
pub use connecting::Connecting;
pub use error::ConnectError;
use link::{Established, Link, Retry, State};
pub use remote::{JoinError, RemoteChanges, RemoteEvent, RemoteEvents, RemoteSharedObject, SyncChange};

/// A connection to a server, named as ActionScript names it.
///
/// ```no_run
/// use amf_rtmp::NetConnection;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let connection = NetConnection::to("rtmp://127.0.0.1/lobby")?.connect().await?;
/// let words: String = connection.call("echo.echo", ("hello",)).await?;
/// assert_eq!(words, "hello");
/// # Ok(())
/// # }
/// ```
///
/// Clones are the same connection; it is closed by [`close`](Self::close), or when the last one is dropped. With
/// [`Connecting::reconnect`] it is made again when it was lost.
#[derive(Clone)]
pub struct NetConnection {
    client: Client,
    owner: Arc<Owner>,
}

/// Closes the connection when nobody holds it any more.
struct Owner {
    link: Arc<Link>,
    accepted: Arc<Accepted>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.link.close();
    }
}

/// What becomes of a connection.
#[derive(Debug)]
#[non_exhaustive]
pub enum ConnectionEvent {
    /// There is one: the first, or another.
    Connected,
    /// There is none any more, whoever ended it.
    Lost,
    /// It will be tried to make another, after this time.
    Waiting {
        /// Which try it is, from 1.
        attempt: u32,
        /// What is waited before it.
        delay: Duration,
    },
    /// A try failed. If the server refused us, it was the last.
    Failed(ConnectError),
    /// There will be no other.
    Ended,
}

impl NetConnection {
    /// Prepares a connection to `rtmp://host[:port]/application[/instance]`, in AMF3. With the feature `tls`
    /// `rtmps://` goes through TLS. Ports are 1935 and 443 unless they are given.
    pub fn to(url: &str) -> Result<Connecting, ConnectError> {
        Connecting::to(url)
    }

    fn new(link: Arc<Link>, established: Established, retry: Option<Retry>) -> Self {
        link.begin(&established);
        let owner = Owner { link: Arc::clone(&link), accepted: Arc::clone(&established.accepted) };
        tokio::spawn(Arc::clone(&link).keep(established, retry));
        Self { client: Client::new(link.id(), link), owner: Arc::new(owner) }
    }

    /// Calls a method of the server and waits for its answer.
    pub async fn call<R>(&self, method: &str, arguments: impl ToArguments) -> Result<R, CallError>
    where
        R: for<'de> FromAmf<'de> + Send + 'static,
    {
        self.client.invoke(method, arguments).await
    }

    /// Calls a method of the server without wanting an answer.
    pub fn notify(&self, method: &str, arguments: impl ToArguments) -> Result<(), CallError> {
        self.client.notify(method, arguments)
    }

    /// Uses a shared object of the instance that this is connected to, and waits until the server lets it. It is
    /// made if nobody has it.
    ///
    /// ```no_run
    /// # async fn run(connection: amf_rtmp::NetConnection) -> Result<(), Box<dyn std::error::Error>> {
    /// use amf_rtmp::{RemoteEvent, SyncChange};
    ///
    /// let board = connection.shared_object("board", false).await?;
    /// let mut events = board.events();
    /// board.set("white", &"Ann")?;
    /// while let Some(event) = events.next().await {
    ///     let RemoteEvent::Sync(changes) = event else { continue };
    ///     for change in &*changes {
    ///         match change {
    ///             SyncChange::Success { key } => println!("{key} is ours"),
    ///             SyncChange::Change { key, .. } => println!("{key}: {:?}", board.get::<String>(key)?),
    ///             other => println!("{other:?}"),
    ///         }
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shared_object(
        &self,
        name: &str,
        is_persistent: bool,
    ) -> Result<RemoteSharedObject, JoinError> {
        RemoteSharedObject::join(&self.owner.link, name, is_persistent).await
    }

    /// The server, as something that `#[remote_client]` traits can be called on.
    pub fn remote(&self) -> &Client {
        &self.client
    }

    /// What the server said when it last accepted us.
    pub fn accepted(&self) -> Arc<Accepted> {
        self.owner.link.accepted().unwrap_or_else(|| Arc::clone(&self.owner.accepted))
    }

    /// Whether the connection is there.
    pub fn is_open(&self) -> bool {
        self.owner.link.is_open()
    }

    /// Ends the connection, for ever.
    pub fn close(&self) {
        self.owner.link.close();
    }

    /// Waits until the connection is there: at once if it is. False if it has ended for ever.
    pub async fn opened(&self) -> bool {
        let mut state = self.owner.link.state();
        // An error says that whoever keeps it is gone.
        state.wait_for(|state| *state != State::Lost).await.is_ok_and(|state| *state == State::Open)
    }

    /// Waits until the connection is not there: at once if it is not.
    pub async fn lost(&self) {
        let _ = self.owner.link.state().wait_for(|state| *state != State::Open).await;
    }

    /// Waits until the connection has ended for ever, whoever ended it.
    pub async fn closed(&self) {
        let _ = self.owner.link.state().wait_for(|state| *state == State::Ended).await;
    }
}

impl fmt::Debug for NetConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetConnection").field("is_open", &self.is_open()).finish_non_exhaustive()
    }
}

impl fmt::Display for ConnectionEvent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Connected => f.write_str("connected"),
            Self::Lost => f.write_str("the connection is lost"),
            Self::Waiting { attempt, delay } => write!(f, "try {attempt} to connect again in {delay:?}"),
            Self::Failed(error) => error.fmt(f),
            Self::Ended => f.write_str("the connection has ended"),
        }
    }
}
