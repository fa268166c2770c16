//! Finding out who calls.

use std::future::ready;
use std::sync::{Arc, OnceLock};

use tokio::sync::Mutex;

use super::fault::{Fault, code};
use super::login_attempts::LoginAttempts;
use super::logins::Logins;
use super::peer_numbering::PeerNumbering;
use super::{BoxFuture, Caller, Credentials, LoginAttempt, LoginOutcome, Principal};

/// Knows who somebody is: a program's users, its sessions, its tokens.
///
/// It is asked when somebody wants to know, which is when a method has a rule or borrows a [`Principal`], and once
/// for all calls of a packet or of a connection. Credentials reach it within the
/// [`LoginLimits`](super::LoginLimits) of [`Services::login_limits`](crate::Services::login_limits).
///
/// ```
/// use amf_remoting::service::{Authenticator, Credentials, Principal};
/// use amf_remoting::{Caller, Fault, Services};
///
/// struct Users;
///
/// impl Authenticator for Users {
///     async fn authenticate(&self, credentials: &Credentials, _: &Caller) -> Result<Option<Principal>, Fault> {
///         // A program compares a hash, for example with the crate argon2.
///         let is_right = credentials.user() == "ann" && credentials.password() == "secret";
///         Ok(is_right.then(|| Principal::new("ann").with_role("admin")))
///     }
/// }
///
/// let services = Services::new().authenticator(Users);
/// # let _ = services;
/// ```
pub trait Authenticator: Send + Sync + 'static {
    /// Who these credentials belong to; nobody where they are wrong, which the caller learns as
    /// `Client.Authentication`. What cannot be found out is a fault, [`Fault::internal`] for example.
    fn authenticate(
        &self,
        credentials: &Credentials,
        caller: &Caller,
    ) -> impl Future<Output = Result<Option<Principal>, Fault>> + Send;

    /// Who it is that sent no credentials, if it can be told from the rest: from a session, a cookie, or a token.
    /// Nobody, unless this is written.
    fn authenticate_session(
        &self,
        caller: &Caller,
    ) -> impl Future<Output = Result<Option<Principal>, Fault>> + Send {
        let _ = caller;
        async { Ok(None) }
    }

    /// Lets go of what [`authenticate_session`](Self::authenticate_session) would know of who logs out: their session. Nothing is done, unless
    /// this is written.
    fn end_session(&self, caller: &Caller) -> impl Future<Output = Result<(), Fault>> + Send {
        let _ = caller;
        async { Ok(()) }
    }

    /// Decides whether credentials are checked, before [`authenticate`](Self::authenticate) and after the
    /// [`LoginLimits`](super::LoginLimits): for limits of the program's own, by user or for several processes together.
    /// All attempts are admitted, unless this is written.
    ///
    /// ```
    /// use std::collections::HashSet;
    /// use amf_remoting::service::{Authenticator, Credentials, LoginAttempt, LoginOutcome, Principal};
    /// use amf_remoting::{Caller, Fault};
    ///
    /// struct Users { locked: HashSet<String> }
    ///
    /// impl Authenticator for Users {
    ///     async fn authenticate(&self, credentials: &Credentials, _: &Caller) -> Result<Option<Principal>, Fault> {
    ///         let is_right = credentials.user() == "ann" && credentials.password() == "secret";
    ///         Ok(is_right.then(|| Principal::new("ann")))
    ///     }
    ///
    ///     async fn admit_login(&self, attempt: &LoginAttempt<'_>) -> Result<(), Fault> {
    ///         match self.locked.contains(attempt.user()) {
    ///             true => Err(Fault::new("Client.Authentication", "this account is locked")),
    ///             false => Ok(()),
    ///         }
    ///     }
    ///
    ///     fn login_ended(&self, attempt: &LoginAttempt<'_>, outcome: LoginOutcome) {
    ///         // For an audit trail: who, from where, and with what outcome.
    ///         let _ = (attempt.user(), attempt.address(), outcome);
    ///     }
    /// }
    /// ```
    ///
    /// # Errors
    /// The fault that the caller receives in place of an answer about the credentials.
    fn admit_login(&self, attempt: &LoginAttempt<'_>) -> impl Future<Output = Result<(), Fault>> + Send {
        let _ = attempt;
        ready(Ok(()))
    }

    /// Receives the outcome of each attempt, also of those that a limit refused. An attempt that is cancelled, by a
    /// timeout or because its client has gone, has no outcome here, and counts as a failure.
    fn login_ended(&self, attempt: &LoginAttempt<'_>, outcome: LoginOutcome) {
        let _ = (attempt, outcome);
    }
}

/// An authenticator whose type is forgotten.
pub(super) trait ErasedAuthenticator: Send + Sync {
    fn authenticate<'a>(
        &'a self,
        credentials: &'a Credentials,
        caller: &'a Caller,
    ) -> BoxFuture<'a, Result<Option<Principal>, Fault>>;
    fn authenticate_session<'a>(
        &'a self,
        caller: &'a Caller,
    ) -> BoxFuture<'a, Result<Option<Principal>, Fault>>;
    fn end_session<'a>(&'a self, caller: &'a Caller) -> BoxFuture<'a, Result<(), Fault>>;
    fn admit_login<'a>(&'a self, attempt: &'a LoginAttempt<'a>) -> BoxFuture<'a, Result<(), Fault>>;
    fn login_ended(&self, attempt: &LoginAttempt<'_>, outcome: LoginOutcome);
}

impl<A: Authenticator> ErasedAuthenticator for A {
    fn authenticate<'a>(
        &'a self,
        credentials: &'a Credentials,
        caller: &'a Caller,
    ) -> BoxFuture<'a, Result<Option<Principal>, Fault>> {
        Box::pin(Authenticator::authenticate(self, credentials, caller))
    }

    fn authenticate_session<'a>(
        &'a self,
        caller: &'a Caller,
    ) -> BoxFuture<'a, Result<Option<Principal>, Fault>> {
        Box::pin(Authenticator::authenticate_session(self, caller))
    }

    fn end_session<'a>(&'a self, caller: &'a Caller) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(Authenticator::end_session(self, caller))
    }

    fn admit_login<'a>(&'a self, attempt: &'a LoginAttempt<'a>) -> BoxFuture<'a, Result<(), Fault>> {
        Box::pin(Authenticator::admit_login(self, attempt))
    }

    fn login_ended(&self, attempt: &LoginAttempt<'_>, outcome: LoginOutcome) {
        Authenticator::login_ended(self, attempt, outcome);
    }
}

/// What was found out about a caller, for all clones of it.
#[derive(Clone, Default)]
pub(super) struct Identity {
    shared: Arc<SharedIdentity>,
}

#[derive(Default)]
struct SharedIdentity {
    state: Mutex<IdentityState>,
    numbering: PeerNumbering,
    /// Made with the first credentials, so that a connection that logs nobody in has no room for it.
    logins: OnceLock<Box<LoginState>>,
    /// Of a caller with credentials of its own in a packet of others: that of the packet, with which it shares the limit
    /// on attempts.
    origin: Option<Arc<SharedIdentity>>,
}

/// Logins of one packet or connection.
#[derive(Default)]
struct LoginState {
    attempts: LoginAttempts,
    /// The credentials that a caller with credentials of its own sent last, and whose they are. A client of Flex
    /// sends its own with every message of a packet.
    last_checked: Mutex<Option<(Credentials, Option<Principal>)>>,
}

impl SharedIdentity {
    fn logins(&self) -> &LoginState {
        self.logins.get_or_init(Box::default)
    }
}

#[derive(Default)]
enum IdentityState {
    #[default]
    Unresolved,
    Known(Principal),
    LoggedOut,
    Rejected(Fault),
}

impl IdentityState {
    fn principal(&self) -> Result<Option<Principal>, Fault> {
        match self {
            Self::Known(principal) => Ok(Some(principal.clone())),
            Self::Rejected(fault) => Err(fault.clone()),
            Self::Unresolved | Self::LoggedOut => Ok(None),
        }
    }
}

impl Identity {
    /// The lock is held meanwhile, so that credentials are looked at once, however many calls want to know.
    pub(super) async fn principal(&self, caller: &Caller) -> Result<Option<Principal>, Fault> {
        let mut state = self.shared.state.lock().await;
        if !matches!(*state, IdentityState::Unresolved) {
            return state.principal();
        }
        if let Some(principal) = caller.extension::<Principal>() {
            return Ok(Some(principal.clone()));
        }
        match (caller.logins(), caller.credentials()) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(no_authenticator()),
            (Some(logins), None) => {
                let anonymous = caller.anonymous();
                let principal = logins.authenticator().authenticate_session(&anonymous).await?;
                if let Some(principal) = &principal {
                    *state = IdentityState::Known(principal.clone());
                }
                Ok(principal)
            }
            (Some(logins), Some(credentials)) => {
                // What could not be found out may be another time; what is wrong stays so.
                *state = match self.authenticate(logins, credentials, caller).await? {
                    Some(principal) => IdentityState::Known(principal),
                    None => IdentityState::Rejected(wrong_credentials()),
                };
                state.principal()
            }
        }
    }

    /// Checks credentials, unless those of another message of the packet are the same.
    async fn authenticate(
        &self,
        logins: &Logins,
        credentials: Credentials,
        caller: &Caller,
    ) -> Result<Option<Principal>, Fault> {
        let Some(origin) = &self.shared.origin else {
            return Box::pin(logins.authenticate(&credentials, caller)).await;
        };
        let mut last_checked = origin.logins().last_checked.lock().await;
        if let Some((_, principal)) = last_checked.as_ref().filter(|(last, _)| *last == credentials) {
            return Ok(principal.clone());
        }
        let principal = Box::pin(logins.authenticate(&credentials, caller)).await?;
        *last_checked = Some((credentials, principal.clone()));
        Ok(principal)
    }

    /// An identity of which nothing is known, with the same limit on attempts to log in.
    pub(super) fn separate(&self) -> Self {
        let origin = self.shared.origin.as_ref().unwrap_or(&self.shared);
        let shared = SharedIdentity { origin: Some(Arc::clone(origin)), ..SharedIdentity::default() };
        Self { shared: Arc::new(shared) }
    }

    pub(super) fn login_attempts(&self) -> &LoginAttempts {
        &self.shared.origin.as_ref().unwrap_or(&self.shared).logins().attempts
    }

    pub(super) async fn login(&self, principal: Principal) {
        *self.shared.state.lock().await = IdentityState::Known(principal);
    }

    pub(super) async fn logout(&self) {
        *self.shared.state.lock().await = IdentityState::LoggedOut;
    }

    pub(super) fn numbering(&self) -> &PeerNumbering {
        &self.shared.numbering
    }
}

#[cold]
pub(super) fn wrong_credentials() -> Fault {
    Fault::new(code::CLIENT_AUTHENTICATION, "wrong user or password")
}

#[cold]
pub(super) fn no_authenticator() -> Fault {
    Fault::new(code::SERVER_AUTHENTICATION, "credentials were sent, but the server has no users")
}
