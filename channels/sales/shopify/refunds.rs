//! Giving money back through a shop, and taking units out of its orders: both are a refund there.
//!
//! A refund carries the notice's name as its note and as its idempotency key, which the shop demands
//! (shopify.dev/docs/api/admin-graphql/2026-07/mutations/refundCreate). Every try looks for the note
//! first, so a lost answer is found however late, and the key stops two tries that meet.
//!
//! How much goes back is said to the shop, payment by payment, never left to it. Units that were not sent are
//! taken out of the order (`CANCEL`); what becomes of returned ones decides the hub, so the shop's stock
//! is left alone (`NO_RESTOCK`).

use std::collections::BTreeMap;

use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::{NoticeEvidence, Repayment};
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::{Admin, Named, Nodes, garbled};
use super::back::{gid, said_no};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::told::refused;
use crate::sales::{PartNotice, PartOf};
use crate::wire::Exact;

/// What the shop has noted of an order's refunds.
const NOTED: &str = "query Noted($id: ID!) { order(id: $id) { \
    currencyCode presentmentCurrencyCode refunds(first: 250) { id note } } }";

/// How many units of each line it can still refund.
const LEFT: &str = "query Left($id: ID!, $after: String) { order(id: $id) { \
    lines: lineItems(first: 200, after: $after) { nodes { id refundableQuantity } \
    pageInfo { hasNextPage endCursor } } } }";

const MOVED: &str = "query Moved($id: ID!) { refund(id: $id) { transactions(first: 50) { nodes { \
    id kind status amountSet { shopMoney { amount currencyCode } } } } } }";

/// Where units that are taken out go back to, and what can be given back of which payment.
const SUGGESTED: &str = "query Suggested($id: ID!, $lines: [RefundLineItemInput!]) { order(id: $id) { \
    lines: suggestedRefund(refundLineItems: $lines) { \
    refundLineItems { lineItem { id } location { id } } } \
    all: suggestedRefund(suggestFullRefund: true) { suggestedTransactions { gateway \
    parentTransaction { id } amountSet { shopMoney { amount currencyCode } } \
    maximumRefundableSet { shopMoney { amount currencyCode } } } } } }";

const REFUND: &str = "mutation Refund($input: RefundInput!, $key: String!) { \
    done: refundCreate(input: $input) @idempotent(key: $key) { errors: userErrors { field } \
    made: refund { transactions(first: 50) { nodes { \
    id kind status amountSet { shopMoney { amount currencyCode } } } } } } }";

/// Most things that the shop takes in one list.
const MOST: usize = 250;

#[derive(Debug, Deserialize)]
struct Noted {
    order: Option<NotedOrder>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct NotedOrder {
    currency_code: String,
    presentment_currency_code: String,
    refunds: Vec<NotedRefund>,
}

#[derive(Debug, Deserialize)]
struct NotedRefund {
    id: String,
    note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Refundable {
    id: String,
    refundable_quantity: u32,
}

#[derive(Debug, Deserialize)]
struct Moved {
    refund: Option<Refund>,
}

#[derive(Debug, Deserialize)]
struct Refund {
    transactions: Nodes<Movement>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Movement {
    id: String,
    kind: String,
    status: String,
    amount_set: InShopMoney,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct InShopMoney {
    shop_money: Amount,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Amount {
    amount: Exact,
    currency_code: String,
}

impl InShopMoney {
    fn money(&self) -> Option<Money> {
        let currency = Currency::from_code(&self.shop_money.currency_code)?;
        let amount = self.shop_money.amount.decimal()?;
        Money::exact(amount, currency).ok()
    }
}

#[derive(Debug, Deserialize)]
struct Suggested {
    order: Option<Suggestions>,
}

#[derive(Debug, Deserialize)]
struct Suggestions {
    lines: Option<OfLines>,
    all: Option<OfAll>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfLines {
    refund_line_items: Vec<Placed>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Placed {
    line_item: Named,
    location: Option<Named>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct OfAll {
    suggested_transactions: Vec<Payment>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payment {
    gateway: Option<String>,
    parent_transaction: Option<Named>,
    amount_set: InShopMoney,
    maximum_refundable_set: Option<InShopMoney>,
}

/// Tells the shop of units that the buyer does not get or keep, and has it give back the money for them.
pub(super) async fn repay(admin: &Admin, notice: &PartNotice) -> NoticeAnswer {
    let Some(order) = gid("Order", &notice.external_id) else {
        return Ok(refused("not_a_shopify_id"));
    };
    let mut units: BTreeMap<String, u32> = BTreeMap::new();
    for (line, quantity) in &notice.lines {
        let Some(line) = gid("LineItem", line) else {
            return Ok(refused("not_a_shopify_id"));
        };
        *units.entry(line).or_default() += quantity;
    }
    if units.len() > MOST {
        return Ok(refused("too_many_lines"));
    }
    let noted: Noted = admin.look_up(NOTED, &json!({ "id": order })).await?;
    let Some(shop) = noted.order else {
        return Ok(refused("order_not_found"));
    };
    let same = |refund: &&NotedRefund| refund.note.as_deref() == Some(notice.key.as_str());
    if let Some(known) = shop.refunds.iter().find(same) {
        let moved: Moved = admin.look_up(MOVED, &json!({ "id": known.id })).await?;
        return match moved.refund {
            Some(refund) => became(&refund, notice),
            None => Err(CallError::not_now("the shop's refund cannot be found")),
        };
    }
    let pays = !notice.amount.is_zero();
    let ours = notice.amount.currency().code();
    if pays && (shop.currency_code != ours || shop.presentment_currency_code != ours) {
        return Ok(refused("other_currency"));
    }
    // What somebody took out there by hand is not taken out again; the money is a matter of its own.
    let left: Vec<Refundable> = admin.lines(LEFT, &order).await?;
    for (line, units) in &mut units {
        let there = left.iter().find(|there| there.id == *line);
        *units = there.map_or(0, |there| there.refundable_quantity.min(*units));
    }
    units.retain(|_, left| *left > 0);
    if units.is_empty() && !pays {
        return Ok(NoticeEvidence::Told);
    }
    make(admin, notice, &order, &units).await
}

/// Makes the refund.
async fn make(
    admin: &Admin,
    notice: &PartNotice,
    order: &str,
    units: &BTreeMap<String, u32>,
) -> NoticeAnswer {
    let how = match notice.of {
        PartOf::Unsent => "CANCEL",
        PartOf::Returned | PartOf::Claimed => "NO_RESTOCK",
    };
    let mut lines: Vec<Value> = units
        .iter()
        .map(|(line, units)| json!({ "lineItemId": line, "quantity": units, "restockType": how }))
        .collect();
    let variables = json!({ "id": order, "lines": lines });
    let suggested: Suggested = admin.look_up(SUGGESTED, &variables).await?;
    let Some(suggested) = suggested.order else {
        return Ok(refused("order_not_found"));
    };
    if notice.of == PartOf::Unsent {
        let places = suggested.lines.map(|of| of.refund_line_items);
        for place in places.unwrap_or_default() {
            let Some(location) = place.location else {
                continue;
            };
            let same = |line: &&mut Value| line["lineItemId"] == *place.line_item.id;
            if let Some(line) = lines.iter_mut().find(same) {
                line["locationId"] = location.id.into();
            }
        }
    }
    let payments = suggested.all.map(|of| of.suggested_transactions);
    let Some(transactions) = spread(notice.amount, &payments.unwrap_or_default(), order) else {
        return Ok(refused("more_than_refundable"));
    };
    let input = json!({
        "orderId": order, "note": notice.key, "notify": true,
        "refundLineItems": lines, "transactions": transactions,
    });
    let variables = json!({ "input": input, "key": notice.key });
    match admin.make::<Refund>(REFUND, &variables).await? {
        Ok(refund) => became(&refund, notice),
        Err(refusal) => Ok(said_no(&refusal, "not_refundable")),
    }
}

/// An amount over the payments that it can be given back on, in the shop's order; `None` when they do not
/// have so much.
fn spread(amount: Money, payments: &[Payment], order: &str) -> Option<Vec<Value>> {
    let mut rest = amount;
    let mut transactions = Vec::new();
    for payment in payments {
        let most = payment.maximum_refundable_set.as_ref();
        let there = most.unwrap_or(&payment.amount_set).money();
        let (Some(there), Some(gateway)) = (there, &payment.gateway) else {
            continue;
        };
        if there.currency() != rest.currency() {
            continue;
        }
        let part = rest.min(there);
        if !part.is_positive() {
            continue;
        }
        rest = rest.minus(part);
        transactions.push(json!({
            "orderId": order, "kind": "REFUND", "gateway": gateway,
            "parentId": payment.parent_transaction.as_ref().map(|parent| &parent.id),
            "amount": part.amount().to_string(),
        }));
    }
    rest.is_zero().then_some(transactions)
}

/// What became of a refund's money. Movements are named as the shop's webhooks name them: by their number.
fn became(refund: &Refund, notice: &PartNotice) -> NoticeAnswer {
    let all = &refund.transactions.nodes;
    let moved = |status: &str| {
        let status = status.to_owned();
        let here = all.iter().filter(|one| one.kind == "REFUND");
        here.filter(move |one| one.status == status)
    };
    let mut movements = Vec::new();
    for movement in moved("SUCCESS") {
        let number = movement.id.rsplit('/').next().unwrap_or(&movement.id);
        movements.push(Repayment {
            reference: number.to_owned(),
            amount: movement.amount_set.money().ok_or_else(garbled)?,
        });
    }
    if moved("PENDING")
        .chain(moved("AWAITING_RESPONSE"))
        .next()
        .is_some()
    {
        let reason = "the shop's gateway has not given all of the money back yet";
        return Err(CallError::under_way(reason));
    }
    if !movements.is_empty() {
        return Ok(NoticeEvidence::Repaid { movements });
    }
    Ok(if notice.amount.is_zero() {
        NoticeEvidence::Told
    } else {
        refused("refund_failed")
    })
}
