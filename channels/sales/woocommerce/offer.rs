//! The way of stock to a WooCommerce shop: the number of units of what has this SKU, a product or one
//! variation of it.
//!
//! The shop changes a number only as a whole and from whatever it is: the vendor documents no comparison
//! and no key. Every try reads the shop's number first and writes only another one; a try that
//! arrives late, or a purchase between the two, is put right by the next number that is told.

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::Sku;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::rest::{Changed, Rest};
use crate::port::CallError;
use crate::sales::told::not_offered;
use crate::sales::{Offered, StockWay};
use crate::wire::Exact;

/// What is asked of a product.
const FIELDS: &str = "id,parent_id,type,sku,manage_stock,stock_quantity";

/// Largest number that a shop is told.
const MOST: i64 = 1_000_000_000;

/// Something that the shop sells.
#[derive(Debug, Deserialize)]
struct Product {
    id: Exact,
    #[serde(default)]
    parent_id: Option<Exact>,
    #[serde(default, rename = "type")]
    form: Option<String>,
    #[serde(default)]
    sku: Option<String>,
    /// `true`, `false`, or `"parent"` for a variation whose product is counted as a whole.
    #[serde(default)]
    manage_stock: Option<Value>,
    #[serde(default)]
    stock_quantity: Option<Exact>,
}

impl Product {
    /// Where it lives. A variation lives below its product and is not changed anywhere else.
    fn path(&self) -> Option<String> {
        let plain = |id: &str| !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        let id = Some(self.id.0.as_str()).filter(|id| plain(id))?;
        if self.form.as_deref() != Some("variation") {
            return Some(format!("products/{id}"));
        }
        let of = self.parent_id.as_ref()?.0.as_str();
        plain(of).then(|| format!("products/{of}/variations/{id}"))
    }

    fn is_counted(&self) -> bool {
        self.manage_stock == Some(Value::Bool(true))
    }
}

/// The offers of one shop.
pub(super) struct Offers {
    rest: Arc<Rest>,
}

impl Offers {
    /// Those of the shop behind this API.
    pub(super) fn new(rest: Arc<Rest>) -> Self {
        Self { rest }
    }

    async fn set(&self, sku: &Sku, units: i64) -> Result<Offered, CallError> {
        let units = units.clamp(0, MOST);
        let query = [("sku", sku.as_str()), ("_fields", FIELDS)];
        let found: Option<Vec<Product>> = self.rest.look_up("products", &query).await?;
        let mut products = found.unwrap_or_default();
        // The shop takes commas in the question for several SKUs.
        products.retain(|product| product.sku.as_deref() == Some(sku.as_str()));
        if products.is_empty() {
            return Ok(Offered::NotSold);
        }
        products.retain(Product::is_counted);
        if products.is_empty() {
            return Ok(not_offered("stock_is_not_managed"));
        }
        let wanted = Some(Decimal::from(units));
        products.retain(|product| {
            let now = product.stock_quantity.as_ref().and_then(Exact::decimal);
            now != wanted
        });
        if products.is_empty() {
            return Ok(Offered::Same);
        }
        for product in products {
            let Some(path) = product.path() else {
                return Ok(not_offered("not_a_woocommerce_id"));
            };
            let change = json!({ "stock_quantity": units });
            match self.rest.change::<Product>(&path, &change).await? {
                Changed::Made(_) => {}
                Changed::Refused(code) => return Ok(not_offered(&code)),
            }
        }
        Ok(Offered::Set)
    }
}

#[async_trait]
impl StockWay for Offers {
    async fn offer(&self, sku: &Sku, units: i64, _key: &str) -> Result<Offered, CallError> {
        self.set(sku, units).await
    }
}
