//! Failed logins by address, and how long further ones are refused.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::client_address::network;
use super::{ClientAddress, Credentials, LoginLimits};

/// Users of one address whose failures a success takes back. The failures of further ones stay counted.
const MAX_USERS: usize = 8;
/// Right credentials that are remembered of one address.
const MAX_KNOWN: usize = 16;
/// Most attempts of one address that are checked at a time.
const MAX_CHECKED: usize = 1_024;
/// Groups of networks of which addresses were forgotten. Networks of one group share its rate.
const GROUPS: usize = 256;
/// Time between attempts of addresses that are not remembered, of one group.
const GROUP_INTERVAL: Duration = Duration::from_secs(1);

/// Counts failed attempts by address. Its memory is bounded by [`LoginLimits::login_addresses`].
pub(super) struct LoginTracker {
    limits: LoginLimits,
    hasher: RandomState,
    addresses: Mutex<Addresses>,
}

#[derive(Default)]
struct Addresses {
    by_address: HashMap<IpAddr, Address>,
    /// The addresses in the order of their last use.
    by_use: BTreeMap<u64, IpAddr>,
    uses: u64,
    groups: Vec<Group>,
}

struct Address {
    last_use: u64,
    used_at: Instant,
    failed_at: Instant,
    failures: usize,
    retry_at: Option<Instant>,
    /// Hashes of users, and the failures of each.
    users: VecDeque<(u64, usize)>,
    /// Keyed hashes of credentials that were right.
    known: VecDeque<u64>,
    checked: Arc<Semaphore>,
}

#[derive(Clone, Copy, Default)]
struct Group {
    /// When an address of the group with failures was last forgotten.
    forgot_at: Option<Instant>,
    retry_at: Option<Instant>,
}

/// An attempt from a known address. Unless its outcome is recorded, it counts as failed: a client could otherwise
/// disconnect before the outcome.
pub(super) struct TrackedAttempt {
    tracker: Arc<LoginTracker>,
    address: IpAddr,
    user: u64,
    credentials: u64,
    /// Whether the next attempt waits for a delay that began with this one.
    is_probe: bool,
    is_recorded: bool,
    /// Held until the end of the check.
    permit: Option<OwnedSemaphorePermit>,
}

/// Result of a check of credentials.
#[derive(Clone, Copy, Debug)]
pub(super) enum CheckOutcome {
    Success,
    Failure,
    /// It was not found out whether the credentials are right.
    Unknown,
}

impl LoginTracker {
    pub(super) fn new(limits: LoginLimits) -> Self {
        Self { limits, hasher: RandomState::new(), addresses: Mutex::default() }
    }

    pub(super) fn limits(&self) -> &LoginLimits {
        &self.limits
    }

    /// Admits an attempt, after those from the same address that are being checked.
    ///
    /// # Errors
    /// The time after which to try again.
    pub(super) async fn admit(
        self: &Arc<Self>,
        address: ClientAddress,
        credentials: &Credentials,
    ) -> Result<TrackedAttempt, Duration> {
        let mut attempt = TrackedAttempt {
            tracker: Arc::clone(self),
            address: address.counted(),
            user: self.hasher.hash_one(credentials.user()),
            credentials: self.hasher.hash_one((credentials.user(), credentials.password())),
            is_probe: false,
            // There is nothing to record of an attempt that is refused, or given up while it waits.
            is_recorded: true,
            permit: None,
        };
        if let Some(checked) = self.begin(&attempt)? {
            // It is never closed.
            attempt.permit = checked.acquire_owned().await.ok();
            attempt.is_probe = self.begin_check(attempt.address)?;
        }
        attempt.is_recorded = false;
        Ok(attempt)
    }

    /// Returns what the attempt waits for, unless its credentials were right before.
    fn begin(&self, attempt: &TrackedAttempt) -> Result<Option<Arc<Semaphore>>, Duration> {
        let now = Instant::now();
        let mut addresses = self.lock();
        addresses.forget_unused(&self.limits, now);
        if !addresses.by_address.contains_key(&attempt.address) {
            addresses.admit_unknown(self.group(attempt.address), &self.limits, now)?;
        }
        let address = self.use_address(&mut addresses, attempt.address, now);
        if address.known.contains(&attempt.credentials) {
            return Ok(None);
        }
        address.check_delay(now)?;
        Ok(Some(Arc::clone(&address.checked)))
    }

    /// Begins the check of an attempt; returns whether it is one between two delays.
    fn begin_check(&self, address: IpAddr) -> Result<bool, Duration> {
        let now = Instant::now();
        let mut addresses = self.lock();
        let address = self.use_address(&mut addresses, address, now);
        address.check_delay(now)?;
        let is_probe = address.failures >= self.limits.login_failures;
        if is_probe {
            // Others must not be checked beside it.
            address.retry_at = Some(after(now, self.delay(address.failures.saturating_add(1))));
        }
        Ok(is_probe)
    }

    fn record(&self, attempt: &TrackedAttempt, outcome: CheckOutcome) {
        let now = Instant::now();
        let mut addresses = self.lock();
        let address = self.use_address(&mut addresses, attempt.address, now);
        match outcome {
            CheckOutcome::Success => address.succeed(attempt),
            CheckOutcome::Failure => address.fail(attempt, now),
            CheckOutcome::Unknown => {}
        }
        let is_delayed = address.failures >= self.limits.login_failures;
        if !is_delayed || (attempt.is_probe && !matches!(outcome, CheckOutcome::Failure)) {
            address.retry_at = None;
        } else if matches!(outcome, CheckOutcome::Failure) {
            let retry_at = after(now, self.delay(address.failures));
            address.retry_at = Some(address.retry_at.map_or(retry_at, |earlier| earlier.max(retry_at)));
        }
    }

    /// The delay after so many failures, of which the last one is not allowed without one.
    fn delay(&self, failures: usize) -> Duration {
        let doublings = failures.saturating_sub(self.limits.login_failures.max(1));
        let factor = u32::try_from(doublings).ok().and_then(|doublings| 1_u32.checked_shl(doublings));
        let delay = factor.and_then(|factor| self.limits.login_delay.checked_mul(factor));
        delay.map_or(self.limits.max_login_delay, |delay| delay.min(self.limits.max_login_delay))
    }

    /// The address, which is the one that was used last from now on.
    fn use_address<'a>(&self, addresses: &'a mut Addresses, key: IpAddr, now: Instant) -> &'a mut Address {
        addresses.uses += 1;
        let last_use = addresses.uses;
        match addresses.by_address.get(&key).map(|address| address.last_use) {
            Some(earlier) => {
                addresses.by_use.remove(&earlier);
            }
            None => {
                while addresses.by_address.len() >= self.limits.login_addresses.max(1)
                    && let Some((_, oldest)) = addresses.by_use.pop_first()
                {
                    self.forget(addresses, oldest, now);
                }
            }
        }
        addresses.by_use.insert(last_use, key);
        let group = self.group(key);
        let has_forgotten = addresses.group(group).has_forgotten(&self.limits, now);
        let address = addresses.by_address.entry(key).or_insert_with(|| Address {
            last_use,
            used_at: now,
            failed_at: now,
            failures: if has_forgotten { self.limits.login_failures } else { 0 },
            retry_at: None,
            users: VecDeque::new(),
            known: VecDeque::new(),
            checked: Arc::new(Semaphore::new(self.limits.login_failures.clamp(1, MAX_CHECKED))),
        });
        (address.last_use, address.used_at) = (last_use, now);
        address.forget_failures(&self.limits, now);
        address
    }

    fn forget(&self, addresses: &mut Addresses, key: IpAddr, now: Instant) {
        let Some(address) = addresses.by_address.remove(&key) else { return };
        if address.failures > 0 {
            addresses.group(self.group(key)).forgot_at = Some(now);
        }
    }

    /// Which networks share a group is not for clients to find out.
    #[allow(clippy::cast_possible_truncation, reason = "less than `GROUPS`")]
    fn group(&self, address: IpAddr) -> usize {
        (self.hasher.hash_one(network(address)) % GROUPS as u64) as usize
    }

    fn lock(&self) -> MutexGuard<'_, Addresses> {
        self.addresses.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Addresses {
    /// Forgets the addresses that have no failures to be remembered.
    fn forget_unused(&mut self, limits: &LoginLimits, now: Instant) {
        while let Some(oldest) = self.by_use.first_entry() {
            let address = self.by_address.get(oldest.get());
            if address.is_some_and(|address| !has_passed(address.used_at, limits.login_memory, now)) {
                return;
            }
            let key = oldest.remove();
            self.by_address.remove(&key);
        }
    }

    /// Admits an attempt of an address that is not remembered.
    fn admit_unknown(&mut self, group: usize, limits: &LoginLimits, now: Instant) -> Result<(), Duration> {
        let group = self.group(group);
        if !group.has_forgotten(limits, now) {
            return Ok(());
        }
        check_delay(group.retry_at, now)?;
        group.retry_at = Some(after(now, GROUP_INTERVAL));
        Ok(())
    }

    fn group(&mut self, index: usize) -> &mut Group {
        if self.groups.len() <= index {
            self.groups.resize(GROUPS.max(index + 1), Group::default());
        }
        #[allow(clippy::indexing_slicing, reason = "there are more")]
        &mut self.groups[index]
    }
}

impl Group {
    fn has_forgotten(&self, limits: &LoginLimits, now: Instant) -> bool {
        self.forgot_at.is_some_and(|forgot_at| !has_passed(forgot_at, limits.login_memory, now))
    }
}

impl Address {
    fn check_delay(&self, now: Instant) -> Result<(), Duration> {
        check_delay(self.retry_at, now)
    }

    fn forget_failures(&mut self, limits: &LoginLimits, now: Instant) {
        if self.failures > 0 && has_passed(self.failed_at, limits.login_memory, now) {
            (self.failures, self.retry_at) = (0, None);
            self.users.clear();
        }
    }

    /// Takes back the failures of this user. Those of others stay: they may be guesses of somebody who has one account.
    fn succeed(&mut self, attempt: &TrackedAttempt) {
        if let Some(index) = self.users.iter().position(|(user, _)| *user == attempt.user) {
            let failures = self.users.remove(index).map_or(0, |(_, failures)| failures);
            self.failures = self.failures.saturating_sub(failures);
        }
        if !self.known.contains(&attempt.credentials) {
            self.known.truncate(MAX_KNOWN - 1);
            self.known.push_front(attempt.credentials);
        }
    }

    fn fail(&mut self, attempt: &TrackedAttempt, now: Instant) {
        self.known.retain(|known| *known != attempt.credentials);
        self.failures = self.failures.saturating_add(1);
        self.failed_at = now;
        if let Some((_, failures)) = self.users.iter_mut().find(|(user, _)| *user == attempt.user) {
            *failures = failures.saturating_add(1);
            return;
        }
        self.users.truncate(MAX_USERS - 1);
        self.users.push_front((attempt.user, 1));
    }
}

impl TrackedAttempt {
    pub(super) fn end(mut self, outcome: CheckOutcome) {
        self.record(outcome);
    }

    fn record(&mut self, outcome: CheckOutcome) {
        if !std::mem::replace(&mut self.is_recorded, true) {
            self.tracker.record(self, outcome);
        }
        self.permit = None;
    }
}

impl Drop for TrackedAttempt {
    fn drop(&mut self) {
        self.record(CheckOutcome::Failure);
    }
}

fn check_delay(retry_at: Option<Instant>, now: Instant) -> Result<(), Duration> {
    match retry_at {
        Some(retry_at) if retry_at > now => Err(retry_at - now),
        _ => Ok(()),
    }
}

fn has_passed(since: Instant, time: Duration, now: Instant) -> bool {
    now.saturating_duration_since(since) >= time
}

/// An instant that the clock can express.
fn after(now: Instant, delay: Duration) -> Instant {
    now.checked_add(delay).unwrap_or_else(|| now + Duration::from_hours(24 * 365))
}

#[cfg(test)]
mod tests;
