//! Layers around calls, timeouts, counters and spans: the same ones for both transports, at the same time.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use std::io;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use amf_remoting::service::CallService;
use amf_remoting::{CallError, Gateway, RemotingClient, Services, remoting_service};
use amf_rtmp::{NetConnection, Server};
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tokio::sync::Notify;
use tokio::time::timeout;
use tower::ServiceBuilder;
use tracing_subscriber::fmt::format::FmtSpan;

const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone, Default)]
struct Game {
    begun: Arc<Notify>,
    release: Arc<Notify>,
}

#[remoting_service(name = "game")]
impl Game {
    fn add(&self, a: f64, b: f64) -> f64 {
        a + b
    }

    async fn wait(&self) -> u32 {
        self.begun.notify_one();
        self.release.notified().await;
        7
    }

    fn panic(&self) {
        panic!("as asked");
    }
}

/// The same services through both transports.
#[derive(Clone)]
struct BothTransports {
    game: Game,
    http: RemotingClient,
    rtmp: NetConnection,
}

#[derive(Clone, Copy, Debug)]
enum Transport {
    Http,
    Rtmp,
}

impl BothTransports {
    async fn open(layer: impl FnOnce(Services) -> Services) -> Self {
        let game = Game::default();
        let services = layer(Services::new().add(game.clone()));
        let bound = Server::new(services.clone()).bind("127.0.0.1:0").await.unwrap();
        let url = format!("rtmp://{}/game", bound.local_addr().unwrap());
        tokio::spawn(bound.serve());
        let rtmp = NetConnection::builder(&url).unwrap().connect().await.unwrap();
        let http = RemotingClient::builder("http://localhost/").unwrap();
        Self { game, http: http.transport(Gateway::new(services)).build().unwrap(), rtmp }
    }

    async fn wait(self, transport: Transport) -> Result<u32, CallError> {
        match transport {
            Transport::Http => self.http.call("game.wait", ()).await,
            Transport::Rtmp => self.rtmp.call("game.wait", ()).await,
        }
    }

    /// What becomes of a sum: the code and the message of a fault.
    async fn add(&self, transport: Transport) -> Result<f64, (String, String)> {
        let sum = match transport {
            Transport::Http => self.http.call("game.add", (1.0, 2.0)).await,
            Transport::Rtmp => self.rtmp.call("game.add", (1.0, 2.0)).await,
        };
        sum.map_err(code_and_message)
    }
}

fn code_and_message(error: CallError) -> (String, String) {
    match error {
        CallError::Fault(fault) => (fault.code().to_owned(), fault.message().to_owned()),
        other => panic!("{other}"),
    }
}

fn overloaded() -> Result<f64, (String, String)> {
    Err(("Server.Overloaded".to_owned(), "the server has too much to do, try again later".to_owned()))
}

#[tokio::test]
async fn a_concurrency_limit_is_shared_by_both_transports() {
    for (first, second) in [(Transport::Http, Transport::Rtmp), (Transport::Rtmp, Transport::Http)] {
        let stack = ServiceBuilder::new().load_shed().concurrency_limit(1);
        let transports = BothTransports::open(|services| services.layer(stack)).await;
        let slow = tokio::spawn(transports.clone().wait(first));
        timeout(TIMEOUT, transports.game.begun.notified()).await.unwrap();
        assert_eq!(transports.add(second).await, overloaded(), "{second:?}");
        assert_eq!(transports.add(first).await, overloaded(), "{first:?}");
        transports.game.release.notify_one();
        assert_eq!(timeout(TIMEOUT, slow).await.unwrap().unwrap().unwrap(), 7);
        assert_eq!(transports.add(second).await, Ok(3.0));
    }
}

#[tokio::test]
async fn a_rate_limit_is_shared_by_both_transports() {
    let stack = ServiceBuilder::new().load_shed().rate_limit(3, Duration::from_hours(1));
    let transports = BothTransports::open(|services| services.layer(stack)).await;
    for transport in [Transport::Http, Transport::Rtmp, Transport::Http] {
        assert_eq!(transports.add(transport).await, Ok(3.0), "{transport:?}");
    }
    for transport in [Transport::Http, Transport::Rtmp] {
        assert_eq!(transports.add(transport).await, overloaded(), "{transport:?}");
    }
}

#[tokio::test]
async fn a_waiting_call_runs_when_another_completes() {
    let layer = tower::limit::ConcurrencyLimitLayer::new(1);
    let transports = BothTransports::open(|services| services.layer(layer)).await;
    let slow = tokio::spawn(transports.clone().wait(Transport::Http));
    timeout(TIMEOUT, transports.game.begun.notified()).await.unwrap();
    let waiting = transports.clone();
    let waiting = tokio::spawn(async move { waiting.add(Transport::Rtmp).await });
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert!(!waiting.is_finished());
    transports.game.release.notify_one();
    assert_eq!(timeout(TIMEOUT, waiting).await.unwrap().unwrap(), Ok(3.0));
    slow.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_timeout_is_the_same_fault_over_both_transports() {
    let recorder = DebuggingRecorder::new();
    let counters = recorder.snapshotter();
    let _recorder = metrics::set_default_local_recorder(&recorder);
    let transports = BothTransports::open(|services| services.call_timeout(Duration::from_millis(50))).await;
    for transport in [Transport::Http, Transport::Rtmp] {
        let fault =
            timeout(TIMEOUT, transports.clone().wait(transport)).await.unwrap().map_err(code_and_message);
        let text = "the method did not answer in time: the limit `call_timeout` of 50ms is passed";
        assert_eq!(fault, Err(("Server.Timeout".to_owned(), text.to_owned())), "{transport:?}");
        assert_eq!(transports.add(transport).await, Ok(3.0), "{transport:?}");
        // A snapshot takes the counts away, so that each transport has its own.
        let counted = counters.snapshot().into_vec();
        for (name, expected) in [
            ("amf_limits_exceeded_total", ["call_timeout"].as_slice()),
            ("amf_calls_total", &["game", "wait", "Server.Timeout"]),
        ] {
            let found = counted.iter().find(|(key, ..)| {
                let labels = key.key().labels().map(metrics::Label::value);
                key.key().name() == name && labels.eq(expected.iter().copied())
            });
            assert_eq!(found.unwrap().3, DebugValue::Counter(1), "{transport:?} {name}");
        }
    }
}

/// The lines of a log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A second subscriber, which keeps the process from having just one.
///
/// With just one, `tracing` asks the current thread's subscriber whether a call site is of interest when it is first
/// met. If a test without a subscriber meets it first, it is switched off for all of them.
static SECOND_SUBSCRIBER: LazyLock<tracing::Dispatch> =
    LazyLock::new(|| tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish()));

#[tokio::test]
async fn calls_are_traced_and_counted_over_both_transports() {
    let log = Log::default();
    let writer = log.clone();
    LazyLock::force(&SECOND_SUBSCRIBER);
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::DEBUG)
        .with_span_events(FmtSpan::CLOSE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _subscriber = tracing::subscriber::set_default(subscriber);
    let recorder = DebuggingRecorder::new();
    let counters = recorder.snapshotter();
    let _recorder = metrics::set_default_local_recorder(&recorder);

    // an identity layer: the spans are around the layers
    let layer = tower::layer::layer_fn(|inner: CallService| inner);
    let transports = BothTransports::open(|services| services.layer(layer)).await;
    for transport in [Transport::Http, Transport::Rtmp] {
        transports.add(transport).await.unwrap();
    }
    transports.http.call::<()>("game.panic", ()).await.unwrap_err();
    transports.rtmp.call::<()>("game.panic", ()).await.unwrap_err();
    let slow = tokio::spawn(transports.clone().wait(Transport::Rtmp));
    timeout(TIMEOUT, transports.game.begun.notified()).await.unwrap();
    slow.abort();
    let _ = slow.await;
    drop(transports);
    tokio::time::sleep(Duration::from_millis(200)).await;

    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    for (method, outcome, count) in [("add", "ok", 2), ("panic", "panic", 2), ("wait", "cancelled", 1)] {
        let span = format!("call{{service=\"game\" method=\"{method}\" client=");
        let outcome = format!("outcome=\"{outcome}\" seconds=");
        let ends = text
            .lines()
            .filter(|line| line.contains(" close ") && line.contains(&span) && line.contains(&outcome));
        assert_eq!(ends.count(), count, "{method} {text}");
    }
    let counted = counters.snapshot().into_vec();
    for (method, outcome, count) in [("add", "ok", 2), ("panic", "panic", 2), ("wait", "cancelled", 1)] {
        let found = counted.iter().find(|(key, ..)| {
            let labels: Vec<_> = key.key().labels().map(metrics::Label::value).collect();
            key.key().name() == "amf_calls_total" && labels == ["game", method, outcome]
        });
        assert_eq!(found.unwrap().3, DebugValue::Counter(count), "{method}");
    }
}
