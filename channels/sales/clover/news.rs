//! What Clover states of an order after it was placed: units whose money went back, and the money. Pure.

use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;

use super::map::{self, Types, time};
use super::wire::{self, each};
use crate::port::Inbound;
use crate::sales::taken::{NotTaken, parse, taken, unreadable};
use crate::wire::path_id;

/// An order as it is stated. Each unit is a line, so a line whose money went back is not wanted any more; if it
/// has left, that changes nothing.
pub(super) fn stated(body: &[u8], types: &Types) -> Result<Inbound, NotTaken> {
    let whole: wire::Whole = parse(body)?;
    let mut inbound = taken(body, map::order(&whole, types)?)?;
    // Of an order that is over, its end says all.
    if let Inbound::Order(stated) = &mut inbound
        && stated.submission.draft.cancelled_at.is_none()
    {
        let off = each(whole.order.line_items.as_ref()).iter();
        stated.wanted = off
            .filter(|line| is_refunded(line))
            .map(|line| (line.id.clone(), Quantity::ZERO))
            .collect();
    }
    Ok(inbound)
}

pub(super) fn is_refunded(line: &wire::Line) -> bool {
    line.refunded == Some(true)
}

/// Money that went back, with and without a payment that it came from.
pub(super) fn refunds(
    order: &wire::Order,
    currency: Currency,
) -> Result<Vec<ChannelFact>, NotTaken> {
    let all = each(order.refunds.as_ref()).iter();
    let all = all.chain(each(order.credits.as_ref()));
    let made = all.filter(|one| one.voided != Some(true) && one.amount.is_some_and(|sum| sum > 0));
    let facts = made.map(|one| {
        let reference = one.id.as_deref().and_then(path_id);
        let amount = one.amount.and_then(|sum| Money::from_minor(sum, currency));
        Ok(ChannelFact::Refunded {
            reference: reference
                .ok_or_else(|| unreadable("a refund's id"))?
                .to_owned(),
            amount: amount.ok_or_else(|| unreadable("a refund's amount"))?,
            at: one
                .created_time
                .map(|at| time(Some(at), "a refund's time"))
                .transpose()?,
        })
    });
    facts.collect()
}
