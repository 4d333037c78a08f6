//! Makes a history that breaks an invariant as short as it gets: moves are left out while the same
//! invariant still falls. Bounded by the number of moves played, so that its end does not depend on
//! the machine.

use super::moves::Move;

/// Moves that may be played while looking for a shorter history.
const BUDGET: usize = 200_000;

/// The shortest list that still `falls`, as far as the budget goes.
pub(super) fn shrink(moves: Vec<Move>, mut falls: impl FnMut(&[Move]) -> bool) -> Vec<Move> {
    let mut kept = moves;
    let mut budget = BUDGET;
    let mut chunk = kept.len() / 2;
    while chunk > 0 {
        let mut from = 0;
        let mut dropped = false;
        while from < kept.len() {
            let until = (from + chunk).min(kept.len());
            let mut shorter = kept[..from].to_vec();
            shorter.extend_from_slice(&kept[until..]);
            // A run has its price even when it plays nothing: the setting, and coming to rest.
            let price = shorter.len() + 100;
            if price > budget {
                return kept;
            }
            budget -= price;
            if falls(&shorter) {
                kept = shorter;
                dropped = true;
            } else {
                from = until;
            }
        }
        // Single moves are tried again until none can be spared.
        if chunk > 1 || !dropped {
            chunk /= 2;
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::super::dice::Dice;
    use super::super::moves::draw;
    use super::*;

    #[test]
    fn what_does_not_matter_is_left_out() {
        let moves = draw(&mut Dice::seeded(7), 300);
        let (one, other) = (moves[41], moves[207]);
        let short = shrink(moves, |list| list.contains(&one) && list.contains(&other));
        assert_eq!(short, vec![one, other]);
    }
}
