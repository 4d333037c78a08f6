//! What Amazon states of an order's money. Pure.
//!
//! Every line's share comes in parts (`ITEM`, `SHIPPING`, `GIFT_WRAP`, `COD_FEE`, `OTHER`, `TAX`,
//! `DISCOUNT`); `ITEM` is for the whole line. The vendor does not say whether the parts contain the taxes, nor
//! with which sign it states discounts: so taxes count as contained when only that makes the parts come to
//! the stated total, and a discount takes off whatever its sign is. A total that is met neither way stays as
//! it is and is seen.

use orderhub_domain::canonical::{Charge, Discount, Tax};
use orderhub_domain::money::{Currency, Money};
use rust_decimal::Decimal;

use super::wire::{Amount, Breakdown, Item};
use crate::sales::taken::{NotTaken, amount, decimal, discount, taxes, unreadable};
use crate::wire::code;

/// What a line brings, beside its own price and taxes.
#[derive(Debug, Default)]
pub(super) struct Beside {
    pub(super) shipping: Vec<Charge>,
    pub(super) fees: Vec<Charge>,
    pub(super) discounts: Vec<Discount>,
}

/// A line's own money.
#[derive(Debug)]
pub(super) struct Share {
    /// Of one unit.
    pub(super) unit_price: Decimal,
    pub(super) discounts: Vec<Discount>,
    pub(super) taxes: Vec<Tax>,
}

/// An amount in the order's currency. One in another is not the order's.
pub(super) fn stated(money: &Amount, currency: Currency, what: &str) -> Result<Money, NotTaken> {
    if let Some(code) = money.currency_code.as_deref()
        && code != currency.code()
    {
        return Err(unreadable(&format!("the currency of {what}")));
    }
    amount(&money.amount, currency, what)
}

/// A line's share of so many units. `free` lines may come without a price.
pub(super) fn share(
    item: &Item,
    units: Decimal,
    currency: Currency,
    free: bool,
    beside: &mut Beside,
) -> Result<Share, NotTaken> {
    let parts = item.proceeds.as_ref().map(|of| of.breakdowns.as_slice());
    let (mut price, mut off, mut tax) = (None, Money::zero(currency), Money::zero(currency));
    for part in parts.unwrap_or_default() {
        let sum = stated(&part.subtotal, currency, "a line's proceeds")?;
        match part.form.as_str() {
            "ITEM" => price = Some(price.unwrap_or(Money::zero(currency)).plus(sum)),
            "DISCOUNT" => off = off.plus(sum.max(sum.negated())),
            "TAX" => tax = tax.plus(sum),
            _ => beside.add(part, sum),
        }
    }
    let unit = item.product.price.as_ref();
    let unit = unit.and_then(|price| price.unit_price.as_ref());
    let unit_price = match (price, unit) {
        (Some(sum), _) => sum
            .amount()
            .checked_div(units)
            .ok_or_else(|| unreadable("a line's quantity"))?,
        (None, Some(unit)) => decimal(&unit.amount, "a line's unitPrice")?,
        (None, None) if free => Decimal::ZERO,
        (None, None) => return Err(unreadable("a line's proceeds")),
    };
    let unit_price = unit_price.round_dp(6).normalize();
    let gross = Money::rounded(unit_price * units, currency);
    // What is taken off beyond the price is taken off the shipping, or a fee.
    let own = off.min(gross);
    beside.discounts.extend(discount(off.minus(own), None));
    Ok(Share {
        unit_price,
        discounts: discount(own, None),
        taxes: taxes(tax),
    })
}

impl Beside {
    /// Notes a charge. One below zero takes off.
    pub(super) fn add(&mut self, part: &Breakdown, sum: Money) {
        if sum.is_negative() {
            self.discounts.extend(discount(sum.negated(), None));
            return;
        }
        if sum.is_zero() {
            return;
        }
        let (list, title) = match part.form.as_str() {
            "SHIPPING" => (&mut self.shipping, "Shipping".to_owned()),
            "GIFT_WRAP" => (&mut self.fees, "Gift wrapping".to_owned()),
            "COD_FEE" => (&mut self.fees, "Cash on delivery".to_owned()),
            "DELIVERY_TIP" => (&mut self.fees, "Delivery tip".to_owned()),
            other => (
                &mut self.fees,
                code(other).unwrap_or_else(|| "Other".to_owned()),
            ),
        };
        match list.iter_mut().find(|charge| charge.title == title) {
            Some(charge) => charge.amount = charge.amount.plus(sum),
            None => list.push(Charge {
                title,
                amount: sum,
                taxes: Vec::new(),
            }),
        }
    }
}
