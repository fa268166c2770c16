//! What a server does with one client: decides on its connect, then runs its calls.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use amf_core::DynamicMembers;
use amf_remoting::service::{BoxFuture, ClientId, Reply, Target};
use amf_remoting::{Caller, Client, Fault};
use bytes::Bytes;
use futures_util::FutureExt;
use tokio::runtime;
use tokio::time::timeout;

use super::connect::{Admission, Connect, Rejection};
use super::disconnect::{Disconnect, DisconnectReason};
use super::fallback::UnknownCommand;
use super::limiter::ConnectionPermit;
use super::settings::{Fallback, ServerSettings};
use crate::connection::{
    CallOutcome, ConnectionEnd, ConnectionHandler, Handle, HandlerContext, InFlightCall, outcome_size,
    send_reply, to_call,
};
use crate::metrics::limit;
use crate::proto::message::code;
use crate::proto::{self, Accept, Command, Event, Message, Status, UserError};
use crate::shared_object::ConnectionSubscriptions;

/// One client of a server.
pub(crate) struct ClientSession {
    settings: Arc<ServerSettings>,
    client: Client,
    handle: Arc<Handle>,
    peer: Option<SocketAddr>,
    permit: Arc<ConnectionPermit>,
    state: State,
    objects: ConnectionSubscriptions,
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
pub(crate) enum Task {
    Deciding(BoxFuture<'static, Result<Admission, Rejection>>),
    InFlightCall(InFlightCall),
}

/// What it comes to.
pub(crate) enum Done {
    Connect(Result<Admission, Rejection>),
    Answered(CallOutcome),
}

impl Future for Task {
    type Output = Done;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Done> {
        match self.get_mut() {
            Self::Deciding(decision) => decision.as_mut().poll(cx).map(Done::Connect),
            Self::InFlightCall(call) => Pin::new(call).poll(cx).map(Done::Answered),
        }
    }
}

impl ClientSession {
    pub(crate) fn new(
        settings: Arc<ServerSettings>,
        handle: Arc<Handle>,
        peer: Option<SocketAddr>,
        permit: Arc<ConnectionPermit>,
    ) -> Self {
        let client = Client::new(ClientId::allocate(), Arc::clone(&handle) as _);
        let objects = ConnectionSubscriptions::new(Arc::clone(&handle), settings.config.chunk_size);
        Self { settings, client, handle, peer, permit, state: State::New, objects, end: None }
    }

    fn connect(&mut self, request: proto::Connect, context: &mut HandlerContext<'_, Self>) {
        let (app, _) = request.app_and_query();
        let (application, name) = app.split_once('/').unwrap_or((app, ""));
        let instance = match self.settings.instance(application, name) {
            Ok(instance) => instance,
            Err(error) => {
                return self.reject(&Status::error(code::CONNECT_INVALID_APP, error.to_string()), context);
            }
        };
        let (client, handle) = (self.client.clone(), Arc::clone(&self.handle));
        match Connect::new(request, self.peer, client, handle, instance) {
            Ok(connect) => {
                let decision = decide(Arc::clone(&self.settings), connect.clone());
                self.state = State::Deciding(connect);
                context.run(Task::Deciding(Box::pin(decision)));
            }
            Err(error) => self.reject(&Rejection::from(error).status, context),
        }
    }

    /// Nothing else comes on such a connection.
    fn policy(&self, context: &mut HandlerContext<'_, Self>) {
        match &self.settings.policy_file {
            Some(xml) => self.log(context.connection.answer_policy(xml)),
            None => context.connection.close(None),
        }
    }

    fn reject(&self, status: &Status, context: &mut HandlerContext<'_, Self>) {
        self.log(context.connection.reject(status));
        // In case that the status could not be encoded.
        context.connection.close(None);
    }

    fn decided(&mut self, decision: Result<Admission, Rejection>, context: &mut HandlerContext<'_, Self>) {
        let State::Deciding(connect) = std::mem::replace(&mut self.state, State::New) else { return };
        let decision = if context.is_draining { Err(shutting_down(&connect)) } else { decision };
        match decision {
            Ok(Admission { extensions, info }) => {
                context.status.set_version(connect.version());
                let instance = connect.instance().clone();
                instance.enter(&self.client);
                let mut caller =
                    Caller::new(self.client.clone()).with_extension(connect.clone()).with_extension(instance);
                caller.extensions_mut().extend(extensions);
                self.state = State::In(caller, connect);
                self.permit.set_accepted();
                self.log(context.connection.accept(Instant::now(), &success_with(&info)));
            }
            Err(Rejection { status }) => self.reject(&status, context),
        }
    }

    fn command(&mut self, command: Command, context: &mut HandlerContext<'_, Self>) {
        let State::In(caller, _) = &self.state else { return };
        if let Some(answer) = stream_command(command.name()) {
            return self.without_streams(&command, answer, context);
        }
        let transaction = command.transaction();
        // The protocol counts the calls that want a reply; the others must not pile up either.
        if transaction.is_none() && context.in_flight() >= context.connection.config().limits.calls_in {
            limit("calls_in");
            tracing::debug!(client = %self.client.id(), name = command.name(), "too many calls are at work");
            return;
        }
        let services = &self.settings.services;
        let target = Target::new(command.shared_name());
        let outcome = match &self.settings.fallback {
            Some(hook) if services.signature(&target).is_none() => {
                call_fallback(Arc::clone(hook), UnknownCommand::new(command, caller.clone()))
            }
            _ => match to_call(command, target, caller) {
                Ok(call) => services.call(call),
                Err(fault) => return send_reply((transaction, Err(fault)), context.connection),
            },
        };
        context.run(Task::InFlightCall(InFlightCall::new(transaction, outcome)));
    }

    /// Says clearly that there are no streams here: players and publishers show these words and go.
    fn without_streams(
        &self,
        command: &Command,
        answer: StreamCommand,
        context: &mut HandlerContext<'_, Self>,
    ) {
        let Some(transaction) = command.transaction() else { return };
        let version = transaction.version();
        let sent = match answer {
            StreamCommand::Courtesy => context.connection.answer(transaction, &Bytes::from_static(&[0x05])),
            StreamCommand::Refused => no_streams(code::CALL_FAILED)
                .encode(version)
                .map_err(UserError::Encode)
                .and_then(|status| context.connection.fault(transaction, &status))
                // librtmp passes over the error and waits; it goes at this.
                .and_then(|()| Ok(no_streams("NetStream.Failed").encode(version)?))
                .and_then(|status| {
                    context.connection.send(&Message::notification(version, 0, "onStatus", &status))
                }),
        };
        self.log(sent);
    }

    fn log(&self, sent: Result<(), UserError>) {
        if let Err(error) = sent {
            tracing::debug!(client = %self.client.id(), %error, "an answer could not be sent");
        }
    }
}

/// However the connection ended: by its driver, by a panic, or with the server.
impl Drop for ClientSession {
    fn drop(&mut self) {
        self.handle.on_end();
        let State::In(caller, connect) = std::mem::replace(&mut self.state, State::New) else { return };
        connect.instance().leave(&self.client);
        let reason = self.end.take().unwrap_or(DisconnectReason::Aborted);
        call_on_disconnect(&self.settings, Arc::clone(&self.permit), Disconnect { caller, connect, reason });
    }
}

/// Runs the hook beside everything else. The connection's permit is held until the hook returns: with a slow hook,
/// clients that come and go would otherwise pile up any number of its futures.
fn call_on_disconnect(settings: &Arc<ServerSettings>, permit: Arc<ConnectionPermit>, gone: Disconnect) {
    // Where the runtime is gone too, nobody is left to be told.
    let (Some(hook), Ok(runtime)) = (&settings.on_disconnect, runtime::Handle::try_current()) else { return };
    let hook = Arc::clone(hook);
    let told = AssertUnwindSafe(async move { hook(gone).await }).catch_unwind();
    settings.tasks().spawn_on(
        async move {
            if told.await.is_err() {
                tracing::error!("the hook of on_disconnect panicked");
            }
            drop(permit);
        },
        &runtime,
    );
}

fn call_fallback(hook: Arc<Fallback>, command: UnknownCommand) -> BoxFuture<'static, Result<Reply, Fault>> {
    let answer = AssertUnwindSafe(async move { hook(command).await }).catch_unwind();
    Box::pin(async move {
        answer.await.unwrap_or_else(|_panic| Err(Fault::internal("the hook of on_unknown panicked")))
    })
}

/// With what the program adds; what clients look for stays as it is.
fn success_with(members: &DynamicMembers) -> Accept {
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
async fn decide(settings: Arc<ServerSettings>, connect: Connect) -> Result<Admission, Rejection> {
    let no = connect.reject("the server could not decide, try again later");
    let limit = settings.on_connect_timeout;
    let decision = AssertUnwindSafe(async move { (settings.on_connect)(connect).await }).catch_unwind();
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

impl ConnectionHandler for ClientSession {
    type Task = Task;

    fn event(&mut self, event: Event, context: &mut HandlerContext<'_, Self>) {
        match event {
            Event::Connect(request) => self.connect(request, context),
            Event::Command(command) => self.command(command, context),
            Event::PolicyRequest => self.policy(context),
            Event::SharedObject(message) => {
                if let State::In(caller, connect) = &self.state {
                    let limits = &context.connection.config().limits;
                    self.objects.receive(message, caller, connect.instance(), limits);
                }
            }
            // There are no streams: what comes of them has nowhere to go.
            _ => {}
        }
    }

    fn done(&mut self, done: Done, context: &mut HandlerContext<'_, Self>) {
        match done {
            Done::Connect(decision) => self.decided(decision, context),
            Done::Answered(done) => send_reply(done, context.connection),
        }
    }

    fn outcome_size(done: &Done) -> usize {
        match done {
            Done::Connect(_) => 0,
            Done::Answered(outcome) => outcome_size(outcome),
        }
    }

    fn on_end(&mut self, end: &ConnectionEnd) {
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
