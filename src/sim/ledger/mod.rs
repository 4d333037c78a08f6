//! What a channel sold and what it was told of it since, for channels that are asked: tills, marketplaces,
//! social shops. A line is decided, written into the book, and only then applied; each has the whole order
//! as it then is, so that one that left the memory is answered from the book's recent pages.
//!
//! What a channel tells of a line by itself is its own business ([`News`]).

mod sale;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use jiff::Timestamp;

use crate::sim::book::{Book, BookError};
use crate::sim::courier::Letter;
use crate::sim::dice::Dice;
use crate::sim::goods::{self, Line};
use crate::sim::outbox::Outbox;

pub(super) use self::sale::{Cancelled, Entry, Parcel, Refund, Sale, Thought};

/// How a channel's goods reach their buyers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    /// Over the counter: nobody pays shipping, and some bring a part back for their money.
    Counter,
    /// They are sent; some buyers have all of it or a line taken out before that.
    Sent,
    /// They are sent; some buyers ask before that not to get them, and the seller decides.
    SentUnlessAsked,
}

impl Manner {
    /// What this buyer will think later, and after how many seconds; nothing, mostly.
    fn thought(self, dice: &mut Dice, lines: usize) -> Option<(Thought, u64)> {
        let changes_mind = dice.one_in(12).then(|| dice.within(2, 30));
        let changes_a_part = dice.one_in(10).then(|| dice.within(2, 30));
        match self {
            Self::Counter => changes_a_part.map(|after| (Thought::BringsBack, after)),
            Self::Sent => {
                let part = changes_a_part.filter(|_| lines > 1);
                let part = part.map(|after| (Thought::TakesOut, after));
                let whole = changes_mind.map(|after| (Thought::Cancels, after));
                whole.or(part)
            }
            Self::SentUnlessAsked => changes_mind.map(|after| (Thought::Asks, after)),
        }
    }
}

/// Most orders in memory.
const REMEMBERED: usize = 20_000;
/// Most parcels of an order.
const MOST_PARCELS: usize = 20;

/// What the channel tells by itself after a line of its book, and when.
pub(super) type News = fn(&Entry) -> Vec<(Timestamp, Letter)>;

struct Memory {
    news: News,
    sales: BTreeMap<u64, Sale>,
    /// By their last change.
    changes: BTreeSet<(Timestamp, u64)>,
    /// Who will think again, and when.
    regrets: BTreeSet<(Timestamp, u64)>,
    outbox: Outbox,
    sold: u64,
}

/// All orders of a channel.
pub(super) struct Ledger {
    book: Book<Entry>,
    memory: Memory,
}

impl Ledger {
    /// The orders as the book of this kind has them.
    pub(super) fn open(kind: &str, book: Option<&Path>, news: News) -> Result<Self, BookError> {
        let mut memory = Memory {
            news,
            sales: BTreeMap::new(),
            changes: BTreeSet::new(),
            regrets: BTreeSet::new(),
            outbox: Outbox::default(),
            sold: 0,
        };
        let book = Book::open(kind, book, |line| memory.apply(line))?;
        Ok(Self { book, memory })
    }

    /// What waits to be told.
    pub(super) const fn outbox(&mut self) -> &mut Outbox {
        &mut self.memory.outbox
    }

    /// A buyer takes what the dice of this seed say; what was taken.
    pub(super) fn sell(
        &mut self,
        seed: u64,
        skus: &[String],
        manner: Manner,
    ) -> io::Result<Vec<Line>> {
        let sent = manner != Manner::Counter;
        let number = self.memory.sold + 1;
        let mut dice = Dice::of(seed, "sales", number);
        let lines = goods::lines(&mut dice, seed, skus, 0);
        let now = Timestamp::now();
        // Worlds that began in different seconds have different ids, so that a hub that knows an
        // earlier one does not take their orders for the same.
        let world = u64::try_from(self.book.opened()).unwrap_or_default() * 1_000_000;
        let sale = Sale {
            id: world + number,
            number,
            placed_at: now,
            changed_at: now,
            version: 1,
            buyer: dice.below(1 << 16),
            lines: lines.clone(),
            shipping: if sent {
                *dice.pick(&[0, 390, 490, 890])
            } else {
                0
            },
            acknowledged: false,
            parcels: Vec::new(),
            cancelled: None,
            asked_at: None,
            taken_out: None,
            refund: None,
            thought: manner.thought(&mut dice, lines.len()),
            late: if dice.one_in(12) {
                dice.within(2, 6)
            } else {
                0
            },
            repeated_after: dice.one_in(8).then(|| dice.within(1, 10)),
        };
        self.note(Entry::Sold(Box::new(sale)))?;
        Ok(lines)
    }

    /// An order by its id.
    pub(super) fn find(&self, id: u64) -> Option<Sale> {
        let known = self.memory.sales.get(&id).cloned();
        known.or_else(|| {
            let line = self
                .book
                .recall(|line| line.sale().is_some_and(|sale| sale.id == id))?;
            line.sale().cloned()
        })
    }

    /// The orders whose last change is not before `from` and before `until`, and behind the order `behind`:
    /// oldest change first, at most so many, and whether there are more.
    pub(super) fn changed(
        &self,
        (from, until): (Timestamp, Timestamp),
        behind: Option<(Timestamp, u64)>,
        most: usize,
    ) -> (Vec<&Sale>, bool) {
        let begin = behind
            .map_or((from, 0), |(at, id)| (at, id + 1))
            .max((from, 0));
        if begin >= (until, 0) {
            return (Vec::new(), false);
        }
        let mut changes = self.memory.changes.range(begin..(until, 0));
        let page = changes.by_ref().take(most);
        let page = page
            .filter_map(|(_, id)| self.memory.sales.get(id))
            .collect();
        (page, changes.next().is_some())
    }

    /// Notes that the hub has the order.
    pub(super) fn acknowledge(&mut self, mut sale: Sale) -> io::Result<()> {
        sale.acknowledged = true;
        self.note(Entry::Acknowledged(Box::new(changed(sale))))
    }

    /// Notes what left; `false` when the order cannot have any more parcels.
    pub(super) fn ship(&mut self, mut sale: Sale, parcel: Parcel) -> io::Result<bool> {
        if sale.parcels.len() >= MOST_PARCELS {
            return Ok(false);
        }
        sale.parcels.push(parcel);
        self.note(Entry::Shipped(Box::new(changed(sale))))?;
        Ok(true)
    }

    /// Notes that the hub cancelled the order.
    pub(super) fn cancel(&mut self, sale: Sale, reason: &str) -> io::Result<()> {
        self.note(cancelled(sale, false, reason))
    }

    /// Buyers whose time has come think again.
    pub(super) fn regret(&mut self, now: Timestamp) -> io::Result<()> {
        while let Some((at, id)) = self
            .memory
            .regrets
            .first()
            .copied()
            .filter(|(at, _)| *at <= now)
        {
            if let Some(sale) = self.memory.sales.get(&id).cloned()
                && let Some((_, thought)) = sale.thinks_at()
            {
                self.note(thought_again(sale, thought))?;
            }
            self.memory.regrets.remove(&(at, id));
        }
        Ok(())
    }

    /// The hub took a letter, or did not. Should the book not take that, it is told once more.
    pub(super) fn told(&mut self, letter: u64, taken: bool) {
        let now = Timestamp::now();
        if !taken {
            self.memory.outbox.postpone(letter, now);
        } else if let Err(error) = self.note(Entry::Told(letter)) {
            tracing::error!(%error, "the book takes no line");
            self.memory.outbox.postpone(letter, now);
        }
    }

    fn note(&mut self, line: Entry) -> io::Result<()> {
        self.book.append(&line)?;
        self.memory.apply(line);
        Ok(())
    }
}

fn changed(mut sale: Sale) -> Sale {
    sale.version += 1;
    // A clock that was set back does not make an order older than it was.
    sale.changed_at = Timestamp::now().max(sale.changed_at);
    sale
}

/// What comes of a buyer's thought.
fn thought_again(sale: Sale, thought: Thought) -> Entry {
    if thought == Thought::Cancels {
        return cancelled(sale, true, "changed_mind");
    }
    let mut sale = changed(sale);
    match thought {
        Thought::Cancels | Thought::Asks => {
            sale.asked_at = Some(sale.changed_at);
            Entry::Asked(Box::new(sale))
        }
        Thought::TakesOut => {
            sale.taken_out = u64::try_from(sale.lines.len()).ok();
            Entry::TakenOut(Box::new(sale))
        }
        Thought::BringsBack => {
            sale.refund = sale.lines.first().map(|line| Refund {
                at: sale.changed_at,
                cents: line.net() / line.quantity.max(1),
            });
            Entry::Refunded(Box::new(sale))
        }
    }
}

fn cancelled(sale: Sale, by_buyer: bool, reason: &str) -> Entry {
    let mut sale = changed(sale);
    sale.cancelled = Some(Cancelled {
        at: sale.changed_at,
        by_buyer,
        reason: reason.to_owned(),
    });
    Entry::Cancelled(Box::new(sale))
}

impl Memory {
    fn apply(&mut self, line: Entry) {
        for (due, letter) in (self.news)(&line) {
            self.outbox.add(due, letter);
        }
        match line {
            Entry::Sold(sale)
            | Entry::Acknowledged(sale)
            | Entry::Shipped(sale)
            | Entry::Cancelled(sale)
            | Entry::Asked(sale)
            | Entry::TakenOut(sale)
            | Entry::Refunded(sale) => self.put(*sale),
            Entry::Told(letter) => self.outbox.remove(letter),
        }
    }

    fn put(&mut self, sale: Sale) {
        self.sold = self.sold.max(sale.number);
        if let Some(before) = self.sales.get(&sale.id) {
            self.changes.remove(&(before.changed_at, before.id));
            self.regrets.retain(|(_, id)| *id != sale.id);
        }
        self.changes.insert((sale.changed_at, sale.id));
        self.regrets
            .extend(sale.thinks_at().map(|(at, _)| (at, sale.id)));
        self.sales.insert(sale.id, sale);
        while self.sales.len() > REMEMBERED
            && let Some((id, gone)) = self.sales.pop_first()
        {
            self.changes.remove(&(gone.changed_at, id));
            self.regrets.retain(|(_, other)| *other != id);
        }
    }
}
