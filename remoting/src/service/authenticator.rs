//! Finding out who calls.

use std::sync::Arc;

use tokio::sync::Mutex;

use super::fault::{Fault, code};
use super::peer_numbering::PeerNumbering;
use super::{BoxFuture, Caller, Credentials, Principal};

/// Knows who somebody is: a program's users, its sessions, its tokens.
///
/// It is asked when somebody wants to know, which is when a method has a rule or borrows a [`Principal`], and once
/// for all calls of a packet or of a connection.
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
        // The authenticator sees a caller of whom nothing is known yet; asking that one leads nowhere.
        let anonymous = caller.anonymous();
        match (caller.authenticator(), caller.credentials()) {
            (None, None) => Ok(None),
            (None, Some(_)) => Err(no_authenticator()),
            (Some(authenticator), None) => {
                let principal = authenticator.authenticate_session(&anonymous).await?;
                if let Some(principal) = &principal {
                    *state = IdentityState::Known(principal.clone());
                }
                Ok(principal)
            }
            (Some(authenticator), Some(credentials)) => {
                // What could not be found out may be another time; what is wrong stays so.
                *state = match authenticator.authenticate(&credentials, &anonymous).await? {
                    Some(principal) => IdentityState::Known(principal),
                    None => IdentityState::Rejected(wrong_credentials()),
                };
                state.principal()
            }
        }
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
