//! Values that are held elsewhere, by name.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Values that somebody holds, by name. A value calls [`remove_dropped`](Self::remove_dropped) when it is dropped.
#[derive(Debug)]
pub(super) struct Registry<T> {
    values: Mutex<HashMap<Arc<str>, Weak<T>>>,
}

impl<T> Default for Registry<T> {
    fn default() -> Self {
        Self { values: Mutex::default() }
    }
}

impl<T> Registry<T> {
    /// Returns the value of this name, if somebody holds it.
    pub(super) fn get(&self, name: &str) -> Option<Arc<T>> {
        self.lock().get(name).and_then(Weak::upgrade)
    }

    /// Returns the value of this name, a new one if nobody holds it; `make` is given how many there are.
    ///
    /// # Errors
    /// Those of `make`.
    pub(super) fn get_or_try_insert<E>(
        &self,
        name: &str,
        make: impl FnOnce(usize) -> Result<Arc<T>, E>,
    ) -> Result<Arc<T>, E> {
        let mut values = self.lock();
        if let Some(value) = values.get(name).and_then(Weak::upgrade) {
            return Ok(value);
        }
        let value = make(values.len())?;
        values.insert(name.into(), Arc::downgrade(&value));
        Ok(value)
    }

    /// Removes a value that is being dropped.
    pub(super) fn remove_dropped(&self, name: &str) {
        let mut values = self.lock();
        // Another may have been made under the name in the meantime.
        if values.get(name).is_some_and(|value| value.strong_count() == 0) {
            values.remove(name);
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Weak<T>>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
