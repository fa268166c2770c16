//! Users who log in once: a session in a cookie, kept by tower-sessions, and rules for methods.

use std::future::pending;

use amf_remoting::gateway::{Extracted, ServerLimits};
use amf_remoting::service::{Authenticator, Credentials, Principal};
use amf_remoting::{Caller, Fault, FromCaller, Gateway, Services, remoting_service};
use axum::Router;
use examples::server::serve;
use tokio::net::TcpListener;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer};

/// What is kept in a session: the name of who logged in.
const USER: &str = "user";

/// Two users. A program asks its database, and compares hashes of passwords.
struct Users;

impl Users {
    fn find(name: &str) -> Option<Principal> {
        match name {
            "ann" => Some(Principal::new("ann").with_role("admin")),
            "bob" => Some(Principal::new("bob")),
            _ => None,
        }
    }
}

impl Authenticator for Users {
    /// Of clients that send the header `Credentials` with each packet, or HTTP Basic.
    async fn authenticate(&self, credentials: &Credentials, _: &Caller) -> Result<Option<Principal>, Fault> {
        Ok(Self::find(credentials.user()).filter(|_| credentials.password() == "secret"))
    }

    /// Of the others: whoever logged in earlier.
    async fn authenticate_session(&self, caller: &Caller) -> Result<Option<Principal>, Fault> {
        let session = Extracted::<Session>::from_caller(caller).await?;
        let name: Option<String> = session.get(USER).await.map_err(Fault::internal)?;
        Ok(name.and_then(|name| Self::find(&name)))
    }
}

struct Accounts;

#[remoting_service(name = "accounts", logged_in)]
impl Accounts {
    /// A new id on every login, so that nobody can plant one beforehand.
    #[remote(public)]
    async fn login(
        &self,
        caller: &Caller,
        session: &Extracted<Session>,
        name: String,
        password: String,
    ) -> Result<(), Fault> {
        let principal = Users.authenticate(&Credentials::new(name, password), caller).await?;
        let principal =
            principal.ok_or_else(|| Fault::new("Client.Authentication", "wrong user or password"))?;
        session.cycle_id().await.map_err(Fault::internal)?;
        session.insert(USER, principal.name()).await.map_err(Fault::internal)?;
        // So that what follows in the same packet knows, too.
        caller.login(principal).await;
        Ok(())
    }

    async fn logout(&self, caller: &Caller, session: &Extracted<Session>) -> Result<(), Fault> {
        caller.logout().await;
        session.flush().await.map_err(Fault::internal)
    }

    fn who_am_i(&self, principal: &Principal) -> String {
        principal.name().to_owned()
    }

    #[remote(role = "admin")]
    fn delete(&self, name: String) -> String {
        format!("{name} is gone")
    }
}

fn app() -> Router {
    // Over https, leave `with_secure` out: then the cookie goes nowhere else.
    let sessions = SessionManagerLayer::new(MemoryStore::default())
        .with_secure(false)
        .with_expiry(Expiry::OnInactivity(Duration::hours(1)));
    let services = Services::new().authenticator(Users).add(Accounts);
    Router::new().merge(Gateway::new(services).into_router("/gateway")).layer(sessions)
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:8080").await?;
    serve(listener, app(), ServerLimits::new(), pending()).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

    use amf_remoting::{CallError, RemotingClient};

    use super::*;

    fn client(app: &Router) -> RemotingClient {
        RemotingClient::builder("http://localhost/gateway").unwrap().transport(app.clone()).build().unwrap()
    }

    async fn code(client: &RemotingClient, method: &str, name: &[&str]) -> String {
        match client.call::<String>(method, name).await {
            Err(CallError::Fault(fault)) => fault.code().to_owned(),
            other => panic!("{other:?}"),
        }
    }

    #[tokio::test]
    async fn a_login_lasts_until_the_logout() {
        let app = app();
        let (ann, bob) = (client(&app), client(&app));
        assert_eq!(code(&ann, "accounts.whoAmI", &[]).await, "Client.Authentication");
        assert_eq!(code(&ann, "accounts.login", &["ann", "guess"]).await, "Client.Authentication");

        // The login and what follows it, in one packet.
        let mut batch = ann.batch();
        batch.call::<()>("accounts.login", ("ann", "secret")).unwrap();
        let me = batch.call::<String>("accounts.whoAmI", ()).unwrap();
        assert_eq!(batch.send().await.unwrap().get(&me).unwrap(), "ann");
        bob.call::<()>("accounts.login", ("bob", "secret")).await.unwrap();

        let gone: String = ann.call("accounts.delete", ("eve",)).await.unwrap();
        assert_eq!(gone, "eve is gone");
        assert_eq!(bob.call::<String>("accounts.whoAmI", ()).await.unwrap(), "bob");
        assert_eq!(code(&bob, "accounts.delete", &["ann"]).await, "Client.Authorization");

        ann.call::<()>("accounts.logout", ()).await.unwrap();
        assert_eq!(code(&ann, "accounts.whoAmI", &[]).await, "Client.Authentication");
        assert_eq!(bob.call::<String>("accounts.whoAmI", ()).await.unwrap(), "bob");
    }

    #[tokio::test]
    async fn credentials_with_each_packet_need_no_session() {
        let client = client(&app());
        client.set_credentials(&Credentials::new("ann", "secret")).unwrap();
        assert_eq!(client.call::<String>("accounts.whoAmI", ()).await.unwrap(), "ann");
        client.set_credentials(&Credentials::new("ann", "guess")).unwrap();
        assert_eq!(code(&client, "accounts.whoAmI", &[]).await, "Client.Authentication");
    }
}
