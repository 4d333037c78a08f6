//! What people at a location do next, how long they take for it, and when they refuse. Pure: a
//! fulfilment is looked at as the API shows it.

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::sim::dice::Dice;

/// One fulfilment in so many is refused.
const REFUSALS: u64 = 25;

/// Why people refuse. The first two are about the goods and change what is on the shelf.
const REASONS: [&str; 4] = ["not_in_stock", "damaged", "too_busy", "closing_time"];

/// A request of the API about a fulfilment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::sim) struct Step {
    pub(in crate::sim) verb: &'static str,
    pub(in crate::sim) body: Value,
    /// How long people take for it.
    pub(in crate::sim) pause: SignedDuration,
}

/// What people do with a fulfilment in this stage: the one that they see as number `number`, while so
/// many of their seconds pass in one of the clock's. `None` when it is not their turn.
pub(in crate::sim) fn next(seed: u64, number: u64, stage: &str, pace: u32) -> Option<Step> {
    let mut dice = Dice::of(seed, "staff", number);
    let refuses = dice.one_in(REFUSALS);
    let reason = *dice.pick(&REASONS);
    let (verb, least, most) = match stage {
        "requested" if refuses => ("reject", 2, 10),
        "requested" => ("accept", 1, 6),
        "accepted" | "picking" => ("pick", 3, 15),
        "picked" => ("pack", 2, 8),
        "labelled" => ("hand-over", 3, 20),
        _ => return None,
    };
    let mut dice = Dice::of(seed, stage, number);
    let minutes = i64::try_from(dice.within(least, most)).unwrap_or_default();
    let body = if verb == "reject" {
        json!({ "reason": reason })
    } else {
        json!({})
    };
    Some(Step {
        verb,
        body,
        pause: SignedDuration::from_millis(minutes * 60_000 / i64::from(pace.max(1))),
    })
}

/// When something that takes so long and was seen now will be done.
pub(in crate::sim) fn done_at(now: Timestamp, pause: SignedDuration) -> Timestamp {
    now.saturating_add(pause).unwrap_or(now)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verbs(number: u64) -> Vec<&'static str> {
        let stages = ["requested", "accepted", "picked", "labelled"];
        let steps = stages.iter().filter_map(|stage| next(1, number, stage, 60));
        steps.map(|step| step.verb).collect()
    }

    #[test]
    fn people_accept_pick_pack_and_hand_over_and_sometimes_refuse() {
        let refused = (0..500)
            .filter(|number| verbs(*number)[0] == "reject")
            .count();
        assert!((5..50).contains(&refused), "{refused}");
        let usual = (0..500).find(|number| verbs(*number)[0] != "reject");
        let usual = usual.expect("most are accepted");
        assert_eq!(verbs(usual), ["accept", "pick", "pack", "hand-over"]);
        for stage in [
            "planned",
            "packed",
            "handed_over",
            "cancelled",
            "a new word",
        ] {
            assert_eq!(next(1, usual, stage, 60), None, "{stage}");
        }
    }

    #[test]
    fn a_refusal_says_why() {
        let reasons = (0..2_000).filter_map(|number| {
            let step = next(1, number, "requested", 60)?;
            step.body["reason"].as_str().map(str::to_owned)
        });
        let reasons: std::collections::BTreeSet<String> = reasons.collect();
        assert_eq!(reasons.len(), REASONS.len());
    }

    #[test]
    fn the_speed_shortens_the_pauses() {
        let pause = |speed| next(1, 1, "accepted", speed).map(|step| step.pause);
        assert_eq!(pause(1), pause(60).map(|pause| pause * 60));
        assert!(pause(60) > Some(SignedDuration::from_secs(1)));
    }
}
