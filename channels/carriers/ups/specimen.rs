//! UPS's alerts as UPS writes them, and what it says when it is asked
//! (github.com/UPS-API/api-documentation, `UPSTrackAlert.yaml` and `Tracking.yaml`).

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::port::Statement;
use crate::specimen::{Scene, Seen, Sighting, Signing, Specimen, Thing};

/// An account whose parcels have alerts.
#[derive(Debug)]
pub(super) struct Alerts;

impl Specimen for Alerts {
    fn signing(&self) -> Signing {
        Signing::Theirs {
            because: "it shows a word that it was told and signs nothing",
        }
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, _: &Scene<'_>) {
        let name = "credential".to_owned();
        pushed.headers.insert(name, secret.to_owned());
    }

    fn state(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Sighting(sighting) = thing else {
            return None;
        };
        let number = &sighting.tracking_number;
        let activity = json!({
            "date": day(sighting.at), "time": hour(sighting.at), "gmtDate": day(sighting.at),
            "gmtOffset": "+00:00", "gmtTime": hour(sighting.at),
            "location": { "address": { "city": "Own Town", "countryCode": "US" } },
            "status": status(sighting, "statusCode"),
        });
        let stated = Statement::json(&json!({
            "trackResponse": { "shipment": [{
                "inquiryNumber": number,
                "package": [{
                    "trackingNumber": number, "packageCount": 1, "activity": [activity],
                    "currentStatus": status(sighting, "statusCode"),
                }],
            }]},
        }));
        Some(stated.with("x-ups-resource", "tracking"))
    }

    fn word(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Sighting(sighting) = thing else {
            return None;
        };
        let word = Statement::json(&json!({
            "trackingNumber": sighting.tracking_number,
            "localActivityDate": day(sighting.at), "localActivityTime": hour(sighting.at),
            "activityLocation": { "city": "Own Town", "stateProvince": "NC", "postalCode": "", "country": "US" },
            "activityStatus": status(sighting, "descriptionCode"),
            "scheduledDeliveryDate": "", "actualDeliveryDate": "", "actualDeliveryTime": "",
            "gmtActivityDate": day(sighting.at), "gmtActivityTime": hour(sighting.at),
        }));
        Some(word.with("user-agent", "UPSPubSubTrackingService"))
    }
}

fn day(at: Timestamp) -> String {
    at.strftime("%Y%m%d").to_string()
}

fn hour(at: Timestamp) -> String {
    at.strftime("%H%M%S").to_string()
}

fn status(sighting: &Sighting, simple: &str) -> Value {
    let (kind, code, number) = match sighting.seen {
        Seen::InTransit => ("I", "DP", "005"),
        Seen::Delivered => ("D", "FS", "011"),
        Seen::Odd => ("OW", "N0", "999"),
    };
    let mut status = json!({ "type": kind, "code": code, "description": "Seen" });
    status[simple] = json!(number);
    status
}
