use tokio::time::{advance, timeout};

use super::*;

const SECOND: Duration = Duration::from_secs(1);

fn limits() -> LoginLimits {
    LoginLimits::new().with_login_failures(3).with_max_login_delay(5 * SECOND)
}

fn tracker(limits: LoginLimits) -> Arc<LoginTracker> {
    Arc::new(LoginTracker::new(limits))
}

fn at(address: &str) -> ClientAddress {
    ClientAddress(address.parse().unwrap())
}

/// The `number`th address of many networks.
fn many(number: u32) -> ClientAddress {
    ClientAddress(std::net::Ipv4Addr::from_bits(0x0A00_0000 + (number << 8)).into())
}

async fn attempt(
    tracker: &Arc<LoginTracker>,
    address: ClientAddress,
    user: &str,
    outcome: CheckOutcome,
) -> Result<(), Duration> {
    let password = if matches!(outcome, CheckOutcome::Success) { "secret" } else { "guess" };
    let attempt = tracker.admit(address, &Credentials::new(user, password)).await?;
    attempt.end(outcome);
    Ok(())
}

async fn fail(tracker: &Arc<LoginTracker>, address: ClientAddress, user: &str) -> Result<(), Duration> {
    attempt(tracker, address, user, CheckOutcome::Failure).await
}

async fn succeed(tracker: &Arc<LoginTracker>, address: ClientAddress, user: &str) -> Result<(), Duration> {
    attempt(tracker, address, user, CheckOutcome::Success).await
}

#[tokio::test(start_paused = true)]
async fn the_delay_doubles_up_to_its_maximum() {
    let (tracker, here) = (tracker(limits()), at("192.0.2.1"));
    for _ in 0..3 {
        assert_eq!(fail(&tracker, here, "ann").await, Ok(()));
    }
    for delay in [1, 2, 4, 5, 5] {
        let delay = delay * SECOND;
        assert_eq!(fail(&tracker, here, "ann").await, Err(delay));
        advance(delay / 2).await;
        assert_eq!(fail(&tracker, here, "bob").await, Err(delay / 2), "what is refused prolongs nothing");
        advance(delay / 2).await;
        assert_eq!(fail(&tracker, here, "ann").await, Ok(()));
    }
    assert_eq!(fail(&tracker, at("192.0.2.2"), "ann").await, Ok(()), "another address");
}

#[tokio::test(start_paused = true)]
async fn failures_are_forgotten_after_a_while() {
    let (tracker, here) = (tracker(limits()), at("192.0.2.1"));
    for _ in 0..3 {
        fail(&tracker, here, "ann").await.unwrap();
    }
    advance(limits().login_memory).await;
    for _ in 0..3 {
        assert_eq!(fail(&tracker, here, "ann").await, Ok(()));
    }
    assert_eq!(fail(&tracker, here, "ann").await, Err(SECOND));
}

#[tokio::test(start_paused = true)]
async fn a_success_takes_back_the_failures_of_its_user() {
    let (tracker, here) = (tracker(limits()), at("192.0.2.1"));
    for _ in 0..10 {
        for _ in 0..2 {
            assert_eq!(fail(&tracker, here, "ann").await, Ok(()));
        }
        assert_eq!(succeed(&tracker, here, "ann").await, Ok(()));
    }
}

#[tokio::test(start_paused = true)]
async fn who_has_an_account_cannot_guess_at_another_one() {
    let (tracker, here) = (tracker(limits()), at("192.0.2.1"));
    let mut guesses = 0;
    for _ in 0..1_000 {
        let is_checked = fail(&tracker, here, "victim").await.is_ok();
        guesses += usize::from(is_checked);
        // One's own account, with a failure to take back and without.
        let _ = fail(&tracker, here, "mallory").await;
        let _ = succeed(&tracker, here, "mallory").await;
    }
    assert!(guesses <= 3, "{guesses} guesses without a delay");
}

#[tokio::test(start_paused = true)]
async fn right_credentials_are_checked_in_spite_of_a_delay() {
    let (tracker, here) = (tracker(limits()), at("192.0.2.1"));
    succeed(&tracker, here, "ann").await.unwrap();
    for _ in 0..3 {
        fail(&tracker, here, "mallory").await.unwrap();
    }
    assert_eq!(succeed(&tracker, here, "ann").await, Ok(()), "they were right before");
    assert_eq!(fail(&tracker, here, "ann").await, Err(SECOND), "with another password");
    assert_eq!(fail(&tracker, here, "mallory").await, Err(SECOND), "the delay goes on");
    // The password was changed.
    let known = tracker.admit(here, &Credentials::new("ann", "secret")).await.unwrap();
    known.end(CheckOutcome::Failure);
    assert!(succeed(&tracker, here, "ann").await.is_err());
}

#[tokio::test(start_paused = true)]
async fn attempts_at_one_time_count_against_each_other() {
    let (tracker, here) = (tracker(limits()), at("192.0.2.1"));
    let checked = async |user: &str| tracker.admit(here, &Credentials::new(user, "guess")).await;
    let running = [checked("a").await.unwrap(), checked("b").await.unwrap(), checked("c").await.unwrap()];
    let fourth = timeout(SECOND, checked("d")).await;
    assert!(fourth.is_err(), "it waits for one of the others");
    // Clients that go away before the outcome.
    drop(running);
    assert_eq!(checked("d").await.err(), Some(SECOND));
    advance(SECOND).await;
    let probe = checked("d").await.unwrap();
    assert_eq!(checked("e").await.err(), Some(2 * SECOND), "one between two delays");
    probe.end(CheckOutcome::Unknown);
    assert!(checked("e").await.is_ok(), "the check was none");
}

#[tokio::test(start_paused = true)]
async fn a_network_of_ipv6_is_one_address() {
    let tracker = tracker(limits());
    for host in ["2001:db8::1", "2001:db8::2", "2001:db8::ffff:3"] {
        fail(&tracker, at(host), "ann").await.unwrap();
    }
    assert_eq!(fail(&tracker, at("2001:db8::4"), "ann").await, Err(SECOND));
    assert_eq!(fail(&tracker, at("2001:db8:0:1::1"), "ann").await, Ok(()));
}

#[tokio::test(start_paused = true)]
async fn as_many_addresses_are_remembered_as_the_limit_says() {
    let tracker = tracker(limits().with_login_addresses(100));
    for number in 0..10_000 {
        let _ = fail(&tracker, many(number), "ann").await;
        let _ = succeed(&tracker, many(number + 20_000), "ann").await;
    }
    let addresses = tracker.lock();
    assert_eq!((addresses.by_address.len(), addresses.by_use.len()), (100, 100));
    assert_eq!(addresses.groups.len(), GROUPS);
}

#[tokio::test(start_paused = true)]
async fn what_one_address_may_remember_is_bounded() {
    let (tracker, here) = (tracker(limits().with_login_failures(1_000)), at("192.0.2.1"));
    for number in 0..100 {
        fail(&tracker, here, &format!("user {number}")).await.unwrap();
        succeed(&tracker, here, &format!("other user {number}")).await.unwrap();
    }
    let addresses = tracker.lock();
    let address = &addresses.by_address[&here.counted()];
    assert_eq!((address.users.len(), address.known.len(), address.failures), (MAX_USERS, MAX_KNOWN, 100));
}

#[tokio::test(start_paused = true)]
async fn unused_addresses_are_forgotten() {
    let tracker = tracker(limits());
    for number in 0..50 {
        fail(&tracker, many(number), "ann").await.unwrap();
    }
    advance(limits().login_memory).await;
    fail(&tracker, many(99), "ann").await.unwrap();
    assert_eq!(tracker.lock().by_address.len(), 1);
}

/// An attacker with more addresses than are remembered, in one network, uses them in turn.
#[tokio::test(start_paused = true)]
async fn many_addresses_do_not_help_to_be_forgotten() {
    let tracker = tracker(limits().with_login_addresses(100));
    let mut guesses = 0;
    for round in 0..20 {
        for number in 0..300_u128 {
            let address = 0x2001_0db8_0000 << 80 | number << 64;
            let address = ClientAddress(std::net::Ipv6Addr::from_bits(address).into());
            for _ in 0..3 {
                guesses += u32::from(fail(&tracker, address, "victim").await.is_ok());
            }
        }
        advance(SECOND).await;
        // Somebody of another network, who has not been here before, notices nothing.
        let honest =
            ClientAddress(std::net::Ipv6Addr::from_bits(0x2001_0db8_0001 << 80 | round << 64).into());
        if tracker.group(honest.counted()) != tracker.group(at("2001:db8::1").counted()) {
            assert_eq!(succeed(&tracker, honest, "honest").await, Ok(()));
        }
    }
    // The first hundred addresses have three guesses each; then there is one in a second for all that come back or are
    // new, and one of each that is still remembered.
    assert!(guesses <= 100 * 3 + 20 * (1 + 100), "{guesses} guesses");
}

#[tokio::test(start_paused = true)]
async fn limits_at_their_ends() {
    let here = at("192.0.2.1");
    let strict = tracker(limits().with_login_failures(0).with_login_addresses(0));
    assert_eq!(fail(&strict, here, "ann").await, Ok(()));
    assert_eq!(fail(&strict, here, "ann").await, Err(SECOND));
    let endless = tracker(
        limits().with_login_failures(1).with_login_delay(Duration::MAX).with_max_login_delay(Duration::MAX),
    );
    assert_eq!(fail(&endless, here, "ann").await, Ok(()));
    assert!(fail(&endless, here, "ann").await.unwrap_err() > Duration::from_hours(1));
}
