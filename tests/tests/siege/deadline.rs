//! An unfinished message has a deadline, whatever else the client sends meanwhile.

use std::time::Duration;

use amf_remoting::Services;
use amf_rtmp::Server;
use amf_rtmp::proto::{Config, Limits};
use tokio::time::{Instant, sleep};

use crate::target::{Encoding, Target};
use crate::wire;

/// The default of 30 s is too long for a test.
const DEADLINE: Duration = Duration::from_secs(1);

#[tokio::test]
async fn acknowledgements_do_not_keep_an_unfinished_message_alive() {
    let limits = Limits::server().with_message_timeout(DEADLINE);
    let server = Server::new(Services::new()).config(Config::server().with_limits(limits));
    let server = server.bind("127.0.0.1:0").await.unwrap();
    let address = server.local_addr().unwrap();
    tokio::spawn(server.serve());

    let target = Target { rtmp: address, http: address, traffic: <_>::default() };
    let mut wire = target.rtmp(Encoding::Amf0).await;
    // A command of 2 KiB in one chunk that lacks a byte. Nothing else can come in the middle of a chunk.
    wire.write(&wire::header(3, 20, 2 << 10)).await;
    wire.write(&[2; (2 << 10) - 1]).await;
    let start = Instant::now();
    wire.drain(start + 5 * DEADLINE).await;
    let silent = start.elapsed();
    assert!((DEADLINE..4 * DEADLINE).contains(&silent), "closed after {silent:?}");

    // Chunks of 128 bytes, so that acknowledgements come between those of a message.
    let mut wire = target.rtmp_in_small_chunks(Encoding::Amf0).await;
    wire.write(&[&wire::header(3, 20, 2 << 10)[..], &[2; 128]].concat()).await;
    let start = Instant::now();
    while start.elapsed() < 5 * DEADLINE && wire.write(&[&wire::header(2, 3, 4)[..], &[0; 4]].concat()).await
    {
        sleep(Duration::from_millis(20)).await;
    }
    let alive = start.elapsed();
    assert!((DEADLINE..4 * DEADLINE).contains(&alive), "closed after {alive:?}");
}
