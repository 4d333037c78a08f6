//! Giving money back through a shop, and noting units that are not sent: both are a refund there.
//!
//! The shop knows no idempotency keys. A refund carries the notice's name in its reason, and every try looks
//! for that first. The shop notes a refund before it asks its gateway and takes the note back if that
//! says no (`wc_create_refund`), so one that is noted without `refunded_payment` is under way.
//!
//! The amount is stated and counts (`order-refunds/`: "it will take precedence over line item totals"); the
//! lines say how many units it is for, and no amounts of their own.

use std::collections::BTreeMap;

use orderhub_domain::money::Money;
use orderhub_domain::order::{NoticeEvidence, Repayment};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;
use serde_json::{Value, json};

use super::back::path;
use super::changes::{add_units, unsent, word};
use super::rest::{Changed, Rest};
use super::wire::{REFUND_FIELDS, Refund};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::told::refused;
use crate::sales::{PartNotice, PartOf};
use crate::wire::Exact;

#[derive(Debug, Deserialize)]
struct ShopOrder {
    #[serde(default)]
    line_items: Vec<Line>,
}

#[derive(Debug, Deserialize)]
struct Line {
    id: Exact,
    quantity: Exact,
}

/// The refunds of an order, as the shop has them.
async fn noted(rest: &Rest, path: &str) -> Result<Vec<Refund>, CallError> {
    let query = [("per_page", "100"), ("_fields", REFUND_FIELDS)];
    let noted = rest.look_up(&format!("{path}/refunds"), &query).await?;
    Ok(noted.unwrap_or_default())
}

/// Units by line of an order that is not completed that were refunded before they were sent.
pub(super) async fn taken_out(
    rest: &Rest,
    path: &str,
) -> Result<BTreeMap<String, Decimal>, CallError> {
    let refunds = noted(rest, path).await?;
    unsent(&refunds, None).map_err(|_| unread())
}

/// Tells the shop of units that the buyer does not get or keep, and has it give back the money for them.
pub(super) async fn repay(rest: &Rest, notice: &PartNotice) -> NoticeAnswer {
    let Some(path) = path(&notice.external_id) else {
        return Ok(refused("not_a_woocommerce_id"));
    };
    let fields = [("_fields", "line_items")];
    let Some(order) = rest.look_up::<ShopOrder>(&path, &fields).await? else {
        return Ok(refused("order_not_found"));
    };
    let refunds = noted(rest, &path).await?;
    let reason = format!("{} ({})", word(notice.of), notice.key);
    let same = |refund: &&Refund| refund.reason.as_deref() == Some(reason.as_str());
    if let Some(known) = refunds.iter().find(same) {
        if !notice.amount.is_zero() && known.refunded_payment != Some(true) {
            let why = "the shop's gateway has not given the money back yet";
            return Err(CallError::under_way(why));
        }
        return repaid(known, notice);
    }
    let Some(lines) = lines(notice, &order, &refunds)? else {
        return Ok(refused("not_a_woocommerce_id"));
    };
    if lines.is_empty() && notice.amount.is_zero() {
        return Ok(NoticeEvidence::Told);
    }
    let refund = json!({
        "amount": notice.amount.amount().to_string(),
        "reason": reason,
        "line_items": lines,
        "api_refund": !notice.amount.is_zero(),
        // What becomes of units that came back decides the hub.
        "api_restock": notice.of == PartOf::Unsent,
    });
    let refunds = format!("{path}/refunds");
    match rest.change::<Refund>(&refunds, &refund).await? {
        Changed::Made(refund) => repaid(&refund, notice),
        Changed::Refused(code) => Ok(refused(&code)),
    }
}

/// The lines of a refund, without units that were refunded before; `None` when a line is none of a shop's.
fn lines(
    notice: &PartNotice,
    order: &ShopOrder,
    refunds: &[Refund],
) -> Result<Option<Vec<Value>>, CallError> {
    let mut gone = BTreeMap::new();
    for refund in refunds {
        add_units(refund, &mut gone).map_err(|_| unread())?;
    }
    let mut lines = Vec::new();
    for (line, units) in &notice.lines {
        let Ok(id) = line.parse::<u64>() else {
            return Ok(None);
        };
        let there = order.line_items.iter().find(|there| there.id.0 == *line);
        let ordered = there.and_then(|there| there.quantity.decimal());
        let gone = gone.get(line).copied().unwrap_or_default();
        let left = (ordered.unwrap_or_default() - gone).max(Decimal::ZERO);
        let units = left.floor().to_u32().unwrap_or(0).min(*units);
        if units > 0 {
            lines.push(json!({ "id": id, "quantity": units, "refund_total": 0 }));
        }
    }
    Ok(Some(lines))
}

/// What a refund gave back, under the name that an order states it with.
fn repaid(refund: &Refund, notice: &PartNotice) -> NoticeAnswer {
    if notice.amount.is_zero() {
        return Ok(NoticeEvidence::Told);
    }
    let currency = notice.amount.currency();
    let amount = refund
        .amount
        .decimal()
        .map(|amount| Money::rounded(amount, currency));
    Ok(NoticeEvidence::Repaid {
        movements: vec![Repayment {
            reference: refund.id.0.clone(),
            amount: amount.ok_or_else(unread)?,
        }],
    })
}

fn unread() -> CallError {
    CallError::unknown("the shop's refund cannot be read")
}
