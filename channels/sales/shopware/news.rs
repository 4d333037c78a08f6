//! What Shopware states of an order beside its lines: when it changed last, and what went back to the buyer. Pure.
//!
//! Decided here: an order's own `updatedAt` stays when a delivery, an address or a payment changes, and each
//! of these has one of its own; so the newest of all that is read counts. A refund counts by its own id once
//! it is `completed`. Where a payment's plugin keeps no refunds, only a transaction that is `refunded` says
//! how much went back: all of it. What `refunded_partially` means in money, the shop does not say.

use jiff::Timestamp;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;

use super::map::time;
use super::{terms, wire};
use crate::port::Inbound;
use crate::sales::taken::{NotTaken, amount_or_zero, unreadable};
use crate::wire::{code, path_id};

/// When the order changed last, or any part of it.
pub(super) fn changed_at(whole: &wire::Whole) -> Result<Timestamp, NotTaken> {
    let order = &whole.order;
    let deliveries = order.deliveries.as_deref().unwrap_or_default();
    let transactions = order.transactions.as_deref().unwrap_or_default();
    let to = deliveries
        .iter()
        .filter_map(|one| one.shipping_order_address.as_ref());
    let addresses = to.chain(order.billing_address.iter());
    let own = [&order.created_at, &order.updated_at].into_iter();
    let all = own
        .chain(
            deliveries
                .iter()
                .flat_map(|one| [&one.created_at, &one.updated_at]),
        )
        .chain(
            transactions
                .iter()
                .flat_map(|one| [&one.created_at, &one.updated_at]),
        )
        .chain(addresses.flat_map(|one| [&one.created_at, &one.updated_at]))
        .chain(
            whole
                .line_items
                .iter()
                .flat_map(|one| [&one.created_at, &one.updated_at]),
        );
    let placed = order.order_date_time.as_ref().or(order.created_at.as_ref());
    let mut last = time(placed, "orderDateTime")?;
    for text in all.flatten() {
        last = last.max(time(Some(text), "updatedAt")?);
    }
    Ok(last)
}

fn word(state: Option<&wire::State>) -> &str {
    state.map_or("", |state| state.technical_name.as_str())
}

fn total(price: Option<&wire::Price>, currency: Currency) -> Result<Money, NotTaken> {
    let total = price.and_then(|price| price.total_price.as_ref());
    amount_or_zero(total, currency, "a refund's amount")
}

/// When something changed last, if it says so.
fn last(updated: Option<&String>, created: Option<&String>) -> Result<Option<Timestamp>, NotTaken> {
    let stated = updated.or(created);
    stated.map(|text| time(Some(text), "updatedAt")).transpose()
}

/// What went back to the buyer.
pub(super) fn refunds(
    whole: &wire::Whole,
    currency: Currency,
) -> Result<Vec<ChannelFact>, NotTaken> {
    let mut facts = Vec::new();
    let done = whole.refunds.iter();
    for refund in done.filter(|one| word(one.state_machine_state.as_ref()) == "completed") {
        let reference = refund.id.as_deref().and_then(code);
        facts.push(ChannelFact::Refunded {
            reference: reference.ok_or_else(|| unreadable("a refund's id"))?,
            amount: total(refund.amount.as_ref(), currency)?,
            at: last(refund.updated_at.as_ref(), refund.created_at.as_ref())?,
        });
    }
    if !whole.refunds.is_empty() {
        return Ok(facts);
    }
    let transactions = whole.order.transactions.as_deref().unwrap_or_default();
    let (mut sum, mut at) = (Money::zero(currency), None);
    for one in transactions {
        if word(one.state_machine_state.as_ref()) == "refunded" {
            sum = sum.plus(total(one.amount.as_ref(), currency)?);
            at = at.max(last(one.updated_at.as_ref(), one.created_at.as_ref())?);
        }
    }
    if sum.is_positive() {
        facts.push(ChannelFact::RefundedSoFar { amount: sum, at });
    }
    Ok(facts)
}

/// An order that goes on although all of its money went back begins none, and says so of a known one.
pub(super) fn given_back(whole: &wire::Whole) -> Result<Option<Inbound>, NotTaken> {
    let order = &whole.order;
    let is_over = word(order.state_machine_state.as_ref()) == "cancelled";
    if is_over || !terms::is_given_back(order) {
        return Ok(None);
    }
    let currency = order.currency.as_ref();
    let currency = currency.and_then(|currency| Currency::from_code(&currency.iso_code));
    let (Some(currency), Some(id)) = (currency, order.id.as_deref().and_then(path_id)) else {
        return Ok(None);
    };
    let facts = refunds(whole, currency)?;
    let said = Inbound::Said {
        order: id.to_owned(),
        facts: facts.clone(),
    };
    Ok((!facts.is_empty()).then_some(said))
}
