//! What a method returns, encoded once into bytes of its own.

use amf_core::{EncodeError, Encoder, ToAmf, Version};
use bytes::Bytes;

use super::{Context, Fault};

/// The encoded result of one call: one value in the form that an envelope carries, which is AMF0, or the marker
/// `0x11` and AMF3.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    version: Version,
    body: Bytes,
}

impl Reply {
    /// Encodes a value.
    pub fn encode<T: ToAmf + ?Sized>(version: Version, value: &T) -> Result<Self, EncodeError> {
        let mut encoder = Encoder::in_envelope(version);
        value.to_amf(&mut encoder)?;
        Ok(Self { version, body: encoder.finish().into() })
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

/// Marks a method that returns its value itself.
#[derive(Debug)]
pub struct Plain(());

/// Marks a method that returns a `Result`.
#[derive(Debug)]
pub struct Fallible(());

/// What a method may return: a value that can be written as AMF, or a `Result` of one whose error becomes a
/// [`Fault`].
///
/// `M` is [`Plain`] or [`Fallible`] and always inferred; without it the two implementations would overlap.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be returned to a client",
    label = "neither a value that can be written as AMF nor a `Result` of one whose error becomes a `Fault`",
    note = "return `()`, a type with `#[derive(AmfObject)]`, a number, string, list or `Value`,",
    note = "or a `Result` of one of them whose error is `Fault` or has `#[derive(Fault)]`"
)]
pub trait IntoReply<M> {
    /// Encodes the result for the call that `context` belongs to.
    fn into_reply(self, context: &Context) -> Result<Reply, Fault>;
}

impl<T: ToAmf> IntoReply<Plain> for T {
    fn into_reply(self, context: &Context) -> Result<Reply, Fault> {
        Reply::encode(context.version(), &self).map_err(|error| unwritable(&error))
    }
}

impl<T: ToAmf, E: Into<Fault>> IntoReply<Fallible> for Result<T, E> {
    fn into_reply(self, context: &Context) -> Result<Reply, Fault> {
        self.map_err(Into::into)?.into_reply(context)
    }
}

/// A result that cannot be encoded is the server's mistake, not the caller's.
#[cold]
fn unwritable(error: &EncodeError) -> Fault {
    Fault::internal(format_args!("the result cannot be encoded: {error}"))
}
