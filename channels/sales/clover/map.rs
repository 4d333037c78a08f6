//! What Clover's order means, as it was looked up. Pure.
//!
//! Decided here: an order counts once it is paid (`paymentState`), for its `state` is a text that the server
//! does not check. What leaves the shop later is told by the order's type, which the merchant makes: the
//! connection says which one is shipped and which one is collected; everything else was handed over at the
//! counter. An order for later whose money went back is cancelled; at the counter that is a return.
//!
//! Clover states prices, discounts and what was paid of tax, but no total of a line: it is computed as
//! docs.clover.com/docs/calculating-order-totals says, rounding half up.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orderhub_domain::canonical::{
    Charge, Discount, DraftLine, DraftTender, FulfilledBy, OrderDraft, Submission, Tax, TaxMode,
    Terms,
};
use orderhub_domain::ids::{LocationCode, Sku};
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;
use rust_decimal::{Decimal, RoundingStrategy};

use super::news;
use super::people::private;
use super::wire::{self, each};
use crate::sales::buyer::clean;
use crate::sales::taken::{
    NotTaken, close_rounding, discount, not_yet, sound, unknown, unreadable,
};
use crate::wire::{code, path_id};

/// Which of the merchant's types of orders leave the shop later.
#[derive(Debug, Clone, Default)]
pub(super) struct Types {
    /// Those of this id are shipped.
    pub(super) shipped: Option<String>,
    /// Those of this id are collected, at this location of the hub.
    pub(super) collected: Option<(String, LocationCode)>,
}

/// How an order's goods reach the buyer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way<'a> {
    /// They were handed over at the counter.
    Counter,
    /// They are sent.
    Shipped,
    /// The buyer comes for them.
    Collected(&'a LocationCode),
}

impl Types {
    /// How an order of this type reaches the buyer.
    pub(super) fn way(&self, id: Option<&String>) -> Way<'_> {
        if id.is_none() {
            return Way::Counter;
        }
        match &self.collected {
            _ if self.shipped.as_ref() == id => Way::Shipped,
            Some((collected, location)) if Some(collected) == id => Way::Collected(location),
            _ => Way::Counter,
        }
    }
}

/// A time in milliseconds.
pub(super) fn time(at: Option<i64>, what: &str) -> Result<Timestamp, NotTaken> {
    let at = at.and_then(|at| Timestamp::from_millisecond(at).ok());
    at.ok_or_else(|| unreadable(what))
}

/// Whether nothing of an order is to be handed over any more.
fn is_over(order: &wire::Order, way: Way<'_>) -> Result<bool, NotTaken> {
    if order.deleted_timestamp.is_some_and(|at| at > 0) {
        return Ok(true);
    }
    match order
        .state
        .as_deref()
        .map(str::to_ascii_lowercase)
        .as_deref()
    {
        None | Some("") => return Err(not_yet("hidden")),
        Some("open" | "locked") => {}
        Some(other) => return Err(unknown(format!("order:state.{}", word(other)))),
    }
    match order.payment_state.as_deref().unwrap_or("OPEN") {
        "OPEN" => Err(not_yet("unpaid")),
        "PARTIALLY_PAID" => Err(not_yet("partly_paid")),
        "PAID" | "PARTIALLY_REFUNDED" => Ok(false),
        "REFUNDED" | "CREDITED" => Ok(way != Way::Counter),
        other => Err(unknown(format!("order:payment_state.{}", word(other)))),
    }
}

fn word(text: &str) -> String {
    code(text).unwrap_or_else(|| "unknown".to_owned())
}

/// An order and what it means if it is known already.
pub(super) fn order(
    whole: &wire::Whole,
    types: &Types,
) -> Result<(Submission, Vec<ChannelFact>), NotTaken> {
    let order = &whole.order;
    let way = types.way(order.order_type.as_ref().and_then(|own| own.id.as_ref()));
    let is_over = is_over(order, way)?;
    let currency = Currency::from_code(&order.currency).ok_or_else(|| unreadable("currency"))?;
    let money = |amount: i64, what: &str| {
        Money::from_minor(amount, currency).ok_or_else(|| unreadable(what))
    };
    let stated_total = money(order.total, "total")?;
    let cancelled_at = if is_over {
        let deleted = order.deleted_timestamp.filter(|at| *at > 0);
        Some(time(deleted.or(order.modified_time), "modifiedTime")?)
    } else {
        None
    };
    let skus = whole.items.iter();
    let skus = skus.filter_map(|item| Some((item.id.as_str(), item.sku.as_ref()?)));
    let skus: BTreeMap<_, _> = skus.collect();
    let by = match way {
        // An amount that was typed in is nothing to pick.
        _ if order.manual_transaction => FulfilledBy::Nobody,
        Way::Counter => FulfilledBy::Channel,
        Way::Shipped | Way::Collected(_) => FulfilledBy::Us,
    };
    let lines = each(order.line_items.as_ref()).iter();
    let lines = lines.map(|item| {
        // Nobody waits for a unit whose money went back, in an order that goes on.
        let is_off = news::is_refunded(item) && by == FulfilledBy::Us && !is_over;
        let by = if is_off { FulfilledBy::Nobody } else { by };
        line(item, by, &skus, currency)
    });
    let lines: Vec<DraftLine> = lines.collect::<Result<_, _>>()?;
    let items = Money::sum(currency, lines.iter().map(|line| line.net(currency)));
    let discounts = taken_off(each(order.discounts.as_ref()), items)?;
    let off = Money::sum(currency, discounts.iter().map(|one| one.amount));
    let paid = each(order.payments.as_ref()).iter();
    let paid: Vec<_> = paid
        .filter(|one| one.result.as_deref().unwrap_or("SUCCESS") == "SUCCESS")
        .collect();
    let tax = paid.iter().try_fold(Money::zero(currency), |sum, one| {
        Ok(sum.plus(money(one.tax_amount.unwrap_or(0), "taxAmount")?))
    })?;
    let fees = fees(order, items.minus(off), tax)?;
    let reference = match &paid[..] {
        [only] => only.id.as_deref().and_then(code),
        _ => None,
    };
    let is_paid = !paid.is_empty() || !is_over;
    let (terms, mut facts) = if is_paid {
        let fact = ChannelFact::Paid {
            reference: reference.clone(),
        };
        (Terms::Prepaid { reference }, vec![fact])
    } else {
        (Terms::Invoice, Vec::new())
    };
    facts.extend(news::refunds(order, currency)?);
    facts.extend(cancelled_at.map(|at| ChannelFact::Cancelled { at }));
    let private = private(whole, way);
    let id = path_id(&order.id).ok_or_else(|| unreadable("id"))?;
    let placed = order.client_created_time.or(order.created_time);
    let mut draft = OrderDraft {
        changed_at: order
            .modified_time
            .map(|at| time(Some(at), "modifiedTime"))
            .transpose()?,
        awaits_release: false,
        point: None,
        external_id: id.to_owned(),
        number: None,
        placed_at: time(placed, "createdTime")?,
        currency,
        tax_mode: if order.is_vat {
            TaxMode::Inclusive
        } else {
            TaxMode::Exclusive
        },
        test: order.test_mode,
        cancelled_at,
        destination: private.ship_to.as_ref().and_then(|to| to.country.clone()),
        pickup_location: match way {
            Way::Collected(location) if !is_over => Some(location.clone()),
            _ => None,
        },
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
    let draft = sound(draft)?;
    Ok((Submission { draft, private }, facts))
}

/// What discounts take off an amount: percentages first, then amounts, which are stated below zero.
fn taken_off(stated: &[wire::Discount], from: Money) -> Result<Vec<Discount>, NotTaken> {
    let mut off = Vec::new();
    for one in stated {
        let share = match (one.percentage, one.amount) {
            (Some(percent), _) if percent != 0 => part(from, Decimal::from(percent)),
            (_, amount) => {
                let amount = Money::from_minor(amount.unwrap_or(0), from.currency());
                amount.ok_or_else(|| unreadable("a discount"))?.negated()
            }
        };
        if share.is_negative() {
            return Err(unreadable("a discount"));
        }
        off.extend(discount(share, None));
    }
    Ok(off)
}

/// So many percent of an amount, rounded half up.
fn part(of: Money, percent: Decimal) -> Money {
    let currency = of.currency();
    let exact = of.amount() * percent / Decimal::ONE_HUNDRED;
    let half_up = RoundingStrategy::MidpointAwayFromZero;
    Money::rounded(
        exact.round_dp_with_strategy(currency.exponent(), half_up),
        currency,
    )
}

fn line(
    item: &wire::Line,
    by: FulfilledBy,
    skus: &BTreeMap<&str, &String>,
    currency: Currency,
) -> Result<DraftLine, NotTaken> {
    let id = path_id(&item.id).ok_or_else(|| unreadable("a line's id"))?;
    // Thousandths of a measure; every other line is one unit.
    let count = match item.unit_qty {
        Some(thousandths) if thousandths > 0 => Decimal::new(thousandths, 3).normalize(),
        _ => Decimal::ONE,
    };
    let quantity = Quantity::new(count).ok_or_else(|| unreadable("a line's unitQty"))?;
    let changed = each(item.modifications.as_ref()).iter();
    let price = changed.fold(item.price, |sum, one| sum.saturating_add(one.amount));
    let price = Money::from_minor(price, currency).ok_or_else(|| unreadable("a line's price"))?;
    let whole = Money::rounded(price.amount() * count, currency);
    let bought = item.item.as_ref().and_then(|item| item.id.as_deref());
    let sku = clean(bought.and_then(|id| skus.get(id).copied())).or_else(|| {
        // Asked for by the id of what was bought, so that it is refused or fixed in the open.
        let asked_for = bought.and_then(path_id).unwrap_or(id).to_owned();
        (by == FulfilledBy::Us).then_some(asked_for)
    });
    Ok(DraftLine {
        customs: None,
        part_of: None,
        external_id: id.to_owned(),
        sku: sku.map(Sku),
        title: clean(item.name.as_ref()).unwrap_or_else(|| "(no title)".to_owned()),
        quantity,
        unit_price: price.amount().normalize(),
        discounts: taken_off(each(item.discounts.as_ref()), whole)?,
        taxes: Vec::new(),
        weight_g: None,
        fulfilled_by: by,
    })
}

/// Service, other charges, and the tax of the whole, which no line states: it is a charge of nothing with that
/// tax on it.
fn fees(order: &wire::Order, items: Money, tax: Money) -> Result<Vec<Charge>, NotTaken> {
    let currency = items.currency();
    let mut fees = Vec::new();
    let mut add = |name: Option<&String>, usual: &str, amount: Money| {
        fees.push(Charge {
            title: clean(name).unwrap_or_else(|| usual.to_owned()),
            amount,
            taxes: Vec::new(),
        });
    };
    if let Some(service) = &order.service_charge {
        let percent = Decimal::new(service.percentage_decimal.unwrap_or(0), 4);
        add(
            service.name.as_ref(),
            "Service charge",
            part(items, percent),
        );
    }
    for one in each(order.additional_charges.as_ref()) {
        let amount = Money::from_minor(one.amount, currency);
        let amount = amount.ok_or_else(|| unreadable("an additional charge"))?;
        add(one.name.as_ref(), "Charge", amount);
    }
    fees.retain(|fee| !fee.amount.is_zero());
    if !tax.is_zero() {
        fees.push(Charge {
            title: "Tax".to_owned(),
            amount: Money::zero(currency),
            taxes: vec![Tax {
                name: "Tax".to_owned(),
                rate: None,
                amount: tax,
                included: order.is_vat,
            }],
        });
    }
    Ok(fees)
}
