//! Counters of what the thread of a test does.

use std::collections::BTreeMap;

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

/// Counts what this thread does.
pub struct Counters {
    snapshotter: Snapshotter,
    _recorder: metrics::LocalRecorderGuard<'static>,
}

impl Counters {
    pub fn start() -> Self {
        let recorder = Box::leak(Box::new(DebuggingRecorder::new()));
        let snapshotter = recorder.snapshotter();
        Self { snapshotter, _recorder: metrics::set_default_local_recorder(recorder) }
    }

    /// What was counted since this was asked last, as `name{label=value,…}`; of histograms, how many values.
    pub fn take(&self) -> BTreeMap<String, u64> {
        let snapshot = self.snapshotter.snapshot().into_vec();
        let counted = snapshot.into_iter().filter_map(|(key, _, _, value)| {
            let key = key.key();
            let labels: Vec<_> =
                key.labels().map(|label| format!("{}={}", label.key(), label.value())).collect();
            let count = match value {
                DebugValue::Counter(count) => count,
                DebugValue::Histogram(values) => values.len() as u64,
                // Of memory, which several threads charge.
                DebugValue::Gauge(_) => return None,
            };
            Some((format!("{}{{{}}}", key.name(), labels.join(",")), count))
        });
        counted.filter(|(_, count)| *count > 0).collect()
    }

    /// Compares all but slow polls: on a machine that is busy with other things, any poll may be one.
    #[track_caller]
    pub fn assert(&self, expected: &[(&str, u64)]) {
        let expected = expected.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect();
        let mut counted = self.take();
        counted.retain(|name, _| !name.starts_with("amf_slow_polls_total"));
        assert_eq!(counted, expected);
    }
}
