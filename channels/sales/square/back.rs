//! The way back to Square: fulfilments and cancellations of its own orders; parts of them and money in `parts`.
//!
//! A fulfilment is completed as a whole. So each shipment leaves a mark in its metadata (the parcel's number,
//! with the units by the place of their line), and the one after which the marks cover everything completes
//! it. Mark and state change in one update that names the order's version: an order that has changed
//! since is not touched, and a try whose answer was lost finds its own mark. Square changes no order that was
//! made in the Point of Sale app itself.

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::order::{NoticeEvidence, Topic};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::held::{Found, MARK, NAME, TillOrder};
use super::refunds::give_back;
use super::rest::{Changed, Rest};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::told::refused;
use crate::sales::{CancellationNotice, PartNotice, ShipmentNotice, WayBack};
use crate::wire::path_id;

/// The way back to one seller.
pub(super) struct Back {
    pub(super) rest: Arc<Rest>,
}

#[async_trait]
impl WayBack for Back {
    async fn shipped(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        self.note_shipment(notice).await
    }

    fn hears(&self) -> &'static [Topic] {
        &[
            Topic::Shipped,
            Topic::Cancelled,
            Topic::PartCancelled,
            Topic::Refund,
        ]
    }

    async fn part_cancelled(&self, notice: &PartNotice) -> NoticeAnswer {
        self.note_part(notice).await
    }

    async fn refunded(&self, notice: &PartNotice) -> NoticeAnswer {
        self.give_money(notice).await
    }

    async fn cancelled(&self, notice: &CancellationNotice) -> NoticeAnswer {
        self.note_cancellation(notice).await
    }
}

impl Back {
    /// The way to the seller behind this API.
    pub(super) fn new(rest: Arc<Rest>) -> Self {
        Self { rest }
    }

    async fn note_shipment(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        let Some(path) = path(&notice.external_id) else {
            return Ok(refused("not_a_square_id"));
        };
        let Some(Found { order }) = self.rest.look_up(&path).await? else {
            return Ok(refused("order_not_found"));
        };
        let marked = match order.mark(&notice.lines, &mark(notice)) {
            Ok(marked) => marked,
            Err(code) => return Ok(refused(code)),
        };
        if marked.is_dropped || order.state.as_deref() == Some("CANCELED") {
            return Ok(refused("order_is_cancelled"));
        }
        if !marked.is_known {
            return Ok(refused("no_fulfillment"));
        }
        if marked.changes.is_empty() {
            return Ok(NoticeEvidence::Told);
        }
        let mut changes = marked.changes;
        for change in &mut changes {
            add_parcels(change, &order, notice);
        }
        self.update(&path, &order, json!({ "fulfillments": changes }))
            .await
            .map(|changed| match changed {
                Changed::Made(_) => NoticeEvidence::Told,
                Changed::Refused(code) => refused(&code),
            })
    }

    /// Changes members of an order that is still as it was read.
    pub(super) async fn update(
        &self,
        path: &str,
        order: &TillOrder,
        mut members: Value,
    ) -> Result<Changed<Found>, CallError> {
        members["version"] = order.version.into();
        members["location_id"] = order.location_id.as_str().into();
        self.rest.put(path, &json!({ "order": members })).await
    }

    async fn note_cancellation(&self, notice: &CancellationNotice) -> NoticeAnswer {
        let Some(path) = path(&notice.external_id) else {
            return Ok(refused("not_a_square_id"));
        };
        let Some(Found { mut order }) = self.rest.look_up(&path).await? else {
            return Ok(refused("order_not_found"));
        };
        if order
            .fulfillments
            .iter()
            .any(|one| one.state() == "COMPLETED")
        {
            return Ok(refused("order_is_shipped"));
        }
        let pending = order.fulfillments.iter().filter(|one| one.is_pending());
        let pending: Vec<Value> = pending
            .map(|one| json!({ "uid": one.uid, "state": "CANCELED" }))
            .collect();
        if !pending.is_empty() {
            let change = json!({ "fulfillments": pending });
            match self.update(&path, &order, change).await? {
                Changed::Made(Found { order: now }) => order = now,
                Changed::Refused(code) => return Ok(refused(&code)),
            }
        }
        // Square closes what nobody paid; a paid order stays open there, with nothing left to do.
        if order.tenders.is_empty() && order.state.as_deref() == Some("OPEN") {
            let change = json!({ "state": "CANCELED" });
            if let Changed::Refused(code) = self.update(&path, &order, change).await? {
                return Ok(refused(&code));
            }
        }
        if notice.refund && !give_back(&self.rest, &order.tenders, notice.why).await? {
            return Ok(refused("refund_by_hand"));
        }
        Ok(NoticeEvidence::Told)
    }
}

/// Adds how a shipment is followed to what a fulfilment that is shipped becomes.
fn add_parcels(change: &mut Value, order: &TillOrder, notice: &ShipmentNotice) {
    let mut same = order.fulfillments.iter();
    let same = same.find(|one| change["uid"] == one.uid);
    let is_shipped = same.is_some_and(|one| one.form.as_deref() == Some("SHIPMENT"));
    if let Some(first) = notice.tracking.first().filter(|_| is_shipped) {
        let parcels = notice.tracking.iter();
        let parcels: Vec<_> = parcels.map(|one| one.number.as_str()).collect();
        change["shipment_details"] = json!({
            "carrier": first.carrier.chars().take(50).collect::<String>(),
            "tracking_number": parcels.join(", ").chars().take(100).collect::<String>(),
        });
    }
}

/// The name of a shipment's mark: its first parcel's, or what was collected.
fn mark(notice: &ShipmentNotice) -> String {
    let name = if let Some(parcel) = notice.tracking.first() {
        parcel.number.clone()
    } else {
        let units = notice.lines.iter();
        let units: Vec<_> = units.map(|(uid, n)| format!("{uid}x{n}")).collect();
        // Longer than a name may be, where there are many lines.
        hex::encode(&Sha256::digest(units.join("_"))[..16])
    };
    format!("{MARK}{name}").chars().take(NAME).collect()
}

/// Where an order lives. `None` for what is no id of one.
pub(super) fn path(id: &str) -> Option<String> {
    path_id(id).map(|id| format!("/v2/orders/{id}"))
}
