//! The way back to Walmart: acknowledgements, shipments, cancellations and refunds (`parts`) of its own orders.
//!
//! All are told line by line, in units. Walmart documents no idempotency keys, and a line that was marked
//! as shipped "cannot be updated": every try looks first what has become of each line, and tells what is
//! missing. What nobody has acknowledged yet is acknowledged before it is shipped; that may be repeated.
//! Walmart charges the buyer at the shipment, so what is cancelled before needs no refund.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_domain::order::{NoticeEvidence, Topic};
use rust_decimal::Decimal;
use serde_json::{Value, json};

use super::rest::{Changed, Rest};
use super::wire::{Line, One, Order};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::taken::digits;
use crate::sales::told::refused;
use crate::sales::tries::Tries;
use crate::sales::{
    CancellationNotice, PartNotice, ShipmentNotice, Tracking, WayBack, Why, by_line,
};

/// Carriers that Walmart knows by a name of its own; any other is told as another one.
const CARRIERS: [&str; 6] = ["UPS", "USPS", "FedEx", "DHL", "OnTrac", "LaserShip"];

/// The method of an order that states none.
const METHOD: &str = "Standard";

/// The way back to one seller's account.
pub(super) struct Back {
    pub(super) rest: Arc<Rest>,
    /// How many units of each line were cancelled before.
    pub(super) cancelled: Tries<BTreeMap<String, Decimal>>,
}

#[async_trait]
impl WayBack for Back {
    fn hears(&self) -> &'static [Topic] {
        &Topic::ALL
    }

    async fn accepted(&self, external_id: &str) -> NoticeAnswer {
        self.note_acceptance(external_id).await
    }

    async fn part_cancelled(&self, notice: &PartNotice) -> NoticeAnswer {
        self.cancel_part(notice).await
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
    /// The way to Walmart behind this door.
    pub(super) fn new(rest: Arc<Rest>) -> Self {
        let cancelled = Tries::default();
        Self { rest, cancelled }
    }

    pub(super) async fn order(&self, id: &str) -> Result<Option<Order>, CallError> {
        let one: Option<One> = self.rest.look_up(&format!("/v3/orders/{id}"), &[]).await?;
        Ok(one.map(|one| one.order))
    }

    /// Acknowledges an order; what is acknowledged may be so again.
    async fn note_acceptance(&self, external_id: &str) -> NoticeAnswer {
        let Some(id) = digits(external_id) else {
            return Ok(refused("not_a_walmart_id"));
        };
        let Some(order) = self.order(&id).await? else {
            return Ok(refused("order_not_found"));
        };
        let tallies = order.lines.all.iter().map(Line::tally);
        let Ok(tallies) = tallies.collect::<Result<Vec<_>, _>>() else {
            return Ok(refused("line_in_an_unknown_state"));
        };
        if tallies.iter().all(|tally| tally.wanted().is_zero()) {
            return Ok(refused("order_is_cancelled"));
        }
        if tallies.iter().all(|tally| tally.created.is_zero()) {
            return Ok(NoticeEvidence::Told);
        }
        let path = format!("/v3/orders/{id}/acknowledge");
        Ok(told(self.rest.post::<Value>(&path, None).await?))
    }

    /// Tells all parcels in one call: a line that was marked as shipped is not touched again.
    async fn note_shipment(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        let Some(id) = digits(&notice.external_id) else {
            return Ok(refused("not_a_walmart_id"));
        };
        if notice.tracking.is_empty() {
            return Ok(refused("tracking_is_required"));
        }
        let Some(order) = self.order(&id).await? else {
            return Ok(refused("order_not_found"));
        };
        let mut left: BTreeMap<&str, Left> = BTreeMap::new();
        let parcels = notice.by_parcel();
        for parcel in &parcels {
            if let Err(code) = order.note(parcel, &mut left) {
                return Ok(refused(code));
            }
        }
        if left.is_empty() {
            return Ok(NoticeEvidence::Told);
        }
        if left.values().any(|line| line.created) {
            let path = format!("/v3/orders/{id}/acknowledge");
            if let Changed::Refused(code) = self.rest.post::<Value>(&path, None).await? {
                return Ok(refused(&code));
            }
        }
        let lines = left.into_iter().map(|(number, line)| {
            json!({ "lineNumber": number,
                "orderLineStatuses": { "orderLineStatus": line.statuses } })
        });
        let lines: Vec<_> = lines.collect();
        let shipment = json!({ "orderShipment": { "orderLines": { "orderLine": lines } } });
        let path = format!("/v3/orders/{id}/shipping");
        Ok(told(self.rest.post(&path, Some(&shipment)).await?))
    }

    async fn note_cancellation(&self, notice: &CancellationNotice) -> NoticeAnswer {
        let Some(id) = digits(&notice.external_id) else {
            return Ok(refused("not_a_walmart_id"));
        };
        let Some(order) = self.order(&id).await? else {
            return Ok(refused("order_not_found"));
        };
        let mut shipped = false;
        let mut lines = Vec::new();
        for line in &order.lines.all {
            let Ok(tally) = line.tally() else {
                return Ok(refused("line_in_an_unknown_state"));
            };
            shipped |= tally.shipped > Decimal::ZERO;
            if tally.open() > Decimal::ZERO {
                lines.push(cancelled_line(line, tally.open(), notice.why));
            }
        }
        match (lines.is_empty(), shipped) {
            (true, false) => return Ok(NoticeEvidence::Told),
            (true, true) => return Ok(refused("order_is_shipped")),
            (false, _) => {}
        }
        let cancellation = json!({ "orderCancellation": { "orderLines": { "orderLine": lines } } });
        let path = format!("/v3/orders/{id}/cancel");
        Ok(told(self.rest.post(&path, Some(&cancellation)).await?))
    }
}

/// What has left of a line and is to be told.
#[derive(Default)]
struct Left {
    units: Decimal,
    statuses: Vec<Value>,
    /// Some of it was not acknowledged yet.
    created: bool,
}

impl Order {
    /// Adds what is in a parcel and was not told before, or says why it cannot be told.
    fn note<'a>(
        &self,
        shipment: &'a ShipmentNotice,
        left: &mut BTreeMap<&'a str, Left>,
    ) -> Result<(), &'static str> {
        let Some(parcel) = shipment.tracking.first() else {
            return Err("tracking_is_required");
        };
        for (number, units) in by_line(&shipment.lines) {
            let mut lines = self.lines.all.iter();
            let line = lines.find(|line| line.number.0 == number);
            let line = line.ok_or("line_not_found")?;
            if line.is_shipped_as(parcel) {
                continue;
            }
            let tally = line.tally().map_err(|_| "line_in_an_unknown_state")?;
            let told = left.entry(number).or_default();
            told.units += Decimal::from(units);
            if tally.open() < told.units {
                let over = tally.cancelled > Decimal::ZERO;
                return Err(if over {
                    "line_is_cancelled"
                } else {
                    "line_is_shipped"
                });
            }
            told.created |= tally.created > Decimal::ZERO;
            let status = shipped(units, shipment.shipped_at, parcel, self.method());
            told.statuses.push(status);
        }
        Ok(())
    }

    /// How it was promised to be sent.
    fn method(&self) -> &str {
        let info = self.shipping_info.as_ref();
        let method = info.and_then(|info| info.method_code.as_deref());
        method.filter(|method| !method.is_empty()).unwrap_or(METHOD)
    }
}

impl Line {
    /// Whether units of it have been told as sent in this parcel.
    fn is_shipped_as(&self, parcel: &Tracking) -> bool {
        let mut states = self.order_line_statuses.statuses.iter();
        states.any(|state| {
            let tracked = state.tracking_info.as_ref();
            let number = tracked.and_then(|tracked| tracked.tracking_number.as_deref());
            state.word != "Cancelled" && number == Some(parcel.number.as_str())
        })
    }
}

/// Units of a line that left in a parcel at this time.
fn shipped(units: u32, at: Timestamp, parcel: &Tracking, method: &str) -> Value {
    let plain = |name: &str| name.replace([' ', '-', '.'], "").to_ascii_lowercase();
    let known = CARRIERS
        .iter()
        .find(|name| plain(name) == plain(&parcel.carrier));
    let carrier = match known {
        Some(name) => json!({ "carrier": name }),
        None => json!({ "otherCarrier": parcel.carrier }),
    };
    json!({
        "status": "Shipped",
        "statusQuantity": { "unitOfMeasurement": "EACH", "amount": units.to_string() },
        "trackingInfo": {
            "shipDateTime": at.as_millisecond(),
            "carrierName": carrier,
            "methodCode": method,
            "trackingNumber": parcel.number,
        },
    })
}

/// Walmart wants one of its reasons. That the buyer asked for it may be said only where the buyer did.
pub(super) fn cancelled_line(line: &Line, units: Decimal, why: Why) -> Value {
    let reason = match why {
        Why::Declined | Why::Other if line.wants_out() => "CUSTOMER_REQUESTED_SELLER_TO_CANCEL",
        Why::OutOfStock | Why::Declined | Why::Other => "SELLER_CANCEL_OUT_OF_STOCK",
    };
    let units = units.normalize().to_string();
    json!({ "lineNumber": line.number.0, "orderLineStatuses": { "orderLineStatus": [{
        "status": "Cancelled",
        "cancellationReason": reason,
        "statusQuantity": { "unitOfMeasurement": "EACH", "amount": units },
    }] } })
}

pub(super) fn told(changed: Changed) -> NoticeEvidence {
    match changed {
        Changed::Made => NoticeEvidence::Told,
        Changed::Refused(code) => refused(&code),
    }
}
