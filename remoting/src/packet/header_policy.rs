//! What the gateway itself does about a packet's headers.

use std::sync::Arc;

use amf_core::packet::Packet;

use crate::service::dispatch::shortened;
use crate::service::fault::{Fault, code};
use crate::service::{Access, Call, Credentials, Reply, ServiceDescription, Services};

/// Asks for a description of the service in place of a call.
const DESCRIBE_SERVICE: &str = "DescribeService";

#[derive(Clone, Debug)]
pub(crate) struct HeaderPolicy {
    /// The names that a strict gateway's program understands; nothing where it is lenient.
    understood: Option<Arc<[String]>>,
    /// Who may have services described; `None` is nobody.
    describe_service: Option<Access>,
}

impl Default for HeaderPolicy {
    fn default() -> Self {
        Self { understood: None, describe_service: Some(Access::Public) }
    }
}

impl HeaderPolicy {
    pub(crate) fn set_understood(&mut self, understood: impl IntoIterator<Item = impl Into<String>>) {
        self.understood = Some(understood.into_iter().map(Into::into).collect());
    }

    pub(crate) fn set_describe_service(&mut self, access: Option<Access>) {
        self.describe_service = access;
    }

    /// Returns who may have the description, if a packet asks for one.
    pub(super) fn description_request(&self, packet: &Packet<'_>) -> Option<Access> {
        self.describe_service.filter(|_| has_describe_header(packet))
    }

    /// Whether the calls of a packet with such headers may be made.
    pub(super) fn check(&self, packet: &Packet<'_>) -> Result<(), Fault> {
        if self.describe_service.is_none() && has_describe_header(packet) {
            return Err(Fault::new(code::METHOD_NOT_FOUND, "services are not described here"));
        }
        let Some(understood) = &self.understood else { return Ok(()) };
        let unknown = packet.headers.iter().find(|header| {
            header.must_understand
                && ![Credentials::HEADER, DESCRIBE_SERVICE].contains(&&*header.name)
                && !understood.iter().any(|name| *name == header.name)
        });
        match unknown {
            None => Ok(()),
            Some(header) => Err(Fault::new(
                code::HEADER_NOT_UNDERSTOOD,
                format!("the header `{}` must be understood, and is not", header.name),
            )),
        }
    }
}

fn has_describe_header(packet: &Packet<'_>) -> bool {
    packet.headers.iter().any(|header| header.name == DESCRIBE_SERVICE)
}

/// Describes the service that a call names: clients write the service alone, or one of its methods.
pub(super) async fn describe_target(
    services: &Services,
    call: &Call,
    access: Access,
) -> Result<Reply, Fault> {
    services.check_access(access, call.caller()).await?;
    let target = call.target();
    let description: ServiceDescription = match services.describe(target.as_str(), call.caller()).await? {
        Some(description) => description,
        None => services.describe(target.service(), call.caller()).await?.ok_or_else(|| {
            let message = match &*shortened(target.as_str()) {
                "" => "Unknown service: the call names none".to_owned(),
                name => format!("Unknown service {name}"),
            };
            Fault::new(code::SERVICE_NOT_FOUND, message)
        })?,
    };
    Reply::encode(call.version(), &description)
        .map_err(|error| Fault::internal(format_args!("a description cannot be encoded: {error}")))
}
