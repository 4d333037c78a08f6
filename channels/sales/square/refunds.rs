//! Giving a buyer's money back through Square: each payment of an order by a refund of its own. A refund has
//! an idempotency key that is made of the payment, so that however often it is asked for, it is one
//! (developer.squareup.com/docs/refunds-api/refund-payments).
//!
//! A part is taken from the payments one after the other. Its refunds name the notice as their reason, and every
//! try looks at those that the payments have before it asks for more: keys alone would not tell how much of the
//! part is left. Only one that is `COMPLETED` has given anything back: one that Square has taken on is `PENDING`
//! until then, for days at times, and may still be `REJECTED` or `FAILED` (developer.squareup.com/docs/refunds-api).

use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::{NoticeEvidence, Repayment};
use serde::Deserialize;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::rest::{Changed, Rest};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::told::refused;
use crate::sales::{PartNotice, Why};
use crate::wire::path_id;

/// How a part of an order was paid.
#[derive(Debug, Deserialize)]
pub(super) struct Tender {
    #[serde(default)]
    payment_id: Option<String>,
    #[serde(default)]
    card_details: Option<Card>,
}

impl Tender {
    /// Whether Square has its money.
    fn is_taken(&self) -> bool {
        let status = self.card_details.as_ref();
        let status = status.and_then(|card| card.status.as_deref());
        !matches!(status, Some("VOIDED" | "FAILED" | "AUTHORIZED" | "PENDING"))
    }
}

#[derive(Debug, Deserialize)]
struct Card {
    #[serde(default)]
    status: Option<String>,
}

/// A payment, as far as giving it back goes.
#[derive(Debug, Deserialize)]
struct PaymentFound {
    payment: Payment,
}

#[derive(Debug, Deserialize)]
struct Payment {
    total_money: Amount,
    #[serde(default)]
    refunded_money: Option<Amount>,
    #[serde(default)]
    refund_ids: Vec<String>,
}

impl Payment {
    /// What of it is not given back yet, in its smallest unit.
    fn left(&self) -> i64 {
        let back = self.refunded_money.as_ref().map_or(0, |back| back.amount);
        self.total_money.amount.saturating_sub(back)
    }
}

#[derive(Debug, Deserialize)]
struct RefundFound {
    refund: Refund,
}

/// A refund, as far as it is one of ours.
#[derive(Debug, Deserialize)]
struct Refund {
    id: String,
    #[serde(default)]
    status: Option<String>,
    amount_money: Amount,
    #[serde(default)]
    reason: Option<String>,
}

impl Refund {
    fn is_dead(&self) -> bool {
        matches!(self.status.as_deref(), Some("FAILED" | "REJECTED"))
    }

    fn is_done(&self) -> bool {
        self.status.as_deref() == Some("COMPLETED")
    }

    fn repayment(&self) -> Option<Repayment> {
        let currency = Currency::from_code(&self.amount_money.currency)?;
        Some(Repayment {
            reference: self.id.clone(),
            amount: Money::from_minor(self.amount_money.amount, currency)?,
        })
    }
}

#[derive(Debug, Deserialize)]
struct Amount {
    amount: i64,
    currency: String,
}

/// Gives back what is left of every payment, each under a key of its own, so that a repeat is the same
/// refund. Whether Square took all of them.
pub(super) async fn give_back(
    rest: &Rest,
    tenders: &[Tender],
    why: Why,
) -> Result<bool, CallError> {
    let reason = match why {
        Why::OutOfStock => "Out of stock",
        Why::Declined => "Payment declined",
        Why::Other => "Cancelled",
    };
    let mut all = true;
    for tender in tenders {
        let status = tender
            .card_details
            .as_ref()
            .and_then(|c| c.status.as_deref());
        if matches!(status, Some("VOIDED" | "FAILED")) {
            continue;
        }
        let id = tender.payment_id.as_deref().and_then(path_id);
        let Some(id) = id.filter(|id| id.len() <= 38) else {
            all = false;
            continue;
        };
        let payment = format!("/v2/payments/{id}");
        let Some(PaymentFound { payment }) = rest.look_up(&payment).await? else {
            all = false;
            continue;
        };
        let left = payment.left();
        if left <= 0 {
            continue;
        }
        // Square takes 45 characters of a key. Another amount under the same key is refused there.
        let refund = json!({
            "idempotency_key": format!("cancel-{id}"), "payment_id": id, "reason": reason,
            "amount_money": { "amount": left, "currency": payment.total_money.currency },
        });
        match rest.post::<RefundFound>("/v2/refunds", &refund).await? {
            Changed::Made(RefundFound { refund }) if !refund.is_dead() => {}
            Changed::Made(_) | Changed::Refused(_) => all = false,
        }
    }
    Ok(all)
}

/// What is to be taken from one payment.
struct Share {
    payment: String,
    amount: i64,
}

/// Gives back exactly what a notice says: once, however often it is asked for. It is answered once Square has
/// given all of it; until then every try looks how far it is.
pub(super) async fn give_part(
    rest: &Rest,
    tenders: &[Tender],
    notice: &PartNotice,
) -> NoticeAnswer {
    let currency = notice.amount.currency();
    let reason = format!("Order hub {}", notice.key);
    let mut refunds = Vec::new();
    let mut due = notice.amount.minor();
    let mut shares = Vec::new();
    for tender in tenders.iter().filter(|tender| tender.is_taken()) {
        let Some(id) = tender.payment_id.as_deref().and_then(path_id) else {
            continue;
        };
        let Some(PaymentFound { payment }) = rest.look_up(&format!("/v2/payments/{id}")).await?
        else {
            continue;
        };
        if payment.total_money.currency != currency.code() {
            continue;
        }
        let known = ours(rest, &payment, &reason).await?;
        if known.iter().any(Refund::is_dead) {
            return Ok(refused("refund_failed"));
        }
        if known.is_empty() {
            shares.push(Share {
                payment: id.to_owned(),
                amount: payment.left(),
            });
        }
        for refund in known {
            due = due.saturating_sub(refund.amount_money.amount);
            refunds.push(refund);
        }
    }
    let mut open = due;
    for share in &mut shares {
        share.amount = share.amount.min(open).max(0);
        open -= share.amount;
    }
    if open > 0 {
        return Ok(refused("more_than_was_paid"));
    }
    for share in shares.iter().filter(|share| share.amount > 0) {
        match give_share(rest, share, currency, &notice.key, &reason).await? {
            // What went back before it is heard of by its own report.
            Err(code) => return Ok(refused(&code)),
            Ok(made) => refunds.push(made),
        }
    }
    if !refunds.iter().all(Refund::is_done) {
        let why = "Square has taken the refund on and has not given all of the money back yet";
        return Err(CallError::under_way(why));
    }
    let movements = refunds.iter().filter_map(Refund::repayment).collect();
    Ok(NoticeEvidence::Repaid { movements })
}

/// The refunds of a payment that were made for this notice.
async fn ours(rest: &Rest, payment: &Payment, reason: &str) -> Result<Vec<Refund>, CallError> {
    let mut ours = Vec::new();
    for id in payment.refund_ids.iter().filter_map(|id| path_id(id)) {
        let found = rest.look_up(&format!("/v2/refunds/{id}")).await?;
        let found = found.map(|RefundFound { refund }| refund);
        ours.extend(found.filter(|refund| refund.reason.as_deref() == Some(reason)));
    }
    Ok(ours)
}

/// Gives back a share of a payment; Square's code, where it will not.
async fn give_share(
    rest: &Rest,
    share: &Share,
    currency: Currency,
    key: &str,
    reason: &str,
) -> Result<Result<Refund, String>, CallError> {
    // Square takes 45 characters of a key.
    let key = Sha256::digest(format!("{key}:{}", share.payment));
    let refund = json!({
        "idempotency_key": hex::encode(&key[..20]), "payment_id": share.payment, "reason": reason,
        "amount_money": { "amount": share.amount, "currency": currency.code() },
    });
    let made = rest.post::<RefundFound>("/v2/refunds", &refund).await?;
    Ok(match made {
        Changed::Made(RefundFound { refund }) if refund.is_dead() => {
            Err("refund_failed".to_owned())
        }
        Changed::Made(RefundFound { refund }) => Ok(refund),
        Changed::Refused(code) => Err(code),
    })
}
