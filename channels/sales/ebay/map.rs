//! What eBay's order means (Fulfillment API). Pure.
//!
//! Decided here: payment, fulfilment and cancellation are three states that know nothing of each other. An order
//! that its buyer wants cancelled is as it was until that is answered. An order whose money was given back before anything was shipped is over. What goes through eBay's international
//! shipping or its authenticators is still shipped by us, to the warehouse that the order names.

use orderhub_domain::canonical::{
    Address, Customer, DraftLine, DraftTender, FulfilledBy, OrderDraft, PrivateDetails, Submission,
    TaxMode, Terms,
};
use orderhub_domain::ids::Sku;
use orderhub_domain::money::Currency;
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;

use super::money::{add_charges, add_taxes, given, or_zero, stated};
use super::wire;
use crate::sales::buyer::{Postal, clean};
use crate::sales::taken::{NotTaken, decimal, instant, not_yet, sound, unknown, unreadable};
use crate::sales::told::opaque_id;
use crate::wire::code;

/// What the three states come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// To be shipped, all of it or the rest.
    Open,
    /// All of it has left.
    Shipped,
    /// Nothing of it is to be shipped.
    Over,
}

/// How far it is, and whether eBay has the buyer's money.
fn state(order: &wire::Order) -> Result<(State, bool), NotTaken> {
    let word = |text: Option<&str>| {
        let text = text.unwrap_or_default();
        code(text).unwrap_or_else(|| "odd".to_owned())
    };
    let fulfilment = order.fulfillment_status.as_deref();
    let shipped = match fulfilment {
        // None of it, or a part, has left.
        Some("NOT_STARTED" | "IN_PROGRESS") => State::Open,
        Some("FULFILLED") => State::Shipped,
        other => return Err(unknown(format!("order:fulfilment.{}", word(other)))),
    };
    let cancel = order.cancel_status.as_ref();
    let cancelled = match cancel.and_then(|of| of.cancel_state.as_deref()) {
        None | Some("NONE_REQUESTED") => false,
        Some("CANCELED") => true,
        Some("IN_PROGRESS") if wishes(order).next().is_some() => false,
        // By the seller, and not through: a person sees to it there.
        Some("IN_PROGRESS") => return Err(unknown("order:cancellation_requested")),
        other => return Err(unknown(format!("order:cancel.{}", word(other)))),
    };
    let payment = order.payment_status.as_deref();
    let (paid, returned) = match payment {
        Some("PAID" | "PARTIALLY_REFUNDED") => (true, false),
        Some("FULLY_REFUNDED") => (true, true),
        Some("PENDING" | "FAILED") if cancelled => (false, false),
        Some("PENDING") => return Err(not_yet("pending")),
        Some("FAILED") => return Err(not_yet("failed")),
        other => return Err(unknown(format!("order:payment.{}", word(other)))),
    };
    let untouched = fulfilment == Some("NOT_STARTED");
    if cancelled || (returned && untouched) {
        return Ok((State::Over, paid));
    }
    Ok((shipped, paid))
}

/// The buyer's wishes to cancel that nobody has answered, by eBay's ids of them.
fn wishes(order: &wire::Order) -> impl Iterator<Item = String> {
    let requests = order
        .cancel_status
        .iter()
        .flat_map(|of| &of.cancel_requests);
    let open = requests.filter(|request| {
        request.initiator.as_deref() == Some("BUYER")
            && request.state.as_deref() == Some("REQUESTED")
    });
    open.filter_map(|request| opaque_id(&request.id.as_ref()?.0))
}

/// An order of this seller, if one is configured, and what it means if it is known already.
pub(super) fn order(
    order: &wire::Order,
    seller: Option<&str>,
) -> Result<(Submission, Vec<ChannelFact>), NotTaken> {
    if seller.is_some() && order.seller_id.as_deref() != seller {
        return Err(unknown("another_seller"));
    }
    let (state, paid) = state(order)?;
    let by = fulfilled_by(order, state)?;
    let pricing = order.pricing_summary.as_ref();
    let total = pricing.and_then(|of| of.total.as_ref());
    let (Some(pricing), Some(total)) = (pricing, total) else {
        return Err(unreadable("pricingSummary.total"));
    };
    let currency = total.currency.as_deref().and_then(Currency::from_code);
    let currency = currency.ok_or_else(|| unreadable("the total's currency"))?;
    let changed = order.last_modified_date.as_ref();
    let changed_at = changed.and_then(|text| text.parse().ok());
    let cancelled_at = match state {
        State::Over => Some(instant(changed, "lastModifiedDate")?),
        State::Open | State::Shipped => None,
    };
    let stated_total = stated(total, currency, "the total")?;
    let lines = order.lines.iter();
    let lines: Result<Vec<_>, _> = lines.map(|item| line(item, state, by, currency)).collect();
    let payments = order.payment_summary.as_ref();
    let payment = payments.and_then(|of| of.payments.first());
    let reference = clean(payment.and_then(|of| of.payment_reference_id.as_ref()));
    let private = private(order);
    let id = opaque_id(&order.id).ok_or_else(|| unreadable("orderId"))?;
    let mut draft = OrderDraft {
        changed_at,
        awaits_release: false,
        point: None,
        number: Some(id.clone()),
        external_id: id,
        placed_at: instant(order.creation_date.as_ref(), "creationDate")?,
        currency,
        tax_mode: TaxMode::Exclusive,
        test: false,
        cancelled_at,
        destination: private.ship_to.as_ref().and_then(|to| to.country.clone()),
        pickup_location: None,
        lines: lines?,
        shipping: Vec::new(),
        fees: Vec::new(),
        discounts: Vec::new(),
        tenders: vec![DraftTender {
            amount: stated_total,
            terms: if paid {
                Terms::Prepaid {
                    reference: reference.clone(),
                }
            } else {
                // Nothing is collected for an order that arrives cancelled.
                Terms::Invoice
            },
        }],
        stated_total,
    };
    add_charges(pricing, &mut draft)?;
    let tax = or_zero(pricing.tax.as_ref(), currency, "tax")?;
    add_taxes(order, tax, &mut draft)?;
    let draft = sound(draft)?;
    let mut facts = Vec::new();
    if paid && state != State::Over {
        facts.push(ChannelFact::Paid { reference });
    }
    facts.extend(given(order, currency)?);
    let asked = wishes(order).map(|reference| ChannelFact::CancelAsked { reference });
    facts.extend(asked.filter(|_| state == State::Open));
    facts.extend(cancelled_at.map(|at| ChannelFact::Cancelled { at }));
    Ok((Submission { draft, private }, facts))
}

/// Who ships what is not shipped yet.
fn fulfilled_by(order: &wire::Order, state: State) -> Result<FulfilledBy, NotTaken> {
    // The instructions of such an order may still say how it is shipped, and not that it is not by us.
    if order.is_sent_by_ebay() {
        return Ok(FulfilledBy::Channel);
    }
    let forms = order.instructions.iter().map(|of| of.form.as_deref());
    let mut forms: Vec<_> = forms.collect();
    forms.dedup();
    match forms[..] {
        [] | [None | Some("SHIP_TO" | "SELLER_DEFINED")] => Ok(FulfilledBy::Us),
        [Some("FULFILLED_BY_EBAY")] => Ok(FulfilledBy::Channel),
        [Some("DIGITAL")] => Ok(FulfilledBy::Nobody),
        _ if state != State::Open => Ok(FulfilledBy::Us),
        // The buyer collects it in a store that only eBay's name of is known.
        [Some("PREPARE_FOR_PICKUP")] => Err(unknown("order:collected_in_store")),
        [Some(other)] => {
            let word = code(other).unwrap_or_else(|| "odd".to_owned());
            Err(unknown(format!("order:instructions.{word}")))
        }
        _ => Err(unknown("order:several_instructions")),
    }
}

fn line(
    item: &wire::Line,
    state: State,
    by: FulfilledBy,
    currency: Currency,
) -> Result<DraftLine, NotTaken> {
    let external_id = opaque_id(&item.id).ok_or_else(|| unreadable("a line's lineItemId"))?;
    let count = decimal(&item.quantity, "a line's quantity")?;
    let quantity = Quantity::new(count).ok_or_else(|| unreadable("a line's quantity"))?;
    let fulfilled_by = match item.fulfillment_status.as_deref() {
        _ if by != FulfilledBy::Us => by,
        Some("FULFILLED") => FulfilledBy::Channel,
        _ if state == State::Shipped => FulfilledBy::Channel,
        Some("IN_PROGRESS") if state == State::Open => {
            return Err(unknown("order:partly_shipped_line"));
        }
        _ => FulfilledBy::Us,
    };
    let cost = item
        .cost
        .as_ref()
        .ok_or_else(|| unreadable("lineItemCost"))?;
    let sum = stated(cost, currency, "lineItemCost")?;
    let unit_price = sum
        .amount()
        .checked_div(count)
        .ok_or_else(|| unreadable("a line's quantity"))?;
    let sku = clean(item.sku.as_ref()).or_else(|| {
        // Asked for by the number of what was bought, so that it is refused or fixed in the open.
        let bought = clean(item.item.as_ref());
        let asked_for = bought.unwrap_or_else(|| format!("line-{external_id}"));
        (fulfilled_by == FulfilledBy::Us).then_some(asked_for)
    });
    Ok(DraftLine {
        customs: None,
        part_of: None,
        external_id,
        sku: sku.map(Sku),
        title: clean(item.title.as_ref()).unwrap_or_else(|| "(no title)".to_owned()),
        quantity,
        unit_price: unit_price.round_dp(6).normalize(),
        discounts: Vec::new(),
        taxes: Vec::new(),
        weight_g: None,
        fulfilled_by,
    })
}

fn private(order: &wire::Order) -> PrivateDetails {
    let step = order.instructions.first();
    let step = step.and_then(|of| of.shipping_step.as_ref());
    let to = step.and_then(|of| of.ship_to.as_ref());
    let buyer = order.buyer.as_ref();
    let registered = buyer.and_then(|of| of.buyer_registration_address.as_ref());
    let customer = Customer {
        external_id: clean(buyer.and_then(|of| of.username.as_ref())),
        name: clean(registered.and_then(|of| of.full_name.as_ref())),
        email: clean(to.and_then(|of| of.email.as_ref())),
        phone: clean(to.and_then(phone)),
    };
    let mut details = PrivateDetails {
        customer: (customer != Customer::default()).then_some(customer),
        ship_to: to.and_then(address),
        bill_to: registered.and_then(address),
        ..PrivateDetails::default()
    };
    let reference = step.and_then(|of| of.ship_to_reference_id.as_ref());
    for (name, text) in [
        ("note", order.buyer_checkout_notes.as_ref()),
        ("ship_to_reference", reference),
    ] {
        let text = clean(text).map(|text| (name.to_owned(), text.into()));
        details.attributes.extend(text);
    }
    details
}

fn phone(contact: &wire::Contact) -> Option<&String> {
    contact.primary_phone.as_ref()?.phone_number.as_ref()
}

fn address(contact: &wire::Contact) -> Option<Address> {
    let there = contact.address.as_ref();
    let part = |of: fn(&wire::Address) -> &Option<String>| there.and_then(|at| of(at).as_ref());
    let postal = Postal {
        name: contact.full_name.as_ref(),
        company: contact.company_name.as_ref(),
        streets: [part(|at| &at.first_line), part(|at| &at.second_line)],
        city: part(|at| &at.city),
        postcode: part(|at| &at.postal_code),
        regions: [part(|at| &at.state_or_province), part(|at| &at.county)],
        country: part(|at| &at.country_code),
        phone: phone(contact),
        ..Postal::default()
    };
    postal.address()
}
