//! What a return waits for, in a sentence for an operator, and what may be asked about returns.

use jiff::Timestamp;

use super::super::{Action, Order, parcel_status};
use super::{Return, ReturnDecision, ReturnRejection, ReturnStage};
use crate::policy::Policy;
use crate::quantity::Quantity;

/// What is waited for, since when, why, and the action that fits best.
type Reason = (&'static str, Timestamp, String, Option<&'static str>);

impl Order {
    /// What keeps a delivered order from being closed, if something does: first what a person has to
    /// do, then what is waited for.
    pub(in crate::order) fn after_delivery(&self, policy: &Policy) -> Option<Reason> {
        let open = || {
            self.returns
                .iter()
                .filter(|back| back.stage().is_open() || !back.unsettled().is_empty())
        };
        let person = open().find_map(Return::person_for);
        let time = || open().next().map(|back| back.time_for(policy));
        let other = || self.exchange_waits();
        person
            .or_else(|| self.disputed())
            .or_else(time)
            .or_else(other)
    }

    fn disputed(&self) -> Option<Reason> {
        let frozen = self.returns.iter().any(|back| !back.unsettled().is_empty());
        let because = match (self.is_disputed(), frozen) {
            (false, _) => return None,
            (true, false) => {
                "The buyer disputes a charge; the gateway will say who keeps the money."
            }
            (true, true) => {
                "The buyer disputes a charge; what a return gives back is frozen until the gateway \
                 says who keeps the money."
            }
        };
        Some(("gateway", self.updated_at, because.to_owned(), None))
    }

    /// What may be asked about returns, and why the rest may not.
    pub(in crate::order) fn return_actions(&self) -> Vec<Action> {
        let nothing = self
            .line_numbers()
            .all(|line| self.returnable(line).is_zero());
        let open = nothing.then(|| ReturnRejection::NothingToReturn.to_string());
        let any = |allowed: fn(&Return) -> bool, else_say: &str| {
            let none = !self.returns.iter().any(allowed);
            none.then(|| else_say.to_owned())
        };
        let decides = |back: &Return| back.stage() == ReturnStage::Review;
        let undecided = "no return waits for a decision";
        let inspects =
            |back: &Return| back.decision != ReturnDecision::Declined && !back.is_inspected();
        let closes = |back: &Return| {
            let nothing_came = back.parcels.is_empty() && back.decision != ReturnDecision::Declined;
            let over = matches!(
                back.stage(),
                ReturnStage::Closed
                    | ReturnStage::Cancelled
                    | ReturnStage::Declined
                    | ReturnStage::InTransit
            );
            !over && (nothing_came || back.stage() == ReturnStage::NoShow)
        };
        let receives = self.returns.is_empty();
        let action = |action, why_not| Action { action, why_not };
        vec![
            action("return", open),
            action("approve_return", any(decides, undecided)),
            action("decline_return", any(decides, undecided)),
            action(
                "receive_return",
                receives.then(|| "the order has no return".to_owned()),
            ),
            action(
                "inspect_return",
                any(inspects, "nothing waits to be inspected"),
            ),
            action("close_return", any(closes, "no return can be closed now")),
        ]
    }
}

impl Return {
    /// What a person has to do about it, if something.
    fn person_for(&self) -> Option<Reason> {
        let number = self.number;
        let person = |because, action| Some(("person", self.since, because, Some(action)));
        match self.stage() {
            ReturnStage::Review => {
                let against: Vec<String> = self
                    .verdict
                    .reasons
                    .iter()
                    .map(|reason| reason.rule.word().replace('_', " "))
                    .collect();
                let why = if against.is_empty() {
                    "it came after it was declined".to_owned()
                } else {
                    against.join(", ")
                };
                let because = format!("Return {number} waits for a decision: {why}.");
                person(because, "approve_return")
            }
            ReturnStage::Received | ReturnStage::PartlyReceived | ReturnStage::RefundDue
                if !self.is_inspected() =>
            {
                let left = self.lines().map(|line| self.uninspected(line));
                let left = Quantity::sum(left);
                let because = format!("Return {number}: {left} of what came is to be inspected.");
                person(because, "inspect_return")
            }
            _ => None,
        }
    }

    fn time_for(&self, policy: &Policy) -> Reason {
        let number = self.number;
        if self.awaited_until(policy).is_some() {
            if let Some(at) = self.delivered_at().filter(|_| self.parcels.is_empty()) {
                let because = format!(
                    "Return {number} was delivered at {at}; its location has not said yet what came."
                );
                return (
                    "location",
                    self.awaited_since,
                    because,
                    Some("receive_return"),
                );
            }
            let because = if self.parcels.is_empty() && self.is_on_its_way() {
                let seen = parcel_status(&self.scans).word().replace('_', " ");
                format!("Return {number} is on its way back; its carrier says: {seen}.")
            } else if self.parcels.is_empty() {
                format!("Return {number} is on its way back, or will be.")
            } else {
                format!("Return {number}: a part came; the rest is waited for.")
            };
            return ("time", self.awaited_since, because, None);
        }
        let because = match self.stage() {
            ReturnStage::RefundDue => format!("The refund of return {number} is under way."),
            _ => format!(
                "Return {number} is {}.",
                self.stage().word().replace('_', " ")
            ),
        };
        ("gateway", self.since, because, None)
    }
}
