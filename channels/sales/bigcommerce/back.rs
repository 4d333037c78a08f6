//! The way back to a BigCommerce store: shipments of its own orders; cancellations (`cancel`) and refunds
//! (`refunds`) stand beside it.
//!
//! The store knows no idempotency keys here, so every try looks first what it knows already, and adds
//! what is missing. Told twice, or noted by hand before, comes to the same shipments. A shipment
//! has one number: each parcel is one, with what is in it; where nobody knows that, all of it goes under the
//! first one's, with all of them in its comments.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::order::{NoticeEvidence, Topic};
use serde::Deserialize;
use serde_json::json;

use super::rest::{Changed, Rest};
use super::wire::{Product, Shipment};
use super::{cancel, refunds};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::taken::id_of;
use crate::sales::told::{count, is_refused, refused};
use crate::sales::{CancellationNotice, PartNotice, ShipmentNotice, WayBack};
use crate::wire::Exact;

/// Carriers that the store has a word of its own for; the buyer can follow their parcels there.
const CARRIERS: [&str; 6] = ["auspost", "canadapost", "fedex", "royalmail", "ups", "usps"];

/// The way back to one store.
pub(super) struct Back {
    rest: Arc<Rest>,
}

/// An order, as the store has it.
#[derive(Debug, Deserialize)]
struct StoreOrder {
    status_id: u32,
}

impl StoreOrder {
    /// Refunded, cancelled, declined.
    fn is_over(&self) -> bool {
        (4..=6).contains(&self.status_id)
    }
}

#[async_trait]
impl WayBack for Back {
    fn hears(&self) -> &'static [Topic] {
        &[
            Topic::Shipped,
            Topic::Cancelled,
            Topic::PartCancelled,
            Topic::Refund,
        ]
    }

    async fn part_cancelled(&self, notice: &PartNotice) -> NoticeAnswer {
        refunds::repay(&self.rest, &notice.external_id, &notice.into()).await
    }

    async fn refunded(&self, notice: &PartNotice) -> NoticeAnswer {
        refunds::repay(&self.rest, &notice.external_id, &notice.into()).await
    }

    async fn shipped(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        self.note_shipment(notice).await
    }

    async fn cancelled(&self, notice: &CancellationNotice) -> NoticeAnswer {
        cancel::cancel(&self.rest, notice).await
    }
}

impl Back {
    /// The way to the store behind this API.
    pub(super) fn new(rest: Arc<Rest>) -> Self {
        Self { rest }
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
        let Some(id) = id(&notice.external_id) else {
            return Ok(refused("not_a_bigcommerce_id"));
        };
        let Some(order) = self.rest.look_up::<StoreOrder>(&id, &[]).await? else {
            return Ok(refused("order_not_found"));
        };
        let mut missing: BTreeMap<String, u32> = BTreeMap::new();
        for (line, quantity) in &notice.lines {
            *missing.entry(line.clone()).or_default() += quantity;
        }
        let shipments = format!("{id}/shipments");
        self.take_off_what_is_known(&shipments, notice, &mut missing)
            .await?;
        if missing.is_empty() {
            return Ok(NoticeEvidence::Told);
        }
        if order.is_over() {
            return Ok(refused("order_is_cancelled"));
        }
        // A shipment goes to one address of the order.
        let mut by_address: BTreeMap<String, Vec<(String, u32)>> = BTreeMap::new();
        for line in self.rest.list::<Product>(&format!("{id}/products")).await? {
            let wanted = missing.get(&line.id.0).copied().unwrap_or(0);
            let shipped = line.quantity_shipped.as_ref().map_or(0, count);
            // What is missing beyond that, somebody has noted there by hand.
            let taken = wanted.min(count(&line.quantity).saturating_sub(shipped));
            if taken == 0 {
                continue;
            }
            let Some(address) = id_of(line.order_address_id.as_ref()) else {
                return Ok(refused("line_has_no_address"));
            };
            by_address
                .entry(address)
                .or_default()
                .push((line.id.0, taken));
        }
        for (address, units) in by_address {
            let shipment = shipment(&address, &units, notice);
            if self.rest.add(&shipments, &shipment).await? == Changed::Refused {
                return Ok(refused("not_shippable"));
            }
        }
        Ok(NoticeEvidence::Told)
    }

    /// Units that the store has noted under one of these tracking numbers.
    async fn take_off_what_is_known(
        &self,
        shipments: &str,
        notice: &ShipmentNotice,
        missing: &mut BTreeMap<String, u32>,
    ) -> Result<(), CallError> {
        for known in self.rest.list::<Shipment>(shipments).await? {
            let number = known.tracking_number.as_deref().unwrap_or_default();
            let same = if notice.tracking.is_empty() {
                number.is_empty()
            } else {
                notice.tracking.iter().any(|one| one.number == number)
            };
            for item in known.items.iter().filter(|_| same) {
                if let Some(left) = missing.get_mut(&item.order_product_id.0) {
                    *left = left.saturating_sub(count(&item.quantity));
                }
            }
        }
        missing.retain(|_, left| *left > 0);
        Ok(())
    }
}

/// A shipment of these units, as the store takes it.
fn shipment(address: &str, units: &[(String, u32)], notice: &ShipmentNotice) -> serde_json::Value {
    let items: Vec<_> = units
        .iter()
        .map(|(line, units)| json!({ "order_product_id": number(line), "quantity": units }))
        .collect();
    let mut shipment = json!({ "order_address_id": number(address), "items": items });
    if let Some(first) = notice.tracking.first() {
        let word = first.carrier.to_ascii_lowercase().replace([' ', '-'], "");
        let known = CARRIERS.iter().find(|carrier| **carrier == word);
        shipment["tracking_number"] = first.number.as_str().into();
        shipment["shipping_provider"] = known.copied().unwrap_or_default().into();
        let parcels = notice.tracking.iter();
        let parcels: Vec<_> = parcels
            .map(|one| format!("{} {}", one.carrier, one.number))
            .collect();
        shipment["comments"] = parcels.join(", ").into();
    }
    shipment
}

/// An id as the number that the store wants.
fn number(id: &str) -> serde_json::Value {
    id.parse::<u64>().map_or_else(|_| id.into(), Into::into)
}

/// The id of an order, fit to stand in a path.
pub(super) fn id(external_id: &str) -> Option<String> {
    id_of(Some(&Exact(external_id.to_owned())))
}
