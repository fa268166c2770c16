//! Requests over any HTTP client that is a tower service.

use std::error::Error;
use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use http::response::Parts;
use http::{Request, Response};
use http_body::Body;
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper_util::client::legacy::Client;
#[cfg(feature = "client-tls")]
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::{BoxError, Service};

use super::HttpError;
use crate::service::BoxFuture;

/// An HTTP client whose type is forgotten.
#[derive(Clone)]
pub(super) struct Transport {
    send: Arc<SendFn>,
}

type SendFn = dyn Fn(Request<Full<Bytes>>, usize) -> ResponseFuture + Send + Sync;
type ResponseFuture = BoxFuture<'static, Result<(Parts, Bytes), HttpError>>;

impl Transport {
    /// Connections of our own, kept for the next requests.
    pub(super) fn new(is_secure: bool) -> Self {
        #[cfg(feature = "client-tls")]
        if is_secure {
            return tls().map_or_else(Self::failing, |connector| {
                Self::from_service(Client::builder(TokioExecutor::new()).build(connector))
            });
        }
        let _ = is_secure;
        Self::from_service(Client::builder(TokioExecutor::new()).build_http())
    }

    /// Every request fails for the same reason.
    #[cfg(feature = "client-tls")]
    fn failing(reason: String) -> Self {
        Self {
            send: Arc::new(move |_, _| {
                let error = HttpError::Failed(reason.clone().into());
                Box::pin(async move { Err(error) })
            }),
        }
    }

    pub(super) fn from_service<S, B>(service: S) -> Self
    where
        S: Service<Request<Full<Bytes>>, Response = Response<B>, Error: Into<BoxError>, Future: Send>,
        S: Clone + Send + Sync + 'static,
        B: Body<Data: Send, Error: Into<BoxError>> + Send + 'static,
    {
        let send = move |request, limit| -> ResponseFuture {
            let mut service = service.clone();
            Box::pin(async move {
                poll_fn(|cx| service.poll_ready(cx)).await.map_err(failed)?;
                let (head, body) = service.call(request).await.map_err(failed)?.into_parts();
                Ok((head, read_body(body, limit).await?))
            })
        };
        Self { send: Arc::new(send) }
    }

    /// Sends a request and reads the response's body up to the limit.
    pub(super) fn send(&self, request: Request<Full<Bytes>>, limit: usize) -> ResponseFuture {
        (self.send)(request, limit)
    }
}

#[cfg(feature = "client-tls")]
fn tls() -> Result<hyper_rustls::HttpsConnector<HttpConnector>, String> {
    let connector = hyper_rustls::HttpsConnectorBuilder::new()
        .with_native_roots()
        .map_err(|error| format!("the system's certificates cannot be read: {error}"))?;
    Ok(connector.https_only().enable_http1().build())
}

async fn read_body<B>(body: B, limit: usize) -> Result<Bytes, HttpError>
where
    B: Body<Error: Into<BoxError>>,
{
    match Limited::new(body, limit).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(HttpError::TooLarge { limit }),
        Err(error) => Err(HttpError::Failed(error)),
    }
}

fn failed(error: impl Into<Box<dyn Error + Send + Sync>>) -> HttpError {
    HttpError::Failed(error.into())
}
