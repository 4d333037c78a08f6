//! The fold of edits: kept beside the order until they are applied, and in one event a part of it.

use jiff::Timestamp;

use super::super::{
    EditEvent, EditedLine, Editing, LineState, Order, REASON_CHANGED_AT_SOURCE, ReservationState,
    Stage, Tender,
};

impl Order {
    pub(super) fn edited(&mut self, event: &EditEvent, at: Timestamp) {
        self.edit_of_exchange(event);
        match event {
            EditEvent::Proposed {
                edit,
                lines,
                less,
                amount,
                credit,
                tender,
                means,
                reason,
                ..
            } => {
                let paid_like = means.and_then(|number| self.tender(number));
                if let Some(terms) = paid_like.map(|like| like.terms.for_another()) {
                    let charge = credit.map_or(*amount, |credit| amount.less(credit));
                    let mut tender = Tender::bare(charge, terms);
                    tender.edit = Some(*edit);
                    tender.means = *means;
                    tender.pending = true;
                    self.tenders.push(tender);
                }
                // What was done has something to do again.
                if self.stage == Stage::Completed {
                    self.enter(Stage::Fulfilling, at);
                }
                if reason == REASON_CHANGED_AT_SOURCE {
                    self.at_source.forget_added();
                }
                self.edits = *edit;
                self.editing = Some(Box::new(Editing {
                    number: *edit,
                    lines: lines.clone(),
                    less: less.clone(),
                    amount: *amount,
                    tender: *tender,
                    reason: reason.clone(),
                    since: at,
                    attempt: self.attempt,
                    refused: None,
                }));
            }
            EditEvent::Applied {
                edit,
                lines,
                amount,
                tender,
                ..
            } => {
                for EditedLine { adds_to, line } in lines {
                    self.draft.lines.push(line.clone());
                    self.lines.push(LineState {
                        edit: *edit,
                        adds_to: *adds_to,
                        ..LineState::default()
                    });
                }
                self.draft.stated_total = self.draft.stated_total.plus(*amount);
                self.totals = self.draft.totals();
                if let Some(tender) = tender.and_then(|number| self.tender_mut(number)) {
                    tender.pending = false;
                }
                self.editing = None;
            }
            EditEvent::Refused { reason, .. } => {
                if let Some(editing) = &mut self.editing {
                    editing.refused = Some(reason.clone());
                }
            }
        }
    }

    /// An edit that was refused is over once nothing is held for it any more: then its lines need no
    /// number, and the next one may come.
    pub(super) fn forget_refused_edit(&mut self) {
        let refused = self.editing.as_ref().is_some_and(|e| e.refused.is_some());
        if !refused {
            return;
        }
        let lines = self.draft.lines.len();
        let beyond = |line: u16| usize::from(line) > lines;
        let mut holds = self.reservations.iter();
        if holds.any(|(key, hold)| beyond(key.line) && hold.state.is_live()) {
            return;
        }
        // A promise that was taken back says nothing about the line that has the number next.
        for (_, hold) in self
            .reservations
            .iter_mut()
            .filter(|(key, _)| beyond(key.line))
        {
            hold.state = ReservationState::Released;
        }
        self.editing = None;
    }
}
