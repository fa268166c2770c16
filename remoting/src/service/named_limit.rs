//! The value of a limit with its name.

/// A limit, with the name under which exceeding it is reported and counted.
///
/// ```
/// use amf_remoting::service::NamedLimit;
///
/// let limit = NamedLimit::new("max_connections", 100);
/// assert_eq!((limit.name, limit.max), ("max_connections", 100));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NamedLimit<T = usize> {
    /// Name of the limit, such as `max_connections`.
    pub name: &'static str,
    /// Its value.
    pub max: T,
}

impl<T> NamedLimit<T> {
    /// Creates a limit.
    pub const fn new(name: &'static str, max: T) -> Self {
        Self { name, max }
    }
}
