//! Which messages of a log become checkpoints: many of the latest, few of the old ones.
//!
//! Every `STEP` places of a log are a step. The last `EACH` steps whose number is odd are kept, of
//! the even ones the last `EACH` that are odd when halved, and so on: some for each doubling of the
//! log. What a bus lost is then followed by at most about as much again that it still has.

/// Places of a log from one checkpoint to the next, at the end where they are closest.
const STEP: i64 = 16;
/// Checkpoints kept of each doubling.
const EACH: i64 = 4;

/// The slot in which the message at `seq` is kept as a checkpoint, if it is to be one. The log's
/// message before it stood at `before`.
pub(super) fn slot(before: i64, seq: i64) -> Option<i16> {
    let (from, to) = (before / STEP, seq / STEP);
    if from >= to {
        return None;
    }
    // Gaps may hide several steps between the two; the roundest of them counts. It is `to` down to
    // the highest bit in which the two differ.
    let doubling = (from ^ to).ilog2();
    let of_its_kind = (to >> (doubling + 1)) % EACH;
    i16::try_from(i64::from(doubling) * EACH + of_its_kind).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    /// The checkpoints of a log that has entries at these places.
    fn kept(places: impl Iterator<Item = i64>) -> BTreeMap<i16, i64> {
        let mut kept = BTreeMap::new();
        let mut before = 0;
        for seq in places {
            if let Some(slot) = slot(before, seq) {
                kept.insert(slot, seq);
            }
            before = seq;
        }
        kept
    }

    #[test]
    fn whatever_is_lost_little_more_is_published_again() {
        for length in (1..6_000).step_by(41) {
            let kept = kept(1..=length);
            for lost in 1..=length {
                let there = length - lost;
                let places = kept.values().copied();
                let start = places.filter(|place| *place <= there).max().unwrap_or(0);
                let again = there - start;
                assert!(
                    3 * again <= 2 * lost + 3 * 2 * STEP,
                    "of {length} it lost {lost}; {again} that it has would be sent again"
                );
            }
        }
    }

    #[test]
    fn a_long_log_has_a_few_checkpoints_for_each_doubling() {
        let count = |length| i64::try_from(kept(1..=length).len()).expect("few");
        assert_eq!(count(STEP - 1), 0);
        assert_eq!(count(STEP), 1);
        for doublings in 1..16 {
            assert!(count(STEP << doublings) <= EACH * (doublings + 1));
        }
        let last = slot(0, i64::MAX).expect("a checkpoint");
        assert!(last < 256, "{last} is the highest slot there can be");
    }

    #[test]
    fn a_log_with_gaps_has_them_all_the_same() {
        let kept = kept((1..4_000).map(|number| number * 37));
        assert!(kept.len() > 20, "{kept:?}");
        let latest = kept.values().max();
        assert_eq!(latest, Some(&(3_999 * 37)), "each entry is a step ahead");
    }
}
