//! Serves drawings that everybody shares, over RTMP and through WebSocket; see `examples::whiteboard`.

use std::error::Error;

use amf_rtmp::RedbStore;
use axum::Router;
use examples::whiteboard;
use tokio::net::TcpListener;
use tokio::signal;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let file = std::env::args().nth(1).unwrap_or_else(|| "whiteboard.redb".to_owned());
    let server = whiteboard::server(RedbStore::open(&file)?)?;

    let rtmp = server.clone().bind("127.0.0.1:1935").await?;
    // For Ruffle: socketProxy: [{ host: "127.0.0.1", port: 1935, proxyUrl: "ws://127.0.0.1:8080/rtmp" }]
    let app = Router::new().route("/rtmp", server.websocket());
    let http = TcpListener::bind("127.0.0.1:8080").await?;
    println!("rtmp://127.0.0.1/whiteboard, ws://127.0.0.1:8080/rtmp; drawings are kept in {file}");

    tokio::select! {
        ended = rtmp.serve() => ended?,
        ended = axum::serve(http, app) => ended?,
        stopped = signal::ctrl_c() => stopped?,
    }
    // What was drawn last is saved, and everybody is told.
    server.shutdown().await;
    Ok(())
}
