//! How a shared object is opened.

/// Options of a shared object that is opened.
///
/// ```
/// use amf_rtmp::SharedObjectOptions;
///
/// let options = SharedObjectOptions::new().persistent(true);
/// assert!(options.is_persistent());
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SharedObjectOptions {
    persistent: bool,
}

impl SharedObjectOptions {
    /// Returns the defaults: an object that is not persistent.
    pub const fn new() -> Self {
        Self { persistent: false }
    }

    /// Sets whether the server keeps the object on disk. Default: `false`.
    #[must_use]
    pub const fn persistent(self, persistent: bool) -> Self {
        Self { persistent }
    }

    /// Returns `true` if the server keeps the object on disk.
    pub const fn is_persistent(&self) -> bool {
        self.persistent
    }
}
