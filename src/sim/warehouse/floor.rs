//! The work on the floor: which fulfilments people have seen, and what each waits for. Kept in memory
//! alone: whoever starts again looks at the hub and sees the same.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde_json::Value;

use super::staff::{self, Step};

/// A fulfilment that people work on.
struct Work {
    number: u64,
    stage: String,
    due: Timestamp,
    step: Option<Step>,
    /// The look at the hub that saw it last.
    look: u64,
}

/// What is to be done now.
#[derive(Debug, Clone)]
pub(super) struct Task {
    pub(super) fulfilment: String,
    pub(super) step: Step,
}

/// The floor.
pub(super) struct Floor {
    seed: u64,
    pace: u32,
    /// The locations whose work is done here; all, if there are none.
    locations: Vec<String>,
    work: BTreeMap<String, Work>,
    seen: u64,
    look: u64,
}

impl Floor {
    pub(super) const fn new(seed: u64, pace: u32, locations: Vec<String>) -> Self {
        Self {
            seed,
            pace,
            locations,
            work: BTreeMap::new(),
            seen: 0,
            look: 0,
        }
    }

    /// A new look at all orders begins.
    pub(super) const fn begin(&mut self) {
        self.look += 1;
    }

    /// Looks at an order as the API shows it.
    pub(super) fn look_at(&mut self, order: &Value, now: Timestamp) {
        for shown in order["fulfilments"].as_array().into_iter().flatten() {
            let text = |name: &str| shown[name].as_str().unwrap_or_default();
            let (id, location, stage) = (text("id"), text("location"), stage_of(shown));
            let ours = self.locations.is_empty() || self.locations.iter().any(|l| l == location);
            if !ours || id.is_empty() {
                continue;
            }
            let known = self.work.get_mut(id);
            let number = known.as_ref().map_or(self.seen + 1, |work| work.number);
            self.seen = self.seen.max(number);
            match known {
                Some(work) if work.stage == stage => work.look = self.look,
                _ => {
                    let step = staff::next(self.seed, number, stage, self.pace);
                    let pause = step.as_ref().map(|step| step.pause).unwrap_or_default();
                    let work = Work {
                        number,
                        stage: stage.to_owned(),
                        due: staff::done_at(now, pause),
                        step,
                        look: self.look,
                    };
                    self.work.insert(id.to_owned(), work);
                }
            }
        }
    }

    /// The look ends: what no open order has any more is forgotten.
    pub(super) fn end(&mut self) {
        let look = self.look;
        self.work.retain(|_, work| work.look == look);
    }

    /// What is to be done now: at most so many.
    pub(super) fn due(&self, now: Timestamp, most: usize) -> Vec<Task> {
        let due = self.work.iter().filter(|(_, work)| work.due <= now);
        let tasks = due.filter_map(|(id, work)| {
            Some(Task {
                fulfilment: id.clone(),
                step: work.step.clone()?,
            })
        });
        tasks.take(most).collect()
    }

    /// It was done: there is nothing to do until the hub shows another stage.
    pub(super) fn done(&mut self, fulfilment: &str) {
        if let Some(work) = self.work.get_mut(fulfilment) {
            work.step = None;
        }
    }

    /// It cannot be done now: later again.
    pub(super) fn postpone(&mut self, fulfilment: &str, until: Timestamp) {
        if let Some(work) = self.work.get_mut(fulfilment) {
            work.due = until;
        }
    }
}

/// The stage of a fulfilment, and `picked` once nothing is left to pick.
fn stage_of(shown: &Value) -> &str {
    let units = |name: &str| {
        let units = shown[name].as_array().into_iter().flatten();
        let units = units.map(|one| (one["line"].to_string(), one["quantity"].to_string()));
        units.collect::<BTreeSet<_>>()
    };
    match shown["stage"].as_str().unwrap_or_default() {
        "picking" if units("picked") == units("lines") => "picked",
        stage => stage,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn order(stage: &str) -> Value {
        json!({"fulfilments": [
            {"id": "ful_1", "location": "BER1", "stage": stage},
            {"id": "ful_2", "location": "ELSEWHERE", "stage": stage},
        ]})
    }

    fn verbs(floor: &Floor, now: i64) -> Vec<(String, &'static str)> {
        let tasks = floor.due(at(now), 10).into_iter();
        tasks
            .map(|task| (task.fulfilment, task.step.verb))
            .collect()
    }

    #[test]
    fn a_step_is_taken_after_its_pause_and_once() {
        // In this seed's world the first fulfilment is not refused.
        let mut floor = Floor::new(1, 60, vec!["BER1".to_owned()]);
        floor.begin();
        floor.look_at(&order("requested"), at(0));
        assert!(verbs(&floor, 0).is_empty());
        let accept = vec![("ful_1".to_owned(), "accept")];
        assert_eq!(verbs(&floor, 60), accept);
        floor.postpone("ful_1", at(100));
        assert!(verbs(&floor, 60).is_empty());
        floor.look_at(&order("requested"), at(90));
        assert_eq!(verbs(&floor, 100), accept);
        floor.done("ful_1");
        floor.look_at(&order("requested"), at(110));
        assert!(verbs(&floor, 1_000).is_empty());
        floor.look_at(&order("accepted"), at(120));
        assert_eq!(verbs(&floor, 1_000), [("ful_1".to_owned(), "pick")]);
    }

    #[test]
    fn what_is_picked_whole_is_packed_and_the_rest_is_picked_first() {
        let unit = |quantity: &str| json!([{"line": "1", "sku": "A", "quantity": quantity}]);
        let shown =
            |picked: &str| json!({"stage": "picking", "lines": unit("2"), "picked": unit(picked)});
        assert_eq!(stage_of(&shown("2")), "picked");
        assert_eq!(stage_of(&shown("1")), "picking");
        assert_eq!(stage_of(&json!({"stage": "labelled"})), "labelled");
    }

    #[test]
    fn what_is_not_open_any_more_is_forgotten() {
        let mut floor = Floor::new(1, 60, Vec::new());
        floor.begin();
        floor.look_at(&order("accepted"), at(0));
        floor.end();
        assert_eq!(floor.work.len(), 2);
        floor.begin();
        floor.end();
        assert!(floor.work.is_empty());
    }
}
