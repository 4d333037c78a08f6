//! What a simulator has to tell the hub and when: kept until the hub took it.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::courier::{AT_ONCE, Letter, again_after};

/// Most letters that wait. Beyond it the one that waits longest is given up, as vendors do.
const MOST: usize = 20_000;

struct Waiting {
    due: Timestamp,
    tries: u32,
    letter: Letter,
}

/// Letters that the hub has not taken yet, by their numbers.
#[derive(Default)]
pub(super) struct Outbox {
    waiting: BTreeMap<u64, Waiting>,
    by_time: BTreeSet<(Timestamp, u64)>,
}

impl Outbox {
    /// Adds what is to be told at that time.
    pub(super) fn add(&mut self, due: Timestamp, letter: Letter) {
        let number = letter.number;
        self.remove(number);
        if self.waiting.len() >= MOST
            && let Some(oldest) = self.waiting.keys().next().copied()
        {
            tracing::warn!("too many webhooks wait for the hub; the oldest is given up");
            self.remove(oldest);
        }
        self.by_time.insert((due, number));
        let waiting = Waiting {
            due,
            tries: 0,
            letter,
        };
        self.waiting.insert(number, waiting);
    }

    /// Takes a letter back: told, or not true any more.
    pub(super) fn remove(&mut self, number: u64) {
        if let Some(gone) = self.waiting.remove(&number) {
            self.by_time.remove(&(gone.due, number));
        }
    }

    /// The next letters whose time has come.
    pub(super) fn due(&self, now: Timestamp) -> Vec<Letter> {
        let due = self.by_time.range(..=(now, u64::MAX)).take(AT_ONCE);
        let letters = due.filter_map(|(_, number)| self.waiting.get(number));
        letters.map(|waiting| waiting.letter.clone()).collect()
    }

    /// How many letters wait, their time come or not.
    pub(super) fn len(&self) -> usize {
        self.waiting.len()
    }

    /// The hub did not take it: later again.
    pub(super) fn postpone(&mut self, number: u64, now: Timestamp) {
        let Some(waiting) = self.waiting.get_mut(&number) else {
            return;
        };
        self.by_time.remove(&(waiting.due, number));
        waiting.due = now
            .saturating_add(again_after(waiting.tries))
            .unwrap_or(now);
        waiting.tries += 1;
        self.by_time.insert((waiting.due, number));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    fn letter(number: u64) -> Letter {
        Letter {
            number,
            topic: "",
            body: String::new(),
        }
    }

    fn numbers(outbox: &Outbox, now: i64) -> Vec<u64> {
        let due = outbox.due(at(now)).into_iter();
        due.map(|letter| letter.number).collect()
    }

    #[test]
    fn letters_come_when_they_are_due_and_again_until_they_are_taken() {
        let mut outbox = Outbox::default();
        outbox.add(at(20), letter(1));
        outbox.add(at(10), letter(2));
        assert!(numbers(&outbox, 9).is_empty());
        assert_eq!(numbers(&outbox, 30), [2, 1]);
        outbox.postpone(2, at(30));
        assert_eq!(numbers(&outbox, 30), [1]);
        assert_eq!(numbers(&outbox, 31), [1, 2]);
        outbox.remove(1);
        outbox.remove(2);
        assert!(numbers(&outbox, 1_000).is_empty());
        outbox.postpone(2, at(1_000));
        assert!(numbers(&outbox, 2_000).is_empty());
    }

    #[test]
    fn the_outbox_is_bounded() {
        let mut outbox = Outbox::default();
        for number in 0..=MOST as u64 {
            outbox.add(at(1), letter(number));
        }
        assert_eq!(outbox.len(), MOST);
        assert_eq!(outbox.by_time.len(), MOST);
        assert_eq!(numbers(&outbox, 1)[0], 1);
    }
}
