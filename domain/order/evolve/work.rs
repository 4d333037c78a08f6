//! The fold of what locations report about their work. Its parcels are in `parcels`.

use super::super::{
    Event, Fulfilment, FulfilmentEvidence, FulfilmentStage, Order, Parcel, Transfer,
};

impl Order {
    /// A location will be asked.
    pub(super) fn planned(&mut self, event: &Event, at: jiff::Timestamp) {
        let Event::FulfilmentPlanned {
            fulfilment,
            location,
            attempt,
            lines,
            pickup,
            transfer_to,
            brought_by,
        } = event
        else {
            return;
        };
        // What other work brought is packed already.
        let (stage, picked) = match brought_by {
            Some(_) => (FulfilmentStage::Packed, lines.clone()),
            None => (FulfilmentStage::Planned, Vec::new()),
        };
        self.fulfilments.push(Fulfilment {
            number: *fulfilment,
            location: location.clone(),
            attempt: *attempt,
            lines: lines.clone(),
            pickup: *pickup,
            stage,
            since: at,
            resumes: None,
            cancel_refused: false,
            picked,
            reason: None,
            parcels: vec![Parcel::new(1)],
            shipped_at: None,
            consumed: false,
            not_before: None,
            moving: false,
            to_cancel: Vec::new(),
            transfer: transfer_to.clone().map(Transfer::to),
            brought_by: *brought_by,
        });
    }

    pub(super) fn move_work(&mut self, number: u16, stage: FulfilmentStage, at: jiff::Timestamp) {
        if let Some(work) = self.fulfilment_mut(number)
            && work.stage != stage
        {
            work.stage = stage;
            work.since = at;
        }
    }

    pub(super) fn off(
        &mut self,
        number: u16,
        stage: FulfilmentStage,
        reason: &str,
        at: jiff::Timestamp,
    ) {
        let Some(work) = self.fulfilment_mut(number) else {
            return;
        };
        work.reason = Some(reason.to_owned());
        let (location, lines) = (work.location.clone(), work.lines.clone());
        self.excluded
            .extend(lines.iter().map(|units| (location.clone(), units.line)));
        self.move_work(number, stage, at);
    }

    pub(super) fn work_reported(
        &mut self,
        number: u16,
        evidence: &FulfilmentEvidence,
        at: jiff::Timestamp,
    ) {
        match evidence {
            FulfilmentEvidence::Delivered => {}
            FulfilmentEvidence::Accepted => self.move_work(number, FulfilmentStage::Accepted, at),
            FulfilmentEvidence::Rejected { reason } => {
                self.off(number, FulfilmentStage::Rejected, reason, at);
            }
            FulfilmentEvidence::Picked { lines } => {
                if let Some(work) = self.fulfilment_mut(number) {
                    work.picked.extend(lines.iter().cloned());
                }
                self.move_work(number, FulfilmentStage::Picking, at);
            }
            FulfilmentEvidence::Packed { parcels } => self.packed(number, parcels, at),
            FulfilmentEvidence::ReadyForPickup => {
                self.move_work(number, FulfilmentStage::ReadyForPickup, at);
            }
            FulfilmentEvidence::Collected => self.ship(number, FulfilmentStage::Collected, at),
            FulfilmentEvidence::HandedOver => self.ship(number, FulfilmentStage::HandedOver, at),
            FulfilmentEvidence::Cancelled => {
                self.move_work(number, FulfilmentStage::Cancelled, at);
            }
            FulfilmentEvidence::CancelRefused => {
                if let Some(work) = self.fulfilment_mut(number) {
                    work.cancel_refused = true;
                    work.moving = false;
                    work.to_cancel.clear();
                    if let Some(stage) = work.resumes.take() {
                        // Its label may have come while the location was thinking.
                        work.stage = match stage {
                            FulfilmentStage::Packed if work.is_labelled() => {
                                FulfilmentStage::Labelled
                            }
                            stage => stage,
                        };
                        work.since = at;
                    }
                }
            }
        }
    }

    pub(super) fn ship(&mut self, number: u16, stage: FulfilmentStage, at: jiff::Timestamp) {
        if let Some(work) = self.fulfilment_mut(number) {
            work.picked = work.lines.clone();
            work.shipped_at.get_or_insert(at);
        }
        self.move_work(number, stage, at);
    }
}
