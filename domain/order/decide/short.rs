//! A location has picked all that it could find: the rest is cut off as refused work, so that its
//! units are given back or written off by the reason, and looked for elsewhere.

use super::super::{
    Event, Fulfilment, FulfilmentEvidence, FulfilmentStage, Order, Rejection, Routing, StatedLines,
    less, plus, units_of,
};
use super::Draft;

impl Draft<'_> {
    /// Takes in what was picked; the rest is short. With nothing picked at all it is a refusal.
    pub(super) fn pick_short(
        &mut self,
        work: &Fulfilment,
        stated: &StatedLines,
        reason: &str,
    ) -> Result<(), Rejection> {
        use FulfilmentStage as At;
        let number = work.number;
        match work.stage {
            At::Requested | At::Accepted | At::Picking => {}
            stage if stage > At::Picking && stage <= At::Collected => return Ok(()),
            At::Rejected => return Ok(()),
            _ => {
                return Err(Rejection::WrongFulfilmentStage {
                    stage: work.word(),
                    verb: "picked",
                });
            }
        }
        let left = Order::left_to_pick(work);
        if left.is_empty() {
            return Ok(());
        }
        let picked = if stated.iter().all(|(_, quantity)| quantity.is_zero()) {
            Vec::new()
        } else {
            self.order
                .stated_units(stated, |line| units_of(&left, line))?
        };
        let short = less(&left, &picked);
        if plus(&work.picked, &picked).is_empty() {
            let reason = reason.to_owned();
            self.report_work(number, FulfilmentEvidence::Rejected { reason });
            return Ok(());
        }
        if !picked.is_empty() {
            self.report_work(number, FulfilmentEvidence::Picked { lines: picked });
        }
        if short.is_empty() {
            return Ok(());
        }
        let (child, attempt) = self.next_piece();
        self.emit(Event::Routing(Routing::ShortPicked {
            fulfilment: number,
            child,
            attempt,
            lines: short.clone(),
            reason: reason.to_owned(),
        }));
        self.regroup(&work.location, &[work.attempt], attempt, &short);
        Ok(())
    }
}
