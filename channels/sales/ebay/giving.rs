//! Giving money back through eBay (`issueRefund`), and never twice.
//!
//! eBay knows no idempotency keys, and what is written to the buyer with a refund is not stated with it. So the
//! notice says which refunds were known before it: one of the same sum that is not among them is an earlier
//! try's, or somebody's for the same. Where it does not say so, those of before the first try are remembered, and
//! where nothing is remembered and one of the same sum is there, a person looks. It is done some
//! time later; until then the refund is pending, and one that fails is not said.

use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::{NoticeEvidence, Repayment};
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::Changed;
use super::back::{Back, is_cancelled};
use super::money::repayment;
use super::wire::Order;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::told::{opaque_id, refused, segment};
use crate::sales::tries::Since;
use crate::sales::{PartNotice, PartOf};
use crate::wire::Exact;

/// What eBay answers to a refund.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Made {
    #[serde(default)]
    refund_id: Option<Exact>,
    #[serde(default)]
    refund_status: Option<String>,
}

impl Back {
    /// Gives an amount back, whatever of the order it is for.
    pub(super) async fn give_back(&self, notice: &PartNotice) -> NoticeAnswer {
        let Some(id) = segment(&notice.external_id) else {
            return Ok(refused("not_an_ebay_id"));
        };
        if notice.amount.is_zero() {
            return Ok(refused("units_cannot_be_cancelled_there"));
        }
        let path = format!("/sell/fulfillment/v1/order/{id}");
        let Some(order) = self.api.look_up::<Order>(&path, &[]).await? else {
            return Ok(refused("order_not_found"));
        };
        if is_cancelled(&order) {
            return Ok(refused("order_is_cancelled"));
        }
        let Some(there) = order.given(notice.amount.currency()) else {
            return Ok(refused("refunds_cannot_be_read"));
        };
        let since = self.given.since(notice, there.iter());
        let answer = self.give_missing(&path, notice, &there, &since).await;
        if let Ok(evidence) = &answer {
            self.given.answered(&notice.key, evidence);
        }
        answer
    }

    async fn give_missing(
        &self,
        path: &str,
        notice: &PartNotice,
        there: &[Repayment],
        since: &Since<'_>,
    ) -> NoticeAnswer {
        let alike: Vec<Repayment> = there
            .iter()
            .filter(|made| made.amount == notice.amount)
            .cloned()
            .collect();
        if since.may_have_made(&alike) {
            return Ok(refused("refund_alike_is_there"));
        }
        if let Some(made) = alike.into_iter().find(|made| since.made(made)) {
            let movements = vec![made];
            return Ok(NoticeEvidence::Repaid { movements });
        }
        let path = format!("{path}/issue_refund");
        let made = match self.api.post(&path, &asked(notice)).await? {
            Changed::Made(body) => body,
            Changed::Refused(code) => return Ok(refused(&code)),
        };
        let made: Option<Made> = serde_json::from_slice(&made).ok();
        let made =
            made.ok_or_else(|| CallError::unknown("eBay's answer cannot be read; it may be done"))?;
        if made.refund_status.as_deref() == Some("FAILED") {
            return Ok(refused("refund_failed"));
        }
        let reference = made.refund_id.and_then(|id| opaque_id(&id.0));
        let reference = reference.ok_or_else(|| {
            CallError::unknown("eBay's answer names no refund; it may be done all the same")
        })?;
        let amount = notice.amount;
        Ok(NoticeEvidence::Repaid {
            movements: vec![Repayment { reference, amount }],
        })
    }
}

impl Order {
    /// What was given back of it, or is about to be; `None` when that cannot be read.
    fn given(&self, currency: Currency) -> Option<Vec<Repayment>> {
        let refunds = self.payment_summary.iter().flat_map(|of| &of.refunds);
        let going = refunds.filter(|refund| refund.status.as_deref() != Some("FAILED"));
        let read: Result<Vec<_>, _> = going.map(|refund| repayment(refund, currency)).collect();
        read.ok()
    }
}

/// A refund as eBay takes it: of the order as a whole, so that it is one movement with one id.
fn asked(notice: &PartNotice) -> Value {
    let reason = match notice.of {
        PartOf::Returned => "BUYER_RETURN",
        PartOf::Unsent | PartOf::Claimed => "OTHER_ADJUSTMENT",
    };
    json!({ "reasonForRefund": reason, "orderLevelRefundAmount": amount(notice.amount) })
}

fn amount(amount: Money) -> Value {
    json!({ "value": amount.amount().to_string(), "currency": amount.currency().code() })
}
