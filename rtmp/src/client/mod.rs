//! A client: connects to a server, calls it, and is called.

mod address;
mod backoff;
mod builder;
mod connector;
mod current;
mod error;
mod event;
mod handler;
mod reconnecting;
mod shared_object;

use std::fmt;
use std::sync::Arc;

use amf_core::FromAmf;
use amf_remoting::service::{Connection as _, ToArguments};
use amf_remoting::{CallError, Client};

use crate::proto::Accepted;
use crate::shared_object::SharedObjectOptions;

pub use backoff::Backoff;
pub use builder::NetConnectionBuilder;
use connector::Established;
use current::ConnectionState;
pub use error::ConnectError;
pub use event::ConnectionEvent;
use reconnecting::{ReconnectPolicy, ReconnectingConnection};
pub use shared_object::{JoinError, RemoteSharedObject, SharedObjectBatch, SyncEvents};

/// A connection to a server, named as ActionScript names it.
///
/// ```no_run
/// use amf_rtmp::NetConnection;
///
/// # async fn run() -> Result<(), Box<dyn std::error::Error>> {
/// let connection = NetConnection::builder("rtmp://127.0.0.1/lobby")?.connect().await?;
/// let words: String = connection.call("echo.echo", ("hello",)).await?;
/// assert_eq!(words, "hello");
/// # Ok(())
/// # }
/// ```
///
/// Clones are the same connection; it is closed by [`close`](Self::close), or when the last one is dropped. With
/// [`NetConnectionBuilder::reconnect`] it is made again when it was lost.
#[derive(Clone)]
pub struct NetConnection {
    client: Client,
    close_on_drop: Arc<CloseOnDrop>,
}

/// Closes the connection when nobody holds it any more.
struct CloseOnDrop {
    connection: Arc<ReconnectingConnection>,
    accepted: Arc<Accepted>,
}

impl Drop for CloseOnDrop {
    fn drop(&mut self) {
        self.connection.close();
    }
}

impl NetConnection {
    /// Prepares a connection to `rtmp://host[:port]/application[/instance]`, in AMF3. With the feature `tls`
    /// `rtmps://` goes through TLS. Ports are 1935 and 443 unless they are given.
    pub fn builder(url: &str) -> Result<NetConnectionBuilder, ConnectError> {
        NetConnectionBuilder::new(url)
    }

    fn new(
        connection: Arc<ReconnectingConnection>,
        established: Established,
        reconnect_policy: Option<ReconnectPolicy>,
    ) -> Self {
        connection.set_established(&established);
        let client = Client::new(connection.id(), Arc::clone(connection.current()) as _);
        let accepted = Arc::clone(&established.accepted);
        tokio::spawn(Arc::clone(&connection).run(established, reconnect_policy));
        Self { client, close_on_drop: Arc::new(CloseOnDrop { connection, accepted }) }
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
    /// use amf_rtmp::{SharedObjectOptions, SyncChange, SyncEvent};
    ///
    /// let board = connection.shared_object("board", SharedObjectOptions::new()).await?;
    /// let mut events = board.events();
    /// board.set("white", &"Ann")?;
    /// while let Some(event) = events.recv().await {
    ///     let SyncEvent::Sync(changes) = event else { continue };
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
        options: SharedObjectOptions,
    ) -> Result<RemoteSharedObject, JoinError> {
        RemoteSharedObject::join(self.close_on_drop.connection.objects(), name, options.is_persistent()).await
    }

    /// The server, as something that `#[remote_client]` traits can be called on.
    pub fn remote(&self) -> &Client {
        &self.client
    }

    /// What the server said when it last accepted us.
    pub fn accepted(&self) -> Arc<Accepted> {
        self.close_on_drop
            .connection
            .current()
            .accepted()
            .unwrap_or_else(|| Arc::clone(&self.close_on_drop.accepted))
    }

    /// Whether the connection is there.
    pub fn is_open(&self) -> bool {
        self.close_on_drop.connection.current().is_open()
    }

    /// Ends the connection, for ever.
    pub fn close(&self) {
        self.close_on_drop.connection.close();
    }

    /// Waits until the connection is there: at once if it is. False if it has ended for ever.
    pub async fn opened(&self) -> bool {
        let mut state = self.close_on_drop.connection.current().state();
        // An error says that whoever keeps it is gone.
        state
            .wait_for(|state| *state != ConnectionState::Lost)
            .await
            .is_ok_and(|state| *state == ConnectionState::Open)
    }

    /// Waits until the connection is not there: at once if it is not.
    pub async fn lost(&self) {
        let _ = self
            .close_on_drop
            .connection
            .current()
            .state()
            .wait_for(|state| *state != ConnectionState::Open)
            .await;
    }

    /// Waits until the connection has ended for ever, whoever ended it.
    pub async fn closed(&self) {
        let _ = self
            .close_on_drop
            .connection
            .current()
            .state()
            .wait_for(|state| *state == ConnectionState::Closed)
            .await;
    }
}

impl fmt::Debug for NetConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NetConnection").field("is_open", &self.is_open()).finish_non_exhaustive()
    }
}
