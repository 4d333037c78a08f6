//! What the shop offers at its one location, as its Admin API is asked for it and told it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::basket::Basket;
use crate::sim::offered::Offered;

/// The location whose numbers can be told, as an operator writes it into `stock_location`.
pub const LOCATION: &str = "655441491";

/// Variants that a search finds at most.
const FOUND: usize = 10;

/// The shop's numbers.
pub(super) struct Offers(Offered);

impl Offers {
    /// A shop that sells these, and has heard of no unit yet.
    pub(super) fn of(skus: &[String]) -> Self {
        Self(Offered::of(skus))
    }

    /// Somebody has bought.
    pub(super) fn sold(&mut self, basket: &Basket) {
        self.0.sold(&basket.lines);
    }

    /// The variants that a search like `sku:"TEE"` finds: like the vendor's, all that begin so.
    pub(super) fn variants(&self, arguments: &Map<String, Value>) -> Value {
        let search = arguments.get("query").and_then(Value::as_str);
        let quoted = search.and_then(|search| search.strip_prefix("sku:\"")?.strip_suffix('"'));
        let wanted = quoted.unwrap_or_default().replace("\\\"", "\"");
        let wanted = wanted.replace("\\\\", "\\");
        let found = self.0.all();
        let found = found.filter(|(_, sku, _)| quoted.is_some() && sku.starts_with(&wanted));
        let nodes: Vec<Value> = found
            .take(FOUND)
            .map(|(place, sku, units)| {
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
                for (sku, units) in numbers {
                    self.0.set(&sku, units);
                }
                json!({ "userErrors": [] })
            }
            Err(code) => json!({ "userErrors": [{"code": code, "message": "Not changed."}] }),
        }
    }

    fn changed(&self, input: &Value) -> Result<BTreeMap<String, i64>, &'static str> {
        let mut numbers = BTreeMap::new();
        let changes = input["quantities"].as_array();
        let changes = changes.ok_or("INVALID_QUANTITY_NEGATIVE")?;
        for change in changes {
            let location = format!("gid://shopify/Location/{LOCATION}");
            if change["locationId"] != location {
                return Err("INVALID_LOCATION");
            }
            let place = change["inventoryItemId"].as_str();
            let place = place.and_then(|id| id.rsplit('/').next()?.parse().ok());
            let sku = place.and_then(|place| self.0.at(place));
            let sku = sku.ok_or("INVALID_INVENTORY_ITEM")?;
            if self.0.units(sku) != change["changeFromQuantity"].as_i64() {
                return Err("CHANGE_FROM_QUANTITY_STALE");
            }
            let units = change["quantity"].as_i64();
            let units = units.ok_or("INVALID_QUANTITY_NEGATIVE")?;
            numbers.insert(sku.to_owned(), units);
        }
        Ok(numbers)
    }
}
