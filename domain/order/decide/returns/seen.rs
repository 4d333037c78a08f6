//! Sightings of what is on its way back.

use super::super::super::{Event, Order, Return, ReturnEvent, SCANS_KEPT, Scan, ScanFact};
use super::super::Draft;

impl Draft<'_> {
    /// A carrier saw the parcel of a return. It is waited for longer then; units come only once somebody has
    /// opened it. Whether the sighting was of a return.
    pub(in crate::order::decide) fn seen_coming_back(&mut self, fact: &ScanFact) -> bool {
        let Some(back) = self.order.return_labelled(&fact.tracking_number) else {
            return false;
        };
        let known = |seen: &Scan| seen.at == fact.scan.at && seen.code == fact.scan.code;
        if back.scans.iter().any(known) {
            return true;
        }
        if back.scans.len() >= SCANS_KEPT {
            let kind = fact.scan.status.kind();
            self.ignore(kind, "too many sightings of this return", "return_scans");
            return true;
        }
        let number = back.number;
        self.emit(Event::Return(ReturnEvent::Seen {
            number,
            scan: fact.scan.clone(),
        }));
        true
    }
}

impl Order {
    /// The return that has a label with this number.
    pub fn return_labelled(&self, tracking_number: &str) -> Option<&Return> {
        self.returns.iter().find(|back| {
            let label = back.label.as_ref();
            label.is_some_and(|label| label.tracking_number == tracking_number)
        })
    }
}
