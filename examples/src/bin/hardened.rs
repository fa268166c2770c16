//! A server that faces the internet, with all settings that a program should adapt.

use std::error::Error;
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use amf_remoting::address::{TrustedHeader, TrustedProxies};
use amf_remoting::gateway::{self, GatewayLimits};
use amf_remoting::service::{Authenticator, Credentials, LoginLimits, Principal};
use amf_remoting::{Caller, Fault, Gateway, MemoryBudget, Services, remoting_service};
use amf_rtmp::rustls::ServerConfig;
use amf_rtmp::rustls::pki_types::pem::PemObject;
use amf_rtmp::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use amf_rtmp::{
    AllowedOrigins, Connect, Rejection, Server, SharedObjectAccess, SharedObjectGuard, SharedObjects,
    SlotWrite,
};
use axum::Router;
use tokio::net::TcpListener;

/// Origins of the pages that may connect.
const PAGES: [&str; 1] = ["https://game.example"];

struct Users;

impl Authenticator for Users {
    async fn authenticate(&self, credentials: &Credentials, _: &Caller) -> Result<Option<Principal>, Fault> {
        // A real program compares a slow hash, for example with the crate argon2, on the blocking pool.
        let is_right = credentials.user() == "ann" && credentials.password() == "correct horse";
        Ok(is_right.then(|| Principal::new("ann").with_role("admin")))
    }
}

struct Game;

/// Service whose methods require a login, unless a method has another rule.
#[remoting_service(name = "game", logged_in)]
impl Game {
    fn who_am_i(&self, principal: &Principal) -> String {
        principal.name().to_owned()
    }

    #[remote(role = "admin")]
    fn close(&self) {}
}

/// Guard that lets all clients use existing shared objects, lets logged-in clients write, and refuses new objects.
struct Guard;

impl SharedObjectGuard for Guard {
    fn may_create(&self, _: &SharedObjectAccess<'_>) -> bool {
        false
    }

    fn may_write(&self, access: &SharedObjectAccess<'_>, _: &SlotWrite<'_>) -> bool {
        access.caller().extension::<Principal>().is_some()
    }

    fn may_send(&self, access: &SharedObjectAccess<'_>, _: &str) -> bool {
        access.caller().extension::<Principal>().is_some()
    }
}

fn services() -> Services {
    Services::new()
        .authenticator(Users)
        .login_limits(LoginLimits::new().with_login_failures(5))
        .call_timeout(Duration::from_secs(5))
        .memory_budget(MemoryBudget::new(128 << 20))
        .add(Game)
}

fn http(services: Services) -> Router {
    let limits = GatewayLimits::new().with_body_bytes(256 << 10).with_packet_timeout(Duration::from_secs(10));
    let gateway = Gateway::new(services).limits(limits).describe_service(false);
    Router::new().merge(gateway.into_router("/gateway"))
}

fn rtmp(services: Services) -> Result<Server, Box<dyn Error>> {
    let logins = services.clone();
    let server = Server::new(services)
        .allowed_origins(AllowedOrigins::list(PAGES)?)
        .shared_objects(SharedObjects::new().guard(Guard))
        .on_connect(move |connect| log_in(connect, logins.clone()));
    Ok(server.max_connections(2_000).max_connections_per_address(32))
}

/// Logs in a client by the arguments of `connect(url, user, password)`.
async fn log_in(connect: Connect, services: Services) -> Result<amf_rtmp::Admission, Rejection> {
    if connect.application() != "game" {
        return Err(Rejection::invalid_application(connect.application()));
    }
    let (user, password): (String, String) = connect.arguments()?;
    match services.login(&Credentials::new(user, password), &connect.caller()).await {
        Ok(principal) => Ok(connect.admit(principal)),
        Err(fault) => Err(connect.reject(fault.message())),
    }
}

fn tls(chain: &str, key: &str) -> Result<Arc<ServerConfig>, Box<dyn Error>> {
    let chain = CertificateDer::pem_file_iter(chain)?.collect::<Result<Vec<_>, _>>()?;
    let key = PrivateKeyDer::from_pem_file(key)?;
    Ok(Arc::new(ServerConfig::builder().with_no_client_auth().with_single_cert(chain, key)?))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let services = services();
    let server = rtmp(services.clone())?;
    // A proxy on this machine speaks https, and reports the addresses of its clients.
    let proxy = TrustedHeader::x_forwarded_for(TrustedProxies::list(["127.0.0.1"])?);
    let config = gateway::ServerConfig::new()
        .limits(gateway::ServerLimits::new().with_connections(2_000))
        .memory_budget(services.memory().clone())
        .trusted_header(proxy);
    let app = http(services).route("/rtmp", server.websocket()).merge(server.rtmpt());
    let secure = server.bind("[::]:443").await?.tls(tls("fullchain.pem", "privkey.pem")?);
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    tokio::select! {
        ended = secure.serve() => ended?,
        () = gateway::serve(listener, app, config, pending()) => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

    use amf_remoting::{CallError, RemotingClient};
    use amf_rtmp::{NetConnection, SharedObjectOptions};

    use super::*;

    fn client(app: &Router) -> RemotingClient {
        RemotingClient::builder("http://localhost/gateway").unwrap().transport(app.clone()).build().unwrap()
    }

    async fn code(client: &RemotingClient, method: &str) -> String {
        match client.call::<String>(method, ()).await {
            Err(CallError::Fault(fault)) => fault.code().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn anonymous_callers_are_refused_over_http() {
        let app = http(services());
        let anonymous = client(&app);
        assert_eq!(code(&anonymous, "game.whoAmI").await, "Client.Authentication");
        let ann = client(&app);
        ann.set_credentials(&Credentials::new("ann", "correct horse")).unwrap();
        assert_eq!(ann.call::<String>("game.whoAmI", ()).await.unwrap(), "ann");
        let curious = client(&app);
        curious.set_header("DescribeService", &()).unwrap();
        assert_eq!(code(&curious, "game").await, "Service.MethodNotFound");
    }

    #[tokio::test]
    async fn rtmp_connections_require_a_login() {
        let listening = rtmp(services()).unwrap().bind("127.0.0.1:0").await.unwrap();
        let url = format!("rtmp://{}/game", listening.local_addr().unwrap());
        tokio::spawn(listening.serve());
        let connect = async |password: &str| {
            let builder = NetConnection::builder(&url).unwrap().argument("ann").unwrap();
            builder.argument(password).unwrap().connect().await
        };
        let ann = connect("correct horse").await.unwrap();
        assert_eq!(ann.call::<String>("game.whoAmI", ()).await.unwrap(), "ann");
        for _ in 0..5 {
            assert!(connect("guess").await.err().unwrap().to_string().contains("wrong user or password"));
        }
        assert!(connect("guess").await.err().unwrap().to_string().contains("login_failures"));
        assert!(NetConnection::builder(&url).unwrap().connect().await.is_err(), "without a user");
        assert!(
            ann.shared_object("new", SharedObjectOptions::new()).await.is_err(),
            "new objects are refused"
        );
    }
}
