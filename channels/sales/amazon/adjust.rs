//! What the buyer gets back of each item of an order. Pure.
//!
//! The amount that the hub has worked out is shared over its units by what they cost, and never is an item's share more
//! than what the item cost. Discounts count as taken off the price. A tax is stated by itself where it comes on top of
//! the prices, and where they contain it, it is part of the principal, as the channel wants it.

use orderhub_domain::money::{Currency, Money, spread};
use rust_decimal::Decimal;

use super::documents::Adjusted;
use super::money::stated;
use super::wire::{Breakdown, Item, Order};
use crate::sales::{PartNotice, by_line};

/// Why nothing can be given back of what the channel states.
const UNREAD: &str = "amounts_cannot_be_read";

/// What an item cost.
struct Worth {
    /// Without what is taxed on top.
    net: Money,
    /// On top of that.
    tax: Money,
}

impl Worth {
    fn all(&self) -> Money {
        self.net.plus(self.tax)
    }
}

/// What the buyer gets of each item. What cannot be given is the error.
pub(super) fn items<'a>(
    order: &'a Order,
    notice: &PartNotice,
) -> Result<Vec<Adjusted<'a>>, &'static str> {
    let currency = notice.amount.currency();
    let on_top = taxes_on_top(order, currency)?;
    let mut of = Vec::new();
    for (id, units) in by_line(&notice.lines) {
        let item = order.items.iter().find(|item| item.id == id);
        let item = item.ok_or("line_not_found")?;
        let units = Decimal::from(units);
        let ordered = item.quantity_ordered.decimal().unwrap_or_default();
        if ordered < units || units.is_zero() {
            return Err("line_has_fewer_units");
        }
        let worth = worth(item, currency, on_top)?;
        let weight = worth.all().amount() * units / ordered;
        of.push((item, worth, weight));
    }
    let weights: Vec<Decimal> = of.iter().map(|(.., weight)| *weight).collect();
    let shares = spread(notice.amount, &weights);
    let mut adjusted = Vec::new();
    for ((item, worth, _), share) in of.iter().zip(shares) {
        if share.is_zero() {
            continue;
        }
        if share > worth.all() {
            return Err("line_has_less_left");
        }
        let parts = spread(share, &[worth.net.amount(), worth.tax.amount()]);
        let &[principal, tax] = &parts[..] else {
            return Err(UNREAD);
        };
        adjusted.push(Adjusted {
            item: &item.id,
            principal,
            tax,
        });
    }
    if adjusted.is_empty() {
        return Err("no_units_are_named");
    }
    Ok(adjusted)
}

/// Whether taxes come on top of the prices: so they do unless only without them the parts come to the stated total.
fn taxes_on_top(order: &Order, currency: Currency) -> Result<bool, &'static str> {
    let proceeds = order.proceeds.as_ref().ok_or(UNREAD)?;
    let total = proceeds.grand_total.as_ref().ok_or(UNREAD)?;
    if total.currency_code.as_deref() != Some(currency.code()) {
        return Err("other_currency");
    }
    let total = stated(total, currency, "grandTotal").map_err(|_| UNREAD)?;
    let tips = proceeds.breakdowns.iter();
    let tips = tips.filter(|part| part.form == "DELIVERY_TIP");
    let (mut without, mut taxes) = (Money::zero(currency), Money::zero(currency));
    for part in order.items.iter().flat_map(parts).chain(tips) {
        let sum = stated(&part.subtotal, currency, "a part").map_err(|_| UNREAD)?;
        match part.form.as_str() {
            "TAX" => taxes = taxes.plus(sum),
            "DISCOUNT" => without = without.minus(sum.max(sum.negated())),
            _ => without = without.plus(sum),
        }
    }
    if without.plus(taxes) == total {
        Ok(true)
    } else if without == total {
        Ok(false)
    } else {
        Err("amounts_do_not_add_up")
    }
}

fn parts(item: &Item) -> &[Breakdown] {
    let proceeds = item.proceeds.as_ref();
    proceeds.map_or(&[], |of| of.breakdowns.as_slice())
}

fn worth(item: &Item, currency: Currency, on_top: bool) -> Result<Worth, &'static str> {
    let (mut price, mut off, mut tax) = (None, Money::zero(currency), Money::zero(currency));
    for part in parts(item) {
        let sum = stated(&part.subtotal, currency, "a part").map_err(|_| UNREAD)?;
        match part.form.as_str() {
            "ITEM" => price = Some(price.unwrap_or(Money::zero(currency)).plus(sum)),
            "DISCOUNT" => off = off.plus(sum.max(sum.negated())),
            "TAX" if on_top => tax = tax.plus(sum),
            _ => {}
        }
    }
    Ok(Worth {
        net: price.ok_or(UNREAD)?.less(off),
        tax,
    })
}
