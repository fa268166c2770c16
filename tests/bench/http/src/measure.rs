//! Loads the servers of a row in turn.

use crate::apps::App;
use crate::load::Request;
use crate::process::Server;
use crate::rows::Row;

/// Of one sample.
const SECONDS: u32 = 1;

/// Resident memory is compared between these numbers of requests.
const WARM: u64 = 100_000;
const LONG: u64 = 1_000_000;

#[derive(Debug)]
pub struct Figures {
    /// With the gateway's limits.
    pub axum: Side,
    pub bare: Side,
    pub gateway: Side,
    /// The gateway's processor time against axum's.
    pub to_axum: Ratio,
    pub to_bare: Ratio,
    /// Requests in a second.
    pub py3amf: Option<f64>,
    /// Of the gateway's resident memory, in KiB.
    pub growth: i64,
}

/// Of what was measured side by side.
#[derive(Debug)]
pub struct Ratio {
    pub median: f64,
    /// Half the distance between the quartiles.
    pub spread: f64,
}

impl Ratio {
    fn of(ours: &Contestant, other: &Contestant) -> Self {
        let ratios: Vec<f64> =
            ours.micros.iter().zip(&other.micros).map(|(ours, other)| ours / other).collect();
        Self {
            median: quantile(&ratios, 0.5),
            spread: (quantile(&ratios, 0.75) - quantile(&ratios, 0.25)) / 2.0,
        }
    }
}

/// Medians of what one server did.
#[derive(Debug)]
pub struct Side {
    /// Microseconds of the processor for each request.
    pub micros: f64,
    /// Requests in a second.
    pub rate: f64,
}

pub fn measure(row: &Row, rounds: usize, python: Option<&str>) -> Figures {
    let request = Request::new(&row.request());
    let mut contestants =
        [App::Axum, App::Gateway, App::BareAxum].map(|app| Contestant::new(Server::start(app, row)));
    for round in 0..rounds {
        // There and back, so that who comes first changes, and the gateway is always next to both.
        let mut turns: Vec<_> = contestants.iter_mut().collect();
        if round % 2 == 1 {
            turns.reverse();
        }
        for contestant in turns {
            contestant.sample(&request);
        }
    }
    let [axum, mut gateway, bare] = contestants;
    Figures {
        axum: axum.side(),
        bare: bare.side(),
        gateway: gateway.side(),
        to_axum: Ratio::of(&gateway, &axum),
        to_bare: Ratio::of(&gateway, &bare),
        py3amf: python.map(|python| py3amf(python, row, &request)),
        growth: gateway.growth(&request),
    }
}

fn py3amf(python: &str, row: &Row, request: &Request) -> f64 {
    let mut contestant = Contestant::new(Server::start_py3amf(python, row));
    for _ in 0..5 {
        contestant.sample(request);
    }
    contestant.side().rate
}

struct Contestant {
    server: Server,
    micros: Vec<f64>,
    rates: Vec<f64>,
    answered: u64,
    /// Resident memory when it was warm.
    memory: Option<i64>,
}

impl Contestant {
    fn new(server: Server) -> Self {
        Self { server, micros: Vec::new(), rates: Vec::new(), answered: 0, memory: None }
    }

    fn sample(&mut self, request: &Request) {
        let before = self.server.processor_time();
        let load = request.post(&self.server.url(), SECONDS);
        let time = self.server.processor_time().saturating_sub(before);
        self.micros.push(time.as_secs_f64() * 1e6 / load.requests as f64);
        self.rates.push(load.rate());
        self.answered += load.requests;
        if self.answered >= WARM {
            self.memory.get_or_insert(self.server.memory());
        }
    }

    fn side(&self) -> Side {
        Side { micros: quantile(&self.micros, 0.5), rate: quantile(&self.rates, 0.5) }
    }

    fn growth(&mut self, request: &Request) -> i64 {
        while self.answered < LONG {
            self.sample(request);
        }
        self.server.memory() - self.memory.expect("it is warm long since")
    }
}

fn quantile(samples: &[f64], part: f64) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[((sorted.len() - 1) as f64 * part).round() as usize]
}
