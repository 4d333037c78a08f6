//! The amounts of a Square order. Pure. A line's price is its total without what was added to it and with what
//! was taken off: `gross_sales_money` contains taxes that are in the price in some countries and not in
//! others (developer.squareup.com/reference/square/objects/OrderLineItem), and is not read.

use orderhub_domain::canonical::{Charge, Discount, Tax, TaxMode};
use orderhub_domain::money::{Currency, Money};
use rust_decimal::Decimal;

use super::wire;
use crate::sales::buyer::clean;
use crate::sales::taken::{NotTaken, discount, unreadable};
use crate::wire::Exact;

/// Decimals of a unit price.
const UNIT_PRICE: u32 = 6;

/// An amount of the order's currency.
pub(super) fn money(
    stated: &wire::Money,
    currency: Currency,
    what: &str,
) -> Result<Money, NotTaken> {
    let same = stated.currency.as_deref().unwrap_or(currency.code()) == currency.code();
    let money = Money::from_minor(stated.amount, currency).filter(|_| same);
    money.ok_or_else(|| unreadable(what))
}

/// An amount that is nothing where it is missing.
pub(super) fn or_zero(
    stated: Option<&wire::Money>,
    currency: Currency,
    what: &str,
) -> Result<Money, NotTaken> {
    stated.map_or(Ok(Money::zero(currency)), |stated| {
        money(stated, currency, what)
    })
}

/// Whether the order's prices contain its taxes: all of them do.
pub(super) fn tax_mode(order: &wire::Order) -> TaxMode {
    let mut taxes = order.taxes.iter();
    if !order.taxes.is_empty() && taxes.all(is_included) {
        TaxMode::Inclusive
    } else {
        TaxMode::Exclusive
    }
}

fn is_included(tax: &wire::OrderTax) -> bool {
    tax.form.as_deref() == Some("INCLUSIVE")
}

/// What a line costs.
pub(super) struct Price {
    /// Of one unit.
    pub(super) unit: Decimal,
    /// What is taken off all of them.
    pub(super) discounts: Vec<Discount>,
    /// What they bear.
    pub(super) taxes: Vec<Tax>,
}

/// What a line of so many units costs.
pub(super) fn price(
    line: &wire::Line,
    order: &wire::Order,
    units: Decimal,
    currency: Currency,
) -> Result<Price, NotTaken> {
    let total = money(&line.total_money, currency, "a line's total_money")?;
    let off = line.total_discount_money.as_ref();
    let off = or_zero(off, currency, "a line's total_discount_money")?;
    if off.is_negative() {
        return Err(unreadable("a line's total_discount_money"));
    }
    let charged = line.total_service_charge_money.as_ref();
    let charged = or_zero(charged, currency, "a line's total_service_charge_money")?;
    let taxes = taxes(line, order, currency)?;
    let on_top = taxes.iter().filter(|tax| !tax.included);
    let on_top = Money::sum(currency, on_top.map(|tax| tax.amount));
    let before = total.plus(off).minus(on_top).minus(charged);
    let unit = before.amount().checked_div(units);
    let unit = unit.ok_or_else(|| unreadable("a line's quantity"))?;
    Ok(Price {
        unit: unit.round_dp(UNIT_PRICE).normalize(),
        discounts: discount(off, None),
        taxes,
    })
}

/// A line's taxes: one by one, else as the one sum that it states, which then comes on top.
fn taxes(line: &wire::Line, order: &wire::Order, currency: Currency) -> Result<Vec<Tax>, NotTaken> {
    let mut taxes = Vec::new();
    for share in &line.applied_taxes {
        let amount = or_zero(share.applied_money.as_ref(), currency, "a tax")?;
        let of = order
            .taxes
            .iter()
            .find(|tax| tax.uid.is_some() && tax.uid == share.tax_uid);
        if !amount.is_zero() {
            taxes.push(tax(of, amount));
        }
    }
    let sum = or_zero(line.total_tax_money.as_ref(), currency, "total_tax_money")?;
    if taxes.is_empty() && !sum.is_zero() {
        let only = order.taxes.first().filter(|_| order.taxes.len() == 1);
        taxes.push(tax(only, sum));
    }
    Ok(taxes)
}

fn tax(of: Option<&wire::OrderTax>, amount: Money) -> Tax {
    let percent = of.and_then(|tax| tax.percentage.as_ref()?.decimal());
    Tax {
        name: clean(of.and_then(|tax| tax.name.as_ref())).unwrap_or_else(|| "Tax".to_owned()),
        rate: percent.map(|percent| (percent / Decimal::ONE_HUNDRED).normalize()),
        amount,
        included: of.is_some_and(is_included),
    }
}

/// What is charged beside the lines: service, the tip, and what cash was rounded up by; and what it was
/// rounded down by.
pub(super) fn charges(
    order: &wire::Order,
    currency: Currency,
) -> Result<(Vec<Charge>, Vec<Discount>), NotTaken> {
    let mut fees = Vec::new();
    for charge in &order.service_charges {
        let whole = or_zero(charge.total_money.as_ref(), currency, "a service charge")?;
        let bare = charge.applied_money.as_ref();
        let bare = bare.map(|bare| money(bare, currency, "a service charge"));
        let bare = bare.transpose()?.unwrap_or(whole);
        let tax = charge.total_tax_money.as_ref();
        let amount = or_zero(tax, currency, "a service charge's tax")?;
        let title = clean(charge.name.as_ref()).unwrap_or_else(|| "Service charge".to_owned());
        let mut fee = plain(&title, bare);
        // One that is in the charge leaves its total what it is without.
        let included = whole == bare;
        let name = "Tax".to_owned();
        fee.taxes.extend((!amount.is_zero()).then_some(Tax {
            name,
            rate: None,
            amount,
            included,
        }));
        fees.push(fee);
    }
    let tip = order.total_tip_money.as_ref();
    fees.push(plain("Tip", or_zero(tip, currency, "total_tip_money")?));
    let rounded = order.rounding_adjustment.as_ref();
    let rounded = rounded.and_then(|by| by.amount_money.as_ref());
    let rounded = or_zero(rounded, currency, "rounding_adjustment")?;
    let mut discounts = Vec::new();
    if rounded.is_negative() {
        discounts = discount(rounded.negated(), None);
    } else {
        fees.push(plain("Rounding", rounded));
    }
    fees.retain(|fee| !fee.amount.is_zero());
    Ok((fees, discounts))
}

fn plain(title: &str, amount: Money) -> Charge {
    Charge {
        title: title.to_owned(),
        amount,
        taxes: Vec::new(),
    }
}

/// A number of units; `None` for what is no number.
pub(super) fn count(text: &Exact) -> Option<Decimal> {
    text.decimal().filter(|units| !units.is_sign_negative())
}
