//! Our remoting client visits a gateway of `Py3AMF`, in AMF0 and in AMF3.

#![allow(
    clippy::unwrap_used,
    clippy::float_cmp,
    clippy::panic,
    reason = "everything here runs inside a test, where a panic is the failure"
)]

use std::time::Duration;

use amf_remoting::client::HttpError;
use amf_remoting::service::Credentials;
use amf_remoting::{AmfObject, CallError, Fault, RemotingClient, Value, Version, remote_client};
use amf_tests::clients;
use amf_tests::process::Process;

#[derive(AmfObject, Clone, Debug, PartialEq)]
#[amf(alias = "test.Player")]
struct Player {
    name: String,
    level: u32,
}

#[remote_client]
trait Adder {
    async fn add(&self, a: f64, b: f64) -> Result<f64, CallError>;
}

#[tokio::test]
#[ignore = "needs Py3AMF: tests/run.sh"]
async fn our_client_visits_py3amf() {
    let mut server = Process::start(&mut clients::py3amf_gateway());
    let port: u16 = server.line(Duration::from_secs(30), |line| line.parse().ok());
    for version in [Version::Amf0, Version::Amf3] {
        visit(port, version).await;
    }
}

async fn visit(port: u16, version: Version) {
    let url = format!("http://127.0.0.1:{port}/");
    let client = RemotingClient::builder(&url).unwrap().version(version).build().unwrap();

    assert_eq!(client.call::<f64>("add", (1, 2.5)).await.unwrap(), 3.5);
    assert_eq!(client.remote("").add(1.0, 2.0).await.unwrap(), 3.0);
    let ann = Player { name: "Ann é".to_owned(), level: 7 };
    let promoted = client.call::<Player>("promote", (&ann,)).await.unwrap();
    assert_eq!(promoted, Player { level: 8, ..ann.clone() });
    for value in
        [Value::Null, Value::Bool(true), Value::Number(0.5), Value::from("x".repeat(70_000).as_str())]
    {
        assert_eq!(client.call::<Value>("echo", (&value,)).await.unwrap(), value);
    }
    let players = vec![ann.clone(), ann];
    assert_eq!(client.call::<Vec<Player>>("echo", (&players,)).await.unwrap(), players);

    let mut batch = client.batch();
    let first = batch.call::<u32>("add", (1, 2)).unwrap();
    let second = batch.call::<u32>("fail", ("room 7 is full",)).unwrap();
    let third = batch.call::<String>("add", (3, 4)).unwrap();
    let nowhere = batch.call::<()>("nowhere", ()).unwrap();
    let replies = batch.send().await.unwrap();
    assert_eq!(replies.get(&first).unwrap(), 3);
    assert_eq!(fault(replies.get(&second)), Fault::new("Game.RoomFull", "room 7 is full"));
    assert!(matches!(replies.get(&third), Err(CallError::Decode(_))));
    assert_eq!(fault(replies.get(&nowhere)).code(), "Service.ResourceNotFound");

    assert_eq!(fault(client.call::<String>("vault.open", ()).await).code(), "AuthenticationError");
    client.set_credentials(&Credentials::new("ann", "secret")).unwrap();
    assert_eq!(client.call::<String>("vault.open", ()).await.unwrap(), "gold");
}

fn fault<T: std::fmt::Debug>(outcome: Result<T, CallError>) -> Fault {
    match outcome {
        Err(CallError::Fault(fault)) => fault,
        Err(CallError::Transport(error)) => panic!("{:?}", error.downcast_ref::<HttpError>()),
        other => panic!("{other:?}"),
    }
}
