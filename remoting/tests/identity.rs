//! Who is calling: credentials, rules, and what the app knows of a request.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::panic, reason = "tests")]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use amf_remoting::gateway::Extracted;
use amf_remoting::service::{Authenticator, Credentials, Header, HeaderValue, Principal};
use amf_remoting::{AmfObject, Caller, Fault, Gateway, Services, Version, remoting_service};
use axum::extract::State;
use axum::{Extension, Router};
use http::HeaderMap;
use support::bytes::*;
use support::post::*;
use tower::ServiceExt;

/// Knows ann and bob, by password or by a cookie; says how often it was asked.
#[derive(Clone, Default)]
struct Users {
    asked: Arc<AtomicUsize>,
}

fn user(name: &str) -> Principal {
    let principal = Principal::new(name).with_extension(name.len());
    if name == "ann" { principal.with_role("admin") } else { principal }
}

impl Authenticator for Users {
    async fn authenticate(
        &self,
        credentials: &Credentials,
        caller: &Caller,
    ) -> Result<Option<Principal>, Fault> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(1)).await;
        let stranger = caller.principal().await;
        assert!(!matches!(stranger, Ok(Some(_))), "nobody knows yet, and asking does not hang");
        match (credentials.user(), credentials.password()) {
            (name @ ("ann" | "bob"), "secret") => Ok(Some(user(name))),
            ("dora", _) => Err(Fault::internal("the database is gone")),
            ("eve", _) => panic!("as asked"),
            _ => Ok(None),
        }
    }

    async fn authenticate_session(&self, caller: &Caller) -> Result<Option<Principal>, Fault> {
        let head = caller.extension::<http::request::Parts>().unwrap();
        let cookie = head.headers.get("cookie").map(|cookie| cookie.to_str().unwrap());
        Ok(cookie.and_then(|cookie| cookie.strip_prefix("session=")).map(user))
    }
}

#[derive(AmfObject)]
struct Locale {
    language: String,
}

impl HeaderValue for Locale {
    const NAME: &'static str = "locale";
}

#[derive(Clone)]
struct Build(u32);

struct Accounts;

#[remoting_service(name = "accounts", logged_in)]
impl Accounts {
    fn mine(&self, principal: &Principal) -> String {
        format!("{} {}", principal.name(), principal.extension::<usize>().unwrap_or(&0))
    }

    /// Removes an account.
    #[remote(role = "admin")]
    fn delete(&self, name: String, hard: Option<bool>) -> String {
        let _ = hard;
        format!("{name} is gone")
    }

    #[remote(public)]
    fn who(&self, principal: &Option<Principal>) -> Option<String> {
        principal.as_ref().map(|principal| principal.name().to_owned())
    }

    #[remote(public)]
    async fn login(&self, caller: &Caller, name: String) {
        caller.login(user(&name)).await;
    }

    #[remote(public)]
    async fn logout(&self, caller: &Caller) {
        caller.logout().await;
    }

    #[remote(public)]
    fn language(&self, locale: &Header<Option<Locale>>) -> Option<String> {
        locale.as_ref().map(|locale| locale.language.clone())
    }

    #[remote(public)]
    fn strict_language(&self, locale: &Header<Locale>) -> String {
        locale.language.clone()
    }

    #[remote(public)]
    fn app(&self, motto: &State<String>, build: &Extension<Build>, headers: &Extracted<HeaderMap>) -> String {
        format!("{} {} {}", **motto, build.0.0, headers.len())
    }
}

struct Vault;

#[remoting_service(name = "vault", role = "admin")]
impl Vault {
    fn open(&self) {}
}

fn services(users: &Users) -> Services {
    Services::new().authenticator(users.clone()).add(Accounts)
}

fn gateway() -> Gateway {
    Gateway::new(services(&Users::default()))
}

fn call(method: &str, response: &str, values: &[Vec<u8>]) -> Vec<u8> {
    message(&format!("accounts.{method}"), response, &arguments(values))
}

/// The header of Flash's `NetConnection.setCredentials`.
fn credentials(name: &str, password: &str) -> Vec<u8> {
    let value = object(&[("userid", string(name)), ("password", string(password))]);
    header("Credentials", false, &value)
}

fn not_logged_in(response: &str) -> Vec<u8> {
    status(response, "Client.Authentication", "log in first")
}

#[tokio::test]
async fn rules_of_methods_and_of_their_block() {
    let calls = [
        call("mine", "/1", &[]),
        // Two wrong arguments: that is not looked at before it is known who calls.
        call("delete", "/2", &[null(), null(), null()]),
        call("who", "/3", &[]),
    ];
    let reply = post(&gateway(), packet(0, &calls)).await;
    let expected = [not_logged_in("/1"), not_logged_in("/2"), result("/3", &null())];
    assert_packet(&reply, &packet(0, &expected));

    let calls = [call("mine", "/1", &[]), call("delete", "/2", &[string("x")]), call("who", "/3", &[])];
    let reply = post(&gateway(), packet_with_headers(0, &[credentials("bob", "secret")], &calls)).await;
    let expected = [
        result("/1", &string("bob 3")),
        status("/2", "Client.Authorization", "you may not call this"),
        result("/3", &string("bob")),
    ];
    assert_packet(&reply, &packet(0, &expected));

    let reply = post(&gateway(), packet_with_headers(0, &[credentials("ann", "secret")], &calls)).await;
    let expected =
        [result("/1", &string("ann 3")), result("/2", &string("x is gone")), result("/3", &string("ann"))];
    assert_packet(&reply, &packet(0, &expected));
}

#[tokio::test]
async fn wrong_credentials_are_checked_once_and_only_where_needed() {
    let users = Users::default();
    let gateway = Gateway::new(services(&users));
    let headers = [credentials("ann", "guess")];
    let language = [call("language", "/1", &[])];
    let reply = post(&gateway, packet_with_headers(0, &headers, &language)).await;
    assert_packet(&reply, &packet(0, &[result("/1", &null())]));
    assert_eq!(users.asked.load(Ordering::Relaxed), 0);

    let calls: Vec<_> = (0..3).map(|index| call("mine", &format!("/{index}"), &[])).collect();
    let reply = post(&gateway, packet_with_headers(0, &headers, &calls)).await;
    let wrong = |index| status(&format!("/{index}"), "Client.Authentication", "wrong user or password");
    assert_packet(&reply, &packet(0, &[wrong(0), wrong(1), wrong(2)]));
    assert_eq!(users.asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn authenticator_errors_are_faults_of_the_call() {
    for name in ["dora", "eve"] {
        let calls = [call("mine", "/1", &[]), call("language", "/2", &[])];
        let reply = post(&gateway(), packet_with_headers(0, &[credentials(name, "")], &calls)).await;
        let failed = status("/1", "Server.Processing", "internal error");
        assert_packet(&reply, &packet(0, &[failed.clone(), result("/2", &null())]));

        // Of nothing but methods with a rule, there is no description either.
        let headers = [credentials(name, ""), header("DescribeService", false, &null())];
        let gateway = Gateway::new(Services::new().authenticator(Users::default()).add(Vault));
        let reply =
            post(&gateway, packet_with_headers(0, &headers, &[message("vault", "/1", &null())])).await;
        assert_packet(&reply, &packet(0, &[failed]));
    }
}

#[tokio::test]
async fn credentials_without_an_authenticator() {
    let gateway = Gateway::new(Services::new().add(Accounts));
    let calls = [call("mine", "/1", &[])];
    let reply = post(&gateway, packet_with_headers(0, &[credentials("ann", "secret")], &calls)).await;
    let text = "credentials were sent, but the server has no users";
    assert_packet(&reply, &packet(0, &[status("/1", "Server.Authentication", text)]));
    let reply = post(&gateway, packet(0, &calls)).await;
    assert_packet(&reply, &packet(0, &[not_logged_in("/1")]));
}

#[tokio::test]
async fn basic_authorization_and_cookies() {
    // base64 of "bob:secret"
    for (name, value, expected) in
        [("authorization", "Basic Ym9iOnNlY3JldA==", "bob 3"), ("cookie", "session=carol", "carol 5")]
    {
        let mut request = request(packet(0, &[call("mine", "/1", &[])]));
        request.headers_mut().insert(name, value.parse().unwrap());
        let reply = read(gateway().oneshot(request).await.unwrap()).await;
        assert_packet(&reply, &packet(0, &[result("/1", &string(expected))]));
    }
}

#[tokio::test]
async fn a_login_is_known_to_the_calls_that_follow_in_its_packet() {
    let calls = [
        call("mine", "/1", &[]),
        call("login", "/2", &[string("ann")]),
        call("delete", "/3", &[string("x")]),
        call("logout", "/4", &[]),
        call("mine", "/5", &[]),
    ];
    let reply = post(&gateway(), packet(0, &calls)).await;
    let expected = [
        not_logged_in("/1"),
        result("/2", &null()),
        result("/3", &string("x is gone")),
        result("/4", &null()),
        not_logged_in("/5"),
    ];
    assert_packet(&reply, &packet(0, &expected));
}

#[tokio::test]
async fn a_layer_of_the_app_may_attach_the_principal() {
    let mut request = request(packet(0, &[call("mine", "/1", &[])]));
    request.extensions_mut().insert(user("ann"));
    let reply = read(gateway().oneshot(request).await.unwrap()).await;
    assert_packet(&reply, &packet(0, &[result("/1", &string("ann 3"))]));
}

#[tokio::test]
async fn state_extensions_and_extractors_of_axum() {
    let app: Router = Router::new()
        .nest("/amf", Router::new().merge(gateway().into_router("/gateway")))
        .layer(Extension(Build(7)))
        .with_state("onwards".to_owned());
    let mut asking = request(packet(0, &[call("app", "/1", &[])]));
    *asking.uri_mut() = "/amf/gateway".parse().unwrap();
    let reply = read(app.oneshot(asking).await.unwrap()).await;
    assert_packet(&reply, &packet(0, &[result("/1", &string("onwards 7 1"))]));

    let reply = post(&gateway(), packet(0, &[call("app", "/1", &[])])).await;
    assert_packet(&reply, &packet(0, &[status("/1", "Server.Processing", "internal error")]));
}

#[tokio::test]
async fn headers_as_types() {
    let calls = [call("language", "/1", &[]), call("strictLanguage", "/2", &[])];
    let locale = |value: &[u8]| header("locale", true, value);
    let reply = post(&gateway(), packet(0, &calls)).await;
    let missing = status("/2", "Client.Message.Encoding", "the header `locale` is missing");
    assert_packet(&reply, &packet(0, &[result("/1", &null()), missing]));

    // The second: 11 switch, 0A object, 0B dynamic without an alias (01), name of 8 bytes (11), 06 string of 2 (05).
    let amf0 = object(&[("language", string("fr"))]);
    for value in [&amf0[..], b"\x11\x0A\x0B\x01\x11language\x06\x05fr\x01"] {
        let reply = post(&gateway(), packet_with_headers(0, &[locale(value)], &calls)).await;
        assert_packet(&reply, &packet(0, &[result("/1", &string("fr")), result("/2", &string("fr"))]));
    }

    let wrong = object(&[("language", number(7.0))]);
    let reply = post(&gateway(), packet_with_headers(0, &[locale(&wrong)], &calls)).await;
    let text = String::from_utf8_lossy(&reply);
    assert!(text.contains("the header `locale` cannot be read: locale.language: expected String"), "{text}");
}

#[tokio::test]
async fn headers_that_must_be_understood() {
    let calls = [call("language", "/1", &[]), call("language", "/2", &[])];
    let strict = gateway().strict_headers(["locale"]);
    let headers = |name, must| [credentials("x", "y"), header(name, must, &null())];
    for (name, must) in [("locale", true), ("other", false), ("Credentials", true)] {
        let reply = post(&strict, packet_with_headers(0, &headers(name, must), &calls)).await;
        assert_packet(&reply, &packet(0, &[result("/1", &null()), result("/2", &null())]));
    }
    let reply = post(&strict, packet_with_headers(0, &headers("other", true), &calls)).await;
    let text = "the header `other` must be understood, and is not";
    let refused = |response| status(response, "Client.Header.NotUnderstood", text);
    assert_packet(&reply, &packet(0, &[refused("/1"), refused("/2")]));
    let reply = post(&gateway(), packet_with_headers(0, &headers("other", true), &calls)).await;
    assert_packet(&reply, &packet(0, &[result("/1", &null()), result("/2", &null())]));
}

#[tokio::test]
async fn a_description_in_place_of_a_call() {
    let describe = header("DescribeService", false, &null());
    let calls =
        [message("accounts", "/1", &null()), call("delete", "/2", &[]), message("none", "/3", &null())];
    let reply =
        post(&gateway(), packet_with_headers(0, &[describe.clone(), credentials("ann", "secret")], &calls))
            .await;
    let argument = |name, required: bool, ty| {
        let required = vec![0x01, u8::from(required)];
        object(&[
            ("name", string(name)),
            ("required", required),
            ("type", string(ty)),
            ("description", string("")),
        ])
    };
    let delete = object(&[
        ("description", string("Removes an account.")),
        ("name", string("delete")),
        ("version", string("1.0")),
        ("returns", string("String")),
        (
            "arguments",
            arguments(&[argument("name", true, "String"), argument("hard", false, "Option<bool>")]),
        ),
    ]);
    let text = String::from_utf8_lossy(&reply).into_owned();
    assert_eq!(reply.windows(delete.len()).filter(|window| *window == delete).count(), 2, "{text}");
    assert!(text.contains("/1/onResult") && text.contains("Unknown service none"), "{text}");

    let reply = post(&gateway(), packet_with_headers(0, std::slice::from_ref(&describe), &calls)).await;
    let text = String::from_utf8_lossy(&reply).into_owned();
    assert!(text.contains("login") && !text.contains("delete"), "only what may be called: {text}");

    let reply =
        post(&gateway().describe_service(false), packet_with_headers(0, &[describe], &calls[..1])).await;
    let refused = status("/1", "Service.MethodNotFound", "services are not described here");
    assert_packet(&reply, &packet(0, &[refused]));
}

#[tokio::test]
async fn a_login_of_a_transport() {
    let services = services(&Users::default());
    let client = amf_remoting::Client::new(
        amf_remoting::service::ClientId::allocate(),
        Arc::new(UnreachableConnection),
    );
    let caller = Caller::new(client);
    let fault = services.login(&Credentials::new("ann", "guess"), &caller).await.unwrap_err();
    assert_eq!(fault.code(), "Client.Authentication");
    let fault = services.login(&Credentials::new("eve", ""), &caller).await.unwrap_err();
    assert_eq!(fault.code(), "Server.Processing", "a panic");
    let ann = services.login(&Credentials::new("ann", "secret"), &caller).await.unwrap();
    assert!(ann.has_role("admin"));
    assert_eq!(caller.clone().principal().await.unwrap().unwrap().name(), "ann", "clones know");
}

struct UnreachableConnection;

impl amf_remoting::service::Connection for UnreachableConnection {
    fn encoding(&self) -> amf_remoting::service::Encoding {
        amf_remoting::service::Encoding::new(Version::Amf0, amf_remoting::service::ArgumentsForm::Array)
    }

    fn notify(&self, _: &amf_remoting::service::Notification) -> Result<(), amf_remoting::CallError> {
        Ok(())
    }

    fn invoke(
        &self,
        _: &amf_remoting::service::Notification,
    ) -> amf_remoting::service::BoxFuture<'static, Result<bytes::Bytes, amf_remoting::CallError>> {
        Box::pin(async { Err(amf_remoting::CallError::Gone) })
    }

    fn is_open(&self) -> bool {
        true
    }
}
