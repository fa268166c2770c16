//! Who a caller turned out to be.

use std::sync::Arc;

use super::fault::{Fault, code};
use super::{Caller, Extensions, FromCaller};

/// A caller who is known by name, with the roles that rules ask for.
///
/// A method that borrows one can be called only by who is known; `&Option<Principal>` says whether anybody is.
///
/// ```
/// use amf_remoting::service::Principal;
///
/// let ann = Principal::new("ann").with_role("admin").with_extension(7_u64);
/// assert!(ann.has_role("admin") && !ann.has_role("auditor"));
/// assert_eq!(ann.extension::<u64>(), Some(&7));
/// ```
#[derive(Clone, Debug)]
pub struct Principal {
    inner: Arc<PrincipalInner>,
}

#[derive(Clone, Debug)]
struct PrincipalInner {
    name: String,
    roles: Vec<String>,
    extensions: Extensions,
}

impl Principal {
    /// Somebody of this name, without roles.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            inner: Arc::new(PrincipalInner {
                name: name.into(),
                roles: Vec::new(),
                extensions: Extensions::new(),
            }),
        }
    }

    /// Adds a role.
    #[must_use]
    pub fn with_role(mut self, role: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.inner).roles.push(role.into());
        self
    }

    /// Attaches what the program knows besides, found again by its type: the user's row, for example.
    #[must_use]
    pub fn with_extension<T: Send + Sync + 'static>(mut self, value: T) -> Self {
        Arc::make_mut(&mut self.inner).extensions.insert(value);
        self
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// The roles, in the order in which they were added.
    pub fn roles(&self) -> impl Iterator<Item = &str> {
        self.inner.roles.iter().map(String::as_str)
    }

    /// Whether they have a role.
    pub fn has_role(&self, role: &str) -> bool {
        self.roles().any(|own| own == role)
    }

    /// What was attached of this type.
    pub fn extension<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.inner.extensions.get()
    }
}

impl FromCaller for Principal {
    async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
        caller.principal().await?.ok_or_else(not_logged_in)
    }
}

impl FromCaller for Option<Principal> {
    async fn from_caller(caller: &Caller) -> Result<Self, Fault> {
        caller.principal().await
    }
}

#[cold]
pub(super) fn not_logged_in() -> Fault {
    Fault::new(code::CLIENT_AUTHENTICATION, "log in first")
}
