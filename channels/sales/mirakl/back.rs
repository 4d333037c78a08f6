//! The way back to a marketplace: its orders are accepted, shipped, cancelled and paid back.
//!
//! An order that waits for it is accepted with all its lines (OR21).
//! A shipment of everything that is still to be sent is told as the order's: its tracking (OR23), then that it
//! has left (OR24). A shipment of a part, and each of several parcels of which it is known what is in them,
//! becomes one of its own (ST01), on marketplaces that have several shipments an order. An order that is not
//! accepted yet is refused (OR21), one that can be cancelled is cancelled (OR29), and one that is paid is
//! given back (OR28, `refund`). The vendor documents no
//! idempotency keys: every try looks first how the order stands, and does what is missing.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::order::{NoticeEvidence, Topic};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::refund::Line;
use super::rest::{Changed, Rest};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::told::{is_refused, refused};
use crate::sales::tries::Given;
use crate::sales::{CancellationNotice, PartNotice, ShipmentNotice, Tracking, WayBack, by_line};
use crate::wire::path_id;

/// The way back to one marketplace.
pub(super) struct Back {
    pub(super) rest: Arc<Rest>,
    /// The marketplace's code of the reason for a refund.
    pub(super) reason: Option<String>,
    pub(super) given: Given,
}

/// What is asked of the list of orders.
#[derive(Deserialize)]
struct List {
    orders: Vec<Order>,
}

/// An order, as the marketplace has it.
#[derive(Deserialize)]
pub(super) struct Order {
    #[serde(rename = "order_id")]
    id: String,
    #[serde(rename = "order_state")]
    state: String,
    #[serde(default)]
    can_cancel: bool,
    pub(super) currency_iso_code: String,
    #[serde(default, rename = "order_tax_mode")]
    pub(super) tax_mode: Option<String>,
    #[serde(rename = "order_lines")]
    pub(super) lines: Vec<Line>,
}

/// Shipments of an order (ST11).
#[derive(Deserialize)]
struct Shipments {
    #[serde(default)]
    data: Vec<Shipment>,
}

#[derive(Deserialize)]
struct Shipment {
    #[serde(default)]
    tracking: Option<Tracked>,
    #[serde(default)]
    shipment_lines: Vec<ShipmentLine>,
}

#[derive(Deserialize)]
struct Tracked {
    #[serde(default)]
    tracking_number: Option<String>,
}

#[derive(Deserialize)]
struct ShipmentLine {
    #[serde(default)]
    order_line_id: Option<String>,
    #[serde(default)]
    quantity: u32,
}

/// What came of adding shipments (ST01).
#[derive(Deserialize)]
struct Added {
    #[serde(default)]
    shipment_errors: Option<Vec<Value>>,
}

#[async_trait]
impl WayBack for Back {
    /// Nothing is given back without a reason of the marketplace's own.
    fn hears(&self) -> &'static [Topic] {
        match self.reason {
            Some(_) => &Topic::ALL,
            None => &[Topic::Accepted, Topic::Shipped, Topic::Cancelled],
        }
    }

    async fn accepted(&self, external_id: &str) -> NoticeAnswer {
        self.note_acceptance(external_id).await
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
        self.note_cancellation(notice).await
    }
}

impl Back {
    /// The way to the marketplace behind this door.
    pub(super) fn new(rest: Arc<Rest>, reason: Option<String>) -> Self {
        let given = Given::default();
        Self {
            rest,
            reason,
            given,
        }
    }

    /// An order by its id; `None` when the shop has none of it.
    pub(super) async fn order(&self, id: &str) -> Result<Option<Order>, CallError> {
        let list: List = self
            .rest
            .look_up("/api/orders", &[("order_ids", id)])
            .await?;
        let mut orders = list.orders.into_iter();
        Ok(orders.find(|order| order.id == id))
    }

    async fn note_acceptance(&self, external_id: &str) -> NoticeAnswer {
        let Some(id) = path_id(external_id) else {
            return Ok(refused("not_a_mirakl_id"));
        };
        let Some(order) = self.order(id).await? else {
            return Ok(refused("order_not_found"));
        };
        match order.state.as_str() {
            "WAITING_ACCEPTANCE" => self.decide(&order, true).await,
            "STAGING" => Err(CallError::not_now("the order cannot be accepted there yet")),
            "REFUSED" | "CANCELED" => Ok(refused("order_is_cancelled")),
            _ => Ok(NoticeEvidence::Told),
        }
    }

    /// Accepts all lines that wait for it, or refuses them.
    async fn decide(&self, order: &Order, accepted: bool) -> NoticeAnswer {
        let open = order
            .lines
            .iter()
            .filter(|line| line.state == "WAITING_ACCEPTANCE");
        let lines: Vec<_> = open
            .map(|line| json!({ "id": line.id, "accepted": accepted }))
            .collect();
        let path = format!("/api/orders/{}/accept", order.id);
        let lines = json!({ "order_lines": lines });
        Ok(told(self.rest.put(&path, Some(&lines)).await?))
    }

    async fn note_shipment(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        let Some(id) = path_id(&notice.external_id) else {
            return Ok(refused("not_a_mirakl_id"));
        };
        let Some(order) = self.order(id).await? else {
            return Ok(refused("order_not_found"));
        };
        match order.state.as_str() {
            "SHIPPING" => {}
            "SHIPPED" | "TO_COLLECT" | "RECEIVED" | "CLOSED" => return Ok(NoticeEvidence::Told),
            "REFUSED" | "CANCELED" => return Ok(refused("order_is_cancelled")),
            _ => {
                return Err(CallError::not_now(
                    "the order is not yet to be shipped there",
                ));
            }
        }
        let units = by_line(&notice.lines);
        let parcels = notice.by_parcel();
        if parcels.len() > 1 {
            for parcel in &parcels {
                let units = by_line(&parcel.lines);
                let added = self.add_shipment(id, &units, parcel.tracking.first());
                let told = added.await?;
                if is_refused(&told) {
                    return Ok(told);
                }
            }
            return Ok(NoticeEvidence::Told);
        }
        if !order.is_completed_by(&units) {
            return self.add_shipment(id, &units, notice.tracking.first()).await;
        }
        if let Some(parcel) = notice.tracking.first() {
            let path = format!("/api/orders/{id}/tracking");
            let parcel = json!({
                "carrier_name": parcel.carrier, "tracking_number": parcel.number,
            });
            if let Changed::Refused(code) = self.rest.put(&path, Some(&parcel)).await? {
                return Ok(refused(&code));
            }
        }
        let path = format!("/api/orders/{id}/ship");
        Ok(told(self.rest.put::<Value>(&path, None).await?))
    }

    /// Adds a shipment of a part, unless it is there.
    async fn add_shipment(
        &self,
        id: &str,
        units: &BTreeMap<&str, u32>,
        parcel: Option<&Tracking>,
    ) -> NoticeAnswer {
        let there: Shipments = self
            .rest
            .look_up("/api/shipments", &[("order_id", id)])
            .await?;
        if there.data.iter().any(|one| one.is_of(units, parcel)) {
            return Ok(NoticeEvidence::Told);
        }
        let lines = units.iter();
        let lines: Vec<_> = lines
            .map(|(line, count)| json!({ "order_line_id": line, "quantity": count }))
            .collect();
        let mut shipment = json!({ "order_id": id, "shipped": true, "shipment_lines": lines });
        if let Some(parcel) = parcel {
            shipment["tracking"] = json!({
                "carrier_name": parcel.carrier, "tracking_number": parcel.number,
            });
        }
        let shipments = json!({ "shipments": [shipment] });
        let body = match self.rest.post("/api/shipments", &shipments).await? {
            Changed::Made(body) => body,
            Changed::Refused(code) => return Ok(refused(&code)),
        };
        let added: Added = serde_json::from_slice(&body).map_err(|_| {
            CallError::unknown("the marketplace's answer cannot be read; it may have been added")
        })?;
        let wrong = added.shipment_errors.is_some_and(|all| !all.is_empty());
        Ok(if wrong {
            refused("shipment_refused")
        } else {
            NoticeEvidence::Told
        })
    }

    async fn note_cancellation(&self, notice: &CancellationNotice) -> NoticeAnswer {
        let Some(id) = path_id(&notice.external_id) else {
            return Ok(refused("not_a_mirakl_id"));
        };
        let Some(order) = self.order(id).await? else {
            return Ok(refused("order_not_found"));
        };
        match order.state.as_str() {
            "REFUSED" | "CANCELED" => return Ok(NoticeEvidence::Told),
            "SHIPPED" | "TO_COLLECT" | "RECEIVED" | "CLOSED" => {
                return Ok(refused("order_is_shipped"));
            }
            "WAITING_ACCEPTANCE" => return self.decide(&order, false).await,
            _ => {}
        }
        if order.can_cancel {
            let path = format!("/api/orders/{id}/cancel");
            return Ok(told(self.rest.put::<Value>(&path, None).await?));
        }
        if !notice.refund || order.state != "SHIPPING" {
            return Ok(refused("order_cannot_be_cancelled"));
        }
        let Some(reason) = self.reason.as_deref() else {
            return Ok(refused("refund_reason_is_not_set"));
        };
        match order.rest(reason) {
            Err(code) => Ok(refused(code)),
            Ok(None) => Ok(NoticeEvidence::Told),
            Ok(Some(refunds)) => Ok(told(
                self.rest.put("/api/orders/refund", Some(&refunds)).await?,
            )),
        }
    }
}

impl Order {
    /// Whether nothing of it is to be sent.
    pub(super) fn is_over(&self) -> bool {
        matches!(self.state.as_str(), "REFUSED" | "CANCELED")
    }

    /// Whether these units are all that is still to be sent, and nothing was sent before.
    fn is_completed_by(&self, units: &BTreeMap<&str, u32>) -> bool {
        self.lines.iter().all(|line| {
            let sent = units.get(line.id.as_str());
            let sent = Decimal::from(sent.copied().unwrap_or_default());
            match line.state.as_str() {
                "SHIPPING" => line.open().is_some_and(|open| sent >= open),
                "REFUSED" | "CANCELED" | "REFUNDED" => true,
                _ => false,
            }
        })
    }
}

impl Shipment {
    /// Whether this is the shipment of this parcel or, where nothing is tracked, of these units.
    fn is_of(&self, units: &BTreeMap<&str, u32>, parcel: Option<&Tracking>) -> bool {
        let number = self
            .tracking
            .as_ref()
            .and_then(|at| at.tracking_number.as_deref());
        let number = number.filter(|number| !number.is_empty());
        if let Some(parcel) = parcel {
            return number == Some(parcel.number.as_str());
        }
        let lines = self.shipment_lines.iter();
        let lines: Option<BTreeMap<&str, u32>> = lines
            .map(|line| Some((line.order_line_id.as_deref()?, line.quantity)))
            .collect();
        number.is_none() && lines.as_ref() == Some(units)
    }
}

fn told(changed: Changed) -> NoticeEvidence {
    match changed {
        Changed::Made(_) => NoticeEvidence::Told,
        Changed::Refused(code) => refused(&code),
    }
}
