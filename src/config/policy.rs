//! Reads `[policy]` and `[policy.screening]`: what a retailer may decide about how orders are handled.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use orderhub_domain::ids::Slug;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ParcelSize;
use orderhub_domain::policy::{
    CancelAsked, CountRule, CustomsData, OnceCapture, PaymentPolicy, Policy, RefundWay,
    ReviewDefault, ScreeningPolicy, UnknownSku, WhenDegraded, WhenShort,
};
use rust_decimal::Decimal;
use toml::Table;

use super::calendar::read_calendar;
use super::section::{Reading, Section};
use super::sourcing::read_sourcing;

pub(super) fn read_policy(table: Table, reading: &mut Reading<'_>) -> Policy {
    let usual = Policy::default();
    let mut section = Section::new("policy", table, reading);
    // The domain captures what shipped, when it ships; a wish for anything else must not be taken
    // silently for that.
    if section
        .text("capture")
        .is_some_and(|when| when != "at_shipment")
    {
        section.refuse(
            "capture",
            "must be at_shipment, the only way of this version",
        );
    }
    let policy = Policy {
        version: section
            .whole("version", 1, u32::MAX)
            .unwrap_or(usual.version),
        reservation_ttl: section.duration("reservation_ttl", usual.reservation_ttl),
        reservation_extensions: section
            .whole("reservation_extensions", 0, 100)
            .unwrap_or(usual.reservation_extensions),
        contention_wait: section.duration("contention_wait", usual.contention_wait),
        sourcing_tries: section
            .whole("sourcing_tries", 1, 100)
            .unwrap_or(usual.sourcing_tries),
        when_short: section.word("when_short", &WHEN_SHORT, usual.when_short),
        unknown_sku: section.word("unknown_sku", &UNKNOWN_SKU, usual.unknown_sku),
        cancel_asked: section.word("cancel_asked", &CANCEL_ASKED, usual.cancel_asked),
        backorder_wait: section.duration("backorder_wait", usual.backorder_wait),
        mismatch_patience: section.duration("mismatch_patience", usual.mismatch_patience),
        stuck_after: section.duration("stuck_after", usual.stuck_after),
        parked_patience: section.duration("parked_patience", usual.parked_patience),
        acceptance_time: section.duration("acceptance_time", usual.acceptance_time),
        auto_close: section.duration("auto_close", usual.auto_close),
        retry_least: section.duration("retry_least", usual.retry_least),
        retry_most: section.duration("retry_most", usual.retry_most),
        default_weight_g: section
            .whole("default_weight_g", 1, 1_000_000)
            .unwrap_or(usual.default_weight_g),
        default_size: read_size(&mut section),
        customs: section.word("customs", &CUSTOMS, usual.customs),
        sourcing: read_sourcing(section.table("sourcing"), section.reading()),
        pickup_time: section.duration("pickup_time", usual.pickup_time),
        edit_time: section.duration("edit_time", usual.edit_time),
        screening: read_screening(section.table("screening"), section.reading()),
        business_hours: read_calendar(section.table("business_hours"), section.reading()),
        review_sla: section.duration("review_sla", usual.review_sla),
        review_default: section.word("review_default", &DEFAULTS, usual.review_default),
        claims: super::claims::read_claims(section.table("claims"), section.reading()),
        returns: super::returns::read_returns(section.table("returns"), section.reading()),
        payment: read_payment(&mut section),
    };
    if policy.retry_most < policy.retry_least {
        section.refuse("retry_most", "must not be shorter than retry_least");
    }
    section.finish();
    policy
}

/// What has to be known for customs before a label is bought.
const CUSTOMS: [(&str, CustomsData); 2] = [
    (CustomsData::AsKnown.word(), CustomsData::AsKnown),
    (CustomsData::Complete.word(), CustomsData::Complete),
];

/// The size of a parcel that nobody measured: `300x200x100`, in millimetres.
fn read_size(section: &mut Section<'_, '_>) -> Option<ParcelSize> {
    let text = section.text("default_size_mm")?;
    match text.parse() {
        Ok(size) => Some(size),
        Err(hint) => {
            section.refuse("default_size_mm", hint);
            None
        }
    }
}

/// What becomes of an order that the buyer wants cancelled.
const CANCEL_ASKED: [(&str, CancelAsked); 2] = [
    (CancelAsked::Grant.word(), CancelAsked::Grant),
    (CancelAsked::Hold.word(), CancelAsked::Hold),
];

/// What becomes of an order for something that no location has ever had.
const UNKNOWN_SKU: [(&str, UnknownSku); 2] = [
    (UnknownSku::Reject.word(), UnknownSku::Reject),
    (UnknownSku::Hold.word(), UnknownSku::Hold),
];

/// When an authorisation that can be captured only once is captured.
const ONCE: [(&str, OnceCapture); 3] = [
    (
        OnceCapture::AtLastShipment.word(),
        OnceCapture::AtLastShipment,
    ),
    (
        OnceCapture::AtFirstShipment.word(),
        OnceCapture::AtFirstShipment,
    ),
    (
        OnceCapture::ReauthorizeRest.word(),
        OnceCapture::ReauthorizeRest,
    ),
];

/// What `[policy]` says about money.
fn read_payment(section: &mut Section<'_, '_>) -> PaymentPolicy {
    let usual = PaymentPolicy::default();
    let decline_retries = section.durations("decline_retries");
    let action_time = section.duration("payment_action_time", SignedDuration::ZERO);
    PaymentPolicy {
        once_capture: section.word("once_capture", &ONCE, usual.once_capture),
        reauthorize_before: section.duration("reauthorize_before", usual.reauthorize_before),
        renewals_most: section
            .whole("renewals_most", 0, 100)
            .unwrap_or(usual.renewals_most),
        decline_retries: decline_retries.unwrap_or(usual.decline_retries),
        action_time: Some(action_time).filter(|time| !time.is_zero()),
        refund_order: read_refund_order(section),
        refund_sla: section.duration("refund_sla", usual.refund_sla),
        reopen_within: section.duration("reopen_within", usual.reopen_within),
        payout_within: section.duration("payout_within", usual.payout_within),
    }
}

/// Slugs of gateways in the order in which refunds go to their tenders, and `store_credit` at the
/// end where what no tender takes becomes credit.
fn read_refund_order(section: &mut Section<'_, '_>) -> Vec<RefundWay> {
    let Some(words) = section.texts("refund_order") else {
        return PaymentPolicy::default().refund_order;
    };
    let last = words.len().saturating_sub(1);
    let mut ways = Vec::new();
    for (index, word) in words.into_iter().enumerate() {
        match word.as_str() {
            "store_credit" if index == last => ways.push(RefundWay::StoreCredit),
            slug if Slug::is_valid(slug) => ways.push(RefundWay::Gateway(Slug(word))),
            _ => section.refuse(
                &format!("refund_order[{index}]"),
                "must be the slug of a gateway, or store_credit at the end",
            ),
        }
    }
    ways
}

/// What becomes of an order when a part of it cannot be reserved.
const WHEN_SHORT: [(&str, WhenShort); 3] = [
    (WhenShort::Reject.word(), WhenShort::Reject),
    (WhenShort::Wait.word(), WhenShort::Wait),
    (WhenShort::Backorder.word(), WhenShort::Backorder),
];

/// What becomes of an order that nobody reviewed.
const DEFAULTS: [(&str, ReviewDefault); 2] = [
    (ReviewDefault::Reject.word(), ReviewDefault::Reject),
    (ReviewDefault::Approve.word(), ReviewDefault::Approve),
];

/// What becomes of an order about which not everything could be found out.
const DEGRADED: [(&str, WhenDegraded); 2] = [
    (WhenDegraded::Pass.word(), WhenDegraded::Pass),
    (WhenDegraded::Review.word(), WhenDegraded::Review),
];

/// As long as marks of payments and places are remembered, less a day.
const LONGEST_WINDOW: SignedDuration = SignedDuration::from_hours(30 * 24);

/// Orders of one mark are counted up to a bound, so that no rule may ask for more.
const MOST_ORDERS: u32 = 250;

/// The most points that a rule may add, and the highest score that may be asked for.
const MOST_POINTS: u32 = 1_000;

/// `[policy.screening]`.
fn read_screening(table: Table, reading: &mut Reading<'_>) -> ScreeningPolicy {
    let usual = ScreeningPolicy::default();
    let mut section = Section::new("policy.screening", table, reading);
    let window = section.duration("window", usual.window);
    if window > LONGEST_WINDOW {
        section.refuse("window", "must not be longer than 30d");
    }
    let mut points = |key, otherwise| section.whole(key, 0, MOST_POINTS).unwrap_or(otherwise);
    let amount_weight = points("amount_weight", usual.amount_weight);
    let country_mismatch_weight = points("country_mismatch_weight", usual.country_mismatch_weight);
    let first_order_weight = points("first_order_weight", usual.first_order_weight);
    let implausible_address_weight = points(
        "implausible_address_weight",
        usual.implausible_address_weight,
    );
    let mut rule = |from, weight, otherwise: CountRule| CountRule {
        from: section
            .whole(from, 2, MOST_ORDERS)
            .unwrap_or(otherwise.from),
        weight: section
            .whole(weight, 0, MOST_POINTS)
            .unwrap_or(otherwise.weight),
    };
    let email = rule("email_orders", "email_weight", usual.email);
    let payment = rule("payment_orders", "payment_weight", usual.payment);
    let address = rule("address_orders", "address_weight", usual.address);
    let review_at = section
        .whole("review_at", 1, MOST_POINTS)
        .unwrap_or(usual.review_at);
    let refuse_at = section.whole("refuse_at", 1, MOST_POINTS);
    if refuse_at.is_some_and(|least| least < review_at) {
        section.refuse("refuse_at", "must not be less than review_at");
    }
    let when_degraded = section.word("when_degraded", &DEGRADED, usual.when_degraded);
    let amount_from = read_amounts("amount_from", section.table("amount_from"), &mut section);
    section.finish();
    ScreeningPolicy {
        window,
        email,
        payment,
        address,
        amount_weight,
        amount_from,
        country_mismatch_weight,
        first_order_weight,
        implausible_address_weight,
        review_at,
        refuse_at,
        when_degraded,
    }
}

/// Thresholds by currency, each an amount that the currency can have.
pub(super) fn read_amounts(
    key: &str,
    table: Table,
    section: &mut Section<'_, '_>,
) -> BTreeMap<String, Decimal> {
    let mut amounts = BTreeMap::new();
    for (code, value) in table {
        let amount = value.as_str().and_then(|text| text.parse::<Decimal>().ok());
        let amount = Currency::from_code(&code)
            .zip(amount)
            .and_then(|(currency, amount)| Money::exact(amount, currency).ok());
        match amount.filter(|amount| amount.is_positive()) {
            Some(amount) => drop(amounts.insert(code, amount.amount().normalize())),
            None => section.refuse(
                &format!("{key}.{code}"),
                "must be an ISO 4217 code and an amount above zero as text, like EUR = \"500.00\"",
            ),
        }
    }
    amounts
}
