//! An application of Flash Media Server, ported. The guide is `docs/from-flash-media-server.md`.

use std::io;

use amf_remoting::{CallError, Caller, Client, Fault, Services, remote_client, remoting_service};
use amf_rtmp::{Instance, RedbStore, Server, SharedObjectOptions, SharedObjectStore, SharedObjects};

/// Methods of `NetConnection.client` that `application.broadcastMsg` called on every client.
#[remote_client]
trait Everybody {
    fn joined(&self, name: &str);
    fn left(&self, name: &str);
}

/// Methods that `client.call` called on one client. They return a value, so they cannot be called on a group.
#[remote_client]
trait Player {
    async fn is_ready(&self, round: u32) -> Result<bool, CallError>;
}

/// Name of a client, which replaces `client.name`.
struct Name(String);

struct Game;

/// Service without a name, whose methods replace the functions of `Client.prototype`.
#[remoting_service(name = "")]
impl Game {
    /// Handles `connection.call("score", new Responder(onBest), 7)`.
    async fn score(&self, caller: &Caller, instance: &Instance, points: f64) -> Result<f64, Fault> {
        let Some(Name(name)) = caller.extension() else {
            return Err(Fault::new("Game.Anonymous", "the client has no name"));
        };
        let scores = instance
            .shared_object("scores", SharedObjectOptions::new().persistent(true))
            .await
            .map_err(Fault::internal)?;
        // While the lock is held, nothing else changes the object. All changes under it are sent in one batch.
        let lock = scores.lock().await.map_err(Fault::internal)?;
        let before = lock.get::<f64>(name).map_err(Fault::internal)?;
        let best = before.map_or(points, |before| before.max(points));
        lock.set(name, &best).map_err(Fault::internal)?;
        // Waits until the change is on disk, so that the client never receives a score that is lost later.
        lock.unlock().await.map_err(Fault::internal)?;
        Ok(best)
    }

    /// Calls a method of the caller and returns its result.
    async fn start(&self, client: &Client, round: u32) -> Result<bool, Fault> {
        Ok(client.is_ready(round).await?)
    }
}

fn server(store: impl SharedObjectStore) -> io::Result<Server> {
    let server = Server::new(Services::new().add(Game))
        .shared_objects(SharedObjects::new().store(store)?)
        .on_connect(|connect| async move {
            let (name,): (String,) = connect.arguments()?;
            if name.is_empty() {
                return Err(connect.reject("who are you?"));
            }
            connect.instance().local_clients().joined(&name);
            Ok(connect.admit(Name(name)))
        })
        .on_disconnect(|gone| async move {
            if let Some(Name(name)) = gone.caller().extension() {
                gone.instance().local_clients().left(name);
            }
        });
    Ok(server)
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let server = server(RedbStore::open("scores.redb")?)?;
    server.bind("127.0.0.1:1935").await?.serve().await
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

    use std::sync::{Arc, Mutex};
    use std::time::Duration;

    use amf_rtmp::{ConnectError, NetConnection, SharedObjectOptions};
    use tokio::time::timeout;

    use super::*;

    /// Timeout for every wait of the test, long enough for a loaded machine.
    const TIMEOUT: Duration = Duration::from_secs(10);

    /// Methods of a client, which record their calls.
    #[derive(Clone, Default)]
    struct TestClient(Arc<Mutex<Vec<String>>>);

    #[remoting_service(name = "")]
    impl TestClient {
        fn joined(&self, name: String) {
            self.0.lock().unwrap().push(format!("{name} joined"));
        }

        fn left(&self, name: String) {
            self.0.lock().unwrap().push(format!("{name} left"));
        }

        fn is_ready(&self, round: u32) -> bool {
            round < 3
        }
    }

    async fn connect(
        server: &Server,
        name: &str,
        test_client: &TestClient,
    ) -> Result<NetConnection, ConnectError> {
        let (near, far) = tokio::io::duplex(64 << 10);
        tokio::spawn(server.serve_stream(far, None));
        let connecting = NetConnection::builder("rtmp://localhost/game/red").unwrap();
        let connecting =
            connecting.argument(&name).unwrap().services(Services::new().add(test_client.clone()));
        timeout(TIMEOUT, connecting.connect_with_stream(near)).await.unwrap()
    }

    #[tokio::test]
    async fn the_claims_of_the_guide_hold() {
        let file = std::env::temp_dir().join(format!("from-fms-{}.redb", std::process::id()));
        let server = server(RedbStore::open(&file).unwrap()).unwrap();
        let test_client = TestClient::default();
        let Err(ConnectError::Rejected(status)) = connect(&server, "", &test_client).await else { panic!() };
        assert_eq!(status.description(), "who are you?");

        let ann = connect(&server, "Ann", &test_client).await.unwrap();
        let bob = connect(&server, "Bob", &TestClient::default()).await.unwrap();
        assert!((ann.call::<f64>("score", (7,)).await.unwrap() - 7.0).abs() < f64::EPSILON);
        assert!((ann.call::<f64>("score", (3,)).await.unwrap() - 7.0).abs() < f64::EPSILON);
        let scores = bob.shared_object("scores", SharedObjectOptions::new().persistent(true)).await.unwrap();
        assert_eq!(scores.get::<f64>("Ann").unwrap(), Some(7.0));
        assert!(ann.call::<bool>("start", (2,)).await.unwrap());
        assert!(!ann.call::<bool>("start", (3,)).await.unwrap());

        bob.close();
        let told = async {
            while *test_client.0.lock().unwrap() != ["Bob joined", "Bob left"] {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(TIMEOUT, told).await.unwrap();
        std::fs::remove_file(file).unwrap();
    }
}
