//! Server for shared drawings, with a page to draw on them. The module `examples::whiteboard` describes it.

use std::error::Error;
use std::future::pending;
use std::io;

use amf_remoting::gateway::ServerLimits;
use amf_rtmp::RedbStore;
use examples::server::serve;
use examples::whiteboard::{self, APPLICATION};
use lexopt::prelude::*;
use tokio::net::TcpListener;
use tokio::signal;

const HELP: &str = "\
Serves shared drawings, and a page to draw on them.

Usage: whiteboard [--http ADDR] [--rtmp ADDR] [--movie FILE] [DRAWINGS]

  --http ADDR   address to listen on for HTTP; default: 127.0.0.1:8080; port 0 selects a free port
  --rtmp ADDR   address to listen on for RTMP; default: 127.0.0.1:1935; port 0 selects a free port
  --movie FILE  movie for Ruffle; default: target/whiteboard-ruffle.swf
  --help        print this help
  DRAWINGS      file that stores the drawings; default: whiteboard.redb
";

struct Options {
    http: String,
    rtmp: String,
    movie: String,
    drawings: String,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let Some(options) = options()? else {
        print!("{HELP}");
        return Ok(());
    };
    let server = whiteboard::server(RedbStore::open(&options.drawings)?)?;
    let rtmp = server.clone().bind(&options.rtmp).await?;
    let http = TcpListener::bind(&options.http).await?;
    println!("listening on http://{}", http.local_addr()?);
    println!("listening on rtmp://{}/{APPLICATION}", rtmp.local_addr()?);
    println!("drawings are stored in {}", options.drawings);

    tokio::select! {
        ended = rtmp.serve() => ended?,
        () = serve(http, whiteboard::http(&server, options.movie), ServerLimits::new(), pending()) => {}
        stopped = signal::ctrl_c() => stopped?,
    }
    // Notifies the clients and writes the last changes to disk.
    server.shutdown().await;
    Ok(())
}

/// Parses the command line. Returns `None` if the help was requested.
fn options() -> Result<Option<Options>, lexopt::Error> {
    let mut options = Options {
        http: "127.0.0.1:8080".to_owned(),
        rtmp: "127.0.0.1:1935".to_owned(),
        movie: "target/whiteboard-ruffle.swf".to_owned(),
        drawings: "whiteboard.redb".to_owned(),
    };
    let mut arguments = lexopt::Parser::from_env();
    while let Some(argument) = arguments.next()? {
        match argument {
            Long("http") => options.http = arguments.value()?.string()?,
            Long("rtmp") => options.rtmp = arguments.value()?.string()?,
            Long("movie") => options.movie = arguments.value()?.string()?,
            Short('h') | Long("help") => return Ok(None),
            Value(drawings) => options.drawings = drawings.string()?,
            _ => return Err(argument.unexpected()),
        }
    }
    Ok(Some(options))
}
