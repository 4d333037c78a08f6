//! Decides what a location does with a command, and applies what was committed.

mod regroup;

use std::collections::{BTreeMap, BTreeSet};

use jiff::{SignedDuration, Timestamp};

use super::{
    Counters, Happening, HoldKey, HoldState, LedgerRow, LocationStock, Room, StockChange,
    StockCommand, StockDecision, StockHold, Taken, Told,
};
use crate::ids::{ChannelId, EffectId, LocationCode, OrderId, Sku};
use crate::order::{Loss, StockEvidence, StockLine, StockRefusal};

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

/// How holds end for good.
#[derive(Clone, Copy)]
enum End {
    Release,
    WriteOff(Loss),
    Consume,
}

impl End {
    const fn state(self) -> HoldState {
        match self {
            Self::Release | Self::WriteOff(_) => HoldState::Released,
            Self::Consume => HoldState::Consumed,
        }
    }

    const fn cause(self) -> &'static str {
        match self {
            Self::Release => "release",
            Self::WriteOff(_) => "write_off",
            Self::Consume => "consume",
        }
    }
}

/// Who asks for units.
#[derive(Clone, Copy)]
pub(super) struct Claim {
    pub(super) order: OrderId,
    pub(super) attempt: u16,
    pub(super) channel: ChannelId,
}

impl Claim {
    const fn of(order: OrderId, attempt: u16, channel: ChannelId) -> Self {
        Self {
            order,
            attempt,
            channel,
        }
    }

    /// The hold that it has, or wants, for a line.
    pub(super) const fn key(self, line: u16) -> HoldKey {
        HoldKey {
            order: self.order,
            line,
            attempt: self.attempt,
        }
    }
}

/// A decision being made: reads see what it has changed so far.
pub(super) struct Draft<'a> {
    pub(super) stock: &'a LocationStock,
    pub(super) change: StockChange,
    pub(super) effect: Option<EffectId>,
    pub(super) told: Vec<Told>,
    pub(super) taken: Taken,
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

    pub(super) fn counters(&self, sku: &Sku) -> Counters {
        self.change
            .counters
            .get(sku)
            .copied()
            .unwrap_or_else(|| self.stock.counters(sku))
    }

    pub(super) fn hold(&self, key: HoldKey) -> Option<StockHold> {
        let changed = self.change.holds.iter().rev().find(|(k, ..)| *k == key);
        changed
            .map(|(.., hold)| hold)
            .or_else(|| self.stock.holds.get(&key))
            .cloned()
    }

    pub(super) fn put(&mut self, key: HoldKey, hold: StockHold) {
        if self.has_quotas() {
            let known = self.hold(key);
            self.follow_quota(known.as_ref(), &hold);
        }
        if let Some(changed) = self.change.holds.iter_mut().find(|(k, ..)| *k == key) {
            changed.2 = hold;
            return;
        }
        let before = self.stock.holds.get(&key).map_or(0, |hold| hold.rev);
        self.change.holds.push((key, before, hold));
    }

    /// Writes what the location decided by itself, to be told to the order.
    pub(super) fn put_and_tell(&mut self, key: HoldKey, mut hold: StockHold) {
        hold.rev += 1;
        let (rev, news) = (hold.rev, hold.news());
        self.told.retain(|told| told.key != key);
        self.told.push(Told { key, rev, news });
        self.put(key, hold);
    }

    /// Books one row and the counters after it. A falling promise works the shortfall off first.
    /// An effect moves a SKU in one row, however many lines of the order have it: the ledger knows
    /// an effect that comes again by location, effect and SKU.
    pub(super) fn book(
        &mut self,
        sku: &Sku,
        order: Option<OrderId>,
        cause: &'static str,
        (d_on_hand, d_reserved, d_allocated): (i64, i64, i64),
    ) {
        let mut counters = self.counters(sku);
        counters.on_hand += d_on_hand;
        counters.reserved += d_reserved;
        counters.allocated += d_allocated;
        let promised = counters.reserved + counters.allocated;
        counters.shortfall = (promised - counters.on_hand).max(0);
        self.change.counters.insert(sku.clone(), counters);
        let same = |row: &&mut LedgerRow| row.sku == *sku && row.cause == cause;
        if self.effect.is_some()
            && let Some(row) = self.change.ledger.iter_mut().find(same)
        {
            row.d_on_hand += d_on_hand;
            row.d_reserved += d_reserved;
            row.d_allocated += d_allocated;
            return;
        }
        let seq = self.stock.seq + 1 + i64::try_from(self.change.ledger.len()).unwrap_or(i64::MAX);
        self.change.ledger.push(LedgerRow {
            seq,
            sku: sku.clone(),
            d_on_hand,
            d_reserved,
            d_allocated,
            cause,
            order,
            effect: self.effect,
            reference: None,
        });
    }

    fn reserve(
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

    fn confirm(
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

    /// Ends holds for good. Ending what has ended changes nothing.
    fn end(&mut self, order: OrderId, attempt: u16, lines: &[StockLine], end: End, now: Timestamp) {
        if let End::WriteOff(loss) = end {
            self.make_room_for_loss(order, attempt, lines, loss);
        }
        for line in lines {
            let key = HoldKey {
                order,
                line: line.line,
                attempt,
            };
            let quantity = line.quantity.whole().unwrap_or(0);
            let Some(mut hold) = self.hold(key) else {
                self.tombstone(key, line, quantity, end.state(), now);
                continue;
            };
            let units = hold.quantity;
            let (soft, hard) = match hold.state {
                HoldState::Consumed | HoldState::Released | HoldState::Lost | HoldState::Moved => {
                    continue;
                }
                // A parcel that left although its promise was taken back is evidence all the same.
                HoldState::Cut if !matches!(end, End::Consume) => continue,
                HoldState::Soft => (units, 0),
                HoldState::Hard => (0, units),
                HoldState::Expired | HoldState::Cut => (0, 0),
                HoldState::Waiting => {
                    self.leave_the_line(&hold);
                    (0, 0)
                }
            };
            let gone = self.gone(key, &hold, end);
            if (gone, soft, hard) != (0, 0, 0) {
                let moved = (-gone, -soft, -hard);
                self.book(&hold.sku, Some(order), end.cause(), moved);
            }
            hold.state = end.state();
            hold.rev += 1;
            hold.told_rev = hold.rev;
            self.put(key, hold);
        }
    }

    /// Units that leave the count: never more than it has. A parcel that went out although the count
    /// says there was none is evidence; the count was wrong, not the parcel.
    /// An empty shelf says nothing about what the order itself has taken off it before.
    fn gone(&self, key: HoldKey, hold: &StockHold, end: End) -> i64 {
        let on_hand = self.counters(&hold.sku).on_hand;
        match end {
            End::Release => 0,
            End::Consume | End::WriteOff(Loss::Damaged) => hold.quantity.min(on_hand),
            End::WriteOff(Loss::NotThere) => (on_hand - self.held_beside(key, hold)).max(0),
        }
    }

    fn tombstone(
        &mut self,
        key: HoldKey,
        line: &StockLine,
        quantity: i64,
        state: HoldState,
        now: Timestamp,
    ) {
        let sku = line.sku.clone();
        self.put(
            key,
            StockHold {
                sku,
                quantity,
                state,
                rev: 1,
                told_rev: 1,
                expires_at: now,
                since: None,
                promise: None,
                work_day: None,
                channel: None,
            },
        );
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

    fn expire(&mut self, limit: usize, now: Timestamp) {
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
