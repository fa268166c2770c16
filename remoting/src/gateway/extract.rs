//! What the app and its layers know of a request, for methods to borrow.

use std::any::{TypeId, type_name};
use std::fmt;
use std::ops::Deref;
use std::pin::Pin;
use std::task::{self, Poll};

use axum::Extension;
use axum::extract::{FromRequestParts, Request, State};
use axum::handler::Handler;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use tower::Service;

use super::{Gateway, GatewayFuture};
use crate::service::fault::{Fault, code};
use crate::service::{Caller, FromCaller};

/// What a tower layer put into the request, or a transport or a layer of [`Services`](crate::Services) attached to
/// the caller; the latter is looked at first. That it is missing is the program's mistake: `Server.Processing`.
impl<T: Clone + Send + Sync + 'static> FromCaller for Extension<T> {
    async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
        let of_request = || request_head(caller)?.extensions.get::<T>();
        let found = caller.extension::<T>().or_else(of_request);
        found.cloned().map(Self).ok_or_else(|| missing_fault::<T>("a layer has put it into the request"))
    }
}

/// The state of the router, as a whole. Over other transports, what they attached of this type.
impl<S: Clone + Send + Sync + 'static> FromCaller for State<S> {
    async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
        let of_router = || request_head(caller)?.extensions.get::<RouterState<S>>().map(|state| &state.0);
        let found = caller.extension::<S>().or_else(of_router);
        found.cloned().map(Self).ok_or_else(|| missing_fault::<S>("it is the type of the router's state"))
    }
}

fn request_head(caller: &Caller) -> Option<&Parts> {
    caller.extension::<Parts>()
}

#[cold]
fn missing_fault<T>(condition: &str) -> Fault {
    Fault::internal(format_args!(
        "a method wants `{}`, which is there only where {condition}",
        type_name::<T>()
    ))
}

/// Any extractor of axum that needs the request's head alone, as what a method can borrow: cookies, typed headers,
/// or a session of tower-sessions.
///
/// Where it rejects the request, the call gets a fault: `Client.Authentication` for 401, `Client.Authorization` for
/// 403, `Client.Message.Encoding` for other statuses of 4xx. What is not the client's mistake is `Server.Processing`.
/// Over other transports there is no request, which is a fault too.
///
/// ```
/// use amf_remoting::gateway::Extracted;
/// use amf_remoting::remoting_service;
/// use http::HeaderMap;
///
/// struct About;
///
/// #[remoting_service(name = "about")]
/// impl About {
///     fn browser(&self, headers: &Extracted<HeaderMap>) -> Option<String> {
///         Some(headers.get("user-agent")?.to_str().ok()?.to_owned())
///     }
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Extracted<T>(pub T);

impl<T> Deref for Extracted<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: FromRequestParts<()> + Send + Sync> FromCaller for Extracted<T> {
    async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
        let mut head =
            request_head(caller).cloned().ok_or_else(|| missing_fault::<Parts>("a call comes over HTTP"))?;
        T::from_request_parts(&mut head, &())
            .await
            .map(Self)
            .map_err(|rejection| rejection_fault::<T>(&rejection.into_response()))
    }
}

#[cold]
fn rejection_fault<T>(response: &Response) -> Fault {
    let status = response.status();
    let code = match status {
        StatusCode::UNAUTHORIZED => code::CLIENT_AUTHENTICATION,
        StatusCode::FORBIDDEN => code::CLIENT_AUTHORIZATION,
        _ if status.is_client_error() => code::MESSAGE_ENCODING,
        _ => return Fault::internal(format_args!("`{}` cannot be extracted: {status}", type_name::<T>())),
    };
    Fault::new(code, format!("the request was refused: {status}"))
}

/// The router's state on its way through the request to the methods.
#[derive(Clone)]
struct RouterState<S>(S);

/// So a gateway can stand where axum wants a handler: `.route("/gateway", post(gateway))`, for any router state.
impl<S: Clone + Send + Sync + 'static> Handler<(), S> for Gateway {
    type Future = HandlerFuture;

    fn call(mut self, mut request: Request, state: S) -> Self::Future {
        if TypeId::of::<S>() != TypeId::of::<()>() {
            request.extensions_mut().insert(RouterState(state));
        }
        HandlerFuture(Service::call(&mut self, request))
    }
}

/// Future of the response of a [`Gateway`] that is a handler of axum.
pub struct HandlerFuture(GatewayFuture);

impl Future for HandlerFuture {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, context: &mut task::Context<'_>) -> Poll<Response> {
        self.0.as_mut().poll(context).map(|answer| match answer {
            Ok(response) => response.into_response(),
            Err(never) => match never {},
        })
    }
}

impl fmt::Debug for HandlerFuture {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerFuture").finish_non_exhaustive()
    }
}
