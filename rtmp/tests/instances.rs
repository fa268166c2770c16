//! Instances of applications: who is in one, what belongs to it, and how the rest of the program reaches it.

#![cfg(feature = "net")]
#![allow(clippy::unwrap_used, reason = "tests")]

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use amf_remoting::{Services, remoting_service};
use amf_rtmp::{Instance, NetConnection, Server};
use tokio::sync::mpsc;
use tokio::time::{sleep, timeout};

/// Long enough for anything that happens at all.
const TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Points(AtomicU32);

struct Game;

#[remoting_service(name = "game")]
impl Game {
    fn place(&self, instance: &Instance) -> (String, String, usize) {
        (instance.application().to_owned(), instance.name().to_owned(), instance.local_clients().local_len())
    }

    fn score(&self, instance: &Instance, points: u32) -> (u32, u32) {
        let add = |to: &Points| to.0.fetch_add(points, Ordering::Relaxed) + points;
        (add(&instance.state()), add(&instance.server_state()))
    }
}

async fn serve() -> (Server, SocketAddr) {
    let server = Server::new(Services::new().add(Game));
    let bound = server.clone().bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().unwrap();
    tokio::spawn(bound.serve());
    (server, address)
}

async fn connect(address: SocketAddr, app: &str) -> (NetConnection, mpsc::UnboundedReceiver<String>) {
    let (told, hears) = mpsc::unbounded_channel();
    let connection = NetConnection::builder(&format!("rtmp://{address}/{app}"))
        .unwrap()
        .on_unhandled(move |name, _| told.send(name.to_owned()).unwrap())
        .connect()
        .await
        .unwrap();
    (connection, hears)
}

#[tokio::test]
async fn clients_join_the_instance_of_their_url() {
    let (server, address) = serve().await;
    let (red, _) = connect(address, "game/red?key=7").await;
    let (other_red, _) = connect(address, "/game//red/").await;
    let (none, _) = connect(address, "game").await;
    let place = |connection: NetConnection| async move {
        connection.call::<(String, String, usize)>("game.place", ()).await.unwrap()
    };
    assert_eq!(place(red.clone()).await, ("game".into(), "red".into(), 2));
    assert_eq!(place(none.clone()).await, ("game".into(), "_definst_".into(), 1));
    let score = |connection: NetConnection, points: u32| async move {
        connection.call::<(u32, u32)>("game.score", (points,)).await.unwrap()
    };
    assert_eq!(score(red.clone(), 1).await, (1, 1));
    assert_eq!(score(none, 10).await, (10, 11));
    assert_eq!(score(other_red.clone(), 100).await, (101, 111));

    for connection in [red, other_red] {
        connection.close();
        connection.closed().await;
    }
    timeout(TIMEOUT, async {
        while server.local_instances().len() > 1 {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await
    .unwrap();
    let (new, _) = connect(address, "game/red").await;
    assert_eq!(score(new, 1).await, (1, 112), "the instance was forgotten, the server was not");
}

#[tokio::test]
async fn the_program_reaches_an_instance_by_name() {
    let (server, address) = serve().await;
    let (_red, mut red_hears) = connect(address, "game/red").await;
    let (_blue, mut blue_hears) = connect(address, "game/blue").await;
    server.instance("game", "red").unwrap().local_clients().notify("first", ()).unwrap();
    for instance in server.local_instances() {
        instance.local_clients().notify("second", ()).unwrap();
    }
    assert_eq!(timeout(TIMEOUT, red_hears.recv()).await.unwrap().unwrap(), "first");
    assert_eq!(timeout(TIMEOUT, red_hears.recv()).await.unwrap().unwrap(), "second");
    assert_eq!(timeout(TIMEOUT, blue_hears.recv()).await.unwrap().unwrap(), "second");
    assert!(server.instance("", "red").is_err());
}
