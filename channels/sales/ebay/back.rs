//! The way back to eBay: shipments of its own orders (`createShippingFulfillment`), money that goes back (`giving`)
//! and cancellations (`cancel`).
//!
//! eBay knows no idempotency keys here, so every try looks first what it knows already and adds what is missing.
//! Told twice, or noted by hand before, comes to the same. Each parcel is a shipment with what is in it; where
//! nobody knows that, all of it goes under the first one's number.
//!
//! Of a part of an order that will not come eBay is told by its refund: it knows no cancellation of a part.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::order::{NoticeEvidence, Topic};
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Api, Changed};
use super::wire::Order;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::told::{count, is_refused, refused, segment};
use crate::sales::tries::Given;
use crate::sales::{CancellationNotice, PartNotice, ShipmentNotice, WayBack, by_line};
use crate::wire::Exact;

/// Carriers whose code is another spelling of how the hub's carriers call themselves
/// (`ShippingCarrierCodeType` of the Trading API); any other is told by its name.
const CARRIERS: [(&str, &str); 9] = [
    ("deutschepost", "DeutschePost"),
    ("dhl", "DHL"),
    ("dpd", "DPD"),
    ("fedex", "FedEx"),
    ("gls", "GLS"),
    ("hermes", "Hermes"),
    ("royalmail", "RoyalMail"),
    ("ups", "UPS"),
    ("usps", "USPS"),
];

/// The way back for one seller.
pub(super) struct Back {
    pub(super) api: Arc<Api>,
    /// Money may be given back through eBay.
    pub(super) refunds: bool,
    pub(super) given: Given,
}

/// What has left, as eBay has it.
#[derive(Deserialize)]
struct Fulfillments {
    #[serde(default)]
    fulfillments: Vec<Fulfillment>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fulfillment {
    #[serde(default)]
    shipment_tracking_number: Option<String>,
    #[serde(default)]
    line_items: Vec<Units>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Units {
    line_item_id: String,
    /// One, where it is not said.
    #[serde(default)]
    quantity: Option<Exact>,
}

/// A tracking number as eBay takes it: letters and digits only.
fn plain(number: &str) -> String {
    number.chars().filter(char::is_ascii_alphanumeric).collect()
}

#[async_trait]
impl WayBack for Back {
    fn hears(&self) -> &'static [Topic] {
        if self.refunds {
            &[
                Topic::Shipped,
                Topic::Cancelled,
                Topic::PartCancelled,
                Topic::Refund,
            ]
        } else {
            &[Topic::Shipped, Topic::Cancelled]
        }
    }

    async fn part_cancelled(&self, notice: &PartNotice) -> NoticeAnswer {
        self.give_back(notice).await
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
    /// The way to the seller's orders behind this API.
    pub(super) fn new(api: Arc<Api>, refunds: bool) -> Self {
        let given = Given::default();
        Self {
            api,
            refunds,
            given,
        }
    }

    async fn note_shipment(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        for parcel in notice.by_parcel() {
            let told = self.note_parcel(&parcel).await?;
            if is_refused(&told) {
                return Ok(told);
            }
        }
        Ok(NoticeEvidence::Told)
    }

    async fn note_parcel(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        let Some(id) = segment(&notice.external_id) else {
            return Ok(refused("not_an_ebay_id"));
        };
        let path = format!("/sell/fulfillment/v1/order/{id}");
        let Some(order) = self.api.look_up::<Order>(&path, &[]).await? else {
            return Ok(refused("order_not_found"));
        };
        let path = format!("{path}/shipping_fulfillment");
        let known = self.api.look_up::<Fulfillments>(&path, &[]).await?;
        let known = known.ok_or_else(|| CallError::not_done("eBay does not say what has left"))?;
        let units = missing(notice, &order, &known);
        if units.is_empty() {
            return Ok(NoticeEvidence::Told);
        }
        if is_cancelled(&order) {
            return Ok(refused("order_is_cancelled"));
        }
        Ok(
            match self.api.post(&path, &shipment(&units, notice)).await? {
                Changed::Made(_) => NoticeEvidence::Told,
                Changed::Refused(code) => refused(&code),
            },
        )
    }
}

pub(super) fn is_cancelled(order: &Order) -> bool {
    let cancel = order.cancel_status.as_ref();
    cancel.is_some_and(|of| of.cancel_state.as_deref() == Some("CANCELED"))
}

/// Units of the notice that eBay does not know yet, by line, and no more than it has open.
fn missing(notice: &ShipmentNotice, order: &Order, known: &Fulfillments) -> Vec<(String, u32)> {
    let mut left = by_line(&notice.lines);
    let numbers: Vec<_> = notice
        .tracking
        .iter()
        .map(|one| plain(&one.number))
        .collect();
    let mut gone: BTreeMap<&str, u32> = BTreeMap::new();
    for one in &known.fulfillments {
        let number = one.shipment_tracking_number.as_deref().map(plain);
        let number = number.filter(|number| !number.is_empty());
        let same = match &number {
            Some(number) => numbers.contains(number),
            None => numbers.is_empty(),
        };
        for units in &one.line_items {
            let quantity = units.quantity.as_ref().map_or(1, count);
            *gone.entry(units.line_item_id.as_str()).or_default() += quantity;
            if let Some(left) = left.get_mut(units.line_item_id.as_str()).filter(|_| same) {
                *left = left.saturating_sub(quantity);
            }
        }
    }
    let lines = order.lines.iter().filter_map(|line| {
        let id = line.id.as_str();
        let wanted = left.get(id).copied().unwrap_or(0);
        // What is missing beyond what is open, somebody has noted there by hand.
        let open = count(&line.quantity).saturating_sub(gone.get(id).copied().unwrap_or(0));
        let units = wanted.min(open);
        (units > 0).then(|| (line.id.clone(), units))
    });
    lines.collect()
}

/// A shipment of these units, as eBay takes it.
fn shipment(units: &[(String, u32)], notice: &ShipmentNotice) -> Value {
    let items: Vec<_> = units
        .iter()
        .map(|(line, units)| json!({ "lineItemId": line, "quantity": units }))
        .collect();
    let shipped_at = notice.shipped_at.strftime("%Y-%m-%dT%H:%M:%S.000Z");
    let mut shipment = json!({ "lineItems": items, "shippedDate": shipped_at.to_string() });
    if let Some(first) = notice.tracking.first() {
        let word = plain(&first.carrier).to_ascii_lowercase();
        let known = CARRIERS.iter().find(|(ours, _)| *ours == word);
        let carrier = known.map_or(first.carrier.as_str(), |(_, theirs)| *theirs);
        shipment["shippingCarrierCode"] = carrier.into();
        shipment["trackingNumber"] = plain(&first.number).into();
    }
    shipment
}
