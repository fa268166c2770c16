//! The headers of a message, for methods that want them.

use std::sync::{Arc, OnceLock};

use amf_core::{AmfObject, Classes, DecodeOptions, DynamicMembers};
use bytes::Bytes;

use super::request::decode_message;
use crate::packet::PacketMessage;
use crate::service::{Caller, MessageHeaders};

/// Those of one message, which are read when somebody asks for the first of them: few methods do.
pub(super) struct LazyHeaders {
    body: Bytes,
    classes: Arc<Classes>,
    options: DecodeOptions,
    read: OnceLock<DynamicMembers>,
}

impl LazyHeaders {
    /// The caller of a message, who has its headers.
    pub(super) fn caller_of(incoming: &PacketMessage<'_>) -> Caller {
        let services = &incoming.context.services;
        let headers = Self {
            body: incoming.body.clone(),
            classes: Arc::clone(services.classes()),
            options: services.decode_options(),
            read: OnceLock::new(),
        };
        incoming.caller.clone().with_message_headers(Arc::new(headers))
    }
}

impl MessageHeaders for LazyHeaders {
    fn all(&self) -> &DynamicMembers {
        self.read.get_or_init(|| {
            let message = decode_message::<HeadersOnly>(&self.body, &self.classes, self.options);
            message.ok().and_then(|message| message.headers).unwrap_or_default()
        })
    }
}

/// A message of any class. The small ones have none that a program sees.
#[derive(AmfObject)]
struct HeadersOnly {
    headers: Option<DynamicMembers>,
}
