//! A shared object that the server's own side has for itself.

use std::fmt;
use std::sync::Arc;

use amf_core::{DecodeError, EncodeError, FromAmf, ToAmf};
use amf_remoting::service::ToArguments;

use super::object::SharedObjectInner;
use super::pending_write::PendingWrite;
use super::state::encoded::{EncodedMessage, EncodedValue};
use super::state::{Request, Ticket};

/// A [`SharedObject`](super::SharedObject) that one has for oneself: see [`lock`](super::SharedObject::lock). It ends
/// with [`unlock`](Self::unlock), or when it is dropped.
#[must_use = "the lock ends when it is dropped"]
pub struct SharedObjectLock {
    pub(super) object: Arc<SharedObjectInner>,
    pub(super) ticket: Ticket,
}

impl SharedObjectLock {
    /// The value of a slot as it will be when the lock ends; `None` where there will be none.
    pub fn get<T: for<'de> FromAmf<'de>>(&self, key: &str) -> Result<Option<T>, DecodeError> {
        let value = self.object.read(|state| state.get_locked(key));
        value.map(|value| value.read()).transpose()
    }

    /// Gives a slot a value when the lock ends. Null removes it.
    pub fn set(&self, key: &str, value: &(impl ToAmf + ?Sized)) -> Result<(), EncodeError> {
        let value = Arc::new(EncodedValue::encode(value)?);
        self.request(Request::Set { key: key.into(), value });
        Ok(())
    }

    /// Removes a slot when the lock ends.
    pub fn remove(&self, key: &str) {
        self.request(Request::Remove { key: key.into() });
    }

    /// Removes all slots when the lock ends.
    pub fn clear(&self) {
        self.request(Request::Clear);
    }

    /// Calls a handler of all clients that use the object when the lock ends.
    pub fn send(&self, handler: &str, arguments: impl ToArguments) -> Result<(), EncodeError> {
        self.request(Request::Send(EncodedMessage::encode(handler, &arguments)?));
        Ok(())
    }

    /// Ends the lock, and tells when all that was asked for under it is done.
    ///
    /// An error says that the store failed: then nothing of it was done. What would have exceeded a limit was not done,
    /// whatever became of the rest.
    pub fn unlock(self) -> PendingWrite {
        PendingWrite::new(self.object.unlock(self.ticket))
    }

    fn request(&self, request: Request) {
        self.object.request_under_lock(self.ticket, request);
    }
}

impl Drop for SharedObjectLock {
    fn drop(&mut self) {
        self.object.drop_lock(self.ticket);
    }
}

impl fmt::Debug for SharedObjectLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedObjectLock").field("object", &self.object).finish_non_exhaustive()
    }
}
