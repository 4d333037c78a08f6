//! Units that go out before what pays for them has come back: what of them is on trust, and until when.
//! What is done about it is decided in `decide/advance.rs`.

use jiff::Timestamp;

use super::super::{Order, ReturnDecision, ReturnStage};
use super::Exchange;
use crate::money::Money;
use crate::policy::Policy;

impl Exchange {
    /// Whether its return pays for it when it is accepted: also late, where nobody else could be charged.
    pub(in crate::order) fn is_unpaid(&self) -> bool {
        let on_trust = self.advance && self.repaid.is_none() && self.clawed.is_none();
        self.is_open() && (self.credit.is_none() || on_trust || self.unpaid.is_some())
    }

    /// What went out, or is about to, and is to be paid by what has not come yet.
    pub(in crate::order) fn on_trust(&self) -> Option<Money> {
        self.unpaid.or(self.credit).filter(|_| self.advance)
    }
}

impl Order {
    /// Whether a return may still bring what it was to bring.
    pub(in crate::order) fn is_awaited(&self, back: u16) -> bool {
        let over = [
            ReturnStage::Declined,
            ReturnStage::Cancelled,
            ReturnStage::NoShow,
            ReturnStage::Closed,
        ];
        let back = self.returned(back);
        back.is_some_and(|back| !over.contains(&back.stage()))
    }

    /// Whether a tender pays for units that went out in advance and did not come back.
    pub(in crate::order) fn is_clawed(&self, number: u16) -> bool {
        let mut clawed = self.exchanges.iter().filter_map(|one| one.clawed);
        clawed.any(|(tender, _)| tender == number)
    }

    /// Whether somebody has approved a return.
    pub(in crate::order) fn is_approved(&self, back: u16) -> bool {
        let back = self.returned(back);
        back.is_some_and(|back| back.decision == ReturnDecision::Approved)
    }

    /// When the buyer is charged for what went out in advance, if nothing comes for it. What has come is
    /// looked at first, and a dispute decided.
    pub(in crate::order) fn claw_back_at(
        &self,
        exchange: &Exchange,
        policy: &Policy,
    ) -> Option<Timestamp> {
        let edit = exchange.edit?;
        let back = self.returned(exchange.back)?;
        let waits = exchange.is_unpaid() && exchange.on_trust().is_some();
        let calm = waits && exchange.unpaid.is_none() && !self.is_disputed();
        let looked_at = back.is_inspected() && (back.unsettled().is_empty() || self.is_paid());
        if !calm || !looked_at || exchange.refused.is_some() || !self.is_part_served(edit) {
            return None;
        }
        let wait = policy.returns.claw_back_after;
        exchange.since.saturating_add(wait).ok()
    }
}
