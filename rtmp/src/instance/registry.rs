//! Values that are held elsewhere, by name.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// Values that somebody holds, by name. A value calls [`remove_dropped`](Self::remove_dropped) when it is dropped.
#[derive(Debug)]
pub(crate) struct Registry<K, T> {
    values: Mutex<HashMap<K, Weak<T>>>,
}

impl<K, T> Default for Registry<K, T> {
    fn default() -> Self {
        Self { values: Mutex::default() }
    }
}

impl<K: Eq + Hash, T> Registry<K, T> {
    /// Returns the value of this name, if somebody holds it.
    pub(crate) fn get<Q: Eq + Hash + ?Sized>(&self, name: &Q) -> Option<Arc<T>>
    where
        K: Borrow<Q>,
    {
        self.lock().get(name).and_then(Weak::upgrade)
    }

    /// Returns the value of this name, a new one if nobody holds it; `make` is given how many there are.
    ///
    /// # Errors
    /// Those of `make`.
    pub(crate) fn get_or_try_insert<E>(
        &self,
        name: K,
        make: impl FnOnce(usize) -> Result<Arc<T>, E>,
    ) -> Result<Arc<T>, E> {
        let mut values = self.lock();
        if let Some(value) = values.get(&name).and_then(Weak::upgrade) {
            return Ok(value);
        }
        let value = make(values.len())?;
        values.insert(name, Arc::downgrade(&value));
        Ok(value)
    }

    /// Returns the values that somebody holds, in no order.
    pub(super) fn values(&self) -> Vec<Arc<T>> {
        self.lock().values().filter_map(Weak::upgrade).collect()
    }

    /// Removes a value that is being dropped.
    pub(crate) fn remove_dropped<Q: Eq + Hash + ?Sized>(&self, name: &Q)
    where
        K: Borrow<Q>,
    {
        let mut values = self.lock();
        // Another may have been made under the name in the meantime.
        if values.get(name).is_some_and(|value| value.strong_count() == 0) {
            values.remove(name);
        }
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, HashMap<K, Weak<T>>> {
        self.values.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
