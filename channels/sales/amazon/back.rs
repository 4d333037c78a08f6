//! The way back to Amazon: shipments of its own orders (`confirmShipment` of the Orders API v0, which stays).
//!
//! A parcel is named by a number of ours (`packageReferenceId`); the same number edits the same parcel, so
//! ours is made of the parcel's tracking number and what is in it, and a repeat comes to the same. Every try
//! looks first what the channel knows. What Amazon fulfils it is never told of. Each parcel is told by itself
//! with what is in it; where nobody knows that, all of it under the first one's number.
//!
//! That an order stands or ends, and that money goes back, is told by feeds (`acknowledgement`, `refunds`).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use orderhub_domain::order::{NoticeEvidence, Topic};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::acknowledgement::HandedIn;
use super::api::{Api, Changed};
use super::refunds::Refunds;
use super::wire::Order;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::told::{is_refused, refused, segment};
use crate::sales::{CancellationNotice, PartNotice, ShipmentNotice, Tracking, WayBack, by_line};

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
    pub(super) api: Arc<Api>,
    pub(super) seller: String,
    wanted: Wanted,
    pub(super) handed_in: HandedIn,
    pub(super) refunds: Refunds,
}

/// What the channel is told only where the configuration asks for it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    /// That an order stands.
    pub(super) acknowledge: bool,
    /// That money goes back.
    pub(super) refunds: bool,
}

#[derive(serde::Deserialize)]
struct One {
    order: Order,
}

#[async_trait]
impl WayBack for Back {
    fn hears(&self) -> &'static [Topic] {
        match (self.wanted.acknowledge, self.wanted.refunds) {
            (true, true) => &Topic::ALL,
            (true, false) => &[
                Topic::Accepted,
                Topic::Shipped,
                Topic::Cancelled,
                Topic::PartCancelled,
            ],
            (false, true) => &[
                Topic::Shipped,
                Topic::Cancelled,
                Topic::PartCancelled,
                Topic::Refund,
            ],
            (false, false) => &[Topic::Shipped, Topic::Cancelled, Topic::PartCancelled],
        }
    }

    async fn accepted(&self, external_id: &str) -> NoticeAnswer {
        self.acknowledge(external_id).await
    }

    /// The channel documents how to cancel a whole order only: a person cancels the units in Seller Central.
    async fn part_cancelled(&self, _notice: &PartNotice) -> NoticeAnswer {
        Ok(refused("units_cannot_be_cancelled_there"))
    }

    async fn refunded(&self, notice: &PartNotice) -> NoticeAnswer {
        self.give_back(notice).await
    }

    async fn shipped(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        self.note_shipment(notice).await
    }

    async fn cancelled(&self, notice: &CancellationNotice) -> NoticeAnswer {
        self.cancel(notice).await
    }
}

impl Back {
    /// The way to the seller's orders behind this API. `settled`: after what time a refund that is not listed there
    /// was not handed in.
    pub(super) fn new(api: Arc<Api>, seller: &str, wanted: Wanted, settled: Duration) -> Self {
        Self {
            api,
            seller: seller.to_owned(),
            wanted,
            handed_in: HandedIn::default(),
            refunds: Refunds::new(settled),
        }
    }

    /// An order as the channel has it, and its id as it stands in a path.
    pub(super) async fn order(
        &self,
        id: &str,
    ) -> Result<Result<(Order, String), NoticeEvidence>, CallError> {
        let Some(id) = segment(id) else {
            return Ok(Err(refused("not_an_amazon_id")));
        };
        let path = format!("/orders/2026-01-01/orders/{id}");
        let query = [("includedData", "FULFILLMENT,PACKAGES,CANCELLATION,PROCEEDS")];
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
        if order.is_by_amazon() {
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
        if order.status() == Some("CANCELLED") {
            return Ok(refused("order_is_cancelled"));
        }
        let Some(parcel) = notice.tracking.first() else {
            // The vendor takes no shipment without a number.
            return Ok(refused("no_tracking_number"));
        };
        let Some(marketplace) = order.marketplace() else {
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
