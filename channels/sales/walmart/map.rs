//! What Walmart's purchase order means. Pure: its lines' units say it all.
//!
//! Decided here: units that were cancelled are no part of the order, with their share of what their line's product
//! costs, and an order without any other is over. A line of which only a part was shipped is kept as unknown:
//! the hub would send all of it. The order was changed when the state of a line last was. A buyer who wants all
//! that is open cancelled asks for it. What Walmart or another fulfils is not ours to ship. Walmart charges the buyer and owes the seller, so
//! every order is prepaid.

use jiff::Timestamp;
use orderhub_domain::canonical::{
    Address, Customer, DraftLine, DraftTender, FulfilledBy, OrderDraft, PrivateDetails, Submission,
    TaxMode, Terms,
};
use orderhub_domain::ids::Sku;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;
use rust_decimal::Decimal;

use super::amounts::{self, Charged};
use super::{given, wire};
use crate::sales::buyer::{Postal, clean};
use crate::sales::country::two_letters;
use crate::sales::taken::{NotTaken, decimal, discount, id_of, sound, unknown, unreadable};
use crate::wire::{Exact, code};

/// What the buyer's wish to cancel is called: there is one of it at most.
const BUYER: &str = "buyer";

/// Decimals of a unit price.
const UNIT_PRICE: u32 = 6;

/// A time: milliseconds since 1970.
fn time(text: &Exact, what: &str) -> Result<Timestamp, NotTaken> {
    let milliseconds = text.0.trim().parse().ok();
    let at = milliseconds.and_then(|count| Timestamp::from_millisecond(count).ok());
    at.ok_or_else(|| unreadable(what))
}

/// What a line's units say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Open,
    Shipped,
    Gone,
}

fn standing(line: &wire::Line) -> Result<(Standing, wire::Tally), NotTaken> {
    let tally = line.tally().map_err(|other| {
        let word = code(other).unwrap_or_else(|| "unknown".to_owned());
        unknown(format!("line_status.{word}"))
    })?;
    let some = |units: Decimal| units > Decimal::ZERO;
    let standing = match (some(tally.open()), some(tally.shipped)) {
        (true, true) => return Err(unknown("partly_shipped_line")),
        (true, false) => Standing::Open,
        (false, true) => Standing::Shipped,
        (false, false) if some(tally.cancelled) => Standing::Gone,
        (false, false) => return Err(unreadable("a line's statuses")),
    };
    Ok((standing, tally))
}

/// When the state of a line was last changed.
fn changed_at(lines: &[wire::Line]) -> Result<Option<Timestamp>, NotTaken> {
    let dates = lines.iter().filter_map(|line| line.status_date.as_ref());
    let dates: Result<Vec<_>, _> = dates.map(|at| time(at, "statusDate")).collect();
    Ok(dates?.into_iter().max())
}

/// Who ships what is to be shipped.
fn by(order: &wire::Order) -> Result<FulfilledBy, NotTaken> {
    let node = order.ship_node.as_ref().and_then(|node| node.form.as_ref());
    match clean(node).as_deref() {
        None | Some("SellerFulfilled") => Ok(FulfilledBy::Us),
        Some("WFSFulfilled" | "3PLFulfilled") => Ok(FulfilledBy::Channel),
        Some(other) => {
            let word = code(other).unwrap_or_else(|| "unknown".to_owned());
            Err(unknown(format!("ship_node.{word}")))
        }
    }
}

/// An order and what it means if it is known already.
pub(super) fn order(order: &wire::Order) -> Result<(Submission, Vec<ChannelFact>), NotTaken> {
    let lines = &order.lines.all;
    let standings: Result<Vec<_>, _> = lines.iter().map(standing).collect();
    let standings = standings?;
    let over = standings.iter().all(|(one, _)| *one == Standing::Gone);
    let changed_at = changed_at(lines)?;
    let cancelled_at = if over {
        Some(changed_at.ok_or_else(|| unreadable("statusDate"))?)
    } else {
        None
    };
    let currency = amounts::currency(order)?;
    let by = by(order)?;
    let mut charged = Charged::default();
    let mut kept = Vec::new();
    for (line, (standing, tally)) in lines.iter().zip(&standings) {
        let fulfilled_by = match standing {
            Standing::Gone if !over => continue,
            Standing::Gone | Standing::Open => by,
            Standing::Shipped => FulfilledBy::Channel,
        };
        kept.push(draft_line(
            (line, tally),
            fulfilled_by,
            currency,
            &mut charged,
        )?);
    }
    let id = id_of(Some(&order.purchase_order_id));
    let private = private(order);
    let mut draft = OrderDraft {
        changed_at,
        awaits_release: false,
        point: None,
        external_id: id.ok_or_else(|| unreadable("purchaseOrderId"))?,
        number: id_of(order.customer_order_id.as_ref()),
        placed_at: time(&order.placed_at, "orderDate")?,
        currency,
        tax_mode: TaxMode::Exclusive,
        test: false,
        cancelled_at,
        destination: private.ship_to.as_ref().and_then(|to| to.country.clone()),
        pickup_location: None,
        lines: kept,
        shipping: charged.shipping,
        fees: charged.fees,
        discounts: charged.discounts,
        tenders: Vec::new(),
        stated_total: Money::zero(currency),
    };
    let stated = amounts::total(order, currency)?;
    draft.stated_total = stated.unwrap_or_else(|| draft.totals().grand);
    draft.tenders.push(DraftTender {
        amount: draft.stated_total,
        terms: Terms::Prepaid { reference: None },
    });
    let draft = sound(draft)?;
    let mut facts = given::back(order, currency)?;
    if wants_out(lines, &standings) {
        facts.push(ChannelFact::CancelAsked {
            reference: BUYER.to_owned(),
        });
    }
    facts.extend(cancelled_at.map(|at| ChannelFact::Cancelled { at }));
    Ok((Submission { draft, private }, facts))
}

/// Whether the buyer has asked for the cancellation of all that is open. Walmart gives the wish no name.
fn wants_out(lines: &[wire::Line], standings: &[(Standing, wire::Tally)]) -> bool {
    let standings = standings.iter().map(|(standing, _)| standing);
    let all = lines.iter().zip(standings);
    let mut open = all.filter(|(_, standing)| **standing == Standing::Open);
    let some = open.clone().next().is_some();
    some && open.all(|(line, _)| line.wants_out())
}

fn draft_line(
    (line, tally): (&wire::Line, &wire::Tally),
    fulfilled_by: FulfilledBy,
    currency: Currency,
    charged: &mut Charged,
) -> Result<DraftLine, NotTaken> {
    let external_id = code(&line.number.0).ok_or_else(|| unreadable("a line's number"))?;
    let all = decimal(&line.order_line_quantity.amount, "a line's quantity")?;
    let mut product = charged.line(line, currency)?;
    let mut count = all;
    if !tally.cancelled.is_zero() && !tally.wanted().is_zero() {
        count = tally.wanted();
        product = product.of_units(count, count + tally.cancelled);
    }
    let quantity = Quantity::new(count).ok_or_else(|| unreadable("a line's quantity"))?;
    let unit = product.price.amount().checked_div(count);
    let unit = unit.ok_or_else(|| unreadable("a line's quantity"))?;
    let unit_price = unit.round_dp(UNIT_PRICE).normalize();
    // A price that does not divide comes to a little more than the line's: never to less.
    let off = Money::rounded(unit_price * count, currency).less(product.price);
    let sku = clean(line.item.sku.as_ref()).or_else(|| {
        // Asked for by its line, so that it is refused or fixed in the open.
        (fulfilled_by == FulfilledBy::Us).then(|| format!("line-{external_id}"))
    });
    Ok(DraftLine {
        customs: None,
        part_of: None,
        external_id,
        sku: sku.map(Sku),
        title: clean(line.item.product_name.as_ref()).unwrap_or_else(|| "(no title)".to_owned()),
        quantity,
        unit_price,
        discounts: discount(off, None),
        taxes: product.taxes,
        weight_g: None,
        fulfilled_by,
    })
}

fn private(order: &wire::Order) -> PrivateDetails {
    let shipping = order.shipping_info.as_ref();
    let to = shipping.and_then(|info| info.postal_address.as_ref());
    let phone = shipping.and_then(|info| info.phone.as_ref());
    let customer = Customer {
        external_id: None,
        name: to.and_then(|to| clean(to.name.as_ref())),
        // Walmart's relay.
        email: clean(order.customer_email_id.as_ref()),
        phone: clean(phone),
    };
    let mut details = PrivateDetails {
        customer: (customer != Customer::default()).then_some(customer),
        ship_to: to.and_then(|to| address(to, phone)),
        ..PrivateDetails::default()
    };
    let form = clean(order.form.as_ref()).filter(|form| form != "REGULAR");
    let replaces = clean(order.replaces.as_ref().map(|Exact(text)| text));
    let mut lines = order.lines.all.iter();
    let wants_out = lines.any(wire::Line::wants_out);
    let wants_out = wants_out.then(|| "cancel".to_owned());
    for (name, text) in [
        ("order_type", form),
        ("replaces", replaces),
        ("buyer_intends", wants_out),
    ] {
        let text = text.map(|text| (name.to_owned(), text.into()));
        details.attributes.extend(text);
    }
    details
}

fn address(address: &wire::Address, phone: Option<&String>) -> Option<Address> {
    let country = address.country.as_deref().and_then(two_letters);
    let postal = Postal {
        name: address.name.as_ref(),
        streets: [address.address1.as_ref(), address.address2.as_ref()],
        city: address.city.as_ref(),
        postcode: address.postal_code.as_ref(),
        regions: [address.state.as_ref(), None],
        country: country.as_ref(),
        phone,
        ..Postal::default()
    };
    postal.address()
}
