//! What methods tell their client over HTTP, and when that ends.
#![cfg(feature = "http")]
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests, with their own helpers")]

mod support;

use std::sync::{Arc, Mutex};

use amf_remoting::gateway::GatewayLimits;
use amf_remoting::service::{ArgumentsForm, BoxFuture, ClientId, Connection, Encoding, Notification};
use amf_remoting::{CallError, Client, Gateway, Group, Version};
use support::bytes::*;
use support::post::{assert_packet, post};
use support::probe::Probe;

fn tell(text: &str) -> Vec<u8> {
    message("probe.tell", "/1", &arguments(&[string(text)]))
}

/// AMF0 boolean: marker 01, one byte.
fn truth() -> Vec<u8> {
    vec![0x01, 0x01]
}

#[tokio::test]
async fn notifications_follow_the_result_of_their_call() {
    let call = packet(0, &[tell("a"), message("probe.echo", "/2", &arguments(&[null()])), tell("b")]);
    let said = |text| message("said", "null", &arguments(&[string(text), number(1.0)]));
    let reply = packet(
        0,
        &[result("/1", &truth()), said("a"), result("/2", &null()), result("/1", &truth()), said("b")],
    );
    assert_packet(&post(&Probe::default().gateway(), call).await, &reply);
}

#[tokio::test]
async fn in_amf3_the_arguments_are_one_amf3_array() {
    let call = packet(3, &[tell("a")]);
    // 11 switch, 09 array, 05 = 2 dense values, 01 no names; 06 string, 03 = 1 byte; 1.0 is whatever number the
    // encoder writes for an f64: 05 double, 3FF0…
    let said = message("said", "null", b"\x11\x09\x05\x01\x06\x03a\x05\x3F\xF0\0\0\0\0\0\0");
    // 11 switch, 03 true
    let reply = packet(3, &[result("/1", &[0x11, 0x03]), said]);
    assert_packet(&post(&Probe::default().gateway(), call).await, &reply);
}

#[tokio::test]
async fn after_the_reply_the_client_is_gone() {
    let probe = Probe::default();
    post(&probe.gateway(), packet(0, &[tell("a")])).await;
    let kept = probe.kept.lock().unwrap()[0].clone();
    assert!(!kept.is_open());
    assert!(matches!(kept.notify("said", ()), Err(CallError::Gone)));
}

#[tokio::test]
async fn a_request_that_is_dropped_takes_its_client_with_it() {
    use futures_util::FutureExt;
    use tower::ServiceExt;
    let probe = Probe::default();
    let sleep = message("probe.sleep", "/2", &arguments(&[string("x"), number(100.0)]));
    let request = support::post::request(packet(0, &[message("probe.keep", "/1", &arguments(&[])), sleep]));
    let mut running = Box::pin(probe.gateway().oneshot(request));
    assert!((&mut running).now_or_never().is_none(), "the second call sleeps");
    let kept = probe.kept.lock().unwrap()[0].clone();
    assert!(kept.is_open());
    assert_eq!(probe.group.local_len(), 1);
    drop(running);
    assert!(!kept.is_open());
    assert_eq!(probe.group.local_len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_running_request_receives_notifications_of_others() {
    let probe = Probe::default();
    let gateway = probe.gateway();
    let waits = packet(
        0,
        &[
            message("probe.keep", "/1", &arguments(&[])),
            message("probe.sleep", "/2", &arguments(&[string("x"), number(5.0)])),
        ],
    );
    let says = packet(
        0,
        &[
            message("probe.sleep", "/1", &arguments(&[string("y"), number(1.0)])),
            message("probe.tellGroup", "/2", &arguments(&[string("hi")])),
        ],
    );
    let (heard, said) = tokio::join!(post(&gateway, waits), post(&gateway, says));
    let pushed = message("heard", "null", &arguments(&[string("hi")]));
    assert_packet(&heard, &packet(0, &[result("/1", &number(1.0)), pushed, result("/2", &string("x"))]));
    assert_packet(&said, &packet(0, &[result("/1", &string("y")), result("/2", &truth())]));
}

#[tokio::test]
async fn asking_over_http_is_a_clear_fault() {
    let call = packet(0, &[message("probe.ask", "/1", &arguments(&[]))]);
    let reply = post(&Probe::default().gateway(), call).await.escape_ascii().to_string();
    assert!(reply.contains("Server.ClientCallFailed"), "{reply}");
    assert!(reply.contains("a client cannot be asked over HTTP"), "{reply}");
}

#[tokio::test]
async fn a_group_tells_the_members_of_this_packet_once() {
    let probe = Probe::default();
    let keep = |response| message("probe.keep", response, &arguments(&[]));
    let call =
        packet(0, &[keep("/1"), keep("/2"), message("probe.tellGroup", "/3", &arguments(&[string("x")]))]);
    let heard = message("heard", "null", &arguments(&[string("x")]));
    // the calls of a packet have one client: it is told once, after the call that added it last
    let reply =
        packet(0, &[result("/1", &number(1.0)), result("/2", &number(1.0)), heard, result("/3", &truth())]);
    assert_packet(&post(&probe.gateway(), call).await, &reply);
    let kept = probe.kept.lock().unwrap();
    assert_eq!(kept[0].id(), kept[1].id());
    assert_eq!(probe.group.local_len(), 0);
}

#[tokio::test]
async fn the_notification_queue_is_bounded() {
    // "said", an array of 5 bytes before "a" as 4 and 1.0 as 9: 22 bytes for each
    for (limits, fit) in [
        (GatewayLimits::new().with_notifications(2), 2),
        (GatewayLimits::new().with_notification_bytes(66), 3),
        (GatewayLimits::new().with_notification_bytes(65), 2),
    ] {
        let gateway = Gateway::new(Probe::default().services()).limits(limits);
        let reply = post(&gateway, packet(0, &vec![tell("a"); 4])).await.escape_ascii().to_string();
        assert_eq!(reply.matches("said").count(), fit, "{limits:?}");
        assert_eq!(reply.matches("/1/onResult").count(), fit, "{limits:?}");
        assert_eq!(reply.matches("/1/onStatus").count(), 4 - fit, "{limits:?}");
        assert!(reply.contains("queue is full"), "{limits:?}");
    }
}

/// Remembers what it is told.
struct Recorder {
    encoding: Encoding,
    open: Mutex<bool>,
    told: Mutex<Vec<Notification>>,
}

impl Recorder {
    fn client(version: Version, form: ArgumentsForm) -> (Arc<Self>, Client) {
        let encoding = Encoding::new(version, form);
        let recorder = Arc::new(Self { encoding, open: Mutex::new(true), told: Mutex::default() });
        (Arc::clone(&recorder), Client::new(ClientId::allocate(), recorder))
    }
}

impl Connection for Recorder {
    fn encoding(&self) -> Encoding {
        self.encoding
    }

    fn notify(&self, notification: &Notification) -> Result<(), CallError> {
        self.told.lock().unwrap().push(notification.clone());
        Ok(())
    }

    fn invoke(&self, _: &Notification) -> BoxFuture<'static, Result<bytes::Bytes, CallError>> {
        Box::pin(async { Err(CallError::Timeout) })
    }

    fn is_open(&self) -> bool {
        *self.open.lock().unwrap()
    }
}

#[test]
fn a_group_encodes_once_for_each_encoding() {
    /// Counts how often it is written.
    struct Counted(Arc<Mutex<usize>>);
    impl amf_remoting::ToAmf for Counted {
        fn to_amf(&self, encoder: &mut amf_core::Encoder) -> Result<(), amf_core::EncodeError> {
            *self.0.lock().unwrap() += 1;
            true.to_amf(encoder)
        }
    }
    let group = Group::new();
    let mut members = Vec::new();
    for _ in 0..10 {
        for version in [Version::Amf0, Version::Amf3] {
            for form in [ArgumentsForm::Array, ArgumentsForm::Sequence] {
                members.push(Recorder::client(version, form));
            }
        }
    }
    for (_, client) in &members {
        group.add(client);
    }
    let written = Arc::new(Mutex::new(0));
    group.notify("tick", (Counted(Arc::clone(&written)),)).unwrap();
    assert_eq!(*written.lock().unwrap(), 4);
    // AMF0: 01 boolean 01; AMF3: 11 switch, 03 true; arrays as elsewhere in this file
    let expected: [&[u8]; 4] = [b"\x0A\0\0\0\x01\x01\x01", b"\x01\x01", b"\x11\x09\x03\x01\x03", b"\x11\x03"];
    for (index, (recorder, _)) in members.iter().enumerate() {
        let told = recorder.told.lock().unwrap();
        assert_eq!(
            (told.len(), told[0].method(), &told[0].arguments()[..]),
            (1, "tick", expected[index % 4])
        );
    }
}

#[test]
fn a_group_holds_clients_weakly() {
    let group = Group::new();
    let (stays, stays_client) = Recorder::client(Version::Amf0, ArgumentsForm::Array);
    let (leaves, leaves_client) = Recorder::client(Version::Amf0, ArgumentsForm::Array);
    let (dropped, dropped_client) = Recorder::client(Version::Amf0, ArgumentsForm::Array);
    for client in [&stays_client, &leaves_client, &dropped_client] {
        group.add(client);
        group.add(client);
    }
    assert_eq!(group.local_len(), 3);
    *leaves.open.lock().unwrap() = false;
    drop((dropped, dropped_client));
    group.notify("tick", ()).unwrap();
    assert_eq!((stays.told.lock().unwrap().len(), leaves.told.lock().unwrap().len()), (1, 0));
    assert_eq!(group.local_len(), 1);
    assert!(group.contains(&stays_client) && !group.contains(&leaves_client));
    assert!(group.clone().remove(&stays_client));
    assert!(!group.remove(&stays_client));
    assert_eq!(group.local_len(), 0);
}
