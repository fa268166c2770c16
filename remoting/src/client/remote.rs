//! A service of a gateway as something that `#[remote_client]` traits can be called on.

use amf_core::DecodeOptions;
use bytes::Bytes;
use tokio::runtime::Handle;

use super::RemotingClient;
use super::batch::EncodedCall;
use crate::service::{ArgumentsForm, BoxFuture, CallError, Connection, Encoding, Notification};

pub(super) struct RemoteService {
    client: RemotingClient,
    /// With its dot; empty where methods stand alone.
    prefix: String,
}

impl RemoteService {
    pub(super) fn new(client: RemotingClient, service: &str) -> Self {
        let prefix = if service.is_empty() { String::new() } else { format!("{service}.") };
        Self { client, prefix }
    }

    fn encoded_call(&self, call: &Notification) -> EncodedCall {
        EncodedCall {
            target: format!("{}{}", self.prefix, call.method()),
            response_uri: self.client.next_response_uri(),
            arguments: call.arguments().clone(),
        }
    }
}

impl Connection for RemoteService {
    fn encoding(&self) -> Encoding {
        Encoding::new(self.client.version(), ArgumentsForm::Array)
    }

    fn max_message_bytes(&self) -> usize {
        self.client.limits().client_call_bytes
    }

    fn decode_options(&self) -> DecodeOptions {
        self.client.decode_options()
    }

    fn notify(&self, notification: &Notification) -> Result<(), CallError> {
        let runtime = Handle::try_current().map_err(|_| {
            CallError::Unsupported(
                "a notification over HTTP is sent by a task of a tokio runtime, and there is none here",
            )
        })?;
        let bytes = notification.arguments().len();
        let permits = self.client.notification_permits(bytes).ok_or(CallError::Full)?;
        let (client, call) = (self.client.clone(), self.encoded_call(notification));
        runtime.spawn(async move {
            let _permits = permits;
            if let Err(error) = client.call_encoded(call).await {
                tracing::debug!(%error, "a notification failed");
            }
        });
        Ok(())
    }

    fn invoke(&self, call: &Notification) -> BoxFuture<'static, Result<Bytes, CallError>> {
        let (client, call) = (self.client.clone(), self.encoded_call(call));
        Box::pin(async move { client.call_encoded(call).await })
    }

    fn is_open(&self) -> bool {
        true
    }
}
