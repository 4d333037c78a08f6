//! The fold of what happens to returns.

use jiff::Timestamp;

use super::super::{
    ClaimKind, LineUnits, Order, Parcel, Payback, ReceivedParcel, Return, ReturnDecision,
    ReturnEvent, ReturnOutcome, Settlement, UnexpectedItem, units_of,
};
use crate::ids::LocationCode;
use crate::money::Money;
use crate::quantity::Quantity;

impl Order {
    pub(super) fn return_mut(&mut self, number: u16) -> Option<&mut Return> {
        self.returns.iter_mut().find(|back| back.number == number)
    }

    pub(super) fn return_event(&mut self, event: &ReturnEvent, at: Timestamp) {
        if let ReturnEvent::Requested {
            number,
            announced,
            reason,
            verdict,
        } = event
        {
            let decision = match verdict.outcome {
                ReturnOutcome::Review => ReturnDecision::Review,
                _ => ReturnDecision::Open,
            };
            self.returns.push(Return {
                number: *number,
                opened_at: at,
                since: at,
                awaited_since: at,
                reason: reason.clone(),
                announced: announced.clone(),
                verdict: verdict.clone(),
                decision,
                label: None,
                scans: std::collections::BTreeSet::new(),
                parcels: std::collections::BTreeMap::new(),
                inspected: Vec::new(),
                no_show: false,
                restocked: Vec::new(),
                payback: Payback::default(),
                closed: None,
            });
            return;
        }
        if let ReturnEvent::RefundGranted(settlement) = event {
            self.granted(&settlement.refunds);
            self.pay_for_exchange(settlement);
        }
        let Some(back) = self.return_mut(event.number()) else {
            return;
        };
        let before = back.stage();
        back.take_in(event, at);
        if back.stage() != before {
            back.since = at;
        }
        if let ReturnEvent::Received { units, .. } = event {
            for came in units {
                self.imply_delivery(came.line, at);
            }
        }
    }

    /// What came back from the buyer was delivered before, whatever was or will be seen of it: as many
    /// parcels as the units need, the ones that were delivered anyway first.
    fn imply_delivery(&mut self, line: u16, at: Timestamp) {
        let came = Quantity::sum(self.returns.iter().map(|back| back.received(line)));
        let mut known = Quantity::ZERO;
        let mut delivered = Vec::new();
        for share in self.shares_by_arrival(line) {
            if known >= came {
                break;
            }
            known = known.plus(share.units);
            delivered.extend(share.witness);
        }
        for (fulfilment, number) in delivered {
            if let Some(parcel) = self.parcel_mut(fulfilment, number) {
                parcel.came_back_at.get_or_insert(at);
            }
        }
    }

    /// The units of a line that left, by share, those that the buyer has first; and of each share the
    /// parcel that must have been delivered when units of it come back. Of several it is the one that the
    /// carrier is furthest with, lost and undeliverable ones last.
    fn shares_by_arrival(&self, line: u16) -> Vec<Departed> {
        let mut departed = Vec::new();
        for work in self.fulfilments.iter().filter(|work| work.is_shipped()) {
            for share in work.shares() {
                let units = units_of(&share.units, line);
                if units.is_zero() || share.all(|parcel| parcel.replaced_at.is_some()) {
                    continue;
                }
                let arrival = |parcel: &&&Parcel| {
                    let wrong = ClaimKind::of(parcel.status()).is_some();
                    (work.has_arrived(parcel), !wrong, parcel.status())
                };
                let first = share.parcels.iter().max_by_key(arrival);
                departed.push(Departed {
                    here: share.all(|parcel| work.has_arrived(parcel)),
                    units,
                    witness: first.map(|parcel| (work.number, parcel.number)),
                });
            }
        }
        departed.sort_by_key(|share| !share.here);
        departed
    }
}

/// Units of a line that left together.
struct Departed {
    /// The buyer has them all.
    here: bool,
    units: Quantity,
    /// Fulfilment and number of the parcel that was delivered if any was.
    witness: Option<(u16, u16)>,
}

impl Return {
    fn take_in(&mut self, event: &ReturnEvent, at: Timestamp) {
        match event {
            ReturnEvent::Requested { .. } => {}
            ReturnEvent::Approved { .. } => {
                self.decision = ReturnDecision::Approved;
                self.awaited_since = at;
            }
            ReturnEvent::Declined { .. } => self.decision = ReturnDecision::Declined,
            ReturnEvent::LabelIssued { label, .. } => {
                self.label = Some(label.clone());
                // What was seen was another parcel.
                self.scans.clear();
                self.awaited_since = at;
            }
            ReturnEvent::Seen { scan, .. } => {
                self.scans.insert(scan.clone());
                self.awaited_since = at;
            }
            ReturnEvent::Received {
                parcel,
                location,
                units,
                unexpected,
                ..
            } => self.parcel_came(parcel, location, units, unexpected, at),
            ReturnEvent::Inspected { units, .. } => self.inspected.extend(units.iter().cloned()),
            ReturnEvent::NoShow { .. } => self.no_show = true,
            ReturnEvent::RefundGranted(settlement) => self.payback.settle(settlement),
            ReturnEvent::Refunded { amount, .. } => self.payback.refunded = Some(*amount),
            ReturnEvent::Closed {
                reason, cancelled, ..
            } => {
                if *cancelled {
                    self.decision = ReturnDecision::Cancelled;
                } else {
                    self.closed = Some(reason.clone());
                }
            }
        }
    }

    /// A parcel told again merges: of each thing the larger count. What came is there, whatever was
    /// decided before, so a person looks again.
    fn parcel_came(
        &mut self,
        parcel: &str,
        location: &LocationCode,
        units: &[LineUnits],
        unexpected: &[UnexpectedItem],
        at: Timestamp,
    ) {
        let known = self
            .parcels
            .entry(parcel.to_owned())
            .or_insert_with(|| ReceivedParcel {
                location: location.clone(),
                at,
                units: Vec::new(),
                unexpected: Vec::new(),
            });
        for came in units {
            match known.units.iter_mut().find(|one| one.line == came.line) {
                Some(one) => one.quantity = one.quantity.max(came.quantity),
                None => known.units.push(came.clone()),
            }
        }
        for came in unexpected {
            match known.unexpected.iter_mut().find(|one| one.sku == came.sku) {
                Some(one) => one.quantity = one.quantity.max(came.quantity),
                None => known.unexpected.push(came.clone()),
            }
        }
        self.awaited_since = at;
        self.closed = None;
        if matches!(
            self.decision,
            ReturnDecision::Declined | ReturnDecision::Cancelled
        ) {
            self.decision = ReturnDecision::Review;
        }
    }
}

impl Payback {
    /// More units are settled.
    pub(super) fn settle(&mut self, settlement: &Settlement) {
        let zero = Money::zero(settlement.worth.currency());
        let add = |sum: &mut Option<Money>, more: Money| {
            *sum = Some(sum.unwrap_or(zero).plus(more));
        };
        self.settled.extend(settlement.units.iter().cloned());
        add(&mut self.worth, settlement.worth);
        add(&mut self.entitled, settlement.entitled);
        add(&mut self.granted, settlement.granted());
        add(&mut self.elsewhere, settlement.elsewhere);
        if let Some(exchanged) = settlement.exchanged {
            add(&mut self.exchanged, exchanged);
        }
        add(&mut self.netted, settlement.netted);
    }
}
