//! What an order at TikTok Shop means. Pure.
//!
//! Decided here: what is unpaid or on hold (the buyer may still take it back) is no order yet, by its status:
//! `is_on_hold_order` says that an order was on hold at some time, and stays. What TikTok's own warehouses ship
//! is never allocated; an order that its buyer wants cancelled is as it was until that is answered; one with a line
//! of which a part has left is kept as unknown. The channel has the buyer's money, except for
//! what is collected at the door.

use jiff::Timestamp;
use orderhub_domain::canonical::{
    Customer, DraftLine, DraftTender, FulfilledBy, OrderDraft, PrivateDetails, Submission, TaxMode,
    Terms,
};
use orderhub_domain::ids::Sku;
use orderhub_domain::money::Currency;
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;
use rust_decimal::Decimal;

use super::money::{self, Price};
use super::units::{self, Fate, fate};
use super::wire;
use crate::sales::buyer::{Postal, clean};
use crate::sales::taken::{
    NotTaken, amount, amount_or_zero, digits, not_yet, settle_taxes, sound, unknown, unreadable,
};
use crate::wire::{Exact, code};

/// What the buyer's wish to cancel is called: an order states that there is one, and no name of it.
const BUYER: &str = "buyer";

/// What a status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// To be shipped, all of it or the rest.
    Open,
    /// All of it has left.
    Shipped,
    /// Nothing of it is to be shipped.
    Over,
}

fn word(text: &str) -> String {
    code(text).unwrap_or_else(|| "odd".to_owned())
}

/// How far an order is, and who ships it.
fn state(order: &wire::Order) -> Result<(State, FulfilledBy), NotTaken> {
    let state = match order.status.as_str() {
        "UNPAID" => return Err(not_yet("unpaid")),
        "ON_HOLD" => return Err(not_yet("on_hold")),
        "AWAITING_SHIPMENT" | "PARTIALLY_SHIPPING" => State::Open,
        "AWAITING_COLLECTION" | "IN_TRANSIT" | "DELIVERED" | "COMPLETED" => State::Shipped,
        "CANCELLED" => State::Over,
        other => return Err(unknown(format!("order:status.{}", word(other)))),
    };
    let by = match order.fulfillment_type.as_deref() {
        Some("FULFILLMENT_BY_SELLER") => FulfilledBy::Us,
        Some("FULFILLMENT_BY_TIKTOK" | "FULFILLMENT_BY_DILAYANI_TOKOPEDIA") => FulfilledBy::Channel,
        // Nothing of it is shipped by anybody.
        _ if state == State::Over => FulfilledBy::Us,
        // To allocate what somebody else ships would be a guess.
        other => {
            let other = word(other.unwrap_or_default());
            return Err(unknown(format!("order:fulfilled_by.{other}")));
        }
    };
    Ok((state, by))
}

fn seconds(text: Option<&Exact>, what: &str) -> Result<Timestamp, NotTaken> {
    let at = text.and_then(|text| text.0.parse().ok());
    let at = at.filter(|seconds| *seconds > 0);
    let at = at.and_then(|seconds| Timestamp::from_second(seconds).ok());
    at.ok_or_else(|| unreadable(what))
}

/// An order, and what it means if it is known already.
pub(super) fn order(order: &wire::Order) -> Result<(Submission, Vec<ChannelFact>), NotTaken> {
    let (state, by) = state(order)?;
    let ours = state == State::Open && by == FulfilledBy::Us;
    let is_unwanted = ours && order.is_buyer_request_cancel == Some(true);
    let id = digits(&order.id).ok_or_else(|| unreadable("id"))?;
    let payment = order.payment.as_ref();
    let payment = payment.ok_or_else(|| unreadable("payment"))?;
    let currency = Currency::from_code(&payment.currency);
    let currency = currency.ok_or_else(|| unreadable("currency"))?;
    let cancelled_at = match state {
        State::Over => Some(
            seconds(order.cancel_time.as_ref(), "cancel_time")
                .or_else(|_| seconds(order.update_time.as_ref(), "update_time"))?,
        ),
        State::Open | State::Shipped => None,
    };
    let mut lines = Vec::new();
    for units in units::lines(&order.line_items) {
        lines.extend(line(&units, state, by, currency)?);
    }
    let private = private(order);
    let total = payment.total_amount.as_ref();
    let total = total.ok_or_else(|| unreadable("total_amount"))?;
    let mut draft = OrderDraft {
        changed_at: seconds(order.update_time.as_ref(), "update_time").ok(),
        awaits_release: false,
        point: None,
        number: Some(id.clone()),
        external_id: id,
        placed_at: seconds(order.create_time.as_ref(), "create_time")?,
        currency,
        tax_mode: TaxMode::Exclusive,
        test: false,
        cancelled_at,
        destination: private.ship_to.as_ref().and_then(|to| to.country.clone()),
        pickup_location: None,
        lines,
        shipping: money::shipping(payment, currency)?,
        fees: money::fees(payment, currency)?,
        discounts: Vec::new(),
        tenders: Vec::new(),
        stated_total: amount(total, currency, "total_amount")?,
    };
    let tax = amount_or_zero(payment.tax.as_ref(), currency, "tax")?;
    money::spread_tax(&mut draft, tax);
    settle_taxes(&mut draft);
    let at_the_door = order.is_cod == Some(true);
    draft.tenders.push(DraftTender {
        amount: draft.stated_total,
        terms: if at_the_door {
            Terms::OnDelivery
        } else {
            Terms::Prepaid { reference: None }
        },
    });
    let draft = sound(draft)?;
    let mut facts = Vec::new();
    if !at_the_door && state != State::Over {
        facts.push(ChannelFact::Paid { reference: None });
    }
    if is_unwanted {
        facts.push(ChannelFact::CancelAsked {
            reference: BUYER.to_owned(),
        });
    }
    facts.extend(cancelled_at.map(|at| ChannelFact::Cancelled { at }));
    Ok((Submission { draft, private }, facts))
}

/// A line of units that are alike; none for one of which nothing is ordered any more.
fn line(
    units: &[&wire::Unit],
    state: State,
    by: FulfilledBy,
    currency: Currency,
) -> Result<Option<DraftLine>, NotTaken> {
    let live: Vec<&wire::Unit> = units
        .iter()
        .copied()
        .filter(|unit| state == State::Over || fate(unit) != Fate::Cancelled)
        .collect();
    let (Some(first), Some(shown)) = (units.first(), live.first()) else {
        return Ok(None);
    };
    let external_id = digits(&first.id).ok_or_else(|| unreadable("a line item's id"))?;
    let shipped = live.iter().filter(|unit| fate(unit) == Fate::Shipped);
    let shipped = shipped.count();
    let fulfilled_by = if by == FulfilledBy::Channel
        || state == State::Shipped
        || (shipped > 0 && shipped == live.len())
    {
        FulfilledBy::Channel
    } else if shipped > 0 && state == State::Open {
        return Err(unknown("order:partly_shipped_line"));
    } else {
        FulfilledBy::Us
    };
    let count = Decimal::from(u64::try_from(live.len()).unwrap_or(u64::MAX));
    let quantity = Quantity::new(count).ok_or_else(|| unreadable("the line items"))?;
    let price: Price = money::price(&live, currency)?;
    let sku = clean(shown.seller_sku.as_ref()).or_else(|| {
        // Asked for by the number of what was bought, so that it is refused or fixed in the open.
        let bought = shown.sku_id.as_ref().map(|id| id.0.clone());
        let asked_for = clean(bought.as_ref()).unwrap_or_else(|| format!("line-{external_id}"));
        (fulfilled_by == FulfilledBy::Us).then_some(asked_for)
    });
    let name = clean(shown.product_name.as_ref());
    let kind = clean(shown.sku_name.as_ref()).filter(|kind| !kind.eq_ignore_ascii_case("default"));
    let title = match (name, kind) {
        (Some(name), Some(kind)) => format!("{name} ({kind})"),
        (Some(one), None) | (None, Some(one)) => one,
        (None, None) => "(no title)".to_owned(),
    };
    Ok(Some(DraftLine {
        customs: None,
        part_of: None,
        external_id,
        sku: sku.map(Sku),
        title,
        quantity,
        unit_price: price.unit,
        discounts: price.discounts,
        taxes: price.taxes,
        weight_g: None,
        fulfilled_by,
    }))
}

fn private(order: &wire::Order) -> PrivateDetails {
    let address = order.recipient_address.as_ref();
    let customer = Customer {
        external_id: clean(order.user_id.as_ref()),
        name: clean(address.and_then(|to| to.name.as_ref())),
        email: clean(order.buyer_email.as_ref()),
        phone: clean(address.and_then(|to| to.phone_number.as_ref())),
    };
    let mut details = PrivateDetails {
        customer: (customer != Customer::default()).then_some(customer),
        ship_to: address.and_then(ship_to),
        ..PrivateDetails::default()
    };
    if let Some(message) = clean(order.buyer_message.as_ref()) {
        let message = message.into();
        details
            .attributes
            .insert("buyer_message".to_owned(), message);
    }
    details
}

fn ship_to(to: &wire::Recipient) -> Option<orderhub_domain::canonical::Address> {
    // The country is `L0`, its largest parts are `L1`; which level the city is differs between countries.
    let at = |level: &str| {
        let mut districts = to.district_info.iter();
        let found = districts.find(|part| part.level.as_deref() == Some(level));
        found.and_then(|part| part.name.as_ref())
    };
    let called = |part: &&wire::District| {
        let name = part.called.as_deref().unwrap_or_default();
        let name = name.to_ascii_lowercase();
        matches!(
            name.as_str(),
            "city" | "town" | "post town" | "municipality"
        )
    };
    let below = |part: &&wire::District| {
        let level = part.level.as_deref();
        !matches!(level, None | Some("L0" | "L1"))
    };
    let city = to.district_info.iter().find(called);
    let city = city.or_else(|| to.district_info.iter().rfind(below));
    let city = city.and_then(|part| part.name.as_ref());
    let town = to.post_town.as_ref();
    let town = town.filter(|town| !town.trim().is_empty());
    let streets = [&to.address_line1, &to.address_detail, &to.full_address];
    let streets = streets.into_iter().map(|street| street.as_ref());
    let street = streets.flatten().find(|street| !street.trim().is_empty());
    let postal = Postal {
        name: to.name.as_ref(),
        streets: [street, to.address_line2.as_ref()],
        city: town.or(city),
        postcode: to.postal_code.as_ref(),
        regions: [at("L1"), None],
        country: to.region_code.as_ref(),
        phone: to.phone_number.as_ref(),
        ..Postal::default()
    };
    let mut read = postal.address()?;
    let more = [to.address_line3.as_ref(), to.address_line4.as_ref()];
    read.lines.extend(more.into_iter().filter_map(clean));
    Some(read)
}
