//! What BigCommerce says of an order after it was placed: given back, taken out. Pure.
//!
//! The quantities of lines stay as they were when units of them are refunded; a refund's items name these,
//! not whether they had been sent. The store's shipments say that: what was refunded of a line beyond the
//! units that had left before was not sent. What leaves after a refund changes nothing about it, so
//! our own shipments never look like a change.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orderhub_domain::money::Currency;
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;
use rust_decimal::Decimal;

use super::map::time;
use super::wire::{Refund, RefundPayment, Whole};
use crate::sales::taken::{NotTaken, amount, decimal, id_of, unreadable};

/// When a refund was made.
fn made_at(refund: &Refund) -> Option<Timestamp> {
    refund.created.as_deref()?.parse().ok()
}

/// Money that the store gave back: each payment of a refund that was not declined.
pub(super) fn given_back(
    refunds: &[Refund],
    currency: Currency,
) -> Result<Vec<ChannelFact>, NotTaken> {
    let mut facts = Vec::new();
    for refund in refunds {
        let moved = refund.payments.iter();
        for payment in moved.filter(|payment| payment.is_declined != Some(true)) {
            let reference = reference(refund, payment);
            facts.push(ChannelFact::Refunded {
                reference: reference.ok_or_else(|| unreadable("a refund's id"))?,
                amount: amount(&payment.amount, currency, "a refund's amount")?,
                at: made_at(refund),
            });
        }
    }
    Ok(facts)
}

/// The name of a movement of money: the refund's number and its payment's.
pub(super) fn reference(refund: &Refund, payment: &RefundPayment) -> Option<String> {
    let refund = id_of(Some(&refund.id))?;
    let payment = id_of(payment.id.as_ref())?;
    Some(format!("{refund}-{payment}"))
}

/// Units of lines that are still wanted or were sent, where others were refunded before that.
pub(super) fn wanted(whole: &Whole) -> Result<BTreeMap<String, Quantity>, NotTaken> {
    let mut wanted = BTreeMap::new();
    for item in &whole.products {
        let gone = unsent(whole, &item.id.0)?;
        if gone > Decimal::ZERO {
            let ordered = decimal(&item.quantity, "a line's quantity")?;
            let left = Quantity::new((ordered - gone).max(Decimal::ZERO));
            let left = left.ok_or_else(|| unreadable("a line's quantity"))?;
            wanted.insert(item.id.0.clone(), left);
        }
    }
    Ok(wanted)
}

/// Units of a line that were refunded before they were sent. In doubt a unit counts as sent.
fn unsent(whole: &Whole, line: &str) -> Result<Decimal, NotTaken> {
    let mut refunds: Vec<_> = whole.refunds.iter().collect();
    let when = |refund: &Refund| made_at(refund).unwrap_or(Timestamp::MAX);
    refunds.sort_by_key(|refund| when(refund));
    let (mut unsent, mut sent_back) = (Decimal::ZERO, Decimal::ZERO);
    for refund in refunds {
        let mut units = Decimal::ZERO;
        for item in &refund.items {
            let of_line = item.item_type.as_deref() == Some("PRODUCT")
                && item.item_id.as_ref().is_some_and(|id| id.0 == line);
            if let Some(quantity) = item.quantity.as_ref().filter(|_| of_line) {
                units += decimal(quantity, "a refund's quantity")?;
            }
        }
        let left = shipped_by(whole, line, when(refund))? - sent_back;
        let of_sent = units.min(left.max(Decimal::ZERO));
        sent_back += of_sent;
        unsent += units - of_sent;
    }
    Ok(unsent)
}

/// Units of a line that had left by then.
fn shipped_by(whole: &Whole, line: &str, at: Timestamp) -> Result<Decimal, NotTaken> {
    let mut sum = Decimal::ZERO;
    for shipment in &whole.shipments {
        let left = time(shipment.date_created.as_ref(), "a shipment's date_created");
        if left.is_ok_and(|left| left > at) {
            continue;
        }
        for item in shipment
            .items
            .iter()
            .filter(|item| item.order_product_id.0 == line)
        {
            sum += decimal(&item.quantity, "a shipment's quantity")?;
        }
    }
    Ok(sum)
}
