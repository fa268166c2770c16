//! Tests of the lobby's router, without a socket.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a panic is how a test fails")]

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use amf_remoting::amf_core::packet::PacketWriter;
use amf_remoting::amf_core::{Classes, Decoder, FromAmf, ToAmf, to_vec};
use amf_remoting::client::Replies;
use amf_remoting::{CallError, Value, Version};
use amf_rtmp::NetConnection;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::http::{Request, StatusCode, header};
use examples::lobby;
use examples::lobby::host::Host;
use examples::lobby::room::MAX_PLAYERS_PER_ADDRESS;
use examples::lobby::wire::{Message, Player, Seat};
use http_body_util::BodyExt;
use serde_json::json;
use tokio::net::TcpSocket;
use tokio::time::timeout;
use tower::ServiceExt;

/// The lobby of one test.
struct TestLobby {
    host: Arc<Host>,
    app: Router,
}

impl TestLobby {
    fn open() -> Self {
        let host = Host::open();
        let app = lobby::http(Arc::clone(&host), lobby::services(&host));
        Self { host, app }
    }

    async fn send(&self, request: Request<Body>) -> (StatusCode, Vec<u8>) {
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status();
        (status, to_bytes(response.into_body(), 1 << 20).await.unwrap().to_vec())
    }

    /// Calls a method in AMF0. Returns the target and the value of the reply.
    async fn call(&self, method: &str, arguments: &impl ToAmf) -> (String, Value) {
        self.call_from("192.0.2.1", method, arguments).await
    }

    /// Calls a method in AMF0 from an address. Returns the target and the value of the reply.
    async fn call_from(&self, address: &str, method: &str, arguments: &impl ToAmf) -> (String, Value) {
        let mut packet = PacketWriter::new(0);
        packet.message(method, "/1", &to_vec(Version::Amf0, arguments).unwrap()).unwrap();
        let request = Request::post(lobby::GATEWAY).header(header::CONTENT_TYPE, "application/x-amf");
        let request = request.extension(peer(address)).body(packet.finish().into()).unwrap();
        let (status, reply) = self.send(request).await;
        assert_eq!(status, StatusCode::OK);
        let replies = Replies::from_bytes(reply).unwrap();
        let message = replies.messages().next().unwrap();
        (message.target().to_owned(), message.value().unwrap())
    }

    async fn page(&self, what: &str, form: serde_json::Value) -> (StatusCode, serde_json::Value) {
        let request = Request::post(format!("/page/{what}")).header(header::CONTENT_TYPE, "application/json");
        let request = request.extension(peer("192.0.2.1"));
        let (status, answer) = self.send(request.body(form.to_string().into()).unwrap()).await;
        (status, serde_json::from_slice(&answer).unwrap())
    }
}

fn peer(address: &str) -> ConnectInfo<SocketAddr> {
    ConnectInfo(SocketAddr::new(address.parse().unwrap(), 7))
}

fn read<T: for<'de> FromAmf<'de>>(body: &[u8]) -> T {
    let mut classes = Classes::new();
    T::classes(&mut classes);
    T::from_amf(&mut Decoder::new(Version::Amf0, body).with_classes(Arc::new(classes))).unwrap()
}

/// Converts a dynamic value into a typed one by encoding and decoding it.
fn typed<T: for<'de> FromAmf<'de>>(value: &Value) -> T {
    read(&to_vec(Version::Amf0, value).unwrap())
}

fn fault_code(fault: &Value) -> &str {
    let Some(Value::String(code)) = fault.as_object().and_then(|fault| fault.get("code")) else {
        panic!("a fault has a code: {fault:?}")
    };
    code
}

#[tokio::test]
async fn calls_over_amf_work() {
    let lobby = TestLobby::open();
    let (target, seat) = lobby.call("lobby.join", &["Ann"]).await;
    assert_eq!(target, "/1/onResult");
    assert_eq!(seat.as_object().unwrap().alias(), "lobby.Seat");
    let seat: Seat = typed(&seat);
    assert_eq!(seat.player.name, "Ann");

    let (_, players) = lobby.call("lobby.players", &[(); 0]).await;
    assert_eq!(typed::<Vec<Player>>(&players), [seat.player]);

    let (_, said) = lobby.call("lobby.say", &[&*seat.token, "hello"]).await;
    let said: Message = typed(&said);
    assert_eq!((said.from.as_str(), said.text.as_str()), ("Ann", "hello"));

    let (target, taken) = lobby.call("lobby.join", &["ann"]).await;
    assert_eq!((target.as_str(), fault_code(&taken)), ("/1/onStatus", "Lobby.NameTaken"));

    assert_eq!(lobby.call("lobby.leave", &[&*seat.token]).await.1, Value::Bool(true));
    assert_eq!(lobby.call("lobby.leave", &[&*seat.token]).await.1, Value::Bool(false));
    let (_, refused) = lobby.call("lobby.say", &[&*seat.token, "hello"]).await;
    assert_eq!(fault_code(&refused), "Lobby.NotJoined");
}

#[tokio::test]
async fn the_echo_service_returns_values_and_faults() {
    let lobby = TestLobby::open();
    let seat = Seat {
        token: "t".to_owned(),
        player: Player { id: 1, name: "n".to_owned(), joined_at: amf_remoting::Date::from_millis(0.0) },
    };
    let (_, echoed) = lobby.call("echo.echo", &[&seat]).await;
    assert_eq!(typed::<Seat>(&echoed), seat);
    let (target, fault) = lobby.call("echo.fail", &[(); 0]).await;
    assert_eq!((target.as_str(), fault_code(&fault)), ("/1/onStatus", "Echo.Fail"));
}

#[tokio::test]
async fn the_page_shows_live_what_clients_do() {
    let lobby = TestLobby::open();
    let (status, page) = lobby.send(Request::get("/").body(Body::empty()).unwrap()).await;
    assert_eq!(status, StatusCode::OK);
    assert!(String::from_utf8(page).unwrap().contains("EventSource"));

    lobby.call("lobby.join", &["Ann"]).await;
    let response =
        lobby.app.clone().oneshot(Request::get("/events").body(Body::empty()).unwrap()).await.unwrap();
    let mut events = response.into_body();
    let mut next = async || {
        let frame = events.frame().await?.unwrap().into_data().unwrap();
        let text = String::from_utf8(frame.to_vec()).unwrap();
        let line = |field: &str| text.lines().find_map(|line| line.strip_prefix(field)).unwrap().trim();
        Some((line("event:").to_owned(), serde_json::from_str::<serde_json::Value>(line("data:")).unwrap()))
    };
    let (event, room) = next().await.unwrap();
    assert_eq!((event.as_str(), &room["players"][0]["name"]), ("room", &json!("Ann")));

    let (_, seat) = lobby.page("join", json!({"name": "Bob"})).await;
    let (event, player) = next().await.unwrap();
    assert_eq!((event.as_str(), &player), ("joined", &seat["player"]));
    assert!(player["joinedAt"].is_number());

    lobby.page("say", json!({"token": seat["token"], "text": "<b>hello</b>"})).await;
    let (event, message) = next().await.unwrap();
    assert_eq!((event.as_str(), &message["text"]), ("said", &json!("<b>hello</b>")));

    assert_eq!(lobby.page("leave", json!({"token": seat["token"]})).await.1, json!(true));
    assert_eq!(next().await.unwrap().0, "left");

    lobby.host.close();
    assert!(next().await.is_none(), "a closed lobby ends the events");
}

#[tokio::test]
async fn errors_of_the_page_are_faults() {
    let lobby = TestLobby::open();
    let (status, words) = lobby.page("join", json!({"name": ""})).await;
    assert_eq!((status, &words["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("Lobby.BadName")));
    let form = Request::post("/page/join").header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
    let (status, _) = lobby.send(form.body("name=Ann".into()).unwrap()).await;
    assert_eq!(status, StatusCode::UNSUPPORTED_MEDIA_TYPE, "what a foreign page can send unasked is refused");
    let large = Request::post("/page/join").header(header::CONTENT_TYPE, "application/json");
    let (status, _) = lobby.send(large.body(vec![b' '; 100_000].into()).unwrap()).await;
    assert_eq!(status, StatusCode::PAYLOAD_TOO_LARGE);
    assert_eq!(lobby.host.players(), []);
}

/// Seats are counted by address, over HTTP, over RTMP and on the page together.
#[tokio::test]
async fn one_address_cannot_take_all_seats() {
    let lobby = TestLobby::open();
    let server = lobby::rtmp(Arc::clone(&lobby.host), lobby::services(&lobby.host));
    let bound = server.bind("127.0.0.1:0").await.unwrap();
    let address = bound.local_addr().unwrap();
    tokio::spawn(bound.serve());
    let connect = async |from: &str| {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind(format!("{from}:0").parse().unwrap()).unwrap();
        let stream = socket.connect(address).await.unwrap();
        let builder = NetConnection::builder("rtmp://test/lobby").unwrap();
        timeout(Duration::from_secs(10), builder.connect_with_stream(stream)).await.unwrap().unwrap()
    };
    let greedy = [connect("127.0.0.1").await, connect("127.0.0.1").await];
    for number in 0..MAX_PLAYERS_PER_ADDRESS - 1 {
        let name = format!("greedy {number}");
        greedy[number % 2].call::<Seat>("lobby.join", (name,)).await.unwrap();
    }
    assert_eq!(lobby.call_from("127.0.0.1", "lobby.join", &["last"]).await.0, "/1/onResult");

    let Err(CallError::Fault(fault)) = greedy[0].call::<Seat>("lobby.join", ("more",)).await else {
        panic!("one address has more seats than the maximum")
    };
    assert_eq!(fault.code(), "Lobby.TooManySeats");
    assert_eq!(
        fault.message(),
        format!("this address has {MAX_PLAYERS_PER_ADDRESS} seats, which is the maximum")
    );
    let (target, fault) = lobby.call_from("127.0.0.1", "lobby.join", &["more"]).await;
    assert_eq!((target.as_str(), fault_code(&fault)), ("/1/onStatus", "Lobby.TooManySeats"));

    let honest = connect("127.0.0.2").await;
    honest.call::<Seat>("lobby.join", ("Ann",)).await.unwrap();
    assert_eq!(lobby.call_from("127.0.0.3", "lobby.join", &["Bob"]).await.0, "/1/onResult");
    for number in 0..MAX_PLAYERS_PER_ADDRESS {
        assert_eq!(lobby.page("join", json!({"name": format!("page {number}")})).await.0, StatusCode::OK);
    }
    let (status, words) = lobby.page("join", json!({"name": "more"})).await;
    assert_eq!((status, &words["code"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("Lobby.TooManySeats")));
    // A client that disconnects frees its seats.
    let [first, second] = greedy;
    first.close();
    let joined = async { while second.call::<Seat>("lobby.join", ("again",)).await.is_err() {} };
    timeout(Duration::from_secs(10), joined).await.unwrap();
}
