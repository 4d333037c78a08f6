//! Edits: the one that is being secured, what one would change, and what became of it in a sentence.

use orderhub_domain::money::Money;
use orderhub_domain::order::{
    EditEvent, EditedLine, Event, LineUnits, Order, Recorded, Routing, Wait, evolve,
};
use orderhub_domain::policy::Policy;
use serde_json::{Value, json};

use super::timeline::{lines_of, plain};

/// The line that this one adds units to, by its number.
pub(super) fn adds_to(order: &Order, number: u16) -> Option<u16> {
    let index = usize::from(number).checked_sub(1)?;
    order.lines.get(index)?.adds_to
}

/// The edit that is not part of the order (yet).
pub(super) fn editing(order: &Order, policy: &Policy) -> Option<Value> {
    let editing = order.editing.as_ref()?;
    Some(json!({
        "edit": editing.number,
        "lines": added(order, &editing.lines),
        "taken_out": taken_out(order, &editing.less),
        "amount": amount(editing.amount),
        "tender": editing.tender,
        "since": editing.since,
        "until": Wait::Edit.until(order, policy),
        "refused": editing.refused,
    }))
}

/// What an edit would change, by the events that it would record: what is added and taken out, and how
/// much more or less the order would come to. Nothing when they are no edit.
pub fn delta(order: &Order, events: &[Recorded]) -> Option<Value> {
    let proposed = events.iter().find_map(|recorded| match &recorded.event {
        Event::Edit(EditEvent::Proposed {
            lines,
            less,
            amount,
            tender,
            means,
            ..
        }) => Some((lines, less, *amount, *tender, *means)),
        _ => None,
    });
    let refused = events.iter().find_map(|recorded| match &recorded.event {
        Event::Edit(EditEvent::Refused { reason, .. }) => Some(reason.as_str()),
        _ => None,
    });
    let from = events.iter().find_map(|recorded| match &recorded.event {
        Event::Routing(Routing::Sourced(sourced)) => {
            let places = sourced.asked.iter().map(|asked| asked.location.as_str());
            Some(places.collect::<Vec<_>>())
        }
        _ => None,
    });
    let parted = events.iter().find_map(|recorded| match &recorded.event {
        Event::Routing(Routing::PartCancelRequested { lines, .. }) => Some(lines),
        _ => None,
    });
    let zero = Money::zero(order.draft.currency);
    let (lines, less, more, tender, means) = match (proposed, parted) {
        (Some(proposed), _) => proposed,
        (None, Some(parted)) => {
            return Some(json!({
                "lines": [],
                "taken_out": taken_out(order, parted),
                "adds": amount(zero),
                "takes_off": amount(worth(order, parted)),
            }));
        }
        (None, None) => return None,
    };
    Some(json!({
        "lines": added(order, lines),
        "taken_out": taken_out(order, less),
        "adds": amount(more),
        "takes_off": amount(worth(order, less)),
        "tender": tender,
        "charged_like": means,
        "locations": from,
        "refused": refused,
    }))
}

/// What units are worth: what the order would not come to without them.
fn worth(order: &Order, units: &[LineUnits]) -> Money {
    let before = order.cancelled_value();
    let without = Recorded {
        version: order.version + 1,
        recorded_at: order.updated_at,
        occurred_at: None,
        actor: String::new(),
        command_id: None,
        event: Event::LinesCancelled {
            lines: units.to_vec(),
            at_channel: None,
            postings: Vec::new(),
        },
    };
    match evolve(Some(order.clone()), &without) {
        Ok(after) if !units.is_empty() => after.cancelled_value().minus(before),
        _ => Money::zero(order.draft.currency),
    }
}

pub(super) fn added(order: &Order, lines: &[EditedLine]) -> Vec<Value> {
    let lines = lines.iter();
    lines
        .map(|EditedLine { adds_to, line }| {
            json!({
                "external_id": line.external_id,
                "adds_to": adds_to,
                "sku": line.sku.as_ref().map(orderhub_domain::ids::Sku::as_str),
                "title": line.title,
                "quantity": line.quantity.to_string(),
                "unit_price": line.unit_price.to_string(),
                "net": amount(line.net(order.draft.currency)),
            })
        })
        .collect()
}

fn taken_out(order: &Order, units: &[LineUnits]) -> Vec<Value> {
    let units = units.iter();
    units
        .map(|units| {
            json!({
                "line": order.line(units.line).map(|line| line.external_id.as_str()),
                "quantity": units.quantity.to_string(),
            })
        })
        .collect()
}

fn amount(money: Money) -> String {
    money.amount().to_string()
}

/// What became of an edit, in one sentence without personal data.
pub(super) fn summary(event: &EditEvent) -> String {
    match event {
        EditEvent::Proposed {
            edit,
            lines,
            amount,
            reason,
            ..
        } => format!(
            "Edit {edit} adds {} for {amount} once it has both: {}.",
            lines_of(lines.len()),
            plain(reason)
        ),
        EditEvent::Applied {
            edit, lines, total, ..
        } => format!(
            "Edit {edit} is a part of the order: {} more, it comes to {total}.",
            lines_of(lines.len())
        ),
        EditEvent::Refused { edit, reason } => {
            format!("Edit {edit} was refused: {}.", plain(reason))
        }
    }
}
