//! A transport of lines, made of `connection` alone: what a transport writes for itself.
//!
//! ```text
//! <- call 1 game.add 0a00000002…    a call of the peer: its number, the target, the arguments in AMF0, in hex
//! -> result 1 004059000000000000    its reply, or `fault 1 code`
//! -> invoke 7 ask 0a00000000        a call to the peer, which answers with `reply 7` and one value
//! -> notify said 0a00000001…        a call to the peer that has no reply
//! ```

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::time::{Duration, Instant};

use amf_core::Version;
use amf_remoting::connection::{
    CallOutcome, DrainState, Handle, HandleSettings, InFlightCall, MessageFormat, Outbound, OutboundQueue,
    RunningCalls, Shutdown, ShutdownTimeouts, channel, outcome_bytes,
};
use amf_remoting::service::NamedLimit;
use amf_remoting::service::{ArgumentsForm, Call, ClientId, Notification};
use amf_remoting::{CallError, Caller, Client, Services};
use bytes::Bytes;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, DuplexStream, Lines, ReadHalf, WriteHalf};
use tokio::sync::oneshot;
use tokio::time::sleep_until;

/// A message is its line.
pub(crate) struct LineFormat;

impl MessageFormat for LineFormat {
    type Message = String;

    fn message(&self, notification: &Notification, _: Version) -> String {
        format!("notify {} {}", notification.method(), hex(notification.arguments()))
    }

    fn message_bytes(line: &String) -> usize {
        line.len()
    }
}

/// One connection: the loop that a transport writes for itself.
pub(crate) struct LineConnection {
    services: Services,
    caller: Caller,
    lines: Lines<BufReader<ReadHalf<DuplexStream>>>,
    writer: WriteHalf<DuplexStream>,
    outbound: OutboundQueue<LineFormat>,
    calls: RunningCalls<InFlightCall<u32>>,
    /// Calls to the peer that have no reply yet.
    pending: HashMap<u32, oneshot::Sender<Result<Bytes, CallError>>>,
    drain: DrainState,
}

impl LineConnection {
    pub(crate) fn new(services: Services, stream: DuplexStream) -> (Arc<Handle<LineFormat>>, Self) {
        let outbound = NamedLimit::new("outbound_bytes", 1_000);
        let settings = HandleSettings::new(ArgumentsForm::Array, 500, outbound);
        let (handle, outbound) = channel(LineFormat, settings);
        let handle = Arc::new(handle);
        let (reader, writer) = tokio::io::split(stream);
        let connection = Self {
            services,
            caller: Caller::new(Client::new(ClientId::allocate(), Arc::clone(&handle) as _)),
            lines: BufReader::new(reader).lines(),
            writer,
            outbound,
            calls: RunningCalls::new(1_000, outcome_bytes),
            pending: HashMap::new(),
            drain: DrainState::default(),
        };
        (handle, connection)
    }

    pub(crate) async fn run(mut self, shutdown: Shutdown) {
        let closing = shutdown.closing();
        tokio::pin!(closing);
        while !(self.drain.may_close() && self.calls.is_empty()) {
            let deadline = self.drain.deadline().unwrap_or_else(|| Instant::now() + Duration::from_mins(1));
            tokio::select! {
                () = poll_fn(|cx| self.calls.poll(cx)) => {}
                outbound = self.outbound.recv() => match self.send(outbound).await {
                    Some(()) => {}
                    None => return,
                },
                line = self.lines.next_line(), if self.calls.is_accepting() => match line {
                    Ok(Some(line)) => self.receive(&line),
                    _ => return,
                },
                () = &mut closing, if !self.drain.is_shutting_down() => {
                    let timeouts = ShutdownTimeouts::new(Duration::ZERO, Duration::from_secs(10));
                    self.drain.begin(timeouts, Instant::now());
                }
                () = sleep_until(deadline.into()) => if self.drain.handle_timeout(Instant::now()) {
                    self.calls.clear();
                },
            }
            while let Some(outcome) = self.calls.pop_completed() {
                self.reply(outcome).await;
            }
        }
    }

    fn receive(&mut self, line: &str) {
        match line.split(' ').collect::<Vec<_>>()[..] {
            ["call", number, target, arguments] => {
                let call = Call::new(target, unhex(arguments), Version::Amf0, self.caller.clone());
                self.calls.call(&self.services, call, number.parse().unwrap());
            }
            ["reply", number, value] => {
                let reply_tx = self.pending.remove(&number.parse().unwrap());
                reply_tx.unwrap().send(Ok(unhex(value))).unwrap();
            }
            _ => panic!("{line}"),
        }
    }

    /// Sends what the program has for the client; `None` at the end.
    async fn send(&mut self, outbound: Outbound<String>) -> Option<()> {
        match outbound {
            Outbound::Notify(call) => self.write(&LineFormat.message(&call, Version::Amf0)).await,
            Outbound::Invoke(call, reply_tx) => {
                let number = self.pending.len() as u32 + 1;
                self.pending.insert(number, reply_tx);
                self.write(&format!("invoke {number} {} {}", call.method(), hex(call.arguments()))).await;
            }
            Outbound::Message(line, _) => self.write(&line).await,
            Outbound::Close => return None,
        }
        Some(())
    }

    async fn reply(&mut self, (number, outcome): CallOutcome<u32>) {
        match outcome {
            Ok(reply) => self.write(&format!("result {number} {}", hex(reply.body()))).await,
            Err(fault) => self.write(&format!("fault {number} {}", fault.code())).await,
        }
    }

    async fn write(&mut self, line: &str) {
        self.writer.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

pub(crate) fn unhex(text: &str) -> Bytes {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap()).collect()
}
