//! Where the money of an order is.

use orderhub_domain::canonical::Terms;
use orderhub_domain::ids::Slug;
use orderhub_domain::money::Money;
use orderhub_domain::order::{DisputeAnswer, Order, RenewalReason, Tender};
use serde_json::{Value, json};

/// The order's payment as the API shows it.
pub fn payment(order: &Order) -> Value {
    let sum = |of: fn(&Tender) -> Money| {
        amount(Money::sum(
            order.draft.currency,
            order.tenders.iter().map(of),
        ))
    };
    // What was paid before the hub heard of it is the file's word; the hub moved nothing.
    let past = order.history.as_deref();
    let tenders: Vec<_> = order
        .tenders
        .iter()
        .zip(1_u16..)
        .map(|(tender, number)| shown(tender, number))
        .collect();
    json!({
        "status": order.payment_status(),
        "authorized": sum(Tender::authorized_sum),
        "captured": past.map_or_else(|| sum(Tender::captured_sum), |past| amount(past.paid)),
        "refunded": past.map_or_else(|| sum(Tender::refunded_sum), |past| amount(past.refunded)),
        "store_credit": order.store_credits.iter().map(|credit| json!({
            "reference": credit.reference,
            "amount": amount(credit.amount),
            "issued_at": credit.issued_at,
        })).collect::<Vec<_>>(),
        "tenders": tenders,
    })
}

fn amount(money: Money) -> String {
    money.amount().to_string()
}

fn shown(tender: &Tender, number: u16) -> Value {
    let terms = match &tender.terms {
        Terms::Prepaid { .. } => "prepaid",
        Terms::Authorized { .. } => "authorized",
        Terms::ToAuthorize { .. } => "to_authorize",
        Terms::OnDelivery => "on_delivery",
        Terms::Invoice => "invoice",
    };
    let lost = tender.lost_capture().map(|failure| &failure.code);
    let failed = tender.capture_failed.as_ref().or(lost);
    json!({
        "tender": number,
        "terms": terms,
        "gateway": tender.gateway().map(Slug::as_str),
        "reference": tender.reference,
        "amount": amount(tender.amount),
        "authorized": tender.authorized.map(amount),
        "expires_at": tender.expires_at,
        "captured": amount(tender.captured_sum()),
        "refunded": amount(tender.refunded_sum()),
        "refund_due": amount(tender.owed()),
        "voided": tender.voided,
        "expired": tender.lapsed,
        "renews": tender.renews,
        "renewal_reason": tender.because.map(RenewalReason::word),
        "replaced_by": tender.replaced_by,
        "edit": tender.edit,
        "pending": tender.pending,
        "action_required": tender.action_required,
        "declined": tender.declined,
        "capture_failed": failed,
        "refund_failed": tender.refund_failed,
        "disputes": tender.disputes.iter().map(|(reference, dispute)| json!({
            "reference": reference,
            "amount": amount(dispute.amount),
            "due_at": dispute.due,
            "answer": dispute.answer.map(DisputeAnswer::word),
            "won": dispute.won,
        })).collect::<Vec<_>>(),
    })
}
