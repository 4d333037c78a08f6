//! What Mirakl's order means. Pure: the states say it all, the order's first and then its lines'.
//!
//! Decided here: an order counts from the moment that the seller is asked to accept it, and is kept until the
//! marketplace wants it shipped. The seller accepts line by line, so a line that was refused or cancelled is no
//! part of the order, and its price not of the total; units that were cancelled are in no number of the
//! marketplace's any more. A line that was given back before it left was paid for: it is a part of the order of
//! which nothing is wanted any more. Money that was given back of a line that is
//! still to be shipped takes no unit out of it: nobody says whether it was given for any. What another centre
//! than the seller's own ships is the marketplace's to ship. The marketplace has the buyer's money once it
//! says when.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orderhub_domain::canonical::{
    Address, CaptureMode, Customer, DraftLine, DraftTender, FulfilledBy, OrderDraft,
    PrivateDetails, Submission, TaxMode, Terms,
};
use orderhub_domain::ids::Sku;
use orderhub_domain::money::Currency;
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;
use rust_decimal::Decimal;

use super::amounts::{Amounts, Kept};
use super::{given, wire};
use crate::sales::buyer::{Postal, clean, full_name};
use crate::sales::country::two_letters;
use crate::sales::direct::card::contains_card_number;
use crate::sales::taken::{
    NotTaken, decimal, discount, id_of, not_yet, sound, unknown, unreadable,
};
use crate::wire::{Exact, code};

/// The fulfilment centre that is the seller.
const OWN_CENTER: &str = "DEFAULT";

/// What an order's state says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The seller is to accept it, or the marketplace does not have the money yet.
    Kept,
    /// The seller is to ship it.
    Open,
    /// It has been shipped.
    Shipped,
    /// Nothing of it is to be shipped.
    Over,
}

/// What a line's state says.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Open,
    Shipped,
    /// It is no part of the order any more.
    Gone,
}

fn state(order: &wire::Order) -> Result<State, NotTaken> {
    Ok(match order.state.as_str() {
        "STAGING" => return Err(not_yet("staging")),
        "WAITING_ACCEPTANCE" | "WAITING_DEBIT" | "WAITING_DEBIT_PAYMENT" => State::Kept,
        "SHIPPING" => State::Open,
        // Closed without a line that left: all of it was refused, cancelled or given back.
        "CLOSED" if order.lines.iter().all(is_gone) => State::Over,
        "SHIPPED" | "TO_COLLECT" | "RECEIVED" | "CLOSED" => State::Shipped,
        "REFUSED" | "CANCELED" => State::Over,
        other => return Err(unknown(format!("state.{}", word(other)))),
    })
}

fn word(state: &str) -> String {
    code(state).unwrap_or_else(|| "unknown".to_owned())
}

fn has_left(line: &wire::Line) -> bool {
    clean(line.shipped_date.as_ref()).is_some()
}

fn is_gone(line: &wire::Line) -> bool {
    matches!(line.state.as_str(), "REFUSED" | "CANCELED") || is_given_back(line)
}

/// Whether the money for a line went back, or is about to, before the line left.
fn is_given_back(line: &wire::Line) -> bool {
    let states = ["WAITING_REFUND", "WAITING_REFUND_PAYMENT", "REFUNDED"];
    states.contains(&line.state.as_str()) && !has_left(line)
}

/// Lines of which nothing is wanted any more, although they are a part of the order.
pub(super) fn wanted(order: &wire::Order) -> BTreeMap<String, Quantity> {
    let back = order.lines.iter().filter(|line| is_given_back(line));
    back.filter_map(|line| Some((id(&line.id)?, Quantity::ZERO)))
        .collect()
}

fn standing(line: &wire::Line, state: State) -> Result<Standing, NotTaken> {
    if is_gone(line) {
        return Ok(Standing::Gone);
    }
    Ok(match line.state.as_str() {
        "SHIPPING" => Standing::Open,
        "WAITING_ACCEPTANCE" | "WAITING_DEBIT" | "WAITING_DEBIT_PAYMENT"
            if state == State::Kept =>
        {
            Standing::Open
        }
        "SHIPPED" | "TO_COLLECT" | "RECEIVED" | "CLOSED" => Standing::Shipped,
        "INCIDENT_OPEN"
        | "INCIDENT_CLOSED"
        | "WAITING_REFUND"
        | "WAITING_REFUND_PAYMENT"
        | "REFUNDED"
            if has_left(line) =>
        {
            Standing::Shipped
        }
        other => return Err(unknown(format!("line_state.{}", word(other)))),
    })
}

/// A time, with its zone (ISO 8601). An empty one is none.
fn time(text: Option<&String>, what: &str) -> Result<Option<Timestamp>, NotTaken> {
    let text = clean(text);
    let parsed = text.map(|text| text.parse().map_err(|_| unreadable(what)));
    parsed.transpose()
}

/// An order and what it means if it is known already.
pub(super) fn order(order: &wire::Order) -> Result<(Submission, Vec<ChannelFact>), NotTaken> {
    let state = state(order)?;
    let currency = Currency::from_code(&order.currency_iso_code);
    let currency = currency.ok_or_else(|| unreadable("currency_iso_code"))?;
    let placed_at = time(order.created_date.as_ref(), "created_date")?;
    let updated_at = time(order.last_updated_date.as_ref(), "last_updated_date")?;
    let paid = time(
        order.customer_debited_date.as_ref(),
        "customer_debited_date",
    )?
    .is_some();
    // The marketplace keeps no time of a refusal: it is the last change of a refused order.
    let cancelled_at = match state {
        State::Over => Some(updated_at.ok_or_else(|| unreadable("last_updated_date"))?),
        State::Kept | State::Open | State::Shipped => None,
    };
    let kept = kept(order, state)?;
    if kept.iter().any(|kept| kept.line.quantity.is_none()) {
        // A list that was cut short for somebody who wanted no more of it: how many were bought is not guessed.
        return Err(unknown("line_without_quantity"));
    }
    let amounts = Amounts::of(order, currency)?;
    let stated_total = amounts.total(order, &kept)?;
    let external_id = id(&order.id).ok_or_else(|| unreadable("order_id"))?;
    let number = clean(order.commercial_id.as_ref());
    let private = private(order);
    let lines: Result<Vec<_>, _> = kept.iter().map(|kept| line(kept, &amounts)).collect();
    let (shipping, fees) = amounts.charges(order, &kept)?;
    let draft = sound(OrderDraft {
        changed_at: updated_at,
        awaits_release: state == State::Kept,
        point: None,
        external_id,
        number,
        placed_at: placed_at.ok_or_else(|| unreadable("created_date"))?,
        currency,
        tax_mode: if amounts.included {
            TaxMode::Inclusive
        } else {
            TaxMode::Exclusive
        },
        test: false,
        cancelled_at,
        destination: private.ship_to.as_ref().and_then(|to| to.country.clone()),
        pickup_location: None,
        lines: lines?,
        shipping,
        fees,
        discounts: Vec::new(),
        tenders: vec![DraftTender {
            amount: stated_total,
            terms: terms(order, state, paid),
        }],
        stated_total,
    })?;
    let mut facts = Vec::new();
    if paid {
        let reference = transaction(order);
        facts.push(ChannelFact::Paid { reference });
    }
    facts.extend(given::back(order, &amounts)?);
    facts.extend(cancelled_at.map(|at| ChannelFact::Cancelled { at }));
    Ok((Submission { draft, private }, facts))
}

fn kept(order: &wire::Order, state: State) -> Result<Vec<Kept<'_>>, NotTaken> {
    let center = order.fulfillment.as_ref().and_then(|by| by.center.as_ref());
    let center = clean(center.and_then(|center| center.code.as_ref()));
    let ours = center.is_none_or(|center| center == OWN_CENTER);
    let mut kept = Vec::new();
    for line in &order.lines {
        let fulfilled_by = match state {
            State::Over => FulfilledBy::Us,
            State::Kept | State::Open | State::Shipped => match standing(line, state)? {
                Standing::Gone if is_given_back(line) => FulfilledBy::Us,
                Standing::Gone => continue,
                Standing::Open if ours && state != State::Shipped => FulfilledBy::Us,
                Standing::Open | Standing::Shipped => FulfilledBy::Channel,
            },
        };
        let given_back = is_given_back(line);
        kept.push(Kept {
            line,
            fulfilled_by,
            given_back,
        });
    }
    Ok(kept)
}

fn line(kept: &Kept<'_>, amounts: &Amounts) -> Result<DraftLine, NotTaken> {
    let Kept {
        line, fulfilled_by, ..
    } = kept;
    let external_id = id(&line.id).ok_or_else(|| unreadable("a line's id"))?;
    let count = count(line)?;
    let quantity = Quantity::new(count).ok_or_else(|| unreadable("a line's quantity"))?;
    let (unit_price, off) = amounts.price(line, count)?;
    let sku = clean(line.offer_sku.as_ref())
        .or_else(|| clean(line.product_shop_sku.as_ref()))
        .or_else(|| {
            // Asked for by the number of what was bought, so that it is refused or fixed in the open.
            let asked_for = id_of(line.offer_id.as_ref());
            let asked_for = asked_for.unwrap_or_else(|| format!("line-{external_id}"));
            (*fulfilled_by == FulfilledBy::Us).then_some(asked_for)
        });
    Ok(DraftLine {
        customs: None,
        part_of: None,
        external_id,
        sku: sku.map(Sku),
        title: clean(line.product_title.as_ref()).unwrap_or_else(|| "(no title)".to_owned()),
        quantity,
        unit_price,
        discounts: discount(off, None),
        taxes: amounts.taxes(line.taxes.as_deref())?,
        weight_g: None,
        fulfilled_by: *fulfilled_by,
    })
}

/// Units of a line. One that was cancelled as a whole states none any more: it had those that were cancelled.
fn count(line: &wire::Line) -> Result<Decimal, NotTaken> {
    let stated = line.quantity.as_ref();
    let count = decimal(
        stated.ok_or_else(|| unreadable("a line's quantity"))?,
        "a line's quantity",
    )?;
    if !count.is_zero() || !is_gone(line) {
        return Ok(count);
    }
    let cancelled = line.cancelations.iter().flatten();
    let cancelled = cancelled.filter_map(|part| part.quantity.as_ref()?.decimal());
    // The marketplace calls these numbers informative: there may be none.
    Ok(cancelled.sum::<Decimal>().max(Decimal::ONE))
}

/// An id as the marketplace writes it: a text of the operator's own form.
fn id(text: &str) -> Option<String> {
    let fits = text.len() <= 255 && !text.chars().any(char::is_control);
    (fits && !text.trim().is_empty()).then(|| text.to_owned())
}

/// How it is paid: the marketplace has the buyer's money once it says when, unless the seller is paid
/// directly. Until the order is accepted the money may be set aside only.
fn terms(order: &wire::Order, state: State, paid: bool) -> Terms {
    if order.customer_directly_pays_seller == Some(true) {
        return Terms::Invoice;
    }
    let reference = transaction(order);
    let on_acceptance = order.payment_workflow.as_deref() == Some("PAY_ON_ACCEPTANCE");
    match state {
        _ if paid => Terms::Prepaid { reference },
        State::Kept if on_acceptance => Terms::Authorized {
            gateway: None,
            reference,
            expires_at: None,
            capture: CaptureMode::Once,
        },
        _ => Terms::Invoice,
    }
}

/// What the marketplace calls the payment.
fn transaction(order: &wire::Order) -> Option<String> {
    let reference = code(order.transaction_number.as_ref()?.trim())?;
    (!contains_card_number(&reference)).then_some(reference)
}

fn private(order: &wire::Order) -> PrivateDetails {
    let buyer = order.customer.as_ref();
    let billing = buyer.and_then(|buyer| buyer.billing_address.as_ref());
    let shipping = buyer.and_then(|buyer| buyer.shipping_address.as_ref());
    let id = buyer.and_then(|buyer| buyer.id.as_ref());
    let customer = Customer {
        external_id: clean(id.map(|Exact(text)| text)),
        name: buyer.and_then(|buyer| full_name(buyer.firstname.as_ref(), buyer.lastname.as_ref())),
        email: clean(order.customer_notification_email.as_ref()),
        phone: billing.and_then(phone).or_else(|| shipping.and_then(phone)),
    };
    let mut details = PrivateDetails {
        customer: (customer != Customer::default()).then_some(customer),
        ship_to: shipping.and_then(address),
        bill_to: billing.and_then(address),
        ..PrivateDetails::default()
    };
    let note = shipping.and_then(|to| clean(to.additional_info.as_ref()));
    let point = clean(order.shipping_pudo_id.as_ref());
    for (name, text) in [("note", note), ("pickup_point", point)] {
        let text = text.map(|text| (name.to_owned(), text.into()));
        details.attributes.extend(text);
    }
    details
}

fn phone(address: &wire::Address) -> Option<String> {
    clean(address.phone.as_ref()).or_else(|| clean(address.phone_secondary.as_ref()))
}

fn address(address: &wire::Address) -> Option<Address> {
    let country = address.country_iso_code.as_deref().and_then(two_letters);
    let phone = phone(address);
    let postal = Postal {
        first_name: address.firstname.as_ref(),
        last_name: address.lastname.as_ref(),
        company: address.company.as_ref(),
        streets: [address.street_1.as_ref(), address.street_2.as_ref()],
        city: address.city.as_ref(),
        postcode: address.zip_code.as_ref(),
        regions: [address.state.as_ref(), None],
        country: country.as_ref(),
        phone: phone.as_ref(),
        ..Postal::default()
    };
    postal.address()
}
