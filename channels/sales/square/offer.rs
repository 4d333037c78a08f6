//! The way of stock to Square: the number of units in stock of a variation at one location.
//!
//! A physical count sets the number, as of a time: "Changes are applied based on the client-supplied timestamp
//! and may be sent out of order" (developer.squareup.com/reference/square/inventory/batch-change-inventory). So
//! every try reads the number first, writes only another one, and says when that was: one that arrives late
//! changes nothing that came after it.

use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_domain::ids::Sku;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::rest::{Changed, Rest};
use super::wire::CatalogObject;
use crate::port::CallError;
use crate::sales::told::not_offered;
use crate::sales::{Offered, StockWay};
use crate::wire::Exact;

/// Largest number that is told.
const MOST: i64 = 1_000_000_000;

/// The offers of one location.
pub(super) struct Offers {
    rest: Arc<Rest>,
    location: String,
}

#[derive(Deserialize)]
struct Sold {
    #[serde(default)]
    objects: Vec<CatalogObject>,
}

#[derive(Deserialize)]
struct Counts {
    #[serde(default)]
    counts: Vec<Count>,
}

#[derive(Deserialize)]
struct Count {
    #[serde(default)]
    catalog_object_id: Option<String>,
    #[serde(default)]
    quantity: Option<Exact>,
}

/// An answer whose content does not matter.
#[derive(Deserialize)]
struct Taken {}

impl Offers {
    /// Those of the location of this id.
    pub(super) fn new(rest: Arc<Rest>, location: String) -> Self {
        Self { rest, location }
    }

    /// The ids of what is sold under this SKU.
    async fn sold(&self, sku: &Sku) -> Result<Vec<String>, CallError> {
        let exact = json!({ "attribute_name": "sku", "attribute_value": sku.as_str() });
        let question = json!({
            "object_types": ["ITEM_VARIATION"], "query": { "exact_query": exact }, "limit": 20,
        });
        let found: Option<Sold> = self.rest.search("/v2/catalog/search", &question).await?;
        let objects = found.map(|found| found.objects).unwrap_or_default();
        // The vendor compares without case.
        let same = |object: &CatalogObject| {
            let variation = object.item_variation_data.as_ref();
            variation.and_then(|variation| variation.sku.as_deref()) == Some(sku.as_str())
        };
        let objects = objects.into_iter().filter(same);
        Ok(objects.map(|object| object.id).collect())
    }

    async fn set(&self, sku: &Sku, units: i64, key: &str) -> Result<Offered, CallError> {
        // Before the number is read: what is sold from here on counts on top.
        let now = Timestamp::now().to_string();
        let units = units.clamp(0, MOST);
        let mut sold = self.sold(sku).await?;
        if sold.is_empty() {
            return Ok(Offered::NotSold);
        }
        let question = json!({
            "catalog_object_ids": sold, "location_ids": [self.location], "states": ["IN_STOCK"],
        });
        let path = "/v2/inventory/counts/batch-retrieve";
        let found: Option<Counts> = self.rest.search(path, &question).await?;
        let counts = found.map(|found| found.counts).unwrap_or_default();
        let wanted = Some(Decimal::from(units));
        sold.retain(|id| {
            let count = counts
                .iter()
                .find(|count| count.catalog_object_id.as_ref() == Some(id));
            count.and_then(|count| count.quantity.as_ref()?.decimal()) != wanted
        });
        if sold.is_empty() {
            return Ok(Offered::Same);
        }
        let change = |id: &String| {
            json!({ "type": "PHYSICAL_COUNT", "physical_count": {
                "catalog_object_id": id, "location_id": self.location, "state": "IN_STOCK",
                "quantity": units.to_string(), "occurred_at": now } })
        };
        let changes: Vec<Value> = sold.iter().map(change).collect();
        let change = json!({
            "idempotency_key": key, "changes": changes, "ignore_unchanged_counts": true,
        });
        let path = "/v2/inventory/changes/batch-create";
        Ok(match self.rest.post::<Taken>(path, &change).await? {
            Changed::Made(_) => Offered::Set,
            Changed::Refused(code) => not_offered(&code),
        })
    }
}

#[async_trait]
impl StockWay for Offers {
    async fn offer(&self, sku: &Sku, units: i64, key: &str) -> Result<Offered, CallError> {
        self.set(sku, units, key).await
    }
}
