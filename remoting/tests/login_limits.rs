//! Attempts to log in, on every way by which credentials reach the authenticator: what is checked, and what is refused.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use amf_remoting::flex::Flex;
use amf_remoting::service::{
    Access, Authenticator, Credentials, LoginAttempt, LoginLimits, LoginOutcome, Principal,
};
use amf_remoting::{Caller, Fault, Gateway, Services, remoting_service};
use axum::extract::ConnectInfo;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use support::bytes::*;
use support::counters::Counters;
use support::post::*;
use support::{amf3, flex};
use tokio::time::advance;
use tower::ServiceExt;

const TOO_MANY: &str = "Client.Authentication.TooManyAttempts";

/// Knows everybody by one password, and notes what it is asked and what becomes of it.
#[derive(Clone, Default)]
struct Users {
    asked: Arc<AtomicUsize>,
    ended: Arc<Mutex<Vec<(String, LoginOutcome)>>>,
}

impl Authenticator for Users {
    async fn authenticate(&self, credentials: &Credentials, _: &Caller) -> Result<Option<Principal>, Fault> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok((credentials.password() == "secret").then(|| Principal::new(credentials.user())))
    }

    async fn admit_login(&self, attempt: &LoginAttempt<'_>) -> Result<(), Fault> {
        if attempt.user() == "locked" {
            return Err(Fault::new("Client.Authentication", "this account is locked"));
        }
        Ok(())
    }

    fn login_ended(&self, attempt: &LoginAttempt<'_>, outcome: LoginOutcome) {
        let address = attempt.address().map_or_else(String::new, |address| format!(" at {address}"));
        self.ended.lock().unwrap().push((format!("{}{address}", attempt.user()), outcome));
    }
}

impl Users {
    fn asked(&self) -> usize {
        self.asked.swap(0, Ordering::Relaxed)
    }

    fn ended(&self) -> Vec<(String, LoginOutcome)> {
        std::mem::take(&mut self.ended.lock().unwrap())
    }

    fn gateway(&self, limits: LoginLimits) -> Gateway {
        Gateway::new(Services::new().authenticator(self.clone()).login_limits(limits).add(Accounts))
            .flex(Flex::new())
    }
}

struct Accounts;

#[remoting_service(name = "accounts", logged_in)]
impl Accounts {
    fn mine(&self, principal: &Principal) -> String {
        principal.name().to_owned()
    }

    #[remote(public)]
    async fn login(&self, caller: &Caller, name: String, password: String) -> Result<(), Fault> {
        caller.login_with(&Credentials::new(name, password)).await.map(drop)
    }
}

/// How often a text is in a reply.
fn count(reply: &[u8], text: &str) -> usize {
    reply.windows(text.len()).filter(|window| *window == text.as_bytes()).count()
}

/// Sends a packet from an address; gives the reply.
async fn send(gateway: &Gateway, packet: Vec<u8>, address: &str) -> Vec<u8> {
    let mut request = request(packet);
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new(address.parse().unwrap(), 7)));
    read(gateway.clone().oneshot(request).await.unwrap()).await
}

fn mine() -> Vec<u8> {
    message("accounts.mine", "/1", &arguments(&[]))
}

/// A packet with the header of Flash's `NetConnection.setCredentials`.
fn by_header(user: &str, password: &str) -> Vec<u8> {
    let value = object(&[("userid", string(user)), ("password", string(password))]);
    packet_with_headers(0, &[header("Credentials", false, &value)], &[mine()])
}

fn base64(user: &str, password: &str) -> String {
    STANDARD.encode(format!("{user}:{password}"))
}

fn login_call(number: usize, password: &str) -> Vec<u8> {
    message("accounts.login", &format!("/{number}"), &arguments(&[string("ann"), string(password)]))
}

fn flex_login(number: usize, password: &str) -> Vec<u8> {
    let login = flex::command(8, &[], amf3::text(&base64("ann", password)));
    flex::in_message(&format!("/{number}"), &flex::command_message(&login))
}

fn flex_call(number: usize, password: &str) -> Vec<u8> {
    let headers = amf3::map(&[("DSRemoteCredentials", amf3::text(&base64("ann", password)))]);
    let members = flex::replaced(flex::remoting("accounts", "mine", amf3::array(&[])), "headers", headers);
    flex::in_message(&format!("/{number}"), &flex::remoting_message(&members))
}

/// A packet of 256 messages, each with a guess of its own.
fn guesses(version: u16, guess: fn(usize, &str) -> Vec<u8>, number: usize) -> Vec<u8> {
    let messages: Vec<_> = (0..number).map(|index| guess(index, &format!("guess {index}"))).collect();
    packet(version, &messages)
}

#[tokio::test(start_paused = true)]
async fn a_packet_has_a_number_of_attempts_on_every_way() {
    type Way = (&'static str, u16, fn(usize, &str) -> Vec<u8>);
    let ways: [Way; 3] =
        [("method", 0, login_call), ("Flex login", 3, flex_login), ("Flex call", 3, flex_call)];
    for (name, version, way) in ways {
        let users = Users::default();
        // The address is not known.
        let gateway = users.gateway(LoginLimits::new());
        let counters = Counters::start();
        post(&gateway, guesses(version, way, 8)).await;
        assert_eq!(users.asked(), 8, "{name}: the limit");
        assert!(!counters.take().contains_key("amf_limits_exceeded_total{limit=login_attempts}"));
        let reply = post(&gateway, guesses(version, way, 9)).await;
        assert_eq!(users.asked(), 8, "{name}: one beyond");
        assert_eq!(counters.take()["amf_limits_exceeded_total{limit=login_attempts}"], 1);
        let reason = "no more than 8 attempts to log in with one packet, or on one connection in a minute, the limit \
                      `login_attempts`: try again in 60 s";
        assert!(count(&reply, reason) >= 1, "{name}: {}", reply.escape_ascii());
        // A Flex client takes any other code of a login for a server that cannot be reached.
        assert_eq!(count(&reply, TOO_MANY) > 0, name != "Flex login", "{name}");

        let reply = post(&gateway, guesses(version, way, 256)).await;
        assert_eq!(users.asked(), 8, "{name}: a packet of guesses");
        assert_eq!(count(&reply, "/onStatus"), 256);
        assert_eq!(counters.take()["amf_limits_exceeded_total{limit=login_attempts}"], 248);
    }
}

#[tokio::test(start_paused = true)]
async fn credentials_that_are_repeated_in_a_packet_are_checked_once() {
    let users = Users::default();
    let gateway = users.gateway(LoginLimits::new());
    let calls: Vec<_> = (0..100).map(|index| flex_call(index, "secret")).collect();
    let reply = post(&gateway, packet(3, &calls)).await;
    assert_eq!((count(&reply, "/onResult"), users.asked()), (100, 1));
    let calls: Vec<_> = (0..100).map(|index| flex_call(index, "guess")).collect();
    let reply = post(&gateway, packet(3, &calls)).await;
    assert_eq!((count(&reply, "wrong user or password") > 0, users.asked()), (true, 1));
}

#[tokio::test(start_paused = true)]
async fn an_address_has_a_number_of_failures_on_every_way() {
    let basic = |password: &str| {
        let mut request = request(packet(0, &[mine()]));
        let value = format!("Basic {}", base64("ann", password));
        request.headers_mut().insert("authorization", value.parse().unwrap());
        request
    };
    let packets = [
        by_header("ann", "guess"),
        guesses(0, login_call, 1),
        guesses(3, flex_login, 1),
        guesses(3, flex_call, 1),
    ];
    let users = Users::default();
    let gateway = users.gateway(LoginLimits::new().with_login_failures(5));
    let counters = Counters::start();
    for packet in &packets {
        send(&gateway, packet.clone(), "192.0.2.1").await;
    }
    let mut request = basic("guess");
    request.extensions_mut().insert(ConnectInfo(SocketAddr::new("192.0.2.1".parse().unwrap(), 7)));
    read(gateway.clone().oneshot(request).await.unwrap()).await;
    assert_eq!(users.asked(), 5, "the limit");
    assert!(!counters.take().contains_key("amf_limits_exceeded_total{limit=login_failures}"));

    let reason =
        "no more than 5 failed logins from one address, the limit `login_failures`: try again in 1 s";
    for packet in &packets {
        let reply = send(&gateway, packet.clone(), "192.0.2.1").await;
        assert_eq!((count(&reply, reason) >= 1, users.asked()), (true, 0), "{}", reply.escape_ascii());
    }
    assert_eq!(counters.take()["amf_limits_exceeded_total{limit=login_failures}"], 4);
    // Of another address, and where none is known, right ones are accepted.
    let reply = send(&gateway, by_header("ann", "secret"), "192.0.2.2").await;
    assert_eq!((count(&reply, "/1/onResult"), users.asked()), (1, 1));
    let reply = post(&gateway, by_header("ann", "secret")).await;
    assert_eq!((count(&reply, "/1/onResult"), users.asked()), (1, 1));

    advance(Duration::from_secs(1)).await;
    let reply = send(&gateway, by_header("ann", "secret"), "192.0.2.1").await;
    assert_eq!((count(&reply, "/1/onResult"), users.asked()), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn clones_of_the_services_count_together() {
    let users = Users::default();
    let services =
        Services::new().authenticator(users.clone()).login_limits(LoginLimits::new().with_login_failures(1));
    let first = Gateway::new(services.clone().add(Accounts));
    let second = Gateway::new(services.add(Accounts)).flex(Flex::new());
    send(&first, by_header("ann", "guess"), "192.0.2.1").await;
    assert!(count(&send(&second, by_header("ann", "guess"), "192.0.2.1").await, TOO_MANY) > 0);
    assert_eq!(users.asked(), 1);
}

#[tokio::test(start_paused = true)]
async fn the_authenticator_refuses_attempts_and_learns_the_outcomes() {
    let users = Users::default();
    let gateway = users.gateway(LoginLimits::new().with_login_failures(1));
    let reply = send(&gateway, by_header("locked", "secret"), "192.0.2.1").await;
    assert_packet(&reply, &packet(0, &[status("/1", "Client.Authentication", "this account is locked")]));
    for password in ["secret", "guess", "other guess"] {
        send(&gateway, by_header("ann", password), "192.0.2.1").await;
    }
    assert_eq!(users.asked(), 2);
    let ended = |user: &str, outcome| (format!("{user} at 192.0.2.1"), outcome);
    let expected = [
        ended("locked", LoginOutcome::Refused),
        ended("ann", LoginOutcome::Accepted),
        ended("ann", LoginOutcome::Rejected),
        ended("ann", LoginOutcome::Refused),
    ];
    assert_eq!(users.ended(), expected);
}

#[tokio::test]
async fn descriptions_for_those_who_are_known() {
    let users = Users::default();
    let describe = |headers: &[Vec<u8>]| {
        let headers = [&[header("DescribeService", false, &null())], headers].concat();
        packet_with_headers(0, &headers, &[message("accounts", "/1", &null())])
    };
    let value = object(&[("userid", string("ann")), ("password", string("secret"))]);
    let known = [header("Credentials", false, &value)];
    for (access, of_nobody, of_ann) in
        [(Access::Public, true, true), (Access::LoggedIn, false, true), (Access::Role("admin"), false, false)]
    {
        let gateway = users.gateway(LoginLimits::new()).describe_service_to(access);
        let is_described = async |packet| count(&post(&gateway, packet).await, "/1/onResult") == 1;
        assert_eq!(is_described(describe(&[])).await, of_nobody, "{access:?}");
        assert_eq!(is_described(describe(&known)).await, of_ann, "{access:?}");
    }
    let gateway = users.gateway(LoginLimits::new()).describe_service(false);
    assert_eq!(count(&post(&gateway, describe(&known)).await, "/1/onResult"), 0);
}
