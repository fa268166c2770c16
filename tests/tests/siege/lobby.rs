//! The lobby example, a program as users run it, under the attacks that need no method of the server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
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
use crate::{ALONE, BUDGET, LONGEST, NOTICED, wire};

/// Pause between two calls.
const PAUSE: Duration = Duration::from_millis(20);

fn address(url: &str) -> SocketAddr {
    url.split('/').nth(2).unwrap().parse().unwrap()
}

/// Calls a method on an open connection of HTTP, and on a new one of RTMP; returns the time of the slower call.
async fn call(lobby: &Lobby, http: &mut TcpStream) -> Duration {
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
        let stream = connect(NEWCOMER, address(lobby.rtmp())).await.unwrap();
        let builder = NetConnection::builder(lobby.rtmp()).unwrap();
        let connection = builder.connect_with_stream(stream).await.unwrap();
        let echoed: Value = connection.call("echo.echo", ("newcomer",)).await.unwrap();
        assert_eq!(echoed, Value::from("newcomer"));
        connection.close();
        start.elapsed()
    };
    let (over_http, over_rtmp) = tokio::join!(over_http, over_rtmp);
    over_http.max(over_rtmp)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_lobby_serves_others() {
    let _alone = ALONE.lock().await;
    println!("| attack on the lobby | peak MiB above start | slowest honest call, ms |\n|---|--:|--:|");
    for attack in attacks::without_methods() {
        let lobby = spawn_blocking(Lobby::start).await.unwrap();
        let mut http = connect(NEWCOMER, address(lobby.origin())).await.unwrap();
        call(&lobby, &mut http).await;
        let before = memory_of(lobby.process_id(), "VmRSS");
        let traffic = Arc::<Traffic>::default();
        let target = Target {
            rtmp: address(lobby.rtmp()),
            http: address(lobby.origin()),
            traffic: Arc::clone(&traffic),
        };
        let mut slowest = Duration::ZERO;
        let calling = async {
            loop {
                slowest = slowest.max(timeout(LONGEST, call(&lobby, &mut http)).await.unwrap());
                sleep(PAUSE).await;
            }
        };
        tokio::select! {
            ended = timeout(LONGEST, (attack.run)(target)) => {
                assert!(ended.is_ok(), "{}: the attack did not end", attack.name);
            }
            () = calling => {}
        }
        slowest = slowest.max(call(&lobby, &mut http).await);
        let peak = memory_of(lobby.process_id(), "VmHWM").saturating_sub(before);
        println!("| {} | {} | {} |", attack.name, peak >> 20, slowest.as_millis());
        assert!(traffic.sent.load(Ordering::Relaxed) > 10_000, "{}: nothing was sent", attack.name);
        assert!(slowest <= NOTICED, "{}: a call took {slowest:?}", attack.name);
        assert!(peak <= BUDGET, "{}: {} MiB more than at the start", attack.name, peak >> 20);
    }
}
