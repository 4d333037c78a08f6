//! The transition table itself.

use std::collections::BTreeSet;

use super::super::*;

#[test]
fn every_stage_is_reachable_and_only_ends_are_ends() {
    let mut reached = BTreeSet::from([Stage::Received]);
    loop {
        let next: BTreeSet<Stage> = MOVES
            .iter()
            .filter(|(from, _)| reached.contains(from))
            .flat_map(|(_, targets)| targets.iter().copied())
            .chain(reached.iter().copied())
            .collect();
        if next == reached {
            break;
        }
        reached = next;
    }
    assert_eq!(reached, Stage::ALL.into_iter().collect());
    for stage in Stage::ALL {
        let exits = Stage::ALL
            .iter()
            .filter(|to| stage.may_become(**to))
            .count();
        let reopens = matches!(stage, Stage::Closed | Stage::Expired);
        assert_eq!(exits == 0, stage.is_terminal() && !reopens, "{stage:?}");
    }
    assert_eq!(MOVES.len(), Stage::ALL.len(), "each stage has one row");
}

#[test]
fn every_effect_has_its_own_words() {
    let kinds: BTreeSet<&str> = Effect::OPENING_KINDS.into_iter().collect();
    assert_eq!(kinds.len(), Effect::OPENING_KINDS.len());
}
