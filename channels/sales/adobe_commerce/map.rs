//! What Adobe Commerce's order means. Pure.
//!
//! Decided here: `state` is the shop's own vocabulary, `status` is the merchant's, so the state counts. Amounts
//! are those of the buyer's currency, without taxes. `grand_total` is what was left to pay: gift cards, store
//! credit and reward points are money that the shop had before.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use orderhub_domain::canonical::{
    Address, CaptureMode, Charge, Customer, DraftTender, OrderDraft, PrivateDetails, Submission,
    Tax, TaxMode, Terms,
};
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;

use super::lines::{Reading, lines};
use super::{news, wire};
use crate::port::Inbound;
use crate::sales::buyer::{Postal, clean, full_name};
use crate::sales::direct::card::contains_card_number;
use crate::sales::taken::{
    NotTaken, amount_or_zero as amount, close_rounding, decimal, discount, id_of, news_only,
    not_yet, parse, sound, taken, unknown, unreadable,
};
use crate::wire::{Exact, code};

/// What a state says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Nobody has paid yet, unless it is paid for later.
    New,
    /// To be shipped, all of it or the rest.
    Open,
    /// The shop has shipped it.
    Shipped,
    /// Nothing of it is to be shipped.
    Over,
}

fn state(order: &wire::Order) -> Result<State, NotTaken> {
    let state = order.state.as_deref().ok_or_else(|| unreadable("state"))?;
    Ok(match state {
        "new" => State::New,
        "processing" => State::Open,
        "complete" => State::Shipped,
        // Everything was given back: after something was sent it is no cancellation.
        "closed" if is_shipped(order) => State::Shipped,
        "canceled" | "closed" => State::Over,
        "holded" | "payment_review" | "pending_payment" => return Err(not_yet(state)),
        other => {
            let word = code(other).unwrap_or_else(|| "unknown".to_owned());
            return Err(unknown(format!("order:state.{word}")));
        }
    })
}

/// Whether anything of it has left the shop.
pub(super) fn is_shipped(order: &wire::Order) -> bool {
    let mut items = order.items.iter();
    items.any(|item| !wire::Item::count(item.qty_shipped.as_ref()).is_zero())
}

/// A time (`2023-04-06 18:36:18`): UTC without saying so.
pub(super) fn time(text: Option<&String>, what: &str) -> Result<Timestamp, NotTaken> {
    let at: Option<DateTime> = text.and_then(|text| text.parse().ok());
    let zoned = at.and_then(|at| at.to_zoned(TimeZone::UTC).ok());
    zoned
        .map(|at| at.timestamp())
        .ok_or_else(|| unreadable(what))
}

/// When the shop wrote it last, whatever had changed.
fn changed_at(order: &wire::Order) -> Result<Option<Timestamp>, NotTaken> {
    let stated = order.updated_at.as_ref();
    stated
        .map(|text| time(Some(text), "updated_at"))
        .transpose()
}

/// An order as it is stated, for one that is new or known, or only for one that is known.
pub(super) fn stated(body: &[u8]) -> Result<Inbound, NotTaken> {
    let whole: wire::Order = parse(body)?;
    let mut inbound = taken(body, order(&whole)?)?;
    // Of an order that is over, its end says all.
    if let Inbound::Order(stated) = &mut inbound
        && stated.submission.draft.cancelled_at.is_none()
    {
        stated.wanted = news::wanted(&whole)?;
    }
    Ok(if news::is_under_way(&whole) {
        news_only(inbound)
    } else {
        inbound
    })
}

/// An order and what it means if it is known already.
pub(super) fn order(order: &wire::Order) -> Result<(Submission, Vec<ChannelFact>), NotTaken> {
    let state = state(order)?;
    let currency = order
        .order_currency_code
        .as_deref()
        .and_then(Currency::from_code);
    let currency = currency.ok_or_else(|| unreadable("order_currency_code"))?;
    let left = order
        .grand_total
        .as_ref()
        .ok_or_else(|| unreadable("grand_total"))?;
    let left = Money::rounded(decimal(left, "grand_total")?, currency);
    let extension = order.extension_attributes.as_ref();
    let mut redeemed = Money::zero(currency);
    for (part, what) in [
        (
            extension.and_then(|it| it.gift_cards_amount.as_ref()),
            "gift_cards_amount",
        ),
        (
            extension.and_then(|it| it.customer_balance_amount.as_ref()),
            "customer_balance_amount",
        ),
        (
            extension.and_then(|it| it.reward_currency_amount.as_ref()),
            "reward_currency_amount",
        ),
    ] {
        redeemed = redeemed.plus(amount(part, currency, what)?);
    }
    let terms = terms(order, left, state)?;
    let paid = matches!(terms, Terms::Prepaid { .. });
    let reference = transaction(order).filter(|_| paid);
    let cancelled_at = match state {
        // The shop keeps no time of a cancellation: it is the last change of a cancelled order.
        State::Over => Some(time(order.updated_at.as_ref(), "updated_at")?),
        State::New | State::Open | State::Shipped => None,
    };
    let coupon = clean(order.coupon_code.as_ref());
    let how = Reading {
        currency,
        shipped: state == State::Shipped,
        over: state == State::Over,
        coupon: coupon.as_ref(),
    };
    let private = private(order);
    let number = clean(order.increment_id.as_ref().map(|number| &number.0));
    let mut draft = OrderDraft {
        changed_at: changed_at(order)?,
        awaits_release: false,
        point: None,
        external_id: id_of(order.entity_id.as_ref()).ok_or_else(|| unreadable("entity_id"))?,
        number: number.map(|number| format!("#{number}")),
        placed_at: time(order.created_at.as_ref(), "created_at")?,
        currency,
        tax_mode: TaxMode::Exclusive,
        test: false,
        cancelled_at,
        destination: private.ship_to.as_ref().and_then(|to| to.country.clone()),
        pickup_location: None,
        lines: lines(&order.items, how)?,
        shipping: Vec::new(),
        fees: Vec::new(),
        discounts: Vec::new(),
        tenders: tenders(left, redeemed, terms),
        stated_total: left.plus(redeemed),
    };
    add_shipping(order, &mut draft)?;
    close_rounding(&mut draft);
    let draft = sound(draft)?;
    let mut facts = Vec::new();
    if paid {
        facts.push(ChannelFact::Paid { reference });
    }
    facts.extend(news::refunds(order, currency)?);
    facts.extend(cancelled_at.map(|at| ChannelFact::Cancelled { at }));
    Ok((Submission { draft, private }, facts))
}

/// How what is left is paid. The shop states what it has of it.
fn terms(order: &wire::Order, left: Money, state: State) -> Result<Terms, NotTaken> {
    let currency = left.currency();
    let has = amount(order.total_paid.as_ref(), currency, "total_paid")?;
    if left.is_zero() || has.amount() >= left.amount() {
        let reference = transaction(order);
        return Ok(Terms::Prepaid { reference });
    }
    if state == State::Over {
        return Ok(Terms::Invoice);
    }
    let payment = order.payment.as_ref();
    let held = payment.and_then(|payment| payment.amount_authorized.as_ref());
    let held = amount(held, currency, "amount_authorized")?;
    match payment.and_then(|payment| payment.method.as_deref()) {
        Some("cashondelivery") => Ok(Terms::OnDelivery),
        Some("purchaseorder") => Ok(Terms::Invoice),
        _ if held.is_positive() && state != State::New => Ok(Terms::Authorized {
            gateway: None,
            reference: None,
            expires_at: None,
            capture: CaptureMode::Once,
        }),
        _ if state == State::New => Err(not_yet("new")),
        // Somebody has begun to ship or to invoice it unpaid, and knows why.
        _ => Ok(Terms::Invoice),
    }
}

fn tenders(left: Money, redeemed: Money, terms: Terms) -> Vec<DraftTender> {
    let tender = |amount, terms| DraftTender { amount, terms };
    let before = tender(redeemed, Terms::Prepaid { reference: None });
    match (left.is_zero(), redeemed.is_zero()) {
        (_, true) => vec![tender(left, terms)],
        (true, false) => vec![before],
        (false, false) => vec![before, tender(left, terms)],
    }
}

/// What the shop's gateway calls the payment.
fn transaction(order: &wire::Order) -> Option<String> {
    let reference = order.payment.as_ref()?.last_trans_id.as_deref()?;
    code(reference.trim()).filter(|reference| !contains_card_number(reference))
}

/// Shipping, and what is taken off it.
fn add_shipping(order: &wire::Order, draft: &mut OrderDraft) -> Result<(), NotTaken> {
    let of = |text: Option<&Exact>, what: &str| amount(text, draft.currency, what);
    let sum = of(order.shipping_amount.as_ref(), "shipping_amount")?;
    let tax = of(order.shipping_tax_amount.as_ref(), "shipping_tax_amount")?;
    let off = of(
        order.shipping_discount_amount.as_ref(),
        "shipping_discount_amount",
    )?;
    let in_it = order.shipping_discount_tax_compensation_amount.as_ref();
    let off = off.less(of(in_it, "a discount's tax")?);
    draft.discounts.extend(discount(off, None));
    if sum.is_zero() && tax.is_zero() {
        return Ok(());
    }
    let taxes = (!tax.is_zero()).then(|| Tax {
        name: "Tax".to_owned(),
        rate: None,
        amount: tax,
        included: false,
    });
    let title = clean(order.shipping_description.as_ref());
    draft.shipping.push(Charge {
        title: title.unwrap_or_else(|| "Shipping".to_owned()),
        amount: sum,
        taxes: taxes.into_iter().collect(),
    });
    Ok(())
}

fn private(order: &wire::Order) -> PrivateDetails {
    let billing = order.billing_address.as_ref();
    let phone = billing.and_then(|to| to.telephone.as_ref());
    let (first, last) = (
        order.customer_firstname.as_ref(),
        order.customer_lastname.as_ref(),
    );
    let named = billing.and_then(|to| full_name(to.firstname.as_ref(), to.lastname.as_ref()));
    let customer = Customer {
        external_id: id_of(order.customer_id.as_ref()),
        name: full_name(first, last).or(named),
        email: clean(order.customer_email.as_ref()),
        phone: clean(phone),
    };
    let assignments = order.extension_attributes.as_ref();
    let assignments = assignments.and_then(|it| it.shipping_assignments.as_deref());
    let ship_to = assignments
        .and_then(|all| all.first()?.shipping.as_ref())
        .and_then(|shipping| shipping.address.as_ref());
    let mut details = PrivateDetails {
        customer: (customer != Customer::default()).then_some(customer),
        ship_to: ship_to.and_then(address),
        bill_to: billing.and_then(address),
        ..PrivateDetails::default()
    };
    if let Some(note) = clean(order.customer_note.as_ref()) {
        details.attributes.insert("note".to_owned(), note.into());
    }
    details
}

fn address(address: &wire::Address) -> Option<Address> {
    let postal = Postal {
        first_name: address.firstname.as_ref(),
        last_name: address.lastname.as_ref(),
        company: address.company.as_ref(),
        city: address.city.as_ref(),
        postcode: address.postcode.as_ref(),
        regions: [address.region_code.as_ref(), address.region.as_ref()],
        country: address.country_id.as_ref(),
        phone: address.telephone.as_ref(),
        ..Postal::default()
    };
    let mut read = postal.address()?;
    let streets = address.street.as_deref().unwrap_or_default().iter();
    read.lines = streets.filter_map(|line| clean(line.as_ref())).collect();
    Some(read)
}
