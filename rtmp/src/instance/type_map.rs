//! Values by their type, made when they are first asked for.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use amf_remoting::service::Extensions;

/// One value of each type that was requested: [`Extensions`] behind a lock.
#[derive(Default)]
pub(crate) struct TypeMap {
    /// For each type a cell of it: `OnceLock<Arc<T>>`.
    cells: Mutex<Extensions>,
}

impl TypeMap {
    /// Returns the value of a type. While it is made, only those wait who request the same type.
    pub(crate) fn get_or_init<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        Arc::clone(self.cell::<T>().get_or_init(|| Arc::new(make())))
    }

    fn cell<T: Send + Sync + 'static>(&self) -> Arc<OnceLock<Arc<T>>> {
        let mut cells = self.lock();
        if let Some(cell) = cells.get_shared() {
            return cell;
        }
        cells.insert(OnceLock::<Arc<T>>::new());
        cells.get_shared().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, Extensions> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TypeMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TypeMap").field(&*self.lock()).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicU32;

    use super::TypeMap;

    #[test]
    fn each_type_has_one_value() {
        let values = TypeMap::default();
        let text = values.get_or_init(|| String::from("first"));
        // One type may be made of another.
        let length = values.get_or_init(|| values.get_or_init(String::new).len());
        assert_eq!(*values.get_or_init(|| String::from("second")), "first");
        assert_eq!((text.as_str(), *length), ("first", 5));
        let count = values.get_or_init(AtomicU32::default);
        assert!(std::sync::Arc::ptr_eq(&count, &values.get_or_init(AtomicU32::default)));
    }
}
