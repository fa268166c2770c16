//! A gateway in an app with everything around it: tower-http's layers around requests, tower's around calls, a page of
//! counters for Prometheus, a server that takes its time neither for slow heads nor when it stops.

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

    /// Nobody has checked that it is not zero: the caller gets a fault, and everything else goes on.
    fn share(&self, among: u32) -> u32 {
        100 / among
    }
}

/// For all callers together: so many calls a second, and what comes beyond is told to try again later. Another server,
/// that of RTMP for example, would be given the same services and share it.
fn services() -> Services {
    let around_calls = ServiceBuilder::new().load_shed().rate_limit(20, Duration::from_secs(1));
    // Shorter than the timeout of the route, so that callers get a fault and not an error of HTTP.
    Services::new().add(Demo).call_timeout(Duration::from_secs(2)).layer(around_calls)
}

fn gateway() -> Gateway {
    Gateway::new(services()).complete_calls_on_disconnect(true)
}

fn app(gateway: &Gateway, counters: PrometheusHandle) -> Router {
    // Movies come from other hosts, and `application/x-amf` makes browsers ask first. With cookies, name the hosts.
    let cors = CorsLayer::new()
        .allow_origin(Any)
        .allow_methods([Method::POST])
        .allow_headers([header::CONTENT_TYPE])
        .max_age(Duration::from_hours(1));
    // What is written first sees a request first.
    let around_requests = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(cors)
        .layer(CompressionLayer::new())
        .layer(TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, Duration::from_secs(4)))
        .layer(RequestBodyLimitLayer::new(256 * 1024));
    Router::new()
        .merge(gateway.clone().into_router("/gateway"))
        .layer(around_requests)
        // Nobody outside needs to see it: a proxy should not pass it on.
        .route("/metrics", get(async move || counters.render()))
}

/// Installs the recorder that the page shows.
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
        // Where it cannot be waited for, the server goes on.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    serve(listener, app(&gateway, counters()?), ServerLimits::default(), interrupted).await;
    // Those whose clients went away.
    gateway.wait_idle().await;
    println!("stopped");
    Ok(())
}
