//! Where the arguments of large calls are decoded, and their methods run.

#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::thread::{self, ThreadId};
use std::time::Duration;

use amf_core::{DecodeError, Decoder, FromAmf};
use amf_remoting::service::Call;
use amf_remoting::{Services, Version, remoting_service};
use support::direct::caller;
use tokio::time::sleep;

/// The thread that decoded an argument.
struct DecodedOn(ThreadId);

impl<'de> FromAmf<'de> for DecodedOn {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        decoder.skip()?;
        Ok(Self(thread::current().id()))
    }
}

struct Threads {
    test: ThreadId,
}

impl Threads {
    fn services() -> Services {
        Services::new().add(Self { test: thread::current().id() })
    }
}

#[remoting_service(name = "threads")]
impl Threads {
    /// Whether the arguments are decoded, and the method runs, on the thread of the test.
    fn starts_on(&self, argument: DecodedOn) -> bool {
        assert_eq!(argument.0, thread::current().id());
        argument.0 == self.test
    }

    /// Whether the method starts on the thread of the test, and whether it continues there.
    async fn continues_on(&self, argument: DecodedOn) -> (bool, bool) {
        assert_eq!(argument.0, thread::current().id());
        sleep(Duration::from_millis(1)).await;
        (argument.0 == self.test, thread::current().id() == self.test)
    }

    fn panic(&self, _argument: DecodedOn) {
        panic!("as asked");
    }
}

/// The bytes of an array of one `ByteArray`, with so many bytes in all.
fn arguments(len: usize) -> Vec<u8> {
    let mut bytes = vec![0x0A, 0, 0, 0, 1, 0x11, 0x0C];
    // AMF3: the length of a ByteArray, an integer of 29 bits in its longest form
    let content = len - bytes.len() - 4;
    let number = content << 1 | 1;
    bytes.extend([22, 15, 8].map(|shift| 0x80 | (number >> shift & 0x7F) as u8));
    bytes.push(number as u8);
    bytes.resize(len, 0);
    bytes
}

async fn call(services: &Services, method: &str, len: usize) -> Result<Vec<u8>, amf_remoting::Fault> {
    let target = format!("threads.{method}");
    let call = Call::new(target, arguments(len).into(), Version::Amf0, caller());
    Ok(services.call(call).await?.body().to_vec())
}

#[tokio::test]
async fn calls_from_the_threshold_on_start_on_the_blocking_pool() {
    let services = Threads::services().blocking_threshold(1_000);
    // AMF0: 01 is the marker of a boolean.
    assert_eq!(call(&services, "startsOn", 999).await.unwrap(), [1, 1]);
    assert_eq!(call(&services, "startsOn", 1_000).await.unwrap(), [1, 0]);
    let by_default = Threads::services();
    assert_eq!(call(&by_default, "startsOn", 65_535).await.unwrap(), [1, 1]);
    assert_eq!(call(&by_default, "startsOn", 65_536).await.unwrap(), [1, 0]);
    let never = by_default.blocking_threshold(usize::MAX);
    assert_eq!(call(&never, "startsOn", 70_000).await.unwrap(), [1, 1]);
}

#[tokio::test]
async fn a_method_that_waits_continues_in_the_task_of_its_call() {
    let services = Threads::services().blocking_threshold(1_000);
    // AMF0: a list of two booleans.
    let list = |first, second| [0x0A, 0, 0, 0, 2, 1, first, 1, second];
    assert_eq!(call(&services, "continuesOn", 999).await.unwrap(), list(1, 1));
    assert_eq!(call(&services, "continuesOn", 1_000).await.unwrap(), list(0, 1));
}

#[tokio::test]
async fn faults_are_the_same_on_the_blocking_pool() {
    let services = Threads::services().blocking_threshold(0);
    let fault = call(&services, "nothing", 100).await.unwrap_err();
    assert_eq!(fault.message(), "Unknown method nothing of service threads");
    assert!(call(&services, "panic", 100).await.is_err());
}
