//! What a sale means, as it was looked up. Pure.
//!
//! Decided here: parked sales, laybys and services are no orders yet; what was handed over at the counter is the
//! channel's, also when it is paid on account. Lines are stated without their taxes, which come on top. A
//! discount on the whole sale is a line of the retailer's own discount product. A sale with returned lines is kept
//! as unknown; what a return says is in `returns`.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use orderhub_domain::canonical::{
    Charge, Discount, DraftLine, DraftTender, FulfilledBy, OrderDraft, Submission, Tax, TaxMode,
    Terms,
};
use orderhub_domain::ids::{LocationCode, Sku};
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;
use rust_decimal::Decimal;

use super::later::{self, State, Way};
use super::people::private;
use super::wire;
use crate::sales::buyer::clean;
use crate::sales::taken::{
    NotTaken, amount_or_zero as amount, close_rounding, decimal, discount, not_yet, sound, unknown,
    unreadable,
};
use crate::wire::{Exact, code, path_id};

/// Where a connection's sales are made and collected.
pub(super) struct Place {
    /// The outlet; sales of others are not ours.
    pub(super) outlet: String,
    /// The hub's location where buyers collect.
    pub(super) pickup: Option<LocationCode>,
}

/// A time in UTC, with or without saying so.
pub(super) fn time(text: Option<&String>, what: &str) -> Result<Timestamp, NotTaken> {
    let text = text.ok_or_else(|| unreadable(what))?;
    if let Ok(at) = text.parse() {
        return Ok(at);
    }
    let at: DateTime = text.parse().map_err(|_| unreadable(what))?;
    let at = at.to_zoned(TimeZone::UTC).map_err(|_| unreadable(what))?;
    Ok(at.timestamp())
}

pub(super) fn is_return(of: Option<&wire::Return>) -> bool {
    of.is_some_and(|of| of.is_return == Some(true))
}

/// Sales of other outlets are not ours.
pub(super) fn is_here(sale: &wire::Sale, place: &Place) -> Result<(), NotTaken> {
    let from = sale.source.as_ref();
    let outlet = from.and_then(|from| from.outlet_id.as_ref());
    if outlet.is_some_and(|outlet| *outlet != place.outlet) {
        return Err(unknown("sale:another_outlet"));
    }
    Ok(())
}

pub(super) fn currency(whole: &wire::Whole) -> Result<Currency, NotTaken> {
    let currency = whole.retailer.currency.as_ref();
    let currency = currency.and_then(|own| Currency::from_code(own.code.as_deref()?));
    currency.ok_or_else(|| unreadable("the retailer's currency"))
}

/// When the store wrote it last.
fn changed_at(sale: &wire::Sale) -> Result<Option<Timestamp>, NotTaken> {
    let stated = sale.updated_at.as_ref();
    stated
        .map(|text| time(Some(text), "updated_at"))
        .transpose()
}

/// A sale and what it means if it is known already.
pub(super) fn sale(
    whole: &wire::Whole,
    place: &Place,
) -> Result<(Submission, Vec<ChannelFact>), NotTaken> {
    let sale = &whole.sale;
    is_here(sale, place)?;
    let state = later::state(sale)?;
    let returned = sale.line_items.iter().map(|line| line.returned.as_ref());
    if returned.chain([sale.returned.as_ref()]).any(is_return) {
        return Err(unknown("sale:return"));
    }
    let currency = currency(whole)?;
    let stated_total = total(&sale.totals, currency)?;
    let open = if state.is_over {
        None
    } else {
        later::only(whole)?
    };
    let pickup_location = match state.way {
        Way::Pickup if !state.is_over => match &place.pickup {
            Some(location) => Some(location.clone()),
            None => return Err(unknown("sale:pickup_without_location")),
        },
        _ => None,
    };
    let cancelled_at = if state.is_over {
        let ended = sale.deleted_at.as_ref().or(sale.updated_at.as_ref());
        Some(time(ended, "updated_at")?)
    } else {
        None
    };
    let (lines, mut discounts) = lines(whole, state.way, currency)?;
    let (fees, off) = charges(sale, currency)?;
    discounts.extend(off);
    let terms = terms(sale, stated_total, state)?;
    let mut facts = Vec::new();
    if let Terms::Prepaid { reference } = &terms {
        let reference = reference.clone();
        facts.push(ChannelFact::Paid { reference });
    }
    facts.extend(cancelled_at.map(|at| ChannelFact::Cancelled { at }));
    let private = private(whole, open, state.way);
    let id = path_id(&sale.id).ok_or_else(|| unreadable("id"))?;
    let number = clean(sale.receipt_number.as_ref().map(|number| &number.0));
    let placed = sale.date.as_ref().or(sale.created_at.as_ref());
    let mut draft = OrderDraft {
        changed_at: changed_at(sale)?,
        awaits_release: false,
        point: None,
        external_id: id.to_owned(),
        number: number.map(|number| format!("#{number}")),
        placed_at: time(placed, "date")?,
        currency,
        tax_mode: TaxMode::Exclusive,
        test: false,
        cancelled_at,
        destination: private.ship_to.as_ref().and_then(|to| to.country.clone()),
        pickup_location,
        lines,
        shipping: Vec::new(),
        fees,
        discounts,
        tenders: vec![DraftTender {
            amount: stated_total,
            terms,
        }],
        stated_total,
    };
    close_rounding(&mut draft);
    Ok((
        Submission {
            draft: sound(draft)?,
            private,
        },
        facts,
    ))
}

fn total(totals: &wire::Totals, currency: Currency) -> Result<Money, NotTaken> {
    let stated = match (&totals.price_incl_tax, &totals.price, &totals.tax) {
        (Some(whole), ..) => decimal(whole, "totals.price_incl_tax")?,
        (None, Some(bare), Some(tax)) => {
            decimal(bare, "totals.price")? + decimal(tax, "totals.tax")?
        }
        _ => return Err(unreadable("totals")),
    };
    Ok(Money::rounded(stated, currency))
}

/// How it is paid: what was paid in, and what may be paid later.
fn terms(sale: &wire::Sale, total: Money, state: State) -> Result<Terms, NotTaken> {
    let payments = sale.payments.as_deref().unwrap_or_default().iter();
    let payments: Vec<_> = payments
        .filter(|one| one.deleted_at.as_ref().is_none_or(String::is_empty))
        .collect();
    let mut paid = Decimal::ZERO;
    for payment in &payments {
        paid += decimal(&payment.amount, "a payment's amount")?;
    }
    let reference = match &payments[..] {
        [only] => only.id.as_deref().and_then(code),
        _ => None,
    };
    let paid = Money::rounded(paid, total.currency());
    if state.is_closed || (!payments.is_empty() && !paid.minus(total).is_negative()) {
        return Ok(Terms::Prepaid { reference });
    }
    // Nothing is collected for a sale that arrives voided.
    if state.on_account || state.is_over {
        return Ok(Terms::Invoice);
    }
    Err(not_yet("unpaid"))
}

/// The lines, and what the retailer's discount product takes off the whole.
fn lines(
    whole: &wire::Whole,
    way: Way,
    currency: Currency,
) -> Result<(Vec<DraftLine>, Vec<Discount>), NotTaken> {
    let products = whole.products.iter();
    let products: BTreeMap<_, _> = products.map(|one| (one.id.as_str(), one)).collect();
    let discount_product = whole.retailer.discount_product_id.as_ref();
    let (mut lines, mut discounts) = (Vec::new(), Vec::new());
    for item in &whole.sale.line_items {
        let product = item
            .product
            .as_ref()
            .and_then(|product| product.id.as_ref());
        if product.is_some() && product == discount_product {
            let bare = decimal(&item.pricing.total, "a discount's total")?;
            let tax = amount(tax_of(item), currency, "a discount's tax")?;
            let off = Money::rounded(bare, currency).plus(tax).negated();
            discounts.extend(discount(off, None));
            continue;
        }
        if decimal(&item.quantity, "a line's quantity")?.is_sign_negative() {
            return Err(unknown("sale:return"));
        }
        let product = product.and_then(|id| products.get(id.as_str()).copied());
        lines.push(line(item, product, whole, way, currency)?);
    }
    Ok((lines, discounts))
}

fn tax_of(item: &wire::Line) -> Option<&Exact> {
    item.tax.as_ref().and_then(|tax| tax.total.as_ref())
}

fn on_top(amount: Money) -> Vec<Tax> {
    let tax = Tax {
        name: "Tax".to_owned(),
        rate: None,
        amount,
        included: false,
    };
    Some(tax)
        .filter(|_| !amount.is_zero())
        .into_iter()
        .collect()
}

fn line(
    item: &wire::Line,
    product: Option<&wire::Product>,
    whole: &wire::Whole,
    way: Way,
    currency: Currency,
) -> Result<DraftLine, NotTaken> {
    let external_id = path_id(&item.id).ok_or_else(|| unreadable("a line's id"))?;
    let count = decimal(&item.quantity, "a line's quantity")?;
    let quantity = Quantity::new(count).ok_or_else(|| unreadable("a line's quantity"))?;
    let is_counted = product.and_then(|product| product.has_inventory) != Some(false);
    let is_card = clean(item.gift_card_number.as_ref()).is_some();
    let fulfilled_by = match later::by(item, whole, way)? {
        FulfilledBy::Us if is_card || !is_counted => FulfilledBy::Nobody,
        by => by,
    };
    let total = decimal(&item.pricing.total, "a line's total")?;
    let off = item.pricing.discount_total.as_ref();
    let off = off.map(|off| decimal(off, "a line's discount_total"));
    // A price that somebody raised is a discount below zero: the line costs what it costs.
    let off = off.transpose()?.unwrap_or_default().max(Decimal::ZERO);
    let unit_price = (total + off)
        .checked_div(count)
        .ok_or_else(|| unreadable("a line's quantity"))?;
    let bought = item
        .product
        .as_ref()
        .and_then(|product| product.id.as_deref());
    let sku = clean(product.and_then(|product| product.sku.as_ref())).or_else(|| {
        // Asked for by the id of what was bought, so that it is refused or fixed in the open.
        let asked_for = bought.and_then(path_id).unwrap_or(external_id).to_owned();
        (fulfilled_by == FulfilledBy::Us).then_some(asked_for)
    });
    let title = product.and_then(|product| {
        let variant = clean(product.variant_name.as_ref());
        variant.or_else(|| clean(product.name.as_ref()))
    });
    let before = Money::rounded(total + off, currency);
    Ok(DraftLine {
        customs: None,
        part_of: None,
        external_id: external_id.to_owned(),
        sku: sku.map(Sku),
        title: title.unwrap_or_else(|| "(no title)".to_owned()),
        quantity,
        unit_price: unit_price.round_dp(6).normalize(),
        discounts: discount(before.less(Money::rounded(total, currency)), None),
        taxes: on_top(amount(tax_of(item), currency, "a line's tax")?),
        weight_g: None,
        fulfilled_by,
    })
}

/// What is charged beside the lines, and what is taken off there.
fn charges(
    sale: &wire::Sale,
    currency: Currency,
) -> Result<(Vec<Charge>, Vec<Discount>), NotTaken> {
    let (mut fees, mut discounts) = (Vec::new(), Vec::new());
    let mut add = |name: Option<&String>, usual: &str, bare: Money, tax: Money| {
        if bare.is_negative() {
            discounts.extend(discount(bare.plus(tax).negated(), None));
        } else if !bare.is_zero() {
            fees.push(Charge {
                title: clean(name).unwrap_or_else(|| usual.to_owned()),
                amount: bare,
                taxes: on_top(tax),
            });
        }
    };
    for one in sale.ecom_custom_charges.as_deref().unwrap_or_default() {
        let bare = amount(one.total.as_ref(), currency, "a charge")?;
        let tax = amount(one.total_tax.as_ref(), currency, "a charge's tax")?;
        add(one.name.as_ref(), "Charge", bare, tax);
    }
    for one in sale.adjustments.as_deref().unwrap_or_default() {
        let bare = amount(one.total.as_ref(), currency, "an adjustment")?;
        let mut tax = Money::zero(currency);
        for part in one.tax_components.as_deref().unwrap_or_default() {
            let part = part.total_tax.as_ref();
            tax = tax.plus(amount(part, currency, "an adjustment's tax")?);
        }
        add(one.name.as_ref(), "Adjustment", bare, tax);
    }
    Ok((fees, discounts))
}
