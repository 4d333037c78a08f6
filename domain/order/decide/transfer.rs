//! Units on their way to the store where the buyer collects them: their arrival, their place on the store's
//! shelf, and when the buyer may fetch the order. What a transfer is stands in `transfers.rs`.

use super::super::{
    Edge, Effect, Event, Fulfilment, FulfilmentEvidence, FulfilmentStage, LineUnits, Parcel,
    ParcelOf, ParcelStatus, Rejection, RestockSource, TransferEvent, plus, units_of,
};
use super::Draft;

/// Why a transfer counts no more whose parcels are all lost.
const PARCELS_LOST: &str = "parcels_lost";

impl Draft<'_> {
    /// The next step of any transfer.
    pub(super) fn mind_transfers(&mut self) -> bool {
        self.notice_arrival()
            || self.drop_lost()
            || self.receive_transfer()
            || self.shelve_withdrawn()
            || self.ready_together()
    }

    /// The carrier has delivered every parcel of a transfer that still counts: it is at the store.
    fn notice_arrival(&mut self) -> bool {
        let delivered = |work: &&Fulfilment| {
            let open = work.is_between() && !work.is_at_store() && !work.arriving().is_empty();
            let mut counting = work.parcels.iter().filter(|one| work.counts(one));
            open && counting.all(|parcel| parcel.status() == ParcelStatus::Delivered)
        };
        let Some(work) = self.order.fulfilments.iter().find(delivered) else {
            return false;
        };
        let fulfilment = work.number;
        self.emit(Event::Transfer(TransferEvent::Arrived { fulfilment }));
        true
    }

    /// All parcels of a transfer are lost, and their units looked for anew or given up: it ends.
    fn drop_lost(&mut self) -> bool {
        let lost =
            |work: &&Fulfilment| work.is_between() && work.consumed && work.arriving().is_empty();
        let Some(work) = self.order.fulfilments.iter().find(lost) else {
            return false;
        };
        self.withdraw_transfer(work.number, PARCELS_LOST);
        true
    }

    /// What is on its way is not wanted any more: its units go on the store's shelf when they are there.
    pub(super) fn withdraw_transfer(&mut self, fulfilment: u16, reason: &str) {
        self.emit(Event::Transfer(TransferEvent::Withdrawn {
            fulfilment,
            reason: reason.to_owned(),
        }));
    }

    /// The store holds what has arrived for the buyer, once its sender's shelf has lost it.
    fn receive_transfer(&mut self) -> bool {
        let there = |work: &&Fulfilment| work.is_between() && work.is_at_store() && work.consumed;
        let Some(work) = self.order.fulfilments.iter().find(there) else {
            return false;
        };
        let Some(transfer) = &work.transfer else {
            return false;
        };
        let (sent_by, location) = (work.number, transfer.to.clone());
        let lines = self.order.stock_lines(&work.arriving());
        let attempt = self.order.attempt + 1;
        self.open(Effect::ReceiveTransfer {
            sent_by,
            location,
            attempt,
            lines,
        });
        true
    }

    /// Units that arrive at the store and that the order does not want any more go on the store's shelf,
    /// once: their order was cancelled while they were on their way, or their parcel was thought lost.
    fn shelve_withdrawn(&mut self) -> bool {
        if self.is_open(|effect| matches!(effect, Effect::RestockUnits { .. })) {
            return false;
        }
        let found = self.order.fulfilments.iter().find_map(unwanted_at_store);
        let Some((location, parcel, units)) = found else {
            return false;
        };
        let lines = self.order.stock_lines(&units);
        self.open(Effect::RestockUnits {
            location,
            lines,
            source: RestockSource::Parcel(parcel),
        });
        true
    }

    /// An order that parts were sent for is made ready as a whole, when all of it lies packed at the store.
    fn ready_together(&mut self) -> bool {
        let order = &self.order;
        if !order.is_standing() || !order.is_gathered() || !order.is_all_there() {
            return false;
        }
        let mut works = order.fulfilments.iter();
        let packed = works.find(|work| work.stage == FulfilmentStage::Packed);
        let Some(fulfilment) = packed.map(|work| work.number) else {
            return false;
        };
        self.emit(Event::FulfilmentReported {
            fulfilment,
            work: FulfilmentEvidence::ReadyForPickup,
            closes: Vec::new(),
        });
        true
    }

    /// Somebody at the store says that a transfer is there, whatever the carrier has seen of it. That it
    /// left follows from it.
    pub(super) fn say_arrived(&mut self, work: &Fulfilment) -> Result<(), Rejection> {
        let fulfilment = work.number;
        let back = |one: &Parcel| work.counts(one) && one.status() == ParcelStatus::Returned;
        let wrong = Err(Rejection::WrongFulfilmentStage {
            stage: work.word(),
            verb: "taken in at the store",
        });
        match work.stage {
            _ if work.is_at_store() => return Ok(()),
            _ if work.parcels.iter().any(back) => return wrong,
            FulfilmentStage::HandedOver => {}
            FulfilmentStage::Cancelled if work.has_left() => {}
            FulfilmentStage::Labelled => {
                if let Some(hold) = self.order.blocking(Edge::Ship, Some(fulfilment)) {
                    return Err(Rejection::OnHold(Box::new(hold.clone())));
                }
                self.report_work(fulfilment, FulfilmentEvidence::HandedOver);
            }
            _ => return wrong,
        }
        self.emit(Event::Transfer(TransferEvent::Arrived { fulfilment }));
        Ok(())
    }

    /// Whether a piece of work may be made ready by itself: not while parts of its order are still to come.
    pub(super) fn check_gathered(&self, work: &Fulfilment) -> Result<(), Rejection> {
        if self.order.is_gathered() && !self.order.is_all_there() {
            return Err(Rejection::NotAllThere(work.number));
        }
        Ok(())
    }

    /// What a location's report about pickup means for work that is part of a transfer: that a parcel is
    /// there, or nothing yet. Whether it was one.
    pub(super) fn told_of_pickup(&mut self, number: u16, evidence: &FulfilmentEvidence) -> bool {
        let Some(work) = self.order.fulfilment(number).cloned() else {
            return false;
        };
        let ready = *evidence == FulfilmentEvidence::ReadyForPickup;
        let about = ready || *evidence == FulfilmentEvidence::Collected;
        let why = match &work.transfer {
            Some(_) if ready && self.say_arrived(&work).is_ok() => return true,
            Some(_) if about => "other work at the store hands it out",
            None if ready && self.check_gathered(&work).is_err() => {
                "it becomes ready with the rest of the order"
            }
            _ => return false,
        };
        self.ignore(evidence.kind(), why, &number.to_string());
        true
    }

    /// Units that are on their way and not wanted, all of a piece of work: it is withdrawn. Where only a
    /// part of it is not, its units can be told apart once they are at the store.
    pub(super) fn withdraw_between(&mut self, missing: &[LineUnits], reason: &str) -> bool {
        let whole = |work: &&Fulfilment| {
            let arriving = work.arriving();
            let mut units = arriving.iter();
            work.is_between()
                && work.consumed
                && units.all(|units| units.quantity <= units_of(missing, units.line))
        };
        let Some(work) = self.order.fulfilments.iter().find(whole) else {
            return false;
        };
        self.withdraw_transfer(work.number, reason);
        true
    }

    /// The buyer does not want the units of a lost parcel sent again: nothing was taken for them, so they
    /// are cancelled. A kit goes as a whole.
    pub(super) fn give_up_lost(&mut self, lost: Vec<LineUnits>) {
        let (parts, whole): (Vec<LineUnits>, Vec<LineUnits>) = lost
            .into_iter()
            .partition(|units| self.order.is_component_of_kit(units.line));
        let kits = self.order.kits_short_of(&parts);
        let lines = plus(&whole, &self.order.with_components(&kits));
        if !lines.is_empty() {
            self.cancel_units(lines, PARCELS_LOST.to_owned());
        }
    }
}

/// Units of a transfer that are at the store although nobody wants them there any more, and with which
/// parcel they came.
fn unwanted_at_store(
    work: &Fulfilment,
) -> Option<(crate::ids::LocationCode, ParcelOf, Vec<LineUnits>)> {
    let transfer = work.transfer.as_ref().filter(|_| work.consumed)?;
    let withdrawn = work.stage == FulfilmentStage::Cancelled;
    let here = |parcel: &Parcel| {
        let said = withdrawn && work.is_at_store() && parcel.replaced_at.is_none();
        let unwanted = withdrawn || parcel.replaced_at.is_some();
        let status = parcel.status();
        let arrived = status == ParcelStatus::Delivered || said;
        unwanted && arrived && status != ParcelStatus::Returned && parcel.restocked_at.is_none()
    };
    let mut shares = work.shares().into_iter();
    let share = shares.find(|share| !share.units.is_empty() && share.all(here))?;
    let parcel = ParcelOf {
        fulfilment: work.number,
        parcel: share.parcels.first()?.number,
    };
    Some((transfer.to.clone(), parcel, share.units))
}
