//! What most messages have no need of.

/// A value that is made when it is first changed. Until then it takes no more than a pointer.
#[derive(Debug)]
pub(crate) struct Lazy<T>(Option<Box<T>>);

impl<T> Default for Lazy<T> {
    #[inline]
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Default> Lazy<T> {
    /// What it is, if it is there.
    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_deref()
    }

    /// What it is, made now if it is not there.
    #[inline]
    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}
