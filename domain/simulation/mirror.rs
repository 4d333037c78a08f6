//! The stock once more, in the simplest form there is: what each location should have, computed from
//! what it was asked and what it answered. It knows nothing of ledgers, revisions and drafts.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::feeds::Heard;
use super::world::World;
use crate::ids::{EffectId, LocationCode, OrderId, Sku};
use crate::order::{Loss, StockEvidence, StockLine};
use crate::stock::{HoldKey, HoldState, News, StockCommand, StockHold, Told};

/// What has left takes its own units with it.
const GONE: Option<Loss> = Some(Loss::Damaged);

/// How a hold stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Held {
    Soft,
    Hard,
    Lapsed,
    /// In line for supply.
    Waiting,
    /// Taken back after a count; a parcel may have left all the same.
    Cut,
    /// Given back, lost, or never there.
    Free,
    /// Left the building.
    Shipped,
}

/// The second opinion on every location's stock.
#[derive(Debug, Default)]
pub(super) struct Mirror {
    pub(super) on_hand: BTreeMap<(LocationCode, Sku), i64>,
    pub(super) holds: BTreeMap<(LocationCode, HoldKey), (Sku, i64, Held)>,
    /// Effects whose units are back on the shelf.
    pub(super) restocked: BTreeSet<EffectId>,
    /// Places in the lines.
    since: BTreeMap<(LocationCode, HoldKey), Timestamp>,
    received: BTreeSet<(LocationCode, Sku, String)>,
    heard: Heard,
}

impl Mirror {
    /// Holds became firm, but for those that the answer calls lost.
    fn confirm<'l>(
        &mut self,
        holds: impl Iterator<Item = ((LocationCode, HoldKey), &'l StockLine)>,
        answer: Option<&StockEvidence>,
    ) {
        let lost = |line: &StockLine| match answer {
            Some(StockEvidence::Lost { lines }) => lines.contains(&line.line),
            _ => false,
        };
        for (key, line) in holds {
            let units = line.quantity.whole().unwrap_or_default();
            let absent = (line.sku.clone(), units, Held::Free);
            let hold = self.holds.entry(key).or_insert(absent);
            hold.2 = match hold.2 {
                Held::Shipped | Held::Cut => hold.2,
                _ if lost(line) => Held::Free,
                _ => Held::Hard,
            };
        }
    }

    /// Follows a command that was carried out (again, perhaps).
    pub(super) fn follow(
        &mut self,
        at: &LocationCode,
        command: &StockCommand,
        effect: Option<EffectId>,
        answer: Option<&StockEvidence>,
    ) {
        let key = |order, line: &StockLine, attempt| hold_at(at, order, line, attempt);
        match command {
            StockCommand::Count { sku, on_hand, .. } => {
                self.on_hand.insert((at.clone(), sku.clone()), *on_hand);
            }
            StockCommand::Reserve {
                order,
                attempt,
                lines,
                ..
            } if matches!(answer, Some(StockEvidence::Reserved { .. })) => {
                for line in lines {
                    let units = line.quantity.whole().unwrap_or_default();
                    let hold = (line.sku.clone(), units, Held::Soft);
                    self.holds
                        .entry(key(*order, line, *attempt))
                        .or_insert(hold);
                }
            }
            StockCommand::Confirm {
                order,
                attempt,
                lines,
            } => {
                let keys = lines.iter().map(|line| key(*order, line, *attempt));
                self.confirm(keys.zip(lines), answer);
            }
            StockCommand::Release {
                order,
                attempt,
                lines,
            } => self.end_all(at, (*order, *attempt), lines, None, Held::Free),
            StockCommand::WriteOff {
                order,
                attempt,
                lines,
                loss,
            } => self.end_all(at, (*order, *attempt), lines, Some(*loss), Held::Free),
            StockCommand::Consume {
                order,
                attempt,
                lines,
            } => self.end_all(at, (*order, *attempt), lines, GONE, Held::Shipped),
            StockCommand::Wait {
                order,
                attempt,
                lines,
                since,
                ..
            } if matches!(answer, Some(StockEvidence::Waiting)) => {
                for line in lines {
                    let units = line.quantity.whole().unwrap_or_default();
                    let hold = (line.sku.clone(), units, Held::Waiting);
                    let key = key(*order, line, *attempt);
                    self.since.insert(key.clone(), *since);
                    self.holds.entry(key).or_insert(hold);
                }
            }
            StockCommand::TakeIn {
                order,
                attempt,
                lines,
            } => self.take_in(at, lines, |line| key(*order, line, *attempt)),
            StockCommand::Restock { lines, .. } => {
                if effect.is_some_and(|effect| self.restocked.insert(effect)) {
                    self.restock(at, lines);
                }
            }
            StockCommand::Regroup {
                order,
                from,
                into,
                lines,
            } => {
                for line in lines {
                    let from = from.iter().map(|attempt| key(*order, line, *attempt));
                    let from: Vec<_> = from.collect();
                    self.regroup(&from, key(*order, line, *into), line, answer);
                }
            }
            StockCommand::Receive {
                sku,
                reference,
                quantity,
                ..
            } => self.receive((at.clone(), sku.clone()), reference, *quantity),
            StockCommand::Feed { .. } => self.heard.follow(&mut self.on_hand, at, command),
            StockCommand::Reserve { .. }
            | StockCommand::Wait { .. }
            | StockCommand::Announce { .. }
            | StockCommand::SetQuota(_)
            | StockCommand::Cut { .. }
            | StockCommand::Expire { .. }
            | StockCommand::RefuseFeed { .. }
            | StockCommand::TellAvailability { .. }
            | StockCommand::NoteDrift { .. }
            | StockCommand::Told { .. } => {}
        }
    }

    /// Follows what the location decided by itself, and says who was served out of turn.
    pub(super) fn hear(&mut self, at: &LocationCode, told: &[Told]) -> Option<String> {
        let mut out_of_turn = None;
        for Told { key, news, .. } in told {
            let name = (at.clone(), *key);
            let Some(hold) = self.holds.get_mut(&name) else {
                continue;
            };
            let before = hold.2;
            hold.2 = match news {
                News::Expired => Held::Lapsed,
                News::Cut => Held::Cut,
                News::Dated(_) => Held::Waiting,
                News::Supplied(_) => Held::Soft,
            };
            if let News::Supplied(_) = news {
                let sku = hold.0.clone();
                if before != Held::Waiting {
                    out_of_turn =
                        Some(format!("{sku} at {at} goes to {key:?}, which did not wait"));
                }
                let rank = |key: &HoldKey| (self.since.get(&(at.clone(), *key)).copied(), *key);
                let mine = rank(key);
                let passed = self.holds.iter().find(|((place, other), hold)| {
                    place == at && hold.0 == sku && hold.2 == Held::Waiting && rank(other) < mine
                });
                if let Some(((_, other), _)) = passed {
                    out_of_turn = Some(format!("{sku} at {at} goes to {key:?} before {other:?}"));
                }
            }
        }
        out_of_turn
    }

    fn receive(&mut self, place: (LocationCode, Sku), reference: &str, quantity: i64) {
        let name = (place.0.clone(), place.1.clone(), reference.to_owned());
        if self.received.insert(name) {
            *self.on_hand.entry(place).or_default() += quantity;
        }
    }

    fn restock(&mut self, at: &LocationCode, lines: &[StockLine]) {
        for line in lines {
            let place = (at.clone(), line.sku.clone());
            let units = line.quantity.whole().unwrap_or_default();
            *self.on_hand.entry(place).or_default() += units;
        }
    }

    fn end_all(
        &mut self,
        at: &LocationCode,
        (order, attempt): (OrderId, u16),
        lines: &[StockLine],
        leave: Option<Loss>,
        end: Held,
    ) {
        for line in lines {
            let key = HoldKey {
                order,
                line: line.line,
                attempt,
            };
            self.end((at.clone(), key), line, leave, end);
        }
    }

    /// Units stand under another name, once.
    fn regroup(
        &mut self,
        from: &[(LocationCode, HoldKey)],
        into: (LocationCode, HoldKey),
        line: &StockLine,
        answer: Option<&StockEvidence>,
    ) {
        // Without an answer it has not heard enough yet.
        let Some(StockEvidence::Regrouped { missing }) = answer else {
            return;
        };
        if self.holds.contains_key(&into) {
            return;
        }
        let units = line.quantity.whole().unwrap_or_default();
        let missing = missing.contains(&line.line);
        let state = if missing { Held::Cut } else { Held::Hard };
        self.holds.insert(into, (line.sku.clone(), units, state));
        let mut left = units;
        for kind in [Held::Hard, Held::Cut] {
            for key in from {
                if let Some(hold) = self.holds.get_mut(key).filter(|h| h.2 == kind) {
                    let taken = left.min(hold.1);
                    left -= taken;
                    hold.1 -= taken;
                    if hold.1 == 0 {
                        hold.2 = Held::Free;
                    }
                }
            }
        }
    }

    /// A hold ends, and units leave the building with it: its own, or all that were thought there.
    fn end(
        &mut self,
        key: (LocationCode, HoldKey),
        line: &StockLine,
        leave: Option<Loss>,
        end: Held,
    ) {
        let place = (key.0.clone(), line.sku.clone());
        let Some(hold) = self.holds.get_mut(&key) else {
            let units = line.quantity.whole().unwrap_or_default();
            self.holds.insert(key, (line.sku.clone(), units, end));
            return;
        };
        let cut_and_gone = hold.2 == Held::Cut && end == Held::Shipped;
        if matches!(hold.2, Held::Free | Held::Shipped | Held::Cut) && !cut_and_gone {
            return;
        }
        hold.2 = end;
        let units = hold.1;
        // What the order has taken off the shelf before is not what an empty shelf is about.
        let beside = self.holds.iter().filter(|((location, other), hold)| {
            let same = *location == key.0 && other.order == key.1.order;
            same && hold.0 == line.sku && hold.2 == Held::Hard
        });
        let beside: i64 = beside.map(|(_, hold)| hold.1).sum();
        let on_hand = self.on_hand.entry(place).or_default();
        *on_hand = match leave {
            None => *on_hand,
            Some(Loss::Damaged) => (*on_hand - units).max(0),
            Some(Loss::NotThere) => (*on_hand).min(beside),
        };
    }

    /// Who should be in line.
    fn in_line(&self, at: &LocationCode, sku: &Sku) -> BTreeMap<HoldKey, i64> {
        let here = self.holds.iter();
        let here = here.filter(|((location, _), hold)| {
            location == at && hold.0 == *sku && hold.2 == Held::Waiting
        });
        here.map(|((_, key), hold)| (*key, hold.1)).collect()
    }

    fn promised(&self, at: &LocationCode, sku: &Sku, how: Held) -> i64 {
        let here = self
            .holds
            .iter()
            .filter(|((location, _), hold)| location == at && hold.0 == *sku && hold.2 == how);
        here.map(|(_, hold)| hold.1).sum()
    }
}

/// Names a hold of a line.
fn hold_at(
    at: &LocationCode,
    order: OrderId,
    line: &StockLine,
    attempt: u16,
) -> (LocationCode, HoldKey) {
    let line = line.line;
    let key = HoldKey {
        order,
        line,
        attempt,
    };
    (at.clone(), key)
}

impl World<'_> {
    /// After every change of a location's stock: bound, sums and the second opinion.
    pub(super) fn check_shelf(&mut self, at: &LocationCode) {
        let Some(tables) = self.store.shelves.get(at) else {
            return;
        };
        let mut broken: Option<(&'static str, String)> = None;
        for (sku, counters) in &tables.stock.counters {
            let now = (counters.on_hand, counters.reserved, counters.allocated);
            let sums = tables.sums.get(sku).copied().unwrap_or_default();
            let expected = (
                self.mirror
                    .on_hand
                    .get(&(at.clone(), sku.clone()))
                    .copied()
                    .unwrap_or_default(),
                self.mirror.promised(at, sku, Held::Soft),
                self.mirror.promised(at, sku, Held::Hard),
            );
            if !counters.holds() {
                broken = Some(("stock_bound", format!("{sku} at {at}: {counters:?}")));
            } else if now != sums {
                let found = format!("{sku} at {at} has {now:?}, its ledger adds up to {sums:?}");
                broken = Some(("stock_ledger", found));
            } else if counters.waiting != self.mirror.promised(at, sku, Held::Waiting) {
                let mine = self.mirror.in_line(at, sku);
                let theirs = tables.stock.holds.iter();
                let waits = |hold: &StockHold| hold.sku == *sku && hold.state == HoldState::Waiting;
                let theirs: BTreeMap<HoldKey, i64> = theirs
                    .filter(|(_, hold)| waits(hold))
                    .map(|(key, hold)| (*key, hold.quantity))
                    .collect();
                let found = format!(
                    "{sku} at {at} has {} in line: {theirs:?}, after what it was asked it should be \
                     {mine:?}",
                    counters.waiting
                );
                broken = Some(("stock_conserved", found));
            } else if now != expected {
                let found = format!(
                    "{sku} at {at} has (on hand, reserved, allocated) {now:?} after what it was \
                     asked and answered it should have {expected:?}"
                );
                broken = Some(("stock_conserved", found));
            }
        }
        if let Some((invariant, found)) = broken {
            self.fall(invariant, found);
        }
    }
}
