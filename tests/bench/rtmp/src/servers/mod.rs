//! The servers that are measured: each runs in a process of its own, on one thread.

mod ours;
mod raw;
mod rml;

use std::future::Future;
use std::io::{self, Write};
use std::net::SocketAddr;

use tokio::net::{TcpListener, TcpSocket, TcpStream};

/// What a process serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Server {
    /// `amf_rtmp::Server`.
    Ours,
    /// `rml_rtmp` with a hand-built reply.
    Rml,
    /// Every socket gets its own bytes back.
    Echo,
    /// Every socket gets the bytes of all.
    FanOut,
}

const NAMES: [(&str, Server); 4] =
    [("ours", Server::Ours), ("rml", Server::Rml), ("echo", Server::Echo), ("fan-out", Server::FanOut)];

impl Server {
    /// The one of this name.
    pub fn named(name: &str) -> Option<Self> {
        NAMES.iter().find(|(own, _)| *own == name).map(|(_, server)| *server)
    }

    /// Its name on the command line and in the report.
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, server)| *server == self).map_or("", |(name, _)| name)
    }

    /// Whether it speaks RTMP.
    pub fn speaks_rtmp(self) -> bool {
        matches!(self, Self::Ours | Self::Rml)
    }

    /// Serves for ever.
    pub fn serve(self) -> io::Result<()> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        match self {
            Self::Ours => runtime.block_on(ours::serve()),
            Self::Rml => runtime.block_on(listen(rml::serve)),
            Self::Echo => runtime.block_on(listen(raw::echo)),
            Self::FanOut => {
                let everybody = raw::Everybody::default();
                runtime.block_on(listen(move |socket| raw::fan_out(socket, everybody.clone())))
            }
        }
    }
}

/// A port of the system's choice, told to who started the process.
fn bind() -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0)))?;
    let listener = socket.listen(4_096)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}", listener.local_addr()?)?;
    out.flush()?;
    Ok(listener)
}

async fn listen<F>(serve: impl Fn(TcpStream) -> F) -> io::Result<()>
where
    F: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = bind()?;
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        tokio::spawn(serve(socket));
    }
}
