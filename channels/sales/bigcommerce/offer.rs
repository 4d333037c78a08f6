//! The way of stock to a BigCommerce store: the number of units on hand at one of its locations.
//!
//! A store counts a thing by its variants, by its product as a whole, or not at all, and takes a number only for
//! what it counts (docs.bigcommerce.com, Management, Inventory). A number is set as a whole, whatever it was
//! before, and without a key. Every try reads the number first and writes only another one; one that arrives
//! late is put right by the next number that is told.

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::Sku;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;

use super::rest::{Changed, Rest};
use crate::port::CallError;
use crate::sales::told::not_offered;
use crate::sales::{Offered, StockWay};
use crate::wire::Exact;

/// Largest number that a store takes at a location.
const MOST: i64 = 2_147_483_647;

/// The offers at one location of a store.
pub(super) struct Offers {
    rest: Arc<Rest>,
    location: u64,
}

/// What can be bought under a SKU.
#[derive(Deserialize)]
struct Variant {
    id: u64,
    product_id: u64,
    #[serde(default)]
    sku: Option<String>,
}

/// What it is a variant of.
#[derive(Deserialize)]
struct Product {
    /// By what it is counted.
    inventory_tracking: String,
    /// Its one variant, where it has no others.
    #[serde(default)]
    base_variant_id: Option<u64>,
}

/// What is counted, as the store names it: a variant or a product.
struct Counted {
    member: &'static str,
    id: u64,
}

/// What there is of it at the location.
#[derive(Deserialize)]
struct Level {
    #[serde(default)]
    total_inventory_onhand: Option<Exact>,
}

impl Offers {
    /// At the location of this number.
    pub(super) fn new(rest: Arc<Rest>, location: u64) -> Self {
        Self { rest, location }
    }

    /// What is counted of a variant; a code of ours where the SKU has no number of its own.
    async fn counted(&self, variant: &Variant) -> Result<Result<Counted, &'static str>, CallError> {
        let path = format!("catalog/products/{}", variant.product_id);
        let fields = [("include_fields", "inventory_tracking,base_variant_id")];
        let Some(product) = self.rest.ask::<Product>(&path, &fields).await? else {
            return Ok(Err("product_not_found"));
        };
        Ok(match product.inventory_tracking.as_str() {
            "variant" => Ok(Counted {
                member: "variant_id",
                id: variant.id,
            }),
            "product" if product.base_variant_id == Some(variant.id) => Ok(Counted {
                member: "product_id",
                id: variant.product_id,
            }),
            // All its variants share one number.
            "product" => Err("counted_by_product"),
            _ => Err("stock_is_not_tracked"),
        })
    }

    async fn set(&self, sku: &Sku, units: i64) -> Result<Offered, CallError> {
        let units = units.clamp(0, MOST);
        let query = [("sku", sku.as_str())];
        let found: Option<Vec<Variant>> = self.rest.ask("catalog/variants", &query).await?;
        let mut variants = found.unwrap_or_default();
        variants.retain(|variant| variant.sku.as_deref() == Some(sku.as_str()));
        if variants.is_empty() {
            return Ok(Offered::NotSold);
        }
        let mut changes = Vec::new();
        for variant in &variants {
            let counted = match self.counted(variant).await? {
                Ok(counted) => counted,
                Err(code) => return Ok(not_offered(code)),
            };
            let path = format!("inventory/locations/{}/items", self.location);
            let (member, id) = (format!("{}:in", counted.member), counted.id.to_string());
            let query = [(member.as_str(), id.as_str())];
            let Some(levels) = self.rest.ask::<Vec<Level>>(&path, &query).await? else {
                return Ok(not_offered("location_not_found"));
            };
            // One that was never counted there has no number.
            let now = levels.first();
            let now = now.and_then(|level| level.total_inventory_onhand.as_ref()?.decimal());
            if now != Some(Decimal::from(units)) {
                changes.push(
                    json!({ "location_id": self.location, counted.member: counted.id,
                    "quantity": units }),
                );
            }
        }
        if changes.is_empty() {
            return Ok(Offered::Same);
        }
        let change = json!({ "reason": "orderhub", "items": changes });
        let path = "inventory/adjustments/absolute";
        Ok(match self.rest.set(path, &change).await? {
            Changed::Made => Offered::Set,
            Changed::Refused => not_offered("not_taken"),
        })
    }
}

#[async_trait]
impl StockWay for Offers {
    async fn offer(&self, sku: &Sku, units: i64, _key: &str) -> Result<Offered, CallError> {
        self.set(sku, units).await
    }
}
