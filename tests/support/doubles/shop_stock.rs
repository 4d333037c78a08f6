//! What the double of a shop offers: variants by SKU at one location, changed from a known number alone.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The location of the shop whose numbers are told.
pub(crate) const LOCATION: &str = "655441491";

/// What is offered, and how it came to that.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    /// Every number that a SKU's variant had, the newest last.
    offers: BTreeMap<String, Vec<i64>>,
    /// Changes that were made from a number which the shop did not have any more.
    stale: usize,
}

impl Shelf {
    pub(super) fn sells(&mut self, sku: &str, units: i64) {
        self.offers.entry(sku.to_owned()).or_default().push(units);
    }

    pub(super) fn offers(&self, sku: &str) -> Vec<i64> {
        self.offers.get(sku).cloned().unwrap_or_default()
    }

    pub(super) const fn stale(&self) -> usize {
        self.stale
    }

    /// Like the vendor's, the search finds whatever begins so.
    pub(super) fn variants(&self, arguments: &Map<String, Value>) -> Value {
        let search = arguments["query"].as_str().unwrap();
        let wanted = search.strip_prefix("sku:\"").unwrap().strip_suffix('"');
        let wanted = wanted.unwrap().replace("\\\"", "\"");
        let found = self.offers.iter().zip(1..);
        let found = found.filter(|((sku, _), _)| sku.starts_with(&wanted));
        let nodes: Vec<Value> = found
            .map(|((sku, offers), place)| {
                json!({"sku": sku, "inventoryItem": {
                    "id": format!("gid://shopify/InventoryItem/{place}"),
                    "inventoryLevel": {"quantities": [{"quantity": offers.last()}]},
                }})
            })
            .collect();
        json!({"nodes": nodes, "pageInfo": {"hasNextPage": false, "endCursor": null}})
    }

    pub(super) fn set(&mut self, input: &Value) -> Value {
        let refuse = |code: &str| json!({"userErrors": [{"code": code, "message": "No."}]});
        for change in input["quantities"].as_array().unwrap() {
            assert_eq!(
                change["locationId"],
                format!("gid://shopify/Location/{LOCATION}")
            );
            let id = change["inventoryItemId"].as_str().unwrap();
            let place: usize = id.rsplit('/').next().unwrap().parse().unwrap();
            let Some(offers) = self.offers.values_mut().nth(place - 1) else {
                return refuse("INVALID_INVENTORY_ITEM");
            };
            if offers.last().copied() != change["changeFromQuantity"].as_i64() {
                self.stale += 1;
                return refuse("CHANGE_FROM_QUANTITY_STALE");
            }
            offers.push(change["quantity"].as_i64().unwrap());
        }
        json!({"userErrors": []})
    }
}
