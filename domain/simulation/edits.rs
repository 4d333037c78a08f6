//! What people edit in a simulated world, and the laws of edits: nothing of one is visible before its
//! units and its money are secured, and nothing is kept for one that was refused.

use rust_decimal::Decimal;

use super::dice::Dice;
use super::gateway::Payment;
use super::laws::{Verdict, must};
use super::mirror::Held;
use super::world::World;
use crate::canonical::FulfilledBy;
use crate::order::{
    Command, EditCommand, EditEvent, Event, LineEdit, NewLine, Order, ReservationState, Stage,
};
use crate::quantity::Quantity;

impl World<'_> {
    /// Somebody wants another quantity of a line, or something else beside it.
    pub(super) fn edit(&mut self, dice: &mut Dice) {
        let standing = self.audit.orders().filter(|order| {
            matches!(order.stage, Stage::Confirmed | Stage::Fulfilling) && order.ending.is_none()
        });
        let standing: Vec<&Order> = standing.collect();
        let Some(order) = dice.pick(&standing).copied() else {
            return;
        };
        let id = order.id;
        let exponent = order.draft.currency.exponent();
        let mut lines = Vec::new();
        for _ in 0..=dice.below(2) {
            let units = |dice: &mut Dice, least| {
                let many = u32::try_from(dice.between(least, 4)).unwrap_or(1);
                Quantity::units(many)
            };
            let line = dice.pick(&order.draft.lines);
            let line = line.map(|line| line.external_id.clone());
            lines.push(match line {
                Some(line) if dice.percent(65) => LineEdit::Set {
                    line,
                    quantity: units(dice, 0),
                },
                _ => {
                    let sku = format!("SKU-{}", 1 + dice.below(self.skus));
                    LineEdit::Add(Box::new(NewLine {
                        sku: sku.as_str().into(),
                        title: sku,
                        quantity: units(dice, 1),
                        unit_price: Decimal::new(dice.between(0, 2999), exponent),
                        taxes: Vec::new(),
                    }))
                }
            });
        }
        let reason = "the buyer has called".to_owned();
        let command = Command::Edit(EditCommand { lines, reason });
        self.ask(id, "operator:anna", command);
    }

    /// Nothing is kept for an edit that was refused, once everybody has answered.
    pub(super) fn check_edits(&mut self, order: &Order) {
        if order.editing.is_some() {
            return;
        }
        let lines = order.draft.lines.len();
        let held = self.mirror.holds.iter().find(|((_, key), hold)| {
            key.order == order.id
                && usize::from(key.line) > lines
                && matches!(hold.2, Held::Soft | Held::Hard)
        });
        let mut broken = held.map(|((location, _), hold)| {
            let found = format!("{} of {} at {location}", hold.1, hold.0);
            ("refused_edit_holds_no_stock", found)
        });
        let watched = !order.holds.is_empty();
        for number in order.tender_numbers().filter(|_| !watched) {
            if !order.tender(number).is_some_and(|tender| tender.pending) {
                continue;
            }
            let payments = self.payments(order, number);
            if let Some(payment) = payments
                .into_iter()
                .find(|payment: &&Payment| payment.is_open())
            {
                let found = format!("{} still sets money aside", payment.reference);
                broken = Some(("refused_edit_keeps_no_money", found));
            }
        }
        if let Some((invariant, found)) = broken {
            let found = format!("{}: {found}", self.name(order.id));
            self.fall(invariant, found);
        }
    }
}

/// What is applied is what was proposed.
pub(super) fn before_edit(before: &Order, event: &Event) -> Verdict {
    let Event::Edit(EditEvent::Applied {
        edit,
        lines,
        amount,
        tender,
        ..
    }) = event
    else {
        return Ok(());
    };
    let same = before.open_edit().is_some_and(|open| {
        open.number == *edit
            && open.lines == *lines
            && open.amount == *amount
            && open.tender == *tender
    });
    must(same, "edit_applied_as_proposed", || {
        format!("edit {edit} is another than the one that is open")
    })
}

/// What must hold of the order after an event, of edits.
pub(super) fn after_edit(after: &Order, event: &Event) -> Verdict {
    let whole = after.lines.len() == after.draft.lines.len();
    must(
        whole && after.totals == after.draft.totals(),
        "edit_visible_as_a_whole",
        || format!("after {}", event.kind()),
    )?;
    let Event::Edit(EditEvent::Applied { edit, tender, .. }) = event else {
        return Ok(());
    };
    let firm = after
        .line_numbers()
        .zip(&after.lines)
        .all(|(number, line)| {
            let stated = after.line(number);
            let ours = stated.is_some_and(|stated| stated.fulfilled_by == FulfilledBy::Us);
            line.edit != *edit || !ours || {
                let held = after.held(number, &[ReservationState::Hard]);
                stated.is_some_and(|stated| held >= stated.quantity)
            }
        });
    let paid = tender.map(|number| after.tender(number));
    let paid = paid.is_none_or(|tender| tender.is_some_and(|t| t.is_secured() && !t.pending));
    must(firm && paid, "edit_secured_before_visible", || {
        format!("edit {edit} is applied without its stock or its money")
    })
}
