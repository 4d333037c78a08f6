//! Proof of delivery.

use super::super::{Event, ParcelEvent, ProofFact};
use super::Draft;

impl Draft<'_> {
    /// A carrier can show that a parcel was delivered. What says no more than is known is a repeat. That
    /// it was delivered is for its sightings to say.
    pub(super) fn proof(&mut self, fact: &ProofFact) {
        self.occurred_at = Some(fact.proof.at);
        let found = self
            .order
            .tracked(&fact.tracking_number, fact.carrier.as_deref());
        let Some((work, parcel)) = found else {
            // Of what comes back it is the location that says whether it is there.
            if self.order.return_labelled(&fact.tracking_number).is_some() {
                return;
            }
            let unknown = "no parcel of this order has this tracking number";
            self.ignore("shipment.proof_received", unknown, &fact.tracking_number);
            return;
        };
        let known = parcel.proof.as_ref();
        if known.is_some_and(|known| fact.proof.clone().merged(known) == *known) {
            return;
        }
        let event = ParcelEvent::ProofReceived {
            fulfilment: work.number,
            parcel: parcel.number,
            proof: fact.proof.clone(),
        };
        self.emit(Event::Parcel(event));
    }
}
