//! Times the contestants of a row in turn.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::allocations;

/// What one sample lasts, about; more only where one operation is longer. Short against the time that the system gives to
/// another process, so that less than half of the samples are hit by one.
const SAMPLE: Duration = Duration::from_millis(1);

/// What a contestant is compared as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ours,
    /// An AMF library that starts or ends with its own value tree, or with the data where it has no tree.
    Peer,
    /// An AMF library that starts from the program's structs, or ends with them.
    PeerWithStructs,
    /// What is no AMF, and says what would be possible.
    Limit,
}

impl Kind {
    pub fn is_peer(self) -> bool {
        matches!(self, Self::Peer | Self::PeerWithStructs)
    }
}

/// One way to do what a row measures.
pub struct Contestant {
    name: String,
    kind: Kind,
    /// Bytes of one operation, written or read.
    bytes: usize,
    /// Runs the operation so often, and tells how long that took.
    batch: Box<dyn FnMut(u32) -> Duration + 'static>,
}

impl Contestant {
    /// The operation is compiled into the loop that repeats it; taking down its result is part of it.
    pub fn new<T>(
        name: impl Into<String>,
        kind: Kind,
        bytes: usize,
        mut operation: impl FnMut() -> T + 'static,
    ) -> Self {
        let batch = move |times| {
            let start = Instant::now();
            for _ in 0..times {
                black_box(operation());
            }
            start.elapsed()
        };
        Self { name: name.into(), kind, bytes, batch: Box::new(batch) }
    }
}

/// What was measured of one contestant.
#[derive(Clone, Debug)]
pub struct Figures {
    pub name: String,
    pub kind: Kind,
    /// Nanoseconds of one operation.
    pub median: f64,
    /// Half the distance between the quartiles, as a part of the median.
    pub spread: f64,
    /// Allocations and reallocations of one operation.
    pub allocations: u64,
    pub bytes: usize,
}

/// Lets the C library keep large blocks that are freed.
///
/// glibc returns them to the system until it has seen a larger one freed, up to 32 MiB; before that, page faults would
/// hit one contestant or another by chance.
pub fn warm_up_allocator() {
    const LARGEST: usize = (32 << 20) - (1 << 16);
    drop(black_box(Vec::<u8>::with_capacity(LARGEST)));
}

/// Each round takes one sample of each contestant, and begins with another one than the round before.
pub fn in_turn(contestants: Vec<Contestant>, rounds: usize) -> Vec<Figures> {
    let mut series: Vec<Series> = contestants.into_iter().map(Series::new).collect();
    let count = series.len();
    for round in 0..rounds {
        for turn in 0..count {
            series[(round + turn) % count].sample();
        }
    }
    series.into_iter().map(Series::finish).collect()
}

struct Series {
    contestant: Contestant,
    times: u32,
    allocations: u64,
    samples: Vec<f64>,
}

impl Series {
    fn new(mut contestant: Contestant) -> Self {
        let times = repetitions(&mut contestant);
        let allocations = allocations::count(|| {
            (contestant.batch)(1);
        });
        Self { contestant, times, allocations, samples: Vec::new() }
    }

    fn sample(&mut self) {
        if self.times > 1 {
            // The caches are still full of what another contestant did.
            (self.contestant.batch)(1);
        }
        let time = (self.contestant.batch)(self.times);
        self.samples.push(time.as_secs_f64() * 1e9 / f64::from(self.times));
    }

    fn finish(mut self) -> Figures {
        self.samples.sort_by(f64::total_cmp);
        let quantile = |part: f64| self.samples[((self.samples.len() - 1) as f64 * part).round() as usize];
        let median = quantile(0.5);
        Figures {
            name: self.contestant.name,
            kind: self.contestant.kind,
            median,
            spread: (quantile(0.75) - quantile(0.25)) / 2.0 / median,
            allocations: self.allocations,
            bytes: self.contestant.bytes,
        }
    }
}

/// How many operations fill a sample; warms up meanwhile.
fn repetitions(contestant: &mut Contestant) -> u32 {
    let mut times = 1;
    loop {
        let time = (contestant.batch)(times);
        if time >= SAMPLE {
            return times.max((f64::from(times) * SAMPLE.as_secs_f64() / time.as_secs_f64()) as u32);
        }
        times = times.saturating_mul(2);
    }
}
