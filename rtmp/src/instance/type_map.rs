//! Values by their type, made when they are first asked for.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

/// One value of each type that was asked for.
#[derive(Default)]
pub(crate) struct TypeMap {
    /// Under each type a cell of it: `Arc<OnceLock<Arc<T>>>`.
    cells: Mutex<HashMap<TypeId, Arc<dyn Any + Send + Sync>>>,
}

impl TypeMap {
    /// The value of a type. While it is made, only those wait who ask for the same type.
    pub(crate) fn get_or_init<T: Send + Sync + 'static>(&self, make: impl FnOnce() -> T) -> Arc<T> {
        Arc::clone(self.cell::<T>().get_or_init(|| Arc::new(make())))
    }

    fn cell<T: Send + Sync + 'static>(&self) -> Arc<OnceLock<Arc<T>>> {
        let mut cells = self.lock();
        let cell = cells.entry(TypeId::of::<T>()).or_insert_with(|| Arc::new(OnceLock::<Arc<T>>::new()));
        // What stands under a type is of that type.
        Arc::clone(cell).downcast().unwrap_or_default()
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TypeId, Arc<dyn Any + Send + Sync>>> {
        self.cells.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for TypeMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypeMap").field("values", &self.lock().len()).finish()
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
