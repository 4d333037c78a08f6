//! Labels and sightings.

use super::super::{
    Edge, Effect, Event, Fulfilment, FulfilmentStage, HoldScope, LabelEvidence, LabelFact,
    REASON_LABEL_FAILED, SCANS_KEPT, Scan, ScanFact,
};
use super::Draft;

impl Draft<'_> {
    /// A carrier reported about a label.
    pub(super) fn label(&mut self, fact: &LabelFact) {
        let number = fact.fulfilment;
        let Some(work) = self.order.fulfilment(number) else {
            return;
        };
        let closes = self.open_ids(|effect| {
            effect.fulfilment() == Some(number)
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
            LabelEvidence::Bought { .. } => work.label.is_none(),
            LabelEvidence::Failed { .. } => !closes.is_empty(),
            LabelEvidence::Voided => work.label.as_ref().is_some_and(|label| !label.voided),
            LabelEvidence::VoidRefused { .. } => work
                .label
                .as_ref()
                .is_some_and(|label| !label.void_refused && !label.voided),
        };
        if !news && closes.is_empty() {
            return;
        }
        let label = fact.evidence.clone();
        self.emit(Event::LabelReported {
            fulfilment: number,
            label,
            closes,
        });
    }

    /// A parcel was seen.
    pub(super) fn scan(&mut self, fact: &ScanFact) {
        self.occurred_at = Some(fact.scan.at);
        let kind = fact.scan.status.kind();
        let key = format!(
            "{}:{}:{}",
            fact.tracking_number, fact.scan.code, fact.scan.at
        );
        let named = |work: &&Fulfilment| {
            work.label
                .as_ref()
                .is_some_and(|l| l.tracking_number == fact.tracking_number)
        };
        let Some(work) = self.order.fulfilments.iter().find(named) else {
            self.ignore(
                kind,
                "no parcel of this order has this tracking number",
                &key,
            );
            return;
        };
        let known = |seen: &Scan| seen.at == fact.scan.at && seen.code == fact.scan.code;
        if work.scans.iter().any(known) {
            return;
        }
        if work.is_off() && fact.scan.status.implies_shipped() {
            self.ignore(
                kind,
                "the fulfilment was ended before the parcel was seen",
                &key,
            );
            return;
        }
        if work.scans.len() >= SCANS_KEPT {
            self.ignore(kind, "too many sightings of this parcel", "scans");
            return;
        }
        let fulfilment = work.number;
        self.emit(Event::Scanned {
            fulfilment,
            scan: fact.scan.clone(),
        });
    }

    /// Buys labels for what is packed.
    pub(super) fn buy_labels(&mut self) -> bool {
        for work in self.order.fulfilments.clone() {
            let fulfilment = work.number;
            let wanted = work.stage == FulfilmentStage::Packed && !work.pickup;
            if !wanted || work.label.is_some() || self.order.ending.is_some() {
                continue;
            }
            if work.label_failed.is_some() {
                let scope = HoldScope::Fulfilment { number: fulfilment };
                if self.hold_once(REASON_LABEL_FAILED, scope, &[Edge::Ship]) {
                    return true;
                }
                continue;
            }
            let same = |effect: &Effect| {
                matches!(effect, Effect::BuyLabel { .. }) && effect.fulfilment() == Some(fulfilment)
            };
            if !self.is_blocked(Edge::Ship, Some(fulfilment)) && !self.is_open(same) {
                self.open(Effect::BuyLabel { fulfilment });
                return true;
            }
        }
        false
    }

    /// Gives labels back of what will not ship.
    pub(super) fn void_labels(&mut self) -> bool {
        for work in self.order.fulfilments.clone() {
            let fulfilment = work.number;
            let orphan = work.is_off()
                && work
                    .label
                    .as_ref()
                    .is_some_and(|label| !label.voided && !label.void_refused);
            let same = |effect: &Effect| {
                matches!(effect, Effect::VoidLabel { .. })
                    && effect.fulfilment() == Some(fulfilment)
            };
            if orphan && !self.is_open(same) {
                self.open(Effect::VoidLabel { fulfilment });
                return true;
            }
        }
        false
    }
}
