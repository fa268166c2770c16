//! What goes out has a limit: each at its value and one beyond, and what others get meanwhile.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "these are tests")]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use amf_remoting::flex::Flex;
use amf_remoting::gateway::{GatewayLimits, ReplyHeaders};
use amf_remoting::service::{
    ArgumentsForm, BoxFuture, Call, ClientId, Connection, Encoding, Notification, Reply,
};
use amf_remoting::{
    CallError, Caller, Client, Gateway, Group, Limits, OutputLimits, Services, Version, remoting_service,
};
use bytes::Bytes;
use support::bytes::*;
use support::counters::Counters;
use support::post::{assert_packet, post, refused, request};
use support::{amf3, flex};

#[derive(Clone, Default)]
struct Copier {
    runs: Arc<AtomicUsize>,
    errors: Arc<Mutex<Vec<String>>>,
}

#[remoting_service(name = "copier")]
impl Copier {
    /// A text of so many bytes.
    fn text(&self, length: usize) -> String {
        self.runs.fetch_add(1, Ordering::Relaxed);
        "x".repeat(length)
    }

    #[remote(concurrent)]
    async fn text_at_once(&self, length: usize) -> String {
        tokio::task::yield_now().await;
        self.text(length)
    }

    /// The same text so many times, which AMF0 writes as often.
    fn repeat(&self, text: String, times: usize) -> Vec<String> {
        vec![text; times]
    }

    /// Calls of a method of the client, with a text of so many bytes each; how many were taken.
    fn tell(&self, client: &Client, method: String, length: usize, times: u32) -> u32 {
        let text = "x".repeat(length);
        let taken = (0..times).take_while(|_| self.is_taken(&client.notify(&method, (text.as_str(),))));
        taken.count() as u32
    }

    fn head(&self, headers: &ReplyHeaders, name: String, length: usize) -> bool {
        self.is_taken(&headers.add(&name, false, "x".repeat(length).as_str()))
    }

    fn header(&self, caller: &Caller, name: String) -> bool {
        caller.header(&name).is_some()
    }
}

impl Copier {
    fn is_taken(&self, outcome: &Result<(), CallError>) -> bool {
        if let Err(error) = outcome {
            self.errors.lock().unwrap().push(error.to_string());
        }
        outcome.is_ok()
    }

    fn gateway(&self, limits: OutputLimits) -> Gateway {
        Gateway::new(Services::new().add(self.clone()).output_limits(limits))
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::Relaxed)
    }
}

fn gateway(limits: OutputLimits) -> Gateway {
    Copier::default().gateway(limits)
}

fn call(method: &str, response: &str, values: &[Vec<u8>]) -> Vec<u8> {
    message(&format!("copier.{method}"), response, &arguments(values))
}

fn text(response: &str, length: usize) -> Vec<u8> {
    call("text", response, &[number(length as f64)])
}

/// The limits that were exceeded, by name.
fn exceeded(counters: &Counters) -> Vec<(String, u64)> {
    let limit = |name: &str| {
        Some(name.strip_prefix("amf_limits_exceeded_total{limit=")?.strip_suffix('}')?.to_owned())
    };
    counters.take().into_iter().filter_map(|(name, count)| Some((limit(&name)?, count))).collect()
}

const TOO_LARGE: &str = "Server.ReplyTooLarge";

#[tokio::test]
async fn a_reply_at_the_limit_and_one_byte_beyond() {
    let counters = Counters::start();
    // AMF0: a marker, a length of 16 bits, and the text
    let limits = OutputLimits::new().with_reply_bytes(3 + 100);
    let calls = [text("/1", 100), text("/2", 101), text("/3", 1)];
    let fault = status("/2", TOO_LARGE, "the reply is larger than 103 bytes, the limit `reply_bytes`");
    let results = [result("/1", &string(&"x".repeat(100))), fault, result("/3", &string("x"))];
    assert_packet(&post(&gateway(limits), packet(0, &calls)).await, &packet(0, &results));
    assert_eq!(exceeded(&counters), [("reply_bytes".to_owned(), 1)]);
}

#[tokio::test]
async fn a_small_request_for_a_large_reply() {
    let repeat = [string(&"x".repeat(10_000)), number(1_000.0)];
    let calls = [call("repeat", "/1", &repeat), text("/2", 1)];
    let reply = post(&gateway(OutputLimits::new()), packet(0, &calls)).await;
    let text = "the reply is larger than 4194304 bytes, the limit `reply_bytes`";
    let results = [status("/1", TOO_LARGE, text), result("/2", &string("x"))];
    assert_packet(&reply, &packet(0, &results));
}

#[tokio::test]
async fn a_reply_to_flex_at_the_limit_and_one_byte_beyond() {
    let copier = Copier::default();
    let gateway = |limits| copier.gateway(limits).flex(Flex::new());
    let ask = |length| {
        let members = flex::remoting("copier", "text", amf3::array(&[amf3::integer(length)]));
        flex::envelope(&flex::remoting_message(&members))
    };
    let size = flex::messages(&post(&gateway(OutputLimits::new()), ask(100)).await)[0].1.len();
    let gateway = gateway(OutputLimits::new().with_reply_bytes(size));
    assert_eq!(flex::answer(&gateway, ask(100)).await.0, "/1/onResult");
    let text = format!("the reply is larger than {size} bytes, the limit `reply_bytes`");
    assert_eq!(flex::error(&gateway, ask(101)).await, (TOO_LARGE.to_owned(), text));
}

#[tokio::test]
async fn the_reply_of_a_layer_keeps_to_the_limit() {
    for envelope in [false, true] {
        let reply_of = |length: usize| {
            tower::layer::layer_fn(move |_: amf_remoting::service::CallService| {
                tower::service_fn(move |call: Call| {
                    let reply = Reply::encode(call.version(), "x".repeat(length).as_str()).unwrap();
                    std::future::ready(Ok::<_, amf_remoting::Fault>(reply))
                })
            })
        };
        let answer = async |length| {
            let limits = OutputLimits::new().with_reply_bytes(2_000);
            let gateway = Gateway::new(Services::new().layer(reply_of(length)).output_limits(limits));
            let packet = if envelope {
                flex::envelope(&flex::remoting_message(&flex::remoting("a", "b", amf3::array(&[]))))
            } else {
                packet(0, &[call("text", "/1", &[])])
            };
            flex::messages(&post(&gateway.flex(Flex::new()), packet).await).remove(0).0
        };
        assert_eq!(answer(1_000).await, "/1/onResult");
        assert_eq!(answer(2_000).await, "/1/onStatus");
    }
}

/// The size of a message of a reply, from the specification: URIs with lengths of 16 bits, a value with one of 32.
fn message_len(target: &str, body: usize) -> usize {
    2 + target.len() + 2 + "null".len() + 4 + body
}

#[tokio::test]
async fn a_packet_at_the_limit_and_one_byte_beyond() {
    let counters = Counters::start();
    let calls = packet(0, &[text("/1", 3_000), text("/2", 3_000), text("/3", 1)]);
    let whole = post(&gateway(OutputLimits::new()), calls.clone()).await;
    // The third reply is shorter than the fault for which room is kept: 1,024 bytes.
    let limit = whole.len() - 4 + 1024;
    let limits = OutputLimits::new().with_packet_bytes(limit);
    assert_packet(&post(&gateway(limits), calls.clone()).await, &whole);
    assert_eq!(exceeded(&counters), []);
    let limits = OutputLimits::new().with_packet_bytes(limit - 1);
    let reply = post(&gateway(limits), calls).await;
    let words =
        format!("the replies of the packet are larger than {} bytes, the limit `packet_bytes`", limit - 1);
    let results = [
        result("/1", &string(&"x".repeat(3_000))),
        status("/2", TOO_LARGE, &words),
        result("/3", &string("x")),
    ];
    assert_packet(&reply, &packet(0, &results));
    assert_eq!(exceeded(&counters), [("packet_bytes".to_owned(), 1)]);
}

#[tokio::test]
async fn calls_that_cannot_be_answered_are_not_made() {
    let counters = Counters::start();
    let copier = Copier::default();
    let calls = packet(0, &[text("/1", 1), text("/2", 1)]);
    let limit = 6 + 2 * message_len("/1/onResult", 1024);
    post(&copier.gateway(OutputLimits::new().with_packet_bytes(limit)), calls.clone()).await;
    assert_eq!((copier.runs(), exceeded(&counters)), (2, vec![]));
    let gateway = copier.gateway(OutputLimits::new().with_packet_bytes(limit - 1));
    let (status, words) = refused(&gateway, request(calls)).await;
    let expected =
        format!("The replies would be larger than {} bytes, the limit `packet_bytes`.\n", limit - 1);
    assert_eq!((status, words), (413, expected));
    assert_eq!((copier.runs(), exceeded(&counters)), (2, vec![("packet_bytes".to_owned(), 1)]));
}

#[tokio::test]
async fn a_full_packet_answers_every_call() {
    for method in ["text", "textAtOnce"] {
        let counters = Counters::start();
        let uris: Vec<_> = (0..256).map(|n| format!("/{n}")).collect();
        let calls: Vec<_> = uris.iter().map(|uri| call(method, uri, &[number(f64::from(1 << 20))])).collect();
        let reply = post(&gateway(OutputLimits::new()), packet(0, &calls)).await;
        assert!(reply.len() <= 16 << 20, "{}", reply.len());
        let messages = flex::messages(&reply);
        let of = |suffix: &str| messages.iter().filter(|(target, _)| target.ends_with(suffix)).count();
        assert_eq!((of("/onResult"), of("/onStatus")), (15, 241));
        assert!(messages.iter().zip(&uris).all(|((target, _), uri)| target.starts_with(&format!("{uri}/"))));
        assert_eq!(exceeded(&counters), [("packet_bytes".to_owned(), 241)]);
    }
}

#[tokio::test]
async fn faults_for_every_message_are_charged_too() {
    // A header's name of 60,000 bytes stands three times in the fault of each message.
    let header = header(&"h".repeat(60_000), true, &null());
    let calls: Vec<_> = (0..256).map(|n| text(&format!("/{n}"), 1)).collect();
    let gateway = gateway(OutputLimits::new()).strict_headers(["known"]);
    let reply = post(&gateway, packet_with_headers(0, &[header], &calls)).await;
    assert!(reply.len() <= 16 << 20, "{}", reply.len());
    assert_eq!(flex::messages(&reply).len(), 256);
}

#[tokio::test]
async fn a_call_to_the_client_at_the_limit_and_one_byte_beyond() {
    let counters = Counters::start();
    let copier = Copier::default();
    // a strict array of one (5 bytes), a string's marker and length
    let gateway = copier.gateway(OutputLimits::new().with_client_call_bytes(5 + 3 + 10));
    let tell = |length: f64| call("tell", "/1", &[string("said"), number(length), number(1.0)]);
    let reply = post(&gateway, packet(0, &[tell(10.0), tell(11.0)])).await;
    let said = message("said", "null", &arguments(&[string(&"x".repeat(10))]));
    let results = [result("/1", &number(1.0)), said, result("/1", &number(0.0))];
    assert_packet(&reply, &packet(0, &results));
    assert_eq!(exceeded(&counters), [("client_call_bytes".to_owned(), 1)]);
}

#[tokio::test]
async fn notifications_and_headers_take_room_of_the_packet() {
    let counters = Counters::start();
    let copier = Copier::default();
    let fixed = 6 + message_len("/1/onResult", 1024);
    // a strict array of one, and a string
    let notification = message_len("said", 5 + 3 + 100);
    let gateway = copier.gateway(OutputLimits::new().with_packet_bytes(fixed + 2 * notification));
    let tell = packet(0, &[call("tell", "/1", &[string("said"), number(100.0), number(3.0)])]);
    let messages = flex::messages(&post(&gateway, tell.clone()).await);
    assert_eq!((messages.len(), messages[0].1.clone()), (3, number(2.0)));
    assert_eq!(exceeded(&counters), [("packet_bytes".to_owned(), 1)]);
    let gateway = copier.gateway(OutputLimits::new().with_packet_bytes(fixed + 2 * notification - 1));
    assert_eq!(flex::messages(&post(&gateway, tell).await).len(), 2);
    exceeded(&counters);
    // name and length, must-understand, and the value with its length
    let header_len = 2 + 1 + 1 + 4 + 3 + 100;
    for (limit, expected) in [(fixed + header_len, 1), (fixed + header_len - 1, 0)] {
        let gateway = copier.gateway(OutputLimits::new().with_packet_bytes(limit));
        let reply = post(&gateway, packet(0, &[call("head", "/1", &[string("h"), number(100.0)])])).await;
        assert_eq!(reply[2..4], [0, expected]);
    }
    assert_eq!(exceeded(&counters), [("packet_bytes".to_owned(), 1)]);
}

#[tokio::test]
async fn names_that_a_packet_cannot_hold() {
    let copier = Copier::default();
    let gateway = copier.gateway(OutputLimits::new());
    let long_string =
        |length: usize| [&[0x0C][..], &(length as u32).to_be_bytes(), "m".repeat(length).as_bytes()].concat();
    let calls = [65_535, 65_536].map(|length| {
        let name = || long_string(length);
        [call("tell", "/1", &[name(), number(1.0), number(1.0)]), call("head", "/2", &[name(), number(1.0)])]
    });
    let reply = post(&gateway, packet(0, &calls.concat())).await;
    assert_eq!(reply[2..4], [0, 1], "one header");
    let errors = copier.errors.lock().unwrap().clone();
    assert_eq!(
        errors,
        [
            "the arguments cannot be encoded: a method's name of 65536 is longer than 65535",
            "the arguments cannot be encoded: a header's name of 65536 is longer than 65535",
        ]
    );
}

#[tokio::test]
async fn as_many_messages_as_a_packet_counts() {
    let counters = Counters::start();
    let gateway = gateway(OutputLimits::new()).limits(GatewayLimits::new().with_notifications(usize::MAX));
    for (times, taken) in [(65_533, 65_533), (65_534, 65_533)] {
        let tell = call("tell", "/1", &[string("m"), number(0.0), number(f64::from(times))]);
        let reply = post(&gateway, packet(0, &[tell, text("/2", 1)])).await;
        let messages = flex::messages(&reply);
        assert_eq!((messages.len(), messages[0].1.clone()), (65_535, number(f64::from(taken))));
        assert_eq!(messages.last().unwrap().1, string("x"));
    }
    assert_eq!(exceeded(&counters), [("notifications".to_owned(), 1)]);
}

#[tokio::test]
async fn a_response_uri_that_no_reply_can_name() {
    let uri = |length| "u".repeat(length);
    let copier = Copier::default();
    let gateway = copier.gateway(OutputLimits::new());
    // its target, with `/onResult`, has 65,535 bytes
    let calls = [text("/1", 1), text(&uri(65_526), 1), text(&uri(65_527), 1), text("/4", 1)];
    let words = "the response URI of 65527 bytes is longer than 65526";
    let results = [
        result("/1", &string("x")),
        result(&uri(65_526), &string("x")),
        status("", "Client.Message.Encoding", words),
        result("/4", &string("x")),
    ];
    assert_packet(&post(&gateway, packet(0, &calls)).await, &packet(0, &results));
    assert_eq!(copier.runs(), 3, "the one that cannot be answered is not made");
    // 77 is no marker: the message cannot be read either
    let broken = [text("/1", 1), message("copier.text", &uri(65_530), &[0x77])];
    let reply = flex::messages(&post(&gateway, packet(0, &broken)).await);
    let targets: Vec<_> = reply.iter().map(|(target, _)| target.as_str()).collect();
    assert_eq!(targets, ["/1/onResult", "/onStatus"]);
    // a message of Flex
    let members = flex::remoting("copier", "text", amf3::array(&[amf3::integer(1)]));
    let message = flex::in_message(&uri(65_530), &flex::remoting_message(&members));
    let reply = flex::messages(&post(&gateway.flex(Flex::new()), packet(3, &[message])).await);
    assert_eq!(reply[0].0, "/onStatus");
    assert_eq!(copier.runs(), 4);
}

#[tokio::test]
async fn ids_of_flex_that_are_too_long_to_repeat() {
    let copier = Copier::default();
    let gateway = copier.gateway(OutputLimits::new()).flex(Flex::new());
    let members = || flex::remoting("copier", "text", amf3::array(&[amf3::integer(1)]));
    let headers = |length| amf3::map(&[("DSId", amf3::text(&"x".repeat(length)))]);
    let id = |length: usize| amf3::text(&"x".repeat(length));
    for (name, replaced, expected) in [
        ("clientId", [("clientId", id(1024)), ("clientId", id(1025))], "/1/onResult"),
        ("messageId", [("messageId", id(1024)), ("messageId", id(1025))], "/1/onResult"),
        ("DSId", [("headers", headers(1024)), ("headers", headers(1025))], "/1/onResult"),
        // nobody has that name
        ("destination", [("destination", id(1024)), ("destination", id(1025))], "/1/onStatus"),
    ] {
        let [within, beyond] = replaced.map(|(member, value)| {
            flex::envelope(&flex::remoting_message(&flex::replaced(members(), member, value)))
        });
        assert_eq!(flex::answer(&gateway, within).await.0, expected, "{name}");
        let runs = copier.runs();
        let words = format!("the `{name}` of 1025 bytes is longer than 1024");
        assert_eq!(flex::error(&gateway, beyond).await, ("Client.Message.Encoding".to_owned(), words));
        assert_eq!(copier.runs(), runs, "{name}");
    }
}

/// A gateway whose decoder may take little memory: whatever it decodes to values exceeds the limit.
fn frugal_gateway() -> Gateway {
    let limits = Limits::new().with_memory(2_000);
    Gateway::new(Services::new().add(Copier::default()).limits(limits)).flex(Flex::new())
}

#[tokio::test]
async fn arguments_of_unknown_methods_are_not_decoded() {
    let collection = |alias: &str| amf3::external(alias, &amf3::array(&vec![amf3::integer(1); 5_000]));
    let body = collection("flex.messaging.io.ArrayCollection");
    for body in [body, collection("flex.messaging.io.ArrayList"), amf3::array(&vec![amf3::integer(1); 5_000])]
    {
        for (method, code) in [("none", "Service.MethodNotFound"), ("text", "Server.ResourceUnavailable")] {
            let members = flex::remoting("copier", method, body.clone());
            let packet = flex::envelope(&flex::remoting_message(&members));
            let (found, words) = flex::error(&frugal_gateway(), packet).await;
            assert_eq!(found, code, "{words}");
        }
    }
    // an ECMA array (08): a count, then as an object
    let names: Vec<_> = (0..500).map(|n| n.to_string()).collect();
    let members: Vec<_> = names.iter().map(|name| (name.as_str(), number(1.0))).collect();
    let ecma = [&[0x08, 0, 0, 0, 0][..], &object(&members)[1..]].concat();
    let message_of = |method: &str| {
        let members =
            [("body", ecma.clone()), ("destination", string("copier")), ("operation", string(method))];
        let class = format!("{}.RemotingMessage", flex::MESSAGES);
        let typed = [&[0x10][..], &utf8(&class), &object(&members)[1..]].concat();
        packet(0, &[message("null", "/1", &arguments(&[typed]))])
    };
    for (method, words) in [
        ("none", "Unknown method none of service copier"),
        ("text", "500 arguments were sent but 1 were expected"),
    ] {
        let reply = post(&frugal_gateway(), message_of(method)).await.escape_ascii().to_string();
        assert!(reply.contains(words), "{reply}");
    }
}

#[tokio::test]
async fn an_ecma_array_out_of_order_is_an_argument() {
    let call = |indices: &[&str]| {
        let members: Vec<_> = indices.iter().map(|name| (*name, number(1.0))).collect();
        let ecma = [&[0x08, 0, 0, 0, 0][..], &object(&members)[1..]].concat();
        let members = [("body", ecma), ("destination", string("copier")), ("operation", string("text"))];
        let class = format!("{}.RemotingMessage", flex::MESSAGES);
        let typed = [&[0x10][..], &utf8(&class), &object(&members)[1..]].concat();
        packet(0, &[message("null", "/1", &arguments(&[typed]))])
    };
    let gateway = gateway(OutputLimits::new()).flex(Flex::new());
    for (indices, words) in [
        (&["0"][..], "/1/onResult"),
        (&[], "0 arguments were sent but 1 were expected"),
        (&["0", "1"], "2 arguments were sent but 1 were expected"),
        (&["1", "0"], "argument 1 `length`: expected"),
        (&["name"], "argument 1 `length`: expected"),
    ] {
        let reply = post(&gateway, call(indices)).await.escape_ascii().to_string();
        assert!(reply.contains(words), "{indices:?}: {reply}");
    }
}

#[tokio::test]
async fn headers_that_nobody_asks_for_are_not_decoded() {
    let values = vec![number(1.0); 5_000];
    let headers = [header("large", false, &arguments(&values)), header("small", false, &number(1.0))];
    let ask = |name| call("header", "/1", &[string(name)]);
    let calls = [text("/1", 1), ask("large"), ask("small")];
    let results = [result("/1", &string("x")), result("/1", &[0x01, 0x00]), result("/1", &[0x01, 0x01])];
    let counters = Counters::start();
    let reply = post(&frugal_gateway(), packet_with_headers(0, &headers, &calls)).await;
    assert_packet(&reply, &packet(0, &results));
    assert_eq!(exceeded(&counters), [("memory".to_owned(), 1)]);
}

/// A client that takes arguments of so many bytes.
struct Limited {
    max: usize,
    received: Mutex<Vec<Notification>>,
}

impl Connection for Limited {
    fn encoding(&self) -> Encoding {
        Encoding::new(Version::Amf0, ArgumentsForm::Sequence)
    }

    fn max_message_bytes(&self) -> usize {
        self.max
    }

    fn notify(&self, notification: &Notification) -> Result<(), CallError> {
        self.received.lock().unwrap().push(notification.clone());
        Ok(())
    }

    fn invoke(&self, _: &Notification) -> BoxFuture<'static, Result<Bytes, CallError>> {
        Box::pin(async { Err(CallError::Unsupported("not here")) })
    }

    fn is_open(&self) -> bool {
        true
    }
}

#[tokio::test]
async fn members_of_a_group_have_limits_of_their_own() {
    let connections = [8, 7, 8].map(|max| Arc::new(Limited { max, received: Mutex::default() }));
    let clients = connections
        .clone()
        .map(|connection| Client::new(ClientId::allocate(), connection as Arc<dyn Connection>));
    let group = Group::new();
    for client in &clients {
        group.add(client);
    }
    // a marker, a length of 16 bits, and the text
    assert!(group.notify("said", ("1234",)).is_ok());
    assert!(matches!(group.notify("said", ("12345",)), Err(CallError::Encode(_))));
    assert!(matches!(clients[1].notify("said", ("12345",)), Err(CallError::Encode(_))));
    assert!(matches!(clients[1].invoke::<()>("said", ("12345",)).await, Err(CallError::Encode(_))));
    let received = connections.map(|connection| connection.received.lock().unwrap().clone());
    assert_eq!([received[0].len(), received[1].len(), received[2].len()], [2, 1, 2]);
    // encoded once for those with the same limit
    assert_eq!(received[0][1].arguments().as_ptr(), received[2][1].arguments().as_ptr());
}
