//! What WooCommerce says of an order after it was placed: given back, taken out, deleted. Pure.
//!
//! The quantities of an order's lines stay as they were when units of them are refunded; a refund's own
//! lines name these. Whether they had been sent the shop does not know: it completes orders as a whole.
//! What was refunded before that counts as not sent, unless the refund is our own and says otherwise.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orderhub_domain::money::Currency;
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;
use rust_decimal::Decimal;
use serde_json::Value;

use super::map::time;
use super::wire;
use crate::port::Inbound;
use crate::sales::PartOf;
use crate::sales::taken::{NotTaken, amount, decimal, digits, id_of, unreadable};

/// The name of a refund's line for the line that it is about.
const REFUNDED_LINE: &str = "_refunded_item_id";

/// What our refunds say of their units, before the name of the notice.
pub(super) const fn word(of: PartOf) -> &'static str {
    match of {
        PartOf::Unsent => "Not sent",
        PartOf::Returned => "Returned",
        PartOf::Claimed => "Not received",
    }
}

/// Money that the shop gave back, by its own numbers for it.
pub(super) fn given_back(
    order: &wire::Order,
    currency: Currency,
) -> Result<Vec<ChannelFact>, NotTaken> {
    let mut facts = Vec::new();
    for refund in order.refunds.iter().flatten() {
        let total = amount(&refund.total, currency, "a refund's total")?;
        let amount = total.max(total.negated());
        if amount.is_positive() {
            let reference = id_of(Some(&refund.id)).ok_or_else(|| unreadable("a refund's id"))?;
            facts.push(ChannelFact::Refunded {
                reference,
                amount,
                at: None,
            });
        }
    }
    Ok(facts)
}

/// An order that was deleted in the shop, or put into its bin.
pub(super) fn deleted(order: &wire::Deleted, at: Timestamp) -> Result<Inbound, NotTaken> {
    Ok(Inbound::Said {
        order: id_of(Some(&order.id)).ok_or_else(|| unreadable("id"))?,
        facts: vec![ChannelFact::Cancelled { at }],
    })
}

/// Units of lines that are still wanted or were sent, where others were refunded before that.
pub(super) fn wanted(whole: &wire::Whole) -> Result<BTreeMap<String, Quantity>, NotTaken> {
    let completed = time(
        whole.order.date_completed_gmt.as_ref(),
        "date_completed_gmt",
    )?;
    let gone = unsent(&whole.refunds, completed)?;
    let mut wanted = BTreeMap::new();
    for line in &whole.order.line_items {
        let Some(gone) = gone.get(&line.id.0) else {
            continue;
        };
        let ordered = decimal(&line.quantity, "a line's quantity")?;
        let left = Quantity::new((ordered - gone).max(Decimal::ZERO));
        let left = left.ok_or_else(|| unreadable("a line's quantity"))?;
        wanted.insert(line.id.0.clone(), left);
    }
    Ok(wanted)
}

/// Units by line that were refunded before they were sent.
pub(super) fn unsent(
    refunds: &[wire::Refund],
    completed: Option<Timestamp>,
) -> Result<BTreeMap<String, Decimal>, NotTaken> {
    let had_been_sent = |refund: &&wire::Refund| {
        let reason = refund.reason.as_deref().unwrap_or_default();
        let sent = [PartOf::Returned, PartOf::Claimed].map(word);
        let mut sent = sent.into_iter();
        sent.any(|word| {
            reason
                .strip_prefix(word)
                .is_some_and(|rest| rest.starts_with(" ("))
        })
    };
    let mut gone = BTreeMap::new();
    for refund in refunds.iter().filter(|refund| !had_been_sent(refund)) {
        let at = time(refund.date_created_gmt.as_ref(), "date_created_gmt")?;
        if completed.is_some_and(|completed| at.is_none_or(|at| at > completed)) {
            continue;
        }
        add_units(refund, &mut gone)?;
    }
    Ok(gone)
}

/// Adds the units of a refund to those of their lines.
pub(super) fn add_units(
    refund: &wire::Refund,
    to: &mut BTreeMap<String, Decimal>,
) -> Result<(), NotTaken> {
    for part in refund.line_items.iter().flatten() {
        let units = decimal(&part.quantity, "a refund's quantity")?.abs();
        if let Some(line) = line_of(part).filter(|_| !units.is_zero()) {
            *to.entry(line).or_default() += units;
        }
    }
    Ok(())
}

fn line_of(part: &wire::RefundLine) -> Option<String> {
    let mut meta = part.meta_data.iter().flatten();
    let named = meta.find(|meta| meta.key.as_deref() == Some(REFUNDED_LINE))?;
    match named.value.as_ref()? {
        Value::String(text) => digits(text),
        Value::Number(number) => digits(&number.to_string()),
        _ => None,
    }
}
