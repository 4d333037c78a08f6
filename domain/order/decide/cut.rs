//! A promise was taken back after the order stood: stop the work on it, look for the units
//! elsewhere, and give up what nobody has.

use super::super::{
    Effect, Event, Fulfilment, FulfilmentEvidence, FulfilmentStage, LineUnits, Order,
    REASON_STOCK_LOST, Reservation, ReservationKey, ReservationState, Routing,
};
use super::Draft;

impl Draft<'_> {
    /// Stops work whose units a count found missing, unless somebody has picked them: what is in
    /// somebody's hands is there, whatever was counted.
    pub(super) fn stop_cut_work(&mut self) -> bool {
        if self.order.ending.is_some() {
            return false;
        }
        for work in self.order.fulfilments.clone() {
            let fulfilment = work.number;
            if !self.order.is_cut(&work) || work.cancel_refused {
                continue;
            }
            match work.stage {
                FulfilmentStage::Planned | FulfilmentStage::Scheduled => {
                    self.emit(Event::FulfilmentReported {
                        fulfilment,
                        work: FulfilmentEvidence::Cancelled,
                        closes: Vec::new(),
                    });
                    return true;
                }
                FulfilmentStage::Requested | FulfilmentStage::Accepted => {
                    self.open(Effect::CancelFulfilment { fulfilment });
                    return true;
                }
                _ => {}
            }
        }
        false
    }

    /// A reservation was lost after the order stood, nobody else has the units, and policy offers no
    /// backorder: what was lost is cancelled and its money let go. Never oversold. What is sent again
    /// for a parcel that went wrong is not cancelled: the buyer was promised it, and a person decides.
    pub(super) fn give_up_cut(&mut self) -> bool {
        let standing = self.order.is_standing();
        let lost: Vec<LineUnits> = self
            .order
            .line_numbers()
            .filter(|number| self.order.was_cut(*number) && !self.order.is_sent_again(*number))
            .map(|line| LineUnits {
                line,
                quantity: self.order.uncovered(line),
            })
            .filter(|units| !units.quantity.is_zero())
            .collect();
        if !standing || lost.is_empty() {
            return false;
        }
        let (parts, lost): (Vec<LineUnits>, Vec<LineUnits>) = lost
            .into_iter()
            .partition(|units| self.order.is_component_of_kit(units.line));
        if lost.is_empty() {
            return self.give_up_kits(&parts);
        }
        if self.order.is_all_open(&lost) {
            let reason = REASON_STOCK_LOST.to_owned();
            self.emit(Event::CancelRequested { reason });
        } else {
            self.cancel_free(&lost);
        }
        true
    }

    /// A kit that lacks a component is cancelled as a whole, as far as the rest of it can still be
    /// stopped; where it cannot, a person decides.
    fn give_up_kits(&mut self, lost: &[LineUnits]) -> bool {
        let kits = self.order.kits_short_of(lost);
        let stoppable =
            |kit: &LineUnits| kit.quantity <= self.order.cancellable_as_stated(kit.line);
        if kits.is_empty() || !kits.iter().all(stoppable) {
            return false;
        }
        let lines = self.order.with_components(&kits);
        let reason = REASON_STOCK_LOST.to_owned();
        if self.order.is_all_open(&lines) {
            self.emit(Event::CancelRequested { reason });
        } else {
            self.emit(Event::Routing(Routing::PartCancelRequested {
                lines,
                reason,
            }));
        }
        true
    }
}

impl Order {
    /// Whether a promise for this work was taken back, or was gone before its units could stand under
    /// the try of this work: not all of its units are promised.
    fn is_cut(&self, work: &Fulfilment) -> bool {
        let promised = [ReservationState::Hard, ReservationState::Consumed];
        work.lines.iter().any(|units| {
            let key = ReservationKey {
                line: units.line,
                location: work.location.clone(),
                attempt: work.attempt,
            };
            let hold = self.reservations.get(&key);
            let hold = hold.filter(|hold| promised.contains(&hold.state));
            hold.is_none_or(|hold| hold.quantity < units.quantity)
        })
    }

    /// Whether a promise for this line was taken back.
    fn was_cut(&self, number: u16) -> bool {
        let cut = |hold: &Reservation| hold.state == ReservationState::Cut;
        let mut of_line = self
            .reservations
            .iter()
            .filter(|(key, _)| key.line == number);
        of_line.any(|(_, hold)| cut(hold))
    }

    /// Whether units of a line are sent once more, because a parcel with them went wrong.
    fn is_sent_again(&self, number: u16) -> bool {
        let mut works = self.fulfilments.iter();
        works.any(|work| !work.replaced(number).is_zero())
    }

    /// Whether units of what was held in this try have been picked.
    pub fn is_picked(&self, location: &crate::ids::LocationCode, attempt: u16) -> bool {
        self.fulfilments.iter().any(|work| {
            work.location == *location
                && work.attempt == attempt
                && !work.is_off()
                && !work.picked.is_empty()
        })
    }
}
