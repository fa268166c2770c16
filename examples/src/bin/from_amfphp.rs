//! A service of AMFPHP, ported. The guide is `docs/from-amfphp.md`.

use std::future::pending;
use std::sync::{Mutex, PoisonError};

use amf_remoting::flex::Flex;
use amf_remoting::gateway::{Extracted, ServerLimits};
use amf_remoting::service::{Authenticator, Credentials, Principal};
use amf_remoting::{AmfObject, Caller, Date, Fault, FromCaller, Gateway, Services, remoting_service};
use axum::Router;
use examples::server::serve;
use tokio::net::TcpListener;
use tower_sessions::{MemoryStore, Session, SessionManagerLayer};

/// Members are camelCase on the wire: `displayName`.
#[derive(AmfObject, Clone)]
#[amf(alias = "com.example.Player")]
struct Player {
    display_name: String,
    #[amf(default)]
    level: u32,
    joined: Option<Date>,
}

#[derive(Fault)]
enum GameError {
    #[fault(code = "7", message = "level {0} is too high")]
    TooHigh(u32),
}

#[derive(Default)]
struct GameService {
    players: Mutex<Vec<Player>>,
}

#[remoting_service(name = "GameService")]
impl GameService {
    fn join(&self, player: Player, room: Option<String>) -> Result<Vec<Player>, GameError> {
        if player.level > 10 && room.is_none() {
            return Err(GameError::TooHigh(player.level));
        }
        let mut players = self.players.lock().unwrap_or_else(PoisonError::into_inner);
        players.push(Player { joined: Some(Date::now()), ..player });
        Ok(players.clone())
    }

    #[remote(role = "admin")]
    fn kick(&self, name: String) -> bool {
        let mut players = self.players.lock().unwrap_or_else(PoisonError::into_inner);
        let before = players.len();
        players.retain(|player| player.display_name != name);
        players.len() < before
    }

    async fn login(&self, caller: &Caller, user_id: String, password: String) -> Result<bool, Fault> {
        let user = Users.authenticate(&Credentials::new(user_id, password), caller).await?;
        let Some(user) = user else { return Ok(false) };
        // The calls that follow in the same packet run as this user, too.
        caller.login(user).await;
        Ok(true)
    }

    async fn logout(&self, caller: &Caller) -> Result<(), Fault> {
        caller.logout().await;
        Users.end_session(caller).await
    }
}

struct Users;

impl Users {
    /// Returns the user of this name. A real program queries its database.
    fn find(name: &str) -> Option<Principal> {
        (name == "ann").then(|| Principal::new(name).with_role("admin"))
    }
}

impl Authenticator for Users {
    /// Checks the header `Credentials`, the credentials of `RemoteObject.setCredentials`, and those of `login`.
    async fn authenticate(
        &self,
        credentials: &Credentials,
        caller: &Caller,
    ) -> Result<Option<Principal>, Fault> {
        // A real program compares password hashes.
        let user = Self::find(credentials.user()).filter(|_| credentials.password() == "secret");
        if let Some(user) = &user {
            let session = Extracted::<Session>::from_caller(caller).await?;
            session.cycle_id().await.map_err(Fault::internal)?;
            session.insert("user", user.name()).await.map_err(Fault::internal)?;
        }
        Ok(user)
    }

    /// Returns the user who logged in earlier in this session.
    async fn authenticate_session(&self, caller: &Caller) -> Result<Option<Principal>, Fault> {
        let session = Extracted::<Session>::from_caller(caller).await?;
        let name: Option<String> = session.get("user").await.map_err(Fault::internal)?;
        Ok(name.and_then(|name| Self::find(&name)))
    }

    async fn end_session(&self, caller: &Caller) -> Result<(), Fault> {
        let session = Extracted::<Session>::from_caller(caller).await?;
        session.flush().await.map_err(Fault::internal)
    }
}

fn app() -> Router {
    let services = Services::new().authenticator(Users).add(GameService::default());
    // `flex` serves Flex's RemoteObject. A NetConnection does not need it.
    let gateway = Gateway::new(services).flex(Flex::new());
    // Over https, omit `with_secure(false)`, so that the cookie is sent over https only.
    let sessions = SessionManagerLayer::new(MemoryStore::default()).with_secure(false);
    Router::new()
        .merge(gateway.clone().into_router("/Amfphp"))
        .merge(gateway.into_router("/Amfphp/index.php"))
        .layer(sessions)
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

    #[tokio::test]
    async fn the_claims_of_the_guide_hold() {
        let app = app();
        let client =
            |url: &str| RemotingClient::builder(url).unwrap().transport(app.clone()).build().unwrap();
        let client = client("http://localhost/Amfphp/");
        let code = |error: CallError| match error {
            CallError::Fault(fault) => fault.code().to_owned(),
            other => panic!("{other}"),
        };
        let player = |name: &str, level| Player { display_name: name.to_owned(), level, joined: None };
        let players: Vec<Player> = client.call("GameService.join", (player("Bob", 7),)).await.unwrap();
        assert!(players.iter().any(|player| player.display_name == "Bob" && player.joined.is_some()));
        let error = client.call::<()>("GameService/join", (player("Eve", 11), ())).await.unwrap_err();
        assert!(error.to_string().ends_with(": 7: level 11 is too high"), "{error}");

        let kick = async || client.call::<bool>("GameService.kick", ("Bob",)).await;
        assert_eq!(code(kick().await.unwrap_err()), "Client.Authentication");
        assert!(!client.call::<bool>("GameService.login", ("ann", "guess")).await.unwrap());
        assert!(client.call::<bool>("GameService.login", ("ann", "secret")).await.unwrap());
        assert!(kick().await.unwrap());
        client.call::<()>("GameService.logout", ()).await.unwrap();
        assert_eq!(code(kick().await.unwrap_err()), "Client.Authentication");
        client.set_credentials(&Credentials::new("ann", "secret")).unwrap();
        assert!(!kick().await.unwrap());
    }
}
