//! Cancelling an order at its store: the money that the store has of it goes back, then the status is set.
//!
//! The status moves no money there, so what is left of it is refunded as a part would be, under a name that is the
//! same for every try. A refund of everything may end the order by itself.

use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::NoticeEvidence;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;

use super::back::id;
use super::refunds::{GivenBack, is_ours, repay};
use super::rest::{Changed, Rest};
use super::wire::Refund;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::CancellationNotice;
use crate::sales::told::{is_refused, refused};
use crate::wire::Exact;

/// `Cancelled`.
const CANCELLED: u32 = 5;

/// What the refund of a whole cancellation is named: an order has no more than one.
const NAME: &str = "orderhub-cancellation";

/// An order, as the store has it.
#[derive(Debug, Deserialize)]
struct StoreOrder {
    status_id: u32,
    #[serde(default)]
    payment_status: Option<String>,
    /// The currency that its amounts are in.
    #[serde(default)]
    default_currency_code: Option<String>,
    #[serde(default)]
    total_inc_tax: Option<Exact>,
    #[serde(default)]
    store_credit_amount: Option<Exact>,
    #[serde(default)]
    gift_certificate_amount: Option<Exact>,
}

/// Tells the store that nothing of an order will be shipped.
pub(super) async fn cancel(rest: &Rest, notice: &CancellationNotice) -> NoticeAnswer {
    let Some(id) = id(&notice.external_id) else {
        return Ok(refused("not_a_bigcommerce_id"));
    };
    let Some(mut order) = rest.look_up::<StoreOrder>(&id, &[]).await? else {
        return Ok(refused("order_not_found"));
    };
    match order.status_id {
        // Refunded, declined.
        4 | 6 => return Ok(NoticeEvidence::Told),
        // Shipped, completed.
        2 | 10 => return Ok(refused("order_is_shipped")),
        _ => {}
    }
    let mut given = NoticeEvidence::Told;
    if notice.refund && order.is_paid() {
        given = give_back(rest, &id, &order).await?;
        let now = rest.look_up(&id, &[]).await?;
        order = now.ok_or_else(|| CallError::not_done("the store has the order no more"))?;
    }
    if !matches!(order.status_id, 4..=6) {
        let change = json!({ "status_id": CANCELLED });
        if rest.put(&id, &change).await? == Changed::Refused {
            return Ok(refused("not_cancellable"));
        }
    }
    // Cancelled, but the buyer's money is still there: that is for a person to hear.
    Ok(if is_refused(&given) {
        given
    } else {
        NoticeEvidence::Told
    })
}

/// Gives back what the store still has of the buyer's money.
async fn give_back(rest: &Rest, id: &str, order: &StoreOrder) -> NoticeAnswer {
    let refunds: Vec<Refund> = rest.refunds(id).await?;
    let Some(owed) = order.owed(&refunds) else {
        return Ok(refused("refund_by_hand"));
    };
    if owed.is_zero() && !refunds.iter().any(|refund| is_ours(refund, NAME)) {
        return Ok(NoticeEvidence::Told);
    }
    let whole = GivenBack {
        key: NAME,
        lines: &[],
        amount: owed,
    };
    repay(rest, id, &whole).await
}

impl StoreOrder {
    /// Whether the store has taken the buyer's money.
    fn is_paid(&self) -> bool {
        let status = self.payment_status.as_deref().unwrap_or_default();
        matches!(status, "captured" | "paid" | "partially refunded")
    }

    /// What is left of the buyer's money: store credit and gift certificates were the shop's before. `None` where
    /// the order does not say.
    fn owed(&self, refunds: &[Refund]) -> Option<Money> {
        let currency = Currency::from_code(self.default_currency_code.as_deref()?)?;
        let of = |amount: Option<&Exact>| amount.map_or(Some(Decimal::ZERO), Exact::decimal);
        let total = self.total_inc_tax.as_ref()?.decimal()?;
        let redeemed =
            of(self.store_credit_amount.as_ref())? + of(self.gift_certificate_amount.as_ref())?;
        let mut given = Decimal::ZERO;
        let moved = refunds.iter().flat_map(|refund| &refund.payments);
        for payment in moved.filter(|payment| payment.is_declined != Some(true)) {
            given += payment.amount.decimal()?;
        }
        let left = (total - redeemed - given).max(Decimal::ZERO);
        Some(Money::rounded(left, currency))
    }
}
