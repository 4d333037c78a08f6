//! The way of stock to TikTok Shop: the number of units of what has this seller SKU, in the warehouse that is
//! configured, else in the shop's default one (`Update Inventory`).
//!
//! Every try writes: it sets a number, and written twice it is the same. An older one that arrives late is put
//! right by the next number that is told.

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::Sku;
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Api, Said};
use crate::port::CallError;
use crate::sales::taken::digits;
use crate::sales::told::not_offered;
use crate::sales::{Offered, StockWay};
use crate::wire::Exact;

/// Largest number that the channel is told.
const MOST: i64 = 999_999;

/// Most products of one SKU.
const MOST_PRODUCTS: &str = "100";

/// The offers of one shop.
pub(super) struct Offers {
    api: Arc<Api>,
    warehouse: Option<String>,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    products: Vec<Product>,
}

#[derive(Deserialize)]
struct Product {
    id: Exact,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    skus: Vec<OwnSku>,
}

#[derive(Deserialize)]
struct OwnSku {
    id: Exact,
    #[serde(default)]
    seller_sku: Option<String>,
}

/// What became of a number: errors name the SKUs that were not changed.
#[derive(Deserialize)]
struct Updated {
    #[serde(default)]
    errors: Option<Vec<Trouble>>,
}

#[derive(Deserialize)]
struct Trouble {
    #[serde(default)]
    code: Option<Exact>,
}

impl Offers {
    /// Those of the shop behind this API.
    pub(super) fn new(api: Arc<Api>, warehouse: Option<String>) -> Self {
        Self { api, warehouse }
    }

    async fn set(&self, sku: &Sku, units: i64) -> Result<Offered, CallError> {
        let question = json!({ "seller_skus": [sku.as_str()] });
        let query = [("page_size", MOST_PRODUCTS)];
        let path = "/product/202309/products/search";
        let found: Found = self.api.look_up(path, &query, Some(&question)).await?;
        let mut answer = Offered::NotSold;
        for product in found.products {
            // Gone for good; everything else may be sold again.
            if product.status.as_deref() == Some("DELETED") {
                continue;
            }
            // The question is not trusted to be understood: only what has the very SKU is changed.
            let own = product.skus.iter();
            let own = own.filter(|one| one.seller_sku.as_deref() == Some(sku.as_str()));
            let ids: Vec<_> = own.filter_map(|one| digits(&one.id.0)).collect();
            let Some(id) = digits(&product.id.0).filter(|_| !ids.is_empty()) else {
                continue;
            };
            match self.set_in(&id, &ids, units).await? {
                Offered::Set => answer = Offered::Set,
                other => return Ok(other),
            }
        }
        Ok(answer)
    }

    async fn set_in(
        &self,
        product: &str,
        skus: &[String],
        units: i64,
    ) -> Result<Offered, CallError> {
        let mut number = json!({ "quantity": units.clamp(0, MOST) });
        if let Some(warehouse) = &self.warehouse {
            number["warehouse_id"] = warehouse.as_str().into();
        }
        let skus: Vec<Value> = skus
            .iter()
            .map(|id| json!({ "id": id, "inventory": [number] }))
            .collect();
        let path = format!("/product/202309/products/{product}/inventory/update");
        let data = match self.api.change(&path, &json!({ "skus": skus })).await? {
            Said::Done(data) => data,
            Said::Refused(code) => return Ok(not_offered(&code)),
        };
        let updated: Updated = serde_json::from_slice(&data).map_err(|_| {
            CallError::unknown("the channel's answer cannot be read; it may have been carried out")
        })?;
        let errors = updated.errors.unwrap_or_default();
        let Some(first) = errors.first() else {
            return Ok(Offered::Set);
        };
        let code = first.code.as_ref().and_then(|code| digits(&code.0));
        Ok(not_offered(code.as_deref().unwrap_or("not_updated")))
    }
}

#[async_trait]
impl StockWay for Offers {
    async fn offer(&self, sku: &Sku, units: i64, _key: &str) -> Result<Offered, CallError> {
        self.set(sku, units).await
    }
}
