//! EasyPost's wire format: shipments, trackers, errors and events, after its API reference.

use serde_json::{Value, json};

/// A shipment as the double keeps it.
#[derive(Debug, Clone)]
pub(crate) struct Shipment {
    pub(crate) id: String,
    pub(crate) reference: String,
    pub(crate) created_at: String,
    pub(crate) tracking_code: Option<String>,
    pub(crate) refund_status: Option<&'static str>,
    pub(crate) to: Value,
    pub(crate) from: Value,
    pub(crate) parcel: Value,
}

impl Shipment {
    /// The only rate that the double offers.
    pub(crate) fn rate_id(&self) -> String {
        self.id.replacen("shp_", "rate_", 1)
    }

    fn rate(&self) -> Value {
        json!({"id": self.rate_id(), "object": "Rate", "carrier": "USPS", "service": "Ground",
               "rate": "5.93", "currency": "USD", "shipment_id": self.id, "mode": "test"})
    }

    /// The object `Shipment`.
    pub(crate) fn json(&self) -> Value {
        let bought = self.tracking_code.is_some();
        let only_when_bought = |value: Value| if bought { value } else { Value::Null };
        json!({
            "id": self.id, "object": "Shipment", "mode": "test", "reference": self.reference,
            "created_at": self.created_at, "updated_at": self.created_at,
            "status": if bought { "pre_transit" } else { "unknown" },
            "tracking_code": self.tracking_code, "refund_status": self.refund_status,
            "to_address": self.to, "from_address": self.from, "parcel": self.parcel,
            "rates": [self.rate()], "messages": [],
            "selected_rate": only_when_bought(self.rate()),
            "postage_label": only_when_bought(json!({
                "id": self.id.replacen("shp_", "pl_", 1), "object": "PostageLabel",
                "label_url": format!("https://labels.example/{}.png", self.id),
                "label_file_type": "image/png",
            })),
            "tracker": only_when_bought(json!({
                "id": self.id.replacen("shp_", "trk_", 1), "object": "Tracker", "mode": "test",
                "tracking_code": self.tracking_code, "status": "pre_transit", "carrier": "USPS",
                "shipment_id": self.id, "tracking_details": [],
            })),
        })
    }
}

/// An error of the API.
pub(crate) fn error(code: &str, message: &str) -> Value {
    json!({"error": {"code": code, "message": message, "errors": []}})
}

/// A sighting of a parcel: EasyPost's status, its detail, and when, in RFC 3339.
#[derive(Debug, Clone)]
pub(crate) struct Sighting {
    pub(crate) status: &'static str,
    pub(crate) detail: &'static str,
    pub(crate) at: String,
}

/// The event `tracker.updated` that tells these sightings.
pub(crate) fn tracker_updated(number: usize, tracking: &str, sightings: &[Sighting]) -> Value {
    let last = sightings.last().map_or("unknown", |seen| seen.status);
    let detail = sightings.last().map_or("unknown", |seen| seen.detail);
    let details = sightings.iter().map(|seen| {
        json!({"object": "TrackingDetail", "message": seen.detail, "description": seen.detail,
               "status": seen.status, "status_detail": seen.detail, "datetime": seen.at,
               "source": "USPS", "carrier_code": null,
               "tracking_location": {"object": "TrackingLocation", "city": "BERLIN",
                                     "state": null, "country": "DE", "zip": "10115"}})
    });
    let at = sightings.last().map_or("", |seen| seen.at.as_str());
    json!({
        "id": format!("evt_{number:08}"), "object": "Event", "mode": "test",
        "description": "tracker.updated", "status": "pending", "previous_attributes": {},
        "pending_urls": [], "completed_urls": [], "created_at": at, "updated_at": at,
        "result": {
            "id": format!("trk_{tracking}"), "object": "Tracker", "mode": "test",
            "tracking_code": tracking, "status": last, "status_detail": detail,
            "created_at": at, "updated_at": at, "signed_by": null,
            // The vendor's number has a fraction that re-serialising would lose.
            "weight": 614.4, "est_delivery_date": null, "shipment_id": null, "carrier": "USPS",
            "tracking_details": details.collect::<Vec<_>>(), "finalized": false,
            "is_return": false, "public_url": format!("https://track.example/{tracking}"),
        },
    })
}
