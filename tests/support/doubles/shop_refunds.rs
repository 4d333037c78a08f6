//! What a double of a Shopify shop gives back. Whoever tells it of a refund twice has made two.

use std::collections::BTreeMap;

use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::shop::{gid, number, page};

/// A refund in the book.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refund {
    pub(crate) order: u64,
    pub(crate) note: String,
    pub(crate) amount: Decimal,
    /// Units by line.
    pub(crate) units: BTreeMap<u64, u64>,
}

/// An order as far as money and units can be given back.
struct Sold {
    total: Decimal,
    currency: String,
    lines: BTreeMap<u64, u64>,
}

/// The shop's payments and refunds.
#[derive(Default)]
pub(super) struct Refunds {
    sold: BTreeMap<u64, Sold>,
    made: Vec<Refund>,
}

impl Refunds {
    /// The shop has this order, as its webhook states it, and its money.
    pub(super) fn sold(&mut self, order: &Value, lines: BTreeMap<u64, u64>) {
        let total = order["total_price"].as_str().unwrap_or("0");
        let sold = Sold {
            total: total.parse().unwrap(),
            currency: order["currency"].as_str().unwrap_or("EUR").to_owned(),
            lines,
        };
        self.sold.insert(order["id"].as_u64().unwrap(), sold);
    }

    pub(super) fn made(&self) -> Vec<Refund> {
        self.made.clone()
    }

    fn of(&self, order: u64) -> impl Iterator<Item = (usize, &Refund)> {
        let numbered = self.made.iter().enumerate();
        numbered.filter(move |(_, refund)| refund.order == order)
    }

    fn left(&self, order: u64) -> Decimal {
        let given: Decimal = self.of(order).map(|(_, refund)| refund.amount).sum();
        self.sold[&order].total - given
    }

    /// What an order says of its refunds.
    pub(super) fn shown(&self, id: u64) -> Vec<(&'static str, Value)> {
        let Some(sold) = self.sold.get(&id) else {
            return Vec::new();
        };
        let refunds = self.of(id);
        let refunds = refunds
            .map(|(place, refund)| json!({"id": gid("Refund", place as u64), "note": refund.note}));
        let lines = sold.lines.iter().map(|(line, units)| {
            let given = self.of(id).filter_map(|(_, refund)| refund.units.get(line));
            json!({"id": gid("LineItem", *line), "refundableQuantity": units - given.sum::<u64>()})
        });
        let lines: Vec<Value> = lines.collect();
        let there = self.money(id, self.left(id));
        vec![
            ("currencyCode", sold.currency.clone().into()),
            ("presentmentCurrencyCode", sold.currency.clone().into()),
            ("refunds", refunds.collect()),
            ("lineItems", page(&lines)),
            (
                "suggestedRefund",
                json!({"refundLineItems": [], "suggestedTransactions": [{
                    "gateway": "manual", "parentTransaction": {"id": gid("OrderTransaction", id)},
                    "amountSet": there, "maximumRefundableSet": there,
                }]}),
            ),
        ]
    }

    fn money(&self, order: u64, amount: Decimal) -> Value {
        let currency = &self.sold[&order].currency;
        json!({"shopMoney": {"amount": amount.to_string(), "currencyCode": currency}})
    }

    /// A refund with its movement of money.
    pub(super) fn one(&self, place: u64) -> Value {
        let Some(refund) = self.made.get(usize::try_from(place).unwrap()) else {
            return Value::Null;
        };
        let movement = json!({
            "id": gid("OrderTransaction", 7_000 + place), "kind": "REFUND", "status": "SUCCESS",
            "amountSet": self.money(refund.order, refund.amount),
        });
        let moved: Vec<Value> = (!refund.amount.is_zero())
            .then_some(movement)
            .into_iter()
            .collect();
        json!({"id": gid("Refund", place), "transactions": page(&moved)})
    }

    /// Makes a refund; units that are not to be shipped any more are answered beside it.
    pub(super) fn make(&mut self, asked: &Value) -> (Value, BTreeMap<u64, u64>) {
        let refuse = |message: &str| {
            let error = json!({"field": ["input"], "message": message});
            (
                json!({"refund": null, "userErrors": [error]}),
                BTreeMap::new(),
            )
        };
        let order = number(&asked["orderId"]);
        if !self.sold.contains_key(&order) {
            return refuse("Order does not exist.");
        }
        let (mut units, mut unsent) = (BTreeMap::new(), BTreeMap::new());
        for line in asked["refundLineItems"].as_array().into_iter().flatten() {
            let id = number(&line["lineItemId"]);
            let quantity = line["quantity"].as_u64().unwrap();
            units.insert(id, quantity);
            if line["restockType"] == "CANCEL" {
                unsent.insert(id, quantity);
            }
        }
        let movements = asked["transactions"].as_array().into_iter().flatten();
        let amount: Decimal = movements
            .map(|movement| {
                movement["amount"]
                    .as_str()
                    .unwrap()
                    .parse::<Decimal>()
                    .unwrap()
            })
            .sum();
        if amount > self.left(order) {
            return refuse("Refund amount exceeds the amount that can be refunded.");
        }
        self.made.push(Refund {
            order,
            note: asked["note"].as_str().unwrap().to_owned(),
            amount,
            units,
        });
        let made = self.one(self.made.len() as u64 - 1);
        (json!({"refund": made, "userErrors": []}), unsent)
    }
}
