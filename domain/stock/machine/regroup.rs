//! Holds that are cut or put together: an order splits, merges or keeps a part of its work. Nothing
//! moves on the shelf, so the ledger has no row; the units only stand under another try. Only units
//! that go back, because others of their line were cut meanwhile, have one.

use jiff::Timestamp;

use super::super::draft::Draft;
use super::super::{HoldKey, HoldState, StockCommand, StockHold};
use crate::ids::OrderId;
use crate::order::{StockEvidence, StockLine};

impl Draft<'_> {
    /// Takes units of holds under the tries `from` and holds them under `into`, line by line all or
    /// nothing. Where some of a line were cut, none of it is held any more and all of it counts as cut:
    /// the firm ones go back, since the order looks for the whole line anew; a location that goes on
    /// with the work may ship it all the same.
    /// Again: what stands under `into` is left alone, so nothing is taken twice. While a try is not
    /// known here, what puts units under it is still on its way: nothing is answered, and it is asked
    /// again.
    pub(super) fn regroup(
        &mut self,
        order: OrderId,
        from: &[u16],
        into: u16,
        lines: &[StockLine],
        now: Timestamp,
    ) -> Option<StockEvidence> {
        let known = |attempt: &u16| {
            let key = |line: &StockLine| HoldKey {
                order,
                line: line.line,
                attempt: *attempt,
            };
            lines.iter().any(|line| self.hold(key(line)).is_some())
        };
        if !known(&into) && !from.iter().all(known) {
            return None;
        }
        let mut missing = Vec::new();
        for line in lines {
            let key = |attempt| HoldKey {
                order,
                line: line.line,
                attempt,
            };
            if let Some(there) = self.hold(key(into)) {
                if there.state == HoldState::Cut {
                    missing.push(line.line);
                }
                continue;
            }
            let wanted = line.quantity.whole().unwrap_or(0);
            let sources = from.iter().map(|attempt| key(*attempt));
            let known = sources.filter_map(|key| Some((key, self.hold(key)?)));
            let known = known.filter(|(_, hold)| hold.sku == line.sku);
            let (firm, rest): (Vec<_>, Vec<_>) =
                known.partition(|(_, hold)| hold.state == HoldState::Hard);
            let last = firm.last().map(|(_, hold)| hold.clone());
            let taken = self.take_off(firm, wanted);
            let Some(last) = last.filter(|_| taken == wanted) else {
                if taken > 0 {
                    self.book(&line.sku, Some(order), "release", (0, 0, -taken));
                }
                let cut = rest.into_iter();
                let cut = cut.filter(|(_, hold)| hold.state == HoldState::Cut);
                self.take_off(cut.collect(), wanted - taken);
                self.tombstone(key(into), line, wanted, HoldState::Cut, now);
                missing.push(line.line);
                continue;
            };
            let hold = StockHold {
                quantity: wanted,
                rev: 1,
                told_rev: 1,
                since: None,
                promise: None,
                ..last
            };
            self.put(key(into), hold);
        }
        Some(StockEvidence::Regrouped { missing })
    }

    /// Takes units off holds, as many as `wanted` at the most, and says how many. What an order was
    /// not told yet of a hold that keeps some is still to be told.
    fn take_off(&mut self, holds: Vec<(HoldKey, StockHold)>, wanted: i64) -> i64 {
        let mut left = wanted;
        for (key, mut hold) in holds {
            let taken = left.min(hold.quantity);
            if taken == 0 {
                continue;
            }
            left -= taken;
            let told = hold.rev == hold.told_rev;
            hold.rev += 1;
            if taken == hold.quantity {
                hold.state = HoldState::Moved;
            } else {
                hold.quantity -= taken;
            }
            if told || hold.state == HoldState::Moved {
                hold.told_rev = hold.rev;
            }
            self.put(key, hold);
        }
        wanted - left
    }

    /// Units of a SKU that an order holds firmly here beside a hold that ends: what it has taken off
    /// the shelf, perhaps, and what an empty shelf says nothing about.
    pub(super) fn held_beside(&self, key: HoldKey, hold: &StockHold) -> i64 {
        let known = self.stock.holds.keys().copied();
        let changed = self.change.holds.iter().map(|(key, ..)| *key);
        let mut keys: Vec<HoldKey> = known.chain(changed).collect();
        keys.retain(|other| other.order == key.order && *other != key);
        keys.sort_unstable();
        keys.dedup();
        let others = keys.into_iter().filter_map(|key| self.hold(key));
        let firm = others.filter(|h| h.state == HoldState::Hard && h.sku == hold.sku);
        firm.map(|hold| hold.quantity).sum()
    }
}

impl StockCommand {
    /// The holds that it names. Final ones are not in memory and have to be looked up first.
    pub fn holds(&self) -> Vec<HoldKey> {
        let (order, attempts, lines) = match self {
            Self::Reserve {
                order,
                attempt,
                lines,
                ..
            }
            | Self::Wait {
                order,
                attempt,
                lines,
                ..
            }
            | Self::TakeIn {
                order,
                attempt,
                lines,
            }
            | Self::Confirm {
                order,
                attempt,
                lines,
            }
            | Self::Release {
                order,
                attempt,
                lines,
            }
            | Self::WriteOff {
                order,
                attempt,
                lines,
                ..
            }
            | Self::Consume {
                order,
                attempt,
                lines,
            } => (*order, vec![*attempt], lines),
            Self::Regroup {
                order,
                from,
                into,
                lines,
            } => (*order, [from.as_slice(), &[*into]].concat(), lines),
            Self::Restock { .. }
            | Self::Feed { .. }
            | Self::RefuseFeed { .. }
            | Self::TellAvailability { .. }
            | Self::NoteDrift { .. }
            | Self::Count { .. }
            | Self::Announce { .. }
            | Self::Receive { .. }
            | Self::SetQuota(_)
            | Self::Cut { .. }
            | Self::Expire { .. }
            | Self::Told { .. } => return Vec::new(),
        };
        let keys = lines.iter().flat_map(|line| {
            let key = |attempt| HoldKey {
                order,
                line: line.line,
                attempt,
            };
            attempts.iter().map(move |attempt| key(*attempt))
        });
        keys.collect()
    }
}
