//! What clients may do with shared objects.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use amf_core::{DecodeError, FromAmf};
use amf_remoting::__private::log_limit::error_limited;
use amf_remoting::Caller;

use super::state::encoded::EncodedValue;
use crate::instance::Instance;

/// Decides what each client may do with shared objects. All but [`may_clear`](Self::may_clear) and
/// [`may_create_persistent`](Self::may_create_persistent) is allowed unless a method says otherwise.
///
/// The methods must not wait: they run where the client's messages are read. A guard that panics says no. The
/// server's own side is not asked.
///
/// ```
/// use amf_remoting::Services;
/// use amf_rtmp::{Server, SharedObjectAccess, SharedObjectGuard, SharedObjects, SlotWrite};
///
/// struct Referee;
///
/// impl SharedObjectGuard for Referee {
///     // Scores are for the server to write, and names are no longer than 20 letters.
///     fn may_write(&self, access: &SharedObjectAccess<'_>, write: &SlotWrite<'_>) -> bool {
///         match access.name() {
///             "scores" => false,
///             "names" => write.value::<String>().is_ok_and(|name| name.is_none_or(|name| name.len() <= 20)),
///             _ => true,
///         }
///     }
/// }
///
/// let server = Server::new(Services::new()).shared_objects(SharedObjects::new().guard(Referee));
/// ```
pub trait SharedObjectGuard: Send + Sync + 'static {
    /// Whether the client may use an object that nobody has in use; else it is told
    /// `SharedObject.ObjectCreationFailed`.
    fn may_create(&self, access: &SharedObjectAccess<'_>) -> bool {
        let _ = access;
        true
    }

    /// Returns `true` if the client may create this persistent object; otherwise the client receives the status
    /// `SharedObject.ObjectCreationFailed` if the store does not have the object and the program has not opened it.
    ///
    /// Default: `false`, because what a client creates stays on disk. Without a guard no client may. The method is called
    /// after [`may_create`](Self::may_create) and [`may_read`](Self::may_read), and before it is known what the store has.
    ///
    /// ```
    /// use amf_rtmp::{SharedObjectAccess, SharedObjectGuard};
    ///
    /// struct Player(String);
    ///
    /// struct OwnDiary;
    ///
    /// impl SharedObjectGuard for OwnDiary {
    ///     fn may_create_persistent(&self, access: &SharedObjectAccess<'_>) -> bool {
    ///         let player = access.caller().extension::<Player>();
    ///         player.is_some_and(|Player(name)| access.name() == format!("diary of {name}"))
    ///     }
    /// }
    /// ```
    fn may_create_persistent(&self, access: &SharedObjectAccess<'_>) -> bool {
        let _ = access;
        false
    }

    /// Whether the client may use the object, and so see all of it; else it is told `SharedObject.NoReadAccess`.
    fn may_read(&self, access: &SharedObjectAccess<'_>) -> bool {
        let _ = access;
        true
    }

    /// Whether the client may make this change; else it is told `SharedObject.NoWriteAccess`, and what the slot is.
    fn may_write(&self, access: &SharedObjectAccess<'_>, write: &SlotWrite<'_>) -> bool {
        let _ = (access, write);
        true
    }

    /// Returns `true` if the client may remove all slots at once; otherwise the client receives the status
    /// `SharedObject.NoWriteAccess`.
    ///
    /// Default: `false`, because [`may_write`](Self::may_write) is not called for each of the slots. Only clients that
    /// use the events of proxies send such requests; without a guard they are allowed.
    fn may_clear(&self, access: &SharedObjectAccess<'_>) -> bool {
        let _ = access;
        false
    }

    /// Whether the client may call this handler of all clients; else it is told `SharedObject.NoWriteAccess`.
    fn may_send(&self, access: &SharedObjectAccess<'_>, handler: &str) -> bool {
        let _ = (access, handler);
        true
    }
}

/// Who wants to do something, and with what.
#[derive(Clone, Copy, Debug)]
pub struct SharedObjectAccess<'a> {
    pub(crate) caller: &'a Caller,
    pub(crate) instance: &'a Instance,
    pub(crate) name: &'a str,
    pub(crate) is_persistent: bool,
}

impl<'a> SharedObjectAccess<'a> {
    /// The client, as methods see it: with what [`Connect::admit`](crate::Connect::admit) attached.
    pub fn caller(&self) -> &'a Caller {
        self.caller
    }

    /// The instance that the client is connected to and the object belongs to.
    pub fn instance(&self) -> &'a Instance {
        self.instance
    }

    /// The object's name.
    pub fn name(&self) -> &'a str {
        self.name
    }

    /// Whether the object is persistent.
    pub fn is_persistent(&self) -> bool {
        self.is_persistent
    }
}

/// A change that a client wants to make.
#[derive(Clone, Copy)]
pub struct SlotWrite<'a> {
    pub(crate) key: &'a str,
    /// Nothing for a removal.
    pub(crate) value: Option<&'a EncodedValue>,
}

impl SlotWrite<'_> {
    /// The slot.
    pub fn key(&self) -> &str {
        self.key
    }

    /// What it shall be; `None` where it shall go.
    pub fn value<T: for<'de> FromAmf<'de>>(&self) -> Result<Option<T>, DecodeError> {
        self.value.map(EncodedValue::read).transpose()
    }
}

impl fmt::Debug for SlotWrite<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SlotWrite").field("key", &self.key).finish_non_exhaustive()
    }
}

/// What a guard says; no, if it panics.
pub(super) fn is_allowed(check: impl FnOnce() -> bool) -> bool {
    catch_unwind(AssertUnwindSafe(check)).unwrap_or_else(|_panic| {
        error_limited!("the guard of shared objects panicked");
        false
    })
}
