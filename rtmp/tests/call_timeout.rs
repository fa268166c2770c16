//! The deadline of calls over RTMP, in both directions, and a method that computes while its connection goes on.

#![cfg(feature = "net")]
#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod peer;

use std::future::pending;
use std::hint::spin_loop;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use amf_remoting::{CallError, Client, Fault, Services, remoting_service};
use amf_rtmp::{NetConnection, Server, UnknownCommand};
use peer::TIMEOUT;
use tokio::io::AsyncWriteExt;
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

/// The time of a call in these tests, unless its method has one of its own.
const CALL_TIMEOUT: Duration = Duration::from_millis(50);

#[derive(Clone, Default)]
struct Game(Arc<State>);

#[derive(Default)]
struct State {
    is_dropped: AtomicBool,
    may_answer: Notify,
    may_stop: AtomicBool,
}

struct NoteDrop(Arc<State>);

impl Drop for NoteDrop {
    fn drop(&mut self) {
        self.0.is_dropped.store(true, Ordering::Relaxed);
    }
}

#[remoting_service(name = "game")]
impl Game {
    fn echo(&self, number: u32) -> u32 {
        number
    }

    async fn wait(&self) {
        let _note = NoteDrop(Arc::clone(&self.0));
        pending::<()>().await;
    }

    #[remote(timeout = "20ms")]
    async fn wait_shortly(&self) {
        pending::<()>().await;
    }

    #[remote(timeout = "none")]
    async fn wait_for_answer(&self) -> u32 {
        self.0.may_answer.notified().await;
        7
    }

    /// Calls its caller, which does not answer in time.
    #[remote(timeout = "1m")]
    async fn ask(&self, client: &Client) -> Result<(), Fault> {
        match client.invoke("wait", ()).await {
            Err(CallError::Fault(fault)) => Err(fault),
            other => Ok(other?),
        }
    }

    /// Computes until it may stop.
    #[remote(blocking)]
    fn compute(&self) -> bool {
        let since = Instant::now();
        // A test that fails must end too.
        while !self.0.may_stop.load(Ordering::Relaxed) && since.elapsed() < TIMEOUT {
            spin_loop();
        }
        self.0.may_stop.load(Ordering::Relaxed)
    }
}

async fn serve(server: Server) -> SocketAddr {
    let bound = server.bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().unwrap();
    tokio::spawn(bound.serve());
    address
}

async fn connect(address: SocketAddr, services: Services) -> NetConnection {
    let builder = NetConnection::builder(&format!("rtmp://{address}/game")).unwrap();
    timeout(TIMEOUT, builder.services(services).connect()).await.unwrap().unwrap()
}

/// The code and the message of the `_error` that answers a call.
async fn fault(connection: &NetConnection, method: &str) -> (String, String) {
    let outcome = timeout(TIMEOUT, connection.call::<()>(method, ())).await.unwrap();
    let Err(CallError::Fault(fault)) = outcome else { panic!("{outcome:?}") };
    (fault.code().to_owned(), fault.message().to_owned())
}

fn timed_out(limit: &str, time: &str) -> (String, String) {
    let message = format!("the method did not answer in time: the limit `{limit}` of {time} is passed");
    ("Server.Timeout".to_owned(), message)
}

#[tokio::test]
async fn a_call_over_its_time_is_answered_with_a_fault() {
    let game = Game::default();
    let services = Services::new().add(game.clone()).call_timeout(CALL_TIMEOUT);
    let address = serve(Server::new(services)).await;
    let connection = connect(address, Services::new()).await;
    assert_eq!(fault(&connection, "game.wait").await, timed_out("call_timeout", "50ms"));
    assert!(game.0.is_dropped.load(Ordering::Relaxed));
    assert_eq!(fault(&connection, "game.waitShortly").await, timed_out("method_timeout", "20ms"));
    assert_eq!(connection.call::<u32>("game.echo", (3,)).await.unwrap(), 3);
}

#[tokio::test]
async fn a_method_may_have_more_time_than_others() {
    let game = Game::default();
    let services = Services::new().add(game.clone()).call_timeout(CALL_TIMEOUT);
    let address = serve(Server::new(services)).await;
    let connection = connect(address, Services::new()).await;
    let waiting = connection.clone();
    let waiting = tokio::spawn(async move { waiting.call::<u32>("game.waitForAnswer", ()).await });
    sleep(4 * CALL_TIMEOUT).await;
    game.0.may_answer.notify_one();
    assert_eq!(timeout(TIMEOUT, waiting).await.unwrap().unwrap().unwrap(), 7);
}

struct Callbacks;

#[remoting_service(name = "")]
impl Callbacks {
    async fn wait(&self) {
        pending::<()>().await;
    }
}

#[tokio::test]
async fn what_the_server_calls_has_the_time_of_the_clients_services() {
    let address = serve(Server::new(Services::new().add(Game::default()))).await;
    let services = Services::new().add(Callbacks).call_timeout(CALL_TIMEOUT);
    let connection = connect(address, services).await;
    assert_eq!(fault(&connection, "game.ask").await, timed_out("call_timeout", "50ms"));
}

#[tokio::test]
async fn the_fallback_has_the_time_of_a_call() {
    let services = Services::new().call_timeout(CALL_TIMEOUT);
    let server = Server::new(services).fallback(|_: UnknownCommand| pending::<Result<(), Fault>>());
    let connection = connect(serve(server).await, Services::new()).await;
    assert_eq!(fault(&connection, "nothing").await, timed_out("call_timeout", "50ms"));
}

/// Server and clients share the one thread of the test's runtime: a method that computed there would hold them all.
#[tokio::test]
async fn a_connection_goes_on_while_its_method_computes() {
    let game = Game::default();
    let address = serve(Server::new(Services::new().add(game.clone()))).await;
    let other = connect(address, Services::new()).await;
    let mut socket = peer::connected(address).await;
    // The command object is null.
    socket.write_all(&peer::command("game.compute", 2.0, &[5])).await.unwrap();
    for round in 0..20_u8 {
        // User control messages (type 4): event 6 is PingRequest, 7 PingResponse, each with a timestamp.
        let stamp = [0xA0, 0xB0, 0xC0, round];
        socket.write_all(&peer::message(4, &[&[0, 6], &stamp[..]].concat())).await.unwrap();
        let read = peer::read_until(&mut socket, &[&[0, 7], &stamp[..]].concat()).await;
        assert!(!read.windows(7).any(|bytes| bytes == b"_result"), "it has not computed: {read:02x?}");
        assert_eq!(other.call::<u32>("game.echo", (round,)).await.unwrap(), u32::from(round));
        sleep(Duration::from_millis(100)).await;
    }
    game.0.may_stop.store(true, Ordering::Relaxed);
    let read = peer::read_until(&mut socket, b"_result").await;
    // The transaction id 2, no command object, and a boolean that is true.
    let rest = [&[0][..], &2f64.to_be_bytes(), &[5], &[1, 1]].concat();
    let rest_is_read = read.windows(rest.len()).any(|bytes| bytes == rest);
    if !rest_is_read {
        peer::read_until(&mut socket, &rest).await;
    }
}
