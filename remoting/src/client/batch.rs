//! Several calls in one packet.

use std::marker::PhantomData;
use std::sync::Arc;

use amf_core::{Classes, FromAmf};
use bytes::Bytes;

use super::{RemotingClient, Replies};
use crate::service::{ArgumentsForm, CallError, Encoding, Notification, ToArguments};

/// Calls that go out together, in one packet; a server makes them one after another.
///
/// Made by [`RemotingClient::batch`].
#[derive(Debug)]
pub struct Batch<'a> {
    client: &'a RemotingClient,
    calls: Vec<EncodedCall>,
    classes: Classes,
}

/// A call with its arguments encoded.
#[derive(Debug)]
pub(super) struct EncodedCall {
    pub(super) target: String,
    pub(super) response_uri: String,
    pub(super) arguments: Bytes,
}

/// A call of a batch whose result is a `T`, to be found in the [`Replies`].
#[derive(Debug)]
pub struct PendingCall<T> {
    response_uri: String,
    result: PhantomData<fn() -> T>,
}

impl<'a> Batch<'a> {
    pub(super) fn new(client: &'a RemotingClient) -> Self {
        Self { client, calls: Vec::new(), classes: client.classes().clone() }
    }

    /// Adds a call. Its arguments are encoded at once.
    pub fn call<T: for<'de> FromAmf<'de>>(
        &mut self,
        target: &str,
        arguments: impl ToArguments,
    ) -> Result<PendingCall<T>, CallError> {
        let encoding = Encoding::new(self.client.version(), ArgumentsForm::Array);
        let max_bytes = self.client.limits().client_call_bytes;
        let call = Notification::encode_within(target, &arguments, encoding, max_bytes)?;
        T::classes(&mut self.classes);
        let response_uri = self.client.next_response_uri();
        self.calls.push(EncodedCall {
            target: target.to_owned(),
            response_uri: response_uri.clone(),
            arguments: call.arguments().clone(),
        });
        Ok(PendingCall { response_uri, result: PhantomData })
    }

    /// Sends the calls and waits for their replies. That one of them failed is for [`Replies::get`] to say.
    pub async fn send(self) -> Result<Replies, CallError> {
        self.client.send_packet(&self.calls, &Arc::new(self.classes)).await
    }
}

impl<T> PendingCall<T> {
    /// The response URI: `/1`.
    pub fn response_uri(&self) -> &str {
        &self.response_uri
    }
}

impl Replies {
    /// The result of a call of the batch; errors are those of [`result`](Self::result).
    pub fn get<T: for<'de> FromAmf<'de>>(&self, call: &PendingCall<T>) -> Result<T, CallError> {
        self.result(&call.response_uri)
    }
}
