//! A shared object as the server's own side holds it.

use std::fmt;
use std::sync::Arc;

use amf_core::{DecodeError, EncodeError, FromAmf, ToAmf};
use amf_remoting::service::ToArguments;

use super::error::{SharedObjectError, is_valid_name};
use super::lock::SharedObjectLock;
use super::object::SharedObjectInner;
use super::options::SharedObjectOptions;
use super::pending_write::PendingWrite;
use super::settings::object_settings;
use super::state::encoded::{EncodedMessage, EncodedValue};
use super::state::{Request, SharedObjectState};
use super::value::SlotValue;
use super::watch::SharedObjectWatch;
use crate::instance::Instance;

/// A remote shared object: slots with names and values that all clients of an instance see who use it, and what
/// the server holds of it.
///
/// A handle is cheap; clones are the same object. Who holds one keeps the object, in ActionScript's words it is
/// acquired. One that is not persistent is gone with the last handle and the last client, after it
/// [lingered](super::SharedObjectLimits::linger).
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use amf_remoting::Services;
/// use amf_rtmp::{NetConnection, Server, SharedObjectOptions};
///
/// let server = Server::new(Services::new());
/// let board = server.instance("lobby", "red")?.shared_object("board", SharedObjectOptions::new()).await?;
/// board.set("title", &"Chess")?.await?;
/// # let (client, transport) = tokio::io::duplex(64 << 10);
/// # tokio::spawn(server.serve_stream(transport, None));
/// # let connection = NetConnection::builder("rtmp://test/lobby/red")?.connect_with_stream(client).await?;
///
/// // A client, in ActionScript: SharedObject.getRemote("board", connection.uri, false).connect(connection)
/// let theirs = connection.shared_object("board", SharedObjectOptions::new()).await?;
/// assert_eq!(theirs.get::<String>("title")?.as_deref(), Some("Chess"));
/// theirs.set("white", &"Ann")?;
///
/// let mut changes = board.watch();
/// while board.get::<String>("white")?.is_none() {
///     changes.recv().await;
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct SharedObject {
    object: Arc<SharedObjectInner>,
}

impl SharedObject {
    pub(crate) fn open(
        instance: &Instance,
        name: &str,
        is_persistent: bool,
    ) -> Result<Self, SharedObjectError> {
        if !is_valid_name(name) {
            return Err(SharedObjectError::Name(name.to_owned()));
        }
        let object =
            SharedObjectInner::open(instance, name, is_persistent, &object_settings(instance), None)?;
        object.create_as_server();
        Ok(Self { object })
    }

    /// Waits until the object is loaded; it is at once, if it is not persistent.
    pub(crate) async fn wait_until_loaded(self) -> Result<Self, SharedObjectError> {
        if self.object.read(SharedObjectState::is_loading) {
            self.write(Vec::new()).await?;
        }
        Ok(self)
    }

    /// The object's name.
    pub fn name(&self) -> &str {
        self.object.name()
    }

    /// The instance that the object belongs to.
    pub fn instance(&self) -> &Instance {
        self.object.instance()
    }

    /// Whether it is kept on disk.
    pub fn is_persistent(&self) -> bool {
        self.object.is_persistent()
    }

    /// The object's version: 1 at first, and one more with everything that changes together.
    pub fn version(&self) -> u32 {
        self.object.read(|state| state.slots().version())
    }

    /// The value of a slot; `None` where there is none.
    ///
    /// A value that does not fit the type is an error: clients write what they like.
    pub fn get<T: for<'de> FromAmf<'de>>(&self, key: &str) -> Result<Option<T>, DecodeError> {
        let value = self.object.read(|state| state.get(key));
        value.map(|value| value.read()).transpose()
    }

    /// All slots, as they are at this moment.
    pub fn slots(&self) -> Vec<(Arc<str>, SlotValue)> {
        self.object.read(|state| {
            let slots = state.slots().iter();
            slots.map(|(key, slot)| (Arc::clone(key), SlotValue(Arc::clone(&slot.value)))).collect()
        })
    }

    /// Gives a slot a value. Null removes it.
    ///
    /// It is done at once, unless a change before it is on its way to the disk or somebody holds the
    /// [lock](Self::lock): then it is done after that. Of a persistent object clients hear when it is on disk. Wait for
    /// [`PendingWrite`] to know. Between [`get`](Self::get) and this somebody else may change the slot; under the lock
    /// nobody does.
    pub fn set(&self, key: &str, value: &(impl ToAmf + ?Sized)) -> Result<PendingWrite, EncodeError> {
        let value = Arc::new(EncodedValue::encode(value)?);
        Ok(self.write(vec![Request::Set { key: key.into(), value }]))
    }

    /// Removes a slot.
    pub fn remove(&self, key: &str) -> PendingWrite {
        self.write(vec![Request::Remove { key: key.into() }])
    }

    /// Removes all slots.
    pub fn clear(&self) -> PendingWrite {
        self.write(vec![Request::Clear])
    }

    /// Calls a handler of all clients that use the object.
    pub fn send(&self, handler: &str, arguments: impl ToArguments) -> Result<PendingWrite, EncodeError> {
        Ok(self.write(vec![Request::Send(EncodedMessage::encode(handler, &arguments)?)]))
    }

    /// Takes the object for oneself: everybody else's changes wait, those of clients and of the server's side. What is
    /// changed under the lock is sent as one message, with one version, when it ends.
    ///
    /// One at a time has it. It comes when all is done that was asked for before, so what is read under it is what is
    /// there. It is meant to be held for a moment: clients whose changes wait for long see nothing of them, and those
    /// who ask for too much in that time are disconnected ([`pending_bytes`](super::SharedObjectLimits::pending_bytes)).
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # use amf_remoting::Services;
    /// # use amf_rtmp::{Server, SharedObjectOptions};
    /// # let server = Server::new(Services::new());
    /// let board = server.instance("lobby", "red")?.shared_object("board", SharedObjectOptions::new()).await?;
    /// let lock = board.lock().await?;
    /// let moves: u32 = lock.get("moves")?.unwrap_or_default();
    /// lock.set("moves", &(moves + 1))?;
    /// lock.set("turn", &"black")?;
    /// lock.unlock().await?;
    /// assert_eq!(board.version(), 2);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// An error says that the object could not be read from disk.
    pub async fn lock(&self) -> Result<SharedObjectLock, SharedObjectError> {
        let (ticket, granted) = self.object.request_lock();
        // Whoever stops waiting for it does not want it any more.
        let lock = SharedObjectLock { object: Arc::clone(&self.object), ticket };
        PendingWrite::new(granted).await?;
        Ok(lock)
    }

    /// The changes from now on, whoever makes them.
    pub fn watch(&self) -> SharedObjectWatch {
        SharedObjectWatch(self.object.updates())
    }

    fn write(&self, requests: Vec<Request>) -> PendingWrite {
        PendingWrite::new(self.object.server_requests(requests))
    }
}

impl fmt::Debug for SharedObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedObject")
            .field("name", &self.name())
            .field("version", &self.version())
            .field("is_persistent", &self.is_persistent())
            .finish_non_exhaustive()
    }
}

impl Instance {
    /// Opens the shared object of this name, a new one if nobody uses it.
    ///
    /// A persistent one is read from [`SharedObjects::store`](super::SharedObjects::store). One that is not persistent is
    /// there at once today; the function is asynchronous all the same, so that objects can come from other machines.
    ///
    /// # Errors
    /// - [`SharedObjectError::Name`] if no object can have the name.
    /// - [`SharedObjectError::PersistenceMismatch`] if the object is in use with the other persistence.
    /// - [`SharedObjectError::NoStore`] if it is to be persistent and the server has no store.
    /// - [`SharedObjectError::Storage`] if the object could not be read.
    /// - [`SharedObjectError::Limit`] if the instance has as many objects as it may have.
    pub async fn shared_object(
        &self,
        name: &str,
        options: SharedObjectOptions,
    ) -> Result<SharedObject, SharedObjectError> {
        SharedObject::open(self, name, options.is_persistent())?.wait_until_loaded().await
    }
}
