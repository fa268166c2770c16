//! From a call to a method at work: look up, decode, run.

use std::borrow::Cow;
use std::future::{poll_fn, ready};
use std::sync::Arc;
use std::task::{self, Poll, Waker};

use amf_core::Limits;
use tokio::runtime::Handle;

use super::args::check_sequence_count;
use super::catch_panic::catch_panic;
use super::failure_log::{CurrentMethod, MethodScope};
use super::fault::{Fault, code};
use super::registry::{Registry, ResolvedMethod};
use super::{Access, Arguments, ArgumentsForm, BoxFuture, Call, Context, MethodFuture, Reply, Target};
use crate::memory::{MIN_CHARGED_BYTES, MemoryBudget, MemoryBudgetExceededError, MemoryCharge};

/// The innermost service, within all layers.
pub(super) fn dispatch(mut call: Call) -> BoxFuture<'static, Result<Reply, Fault>> {
    let Some(registry) = call.registry.take() else {
        let text = "a layer made a call of its own; it should change the one it was given";
        return Box::pin(ready(Err(Fault::internal(text))));
    };
    let target = call.target().clone();
    let mut dispatch = Dispatch::new(call);
    Box::pin(poll_fn(move |cx| dispatch.poll(&registry, &target, cx)))
}

/// A call on its way to its method, and then its method.
///
/// Not an `async fn`: its future would hold the call twice, and each move of a call takes half a percent of the
/// instructions of a short one over RTMP.
pub(super) struct Dispatch {
    /// Until the first poll.
    call: Option<Call>,
    /// Whose rate its failures are logged at.
    method: Option<CurrentMethod>,
    running: Option<MethodFuture>,
}

impl Dispatch {
    pub(super) fn new(call: Call) -> Self {
        Self { call: Some(call), method: None, running: None }
    }

    /// Polls the method, which is started at the first poll. Registry and target are those of the future around it, so
    /// that a call does not count its references to them twice.
    pub(super) fn poll(
        &mut self,
        registry: &Arc<Registry>,
        target: &Target,
        cx: &mut task::Context<'_>,
    ) -> Poll<Result<Reply, Fault>> {
        let _scope = MethodScope::enter(self.method);
        let polled = catch_panic(target, || {
            if let Some(call) = self.call.take() {
                let method = resolve(registry, target)
                    .map_err(|fault| call.not_found().map_or(fault, |not_found| not_found(target)))?;
                self.method = Some(CurrentMethod::set(method.signature));
                self.running = Some(start(registry, target, method, call)?);
            }
            // As every future, this one is not polled again once it is ready.
            let Some(running) = &mut self.running else { return Ok(Poll::Pending) };
            Ok(running.as_mut().poll(cx))
        });
        // A method written by hand may have encoded its reply with another limit.
        let within = |reply: Reply| reply.within(registry.output_limits().reply());
        polled.unwrap_or_else(|fault| Poll::Ready(Err(fault))).map(|outcome| outcome.and_then(within))
    }
}

/// Starts the method. If its rule has to be checked, or its arguments are decoded on the blocking pool, it starts while
/// the future is polled.
#[inline]
fn start(
    registry: &Arc<Registry>,
    target: &Target,
    method: ResolvedMethod<'_>,
    call: Call,
) -> Result<MethodFuture, Fault> {
    let access = method.signature.access();
    let is_large = registry.blocking_pool().is_used_for(call.arguments().len());
    if matches!(access, Access::Public) && !is_large {
        return start_method(registry, method, call);
    }
    let (registry, target) = (Arc::clone(registry), target.clone());
    Ok(Box::pin(async move {
        access.check(call.caller()).await?;
        if is_large {
            return run_on_blocking_pool(registry, target, call).await;
        }
        start_method(&registry, resolve(&registry, &target)?, call)?.await
    }))
}

fn resolve<'a>(registry: &'a Registry, target: &Target) -> Result<ResolvedMethod<'a>, Fault> {
    let service = registry.service(target.service()).ok_or_else(|| unknown_service(target))?;
    service.method(target.method()).ok_or_else(|| unknown_method(target))
}

/// Decodes the arguments and polls the method for the first time where long work delays no other task. Most methods
/// complete then, and their result is encoded there too.
async fn run_on_blocking_pool(
    registry: Arc<Registry>,
    target: Target,
    mut call: Call,
) -> Result<Reply, Fault> {
    let start_guard = call.take_start_guard();
    let pool = registry.blocking_pool().clone();
    let start = move || {
        let method = resolve(&registry, &target)?;
        catch_panic(&target, || start_method(&registry, method, call).and_then(poll_first))
    };
    // The permit is not held while a method waits, which may be for a call of the same client that needs a permit too.
    let (polled, permit) = pool.run(start).await?;
    drop((permit, start_guard));
    match polled {
        Polled::Ready(reply) => Ok(reply),
        Polled::Pending(running) => running.await,
    }
}

/// A method after its first poll.
enum Polled {
    Ready(Reply),
    Pending(MethodFuture),
}

/// Polls a method that is then polled again in the task of its call, and so need not wake anybody yet.
fn poll_first(mut running: MethodFuture) -> Result<Polled, Fault> {
    let mut poll = || running.as_mut().poll(&mut task::Context::from_waker(Waker::noop()));
    let first = match Handle::try_current() {
        // Within the budget of a task: without it, a method that always has something to do would not return.
        Ok(runtime) => runtime.block_on(async { poll() }),
        Err(_) => poll(),
    };
    match first {
        Poll::Ready(outcome) => outcome.map(Polled::Ready),
        Poll::Pending => Ok(Polled::Pending(running)),
    }
}

/// Starts the method with what it needs of the request's bytes.
fn start_method(
    registry: &Registry,
    method: ResolvedMethod<'_>,
    mut call: Call,
) -> Result<MethodFuture, Fault> {
    let bytes = call.take_arguments();
    let (classes, mut options, parameters) =
        (registry.classes(), registry.options(), method.signature.parameters());
    let mut charge = None;
    if bytes.len() >= MIN_CHARGED_BYTES {
        charge = Some(charge_limit(registry.memory_budget(), bytes.len(), &mut options.limits)?);
    }
    let (preceding, form, begin) = (call.preceding_values(), call.form(), call.begin_arguments());
    let mut arguments = Arguments::new(&bytes, classes, options);
    if let Some(numbering) = call.caller().amf0_numbering() {
        arguments.prefer_amf0_numbering(numbering);
    }
    let start = |arguments: &mut Arguments<'_>, context: Context| {
        match begin {
            None => arguments.begin(&bytes, form, preceding, parameters)?,
            Some(begin) => arguments.begin_within(begin, parameters)?,
        }
        let running = method.start(arguments, context)?;
        arguments.finish().map(|()| running)
    };
    let context = call.into_context(registry.output_limits(), registry.amf0_numbering());
    let started = if may_refer(&bytes) {
        start_under_numberings(&mut arguments, &context, start)
    } else {
        start(&mut arguments, context)
    };
    if charge.is_some()
        || (bytes.len() >= MIN_EXPANDING_BYTES && arguments.decoded_memory() >= CHARGED_VALUES)
    {
        charge_decoded(&mut charge, registry.memory_budget(), arguments.decoded_memory());
    }
    let running = started.map_err(|fault| match form {
        ArgumentsForm::Array => fault,
        ArgumentsForm::Sequence => {
            check_sequence_count(&bytes, preceding, classes, options, parameters).unwrap_or(fault)
        }
    })?;
    Ok(match charge {
        None => running,
        Some(charge) => hold_charge(running, charge),
    })
}

/// Holds the charge of the decoded values for as long as the method may hold the values.
#[cold]
fn hold_charge(running: MethodFuture, charge: MemoryCharge) -> MethodFuture {
    Box::pin(async move {
        let _charge = charge;
        running.await
    })
}

/// Size in bytes from which on the decoded values of a short call are charged. It is known only once they are decoded:
/// short calls are not charged for their limit, which is 1 MiB and more for each.
const CHARGED_VALUES: usize = 64 << 10;

/// Size in bytes of the shortest arguments whose decoded values may be worth a charge.
const MIN_EXPANDING_BYTES: usize = 128;

/// Charges the memory that decoding may take, and lowers the limit to what one call may take of the budget.
#[cold]
fn charge_limit(
    budget: &MemoryBudget,
    len: usize,
    limits: &mut Limits,
) -> Result<MemoryCharge, MemoryBudgetExceededError> {
    limits.memory = limits.memory.min(budget.max_call_bytes());
    budget.try_charge(limits.memory_for(len))
}

/// Changes the charge to what was decoded.
#[cold]
fn charge_decoded(charge: &mut Option<MemoryCharge>, budget: &MemoryBudget, decoded: usize) {
    match charge {
        Some(_) if decoded < CHARGED_VALUES => *charge = None,
        Some(charge) => charge.set(decoded),
        None => *charge = Some(budget.charge(decoded)),
    }
}

/// Whether the bytes may hold an AMF0 reference. Without one, every numbering of references reads the same, and the
/// context need not be kept for another attempt.
fn may_refer(bytes: &[u8]) -> bool {
    const REFERENCE: u8 = 0x07;
    // The same in the standard library takes two instructions for each byte, which is 2 % of a short call.
    memchr::memchr(REFERENCE, bytes).is_some()
}

/// Starts the method with the arguments as the first numbering of AMF0 references gives them that can read them.
///
/// An attempt that fails leaves nothing behind: the future of a method that was started is dropped before its first
/// poll.
fn start_under_numberings(
    arguments: &mut Arguments<'_>,
    context: &Context,
    start: impl Fn(&mut Arguments<'_>, Context) -> Result<MethodFuture, Fault>,
) -> Result<MethodFuture, Fault> {
    let first = start(arguments, context.clone());
    if first.is_ok() {
        remember_numbering(arguments, context);
        return first;
    }
    while arguments.restart() {
        if let Ok(running) = start(arguments, context.clone()) {
            remember_numbering(arguments, context);
            return Ok(running);
        }
    }
    first
}

fn remember_numbering(arguments: &Arguments<'_>, context: &Context) {
    if let Some(numbering) = arguments.shown_amf0_numbering() {
        context.caller().set_amf0_numbering(numbering);
    }
}

/// The beginning of a name that a caller sent: a fault that repeats names of 64 KiB would be larger than the call.
pub(crate) fn shortened(name: &str) -> Cow<'_, str> {
    const MAX_CHARS: usize = 128;
    match name.char_indices().nth(MAX_CHARS) {
        Some((end, _)) => format!("{}…", name.get(..end).unwrap_or_default()).into(),
        None => name.into(),
    }
}

#[cold]
fn unknown_service(target: &Target) -> Fault {
    let (service, method) = (shortened(target.service()), shortened(target.method()));
    let message = match (&*service, &*method) {
        ("", "") => "Unknown service: the call names neither a service nor a method".to_owned(),
        ("", method) => format!("Unknown service: the call names the method {method} and no service"),
        (service, _) => format!("Unknown service {service}"),
    };
    Fault::new(code::SERVICE_NOT_FOUND, message)
}

#[cold]
fn unknown_method(target: &Target) -> Fault {
    let (service, method) = (shortened(target.service()), shortened(target.method()));
    let message = match &*service {
        "" => format!("Unknown method {method}: the call names no service"),
        service => format!("Unknown method {method} of service {service}"),
    };
    Fault::new(code::METHOD_NOT_FOUND, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_repeat_the_beginning_of_a_long_name() {
        assert_eq!(shortened(&"é".repeat(128)), "é".repeat(128));
        assert_eq!(shortened(&"é".repeat(129)), "é".repeat(128) + "…");
        let fault = unknown_method(&Target::new(["s.", &"m".repeat(60_000)].concat()));
        assert!(fault.message().len() < 200, "{}", fault.message());
    }
}
