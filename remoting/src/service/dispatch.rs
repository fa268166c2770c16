//! From a call to a method at work: look up, decode, run.

use super::fault::{Fault, code};
use super::panics::{isolate, isolate_future};
use super::registry::Registry;
use super::{Access, Arguments, Call, Reply, Running, Signature, Target};

/// The innermost service, within all layers.
pub(super) async fn dispatch(mut call: Call) -> Result<Reply, Fault> {
    let Some(registry) = call.registry.take() else {
        return Err(Fault::internal("a layer made a call of its own; it should change the one it was given"));
    };
    let target = call.target().clone();
    admit(&registry, &call).await?;
    let running = isolate(&target, || start(&registry, call))?;
    isolate_future(&target, running).await
}

/// Checks the rule of the method. An unknown one has none, and is reported later.
async fn admit(registry: &Registry, call: &Call) -> Result<(), Fault> {
    let target = call.target();
    let signature = registry.service(target.service()).and_then(|service| service.signature(target.method()));
    match signature.map(Signature::access) {
        None | Some(Access::Public) => Ok(()),
        Some(access) => isolate_future(target, access.check(call.caller())).await,
    }
}

/// Everything that needs the request's bytes.
fn start(registry: &Registry, call: Call) -> Result<Running, Fault> {
    let target = call.target().clone();
    let service = registry.service(target.service()).ok_or_else(|| unknown_service(&target))?;
    let signature = service.signature(target.method()).ok_or_else(|| unknown_method(&target))?;
    let bytes = call.arguments().clone();
    let (classes, limits, parameters) = (registry.classes(), registry.limits(), signature.parameters());
    let mut arguments = match call.member() {
        None => Arguments::open(&bytes, call.form(), classes, limits, parameters)?,
        Some(member) => Arguments::open_member(&bytes, member, classes, limits, parameters)?,
    };
    let running = service.start(target.method(), &mut arguments, call.into_context())?;
    arguments.finish()?;
    Ok(running)
}

#[cold]
fn unknown_service(target: &Target) -> Fault {
    Fault::new(code::SERVICE_NOT_FOUND, format!("Unknown service {}", target.service()))
}

#[cold]
fn unknown_method(target: &Target) -> Fault {
    let message = format!("Unknown method {} of service {}", target.method(), target.service());
    Fault::new(code::METHOD_NOT_FOUND, message)
}
