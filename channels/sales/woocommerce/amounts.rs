//! The amounts of a WooCommerce order. Pure. The shop states lines, shipping and fees without their
//! taxes, whether or not its prices contain them (`prices_include_tax` is about what the buyer was
//! shown), so every tax comes on top. It rounds each of these by itself, some shops only the sum.

use orderhub_domain::canonical::{Charge, Discount, Tax};
use orderhub_domain::money::{Currency, Money};
use rust_decimal::Decimal;

use super::text::name;
use super::wire;
use crate::sales::taken::{NotTaken, amount, decimal, discount, optional, unreadable};
use crate::wire::Exact;

/// Decimals of a unit price.
const UNIT_PRICE: u32 = 6;

/// The order's taxes, by the id of their rate.
pub(super) struct Rates<'a> {
    lines: &'a [wire::TaxLine],
    currency: Currency,
}

impl<'a> Rates<'a> {
    /// Those of an order.
    pub(super) fn of(order: &'a wire::Order, currency: Currency) -> Self {
        Self {
            lines: order.tax_lines.as_deref().unwrap_or_default(),
            currency,
        }
    }

    /// The order's currency.
    pub(super) const fn currency(&self) -> Currency {
        self.currency
    }

    /// What a line or a charge bears: share by share, else as the one sum that it states.
    pub(super) fn taxes(
        &self,
        shares: Option<&[wire::TaxShare]>,
        sum: Option<&Exact>,
    ) -> Result<Vec<Tax>, NotTaken> {
        let mut taxes = Vec::new();
        for share in shares.unwrap_or_default() {
            let stated = optional(share.total.as_ref(), self.currency, "a tax")?;
            let Some(amount) = stated.filter(|amount| !amount.is_zero()) else {
                continue;
            };
            let line = self.lines.iter().find(|line| {
                let (of, wanted) = (line.rate_id.as_ref(), share.id.as_ref());
                of.is_some() && of == wanted
            });
            taxes.push(tax(line, amount));
        }
        let stated = optional(sum, self.currency, "a tax")?;
        if taxes.is_empty() {
            let stated = stated.filter(|sum| !sum.is_zero());
            taxes.extend(stated.map(|sum| tax(None, sum)));
        }
        Ok(taxes)
    }
}

fn tax(line: Option<&wire::TaxLine>, amount: Money) -> Tax {
    let percent = line
        .and_then(|line| line.rate_percent.as_ref())
        .and_then(Exact::decimal);
    Tax {
        name: name(line.and_then(|line| line.label.as_ref())).unwrap_or_else(|| "Tax".to_owned()),
        rate: percent.map(|percent| (percent / Decimal::ONE_HUNDRED).normalize()),
        amount,
        included: false,
    }
}

/// A line's unit price and what is taken off all its units.
pub(super) fn price(
    item: &wire::Line,
    quantity: Decimal,
    currency: Currency,
) -> Result<(Decimal, Money), NotTaken> {
    let paid = decimal(&item.total, "a line's total")?;
    let stated = item.subtotal.as_ref().filter(|text| !text.0.is_empty());
    let before = stated.map(|text| decimal(text, "a line's subtotal"));
    let before = before.transpose()?.unwrap_or(paid);
    unit_and_off(before, paid, quantity, currency).ok_or_else(|| unreadable("a line's quantity"))
}

/// The unit price of a line and what is taken off all its units, from what it would cost and what it does;
/// `None` when there are no units.
pub(crate) fn unit_and_off(
    before: Decimal,
    paid: Decimal,
    quantity: Decimal,
    currency: Currency,
) -> Option<(Decimal, Money)> {
    // Somebody in the shop may have put a line's total above what it was before.
    let before = before.max(paid);
    let unit = before.checked_div(quantity)?;
    let off = Money::rounded(before, currency).less(Money::rounded(paid, currency));
    Some((unit.round_dp(UNIT_PRICE).normalize(), off))
}

/// Shipping charges or fees. One below zero is a discount of the order, its taxes with it: that is how
/// shops take something off the whole.
pub(super) fn charges(
    lines: Option<&[wire::ChargeLine]>,
    usual: &str,
    rates: &Rates<'_>,
) -> Result<(Vec<Charge>, Vec<Discount>), NotTaken> {
    let (mut charges, mut discounts) = (Vec::new(), Vec::new());
    for line in lines.unwrap_or_default() {
        let amount = amount(&line.total, rates.currency, "a charge")?;
        let taxes = rates.taxes(line.taxes.as_deref(), line.total_tax.as_ref())?;
        if amount.is_negative() {
            let of_taxes = Money::sum(rates.currency, taxes.iter().map(|tax| tax.amount));
            discounts.extend(discount(amount.plus(of_taxes).negated(), None));
            continue;
        }
        let title = name(line.method_title.as_ref()).or_else(|| name(line.name.as_ref()));
        charges.push(Charge {
            title: title.unwrap_or_else(|| usual.to_owned()),
            amount,
            taxes,
        });
    }
    Ok((charges, discounts))
}
