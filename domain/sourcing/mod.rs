//! Sourcing: which locations provide which units. Rules are data, what was looked at is stored with
//! what was decided, and another rule can be put to the same question later.
//!
//! A pure function over a snapshot of stock, capacity and places. What a snapshot is made of is the
//! order's business ([`crate::order::plan`]); the locations have the last word when they are asked.

mod geo;
mod hours;
mod score;
mod search;
mod snapshot;
#[cfg(test)]
mod tests;
mod transfer;

use serde::{Deserialize, Serialize};

pub use geo::Point;
pub use hours::Hours;
pub use score::{Criterion, Score, score};
pub use search::{Cover, EXACT_LOCATIONS, EXACT_SKUS, Problem};
pub use snapshot::{CANDIDATES_KEPT, Candidate, Need, Snapshot, Transfer};

use crate::ids::LocationCode;
use crate::policy::SourcingPolicy;

/// Units of a line that a location is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asked {
    /// Where.
    pub location: LocationCode,
    /// Units by line.
    pub lines: Vec<(u16, i64)>,
}

/// A decision, with everything that it stands on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sourced {
    /// The version of the rules.
    pub version: u32,
    /// The fingerprint of the rules.
    pub rules: String,
    /// What was known.
    pub seen: Snapshot,
    /// The points of every candidate that could be asked.
    pub scores: Vec<Score>,
    /// Who is asked for what.
    pub asked: Vec<Asked>,
    /// Points of the plan.
    pub points: u64,
    /// Points that a better plan could save at most; none when this one is proven best.
    pub gap: u64,
    /// Every location that could give has a full day: the work waits for a later one.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub queued: bool,
}

/// Decides who is asked. A store that the buyer collects at gives what it has before others send it
/// the rest, if they may. Where a person sent it is asked alone if it has all of it. Locations whose day is full are asked only when the others do not have
/// everything. Nothing when all of them together do not.
pub fn source(seen: &Snapshot, rules: &SourcingPolicy) -> Option<Sourced> {
    if let Some(store) = seen.sends_to(rules) {
        return transfer::gathered(seen, store, rules);
    }
    let all = (0..seen.candidates.len()).filter(|place| seen.is_open(*place, rules));
    searched(seen, &all.collect::<Vec<_>>(), rules)
}

/// The same among these candidates.
fn searched(seen: &Snapshot, all: &[usize], rules: &SourcingPolicy) -> Option<Sourced> {
    let sent: Vec<usize> = all
        .iter()
        .copied()
        .filter(|place| {
            let location = seen.candidates.get(*place).map(|c| &c.location);
            seen.sent_to.is_some() && location == seen.sent_to.as_ref()
        })
        .collect();
    let today: Vec<usize> = all
        .iter()
        .copied()
        .filter(|place| seen.candidates.get(*place).is_some_and(|c| !c.is_full()))
        .collect();
    let by_a_person = among(seen, &sent, rules, true).filter(|plan| !plan.asked.is_empty());
    let by_a_person = by_a_person.map(|plan| Sourced {
        // What the others have for it stands beside the person's choice.
        scores: scored(seen, all, rules).map(|(_, score)| score).collect(),
        queued: false,
        ..plan
    });
    by_a_person
        .or_else(|| among(seen, &today, rules, false))
        .or_else(|| among(seen, all, rules, true))
}

/// The candidates at these places, with their points.
fn scored<'a>(
    seen: &'a Snapshot,
    places: &'a [usize],
    rules: &'a SourcingPolicy,
) -> impl Iterator<Item = (&'a Candidate, Score)> {
    places.iter().filter_map(|place| {
        let candidate = seen.candidates.get(*place)?;
        Some((candidate, score(*place, candidate, seen, rules)))
    })
}

fn among(
    seen: &Snapshot,
    places: &[usize],
    rules: &SourcingPolicy,
    queued: bool,
) -> Option<Sourced> {
    let scored: Vec<(&Candidate, Score)> = scored(seen, places, rules).collect();
    let skus = seen.skus();
    let problem = Problem {
        need: skus.iter().map(|(_, units)| *units).collect(),
        supply: scored.iter().map(|(c, _)| c.free.clone()).collect(),
        cost: scored.iter().map(|(_, score)| score.total).collect(),
    };
    let cover = problem.cover()?;
    // The cheapest location gives all it can; the dearest only what is missing.
    let mut chosen: Vec<&(&Candidate, Score)> =
        cover.chosen.iter().filter_map(|l| scored.get(*l)).collect();
    chosen.sort_by_key(|(_, score)| (score.total, score.candidate));
    let mut left: Vec<i64> = seen.needs.iter().map(|need| need.units).collect();
    let mut asked = Vec::new();
    for (candidate, _) in chosen {
        let mut free = candidate.free.clone();
        let mut lines = Vec::new();
        for (need, left) in seen.needs.iter().zip(&mut left) {
            let sku = skus.iter().position(|(sku, _)| **sku == need.sku);
            let Some(there) = sku.and_then(|sku| free.get_mut(sku)) else {
                continue;
            };
            let given = (*left).min(*there);
            if given > 0 {
                *left -= given;
                *there -= given;
                lines.push((need.line, given));
            }
        }
        if !lines.is_empty() {
            let location = candidate.location.clone();
            asked.push(Asked { location, lines });
        }
    }
    Some(Sourced {
        version: rules.version,
        rules: rules.fingerprint(),
        seen: seen.clone(),
        scores: scored.into_iter().map(|(_, score)| score).collect(),
        asked,
        points: cover.cost,
        gap: cover.cost - cover.bound,
        queued,
    })
}

impl Sourced {
    /// The sentence for an operator: who is asked, and what spoke for it.
    pub fn sentence(&self) -> String {
        let names: Vec<String> = self
            .asked
            .iter()
            .map(|asked| {
                let points = self.points_of(&asked.location);
                format!("{} ({})", asked.location, points)
            })
            .collect();
        let others = self.scores.len().saturating_sub(self.asked.len());
        let rest = match others {
            0 => "nobody else could be asked".to_owned(),
            1 => "one other could".to_owned(),
            n => format!("{n} others could"),
        };
        let sure = if self.gap == 0 {
            "the best plan".to_owned()
        } else {
            format!("at most {} points from the best plan", self.gap)
        };
        let late = if self.queued {
            "; every day is full there, so the work waits for a later one"
        } else {
            ""
        };
        let sends = self.transfers();
        format!(
            "{}: {rest}; {sure} by version {} of the rules{late}{sends}",
            names.join(", "),
            self.version
        )
    }

    /// What came of the wish to send units to the store where the buyer collects them, as the end of a
    /// sentence.
    fn transfers(&self) -> String {
        match &self.seen.transfer {
            Transfer::To(store) if self.asked.iter().any(|asked| asked.location != *store) => {
                format!("; what {store} lacks is sent there")
            }
            Transfer::NoAddress(store) => {
                format!("; nothing can be sent to {store}, which has no address")
            }
            Transfer::To(_) | Transfer::None => String::new(),
        }
    }

    /// The points of a location, as words: `distance 12, cost 410`. The parcel's own points are the
    /// same everywhere and left out.
    pub fn points_of(&self, location: &LocationCode) -> String {
        let candidates = &self.seen.candidates;
        let place = candidates.iter().position(|c| c.location == *location);
        let score = self
            .scores
            .iter()
            .find(|score| Some(usize::from(score.candidate)) == place);
        let points = score.iter().flat_map(|score| &score.points);
        let words: Vec<String> = points
            .filter(|(criterion, _)| *criterion != Criterion::Split)
            .map(|(criterion, points)| format!("{} {points}", criterion.word()))
            .collect();
        if words.is_empty() {
            "no points".to_owned()
        } else {
            words.join(", ")
        }
    }
}
