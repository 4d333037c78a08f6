//! `EasyPost`'s objects as its API reference describes them: shipments with their rates, trackers,
//! errors and events.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::journey::Step;

/// What the carrier's account asks for a parcel: its services, cheapest first, in cents per parcel
/// and per pound begun.
const SERVICES: [(&str, i64, i64); 3] = [
    ("GroundAdvantage", 493, 35),
    ("Priority", 812, 60),
    ("Express", 2_795, 110),
];

/// A shipment, as the carrier keeps it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Shipment {
    pub(super) number: u64,
    pub(super) id: String,
    pub(super) reference: String,
    pub(super) created_at: Timestamp,
    pub(super) to: Value,
    pub(super) from: Value,
    /// Ounces as they were stated.
    pub(super) weight: serde_json::Number,
    pub(super) label: Option<Label>,
}

/// What was bought for a shipment.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Label {
    pub(super) bought_at: Timestamp,
    pub(super) tracking_code: String,
    /// The service, by its place.
    pub(super) service: usize,
    pub(super) given_back: bool,
}

impl Shipment {
    fn related(&self, prefix: &str) -> String {
        self.id.replacen("shp_", prefix, 1)
    }

    /// The id of what a service asks.
    fn rate_id(&self, service: usize) -> String {
        format!("{}{service}", self.related("rate_"))
    }

    /// The service whose rate has this id.
    pub(super) fn service(&self, rate: &str) -> Option<usize> {
        (0..SERVICES.len()).find(|service| self.rate_id(*service) == rate)
    }

    fn rate(&self, service: usize) -> Value {
        let (name, base, per_pound) = SERVICES[service.min(SERVICES.len() - 1)];
        let pounds = self.weight.as_f64().map_or(1, pounds_begun);
        let cents = base + per_pound * pounds;
        json!({
            "id": self.rate_id(service), "object": "Rate", "mode": "test", "service": name,
            "carrier": "USPS", "rate": format!("{}.{:02}", cents / 100, cents % 100),
            "currency": "USD", "delivery_days": 3 - service.min(2), "shipment_id": self.id,
            "carrier_account_id": "ca_sim", "created_at": self.created_at.to_string(),
        })
    }

    /// The object `Shipment`.
    pub(super) fn json(&self) -> Value {
        let rates: Vec<Value> = (0..SERVICES.len()).map(|place| self.rate(place)).collect();
        let label = self.label.as_ref();
        let refund_status = label.filter(|label| label.given_back).map(|_| "submitted");
        let tracker = label.map(|label| {
            json!({
                "id": self.related("trk_"), "object": "Tracker", "mode": "test",
                "tracking_code": label.tracking_code, "status": "pre_transit",
                "status_detail": "label_created", "carrier": "USPS", "shipment_id": self.id,
                "created_at": label.bought_at.to_string(),
                "updated_at": label.bought_at.to_string(), "tracking_details": [],
            })
        });
        let postage = label.map(|label| {
            json!({
                "id": self.related("pl_"), "object": "PostageLabel", "label_file_type": "image/png",
                "label_date": label.bought_at.to_string(), "label_size": "4x6",
                "label_url": format!("https://labels.example/{}.png", self.id),
            })
        });
        json!({
            "id": self.id, "object": "Shipment", "mode": "test", "reference": self.reference,
            "created_at": self.created_at.to_string(), "updated_at": self.created_at.to_string(),
            "status": if label.is_some() { "pre_transit" } else { "unknown" },
            "tracking_code": label.map(|label| label.tracking_code.as_str()),
            "refund_status": refund_status, "is_return": false, "to_address": self.to,
            "from_address": self.from,
            "parcel": {"id": self.related("prcl_"), "object": "Parcel", "weight": self.weight},
            "rates": rates, "messages": [], "postage_label": postage,
            "selected_rate": label.map(|label| self.rate(label.service)), "tracker": tracker,
        })
    }
}

/// Pounds of a weight in ounces, each pound begun counted.
fn pounds_begun(ounces: f64) -> i64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a price list: the cast saturates, and a weight beyond it is refused before"
    )]
    let ounces = ounces.ceil() as i64;
    ounces.saturating_add(15).max(16) / 16
}

/// An error.
pub(super) fn error(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message, "errors": []}})
}

/// The event `tracker.updated` after these steps of a parcel's way, oldest first. Each event repeats
/// what was seen before, as `EasyPost`'s do.
pub(super) fn tracker_updated(id: &str, shipment: &Shipment, steps: &[(Timestamp, Step)]) -> Value {
    let details: Vec<Value> = steps
        .iter()
        .map(|(at, step)| {
            json!({
                "object": "TrackingDetail", "message": step.message, "description": "",
                "status": step.status, "status_detail": step.detail, "datetime": at.to_string(),
                "source": "USPS", "carrier_code": null,
                "tracking_location": {"object": "TrackingLocation", "city": null, "state": null,
                                      "country": null, "zip": null},
            })
        })
        .collect();
    let last = steps.last();
    let (status, detail) = last.map_or(("unknown", "unknown"), |(_, step)| {
        (step.status, step.detail)
    });
    let at = last.map_or(shipment.created_at, |(at, _)| *at).to_string();
    let tracking_code = shipment.label.as_ref().map(|label| &label.tracking_code);
    json!({
        "id": id, "object": "Event", "mode": "test", "description": "tracker.updated",
        "status": "pending", "previous_attributes": {}, "pending_urls": [], "completed_urls": [],
        "created_at": at, "updated_at": at,
        "result": {
            "id": shipment.related("trk_"), "object": "Tracker", "mode": "test",
            "tracking_code": tracking_code, "status": status, "status_detail": detail,
            "created_at": shipment.created_at.to_string(), "updated_at": at, "signed_by": null,
            "weight": shipment.weight, "est_delivery_date": null, "shipment_id": shipment.id,
            "carrier": "USPS", "tracking_details": details, "finalized": status == "delivered",
            "is_return": false,
        },
    })
}
