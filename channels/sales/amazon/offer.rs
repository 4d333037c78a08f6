//! The way of stock to Amazon: the number of units that the seller itself ships of a SKU, in each marketplace
//! of the connection (`patchListingsItem` of the Listings Items API v2021-08-01, with its own `merge`, which
//! leaves the listing's other members as they are).
//!
//! The channel takes a number on and shows it later. So every try writes, also what is shown already: another
//! number may be on its way. Written twice it is the same; an older one that arrives late is put right by the
//! next number that is told.

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::Sku;
use serde::Deserialize;
use serde_json::json;

use super::api::{Api, Changed};
use crate::port::CallError;
use crate::sales::told::{not_offered, segment};
use crate::sales::{Offered, StockWay};
use crate::wire::code;

/// Largest number that the channel is told.
const MOST: i64 = 1_000_000_000;

/// The offers of one seller.
pub(super) struct Offers {
    api: Arc<Api>,
    /// The path below which its listings are.
    root: String,
    marketplaces: Vec<String>,
}

/// A listing in one marketplace.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Listing {
    #[serde(default)]
    summaries: Vec<Summary>,
    #[serde(default)]
    fulfillment_availability: Vec<Availability>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Summary {
    #[serde(default)]
    product_type: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Availability {
    fulfillment_channel_code: String,
}

/// What became of a change.
#[derive(Deserialize)]
struct Submission {
    status: String,
    #[serde(default)]
    issues: Vec<Issue>,
}

#[derive(Deserialize)]
struct Issue {
    #[serde(default)]
    code: Option<String>,
    #[serde(default)]
    severity: Option<String>,
}

impl Offers {
    /// Those of this seller, whose id stands in a path as it is.
    pub(super) fn new(api: Arc<Api>, seller: &str, marketplaces: &[String]) -> Self {
        Self {
            api,
            root: format!("/listings/2021-08-01/items/{seller}/"),
            marketplaces: marketplaces.to_vec(),
        }
    }

    async fn set(&self, sku: &Sku, units: i64) -> Result<Offered, CallError> {
        let Some(name) = segment(sku.as_str()) else {
            return Ok(Offered::NotSold);
        };
        let path = format!("{}{name}", self.root);
        let mut answer = Offered::NotSold;
        for marketplace in &self.marketplaces {
            match self.set_in(&path, marketplace, units).await? {
                Offered::NotSold => {}
                refused @ Offered::Refused { .. } => return Ok(refused),
                taken => answer = taken,
            }
        }
        Ok(answer)
    }

    async fn set_in(
        &self,
        path: &str,
        marketplace: &str,
        units: i64,
    ) -> Result<Offered, CallError> {
        let there = ("marketplaceIds", marketplace);
        let included = ("includedData", "summaries,fulfillmentAvailability");
        let found: Option<Listing> = self.api.look_up(path, &[there, included]).await?;
        let Some(listing) = found else {
            return Ok(Offered::NotSold);
        };
        let mut ways = listing.fulfillment_availability.iter();
        if ways.any(|way| way.fulfillment_channel_code != "DEFAULT") {
            // A number of ours would take the listing away from Amazon's own warehouses.
            return Ok(not_offered("fulfilled_by_amazon"));
        }
        let product_type = listing.summaries.into_iter().find_map(|of| of.product_type);
        let change = json!({
            "productType": product_type.unwrap_or_else(|| "PRODUCT".to_owned()),
            "patches": [{
                "op": "merge",
                "path": "/attributes/fulfillment_availability",
                "value": [{
                    "fulfillment_channel_code": "DEFAULT",
                    "quantity": units.clamp(0, MOST),
                }],
            }],
        });
        let answer = match self.api.patch(path, &[there], &change).await? {
            Changed::Made(answer) => answer,
            Changed::Refused(code) => return Ok(not_offered(&code)),
        };
        let answer: Submission = serde_json::from_slice(&answer).map_err(|_| {
            CallError::unknown("the channel's answer cannot be read; it may have been carried out")
        })?;
        match answer.status.as_str() {
            "ACCEPTED" => Ok(Offered::Set),
            "INVALID" => {
                let mut issues = answer.issues.iter();
                let error = issues.find(|issue| issue.severity.as_deref() == Some("ERROR"));
                let word = error.and_then(|issue| code(issue.code.as_deref()?));
                Ok(not_offered(word.as_deref().unwrap_or("invalid")))
            }
            _ => Err(CallError::unknown(
                "the channel's answer is none of those that it documents",
            )),
        }
    }
}

#[async_trait]
impl StockWay for Offers {
    async fn offer(&self, sku: &Sku, units: i64, _key: &str) -> Result<Offered, CallError> {
        self.set(sku, units).await
    }
}
