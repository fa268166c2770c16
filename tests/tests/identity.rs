//! Who calls, over RTMP: whoever a connection was admitted as, or logged in on it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use std::time::Duration;

use amf_remoting::service::{Authenticator, Credentials, LoginLimits, Principal};
use amf_remoting::{CallError, Caller, Fault, Services, remoting_service};
use amf_rtmp::{Connect, NetConnection, Server};

struct Users;

impl Authenticator for Users {
    async fn authenticate(&self, credentials: &Credentials, _: &Caller) -> Result<Option<Principal>, Fault> {
        let is_ann = *credentials == Credentials::new("ann", "secret");
        Ok(is_ann.then(|| Principal::new("ann").with_role("admin")))
    }
}

struct Accounts {
    services: Services,
}

#[remoting_service(name = "accounts", role = "admin")]
impl Accounts {
    fn mine(&self, principal: &Principal) -> String {
        principal.name().to_owned()
    }

    #[remote(public)]
    async fn login(&self, caller: &Caller, name: String, password: String) -> Result<(), Fault> {
        self.services.login(&Credentials::new(name, password), caller).await.map(drop)
    }
}

fn services() -> Services {
    services_within(LoginLimits::default())
}

fn services_within(limits: LoginLimits) -> Services {
    let services = Services::new().authenticator(Users).login_limits(limits);
    services.clone().add(Accounts { services })
}

async fn connect(server: Server) -> NetConnection {
    let listening = server.bind("127.0.0.1:0").await.unwrap();
    let url = format!("rtmp://{}/game", listening.local_addr().unwrap());
    tokio::spawn(listening.serve());
    NetConnection::builder(&url).unwrap().connect().await.unwrap()
}

async fn mine(connection: &NetConnection) -> String {
    match connection.call("accounts.mine", ()).await {
        Ok(name) => name,
        Err(CallError::Fault(fault)) => fault.code().to_owned(),
        Err(other) => panic!("{other}"),
    }
}

#[tokio::test]
async fn a_login_applies_to_its_connection() {
    let connection = connect(Server::new(services())).await;
    assert_eq!(mine(&connection).await, "Client.Authentication");
    assert!(connection.call::<()>("accounts.login", ("ann", "guess")).await.is_err());
    connection.call::<()>("accounts.login", ("ann", "secret")).await.unwrap();
    assert_eq!(mine(&connection).await, "ann");
    assert_eq!(mine(&connection).await, "ann");
}

#[tokio::test]
async fn a_connection_is_admitted_with_a_principal() {
    for (principal, expected) in
        [(Principal::new("bob"), "Client.Authorization"), (Principal::new("bob").with_role("admin"), "bob")]
    {
        let server = Server::new(services()).on_connect(move |connect| {
            let principal = principal.clone();
            async move { Ok(connect.admit(principal)) }
        });
        assert_eq!(mine(&connect(server).await).await, expected);
    }
}

fn limit_of(error: CallError) -> String {
    let CallError::Fault(fault) = error else { panic!("{error}") };
    assert_eq!(fault.code(), "Client.Authentication.TooManyAttempts", "{fault}");
    let (_, rest) = fault.message().split_once("the limit `").unwrap();
    rest.split_once('`').unwrap().0.to_owned()
}

#[tokio::test]
async fn a_connection_has_a_number_of_attempts_in_a_minute() {
    let connection = connect(Server::new(services())).await;
    for _ in 0..4 {
        // Successful ones count too: each costs the check of a password.
        connection.call::<()>("accounts.login", ("ann", "secret")).await.unwrap();
        let error = connection.call::<()>("accounts.login", ("ann", "guess")).await.unwrap_err();
        assert!(error.to_string().contains("wrong user or password"), "{error}");
    }
    let error = connection.call::<()>("accounts.login", ("ann", "secret")).await.unwrap_err();
    assert_eq!(limit_of(error), "login_attempts");
}

#[tokio::test]
async fn the_connections_of_an_address_have_a_number_of_failures() {
    let limits = LoginLimits::new().with_login_failures(3).with_login_delay(Duration::from_mins(1));
    let listening = Server::new(services_within(limits)).bind("127.0.0.1:0").await.unwrap();
    let url = format!("rtmp://{}/game", listening.local_addr().unwrap());
    tokio::spawn(listening.serve());
    let login = async |password: &str| {
        let connection = NetConnection::builder(&url).unwrap().connect().await.unwrap();
        connection.call::<()>("accounts.login", ("ann", password)).await
    };
    for _ in 0..3 {
        let error = login("guess").await.unwrap_err();
        assert!(error.to_string().contains("wrong user or password"), "{error}");
    }
    assert_eq!(limit_of(login("secret").await.unwrap_err()), "login_failures");
}

#[tokio::test]
async fn a_login_with_connect_is_within_the_limits() {
    let services = services_within(LoginLimits::new().with_login_failures(1));
    let logins = services.clone();
    let server = Server::new(services).on_connect(move |connect: Connect| {
        let logins = logins.clone();
        async move {
            let (user, password): (String, String) = connect.arguments()?;
            match logins.login(&Credentials::new(user, password), &connect.caller()).await {
                Ok(principal) => Ok(connect.admit(principal)),
                Err(fault) => Err(connect.reject(fault.message())),
            }
        }
    });
    let listening = server.bind("127.0.0.1:0").await.unwrap();
    let url = format!("rtmp://{}/game", listening.local_addr().unwrap());
    tokio::spawn(listening.serve());
    let connect = async |password: &str| {
        NetConnection::builder(&url)
            .unwrap()
            .argument("ann")
            .unwrap()
            .argument(password)
            .unwrap()
            .connect()
            .await
    };
    assert_eq!(mine(&connect("secret").await.unwrap()).await, "ann");
    for text in ["wrong user or password", "`login_failures`"] {
        let error = connect("guess").await.err().unwrap().to_string();
        assert!(error.contains(text), "{error}");
    }
    // These were right before.
    connect("secret").await.unwrap();
}
