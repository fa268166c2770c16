//! What a subscriber of `tracing` writes of what the thread of a test does.

use std::io;
use std::sync::{Arc, LazyLock, Mutex};

use tracing::Level;
use tracing::subscriber::DefaultGuard;
use tracing_subscriber::fmt::format::FmtSpan;

/// The lines of a log.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A second subscriber, which keeps the process from having just one.
///
/// With just one, `tracing` asks the current thread's subscriber whether a call site is of interest when it is first
/// met. If a test without a subscriber meets it first, it is switched off for all of them.
static SECOND_SUBSCRIBER: LazyLock<tracing::Dispatch> =
    LazyLock::new(|| tracing::Dispatch::new(tracing_subscriber::fmt().with_writer(io::sink).finish()));

impl Log {
    /// Writes what this thread does, with a line for each span that ends.
    pub fn start(level: Level) -> (Self, DefaultGuard) {
        LazyLock::force(&SECOND_SUBSCRIBER);
        let log = Self::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_span_events(FmtSpan::CLOSE)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        (log, tracing::subscriber::set_default(subscriber))
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// The line of the end of a span with these words.
    #[track_caller]
    pub fn closing_line(&self, words: &str) -> String {
        let text = self.text();
        let line = text.lines().find(|line| line.contains(words) && line.contains(" close "));
        line.unwrap_or_else(|| panic!("{words} in {text}")).to_owned()
    }
}
