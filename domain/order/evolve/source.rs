//! The fold of what an order's own sales channel says of it after it was placed, and of what was
//! cancelled without the channel.

use super::super::{
    CutPart, LineUnits, Order, REASON_CANCELLED_AT_SOURCE, REASON_CHANGED_AT_SOURCE, SourceEvent,
};
use crate::money::Money;

impl Order {
    pub(super) fn said_at_source(&mut self, event: &SourceEvent) {
        match event {
            SourceEvent::Restated {
                changed_at,
                quantities,
                unwanted,
                added,
                new_lines,
                unpaid,
            } => {
                self.at_source.changed_at = Some(*changed_at);
                self.at_source.quantities.clone_from(quantities);
                self.at_source.unwanted.clone_from(unwanted);
                self.at_source.added.clone_from(added);
                self.at_source.new_lines.clone_from(new_lines);
                self.at_source.unpaid = *unpaid;
            }
            SourceEvent::KeptBack { kept } => self.at_source.kept_back = *kept,
            SourceEvent::CancelAsked { reference } => {
                self.at_source.asked.insert(reference.clone());
            }
        }
    }

    /// Remembers a part that was cancelled without the channel, so that it hears of it.
    pub(super) fn cut_off(&mut self, lines: &[LineUnits], amount: Option<Money>) {
        if let Some(amount) = amount {
            let lines = lines.to_vec();
            self.at_source.parts.push(CutPart { lines, amount });
        }
    }

    /// A person goes on without what the channel wants beside.
    pub(super) fn go_on_without_added(&mut self) {
        self.at_source.forget_added();
        self.at_source.unpaid = false;
    }

    /// Whether what is being cancelled now is cancelled because the channel said so. Of an order that never
    /// stood nobody else cancels a part.
    pub(in crate::order) fn is_cut_at_source(&self) -> bool {
        let parting = self.parting.as_ref().map(|part| part.reason.as_str());
        let ending = self.ending.as_ref().map(|ending| ending.reason.as_str());
        self.confirmed_at.is_none()
            || parting == Some(REASON_CHANGED_AT_SOURCE)
            || ending == Some(REASON_CANCELLED_AT_SOURCE)
    }
}
