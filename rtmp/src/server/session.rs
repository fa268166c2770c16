//! What a server does with one client: decides on its connect, then runs its calls.

use std::net::SocketAddr;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use amf_core::DynamicMembers;
use amf_remoting::__private::log_limit::error_limited;
use amf_remoting::connection::{ConnectionCharge, ConnectionPermit, outcome_bytes};
use amf_remoting::service::{BoxFuture, ClientId, Reply, Target, fault};
use amf_remoting::{Caller, Client, Fault, MemoryBudget};
use bytes::Bytes;
use futures_util::FutureExt;
use tokio::runtime;
use tokio::time::timeout;

use super::connect::{Admission, Connect, Rejection};
use super::disconnect::{Disconnect, DisconnectReason};
use super::fallback::UnknownCommand;
use super::settings::{Fallback, ServerSettings};
use crate::connection::{
    CallOutcome, ConnectionEnd, ConnectionHandler, Handle, HandlerContext, InFlightCall, send_reply, to_call,
};
use crate::instance::split_app;
use crate::metrics::limit_exceeded;
use crate::proto::message::code;
use crate::proto::{self, Accept, Command, Event, Message, Status, UserError};
use crate::shared_object::ConnectionSubscriptions;

/// Memory that is charged for each byte of a connect command, whose values are kept: as much as decoding may take for it
/// in a message of some length.
const DECODED_PER_BYTE: usize = 16;

/// Commands of less are not refused while the memory budget has no room for requests.
const MIN_REFUSED_BYTES: usize = 4 << 10;

/// One client of a server.
pub(crate) struct ClientSession {
    settings: Arc<ServerSettings>,
    client: Client,
    handle: Arc<Handle>,
    peer: Option<SocketAddr>,
    permit: Arc<ConnectionPermit>,
    state: SessionState,
    /// What the connect command holds for as long as the client is connected.
    connect_charge: ConnectionCharge,
    subscriptions: ConnectionSubscriptions,
    end: Option<DisconnectReason>,
}

enum SessionState {
    /// Nothing is known yet.
    New,
    /// The hook decides on it.
    PendingConnect(Connect),
    /// Let in; calls are made in this one's name.
    Connected(Caller, Connect),
}

/// A future of a session.
pub(crate) enum SessionTask {
    OnConnect(BoxFuture<'static, Result<Admission, Rejection>>),
    Call(InFlightCall),
}

/// What it comes to.
pub(crate) enum SessionTaskOutput {
    OnConnect(Result<Admission, Rejection>),
    Call(CallOutcome),
}

impl From<InFlightCall> for SessionTask {
    fn from(call: InFlightCall) -> Self {
        Self::Call(call)
    }
}

impl From<CallOutcome> for SessionTaskOutput {
    fn from(outcome: CallOutcome) -> Self {
        Self::Call(outcome)
    }
}

impl Future for SessionTask {
    type Output = SessionTaskOutput;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<SessionTaskOutput> {
        match self.get_mut() {
            Self::OnConnect(decision) => decision.as_mut().poll(cx).map(SessionTaskOutput::OnConnect),
            Self::Call(call) => Pin::new(call).poll(cx).map(SessionTaskOutput::Call),
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
        let chunk_size = settings.config.chunk_size;
        let subscriptions = ConnectionSubscriptions::new(Arc::clone(&handle), chunk_size);
        let connect_charge = handle.memory().charge();
        let state = SessionState::New;
        Self { settings, client, handle, peer, permit, state, connect_charge, subscriptions, end: None }
    }

    fn connect(&mut self, request: proto::Connect, context: &mut HandlerContext<'_, Self>) {
        let (app, _) = request.app_and_query();
        let (application, name) = split_app(app);
        let instance = match self.settings.instance(application, name) {
            Ok(instance) => instance,
            Err(error) => {
                return self.reject(&Status::error(code::CONNECT_INVALID_APP, error.to_string()), context);
            }
        };
        self.connect_charge.set(DECODED_PER_BYTE * request.body().bytes().len());
        let (client, handle) = (self.client.clone(), Arc::clone(&self.handle));
        match Connect::new(request, self.peer, client, handle, instance) {
            Ok(connect) => {
                let decision = run_on_connect(Arc::clone(&self.settings), connect.clone());
                self.state = SessionState::PendingConnect(connect);
                context.calls.run(SessionTask::OnConnect(Box::pin(decision)));
            }
            Err(error) => self.reject(&Rejection::from(error).status, context),
        }
    }

    /// Nothing else comes on such a connection.
    fn send_policy_file(&self, context: &mut HandlerContext<'_, Self>) {
        match &self.settings.policy_file {
            Some(xml) => self.log_failure(context.connection.send_policy(xml)),
            None => context.connection.close(None),
        }
    }

    fn reject(&self, status: &Status, context: &mut HandlerContext<'_, Self>) {
        self.log_failure(context.connection.reject(status));
        // In case that the status could not be encoded.
        context.connection.close(None);
    }

    fn finish_connect(
        &mut self,
        decision: Result<Admission, Rejection>,
        context: &mut HandlerContext<'_, Self>,
    ) {
        let SessionState::PendingConnect(connect) = std::mem::replace(&mut self.state, SessionState::New)
        else {
            return;
        };
        let decision = if context.is_shutting_down { Err(shutting_down(&connect)) } else { decision };
        match decision {
            Ok(Admission { extensions, info }) => {
                context.outbound.set_version(connect.version());
                let instance = connect.instance().clone();
                instance.add_client(&self.client);
                let mut caller = connect.caller();
                caller.extensions_mut().extend(extensions);
                caller.extensions_mut().shrink_to_fit();
                self.state = SessionState::Connected(caller, connect);
                self.permit.set_accepted();
                self.log_failure(context.connection.accept(Instant::now(), &accept_with_info(&info)));
            }
            Err(Rejection { status }) => self.reject(&status, context),
        }
    }

    fn command(&mut self, command: Command, context: &mut HandlerContext<'_, Self>) {
        let SessionState::Connected(caller, _) = &self.state else { return };
        if let Some(stream_command) = stream_command(command.name()) {
            return self.refuse_stream_command(&command, stream_command, context);
        }
        let transaction = command.transaction();
        // The protocol counts the calls that want a reply; the others must not pile up either.
        if transaction.is_none() && context.calls.len() >= context.connection.config().limits.calls_in {
            limit_exceeded(proto::Limits::NAMES.calls_in);
            tracing::debug!(client = %self.client.id(), name = command.name(), "too many calls are at work");
            return;
        }
        let services = &self.settings.services;
        // What a short command holds is not worth refusing it.
        if command.body().bytes().len() >= MIN_REFUSED_BYTES && !services.memory().accepts_requests() {
            return send_reply((transaction, Err(overloaded())), context.connection);
        }
        let target = Target::new(command.shared_name());
        match &self.settings.fallback {
            Some(hook) if services.signature(&target).is_none() => {
                let bytes = command.body().bytes().len();
                let command = UnknownCommand::new(command, caller.clone());
                let outcome = call_fallback(Arc::clone(&self.settings), Arc::clone(hook), command);
                context.calls.run_holding(InFlightCall::new(transaction, outcome).into(), bytes);
            }
            _ => match to_call(command, target, caller) {
                Ok(call) => context.calls.call(services, call, transaction),
                Err(fault) => send_reply((transaction, Err(fault)), context.connection),
            },
        }
    }

    /// Says clearly that there are no streams here: players and publishers show these words and go.
    fn refuse_stream_command(
        &self,
        command: &Command,
        stream_command: StreamCommand,
        context: &mut HandlerContext<'_, Self>,
    ) {
        let Some(transaction) = command.transaction() else { return };
        let version = transaction.version();
        let sent = match stream_command {
            StreamCommand::Acknowledged => {
                context.connection.reply(transaction, &Bytes::from_static(&[0x05]))
            }
            StreamCommand::Unsupported => streams_unsupported(code::CALL_FAILED)
                .encode(version)
                .map_err(UserError::Encode)
                .and_then(|status| context.connection.fault(transaction, &status))
                // librtmp passes over the error and waits; it goes at this.
                .and_then(|()| Ok(streams_unsupported("NetStream.Failed").encode(version)?))
                .and_then(|status| {
                    context.connection.send(&Message::notification(version, 0, "onStatus", &status))
                }),
        };
        self.log_failure(sent);
    }

    fn log_failure(&self, sent: Result<(), UserError>) {
        if let Err(error) = sent {
            tracing::debug!(client = %self.client.id(), %error, "an answer could not be sent");
        }
    }
}

/// However the connection ended: by its driver, by a panic, or with the server.
impl Drop for ClientSession {
    fn drop(&mut self) {
        self.handle.mark_closed();
        let SessionState::Connected(caller, connect) = std::mem::replace(&mut self.state, SessionState::New)
        else {
            return;
        };
        connect.instance().remove_client(&self.client);
        let reason = self.end.take().unwrap_or(DisconnectReason::Aborted);
        spawn_on_disconnect(&self.settings, Arc::clone(&self.permit), Disconnect { caller, connect, reason });
    }
}

/// Runs the hook beside everything else. The connection's permit is held until the hook returns: with a slow hook,
/// clients that come and go would otherwise pile up any number of its futures.
fn spawn_on_disconnect(
    settings: &Arc<ServerSettings>,
    permit: Arc<ConnectionPermit>,
    disconnect: Disconnect,
) {
    // Where the runtime is gone too, nobody is left to be told.
    let (Some(hook), Ok(runtime)) = (&settings.on_disconnect, runtime::Handle::try_current()) else { return };
    let hook = Arc::clone(hook);
    let outcome = AssertUnwindSafe(async move { hook(disconnect).await }).catch_unwind();
    settings.tasks().spawn_on(
        async move {
            if outcome.await.is_err() {
                error_limited!("the hook of on_disconnect panicked");
            }
            drop(permit);
        },
        &runtime,
    );
}

fn call_fallback(
    settings: Arc<ServerSettings>,
    hook: Arc<Fallback>,
    command: UnknownCommand,
) -> BoxFuture<'static, Result<Reply, Fault>> {
    let answer = AssertUnwindSafe(async move { hook(command).await }).catch_unwind();
    Box::pin(async move {
        let answer = async {
            answer.await.unwrap_or_else(|_panic| Err(Fault::internal("the hook of fallback panicked")))
        };
        settings.services.within_call_timeout(answer).await
    })
}

/// With what the program adds; what clients look for stays as it is.
fn accept_with_info(members: &DynamicMembers) -> Accept {
    let Accept { properties, mut info } = Accept::default();
    for (name, value) in members {
        if info.get(name).is_none() {
            info = info.with(name, value.clone());
        }
    }
    Accept { properties, info }
}

#[cold]
fn overloaded() -> Fault {
    let text =
        format!("the server holds as much as it may, the limit `{}`, try again later", MemoryBudget::NAME);
    Fault::new(fault::code::OVERLOADED, text)
}

fn shutting_down(connect: &Connect) -> Rejection {
    connect.reject("the server is shutting down")
}

/// Asks the hook, which may take too long or panic: then the client is told no.
async fn run_on_connect(settings: Arc<ServerSettings>, connect: Connect) -> Result<Admission, Rejection> {
    let rejection = connect.reject("the server could not decide, try again later");
    let limit = settings.limits.on_connect_timeout;
    let decision = AssertUnwindSafe(async move { (settings.on_connect)(connect).await }).catch_unwind();
    match timeout(limit, decision).await {
        Ok(Ok(decision)) => decision,
        Ok(Err(_panic)) => {
            error_limited!("the hook of on_connect panicked");
            Err(rejection)
        }
        Err(_elapsed) => {
            error_limited!(?limit, "the hook of on_connect took too long");
            Err(rejection)
        }
    }
}

impl ConnectionHandler for ClientSession {
    type Task = SessionTask;

    fn handle_event(&mut self, event: Event, context: &mut HandlerContext<'_, Self>) {
        match event {
            Event::Connect(request) => self.connect(request, context),
            Event::Command(command) => self.command(command, context),
            Event::PolicyRequest => self.send_policy_file(context),
            Event::SharedObject(message) => {
                if let SessionState::Connected(caller, connect) = &self.state {
                    let limits = &context.connection.config().limits;
                    self.subscriptions.receive(message, caller, connect.instance(), limits);
                }
            }
            Event::Data(message) if message.stream == 0 => {
                if let Some(command) = Command::from_data(&message) {
                    self.command(command, context);
                }
            }
            // There are no streams: what comes of them has nowhere to go.
            _ => {}
        }
    }

    fn handle_completion(&mut self, output: SessionTaskOutput, context: &mut HandlerContext<'_, Self>) {
        match output {
            SessionTaskOutput::OnConnect(decision) => self.finish_connect(decision, context),
            SessionTaskOutput::Call(outcome) => send_reply(outcome, context.connection),
        }
    }

    fn outcome_bytes(output: &SessionTaskOutput) -> usize {
        match output {
            SessionTaskOutput::OnConnect(_) => 0,
            SessionTaskOutput::Call(outcome) => outcome_bytes(outcome),
        }
    }

    fn handle_end(&mut self, end: &ConnectionEnd) {
        self.end = Some(end.into());
    }
}

/// A command of publishers and players.
#[derive(Clone, Copy)]
enum StreamCommand {
    /// Asks for something that is not there.
    Unsupported,
    /// Part of saying hello or good-bye.
    Acknowledged,
}

fn stream_command(name: &str) -> Option<StreamCommand> {
    Some(match name {
        "createStream" | "releaseStream" | "FCPublish" | "FCSubscribe" | "publish" | "play" | "play2"
        | "getStreamLength" => StreamCommand::Unsupported,
        "_checkbw" | "deleteStream" | "closeStream" | "FCUnpublish" | "FCUnsubscribe" => {
            StreamCommand::Acknowledged
        }
        _ => return None,
    })
}

fn streams_unsupported(code: &str) -> Status {
    Status::error(
        code,
        "this server has no streams yet: it answers calls, but nothing can be published or played",
    )
}
