//! What Amazon's order means (Orders API v2026-01-01). Pure.
//!
//! Decided here: what Amazon fulfils is never allocated. A pending order is none yet: its payment is not
//! verified. A buyer who wants all that is open cancelled asks for it; a wish for some of the lines keeps the order
//! as unknown, for a person to answer; so is an order of another marketplace, and a line of which a part was
//! shipped elsewhere. The channel has the
//! buyer's money, except for what is collected at the door.

use orderhub_domain::canonical::{
    Address, Customer, DraftLine, DraftTender, FulfilledBy, OrderDraft, PrivateDetails, Submission,
    TaxMode, Terms,
};
use orderhub_domain::ids::Sku;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;
use rust_decimal::Decimal;

use super::marketplaces;
use super::money::{Beside, share, stated};
use super::wire;
use crate::sales::buyer::{Postal, clean};
use crate::sales::taken::{
    NotTaken, decimal, instant, not_yet, settle_taxes, sound, unknown, unreadable,
};
use crate::sales::told::opaque_id;
use crate::wire::code;

/// What the buyer's wish to cancel is called: there is one of it at most.
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

/// How far an order is, and who ships it.
fn state(order: &wire::Order) -> Result<(State, FulfilledBy), NotTaken> {
    let word = |text: &str| code(text).unwrap_or_else(|| "odd".to_owned());
    let Some(fulfillment) = &order.fulfillment else {
        return Err(unknown("order:no_fulfillment"));
    };
    let state = match fulfillment.status.as_str() {
        "PENDING" => return Err(not_yet("pending")),
        "PENDING_AVAILABILITY" => return Err(not_yet("pending_availability")),
        "UNSHIPPED" | "PARTIALLY_SHIPPED" => State::Open,
        "SHIPPED" => State::Shipped,
        "CANCELLED" => State::Over,
        other => return Err(unknown(format!("order:status.{}", word(other)))),
    };
    let by = match fulfillment.fulfilled_by.as_deref() {
        Some("AMAZON") => FulfilledBy::Channel,
        Some("MERCHANT") => FulfilledBy::Us,
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

/// The marketplace, if it is one of the connection's.
fn marketplace<'a>(order: &'a wire::Order, ours: &[String]) -> Result<&'a str, NotTaken> {
    let channel = order.sales_channel.as_ref();
    let named = channel.and_then(|channel| channel.marketplace_id.as_deref());
    if let Some(id) = named.filter(|id| ours.iter().any(|own| own == id)) {
        return Ok(id);
    }
    let name = channel.and_then(|channel| channel.channel_name.as_deref());
    let other = named.or(name).and_then(code);
    let other = other.unwrap_or_else(|| "unnamed".to_owned());
    Err(unknown(format!("another_marketplace:{other}")))
}

fn currency(order: &wire::Order, marketplace: &str) -> Result<Currency, NotTaken> {
    let total = order
        .proceeds
        .as_ref()
        .and_then(|of| of.grand_total.as_ref());
    let unit = |item: &'_ wire::Item| {
        let price = item.product.price.as_ref()?.unit_price.as_ref()?;
        price.currency_code.clone()
    };
    let code = total.and_then(|total| total.currency_code.clone());
    match code.or_else(|| order.items.iter().find_map(unit)) {
        Some(code) => Currency::from_code(&code).ok_or_else(|| unreadable("currencyCode")),
        // A cancelled order may say nothing of money.
        None => marketplaces::currency(marketplace).ok_or_else(|| unreadable("currencyCode")),
    }
}

/// An order of one of these marketplaces, and what it means if it is known already.
pub(super) fn order(
    order: &wire::Order,
    marketplaces: &[String],
) -> Result<(Submission, Vec<ChannelFact>), NotTaken> {
    let marketplace = marketplace(order, marketplaces)?;
    let (state, by) = state(order)?;
    let ours = state == State::Open && by == FulfilledBy::Us;
    let is_unwanted = ours && wants_out(order)?;
    let currency = currency(order, marketplace)?;
    let changed = order.last_updated_time.as_ref();
    let cancelled_at = match state {
        State::Over => Some(instant(changed, "lastUpdatedTime")?),
        State::Open | State::Shipped => None,
    };
    // A replacement brings nothing, and what is cancelled nothing any more.
    let free = state == State::Over || order.associated_orders.iter().any(is_replacement);
    let mut beside = Beside::default();
    let mut lines = Vec::new();
    for item in &order.items {
        lines.extend(line(item, state, by, currency, free, &mut beside)?);
    }
    let proceeds = order.proceeds.as_ref();
    for part in proceeds
        .map(|of| of.breakdowns.as_slice())
        .unwrap_or_default()
    {
        // The other parts are the sums of what the lines say.
        if part.form == "DELIVERY_TIP" {
            beside.add(part, stated(&part.subtotal, currency, "the tip")?);
        }
    }
    let private = private(order);
    let id = opaque_id(&order.id).ok_or_else(|| unreadable("orderId"))?;
    let mut draft = OrderDraft {
        changed_at: changed.and_then(|text| text.parse().ok()),
        awaits_release: false,
        point: None,
        number: Some(id.clone()),
        external_id: id,
        placed_at: instant(order.created_time.as_ref(), "createdTime")?,
        currency,
        tax_mode: TaxMode::Exclusive,
        test: false,
        cancelled_at,
        destination: private.ship_to.as_ref().and_then(|to| to.country.clone()),
        pickup_location: None,
        lines,
        shipping: beside.shipping,
        fees: beside.fees,
        discounts: beside.discounts,
        tenders: Vec::new(),
        stated_total: Money::zero(currency),
    };
    draft.stated_total = match proceeds.and_then(|of| of.grand_total.as_ref()) {
        Some(total) => stated(total, currency, "grandTotal")?,
        None if free => draft.totals().grand,
        None => return Err(unreadable("grandTotal")),
    };
    settle_taxes(&mut draft);
    let at_the_door = order.items.iter().any(is_paid_at_the_door);
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

/// Whether the buyer has asked not to get what is ordered, and nobody has answered. Of some of the lines only the
/// channel can be told, so that a person does.
fn wants_out(order: &wire::Order) -> Result<bool, NotTaken> {
    let open = || order.items.iter().filter(|item| !item.is_gone());
    match open().filter(|item| item.is_unwanted()).count() {
        0 => Ok(false),
        all if all == open().count() => Ok(true),
        _ => Err(unknown("order:cancellation_requested")),
    }
}

fn is_replacement(associated: &wire::Associated) -> bool {
    associated.association_type.as_deref() == Some("REPLACEMENT_ORIGINAL_ID")
}

fn is_paid_at_the_door(item: &wire::Item) -> bool {
    let shipping = item
        .fulfillment
        .as_ref()
        .and_then(|of| of.shipping.as_ref());
    let constraints = shipping.and_then(|of| of.constraints.as_ref());
    constraints.is_some_and(|of| of.cash_on_delivery.as_deref() == Some("MANDATORY"))
}

/// A line; none for one of which nothing is ordered any more.
fn line(
    item: &wire::Item,
    state: State,
    by: FulfilledBy,
    currency: Currency,
    free: bool,
    beside: &mut Beside,
) -> Result<Option<DraftLine>, NotTaken> {
    let external_id = opaque_id(&item.id).ok_or_else(|| unreadable("a line's orderItemId"))?;
    let ordered = decimal(&item.quantity_ordered, "a line's quantityOrdered")?;
    let count = match (ordered.is_zero(), state) {
        (false, _) => ordered,
        // Cancelled units are no longer counted there, and an order without any would say nothing at all.
        (true, State::Over) => Decimal::ONE,
        (true, _) => return Ok(None),
    };
    let quantity = Quantity::new(count).ok_or_else(|| unreadable("a line's quantityOrdered"))?;
    let shipped = item.fulfillment.as_ref();
    let shipped = shipped.and_then(|of| of.quantity_fulfilled.as_ref()?.decimal());
    let shipped = shipped.unwrap_or_default();
    let fulfilled_by = if by == FulfilledBy::Channel
        || state == State::Shipped
        || (shipped > Decimal::ZERO && shipped >= count)
    {
        FulfilledBy::Channel
    } else if shipped > Decimal::ZERO && state == State::Open {
        return Err(unknown("order:partly_shipped_line"));
    } else {
        FulfilledBy::Us
    };
    let measured = item.measurement.as_ref();
    if fulfilled_by == FulfilledBy::Us && measured.is_some_and(|of| of.unit != "COUNT") {
        return Err(unknown("order:measured_line"));
    }
    let share = share(item, count, currency, free, beside)?;
    let product = &item.product;
    let sku = clean(product.seller_sku.as_ref()).or_else(|| {
        // Asked for by the number of what was bought, so that it is refused or fixed in the open.
        let bought = clean(product.asin.as_ref());
        let asked_for = bought.unwrap_or_else(|| format!("line-{external_id}"));
        (fulfilled_by == FulfilledBy::Us).then_some(asked_for)
    });
    Ok(Some(DraftLine {
        customs: None,
        part_of: None,
        external_id,
        sku: sku.map(Sku),
        title: clean(product.title.as_ref()).unwrap_or_else(|| "(no title)".to_owned()),
        quantity,
        unit_price: share.unit_price,
        discounts: share.discounts,
        taxes: share.taxes,
        weight_g: None,
        fulfilled_by,
    }))
}

fn private(order: &wire::Order) -> PrivateDetails {
    let buyer = order.buyer.as_ref();
    let address = order
        .recipient
        .as_ref()
        .and_then(|to| to.delivery_address.as_ref());
    let customer = Customer {
        external_id: None,
        name: clean(buyer.and_then(|buyer| buyer.name.as_ref())),
        email: clean(buyer.and_then(|buyer| buyer.email.as_ref())),
        phone: clean(address.and_then(|to| to.phone.as_ref())),
    };
    let mut details = PrivateDetails {
        customer: (customer != Customer::default()).then_some(customer),
        ship_to: address.and_then(ship_to),
        ..PrivateDetails::default()
    };
    let mut note = |name: &str, text: Option<String>| {
        let text = text.map(Into::into);
        details
            .attributes
            .extend(text.map(|text| (name.to_owned(), text)));
    };
    note(
        "purchase_order",
        clean(buyer.and_then(|buyer| buyer.purchase_order.as_ref())),
    );
    let window = order
        .fulfillment
        .as_ref()
        .and_then(|of| of.ship_by_window.as_ref());
    note(
        "ship_by",
        clean(window.and_then(|of| of.latest_date_time.as_ref())),
    );
    let gifts: Vec<_> = order.items.iter().filter_map(gift).collect();
    note(
        "gift_message",
        (!gifts.is_empty()).then(|| gifts.join("\n")),
    );
    details
}

fn gift(item: &wire::Item) -> Option<String> {
    let packing = item.fulfillment.as_ref()?.packing.as_ref()?;
    clean(packing.gift_option.as_ref()?.message.as_ref())
}

fn ship_to(address: &wire::Address) -> Option<Address> {
    let postal = Postal {
        name: address.name.as_ref(),
        company: address.company_name.as_ref(),
        streets: [address.first_line.as_ref(), address.second_line.as_ref()],
        city: address.city.as_ref(),
        postcode: address.postal_code.as_ref(),
        regions: [
            address.state_or_region.as_ref(),
            address.district_or_county.as_ref(),
        ],
        country: address.country_code.as_ref(),
        phone: address.phone.as_ref(),
        ..Postal::default()
    };
    let mut read = postal.address()?;
    read.lines.extend(clean(address.third_line.as_ref()));
    Some(read)
}
