//! Encoding within a named limit.
//!
//! Every value that this crate encodes passes through here, so that an output limit is applied in one place.

use amf_core::__private::finish_in_place;
use amf_core::{Amf0Numbering, EncodeError, EncodeErrorKind, Encoder, OutputLimit, Version};
use bytes::Bytes;

use super::failure_log::log_failure;
use super::fault::{Fault, code};
use crate::metrics;

/// Maximum number of bytes that one encoding may write, with the name under which reaching it is reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutputBudget(OutputLimit);

impl OutputBudget {
    pub(crate) const fn new(name: &'static str, max: usize) -> Self {
        Self(OutputLimit::new(name, max))
    }

    /// The same limit for a writer of packets.
    #[cfg(feature = "client")]
    pub(crate) const fn limit(self) -> OutputLimit {
        self.0
    }

    /// Encodes a value, or several, in the form that an envelope carries.
    ///
    /// # Errors
    /// That of `write`, or one that [`exceeded_limit`] recognizes if the output is larger than the budget.
    #[inline]
    pub(crate) fn encode(
        self,
        version: Version,
        write: impl FnOnce(&mut Encoder) -> Result<(), EncodeError>,
    ) -> Result<Bytes, EncodeError> {
        let mut encoder = Encoder::in_envelope_within(version, self.0);
        write(&mut encoder)?;
        record_omitted_members(&encoder);
        Ok(finish_in_place(&mut encoder)?.into())
    }

    /// The same for a peer that is known to number AMF0 references in this way, if it is.
    #[inline]
    pub(crate) fn encode_for(
        self,
        numbering: Option<Amf0Numbering>,
        version: Version,
        write: impl FnOnce(&mut Encoder) -> Result<(), EncodeError>,
    ) -> Result<Bytes, EncodeError> {
        let Some(numbering) = numbering else { return self.encode(version, write) };
        let mut encoder = Encoder::in_envelope_within(version, self.0).with_amf0_numbering(numbering);
        write(&mut encoder)?;
        record_omitted_members(&encoder);
        Ok(finish_in_place(&mut encoder)?.into())
    }

    /// Checks the length of bytes that were encoded elsewhere.
    #[inline]
    pub(crate) fn check(self, len: usize) -> Result<(), EncodeError> {
        if len > self.0.max { Err(self.exceeded()) } else { Ok(()) }
    }

    #[cold]
    fn exceeded(self) -> EncodeError {
        EncodeError::new(EncodeErrorKind::OutputTooLarge { limit: self.0.name, max: self.0.max })
    }
}

#[inline]
fn record_omitted_members(encoder: &Encoder) {
    if encoder.omitted_members() > 0 {
        metrics::record_omitted_members(encoder.omitted_members());
    }
}

/// The limit that an encoding exceeded, if that is what its error is about.
#[cold]
pub(crate) fn exceeded_limit(error: &EncodeError) -> Option<OutputLimit> {
    match *error.kind() {
        EncodeErrorKind::OutputTooLarge { limit, max } => Some(OutputLimit::new(limit, max)),
        _ => None,
    }
}

/// Counts the output limit that an error is about, if it is about one.
#[cold]
pub(crate) fn record_exceeded(error: &EncodeError) -> Option<OutputLimit> {
    let exceeded = exceeded_limit(error)?;
    metrics::record_exceeded_limit(exceeded.name);
    Some(exceeded)
}

/// The fault of a result that cannot be encoded. A result beyond the output limit, and a part of a cyclic value, are
/// told to the caller, because its own data led to them; anything else is the server's mistake.
#[cold]
pub(crate) fn encode_fault(error: &EncodeError) -> Fault {
    if let Some(OutputLimit { name, max }) = record_exceeded(error) {
        let text = format!("the reply is larger than {max} bytes, the limit `{name}`");
        return Fault::new(code::REPLY_TOO_LARGE, text);
    }
    if *error.kind() == EncodeErrorKind::Dangling {
        // The advice in the error is for who wrote the method.
        log_failure(format_args!("the result cannot be encoded: {error}"));
        let text = "the result refers back to an object that encloses it and is not there any more";
        return Fault::new(code::INCOMPLETE_RESULT, text);
    }
    Fault::internal(format_args!("the result cannot be encoded: {error}"))
}
