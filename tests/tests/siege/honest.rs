//! Clients that do nothing wrong, from addresses of their own: one over HTTP, one over RTMP, each in a call all the
//! time, one that connects anew for each call, and one that creates shared objects, writes them and removes what it
//! wrote.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use amf_core::Version;
use amf_rtmp::{NetConnection, SharedObjectOptions, SyncChange, SyncEvent, SyncEvents};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::time::timeout;

use crate::wire;

/// The attackers have 127.0.0.1.
const ADDRESS: &str = "127.0.0.2:0";
/// The address of the client that connects anew.
pub(crate) const NEWCOMER: &str = "127.0.0.3:0";
/// Pause before it connects again.
const PAUSE: Duration = Duration::from_millis(20);
/// How long the call of `siege.wait` takes that there is always one of.
const WAIT_MILLIS: u32 = 20;
/// A call that takes longer has failed.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Honest {
    clients: [Arc<Log>; 4],
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Default)]
struct Log {
    calls: Mutex<Vec<(Instant, Instant)>>,
    failure: Mutex<Option<String>>,
}

impl Log {
    fn call(&self, start: Instant) {
        self.calls.lock().unwrap().push((start, Instant::now()));
    }

    /// When the last completed call began.
    fn last_start(&self) -> Option<Instant> {
        self.calls.lock().unwrap().last().map(|(start, _)| *start)
    }
}

impl Honest {
    /// Connects all. They have a thread of their own, so that the attackers' work is not in their way.
    pub(crate) fn connect(rtmp: SocketAddr, http: SocketAddr) -> Self {
        let (clients, stop) = (<[Arc<Log>; 4]>::default(), Arc::<AtomicBool>::default());
        let (logs, stopped) = (clients.clone(), Arc::clone(&stop));
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            let [over_http, over_rtmp, newcomer, shared] = logs;
            runtime.block_on(async {
                tokio::join!(
                    call_http(http, &over_http, &stopped),
                    call_rtmp(rtmp, &over_rtmp, &stopped),
                    connect_anew(rtmp, &newcomer, &stopped),
                    share_objects(rtmp, &shared, &stopped),
                )
            });
        });
        Self { clients, stop, thread: Some(thread) }
    }

    /// The slowest call that was not complete at `start`, counted from there, once all have made another one from
    /// now on.
    pub(crate) async fn slowest_since(&self, start: Instant) -> Result<Duration, String> {
        let now = Instant::now();
        for client in &self.clients {
            while client.last_start().is_none_or(|last| last < now) {
                if let Some(failure) = &*client.failure.lock().unwrap() {
                    return Err(failure.clone());
                }
                if now.elapsed() > PATIENCE {
                    return Err(format!("no call was answered within {PATIENCE:?}"));
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
        }
        let slowest = |client: &Arc<Log>| {
            let calls = client.calls.lock().unwrap();
            let since = calls.iter().filter(|(_, end)| *end > start);
            since.map(|(begun, end)| *end - start.max(*begun)).max().unwrap_or_default()
        };
        Ok(self.clients.iter().map(slowest).max().unwrap_or_default())
    }
}

impl Drop for Honest {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // Where the server is gone, the calls fail soon.
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

pub(crate) async fn connect(address: &str, server: SocketAddr) -> io::Result<TcpStream> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(address.parse().unwrap())?;
    let stream = socket.connect(server).await?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

async fn connect_rtmp(address: &str, server: SocketAddr) -> Result<NetConnection, String> {
    let url = format!("rtmp://{server}/{}", crate::server::APPLICATION);
    let stream = connect(address, server).await.map_err(|error| error.to_string())?;
    let builder = NetConnection::builder(&url).unwrap().encoding(Version::Amf3);
    builder.connect_with_stream(stream).await.map_err(|error| error.to_string())
}

/// Needs a place of the server each time.
async fn connect_anew(server: SocketAddr, log: &Log, stop: &AtomicBool) {
    while !stop.load(Ordering::Relaxed) {
        let start = Instant::now();
        let outcome = async {
            let connection = connect_rtmp(NEWCOMER, server).await?;
            let echoed = connection.call::<String>("siege.echoText", ("newcomer",)).await;
            connection.close();
            echoed.map_err(|error| error.to_string())
        };
        match timeout(PATIENCE, outcome).await.unwrap_or_else(|_| Err("no answer".to_owned())) {
            Ok(echoed) => assert_eq!(echoed, "newcomer"),
            Err(failure) => {
                *log.failure.lock().unwrap() = Some(format!("of a newcomer: {failure}"));
                return;
            }
        }
        log.call(start);
        tokio::time::sleep(PAUSE).await;
    }
}

/// Creates an object, persistent every other time, writes a slot and removes it: so the object is gone afterwards, and
/// the next one is a new one.
async fn share_objects(server: SocketAddr, log: &Log, stop: &AtomicBool) {
    let outcome = async {
        let connection = connect_rtmp(ADDRESS, server).await?;
        for number in 0_u32.. {
            if stop.load(Ordering::Relaxed) {
                break;
            }
            let options = SharedObjectOptions::new().persistent(number.is_multiple_of(2));
            let name = format!("honest {}", number % 2);
            let object = step(log, connection.shared_object(&name, options)).await?;
            let object = object.map_err(|error| error.to_string())?;
            let mut events = object.events();
            object.set("n", &number).map_err(|error| error.to_string())?;
            step(log, done(&mut events)).await??;
            object.remove("n").map_err(|error| error.to_string())?;
            step(log, done(&mut events)).await??;
            tokio::time::sleep(Duration::from_millis(WAIT_MILLIS.into())).await;
        }
        Ok::<_, String>(())
    };
    if let Err(failure) = outcome.await {
        *log.failure.lock().unwrap() = Some(format!("shared objects: {failure}"));
    }
}

/// Each of these is a call, as each is one request and its answer.
async fn step<T>(log: &Log, answer: impl Future<Output = T>) -> Result<T, String> {
    let start = Instant::now();
    let answer = timeout(PATIENCE, answer).await.map_err(|_| "no answer".to_owned())?;
    log.call(start);
    Ok(answer)
}

/// Waits until the server has done what was asked for.
async fn done(events: &mut SyncEvents) -> Result<(), String> {
    match events.recv().await {
        Some(SyncEvent::Sync(changes))
            if matches!(&*changes, [SyncChange::Success { .. } | SyncChange::Delete { .. }]) =>
        {
            Ok(())
        }
        other => Err(format!("{other:?}")),
    }
}

async fn call_rtmp(server: SocketAddr, log: &Log, stop: &AtomicBool) {
    let outcome = async {
        let connection = connect_rtmp(ADDRESS, server).await?;
        while !stop.load(Ordering::Relaxed) {
            let start = Instant::now();
            let calls = async {
                tokio::join!(
                    connection.call::<u32>("siege.wait", (WAIT_MILLIS,)),
                    connection.call::<String>("siege.echoText", ("honest",)),
                )
            };
            let (waited, echoed) = timeout(PATIENCE, calls).await.map_err(|_| "no answer".to_owned())?;
            let answers = (waited.map_err(|e| e.to_string())?, echoed.map_err(|e| e.to_string())?);
            assert_eq!(answers, (WAIT_MILLIS, "honest".to_owned()));
            log.call(start);
        }
        Ok::<_, String>(())
    };
    if let Err(failure) = outcome.await {
        *log.failure.lock().unwrap() = Some(format!("over RTMP: {failure}"));
    }
}

async fn call_http(server: SocketAddr, log: &Log, stop: &AtomicBool) {
    let arguments = [
        // a strict array of one number, of one string
        [&b"\x0A\0\0\0\x01\0"[..], &f64::from(WAIT_MILLIS).to_be_bytes()].concat(),
        b"\x0A\0\0\0\x01\x02\0\x06honest".to_vec(),
    ];
    let packet =
        wire::packet(0, &[("siege.wait", "/1", &arguments[0]), ("siege.echoText", "/2", &arguments[1])]);
    let request = wire::post("/gateway", &packet);
    let outcome = async {
        let mut stream = connect(ADDRESS, server).await?;
        while !stop.load(Ordering::Relaxed) {
            let start = Instant::now();
            let answer = async {
                stream.write_all(&request).await?;
                read_answer(&mut stream).await
            };
            let body = timeout(PATIENCE, answer).await??;
            if !body.windows(6).any(|window| window == b"honest") {
                return Err(io::Error::other(format!("answered {:?}", String::from_utf8_lossy(&body))));
            }
            log.call(start);
        }
        Ok::<_, io::Error>(())
    };
    if let Err(failure) = outcome.await {
        *log.failure.lock().unwrap() = Some(format!("over HTTP: {failure}"));
    }
}

/// The body of an answer that says its length.
pub(crate) async fn read_answer(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        if let Some((head, length)) = wire::head(&bytes)
            && let Some(body) = bytes.get(head..head + length)
        {
            return Ok(body.to_vec());
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
}
