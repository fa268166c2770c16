//! From an HTTP request to the bytes of a packet.

use std::error::Error;
use std::future::poll_fn;
use std::iter::successors;
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::request::Parts;
use http::{Method, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout};

use super::GatewayLimits;
use super::rejection::HttpRejection;
use crate::metrics;

/// Refuses what is not a packet before reading it.
pub(super) fn check_head(head: &Parts) -> Result<(), HttpRejection> {
    if head.method != Method::POST {
        return Err(HttpRejection::new("method", StatusCode::METHOD_NOT_ALLOWED, USAGE));
    }
    if !is_amf(head) {
        return Err(HttpRejection::new(
            "content_type",
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "An AMF packet is expected here, with Content-Type: application/x-amf.",
        ));
    }
    Ok(())
}

const USAGE: &str = "This is an AMF gateway, Flash remoting over HTTP. Programs call it by POST with Content-Type: \
                    application/x-amf; in ActionScript, give this URL to NetConnection.connect or to a RemoteObject.";

/// Some clients send the type for any bytes. Neither a form nor a script of a foreign web page can send one of these
/// unasked; one could send no type at all, so that is refused.
fn is_amf(head: &Parts) -> bool {
    let content_type =
        head.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let essence = content_type.split(';').next().unwrap_or_default().trim();
    ["application/x-amf", "application/octet-stream"]
        .iter()
        .any(|accepted| essence.eq_ignore_ascii_case(accepted))
}

/// Reads the whole body, up to the limit and within its time.
pub(super) async fn read_body<B>(body: B, limits: &GatewayLimits) -> Result<Bytes, HttpRejection>
where
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
{
    let limit = limits.body_bytes;
    if usize::try_from(body.size_hint().lower()).map_or(true, |announced| announced > limit) {
        return Err(body_too_large(limit));
    }
    let body = match timeout_when_pending(limits.body_timeout, Limited::new(body, limit).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(error)) if error.is::<LengthLimitError>() => return Err(body_too_large(limit)),
        Ok(Err(error)) if is_length_limit(&*error) => {
            let text = "The body is larger than a layer around the gateway allows.";
            return Err(HttpRejection::new("body", StatusCode::PAYLOAD_TOO_LARGE, text));
        }
        Ok(Err(error)) => {
            return Err(HttpRejection::bad_request(
                "incomplete",
                format!("The body cannot be read: {error}."),
            ));
        }
        Err(_) => {
            return Err(body_timed_out(limits.body_timeout));
        }
    };
    if body.is_empty() {
        return Err(HttpRejection::bad_request("empty", "The body is empty; an AMF packet is expected."));
    }
    metrics::record_received(body.len());
    Ok(body)
}

/// Lets nothing take longer. hyper hands out what has come already when it is asked a second time, and to set a timer
/// takes longer than to read most bodies; so it is set when there is nothing then either.
async fn timeout_when_pending<T>(time: Duration, work: impl Future<Output = T>) -> Result<T, Elapsed> {
    let began = Instant::now();
    let mut work = pin!(work);
    let mut is_second_poll = false;
    let done = poll_fn(|cx| match work.as_mut().poll(cx) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if is_second_poll => Poll::Ready(None),
        Poll::Pending => {
            is_second_poll = true;
            cx.waker().wake_by_ref();
            Poll::Pending
        }
    });
    match done.await {
        Some(done) => Ok(done),
        None => timeout(time.saturating_sub(began.elapsed()), work).await,
    }
}

/// Whether it is the error of another limit, below those of axum's body.
fn is_length_limit(error: &(dyn Error + 'static)) -> bool {
    successors(Some(error), |&error| error.source()).any(<dyn Error>::is::<LengthLimitError>)
}

fn body_too_large(limit: usize) -> HttpRejection {
    let name = GatewayLimits::NAMES.body_bytes;
    metrics::record_exceeded_limit(name);
    let text = format!("The body is larger than {limit} bytes, the limit `{name}`.");
    HttpRejection::new("body", StatusCode::PAYLOAD_TOO_LARGE, text)
}

fn body_timed_out(limit: Duration) -> HttpRejection {
    let name = GatewayLimits::NAMES.body_timeout;
    metrics::record_exceeded_limit(name);
    let text = format!("The body did not arrive within {limit:?}, the limit `{name}`.");
    HttpRejection::new(name, StatusCode::REQUEST_TIMEOUT, text)
}
