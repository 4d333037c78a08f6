//! A promise was taken back after the order stood: stop the work on it, look for the units
//! elsewhere, and give up what nobody has.

use super::super::{
    Account, Effect, Event, Fulfilment, FulfilmentEvidence, FulfilmentStage, LineUnits, Order,
    REASON_STOCK_LOST, Recorded, Reservation, ReservationState, Stage, transfer,
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
                FulfilmentStage::Planned => {
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
    /// backorder: what was lost is cancelled and its money let go. Never oversold.
    pub(super) fn give_up_cut(&mut self) -> bool {
        let standing = matches!(self.order.stage, Stage::Confirmed | Stage::Fulfilling);
        let lost: Vec<LineUnits> = self
            .order
            .line_numbers()
            .filter(|number| self.order.was_cut(*number))
            .map(|line| LineUnits {
                line,
                quantity: self.order.uncovered(line),
            })
            .filter(|units| !units.quantity.is_zero())
            .collect();
        if !standing || lost.is_empty() {
            return false;
        }
        let mut after = self.order.clone();
        after.apply(&Recorded {
            version: after.version + 1,
            recorded_at: self.context.now,
            occurred_at: None,
            actor: String::new(),
            command_id: None,
            event: Event::LinesCancelled {
                lines: lost.clone(),
                postings: Vec::new(),
            },
        });
        if after
            .line_numbers()
            .all(|number| after.open(number).is_zero())
        {
            let reason = REASON_STOCK_LOST.to_owned();
            self.emit(Event::CancelRequested { reason });
            return true;
        }
        let worth = after.cancelled_value().minus(self.order.cancelled_value());
        let postings = transfer(Account::Receivable, Account::Revenue, worth);
        self.emit(Event::LinesCancelled {
            lines: lost,
            postings,
        });
        true
    }
}

impl Order {
    /// Whether a promise for this work was taken back.
    fn is_cut(&self, work: &Fulfilment) -> bool {
        let cut = |hold: &Reservation| hold.state == ReservationState::Cut;
        let mut holds = self.reservations.iter();
        holds.any(|(key, hold)| cut(hold) && work.holds(key))
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
