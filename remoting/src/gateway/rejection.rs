//! Answers to requests that cannot be answered as AMF: a status and a short text.

use std::borrow::Cow;

use amf_core::DecodeErrorKind;
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};

use super::GatewayBody;
use crate::memory::{MemoryBudget, MemoryBudgetExceededError};
use crate::packet::PacketError;
use crate::service::OutputLimits;

/// The reason of a body in a coding that nobody decodes.
pub(super) const CONTENT_ENCODING: &str = "content_encoding";

/// Why a request gets no packet.
#[derive(Debug)]
pub(super) struct HttpRejection {
    /// What it is counted as.
    reason: &'static str,
    status: StatusCode,
    text: Cow<'static, str>,
}

impl HttpRejection {
    pub(super) fn new(reason: &'static str, status: StatusCode, text: impl Into<Cow<'static, str>>) -> Self {
        Self { reason, status, text: text.into() }
    }

    pub(super) fn bad_request(reason: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        Self::new(reason, StatusCode::BAD_REQUEST, text)
    }

    pub(super) fn log(&self) {
        tracing::debug!(status = self.status.as_u16(), text = &*self.text, "refused a request");
    }

    pub(super) fn reason(&self) -> &'static str {
        self.reason
    }

    pub(super) fn into_response(self) -> Response<GatewayBody> {
        let mut response = Response::new(GatewayBody::from(Bytes::from(format!("{}\n", self.text))));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if self.status == StatusCode::METHOD_NOT_ALLOWED {
            headers.insert(header::ALLOW, HeaderValue::from_static("POST"));
        }
        if self.status == StatusCode::SERVICE_UNAVAILABLE {
            // RFC 9110 §10.2.3: when to try again, in seconds.
            headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
        }
        if self.reason == CONTENT_ENCODING {
            // RFC 9110 §15.5.16: which codings would have been accepted.
            headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        }
        response
    }
}

impl From<MemoryBudgetExceededError> for HttpRejection {
    #[cold]
    fn from(error: MemoryBudgetExceededError) -> Self {
        let (name, max) = (MemoryBudget::NAME, error.max);
        let text = format!(
            "The server is overloaded: it holds as much as it may, the limit `{name}` of {max} bytes."
        );
        Self::new(name, StatusCode::SERVICE_UNAVAILABLE, text)
    }
}

impl From<PacketError> for HttpRejection {
    #[cold]
    fn from(error: PacketError) -> Self {
        match error {
            PacketError::Decode { reason, error } => Self::bad_request(
                reason,
                match error.kind() {
                    DecodeErrorKind::NotAPacket { start } => {
                        format!("The body is no AMF packet; it begins with `{start}`.")
                    }
                    _ => format!("The AMF packet cannot be read: {}.", error.without_advice()),
                },
            ),
            PacketError::Crowded { max } => {
                let name = OutputLimits::NAMES.packet_bytes;
                let text = format!("The replies would be larger than {max} bytes, the limit `{name}`.");
                Self::new("reply", StatusCode::PAYLOAD_TOO_LARGE, text)
            }
            // Whatever a packet cannot hold was refused before.
            PacketError::Encode(error) => {
                let text = format!("The reply cannot be written: {error}.");
                Self::new("reply", StatusCode::INTERNAL_SERVER_ERROR, text)
            }
        }
    }
}
