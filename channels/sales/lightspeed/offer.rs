//! The way of stock to Lightspeed: the number of units of a product at one outlet.
//!
//! The number is set as a whole, on the product (`PUT /products/{id}`, `docs/inventory_updates` "Direct update on
//! the product"), without a comparison or a key. Every try reads the number first and writes only another one; a
//! try that arrives late, or a sale between the two, is put right by the next number that is told.

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
use crate::wire::{Exact, path_id};

/// Largest number that is told.
const MOST: i64 = 1_000_000_000;

/// The offers of one outlet.
pub(super) struct Offers {
    rest: Arc<Rest>,
    outlet: String,
}

/// Something that the store sells.
#[derive(Deserialize)]
struct Product {
    id: String,
    #[serde(default)]
    sku: Option<String>,
    /// It is counted.
    #[serde(default)]
    has_inventory: bool,
    /// It is made of others, which are counted.
    #[serde(default)]
    is_composite: bool,
    #[serde(default)]
    deleted_at: Option<String>,
}

/// What there is of a product at an outlet.
#[derive(Deserialize)]
struct Level {
    #[serde(default)]
    outlet_id: Option<String>,
    #[serde(default)]
    current_inventory_level: Option<Exact>,
}

impl Offers {
    /// Those of the outlet of this id.
    pub(super) fn new(rest: Arc<Rest>, outlet: String) -> Self {
        Self { rest, outlet }
    }

    /// What there is of a product at the outlet; none where it was never counted there.
    async fn level(&self, id: &str) -> Result<Option<Decimal>, CallError> {
        let levels: Option<Vec<Level>> = self.rest.bare(&format!("inventory/{id}")).await?;
        let mut levels = levels.unwrap_or_default().into_iter();
        let here = levels.find(|level| level.outlet_id.as_ref() == Some(&self.outlet));
        Ok(here.and_then(|level| level.current_inventory_level?.decimal()))
    }

    async fn set(&self, sku: &Sku, units: i64) -> Result<Offered, CallError> {
        let units = units.clamp(0, MOST);
        let query = [("sku", sku.as_str().to_owned())];
        let found: Option<Vec<Product>> = self.rest.look_up("products", &query).await?;
        let mut products = found.unwrap_or_default();
        // A product has other codes, by which it is found, too.
        products.retain(|product| {
            product.sku.as_deref() == Some(sku.as_str()) && product.deleted_at.is_none()
        });
        if products.is_empty() {
            return Ok(Offered::NotSold);
        }
        products.retain(|product| product.has_inventory && !product.is_composite);
        if products.is_empty() {
            return Ok(not_offered("stock_is_not_tracked"));
        }
        let mut became = Offered::Same;
        for product in products {
            let Some(id) = path_id(&product.id) else {
                return Ok(not_offered("not_a_lightspeed_id"));
            };
            if self.level(id).await? == Some(Decimal::from(units)) {
                continue;
            }
            let level = json!({ "outlet_id": self.outlet, "current_amount": units });
            let change = json!({ "details": { "inventory": [level] } });
            match self.rest.put(&format!("products/{id}"), &change).await? {
                Changed::Made => became = Offered::Set,
                Changed::Gone => {}
                Changed::Refused => return Ok(not_offered("not_taken")),
            }
        }
        Ok(became)
    }
}

#[async_trait]
impl StockWay for Offers {
    async fn offer(&self, sku: &Sku, units: i64, _key: &str) -> Result<Offered, CallError> {
        self.set(sku, units).await
    }
}
