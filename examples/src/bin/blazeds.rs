//! Server for the clients of BlazeDS's samples, at <http://127.0.0.1:8400/samples/messagebroker/amf>.
//!
//! The arguments are the origins of pages on other hosts: `blazeds http://localhost:3000`.

use std::env;
use std::future::pending;

use amf_remoting::gateway::ServerLimits;
use axum::http::HeaderValue;
use examples::server::serve;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().init();
    let pages: Vec<HeaderValue> = env::args().skip(1).map(|page| page.parse()).collect::<Result<_, _>>()?;
    // The port of BlazeDS's turnkey server.
    let listener = TcpListener::bind("127.0.0.1:8400").await?;
    println!("listening on http://{}/samples/messagebroker/amf", listener.local_addr()?);
    serve(listener, examples::blazeds::app(pages), ServerLimits::new(), pending()).await;
    Ok(())
}
