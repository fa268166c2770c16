//! Users who log in once: sessions of tower-sessions with a cookie, and access rules for methods.

use std::future::pending;

use amf_remoting::gateway::{Extracted, ServerLimits};
use amf_remoting::service::{Authenticator, Credentials, Principal};
use amf_remoting::{Caller, Fault, FromCaller, Gateway, Services, remoting_service};
use axum::Router;
use examples::server::serve;
use tokio::net::TcpListener;
use tower_sessions::cookie::time::Duration;
use tower_sessions::{Expiry, MemoryStore, Session, SessionManagerLayer};

/// Key of the session entry that holds the name of the logged-in user.
const USER: &str = "user";

/// Authenticator with two users. A real program queries its database and compares password hashes.
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
    /// Authenticates clients that send the header `Credentials` with each packet, or HTTP Basic credentials.
    async fn authenticate(&self, credentials: &Credentials, _: &Caller) -> Result<Option<Principal>, Fault> {
        Ok(Self::find(credentials.user()).filter(|_| credentials.password() == "secret"))
    }

    /// Returns the user who logged in earlier in this session, for clients that send no credentials.
    async fn authenticate_session(&self, caller: &Caller) -> Result<Option<Principal>, Fault> {
        let session = Extracted::<Session>::from_caller(caller).await?;
        let name: Option<String> = session.get(USER).await.map_err(Fault::internal)?;
        Ok(name.and_then(|name| Self::find(&name)))
    }
}

struct Accounts;

#[remoting_service(name = "accounts", logged_in)]
impl Accounts {
    /// Logs in. A new session id on every login prevents session fixation.
    #[remote(public)]
    async fn login(
        &self,
        caller: &Caller,
        session: &Extracted<Session>,
        name: String,
        password: String,
    ) -> Result<(), Fault> {
        // `LoginLimits` apply. The calls that follow in the same packet run as this user, too.
        let principal = caller.login_with(&Credentials::new(name, password)).await?;
        session.cycle_id().await.map_err(Fault::internal)?;
        session.insert(USER, principal.name()).await.map_err(Fault::internal)
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
        format!("deleted {name}")
    }
}

fn app() -> Router {
    // Over https, omit `with_secure(false)`, so that the cookie is sent over https only.
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

        // A login and a call that depends on it, in one packet.
        let mut batch = ann.batch();
        batch.call::<()>("accounts.login", ("ann", "secret")).unwrap();
        let me = batch.call::<String>("accounts.whoAmI", ()).unwrap();
        assert_eq!(batch.send().await.unwrap().get(&me).unwrap(), "ann");
        bob.call::<()>("accounts.login", ("bob", "secret")).await.unwrap();

        let deleted: String = ann.call("accounts.delete", ("eve",)).await.unwrap();
        assert_eq!(deleted, "deleted eve");
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
