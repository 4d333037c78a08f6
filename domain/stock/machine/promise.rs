//! Promising units to orders: held softly while the order secures the rest of itself, then firmly; what is not
//! made firm in time lapses.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::super::draft::{Claim, Draft};
use super::super::{HoldKey, HoldState, StockHold};
use crate::ids::{OrderId, Sku};
use crate::order::{StockEvidence, StockLine, StockRefusal};

impl Draft<'_> {
    /// Holds all of these units softly until then, or none of them: no more than can be promised, and not while the
    /// location is paused or full. Asked again, the same holds stand, for longer if a later time is given.
    pub(super) fn reserve(
        &mut self,
        claim: Claim,
        lines: &[StockLine],
        expires_at: Timestamp,
        queued: bool,
        now: Timestamp,
    ) -> StockEvidence {
        let refused = |reason| StockEvidence::Refused { reason };
        let keys = lines.iter().map(|line| claim.key(line.line));
        let known: Vec<Option<StockHold>> = keys.clone().map(|key| self.hold(key)).collect();
        if known
            .iter()
            .flatten()
            .any(|h| !matches!(h.state, HoldState::Soft | HoldState::Hard))
        {
            return refused(StockRefusal::AlreadyEnded);
        }
        let mut work_day = known.iter().flatten().find_map(|hold| hold.work_day);
        if known.iter().all(Option::is_none) {
            let room = &self.stock.room;
            if room.paused {
                return refused(StockRefusal::Paused);
            }
            let Some(day) = room.day_for(now, queued) else {
                return refused(StockRefusal::Full);
            };
            work_day = room.capacity.map(|_| day);
        }
        let mut wanted: BTreeMap<&Sku, i64> = BTreeMap::new();
        for (line, hold) in lines.iter().zip(&known) {
            let Some(quantity) = line.quantity.whole().filter(|units| *units > 0) else {
                return refused(StockRefusal::Short);
            };
            if hold.is_none() {
                *wanted.entry(&line.sku).or_default() += quantity;
            }
        }
        if wanted
            .iter()
            .any(|(sku, units)| self.counters(sku).available() < *units)
        {
            return refused(StockRefusal::Short);
        }
        let channel = Some(claim.channel);
        if wanted
            .iter()
            .any(|(sku, units)| !self.is_within_quota(sku, channel, *units))
        {
            return refused(StockRefusal::Quota);
        }
        for ((line, hold), key) in lines.iter().zip(known).zip(keys) {
            if let Some(mut hold) = hold {
                if hold.state == HoldState::Soft && hold.expires_at < expires_at {
                    hold.expires_at = expires_at;
                    hold.rev += 1;
                    hold.told_rev = hold.rev;
                    self.put(key, hold);
                }
                continue;
            }
            let quantity = line.quantity.whole().unwrap_or(0);
            self.book(&line.sku, Some(claim.order), "reserve", (0, quantity, 0));
            let sku = line.sku.clone();
            let state = HoldState::Soft;
            self.put(
                key,
                StockHold {
                    sku,
                    quantity,
                    state,
                    rev: 1,
                    told_rev: 1,
                    expires_at,
                    since: None,
                    promise: None,
                    work_day,
                    channel,
                },
            );
        }
        StockEvidence::Reserved { expires_at }
    }

    /// Makes holds firm. Those that are gone are named, and stay gone: units that lapsed are taken again where they
    /// can still be promised.
    pub(super) fn confirm(
        &mut self,
        order: OrderId,
        attempt: u16,
        lines: &[StockLine],
        now: Timestamp,
    ) -> StockEvidence {
        let mut lost = Vec::new();
        for line in lines {
            let key = HoldKey {
                order,
                line: line.line,
                attempt,
            };
            let quantity = line.quantity.whole().unwrap_or(0);
            let Some(mut hold) = self.hold(key) else {
                // Never reserved here: nothing to make firm. A tombstone keeps it that way.
                self.tombstone(key, line, quantity, HoldState::Lost, now);
                lost.push(line.line);
                continue;
            };
            match hold.state {
                HoldState::Hard | HoldState::Consumed => continue,
                HoldState::Soft => {
                    self.book(
                        &hold.sku,
                        Some(order),
                        "confirm",
                        (0, -hold.quantity, hold.quantity),
                    );
                    hold.state = HoldState::Hard;
                }
                HoldState::Expired
                    if self.counters(&hold.sku).available() >= hold.quantity
                        && self.is_within_quota(&hold.sku, hold.channel, hold.quantity) =>
                {
                    self.book(&hold.sku, Some(order), "confirm", (0, 0, hold.quantity));
                    hold.state = HoldState::Hard;
                }
                HoldState::Expired => {
                    hold.state = HoldState::Lost;
                    lost.push(line.line);
                }
                HoldState::Released
                | HoldState::Lost
                | HoldState::Cut
                | HoldState::Waiting
                | HoldState::Moved => {
                    lost.push(line.line);
                    continue;
                }
            }
            hold.rev += 1;
            hold.told_rev = hold.rev;
            self.put(key, hold);
        }
        if lost.is_empty() {
            StockEvidence::Confirmed
        } else {
            StockEvidence::Lost { lines: lost }
        }
    }

    pub(super) fn expire(&mut self, limit: usize, now: Timestamp) {
        let due: Vec<(HoldKey, StockHold)> = self
            .stock
            .holds
            .iter()
            .filter(|(_, hold)| hold.state == HoldState::Soft && hold.expires_at <= now)
            .take(limit)
            .map(|(key, hold)| (*key, hold.clone()))
            .collect();
        for (key, mut hold) in due {
            self.book(&hold.sku, Some(key.order), "expire", (0, -hold.quantity, 0));
            hold.state = HoldState::Expired;
            self.put_and_tell(key, hold);
        }
    }
}
