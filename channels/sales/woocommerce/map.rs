//! What WooCommerce's order means. Pure: the body alone says the state, never the topic.
//!
//! Decided here: an order counts once its status says that it is to be shipped or that this is over.
//! `pending`, `on-hold` and `failed` wait for money, and the shop says so again when it has come. `refunded`
//! before anything was completed is a cancellation: nobody waits for the goods any more. What a plugin
//! calls a status of its own is kept with its name and moves nothing.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use orderhub_domain::canonical::{
    Address, Customer, DraftLine, DraftTender, FulfilledBy, OrderDraft, PrivateDetails, Submission,
    TaxMode, Terms,
};
use orderhub_domain::ids::Sku;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;

use super::amounts::{self, Rates, charges};
use super::text::name;
use super::{changes, wire};
use crate::sales::buyer::{Postal, clean, full_name};
use crate::sales::direct::card::contains_card_number;
use crate::sales::taken::{
    NotTaken, close_rounding, decimal, discount, id_of, not_yet, sound, unknown, unreadable,
};
use crate::wire::code;

/// Statuses of what is no order yet: nobody has paid, or promised to at the door.
const NOT_YET: [&str; 6] = [
    "auto-draft",
    "checkout-draft",
    "draft",
    "failed",
    "on-hold",
    "pending",
];

/// A time in one of the members that end in `_gmt`: UTC without saying so. An empty one is none.
pub(super) fn time(text: Option<&String>, what: &str) -> Result<Option<Timestamp>, NotTaken> {
    let Some(text) = text.filter(|text| !text.trim().is_empty()) else {
        return Ok(None);
    };
    parse_time(text).map(Some).ok_or_else(|| unreadable(what))
}

/// A time as the shop writes it: in UTC, with or without saying so.
pub(super) fn parse_time(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let at: DateTime = text.parse().ok()?;
    Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// What an order's status says, beside what was paid.
struct State {
    /// Nothing of it is to be shipped, since then.
    cancelled_at: Option<Timestamp>,
    /// The shop has shipped it, or somebody has said so there.
    shipped: bool,
}

fn state(order: &wire::Order) -> Result<State, NotTaken> {
    let status = order.status.as_str();
    if let Some(known) = NOT_YET.iter().find(|known| **known == status) {
        return Err(not_yet(known));
    }
    let completed = time(order.date_completed_gmt.as_ref(), "date_completed_gmt")?.is_some();
    let ended = match status {
        "processing" => {
            return Ok(State {
                cancelled_at: None,
                shipped: false,
            });
        }
        "completed" => false,
        "cancelled" => true,
        "refunded" => !completed,
        other => {
            let word = code(other).unwrap_or_else(|| "unknown".to_owned());
            return Err(unknown(format!("status.{word}")));
        }
    };
    // The shop keeps no time of a cancellation: it is the last change of a cancelled order.
    let modified = time(order.date_modified_gmt.as_ref(), "date_modified_gmt")?;
    let cancelled_at = if ended {
        Some(modified.ok_or_else(|| unreadable("date_modified_gmt"))?)
    } else {
        None
    };
    Ok(State {
        cancelled_at,
        shipped: !ended || completed,
    })
}

/// An order and what it means if it is known already.
pub(super) fn order(order: &wire::Order) -> Result<(Submission, Vec<ChannelFact>), NotTaken> {
    let state = state(order)?;
    let currency = Currency::from_code(&order.currency).ok_or_else(|| unreadable("currency"))?;
    let placed_at = time(order.date_created_gmt.as_ref(), "date_created_gmt")?;
    let paid = time(order.date_paid_gmt.as_ref(), "date_paid_gmt")?.is_some();
    let total = decimal(&order.total, "total")?;
    let stated_total = Money::exact(total, currency).map_err(|_| unreadable("total"))?;
    let rates = Rates::of(order, currency);
    let fulfilled_by = if order.needs_processing == Some(false) {
        FulfilledBy::Nobody
    } else if state.shipped {
        FulfilledBy::Channel
    } else {
        FulfilledBy::Us
    };
    let code = only_coupon(order);
    let lines = order.line_items.iter();
    let lines: Result<Vec<_>, _> = lines
        .map(|item| line(item, fulfilled_by, code.as_ref(), &rates))
        .collect();
    let (shipping, off_shipping) = charges(order.shipping_lines.as_deref(), "Shipping", &rates)?;
    let (fees, off) = charges(order.fee_lines.as_deref(), "Fee", &rates)?;
    let number = clean(order.number.as_ref().map(|number| &number.0));
    let private = private(order);
    let mut draft = OrderDraft {
        changed_at: order.date_modified_gmt.as_deref().and_then(parse_time),
        awaits_release: false,
        point: None,
        external_id: id_of(Some(&order.id)).ok_or_else(|| unreadable("id"))?,
        number: number.map(|number| format!("#{number}")),
        placed_at: placed_at.ok_or_else(|| unreadable("date_created_gmt"))?,
        currency,
        tax_mode: TaxMode::Exclusive,
        test: false,
        cancelled_at: state.cancelled_at,
        destination: private.ship_to.as_ref().and_then(|to| to.country.clone()),
        pickup_location: None,
        lines: lines?,
        shipping,
        fees,
        discounts: [off_shipping, off].concat(),
        tenders: vec![DraftTender {
            amount: stated_total,
            terms: terms(order, paid),
        }],
        stated_total,
    };
    close_rounding(&mut draft);
    let draft = sound(draft)?;
    let mut facts = Vec::new();
    if paid {
        let reference = transaction(order);
        facts.push(ChannelFact::Paid { reference });
    }
    facts.extend(changes::given_back(order, currency)?);
    facts.extend(state.cancelled_at.map(|at| ChannelFact::Cancelled { at }));
    Ok((Submission { draft, private }, facts))
}

/// How it is paid: the shop states when it had the money, and nothing else is proof of it.
fn terms(order: &wire::Order, paid: bool) -> Terms {
    if paid {
        let reference = transaction(order);
        return Terms::Prepaid { reference };
    }
    match order.payment_method.as_deref() {
        Some("cod") => Terms::OnDelivery,
        _ => Terms::Invoice,
    }
}

/// What the shop's gateway calls the payment.
fn transaction(order: &wire::Order) -> Option<String> {
    let reference = code(order.transaction_id.as_ref()?.trim())?;
    (!contains_card_number(&reference)).then_some(reference)
}

/// The code that everything was taken off for, if there was one only.
fn only_coupon(order: &wire::Order) -> Option<String> {
    match order.coupon_lines.as_deref().unwrap_or_default() {
        [one] => clean(one.code.as_ref()),
        _ => None,
    }
}

fn line(
    item: &wire::Line,
    fulfilled_by: FulfilledBy,
    code: Option<&String>,
    rates: &Rates<'_>,
) -> Result<DraftLine, NotTaken> {
    let external_id = id_of(Some(&item.id)).ok_or_else(|| unreadable("a line's id"))?;
    let count = decimal(&item.quantity, "a line's quantity")?;
    let quantity = Quantity::new(count).ok_or_else(|| unreadable("a line's quantity"))?;
    let (unit_price, off) = amounts::price(item, count, rates.currency())?;
    let sku = clean(item.sku.as_ref()).or_else(|| {
        // Asked for by the number of what was bought, so that it is refused or fixed in the open.
        let bought = id_of(item.variation_id.as_ref()).or_else(|| id_of(item.product_id.as_ref()));
        let asked_for = bought.unwrap_or_else(|| format!("line-{external_id}"));
        (fulfilled_by == FulfilledBy::Us).then_some(asked_for)
    });
    Ok(DraftLine {
        customs: None,
        part_of: None,
        external_id,
        sku: sku.map(Sku),
        title: name(item.name.as_ref()).unwrap_or_else(|| "(no title)".to_owned()),
        quantity,
        unit_price,
        discounts: discount(off, code.cloned()),
        taxes: rates.taxes(item.taxes.as_deref(), item.total_tax.as_ref())?,
        weight_g: None,
        fulfilled_by,
    })
}

fn private(order: &wire::Order) -> PrivateDetails {
    let billing = order.billing.as_ref();
    let shipping = order.shipping.as_ref();
    let phone = clean(billing.and_then(|to| to.phone.as_ref()))
        .or_else(|| clean(shipping.and_then(|to| to.phone.as_ref())));
    let customer = Customer {
        external_id: id_of(order.customer_id.as_ref()),
        name: billing.and_then(name_of),
        email: clean(billing.and_then(|to| to.email.as_ref())),
        phone,
    };
    let mut details = PrivateDetails {
        customer: (customer != Customer::default()).then_some(customer),
        ship_to: shipping.and_then(address),
        bill_to: billing.and_then(address),
        ..PrivateDetails::default()
    };
    if let Some(note) = clean(order.customer_note.as_ref()) {
        details.attributes.insert("note".to_owned(), note.into());
    }
    details
}

fn name_of(address: &wire::Address) -> Option<String> {
    full_name(address.first_name.as_ref(), address.last_name.as_ref())
}

fn address(address: &wire::Address) -> Option<Address> {
    let postal = Postal {
        first_name: address.first_name.as_ref(),
        last_name: address.last_name.as_ref(),
        company: address.company.as_ref(),
        streets: [address.address_1.as_ref(), address.address_2.as_ref()],
        city: address.city.as_ref(),
        postcode: address.postcode.as_ref(),
        regions: [address.state.as_ref(), None],
        country: address.country.as_ref(),
        phone: address.phone.as_ref(),
        ..Postal::default()
    };
    postal.address()
}
