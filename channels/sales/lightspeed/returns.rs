//! Returns: sales of their own, which name the sale that they take things back of. Pure.
//!
//! Decided here: what a finished return paid out is money that went back for that sale, one movement for each
//! payment below zero. One that names no sale, or paid nothing, is kept as unknown.

use orderhub_domain::order::ChannelFact;

use super::map::{self, Place, time};
use super::{later, wire};
use crate::port::Inbound;
use crate::sales::taken::{NotTaken, amount_or_zero as amount, parse, taken, unreadable};
use crate::wire::path_id;

/// A sale as it is stated: an order, or what one of another sale gave back.
pub(super) fn stated(body: &[u8], place: &Place) -> Result<Inbound, NotTaken> {
    let whole: wire::Whole = parse(body)?;
    match returned(&whole, place)? {
        Some(said) => Ok(said),
        None => taken(body, map::sale(&whole, place)?),
    }
}

/// What a finished return paid out for the sale that it is of: each payment below zero.
fn returned(whole: &wire::Whole, place: &Place) -> Result<Option<Inbound>, NotTaken> {
    let sale = &whole.sale;
    let of = sale
        .returned
        .as_ref()
        .filter(|of| map::is_return(Some(*of)));
    let Some(of) = of.and_then(|of| path_id(of.original_sale_id.as_deref()?)) else {
        return Ok(None);
    };
    map::is_here(sale, place)?;
    let state = later::state(sale)?;
    if state.is_over || !state.is_closed {
        return Ok(None);
    }
    let currency = map::currency(whole)?;
    let mut facts = Vec::new();
    for payment in sale.payments.as_deref().unwrap_or_default() {
        let paid = amount(Some(&payment.amount), currency, "a payment's amount")?;
        if payment.deleted_at.is_some() || !paid.is_negative() {
            continue;
        }
        let reference = payment.id.as_deref().and_then(path_id);
        let at = payment.date.as_ref().or(sale.date.as_ref());
        facts.push(ChannelFact::Refunded {
            reference: reference
                .ok_or_else(|| unreadable("a payment's id"))?
                .to_owned(),
            amount: paid.negated(),
            at: at
                .map(|at| time(Some(at), "a payment's date"))
                .transpose()?,
        });
    }
    let said = Inbound::Said {
        order: of.to_owned(),
        facts: facts.clone(),
    };
    Ok((!facts.is_empty()).then_some(said))
}
