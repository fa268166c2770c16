//! This project's server.

use std::io;

use amf_remoting::{Client, Group, Services, remoting_service};
use amf_rtmp::Server;

struct Bench {
    audience: Group,
}

#[remoting_service(name = "bench")]
impl Bench {
    fn echo(&self, text: String) -> String {
        text
    }

    fn join(&self, client: &Client, text: String) -> String {
        self.audience.add(client);
        text
    }

    fn shout(&self, text: String) {
        self.audience.notify("heard", (text,)).unwrap();
    }
}

pub async fn serve() -> io::Result<()> {
    let services = Services::new().add(Bench { audience: Group::new() });
    Server::new(services)
        .max_connections(100_000)
        .max_connections_per_address(100_000)
        .listen(super::bind()?)
        .serve()
        .await
}
