//! Quotas: how many units of a SKU a location may promise through one channel, however many there are.
//!
//! What counts is what was promised since the quota began: units held softly, held firmly, waited for,
//! and gone out of the building. What is given back counts no more; what has left goes on counting until
//! the quota is taken away and begins anew. A quota never takes a promise back: lowered below what was
//! promised, it only lets nothing more through. Channels without one are bound by the stock alone.

use super::draft::Draft;
use super::{HoldState, LocationStock, StockHold, Taken};
use crate::ids::{ChannelId, Sku};

/// What a channel may have promised of a SKU at a location, and what it has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Quota {
    /// Units in all since it began; nothing when there is no bound (any more).
    pub units: Option<i64>,
    /// Units of it that are held softly.
    pub reserved: i64,
    /// Units of it that are waited for, held firmly, or gone.
    pub taken: i64,
    /// Raised by each setting: 1, 2, 3, ...
    pub rev: i64,
}

impl Quota {
    /// Units that can still be promised under it; nothing when there is no bound.
    pub fn left(&self) -> Option<i64> {
        let units = self.units?;
        Some((units - self.reserved - self.taken).max(0))
    }

    /// Units that could be promised under it if every soft hold lapsed.
    pub fn attainable(&self) -> Option<i64> {
        Some((self.units? - self.taken).max(0))
    }

    /// Counts a hold, or takes it out of the count again.
    fn count(&mut self, hold: &StockHold, sign: i64) {
        match hold.state {
            HoldState::Soft => self.reserved += sign * hold.quantity,
            HoldState::Waiting | HoldState::Hard | HoldState::Consumed => {
                self.taken += sign * hold.quantity;
            }
            HoldState::Expired
            | HoldState::Released
            | HoldState::Lost
            | HoldState::Cut
            | HoldState::Moved => {}
        }
    }
}

/// Somebody set a quota, or took it away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaWord {
    /// Of what.
    pub sku: Sku,
    /// For whom.
    pub channel: ChannelId,
    /// Which setting of it: 1, 2, 3, ...
    pub rev: i64,
    /// Units from then on; nothing when the bound was taken away.
    pub units: Option<i64>,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
    /// The last row of the location's ledger before it.
    pub after_seq: i64,
}

/// What somebody wants a quota to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaChange {
    /// Of what.
    pub sku: Sku,
    /// For whom.
    pub channel: ChannelId,
    /// Units from now on; nothing takes the bound away.
    pub units: Option<i64>,
    /// The setting that is to be replaced, if the sender looked.
    pub expected: Option<i64>,
    /// Who.
    pub by: String,
    /// Why.
    pub reason: String,
}

impl LocationStock {
    /// The quota of a channel; one without a bound where nobody set any.
    pub fn quota(&self, sku: &Sku, channel: ChannelId) -> Quota {
        let known = self.quotas.get(&(sku.clone(), channel));
        known.copied().unwrap_or_default()
    }
}

impl Draft<'_> {
    /// Whether anything is bounded here.
    pub(super) fn has_quotas(&self) -> bool {
        !self.stock.quotas.is_empty() || !self.change.quotas.is_empty()
    }

    fn quota(&self, sku: &Sku, channel: ChannelId) -> Quota {
        let changed = self.change.quotas.get(&(sku.clone(), channel));
        let known = || self.stock.quota(sku, channel);
        changed.copied().unwrap_or_else(known)
    }

    /// Whether so many units more may be promised through the channel. Holds from before channels were
    /// written down belong to none and are bound by none.
    pub(super) fn is_within_quota(
        &self,
        sku: &Sku,
        channel: Option<ChannelId>,
        units: i64,
    ) -> bool {
        let channel = channel.filter(|_| self.has_quotas());
        let left = channel.and_then(|channel| self.quota(sku, channel).left());
        left.is_none_or(|left| units <= left)
    }

    /// Every change of a hold changes what counts against its channel's quota.
    pub(super) fn follow_quota(&mut self, before: Option<&StockHold>, after: &StockHold) {
        let Some(channel) = after.channel else {
            return;
        };
        let known = self.quota(&after.sku, channel);
        if known.units.is_none() {
            return;
        }
        let mut quota = known;
        if let Some(before) = before {
            quota.count(before, -1);
        }
        quota.count(after, 1);
        if quota != known {
            let name = (after.sku.clone(), channel);
            self.change.quotas.insert(name, quota);
        }
    }

    /// Sets a quota, or takes it away. One that begins counts what is promised just then.
    pub(super) fn set_quota(&mut self, wanted: &QuotaChange) {
        let known = self.quota(&wanted.sku, wanted.channel);
        let units = wanted.units.map(|units| units.max(0));
        if known.units == units {
            self.taken = Taken::Repeated;
            return;
        }
        if wanted.expected.is_some_and(|rev| rev != known.rev) {
            self.taken = Taken::Outdated;
            return;
        }
        let rev = known.rev + 1;
        let mut quota = Quota {
            units,
            rev,
            ..known
        };
        if known.units.is_none() || units.is_none() {
            (quota.reserved, quota.taken) = (0, 0);
        }
        if known.units.is_none() {
            let own =
                |hold: &&StockHold| hold.sku == wanted.sku && hold.channel == Some(wanted.channel);
            for hold in self.stock.holds.values().filter(own) {
                // What has left before it began is not its business.
                if hold.state != HoldState::Consumed {
                    quota.count(hold, 1);
                }
            }
        }
        let name = (wanted.sku.clone(), wanted.channel);
        self.change.quotas.insert(name, quota);
        self.change.words.push(QuotaWord {
            sku: wanted.sku.clone(),
            channel: wanted.channel,
            rev,
            units,
            by: wanted.by.clone(),
            reason: wanted.reason.clone(),
            after_seq: self.stock.seq,
        });
    }
}
