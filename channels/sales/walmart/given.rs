//! What Walmart gave the buyer back. Pure. It stands with each line, as charges below zero with their taxes; none
//! has an id, so each is called after its line and its place, which later ones come behind.

use orderhub_domain::money::Currency;
use orderhub_domain::order::{ChannelFact, Repayment};

use super::{amounts, wire};
use crate::sales::taken::{NotTaken, unreadable};
use crate::wire::code;

/// What was given back of a line, and the comment on it.
pub(super) struct Given {
    pub(super) comment: Option<String>,
    pub(super) made: Repayment,
}

/// What has been given back of an order.
pub(super) fn back(order: &wire::Order, currency: Currency) -> Result<Vec<ChannelFact>, NotTaken> {
    let mut facts = Vec::new();
    for line in &order.lines.all {
        let given = of(line, currency)?.into_iter();
        facts.extend(given.map(|given| ChannelFact::Refunded {
            reference: given.made.reference,
            amount: given.made.amount,
            at: None,
        }));
    }
    Ok(facts)
}

/// What has been given back of a line, each time of it.
pub(super) fn of(line: &wire::Line, currency: Currency) -> Result<Vec<Given>, NotTaken> {
    let number = code(&line.number.0).ok_or_else(|| unreadable("a line's number"))?;
    let refunds = line
        .refunds()
        .ok_or_else(|| unreadable("a line's refund"))?;
    let mut given = Vec::new();
    for refund in &refunds {
        for charge in refund.charges() {
            let amount = amounts::read(&charge.amount, currency, "a refund's charge")?;
            let taxes = amounts::taxes(charge, currency)?;
            let amount = taxes.iter().fold(amount, |sum, tax| sum.plus(tax.amount));
            given.push(Given {
                comment: refund.refund_comments.clone(),
                made: Repayment {
                    reference: format!("{number}-{}", given.len() + 1),
                    amount: amount.max(amount.negated()),
                },
            });
        }
    }
    Ok(given)
}
