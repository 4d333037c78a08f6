//! The fold of what locations and carriers report about work, labels and parcels.

use super::super::{
    Event, Fulfilment, FulfilmentEvidence, FulfilmentStage, Label, LabelEvidence, Order,
    ParcelEvent, Scan,
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
        } = event
        else {
            return;
        };
        self.fulfilments.push(Fulfilment {
            number: *fulfilment,
            location: location.clone(),
            attempt: *attempt,
            lines: lines.clone(),
            pickup: *pickup,
            stage: FulfilmentStage::Planned,
            since: at,
            resumes: None,
            cancel_refused: false,
            picked: Vec::new(),
            reason: None,
            label: None,
            label_failed: None,
            scans: std::collections::BTreeSet::new(),
            shipped_at: None,
            consumed: false,
            came_back_at: None,
            replaced_at: None,
            restocked_at: None,
            seen_at: None,
            overdue_at: None,
            not_before: None,
            moving: false,
            to_cancel: Vec::new(),
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
            FulfilmentEvidence::Packed => {
                if let Some(work) = self.fulfilment_mut(number) {
                    work.picked = work.lines.clone();
                }
                let labelled = self
                    .fulfilment_mut(number)
                    .is_some_and(|work| work.label.as_ref().is_some_and(|label| !label.voided));
                let stage = if labelled {
                    FulfilmentStage::Labelled
                } else {
                    FulfilmentStage::Packed
                };
                self.move_work(number, stage, at);
            }
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
                        let labelled = work.label.as_ref().is_some_and(|label| !label.voided);
                        work.stage = match stage {
                            FulfilmentStage::Packed if labelled => FulfilmentStage::Labelled,
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

    pub(super) fn label_reported(
        &mut self,
        number: u16,
        evidence: &LabelEvidence,
        at: jiff::Timestamp,
    ) {
        let address = self.address;
        let Some(work) = self.fulfilment_mut(number) else {
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
            } => {
                work.label_failed = None;
                work.label = Some(Label {
                    account: account.clone(),
                    carrier: carrier.clone(),
                    tracking_number: tracking_number.clone(),
                    reference: reference.clone(),
                    label_url: label_url.clone(),
                    cost: *cost,
                    address,
                    voided: false,
                    void_refused: false,
                });
                if work.stage == FulfilmentStage::Packed {
                    self.move_work(number, FulfilmentStage::Labelled, at);
                }
            }
            LabelEvidence::Failed { reason } => work.label_failed = Some(reason.clone()),
            LabelEvidence::Voided => {
                if let Some(label) = &mut work.label {
                    label.voided = true;
                }
            }
            LabelEvidence::VoidRefused { .. } => {
                if let Some(label) = &mut work.label {
                    label.void_refused = true;
                }
            }
        }
    }

    /// The hub noticed something about a parcel by itself.
    pub(super) fn parcel_event(&mut self, event: &ParcelEvent, at: jiff::Timestamp) {
        if let Some(work) = self.fulfilment_mut(event.fulfilment()) {
            work.overdue_at = match event {
                ParcelEvent::Overdue { .. } => Some(at),
                ParcelEvent::ExceptionResolved { .. } => None,
            };
        }
    }

    pub(super) fn scanned(&mut self, number: u16, scan: &Scan, at: jiff::Timestamp) {
        let Some(work) = self.fulfilment_mut(number) else {
            return;
        };
        work.scans.insert(scan.clone());
        work.seen_at = Some(at);
        if scan.status.implies_shipped() && !work.is_shipped() {
            self.ship(number, FulfilmentStage::HandedOver, at);
        }
    }
}
