//! What the marketplace gave the buyer back. Pure. Each refund is one of a line, with an id of its own; it counts
//! once the buyer has it, and until then it is a wish of somebody's. What it comes to is said as the order's
//! amounts are: with the taxes, or with the taxes beside it.

use orderhub_domain::money::Money;
use orderhub_domain::order::{ChannelFact, Repayment};

use super::amounts::Amounts;
use super::wire;
use crate::sales::taken::{NotTaken, amount_or_zero, unreadable};
use crate::wire::code;

/// What has been given back, each time of it.
pub(super) fn back(order: &wire::Order, amounts: &Amounts) -> Result<Vec<ChannelFact>, NotTaken> {
    let refunds = order.lines.iter().flat_map(|line| &line.refunds).flatten();
    let done = refunds.filter(|refund| refund.state.as_deref() == Some("REFUNDED"));
    let facts = done.map(|refund| {
        let Repayment { reference, amount } = repayment(refund, amounts)?;
        let at = refund.transaction_date.as_ref();
        let at = at.or(refund.created_date.as_ref());
        Ok(ChannelFact::Refunded {
            reference,
            amount,
            at: at.and_then(|at| at.parse().ok()),
        })
    });
    facts.collect()
}

/// A refund by its id, and what it comes to.
pub(super) fn repayment(refund: &wire::Refund, amounts: &Amounts) -> Result<Repayment, NotTaken> {
    let id = refund.id.as_ref().or(refund.new_id.as_ref());
    let reference = id.and_then(|id| code(&id.0));
    Ok(Repayment {
        reference: reference.ok_or_else(|| unreadable("a refund's id"))?,
        amount: worth(refund, amounts)?,
    })
}

/// What a refund comes to.
pub(super) fn worth(refund: &wire::Refund, amounts: &Amounts) -> Result<Money, NotTaken> {
    let currency = amounts.currency;
    let parts = [&refund.amount, &refund.shipping_amount];
    let mut sum = Money::zero(currency);
    for part in parts {
        sum = sum.plus(amount_or_zero(part.as_ref(), currency, "a refund")?);
    }
    for fee in refund.fees.iter().flatten() {
        sum = sum.plus(amount_or_zero(
            fee.amount.as_ref(),
            currency,
            "a refund's fee",
        )?);
    }
    if amounts.included {
        return Ok(sum);
    }
    let taxes = [&refund.taxes, &refund.shipping_taxes];
    for tax in taxes.into_iter().flatten().flatten() {
        sum = sum.plus(amount_or_zero(
            tax.amount.as_ref(),
            currency,
            "a refund's tax",
        )?);
    }
    Ok(sum)
}
