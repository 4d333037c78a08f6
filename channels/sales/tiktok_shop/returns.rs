//! What TikTok Shop gave back for what came back, or did not arrive as it should. Pure. A return has an id of its
//! own, and its money counts once it is complete: until then somebody asks for it, or has agreed to.

use jiff::Timestamp;
use orderhub_domain::money::Currency;
use orderhub_domain::order::ChannelFact;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::port::Inbound;
use crate::sales::taken::{NotTaken, amount, digits, parse, unreadable};
use crate::wire::Exact;

/// The status of a return whose money the buyer has.
const COMPLETE: &str = "RETURN_OR_REFUND_REQUEST_COMPLETE";

#[derive(Deserialize)]
struct Found<'a> {
    #[serde(borrow, default)]
    return_orders: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct Return {
    #[serde(rename = "return_id")]
    id: Exact,
    order_id: Exact,
    #[serde(default, rename = "return_status")]
    status: Option<String>,
    #[serde(default)]
    update_time: Option<Exact>,
    #[serde(default)]
    refund_amount: Option<RefundAmount>,
}

#[derive(Deserialize)]
struct RefundAmount {
    currency: String,
    refund_total: Exact,
}

/// What the returns of an order say, each by itself.
pub(super) fn read(body: &[u8]) -> Vec<Inbound> {
    let found: Found<'_> = match parse(body) {
        Ok(found) => found,
        Err(why) => return vec![why.into()],
    };
    let said = found.return_orders.into_iter().filter_map(|one| {
        let said = parse(one.get().as_bytes()).and_then(|one: Return| given(&one));
        said.transpose()
    });
    said.map(|said| said.unwrap_or_else(Inbound::from))
        .collect()
}

/// The money of a return; none where there is none, or not yet.
fn given(one: &Return) -> Result<Option<Inbound>, NotTaken> {
    let money = one.refund_amount.as_ref();
    let Some(money) = money.filter(|_| one.status.as_deref() == Some(COMPLETE)) else {
        return Ok(None);
    };
    let order = digits(&one.order_id.0).ok_or_else(|| unreadable("a return's order_id"))?;
    let reference = digits(&one.id.0).ok_or_else(|| unreadable("a return's return_id"))?;
    let currency = Currency::from_code(&money.currency);
    let currency = currency.ok_or_else(|| unreadable("a return's currency"))?;
    let amount = amount(&money.refund_total, currency, "a return's refund_total")?;
    if !amount.is_positive() {
        return Ok(None);
    }
    let seconds = one.update_time.as_ref().and_then(|at| at.0.parse().ok());
    let at = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
    let facts = vec![ChannelFact::Refunded {
        reference,
        amount,
        at,
    }];
    Ok(Some(Inbound::Said { order, facts }))
}
