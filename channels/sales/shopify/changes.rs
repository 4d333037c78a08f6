//! What Shopify says of an order after it was placed: paid, cancelled, given back, taken out. Pure.
//!
//! Units that a shop takes out before they were sent are not wanted any more. `current_quantity` cannot say
//! which these are, for returned units are taken off it too; so the history does: a refund's `restock_type`
//! where it is clear, else whether the shop had shipped so many of the line before the refund. What the
//! shop ships after a refund changes nothing about it, so our own shipments never look like a change. An edit
//! that left no refund behind shows as units that were neither sent nor are waited for.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orderhub_domain::canonical::OrderDraft;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;
use rust_decimal::Decimal;

use super::map::{id_of, time};
use super::wire::{self, Refund, Transaction};
use crate::port::Inbound;
use crate::sales::taken::{NotTaken, amount, decimal, digits, unknown, unreadable};
use crate::wire::Exact;

/// States of a shipment that came to nothing.
const NOT_SENT: [&str; 3] = ["cancelled", "error", "failure"];

/// What an order means if it is known already.
pub(super) fn facts(order: &wire::Order, draft: &OrderDraft) -> Result<Vec<ChannelFact>, NotTaken> {
    let mut facts = Vec::new();
    if is_paid(order) {
        facts.push(ChannelFact::Paid { reference: None });
    }
    for refund in order.refunds.iter().flatten() {
        for (transaction, given) in given_back(refund, Some(draft.currency))? {
            let in_shop_money = in_shop_money(order, given, draft.currency);
            facts.push(refunded(transaction, in_shop_money.unwrap_or(given))?);
        }
    }
    facts.extend(draft.cancelled_at.map(|at| ChannelFact::Cancelled { at }));
    Ok(facts)
}

/// Whether the shop has the money for all that it states.
fn is_paid(order: &wire::Order) -> bool {
    let open = order.total_outstanding.as_ref().and_then(Exact::decimal);
    match order.financial_status.as_deref() {
        Some("paid") => true,
        Some("partially_refunded" | "refunded") => open.is_some_and(|open| open <= Decimal::ZERO),
        _ => false,
    }
}

/// Movements of money to the buyer that succeeded, in the currency that the buyer pays in: the shop's where
/// none is stated.
fn given_back(
    refund: &Refund,
    shop: Option<Currency>,
) -> Result<Vec<(&Transaction, Money)>, NotTaken> {
    let movements = refund.transactions.iter().flatten().filter(|movement| {
        let (kind, status) = (movement.kind.as_deref(), movement.status.as_deref());
        (kind, status) == (Some("refund"), Some("success"))
    });
    let stated = movements.map(|movement| {
        let currency = match &movement.currency {
            Some(code) => Currency::from_code(code),
            None => shop,
        };
        let currency = currency.ok_or_else(|| unreadable("a refund's currency"))?;
        let given = amount(&movement.amount, currency, "a refund's amount")?;
        Ok((movement, given))
    });
    stated.collect()
}

fn refunded(movement: &Transaction, amount: Money) -> Result<ChannelFact, NotTaken> {
    let id = id_of(movement.admin_graphql_api_id.as_ref(), movement.id.as_ref());
    Ok(ChannelFact::Refunded {
        reference: id.ok_or_else(|| unreadable("a refund's transaction"))?,
        amount,
        at: time(movement.processed_at.as_ref()),
    })
}

/// An amount that the buyer was given in another currency than the shop's, at the order's own rate: that of
/// its two totals. `None` when it does not state them.
fn in_shop_money(order: &wire::Order, given: Money, currency: Currency) -> Option<Money> {
    if given.currency() == currency {
        return Some(given);
    }
    let set = order.total_price_set.as_ref()?;
    let shown = set.presentment_money.as_ref()?;
    let same = shown.currency_code.as_deref() == Some(given.currency().code());
    let (shop, shown) = (set.shop_money.amount.decimal()?, shown.amount.decimal()?);
    let share = given.amount().checked_mul(shop)?.checked_div(shown)?;
    same.then(|| Money::rounded(share, currency))
}

/// What a refund says that is pushed by itself; nothing when no money went back (yet). Where the buyer pays in
/// another currency the order alone says how much that is: it is pushed as well.
pub(super) fn refund(refund: &Refund) -> Result<Option<Inbound>, NotTaken> {
    let shop = shop_currency(refund);
    let given = given_back(refund, shop)?;
    if given.is_empty() {
        return Ok(None);
    }
    let foreign =
        |(_, given): &(&Transaction, Money)| shop.is_some_and(|shop| shop != given.currency());
    if given.iter().any(foreign) {
        return Err(unknown("other_currency"));
    }
    let order = refund.order_id.as_ref().and_then(|id| digits(&id.0));
    let facts: Result<Vec<_>, _> = given
        .into_iter()
        .map(|(movement, amount)| refunded(movement, amount))
        .collect();
    Ok(Some(Inbound::Said {
        order: order.ok_or_else(|| unreadable("order_id"))?,
        facts: facts?,
    }))
}

/// The shop's own currency, as far as a refund states it.
fn shop_currency(refund: &Refund) -> Option<Currency> {
    let lines = refund.lines.iter().flatten();
    let sets = lines.filter_map(|line| line.subtotal_set.as_ref());
    let mut sets = refund.total_duties_set.iter().chain(sets);
    let code = sets.find_map(|set| set.shop_money.currency_code.as_deref())?;
    Currency::from_code(code)
}

/// An order that was deleted in the shop.
pub(super) fn deleted(order: &wire::Deleted, at: Timestamp) -> Result<Inbound, NotTaken> {
    let id = id_of(order.admin_graphql_api_id.as_ref(), order.id.as_ref());
    Ok(Inbound::Said {
        order: id.ok_or_else(|| unreadable("id"))?,
        facts: vec![ChannelFact::Cancelled { at }],
    })
}

/// Units of lines that are still wanted or were sent, where the shop took others out before that.
pub(super) fn wanted(order: &wire::Order) -> Result<BTreeMap<String, Quantity>, NotTaken> {
    let mut wanted = BTreeMap::new();
    for item in &order.line_items {
        let id = id_of(item.admin_graphql_api_id.as_ref(), item.id.as_ref());
        let id = id.ok_or_else(|| unreadable("a line's id"))?;
        let ordered = decimal(&item.quantity, "a line's quantity")?;
        let taken_out = taken_out(order, item, &id, ordered)?;
        if taken_out > Decimal::ZERO {
            let left = Quantity::new((ordered - taken_out).max(Decimal::ZERO));
            wanted.insert(id, left.ok_or_else(|| unreadable("a line's quantity"))?);
        }
    }
    Ok(wanted)
}

/// Units of a line that certainly were taken out before they were sent. In doubt a unit stays.
fn taken_out(
    order: &wire::Order,
    item: &wire::Line,
    line: &str,
    ordered: Decimal,
) -> Result<Decimal, NotTaken> {
    let mut refunds: Vec<_> = order.refunds.iter().flatten().collect();
    let when = |text: Option<&String>| time(text).unwrap_or(Timestamp::MAX);
    refunds.sort_by_key(|refund| when(refund.created_at.as_ref()));
    let (mut unsent, mut sent_back) = (Decimal::ZERO, Decimal::ZERO);
    for refund in refunds {
        let at = when(refund.created_at.as_ref());
        for part in refund.lines.iter().flatten() {
            if line_of(part).as_deref() != Some(line) {
                continue;
            }
            let units = decimal(&part.quantity, "a refund's quantity")?;
            let of_sent = match part.restock_type.as_deref() {
                Some("cancel") => Decimal::ZERO,
                Some("return") => units,
                _ => {
                    let before = |shipment: &wire::Fulfillment| {
                        time(shipment.created_at.as_ref()).is_none_or(|sent| sent <= at)
                    };
                    let left = shipped(order, line, before)? - sent_back;
                    units.min(left.max(Decimal::ZERO))
                }
            };
            sent_back += of_sent;
            unsent += units - of_sent;
        }
    }
    // Taken out by an edit that no refund tells of: neither sent nor waited for.
    let now = number(item.current_quantity.as_ref()).unwrap_or(ordered);
    let unexplained = ordered - now - unsent - sent_back;
    let gone = match number(item.fulfillable_quantity.as_ref()) {
        Some(open) => ordered - shipped(order, line, is_sent)? - open - unsent,
        None => Decimal::ZERO,
    };
    Ok(unsent + unexplained.min(gone).max(Decimal::ZERO))
}

fn number(text: Option<&Exact>) -> Option<Decimal> {
    text.and_then(Exact::decimal)
}

fn line_of(part: &wire::RefundLine) -> Option<String> {
    let line = part.line_item.as_ref();
    let named = line.and_then(|line| id_of(line.admin_graphql_api_id.as_ref(), line.id.as_ref()));
    named.or_else(|| id_of(None, part.line_item_id.as_ref()))
}

fn is_sent(shipment: &wire::Fulfillment) -> bool {
    let status = shipment.status.as_deref().unwrap_or_default();
    !NOT_SENT.contains(&status)
}

/// Units of a line in those of the shop's shipments.
fn shipped(
    order: &wire::Order,
    line: &str,
    counts: impl Fn(&wire::Fulfillment) -> bool,
) -> Result<Decimal, NotTaken> {
    let shipments = order.fulfillments.iter().flatten();
    let parts = shipments
        .filter(|shipment| counts(shipment))
        .flat_map(|shipment| shipment.line_items.iter().flatten());
    let mut sum = Decimal::ZERO;
    for part in parts {
        if id_of(part.admin_graphql_api_id.as_ref(), part.id.as_ref()).as_deref() == Some(line) {
            let units = part.quantity.as_ref();
            sum += decimal(units.ok_or_else(|| unreadable("a shipment"))?, "a shipment")?;
        }
    }
    Ok(sum)
}
