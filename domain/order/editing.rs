//! An edit that is being secured, as computed from the state: which lines and holds are its own, what
//! it still lacks, and how long it may take. What is done about it is decided in `decide/edit.rs`.

use jiff::Timestamp;

use super::explain::{Action, Reason};
use super::{Editing, Order, ReservationState, StockLine, Tender};
use crate::canonical::{DraftLine, FulfilledBy};
use crate::policy::Policy;
use crate::quantity::Quantity;
use crate::sourcing::Need;

impl Order {
    /// The edit that is being secured, unless it was refused.
    pub fn open_edit(&self) -> Option<&Editing> {
        let editing = self.editing.as_deref();
        editing.filter(|editing| editing.refused.is_none())
    }

    /// Whether what is held for an edit is wanted.
    pub(super) fn wants_edit(&self) -> bool {
        self.open_edit().is_some() && self.is_standing()
    }

    /// Until when an edit has to be secured, if one is open.
    pub(super) fn edit_until(&self, policy: &Policy) -> Option<Timestamp> {
        self.open_edit()?
            .since
            .saturating_add(policy.edit_time)
            .ok()
    }

    /// The line with this number, of the order or of the edit that is being secured.
    pub(super) fn line_or_proposed(&self, number: u16) -> Option<&DraftLine> {
        if let Some(line) = self.line(number) {
            return Some(line);
        }
        let index = usize::from(number).checked_sub(1 + self.draft.lines.len())?;
        let edited = self.editing.as_ref()?.lines.get(index)?;
        Some(&edited.line)
    }

    /// Whether these are units of an edit that is not part of the order. No try asks for units of both.
    pub(super) fn is_for_edit(&self, lines: &[StockLine]) -> bool {
        lines.iter().any(|line| self.line(line.line).is_none())
    }

    /// Units that an edit adds, by line: those that a location has to provide.
    fn edited_stock(&self) -> impl Iterator<Item = (u16, &DraftLine)> {
        let first = self.draft.lines.len() + 1;
        let lines = self.editing.iter().flat_map(|editing| &editing.lines);
        let numbered = lines.enumerate().map(move |(index, edited)| {
            let number = u16::try_from(first + index).unwrap_or(u16::MAX);
            (number, &edited.line)
        });
        numbered.filter(|(_, line)| line.fulfilled_by == FulfilledBy::Us)
    }

    /// Units of the edit that nothing holds and nobody was asked for.
    pub(super) fn edit_needs(&self) -> Vec<Need> {
        const COVERING: [ReservationState; 4] = [
            ReservationState::Requested,
            ReservationState::Soft,
            ReservationState::Hard,
            ReservationState::Expired,
        ];
        let needs = self.edited_stock().filter_map(|(line, stated)| {
            let missing = stated.quantity.minus(self.held(line, &COVERING));
            let units = missing.whole().filter(|units| *units > 0)?;
            let sku = stated.sku.clone()?;
            Some(Need { line, sku, units })
        });
        needs.collect()
    }

    /// Whether every unit of the edit is held firmly.
    pub(super) fn is_edit_stocked(&self) -> bool {
        self.edited_stock().all(|(line, stated)| {
            let firm = self.held(line, &[ReservationState::Hard]);
            firm >= stated.quantity
        })
    }

    /// Whether the money of the edit is set aside.
    pub(super) fn is_edit_paid(&self) -> bool {
        let tender = self.editing.as_ref().and_then(|editing| editing.tender);
        let tender = tender.map(|number| self.tender(number));
        let there = |t: &Tender| t.is_secured() && (!t.is_used_up() || t.covered() >= t.amount);
        tender.is_none_or(|tender| tender.is_some_and(there))
    }

    /// Whether a tender was asked for by an edit that did not become part of the order.
    pub(super) fn is_left_by_edit(&self, number: u16) -> bool {
        let waits = self.open_edit().is_some_and(|e| e.tender == Some(number));
        self.tender(number).is_some_and(|t| t.pending) && !(waits && self.is_standing())
    }

    /// Units of a line and of what edits added to it that are not cancelled.
    pub(super) fn open_with_added(&self, number: u16) -> Quantity {
        let added = self.added_to(number).into_iter();
        Quantity::sum(added.map(|line| self.open(line))).plus(self.open(number))
    }

    /// The lines that edits added to a line, in their order.
    pub(super) fn added_to(&self, number: u16) -> Vec<u16> {
        let numbered = self.line_numbers().zip(&self.lines);
        let added = numbered.filter(|(_, line)| line.adds_to == Some(number));
        added.map(|(line, _)| line).collect()
    }

    /// Whether the channel names a line so itself: the order came with it, or the channel added it.
    pub(super) fn is_known_at_channel(&self, number: u16) -> bool {
        let index = usize::from(number).checked_sub(1);
        let state = index.and_then(|index| self.lines.get(index));
        let named = |line: &DraftLine| self.at_source.quantities.contains_key(&line.external_id);
        state.is_some_and(|state| {
            let added = state.adds_to.is_none() && self.line(number).is_some_and(named);
            state.edit == 0 || added
        })
    }

    /// The channel's id of a line. What an edit added to a line is more of that; the channel has never
    /// heard of what edits and exchanges brought beside.
    pub fn line_at_channel(&self, number: u16) -> Option<&str> {
        let index = usize::from(number).checked_sub(1)?;
        let state = self.lines.get(index)?;
        let known = match state.adds_to {
            _ if self.is_known_at_channel(number) => number,
            Some(first) if !self.came_in_exchange(number) => first,
            _ => return None,
        };
        Some(&self.line(known)?.external_id)
    }

    /// What an edit waits for, if one is being secured or given back.
    pub(super) fn edit_waits(&self) -> Option<Reason> {
        let editing = self.editing.as_ref()?;
        let number = editing.number;
        let tender = editing.tender.and_then(|tender| self.tender(tender));
        let amount = tender.map_or(editing.amount, |tender| tender.amount);
        let (whom, because) = match &editing.refused {
            Some(reason) => (
                "stock",
                format!("Edit {number} was refused ({reason}); what was held for it goes back."),
            ),
            None if !self.is_edit_stocked() => (
                "stock",
                format!(
                    "Edit {number} waits for its units; the order is as before until it has them and {amount}."
                ),
            ),
            None => (
                "gateway",
                format!(
                    "Edit {number} has its units and waits for {amount}; the order is as before until that is set aside."
                ),
            ),
        };
        Some((whom, editing.since, because, None))
    }

    /// Whether it may be edited.
    pub(super) fn edit_actions(&self) -> Vec<Action> {
        vec![Action {
            action: "edit",
            why_not: self.can_edit().err().map(|why| why.to_string()),
        }]
    }
}
