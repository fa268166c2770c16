//! The lobby example, a program as users run it, under the attacks that need no method of the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use amf_remoting::Value;
use amf_rtmp::NetConnection;
use amf_tests::lobby::Lobby;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::task::spawn_blocking;
use tokio::time::{sleep, timeout};

use crate::attacks;
use crate::honest::{NEWCOMER, connect, read_answer};
use crate::process::memory_of;
use crate::target::{Target, Traffic};
use crate::{ALONE, BUDGET, LONGEST, wire};

/// Time that a call may take. The attackers have the same two processors as the lobby.
const SLOW: Duration = Duration::from_secs(3);
/// Pause between two calls.
const PAUSE: Duration = Duration::from_millis(20);

fn address(url: &str) -> SocketAddr {
    url.split('/').nth(2).unwrap().parse().unwrap()
}

/// Calls a method on an open connection of HTTP, and on a new one of RTMP; returns the time of the slower call.
async fn call(rtmp: &str, http: &mut TcpStream) -> Duration {
    let over_http = async {
        let start = Instant::now();
        // a strict array of one string
        let packet = wire::packet(0, &[("echo.echo", "/1", b"\x0A\0\0\0\x01\x02\0\x08newcomer")]);
        http.write_all(&wire::post("/gateway", &packet)).await.unwrap();
        let answer = read_answer(http).await.unwrap();
        assert!(answer.ends_with(b"newcomer"), "{}", String::from_utf8_lossy(&answer));
        start.elapsed()
    };
    let over_rtmp = async {
        let start = Instant::now();
        let stream = connect(NEWCOMER, address(rtmp)).await.unwrap();
        let builder = NetConnection::builder(rtmp).unwrap();
        let connection = builder.connect_with_stream(stream).await.unwrap();
        let echoed: Value = connection.call("echo.echo", ("newcomer",)).await.unwrap();
        assert_eq!(echoed, Value::from("newcomer"));
        connection.close();
        start.elapsed()
    };
    let (over_http, over_rtmp) = tokio::join!(over_http, over_rtmp);
    over_http.max(over_rtmp)
}

/// Calls until it is stopped; returns the time of the slowest call. It has a thread of its own, so that the attackers'
/// work is not in its way.
async fn call_until(origin: &str, rtmp: &str, stop: &AtomicBool) -> Duration {
    let mut http = connect(NEWCOMER, address(origin)).await.unwrap();
    let mut slowest = Duration::ZERO;
    while !stop.load(Ordering::Relaxed) {
        slowest = slowest.max(timeout(LONGEST, call(rtmp, &mut http)).await.unwrap());
        sleep(PAUSE).await;
    }
    slowest.max(call(rtmp, &mut http).await)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lobby_serves_others() {
    let _alone = ALONE.lock().await;
    println!("| attack on the lobby | peak MiB above start | slowest honest call, ms |\n|---|--:|--:|");
    for attack in attacks::without_methods() {
        let lobby = spawn_blocking(Lobby::start).await.unwrap();
        let (before, stop) = (memory_of(lobby.process_id(), "VmRSS"), Arc::<AtomicBool>::default());
        let calling = thread::spawn({
            let (origin, rtmp, stop) =
                (lobby.origin().to_owned(), lobby.rtmp().to_owned(), Arc::clone(&stop));
            move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
                runtime.block_on(call_until(&origin, &rtmp, &stop))
            }
        });
        let traffic = Arc::<Traffic>::default();
        let target = Target {
            rtmp: address(lobby.rtmp()),
            http: address(lobby.origin()),
            traffic: Arc::clone(&traffic),
        };
        let ended = timeout(LONGEST, (attack.run)(target)).await;
        assert!(ended.is_ok(), "{}: the attack did not end", attack.name);
        stop.store(true, Ordering::Relaxed);
        let slowest = spawn_blocking(|| calling.join().unwrap()).await.unwrap();
        let peak = memory_of(lobby.process_id(), "VmHWM").saturating_sub(before);
        println!("| {} | {} | {} |", attack.name, peak >> 20, slowest.as_millis());
        assert!(traffic.sent.load(Ordering::Relaxed) > 10_000, "{}: nothing was sent", attack.name);
        assert!(slowest <= SLOW, "{}: a call took {slowest:?}", attack.name);
        assert!(peak <= BUDGET, "{}: {} MiB more than at the start", attack.name, peak >> 20);
    }
}
