//! A server in a process of its own under every attack, with its default limits.
//! Somebody else is in a call all the time and notices nothing, and the process takes no more memory than its budget.

#![cfg(all(feature = "net", target_os = "linux"))]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod peer;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use amf_remoting::{MemoryBudget, Services, Version, remoting_service};
use amf_rtmp::{NetConnection, Server};
use peer::{LONG_TIMEOUT, TIMEOUT, command, connected, handshaken, member, message, raw};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

/// What the process may take beyond what it took before the first attack: a message of 16 MiB that is being put
/// together, twice as it grows, and some queues.
const BUDGET: usize = 64 << 20;
/// What all clients together can make the server hold in the other siege.
const SMALL_BUDGET: usize = 32 << 20;
/// Attackers of that siege. One takes up to 14 MiB.
const ATTACKERS: usize = 120;
/// A call of the bystander takes 100 ms. On a busy machine a little more; never as long as any limit of ours.
const NOTICED: Duration = Duration::from_secs(2);
/// One siege at a time: each measures how long calls take.
static ALONE: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());

struct Test;

#[remoting_service(name = "test")]
impl Test {
    fn echo(&self, number: f64) -> f64 {
        number
    }

    async fn wait(&self, millis: f64) -> f64 {
        sleep(Duration::try_from_secs_f64(millis / 1_000.0).unwrap_or_default()).await;
        millis
    }

    fn bytes(&self, count: f64) -> String {
        "x".repeat(count as usize)
    }
}

/// The process of the server, which the other test starts. The end of its standard input ends it.
#[test]
fn server_process() {
    let Ok(budget) = std::env::var(STARTED) else { return };
    let budget = MemoryBudget::new(budget.parse().unwrap());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        // All attackers have one address.
        let server = Server::new(Services::new().memory_budget(budget).add(Test))
            .max_connections_per_address(usize::MAX);
        let bound = server.bind("127.0.0.1:0").await.unwrap();
        let mut out = std::io::stdout().lock();
        writeln!(out, "\n{ADDRESS}{}", bound.local_addr().unwrap()).unwrap();
        out.flush().unwrap();
        drop(out);
        tokio::spawn(bound.serve());
        let _ = tokio::task::spawn_blocking(|| std::io::stdin().read_to_end(&mut Vec::new())).await;
    });
}

/// Set where the process is started, to the size of its memory budget.
const STARTED: &str = "AMF_RTMP_SIEGE";
/// What stands before the address that the process tells.
const ADDRESS: &str = "the server is at ";

struct Process {
    child: Child,
    /// Kept open: the process says more now and then.
    _output: BufReader<ChildStdout>,
}

impl Process {
    fn start(budget: usize) -> (Self, SocketAddr) {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["server_process", "--exact", "--nocapture"])
            .env(STARTED, budget.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with(ADDRESS) {
            line.clear();
            assert!(output.read_line(&mut line).unwrap() > 0, "the process ended");
        }
        let address = line[ADDRESS.len()..].trim().parse().unwrap();
        (Self { child, _output: output }, address)
    }

    /// Resident memory in bytes: now (`VmRSS`), or the most that it ever was (`VmHWM`).
    fn memory(&self, name: &str) -> usize {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find(|line| line.starts_with(name)).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() << 10
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Somebody who is in a call all the time.
struct Bystander {
    calls: Arc<AtomicU64>,
    slowest: Arc<AtomicU64>,
    stop: Arc<AtomicBool>,
    task: JoinHandle<()>,
}

impl Bystander {
    async fn enter(server: SocketAddr) -> Self {
        let url = format!("rtmp://{server}/test");
        let connection =
            NetConnection::builder(&url).unwrap().encoding(Version::Amf3).connect().await.unwrap();
        let (calls, slowest, stop) =
            (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default(), Arc::<AtomicBool>::default());
        let task = tokio::spawn({
            let (calls, slowest, stop) = (Arc::clone(&calls), Arc::clone(&slowest), Arc::clone(&stop));
            async move {
                while !stop.load(Ordering::Relaxed) {
                    let start = Instant::now();
                    let (waited, echoed) = tokio::join!(
                        connection.call::<f64>("test.wait", (100,)),
                        connection.call::<f64>("test.echo", (7,))
                    );
                    assert_eq!((waited.unwrap() as u32, echoed.unwrap() as u32), (100, 7));
                    slowest.fetch_max(start.elapsed().as_millis() as u64, Ordering::Relaxed);
                    calls.fetch_add(1, Ordering::Relaxed);
                }
            }
        });
        Self { calls, slowest, stop, task }
    }

    /// Waits until a call that began after this has its answer.
    async fn noticed_nothing(&self, attack: &str) {
        let before = self.calls.load(Ordering::Relaxed);
        let two_more = async {
            while self.calls.load(Ordering::Relaxed) < before + 2 {
                assert!(!self.task.is_finished(), "{attack}: the bystander's call failed");
                sleep(Duration::from_millis(10)).await;
            }
        };
        timeout(TIMEOUT, two_more).await.unwrap();
        let slowest = Duration::from_millis(self.slowest.load(Ordering::Relaxed));
        assert!(slowest < NOTICED, "{attack}: a call of the bystander took {slowest:?}");
    }

    async fn leave(self) {
        self.stop.store(true, Ordering::Relaxed);
        timeout(TIMEOUT, self.task).await.unwrap().unwrap();
    }
}

/// What an attacker has done before it attacks.
#[derive(Clone, Copy, Debug, PartialEq)]
enum After {
    Nothing,
    Handshake,
    Connect,
}

/// How an attack goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Then {
    /// The attacker reads what it is answered, and leaves.
    Leaves,
    /// It reads what it is answered, and stays: the server must end it.
    IsLetGo,
    /// It says the same again and again, and reads nothing: the server must end it.
    Floods,
}

#[derive(Debug)]
struct Attack {
    name: String,
    after: After,
    then: Then,
    bytes: Vec<u8>,
}

impl Attack {
    fn new(name: impl Into<String>, after: After, then: Then, bytes: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), after, then, bytes: bytes.into() }
    }

    async fn run(&self, server: SocketAddr) {
        let socket = match self.after {
            After::Nothing => raw(server, &[]).await,
            After::Handshake => handshaken(server).await,
            After::Connect => connected(server).await,
        };
        let all = async {
            if self.then == Then::Floods { self.flood(socket).await } else { self.speak(socket).await }
        };
        assert!(
            timeout(LONG_TIMEOUT, all).await.is_ok(),
            "{}: the server neither reads on nor closes",
            self.name
        );
    }

    async fn flood(&self, mut socket: TcpStream) {
        while socket.write_all(&self.bytes).await.is_ok() {}
    }

    async fn speak(&self, mut socket: TcpStream) {
        let (mut reader, mut writer) = socket.split();
        let write = async {
            // The server may close before it has all of it.
            let _ = writer.write_all(&self.bytes).await;
            if self.then == Then::Leaves {
                let _ = writer.shutdown().await;
            }
        };
        let read = async {
            let mut bytes = [0; 4096];
            while reader.read(&mut bytes).await.is_ok_and(|read| read > 0) {}
        };
        tokio::join!(write, read);
    }
}

/// A header of form 0 on any chunk stream, in three bytes where it takes them.
fn header(chunk_stream: u32, kind: u8, length: u32) -> Vec<u8> {
    let mut bytes = match chunk_stream {
        0..64 => vec![chunk_stream as u8],
        64.. => [&[1][..], &((chunk_stream - 64) as u16).to_le_bytes()].concat(),
    };
    bytes.extend([0; 3]);
    bytes.extend(&length.to_be_bytes()[1..]);
    bytes.extend([kind, 0, 0, 0, 0]);
    bytes
}

fn chunk_size(size: u32) -> Vec<u8> {
    message(1, &size.to_be_bytes())
}

fn chunks() -> Vec<Attack> {
    use After::Connect;
    use Then::{IsLetGo, Leaves};
    let huge = [chunk_size(0x7FFF_FFFF), header(4, 9, 8 << 20), vec![0; 8 << 20]].concat();
    let hoard = (10_u8..18).flat_map(|on| [header(on.into(), 9, 4 << 20), vec![0; 1 << 20]].concat());
    let more = (10_u8..18).flat_map(|on| [vec![0xC0 | on], vec![0; 1 << 20]].concat());
    let hoard: Vec<u8> = hoard.chain(more).collect();
    // Of a message of 4,000 bytes a chunk of one byte, a chunk of 50, and so on.
    let mut changing = [header(4, 9, 4_000), vec![0; 128]].concat();
    for size in [1_u8, 50].repeat(75) {
        changing.extend(chunk_size(size.into()));
        changing.extend([&[0xC4][..], &vec![0; size.into()]].concat());
        // 128 again, so that the next fits a chunk; this one is in pieces itself.
        changing.extend(header(2, 1, 4));
        let again: &[u8] = if size == 1 { b"\0\xC2\0\xC2\0\xC2\x80" } else { b"\0\0\0\x80" };
        changing.extend(again);
    }
    let streams: Vec<u8> = (3..65_600).flat_map(|on| header(on, 8, 0)).collect();
    vec![
        Attack::new("a chunk of 8 MiB", Connect, IsLetGo, huge),
        Attack::new("a message of 16 MiB", Connect, IsLetGo, header(4, 9, 0xFF_FFFF)),
        Attack::new(
            "unfinished messages of 16 MiB",
            Connect,
            Leaves,
            [chunk_size(1 << 20), hoard.clone()].concat(),
        ),
        Attack::new(
            "and a little more",
            Connect,
            IsLetGo,
            [chunk_size(1 << 20), hoard, vec![0xCA, 0]].concat(),
        ),
        Attack::new("a chunk size of 0", Connect, IsLetGo, chunk_size(0)),
        Attack::new("a chunk size of 32 bits", Connect, IsLetGo, chunk_size(0xFFFF_FFFF)),
        Attack::new("a chunk size that changes all the time", Connect, Leaves, changing),
        Attack::new(
            "chunks of one byte",
            Connect,
            IsLetGo,
            [chunk_size(1), header(4, 9, 1 << 20), b"v\xC4".repeat(1 << 20)].concat(),
        ),
        Attack::new("65,597 chunk streams", Connect, IsLetGo, streams),
        Attack::new(
            "a length that changes",
            Connect,
            IsLetGo,
            [&header(4, 9, 1_000)[..], &[0; 128], b"\x44\0\0\0\0\xFF\xFF\x09"].concat(),
        ),
        Attack::new("another message in the middle of one", Connect, IsLetGo, header(4, 9, 1_000).repeat(20)),
        Attack::new("type 3 out of nowhere", Connect, IsLetGo, [0xC5]),
        Attack::new("type 3 out of nowhere, far away", Connect, IsLetGo, [0xC1, 0xFF, 0xFF]),
        Attack::new("type 2 out of nowhere", After::Handshake, IsLetGo, [0x85, 0, 0, 0]),
    ]
}

fn floods() -> Vec<Attack> {
    use After::{Connect, Handshake};
    use Then::{Floods, IsLetGo, Leaves};
    let echo = command("test.echo", 2.0, b"\x05\0\0\0\0\0\0\0\0\0");
    let ping = message(4, &[0, 6, 0, 0, 0, 0]);
    let acknowledgement = message(3, &[0xFF; 4]);
    let windows =
        [message(5, &[0, 0, 0, 1]), message(6, &[0, 0, 1, 0, 2]), message(6, &[0, 0, 2, 0, 0])].concat();
    vec![
        Attack::new(
            "100,000 createStream",
            Connect,
            Floods,
            command("createStream", 2.0, b"\x05").repeat(100_000),
        ),
        Attack::new(
            "100,000 createStream, read",
            Connect,
            Leaves,
            command("createStream", 2.0, b"\x05").repeat(100_000),
        ),
        Attack::new("pings", Connect, Floods, ping.repeat(200_000)),
        Attack::new("acknowledgements", Connect, Leaves, acknowledgement.repeat(200_000)),
        Attack::new("acknowledgements before connect", Handshake, Leaves, acknowledgement.repeat(200_000)),
        Attack::new("windows of one byte", Connect, Floods, windows.repeat(50_000)),
        Attack::new("calls", Connect, Floods, echo.repeat(100_000)),
        Attack::new("calls, read", Connect, Leaves, echo.repeat(20_000)),
        Attack::new(
            "calls that wait",
            Connect,
            Floods,
            command("test.wait", 2.0, b"\x05\0\x40\x8F\x40\0\0\0\0\0").repeat(50_000),
        ),
        Attack::new("calls of nothing", Connect, Floods, command("no.where", 2.0, b"\x05").repeat(100_000)),
        Attack::new("replies to nothing", Connect, Leaves, command("_result", 7.0, b"\x05").repeat(100_000)),
        Attack::new("aggregates of nothing", Connect, IsLetGo, message(22, &[9; 15]).repeat(10_000)),
        Attack::new("shared objects", Connect, Leaves, message(19, &[0xFF; 40]).repeat(50_000)),
        Attack::new(
            "events of streams",
            Connect,
            Leaves,
            message(4, &[0, 3, 0, 0, 0, 1, 0, 0, 0, 1]).repeat(50_000),
        ),
    ]
}

/// A value of each type of AMF0, right or broken.
const VALUES: [&[u8]; 20] = [
    b"",
    b"\0\x7F\xF8\0\0\0\0\0\0",               // not a number
    b"\0\xFF\xF0\0\0\0\0\0\0",               // minus infinity
    b"\x01\x02",                             // true, by an odd byte
    b"\x02\xFF\xFFx",                        // a string that is cut
    b"\x02\0\x02\xFF\xFE",                   // a string that is no UTF-8
    b"\x02\0\x03\0..",                       // a string with a NUL
    b"\x03\0\0\x09",                         // an empty object
    b"\x03\0\x01a",                          // an object that is cut
    b"\x04",                                 // a movie clip, reserved
    b"\x05",                                 // null
    b"\x06",                                 // undefined
    b"\x07\xFF\xFF",                         // a reference to nothing
    b"\x08\xFF\xFF\xFF\xFF\0\0\x09",         // an associative array of 4 billion
    b"\x0A\xFF\xFF\xFF\xFF",                 // an array of 4 billion
    b"\x0B\x7F\xF0\0\0\0\0\0\0\0\0",         // a date at infinity
    b"\x0C\xFF\xFF\xFF\xFF",                 // a long string of 4 GiB
    b"\x0F\0\0\0\x04<a/>",                   // XML
    b"\x10\0\x01x\0\0\x09",                  // an object of a class that nobody has
    b"\x11\x0A\x0B\x01\xFF\xFF\xFF\xFF\xFF", // AMF3, an object that is cut
];

/// Every command that means something, with every value at each of its places.
fn wrong_types() -> Vec<Attack> {
    use Then::Leaves;
    let mut attacks = Vec::new();
    let names = [
        "connect",
        "call",
        "close",
        "createStream",
        "deleteStream",
        "closeStream",
        "releaseStream",
        "FCPublish",
        "FCUnpublish",
        "FCSubscribe",
        "getStreamLength",
        "publish",
        "play",
        "play2",
        "pause",
        "seek",
        "receiveAudio",
        "receiveVideo",
        "_checkbw",
        "onBWDone",
        "onStatus",
        "_result",
        "_error",
        "test.echo",
        "test.wait",
        "",
    ];
    for name in names {
        let mut all = Vec::new();
        for value in VALUES {
            // As the object, as the first argument, as the second, and as the id.
            all.push(command(name, 2.0, value));
            all.push(command(name, 2.0, &[b"\x05", value].concat()));
            all.push(command(name, 2.0, &[b"\x05\x02\0\x01x", value].concat()));
            all.push(message(20, &[b"\x02\0", &[name.len() as u8][..], name.as_bytes(), value].concat()));
        }
        // Some of them end the connection, so each has one of its own, and before the connect and after it.
        if name == "connect" {
            attacks.extend(
                all.iter().map(|bytes| Attack::new("connect", After::Handshake, Leaves, bytes.clone())),
            );
        }
        let mut broken = Vec::new();
        for bytes in all {
            broken.extend(bytes);
        }
        attacks.push(Attack::new(format!("wrong types in {name:?}"), After::Connect, Leaves, broken));
    }
    for name in
        ["app", "tcUrl", "flashVer", "swfUrl", "pageUrl", "objectEncoding", "capabilities", "videoFunction"]
    {
        for value in VALUES {
            let object =
                [&b"\x03"[..], &member("app", "test"), &peer::text(name), value, b"\0\0\x09"].concat();
            attacks.push(Attack::new(
                format!("wrong type of {name} in connect"),
                After::Handshake,
                Leaves,
                command("connect", 1.0, &object),
            ));
        }
    }
    attacks
}

fn other_protocols() -> Vec<Attack> {
    let hello = b"\x16\x03\x01\0\xC8\x01\0\0\xC4\x03\x03";
    [
        ("TLS", &[&hello[..], &[7; 190]].concat()[..]),
        ("HTTP", b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        ("HTTP with a body", b"POST /open/1 HTTP/1.1\r\nContent-Length: 1\r\n\r\n\0"),
        ("HTTP/2", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        ("RTMPE", &[6; 1537]),
        ("a policy request", b"<policy-file-request/>\0"),
        ("nearly a policy request", b"<policy-file-requesT/>\0"),
        ("zeros", &[0; 10_000]),
    ]
    .map(|(name, bytes)| Attack::new(name, After::Nothing, Then::IsLetGo, bytes))
    .into()
}

fn connects() -> Vec<Attack> {
    use After::Handshake;
    use Then::{IsLetGo, Leaves};
    let nested = [3, 0, 1, b'a'];
    let lists = [0x0A, 0, 0, 0, 1];
    vec![
        Attack::new(
            "10,000 objects in one another",
            Handshake,
            IsLetGo,
            command("connect", 1.0, &nested.repeat(10_000)),
        ),
        Attack::new(
            "100,000 objects in one another",
            Handshake,
            IsLetGo,
            command("connect", 1.0, &nested.repeat(100_000)),
        ),
        Attack::new(
            "12,000 arrays in one another",
            Handshake,
            IsLetGo,
            command("connect", 1.0, &lists.repeat(12_000)),
        ),
        Attack::new(
            "nested in an argument",
            After::Connect,
            Leaves,
            command("test.echo", 2.0, &lists.repeat(200_000)),
        ),
        Attack::new("connect twice", After::Connect, IsLetGo, command("connect", 1.0, b"\x03\0\0\x09")),
    ]
}

/// Handshakes that break off after so many bytes.
fn cut_handshakes() -> Vec<Attack> {
    let whole = [&[3], [0; 3072].as_slice()].concat();
    (0..200)
        .map(|index| (index * 3073 / 199).min(3073))
        .map(|cut| {
            Attack::new(format!("{cut} bytes of a handshake"), After::Nothing, Then::Leaves, &whole[..cut])
        })
        .collect()
}

/// 200 handshakes, each a byte at a time: the server ends them after 5 s, its limit, however much came.
async fn dribble(server: SocketAddr) {
    let dribbling: JoinSet<()> = (0..200)
        .map(|index| async move {
            let start = Instant::now();
            // Some come as far as C2, and have their answer.
            let far = [&[3], [0; 2_000].as_slice()].concat();
            let mut socket = raw(server, &far[..=index * 10]).await;
            while socket.write_all(&[0]).await.is_ok() {
                sleep(Duration::from_millis(50)).await;
                assert!(start.elapsed() < LONG_TIMEOUT, "a dribbled handshake is still there");
            }
            assert!(start.elapsed() > Duration::from_millis(4_900), "after {:?}", start.elapsed());
        })
        .collect();
    dribbling.join_all().await;
}

async fn at_once(attacks: Vec<Attack>, server: SocketAddr) {
    let attacking: JoinSet<()> =
        attacks.into_iter().map(|attack| async move { attack.run(server).await }).collect();
    attacking.join_all().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn attacks_end_their_own_connections_at_most() {
    let _alone = ALONE.lock().await;
    let (process, server) = Process::start(MemoryBudget::process().max_bytes());
    let bystander = Bystander::enter(server).await;
    bystander.noticed_nothing("nothing").await;
    let before = process.memory("VmRSS");

    // These take as long as our patience with them, 5 s and 10 s; the others go on beside them.
    let dribbling = tokio::spawn(dribble(server));
    let flooding = tokio::spawn(at_once(floods(), server));
    for group in [other_protocols(), connects(), chunks(), wrong_types(), cut_handshakes()] {
        for attack in &group {
            attack.run(server).await;
        }
        bystander.noticed_nothing(&group[0].name).await;
    }
    timeout(LONG_TIMEOUT, dribbling).await.unwrap().unwrap();
    bystander.noticed_nothing("dribbled handshakes").await;
    timeout(LONG_TIMEOUT, flooding).await.unwrap().unwrap();
    bystander.noticed_nothing("floods").await;

    let most = process.memory("VmHWM").saturating_sub(before);
    let slowest = bystander.slowest.load(Ordering::Relaxed);
    println!("{} MiB at first, {} MiB more at most; slowest call {slowest} ms", before >> 20, most >> 20);
    assert!(most <= BUDGET, "{} MiB beyond the {} MiB at first", most >> 20, before >> 20);
    bystander.leave().await;
}

/// What makes the server hold as much as it may of one client.
fn hoards() -> [Vec<u8>; 3] {
    // Two messages of 7 MiB that lack their last byte.
    let almost = vec![0; (7 << 20) - 1];
    let mut unfinished = chunk_size(1 << 20);
    for on in [4_u8, 5] {
        unfinished.extend(header(on.into(), 9, 7 << 20));
        for (index, chunk) in almost.chunks(1 << 20).enumerate() {
            unfinished.extend((index > 0).then_some(0xC0 | on));
            unfinished.extend(chunk);
        }
    }
    let reply_of = |bytes: f64| command("test.bytes", 2.0, &[&[5, 0][..], &bytes.to_be_bytes()].concat());
    [unfinished, reply_of(1_048_576.0).repeat(20), reply_of(4_000_000.0)]
}

/// Connects, sends what the server is to hold, and reads nothing until the server ends the connection; then again.
/// Returns how often the server accepted the client, and how often it refused.
async fn besiege(server: SocketAddr, hoard: &[u8], until: Instant) -> (usize, usize) {
    let (mut taken, mut refused) = (0, 0);
    while Instant::now() < until {
        if let Some(mut socket) = accepted(server).await {
            taken += 1;
            let held = async {
                let _ = socket.write_all(hoard).await;
                // Written to until that fails, and never read.
                while socket.write_all(&message(3, &[0; 4])).await.is_ok() {
                    sleep(Duration::from_millis(50)).await;
                }
            };
            let _ = timeout(until.saturating_duration_since(Instant::now()), held).await;
        } else {
            refused += 1;
        }
        sleep(Duration::from_millis(200)).await;
    }
    (taken, refused)
}

/// A socket with a small buffer whose client was accepted.
async fn accepted(server: SocketAddr) -> Option<TcpStream> {
    let socket = TcpSocket::new_v4().ok()?;
    socket.set_recv_buffer_size(16 << 10).ok()?;
    let mut socket = socket.connect(server).await.ok()?;
    let object = [&[3][..], &member("app", "test"), &[0, 0, 9]].concat();
    let hello = [vec![3], vec![0; 3072], command("connect", 1.0, &object)].concat();
    socket.write_all(&hello).await.ok()?;
    let mut answer = Vec::new();
    while !answer.windows(7).any(|bytes| bytes == b"_result") {
        if socket.read_buf(&mut answer).await.ok()? == 0 || answer.windows(6).any(|bytes| bytes == b"_error")
        {
            return None;
        }
    }
    Some(socket)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn all_attackers_together_stay_within_the_budget() {
    let _alone = ALONE.lock().await;
    let (process, server) = Process::start(SMALL_BUDGET);
    let bystander = Bystander::enter(server).await;
    bystander.noticed_nothing("nothing").await;
    let before = process.memory("VmRSS");
    let until = Instant::now() + Duration::from_secs(5);
    let hoards = Arc::new(hoards());
    let besieging: JoinSet<(usize, usize)> = (0..ATTACKERS)
        .map(|index| {
            let hoards = Arc::clone(&hoards);
            async move { besiege(server, &hoards[index % hoards.len()], until).await }
        })
        .collect();
    let (mut taken, mut refused) = (0, 0);
    for (one_taken, one_refused) in timeout(LONG_TIMEOUT, besieging.join_all()).await.unwrap() {
        taken += one_taken;
        refused += one_refused;
    }
    let most = process.memory("VmHWM").saturating_sub(before);
    let slowest = bystander.slowest.load(Ordering::Relaxed);
    println!(
        "{} MiB more at most; {taken} connections taken, {refused} refused; slowest call {slowest} ms",
        most >> 20
    );
    bystander.noticed_nothing("120 attackers").await;
    assert!(taken > 20 && refused > 0, "{taken} taken, {refused} refused");
    // Beyond the budget: a reply of each worker with what the method and its encoding took, the room that growing buffers
    // have and do not use, and what the allocator keeps of what was freed.
    assert!(most <= 4 * SMALL_BUDGET, "{} MiB beyond the {} MiB at first", most >> 20, before >> 20);
    bystander.leave().await;
}
