//! A gateway in an axum app with layers: those of tower-http around requests, those of tower around calls.
//!
//! The app also serves a metrics page for Prometheus. Its server limits the time for request heads and for shutdown.

use std::io;
use std::time::Duration;

use amf_remoting::gateway::ServerLimits;
use amf_remoting::{Gateway, Services, remoting_service};
use axum::Router;
use axum::http::{Method, StatusCode, header};
use axum::routing::get;
use examples::server::serve;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};
use tokio::net::TcpListener;
use tokio::time::interval;
use tower::ServiceBuilder;
use tower_http::compression::CompressionLayer;
use tower_http::cors::{Any, CorsLayer};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::timeout::TimeoutLayer;
use tower_http::trace::TraceLayer;

struct Demo;

#[remoting_service(name = "demo")]
impl Demo {
    fn echo(&self, words: String) -> String {
        words
    }

    async fn nap(&self, seconds: f64) -> f64 {
        tokio::time::sleep(Duration::from_secs_f64(seconds.clamp(0.0, 60.0))).await;
        seconds
    }

    /// Panics if `among` is 0. The caller receives a fault, and no other call is affected.
    fn share(&self, among: u32) -> u32 {
        100 / among
    }
}

/// Returns the services with a rate limit for all callers together. Calls over the limit receive the fault
/// `Server.Overloaded`. Another server with clones of these services, such as an RTMP server, shares the rate limit.
fn services() -> Services {
    let around_calls = ServiceBuilder::new().load_shed().rate_limit(20, Duration::from_secs(1));
    // Shorter than the timeout of the route, so that callers receive a fault instead of an HTTP error.
    Services::new().add(Demo).call_timeout(Duration::from_secs(2)).layer(around_calls)
}

fn gateway() -> Gateway {
    Gateway::new(services()).complete_calls_on_disconnect(true)
}

fn app(gateway: &Gateway, counters: PrometheusHandle) -> Router {
    // Movies may be loaded from other hosts, and for `application/x-amf` browsers send a CORS preflight request first.
    // An app that uses cookies has to list the allowed origins instead of `Any`.
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::POST])
        .allow_headers([header::CONTENT_TYPE])
        .max_age(Duration::from_hours(1));
    // The first layer in this list receives a request first.
    let around_requests = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(cors)
        .layer(CompressionLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, Duration::from_secs(4)))
        .layer(RequestBodyLimitLayer::new(256 * 1024));
    Router::new()
        .merge(gateway.clone().into_router("/gateway"))
        .layer(around_requests)
        // A reverse proxy should not expose this page.
        .route("/metrics", get(async move || counters.render()))
}

/// Installs the metrics recorder, and returns the handle that renders the metrics page.
fn counters() -> io::Result<PrometheusHandle> {
    let seconds = [0.001, 0.01, 0.1, 1.0, 10.0];
    let builder = PrometheusBuilder::new().set_buckets(&seconds).map_err(io::Error::other)?;
    let handle = builder.install_recorder().map_err(io::Error::other)?;
    amf_remoting::metrics::describe();
    let kept = handle.clone();
    tokio::spawn(async move {
        let mut times = interval(Duration::from_secs(5));
        loop {
            times.tick().await;
            kept.run_upkeep();
        }
    });
    Ok(handle)
}

#[tokio::main]
async fn main() -> io::Result<()> {
    tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(io::stderr).init();
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let (gateway, listener) = (gateway(), TcpListener::bind(address).await?);
    println!("listening on http://{}/gateway", listener.local_addr()?);
    let interrupted = async {
        // If no handler for Ctrl-C can be installed, the server runs until it is killed.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    serve(listener, app(&gateway, counters()?), ServerLimits::default(), interrupted).await;
    // Calls whose clients have disconnected may still be running.
    gateway.wait_idle().await;
    println!("stopped");
    Ok(())
}
