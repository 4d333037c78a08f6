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
use crate::sales::{CancellationNotice, PartNotice, ShipmentNotice, Tracking, WayBack, Why};

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

    async fn note_shipment(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        let Some(id) = digits(&notice.external_id) else {
            return Ok(refused("not_a_walmart_id"));
        };
        let Some(parcel) = notice.tracking.first() else {
            return Ok(refused("tracking_is_required"));
        };
        let Some(order) = self.order(&id).await? else {
            return Ok(refused("order_not_found"));
        };
        let mut created = false;
        let mut lines = Vec::new();
        for (number, units) in units(&notice.lines) {
            let all = &order.lines.all;
            let Some(line) = all.iter().find(|line| line.number.0 == number) else {
                return Ok(refused("line_not_found"));
            };
            if line.is_shipped_as(parcel) {
                continue;
            }
            let Ok(tally) = line.tally() else {
                return Ok(refused("line_in_an_unknown_state"));
            };
            if tally.open() < Decimal::from(units) {
                let over = tally.cancelled > Decimal::ZERO;
                return Ok(refused(if over {
                    "line_is_cancelled"
                } else {
                    "line_is_shipped"
                }));
            }
            created |= tally.created > Decimal::ZERO;
            lines.push(shipped_line(number, units, parcel, order.method()));
        }
        if lines.is_empty() {
            return Ok(NoticeEvidence::Told);
        }
        if created {
            let path = format!("/v3/orders/{id}/acknowledge");
            if let Changed::Refused(code) = self.rest.post::<Value>(&path, None).await? {
                return Ok(refused(&code));
            }
        }
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

impl Order {
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

fn shipped_line(number: &str, units: u32, parcel: &Tracking, method: &str) -> Value {
    let plain = |name: &str| name.replace([' ', '-', '.'], "").to_ascii_lowercase();
    let known = CARRIERS
        .iter()
        .find(|name| plain(name) == plain(&parcel.carrier));
    let carrier = match known {
        Some(name) => json!({ "carrier": name }),
        None => json!({ "otherCarrier": parcel.carrier }),
    };
    json!({ "lineNumber": number, "orderLineStatuses": { "orderLineStatus": [{
        "status": "Shipped",
        "statusQuantity": { "unitOfMeasurement": "EACH", "amount": units.to_string() },
        "trackingInfo": {
            "shipDateTime": Timestamp::now().as_millisecond(),
            "carrierName": carrier,
            "methodCode": method,
            "trackingNumber": parcel.number,
        },
    }] } })
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

/// Units per line.
pub(super) fn units(lines: &[(String, u32)]) -> BTreeMap<&str, u32> {
    let mut units: BTreeMap<&str, u32> = BTreeMap::new();
    for (line, count) in lines {
        *units.entry(line).or_default() += count;
    }
    units
}

pub(super) fn told(changed: Changed) -> NoticeEvidence {
    match changed {
        Changed::Made => NoticeEvidence::Told,
        Changed::Refused(code) => refused(&code),
    }
}
