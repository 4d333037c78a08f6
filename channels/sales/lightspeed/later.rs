//! What of a sale is still to reach the buyer. Pure.
//!
//! A sale is finished at the counter unless it is pending for delivery or pickup; of such a one its
//! fulfilments say, line by line, how many units have reached the buyer. A line of which a part has is kept
//! as unknown: the hub would set all of it aside.

use orderhub_domain::canonical::FulfilledBy;
use rust_decimal::Decimal;

use super::wire::{Fulfillment, Line, Sale, Whole};
use crate::sales::taken::{NotTaken, decimal, not_yet, unknown};
use crate::wire::code;

/// How a sale's goods reach the buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// They were handed over at the counter, or are gone.
    Counter,
    /// They are sent.
    Delivery,
    /// The buyer comes for them.
    Pickup,
}

/// What a sale's state says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct State {
    /// Nothing of it is to be handed over.
    pub(super) is_over: bool,
    /// It was paid in full, by its own word.
    pub(super) is_closed: bool,
    /// It may be paid later.
    pub(super) on_account: bool,
    /// How what is open reaches the buyer.
    pub(super) way: Way,
}

/// What a sale's state says, with its attributes
/// (x-series-api.lightspeedhq.com/docs/sales_states_and_attributes).
pub(super) fn state(sale: &Sale) -> Result<State, NotTaken> {
    let attributes = sale.attributes.as_deref().unwrap_or_default();
    let has = |name: &str| attributes.iter().any(|own| own == name);
    let mut state = State {
        is_over: sale.deleted_at.as_ref().is_some_and(|at| !at.is_empty()),
        is_closed: false,
        on_account: has("onaccount"),
        way: Way::Counter,
    };
    match sale.state.as_str() {
        "parked" => return Err(not_yet("parked")),
        "voided" => state.is_over = true,
        "closed" => state.is_closed = true,
        // The goods of a layby stay in the shop until it is paid, those of a service until it is done.
        "pending" if has("layby") => return Err(not_yet("layby")),
        "pending" if has("service") => return Err(not_yet("service")),
        "pending" if has("delivery") => state.way = Way::Delivery,
        "pending" if has("pickup") => state.way = Way::Pickup,
        "pending" if state.on_account => {}
        "pending" => return Err(not_yet("pending")),
        other => {
            let word = code(other).unwrap_or_else(|| "unknown".to_owned());
            return Err(unknown(format!("sale:state.{word}")));
        }
    }
    Ok(state)
}

/// Who ships a line.
pub(super) fn by(line: &Line, whole: &Whole, way: Way) -> Result<FulfilledBy, NotTaken> {
    if way == Way::Counter {
        return Ok(FulfilledBy::Channel);
    }
    let parts = whole.fulfillments.iter();
    let parts = parts.filter(|one| one.form.as_deref() != Some("SERVICE"));
    let mut parts = parts.flat_map(|one| &one.line_items).peekable();
    if parts.peek().is_none() {
        return Ok(FulfilledBy::Us);
    }
    let (mut held, mut gone) = (Decimal::ZERO, Decimal::ZERO);
    for part in parts.filter(|part| part.sale_line_item_id == line.id) {
        held += decimal(&part.quantity, "a fulfillment's quantity")?;
        gone += decimal(&part.fulfilled_quantity, "a fulfillment's quantity")?;
    }
    let ordered = decimal(&line.quantity, "a line's quantity")?;
    if gone >= held {
        Ok(FulfilledBy::Channel)
    } else if gone.is_zero() && held >= ordered {
        Ok(FulfilledBy::Us)
    } else {
        Err(unknown("sale:line_in_parts"))
    }
}

/// The fulfilment that is sent, or collected. Several of one sale are several outlets, or several ways.
pub(super) fn only(whole: &Whole) -> Result<Option<&Fulfillment>, NotTaken> {
    let is_open = |one: &&Fulfillment| {
        let lines = one.line_items.iter();
        let mut open =
            lines.map(|part| (part.quantity.decimal(), part.fulfilled_quantity.decimal()));
        one.form.as_deref() != Some("SERVICE") && open.any(|(held, gone)| held > gone)
    };
    let mut open = whole.fulfillments.iter().filter(is_open);
    let first = open.next();
    if open.next().is_some() {
        return Err(unknown("sale:several_fulfillments"));
    }
    Ok(first)
}
