//! The way of stock to Clover: the number of units of an item.
//!
//! An item has one number, which the counter sells from, too; it is set as a whole (`POST item_stocks/{itemId}`,
//! docs.clover.com/docs/querying-inventory), without a comparison or a key. Every try reads the number first and
//! writes only another one; a try that arrives late, or a sale between the two, is put right by the next number
//! that is told.

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::Sku;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;

use super::rest::Rest;
use super::wire::{List, each};
use crate::port::CallError;
use crate::sales::told::not_offered;
use crate::sales::{Offered, StockWay};
use crate::wire::{Exact, path_id};

/// Largest number that is told.
const MOST: i64 = 1_000_000_000;

/// The offers of one merchant.
pub(super) struct Offers {
    rest: Arc<Rest>,
}

/// Something that the merchant sells.
#[derive(Deserialize)]
struct Item {
    id: String,
    #[serde(default)]
    sku: Option<String>,
    #[serde(default, rename = "itemStock")]
    stock: Option<Stock>,
}

#[derive(Deserialize)]
struct Stock {
    #[serde(default)]
    quantity: Option<Exact>,
}

impl Item {
    /// How many there are; none where it was never counted.
    fn units(&self) -> Option<Decimal> {
        self.stock.as_ref()?.quantity.as_ref()?.decimal()
    }
}

impl Offers {
    /// Those of the merchant behind this API.
    pub(super) fn new(rest: Arc<Rest>) -> Self {
        Self { rest }
    }

    async fn set(&self, sku: &Sku, units: i64) -> Result<Offered, CallError> {
        let units = units.clamp(0, MOST);
        let of = format!("sku={}", sku.as_str());
        let query = [("filter", of.as_str()), ("expand", "itemStock")];
        let found: Option<List<Item>> = self.rest.look_up("items", &query).await?;
        // The filter has signs of its own, which a SKU may have.
        let same = |item: &&Item| item.sku.as_deref() == Some(sku.as_str());
        let mut items = each(found.as_ref()).iter().filter(same).peekable();
        if items.peek().is_none() {
            return Ok(Offered::NotSold);
        }
        let wanted = Some(Decimal::from(units));
        let mut became = Offered::Same;
        for item in items.filter(|item| item.units() != wanted) {
            let Some(id) = path_id(&item.id) else {
                return Ok(not_offered("not_a_clover_id"));
            };
            let change = json!({ "quantity": units });
            if !self
                .rest
                .post(&format!("item_stocks/{id}"), &change)
                .await?
            {
                return Ok(not_offered("not_taken"));
            }
            became = Offered::Set;
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
