//! Where the money of an order is.

use orderhub_domain::canonical::Terms;
use orderhub_domain::money::Money;
use orderhub_domain::order::{Account, Effect, Order, Outstanding, Tender};
use serde_json::{Value, json};

/// The order's payment as the API shows it.
pub fn payment(order: &Order) -> Value {
    let sums = Sums::of(order);
    let tenders: Vec<_> = order
        .tenders
        .iter()
        .enumerate()
        .map(|(index, tender)| shown(order, index + 1, tender))
        .collect();
    json!({
        "status": status(order, &sums),
        "authorized": amount(sums.authorized),
        "captured": amount(sums.captured),
        "refunded": amount(sums.refunded),
        "tenders": tenders,
    })
}

fn amount(money: Money) -> String {
    money.amount().to_string()
}

struct Sums {
    authorized: Money,
    captured: Money,
    refunded: Money,
}

impl Sums {
    fn of(order: &Order) -> Self {
        let zero = Money::zero(order.draft.currency);
        let sum = |of: &dyn Fn(&Tender) -> Money| {
            Money::sum(order.draft.currency, order.tenders.iter().map(of))
        };
        Self {
            authorized: sum(&|tender| tender.authorized.unwrap_or(zero)),
            captured: sum(&|tender| tender.captured.sum(zero)),
            refunded: sum(&|tender| tender.refunded.sum(zero)),
        }
    }
}

/// The one word for all tenders together, the most advanced fact first.
fn status(order: &Order, sums: &Sums) -> &'static str {
    let tenders = &order.tenders;
    if tenders.iter().any(is_disputed) {
        return "disputed";
    }
    if sums.refunded.is_positive() {
        let all = sums.captured.minus(sums.refunded);
        return if all.is_positive() {
            "part_refunded"
        } else {
            "refunded"
        };
    }
    if sums.captured.is_positive() {
        return if is_paid(order, sums.captured) {
            "captured"
        } else {
            "part_captured"
        };
    }
    if payment_effects(order).any(|open| open.unknown) {
        return "unknown";
    }
    let live = |tender: &&Tender| tender.authorized.is_some() && !tender.voided;
    if tenders.iter().any(|tender| live(&tender)) {
        return "authorized";
    }
    if tenders.iter().any(|tender| tender.declined.is_some()) {
        return "declined";
    }
    if tenders.iter().any(|tender| tender.voided) {
        return "voided";
    }
    let asked = |effect: &Effect| matches!(effect, Effect::AuthorizePayment { .. });
    let awaited = |tender: &Tender| {
        let by_us = matches!(
            tender.terms,
            Terms::ToAuthorize { .. } | Terms::Authorized { .. }
        );
        tender.action_required || (by_us && !order.stage.is_terminal())
    };
    if payment_effects(order).any(|open| asked(&open.effect)) || tenders.iter().any(awaited) {
        return "pending";
    }
    "none"
}

fn is_disputed(tender: &Tender) -> bool {
    tender
        .disputes
        .values()
        .any(|dispute| dispute.won.is_none())
}

/// Whether nothing more is owed: the whole total was taken, or, after a part was cancelled, what
/// the ledger says is left.
fn is_paid(order: &Order, captured: Money) -> bool {
    let currency = order.draft.currency;
    let owed = order.ledger.balance(&Account::Receivable, currency);
    let booked = !order.ledger.balance(&Account::Revenue, currency).is_zero();
    !order.totals.grand.minus(captured).is_positive() || (booked && !owed.is_positive())
}

fn payment_effects(order: &Order) -> impl Iterator<Item = &Outstanding> {
    order
        .outstanding
        .values()
        .filter(|open| open.effect.tender().is_some())
}

fn shown(order: &Order, number: usize, tender: &Tender) -> Value {
    let zero = Money::zero(order.draft.currency);
    let terms = match &tender.terms {
        Terms::Prepaid { .. } => "prepaid",
        Terms::Authorized { .. } => "authorized",
        Terms::ToAuthorize { .. } => "to_authorize",
        Terms::OnDelivery => "on_delivery",
        Terms::Invoice => "invoice",
    };
    json!({
        "tender": number,
        "terms": terms,
        "gateway": tender.gateway().map(|gateway| gateway.as_str()),
        "reference": tender.reference,
        "amount": amount(tender.amount),
        "authorized": tender.authorized.map(amount),
        "expires_at": tender.expires_at,
        "captured": amount(tender.captured.sum(zero)),
        "refunded": amount(tender.refunded.sum(zero)),
        "voided": tender.voided,
        "action_required": tender.action_required,
        "declined": tender.declined,
        "capture_failed": tender.capture_failed,
        "refund_failed": tender.refund_failed,
        "disputes": tender.disputes.iter().map(|(reference, dispute)| json!({
            "reference": reference,
            "amount": amount(dispute.amount),
            "won": dispute.won,
        })).collect::<Vec<_>>(),
    })
}
