//! A map from a type to one value of it.

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::sync::Arc;

/// What transports, layers and programs attach to a caller, by type.
#[derive(Clone, Default)]
pub struct Extensions {
    /// A handful at most, so looking through them costs less than hashing.
    values: Vec<ExtensionEntry>,
}

#[derive(Clone)]
struct ExtensionEntry {
    type_id: TypeId,
    type_name: &'static str,
    value: Arc<dyn Any + Send + Sync>,
}

impl Extensions {
    /// An empty map.
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts a value in, in place of the one of its type that was there.
    pub fn insert<T: Send + Sync + 'static>(&mut self, value: T) {
        let type_id = TypeId::of::<T>();
        self.values.retain(|extension| extension.type_id != type_id);
        self.values.push(ExtensionEntry { type_id, type_name: type_name::<T>(), value: Arc::new(value) });
    }

    /// Puts in every value of another map, in place of those of their types that were there.
    pub fn extend(&mut self, other: Self) {
        for extension in other.values {
            self.values.retain(|own| own.type_id != extension.type_id);
            self.values.push(extension);
        }
    }

    /// Frees the room for further values, for a caller that lasts.
    pub fn shrink_to_fit(&mut self) {
        self.values.shrink_to_fit();
    }

    /// The value of a type.
    pub fn get<T: Send + Sync + 'static>(&self) -> Option<&T> {
        self.entry::<T>()?.value.downcast_ref()
    }

    /// Returns the value of a type, shared with this map.
    pub fn get_shared<T: Send + Sync + 'static>(&self) -> Option<Arc<T>> {
        Arc::downcast(Arc::clone(&self.entry::<T>()?.value)).ok()
    }

    fn entry<T: 'static>(&self) -> Option<&ExtensionEntry> {
        let type_id = TypeId::of::<T>();
        self.values.iter().find(|extension| extension.type_id == type_id)
    }
}

impl fmt::Debug for Extensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.values.iter().map(|extension| extension.type_name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Extensions;

    #[test]
    fn one_value_for_each_type() {
        let mut extensions = Extensions::new();
        extensions.insert(1_u8);
        extensions.insert("text");
        extensions.insert(2_u8);
        assert_eq!(extensions.get::<u8>(), Some(&2));
        assert_eq!(extensions.get::<&str>(), Some(&"text"));
        assert_eq!(extensions.get::<u16>(), None);
        assert_eq!(extensions.get_shared::<u8>().as_deref(), Some(&2));
    }
}
