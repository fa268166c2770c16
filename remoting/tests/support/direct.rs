//! Calls of services without a transport.

use std::sync::Arc;

use amf_core::{ToAmf, to_vec};
use amf_remoting::service::{
    ArgumentsForm, BoxFuture, Call, ClientId, Connection, Encoding, Notification, Reply,
};
use amf_remoting::{CallError, Caller, Client, Fault, FromAmf, Services, Version};
use bytes::Bytes;

/// A connection to nobody.
struct ClosedConnection;

impl Connection for ClosedConnection {
    fn encoding(&self) -> Encoding {
        Encoding::new(Version::Amf0, ArgumentsForm::Array)
    }

    fn notify(&self, _: &Notification) -> Result<(), CallError> {
        Err(CallError::Gone)
    }

    fn invoke(&self, _: &Notification) -> BoxFuture<'static, Result<Bytes, CallError>> {
        Box::pin(async { Err(CallError::Gone) })
    }

    fn is_open(&self) -> bool {
        false
    }
}

pub fn caller() -> Caller {
    Caller::new(Client::new(ClientId::allocate(), Arc::new(ClosedConnection)))
}

/// A call whose arguments are these values of one type.
pub fn call_of<T: ToAmf>(target: &str, arguments: &[T]) -> Call {
    Call::new(target, to_vec(Version::Amf0, arguments).unwrap().into(), Version::Amf0, caller())
}

pub async fn call<T: ToAmf>(services: &Services, target: &str, arguments: &[T]) -> Result<Reply, Fault> {
    services.call(call_of(target, arguments)).await
}

/// The result of a call without arguments.
pub async fn get<R: for<'de> FromAmf<'de>>(services: &Services, target: &str) -> Result<R, Fault> {
    let reply = call::<f64>(services, target, &[]).await?;
    Ok(amf_core::from_slice(Version::Amf0, reply.body()).unwrap())
}
