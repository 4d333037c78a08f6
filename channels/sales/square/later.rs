//! What of a Square order is still to reach the buyer. Pure.
//!
//! A fulfilment says what is shipped or collected later; what stands in none was handed over at the counter.
//! Square completes a fulfilment as a whole. A line of which a part was handed over, or a part cancelled, is
//! kept as unknown: the hub would set all of it aside.

use orderhub_domain::canonical::FulfilledBy;
use rust_decimal::Decimal;

use super::wire::{Details, Fulfillment, Line, Order};
use crate::sales::taken::{NotTaken, decimal, unknown, unreadable};
use crate::wire::code;

/// What has become of a fulfilment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Pending,
    Done,
    /// Cancelled, or never collected.
    Dropped,
}

/// How what is pending reaches the buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Shipped, or brought by a courier.
    Sent,
    /// The buyer comes for it.
    Collected,
}

/// What has become of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// All of it is still to reach the buyer.
    Pending,
    /// The buyer has it.
    Gone,
    /// Nobody waits for it any more.
    Dropped,
}

impl Fate {
    /// Who ships it.
    pub(super) const fn by(self) -> FulfilledBy {
        match self {
            Self::Pending | Self::Dropped => FulfilledBy::Us,
            Self::Gone => FulfilledBy::Channel,
        }
    }
}

/// The fulfilments of an order.
pub(super) struct Later<'a> {
    all: Vec<(State, Way, &'a Fulfillment)>,
    is_completed: bool,
}

impl<'a> Later<'a> {
    /// Those of an order.
    pub(super) fn of(order: &'a Order) -> Result<Self, NotTaken> {
        let all = order.fulfillments.iter();
        let all = all.map(|one| Ok((state(one)?, way(one)?, one)));
        Ok(Self {
            all: all.collect::<Result<_, NotTaken>>()?,
            is_completed: order.state.as_deref() == Some("COMPLETED"),
        })
    }

    /// What has become of a line.
    pub(super) fn fate(&self, line: &Line) -> Result<Fate, NotTaken> {
        let ordered = decimal(&line.quantity, "a line's quantity")?;
        let (mut pending, mut dropped) = (Decimal::ZERO, Decimal::ZERO);
        for (state, _, one) in &self.all {
            let units = units(one, line, ordered)?;
            match state {
                // A completed order has nothing pending, whatever an old client left in its fulfilments.
                State::Pending if !self.is_completed => pending += units,
                State::Pending | State::Done => {}
                State::Dropped => dropped += units,
            }
        }
        if pending.is_zero() && dropped.is_zero() {
            Ok(Fate::Gone)
        } else if dropped.is_zero() && pending >= ordered {
            Ok(Fate::Pending)
        } else if pending.is_zero() && dropped >= ordered {
            Ok(Fate::Dropped)
        } else {
            Err(unknown("order:line_in_parts"))
        }
    }

    /// How what is pending reaches the buyer, and where to; `None` when nothing is.
    pub(super) fn way(&self) -> Result<Option<Way>, NotTaken> {
        let mut pending = self.pending();
        let Some((way, _)) = pending.next() else {
            return Ok(None);
        };
        // Several parcels to several people, or some of it sent and some collected: one order goes one way.
        if pending.any(|(other, _)| other == Way::Sent || way == Way::Sent) {
            return Err(unknown("order:several_fulfillments"));
        }
        Ok(Some(way))
    }

    /// Who gets it: of what is pending, else of anything.
    pub(super) fn details(&self) -> Option<&'a Details> {
        let pending = self.pending().map(|(_, one)| one);
        let all = self.all.iter().map(|(_, _, one)| *one);
        pending.chain(all).find_map(details)
    }

    fn pending(&self) -> impl Iterator<Item = (Way, &'a Fulfillment)> {
        let all = self.all.iter();
        let pending = all.filter(|(state, ..)| *state == State::Pending && !self.is_completed);
        pending.map(|(_, way, one)| (*way, *one))
    }
}

/// How many units of a line a fulfilment is about.
fn units(one: &Fulfillment, line: &Line, ordered: Decimal) -> Result<Decimal, NotTaken> {
    if one.entries.is_empty() && one.line_item_application.as_deref() != Some("ENTRY_LIST") {
        return Ok(ordered);
    }
    let of_line = one.entries.iter();
    let mut of_line = of_line.filter(|entry| entry.line_item_uid == line.uid);
    of_line.try_fold(Decimal::ZERO, |sum, entry| {
        let units = decimal(&entry.quantity, "a fulfillment's quantity")?;
        let sum = sum.checked_add(units);
        sum.ok_or_else(|| unreadable("a fulfillment's quantity"))
    })
}

fn state(one: &Fulfillment) -> Result<State, NotTaken> {
    match one.state.as_deref().unwrap_or("PROPOSED") {
        "PROPOSED" | "RESERVED" | "PREPARED" => Ok(State::Pending),
        "COMPLETED" => Ok(State::Done),
        "CANCELED" | "FAILED" => Ok(State::Dropped),
        other => Err(unknown(format!("order:fulfillment.{}", word(other)))),
    }
}

fn way(one: &Fulfillment) -> Result<Way, NotTaken> {
    match one.form.as_deref().unwrap_or_default() {
        "SHIPMENT" | "DELIVERY" => Ok(Way::Sent),
        "PICKUP" => Ok(Way::Collected),
        other => Err(unknown(format!("order:fulfillment_type.{}", word(other)))),
    }
}

fn details(one: &Fulfillment) -> Option<&Details> {
    let shipped = one.shipment_details.as_ref();
    let brought = one.delivery_details.as_ref();
    shipped.or(brought).or(one.pickup_details.as_ref())
}

/// A vendor's word, fit for a topic.
pub(super) fn word(text: &str) -> String {
    code(text).unwrap_or_else(|| "unknown".to_owned())
}
