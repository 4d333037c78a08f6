//! Decides what a location does with a command, and applies what was committed.

mod ending;
mod promise;
mod regroup;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::draft::{Claim, Draft};
use super::{
    Counters, Happening, HoldKey, HoldState, LocationStock, Room, StockChange, StockCommand,
    StockDecision, StockHold, Taken, Told,
};
use crate::ids::{EffectId, LocationCode, Sku};
use crate::order::StockEvidence;

use ending::End;

impl LocationStock {
    /// A location without stock.
    pub fn empty(location: LocationCode) -> Self {
        Self {
            location,
            seq: 0,
            counters: BTreeMap::new(),
            holds: BTreeMap::new(),
            booked: BTreeSet::new(),
            inbounds: BTreeMap::new(),
            receipts: BTreeMap::new(),
            feeds: BTreeMap::new(),
            quotas: BTreeMap::new(),
            told: BTreeMap::new(),
            held_for: SignedDuration::from_mins(15),
            room: Room::default(),
        }
    }

    /// The counters of a SKU; zeros where nothing is known.
    pub fn counters(&self, sku: &Sku) -> Counters {
        self.counters.get(sku).copied().unwrap_or_default()
    }

    /// Decides a command. `effect` is the order's effect that asked, for the ledger's key.
    pub fn decide(
        &self,
        command: &StockCommand,
        effect: Option<EffectId>,
        now: Timestamp,
    ) -> StockDecision {
        let mut draft = Draft {
            stock: self,
            change: StockChange::default(),
            effect,
            told: Vec::new(),
            taken: Taken::Applied,
        };
        let evidence = match command {
            StockCommand::Reserve {
                order,
                attempt,
                channel,
                lines,
                expires_at,
                queued,
            } => {
                let claim = Claim::of(*order, *attempt, *channel);
                Some(draft.reserve(claim, lines, *expires_at, *queued, now))
            }
            StockCommand::Confirm {
                order,
                attempt,
                lines,
            } => Some(draft.confirm(*order, *attempt, lines, now)),
            StockCommand::Release {
                order,
                attempt,
                lines,
            } => {
                draft.end(*order, *attempt, lines, End::Release, now);
                Some(StockEvidence::Released)
            }
            StockCommand::WriteOff {
                order,
                attempt,
                lines,
                loss,
            } => {
                draft.end(*order, *attempt, lines, End::WriteOff(*loss), now);
                Some(StockEvidence::Released)
            }
            StockCommand::Consume {
                order,
                attempt,
                lines,
            } => {
                draft.end(*order, *attempt, lines, End::Consume, now);
                Some(StockEvidence::Consumed)
            }
            StockCommand::Restock { order, lines } => {
                draft.restock(*order, lines);
                Some(StockEvidence::Restocked)
            }
            StockCommand::TakeIn {
                order,
                attempt,
                lines,
            } => Some(draft.take_in(*order, *attempt, lines, now)),
            StockCommand::Wait {
                order,
                attempt,
                channel,
                lines,
                since,
                declared_only,
            } => {
                let claim = Claim::of(*order, *attempt, *channel);
                Some(draft.wait(claim, lines, *since, *declared_only, now))
            }
            StockCommand::Regroup {
                order,
                from,
                into,
                lines,
            } => draft.regroup(*order, from, *into, lines, now),
            other => {
                draft.hear(other, now);
                None
            }
        };
        draft.mind_the_line(now);
        draft.date_the_logbook();
        StockDecision {
            change: draft.change,
            evidence,
            told: draft.told,
            taken: draft.taken,
        }
    }

    /// Applies a committed change.
    pub fn apply(&mut self, change: &StockChange) {
        if let Some(last) = change.ledger.last() {
            self.seq = last.seq;
        }
        for row in &change.ledger {
            if let Some(reference) = &row.reference
                && row.cause == "receipt"
            {
                let name = (row.sku.clone(), reference.clone());
                self.receipts.insert(name, row.d_on_hand);
            }
        }
        for (sku, reference, inbound) in &change.inbounds {
            let name = (sku.clone(), reference.clone());
            self.inbounds.insert(name, inbound.clone());
        }
        self.feeds.extend(change.feeds.iter().cloned());
        for (name, quota) in &change.quotas {
            self.quotas.insert(name.clone(), *quota);
        }
        for (sku, told) in &change.told {
            self.told.insert(sku.clone(), *told);
        }
        for (sku, counters) in &change.counters {
            debug_assert!(counters.holds(), "{sku}: {counters:?}");
            self.counters.insert(sku.clone(), *counters);
        }
        for (key, _, hold) in &change.holds {
            if hold.work_day.is_some() {
                let others = self.is_beside(*key);
                self.room.follow(*key, hold, others);
            }
            if hold.state.is_live() || hold.rev != hold.told_rev {
                self.holds.insert(*key, hold.clone());
            } else {
                self.holds.remove(key);
            }
        }
    }

    /// SKUs whose counters break their bound or are not the sum of their holds: none, or somebody
    /// wrote to the stock beside the location.
    pub fn violations(&self) -> Vec<Sku> {
        let mut held: BTreeMap<&Sku, (i64, i64, i64)> = BTreeMap::new();
        for hold in self.holds.values() {
            let (soft, hard, waiting) = held.entry(&hold.sku).or_default();
            match hold.state {
                HoldState::Soft => *soft += hold.quantity,
                HoldState::Hard => *hard += hold.quantity,
                HoldState::Waiting => *waiting += hold.quantity,
                _ => {}
            }
        }
        let broken = |(sku, counters): &(&Sku, &Counters)| {
            let promised = held.get(sku).copied().unwrap_or_default();
            let counted = (counters.reserved, counters.allocated, counters.waiting);
            !counters.holds() || counted != promised
        };
        self.counters
            .iter()
            .filter(broken)
            .map(|(sku, _)| sku.clone())
            .collect()
    }

    /// When the next soft hold lapses.
    pub fn next_expiry(&self) -> Option<Timestamp> {
        let soft = self
            .holds
            .values()
            .filter(|hold| hold.state == HoldState::Soft);
        soft.map(|hold| hold.expires_at).min()
    }

    /// Holds whose order has not yet committed what the location decided by itself.
    pub fn untold(&self) -> Vec<Told> {
        let untold = self
            .holds
            .iter()
            .filter(|(_, hold)| hold.rev != hold.told_rev);
        let told = |(key, hold): (&HoldKey, &StockHold)| Told {
            key: *key,
            rev: hold.rev,
            news: hold.news(),
        };
        untold.map(told).collect()
    }
}

impl Draft<'_> {
    /// Takes in what people, feeds and time say; no order waits for an answer.
    fn hear(&mut self, command: &StockCommand, now: Timestamp) {
        match command {
            StockCommand::Count {
                sku,
                on_hand,
                buffer,
                backorder_limit,
                unpicked,
            } => {
                self.make_room(sku, (*on_hand).max(0), unpicked, &[]);
                self.count(sku, *on_hand, *buffer, *backorder_limit);
            }
            StockCommand::Announce {
                sku,
                reference,
                quantity,
                expected_at,
            } => {
                self.announce(sku, reference, *quantity, *expected_at);
            }
            StockCommand::Receive {
                sku,
                reference,
                quantity,
                inbound,
            } => {
                self.receive(sku, reference, *quantity, inbound.as_deref());
            }
            StockCommand::Feed {
                source,
                mark,
                rows,
                gap,
                unpicked,
            } => self.feed(source, mark, rows, *gap, unpicked),
            StockCommand::RefuseFeed {
                source,
                mark,
                lines,
                why,
            } => self.refuse_feed(source, mark, *lines, *why),
            StockCommand::TellAvailability { skus } => self.tell_availability(skus),
            StockCommand::NoteDrift {
                name,
                invariant,
                subject,
                detail,
                found_at,
            } => {
                let says = Happening::DriftFound {
                    invariant: invariant.clone(),
                    subject: subject.clone(),
                    detail: detail.clone(),
                    found_at: *found_at,
                };
                self.log(Some(name.clone()), says);
            }
            StockCommand::SetQuota(wanted) => self.set_quota(wanted),
            StockCommand::Cut { sku, unpicked } => {
                self.cut(sku, unpicked);
            }
            StockCommand::Expire { limit } => {
                self.expire(*limit, now);
            }
            StockCommand::Told { holds } => {
                self.told(holds);
            }
            _ => {}
        }
    }

    fn count(
        &mut self,
        sku: &Sku,
        on_hand: i64,
        buffer: Option<i64>,
        backorder_limit: Option<i64>,
    ) {
        let on_hand = on_hand.max(0);
        let before = self.counters(sku);
        let known = self.stock.counters.contains_key(sku);
        if !known || before.on_hand != on_hand {
            self.book(sku, None, "count", (on_hand - before.on_hand, 0, 0));
        }
        let counters = Counters {
            buffer: buffer.map_or(before.buffer, |units| units.max(0)),
            backorder_limit: backorder_limit.map_or(before.backorder_limit, |units| units.max(0)),
            ..self.counters(sku)
        };
        if counters != self.counters(sku) {
            self.change.counters.insert(sku.clone(), counters);
        }
    }

    fn told(&mut self, holds: &[(HoldKey, i32)]) {
        for (key, rev) in holds {
            if let Some(mut hold) = self.hold(*key)
                && hold.told_rev < *rev
                && *rev <= hold.rev
            {
                hold.told_rev = *rev;
                self.put(*key, hold);
            }
        }
    }
}
