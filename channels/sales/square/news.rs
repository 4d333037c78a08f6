//! What Square states of an order after it was placed: parts that were cancelled, and money that went back. Pure.

use orderhub_domain::money::Currency;
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;

use super::later::{Fate, Later, word};
use super::map::{self, Place, time};
use super::{amounts, wire};
use crate::port::Inbound;
use crate::sales::taken::{NotTaken, parse, taken, unknown, unreadable};
use crate::wire::path_id;

/// An order as it is stated. Of what was cancelled there, nothing is wanted any more.
pub(super) fn stated(body: &[u8], place: &Place) -> Result<Inbound, NotTaken> {
    let whole: wire::Whole = parse(body)?;
    let mut inbound = taken(body, map::order(&whole, place)?)?;
    // Of an order that is over, its end says all.
    if let Inbound::Order(stated) = &mut inbound
        && stated.submission.draft.cancelled_at.is_none()
    {
        let later = Later::of(&whole.order)?;
        let lines = whole.order.line_items.iter();
        let dropped = lines.filter(|line| later.fate(line) == Ok(Fate::Dropped));
        stated.wanted = dropped
            .map(|line| (line.uid.clone(), Quantity::ZERO))
            .collect();
    }
    Ok(inbound)
}

/// What a refund says of the order whose payment it gives back. What is still under way, or came to nothing,
/// is kept.
pub(super) fn refund(body: &[u8], place: &Place) -> Result<Inbound, NotTaken> {
    let wire::GivenBack { refund, order_id } = parse(body)?;
    let elsewhere = |location: &String| *location != place.location;
    if refund.location_id.as_ref().is_some_and(elsewhere) {
        return Err(unknown("another_location:refund"));
    }
    let status = refund.status.as_deref().unwrap_or("PENDING");
    if status != "COMPLETED" {
        return Err(unknown(format!("refund.{}", word(status))));
    }
    let Some(order) = order_id.as_deref().and_then(path_id) else {
        return Err(unknown("refund:no_order"));
    };
    let currency = refund.amount_money.currency.as_deref();
    let currency = currency.and_then(Currency::from_code);
    let currency = currency.ok_or_else(|| unreadable("amount_money"))?;
    let reference = path_id(&refund.id).ok_or_else(|| unreadable("a refund's id"))?;
    Ok(Inbound::Said {
        order: order.to_owned(),
        facts: vec![ChannelFact::Refunded {
            reference: reference.to_owned(),
            amount: amounts::money(&refund.amount_money, currency, "amount_money")?,
            at: Some(time(refund.updated_at.as_ref(), "updated_at")?),
        }],
    })
}
