//! What a server does with one client: decides on its connect, then runs its calls.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use amf_core::Dynamic;
use amf_remoting::service::{BoxFuture, ClientId, Reply, Target};
use amf_remoting::{Caller, Client, Fault};
use bytes::Bytes;
use futures_util::FutureExt;
use tokio::runtime;
use tokio::time::timeout;

use crate::connect::{Admission, Connect, Rejection};
use crate::disconnect::{Disconnect, DisconnectReason};
use crate::net::{Answer, Answering, End, Handle, Role, Work, answer, call_of, limit};
use crate::proto::message::code;
use crate::proto::{self, Accept, Command, Event, Message, Status, UseError};
use crate::server::{OnUnknown, Shared};
use crate::shared_object::Joined;
use crate::unknown::UnknownCommand;

/// One client of a server.
pub(crate) struct Session {
    shared: Arc<Shared>,
    client: Client,
    handle: Arc<Handle>,
    peer: Option<SocketAddr>,
    state: State,
    objects: Joined,
    end: Option<DisconnectReason>,
}

enum State {
    /// Nothing is known yet.
    New,
    /// The hook decides on it.
    Deciding(Connect),
    /// Let in; calls are made in this one's name.
    In(Caller, Connect),
}

/// A future of a session.
pub(crate) enum Running {
    Deciding(BoxFuture<'static, Result<Admission, Rejection>>),
    Answering(Answering),
}

/// What it comes to.
pub(crate) enum Done {
    Decided(Result<Admission, Rejection>),
    Answered(Answer),
}

impl Future for Running {
    type Output = Done;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Done> {
        match self.get_mut() {
            Self::Deciding(decision) => decision.as_mut().poll(cx).map(Done::Decided),
            Self::Answering(call) => Pin::new(call).poll(cx).map(Done::Answered),
        }
    }
}

impl Session {
    pub(crate) fn new(shared: Arc<Shared>, handle: Arc<Handle>, peer: Option<SocketAddr>) -> Self {
        let client = Client::new(ClientId::allocate(), Arc::clone(&handle) as _);
        let objects = Joined::new(Arc::clone(&handle), shared.config.chunk_size);
        Self { shared, client, handle, peer, state: State::New, objects, end: None }
    }

    fn connect(&mut self, request: proto::Connect, work: &mut Work<'_, Running>) {
        let (app, _) = request.app_and_query();
        let (application, name) = app.split_once('/').unwrap_or((app, ""));
        let instance = match self.shared.instance(application, name) {
            Ok(instance) => instance,
            Err(error) => {
                return self.reject(&Status::error(code::CONNECT_INVALID_APP, error.to_string()), work);
            }
        };
        let (client, handle) = (self.client.clone(), Arc::clone(&self.handle));
        match Connect::new(request, self.peer, client, handle, instance) {
            Ok(connect) => {
                let decision = decide(Arc::clone(&self.shared), connect.clone());
                self.state = State::Deciding(connect);
                work.run(Running::Deciding(Box::pin(decision)));
            }
            Err(error) => self.reject(&Rejection::from(error).status, work),
        }
    }

    /// Nothing else comes on such a connection.
    fn policy(&self, work: &mut Work<'_, Running>) {
        match &self.shared.policy_file {
            Some(xml) => self.log(work.connection.answer_policy(xml)),
            None => work.connection.close(None),
        }
    }

    fn reject(&self, status: &Status, work: &mut Work<'_, Running>) {
        self.log(work.connection.reject(status));
        // In case that the status could not be encoded.
        work.connection.close(None);
    }

    fn decided(&mut self, decision: Result<Admission, Rejection>, work: &mut Work<'_, Running>) {
        let State::Deciding(connect) = std::mem::replace(&mut self.state, State::New) else { return };
        let decision = if work.is_draining { Err(shutting_down(&connect)) } else { decision };
        match decision {
            Ok(Admission { extensions, info }) => {
                work.shared.set_version(connect.version());
                let instance = connect.instance().clone();
                instance.enter(&self.client);
                let mut caller =
                    Caller::new(self.client.clone()).with_extension(connect.clone()).with_extension(instance);
                caller.extensions_mut().extend(extensions);
                self.state = State::In(caller, connect);
                self.log(work.connection.accept(Instant::now(), &accept_with(&info)));
            }
            Err(Rejection { status }) => self.reject(&status, work),
        }
    }

    fn command(&mut self, command: Command, work: &mut Work<'_, Running>) {
        let State::In(caller, _) = &self.state else { return };
        if let Some(answer) = stream_command(command.name()) {
            return self.without_streams(&command, answer, work);
        }
        let transaction = command.transaction();
        // The protocol counts the calls that want a reply; the others must not pile up either.
        if transaction.is_none() && work.running() >= work.connection.config().limits.calls_in {
            limit("calls_in");
            tracing::debug!(client = %self.client.id(), name = command.name(), "too many calls are at work");
            return;
        }
        let services = &self.shared.services;
        let target = Target::new(command.shared_name());
        let outcome = match &self.shared.on_unknown {
            Some(hook) if services.signature(&target).is_none() => {
                answer_unknown(Arc::clone(hook), UnknownCommand::new(command, caller.clone()))
            }
            _ => match call_of(command, target, caller, services) {
                Ok(call) => services.call(call),
                Err(fault) => return answer((transaction, Err(fault)), work.connection),
            },
        };
        work.run(Running::Answering(Answering::new(transaction, outcome)));
    }

    /// Says clearly that there are no streams here: players and publishers show these words and go.
    fn without_streams(&self, command: &Command, answer: StreamCommand, work: &mut Work<'_, Running>) {
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
        let State::In(caller, connect) = std::mem::replace(&mut self.state, State::New) else { return };
        connect.instance().leave(&self.client);
        let reason = self.end.take().unwrap_or(DisconnectReason::Aborted);
        tell_gone(&self.shared, Disconnect { caller, connect, reason });
    }
}

/// The hook outlives the connection; where the runtime is gone too, nobody is left to be told.
fn tell_gone(shared: &Arc<Shared>, gone: Disconnect) {
    let (Some(hook), Ok(runtime)) = (&shared.on_disconnect, runtime::Handle::try_current()) else { return };
    let hook = Arc::clone(hook);
    let told = AssertUnwindSafe(async move { hook(gone).await }).catch_unwind();
    shared.tasks().spawn_on(
        async move {
            if told.await.is_err() {
                tracing::error!("the hook of on_disconnect panicked");
            }
        },
        &runtime,
    );
}

fn answer_unknown(hook: Arc<OnUnknown>, command: UnknownCommand) -> BoxFuture<'static, Result<Reply, Fault>> {
    let answer = AssertUnwindSafe(async move { hook(command).await }).catch_unwind();
    Box::pin(async move {
        answer.await.unwrap_or_else(|_panic| Err(Fault::internal("the hook of on_unknown panicked")))
    })
}

/// With what the program adds; what clients look for stays as it is.
fn accept_with(members: &Dynamic) -> Accept {
    let Accept { properties, mut info } = Accept::default();
    for (name, value) in members.iter() {
        if info.get(name).is_none() {
            info = info.with(name, value.clone());
        }
    }
    Accept { properties, info }
}

fn shutting_down(connect: &Connect) -> Rejection {
    connect.reject("the server is shutting down")
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
    type Running = Running;

    fn event(&mut self, event: Event, work: &mut Work<'_, Running>) {
        match event {
            Event::Connect(request) => self.connect(request, work),
            Event::Command(command) => self.command(command, work),
            Event::PolicyRequest => self.policy(work),
            Event::SharedObject(message) => {
                if let State::In(caller, connect) = &self.state {
                    let limits = &work.connection.config().limits;
                    self.objects.receive(message, caller, connect.instance(), limits);
                }
            }
            // There are no streams: what comes of them has nowhere to go.
            _ => {}
        }
    }

    fn done(&mut self, done: Done, work: &mut Work<'_, Running>) {
        match done {
            Done::Decided(decision) => self.decided(decision, work),
            Done::Answered(done) => answer(done, work.connection),
        }
    }

    fn ended(&mut self, end: &End) {
        self.end = Some(end.into());
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
