//! What Square's order means, as it was looked up. Pure.
//!
//! Decided here: a `DRAFT`, and an open ticket that nobody has paid, are no orders yet. What was handed over at
//! the counter is the channel's; what a fulfilment holds for later is ours (`later`). An order whose
//! fulfilments were all cancelled is cancelled, whatever its own state: Square leaves a paid one open.

use std::collections::BTreeMap;

use jiff::Timestamp;
use orderhub_domain::canonical::{
    Address, CaptureMode, Customer, DraftLine, DraftTender, FulfilledBy, OrderDraft,
    PrivateDetails, Submission, Terms,
};
use orderhub_domain::ids::{LocationCode, Sku};
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;

use super::amounts::{self, or_zero};
use super::later::{Fate, Later, Way, word};
use super::wire;
use crate::sales::buyer::{Postal, clean};
use crate::sales::taken::{NotTaken, decimal, not_yet, sound, unknown, unreadable};
use crate::wire::{code, path_id};

/// Where a connection's orders come from and are collected.
pub(super) struct Place {
    /// The Square location; orders of others are not ours.
    pub(super) location: String,
    /// The hub's location where buyers collect.
    pub(super) pickup: Option<LocationCode>,
}

/// A time (RFC 3339).
pub(super) fn time(text: Option<&String>, what: &str) -> Result<Timestamp, NotTaken> {
    let at = text.and_then(|text| text.parse().ok());
    at.ok_or_else(|| unreadable(what))
}

/// An order and what it means if it is known already.
pub(super) fn order(
    whole: &wire::Whole,
    place: &Place,
) -> Result<(Submission, Vec<ChannelFact>), NotTaken> {
    let order = &whole.order;
    if order.location_id != place.location {
        return Err(unknown("order:another_location"));
    }
    let is_cancelled = match order.state.as_deref().unwrap_or("OPEN") {
        "DRAFT" => return Err(not_yet("draft")),
        "OPEN" | "COMPLETED" => false,
        "CANCELED" => true,
        other => return Err(unknown(format!("order:state.{}", word(other)))),
    };
    if order.line_items.is_empty() && !order.returns.is_empty() {
        return Err(unknown("order:return"));
    }
    let code = order.total_money.currency.as_deref();
    let currency = code.and_then(Currency::from_code);
    let currency = currency.ok_or_else(|| unreadable("total_money"))?;
    let stated_total = amounts::money(&order.total_money, currency, "total_money")?;
    let later = Later::of(order)?;
    let fates = order.line_items.iter().map(|line| match later.fate(line) {
        // Of a cancelled order it does not matter how much had become of it.
        Err(NotTaken::Unknown(_)) if is_cancelled => Ok(Fate::Dropped),
        fate => fate,
    });
    let fates: Vec<Fate> = fates.collect::<Result<_, _>>()?;
    let all_dropped = !fates.is_empty() && fates.iter().all(|fate| *fate == Fate::Dropped);
    let is_over = is_cancelled || all_dropped;
    let way = if is_over { None } else { later.way()? };
    let pickup_location = match way {
        Some(Way::Collected) => match &place.pickup {
            Some(location) => Some(location.clone()),
            None => return Err(unknown("order:pickup_without_location")),
        },
        Some(Way::Sent) | None => None,
    };
    let terms = terms(order, stated_total, is_over)?;
    let mut facts = Vec::new();
    if let Terms::Prepaid { reference } = &terms {
        let reference = reference.clone();
        facts.push(ChannelFact::Paid { reference });
    }
    let cancelled_at = if is_over {
        let at = order.closed_at.as_ref().filter(|_| is_cancelled);
        Some(time(at.or(order.updated_at.as_ref()), "updated_at")?)
    } else {
        None
    };
    let skus = skus(&whole.catalog);
    let lines = order.line_items.iter().zip(&fates);
    let lines = lines.map(|(line, fate)| {
        // Nobody waits for a cancelled part of an order that goes on.
        let by = match fate {
            Fate::Dropped if !is_over => FulfilledBy::Nobody,
            fate => fate.by(),
        };
        self::line(line, by, order, &skus, currency)
    });
    let (fees, discounts) = amounts::charges(order, currency)?;
    let private = private(order, &later);
    let id = path_id(&order.id).ok_or_else(|| unreadable("id"))?;
    let draft = sound(OrderDraft {
        changed_at: Some(time(
            order.updated_at.as_ref().or(order.created_at.as_ref()),
            "updated_at",
        )?),
        awaits_release: false,
        point: None,
        external_id: id.to_owned(),
        number: order.reference_id.as_deref().and_then(crate::wire::code),
        placed_at: time(order.created_at.as_ref(), "created_at")?,
        currency,
        tax_mode: amounts::tax_mode(order),
        test: false,
        cancelled_at,
        destination: private.ship_to.as_ref().and_then(|to| to.country.clone()),
        pickup_location,
        lines: lines.collect::<Result<_, _>>()?,
        shipping: Vec::new(),
        fees,
        discounts,
        tenders: vec![DraftTender {
            amount: stated_total,
            terms,
        }],
        stated_total,
    })?;
    facts.extend(cancelled_at.map(|at| ChannelFact::Cancelled { at }));
    Ok((Submission { draft, private }, facts))
}

/// How it is paid.
fn terms(order: &wire::Order, total: Money, is_over: bool) -> Result<Terms, NotTaken> {
    let currency = total.currency();
    let (mut taken, mut set_aside) = (Money::zero(currency), Money::zero(currency));
    let mut payments = Vec::new();
    for tender in &order.tenders {
        let amount = or_zero(tender.amount_money.as_ref(), currency, "a tender")?;
        let card = tender.card_details.as_ref();
        match card.and_then(|card| card.status.as_deref()) {
            Some("VOIDED" | "FAILED" | "PENDING") => continue,
            Some("AUTHORIZED") => set_aside = set_aside.plus(amount),
            _ => taken = taken.plus(amount),
        }
        payments.extend(tender.payment_id.as_deref().and_then(code));
    }
    let reference = match &payments[..] {
        [only] => Some(only.clone()),
        _ => None,
    };
    let due = order.net_amount_due_money.as_ref();
    let settled = due.is_some_and(|due| due.amount == 0) && set_aside.is_zero();
    let is_completed = order.state.as_deref() == Some("COMPLETED");
    let covers = |sum: Money| !sum.minus(total).is_negative();
    if covers(taken) || settled || is_completed {
        return Ok(Terms::Prepaid { reference });
    }
    if covers(taken.plus(set_aside)) {
        return Ok(Terms::Authorized {
            gateway: None,
            reference,
            expires_at: None,
            capture: CaptureMode::Once,
        });
    }
    // Nothing is collected for an order that arrives cancelled.
    if is_over {
        return Ok(Terms::Invoice);
    }
    Err(not_yet("unpaid"))
}

/// The SKUs of what was bought, by its id in the catalog.
fn skus(catalog: &[wire::CatalogObject]) -> BTreeMap<&str, &String> {
    let known = catalog.iter();
    let known = known.filter_map(|object| {
        let variation = object.item_variation_data.as_ref()?;
        Some((object.id.as_str(), variation.sku.as_ref()?))
    });
    known.collect()
}

fn line(
    item: &wire::Line,
    by: FulfilledBy,
    order: &wire::Order,
    skus: &BTreeMap<&str, &String>,
    currency: Currency,
) -> Result<DraftLine, NotTaken> {
    let uid = path_id(&item.uid).ok_or_else(|| unreadable("a line's uid"))?;
    let count = decimal(&item.quantity, "a line's quantity")?;
    let quantity = Quantity::new(count).ok_or_else(|| unreadable("a line's quantity"))?;
    // A gift card and an amount that was typed in are nothing to pick.
    let fulfilled_by = match item.item_type.as_deref() {
        Some("GIFT_CARD" | "CUSTOM_AMOUNT") => FulfilledBy::Nobody,
        _ => by,
    };
    let bought = item.catalog_object_id.as_deref();
    let sku = clean(bought.and_then(|id| skus.get(id).copied())).or_else(|| {
        // Asked for by the id of what was bought, so that it is refused or fixed in the open.
        let asked_for = bought.and_then(path_id).unwrap_or(uid).to_owned();
        (fulfilled_by == FulfilledBy::Us).then_some(asked_for)
    });
    let price = amounts::price(item, order, count, currency)?;
    Ok(DraftLine {
        customs: None,
        part_of: None,
        external_id: uid.to_owned(),
        sku: sku.map(Sku),
        title: title(item),
        quantity,
        unit_price: price.unit,
        discounts: price.discounts,
        taxes: price.taxes,
        weight_g: None,
        fulfilled_by,
    })
}

/// What the buyer saw: the item, and which of its variations where there is more than the usual one.
fn title(item: &wire::Line) -> String {
    let name = clean(item.name.as_ref()).unwrap_or_else(|| "(no title)".to_owned());
    match clean(item.variation_name.as_ref()) {
        Some(variation) if variation != "Regular" && variation != name => {
            format!("{name}, {variation}")
        }
        _ => name,
    }
}

fn private(order: &wire::Order, later: &Later<'_>) -> PrivateDetails {
    let details = later.details();
    let recipient = details.and_then(|details| details.recipient.as_ref());
    let customer = Customer {
        external_id: order.customer_id.as_deref().and_then(code),
        name: clean(recipient.and_then(|to| to.display_name.as_ref())),
        email: clean(recipient.and_then(|to| to.email_address.as_ref())),
        phone: clean(recipient.and_then(|to| to.phone_number.as_ref())),
    };
    let mut private = PrivateDetails {
        customer: (customer != Customer::default()).then_some(customer),
        ship_to: recipient.and_then(address),
        ..PrivateDetails::default()
    };
    let note = details.and_then(|details| {
        let note = details.shipping_note.as_ref().or(details.note.as_ref());
        clean(note)
    });
    if let Some(note) = note {
        private.attributes.insert("note".to_owned(), note.into());
    }
    private
}

/// Where it is sent to; a recipient without an address collects it.
fn address(recipient: &wire::Recipient) -> Option<Address> {
    let to = recipient.address.as_ref()?;
    let postal = Postal {
        name: recipient.display_name.as_ref(),
        streets: [to.address_line_1.as_ref(), to.address_line_2.as_ref()],
        city: to.locality.as_ref(),
        postcode: to.postal_code.as_ref(),
        regions: [to.administrative_district_level_1.as_ref(), None],
        country: to.country.as_ref(),
        phone: recipient.phone_number.as_ref(),
        ..Postal::default()
    };
    postal.address()
}
