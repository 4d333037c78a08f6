//! What the shop offers at its one location: a number for each thing that it sells, which the hub tells it
//! and every sale lowers. Kept in memory: the hub tells all numbers again when it finds others.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::basket::Basket;

/// The location whose numbers can be told, as an operator writes it into `stock_location`.
pub const LOCATION: &str = "655441491";

/// Variants that a search finds at most.
const FOUND: usize = 10;

/// The shop's numbers, by SKU.
pub(super) struct Offers(BTreeMap<String, i64>);

impl Offers {
    /// A shop that sells these, and has heard of no unit yet.
    pub(super) fn of(skus: &[String]) -> Self {
        Self(skus.iter().map(|sku| (sku.clone(), 0)).collect())
    }

    /// Somebody has bought: what is offered is less by that. The vendor lets a number fall below zero.
    pub(super) fn sold(&mut self, basket: &Basket) {
        for line in &basket.lines {
            if let Some(units) = self.0.get_mut(&line.sku) {
                *units -= i64::try_from(line.quantity).unwrap_or_default();
            }
        }
    }

    /// The variants that a search like `sku:"TEE"` finds: like the vendor's, all that begin so.
    pub(super) fn variants(&self, arguments: &Map<String, Value>) -> Value {
        let search = arguments.get("query").and_then(Value::as_str);
        let quoted = search.and_then(|search| search.strip_prefix("sku:\"")?.strip_suffix('"'));
        let wanted = quoted.unwrap_or_default().replace("\\\"", "\"");
        let wanted = wanted.replace("\\\\", "\\");
        let found = self.0.iter().zip(1_u64..);
        let found = found.filter(|((sku, _), _)| quoted.is_some() && sku.starts_with(&wanted));
        let nodes: Vec<Value> = found
            .take(FOUND)
            .map(|((sku, units), place)| {
                json!({"sku": sku, "inventoryItem": {
                    "id": format!("gid://shopify/InventoryItem/{place}"),
                    "inventoryLevel": {"quantities": [{"name": "available", "quantity": units}]},
                }})
            })
            .collect();
        json!({"nodes": nodes, "pageInfo": {"hasNextPage": false, "endCursor": null}})
    }

    /// Sets numbers, all of them or none: each from the one that it has now.
    pub(super) fn set(&mut self, input: &Value) -> Value {
        match self.changed(input) {
            Ok(numbers) => {
                self.0 = numbers;
                json!({ "userErrors": [] })
            }
            Err(code) => json!({ "userErrors": [{"code": code, "message": "Not changed."}] }),
        }
    }

    fn changed(&self, input: &Value) -> Result<BTreeMap<String, i64>, &'static str> {
        let mut numbers = self.0.clone();
        let changes = input["quantities"].as_array();
        let changes = changes.ok_or("INVALID_QUANTITY_NEGATIVE")?;
        for change in changes {
            let location = format!("gid://shopify/Location/{LOCATION}");
            if change["locationId"] != location {
                return Err("INVALID_LOCATION");
            }
            let place = change["inventoryItemId"].as_str();
            let place = place.and_then(|id| id.rsplit('/').next()?.parse::<usize>().ok());
            let place = place.and_then(|place| place.checked_sub(1));
            let units = place.and_then(|place| numbers.values_mut().nth(place));
            let units = units.ok_or("INVALID_INVENTORY_ITEM")?;
            if Some(*units) != change["changeFromQuantity"].as_i64() {
                return Err("CHANGE_FROM_QUANTITY_STALE");
            }
            *units = change["quantity"]
                .as_i64()
                .ok_or("INVALID_QUANTITY_NEGATIVE")?;
        }
        Ok(numbers)
    }
}
