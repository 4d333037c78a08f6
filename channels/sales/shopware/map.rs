//! What Shopware's order means, as it was looked up. Pure.
//!
//! Decided here: the order's own state says whether it is over, its delivery's whether it was shipped, its
//! newest transaction's whether it is paid: three machines that move apart. A delivery that was shipped
//! in part by somebody else than the hub is kept as unknown, for the shop does not say which part.

use jiff::Timestamp;
use orderhub_domain::canonical::{
    Address, Customer, DraftTender, OrderDraft, PrivateDetails, Submission, TaxMode,
};
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;

use super::amounts::{self, Reading};
use super::{marks, news, terms, wire};
use crate::sales::buyer::{Postal, clean, full_name};
use crate::sales::taken::{NotTaken, close_rounding, decimal, sound, unknown, unreadable};
use crate::wire::{Exact, code, path_id};

/// What the states say together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// To be shipped, all of it or the rest.
    Open,
    /// The shop has shipped it.
    Shipped,
    /// Nothing of it is to be shipped.
    Over,
}

/// The delivery that goods leave with: the oldest that is no discount on shipping.
pub(super) fn main_delivery(deliveries: &[wire::Delivery]) -> Option<&wire::Delivery> {
    let costs = |one: &wire::Delivery| {
        let costs = one.shipping_costs.as_ref()?.total_price.as_ref();
        costs.and_then(Exact::decimal)
    };
    let real = |one: &&wire::Delivery| !costs(one).is_some_and(|costs| costs.is_sign_negative());
    let oldest = |one: &&wire::Delivery| one.created_at.clone();
    let mut found = deliveries.iter().filter(real).min_by_key(oldest);
    if found.is_none() {
        found = deliveries.first();
    }
    found
}

fn word(state: Option<&wire::State>) -> Option<&str> {
    state.map(|state| state.technical_name.as_str())
}

fn unknown_word(machine: &str, word: &str) -> NotTaken {
    let word = code(word).unwrap_or_else(|| "unknown".to_owned());
    unknown(format!("{machine}.{word}"))
}

fn state(order: &wire::Order) -> Result<State, NotTaken> {
    match word(order.state_machine_state.as_ref()) {
        Some("open" | "in_progress") => {}
        Some("completed") => return Ok(State::Shipped),
        Some("cancelled") => return Ok(State::Over),
        Some(other) => return Err(unknown_word("order", other)),
        None => return Err(unreadable("stateMachineState")),
    }
    let Some(delivery) = main_delivery(order.deliveries.as_deref().unwrap_or_default()) else {
        return Ok(State::Open);
    };
    match word(delivery.state_machine_state.as_ref()) {
        None | Some("open") => Ok(State::Open),
        Some("shipped" | "returned" | "returned_partially") => Ok(State::Shipped),
        Some("shipped_partially") if marks::any(delivery) => Ok(State::Open),
        Some(other) => Err(unknown_word("delivery", other)),
    }
}

/// A time (`2021-01-12T10:00:00.000+00:00`).
pub(super) fn time(text: Option<&String>, what: &str) -> Result<Timestamp, NotTaken> {
    let text = text.ok_or_else(|| unreadable(what))?;
    text.parse().map_err(|_| unreadable(what))
}

/// An order and what it means if it is known already.
pub(super) fn order(whole: &wire::Whole) -> Result<(Submission, Vec<ChannelFact>), NotTaken> {
    let order = &whole.order;
    let state = state(order)?;
    let Some(currency) = order.currency.as_ref() else {
        // A shop states it only where it is asked for it.
        return Err(unknown("order:no_currency"));
    };
    let currency = Currency::from_code(&currency.iso_code);
    let currency = currency.ok_or_else(|| unreadable("currency"))?;
    let total = order.amount_total.as_ref();
    let total = decimal(
        total.ok_or_else(|| unreadable("amountTotal"))?,
        "amountTotal",
    )?;
    let stated_total = Money::rounded(total, currency);
    let paying = terms::of(order, stated_total.is_zero(), state == State::Over)?;
    let mode = match order.tax_status.as_deref() {
        Some("gross") | None => TaxMode::Inclusive,
        Some("net" | "tax-free") => TaxMode::Exclusive,
        Some(other) => return Err(unknown_word("tax_status", other)),
    };
    let cancelled_at = match state {
        // The shop keeps no time of a cancellation: it is the last change of a cancelled order.
        State::Over => Some(time(
            order.updated_at.as_ref().or(order.created_at.as_ref()),
            "updatedAt",
        )?),
        State::Open | State::Shipped => None,
    };
    let delivery = delivery(order)?;
    let private = private(order, delivery);
    let how = Reading {
        currency,
        mode,
        shipped: state == State::Shipped,
    };
    let (lines, discounts) = amounts::lines(&whole.line_items, how)?;
    let id = order.id.as_deref().and_then(path_id);
    let placed_at = order.order_date_time.as_ref().or(order.created_at.as_ref());
    let mut draft = OrderDraft {
        changed_at: Some(news::changed_at(whole)?),
        awaits_release: false,
        point: None,
        external_id: id.ok_or_else(|| unreadable("id"))?.to_owned(),
        number: clean(order.order_number.as_ref()),
        placed_at: time(placed_at, "orderDateTime")?,
        currency,
        tax_mode: mode,
        test: false,
        cancelled_at,
        destination: private.ship_to.as_ref().and_then(|to| to.country.clone()),
        pickup_location: None,
        lines,
        shipping: Vec::new(),
        fees: Vec::new(),
        discounts,
        tenders: vec![DraftTender {
            amount: stated_total,
            terms: paying.terms.clone(),
        }],
        stated_total,
    };
    let method = delivery.and_then(|delivery| delivery.shipping_method.as_ref());
    let method = clean(method.and_then(|method| method.name.as_ref()));
    amounts::add_charges(order, how, method, &mut draft)?;
    close_rounding(&mut draft);
    let draft = sound(draft)?;
    let mut facts = Vec::new();
    if paying.paid {
        let reference = match paying.terms {
            orderhub_domain::canonical::Terms::Prepaid { reference } => reference,
            _ => None,
        };
        facts.push(ChannelFact::Paid { reference });
    }
    facts.extend(news::refunds(whole, currency)?);
    facts.extend(cancelled_at.map(|at| ChannelFact::Cancelled { at }));
    Ok((Submission { draft, private }, facts))
}

/// The delivery that goods leave with; all of an order's go to one address.
fn delivery(order: &wire::Order) -> Result<Option<&wire::Delivery>, NotTaken> {
    let all = order.deliveries.as_deref().unwrap_or_default();
    let found = all
        .iter()
        .filter_map(|one| one.shipping_order_address.as_ref()?.id.as_ref());
    let mut addresses: Vec<_> = found.collect();
    addresses.sort_unstable();
    addresses.dedup();
    if addresses.len() > 1 {
        return Err(unknown("order:several_addresses"));
    }
    Ok(main_delivery(all))
}

fn private(order: &wire::Order, delivery: Option<&wire::Delivery>) -> PrivateDetails {
    let buyer = order.order_customer.as_ref();
    let billing = order.billing_address.as_ref();
    let customer = Customer {
        external_id: buyer
            .and_then(|buyer| path_id(buyer.customer_id.as_deref()?))
            .map(str::to_owned),
        name: buyer
            .and_then(|buyer| full_name(buyer.first_name.as_ref(), buyer.last_name.as_ref())),
        email: clean(buyer.and_then(|buyer| buyer.email.as_ref())),
        phone: clean(billing.and_then(|to| to.phone_number.as_ref())),
    };
    let ship_to = delivery.and_then(|delivery| delivery.shipping_order_address.as_ref());
    let mut details = PrivateDetails {
        customer: (customer != Customer::default()).then_some(customer),
        ship_to: ship_to.and_then(address),
        bill_to: billing.and_then(address),
        ..PrivateDetails::default()
    };
    if let Some(note) = clean(order.customer_comment.as_ref()) {
        details.attributes.insert("note".to_owned(), note.into());
    }
    details
}

fn address(address: &wire::Address) -> Option<Address> {
    let region = address.country_state.as_ref();
    let country = address.country.as_ref();
    let postal = Postal {
        first_name: address.first_name.as_ref(),
        last_name: address.last_name.as_ref(),
        company: address.company.as_ref(),
        streets: [
            address.street.as_ref(),
            address.additional_address_line1.as_ref(),
        ],
        city: address.city.as_ref(),
        postcode: address.zipcode.as_ref(),
        regions: [
            region.and_then(|region| region.short_code.as_ref()),
            region.and_then(|region| region.name.as_ref()),
        ],
        country: country.and_then(|country| country.iso.as_ref()),
        phone: address.phone_number.as_ref(),
        ..Postal::default()
    };
    let mut read = postal.address()?;
    read.lines
        .extend(clean(address.additional_address_line2.as_ref()));
    Some(read)
}
