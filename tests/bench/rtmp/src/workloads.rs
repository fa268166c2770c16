//! What is measured.

use std::future::Future;
use std::io;
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::peer::Peer;
use crate::process::Process;
use crate::servers::Server;
use crate::wire;

/// One row of the report.
pub struct Workload {
    pub title: &'static str,
    /// What one operation is.
    pub unit: &'static str,
    pub servers: &'static [Server],
    kind: Kind,
    pub target: Option<Target>,
}

#[derive(Clone, Copy)]
enum Kind {
    Calls { connections: usize, depth: usize, times: usize },
    Connects { is_digest: bool, times: usize },
    Broadcasts { audience: usize, times: usize },
    Changes { audience: usize, times: usize },
    Idle { connections: usize },
}

/// What ours is to reach.
#[derive(Clone, Copy, Debug)]
pub enum Target {
    /// At least so many times the operations per second of this server.
    Rate(Server, f64),
    /// At most so many times the processor time of this server.
    Cost(Server, f64),
    /// At most so many bytes of resident memory.
    Memory(u64),
}

/// What one server took.
#[derive(Clone, Debug)]
pub struct Sample {
    pub server: Server,
    /// Of the wall, for one operation.
    pub time: Duration,
    /// Of the server's processor, for one operation.
    pub cost: Duration,
    /// Bytes of resident memory for one connection.
    pub memory: u64,
}

const RTMP: &[Server] = &[Server::Ours, Server::Rml];
const ECHO: &[Server] = &[Server::Ours, Server::Rml, Server::Echo];

pub const ALL: &[Workload] = &[
    Workload {
        title: "Echo calls, one connection, one at a time",
        unit: "call",
        servers: ECHO,
        kind: Kind::Calls { connections: 1, depth: 1, times: 8_000 },
        target: None,
    },
    Workload {
        title: "Echo calls, one connection, 64 at a time",
        unit: "call",
        servers: ECHO,
        kind: Kind::Calls { connections: 1, depth: 64, times: 128_000 },
        target: Some(Target::Rate(Server::Echo, 0.6)),
    },
    Workload {
        title: "Echo calls, 32 connections, one at a time each",
        unit: "call",
        servers: ECHO,
        kind: Kind::Calls { connections: 32, depth: 1, times: 64_000 },
        // 7 µs where it takes 9.
        target: Some(Target::Cost(Server::Rml, 7.0 / 9.0)),
    },
    Workload {
        title: "Echo calls, 1,000 connections, one at a time each",
        unit: "call",
        servers: ECHO,
        kind: Kind::Calls { connections: 1_000, depth: 1, times: 64_000 },
        target: None,
    },
    Workload {
        title: "Connects with the plain handshake, 32 at a time",
        unit: "connect",
        servers: RTMP,
        kind: Kind::Connects { is_digest: false, times: 1_600 },
        target: Some(Target::Cost(Server::Rml, 1.0)),
    },
    Workload {
        title: "Connects with the digest handshake, 32 at a time",
        unit: "connect",
        servers: RTMP,
        kind: Kind::Connects { is_digest: true, times: 1_600 },
        target: Some(Target::Cost(Server::Rml, 1.0)),
    },
    Workload {
        title: "Broadcasts to 1,000 clients",
        unit: "broadcast",
        servers: &[Server::Ours, Server::FanOut],
        kind: Kind::Broadcasts { audience: 1_000, times: 60 },
        target: Some(Target::Cost(Server::FanOut, 1.3)),
    },
    Workload {
        title: "Changes of a shared object that 200 clients use",
        unit: "change",
        servers: &[Server::Ours, Server::FanOut],
        kind: Kind::Changes { audience: 200, times: 300 },
        target: None,
    },
    Workload {
        title: "10,000 idle connections",
        unit: "connection",
        servers: &[Server::Ours, Server::Rml, Server::Echo],
        kind: Kind::Idle { connections: 10_000 },
        target: Some(Target::Memory(8_704)),
    },
];

impl Workload {
    /// One sample of every server in each round, beginning with another one than the round before.
    pub async fn measure(&self, rounds: usize) -> io::Result<Vec<Sample>> {
        let rounds = if matches!(self.kind, Kind::Idle { .. }) { 1 } else { rounds };
        let mut samples = Vec::new();
        for round in 0..rounds {
            for turn in 0..self.servers.len() {
                samples.push(self.sample(self.servers[(round + turn) % self.servers.len()]).await?);
            }
        }
        Ok(samples)
    }

    async fn sample(&self, server: Server) -> io::Result<Sample> {
        let process = Process::start(server)?;
        match self.kind {
            Kind::Calls { connections, depth, times } => {
                calls(server, &process, connections, depth, times).await
            }
            Kind::Connects { is_digest, times } => connects(server, &process, is_digest, times).await,
            Kind::Broadcasts { audience, times } => {
                let broadcast = Broadcast {
                    join: wire::call("bench.join"),
                    send: wire::call("bench.shout"),
                    received: wire::TEXT,
                };
                broadcasts(server, &process, &broadcast, audience, times).await
            }
            Kind::Changes { audience, times } => {
                // The call comes back when the server has heard the other.
                let join = [wire::use_object(), wire::call("bench.echo")].concat();
                let broadcast = Broadcast { join, send: wire::change(), received: wire::KEY };
                broadcasts(server, &process, &broadcast, audience, times).await
            }
            Kind::Idle { connections } => idle(server, &process, connections).await,
        }
    }
}

/// Takes time and cost of `work`, which is so many operations.
async fn taken(
    server: Server,
    process: &Process,
    times: usize,
    work: impl Future<Output = io::Result<()>>,
) -> io::Result<Sample> {
    let (began, cost) = (Instant::now(), process.processor_time());
    work.await?;
    let (time, cost) = (began.elapsed(), process.processor_time().saturating_sub(cost));
    let times = times as u32;
    Ok(Sample { server, time: time / times, cost: cost / times, memory: 0 })
}

async fn peers(server: Server, process: &Process, count: usize) -> io::Result<Vec<Peer>> {
    let (hello, connect) = (wire::hello(false), wire::connect());
    let mut peers = Vec::with_capacity(count);
    for _ in 0..count {
        peers.push(if server.speaks_rtmp() {
            Peer::connect(process.address, &hello, &connect).await?
        } else {
            Peer::open(process.address).await?
        });
    }
    Ok(peers)
}

async fn calls(
    server: Server,
    process: &Process,
    connections: usize,
    depth: usize,
    times: usize,
) -> io::Result<Sample> {
    let call = wire::call("bench.echo");
    let mut peers = peers(server, process, connections).await?;
    let each = times / connections;
    // So that what is made at first is there.
    for peer in &mut peers {
        peer.call(&call, depth, 2 * depth).await?;
    }
    taken(server, process, each * connections, async {
        let mut working = JoinSet::new();
        for mut peer in peers {
            let call = call.clone();
            working.spawn(async move {
                peer.call(&call, depth, each).await?;
                io::Result::Ok(peer)
            });
        }
        finish(working).await.map(drop)
    })
    .await
}

async fn connects(server: Server, process: &Process, is_digest: bool, times: usize) -> io::Result<Sample> {
    const AT_A_TIME: usize = 32;
    let (hello, connect) = (wire::hello(is_digest), wire::connect());
    drop(Peer::connect(process.address, &hello, &connect).await?);
    taken(server, process, times, async {
        let mut working = JoinSet::new();
        for _ in 0..AT_A_TIME {
            let (address, hello, connect) = (process.address, hello.clone(), connect.clone());
            working.spawn(async move {
                for _ in 0..times / AT_A_TIME {
                    drop(Peer::connect(address, &hello, &connect).await?);
                }
                io::Result::Ok(())
            });
        }
        finish(working).await.map(drop)
    })
    .await
}

/// What every peer sends first, what one of them sends then, and a text that all receive for it.
struct Broadcast {
    join: Vec<u8>,
    send: Vec<u8>,
    received: &'static str,
}

/// One peer sends, and all wait for what they receive.
async fn broadcasts(
    server: Server,
    process: &Process,
    broadcast: &Broadcast,
    audience: usize,
    times: usize,
) -> io::Result<Sample> {
    let mut peers = peers(server, process, audience).await?;
    for peer in &mut peers {
        if server.speaks_rtmp() {
            peer.call(&broadcast.join, 1, 1).await?;
        } else {
            peer.await_texts(wire::HERE, 1).await?;
        }
    }
    let mut sample = Sample { server, time: Duration::ZERO, cost: Duration::ZERO, memory: 0 };
    for round in 0..=times {
        let one = taken(server, process, 1, async {
            peers[round % audience].send(&broadcast.send).await?;
            for peer in &mut peers {
                peer.await_texts(broadcast.received.as_bytes(), 1).await?;
            }
            Ok(())
        });
        let one = one.await?;
        if round > 0 {
            sample.time += one.time / times as u32;
            sample.cost += one.cost / times as u32;
        }
    }
    Ok(sample)
}

/// Memory that one more connection takes while nothing is said on it.
async fn idle(server: Server, process: &Process, connections: usize) -> io::Result<Sample> {
    let first = peers(server, process, 1).await?;
    let before = process.resident();
    let mut all = Vec::new();
    let mut sample = taken(server, process, connections, async {
        all = peers(server, process, connections).await?;
        Ok(())
    })
    .await?;
    sleep(Duration::from_secs(1)).await;
    sample.memory = process.resident().saturating_sub(before) / connections as u64;
    drop((first, all));
    Ok(sample)
}

async fn finish<T: 'static>(mut working: JoinSet<io::Result<T>>) -> io::Result<Vec<T>> {
    let mut all = Vec::new();
    while let Some(done) = working.join_next().await {
        all.push(done.map_err(io::Error::other)??);
    }
    Ok(all)
}
