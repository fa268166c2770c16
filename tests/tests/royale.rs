//! A page made with Apache Royale visits a gateway with mx:RemoteObject, in a real browser.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "everything here runs inside a test, where a panic is the failure"
)]

use std::collections::HashMap;
use std::future::ready;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amf_remoting::flex::Flex;
use amf_remoting::service::{Authenticator, Credentials, Principal};
use amf_remoting::{
    AmfObject, ArrayCollection, Caller, Date, Fault, Gateway, Services, Value, remoting_service,
};
use amf_tests::clients;
use amf_tests::process::Process;
use amf_tests::random::Random;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header, request::Parts};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use serde_json::json;

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Chromium, Java and Apache Royale: tests/run.sh"]
async fn a_page_of_royale_visits_the_gateway_and_the_samples() {
    let page = compiled(Path::new(env!("CARGO_TARGET_TMPDIR")));
    let server = Server::start(page.clone()).await;
    for (gateway, is_small) in [("/gateway", true), ("/gateway/full", false)] {
        let visit = visit(gateway);
        check(&report(&server.origin, &visit).await, &visit, is_small);
        check_wire(&server.take_packets(), is_small);
    }

    let pages = [HeaderValue::try_from(&server.origin).unwrap()];
    let app = examples::blazeds::app(pages).fallback(move |uri: Uri| ready(file(&page, &uri)));
    let samples = serve(app).await;
    let visit = json!({"gateway": "/samples/messagebroker/amf", "samples": true});
    check_samples(&report(&samples, &visit).await);
    // The same from a page of another origin, which sends no cookies.
    let visit = json!({"gateway": format!("{samples}/samples/messagebroker/amf"), "samples": true});
    let abroad = report(&server.origin, &visit).await;
    assert_eq!(abroad["removed"]["result"], true, "{abroad}");
    assert_eq!(abroad["room"]["fault"]["code"], "Client.Authentication", "{abroad}");
}

/// What the page at this origin reports.
async fn report(origin: &str, visit: &serde_json::Value) -> serde_json::Value {
    let (page, visit) = (format!("{origin}/"), visit.clone());
    let report = move || clients::report_of(&mut royale(&page), &visit, Duration::from_secs(90));
    tokio::task::spawn_blocking(report).await.unwrap()
}

/// What the clients of BlazeDS's samples get.
fn check_samples(report: &serde_json::Value) {
    let result = |step: &str| {
        assert!(report[step]["fault"].is_null(), "{step}: {}", report[step]);
        report[step]["result"].clone()
    };
    let product = |id: u32, name: &str, category: Option<&str>, price: serde_json::Value, stock: u32| {
        json!({
            "$class": "Product", "productId": id, "name": name, "category": category, "price": price,
            "qtyInStock": stock,
        })
    };
    let nokia = product(1, "Nokia 6010", Some("6000"), json!(99), 21);
    let other = product(2, "Nokia 3100", Some("3000"), json!(139), 4);
    let treo = product(3, "Treo", Some("9000"), json!(199.5), 0);
    assert_eq!(result("products"), json!({"$collection": [other, nokia, treo]}));
    assert_eq!(result("named"), json!({"$collection": [other, nokia]}));
    assert_eq!(result("one"), nokia);
    assert_eq!(result("none")["productId"], 0);
    assert_eq!(result("created"), product(4, "Moto 9", None, json!(12.5), 0));
    assert_eq!(result("updated"), true);
    assert_eq!(result("changed"), product(4, "Moto 9", None, json!(13.5), 0));
    assert_eq!((result("removed"), result("removedAgain")), (json!(true), json!(false)));
    assert_eq!(result("rooms"), json!({"$collection": []}));
    assert_eq!(result("room"), json!(null));
    assert_eq!(result("roomsAfter"), json!({"$collection": ["attic"]}));
    for login in ["guestLogin", "guestLogout", "login", "logout"] {
        assert_eq!(result(login), "success");
    }
    for (step, code, words) in [
        ("noMethod", "Service.MethodNotFound", "Unknown method open"),
        ("noDestination", "Service.ResourceNotFound", "Unknown service productService"),
        ("stranger", "Client.Authentication", "log in first"),
        ("wrongLogin", "Client.Authentication", "wrong user or password"),
        ("guest", "Client.Authorization", ""),
        ("roomAgain", "Server.Processing", "java.lang.RuntimeException : Room already exists"),
        ("strangerAgain", "Client.Authentication", "log in first"),
    ] {
        let fault = &report[step]["fault"];
        assert_eq!(fault["code"], code, "{step}: {}", report[step]);
        assert!(fault["string"].as_str().unwrap().starts_with(words), "{step}: {}", report[step]);
    }
}

/// What the page is to send.
fn visit(gateway: &str) -> serde_json::Value {
    let mut random = Random::new();
    let values = json!([
        0, 1, -1, (1 << 28) - 1, 1 << 28, -(1 << 28), 1.5, random.between(1 << 32, 1 << 53), true, false, null, "",
        random.text(300), [], [1, [2, [random.text(3)]]], {}, {"a": {"b": {"c": random.text(3)}}, "ключ": null},
    ]);
    json!({"gateway": gateway, "text": random.text(40), "values": values})
}

fn check(report: &serde_json::Value, visit: &serde_json::Value, is_small: bool) {
    let result = |step: &str| {
        let outcome = &report[step];
        assert_eq!(outcome["small"], is_small, "{step}: {outcome}");
        outcome["result"].clone()
    };
    let joined = json!({"$date": 86_400_000});
    let player = |name: &str, level: u32, friend: serde_json::Value| json!({"$class": "Player", "name": name, "level": level, "friend": friend, "joined": joined});
    let bob = || player("Bob", 7, json!(null));
    let reversed = json!({"$collection": [player("Cid", 7, json!(null)), player("Ann", 7, bob())]});

    assert_eq!(result("text"), visit["text"]);
    assert_eq!(result("values"), visit["values"]);
    assert_eq!(result("date"), joined);
    assert_eq!(result("nothing"), json!(null));
    // the id of its AMFChannel
    assert_eq!(result("endpoint"), "gateway");
    assert_eq!(result("typed"), player("Ann", 8, bob()));
    assert_eq!(result("typedArray"), reversed);
    assert_eq!(result("typedCollection"), reversed);
    assert_eq!(result("untypedService"), 1);
    for (step, code, words) in [
        ("fault", "Game.RoomFull", "as asked"),
        ("panic", "Server.Processing", "internal error"),
        ("noMethod", "Service.MethodNotFound", "Unknown method none of service probe"),
        ("noService", "Service.ResourceNotFound", "Unknown service nobody"),
        ("tooFew", "Server.ResourceUnavailable", "0 arguments were sent but 1 were expected"),
        ("wrongType", "Client.Message.Encoding", "argument 1 `player`: expected"),
        ("stranger", "Client.Authentication", "log in first"),
        ("wrongLogin", "Client.Authentication", "wrong user or password"),
        ("strangerAgain", "Client.Authentication", "log in first"),
    ] {
        let fault = &report[step]["fault"];
        assert_eq!(fault["code"], code, "{step}: {}", report[step]);
        assert!(fault["string"].as_str().unwrap().starts_with(words), "{step}: {}", report[step]);
    }
    assert_eq!(report["fault"]["fault"]["detail"], "room 7");
    assert_eq!(result("login"), "success");
    assert_eq!(result("known"), "Aladdin");
    assert_eq!(result("logout"), "success");
    assert_eq!(result("withCredentials"), "Aladdin");
}

/// What went over the wire: requests and replies.
fn check_wire(packets: &[(Vec<u8>, Vec<u8>)], is_small: bool) {
    let contains =
        |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    let (ping, first_reply) = &packets[0];
    assert!(contains(ping, "CommandMessage") && contains(ping, "nil"), "{}", ping.escape_ascii());
    assert!(contains(first_reply, "DSId"), "{}", first_reply.escape_ascii());
    assert_eq!(contains(first_reply, "DSMessagingVersion"), is_small);
    for (request, reply) in packets {
        // Version 3, and the first value of the first message switches to AMF3.
        assert_eq!((&request[..2], &reply[..2]), (&[0, 3][..], &[0, 3][..]));
        assert!(contains(request, "null"));
        let forms = ["\x07DSK", "AcknowledgeMessage", "ErrorMessage"].map(|form| contains(reply, form));
        assert!(forms[2] || forms == [is_small, !is_small, false], "{}", reply.escape_ascii());
    }
    assert!(packets.len() > 20, "{}", packets.len());
}

#[derive(AmfObject, Clone, Debug)]
#[amf(alias = "com.example.Player")]
struct Player {
    name: String,
    level: i32,
    friend: Option<Arc<Player>>,
    joined: Date,
}

struct Probe;

#[remoting_service(name = "probe")]
impl Probe {
    fn echo(&self, value: Value) -> Value {
        value
    }

    fn nothing(&self) {}

    fn header(&self, caller: &Caller, name: String) -> Option<Value> {
        caller.header(&name).cloned()
    }

    fn promote(&self, player: Player) -> Player {
        Player { level: player.level + 1, ..player }
    }

    fn reverse(&self, players: Vec<Player>) -> ArrayCollection<Player> {
        ArrayCollection(players.into_iter().rev().collect())
    }

    fn fail(&self, code: String) -> Result<(), Fault> {
        Err(Fault::new(code, "as asked").with_detail("room 7"))
    }

    fn explode(&self) {
        panic!("with a secret");
    }

    fn whoami(&self, user: &Principal) -> String {
        user.name().to_owned()
    }
}

/// The number of a browser's session, from its cookie.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
struct Session(u64);

#[derive(Clone, Default)]
struct Users {
    sessions: Arc<Mutex<HashMap<Session, Principal>>>,
}

impl Authenticator for Users {
    async fn authenticate(
        &self,
        credentials: &Credentials,
        caller: &Caller,
    ) -> Result<Option<Principal>, Fault> {
        let is_right = (credentials.user(), credentials.password()) == ("Aladdin", "open sesame");
        let principal = is_right.then(|| Principal::new(credentials.user()));
        if let Some(principal) = &principal {
            self.sessions.lock().unwrap().insert(session(caller), principal.clone());
        }
        Ok(principal)
    }

    async fn authenticate_session(&self, caller: &Caller) -> Result<Option<Principal>, Fault> {
        Ok(self.sessions.lock().unwrap().get(&session(caller)).cloned())
    }

    async fn end_session(&self, caller: &Caller) -> Result<(), Fault> {
        self.sessions.lock().unwrap().remove(&session(caller));
        Ok(())
    }
}

fn session(caller: &Caller) -> Session {
    *caller.extension::<Parts>().unwrap().extensions.get().unwrap()
}

type Packets = Arc<Mutex<Vec<(Vec<u8>, Vec<u8>)>>>;

/// The page, and the gateway beside it with small messages and without.
struct Server {
    origin: String,
    packets: Packets,
}

impl Server {
    async fn start(page: PathBuf) -> Self {
        let services = Services::new().add(Probe).authenticator(Users::default());
        let packets = Packets::default();
        let full = Gateway::new(services.clone()).flex(Flex::new().small_messages(false));
        let app = axum::Router::new()
            .merge(Gateway::new(services).flex(Flex::new()).into_router("/gateway"))
            .merge(full.into_router("/gateway/full"))
            .layer(middleware::from_fn_with_state(Arc::clone(&packets), written_down))
            .layer(middleware::from_fn(with_session))
            .fallback(move |uri: Uri| ready(file(&page, &uri)));
        Self { origin: serve(app).await, packets }
    }

    fn take_packets(&self) -> Vec<(Vec<u8>, Vec<u8>)> {
        std::mem::take(&mut *self.packets.lock().unwrap())
    }
}

/// Serves an app on a free port, and gives its origin.
async fn serve(app: axum::Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let origin = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, app).await });
    origin
}

fn file(page: &Path, uri: &Uri) -> Response {
    let (name, content_type) = match uri.path() {
        "/" => ("index.html", "text/html"),
        "/Main.js" => ("Main.js", "text/javascript"),
        "/Main.min.css" => ("Main.min.css", "text/css"),
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    ([(header::CONTENT_TYPE, content_type)], std::fs::read(page.join(name)).unwrap()).into_response()
}

async fn written_down(State(packets): State<Packets>, request: Request, next: Next) -> Response {
    let (head, body) = request.into_parts();
    let sent = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    let response = next.run(Request::from_parts(head, sent.clone().into())).await;
    let (head, body) = response.into_parts();
    let received = axum::body::to_bytes(body, 1 << 20).await.unwrap();
    packets.lock().unwrap().push((sent.to_vec(), received.to_vec()));
    Response::from_parts(head, received.into())
}

async fn with_session(mut request: Request, next: Next) -> Response {
    let cookie = request.headers().get(header::COOKIE).and_then(|value| value.to_str().ok());
    let sent = cookie.and_then(|cookie| cookie.strip_prefix("session=")?.parse().ok());
    let session = sent.unwrap_or_else(|| Random::new().bits());
    request.extensions_mut().insert(Session(session));
    let mut response = next.run(request).await;
    if sent.is_none() {
        let cookie = HeaderValue::try_from(format!("session={session}; HttpOnly")).unwrap();
        response.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    response
}

/// The command that opens a page; see `visit.mjs`.
fn royale(page: &str) -> Command {
    let mut command = Command::new("node");
    command.arg(clients::sources().join("royale/visit.mjs")).arg(page).arg(clients::installed());
    command
}

/// Compiles the page into `folder`, and gives where it is.
fn compiled(folder: &Path) -> PathBuf {
    let royale = clients::installed().join("node_modules/@apache-royale/royale-js/royale-asjs");
    assert!(royale.exists(), "{} is missing: run tests/run.sh", royale.display());
    let frameworks = royale.join("frameworks").display().to_string();
    let out = folder.join("royale");
    let finished = Process::start(
        Command::new("java")
            .args(["-Xmx1500m", "-Dsun.io.useCanonCaches=false"])
            .arg(format!("-Droyalecompiler={}", royale.display()))
            .arg(format!("-Droyalelib={frameworks}"))
            .arg("-jar")
            .arg(royale.join("js/lib/mxmlc.jar"))
            .arg(format!("+royalelib={frameworks}"))
            .arg("-compiler.targets=JSRoyale")
            .arg(format!("-js-library-path+={frameworks}/js/libs"))
            .arg(format!("-js-output={}", out.display()))
            .arg(clients::sources().join("royale/src/Main.mxml")),
    )
    .finish(Duration::from_mins(5));
    let page = out.join("bin/js-release");
    let is_there = finished.status.success() && page.join("Main.js").exists();
    assert!(is_there, "the page does not compile:\n{}\n{}", finished.stdout, finished.stderr);
    page
}
