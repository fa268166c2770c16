//! Clients that are told things together.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use amf_core::EncodeError;

use super::{CallError, Client, ClientId, Connection, Encoding, Notification, ToArguments};

/// A set of clients. What it is told is encoded once for each encoding in use and goes to every one of them.
///
/// It is cheap to clone; clones are the same group. It keeps no client alive: those that are gone drop out.
///
/// ```
/// use amf_remoting::Group;
///
/// let lobby = Group::new();
/// lobby.notify("playerJoined", ("Ann", 7)).unwrap(); // nobody is there, so nobody is told
/// assert_eq!(lobby.local_len(), 0);
/// ```
#[derive(Clone, Default)]
pub struct Group {
    members: Arc<Mutex<Members>>,
}

/// Ordered, so that clients are told in the order in which they came.
type Members = BTreeMap<ClientId, Weak<dyn Connection>>;

impl Group {
    /// A group without members.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a client; one that is a member already is not told twice.
    pub fn add(&self, client: &Client) {
        self.lock().insert(client.id(), Arc::downgrade(client.connection()));
    }

    /// Takes a client out; says whether it was a member.
    pub fn remove(&self, client: &Client) -> bool {
        self.lock().remove(&client.id()).is_some()
    }

    /// Whether a client is a member and still there.
    pub fn contains(&self, client: &Client) -> bool {
        self.lock().get(&client.id()).is_some_and(|connection| upgrade_open(connection).is_some())
    }

    /// Returns the number of members that are connected to this process and still there.
    pub fn local_len(&self) -> usize {
        let mut members = self.lock();
        members.retain(|_, connection| upgrade_open(connection).is_some());
        members.len()
    }

    /// Calls a method of every member, without waiting for any.
    ///
    /// A member that cannot take it does not keep the others from being told.
    ///
    /// # Errors
    /// [`CallError::Encode`] if the arguments cannot be encoded, or are larger than the limit of one of the members.
    pub fn notify(&self, method: &str, arguments: impl ToArguments) -> Result<(), CallError> {
        let mut cache = NotificationCache { method, arguments, notifications: Vec::new() };
        let mut outcome = Ok(());
        for (id, connection) in self.connections() {
            let notification = match cache.for_connection(&*connection) {
                Ok(notification) => notification,
                Err(error) => {
                    outcome = Err(error.into());
                    continue;
                }
            };
            match connection.broadcast(&notification) {
                Ok(()) => {}
                Err(CallError::Gone) => self.remove_closed(id, &connection),
                Err(error) => {
                    tracing::debug!(method, client = %id, %error, "a member of a group was not told");
                }
            }
        }
        outcome
    }

    /// Those who are there now; the lock is not held while they are told.
    fn connections(&self) -> Vec<(ClientId, Arc<dyn Connection>)> {
        let mut members = self.lock();
        let mut connections = Vec::with_capacity(members.len());
        members.retain(|id, connection| match upgrade_open(connection) {
            Some(connection) => {
                connections.push((*id, connection));
                true
            }
            None => false,
        });
        connections
    }

    /// Unless the same client was added again by another way meanwhile.
    fn remove_closed(&self, id: ClientId, gone: &Arc<dyn Connection>) {
        let mut members = self.lock();
        if members.get(&id).is_some_and(|connection| connection.ptr_eq(&Arc::downgrade(gone))) {
            members.remove(&id);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.lock().keys()).finish()
    }
}

fn upgrade_open(connection: &Weak<dyn Connection>) -> Option<Arc<dyn Connection>> {
    connection.upgrade().filter(|connection| connection.is_open())
}

/// The same call in every encoding that was asked for so far, and with every limit.
struct NotificationCache<'a, A> {
    method: &'a str,
    arguments: A,
    notifications: Vec<((Encoding, usize), Result<Notification, EncodeError>)>,
}

impl<A: ToArguments> NotificationCache<'_, A> {
    fn for_connection(&mut self, connection: &dyn Connection) -> Result<Notification, EncodeError> {
        let (encoding, max_bytes) = (connection.encoding(), connection.max_message_bytes());
        let key = (encoding, max_bytes);
        if let Some((_, known)) = self.notifications.iter().find(|(of, _)| *of == key) {
            return known.clone();
        }
        let encoded = Notification::encode_within(self.method, &self.arguments, encoding, max_bytes);
        self.notifications.push((key, encoded.clone()));
        encoded
    }
}
