//! What of an order only ever grows or stays as it is, whatever is reported in whatever order: money
//! that moved, units that were cancelled, work that went on, holds that ended.
//!
//! What does not live here: the stages of orders and of returns, which have tables of legal moves, and
//! what carriers say of parcels, which they may correct.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::laws::{Verdict, must};
use crate::money::Money;
use crate::order::{
    Fulfilment, FulfilmentStage, Movements, Order, Parcel, ReservationKey, ReservationState,
    Tender, Word,
};
use crate::quantity::Quantity;

/// How far an order had got.
pub(crate) struct Mark {
    tries: (u16, u32),
    cancelled: Vec<Quantity>,
    money: Vec<Purse>,
    work: Vec<Work>,
    holds: BTreeMap<ReservationKey, ReservationState>,
    over: (usize, usize),
}

/// What moved of a tender. What a gateway took back may be less than before: then there is a word more.
struct Purse {
    sums: [Money; 4],
    certain: [bool; 4],
    /// Taken and given back, with when each movement was last said to have come to nothing.
    moved: [(Money, BTreeMap<String, Option<Timestamp>>); 2],
    /// What the buyer has by disputes of what was granted, and the last words about each: open, won, lost.
    netted: Money,
    disputes: BTreeMap<String, [Option<Word>; 3]>,
}

/// Where a piece of work was.
struct Work {
    place: Place,
    /// Its parcels go to a store, are there, are held there; it counts no more.
    transfer: Option<[bool; 3]>,
    shipped: bool,
    consumed: bool,
    parcels: Vec<Sent>,
}

/// What is certain of a parcel.
struct Sent {
    /// Its label was bought, given back, kept by the carrier; its units came back from the buyer, are sent
    /// again, are back on the shelf; its delivery can be shown, with a signature.
    certain: [bool; 8],
    seen: usize,
}

impl Sent {
    fn of(parcel: &Parcel) -> Self {
        let label = parcel.label.as_ref();
        Self {
            certain: [
                label.is_some(),
                label.is_some_and(|label| label.voided),
                label.is_some_and(|label| label.void_refused),
                parcel.came_back_at.is_some(),
                parcel.replaced_at.is_some(),
                parcel.restocked_at.is_some(),
                parcel.proof.is_some(),
                parcel.proof.as_ref().is_some_and(|proof| proof.signed),
            ],
            seen: parcel.scans.len(),
        }
    }

    fn reaches(&self, before: &Self) -> bool {
        let mut certain = self.certain.iter().zip(before.certain);
        self.seen >= before.seen && certain.all(|(now, then)| *now || !then)
    }
}

/// How far a piece of work is: the later, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Before(u8),
    /// It will not ship from there; it may have left all the same.
    Off,
    Left,
}

impl Purse {
    fn of(tender: &Tender) -> Self {
        let some = |amount: Option<Money>| amount.unwrap_or(Money::zero(tender.amount.currency()));
        let disputes = tender.disputes.iter();
        let failed = |moved: &Movements| -> BTreeMap<_, _> {
            let failed = moved.failed.iter();
            failed.map(|(name, one)| (name.clone(), one.at)).collect()
        };
        Self {
            sums: [
                some(tender.authorized),
                some(tender.granted),
                some(tender.moved),
                some(tender.credited),
            ],
            certain: [
                tender.voided,
                tender.lapsed,
                tender.answered_at.is_some(),
                tender.replaced_by.is_some(),
            ],
            moved: [
                (tender.captured_sum(), failed(&tender.captured)),
                (tender.refunded_sum(), failed(&tender.refunded)),
            ],
            netted: some(tender.netted),
            disputes: disputes
                .map(|(name, one)| (name.clone(), one.words))
                .collect(),
        }
    }

    fn reaches(&self, before: &Self) -> bool {
        let sums = self.sums.iter().zip(&before.sums);
        let mut certain = self.certain.iter().zip(before.certain);
        let mut moved = self.moved.iter().zip(&before.moved);
        let no_word_is_lost = before.disputes.iter().all(|(name, then)| {
            let now = self.disputes.get(name);
            now.is_some_and(|now| now.iter().zip(then).all(|(now, then)| is_kept(*then, *now)))
        });
        let given = self.moved[1].0 > before.moved[1].0;
        sums.into_iter().all(|(now, then)| now >= then)
            && certain.all(|(now, then)| *now || !then)
            && moved.all(|(now, then)| now.0 >= then.0 || now.1 != then.1)
            && no_word_is_lost
            && (self.netted >= before.netted || given || self.disputes != before.disputes)
    }
}

/// Whether a word that was said is still known, or a later one.
fn is_kept(then: Option<Word>, now: Option<Word>) -> bool {
    then.is_none_or(|then| now.is_some_and(|now| now.at >= then.at))
}

impl Work {
    fn of(work: &Fulfilment) -> Self {
        // One that is asked to stop goes on where it was, if it does not.
        let stage = work.resumes.unwrap_or(work.stage);
        // A transfer that is not wanted any more has left all the same.
        let withdrawn = work.transfer.is_some() && work.is_off() && work.shipped_at.is_some();
        let place = if withdrawn { Place::Left } else { place(stage) };
        Self {
            place,
            transfer: work.transfer.as_ref().map(|transfer| {
                let received = transfer.received.is_some();
                [transfer.arrived_at.is_some(), received, work.is_off()]
            }),
            shipped: work.shipped_at.is_some(),
            consumed: work.consumed,
            parcels: work.parcels.iter().map(Sent::of).collect(),
        }
    }

    fn reaches(&self, before: &Self) -> bool {
        let transfer = match (&self.transfer, &before.transfer) {
            (Some(now), Some(then)) => now.iter().zip(then).all(|(now, then)| *now || !then),
            (now, then) => now.is_none() == then.is_none(),
        };
        transfer
            && self.place >= before.place
            && (self.shipped || !before.shipped)
            && (self.consumed || !before.consumed)
            && all(&before.parcels, &self.parcels, |then, now| {
                now.reaches(then)
            })
    }
}

const fn place(stage: FulfilmentStage) -> Place {
    match stage {
        // Work that was split, merged or put off is asked for afresh.
        FulfilmentStage::Planned | FulfilmentStage::Scheduled | FulfilmentStage::Requested => {
            Place::Before(1)
        }
        FulfilmentStage::Accepted => Place::Before(2),
        FulfilmentStage::Picking => Place::Before(3),
        FulfilmentStage::Packed => Place::Before(4),
        FulfilmentStage::Labelled | FulfilmentStage::ReadyForPickup => Place::Before(5),
        FulfilmentStage::CancelRequested => Place::Before(6),
        FulfilmentStage::Rejected
        | FulfilmentStage::Unanswered
        | FulfilmentStage::PickupExpired
        | FulfilmentStage::Cancelled => Place::Off,
        FulfilmentStage::HandedOver | FulfilmentStage::Transferred | FulfilmentStage::Collected => {
            Place::Left
        }
    }
}

impl Mark {
    /// How far an order has got.
    pub(crate) fn of(order: &Order) -> Self {
        let holds = order.reservations.iter();
        let ended = order.claims.iter().filter(|claim| !claim.is_open());
        Self {
            tries: (order.attempt, order.last_hold),
            cancelled: order.lines.iter().map(|line| line.cancelled).collect(),
            money: order.tenders.iter().map(Purse::of).collect(),
            work: order.fulfilments.iter().map(Work::of).collect(),
            holds: holds.map(|(key, hold)| (key.clone(), hold.state)).collect(),
            over: (ended.count(), order.returns.len()),
        }
    }

    /// Nothing of it has gone back.
    pub(crate) fn must_not_fall(&self, order: &Order) -> Verdict {
        let now = Self::of(order);
        let tries = now.tries.0 >= self.tries.0 && now.tries.1 >= self.tries.1;
        let over = now.over.0 >= self.over.0 && now.over.1 >= self.over.1;
        let cancelled = all(&self.cancelled, &now.cancelled, |then, now| now >= then);
        let money = all(&self.money, &now.money, |then, now| now.reaches(then));
        let work = all(&self.work, &now.work, |then, now| now.reaches(then));
        let held = self.holds.iter().find(|(key, then)| {
            let ended = !then.is_live();
            let gone = **then == ReservationState::Consumed;
            now.holds.get(key).is_some_and(|state| {
                (ended && state.is_live()) || (gone && *state != ReservationState::Consumed)
            })
        });
        let parts = [
            (tries, "the number of tries or holds"),
            (over, "a claim or a return"),
            (cancelled, "units cancelled"),
            (money, "money of a tender"),
            (work, "a piece of work"),
            (held.is_none(), "a hold on stock that had ended"),
        ];
        let fallen = parts.iter().find(|(holds, _)| !holds);
        must(fallen.is_none(), "forward_only", || {
            let what = fallen.map_or("nothing", |(_, what)| what);
            format!("{what} went back by version {}", order.version)
        })
    }
}

/// Everything that was there still is, and got no less.
fn all<T>(then: &[T], now: &[T], reaches: impl Fn(&T, &T) -> bool) -> bool {
    now.len() >= then.len() && then.iter().zip(now).all(|(then, now)| reaches(then, now))
}
