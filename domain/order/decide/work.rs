//! Reports about a location's work.

use super::super::{
    Effect, Event, Fulfilment, FulfilmentEvidence, FulfilmentFact, FulfilmentStage, Order,
    Rejection, WorkReport, WorkSaid, units_of,
};
use super::Draft;

impl Order {
    /// The fulfilment with this number.
    pub fn fulfilment(&self, number: u16) -> Option<&Fulfilment> {
        self.fulfilments.iter().find(|work| work.number == number)
    }
}

impl Draft<'_> {
    /// A location reported about its work.
    pub(super) fn work(&mut self, fact: &FulfilmentFact) {
        self.occurred_at = fact.occurred_at;
        if !self.told_of_pickup(fact.fulfilment, &fact.evidence) {
            self.report_work(fact.fulfilment, fact.evidence.clone());
        }
    }

    /// A warehouse's own system reported. What does not fit is recorded with its reason, and changes
    /// nothing.
    pub(super) fn work_reported(&mut self, report: &WorkReport) {
        let key = format!("{}:{:?}", report.fulfilment, report.said);
        let work = self.order.fulfilment(report.fulfilment).cloned();
        let Some(work) = work.filter(|work| work.location == report.location) else {
            let reason = "the order has no such work at this location";
            return self.ignore("work.reported", reason, &key);
        };
        let (fulfilment, occurred_at) = (report.fulfilment, report.occurred_at);
        let told = |evidence| FulfilmentFact {
            fulfilment,
            occurred_at,
            evidence,
        };
        let taken = match &report.said {
            WorkSaid::Evidence(evidence) => {
                self.work(&told(evidence.clone()));
                Ok(())
            }
            WorkSaid::PickedShort { lines, reason } => {
                self.occurred_at = occurred_at;
                self.pick_short(&work, lines, reason)
            }
            WorkSaid::PackedInto { parcels } => self
                .packed_parcels(&work, parcels)
                .map(|parcels| self.work(&told(FulfilmentEvidence::Packed { parcels })))
                .map_err(Rejection::from),
        };
        if let Err(refused) = taken {
            self.ignore("work.reported", &refused.to_string(), &key);
        }
    }

    /// Takes evidence about a location's work in: what moves the work forward is recorded, what it
    /// already implies is not, what contradicts it is recorded as ignored.
    pub(super) fn report_work(&mut self, number: u16, evidence: FulfilmentEvidence) {
        use FulfilmentStage as At;
        let kind = evidence.kind();
        let key = serde_json::to_string(&evidence).unwrap_or_default();
        let Some(work) = self.order.fulfilment(number) else {
            self.ignore(
                kind,
                "the order has no such fulfilment",
                &format!("{number}:{key}"),
            );
            return;
        };
        let closes = self.open_ids(|effect| {
            effect.fulfilment() == Some(number)
                && match effect {
                    Effect::RequestFulfilment { .. } => true,
                    Effect::CancelFulfilment { .. } => matches!(
                        evidence,
                        FulfilmentEvidence::Cancelled
                            | FulfilmentEvidence::CancelRefused
                            | FulfilmentEvidence::Rejected { .. }
                            | FulfilmentEvidence::HandedOver
                            | FulfilmentEvidence::Collected
                    ),
                    _ => false,
                }
        });
        let open = !work.is_off() && !work.has_left();
        let news = match &evidence {
            FulfilmentEvidence::Delivered => false,
            FulfilmentEvidence::Accepted => work.stage < At::Accepted,
            FulfilmentEvidence::Picked { lines } => {
                let left = Order::left_to_pick(work);
                work.stage <= At::Picking
                    && lines
                        .iter()
                        .all(|units| units.quantity <= units_of(&left, units.line))
            }
            FulfilmentEvidence::Packed { .. } => work.stage < At::Packed,
            FulfilmentEvidence::ReadyForPickup => work.stage < At::ReadyForPickup,
            FulfilmentEvidence::HandedOver
            | FulfilmentEvidence::Collected
            | FulfilmentEvidence::Cancelled
            | FulfilmentEvidence::Rejected { .. } => open,
            FulfilmentEvidence::CancelRefused => work.stage == At::CancelRequested,
        };
        if news || !closes.is_empty() {
            let work = if news {
                evidence
            } else {
                FulfilmentEvidence::Delivered
            };
            self.emit(Event::FulfilmentReported {
                fulfilment: number,
                work,
                closes,
            });
            return;
        }
        let contradicts = matches!(
            evidence,
            FulfilmentEvidence::HandedOver
                | FulfilmentEvidence::Collected
                | FulfilmentEvidence::Accepted
                | FulfilmentEvidence::Picked { .. }
                | FulfilmentEvidence::Packed { .. }
        );
        let ended = |work: &Fulfilment| work.is_off() && !work.has_left();
        if contradicts && self.order.fulfilment(number).is_some_and(ended) {
            self.ignore(
                kind,
                "the fulfilment was ended before",
                &format!("{number}:{key}"),
            );
        }
    }
}
