//! The remoting client: the bytes that it sends and the replies that it reads, both by hand, and the whole way
//! to a gateway and back.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, clippy::float_cmp, reason = "tests")]

mod support;

use std::convert::Infallible;
use std::future::{Ready, pending, ready};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use amf_remoting::client::{Builder, ClientLimits, HttpError, Replies, ReplyKind};
use amf_remoting::gateway::{Extracted, ReplyHeaders};
use amf_remoting::service::Credentials;
use amf_remoting::{
    AmfObject, CallError, Caller, Client, Fault, Gateway, RemotingClient, Services, Value, Version,
    remote_client, remoting_service,
};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::{BodyExt, Full};
use support::bytes::*;
use support::post::assert_packet;
use support::probe::Probe;

const URL: &str = "http://play.example/gateway";

/// Answers each request with the next response, and keeps the requests.
#[derive(Clone, Default)]
struct ScriptedServer {
    responses: Arc<Mutex<Vec<Response<Vec<u8>>>>>,
    requests: Arc<Mutex<Vec<Request<Full<Bytes>>>>>,
}

impl ScriptedServer {
    fn of(replies: impl IntoIterator<Item = Vec<u8>>) -> Self {
        let script = Self::default();
        for reply in replies {
            script.add(Response::builder().header("content-type", "application/x-amf").body(reply).unwrap());
        }
        script
    }

    fn add(&self, response: Response<Vec<u8>>) {
        self.responses.lock().unwrap().insert(0, response);
    }

    fn client(&self) -> RemotingClient {
        amf0().transport(self.clone()).build().unwrap()
    }

    async fn next_request(&self) -> (http::request::Parts, Vec<u8>) {
        let (head, body) = self.requests.lock().unwrap().remove(0).into_parts();
        (head, body.collect().await.unwrap().to_bytes().to_vec())
    }
}

fn amf0() -> Builder {
    RemotingClient::builder(URL).unwrap().version(Version::Amf0)
}

impl tower::Service<Request<Full<Bytes>>> for ScriptedServer {
    type Response = Response<Full<Bytes>>;
    type Error = Infallible;
    type Future = Ready<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<Full<Bytes>>) -> Self::Future {
        self.requests.lock().unwrap().push(request);
        ready(Ok(self.responses.lock().unwrap().pop().unwrap().map(|body| Full::new(body.into()))))
    }
}

#[derive(AmfObject, Clone, Debug, PartialEq)]
#[amf(alias = "com.example.Player")]
struct Player {
    display_name: String,
}

fn http_error(error: &CallError) -> &HttpError {
    let CallError::Transport(error) = error else { panic!("{error}") };
    error.downcast_ref().unwrap()
}

#[tokio::test]
async fn a_call_and_its_result() {
    let script = ScriptedServer::of([packet(0, &[result("/1", &number(3.0))])]);
    let sum: u32 = script.client().call("adder.add", (1.0, 2.0)).await.unwrap();
    assert_eq!(sum, 3);
    let (head, body) = script.next_request().await;
    assert_eq!((head.method.as_str(), head.uri.to_string().as_str()), ("POST", URL));
    assert_eq!(head.headers["content-type"], "application/x-amf");
    assert_packet(&body, &packet(0, &[message("adder.add", "/1", &arguments(&[number(1.0), number(2.0)]))]));
}

#[tokio::test]
async fn a_call_in_amf3() {
    // 11 switch, 09 array, 03 = 1 value, 01 no names, 0A object, 13 = 1 sealed member (1 << 4 | 3), alias of 18 bytes
    // (25), name of 11 bytes (17), 06 string of 3 bytes (07)
    let player = b"\x0A\x13\x25com.example.Player\x17displayName\x06\x07Ann";
    let reply = packet(3, &[result("/1", &[&[0x11][..], player].concat())]);
    let script = ScriptedServer::of([reply]);
    let client = RemotingClient::builder(URL).unwrap().transport(script.clone()).build().unwrap();
    let ann = Player { display_name: "Ann".to_owned() };
    assert_eq!(client.call::<Player>("echo", (&ann,)).await.unwrap(), ann);
    let sent = [&b"\x11\x09\x03\x01"[..], player].concat();
    assert_packet(&script.next_request().await.1, &packet(3, &[message("echo", "/1", &sent)]));
}

#[tokio::test]
async fn a_batch_has_a_result_for_each_call() {
    // The order of the replies is the server's business.
    let fault = fault("Game.RoomFull", "room 7 is full", "16 players are in it");
    let replies =
        [result("/3", &string("c")), message("/2/onStatus", "null", &fault), result("/1", &number(1.0))];
    let script = ScriptedServer::of([packet(0, &replies), packet(0, &[result("/4", &null())])]);
    let client = script.client();
    let mut batch = client.batch();
    let one = batch.call::<f64>("a", ()).unwrap();
    let two = batch.call::<f64>("b", ()).unwrap();
    let three = batch.call::<f64>("c", ()).unwrap();
    let replies = batch.send().await.unwrap();
    assert_eq!(replies.get(&one).unwrap(), 1.0);
    let expected = Fault::new("Game.RoomFull", "room 7 is full").with_detail("16 players are in it");
    assert!(matches!(replies.get(&two), Err(CallError::Fault(fault)) if fault == expected));
    let error = replies.get(&three).unwrap_err();
    assert!(matches!(error, CallError::Decode(_)));
    // 6 bytes, target 2 + 11, response 2 + 4, length 4: the value begins at 29, and ends 4 bytes on.
    assert_eq!(
        error.to_string(),
        "the answer cannot be read: /3/onResult: expected Number, got String (at byte 33)"
    );

    let mut batch = client.batch();
    let four = batch.call::<()>("d", ()).unwrap();
    let others = batch.send().await.unwrap();
    others.get(&four).unwrap();
    assert!(
        matches!(http_error(&others.get(&one).unwrap_err()), HttpError::Unanswered { .. }),
        "of another batch"
    );
}

#[tokio::test]
async fn a_reply_without_an_answer() {
    let script = ScriptedServer::of([packet(0, &[result("/2", &null())]), packet(0, &[])]);
    let client = script.client();
    let error = client.call::<()>("a", ()).await.unwrap_err();
    assert!(matches!(http_error(&error), HttpError::Unanswered { response_uri } if response_uri == "/1"));
    assert!(client.call::<()>("a", ()).await.is_err());
}

#[tokio::test]
async fn faults_of_other_servers() {
    // Zend_Amf and PyAMF, BlazeDS with ErrorMessage (10 typed object), node-amf
    let typed = |alias: &str, object: Vec<u8>| [&[0x10][..], &utf8(alias), &object[1..]].concat();
    let blazeds = object(&[("faultCode", string("Server.Processing")), ("faultString", string("no"))]);
    for (body, expected) in [
        (
            object(&[("code", string("A")), ("description", string("b")), ("details", string("c"))]),
            Fault::new("A", "b").with_detail("c"),
        ),
        (typed("flex.messaging.messages.ErrorMessage", blazeds), Fault::new("Server.Processing", "no")),
        (string("method timeout"), Fault::new("NetConnection.Call.Failed", "method timeout")),
    ] {
        let script = ScriptedServer::of([packet(0, &[message("/1/onStatus", "null", &body)])]);
        let error = script.client().call::<Value>("a", ()).await.unwrap_err();
        assert!(matches!(&error, CallError::Fault(fault) if *fault == expected), "{error}");
    }
}

#[tokio::test]
async fn headers_and_credentials_go_out() {
    let script =
        ScriptedServer::of([packet(0, &[result("/1", &null())]), packet(0, &[result("/2", &null())])]);
    let client = amf0()
        .header("locale", "fr")
        .unwrap()
        .credentials(&Credentials::new("ann", "secret"))
        .unwrap()
        .http_header(http::header::AUTHORIZATION, "Bearer x".parse().unwrap())
        .transport(script.clone())
        .build()
        .unwrap();
    client.call::<()>("a", ()).await.unwrap();
    let credentials = object(&[("userid", string("ann")), ("password", string("secret"))]);
    let headers = [header("locale", false, &string("fr")), header("Credentials", false, &credentials)];
    let (head, body) = script.next_request().await;
    assert_packet(&body, &packet_with_headers(0, &headers, &[message("a", "/1", &arguments(&[]))]));
    assert_eq!(head.headers["authorization"], "Bearer x");

    client.set_header("locale", "de").unwrap();
    client.remove_header("Credentials");
    client.call::<()>("a", ()).await.unwrap();
    let headers = [header("locale", false, &string("de"))];
    let (_, body) = script.next_request().await;
    assert_packet(&body, &packet_with_headers(0, &headers, &[message("a", "/2", &arguments(&[]))]));
}

#[tokio::test]
async fn reply_headers_change_the_url_and_persistent_headers() {
    let answered = |index: u32, headers: &[Vec<u8>]| {
        packet_with_headers(0, headers, &[result(&format!("/{index}"), &null())])
    };
    let persistent = |data: &[u8]| {
        let members = [("name", string("token")), ("mustUnderstand", vec![1, 1]), ("data", data.to_vec())];
        header("RequestPersistentHeader", true, &object(&members))
    };
    let append = |text| header("AppendToGatewayUrl", true, &string(text));
    let replace = |text| header("ReplaceGatewayUrl", true, &string(text));
    let script = ScriptedServer::of([
        answered(1, &[append(";jsessionid=1"), persistent(&string("t"))]),
        answered(2, &[append(";jsessionid=2"), persistent(&null())]),
        answered(3, &[replace("http://evil.example/gateway"), append("@evil.example/")]),
        answered(4, &[replace("/other?x=1")]),
        answered(5, &[replace("http://play.example/third?y=1"), header("unknown", true, &null())]),
        answered(6, &[append(";jsessionid=3")]),
        answered(7, &[]),
    ]);
    let client = script.client();
    let mut sent = Vec::new();
    for _ in 0..7 {
        client.call::<()>("a", ()).await.unwrap();
        let (head, body) = script.next_request().await;
        sent.push((head.uri.to_string(), body[3]));
    }
    let expected = [
        ("http://play.example/gateway", 0),
        ("http://play.example/gateway;jsessionid=1", 1),
        ("http://play.example/gateway;jsessionid=2", 0),
        ("http://play.example/gateway@evil.example/", 0),
        ("http://play.example/other?x=1", 0),
        ("http://play.example/third?y=1", 0),
        ("http://play.example/third;jsessionid=3?y=1", 0),
    ];
    assert_eq!(sent, expected.map(|(url, headers)| (url.to_owned(), headers)));
}

#[tokio::test]
async fn cookies_are_stored_until_they_expire() {
    let script = ScriptedServer::default();
    let answer = |index: u32, cookies: &[&str]| {
        let mut response = Response::builder().header("content-type", "application/x-amf");
        for cookie in cookies {
            response = response.header("set-cookie", *cookie);
        }
        script.add(response.body(packet(0, &[result(&format!("/{index}"), &null())])).unwrap());
    };
    answer(1, &["a=1; Path=/; HttpOnly", "b=2", "c=3; Secure", "d=4; Expires=Thu, 01 Jan 1970 00:00:00 GMT"]);
    answer(2, &["a=5; Max-Age=60", "b=; Max-Age=0", "no cookie"]);
    answer(3, &[]);
    let client = script.client();
    let mut sent = Vec::new();
    for _ in 0..3 {
        client.call::<()>("a", ()).await.unwrap();
        let (head, _) = script.next_request().await;
        sent.push(head.headers.get("cookie").map(|cookie| cookie.to_str().unwrap().to_owned()));
    }
    assert_eq!(sent, [None, Some("a=1; b=2".to_owned()), Some("a=5".to_owned())]);
}

#[tokio::test]
async fn as_many_cookies_and_headers_as_the_limit_says() {
    let persistent = |name: &str, data: &[u8]| {
        header("RequestPersistentHeader", false, &object(&[("name", string(name)), ("data", data.to_vec())]))
    };
    // A name of 1 byte; a string's marker, length and 13 bytes: 17 in all, and one more.
    let (fits, too_large) = (string("1234567890123"), string("12345678901234"));
    let headers = [
        persistent("a", &fits),
        persistent("b", &too_large),
        persistent("c", &null()),
        persistent("d", &fits),
        persistent("e", &fits),
    ];
    let reply = packet_with_headers(0, &headers, &[result("/1", &null())]);
    let script = ScriptedServer::default();
    let mut response = Response::builder();
    for cookie in ["a=1", "b=12345678901234567", "c=123456789012345", "d=1"] {
        response = response.header("set-cookie", cookie);
    }
    script.add(response.body(reply).unwrap());
    script.add(Response::new(packet(0, &[result("/2", &null())])));
    let limits = ClientLimits::new().with_stored_entries(2).with_stored_entry_bytes(17);
    let client = amf0().limits(limits).transport(script.clone()).build().unwrap();
    client.call::<()>("a", ()).await.unwrap();
    client.call::<()>("a", ()).await.unwrap();
    script.next_request().await;
    let (head, body) = script.next_request().await;
    assert_eq!(head.headers["cookie"], "a=1; c=123456789012345");
    let headers = [header("a", false, &fits), header("d", false, &fits)];
    assert_packet(&body, &packet_with_headers(0, &headers, &[message("a", "/2", &arguments(&[]))]));
}

#[tokio::test]
async fn a_reply_at_the_limit_and_one_byte_more() {
    let reply = packet(0, &[result("/1", &string("x"))]);
    for (limit, fits) in [(reply.len(), true), (reply.len() - 1, false)] {
        let script = ScriptedServer::of([reply.clone()]);
        let limits = ClientLimits::new().with_reply_bytes(limit);
        let client = amf0().limits(limits).transport(script).build().unwrap();
        match client.call::<String>("a", ()).await {
            Ok(text) => assert!(fits && text == "x"),
            Err(error) => {
                assert!(
                    !fits && matches!(http_error(&error), HttpError::TooLarge { limit: of } if *of == limit)
                );
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_reply() {
    let mute =
        tower::service_fn(|_: Request<Full<Bytes>>| pending::<Result<Response<Full<Bytes>>, Infallible>>());
    let limits = ClientLimits::new().with_call_timeout(Duration::from_secs(3));
    let client = amf0().limits(limits).transport(mute).build().unwrap();
    assert!(matches!(client.call::<()>("a", ()).await, Err(CallError::Timeout)));
}

#[tokio::test]
async fn responses_that_are_not_replies() {
    let script = ScriptedServer::default();
    let page = "<html>log in</html>".as_bytes().to_vec();
    script.add(Response::builder().status(503).body("too busy\n".into()).unwrap());
    script.add(Response::builder().header("content-type", "text/html").body(page).unwrap());
    script
        .add(Response::builder().status(302).header("location", "http://evil.example").body(vec![]).unwrap());
    let client = script.client();
    let texts = [
        "the call did not get through: the gateway answered 503 Service Unavailable: too busy",
        "the call did not get through: expected application/x-amf, got text/html: <html>log in</html>",
        "the call did not get through: the gateway answered 302 Found: ",
    ];
    for text in texts {
        assert_eq!(client.call::<()>("a", ()).await.unwrap_err().to_string(), text);
    }
}

/// Every way in which a reply can break off or lie is an error, and no panic.
#[tokio::test]
async fn replies_that_are_cut_or_changed() {
    let reply = packet_with_headers(
        0,
        &[header("AppendToGatewayUrl", true, &string(";x"))],
        &[message("said", "null", &arguments(&[string("hi")])), result("/1", &string("x"))],
    );
    for cut in 0..reply.len() {
        let script = ScriptedServer::of([reply[..cut].to_vec()]);
        let error = script.client().call::<String>("a", ()).await.unwrap_err();
        assert!(matches!(error, CallError::Decode(_)), "cut at {cut}: {error}");
    }
    for index in 0..reply.len() {
        for byte in [0x00, 0x0A, 0x11, 0xFF] {
            let mut changed = reply.clone();
            changed[index] = byte;
            let _ = ScriptedServer::of([changed]).client().call::<String>("a", ()).await;
        }
    }
}

#[derive(Default)]
struct Ui {
    heard: Arc<Mutex<Vec<String>>>,
}

#[remoting_service(name = "")]
impl Ui {
    fn said(&self, text: String, volume: f64) {
        self.heard.lock().unwrap().push(format!("{text} at {volume}"));
    }
}

#[tokio::test]
async fn calls_from_the_server_in_a_reply() {
    let (heard, unhandled) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<Vec<String>>>::default());
    let (ui, others) = (Ui { heard: heard.clone() }, unhandled.clone());
    let client = RemotingClient::builder(URL)
        .unwrap()
        .services(Services::new().add(ui))
        .on_unhandled(move |method, arguments| others.lock().unwrap().push(format!("{method}{arguments:?}")))
        .transport(Probe::default().gateway())
        .build()
        .unwrap();
    let mut batch = client.batch();
    let told = batch.call::<bool>("probe.tell", ("hi",)).unwrap();
    batch.call::<f64>("probe.keep", ()).unwrap();
    batch.call::<bool>("probe.tellGroup", ("all",)).unwrap();
    let replies = batch.send().await.unwrap();
    assert!(replies.get(&told).unwrap());
    assert_eq!(*heard.lock().unwrap(), ["hi at 1"]);
    assert_eq!(*unhandled.lock().unwrap(), [r#"heard["all"]"#]);
    let kinds: Vec<_> = replies.messages().map(|message| message.kind()).collect();
    assert!(kinds.contains(&ReplyKind::Call("said")), "{kinds:?}");
}

#[remote_client]
trait Remote {
    async fn add(&self, a: f64, b: f64) -> Result<f64, CallError>;
    async fn fail(&self, code: &str) -> Result<f64, CallError>;
    fn nothing(&self) -> Result<(), CallError>;
}

#[tokio::test]
async fn remote_client_traits_in_both_versions() {
    for version in [Version::Amf0, Version::Amf3] {
        let probe = Probe::default();
        let client = RemotingClient::builder(URL)
            .unwrap()
            .version(version)
            .transport(probe.gateway())
            .build()
            .unwrap();
        let remote: Client = client.remote("probe");
        assert_eq!(remote.add(1.0, 2.0).await.unwrap(), 3.0);
        let error = remote.fail("Game.Over").await.unwrap_err();
        assert!(matches!(error, CallError::Fault(fault) if fault == Fault::new("Game.Over", "as asked")));
        remote.notify("add", (5.0, 6.0)).unwrap();
        remote.nothing().unwrap();
        tokio::time::timeout(Duration::from_secs(5), async {
            while !probe.events.lock().unwrap().contains(&"add 5 6".to_owned()) {
                tokio::task::yield_now().await;
            }
        })
        .await
        .unwrap();
    }
}

#[tokio::test]
async fn as_many_notifications_as_the_limit_says() {
    let mute =
        tower::service_fn(|_: Request<Full<Bytes>>| pending::<Result<Response<Full<Bytes>>, Infallible>>());
    let client =
        amf0().limits(ClientLimits::new().with_notifications_in_flight(2)).transport(mute).build().unwrap();
    let remote = client.remote("ui");
    remote.notify("a", ()).unwrap();
    remote.notify("a", ()).unwrap();
    assert!(matches!(remote.notify("a", ()), Err(CallError::Full)));
}

#[tokio::test]
async fn as_many_bytes_of_notifications_as_the_limit_says() {
    let mute =
        tower::service_fn(|_: Request<Full<Bytes>>| pending::<Result<Response<Full<Bytes>>, Infallible>>());
    // a strict array of one (5 bytes) and a string (3 + 2)
    for (limit, fits) in [(20, true), (19, false)] {
        let limits = ClientLimits::new().with_notification_bytes_in_flight(limit);
        let client = amf0().limits(limits).transport(mute).build().unwrap();
        let remote = client.remote("ui");
        remote.notify("a", ("hi",)).unwrap();
        assert_eq!(remote.notify("a", ("hi",)).is_ok(), fits);
    }
    let limits = ClientLimits::new().with_notification_bytes_in_flight(1);
    let client = amf0().limits(limits).transport(mute).build().unwrap();
    client.remote("ui").notify("a", ("one is always sent",)).unwrap();
    assert!(matches!(client.remote("ui").notify("a", ()), Err(CallError::Full)));
}

#[tokio::test]
async fn calls_and_requests_at_the_limit_and_one_byte_more() {
    let reply = || packet(0, &[result("/1", &null())]);
    // a strict array of one (5 bytes) and a string (3 + 2)
    for (limit, fits) in [(10, true), (9, false)] {
        let script = ScriptedServer::of([reply()]);
        let limits = ClientLimits::new().with_client_call_bytes(limit);
        let client = amf0().limits(limits).transport(script.clone()).build().unwrap();
        let outcome = client.call::<()>("a", ("hi",)).await;
        assert!(if fits { outcome.is_ok() } else { matches!(outcome, Err(CallError::Encode(_))) });
        let remote = client.remote("ui");
        assert_eq!(remote.notify("a", ("hi",)).is_ok(), fits);
    }
    let request = packet(0, &[message("a", "/1", &arguments(&[string("hi")]))]);
    for (limit, fits) in [(request.len(), true), (request.len() - 1, false)] {
        let script = ScriptedServer::of([reply()]);
        let limits = ClientLimits::new().with_request_bytes(limit);
        let client = amf0().limits(limits).transport(script.clone()).build().unwrap();
        let outcome = client.call::<()>("a", ("hi",)).await;
        assert!(if fits { outcome.is_ok() } else { matches!(outcome, Err(CallError::Encode(_))) });
    }
}

#[test]
fn a_notification_needs_a_runtime() {
    let client = ScriptedServer::default().client();
    assert!(matches!(client.remote("ui").notify("a", ()), Err(CallError::Unsupported(_))));
}

#[test]
fn invalid_urls() {
    for (url, reason) in [
        ("", "it is no URL"),
        ("/gateway", "expected http://host/path or https://host/path"),
        ("rtmp://host/app", "expected http://host/path or https://host/path"),
        ("http://ann:secret@host/", "a user has no place in it: give credentials to the client"),
    ] {
        let error = RemotingClient::new(url).unwrap_err();
        assert_eq!(error.to_string(), format!("`{url}` is no address of a gateway: {reason}"));
    }
    assert_eq!(RemotingClient::new("https://host/gateway").is_ok(), cfg!(feature = "client-tls"));
}

/// A service whose session is in the address, as servlet containers have it.
struct Sessions;

#[remoting_service(name = "sessions")]
impl Sessions {
    fn open(&self, headers: &ReplyHeaders) -> Result<(), CallError> {
        headers.append_to_gateway_url(";jsessionid=7")?;
        headers.request_persistent_header("locale", false, &vec!["fr"])
    }

    fn seen(&self, uri: &Extracted<http::Uri>, caller: &Caller) -> String {
        format!("{} {:?}", uri.path(), caller.header("locale"))
    }
}

#[tokio::test]
async fn headers_of_replies_from_end_to_end() {
    for version in [Version::Amf0, Version::Amf3] {
        let gateway = Gateway::new(Services::new().add(Sessions)).into_router("/gateway");
        let app: axum::Router = axum::Router::new().merge(gateway);
        let client = RemotingClient::builder(URL).unwrap().version(version).transport(app).build().unwrap();
        client.call::<()>("sessions.open", ()).await.unwrap();
        let seen: String = client.call("sessions.seen", ()).await.unwrap();
        assert_eq!(seen, r#"/gateway;jsessionid=7 Some(["fr"])"#);
    }
}

/// A server that speaks no TLS is no server for https, and that is told without a hang.
#[cfg(feature = "client-tls")]
#[tokio::test]
async fn https_to_a_server_without_tls() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, axum::Router::new()).await });
    let client = RemotingClient::new(&format!("https://{address}/gateway")).unwrap();
    let error = client.call::<()>("a", ()).await.unwrap_err();
    assert!(matches!(http_error(&error), HttpError::Failed(_)), "{error}");
}

#[tokio::test]
async fn over_a_socket() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let app = axum::Router::new().merge(Gateway::new(Probe::default().services()).into_router("/gateway"));
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    let client = RemotingClient::new(&format!("http://{address}/gateway")).unwrap();
    assert_eq!(client.call::<f64>("probe.add", (1.0, 2.0)).await.unwrap(), 3.0);
    let value = client.call::<Value>("probe.echo", (vec![1, 2],)).await.unwrap();
    assert_eq!(value.as_list().map(<[Value]>::len), Some(2));
    let fault = client.call::<()>("probe.none", ()).await.unwrap_err();
    assert!(matches!(fault, CallError::Fault(fault) if fault.code() == "Service.MethodNotFound"));
    let elsewhere = RemotingClient::new(&format!("http://{address}/other")).unwrap();
    let error = elsewhere.call::<()>("probe.nothing", ()).await.unwrap_err();
    assert!(matches!(http_error(&error), HttpError::Status { status, .. } if status.as_u16() == 404));
    server.abort();
    let _ = server.await;
    let nobody = RemotingClient::new(&format!("http://{address}/gateway")).unwrap();
    let error = nobody.call::<()>("probe.nothing", ()).await.unwrap_err();
    assert!(error.to_string().contains("refused"), "{error}");
}

#[tokio::test]
async fn bytes_behind_a_reply_are_ignored() {
    let reply = packet(0, &[result("/1", &string("x"))]);
    for trailing in [&b"\n"[..], b"dead", b"\0"] {
        let bytes = [&reply[..], trailing].concat();
        let text: String = ScriptedServer::of([bytes.clone()]).client().call("a", ()).await.unwrap();
        assert_eq!(text, "x");
        assert_eq!(Replies::from_bytes(bytes).unwrap().trailing_bytes(), trailing.len());
    }
    assert_eq!(Replies::from_bytes(reply).unwrap().trailing_bytes(), 0);
}

#[tokio::test]
async fn a_result_that_cannot_be_read_leaves_those_behind_it() {
    // 02: a string that is not UTF-8
    let unreadable = |response| result(response, b"\x02\0\x01\xFF");
    let script = ScriptedServer::of([packet(0, &[unreadable("/1"), result("/2", &string("x"))])]);
    let client = script.client();
    let mut batch = client.batch();
    let first = batch.call::<String>("a", ()).unwrap();
    let second = batch.call::<String>("b", ()).unwrap();
    let replies = batch.send().await.unwrap();
    let error = replies.get(&first).unwrap_err();
    assert!(matches!(error, CallError::Decode(_)) && error.to_string().contains("/1/onResult"), "{error}");
    assert_eq!(replies.get(&second).unwrap(), "x");
    assert!(replies.broken().is_none());
}

#[tokio::test]
async fn a_reply_that_is_no_packet_is_quoted() {
    let script = ScriptedServer::of([b"<br />\n<b>Notice</b>: Undefined index".to_vec()]);
    assert_eq!(
        script.client().call::<()>("a", ()).await.unwrap_err().to_string(),
        r"the answer cannot be read: the input is no AMF packet; it begins with `<br />\n<b>Notice</b>: Un…`"
    );
}
