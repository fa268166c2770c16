//! Serves drawings that everybody shares, and a page to draw on them; see `examples::whiteboard`.

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
Serves drawings that everybody shares, and a page to draw on them.

Usage: whiteboard [--http ADDR] [--rtmp ADDR] [--movie FILE] [DRAWINGS]

  --http ADDR   where to listen for HTTP; 127.0.0.1:8080 unless given, port 0 for any free one
  --rtmp ADDR   where to listen for RTMP; 127.0.0.1:1935 unless given, port 0 for any free one
  --movie FILE  the movie for Ruffle, target/whiteboard-ruffle.swf unless given
  DRAWINGS      where drawings are kept, whiteboard.redb unless given
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
    println!("drawings are kept in {}", options.drawings);

    tokio::select! {
        ended = rtmp.serve() => ended?,
        () = serve(http, whiteboard::http(&server, options.movie), ServerLimits::new(), pending()) => {}
        stopped = signal::ctrl_c() => stopped?,
    }
    // What was drawn last is saved, and everybody is told.
    server.shutdown().await;
    Ok(())
}

/// Nothing where only help is wanted.
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
