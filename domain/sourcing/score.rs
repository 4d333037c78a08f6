//! What speaks against a location: its points, criterion by criterion.

use serde::{Deserialize, Serialize};

use super::snapshot::{Candidate, Snapshot};
use crate::policy::SourcingPolicy;

/// A criterion of sourcing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Criterion {
    /// One parcel more.
    Split,
    /// The way to the buyer.
    Distance,
    /// What a parcel costs.
    Cost,
    /// When the buyer has it.
    Eta,
    /// Taking the last units of a shelf.
    Risk,
    /// How much of the day's work is taken.
    Capacity,
    /// How long it lies until somebody works on it.
    CutOff,
    /// What moving it emits.
    Co2e,
}

impl Criterion {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Split => "split",
            Self::Distance => "distance",
            Self::Cost => "cost",
            Self::Eta => "eta",
            Self::Risk => "risk",
            Self::Capacity => "capacity",
            Self::CutOff => "cut_off",
            Self::Co2e => "co2e",
        }
    }
}

/// The points of a location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Score {
    /// Which, by its place among the candidates.
    pub candidate: u16,
    /// All points together.
    pub total: u64,
    /// Points by criterion; what adds none is left out.
    pub points: Vec<(Criterion, u64)>,
}

/// Scores a location as if its parcel carried the whole order: which part it would carry is not
/// known before all are scored.
pub fn score(
    place: usize,
    candidate: &Candidate,
    seen: &Snapshot,
    rules: &SourcingPolicy,
) -> Score {
    let km = u64::from(candidate.distance_km.unwrap_or(if candidate.abroad {
        rules.abroad_km
    } else {
        0
    }));
    let wait_hours = u64::from(candidate.wait_minutes).div_ceil(60);
    let travel_hours = (km * 24).div_ceil(u64::from(rules.km_per_day.max(1)));
    let grams = km * seen.weight_g * u64::from(rules.co2e_per_tonne_km) / 1_000_000;
    let measures = [
        (Criterion::Split, rules.split, 1),
        (Criterion::Distance, rules.distance, km),
        (Criterion::Cost, rules.cost, candidate.cost_minor.into()),
        (Criterion::Eta, rules.eta, wait_hours + travel_hours),
        (Criterion::Risk, rules.risk, taken_percent(candidate, seen)),
        (
            Criterion::Capacity,
            rules.capacity,
            candidate.load_pct.into(),
        ),
        (Criterion::CutOff, rules.cut_off, wait_hours),
        (Criterion::Co2e, rules.co2e, grams),
    ];
    let points = measures
        .map(|(criterion, weight, measure)| (criterion, u64::from(weight).saturating_mul(measure)));
    Score {
        candidate: u16::try_from(place).unwrap_or(u16::MAX),
        total: points
            .iter()
            .fold(0, |sum, (_, more)| sum.saturating_add(*more)),
        points: points.into_iter().filter(|(_, more)| *more > 0).collect(),
    }
}

/// The largest share of a SKU's units that the order would take from the shelf, in percent.
fn taken_percent(candidate: &Candidate, seen: &Snapshot) -> u64 {
    let shelves = seen.skus().into_iter().zip(&candidate.free);
    let shares = shelves
        .filter(|(_, free)| **free > 0)
        .map(|((_, need), free)| {
            let taken = need.min(*free).max(0);
            u64::try_from(taken * 100 / free).unwrap_or(0)
        });
    shares.max().unwrap_or(0)
}
