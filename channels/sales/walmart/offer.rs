//! The way of stock to Walmart: the number of units of a SKU at the account's default ship node.
//!
//! Walmart sets a number as a whole (`PUT /v3/inventory`), without a comparison or a key. Every try reads the
//! number first and writes only another one; a try that arrives late is put right by the next number that is
//! told.

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::Sku;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;

use super::rest::{Changed, Rest};
use crate::port::CallError;
use crate::sales::{Offered, StockWay};
use crate::wire::Exact;

/// Largest number that Walmart is told.
const MOST: i64 = 1_000_000_000;

const PATH: &str = "/v3/inventory";

/// What Walmart offers of a SKU.
#[derive(Deserialize)]
struct Inventory {
    #[serde(default)]
    quantity: Option<Units>,
}

#[derive(Deserialize)]
struct Units {
    #[serde(default)]
    amount: Option<Exact>,
}

/// The offers of one seller.
pub(super) struct Offers {
    rest: Arc<Rest>,
}

impl Offers {
    /// Those of the seller behind this door.
    pub(super) fn new(rest: Arc<Rest>) -> Self {
        Self { rest }
    }

    async fn set(&self, sku: &Sku, units: i64) -> Result<Offered, CallError> {
        let units = units.clamp(0, MOST);
        let query = [("sku", sku.as_str())];
        let Some(now) = self.rest.look_up::<Inventory>(PATH, &query).await? else {
            return Ok(Offered::NotSold);
        };
        let now = now.quantity.and_then(|units| units.amount?.decimal());
        if now == Some(Decimal::from(units)) {
            return Ok(Offered::Same);
        }
        let members = json!({
            "sku": sku.as_str(), "quantity": { "unit": "EACH", "amount": units },
        });
        Ok(match self.rest.put(PATH, &query, &members).await? {
            Changed::Made => Offered::Set,
            Changed::Refused(code) => Offered::Refused { code },
        })
    }
}

#[async_trait]
impl StockWay for Offers {
    async fn offer(&self, sku: &Sku, units: i64, _key: &str) -> Result<Offered, CallError> {
        self.set(sku, units).await
    }
}
