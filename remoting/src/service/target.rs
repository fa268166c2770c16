//! Which method of which service a call means.

use std::fmt;
use std::sync::Arc;

/// `service.method` or `service/method`, split at the last separator.
///
/// A target without a separator names a method of the service whose name is empty, as clients of a
/// flat server call it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    full_name: Arc<str>,
    method_start: usize,
}

impl Target {
    /// Splits a target.
    pub fn new(target: impl Into<Arc<str>>) -> Self {
        let full_name = target.into();
        let separator = full_name.bytes().rposition(|byte| matches!(byte, b'.' | b'/'));
        let method_start = separator.map_or(0, |separator| separator + 1);
        Self { full_name, method_start }
    }

    /// The whole of it, as it was sent.
    pub fn as_str(&self) -> &str {
        &self.full_name
    }

    /// The service's name, as it was sent.
    pub fn service(&self) -> &str {
        self.full_name.get(..self.method_start.saturating_sub(1)).unwrap_or_default()
    }

    /// The method's name.
    pub fn method(&self) -> &str {
        self.full_name.get(self.method_start..).unwrap_or_default()
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full_name)
    }
}

impl From<&str> for Target {
    fn from(target: &str) -> Self {
        Self::new(target)
    }
}

impl From<String> for Target {
    fn from(target: String) -> Self {
        Self::new(target)
    }
}

#[cfg(test)]
mod tests {
    use super::Target;

    #[test]
    fn splits_at_the_last_separator() {
        for (full_name, service, method) in [
            ("game.join", "game", "join"),
            ("game/join", "game", "join"),
            ("com.example.Game.join", "com.example.Game", "join"),
            ("com/example/Game/join", "com/example/Game", "join"),
            ("com.example/Game.join", "com.example/Game", "join"),
            ("join", "", "join"),
            (".join", "", "join"),
            ("game.", "game", ""),
            ("", "", ""),
        ] {
            let target = Target::new(full_name);
            assert_eq!((target.service(), target.method()), (service, method), "{full_name:?}");
            assert_eq!(target.as_str(), full_name);
        }
    }
}
