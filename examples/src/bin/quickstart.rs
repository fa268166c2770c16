//! A game that Flash clients join over HTTP and over RTMP.

use amf_remoting::gateway::{ServerLimits, serve};
use amf_remoting::{AmfObject, Client, Fault, Gateway, Services, remote_client, remoting_service};
use tokio::{net::TcpListener, sync::Mutex};

/// Members are camelCase on the wire: `displayName`.
#[derive(AmfObject, Clone)]
#[amf(alias = "com.example.Player")]
struct Player {
    display_name: String,
    #[amf(default)]
    level: u32,
}

/// Errors of the service: the caller receives a code for programs and a message for people.
#[derive(Fault)]
enum GameError {
    #[fault(code = "Game.TooStrong", message = "level {0} is too high for this room")]
    TooStrong(u32),
}

/// Methods that the server calls on its clients.
#[remote_client]
trait GameEvents {
    fn greeted(&self, words: &str);
}

#[derive(Default)]
struct Game {
    players: Mutex<Vec<Player>>,
}

#[remoting_service(name = "game")]
impl Game {
    /// Borrowed parameters describe the caller; owned parameters are the arguments of the call.
    async fn join(&self, client: &Client, player: Player) -> Result<Vec<Player>, GameError> {
        if player.level > 10 {
            return Err(GameError::TooStrong(player.level));
        }
        client.greeted(&format!("Welcome, {}!", player.display_name));
        let mut players = self.players.lock().await;
        players.push(player);
        Ok(players.clone())
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    // Limits the memory that all clients together can use.
    amf_remoting::MemoryBudget::process().set_max_bytes(64 << 20);
    let services = Services::new().add(Game::default());
    let rtmp = amf_rtmp::Server::new(services.clone()).bind("127.0.0.1:1935").await?;
    tokio::spawn(rtmp.serve());
    let app = axum::Router::new().merge(Gateway::new(services).into_router("/gateway"));
    let http = TcpListener::bind("127.0.0.1:8080").await?;
    serve(http, app, ServerLimits::new(), std::future::pending()).await;
    Ok(())
}
