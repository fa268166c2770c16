//! Who calls, over RTMP: whoever a connection was admitted as, or logged in on it.

#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

use amf_remoting::service::{Authenticator, Credentials, Principal};
use amf_remoting::{CallError, Caller, Fault, Services, remoting_service};
use amf_rtmp::{NetConnection, Server};

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
    let services = Services::new().authenticator(Users);
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
