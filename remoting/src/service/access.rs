//! Who may call a method.

use super::Caller;
use super::fault::{Fault, code};
use super::principal::not_logged_in;

/// The rule of a method, checked before its arguments are decoded.
///
/// `#[remote(role = "admin")]`, `#[remote(logged_in)]` and `#[remote(public)]` set it for a method;
/// `#[remoting_service(role = "admin")]` or `#[remoting_service(logged_in)]` for those of a block that say nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// Everybody.
    #[default]
    Public,
    /// Who is known, see [`Caller::principal`]; others get `Client.Authentication`.
    LoggedIn,
    /// Who has this role; those who are known and do not have it get `Client.Authorization`.
    Role(&'static str),
}

impl Access {
    /// Lets the caller in, or says why not.
    pub async fn check(self, caller: &Caller) -> Result<(), Fault> {
        let role = match self {
            Self::Public => return Ok(()),
            Self::LoggedIn => None,
            Self::Role(role) => Some(role),
        };
        let principal = caller.principal().await?.ok_or_else(not_logged_in)?;
        match role {
            Some(role) if !principal.has_role(role) => Err(role_missing(&principal, role)),
            _ => Ok(()),
        }
    }
}

/// Which role is missing is for the log: a caller needs no map of the roles.
#[cold]
fn role_missing(principal: &super::Principal, role: &str) -> Fault {
    tracing::debug!(principal = principal.name(), role, "refused a call for want of a role");
    Fault::new(code::CLIENT_AUTHORIZATION, "you may not call this")
}
