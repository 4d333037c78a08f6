//! The lines of an Adobe Commerce order. Pure.
//!
//! Decided here: money stands on the parent, stock on its parts, once each. A configurable product is one
//! line: the parent bears the SKU of what was chosen, and its part says nothing more. A bundle is a kit of its
//! parts. What is taken off is stated with the tax that was in it, which comes off the discount.

use std::collections::BTreeMap;

use orderhub_domain::canonical::{DraftLine, FulfilledBy, KitPart, Tax};
use orderhub_domain::ids::Sku;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::quantity::Quantity;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::wire::Item;
use crate::sales::buyer::clean;
use crate::sales::taken::{
    NotTaken, amount_or_zero as amount, decimal, discount, id_of, unknown, unreadable,
};
use crate::wire::Exact;

/// Decimals of a unit price.
const UNIT_PRICE: u32 = 6;

/// How an order's lines are to be read.
#[derive(Clone, Copy)]
pub(super) struct Reading<'a> {
    pub(super) currency: Currency,
    /// The shop itself has shipped them.
    pub(super) shipped: bool,
    /// Nothing of it is to be shipped.
    pub(super) over: bool,
    pub(super) coupon: Option<&'a String>,
}

/// The parts of lines, by the line's id.
pub(super) fn parts(items: &[Item]) -> BTreeMap<String, Vec<&Item>> {
    let mut parts: BTreeMap<String, Vec<&Item>> = BTreeMap::new();
    for item in items {
        if let Some(parent) = id_of(item.parent_item_id.as_ref()) {
            parts.entry(parent).or_default().push(item);
        }
    }
    parts
}

/// Whether a line's parts are picked one by one.
pub(super) fn is_bundle(item: &Item) -> bool {
    item.product_type.as_deref() == Some("bundle")
}

/// The lines, parts behind the rest.
pub(super) fn lines(items: &[Item], how: Reading<'_>) -> Result<Vec<DraftLine>, NotTaken> {
    let mut parts = parts(items);
    let (mut lines, mut behind) = (Vec::new(), Vec::new());
    let roots = items
        .iter()
        .filter(|item| id_of(item.parent_item_id.as_ref()).is_none());
    for item in roots {
        let id = id_of(item.item_id.as_ref()).ok_or_else(|| unreadable("a line's item_id"))?;
        let of_it = parts.remove(&id).unwrap_or_default();
        let mut line = line(item, &of_it, how)?;
        let number =
            u16::try_from(lines.len() + 1).map_err(|_| unreadable("the number of lines"))?;
        if is_bundle(item) {
            let picked = split(&mut line, number, &of_it, how)?;
            behind.extend(picked);
        }
        lines.push(line);
    }
    if !parts.is_empty() {
        return Err(unknown("order:nested_lines"));
    }
    lines.extend(behind);
    Ok(lines)
}

/// The lines of a bundle's parts: what the bundle itself was to pick, they are.
fn split(
    bundle: &mut DraftLine,
    number: u16,
    parts: &[&Item],
    how: Reading<'_>,
) -> Result<Vec<DraftLine>, NotTaken> {
    let mut picked = Vec::new();
    for part in parts {
        let mut part = line(part, &[], how)?;
        part.unit_price = Decimal::ZERO;
        part.taxes.clear();
        part.discounts.clear();
        let each = part.quantity.value().checked_div(bundle.quantity.value());
        let each = each
            .filter(|each| each.fract().is_zero())
            .and_then(|each| each.to_u32());
        if part.fulfilled_by == FulfilledBy::Us && bundle.fulfilled_by == FulfilledBy::Us {
            let each = each.ok_or_else(|| unreadable("a part's qty_ordered"))?;
            part.part_of = Some(KitPart { line: number, each });
        }
        picked.push(part);
    }
    if picked.iter().any(|part| part.part_of.is_some()) {
        bundle.fulfilled_by = FulfilledBy::Components;
    }
    Ok(picked)
}

/// A stated amount, or what the parts state together where a bundle's price is made of theirs.
fn sum(
    item: &Item,
    parts: &[&Item],
    of: impl Fn(&Item) -> Option<&Exact>,
    currency: Currency,
    what: &str,
) -> Result<Money, NotTaken> {
    let own = amount(of(item), currency, what)?;
    if !own.is_zero() || !is_bundle(item) {
        return Ok(own);
    }
    let mut all = Money::zero(currency);
    for part in parts {
        all = all.plus(amount(of(part), currency, what)?);
    }
    Ok(all)
}

/// Who ships a line. Of one that was shipped or given up in part, the rest is ours.
fn fulfilled_by(item: &Item, ordered: Decimal, how: Reading<'_>) -> FulfilledBy {
    let (shipped, given_up) = (Item::count(item.qty_shipped.as_ref()), item.given_up());
    if item.is_loaded() {
        FulfilledBy::Nobody
    } else if how.shipped || (shipped > Decimal::ZERO && shipped + given_up >= ordered) {
        FulfilledBy::Channel
    } else if !how.over && given_up >= ordered {
        FulfilledBy::Nobody
    } else {
        FulfilledBy::Us
    }
}

fn line(item: &Item, parts: &[&Item], how: Reading<'_>) -> Result<DraftLine, NotTaken> {
    let currency = how.currency;
    let external_id = id_of(item.item_id.as_ref()).ok_or_else(|| unreadable("a line's item_id"))?;
    let ordered = item.qty_ordered.as_ref();
    let ordered = ordered.ok_or_else(|| unreadable("a line's qty_ordered"))?;
    let count = decimal(ordered, "a line's qty_ordered")?;
    let quantity = Quantity::new(count).ok_or_else(|| unreadable("a line's qty_ordered"))?;
    let fulfilled_by = fulfilled_by(item, count, how);
    let total = item.row_total.as_ref();
    let total = total.map_or(Ok(Decimal::ZERO), |text| {
        decimal(text, "a line's row_total")
    })?;
    let share = total.checked_div(count);
    let share = share.ok_or_else(|| unreadable("a line's qty_ordered"))?;
    let stated = item.price.as_ref().and_then(Exact::decimal);
    let stated = stated
        .map(|price| price.round_dp(UNIT_PRICE))
        .filter(|price| {
            let product = price.checked_mul(count);
            let product = product.map(|product| Money::rounded(product, currency));
            product == Some(Money::rounded(total, currency))
        });
    let off = |item: &Item| -> Result<Money, NotTaken> {
        let off = amount(item.discount_amount.as_ref(), currency, "a discount_amount")?;
        let tax = item.discount_tax_compensation_amount.as_ref();
        Ok(off.less(amount(tax, currency, "a discount's tax")?))
    };
    let mut taken_off = off(item)?;
    if taken_off.is_zero() && is_bundle(item) {
        for part in parts {
            taken_off = taken_off.plus(off(part)?);
        }
    }
    let tax = sum(
        item,
        parts,
        |item| item.tax_amount.as_ref(),
        currency,
        "a tax_amount",
    )?;
    let percent = item.tax_percent.as_ref().and_then(Exact::decimal);
    let rate = percent.filter(|percent| !percent.is_zero());
    let taxes = (!tax.is_zero()).then(|| Tax {
        name: "Tax".to_owned(),
        rate: rate.map(|percent| (percent / Decimal::ONE_HUNDRED).normalize()),
        amount: tax,
        included: false,
    });
    let sku = clean(item.sku.as_ref()).or_else(|| {
        // Asked for by the number of what was bought, so that it is refused or fixed in the open.
        let bought = id_of(item.product_id.as_ref());
        let asked_for = bought.unwrap_or_else(|| format!("line-{external_id}"));
        (fulfilled_by == FulfilledBy::Us).then_some(asked_for)
    });
    Ok(DraftLine {
        customs: None,
        part_of: None,
        external_id,
        sku: sku.map(Sku),
        title: clean(item.name.as_ref()).unwrap_or_else(|| "(no title)".to_owned()),
        quantity,
        unit_price: stated.unwrap_or(share.round_dp(UNIT_PRICE)).normalize(),
        discounts: discount(taken_off, how.coupon.cloned()),
        taxes: taxes.into_iter().collect(),
        weight_g: None,
        fulfilled_by,
    })
}
