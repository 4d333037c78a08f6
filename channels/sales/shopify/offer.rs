//! The way of stock to a Shopify shop: the number of units that it offers at one of its locations.
//!
//! Every try reads what the shop offers and changes it from that number alone (`changeFromQuantity`):
//! a try that arrives late finds another number and changes nothing. Variants are found by their SKU;
//! one that the shop does not stock at the location is none of our business.

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::Sku;
use serde::Deserialize;
use serde_json::{Value, json};

use super::admin::{Admin, Nodes};
use crate::port::CallError;
use crate::sales::told::not_offered;
use crate::sales::{Offered, StockWay};
use crate::wire::code;

const SOLD: &str = "query Sold($search: String!, $location: ID!) { \
    productVariants(first: 10, query: $search) { nodes { sku inventoryItem { id \
    inventoryLevel(locationId: $location) { quantities(names: [\"available\"]) { quantity } } } } } }";

const OFFER: &str = "mutation Offer($input: InventorySetQuantitiesInput!, $key: String!) { \
    done: inventorySetQuantities(input: $input) @idempotent(key: $key) { \
    errors: userErrors { code } } }";

/// What the shop says when its number is not the one that was read, or the same try is under way.
const JUST_CHANGED: [&str; 3] = [
    "CHANGE_FROM_QUANTITY_STALE",
    "COMPARE_QUANTITY_STALE",
    "IDEMPOTENCY_CONCURRENT_REQUEST",
];

/// Largest number that a shop takes.
const MOST: i64 = 1_000_000_000;

/// A variant that the shop sells, with what it offers of it at one location.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Variant {
    sku: Option<String>,
    inventory_item: Item,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: String,
    inventory_level: Option<Level>,
}

#[derive(Debug, Deserialize)]
struct Level {
    quantities: Vec<Quantity>,
}

#[derive(Debug, Deserialize)]
struct Quantity {
    quantity: i64,
}

impl Item {
    /// Its id and what is offered of it, where it is stocked.
    fn offered(self) -> Option<(String, i64)> {
        let quantity = self.inventory_level?.quantities.into_iter().next()?;
        Some((self.id, quantity.quantity))
    }
}

/// The offers of one shop, at one of its locations.
pub(super) struct Offers {
    admin: Arc<Admin>,
    location: String,
}

impl Offers {
    /// At the location of this id of the shop behind this Admin API.
    pub(super) fn new(admin: Arc<Admin>, location: &str) -> Self {
        Self {
            admin,
            location: format!("gid://shopify/Location/{location}"),
        }
    }

    /// What the shop sells under this SKU. Its search finds what is alike, too.
    async fn variants(&self, sku: &Sku) -> Result<Vec<Variant>, CallError> {
        #[derive(Deserialize)]
        struct Found {
            #[serde(rename = "productVariants")]
            variants: Nodes<Variant>,
        }
        let quoted = sku.as_str().replace('\\', "\\\\").replace('"', "\\\"");
        let search = format!("sku:\"{quoted}\"");
        let variables = json!({ "search": search, "location": self.location });
        let found: Found = self.admin.look_up(SOLD, &variables).await?;
        let mut variants = found.variants.nodes;
        variants.retain(|variant| variant.sku.as_deref() == Some(sku.as_str()));
        Ok(variants)
    }

    async fn set(&self, sku: &Sku, units: i64, key: &str) -> Result<Offered, CallError> {
        let units = units.clamp(0, MOST);
        let variants = self.variants(sku).await?;
        if variants.is_empty() {
            return Ok(Offered::NotSold);
        }
        let items = variants.into_iter().map(|variant| variant.inventory_item);
        let mut stocked: Vec<(String, i64)> = items.filter_map(Item::offered).collect();
        if stocked.is_empty() {
            return Ok(not_offered("not_stocked_at_location"));
        }
        stocked.retain(|(_, now)| *now != units);
        if stocked.is_empty() {
            return Ok(Offered::Same);
        }
        let change = |(item, now): &(String, i64)| {
            json!({
                "inventoryItemId": item, "locationId": self.location,
                "quantity": units, "changeFromQuantity": now,
            })
        };
        let changes: Vec<Value> = stocked.iter().map(change).collect();
        let input = json!({ "name": "available", "reason": "correction", "quantities": changes });
        let variables = json!({ "input": input, "key": key });
        let Some(refusal) = self.admin.change(OFFER, &variables).await? else {
            return Ok(Offered::Set);
        };
        let said = refusal.code.as_deref().unwrap_or_default();
        if JUST_CHANGED.contains(&said) {
            return Err(CallError::not_now("the shop's number has just changed"));
        }
        let said = code(said);
        Ok(not_offered(said.as_deref().unwrap_or("not_taken")))
    }
}

#[async_trait]
impl StockWay for Offers {
    async fn offer(&self, sku: &Sku, units: i64, key: &str) -> Result<Offered, CallError> {
        self.set(sku, units, key).await
    }
}
