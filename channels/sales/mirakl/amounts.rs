//! The amounts of a Mirakl order. Pure. Lines state their price, their shipping and their fees; whether the
//! taxes are in them says the order (`order_tax_mode`), and the order's total is without them where they are.

use orderhub_domain::canonical::{Charge, FulfilledBy, Tax};
use orderhub_domain::money::{Currency, Money};
use rust_decimal::Decimal;

use super::wire;
use crate::sales::buyer::clean;
use crate::sales::taken::{NotTaken, amount, amount_or_zero, decimal, unreadable};
use crate::wire::Exact;

/// Decimals of a unit price.
const UNIT_PRICE: u32 = 6;

/// A line that is a part of the order, and who ships it.
pub(super) struct Kept<'a> {
    pub(super) line: &'a wire::Line,
    pub(super) fulfilled_by: FulfilledBy,
    /// Its money went back before it left.
    pub(super) given_back: bool,
}

/// Whether the amounts contain the taxes. Without any it does not matter.
fn included(order: &wire::Order) -> Result<bool, NotTaken> {
    let nothing = |tax: &wire::Tax| {
        let amount = tax.amount.as_ref().and_then(Exact::decimal);
        amount.is_some_and(|amount| amount.is_zero())
    };
    let taxed = |line: &wire::Line| {
        let lists = [&line.taxes, &line.shipping_taxes].into_iter().flatten();
        !lists.flatten().all(nothing)
    };
    match order.tax_mode.as_deref() {
        Some("TAX_INCLUDED") => Ok(true),
        Some("TAX_EXCLUDED") => Ok(false),
        None if !order.lines.iter().any(taxed) => Ok(false),
        _ => Err(unreadable("order_tax_mode")),
    }
}

fn price(line: &wire::Line) -> Result<&Exact, NotTaken> {
    line.price
        .as_ref()
        .ok_or_else(|| unreadable("a line's price"))
}

/// How an order's amounts are read.
pub(super) struct Amounts {
    pub(super) currency: Currency,
    /// They contain the taxes.
    pub(super) included: bool,
}

impl Amounts {
    /// Those of an order.
    pub(super) fn of(order: &wire::Order, currency: Currency) -> Result<Self, NotTaken> {
        let included = included(order)?;
        Ok(Self { currency, included })
    }

    /// What the buyer paid: the order's own total and, where it is without them, the taxes. A total that
    /// still has the lines in it that are gone is taken without these, one without what was given back with it.
    pub(super) fn total(&self, order: &wire::Order, kept: &[Kept<'_>]) -> Result<Money, NotTaken> {
        let currency = self.currency;
        let stated = amount(&order.total_price, currency, "total_price")?;
        if stated.is_negative() {
            return Err(unreadable("total_price"));
        }
        let all = order.lines.iter().map(|line| self.whole(line));
        let all = Money::sum(currency, all.collect::<Result<Vec<_>, _>>()?);
        let paid = kept.iter().map(|kept| self.whole(kept.line));
        let paid = Money::sum(currency, paid.collect::<Result<Vec<_>, _>>()?);
        let left = kept.iter().filter(|kept| !kept.given_back);
        let left = left.map(|kept| self.whole(kept.line));
        let left = Money::sum(currency, left.collect::<Result<Vec<_>, _>>()?);
        let known = stated == all || stated == left;
        let stated = if known { paid } else { stated };
        if self.included {
            return Ok(stated);
        }
        let mut taxes = Vec::new();
        for Kept { line, .. } in kept {
            taxes.extend(self.taxes(line.taxes.as_deref())?);
            taxes.extend(self.taxes(line.shipping_taxes.as_deref())?);
        }
        let taxes = Money::sum(currency, taxes.iter().map(|tax| tax.amount));
        Ok(stated.plus(taxes))
    }

    /// A line's price with its shipping and fees.
    fn whole(&self, line: &wire::Line) -> Result<Money, NotTaken> {
        let price = amount(price(line)?, self.currency, "a line's price")?;
        let shipping = self.shipping(line)?;
        let fees = self.fees(line)?;
        let fees = Money::sum(self.currency, fees.iter().map(|fee| fee.amount));
        Ok(price.plus(shipping).plus(fees))
    }

    fn shipping(&self, line: &wire::Line) -> Result<Money, NotTaken> {
        let stated = line.shipping_price.as_ref();
        amount_or_zero(stated, self.currency, "a line's shipping_price")
    }

    fn fees(&self, line: &wire::Line) -> Result<Vec<Charge>, NotTaken> {
        let mut fees = Vec::new();
        for fee in line.fees.as_deref().unwrap_or_default() {
            let amount = amount_or_zero(fee.amount.as_ref(), self.currency, "a fee")?;
            if !amount.is_zero() {
                fees.push(Charge {
                    title: clean(fee.code.as_ref()).unwrap_or_else(|| "Fee".to_owned()),
                    amount,
                    taxes: Vec::new(),
                });
            }
        }
        Ok(fees)
    }

    /// Taxes that are any.
    pub(super) fn taxes(&self, taxes: Option<&[wire::Tax]>) -> Result<Vec<Tax>, NotTaken> {
        let mut read = Vec::new();
        for tax in taxes.unwrap_or_default() {
            let amount = amount_or_zero(tax.amount.as_ref(), self.currency, "a tax")?;
            if !amount.is_zero() {
                read.push(Tax {
                    name: clean(tax.code.as_ref()).unwrap_or_else(|| "Tax".to_owned()),
                    // The vendor does not say what the unit of its `rate` is.
                    rate: None,
                    amount,
                    included: self.included,
                });
            }
        }
        Ok(read)
    }

    /// Shipping, as one charge for the order, and the lines' fees.
    pub(super) fn charges(
        &self,
        order: &wire::Order,
        kept: &[Kept<'_>],
    ) -> Result<(Vec<Charge>, Vec<Charge>), NotTaken> {
        let mut shipping = Charge {
            title: clean(order.shipping_type_label.as_ref())
                .unwrap_or_else(|| "Shipping".to_owned()),
            amount: Money::zero(self.currency),
            taxes: Vec::new(),
        };
        let mut fees = Vec::new();
        for Kept { line, .. } in kept {
            shipping.amount = shipping.amount.plus(self.shipping(line)?);
            let taxes = self.taxes(line.shipping_taxes.as_deref())?;
            shipping.taxes.extend(taxes);
            fees.extend(self.fees(line)?);
        }
        let nothing = shipping.amount.is_zero() && shipping.taxes.is_empty();
        let shipping = (!nothing).then_some(shipping).into_iter().collect();
        Ok((shipping, fees))
    }

    /// A line's unit price and what is taken off all its units.
    pub(super) fn price(
        &self,
        line: &wire::Line,
        count: Decimal,
    ) -> Result<(Decimal, Money), NotTaken> {
        let price = decimal(price(line)?, "a line's price")?;
        let unit = price
            .checked_div(count)
            .ok_or_else(|| unreadable("a line's quantity"))?;
        // What promotions took off stands between the offer's price and the line's.
        let offered = line.price_unit.as_ref();
        let offered = offered.map(|text| decimal(text, "a line's price_unit"));
        let unit = offered.transpose()?.unwrap_or(unit).max(unit);
        let unit_price = unit.round_dp(UNIT_PRICE).normalize();
        let before = Money::rounded(unit_price * count, self.currency);
        Ok((
            unit_price,
            before.less(Money::rounded(price, self.currency)),
        ))
    }
}
