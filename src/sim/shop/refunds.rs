//! What the shop gives back of its orders: how much it still can, and refunds that it is told to make. A refund
//! under a key that it knows is the one that it made before, as the Admin API has it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::admin::{gid, number, page};
use super::basket::Payment;
use super::orders::{Order, Orders};
use super::wire::money;
use crate::sim::goods::cents;

/// Where the ids of an order's refunds, and those of their movements of money, begin.
const FIRST_REFUND: u64 = 60;
/// How many refunds an order can have.
const MOST: usize = 10;

/// A refund in the book.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Refund {
    /// Its idempotency key.
    pub(super) key: String,
    pub(super) note: Option<String>,
    /// Units by the lines' ids.
    pub(super) units: Vec<(u64, u64)>,
    /// The units are not to be shipped any more.
    pub(super) unsent: bool,
    /// How much went back, in cents.
    pub(super) cents: u64,
}

impl Order {
    /// Units of a line that were given back: all of them, or those that are not to be shipped any more.
    pub(super) fn refunded(&self, line: u64, unsent_only: bool) -> u64 {
        let counted = self.refunds.iter().filter(|one| one.unsent || !unsent_only);
        let units = counted.flat_map(|one| &one.units);
        let units = units.filter(|(known, _)| *known == line);
        units.map(|(_, units)| units).sum()
    }

    /// Money that the shop has taken and not given back, in cents.
    fn refundable(&self) -> u64 {
        let taken = match self.basket.payment {
            Payment::Card | Payment::BadCard => 0,
            Payment::Paid | Payment::HeldByShop | Payment::Transfer => self.basket.total(),
        };
        let given: u64 = self.refunds.iter().map(|one| one.cents).sum();
        taken.saturating_sub(given)
    }

    fn refund_ids(&self) -> impl Iterator<Item = u64> + use<> {
        self.id + FIRST_REFUND..
    }
}

/// What an order says of its refunds, beside its own members.
pub(super) fn shown(order: &Order) -> [(&'static str, Value); 5] {
    let refunds = order.refunds.iter().zip(order.refund_ids());
    let refunds = refunds.map(|(one, id)| json!({"id": gid("Refund", id), "note": one.note}));
    let lines = order.line_ids().zip(&order.basket.lines);
    let lines: Vec<Value> = lines
        .map(|(id, line)| {
            let left = line.quantity.saturating_sub(order.refunded(id, false));
            json!({"id": gid("LineItem", id), "refundableQuantity": left})
        })
        .collect();
    let there = order.refundable();
    let payment = json!({
        "gateway": "manual", "parentTransaction": {"id": gid("OrderTransaction", order.id)},
        "amountSet": in_shop_money(there), "maximumRefundableSet": in_shop_money(there),
    });
    let payments: Vec<Value> = (there > 0).then_some(payment).into_iter().collect();
    [
        ("currencyCode", "EUR".into()),
        ("presentmentCurrencyCode", "EUR".into()),
        ("refunds", refunds.collect()),
        ("lineItems", page(&lines)),
        (
            "suggestedRefund",
            json!({"refundLineItems": [], "suggestedTransactions": payments}),
        ),
    ]
}

/// A refund with its movement of money, by its id.
pub(super) fn one(order: &Order, id: u64) -> Option<Value> {
    let mut refunds = order.refunds.iter().zip(order.refund_ids());
    let (refund, id) = refunds.find(|(_, known)| *known == id)?;
    let movement = json!({
        "id": gid("OrderTransaction", id), "kind": "REFUND", "status": "SUCCESS",
        "amountSet": in_shop_money(refund.cents),
    });
    let moved: Vec<Value> = (refund.cents > 0).then_some(movement).into_iter().collect();
    Some(json!({ "id": gid("Refund", id), "transactions": page(&moved) }))
}

/// Makes a refund.
pub(super) fn make(orders: &mut Orders, asked: &Value, key: &str) -> std::io::Result<Value> {
    let refused = |message: &str| {
        let error = json!({"field": ["input"], "message": message});
        Ok(json!({ "refund": null, "userErrors": [error] }))
    };
    let order = number(&asked["orderId"]).and_then(|id| orders.find(id));
    let Some(mut order) = order else {
        return refused("Order does not exist.");
    };
    if let Some(place) = order.refunds.iter().position(|one| one.key == key) {
        let id = order.refund_ids().nth(place).unwrap_or_default();
        return Ok(json!({ "refund": one(&order, id), "userErrors": [] }));
    }
    let stated = asked["refundLineItems"].as_array().into_iter().flatten();
    let unsent = |line: &Value| line["restockType"] == "CANCEL";
    let mut units = Vec::new();
    let mut all_unsent = true;
    for line in stated {
        let Some((id, quantity)) = number(&line["lineItemId"]).zip(line["quantity"].as_u64())
        else {
            return refused("Refund line items are invalid.");
        };
        let open = order.open();
        let left = open.iter().find(|(known, _)| *known == id);
        if unsent(line) && left.is_none_or(|(_, left)| *left < quantity) {
            return refused("Quantity cannot refund more items than were purchased.");
        }
        all_unsent &= unsent(line);
        units.push((id, quantity));
    }
    let movements = asked["transactions"].as_array().into_iter().flatten();
    let amounts = movements.map(|movement| movement["amount"].as_str().and_then(cents));
    let Some(given) = amounts.sum::<Option<u64>>() else {
        return refused("Amount is invalid.");
    };
    if given > order.refundable() || order.refunds.len() >= MOST {
        return refused("Refund amount exceeds the amount that can be refunded.");
    }
    order.refunds.push(Refund {
        key: key.to_owned(),
        note: asked["note"].as_str().map(str::to_owned),
        unsent: all_unsent && !units.is_empty(),
        units,
        cents: given,
    });
    let id = order.refund_ids().nth(order.refunds.len() - 1);
    let made = one(&order, id.unwrap_or_default());
    orders.refund(order)?;
    Ok(json!({ "refund": made, "userErrors": [] }))
}

fn in_shop_money(cents: u64) -> Value {
    let mut set = money(cents);
    let shop = set["shop_money"].take();
    json!({ "shopMoney": {"amount": shop["amount"], "currencyCode": shop["currency_code"]} })
}
