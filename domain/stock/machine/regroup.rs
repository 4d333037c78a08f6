//! Holds that are cut or put together: an order splits, merges or keeps a part of its work. Nothing
//! moves on the shelf, so the ledger has no row; the units only stand under another try.

use jiff::Timestamp;

use super::super::{HoldKey, HoldState, StockCommand, StockHold};
use super::Draft;
use crate::ids::OrderId;
use crate::order::{StockEvidence, StockLine};

impl Draft<'_> {
    /// Takes units of firm holds under the tries `from` and holds them under `into`, line by line
    /// all or nothing. Again: what stands under `into` is left alone, so nothing is taken twice.
    pub(super) fn regroup(
        &mut self,
        order: OrderId,
        from: &[u16],
        into: u16,
        lines: &[StockLine],
        now: Timestamp,
    ) -> StockEvidence {
        let mut missing = Vec::new();
        for line in lines {
            let key = |attempt| HoldKey {
                order,
                line: line.line,
                attempt,
            };
            if let Some(there) = self.hold(key(into)) {
                if there.state == HoldState::Lost {
                    missing.push(line.line);
                }
                continue;
            }
            let wanted = line.quantity.whole().unwrap_or(0);
            let sources = from.iter().map(|attempt| key(*attempt));
            let sources: Vec<(HoldKey, StockHold)> = sources
                .filter_map(|key| Some((key, self.hold(key)?)))
                .filter(|(_, hold)| hold.state == HoldState::Hard && hold.sku == line.sku)
                .collect();
            let there: i64 = sources.iter().map(|(_, hold)| hold.quantity).sum();
            if there < wanted {
                self.tombstone(key(into), line, wanted, HoldState::Lost, now);
                missing.push(line.line);
                continue;
            }
            let mut left = wanted;
            let (mut expires_at, mut work_day) = (now, None);
            for (key, mut hold) in sources {
                let taken = left.min(hold.quantity);
                if taken == 0 {
                    continue;
                }
                left -= taken;
                expires_at = hold.expires_at;
                work_day = hold.work_day;
                if taken == hold.quantity {
                    hold.state = HoldState::Moved;
                } else {
                    hold.quantity -= taken;
                }
                hold.rev += 1;
                hold.told_rev = hold.rev;
                self.put(key, hold);
            }
            let hold = StockHold {
                sku: line.sku.clone(),
                quantity: wanted,
                state: HoldState::Hard,
                rev: 1,
                told_rev: 1,
                expires_at,
                since: None,
                promise: None,
                work_day,
            };
            self.put(key(into), hold);
        }
        StockEvidence::Regrouped { missing }
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
            | Self::Count { .. }
            | Self::Announce { .. }
            | Self::Receive { .. }
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
