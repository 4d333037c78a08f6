//! What goes wrong on the way: about one answer in twenty is late, lost, broken or refused, and the
//! seed says which.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::dice::Dice;

/// How much goes wrong.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Faults {
    /// Nothing.
    #[default]
    None,
    /// About one answer in twenty.
    Some,
}

/// One thing that goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// Too many requests: nothing is carried out.
    Busy,
    /// A server error before anything is carried out.
    Broken,
    /// It is carried out; the answer comes after this long.
    Late(Duration),
    /// It is carried out; the connection ends without an answer.
    Lost,
    /// It is carried out; the answer makes no sense.
    Garbage,
}

/// What goes wrong with which request.
pub(super) struct Trouble {
    faults: Faults,
    seed: u64,
    requests: AtomicU64,
}

impl Trouble {
    /// Trouble after this seed.
    pub(super) const fn new(faults: Faults, seed: u64) -> Self {
        Self {
            faults,
            seed,
            requests: AtomicU64::new(0),
        }
    }

    /// What goes wrong with the next request.
    pub(super) fn next(&self) -> Option<Fault> {
        let number = self.requests.fetch_add(1, Ordering::Relaxed);
        let mut dice = Dice::of(self.seed, "faults", number);
        if self.faults == Faults::None || !dice.one_in(20) {
            return None;
        }
        let late = Fault::Late(Duration::from_millis(dice.within(500, 3_000)));
        let all = [
            late,
            Fault::Lost,
            Fault::Broken,
            Fault::Busy,
            Fault::Garbage,
        ];
        Some(*dice.pick(&all))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn about_one_in_twenty_goes_wrong_in_every_way_and_the_same_way_again() {
        let faults = |seed| {
            let trouble = Trouble::new(Faults::Some, seed);
            (0..2_000).map(|_| trouble.next()).collect::<Vec<_>>()
        };
        let first = faults(1);
        assert_eq!(first, faults(1));
        assert_ne!(first, faults(2));
        let wrong: Vec<Fault> = first.into_iter().flatten().collect();
        assert!((60..140).contains(&wrong.len()), "{}", wrong.len());
        for fault in [Fault::Lost, Fault::Broken, Fault::Busy, Fault::Garbage] {
            assert!(wrong.contains(&fault), "{fault:?}");
        }
        assert!(wrong.iter().any(|fault| matches!(fault, Fault::Late(_))));
    }

    #[test]
    fn nothing_goes_wrong_unless_it_is_asked_for() {
        let trouble = Trouble::new(Faults::None, 1);
        assert!((0..500).all(|_| trouble.next().is_none()));
    }
}
