//! The way back to Amazon: shipments of its own orders (`confirmShipment` of the Orders API v0, which stays).
//!
//! A parcel is named by a number of ours (`packageReferenceId`); the same number edits the same parcel, so
//! ours is made of the parcel's tracking number and what is in it, and a repeat comes to the same. Every try
//! looks first what the channel knows. What Amazon fulfils it is never told of. Each parcel is told by itself
//! with what is in it; where nobody knows that, all of it under the first one's number.
//!
//! Cancelling there needs a feed (`POST_ORDER_ACKNOWLEDGEMENT_DATA`), whose file goes to an address of
//! another host that the channel names; a person does it in Seller Central, and the hub sees that it is done.

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::order::NoticeEvidence;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::api::{Api, Changed};
use super::wire::Order;
use crate::port::NoticeAnswer;
use crate::sales::told::{is_refused, refused, segment};
use crate::sales::{CancellationNotice, ShipmentNotice, Tracking, WayBack, by_line};

/// Carriers whose code is another spelling of how the hub's carriers call themselves; any other is `Other`
/// with its name. The vendor publishes its codes within the schema of its feeds only.
const CARRIERS: [(&str, &str); 8] = [
    ("dhl", "DHL"),
    ("dpd", "DPD"),
    ("fedex", "FedEx"),
    ("gls", "GLS"),
    ("ontrac", "OnTrac"),
    ("royalmail", "Royal Mail"),
    ("ups", "UPS"),
    ("usps", "USPS"),
];

/// The way back for one seller.
pub(super) struct Back {
    api: Arc<Api>,
}

#[derive(serde::Deserialize)]
struct One {
    order: Order,
}

#[async_trait]
impl WayBack for Back {
    async fn shipped(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        self.note_shipment(notice).await
    }

    async fn cancelled(&self, notice: &CancellationNotice) -> NoticeAnswer {
        self.note_cancellation(notice).await
    }
}

impl Back {
    /// The way to the seller's orders behind this API.
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }

    /// An order as the channel has it, and its id as it stands in a path.
    async fn order(
        &self,
        id: &str,
    ) -> Result<Result<(Order, String), NoticeEvidence>, crate::port::CallError> {
        let Some(id) = segment(id) else {
            return Ok(Err(refused("not_an_amazon_id")));
        };
        let path = format!("/orders/2026-01-01/orders/{id}");
        let query = [("includedData", "FULFILLMENT,PACKAGES")];
        let found: Option<One> = self.api.look_up(&path, &query).await?;
        Ok(found
            .map(|one| (one.order, id))
            .ok_or_else(|| refused("order_not_found")))
    }

    async fn note_shipment(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        let (order, id) = match self.order(&notice.external_id).await? {
            Ok(found) => found,
            Err(evidence) => return Ok(evidence),
        };
        let fulfillment = order.fulfillment.as_ref();
        if fulfillment.and_then(|of| of.fulfilled_by.as_deref()) == Some("AMAZON") {
            return Ok(refused("fulfilled_by_amazon"));
        }
        for parcel in notice.by_parcel() {
            let told = self.note_parcel(&order, &id, &parcel).await?;
            if is_refused(&told) {
                return Ok(told);
            }
        }
        Ok(NoticeEvidence::Told)
    }

    /// Tells what is in one parcel, unless the order has it.
    async fn note_parcel(&self, order: &Order, id: &str, notice: &ShipmentNotice) -> NoticeAnswer {
        let knows = |one: &Tracking| {
            let mut packages = order.packages.iter();
            packages.any(|known| known.tracking_number.as_ref() == Some(&one.number))
        };
        if notice.tracking.iter().any(knows) {
            return Ok(NoticeEvidence::Told);
        }
        let fulfillment = order.fulfillment.as_ref();
        if fulfillment.is_some_and(|of| of.status == "CANCELLED") {
            return Ok(refused("order_is_cancelled"));
        }
        let Some(parcel) = notice.tracking.first() else {
            // The vendor takes no shipment without a number.
            return Ok(refused("no_tracking_number"));
        };
        let channel = order.sales_channel.as_ref();
        let Some(marketplace) = channel.and_then(|of| of.marketplace_id.as_deref()) else {
            return Ok(refused("no_marketplace"));
        };
        let body = json!({
            "marketplaceId": marketplace,
            "packageDetail": package(parcel, notice),
        });
        let path = format!("/orders/v0/orders/{id}/shipmentConfirmation");
        Ok(match self.api.post(&path, &body).await? {
            Changed::Made(_) => NoticeEvidence::Told,
            Changed::Refused(code) => refused(&code),
        })
    }

    async fn note_cancellation(&self, notice: &CancellationNotice) -> NoticeAnswer {
        let (order, _) = match self.order(&notice.external_id).await? {
            Ok(found) => found,
            Err(evidence) => return Ok(evidence),
        };
        let status = order.fulfillment.map(|of| of.status);
        Ok(match status.as_deref() {
            Some("CANCELLED") => NoticeEvidence::Told,
            Some("SHIPPED") => refused("order_is_shipped"),
            _ => refused("cancel_by_hand"),
        })
    }
}

/// A parcel, as the channel takes it. Its number is the same for the same parcel.
fn package(parcel: &Tracking, notice: &ShipmentNotice) -> Value {
    let units = by_line(&notice.lines);
    let mut sum = Sha256::new();
    sum.update(parcel.number.as_bytes());
    for (line, quantity) in &units {
        sum.update(format!("\n{line} {quantity}"));
    }
    let sum = sum.finalize();
    // Positive, and small enough for whatever the channel counts with.
    let bytes = sum
        .iter()
        .take(4)
        .fold(0_u32, |all, byte| (all << 8) | u32::from(*byte));
    let reference = (bytes >> 1).max(1);
    let items: Vec<_> = units
        .iter()
        .map(|(line, quantity)| json!({ "orderItemId": line, "quantity": quantity }))
        .collect();
    let word = parcel
        .carrier
        .to_ascii_lowercase()
        .replace([' ', '-', '_'], "");
    let known = CARRIERS.iter().find(|(ours, _)| *ours == word);
    let mut package = json!({
        "packageReferenceId": reference.to_string(),
        "carrierCode": known.map_or("Other", |(_, theirs)| *theirs),
        "trackingNumber": parcel.number,
        "shipDate": notice.shipped_at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        "orderItems": items,
    });
    if known.is_none() {
        package["carrierName"] = parcel.carrier.as_str().into();
    }
    package
}
