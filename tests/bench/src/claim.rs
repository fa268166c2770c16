//! What is claimed of a row, and whether it holds.

use std::fmt;

use crate::measure::{Figures, Kind};

/// A claim about one of our contestants, named by its label in the row.
#[derive(Clone, Debug)]
pub enum Claim {
    /// At least so many times faster.
    Faster { ours: &'static str, than: Than, times: f64 },
    /// At most so many times as slow.
    Within { ours: &'static str, of: &'static str, times: f64 },
    /// At most so many allocations.
    Allocations { ours: &'static str, at_most: u64 },
}

/// With what it is compared.
#[derive(Clone, Copy, Debug)]
pub enum Than {
    EveryPeer,
    EveryPeerFromStructs,
    Named(&'static str),
}

/// What became of a claim.
#[derive(Clone, Debug)]
pub struct Verdict {
    pub text: String,
    pub outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Met,
    /// As fast as the fastest peer, as exactly as can be told: where all that is left to do is a copy.
    Even,
    NotMet,
}

/// Below this, two times are the same.
const NOISE: f64 = 0.05;

/// Judges the claims of a row, and first of all that each of ours is faster than every peer.
pub fn judge(claims: &[Claim], row: &[Figures]) -> Vec<Verdict> {
    let always = row.iter().filter(|figures| figures.kind == Kind::Ours).map(|ours| fastest(ours, row));
    always.chain(claims.iter().map(|claim| claim.judge(row))).collect()
}

fn fastest(ours: &Figures, row: &[Figures]) -> Verdict {
    let verdict = faster(ours, Than::EveryPeer.rival(row), 1.0, Than::EveryPeer);
    let is_even = (Than::EveryPeer.rival(row).median / ours.median - 1.0).abs() < NOISE;
    if is_even { Verdict { outcome: Outcome::Even, ..verdict } } else { verdict }
}

impl Claim {
    fn judge(&self, row: &[Figures]) -> Verdict {
        match *self {
            Self::Faster { ours, than, times } => faster(named(row, ours), than.rival(row), times, than),
            Self::Within { ours, of, times } => {
                let (ours, rival) = (named(row, ours), named(row, of));
                let factor = ours.median / rival.median;
                Verdict {
                    text: format!(
                        "{}: {factor:.2}× the time of {}; target ≤ {times}×",
                        ours.name, rival.name
                    ),
                    outcome: Outcome::of(factor <= times),
                }
            }
            Self::Allocations { ours, at_most } => {
                let ours = named(row, ours);
                Verdict {
                    text: format!("{}: {} allocations; target ≤ {at_most}", ours.name, ours.allocations),
                    outcome: Outcome::of(ours.allocations <= at_most),
                }
            }
        }
    }
}

fn faster(ours: &Figures, rival: &Figures, times: f64, than: Than) -> Verdict {
    let factor = rival.median / ours.median;
    Verdict {
        text: format!("{}: {factor:.2}× as fast as {}{than}; target ≥ {times}×", ours.name, rival.name),
        outcome: Outcome::of(factor >= times),
    }
}

impl Outcome {
    fn of(met: bool) -> Self {
        if met { Self::Met } else { Self::NotMet }
    }
}

impl Than {
    fn rival(self, row: &[Figures]) -> &Figures {
        if let Self::Named(name) = self {
            return named(row, name);
        }
        let fastest = row
            .iter()
            .filter(|figures| match self {
                Self::EveryPeerFromStructs => figures.kind == Kind::PeerWithStructs,
                _ => figures.kind.is_peer(),
            })
            .min_by(|a, b| a.median.total_cmp(&b.median));
        fastest.expect("a row whose claim is about peers has some")
    }
}

impl fmt::Display for Than {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::EveryPeer => " (the fastest peer)",
            Self::EveryPeerFromStructs => " (the fastest peer with structs)",
            Self::Named(_) => "",
        })
    }
}

fn named<'a>(row: &'a [Figures], name: &str) -> &'a Figures {
    row.iter().find(|figures| figures.name == name).unwrap_or_else(|| panic!("the row has no {name}"))
}
