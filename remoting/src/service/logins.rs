//! Attempts to log in: the way of all credentials to the authenticator.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use super::authenticator::ErasedAuthenticator;
use super::caller::Caller;
use super::fault::{Fault, code};
use super::login_tracker::{CheckOutcome, LoginTracker, TrackedAttempt};
use super::{ClientAddress, Credentials, LoginLimits, Principal};
use crate::metrics;

/// An attempt to log in, for [`Authenticator::admit_login`](super::Authenticator::admit_login).
#[derive(Clone, Copy, Debug)]
pub struct LoginAttempt<'a> {
    credentials: &'a Credentials,
    caller: &'a Caller,
}

impl LoginAttempt<'_> {
    /// Returns the name of the user, as it was sent.
    pub fn user(&self) -> &str {
        self.credentials.user()
    }

    /// Returns the address of the caller, if its transport knows it.
    pub fn address(&self) -> Option<IpAddr> {
        self.caller.address()
    }

    /// Returns the caller, of whom nothing has been found out.
    pub fn caller(&self) -> &Caller {
        self.caller
    }
}

/// Outcome of an attempt to log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoginOutcome {
    /// The credentials are right.
    Accepted,
    /// The credentials are wrong.
    Rejected,
    /// The authenticator could not find it out, and returned a fault.
    Failed,
    /// A limit, or [`Authenticator::admit_login`](super::Authenticator::admit_login), refused the attempt.
    Refused,
}

/// The authenticator, with the limits on attempts.
pub(super) struct Logins {
    authenticator: Arc<dyn ErasedAuthenticator>,
    tracker: Arc<LoginTracker>,
}

impl Logins {
    pub(super) fn new(authenticator: Arc<dyn ErasedAuthenticator>, tracker: Arc<LoginTracker>) -> Self {
        Self { authenticator, tracker }
    }

    pub(super) fn authenticator(&self) -> &dyn ErasedAuthenticator {
        &*self.authenticator
    }

    pub(super) fn with_tracker(&self, tracker: Arc<LoginTracker>) -> Self {
        Self::new(Arc::clone(&self.authenticator), tracker)
    }

    /// Finds out whose the credentials are, within the limits. Returns `None` if they are wrong.
    pub(super) async fn authenticate(
        &self,
        credentials: &Credentials,
        caller: &Caller,
    ) -> Result<Option<Principal>, Fault> {
        // The authenticator sees a caller of whom nothing is known yet; asking that one leads nowhere.
        let anonymous = caller.anonymous();
        let attempt = LoginAttempt { credentials, caller: &anonymous };
        let ended = |outcome| self.authenticator.login_ended(&attempt, outcome);
        let tracked = self.admit(&attempt, caller).await.inspect_err(|_| ended(LoginOutcome::Refused))?;
        let (authenticated, outcome) = match self.authenticator.admit_login(&attempt).await {
            Err(fault) => (Err(fault), LoginOutcome::Refused),
            Ok(()) => match self.authenticator.authenticate(credentials, &anonymous).await {
                Ok(Some(principal)) => (Ok(Some(principal)), LoginOutcome::Accepted),
                Ok(None) => (Ok(None), LoginOutcome::Rejected),
                Err(fault) => (Err(fault), LoginOutcome::Failed),
            },
        };
        if let Some(tracked) = tracked {
            tracked.end(match (&authenticated, outcome) {
                (_, LoginOutcome::Accepted) => CheckOutcome::Success,
                (_, LoginOutcome::Rejected) => CheckOutcome::Failure,
                // Some authenticators say by a fault that the credentials are wrong.
                (Err(fault), LoginOutcome::Failed) if !fault.code().starts_with("Server.") => {
                    CheckOutcome::Failure
                }
                _ => CheckOutcome::Unknown,
            });
        }
        ended(outcome);
        authenticated
    }

    async fn admit(
        &self,
        attempt: &LoginAttempt<'_>,
        caller: &Caller,
    ) -> Result<Option<TrackedAttempt>, Fault> {
        let (limits, names) = (self.tracker.limits(), LoginLimits::NAMES);
        let attempts = caller.login_attempts();
        if let Err(wait) = attempts.begin(limits.login_attempts) {
            let what = "attempts to log in with one packet, or on one connection in a minute";
            return Err(too_many(names.login_attempts, limits.login_attempts, what, wait));
        }
        let Some(address) = attempt.address().filter(|_| limits.login_failures < usize::MAX) else {
            return Ok(None);
        };
        match self.tracker.admit(ClientAddress(address), attempt.credentials).await {
            Ok(tracked) => Ok(Some(tracked)),
            Err(wait) => {
                attempts.take_back();
                let what = "failed logins from one address";
                Err(too_many(names.login_failures, limits.login_failures, what, wait))
            }
        }
    }
}

#[cold]
fn too_many(limit: &'static str, max: usize, what: &str, wait: Duration) -> Fault {
    metrics::record_exceeded_limit(limit);
    let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
    let text = format!("no more than {max} {what}, the limit `{limit}`: try again in {seconds} s");
    Fault::new(code::TOO_MANY_LOGINS, text)
}
