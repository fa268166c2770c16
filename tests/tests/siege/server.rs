//! The server under attack: every transport with its default limits, and the memory budget of the examples.

use std::io::Write;
use std::time::Duration;

use amf_core::Value;
use amf_remoting::flex::Flex;
use amf_remoting::gateway::{ServerLimits, serve};
use amf_remoting::{Client, Gateway, Group, MemoryBudget, Services, remoting_service};
use amf_rtmp::{
    Instance, RedbStore, Server, SharedObject, SharedObjectAccess, SharedObjectGuard, SharedObjectOptions,
    SharedObjects, SlotWrite,
};
use axum::Router;
use tokio::net::TcpListener;
use tokio::time::sleep;

use crate::process::STORE;

/// The application of RTMP clients, which is the name of the service too.
pub(crate) const APPLICATION: &str = "siege";
/// A shared object that no client may write. Its slot `s` has [`SLOT_BYTES`].
pub(crate) const SEALED: &str = "sealed";
/// A shared object that `siege.hold` locks. Its slot `s` has [`SLOT_BYTES`].
pub(crate) const HELD: &str = "held";
/// Nearly all that a shared object may hold.
const SLOT_BYTES: usize = 1_000_000;

#[derive(Default)]
struct Siege {
    group: Group,
}

#[remoting_service(name = "siege")]
impl Siege {
    fn echo(&self, value: Value) -> Value {
        value
    }

    fn echo_text(&self, text: String) -> String {
        text
    }

    async fn wait(&self, millis: u32) -> u32 {
        sleep(Duration::from_millis(millis.into())).await;
        millis
    }

    /// Returns a string of this length.
    fn big(&self, len: u32) -> String {
        "x".repeat(len as usize)
    }

    /// Notifies the caller, and returns how often it was possible.
    async fn flood(&self, client: &Client, times: u32, len: u32) -> u32 {
        let text = "x".repeat(len as usize);
        let mut possible = 0;
        for time in 0..times {
            possible += u32::from(client.notify("tick", (&text,)).is_ok());
            breathe(time).await;
        }
        possible
    }

    fn join(&self, client: &Client) {
        self.group.add(client);
    }

    /// Notifies everybody who joined, and returns how often it was possible.
    async fn tell(&self, times: u32, len: u32) -> u32 {
        let text = "x".repeat(len as usize);
        let mut possible = 0;
        for time in 0..times {
            possible += u32::from(self.group.notify("tick", (&text,)).is_ok());
            breathe(time).await;
        }
        possible
    }

    /// Locks the object [`HELD`] for a while.
    async fn hold(&self, instance: &Instance, millis: u32) -> bool {
        let Ok(object) = instance.shared_object(HELD, SharedObjectOptions::new()).await else { return false };
        let Ok(lock) = object.lock().await else { return false };
        tokio::spawn(async move {
            sleep(Duration::from_millis(millis.into())).await;
            drop(lock);
        });
        true
    }
}

/// What a method owes others that has much to do. It is the server's answer to such a method that is attacked here.
async fn breathe(time: u32) {
    if time.is_multiple_of(16) {
        tokio::task::yield_now().await;
    }
}

struct Guard;

impl SharedObjectGuard for Guard {
    /// The attackers may too, so that only the quotas bound them.
    fn may_create_persistent(&self, _: &SharedObjectAccess<'_>) -> bool {
        true
    }

    fn may_write(&self, access: &SharedObjectAccess<'_>, _: &SlotWrite<'_>) -> bool {
        access.name() != SEALED
    }
}

/// Serves until the process ends; writes the addresses for RTMP and HTTP, behind `prefix`, to standard output.
pub(crate) async fn run(prefix: &str) {
    // Whatever spans and events say is formatted, so that attacks on them have their effect.
    let log = tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_ansi(false);
    log.with_writer(std::io::sink).init();

    MemoryBudget::process().set_max_bytes(64 << 20);
    let services = Services::new().add(Siege::default());
    let store = RedbStore::open(std::env::var_os(STORE).unwrap()).unwrap();
    let objects = SharedObjects::new().guard(Guard).store(store).unwrap();
    let server = Server::new(services.clone()).shared_objects(objects);
    let _objects = [full_object(&server, SEALED).await, full_object(&server, HELD).await];
    let gateway = Gateway::new(services).flex(Flex::new()).into_router("/gateway");
    let app = Router::new().route("/rtmp", server.websocket()).merge(server.rtmpt()).merge(gateway);

    let rtmp = server.bind("127.0.0.1:0").await.unwrap();
    let http = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut out = std::io::stdout().lock();
    let addresses = (rtmp.local_addr().unwrap(), http.local_addr().unwrap());
    writeln!(out, "\n{prefix}{} {}", addresses.0, addresses.1).unwrap();
    out.flush().unwrap();
    drop(out);
    tokio::spawn(rtmp.serve());
    serve(http, app, ServerLimits::default(), std::future::pending()).await;
}

async fn full_object(server: &Server, name: &str) -> SharedObject {
    let object = server
        .instance(APPLICATION, "")
        .unwrap()
        .shared_object(name, SharedObjectOptions::new())
        .await
        .unwrap();
    // It is not persistent, so nothing of the write is pending.
    drop(object.set("s", &"x".repeat(SLOT_BYTES)).unwrap());
    object
}
