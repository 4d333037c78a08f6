//! The lines and amounts of a Shopware order. Pure.
//!
//! Decided here: `taxStatus` says whether prices contain the taxes. A line below zero is a discount of the
//! order. A line with parts has their price in its own, so the parts have none: money stands on the
//! parent, stock on the parts, once each. Numbers are read by their digits, and noise of the shop's floats
//! beyond six decimals is rounded away.

use std::collections::BTreeMap;

use orderhub_domain::canonical::{
    Charge, Discount, DraftLine, FulfilledBy, KitPart, OrderDraft, Tax, TaxMode,
};
use orderhub_domain::ids::Sku;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::quantity::Quantity;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::wire;
use crate::sales::buyer::clean;
use crate::sales::taken::{NotTaken, amount_or_zero, decimal, discount, unknown, unreadable};
use crate::wire::{Exact, path_id};

/// Decimals of a unit price.
const UNIT_PRICE: u32 = 6;

/// By how much a total can be rounded: half of the largest interval that the shop offers, which is 1.00.
const MOST_ROUNDED: Decimal = Decimal::from_parts(5, 0, 0, false, 1);

/// How an order's lines are to be read.
#[derive(Clone, Copy)]
pub(super) struct Reading {
    pub(super) currency: Currency,
    pub(super) mode: TaxMode,
    /// The shop itself has shipped them.
    pub(super) shipped: bool,
}

impl Reading {
    fn taxes(self, price: Option<&wire::Price>) -> Result<Vec<Tax>, NotTaken> {
        let stated = price.and_then(|price| price.calculated_taxes.as_deref());
        let mut taxes = Vec::new();
        for tax in stated.unwrap_or_default() {
            let amount = amount_or_zero(tax.tax.as_ref(), self.currency, "a tax")?;
            if amount.is_zero() {
                continue;
            }
            let percent = tax.tax_rate.as_ref().and_then(Exact::decimal);
            taxes.push(Tax {
                name: "Tax".to_owned(),
                rate: percent.map(|percent| (percent / Decimal::ONE_HUNDRED).normalize()),
                amount,
                included: self.mode == TaxMode::Inclusive,
            });
        }
        Ok(taxes)
    }

    /// What something below zero takes off, its taxes with it where they come on top.
    fn off(self, amount: Money, taxes: &[Tax], code: Option<String>) -> Vec<Discount> {
        let on_top = match self.mode {
            TaxMode::Inclusive => Money::zero(self.currency),
            TaxMode::Exclusive => Money::sum(self.currency, taxes.iter().map(|tax| tax.amount)),
        };
        discount(amount.plus(on_top).negated(), code)
    }
}

/// The lines, parts behind the rest, and what is taken off the whole.
pub(super) fn lines(
    items: &[wire::Line],
    how: Reading,
) -> Result<(Vec<DraftLine>, Vec<Discount>), NotTaken> {
    let mut parts: BTreeMap<&str, Vec<&wire::Line>> = BTreeMap::new();
    for item in items {
        if let Some(parent) = item.parent_id.as_deref() {
            parts.entry(parent).or_default().push(item);
        }
    }
    let (mut lines, mut behind, mut discounts) = (Vec::new(), Vec::new(), Vec::new());
    for item in items.iter().filter(|item| item.parent_id.is_none()) {
        let total = decimal_of(item.total_price.as_ref(), "a line's totalPrice")?;
        let taxes = how.taxes(item.price.as_ref())?;
        let takes_off = matches!(
            item.form.as_deref(),
            Some("promotion" | "credit" | "discount")
        );
        if total < Decimal::ZERO || (takes_off && total.is_zero()) {
            let off = Money::rounded(total, how.currency);
            let payload = item.payload.as_ref();
            let code = clean(payload.and_then(|payload| payload.code.as_ref()));
            discounts.extend(how.off(off, &taxes, code));
            continue;
        }
        let mut line = line(item, total, taxes, how)?;
        let of_it = item.id.as_deref().and_then(|id| parts.remove(id));
        let number =
            u16::try_from(lines.len() + 1).map_err(|_| unreadable("the number of lines"))?;
        behind.extend(split(&mut line, number, &of_it.unwrap_or_default(), how)?);
        lines.push(line);
    }
    if !parts.is_empty() {
        // Parts of parts, or of a line that is not there: what is to be picked would be a guess.
        return Err(unknown("order:nested_lines"));
    }
    lines.extend(behind);
    Ok((lines, discounts))
}

/// The lines of a line's parts. What the line itself was to pick, they are.
fn split(
    line: &mut DraftLine,
    number: u16,
    parts: &[&wire::Line],
    how: Reading,
) -> Result<Vec<DraftLine>, NotTaken> {
    let mut picked = Vec::new();
    for part in parts {
        let mut part = self::line(part, Decimal::ZERO, Vec::new(), how)?;
        part.unit_price = Decimal::ZERO;
        if part.sku.is_none() {
            part.fulfilled_by = FulfilledBy::Nobody;
        }
        picked.push(part);
    }
    if line.fulfilled_by == FulfilledBy::Channel || picked.iter().all(|part| part.sku.is_none()) {
        return Ok(picked);
    }
    let each = |part: &DraftLine| -> Option<u32> {
        let each = part.quantity.value().checked_div(line.quantity.value())?;
        each.fract().is_zero().then(|| each.to_u32())?
    };
    let ours = |part: &&mut DraftLine| part.fulfilled_by == FulfilledBy::Us;
    let whole = picked
        .iter()
        .filter(|part| part.fulfilled_by == FulfilledBy::Us);
    let each: Option<Vec<u32>> = whole.map(each).collect();
    if let Some(each) = each.filter(|each| !each.is_empty()) {
        for (part, each) in picked.iter_mut().filter(ours).zip(each) {
            part.part_of = Some(KitPart { line: number, each });
        }
        line.fulfilled_by = FulfilledBy::Components;
    } else {
        line.fulfilled_by = FulfilledBy::Nobody;
    }
    Ok(picked)
}

fn decimal_of(text: Option<&Exact>, what: &str) -> Result<Decimal, NotTaken> {
    decimal(text.ok_or_else(|| unreadable(what))?, what)
}

/// Whether a line is a thing that somebody has to send.
fn is_sent(item: &wire::Line) -> bool {
    let states = item.states.as_deref().unwrap_or_default();
    let has = |state: &str| states.iter().any(|one| one == state);
    let form = item
        .payload
        .as_ref()
        .and_then(|it| it.product_type.as_deref());
    let loaded = (has("is-download") && !has("is-physical")) || form == Some("digital");
    item.good != Some(false) && !loaded
}

fn line(
    item: &wire::Line,
    total: Decimal,
    taxes: Vec<Tax>,
    how: Reading,
) -> Result<DraftLine, NotTaken> {
    let id = item.id.as_deref().and_then(path_id);
    let external_id = id.ok_or_else(|| unreadable("a line's id"))?.to_owned();
    let count = decimal_of(item.quantity.as_ref(), "a line's quantity")?;
    let quantity = Quantity::new(count).ok_or_else(|| unreadable("a line's quantity"))?;
    let share = total.checked_div(count);
    let share = share.ok_or_else(|| unreadable("a line's quantity"))?;
    let stated = item.unit_price.as_ref().and_then(Exact::decimal);
    let stated = stated
        .map(|price| price.round_dp(UNIT_PRICE))
        .filter(|price| {
            let product = price.checked_mul(count);
            let product = product.map(|product| Money::rounded(product, how.currency));
            product == Some(Money::rounded(total, how.currency))
        });
    let fulfilled_by = if !is_sent(item) {
        FulfilledBy::Nobody
    } else if how.shipped {
        FulfilledBy::Channel
    } else {
        FulfilledBy::Us
    };
    let payload = item.payload.as_ref();
    let number = clean(payload.and_then(|payload| payload.product_number.as_ref()));
    let is_part = item.parent_id.is_some();
    let sku = number.or_else(|| {
        // Asked for by the id of what was bought, so that it is refused or fixed in the open. A part
        // without a number is an option of its line.
        let asked_for = clean(item.product_id.as_ref());
        let asked_for = asked_for.unwrap_or_else(|| format!("line-{external_id}"));
        (fulfilled_by == FulfilledBy::Us && !is_part).then_some(asked_for)
    });
    Ok(DraftLine {
        customs: None,
        part_of: None,
        external_id,
        sku: sku.map(Sku),
        title: clean(item.label.as_ref()).unwrap_or_else(|| "(no title)".to_owned()),
        quantity,
        unit_price: stated.unwrap_or(share.round_dp(UNIT_PRICE)).normalize(),
        discounts: Vec::new(),
        taxes,
        weight_g: None,
        fulfilled_by,
    })
}

/// Shipping, as one sum over all deliveries, and what the shop rounded the total by.
pub(super) fn add_charges(
    order: &wire::Order,
    how: Reading,
    title: Option<String>,
    draft: &mut OrderDraft,
) -> Result<(), NotTaken> {
    let costs = order.shipping_costs.as_ref();
    let stated = costs.and_then(|costs| costs.total_price.as_ref());
    let amount = amount_or_zero(stated, how.currency, "shippingCosts")?;
    let taxes = how.taxes(costs)?;
    if amount.is_negative() {
        draft.discounts.extend(how.off(amount, &taxes, None));
    } else if !amount.is_zero() {
        draft.shipping.push(Charge {
            title: title.unwrap_or_else(|| "Shipping".to_owned()),
            amount,
            taxes,
        });
    }
    // Some currencies are rounded to what there are coins of.
    let raw = order
        .price
        .as_ref()
        .and_then(|price| price.raw_total.as_ref());
    let Some(raw) = raw.filter(|raw| !raw.0.trim().is_empty()) else {
        return Ok(());
    };
    let raw = Money::rounded(decimal(raw, "rawTotal")?, how.currency);
    let by = draft.stated_total.minus(raw);
    if by.amount().abs() > MOST_ROUNDED {
        return Ok(());
    }
    if by.is_positive() {
        draft.fees.push(Charge {
            title: "Rounding".to_owned(),
            amount: by,
            taxes: Vec::new(),
        });
    } else {
        draft.discounts.extend(discount(by.negated(), None));
    }
    Ok(())
}
