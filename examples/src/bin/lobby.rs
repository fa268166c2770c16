//! A small multiplayer lobby for AMF clients, with a page that shows it live.

use std::error::Error;
use std::future::pending;
use std::io::{self, Write};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use amf_remoting::Amf0Numbering;
use amf_remoting::gateway::ServerLimits;
use axum::serve::ListenerExt;
use examples::lobby::host::Host;
use examples::lobby::{self, APPLICATION, GATEWAY, SOCKET};
use examples::server::serve;
use tokio::net::TcpListener;
use tokio::signal;
use tokio::time::sleep;
use tracing_subscriber::filter::LevelFilter;

const HELP: &str = "\
A small multiplayer lobby for AMF clients, with a page that shows it live.

Usage: lobby [--http ADDR] [--rtmp ADDR] [--py3amf]

  --http ADDR   address to listen on for HTTP; default: 127.0.0.1:8080; port 0 selects a free port
  --rtmp ADDR   address to listen on for RTMP; default: 127.0.0.1:1935; port 0 selects a free port
  --py3amf      expect callers to number AMF0 references as Py3AMF does
  --help        print this help
";

/// Maximum time for open requests to complete after Ctrl-C. Then the program exits.
const SHUTDOWN_NOTICE: Duration = Duration::from_secs(5);

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_max_level(LevelFilter::WARN).with_writer(io::stderr).init();
    let done = match Options::parse() {
        Ok(Some(options)) => run(options).await,
        Ok(None) => print(HELP).map_err(Into::into),
        Err(error) => Err(format!("{error}; see --help").into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("lobby: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Options {
    http: String,
    rtmp: String,
    numbering: Amf0Numbering,
}

impl Options {
    /// Parses the command line. Returns `None` if the help was requested.
    fn parse() -> Result<Option<Self>, lexopt::Error> {
        use lexopt::prelude::*;
        let mut options = Self {
            http: "127.0.0.1:8080".to_owned(),
            rtmp: "127.0.0.1:1935".to_owned(),
            numbering: Amf0Numbering::default(),
        };
        let mut arguments = lexopt::Parser::from_env();
        while let Some(argument) = arguments.next()? {
            match argument {
                Long("http") => options.http = arguments.value()?.string()?,
                Long("rtmp") => options.rtmp = arguments.value()?.string()?,
                Long("py3amf") => options.numbering = Amf0Numbering::PY3AMF,
                Short('h') | Long("help") => return Ok(None),
                _ => return Err(argument.unexpected()),
            }
        }
        Ok(Some(options))
    }
}

async fn run(Options { http, rtmp, numbering }: Options) -> Result<(), Box<dyn Error>> {
    let listener = bind(&http).await?;
    let address = listener.local_addr()?;
    let rtmp = bind(&rtmp).await?;
    let rtmp_address = rtmp.local_addr()?;
    // Responses are small. Nagle's algorithm would delay them.
    let listener = listener.tap_io(|connection| drop(connection.set_nodelay(true)));
    let host = Host::open();
    let services = lobby::services(&host).amf0_numbering(numbering);
    let server = lobby::rtmp(Arc::clone(&host), services.clone());
    let app = lobby::http(Arc::clone(&host), services).merge(lobby::tunnels(&server));
    let rtmp = server.listen(rtmp).serve_until(interrupted());
    print(&welcome(address, rtmp_address))?;
    let shared = Arc::clone(&host);
    let closing = async move {
        interrupted().await;
        shared.close();
    };
    let closed_long_ago = async {
        interrupted().await;
        sleep(SHUTDOWN_NOTICE).await;
    };
    let limits = ServerLimits::new().with_shutdown_timeout(SHUTDOWN_NOTICE);
    let http = async {
        serve(listener, app, limits, closing).await;
        Ok(())
    };
    tokio::select! {
        ended = async { tokio::try_join!(http, rtmp) } => drop(ended?),
        () = closed_long_ago => {}
        never = host.run_idle_check() => match never {},
    }
    Ok(())
}

/// Completes on Ctrl-C. Never completes if no handler can be installed.
async fn interrupted() {
    if signal::ctrl_c().await.is_err() {
        pending::<()>().await;
    }
}

async fn bind(address: &str) -> Result<TcpListener, String> {
    TcpListener::bind(address).await.map_err(|error| format!("cannot listen on {address}: {error}"))
}

fn welcome(address: SocketAddr, rtmp: SocketAddr) -> String {
    format!(
        "listening on http://{address}
listening on rtmp://{rtmp}/{APPLICATION}

  live page   http://{address}/
  gateway     http://{address}{GATEWAY}   for NetConnection and RemoteObject
  WebSocket   ws://{address}{SOCKET}   for Ruffle's socketProxy; rtmpt://{address}/{APPLICATION} works too

Open the live page in a browser. Then join as Ann, and print the calls of the server:

  cargo run --release -p examples --bin call -- rtmp://{rtmp}/{APPLICATION} lobby.join '\"Ann\"' --listen

Join as Bob, over HTTP:

  cargo run --release -p examples --bin call -- http://{address}{GATEWAY} lobby.join '\"Bob\"'

Press Ctrl-C to stop the server.
"
    )
}

/// Writes to standard output. A closed pipe is not an error.
fn print(words: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    match out.write_all(words.as_bytes()).and_then(|()| out.flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        printed => printed,
    }
}
