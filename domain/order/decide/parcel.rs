//! Labels and sightings: one label and one set of sightings for each parcel.

use super::super::{
    Edge, Effect, Event, Fulfilment, FulfilmentStage, HoldScope, LabelEvidence, LabelFact, Parcel,
    REASON_LABEL_FAILED, SCANS_KEPT, Scan, ScanFact,
};
use super::Draft;

impl Draft<'_> {
    /// A carrier reported about a label.
    pub(super) fn label(&mut self, fact: &LabelFact) {
        let (fulfilment, number) = (fact.fulfilment, fact.parcel);
        let Some(parcel) = self.order.parcel(fulfilment, number) else {
            return;
        };
        let closes = self.open_ids(|effect| {
            effect.parcel() == Some((fulfilment, number))
                && match fact.evidence {
                    LabelEvidence::Bought { .. } | LabelEvidence::Failed { .. } => {
                        matches!(effect, Effect::BuyLabel { .. })
                    }
                    LabelEvidence::Voided | LabelEvidence::VoidRefused { .. } => {
                        matches!(effect, Effect::VoidLabel { .. })
                    }
                }
        });
        let news = match &fact.evidence {
            LabelEvidence::Bought { .. } => parcel.label.is_none(),
            LabelEvidence::Failed { .. } => !closes.is_empty(),
            LabelEvidence::Voided => parcel.is_labelled(),
            LabelEvidence::VoidRefused { .. } => parcel
                .label
                .as_ref()
                .is_some_and(|label| !label.void_refused && !label.voided),
        };
        if !news && closes.is_empty() {
            return;
        }
        let label = fact.evidence.clone();
        self.emit(Event::LabelReported {
            fulfilment,
            parcel: number,
            label,
            closes,
        });
    }

    /// A parcel was seen. What is said of one says nothing of the others.
    pub(super) fn scan(&mut self, fact: &ScanFact) {
        self.occurred_at = Some(fact.scan.at);
        let kind = fact.scan.status.kind();
        let key = format!(
            "{}:{}:{}",
            fact.tracking_number, fact.scan.code, fact.scan.at
        );
        let found = self
            .order
            .tracked(&fact.tracking_number, fact.carrier.as_deref());
        let Some((work, parcel)) = found else {
            if self.seen_coming_back(fact) {
                return;
            }
            self.ignore(
                kind,
                "no parcel of this order has this tracking number",
                &key,
            );
            return;
        };
        let known = |seen: &Scan| seen.at == fact.scan.at && seen.code == fact.scan.code;
        if parcel.scans.iter().any(known) {
            return;
        }
        if work.is_off() && !work.has_left() && fact.scan.status.implies_shipped() {
            self.ignore(
                kind,
                "the fulfilment was ended before the parcel was seen",
                &key,
            );
            return;
        }
        if parcel.scans.len() >= SCANS_KEPT {
            self.ignore(kind, "too many sightings of this parcel", "scans");
            return;
        }
        let (fulfilment, parcel) = (work.number, parcel.number);
        self.emit(Event::Scanned {
            fulfilment,
            parcel,
            scan: fact.scan.clone(),
        });
    }

    /// Buys a label for each parcel of what is packed. One that cannot be bought holds the whole work.
    pub(super) fn buy_labels(&mut self) -> bool {
        if self.order.ending.is_some() {
            return false;
        }
        for work in self.order.fulfilments.clone() {
            let fulfilment = work.number;
            for parcel in work
                .parcels
                .iter()
                .filter(|parcel| work.wants_label(parcel))
            {
                if parcel.label_failed.is_some() {
                    let scope = HoldScope::Fulfilment { number: fulfilment };
                    if self.hold_once(REASON_LABEL_FAILED, scope, &[Edge::Ship]) {
                        return true;
                    }
                    continue;
                }
                let buy = Effect::BuyLabel {
                    fulfilment,
                    parcel: parcel.number,
                };
                let blocked = self.is_blocked(Edge::Ship, Some(fulfilment));
                if !blocked && !self.is_open(|effect| *effect == buy) {
                    self.open(buy);
                    return true;
                }
            }
        }
        false
    }

    /// Gives every label back of what will not ship.
    pub(super) fn void_labels(&mut self) -> bool {
        let orphan = |parcel: &Parcel| {
            let label = parcel.label.as_ref();
            label.is_some_and(|label| !label.voided && !label.void_refused)
        };
        let orphans = self
            .order
            .parcels()
            .filter(|(work, parcel)| work.is_off() && !work.has_left() && orphan(parcel));
        let unasked = orphans
            .map(|(work, parcel)| Effect::VoidLabel {
                fulfilment: work.number,
                parcel: parcel.number,
            })
            .find(|void| !self.is_open(|effect| effect == void));
        let Some(void) = unasked else {
            return false;
        };
        self.open(void);
        true
    }
}

impl Fulfilment {
    /// Whether a label is to be bought for a parcel of it: once it is packed, and also when the carrier
    /// was quicker than the labels of the other parcels.
    pub(in crate::order) fn wants_label(&self, parcel: &Parcel) -> bool {
        let outrun = self.stage == FulfilmentStage::HandedOver
            && self.parcels.iter().any(|parcel| parcel.label.is_some());
        let packed = self.stage == FulfilmentStage::Packed || outrun;
        packed && !self.pickup && parcel.label.is_none()
    }
}
