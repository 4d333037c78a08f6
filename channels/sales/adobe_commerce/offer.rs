//! The way of stock to an Adobe Commerce shop (Inventory Management): the quantity of a SKU at one source.
//!
//! What a shop can sell is what its sources have less what is reserved for its open orders. The hub's number
//! is what can be sold, so a try asks for that first, and moves the source by the difference. A try that
//! comes twice finds the number there already; one that arrives late, or a purchase between the two, is put
//! right by the next number that is told.

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::Sku;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;
use serde_json::{Value, json};

use super::rest::{Changed, Filter, Rest, criteria};
use crate::port::CallError;
use crate::sales::told::not_offered;
use crate::sales::{Offered, StockWay};
use crate::wire::Exact;

/// Largest number that a shop is told.
const MOST: i64 = 1_000_000_000;

/// What a source has of a SKU.
#[derive(Debug, Deserialize)]
struct SourceItem {
    sku: String,
    quantity: Exact,
}

/// The offers of one shop.
pub(super) struct Offers {
    rest: Arc<Rest>,
    source: String,
    stock: String,
}

/// A SKU as a part of a path.
fn encoded(sku: &str) -> String {
    let mut out = String::with_capacity(sku.len());
    for byte in sku.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            out.push('%');
            out.push_str(&hex::encode_upper([byte]));
        }
    }
    out
}

/// A quantity as a number where it is one of whole units, else as a text: it is never a float.
fn number(quantity: Decimal) -> Value {
    match quantity.to_i64().filter(|_| quantity.fract().is_zero()) {
        Some(units) => units.into(),
        None => quantity.normalize().to_string().into(),
    }
}

impl Offers {
    /// Those of a source and a stock of the shop behind this API.
    pub(super) fn new(rest: Arc<Rest>, source: String, stock: String) -> Self {
        Self {
            rest,
            source,
            stock,
        }
    }

    async fn set(&self, sku: &Sku, units: i64) -> Result<Offered, CallError> {
        let filter = |field, value| Filter {
            field,
            is: "eq",
            value,
        };
        let query = criteria(&[
            filter("sku", sku.as_str()),
            filter("source_code", &self.source),
        ]);
        let found: Vec<SourceItem> = self
            .rest
            .list("inventory/source-items", &query, None)
            .await?;
        let Some(item) = found.into_iter().find(|item| item.sku == sku.as_str()) else {
            return Ok(Offered::NotSold);
        };
        let has = item.quantity.decimal();
        let has = has.ok_or_else(|| CallError::not_done("the shop's quantity cannot be read"))?;
        let sku = encoded(sku.as_str());
        let path = format!(
            "inventory/get-product-salable-quantity/{sku}/{}",
            self.stock
        );
        let sold: Option<Exact> = self.rest.look_up(&path, &[]).await?;
        let Some(sold) = sold.and_then(|sold| sold.decimal()) else {
            return Ok(not_offered("stock_is_not_managed"));
        };
        let wanted = Decimal::from(units.clamp(0, MOST));
        let quantity = (has + wanted - sold).max(Decimal::ZERO);
        if quantity == has {
            return Ok(Offered::Same);
        }
        let change = json!({ "sourceItems": [{
            "sku": item.sku,
            "source_code": self.source,
            "quantity": number(quantity),
            "status": u8::from(!quantity.is_zero()),
        }] });
        let path = "inventory/source-items";
        Ok(match self.rest.change::<Value>(path, &change).await? {
            Changed::Made(_) => Offered::Set,
            Changed::Refused => not_offered("not_offered"),
        })
    }
}

#[async_trait]
impl StockWay for Offers {
    async fn offer(&self, sku: &Sku, units: i64, _key: &str) -> Result<Offered, CallError> {
        self.set(sku, units).await
    }
}
