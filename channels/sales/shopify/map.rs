//! What Shopify's order means. Pure: the body alone says the state, never the topic, because the
//! same body arrives under several topics.
//!
//! Decided here: the gid's number names orders and lines; `total_price` is the total; discounts
//! that no line carries are the order's; a line without a SKU that has to be shipped is asked for
//! by its variant's id, so that the order is refused or fixed in the open instead of getting lost.

use jiff::Timestamp;
use orderhub_domain::canonical::{
    Address, Charge, Customer, Discount, DraftLine, FulfilledBy, OrderDraft, PrivateDetails,
    Submission, Tax, TaxMode,
};
use orderhub_domain::ids::Sku;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;
use rust_decimal::prelude::ToPrimitive;

use super::terms::{self, Payable};
use super::{changes, wire};
use crate::sales::buyer::{Postal, clean, full_name};
use crate::sales::taken::{
    NotTaken, amount, decimal, digits, discount, optional, sound, unreadable,
};
use crate::settings::Gateway;
use crate::wire::Exact;

/// The number in a gid (`gid://shopify/Order/123?x=y`), else the plain id.
pub(super) fn id_of(gid: Option<&String>, id: Option<&Exact>) -> Option<String> {
    let of_gid = gid.and_then(|gid| {
        let path = gid.split_once('?').map_or(gid.as_str(), |(path, _)| path);
        digits(path.rsplit('/').next()?)
    });
    of_gid.or_else(|| digits(&id?.0))
}

pub(super) fn time(text: Option<&String>) -> Option<Timestamp> {
    text?.parse().ok()
}

/// An order and what it means if it is known already.
pub(super) fn order(
    order: &wire::Order,
    test: bool,
    gateway: Option<&Gateway>,
) -> Result<(Submission, Vec<ChannelFact>), NotTaken> {
    let currency = Currency::from_code(&order.currency).ok_or_else(|| unreadable("currency"))?;
    let external_id = id_of(order.admin_graphql_api_id.as_ref(), order.id.as_ref());
    let placed_at = time(order.created_at.as_ref()).or_else(|| time(order.processed_at.as_ref()));
    let cancelled_at = match &order.cancelled_at {
        None => None,
        Some(stated) => Some(stated.parse().map_err(|_| unreadable("cancelled_at"))?),
    };
    let total = decimal(&order.total_price, "total_price")?;
    let stated_total = Money::exact(total, currency).map_err(|_| unreadable("total_price"))?;
    let inclusive = order.taxes_included.unwrap_or(false);
    let at_till = is_taken_along(order);
    let lines = order.line_items.iter();
    let lines: Result<Vec<_>, _> = lines
        .map(|item| line(item, currency, inclusive, at_till))
        .collect();
    let lines = lines?;
    let (shipping, off_shipping) = shipping(order, currency, inclusive)?;
    let payable = Payable {
        total: stated_total,
        outstanding: optional(
            order.total_outstanding.as_ref(),
            currency,
            "total_outstanding",
        )?,
        cancelled: cancelled_at.is_some(),
        gateway,
    };
    let mut draft = OrderDraft {
        changed_at: time(order.updated_at.as_ref()),
        awaits_release: false,
        point: None,
        external_id: external_id.ok_or_else(|| unreadable("id"))?,
        number: clean(order.name.as_ref()),
        placed_at: placed_at.ok_or_else(|| unreadable("created_at"))?,
        currency,
        tax_mode: if inclusive {
            TaxMode::Inclusive
        } else {
            TaxMode::Exclusive
        },
        test,
        cancelled_at,
        destination: None,
        pickup_location: None,
        lines,
        shipping,
        fees: Vec::new(),
        discounts: Vec::new(),
        tenders: terms::tenders(order, &payable)?,
        stated_total,
    };
    draft.discounts = rest_of_discounts(order, &draft, off_shipping)?;
    add_fees(order, &mut draft)?;
    let private = private(order);
    draft.destination = private.ship_to.as_ref().and_then(|to| to.country.clone());
    let draft = sound(draft)?;
    let facts = changes::facts(order, &draft)?;
    Ok((Submission { draft, private }, facts))
}

/// Bought at a till, with neither an address nor a way to send it to: the buyer has it.
fn is_taken_along(order: &wire::Order) -> bool {
    let none_sent = order.shipping_lines.as_ref().is_none_or(Vec::is_empty);
    order.source_name.as_deref() == Some("pos") && order.shipping_address.is_none() && none_sent
}

fn line(
    item: &wire::Line,
    currency: Currency,
    inclusive: bool,
    at_till: bool,
) -> Result<DraftLine, NotTaken> {
    let external_id = id_of(item.admin_graphql_api_id.as_ref(), item.id.as_ref());
    let external_id = external_id.ok_or_else(|| unreadable("a line's id"))?;
    let fulfilled_by = if item.gift_card == Some(true) || item.requires_shipping == Some(false) {
        FulfilledBy::Nobody
    } else if at_till || item.fulfillment_status.as_deref() == Some("fulfilled") {
        // It left before the hub heard of it: at a till, or by somebody else's hands.
        FulfilledBy::Channel
    } else {
        FulfilledBy::Us
    };
    let sku = clean(item.sku.as_ref()).or_else(|| {
        let variant = id_of(None, item.variant_id.as_ref());
        let asked_for = variant.unwrap_or_else(|| format!("line-{external_id}"));
        (fulfilled_by == FulfilledBy::Us).then_some(asked_for)
    });
    let quantity = Quantity::new(decimal(&item.quantity, "a line's quantity")?);
    let allocated = allocated(item.discount_allocations.as_deref(), currency)?;
    let off = match allocated {
        Some(allocated) => allocated,
        None => optional(
            item.total_discount.as_ref(),
            currency,
            "a line's total_discount",
        )?
        .unwrap_or_else(|| Money::zero(currency)),
    };
    let grams = item
        .grams
        .as_ref()
        .and_then(Exact::decimal)
        .and_then(|grams| grams.to_u32());
    Ok(DraftLine {
        customs: None,
        part_of: None,
        external_id,
        sku: sku.map(Sku),
        title: clean(item.name.as_ref())
            .or_else(|| clean(item.title.as_ref()))
            .unwrap_or_else(|| "(no title)".to_owned()),
        quantity: quantity.ok_or_else(|| unreadable("a line's quantity"))?,
        unit_price: decimal(&item.price, "a line's price")?,
        discounts: discount(off, None),
        taxes: taxes(item.tax_lines.as_deref(), currency, inclusive)?,
        weight_g: grams.filter(|grams| *grams > 0),
        fulfilled_by,
    })
}

/// What is allocated; `None` when the vendor lists no allocations.
fn allocated(
    allocations: Option<&[wire::Allocation]>,
    currency: Currency,
) -> Result<Option<Money>, NotTaken> {
    let Some(allocations) = allocations.filter(|list| !list.is_empty()) else {
        return Ok(None);
    };
    let mut sum = Money::zero(currency);
    for allocation in allocations {
        sum = sum.plus(amount(
            &allocation.amount,
            currency,
            "a discount allocation",
        )?);
    }
    Ok(Some(sum))
}

fn taxes(
    lines: Option<&[wire::TaxLine]>,
    currency: Currency,
    included: bool,
) -> Result<Vec<Tax>, NotTaken> {
    let lines = lines.unwrap_or_default().iter();
    lines
        .map(|tax| {
            Ok(Tax {
                name: clean(tax.title.as_ref()).unwrap_or_else(|| "Tax".to_owned()),
                rate: tax.rate.as_ref().and_then(Exact::decimal),
                amount: amount(&tax.price, currency, "a tax")?,
                included,
            })
        })
        .collect()
}

/// The shipping charges as the buyer pays them, and what discounts took off them.
fn shipping(
    order: &wire::Order,
    currency: Currency,
    inclusive: bool,
) -> Result<(Vec<Charge>, Money), NotTaken> {
    let mut charges = Vec::new();
    let mut off = Money::zero(currency);
    let lines = order.shipping_lines.as_deref().unwrap_or_default();
    for line in lines.iter().filter(|line| line.is_removed != Some(true)) {
        let price = amount(&line.price, currency, "a shipping price")?;
        let allocated = allocated(line.discount_allocations.as_deref(), currency)?;
        let stated = optional(line.discounted_price.as_ref(), currency, "a shipping price")?;
        let paid = match (allocated, stated) {
            (Some(allocated), _) => price.less(allocated),
            (None, Some(stated)) => stated,
            (None, None) => price,
        };
        off = off.plus(price.less(paid));
        charges.push(Charge {
            title: clean(line.title.as_ref()).unwrap_or_else(|| "Shipping".to_owned()),
            amount: paid,
            taxes: taxes(line.tax_lines.as_deref(), currency, inclusive)?,
        });
    }
    Ok((charges, off))
}

/// Discounts that neither a line nor a shipping charge carries.
fn rest_of_discounts(
    order: &wire::Order,
    draft: &OrderDraft,
    off_shipping: Money,
) -> Result<Vec<Discount>, NotTaken> {
    let stated = optional(
        order.total_discounts.as_ref(),
        draft.currency,
        "total_discounts",
    )?;
    let Some(stated) = stated else {
        return Ok(Vec::new());
    };
    let carried = draft.totals().discounts.plus(off_shipping);
    let codes = order.discount_codes.as_deref().unwrap_or_default();
    let code = codes.first().and_then(|code| clean(code.code.as_ref()));
    Ok(discount(stated.less(carried), code))
}

/// Charges that the order states only as sums: duties, additional fees, a tip, taxes that no line
/// carries. Each counts when the stated total has room for it: some are lines of their own as well.
fn add_fees(order: &wire::Order, draft: &mut OrderDraft) -> Result<(), NotTaken> {
    let currency = draft.currency;
    let of_set = |set: Option<&wire::MoneySet>, what: &str| {
        optional(set.map(|set| &set.shop_money.amount), currency, what)
    };
    let taxes = match draft.tax_mode {
        TaxMode::Inclusive => None,
        TaxMode::Exclusive => optional(order.total_tax.as_ref(), currency, "total_tax")?
            .map(|stated| stated.less(draft.totals().taxes)),
    };
    let additional = order.original_total_additional_fees_set.as_ref();
    let extras = [
        ("Taxes", taxes),
        (
            "Duties",
            of_set(order.original_total_duties_set.as_ref(), "duties")?,
        ),
        ("Additional fees", of_set(additional, "additional fees")?),
        (
            "Tip",
            optional(order.total_tip_received.as_ref(), currency, "the tip")?,
        ),
    ];
    for (title, amount) in extras {
        let room = draft.stated_total.less(draft.totals().grand);
        let fits = |amount: &Money| amount.is_positive() && amount.amount() <= room.amount();
        draft.fees.extend(amount.filter(fits).map(|amount| Charge {
            title: title.to_owned(),
            amount,
            taxes: Vec::new(),
        }));
    }
    Ok(())
}

fn private(order: &wire::Order) -> PrivateDetails {
    let buyer = order.customer.as_ref();
    let email = clean(order.email.as_ref())
        .or_else(|| clean(order.contact_email.as_ref()))
        .or_else(|| clean(buyer.and_then(|buyer| buyer.email.as_ref())));
    let phone =
        clean(order.phone.as_ref()).or_else(|| clean(buyer.and_then(|buyer| buyer.phone.as_ref())));
    let customer = Customer {
        external_id: buyer
            .and_then(|buyer| id_of(buyer.admin_graphql_api_id.as_ref(), buyer.id.as_ref())),
        name: buyer
            .and_then(|buyer| full_name(buyer.first_name.as_ref(), buyer.last_name.as_ref())),
        email,
        phone,
    };
    let mut details = PrivateDetails {
        customer: (customer != Customer::default()).then_some(customer),
        ship_to: order.shipping_address.as_ref().and_then(address),
        bill_to: order.billing_address.as_ref().and_then(address),
        ..PrivateDetails::default()
    };
    if let Some(note) = clean(order.note.as_ref()) {
        details.attributes.insert("note".to_owned(), note.into());
    }
    for (name, value) in terms::other_attributes(order) {
        details.attributes.insert(name, value.into());
    }
    details
}

fn address(address: &wire::Address) -> Option<Address> {
    let postal = Postal {
        name: address.name.as_ref(),
        first_name: address.first_name.as_ref(),
        last_name: address.last_name.as_ref(),
        company: address.company.as_ref(),
        streets: [address.address1.as_ref(), address.address2.as_ref()],
        city: address.city.as_ref(),
        postcode: address.zip.as_ref(),
        regions: [address.province_code.as_ref(), address.province.as_ref()],
        country: address.country_code.as_ref(),
        phone: address.phone.as_ref(),
    };
    postal.address()
}
