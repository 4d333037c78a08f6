//! The fold of what is said about parcels: what work was packed into, labels and sightings. Each report
//! is about one parcel and leaves the others as they are.

use jiff::Timestamp;

use super::super::{
    Event, FulfilmentStage, Label, LabelEvidence, Order, PackedParcel, Parcel, ParcelEvent, Scan,
};

impl Order {
    pub(super) fn parcel_mut(&mut self, fulfilment: u16, number: u16) -> Option<&mut Parcel> {
        let work = self.fulfilment_mut(fulfilment)?;
        work.parcels
            .iter_mut()
            .find(|parcel| parcel.number == number)
    }

    /// Everything of it is packed. One parcel holds everything, whatever was said to be in it.
    pub(super) fn packed(&mut self, number: u16, parcels: &[PackedParcel], at: Timestamp) {
        let Some(work) = self.fulfilment_mut(number) else {
            return;
        };
        work.picked = work.lines.clone();
        let several = parcels.len() > 1;
        for (number, packed) in (1..).zip(parcels) {
            let known = work.parcels.iter().any(|parcel| parcel.number == number);
            if !known {
                work.parcels.push(Parcel::new(number));
            }
            let named = |parcel: &&mut Parcel| parcel.number == number;
            if let Some(parcel) = work.parcels.iter_mut().find(named) {
                let stated = several && !packed.lines.is_empty();
                parcel.lines = stated.then(|| packed.lines.clone());
                parcel.weight_g = packed.weight_g;
                parcel.size = packed.size;
            }
        }
        let stage = if work.is_labelled() {
            FulfilmentStage::Labelled
        } else {
            FulfilmentStage::Packed
        };
        self.move_work(number, stage, at);
    }

    /// A carrier reported of a parcel, or the hub noticed something about it.
    pub(super) fn told_of_parcel(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::LabelReported {
                fulfilment,
                parcel,
                label,
                ..
            } => self.label_reported((*fulfilment, *parcel), label, at),
            Event::Scanned {
                fulfilment,
                parcel,
                scan,
            } => self.scanned((*fulfilment, *parcel), scan, at),
            Event::Parcel(event) => self.parcel_event(event, at),
            _ => {}
        }
    }

    fn label_reported(
        &mut self,
        (fulfilment, number): (u16, u16),
        evidence: &LabelEvidence,
        at: Timestamp,
    ) {
        let address = self.address;
        let Some(parcel) = self.parcel_mut(fulfilment, number) else {
            return;
        };
        match evidence {
            LabelEvidence::Bought {
                account,
                carrier,
                tracking_number,
                reference,
                label_url,
                cost,
                service,
            } => {
                parcel.label_failed = None;
                parcel.label = Some(Label {
                    account: account.clone(),
                    carrier: carrier.clone(),
                    service: service.clone(),
                    tracking_number: tracking_number.clone(),
                    reference: reference.clone(),
                    label_url: label_url.clone(),
                    cost: *cost,
                    address,
                    voided: false,
                    void_refused: false,
                });
                self.labels_complete(fulfilment, at);
            }
            LabelEvidence::Failed { reason } => parcel.label_failed = Some(reason.clone()),
            LabelEvidence::Voided => {
                if let Some(label) = &mut parcel.label {
                    label.voided = true;
                }
            }
            LabelEvidence::VoidRefused { .. } => {
                if let Some(label) = &mut parcel.label {
                    label.void_refused = true;
                }
            }
        }
    }

    /// Work is labelled once each of its parcels is.
    fn labels_complete(&mut self, fulfilment: u16, at: Timestamp) {
        let ready = self
            .fulfilment(fulfilment)
            .is_some_and(|work| work.stage == FulfilmentStage::Packed && work.is_labelled());
        if ready {
            self.move_work(fulfilment, FulfilmentStage::Labelled, at);
        }
    }

    /// The hub noticed something about a parcel, or the carrier can show its delivery.
    fn parcel_event(&mut self, event: &ParcelEvent, at: Timestamp) {
        let (fulfilment, number) = event.parcel();
        if let Some(parcel) = self.parcel_mut(fulfilment, number) {
            match event {
                ParcelEvent::Watched { time, .. } => parcel.watched = Some(*time),
                ParcelEvent::Overdue { .. } => parcel.overdue_at = Some(at),
                ParcelEvent::ExceptionResolved { .. } => parcel.overdue_at = None,
                ParcelEvent::ProofReceived { proof, .. } => {
                    let proof = proof.clone();
                    parcel.proof = Some(match &parcel.proof {
                        Some(known) => proof.merged(known),
                        None => proof,
                    });
                }
            }
        }
    }

    /// A parcel was seen. Work leaves its building as a whole: with one of its parcels the carrier has
    /// taken it.
    fn scanned(&mut self, (fulfilment, number): (u16, u16), scan: &Scan, at: Timestamp) {
        let Some(parcel) = self.parcel_mut(fulfilment, number) else {
            return;
        };
        parcel.scans.insert(scan.clone());
        parcel.seen_at = Some(at);
        let left = self
            .fulfilment(fulfilment)
            .is_some_and(|work| scan.status.implies_shipped() && !work.has_left());
        if left {
            self.ship(fulfilment, FulfilmentStage::HandedOver, at);
        }
    }
}
