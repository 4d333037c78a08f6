//! The way of stock to eBay: the number of units of what has this SKU in the seller's inventory
//! (`bulkUpdatePriceQuantity` of the Inventory API). Listings that were made in another way are not in that
//! inventory and are not sold, as far as this way can tell.
//!
//! eBay offers the smaller of two numbers, that of the whole inventory and that of the offer, so both are
//! written. It takes 250 revisions of a listing a day, so every try reads first and writes only other numbers;
//! a try that arrives late, or a purchase between the two, is put right by the next number that is told.

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::Sku;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;

use super::api::{Api, Changed, Trouble};
use crate::port::CallError;
use crate::sales::told::{not_offered, segment};
use crate::sales::{Offered, StockWay};
use crate::wire::{Exact, code};

/// Largest number that eBay is told.
const MOST: i64 = 1_000_000;

/// Most offers of one SKU that one call may change.
const MOST_OFFERS: usize = 25;

/// The offers of one seller.
pub(super) struct Offers {
    api: Arc<Api>,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    offers: Vec<Offer>,
}

/// A SKU on offer at one of eBay's sites.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Offer {
    #[serde(rename = "offerId")]
    id: String,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    available_quantity: Option<Exact>,
}

/// What the whole inventory has of it.
#[derive(Deserialize)]
struct Item {
    #[serde(default)]
    availability: Option<Availability>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Availability {
    #[serde(default)]
    ship_to_location_availability: Option<ShipTo>,
}

#[derive(Deserialize)]
struct ShipTo {
    #[serde(default)]
    quantity: Option<Exact>,
}

#[derive(Deserialize)]
struct Answers {
    responses: Vec<Answered>,
}

/// What became of one number.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Answered {
    status_code: u16,
    #[serde(default)]
    errors: Vec<Trouble>,
}

impl Offers {
    /// Those of the seller behind this API.
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }

    async fn set(&self, sku: &Sku, units: i64) -> Result<Offered, CallError> {
        let units = units.clamp(0, MOST);
        let Some(name) = segment(sku.as_str()) else {
            return Ok(Offered::NotSold);
        };
        let query = [("sku", sku.as_str())];
        let found = self
            .api
            .look_up::<Found>("/sell/inventory/v1/offer", &query);
        let mut offers = found.await?.map_or_else(Vec::new, |found| found.offers);
        offers.retain(|offer| offer.status.as_deref() == Some("PUBLISHED"));
        if offers.is_empty() {
            return Ok(Offered::NotSold);
        }
        if offers.len() > MOST_OFFERS {
            return Ok(not_offered("too_many_offers"));
        }
        let path = format!("/sell/inventory/v1/inventory_item/{name}");
        let Some(item) = self.api.look_up::<Item>(&path, &[]).await? else {
            return Ok(Offered::NotSold);
        };
        let whole = item
            .availability
            .and_then(|of| of.ship_to_location_availability);
        let whole = whole.and_then(|of| of.quantity);
        let is_other =
            |number: Option<&Exact>| number.and_then(Exact::decimal) != Some(Decimal::from(units));
        let others = offers
            .iter()
            .any(|offer| is_other(offer.available_quantity.as_ref()));
        if !others && !is_other(whole.as_ref()) {
            return Ok(Offered::Same);
        }
        let offers: Vec<_> = offers
            .iter()
            .map(|offer| json!({ "offerId": offer.id, "availableQuantity": units }))
            .collect();
        let change = json!({ "requests": [{
            "sku": sku.as_str(),
            "shipToLocationAvailability": { "quantity": units },
            "offers": offers,
        }] });
        let path = "/sell/inventory/v1/bulk_update_price_quantity";
        match self.api.post(path, &change).await? {
            Changed::Made(answer) => outcome(&answer),
            Changed::Refused(code) => Ok(not_offered(&code)),
        }
    }
}

/// What became of all the numbers of one call.
fn outcome(answer: &[u8]) -> Result<Offered, CallError> {
    let odd = || CallError::unknown("eBay's answer cannot be read; it may have been carried out");
    let answers: Answers = serde_json::from_slice(answer).map_err(|_| odd())?;
    if answers.responses.is_empty() {
        return Err(odd());
    }
    let not_made = |answered: &&Answered| !(200..=299).contains(&answered.status_code);
    let Some(first) = answers.responses.iter().find(not_made) else {
        return Ok(Offered::Set);
    };
    if first.status_code >= 500 {
        return Err(CallError::unknown("eBay broke down on one of the numbers"));
    }
    let word = Trouble::first(&first.errors);
    let word = word.or_else(|| code(&first.status_code.to_string()));
    Ok(not_offered(word.as_deref().unwrap_or("refused")))
}

#[async_trait]
impl StockWay for Offers {
    async fn offer(&self, sku: &Sku, units: i64, _key: &str) -> Result<Offered, CallError> {
        self.set(sku, units).await
    }
}
