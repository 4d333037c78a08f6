//! What eBay states of an order's money. Pure.
//!
//! The vendor documents that the taxes which eBay collects and remits are in the total, and its own sample
//! shows a total without them: so taxes count when they are just what the total is above its other parts.
//! Amounts are those in the order's own currency, never what they were converted from.

use orderhub_domain::canonical::{Charge, Discount, OrderDraft, Tax};
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::{ChannelFact, Repayment};

use super::wire;
use crate::sales::taken::{NotTaken, amount, discount, unreadable};
use crate::sales::told::opaque_id;

/// An amount in the order's currency. One in another is not the order's.
pub(super) fn stated(
    money: &wire::Amount,
    currency: Currency,
    what: &str,
) -> Result<Money, NotTaken> {
    if let Some(code) = money.currency.as_deref()
        && code != currency.code()
    {
        return Err(unreadable(&format!("the currency of {what}")));
    }
    amount(&money.value, currency, what)
}

/// The same; nothing where it is not stated.
pub(super) fn or_zero(
    money: Option<&wire::Amount>,
    currency: Currency,
    what: &str,
) -> Result<Money, NotTaken> {
    let read = money
        .map(|money| stated(money, currency, what))
        .transpose()?;
    Ok(read.unwrap_or(Money::zero(currency)))
}

/// Shipping, fees and discounts, as the order sums them up.
pub(super) fn add_charges(pricing: &wire::Pricing, draft: &mut OrderDraft) -> Result<(), NotTaken> {
    let currency = draft.currency;
    let read = |money: &Option<wire::Amount>, what| or_zero(money.as_ref(), currency, what);
    let charge = |title: &str, sum: Money| {
        sum.is_positive().then(|| Charge {
            title: title.to_owned(),
            amount: sum,
            taxes: Vec::new(),
        })
    };
    // Documented as below zero; either sign takes off.
    let taken_off = |sum: Money| -> Vec<Discount> { discount(sum.max(sum.negated()), None) };
    let shipping = read(&pricing.delivery_cost, "deliveryCost")?;
    draft.shipping.extend(charge("Shipping", shipping));
    let fee = read(&pricing.fee, "fee")?;
    draft.fees.extend(charge("Fee", fee));
    let adjustment = read(&pricing.adjustment, "adjustment")?;
    draft.fees.extend(charge("Adjustment", adjustment));
    if adjustment.is_negative() {
        draft.discounts.extend(taken_off(adjustment));
    }
    for (off, what) in [
        (&pricing.price_discount, "priceDiscount"),
        (&pricing.delivery_discount, "deliveryDiscount"),
    ] {
        draft.discounts.extend(taken_off(read(off, what)?));
    }
    Ok(())
}

/// The taxes that the total contains beside its other parts: those of the lines, or else the order's sum of
/// the seller's own. What is met by neither stays open and is seen.
pub(super) fn add_taxes(
    order: &wire::Order,
    tax: Money,
    draft: &mut OrderDraft,
) -> Result<(), NotTaken> {
    let currency = draft.currency;
    let above = draft.stated_total.minus(draft.totals().grand);
    if !above.is_positive() {
        return Ok(());
    }
    let of_line = |line: &wire::Line| -> Result<Money, NotTaken> {
        let amounts = line.taxes.iter();
        let amounts: Result<Vec<_>, _> = amounts
            .map(|tax| or_zero(tax.amount.as_ref(), currency, "a line's tax"))
            .collect();
        Ok(Money::sum(currency, amounts?))
    };
    let of_lines: Result<Vec<Money>, NotTaken> = order.lines.iter().map(of_line).collect();
    let mut shares = of_lines?;
    if Money::sum(currency, shares.iter().copied()) != above {
        // Which lines bear the order's sum is not said.
        shares = Some(tax).filter(|tax| *tax == above).into_iter().collect();
    }
    for (line, amount) in draft.lines.iter_mut().zip(shares) {
        if !amount.is_zero() {
            line.taxes.push(Tax {
                name: "Tax".to_owned(),
                rate: None,
                amount,
                included: false,
            });
        }
    }
    Ok(())
}

/// What eBay has given back of an order: each refund that the buyer has, under its id.
pub(super) fn given(order: &wire::Order, currency: Currency) -> Result<Vec<ChannelFact>, NotTaken> {
    let refunds = order.payment_summary.iter().flat_map(|of| &of.refunds);
    let done = refunds.filter(|refund| refund.status.as_deref() == Some("REFUNDED"));
    let facts = done.map(|refund| {
        let Repayment { reference, amount } = repayment(refund, currency)?;
        Ok(ChannelFact::Refunded {
            reference,
            amount,
            at: refund.date.as_deref().and_then(|at| at.parse().ok()),
        })
    });
    facts.collect()
}

/// A refund by its id, and what it comes to.
pub(super) fn repayment(refund: &wire::Refund, currency: Currency) -> Result<Repayment, NotTaken> {
    let id = refund.id.as_ref().and_then(|id| opaque_id(&id.0));
    Ok(Repayment {
        reference: id.ok_or_else(|| unreadable("a refund's refundId"))?,
        amount: or_zero(refund.amount.as_ref(), currency, "a refund")?,
    })
}
