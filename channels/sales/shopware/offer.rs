//! The way of stock to a Shopware shop: the stock of the product, or the variant, that has this number.
//!
//! Since 6.6 the shop counts its stock down as orders come in, so it is what can still be sold. It changes
//! a number only as a whole and from whatever it is: the vendor documents no comparison and no key. Every
//! try reads the shop's number first and writes only another one; a try that arrives late, or a purchase
//! between the two, is put right by the next number that is told.

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::Sku;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;

use super::api::{Api, Changed, is_id};
use crate::port::CallError;
use crate::sales::told::not_offered;
use crate::sales::{Offered, StockWay};
use crate::wire::Exact;

/// Largest number that a shop is told.
const MOST: i64 = 1_000_000_000;

/// Something that the shop sells.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "this is the member's own name")]
struct Product {
    id: String,
    product_number: String,
    #[serde(default)]
    stock: Option<Exact>,
}

/// The offers of one shop.
pub(super) struct Offers {
    api: Arc<Api>,
}

impl Offers {
    /// Those of the shop behind this API.
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }

    async fn set(&self, sku: &Sku, units: i64) -> Result<Offered, CallError> {
        let units = units.clamp(0, MOST);
        let criteria = json!({
            "limit": 2,
            "filter": [{ "type": "equals", "field": "productNumber", "value": sku.as_str() }],
            "includes": { "product": ["id", "productNumber", "stock"] },
        });
        let found: Vec<Product> = self.api.search("product", &criteria).await?;
        // The shop's database compares without regard to case.
        let mut found = found.into_iter();
        let Some(product) = found.find(|product| product.product_number == sku.as_str()) else {
            return Ok(Offered::NotSold);
        };
        let now = product.stock.as_ref().and_then(Exact::decimal);
        if now == Some(Decimal::from(units)) {
            return Ok(Offered::Same);
        }
        if !is_id(&product.id) {
            return Ok(not_offered("not_a_shopware_id"));
        }
        let members = json!({ "id": product.id, "stock": units });
        Ok(match self.api.write("product", &members).await? {
            Changed::Made => Offered::Set,
            Changed::Refused(code) => not_offered(&code),
        })
    }
}

#[async_trait]
impl StockWay for Offers {
    async fn offer(&self, sku: &Sku, units: i64, _key: &str) -> Result<Offered, CallError> {
        self.set(sku, units).await
    }
}
