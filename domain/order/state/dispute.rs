//! A buyer's dispute, as a gateway tells of it. It may be decided more than once: it is lost and won in the
//! next instance, or won and opened again. The newest word counts, by the vendor's own clock, and not by the
//! order in which words arrive.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::money::Money;
use crate::order::event::DisputeAnswer;

/// A dispute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Dispute {
    /// How much, by the newest word.
    pub amount: Money,
    /// Until when the retailer may answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due: Option<Timestamp>,
    /// What the retailer answered, since it was opened last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer: Option<DisputeAnswer>,
    /// How it ended: whether the retailer kept the money. Nothing while it is open.
    pub won: Option<bool>,
    /// The last word that it is open, that it is won, that it is lost.
    pub words: [Option<Word>; 3],
}

/// What was said of a dispute, and when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Word {
    /// When, by the vendor's clock; what was said without a time is older than what was said with one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
    /// How much it was about.
    pub amount: Money,
}

impl Word {
    /// The later of two; of two at one time, the one about more.
    fn newest(known: Option<Self>, said: Self) -> Self {
        let newer = known
            .filter(|known| (known.at, known.amount.amount()) > (said.at, said.amount.amount()));
        newer.unwrap_or(said)
    }

    /// Whether it is certainly later than another.
    fn is_later(self, other: Self) -> bool {
        let both = self.at.zip(other.at);
        both.is_some_and(|(this, other)| this > other)
    }
}

impl Dispute {
    /// One of which nothing was told yet.
    pub(in crate::order) const fn over(amount: Money) -> Self {
        Self {
            amount,
            due: None,
            answer: None,
            won: None,
            words: [None; 3],
        }
    }

    /// Takes in that it is open.
    pub(in crate::order) fn open(&mut self, said: Word, due: Option<Timestamp>) {
        let [opened, won, lost] = self.words;
        self.words = [Some(Word::newest(opened, said)), won, lost];
        self.due = self.due.max(due);
        self.weigh();
    }

    /// Takes in how it ended.
    pub(in crate::order) fn close(&mut self, is_won: bool, said: Word) {
        let [opened, won, lost] = self.words;
        self.words = if is_won {
            [opened, Some(Word::newest(won, said)), lost]
        } else {
            [opened, won, Some(Word::newest(lost, said))]
        };
        self.weigh();
    }

    /// How it stands by everything that was said. Ends that contradict each other are settled for the worse,
    /// unless the better one is later; an end is the last word, unless it was opened later.
    fn weigh(&mut self) {
        let [opened, won, lost] = self.words;
        let end = match (won, lost) {
            (Some(won), Some(lost)) if won.is_later(lost) => Some((true, won)),
            (_, Some(lost)) => Some((false, lost)),
            (won, None) => won.map(|won| (true, won)),
        };
        let again = |(_, end): &(bool, Word)| opened.is_some_and(|opened| opened.is_later(*end));
        let end = end.filter(|end| !again(end));
        if self.won.is_some() && end.is_none() {
            // It can be answered again.
            self.answer = None;
        }
        self.won = end.map(|(won, _)| won);
        let newest = end.map(|(_, word)| word).or(opened);
        self.amount = newest.map_or(self.amount, |word| word.amount);
    }
}
