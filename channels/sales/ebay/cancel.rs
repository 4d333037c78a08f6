//! Cancelling an order at eBay (the Post-Order API), and never twice.
//!
//! eBay knows no idempotency keys here, so every try asks first which cancellations the order has: one that is not
//! rejected is it, whoever began it. What the buyer asked for is approved instead of beginning another. Only a
//! whole order can be cancelled, and what the buyer has paid eBay gives back with it.
//!
//! From sellers in the EU and the UK eBay wants such a call signed, which the hub does not do: theirs a person
//! cancels in Seller Hub, and the hub sees that it is done.

use orderhub_domain::order::NoticeEvidence;
use serde::Deserialize;
use serde_json::{Value, json};

use super::back::Back;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::told::{refused, segment};
use crate::sales::{CancellationNotice, Why};
use crate::wire::{Exact, code, path_id};

/// Where cancellations are.
const CANCELLATIONS: &str = "/post-order/v2/cancellation";

/// An order, as far as it says how it is cancelled.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Known {
    order_id: String,
    /// Its id of old, by which the Post-Order API knows it.
    #[serde(default)]
    legacy_order_id: Option<String>,
    #[serde(default)]
    order_fulfillment_status: Option<String>,
    #[serde(default)]
    order_payment_status: Option<String>,
    #[serde(default)]
    cancel_status: Option<CancelStatus>,
    #[serde(default)]
    payment_summary: Option<Paid>,
    #[serde(default)]
    line_items: Vec<Bought>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CancelStatus {
    #[serde(default)]
    cancel_state: Option<String>,
}

#[derive(Deserialize)]
struct Paid {
    #[serde(default)]
    payments: Vec<Payment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    #[serde(default)]
    payment_date: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Bought {
    /// Where the buyer bought it.
    #[serde(default)]
    purchase_marketplace_id: Option<String>,
}

/// What eBay has of an order's cancellations.
#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    cancellations: Vec<Cancellation>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Cancellation {
    cancel_id: Exact,
    #[serde(default)]
    cancel_status: Option<String>,
}

/// What eBay answers to a new one.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Begun {
    /// None where the order cannot be cancelled.
    #[serde(default)]
    cancel_id: Option<Exact>,
}

impl Back {
    /// Tells eBay that nothing of an order will be shipped.
    pub(super) async fn cancel(&self, notice: &CancellationNotice) -> NoticeAnswer {
        let Some(id) = segment(&notice.external_id) else {
            return Ok(refused("not_an_ebay_id"));
        };
        let path = format!("/sell/fulfillment/v1/order/{id}");
        let Some(order) = self.api.look_up::<Known>(&path, &[]).await? else {
            return Ok(refused("order_not_found"));
        };
        if order.is_cancelled() {
            return Ok(NoticeEvidence::Told);
        }
        if order.order_fulfillment_status.as_deref() == Some("FULFILLED") {
            return Ok(refused("order_is_shipped"));
        }
        let Some(marketplace) = order.marketplace().filter(|_| self.refunds) else {
            return Ok(refused("cancel_by_hand"));
        };
        let query = [("legacy_order_id", order.legacy()), ("limit", "25")];
        let search = format!("{CANCELLATIONS}/search");
        let found: Found = self.api.ask_after(&marketplace, &search, &query).await?;
        let standing = found
            .cancellations
            .iter()
            .find(|one| !matches!(one.status(), "CANCEL_REJECTED" | "INVALID"));
        match standing {
            None => self.begin(&marketplace, &order, notice.why).await,
            Some(one) => self.follow_up(&marketplace, one, notice.refund).await,
        }
    }

    /// What is to be done about a cancellation that is there.
    async fn follow_up(&self, marketplace: &str, one: &Cancellation, refund: bool) -> NoticeAnswer {
        match one.status() {
            "CANCEL_REQUESTED" => {
                let Some(id) = path_id(&one.cancel_id.0) else {
                    return Ok(refused("cancel_by_hand"));
                };
                let path = format!("{CANCELLATIONS}/{id}/approve");
                let approved = self.api.post_after(marketplace, &path, &json!({})).await?;
                Ok(match approved {
                    Some(_) => NoticeEvidence::Told,
                    None => refused("approve_by_hand"),
                })
            }
            // The buyer's money is still there: that is for a person to hear.
            "CANCEL_CLOSED_NO_REFUND" if refund => Ok(refused("cancelled_without_refund")),
            _ => Ok(NoticeEvidence::Told),
        }
    }

    async fn begin(&self, marketplace: &str, order: &Known, why: Why) -> NoticeAnswer {
        let asked = order.cancellation(why);
        let begun = self.api.post_after(marketplace, CANCELLATIONS, &asked);
        let Some(begun) = begun.await? else {
            return Ok(refused("not_cancellable"));
        };
        let begun: Begun = serde_json::from_slice(&begun)
            .map_err(|_| CallError::unknown("eBay's answer cannot be read"))?;
        Ok(match begun.cancel_id {
            Some(_) => NoticeEvidence::Told,
            None => refused("not_cancellable"),
        })
    }
}

impl Cancellation {
    fn status(&self) -> &str {
        self.cancel_status.as_deref().unwrap_or_default()
    }
}

impl Known {
    fn is_cancelled(&self) -> bool {
        let cancel = self.cancel_status.as_ref();
        cancel.is_some_and(|of| of.cancel_state.as_deref() == Some("CANCELED"))
    }

    fn legacy(&self) -> &str {
        self.legacy_order_id.as_deref().unwrap_or(&self.order_id)
    }

    /// The marketplace whose order it is, fit to stand in a header.
    fn marketplace(&self) -> Option<String> {
        let mut lines = self.line_items.iter();
        lines.find_map(|line| code(line.purchase_marketplace_id.as_deref()?))
    }

    /// A cancellation as eBay takes it (`CreateCancelRequest`, `CancelReasonEnum`).
    fn cancellation(&self, why: Why) -> Value {
        let is_paid = self.order_payment_status.as_deref() == Some("PAID");
        let mut asked = json!({ "legacyOrderId": self.legacy(), "buyerPaid": is_paid });
        // One whose payment failed has no reason of its own there.
        if matches!(why, Why::OutOfStock | Why::Other) {
            asked["cancelReason"] = "OUT_OF_STOCK_OR_CANNOT_FULFILL".into();
        }
        let payments = self.payment_summary.iter().flat_map(|of| &of.payments);
        let paid_at = payments.filter_map(|payment| payment.payment_date.as_deref());
        if let Some(at) = paid_at.max().filter(|_| is_paid) {
            asked["buyerPaidDate"] = json!({ "value": at });
        }
        asked
    }
}
