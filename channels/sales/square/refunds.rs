//! Giving a buyer's money back through Square: each payment of an order by a refund of its own. A refund has
//! an idempotency key that is made of the payment, so that however often it is asked for, it is one
//! (developer.squareup.com/docs/refunds-api/refund-payments).

use serde::Deserialize;
use serde_json::json;

use super::rest::{Changed, Rest};
use crate::port::CallError;
use crate::sales::Why;
use crate::wire::path_id;

/// How a part of an order was paid.
#[derive(Debug, Deserialize)]
pub(super) struct Tender {
    #[serde(default)]
    payment_id: Option<String>,
    #[serde(default)]
    card_details: Option<Card>,
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
}

#[derive(Debug, Deserialize)]
struct Amount {
    amount: i64,
    currency: String,
}

/// An answer whose content does not matter.
#[derive(Debug, Deserialize)]
struct Taken {}

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
        let back = payment.refunded_money.map_or(0, |back| back.amount);
        let left = payment.total_money.amount.saturating_sub(back);
        if left <= 0 {
            continue;
        }
        // Square takes 45 characters of a key. Another amount under the same key is refused there.
        let refund = json!({
            "idempotency_key": format!("cancel-{id}"), "payment_id": id, "reason": reason,
            "amount_money": { "amount": left, "currency": payment.total_money.currency },
        });
        match rest.post::<Taken>("/v2/refunds", &refund).await? {
            Changed::Made(_) => {}
            Changed::Refused(_) => all = false,
        }
    }
    Ok(all)
}
