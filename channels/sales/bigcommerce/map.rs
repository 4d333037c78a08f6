//! What BigCommerce's order means, as it was looked up. Pure.
//!
//! Decided here: the status is its number, for its name is the shop's own text. Amounts with their taxes
//! (`*_inc_tax`) are what the stated total is made of, in the currency that the buyer pays in. Store credit
//! and gift certificates are money that the shop has already. An order to several addresses is kept as
//! unknown: the hub would send all of it to one place.

use jiff::Timestamp;
use orderhub_domain::canonical::{
    Address, CaptureMode, Charge, Customer, Discount, DraftLine, DraftTender, FulfilledBy,
    OrderDraft, PrivateDetails, Submission, Tax, TaxMode, Terms,
};
use orderhub_domain::ids::Sku;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;
use rust_decimal::Decimal;

use super::{changes, wire};
use crate::sales::buyer::{Postal, clean, full_name};
use crate::sales::taken::{
    NotTaken, amount_or_zero as amount, decimal, discount, id_of, not_yet, sound, unknown,
    unreadable,
};
use crate::wire::{Exact, code};

/// What a status says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// To be shipped, all of it or the rest.
    Open,
    /// The shop has shipped it.
    Shipped,
    /// Nothing of it is to be shipped.
    Over,
}

fn state(order: &wire::Order) -> Result<State, NotTaken> {
    let shipped = order.items_shipped.as_ref().and_then(Exact::decimal);
    let status: u32 = order
        .status_id
        .0
        .parse()
        .map_err(|_| unreadable("status_id"))?;
    Ok(match status {
        0 => return Err(not_yet("incomplete")),
        1 => return Err(not_yet("pending")),
        7 => return Err(not_yet("awaiting_payment")),
        12 => return Err(not_yet("manual_verification")),
        3 | 8 | 9 | 11 | 14 => State::Open,
        2 | 10 => State::Shipped,
        // Money that is given back after something was sent is no cancellation.
        4 if shipped.is_some_and(|units| units > Decimal::ZERO) => State::Shipped,
        4..=6 => State::Over,
        other => return Err(unknown(format!("order:status.{other}"))),
    })
}

/// A time (`Tue, 05 Mar 2019 21:40:11 +0000`). An empty one is none.
pub(super) fn time(text: Option<&String>, what: &str) -> Result<Timestamp, NotTaken> {
    let text = text.map(|text| text.trim()).unwrap_or_default();
    let at = jiff::fmt::rfc2822::parse(text).map_err(|_| unreadable(what))?;
    Ok(at.timestamp())
}

/// An order and what it means if it is known already.
pub(super) fn order(whole: &wire::Whole) -> Result<(Submission, Vec<ChannelFact>), NotTaken> {
    let order = &whole.order;
    let state = state(order)?;
    let code =
        clean(order.default_currency_code.as_ref()).or_else(|| clean(order.currency_code.as_ref()));
    let currency = code.and_then(|code| Currency::from_code(&code));
    let currency = currency.ok_or_else(|| unreadable("default_currency_code"))?;
    let ship_to = ship_to(&whole.shipping_addresses)?;
    let cancelled_at = match state {
        State::Over => Some(time(order.date_modified.as_ref(), "date_modified")?),
        State::Open | State::Shipped => None,
    };
    let total = decimal(&order.total_inc_tax, "total_inc_tax")?;
    let stated_total = Money::rounded(total, currency);
    let (tenders, paid) = tenders(order, stated_total, state)?;
    let lines = whole.products.iter();
    let lines: Result<Vec<_>, _> = lines.map(|item| line(item, state, currency)).collect();
    let private = private(order, ship_to);
    let id = id_of(Some(&order.id)).ok_or_else(|| unreadable("id"))?;
    let mut draft = OrderDraft {
        changed_at: time(order.date_modified.as_ref(), "date_modified").ok(),
        awaits_release: false,
        point: None,
        number: Some(format!("#{id}")),
        external_id: id,
        placed_at: time(order.date_created.as_ref(), "date_created")?,
        currency,
        tax_mode: TaxMode::Inclusive,
        test: false,
        cancelled_at,
        destination: private.ship_to.as_ref().and_then(|to| to.country.clone()),
        pickup_location: None,
        lines: lines?,
        shipping: Vec::new(),
        fees: Vec::new(),
        discounts: discounts(order, currency)?,
        tenders,
        stated_total,
    };
    add_charges(order, &mut draft)?;
    let draft = sound(draft)?;
    let mut facts = Vec::new();
    if paid {
        facts.push(ChannelFact::Paid { reference: None });
    }
    facts.extend(changes::given_back(&whole.refunds, currency)?);
    facts.extend(cancelled_at.map(|at| ChannelFact::Cancelled { at }));
    Ok((Submission { draft, private }, facts))
}

/// Whether a part of a line has left. Such an order is not placed anew, for the hub would send all of it again;
/// one that the hub knows is followed.
pub(super) fn is_partly_shipped(whole: &wire::Whole) -> bool {
    let open = state(&whole.order) == Ok(State::Open);
    let partly = |item: &wire::Product| {
        let number = |text: Option<&Exact>| text.and_then(Exact::decimal).unwrap_or_default();
        let shipped = number(item.quantity_shipped.as_ref());
        shipped > Decimal::ZERO && shipped < number(Some(&item.quantity))
    };
    open && whole.products.iter().any(partly)
}

/// The one address that goods go to; none for what is only downloaded.
fn ship_to(addresses: &[wire::Address]) -> Result<Option<&wire::Address>, NotTaken> {
    let nothing = |address: &&wire::Address| {
        let units = address.items_total.as_ref().and_then(Exact::decimal);
        units != Some(Decimal::ZERO)
    };
    let mut used = addresses.iter().filter(nothing);
    let first = used.next();
    if used.next().is_some() {
        return Err(unknown("order:several_addresses"));
    }
    Ok(first)
}

/// How it is paid, and whether the shop has the money.
fn tenders(
    order: &wire::Order,
    total: Money,
    state: State,
) -> Result<(Vec<DraftTender>, bool), NotTaken> {
    let currency = total.currency();
    let credit = amount(
        order.store_credit_amount.as_ref(),
        currency,
        "store_credit_amount",
    )?;
    let gift = order.gift_certificate_amount.as_ref();
    let gift = amount(gift, currency, "gift_certificate_amount")?;
    let redeemed = credit.plus(gift).min(total);
    let rest = total.less(redeemed);
    let status = order.payment_status.as_deref().unwrap_or_default();
    let method = order.payment_method.as_deref().unwrap_or_default();
    let terms = match status {
        _ if rest.is_zero() => Terms::Prepaid { reference: None },
        "captured" | "paid" | "refunded" | "partially refunded" => {
            Terms::Prepaid { reference: None }
        }
        "authorized" | "capture pending" => Terms::Authorized {
            gateway: None,
            reference: None,
            expires_at: None,
            capture: CaptureMode::Once,
        },
        "" if method.eq_ignore_ascii_case("cash on delivery") => Terms::OnDelivery,
        "" => Terms::Invoice,
        // Nothing is collected for an order that arrives cancelled, whatever its status.
        _ if state == State::Over => Terms::Invoice,
        // Void, declined, held or a new word: shipping it unpaid would be a guess.
        other => {
            let word = code(&other.replace(' ', "_")).unwrap_or_else(|| "unknown".to_owned());
            return Err(unknown(format!("order:payment_status.{word}")));
        }
    };
    let paid = matches!(terms, Terms::Prepaid { .. });
    let tender = |amount, terms| DraftTender { amount, terms };
    let mut tenders = Vec::new();
    if redeemed.is_positive() && !rest.is_zero() && !paid {
        tenders.push(tender(redeemed, Terms::Prepaid { reference: None }));
        tenders.push(tender(rest, terms));
    } else {
        tenders.push(tender(total, terms));
    }
    Ok((tenders, paid))
}

fn discounts(order: &wire::Order, currency: Currency) -> Result<Vec<Discount>, NotTaken> {
    let manual = amount(order.discount_amount.as_ref(), currency, "discount_amount")?;
    let coupons = amount(order.coupon_discount.as_ref(), currency, "coupon_discount")?;
    let taken_off = [manual, coupons].into_iter();
    Ok(taken_off.flat_map(|off| discount(off, None)).collect())
}

fn included(amount: Money) -> Vec<Tax> {
    if amount.is_zero() {
        return Vec::new();
    }
    vec![Tax {
        name: "Tax".to_owned(),
        rate: None,
        amount,
        included: true,
    }]
}

/// Shipping, handling and wrapping.
fn add_charges(order: &wire::Order, draft: &mut OrderDraft) -> Result<(), NotTaken> {
    let charge = |title: &str, sum: Option<&Exact>, tax: Option<&Exact>| {
        let sum = amount(sum, draft.currency, "a charge")?;
        let tax = amount(tax, draft.currency, "a charge's tax")?;
        Ok((!sum.is_zero()).then(|| Charge {
            title: title.to_owned(),
            amount: sum,
            taxes: included(tax),
        }))
    };
    let (shipping, tax) = (&order.shipping_cost_inc_tax, &order.shipping_cost_tax);
    let shipping = charge("Shipping", shipping.as_ref(), tax.as_ref())?;
    let (handling, tax) = (&order.handling_cost_inc_tax, &order.handling_cost_tax);
    let handling = charge("Handling", handling.as_ref(), tax.as_ref())?;
    let (wrapping, tax) = (&order.wrapping_cost_inc_tax, &order.wrapping_cost_tax);
    let wrapping = charge("Gift wrapping", wrapping.as_ref(), tax.as_ref())?;
    draft.shipping.extend(shipping);
    draft.fees.extend(handling.into_iter().chain(wrapping));
    Ok(())
}

fn line(item: &wire::Product, state: State, currency: Currency) -> Result<DraftLine, NotTaken> {
    let external_id = id_of(Some(&item.id)).ok_or_else(|| unreadable("a line's id"))?;
    let count = decimal(&item.quantity, "a line's quantity")?;
    let quantity = Quantity::new(count).ok_or_else(|| unreadable("a line's quantity"))?;
    let shipped = item.quantity_shipped.as_ref().and_then(Exact::decimal);
    let shipped = shipped.unwrap_or_default();
    let fulfilled_by = if matches!(item.form.as_deref(), Some("digital" | "giftcertificate")) {
        FulfilledBy::Nobody
    } else if state == State::Shipped || (shipped > Decimal::ZERO && shipped >= count) {
        FulfilledBy::Channel
    } else {
        FulfilledBy::Us
    };
    let sum = decimal(&item.total_inc_tax, "a line's total_inc_tax")?;
    let unit_price = sum
        .checked_div(count)
        .ok_or_else(|| unreadable("a line's quantity"))?;
    let sku = clean(item.sku.as_ref()).or_else(|| {
        // Asked for by the number of what was bought, so that it is refused or fixed in the open.
        let bought = id_of(item.product_id.as_ref());
        let asked_for = bought.unwrap_or_else(|| format!("line-{external_id}"));
        (fulfilled_by == FulfilledBy::Us).then_some(asked_for)
    });
    Ok(DraftLine {
        customs: None,
        part_of: None,
        external_id,
        sku: sku.map(Sku),
        title: clean(item.name.as_ref()).unwrap_or_else(|| "(no title)".to_owned()),
        quantity,
        unit_price: unit_price.round_dp(6).normalize(),
        discounts: Vec::new(),
        taxes: included(amount(
            item.total_tax.as_ref(),
            currency,
            "a line's total_tax",
        )?),
        weight_g: None,
        fulfilled_by,
    })
}

fn private(order: &wire::Order, ship_to: Option<&wire::Address>) -> PrivateDetails {
    let billing = order.billing_address.as_ref();
    let customer = Customer {
        external_id: id_of(order.customer_id.as_ref()),
        name: billing.and_then(name_of),
        email: clean(billing.and_then(|to| to.email.as_ref())),
        phone: clean(billing.and_then(|to| to.phone.as_ref())),
    };
    let mut details = PrivateDetails {
        customer: (customer != Customer::default()).then_some(customer),
        ship_to: ship_to.and_then(address),
        bill_to: billing.and_then(address),
        ..PrivateDetails::default()
    };
    if let Some(note) = clean(order.customer_message.as_ref()) {
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
        streets: [address.street_1.as_ref(), address.street_2.as_ref()],
        city: address.city.as_ref(),
        postcode: address.zip.as_ref(),
        regions: [address.state.as_ref(), None],
        country: address.country_iso2.as_ref(),
        phone: address.phone.as_ref(),
        ..Postal::default()
    };
    postal.address()
}
