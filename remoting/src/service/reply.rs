//! What a method returns, encoded once into bytes of its own.

use std::fmt;
use std::sync::Arc;

use amf_core::{Amf0Numbering, EncodeError, Encoder, FromAmf, Limits, ToAmf, Value, Version};
use bytes::Bytes;

use super::budget::{OutputBudget, encode_fault};
use super::{Context, Fault, OutputLimits};

/// What a transport writes around the result of a call. The result is encoded as a part of the larger value, since
/// AMF3 counts the strings and objects of a whole message.
pub trait ReplyEnvelope: Send + Sync {
    /// Writes the larger value with the result in it.
    fn write(&self, result: &dyn ToAmf, encoder: &mut Encoder) -> Result<(), EncodeError>;
}

/// The encoded result of one call: one value in the form that an envelope carries, which is AMF0, or the marker
/// `0x11` and AMF3.
#[derive(Clone)]
pub struct Reply {
    version: Version,
    body: Bytes,
    /// What the transport wanted around the result, and is there.
    envelope: Option<Arc<dyn ReplyEnvelope>>,
    /// The numbering of the AMF0 references in the body, where that was chosen for the caller.
    numbering: Option<Amf0Numbering>,
}

impl Reply {
    /// Encodes a value within the default [`OutputLimits::reply_bytes`].
    ///
    /// # Errors
    /// If the value cannot be encoded, or its encoding is larger than the limit.
    pub fn encode<T: ToAmf + ?Sized>(version: Version, value: &T) -> Result<Self, EncodeError> {
        Self::encode_within(version, None, value, OutputLimits::new().reply())
    }

    /// The same within another budget.
    pub(crate) fn encode_within<T: ToAmf + ?Sized>(
        version: Version,
        numbering: Option<Amf0Numbering>,
        value: &T,
        budget: OutputBudget,
    ) -> Result<Self, EncodeError> {
        let body = budget.encode_for(numbering, version, |encoder| value.to_amf(encoder))?;
        Ok(Self { version, body, envelope: None, numbering })
    }

    fn encode_in<T: ToAmf>(
        version: Version,
        numbering: Option<Amf0Numbering>,
        value: &T,
        envelope: Arc<dyn ReplyEnvelope>,
        budget: OutputBudget,
    ) -> Result<Self, EncodeError> {
        let body = budget.encode_for(numbering, version, |encoder| envelope.write(value, encoder))?;
        Ok(Self { version, body, envelope: Some(envelope), numbering })
    }

    /// The same reply, or a fault if it is larger than the budget.
    #[inline]
    pub(super) fn within(self, budget: OutputBudget) -> Result<Self, Fault> {
        match budget.check(self.body.len()) {
            Ok(()) => Ok(self),
            Err(error) => Err(encode_fault(&error)),
        }
    }

    /// The same result for a call that wants this around it: a layer may have made the reply itself, or kept it from
    /// another call.
    pub(super) fn into_envelope(
        self,
        envelope: Option<Arc<dyn ReplyEnvelope>>,
        budget: OutputBudget,
    ) -> Result<Self, Fault> {
        match (&self.envelope, envelope) {
            (None, None) => self.within(budget),
            (Some(own), Some(wanted)) if Arc::ptr_eq(own, &wanted) => self.within(budget),
            (None, Some(wanted)) => self.reencode_in(wanted, budget),
            (Some(_), _) => Err(Fault::internal(
                "a layer answered a call with the reply to another call, whose envelope says whom it answers",
            )),
        }
    }

    fn reencode_in(self, envelope: Arc<dyn ReplyEnvelope>, budget: OutputBudget) -> Result<Self, Fault> {
        // The server's own bytes: only as deep as it can write.
        let limits = Limits::new().with_memory_factor(usize::MAX).with_string_len(usize::MAX);
        let mut decoder = amf_core::Decoder::new(Version::Amf0, &self.body)
            .with_limits(limits)
            .with_amf0_numbering(self.numbering.unwrap_or_default());
        let result = Value::from_amf(&mut decoder)
            .map_err(|error| Fault::internal(format_args!("a layer's reply cannot be read: {error}")))?;
        Self::encode_in(self.version, self.numbering, &result, envelope, budget)
            .map_err(|error| encode_fault(&error))
    }

    /// The version of the value.
    pub fn version(&self) -> Version {
        self.version
    }

    /// The bytes, as a packet's body or an RTMP command carries them.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The bytes, as a packet's body or an RTMP command carries them.
    pub fn into_body(self) -> Bytes {
        self.body
    }
}

impl PartialEq for Reply {
    fn eq(&self, other: &Self) -> bool {
        (self.version, &self.body) == (other.version, &other.body)
    }
}

impl Eq for Reply {}

impl fmt::Debug for Reply {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("version", &self.version)
            .field("body", &self.body)
            .finish_non_exhaustive()
    }
}

/// Marks a method that returns its value itself.
#[derive(Debug)]
pub struct Plain(());

/// Marks a method that returns a `Result`.
#[derive(Debug)]
pub struct Fallible(());

/// What a method may return: a value that can be written as AMF, or a `Result` of one whose error becomes a
/// [`Fault`].
///
/// `M` is [`Plain`] or [`Fallible`] and always inferred; without it the two implementations would overlap. The
/// trait is sealed.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned to a client",
    label = "neither a value that can be written as AMF nor a `Result` of one whose error becomes a `Fault`",
    note = "return `()`, a type with `#[derive(AmfObject)]`, a number, string, list or `Value`,",
    note = "or a `Result` of one of them whose error is `Fault` or has `#[derive(Fault)]`"
)]
pub trait IntoReply<M> {
    /// Encodes the result for the call that `context` belongs to.
    fn into_reply(self, context: &Context) -> Result<Reply, Fault>;

    /// Seals the trait: only this crate can name the type. A supertrait would take the place of this trait in the
    /// compiler's messages.
    #[doc(hidden)]
    fn seal(_: sealed::Seal);
}

mod sealed {
    #[derive(Debug)]
    pub enum Seal {}
}

impl<T: ToAmf> IntoReply<Plain> for T {
    fn into_reply(self, context: &Context) -> Result<Reply, Fault> {
        let reply = match context.envelope() {
            None => Reply::encode_within(
                context.version(),
                context.amf0_numbering(),
                &self,
                context.reply_budget(),
            ),
            Some(envelope) => Reply::encode_in(
                context.version(),
                context.amf0_numbering(),
                &self,
                Arc::clone(envelope),
                context.reply_budget(),
            ),
        };
        reply.map_err(|error| encode_fault(&error))
    }

    fn seal(_: sealed::Seal) {}
}

impl<T: ToAmf, E: Into<Fault>> IntoReply<Fallible> for Result<T, E> {
    fn into_reply(self, context: &Context) -> Result<Reply, Fault> {
        self.map_err(Into::into)?.into_reply(context)
    }

    fn seal(_: sealed::Seal) {}
}
