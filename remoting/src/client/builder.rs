//! A client that is to be made.

use std::fmt;
use std::sync::Arc;

use amf_core::{
    Amf0Numbering, Classes, DecodeOptions, EncodeError, FromAmf, TextEncoding, ToAmf, Value, Version,
};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use http_body_util::Full;
use tower::BoxError;

use super::session::Session;
use super::transport::Transport;
use super::{ClientLimits, RemotingClient, UrlError};
use crate::service::budget::OutputBudget;
use crate::service::{Credentials, Services};

/// Settings of a [`RemotingClient`], made by [`RemotingClient::builder`].
#[must_use]
pub struct Builder {
    pub(super) session: Session,
    pub(super) version: Version,
    pub(super) limits: ClientLimits,
    text_encoding: TextEncoding,
    amf0_numbering: Amf0Numbering,
    pub(super) http_headers: HeaderMap,
    pub(super) classes: Classes,
    pub(super) services: Services,
    pub(super) unhandled: Arc<UnhandledHook>,
    pub(super) transport: Option<Transport>,
}

pub(super) type UnhandledHook = dyn Fn(&str, Vec<Value>) + Send + Sync;

impl Builder {
    pub(super) fn new(url: &str) -> Result<Self, UrlError> {
        Ok(Self {
            session: Session::new(url)?,
            version: Version::Amf3,
            limits: ClientLimits::default(),
            text_encoding: TextEncoding::default(),
            amf0_numbering: Amf0Numbering::default(),
            http_headers: HeaderMap::new(),
            classes: Classes::new(),
            services: Services::new(),
            unhandled: Arc::new(|_, _| {}),
            transport: None,
        })
    }

    /// The version in which calls are written, and so answered; AMF3 unless it is set.
    pub fn version(self, version: Version) -> Self {
        Self { version, ..self }
    }

    /// What a server may cost us.
    pub fn limits(self, limits: ClientLimits) -> Self {
        Self { limits, ..self }
    }

    /// Sets how text in replies is read that is not UTF-8. Default: [`TextEncoding::Utf8`], such a reply is an error. Old
    /// PHP servers send Latin-1.
    pub fn text_encoding(self, text_encoding: TextEncoding) -> Self {
        Self { text_encoding, ..self }
    }

    /// Sets the numbering of AMF0 references that the server is expected to use. Default:
    /// [`Amf0Numbering::FLASH_PLAYER`]. Replies that cannot be read under it are read again under the others.
    pub fn amf0_numbering(self, amf0_numbering: Amf0Numbering) -> Self {
        Self { amf0_numbering, ..self }
    }

    pub(super) fn decode_options(&self) -> DecodeOptions {
        DecodeOptions::from(self.limits.decode)
            .with_text_encoding(self.text_encoding)
            .with_amf0_numbering(self.amf0_numbering)
    }

    /// Adds an AMF header to every packet.
    pub fn header(mut self, name: &str, value: &(impl ToAmf + ?Sized)) -> Result<Self, EncodeError> {
        self.session.set_header(name, false, value, self.limits.request_budget())?;
        Ok(self)
    }

    /// Adds a header to every HTTP request, `Authorization` for example.
    pub fn http_header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.http_headers.insert(name, value);
        self
    }

    /// Sends the AMF header `Credentials` with every packet, as `NetConnection.addHeader` and `setCredentials` do.
    pub fn credentials(mut self, credentials: &Credentials) -> Result<Self, EncodeError> {
        set_credentials(&mut self.session, credentials, self.limits.request_budget())?;
        Ok(self)
    }

    /// Knows the classes of `T` in every reply. The result type of a typed call needs no such word; what
    /// `#[remote_client]` methods answer does where it contains externalizable objects.
    pub fn classes_of<T: for<'de> FromAmf<'de>>(mut self) -> Self {
        T::classes(&mut self.classes);
        self
    }

    /// Services for what the server calls along with its replies.
    pub fn services(self, services: Services) -> Self {
        Self { services, ..self }
    }

    /// Is told what the server calls that no service has: method and arguments.
    pub fn on_unhandled(self, handler: impl Fn(&str, Vec<Value>) + Send + Sync + 'static) -> Self {
        Self { unhandled: Arc::new(handler), ..self }
    }

    /// Sends requests through a [`tower::Service`]: a `hyper_util` client with a connector of your own, one with
    /// layers of tower-http around it, or a `Gateway` in the same process.
    pub fn transport<S, B>(self, service: S) -> Self
    where
        S: tower::Service<Request<Full<Bytes>>, Response = Response<B>, Error: Into<BoxError>, Future: Send>,
        S: Clone + Send + Sync + 'static,
        B: http_body::Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        Self { transport: Some(Transport::from_service(service)), ..self }
    }

    /// The client. Nothing is sent yet.
    pub fn build(self) -> Result<RemotingClient, UrlError> {
        if self.transport.is_none() && self.session.is_secure() && !cfg!(feature = "client-tls") {
            let url = self.session.url().to_string();
            return Err(UrlError { url, reason: "https needs the feature `client-tls` of amf-remoting" });
        }
        Ok(RemotingClient::from_builder(self))
    }
}

pub(super) fn set_credentials(
    session: &mut Session,
    credentials: &Credentials,
    budget: OutputBudget,
) -> Result<(), EncodeError> {
    let value =
        amf_core::Object::new().with("userid", credentials.user()).with("password", credentials.password());
    session.set_header(Credentials::HEADER, false, &Value::from(value), budget)
}

impl fmt::Debug for Builder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder")
            .field("url", self.session.url())
            .field("version", &self.version)
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
