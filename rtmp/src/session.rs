//! What a server does with one client: decides on its connect, then runs its calls.

use std::net::SocketAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use amf_remoting::service::ClientId;
use amf_remoting::{Caller, Client};
use bytes::Bytes;
use futures_util::FutureExt;
use tokio::time::timeout;

use crate::connect::{Admission, Connect, Rejection};
use crate::net::{Answer, Handle, Role, Work, answer, call_of, limit};
use crate::proto::message::code;
use crate::proto::{self, Accept, Command, Event, Message, Status, UseError};
use crate::server::Shared;

/// One client of a server.
pub(crate) struct Session {
    shared: Arc<Shared>,
    client: Client,
    handle: Arc<Handle>,
    peer: Option<SocketAddr>,
    state: State,
}

enum State {
    /// Nothing is known yet.
    New,
    /// The hook decides on it.
    Deciding(Connect),
    /// Let in; calls are made in this one's name.
    In(Caller),
}

/// What the futures of a session come to.
pub(crate) enum Done {
    Decided(Result<Admission, Rejection>),
    Answered(Answer),
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, handle: Arc<Handle>, peer: Option<SocketAddr>) -> Self {
        let client = Client::new(ClientId::next(), Arc::clone(&handle) as _);
        Self { shared, client, handle, peer, state: State::New }
    }

    fn connect(&mut self, request: proto::Connect, work: &mut Work<'_, Done>) {
        match Connect::new(request, self.peer, self.client.clone()) {
            Ok(connect) => {
                let decision = decide(Arc::clone(&self.shared), connect.clone());
                self.state = State::Deciding(connect);
                work.run(async move { Done::Decided(decision.await) });
            }
            Err(error) => {
                let status =
                    Status::error(code::CONNECT_REJECTED, format!("the arguments cannot be read: {error}"));
                self.reject(&status, work);
            }
        }
    }

    fn reject(&self, status: &Status, work: &mut Work<'_, Done>) {
        self.log(work.connection.reject(status));
        // In case that the status could not be encoded.
        work.connection.close(None);
    }

    fn decided(&mut self, decision: Result<Admission, Rejection>, work: &mut Work<'_, Done>) {
        let State::Deciding(connect) = std::mem::replace(&mut self.state, State::New) else { return };
        match decision {
            Ok(Admission { extensions }) => {
                work.shared.set_version(connect.version());
                let mut caller = Caller::new(self.client.clone()).with_extension(connect);
                caller.extensions_mut().extend(extensions);
                self.state = State::In(caller);
                self.log(work.connection.accept(work.now, &Accept::default()));
            }
            Err(Rejection { status }) => self.reject(&status, work),
        }
    }

    fn command(&mut self, command: &Command, work: &mut Work<'_, Done>) {
        let State::In(caller) = &self.state else { return };
        if let Some(answer) = stream_command(command.name()) {
            return self.without_streams(command, answer, work);
        }
        let transaction = command.transaction();
        // The protocol counts the calls that want a reply; the others must not pile up either.
        if transaction.is_none() && work.running() >= work.connection.config().limits.calls_in {
            limit("calls_in");
            tracing::debug!(client = %self.client.id(), name = command.name(), "too many calls are at work");
            return;
        }
        match call_of(command, caller) {
            Ok(call) => {
                let outcome = self.shared.services.call(call);
                work.run(async move { Done::Answered((transaction, outcome.await)) });
            }
            Err(fault) => answer((transaction, Err(fault)), work.connection),
        }
    }

    /// Says clearly that there are no streams here: players and publishers show these words and go.
    fn without_streams(&self, command: &Command, answer: StreamCommand, work: &mut Work<'_, Done>) {
        let Some(transaction) = command.transaction() else { return };
        let version = transaction.version();
        let sent = match answer {
            StreamCommand::Courtesy => work.connection.answer(transaction, &Bytes::from_static(&[0x05])),
            StreamCommand::Refused => no_streams(code::CALL_FAILED)
                .encode(version)
                .map_err(UseError::Encode)
                .and_then(|status| work.connection.fault(transaction, &status))
                // librtmp passes over the error and waits; it goes at this.
                .and_then(|()| Ok(no_streams("NetStream.Failed").encode(version)?))
                .and_then(|status| {
                    work.connection.send(&Message::notification(version, 0, "onStatus", &status))
                }),
        };
        self.log(sent);
    }

    fn log(&self, sent: Result<(), UseError>) {
        if let Err(error) = sent {
            tracing::debug!(client = %self.client.id(), %error, "an answer could not be sent");
        }
    }
}

/// However the connection ended: by its driver, by a panic, or with the server.
impl Drop for Session {
    fn drop(&mut self) {
        self.handle.ended();
        if let State::In(_) = self.state
            && catch_unwind(AssertUnwindSafe(|| (self.shared.on_disconnect)(&self.client))).is_err()
        {
            tracing::error!(client = %self.client.id(), "the hook of on_disconnect panicked");
        }
    }
}

/// Asks the hook, which may take too long or panic: then the client is told no.
async fn decide(shared: Arc<Shared>, connect: Connect) -> Result<Admission, Rejection> {
    let no = connect.reject("the server could not decide, try again later");
    let limit = shared.decide_within;
    let decision = AssertUnwindSafe(async move { (shared.on_connect)(connect).await }).catch_unwind();
    match timeout(limit, decision).await {
        Ok(Ok(decision)) => decision,
        Ok(Err(_panic)) => {
            tracing::error!("the hook of on_connect panicked");
            Err(no)
        }
        Err(_elapsed) => {
            tracing::error!(?limit, "the hook of on_connect took too long");
            Err(no)
        }
    }
}

impl Role for Session {
    type Done = Done;

    fn event(&mut self, event: Event, work: &mut Work<'_, Done>) {
        match event {
            Event::Connect(request) => self.connect(request, work),
            Event::Command(command) => self.command(&command, work),
            // There is none to give, and nothing else comes on such a connection.
            Event::PolicyRequest => work.connection.close(None),
            // There are no streams and no shared objects: what comes of them has nowhere to go.
            _ => {}
        }
    }

    fn done(&mut self, done: Done, work: &mut Work<'_, Done>) {
        match done {
            Done::Decided(decision) => self.decided(decision, work),
            Done::Answered(done) => answer(done, work.connection),
        }
    }
}

/// A command of publishers and players.
#[derive(Clone, Copy)]
enum StreamCommand {
    /// Asks for something that is not there.
    Refused,
    /// Part of saying hello or good-bye.
    Courtesy,
}

fn stream_command(name: &str) -> Option<StreamCommand> {
    Some(match name {
        "createStream" | "releaseStream" | "FCPublish" | "FCSubscribe" | "publish" | "play" | "play2"
        | "getStreamLength" => StreamCommand::Refused,
        "_checkbw" | "deleteStream" | "closeStream" | "FCUnpublish" | "FCUnsubscribe" => {
            StreamCommand::Courtesy
        }
        _ => return None,
    })
}

fn no_streams(code: &str) -> Status {
    Status::error(
        code,
        "this server has no streams yet: it answers calls, but nothing can be published or played",
    )
}
