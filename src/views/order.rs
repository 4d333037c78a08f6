//! One order, and an order in a list.

use orderhub_domain::canonical::{DraftLine, PrivateDetails, TaxMode};
use orderhub_domain::ids::{FulfilmentId, Sku};
use orderhub_domain::money::Money;
use orderhub_domain::order::{
    History, Hold, HoldScope, LineUnits, Order, Quantities, ReservationState, wake_at,
};
use orderhub_domain::policy::Policy;
use serde_json::{Value, json};

use super::{claims, edits, fulfilment, payment, person, returns, status};
use crate::store::OrderListing;

/// An order as `GET /v1/orders/{id}` shows it.
pub fn order(
    order: &Order,
    private: Option<&PrivateDetails>,
    personal: bool,
    policy: &Policy,
) -> Value {
    let draft = &order.draft;
    let lines: Vec<_> = draft
        .lines
        .iter()
        .zip(1..)
        .map(|(stated, number)| line(order, stated, number))
        .collect();
    let fulfilments: Vec<_> = order
        .fulfilments
        .iter()
        .map(|work| fulfilment::fulfilment(order, work))
        .collect();
    let outstanding: Vec<_> = order
        .outstanding
        .iter()
        .map(|(id, open)| {
            json!({
                "effect": id.to_string(),
                "kind": open.effect.word(),
                "attempt": open.attempts,
                "next_try_at": open.next_try_at,
                "opened_at": open.opened_at,
                "unknown": open.unknown,
            })
        })
        .collect();
    let ship_to = private.and_then(|private| private.ship_to.as_ref());
    let bill_to = private.and_then(|private| private.bill_to.as_ref());
    json!({
        "id": order.id.to_string(),
        "channel": order.channel_slug.as_str(),
        "external_id": draft.external_id,
        "number": draft.number,
        "version": order.version,
        "stage": order.stage.word(),
        "reason": order.reason,
        "status": status::status(order),
        "history": order.history.as_deref().map(history),
        "test": draft.test,
        "placed_at": draft.placed_at,
        "received_at": order.received_at,
        "updated_at": order.updated_at,
        "wake_at": wake_at(order, policy),
        "currency": draft.currency.code(),
        "tax_mode": tax_mode(draft.tax_mode),
        "totals": {
            "items": amount(order.totals.items),
            "discounts": amount(order.totals.discounts),
            "shipping": amount(order.totals.shipping),
            "taxes": amount(order.totals.taxes),
            "fees": amount(order.totals.fees),
            "grand": amount(order.totals.grand),
        },
        "stated_total": amount(draft.stated_total),
        "customer": person::customer(private, personal),
        "ship_to": person::address(ship_to, personal),
        "bill_to": person::address(bill_to, personal),
        "lines": lines,
        "payment": payment::payment(order),
        "fulfilments": fulfilments,
        "returns": returns::returns(order, policy),
        "claims": claims::claims(order),
        "exchanges": super::exchanges::exchanges(order),
        "holds": order.holds.iter().map(|found| hold(order, found)).collect::<Vec<_>>(),
        "editing": edits::editing(order, policy),
        "outstanding": outstanding,
    })
}

/// How an order of the past ended, as its file said.
fn history(history: &History) -> Value {
    json!({
        "end": history.end.word(),
        "ended_at": history.ended_at,
        "paid": amount(history.paid),
        "refunded": amount(history.refunded),
        "format": history.format,
    })
}

/// An order as lists show it.
pub fn listed(order: &OrderListing) -> Value {
    json!({
        "id": order.order.to_string(),
        "channel": order.channel.as_str(),
        "external_id": order.external_id,
        "number": order.number,
        "version": order.version,
        "stage": order.stage.word(),
        "test": order.test,
        "placed_at": order.placed_at,
        "updated_at": order.updated_at,
        "currency": order.total.currency().code(),
        "total": amount(order.total),
        "holds": order.holds.len(),
    })
}

fn amount(money: Money) -> String {
    money.amount().to_string()
}

const fn tax_mode(mode: TaxMode) -> &'static str {
    match mode {
        TaxMode::Inclusive => "inclusive",
        TaxMode::Exclusive => "exclusive",
    }
}

fn line(order: &Order, stated: &DraftLine, number: u16) -> Value {
    json!({
        "line": number,
        "external_id": stated.external_id,
        "sku": stated.sku.as_ref().map(Sku::as_str),
        "title": stated.title,
        "quantity": stated.quantity.to_string(),
        "unit_price": stated.unit_price.to_string(),
        "net": amount(stated.net(order.draft.currency)),
        "weight_g": stated.weight_g,
        "hs_code": stated.customs.as_ref().and_then(|goods| goods.hs_code.as_deref()),
        "origin_country": stated.customs.as_ref().and_then(|goods| goods.origin.as_deref()),
        "fulfilled_by": stated.fulfilled_by,
        "part_of": stated.part_of.map(|part| part.line),
        "adds_to": edits::adds_to(order, number),
        "quantities": quantities(&order.quantities(number)),
        "promised_for": promised_for(order, number),
    })
}

/// When the last of the units that a line waits for is expected; null when it waits for none, or
/// nobody has said.
fn promised_for(order: &Order, number: u16) -> Option<String> {
    let holds = order.reservations.iter();
    let waiting =
        holds.filter(|(key, hold)| key.line == number && hold.state == ReservationState::Waiting);
    let days: Option<Vec<_>> = waiting.map(|(_, hold)| hold.promise).collect();
    days?.into_iter().max().map(|day| day.to_string())
}

/// Where the units of a line are.
fn quantities(of: &Quantities) -> Value {
    let mut shown = json!({
        "ordered": of.ordered.to_string(),
        "cancelled": of.cancelled.to_string(),
        "unallocated": of.unallocated.to_string(),
        "backordered": of.backordered.to_string(),
        "soft": of.soft.to_string(),
        "hard": of.hard.to_string(),
        "picked": of.picked.to_string(),
        "shipped": of.shipped.to_string(),
        "delivered": of.delivered.to_string(),
        "lost": of.lost.to_string(),
        "returned": of.returned.to_string(),
    });
    if !of.returned_to_sender.is_zero() {
        shown["returned_to_sender"] = of.returned_to_sender.to_string().into();
    }
    if !of.not_stocked.is_zero() {
        shown["not_stocked"] = of.not_stocked.to_string().into();
    }
    shown
}

pub(super) fn units(order: &Order, lines: &[LineUnits]) -> Vec<Value> {
    lines
        .iter()
        .map(|units| {
            let stated = order.line(units.line);
            json!({
                "line": stated.map(|stated| stated.external_id.as_str()),
                "sku": stated.and_then(|stated| stated.sku.as_ref()).map(Sku::as_str),
                "quantity": units.quantity.to_string(),
            })
        })
        .collect()
}

/// A hold as the API shows it.
pub fn hold(order: &Order, hold: &Hold) -> Value {
    let scope = match &hold.scope {
        HoldScope::Order => "order".to_owned(),
        HoldScope::Line { line } => format!("line:{line}"),
        HoldScope::Fulfilment { number } => FulfilmentId {
            order: order.id,
            number: *number,
        }
        .to_string(),
    };
    let blocks: Vec<_> = hold.blocks.iter().map(|edge| edge.word()).collect();
    json!({
        "id": hold.id,
        "scope": scope,
        "blocks": blocks,
        "reason": hold.reason,
        "owner": hold.owner,
        "since": hold.since,
        "until": hold.until,
        "on_expiry": hold.until.map(|_| hold.on_expiry.word()),
    })
}
