//! State that most messages do not need.

/// Value that is created on first mutation. Until then it occupies only a pointer, which keeps the decoder small.
#[derive(Debug)]
pub(crate) struct Lazy<T>(Option<Box<T>>);

impl<T> Default for Lazy<T> {
    #[inline]
    fn default() -> Self {
        Self(None)
    }
}

impl<T: Default> Lazy<T> {
    /// Returns the value, if it was created.
    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        self.0.as_deref()
    }

    /// Returns the value, and creates it if necessary.
    #[inline]
    pub(crate) fn get_mut(&mut self) -> &mut T {
        self.0.get_or_insert_default()
    }
}
