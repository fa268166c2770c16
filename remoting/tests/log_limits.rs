//! Lines that a caller in a loop can cause: each failure is seen, and none floods the log.
#![allow(clippy::unwrap_used, clippy::panic, reason = "these are tests")]

mod support;

use amf_remoting::{Fault, Services, remoting_service};
use support::direct::call;
use support::log::Log;
use tracing::Level;

/// More calls than lines that anything here may leave.
const CALLS: usize = 2_000;
/// Lines that are written at once. The test takes less time than the interval after which there is another one; if the
/// machine stalls, there are more by one or two.
const LINES: std::ops::RangeInclusive<usize> = 10..=12;

struct Faulty;

#[remoting_service(name = "faulty")]
impl Faulty {
    fn first(&self) -> Result<(), Fault> {
        Err(failure("the first database is gone"))
    }

    fn second(&self) -> Result<(), Fault> {
        Err(failure("the second database is gone"))
    }

    async fn later(&self) -> Result<(), Fault> {
        tokio::task::yield_now().await;
        Err(failure("the third database is gone"))
    }

    #[remote(blocking)]
    fn elsewhere(&self) -> Result<(), Fault> {
        Err(failure("the fourth database is gone"))
    }

    #[remote(blocking)]
    fn elsewhere_too(&self) -> Result<(), Fault> {
        Err(failure("the fifth database is gone"))
    }

    fn either(&self, other: bool) -> Result<(), Fault> {
        if other {
            return Err(Fault::internal("the other place"));
        }
        Err(Fault::internal("one place"))
    }

    fn panics(&self) {
        panic!("as asked");
    }
}

/// All methods that use this fail in one place of the program.
fn failure(text: &str) -> Fault {
    Fault::internal(text)
}

async fn repeat(services: &Services, method: &str, times: usize) {
    for _ in 0..times {
        call::<()>(services, &format!("faulty.{method}"), &[]).await.unwrap_err();
    }
}

fn count(log: &Log, words: &str) -> usize {
    log.text().lines().filter(|line| line.contains(words)).count()
}

#[tokio::test]
async fn each_failing_method_has_a_few_lines() {
    std::panic::set_hook(Box::new(|_| {}));
    let (log, _guard) = Log::start(Level::WARN);
    let services = Services::new().add(Faulty);
    repeat(&services, "first", CALLS).await;
    repeat(&services, "second", 1).await;
    repeat(&services, "later", CALLS).await;
    repeat(&services, "panics", CALLS).await;
    assert_eq!(count(&log, "the second database"), 1, "one method does not hide another one");
    for words in ["the first database", "the third database", "panicked: as asked"] {
        assert!(LINES.contains(&count(&log, words)), "{words}: {} of\n{}", count(&log, words), log.text());
    }
}

#[tokio::test]
async fn the_same_method_fails_in_several_places() {
    let (log, _guard) = Log::start(Level::WARN);
    let services = Services::new().add(Faulty);
    for _ in 0..CALLS {
        call(&services, "faulty.either", &[false]).await.unwrap_err();
    }
    call(&services, "faulty.either", &[true]).await.unwrap_err();
    assert!(LINES.contains(&count(&log, "one place")), "{}", log.text());
    assert_eq!(count(&log, "the other place"), 1);
}

/// The work of the blocking pool is logged by the subscriber of the process.
#[tokio::test]
async fn a_method_on_the_blocking_pool_has_its_own_lines() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let services = Services::new().add(Faulty);
    repeat(&services, "elsewhere", CALLS).await;
    repeat(&services, "elsewhereToo", 1).await;
    assert!(LINES.contains(&count(&log, "the fourth database")), "{}", log.text());
    assert_eq!(count(&log, "the fifth database"), 1);
}
