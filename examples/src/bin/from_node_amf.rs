//! A server of node-amf, ported. The guide is `docs/from-node-amf.md`.

use std::future::pending;
use std::time::Duration;

use amf_remoting::gateway::{ServerLimits, serve};
use amf_remoting::{Client, Fault, Gateway, Services, Value, remote_client, remoting_service};
use axum::Router;
use tokio::net::TcpListener;
use tokio::time::sleep;

/// Methods of `NetConnection.client`, which replace `callback(value, 'onProgress')`.
#[remote_client]
trait Movie {
    fn on_progress(&self, percent: u32);
}

struct Methods;

/// Service without a name, whose methods replace the functions of the flat object.
#[remoting_service(name = "")]
impl Methods {
    fn test(&self) -> String {
        "Hello World".to_owned()
    }

    /// Returns its arguments. Each argument has a parameter; trailing `Option` parameters may be omitted.
    fn echo(&self, first: Value, second: Option<Value>, third: Option<Value>) -> Vec<Value> {
        [Some(first), second, third].into_iter().flatten().collect()
    }

    async fn test_async(&self, client: &Client) -> String {
        client.on_progress(50);
        sleep(Duration::from_millis(100)).await;
        "Hello Again".to_owned()
    }

    async fn test_dead(&self) {
        pending::<()>().await;
    }

    fn test_error(&self) -> Result<(), Fault> {
        Err(Fault::new("Test.Error", "as asked"))
    }
}

fn app() -> Router {
    let services = Services::new().add(Methods).call_timeout(Duration::from_secs(10));
    Gateway::new(services).into_router("/")
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:8081").await?;
    serve(listener, app(), ServerLimits::new(), pending()).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

    use std::sync::{Arc, Mutex};

    use amf_remoting::RemotingClient;

    use super::*;

    #[derive(Clone, Default)]
    struct TestClient(Arc<Mutex<Vec<u32>>>);

    #[remoting_service(name = "")]
    impl TestClient {
        fn on_progress(&self, percent: u32) {
            self.0.lock().unwrap().push(percent);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_claims_of_the_guide_hold() {
        let test_client = TestClient::default();
        let client = RemotingClient::builder("http://localhost/").unwrap().transport(app());
        let client = client.services(Services::new().add(test_client.clone())).build().unwrap();
        assert_eq!(client.call::<String>("test", ()).await.unwrap(), "Hello World");
        let echoed: (String, i32) = client.call("echo", ("a", 1)).await.unwrap();
        assert_eq!(echoed, ("a".to_owned(), 1));
        assert_eq!(client.call::<String>("testAsync", ()).await.unwrap(), "Hello Again");
        assert_eq!(*test_client.0.lock().unwrap(), [50]);
        for (method, error) in [
            (
                "testDead",
                "Server.Timeout: the method did not answer in time: the limit `call_timeout` of 10s is passed",
            ),
            ("testError", "Test.Error: as asked"),
            ("none", "Service.MethodNotFound: Unknown method none: the call names no service"),
        ] {
            let found = client.call::<()>(method, ()).await.unwrap_err().to_string();
            assert!(found.ends_with(error), "{found}");
        }
    }
}
