//! Peers that mean harm, against a server with its default limits: they are let go, and others notice nothing.

#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod peer;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amf_remoting::{CallError, Client, Group, Services, Version, remoting_service};
use amf_rtmp::proto::{Config, Limits};
use amf_rtmp::{ConnectError, NetConnection, Rejection, Server};
use peer::{LONG_TIMEOUT, TIMEOUT, closed, command, connected, flood, handshaken, message, raw};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinHandle;
use tokio::time::timeout;

struct Echo {
    clients: Arc<Mutex<Vec<Client>>>,
    room: Group,
    started: mpsc::UnboundedSender<()>,
}

#[remoting_service(name = "test")]
impl Echo {
    fn echo(&self, number: f64) -> f64 {
        number
    }

    fn join(&self, client: &Client) {
        self.room.add(client);
        self.clients.lock().unwrap().push(client.clone());
    }

    fn panic(&self) {
        panic!("as asked");
    }

    async fn stay(&self) {
        self.started.send(()).unwrap();
        std::future::pending::<()>().await;
    }

    /// As many bytes as are asked for; tells that it ran.
    fn bytes(&self, count: f64) -> String {
        let _ = self.started.send(());
        "x".repeat(count as usize)
    }

    fn huge(&self) -> String {
        "x".repeat(17 << 20)
    }
}

struct TestServer {
    address: SocketAddr,
    clients: Arc<Mutex<Vec<Client>>>,
    room: Group,
    started: mpsc::UnboundedReceiver<()>,
    disconnects: mpsc::UnboundedReceiver<()>,
    stop: Arc<Notify>,
    task: JoinHandle<std::io::Result<()>>,
}

async fn serve(configure: impl FnOnce(Server) -> Server) -> TestServer {
    let (clients, room, stop) = (Arc::default(), Group::new(), Arc::new(Notify::new()));
    let (starting, started) = mpsc::unbounded_channel();
    let (leaving, disconnects) = mpsc::unbounded_channel();
    let echo = Echo { clients: Arc::clone(&clients), room: room.clone(), started: starting };
    let server = Server::new(Services::new().add(echo)).on_disconnect(move |_| {
        // The test may not look.
        let _ = leaving.send(());
        std::future::ready(())
    });
    let bound = configure(server).bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().unwrap();
    let stopped = Arc::clone(&stop);
    let task = tokio::spawn(bound.serve_until(async move { stopped.notified().await }));
    TestServer { address, clients, room, started, disconnects, stop, task }
}

async fn connect(server: &TestServer) -> Result<NetConnection, ConnectError> {
    let url = format!("rtmp://{}/test", server.address);
    timeout(TIMEOUT, NetConnection::builder(&url).unwrap().encoding(Version::Amf0).connect()).await.unwrap()
}

async fn works(connection: &NetConnection) {
    let echoed = timeout(TIMEOUT, connection.call::<f64>("test.echo", (7,))).await.unwrap().unwrap();
    assert!((echoed - 7.0).abs() < f64::EPSILON);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_peers_do_not_affect_other_clients() {
    let server = serve(|server| server).await;
    let connection = connect(&server).await.unwrap();
    let mut open = Vec::new();
    for index in 0..200_usize {
        let sent: &[u8] = match index % 4 {
            0 => &[],
            1 => &[3],
            2 => &[&[3], [0; 768].as_slice()].concat(),
            _ => b"\x16\x03\x01GET / HTTP/1.1\r\n\r\n",
        };
        open.push(raw(server.address, sent).await);
    }
    let calls: Vec<u8> =
        (0..2_000).flat_map(|_| command("test.echo", 2.0, &[5, 0, 0, 0, 0, 0, 0, 0, 0, 0])).collect();
    let flooding = tokio::spawn(flood(connected(server.address).await, calls));
    for _ in 0..200 {
        works(&connection).await;
    }
    works(&connect(&server).await.unwrap()).await;
    timeout(LONG_TIMEOUT, flooding).await.unwrap().unwrap();
    works(&connection).await;
    // After 5 s, the limit, the server has let go of all of them.
    for mut socket in open {
        closed(&mut socket).await;
    }
    works(&connection).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_breaks_the_protocol_is_disconnected() {
    let server = serve(|server| server).await;
    let connection = connect(&server).await.unwrap();
    let nested = [3, 0, 1, b'a'].repeat(100_000);
    let deep = command("connect", 1.0, &[3, 0, 1, b'a'].repeat(10_000));
    for bytes in [
        // a chunk size of 0, and one with its highest bit set
        message(1, &[0; 4]),
        message(1, &[0x80, 0, 0, 1]),
        // 100,000 levels, which is too long before connect, and 10,000, which is not
        command("connect", 1.0, &nested),
        deep,
        // a message that says another length in its middle
        [message(20, &[0; 200])[..140].to_vec(), message(20, &[0; 20])].concat(),
        // the longest message there is
        [&message(20, &[0; 128])[..4], &[0xFF, 0xFF, 0xFF, 20, 0, 0, 0, 0]].concat(),
        // a call before connect
        command("test.echo", 2.0, &[5]),
        // ping requests whose answers nobody reads
        message(4, &[0, 6, 0, 0, 0, 0]).repeat(20_000),
    ] {
        let mut socket = handshaken(server.address).await;
        // It may be closed before it has all of them.
        let _ = timeout(TIMEOUT, socket.write_all(&bytes)).await.unwrap();
        closed(&mut socket).await;
        works(&connection).await;
    }
}

#[tokio::test]
async fn unknown_messages_are_ignored() {
    let server = serve(|server| server).await;
    let mut socket = connected(server.address).await;
    for kind in [7, 10, 99, 255] {
        socket.write_all(&message(kind, &[1, 2, 3, 4])).await.unwrap();
    }
    // an event of a stream that nobody knows
    socket.write_all(&message(4, &[0, 77, 0, 0, 0, 0])).await.unwrap();
    socket.write_all(&command("test.echo", 2.0, &[5, 0, 64, 28, 0, 0, 0, 0, 0, 0])).await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(7).any(|bytes| bytes == b"_result") {
        assert!(timeout(TIMEOUT, socket.read_buf(&mut answer)).await.unwrap().unwrap() > 0);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_handshakes_and_connects_time_out() {
    let time = Duration::from_millis(300);
    let limits = Limits::server().with_handshake_timeout(time).with_connect_timeout(time);
    let server = serve(|server| server.config(Config::server().with_limits(limits))).await;
    closed(&mut raw(server.address, &[]).await).await;
    closed(&mut raw(server.address, &[3, 0]).await).await;
    let mut dribbled = raw(server.address, &[3]).await;
    let all = async {
        while dribbled.write_all(&[0]).await.is_ok() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(TIMEOUT, all).await.unwrap();
    closed(&mut handshaken(server.address).await).await;
    // Who always has something to say, but never connect, does not put off the end.
    let acknowledgements = message(3, &[0; 4]).repeat(1_000);
    timeout(TIMEOUT, flood(handshaken(server.address).await, acknowledgements)).await.unwrap();
}

#[tokio::test]
async fn a_policy_request_without_a_policy_file_is_closed() {
    let server = serve(|server| server).await;
    let mut socket = raw(server.address, b"<policy-file-request/>\0").await;
    timeout(Duration::from_secs(4), closed(&mut socket)).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_never_reads_affects_only_its_own_queue() {
    let mut server = serve(|server| server).await;
    let mut silent = connected(server.address).await;
    silent.write_all(&command("test.join", 2.0, &[5])).await.unwrap();
    while server.room.local_len() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let heard = Arc::new(Mutex::new(0));
    let count = Arc::clone(&heard);
    let other = NetConnection::builder(&format!("rtmp://{}/test", server.address))
        .unwrap()
        .on_unhandled(move |_, _| *count.lock().unwrap() += 1)
        .connect()
        .await
        .unwrap();
    let () = timeout(TIMEOUT, other.call("test.join", ())).await.unwrap().unwrap();
    let words = "x".repeat(100_000);
    let told = async {
        let full = |client: &Client| matches!(client.notify("more", (&words,)), Err(CallError::Full));
        let first = server.clients.lock().unwrap().first().cloned().unwrap();
        for round in 1.. {
            server.room.notify("heard", (&words,)).unwrap();
            while *heard.lock().unwrap() < round {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if full(&first) {
                return round;
            }
        }
        0
    };
    // 4 MiB, and what the sockets hold.
    assert!(timeout(TIMEOUT, told).await.unwrap() < 500);
    works(&other).await;
    // After 10 s in which it took nothing, it is let go.
    timeout(LONG_TIMEOUT, server.disconnects.recv()).await.unwrap().unwrap();
    assert_eq!(server.room.local_len(), 1);
    works(&other).await;
    drop(silent);
}

#[tokio::test]
async fn connections_over_the_maximum_are_closed() {
    let server = serve(|server| server.max_connections(2)).await;
    let (first, second) = (connect(&server).await.unwrap(), connect(&server).await.unwrap());
    assert!(connect(&server).await.is_err());
    works(&first).await;
    first.close();
    timeout(TIMEOUT, first.closed()).await.unwrap();
    // The place is free once the server has noticed.
    let again = async {
        loop {
            if let Ok(connection) = connect(&server).await {
                return connection;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    works(&timeout(TIMEOUT, again).await.unwrap()).await;
    works(&second).await;
    // No limit is a number as well.
    let server = serve(|server| server.max_connections(usize::MAX)).await;
    works(&connect(&server).await.unwrap()).await;
}

#[tokio::test]
async fn a_hanging_or_panicking_on_connect_rejects_the_client() {
    let server = serve(|server| {
        server.on_connect_timeout(Duration::from_millis(100)).on_connect(|connect| async move {
            match connect.query() {
                "hang" => std::future::pending().await,
                "panic" => panic!("as asked"),
                _ => Ok::<_, Rejection>(connect.accept()),
            }
        })
    })
    .await;
    for query in ["hang", "panic"] {
        let url = format!("rtmp://{}/test?{query}", server.address);
        let refused = timeout(TIMEOUT, NetConnection::builder(&url).unwrap().connect()).await.unwrap();
        let Err(ConnectError::Rejected(status)) = refused else { panic!("{query}: {refused:?}") };
        assert_eq!(status.code(), "NetConnection.Connect.Rejected");
    }
    works(&connect(&server).await.unwrap()).await;
}

#[tokio::test]
async fn a_panicking_method_and_an_oversized_reply_fail_one_call() {
    let server = serve(|server| server).await;
    let connection = connect(&server).await.unwrap();
    for (method, code) in [("test.panic", "Server.Processing"), ("test.huge", "Server.ReplyTooLarge")] {
        let failed = timeout(TIMEOUT, connection.call::<()>(method, ())).await.unwrap().unwrap_err();
        assert!(matches!(&failed, CallError::Fault(fault) if fault.code() == code), "{method}: {failed}");
        works(&connection).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn notifications_in_flight_are_bounded() {
    let mut server = serve(|server| server).await;
    let mut socket = connected(server.address).await;
    socket.write_all(&command("test.stay", 0.0, &[5]).repeat(1_000)).await.unwrap();
    socket.write_all(&command("test.echo", 2.0, &[5, 0, 64, 28, 0, 0, 0, 0, 0, 0])).await.unwrap();
    let mut answer = Vec::new();
    while !answer.windows(7).any(|bytes| bytes == b"_result") {
        assert!(timeout(TIMEOUT, socket.read_buf(&mut answer)).await.unwrap().unwrap() > 0);
    }
    let mut started = 0;
    while server.started.try_recv().is_ok() {
        started += 1;
    }
    assert_eq!(started, 256);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shutdown_ends_after_its_timeout() {
    let mut server = serve(|server| server.shutdown_timeout(Duration::from_millis(200))).await;
    let connection = connect(&server).await.unwrap();
    let staying = connection.clone();
    let staying = tokio::spawn(async move { staying.call::<()>("test.stay", ()).await });
    timeout(TIMEOUT, server.started.recv()).await.unwrap();
    // Others never read, or never say a word.
    let mut silent = connected(server.address).await;
    silent.write_all(&command("test.join", 2.0, &[5])).await.unwrap();
    while server.room.local_len() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let words = "x".repeat(1_000_000);
    let client = server.clients.lock().unwrap()[0].clone();
    while client.notify("heard", (&words,)).is_ok() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let _nothing = raw(server.address, &[]).await;
    server.stop.notify_one();
    timeout(TIMEOUT, server.task).await.unwrap().unwrap().unwrap();
    assert!(matches!(timeout(TIMEOUT, staying).await.unwrap().unwrap(), Err(CallError::Gone)));
    // Both are told of, the one that was cut off as well.
    for _ in 0..2 {
        timeout(TIMEOUT, server.disconnects.recv()).await.unwrap().unwrap();
    }
    assert!(!client.is_open());
    assert!(matches!(client.notify("heard", ()), Err(CallError::Gone)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_wait_while_their_peer_reads_no_replies() {
    let mut server = serve(|server| server).await;
    let mut socket = connected(server.address).await;
    // 200 calls of 30 bytes, in one read of the server's, each with a reply of 1 MiB.
    let len = 1_f64 * f64::from(1 << 20);
    let calls: Vec<u8> = (0..200)
        .flat_map(|id| command("test.bytes", f64::from(id + 2), &[&[5, 0][..], &len.to_be_bytes()].concat()))
        .collect();
    socket.write_all(&calls).await.unwrap();
    let mut started = 0;
    while timeout(Duration::from_millis(500), server.started.recv()).await.is_ok() {
        started += 1;
    }
    // What the sockets hold, what is being written, what waits, and one more.
    assert!((2..30).contains(&started), "{started} of 200 calls ran");
    // The peer reads after all, and gets every reply.
    let mut received = 0;
    let mut buffer = vec![0; 64 << 10];
    while received < 200 << 20 {
        let read = timeout(TIMEOUT, socket.read(&mut buffer)).await.unwrap().unwrap();
        assert!(read > 0, "closed after {received} bytes and {started} calls");
        received += read;
        while server.started.try_recv().is_ok() {
            started += 1;
        }
    }
    assert_eq!(started, 200);
}
