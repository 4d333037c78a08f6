//! What may be asked about exchanges, and what one waits for.

use super::super::explain::Reason;
use super::super::{Action, Order, Rejection, ReturnRejection, Stage};
use super::Exchange;

impl Order {
    /// Whether units may be exchanged now, and if not, why.
    pub(in crate::order) fn can_exchange(&self) -> Result<(), Rejection> {
        let (stage, verb) = (self.stage, "exchanged");
        if stage.is_dead() || stage == Stage::Cancelling || self.ending.is_some() {
            return Err(Rejection::WrongStage { stage, verb });
        }
        let mut lines = self.line_numbers();
        if lines.all(|line| self.returnable(line).is_zero()) {
            return Err(ReturnRejection::NothingToReturn.into());
        }
        Ok(())
    }

    pub(in crate::order) fn exchange_actions(&self) -> Vec<Action> {
        vec![Action {
            action: "open_exchange",
            why_not: self.can_exchange().err().map(|why| why.to_string()),
        }]
    }

    /// What an exchange waits for that its return does not say.
    pub(in crate::order) fn exchange_waits(&self) -> Option<Reason> {
        let waits = |one: &&Exchange| one.is_open() && (one.edit.is_none() || one.advance);
        let exchange = self.exchanges.iter().find(waits)?;
        let (number, back) = (exchange.number, exchange.back);
        let because = if let (true, Some(_)) = (exchange.is_unpaid(), exchange.edit) {
            format!(
                "Exchange {number}: what went out in advance waits to be paid by return {back}."
            )
        } else if exchange.advance && exchange.is_held() {
            format!("Exchange {number}: what goes out waits until return {back} was approved.")
        } else if exchange.advance {
            format!(
                "Exchange {number}: what did not come back with return {back} is being charged."
            )
        } else if exchange.is_held() {
            format!("Exchange {number}: what goes out waits until return {back} was accepted.")
        } else {
            format!(
                "Exchange {number}: return {back} was accepted; what goes out waits for the shelf and for other changes of the order."
            )
        };
        Some(("nothing", exchange.since, because, None))
    }
}
