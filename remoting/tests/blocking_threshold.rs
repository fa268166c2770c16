//! Where the arguments of large calls are decoded.

#![allow(clippy::panic, clippy::unwrap_used, reason = "tests")]

mod support;

use std::thread::{self, ThreadId};

use amf_core::{DecodeError, Decoder, FromAmf};
use amf_remoting::service::Call;
use amf_remoting::{Services, Version, remoting_service};
use support::direct::caller;

/// The thread that decoded an argument.
struct DecodedOn(ThreadId);

impl<'de> FromAmf<'de> for DecodedOn {
    fn from_amf(decoder: &mut Decoder<'de>) -> Result<Self, DecodeError> {
        decoder.skip()?;
        Ok(Self(thread::current().id()))
    }
}

struct Threads;

#[remoting_service(name = "threads")]
impl Threads {
    fn is_decoded_here(&self, argument: DecodedOn) -> bool {
        argument.0 == thread::current().id()
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
async fn arguments_from_the_threshold_on_are_decoded_on_the_blocking_pool() {
    let services = Services::new().add(Threads).blocking_threshold(1_000);
    // AMF0: 01 is the marker of a boolean.
    assert_eq!(call(&services, "isDecodedHere", 999).await.unwrap(), [1, 1]);
    assert_eq!(call(&services, "isDecodedHere", 1_000).await.unwrap(), [1, 0]);
    let by_default = Services::new().add(Threads);
    assert_eq!(call(&by_default, "isDecodedHere", 65_535).await.unwrap(), [1, 1]);
    assert_eq!(call(&by_default, "isDecodedHere", 65_536).await.unwrap(), [1, 0]);
    let never = by_default.blocking_threshold(usize::MAX);
    assert_eq!(call(&never, "isDecodedHere", 70_000).await.unwrap(), [1, 1]);
}

#[tokio::test]
async fn faults_are_the_same_on_the_blocking_pool() {
    let services = Services::new().add(Threads).blocking_threshold(0);
    let fault = call(&services, "nothing", 100).await.unwrap_err();
    assert_eq!(fault.message(), "Unknown method nothing of service threads");
    assert!(call(&services, "panic", 100).await.is_err());
}
