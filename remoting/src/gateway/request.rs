//! From an HTTP request to the bytes of a packet.

use std::error::Error;
use std::future::poll_fn;
use std::iter::successors;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use bytes::{Buf, Bytes};
use http::request::Parts;
use http::{HeaderValue, Method, StatusCode, header};
use http_body::Body;
use http_body_util::{BodyExt, LengthLimitError};
use tokio::time::error::Elapsed;
use tokio::time::{Instant, timeout};

use super::GatewayLimits;
use super::collect::{CollectError, collect};
use super::pace::TooSlow;
use super::rejection::{CONTENT_ENCODING, HttpRejection};
use crate::memory::MemoryBudget;
use crate::metrics;

/// Reads the packet of a request, up to the limit and within its time.
///
/// A body that is refused is read too, within limits of its own: a client that sends the whole body before it reads
/// the response would find the connection closed, and never see the status.
///
/// # Errors
/// The response to what is not a packet by its head, is too large, too slow, or empty, or finds no room in the memory
/// budget.
pub(super) async fn read_packet<B>(
    head: &Parts,
    body: B,
    limits: &GatewayLimits,
    memory: &MemoryBudget,
) -> Result<Bytes, HttpRejection>
where
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
{
    let mut body = pin!(body);
    let acceptable = check_head(head).and_then(|()| check_announced_len(body.size_hint().lower(), limits));
    if let Err(rejection) = acceptable {
        // A client that waits for `100 Continue` has sent nothing yet, and polling the body would ask for it.
        if !expects_continue(head) {
            drain(body, limits).await;
        }
        return Err(rejection);
    }
    match read_body(body.as_mut(), limits, memory).await {
        Err(BodyError::Drained(rejection)) => {
            drain(body, limits).await;
            Err(rejection)
        }
        Err(BodyError::Rejected(rejection)) => Err(rejection),
        Ok(packet) if packet.is_empty() => {
            Err(HttpRejection::bad_request("empty", "The body is empty; an AMF packet is expected."))
        }
        Ok(packet) => {
            metrics::record_received(packet.len());
            Ok(packet)
        }
    }
}

/// Refuses what is not a packet before reading it.
fn check_head(head: &Parts) -> Result<(), HttpRejection> {
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
    check_encoding(head)
}

/// A layer that decodes a body removes the header, as that of tower-http does.
fn check_encoding(head: &Parts) -> Result<(), HttpRejection> {
    const MAX_SHOWN: usize = 40;
    let codings = head.headers.get_all(header::CONTENT_ENCODING).iter().map(HeaderValue::as_bytes);
    let unknown = codings.flat_map(|codings| codings.split(|byte| *byte == b',')).map(<[u8]>::trim_ascii);
    let mut unknown =
        unknown.filter(|coding| !coding.is_empty() && !coding.eq_ignore_ascii_case(b"identity"));
    let Some(coding) = unknown.next() else { return Ok(()) };
    let coding = coding.get(..MAX_SHOWN).unwrap_or(coding).escape_ascii();
    let text = format!(
        "The body has Content-Encoding: {coding}, which is not decoded here; an AMF packet is expected as it is."
    );
    Err(HttpRejection::new(CONTENT_ENCODING, StatusCode::UNSUPPORTED_MEDIA_TYPE, text))
}

fn expects_continue(head: &Parts) -> bool {
    head.headers
        .get(header::EXPECT)
        .is_some_and(|expected| expected.as_bytes().eq_ignore_ascii_case(b"100-continue"))
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

fn check_announced_len(len: u64, limits: &GatewayLimits) -> Result<(), HttpRejection> {
    let limit = limits.body_bytes;
    if usize::try_from(len).is_ok_and(|len| len <= limit) { Ok(()) } else { Err(body_too_large(limit)) }
}

/// Why a body is not read to its end.
enum BodyError {
    /// The rest is read before the response is sent.
    Drained(HttpRejection),
    Rejected(HttpRejection),
}

async fn read_body<B>(
    body: Pin<&mut B>,
    limits: &GatewayLimits,
    memory: &MemoryBudget,
) -> Result<Bytes, BodyError>
where
    B: Body<Error: Into<Box<dyn Error + Send + Sync>>>,
{
    let error = match collect(body, limits, memory).await {
        Ok(body) => return Ok(body),
        Err(CollectError::TooLarge) => return Err(BodyError::Drained(body_too_large(limits.body_bytes))),
        Err(CollectError::Overloaded(error)) => return Err(BodyError::Drained(error.into())),
        Err(CollectError::TooSlow(TooSlow::Deadline)) => {
            return Err(BodyError::Rejected(body_timed_out(limits.body_timeout)));
        }
        Err(CollectError::TooSlow(_)) => return Err(BodyError::Rejected(body_too_slow(limits.body_rate))),
        Err(CollectError::Body(error)) => error.into(),
    };
    Err(BodyError::Rejected(if is_length_limit(&*error) {
        let text = "The body is larger than a layer around the gateway allows.";
        HttpRejection::new("body", StatusCode::PAYLOAD_TOO_LARGE, text)
    } else {
        HttpRejection::bad_request("incomplete", format!("The body cannot be read: {error}."))
    }))
}

/// Reads and discards what is left of a body that is refused.
async fn drain<B: Body>(mut body: Pin<&mut B>, limits: &GatewayLimits) {
    let mut left = limits.drained_bytes as u64;
    let names = GatewayLimits::NAMES;
    if body.size_hint().lower() > left {
        // The connection has to be closed anyway, and a client that reads meanwhile learns why.
        return record_undrained(names.drained_bytes);
    }
    let drained = async {
        while let Some(Ok(frame)) = body.frame().await {
            let len = frame.data_ref().map_or(0, Buf::remaining) as u64;
            match left.checked_sub(len) {
                Some(rest) => left = rest,
                None => return record_undrained(names.drained_bytes),
            }
        }
    };
    let time = limits.drain_timeout.min(limits.body_timeout);
    if timeout_when_pending(time, drained).await.is_err() {
        record_undrained(names.drain_timeout);
    }
}

fn record_undrained(limit: &'static str) {
    metrics::record_exceeded_limit(limit);
    tracing::debug!("left a refused body unread: the limit `{limit}` is passed");
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

fn body_too_slow(limit: usize) -> HttpRejection {
    let name = GatewayLimits::NAMES.body_rate;
    metrics::record_exceeded_limit(name);
    let text = format!("The body arrives at less than {limit} bytes per second, the limit `{name}`.");
    HttpRejection::new(name, StatusCode::REQUEST_TIMEOUT, text)
}
