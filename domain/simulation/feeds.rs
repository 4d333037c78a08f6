//! Stock feeds in a simulated world: messages that come again, that come late, that were lost on the
//! way, and that a crash interrupts between two locations.

use std::collections::{BTreeMap, BTreeSet};

use super::dice::Dice;
use super::world::World;
use crate::ids::{LocationCode, Sku, Slug};
use crate::order::Order;
use crate::stock::{FeedMark, FeedRefusal, FeedRow, HoldKey, Level, StockCommand, Taken};

/// A source and what it has sent, to be sent again.
#[derive(Debug, Default)]
pub(super) struct Feeds {
    sent: Vec<Message>,
    /// The last message that every location that it speaks of has taken.
    last: Option<FeedMark>,
}

#[derive(Debug, Clone)]
struct Message {
    mark: FeedMark,
    says: BTreeMap<LocationCode, Vec<FeedRow>>,
}

impl World<'_> {
    /// Whether a system feeds the stock: it does so where there are many SKUs to speak of.
    pub(super) const fn is_fed(&self) -> bool {
        self.skus == 4
    }

    /// The source sends its next message, or one that it has sent before.
    pub(super) fn feed(&mut self, dice: &mut Dice) {
        let again = dice.pick(&self.feeds.sent).cloned();
        let message = match again.filter(|_| dice.percent(35)) {
            Some(message) => message,
            None => self.next_message(dice),
        };
        let FeedMark { sequence, .. } = message.mark;
        let taken = message.mark.after(self.feeds.last.as_ref());
        self.tell(&format!("message {sequence} of the feed: {taken:?}"));
        let life = self.nodes[self.owner].life;
        if let Some(why) = FeedRefusal::of(taken) {
            for (location, rows) in &message.says {
                let refused = StockCommand::RefuseFeed {
                    source: "erp".into(),
                    mark: message.mark.clone(),
                    lines: rows.len(),
                    why,
                };
                self.ask_shelf(location, &refused, None);
                if self.nodes[self.owner].life != life {
                    return;
                }
            }
        }
        if taken != Taken::Applied {
            return;
        }
        for (location, rows) in message.says {
            let command = StockCommand::Feed {
                source: "erp".into(),
                mark: message.mark.clone(),
                rows,
                gap: None,
                unpicked: Vec::new(),
            };
            let unpicked = self.unpicked(&location, &command);
            self.ask_shelf(&location, &command.knowing(unpicked), None);
            if self.nodes[self.owner].life != life {
                return;
            }
        }
        // The note of the whole is written behind the locations, and may fail.
        if dice.percent(70) {
            self.feeds.last = Some(message.mark);
        }
    }

    /// A message with the next number; now and then the one before it was lost.
    fn next_message(&mut self, dice: &mut Dice) -> Message {
        let last = self.feeds.sent.iter().map(|known| known.mark.sequence);
        let sequence = last.max().unwrap_or(16) + 1 + i64::from(dice.percent(15));
        let mut says: BTreeMap<LocationCode, Vec<FeedRow>> = BTreeMap::new();
        for location in self.places() {
            for number in 1..=self.skus {
                if dice.percent(40) {
                    let sku = format!("SKU-{number}").as_str().into();
                    let says_so = if dice.percent(50) {
                        Level::OnHand(dice.between(0, 4))
                    } else {
                        Level::Delta(dice.between(-4, 2))
                    };
                    let rows = says.entry(location.clone()).or_default();
                    rows.push(FeedRow { sku, says: says_so });
                }
            }
        }
        let digest = format!("{says:?}");
        let message = Message {
            mark: FeedMark { sequence, digest },
            says,
        };
        self.feeds.sent.push(message.clone());
        message
    }

    /// Firm holds that a count may cut, as the location's actor finds them out before it books it.
    fn unpicked(&self, location: &LocationCode, command: &StockCommand) -> Vec<HoldKey> {
        let Some(memory) = self.stockroom.get(location) else {
            return Vec::new();
        };
        let counted = command.counted(memory);
        let firm = counted
            .iter()
            .filter_map(|(sku, on_hand)| memory.firm_to_cut(sku, *on_hand));
        let picked = |key: &HoldKey| {
            let order = self.audit.order(key.order);
            order.is_some_and(|order: &Order| order.is_picked(location, key.attempt))
        };
        firm.flatten().filter(|key| !picked(key)).collect()
    }
}

/// The second opinion on what feeds have said: each message once, and none after a later one.
#[derive(Debug, Default)]
pub(super) struct Heard {
    taken: BTreeSet<(LocationCode, Slug, i64)>,
}

impl Heard {
    /// Follows a message that a location was given (again, perhaps).
    pub(super) fn follow(
        &mut self,
        on_hand: &mut BTreeMap<(LocationCode, Sku), i64>,
        at: &LocationCode,
        command: &StockCommand,
    ) {
        let StockCommand::Feed {
            source, mark, rows, ..
        } = command
        else {
            return;
        };
        let name = (at.clone(), source.clone(), mark.sequence);
        let later = (at.clone(), source.clone(), i64::MAX);
        if self.taken.range(name.clone()..later).next().is_some() {
            return;
        }
        self.taken.insert(name);
        for row in rows {
            let units = on_hand.entry((at.clone(), row.sku.clone())).or_default();
            *units = match row.says {
                Level::OnHand(counted) => counted,
                Level::Delta(more) => (*units + more).max(0),
            };
        }
    }
}
