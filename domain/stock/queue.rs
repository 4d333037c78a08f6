//! The line in front of a SKU: who waits for units that are still to come, who is served when they
//! come, and what each of those who wait is promised.
//!
//! The line is strict. The oldest is served first, and nobody passes one who needs more than there is.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::draft::{Claim, Draft};
use super::{Counters, HoldKey, HoldState, StockHold};
use crate::ids::Sku;
use crate::order::{StockEvidence, StockLine, StockRefusal};

impl Draft<'_> {
    /// Puts lines in line, all or none. Asked again, they keep their places.
    pub(super) fn wait(
        &mut self,
        claim: Claim,
        lines: &[StockLine],
        since: Timestamp,
        declared_only: bool,
        now: Timestamp,
    ) -> StockEvidence {
        let refused = |reason| StockEvidence::Refused { reason };
        let key = |line: &StockLine| claim.key(line.line);
        let channel = Some(claim.channel);
        let known: Vec<_> = lines.iter().map(|line| self.hold(key(line))).collect();
        if known.iter().flatten().any(|hold| !hold.state.is_live()) {
            return refused(StockRefusal::AlreadyEnded);
        }
        let new: Vec<&StockLine> = lines
            .iter()
            .zip(&known)
            .filter(|(_, hold)| hold.is_none())
            .map(|(line, _)| line)
            .collect();
        let units = |line: &StockLine| line.quantity.whole().filter(|units| *units > 0);
        if new.iter().any(|line| units(line).is_none()) {
            return refused(StockRefusal::Short);
        }
        let before = self.change.clone();
        for line in new {
            let quantity = units(line).unwrap_or_default();
            let counters = self.counters(&line.sku);
            if declared_only && counters.backorderable() < quantity {
                self.change = before;
                return refused(StockRefusal::Short);
            }
            // A place in the line is a promise too, of units that are still to come.
            if !self.is_within_quota(&line.sku, channel, quantity) {
                self.change = before;
                return refused(StockRefusal::Quota);
            }
            let counters = Counters {
                waiting: counters.waiting + quantity,
                ..counters
            };
            self.change.counters.insert(line.sku.clone(), counters);
            let hold = StockHold {
                sku: line.sku.clone(),
                quantity,
                state: HoldState::Waiting,
                rev: 1,
                told_rev: 1,
                expires_at: now,
                since: Some(since),
                promise: None,
                work_day: None,
                channel,
            };
            self.put(key(line), hold);
        }
        StockEvidence::Waiting
    }

    /// Takes a hold that waits out of the line.
    pub(super) fn leave_the_line(&mut self, hold: &StockHold) {
        let counters = self.counters(&hold.sku);
        let counters = Counters {
            waiting: counters.waiting - hold.quantity,
            ..counters
        };
        self.change.counters.insert(hold.sku.clone(), counters);
    }

    /// After every decision: whoever can be served is served, and promises follow the supply.
    pub(super) fn mind_the_line(&mut self, now: Timestamp) {
        // Supply is nobody's effect: the ledger knows an effect and a SKU once.
        self.effect = None;
        let counted = self.change.counters.keys();
        let announced = self.change.inbounds.iter().map(|(sku, ..)| sku);
        let touched: BTreeSet<Sku> = counted.chain(announced).cloned().collect();
        for sku in touched {
            if self.counters(&sku).waiting > 0 {
                let line = self.line(&sku);
                let served = self.serve(&sku, &line, now);
                self.promise(&sku, &line[served..]);
            }
        }
    }

    /// Who stands in line for a SKU, the oldest first.
    fn line(&self, sku: &Sku) -> Vec<(HoldKey, StockHold)> {
        let known = self.stock.holds.keys();
        let changed = self.change.holds.iter().map(|(key, ..)| key);
        let keys: BTreeSet<HoldKey> = known.chain(changed).copied().collect();
        let mut line: Vec<(HoldKey, StockHold)> = keys
            .into_iter()
            .filter_map(|key| Some((key, self.hold(key)?)))
            .filter(|(_, hold)| hold.state == HoldState::Waiting && hold.sku == *sku)
            .collect();
        line.sort_by_key(|(key, hold)| (hold.since, *key));
        line
    }

    /// Holds free units softly for the head of the line, one after the other. How many were served.
    fn serve(&mut self, sku: &Sku, line: &[(HoldKey, StockHold)], now: Timestamp) -> usize {
        for (served, (key, hold)) in line.iter().enumerate() {
            if self.counters(sku).free() < hold.quantity {
                return served;
            }
            self.leave_the_line(hold);
            let units = hold.quantity;
            self.book(sku, Some(key.order), "supply", (0, units, 0));
            let held = StockHold {
                state: HoldState::Soft,
                expires_at: now.saturating_add(self.stock.held_for).unwrap_or(now),
                promise: None,
                work_day: self.stock.room.day_of_supplied(now),
                ..hold.clone()
            };
            self.put_and_tell(*key, held);
        }
        line.len()
    }

    /// Promises each of those who wait the day on which enough will have come for everybody before
    /// them and for them; who is behind all that was announced is promised nothing.
    fn promise(&mut self, sku: &Sku, line: &[(HoldKey, StockHold)]) {
        let mut supply: Vec<(Timestamp, i64)> = self
            .announced(sku)
            .into_iter()
            .filter_map(|inbound| Some((inbound.expected_at?, inbound.open())))
            .collect();
        supply.sort_unstable();
        let mut supply = supply.into_iter();
        let mut come = self.counters(sku).free().max(0);
        let mut day = None;
        let mut wanted = 0;
        for (key, hold) in line {
            wanted += hold.quantity;
            while come < wanted
                && let Some((expected_at, units)) = supply.next()
            {
                come += units;
                day = Some(expected_at);
            }
            let promise = day.filter(|_| come >= wanted);
            if promise != hold.promise {
                let hold = StockHold {
                    promise,
                    ..hold.clone()
                };
                self.put_and_tell(*key, hold);
            }
        }
    }
}
