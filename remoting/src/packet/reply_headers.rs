//! What methods tell the client's connection by the headers of a reply.

use std::mem;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use amf_core::packet::PacketWriter;
use amf_core::{Class, EncodeError, Encoder, ToAmf, Version};
use bytes::Bytes;

use super::budget::PacketBudget;
use super::limits::PacketLimits;
use super::notifications::queue_full;
use crate::service::budget::{OutputBudget, exceeded_limit};
use crate::service::client::check_name;
use crate::service::fault::{Fault, code};
use crate::service::{CallError, Caller, FromCaller, NamedLimit};

/// The headers of the reply to come, for a method to borrow.
///
/// They are for the whole packet, so calls of one packet share them. When the reply is written, setting one gives
/// [`CallError::Gone`]; a reply takes as many headers and bytes as
/// [`GatewayLimits`](crate::gateway::GatewayLimits) says of notifications, after that it is [`CallError::Full`]. Ruffle
/// ignores the headers of replies: a session needs its cookie besides.
///
/// ```
/// use amf_remoting::gateway::ReplyHeaders;
/// use amf_remoting::{CallError, remoting_service};
///
/// struct Sessions;
///
/// #[remoting_service(name = "sessions")]
/// impl Sessions {
///     fn open(&self, headers: &ReplyHeaders, user: String) -> Result<(), CallError> {
///         headers.request_persistent_header("user", false, &user)
///     }
/// }
/// ```
#[derive(Clone, Debug)]
pub struct ReplyHeaders {
    buffer: Arc<Mutex<HeaderBuffer>>,
}

#[derive(Debug)]
struct HeaderBuffer {
    /// Nothing when the reply was written.
    headers: Option<Vec<EncodedHeader>>,
    count: NamedLimit,
    /// Maximum number of bytes that are still to be added.
    bytes: NamedLimit,
    budget: Arc<PacketBudget>,
}

#[derive(Debug)]
struct EncodedHeader {
    name: String,
    must_understand: bool,
    value: Bytes,
}

impl ReplyHeaders {
    pub(super) fn new(limits: &PacketLimits, budget: Arc<PacketBudget>) -> Self {
        let count = limits.notifications.capped(usize::from(u16::MAX));
        let buffer =
            HeaderBuffer { headers: Some(Vec::new()), count, bytes: limits.notification_bytes, budget };
        Self { buffer: Arc::new(Mutex::new(buffer)) }
    }

    /// Has the client add this to the gateway's address from now on: `;jsessionid=…`.
    pub fn append_to_gateway_url(&self, suffix: &str) -> Result<(), CallError> {
        self.add("AppendToGatewayUrl", true, suffix)
    }

    /// Has the client call this address from now on.
    pub fn replace_gateway_url(&self, url: &str) -> Result<(), CallError> {
        self.add("ReplaceGatewayUrl", true, url)
    }

    /// Has the client send a header with every packet from now on, in place of the one of its name.
    pub fn request_persistent_header(
        &self,
        name: &str,
        must_understand: bool,
        value: &(impl ToAmf + ?Sized),
    ) -> Result<(), CallError> {
        self.add(
            "RequestPersistentHeader",
            true,
            &PersistentHeaderRequest { name, must_understand, data: value },
        )
    }

    /// Has the client send no value of this header any more, for example of `Credentials` after a logout.
    pub fn clear_persistent_header(&self, name: &str) -> Result<(), CallError> {
        self.request_persistent_header(name, false, &())
    }

    /// Adds a header of any name.
    ///
    /// # Errors
    /// [`CallError::Encode`] if the value cannot be encoded, or the name is longer than 65,535 bytes;
    /// [`CallError::Full`] if the limits leave no room for it; [`CallError::Gone`] after the reply was written.
    pub fn add(
        &self,
        name: &str,
        must_understand: bool,
        value: &(impl ToAmf + ?Sized),
    ) -> Result<(), CallError> {
        check_name("a header's name", name)?;
        // The lock is not held while the program's own code encodes.
        let bytes = self.lock().bytes;
        let budget = OutputBudget::new(bytes.name, bytes.max);
        let encoded = budget.encode(Version::Amf0, |encoder| value.to_amf(encoder));
        let value = encoded.map_err(|error| match exceeded_limit(&error) {
            Some(_) => queue_full(bytes.name),
            None => CallError::Encode(error),
        })?;
        let mut buffer = self.lock();
        let buffer = &mut *buffer;
        let headers = buffer.headers.as_mut().ok_or(CallError::Gone)?;
        let left = buffer
            .bytes
            .max
            .checked_sub(name.len() + value.len())
            .ok_or_else(|| queue_full(buffer.bytes.name))?;
        if headers.len() == buffer.count.max {
            return Err(queue_full(buffer.count.name));
        }
        buffer.budget.charge_header(name, &value).map_err(queue_full)?;
        buffer.bytes.max = left;
        headers.push(EncodedHeader { name: name.to_owned(), must_understand, value });
        Ok(())
    }

    /// Ends the time in which headers can be set, and writes them.
    pub(super) fn write(&self, packet: &mut PacketWriter) -> Result<(), EncodeError> {
        let headers = mem::take(&mut self.lock().headers).unwrap_or_default();
        headers
            .iter()
            .try_for_each(|header| packet.header(&header.name, header.must_understand, &header.value))
    }

    fn lock(&self) -> MutexGuard<'_, HeaderBuffer> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The value of `RequestPersistentHeader`.
struct PersistentHeaderRequest<'a, T: ?Sized> {
    name: &'a str,
    must_understand: bool,
    data: &'a T,
}

static PERSISTENT_HEADER_CLASS: Class = Class::new("", &["name", "mustUnderstand", "data"]);

impl<T: ToAmf + ?Sized> ToAmf for PersistentHeaderRequest<'_, T> {
    fn to_amf(&self, encoder: &mut Encoder) -> Result<(), EncodeError> {
        encoder.begin_object(&PERSISTENT_HEADER_CLASS)?;
        encoder.member(&PERSISTENT_HEADER_CLASS, 0, self.name)?;
        encoder.member(&PERSISTENT_HEADER_CLASS, 1, &self.must_understand)?;
        encoder.member(&PERSISTENT_HEADER_CLASS, 2, self.data)?;
        encoder.end_object(&PERSISTENT_HEADER_CLASS);
        Ok(())
    }
}

/// Where there is no HTTP, there are no such headers: the fault `Server.Processing`.
impl FromCaller for ReplyHeaders {
    async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
        caller.extension::<Self>().cloned().ok_or_else(|| {
            Fault::new(code::PROCESSING, "headers of a reply are there only where a call comes over HTTP")
        })
    }
}
