//! ShipStation's tracking webhooks as ShipStation writes them, and what it says when it is asked
//! (docs.shipstation.com/apis/docs/guides/webhooks-schemas and docs.shipstation.com/tracking).

use serde_json::{Value, json};

use crate::port::Statement;
use crate::specimen::{Scene, Seen, Sighting, Signing, Specimen, Thing, utc};

/// An account that says which of its labels was seen.
#[derive(Debug)]
pub(super) struct Trackings;

impl Specimen for Trackings {
    fn signing(&self) -> Signing {
        Signing::Theirs {
            because: "it signs with a key that only the vendor has, and the public one is fetched",
        }
    }

    fn state(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Sighting(sighting) = thing else {
            return None;
        };
        let stated = Statement::json(&tracking(sighting));
        Some(stated.with("x-shipstation-resource", "tracking"))
    }

    fn word(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Sighting(sighting) = thing else {
            return None;
        };
        let word = Statement::json(&json!({
            "resource_url": "https://api.shipstation.com/v2/labels/se-4711/track",
            "resource_type": "TRACK_EVENT_V2",
            "data": tracking(sighting),
        }));
        Some(
            word.with("x-shipengine-rsa-sha256-signature", "b3du")
                .with("x-shipengine-rsa-sha256-key-id", "own-key")
                .with("x-shipengine-timestamp", scene.at.to_string()),
        )
    }
}

fn tracking(sighting: &Sighting) -> Value {
    let (status, detail) = match sighting.seen {
        Seen::InTransit => ("IT", "HUB_SCAN_OUT"),
        Seen::Delivered => ("DE", "DELIVERED"),
        Seen::Odd => ("OW", "OWN_DETAIL"),
    };
    json!({
        "tracking_number": sighting.tracking_number,
        "tracking_url": "https://post.example.com/track",
        "status_code": status, "status_detail_code": detail, "status_description": "Seen",
        "carrier_code": "own_post", "carrier_id": 3, "carrier_status_code": "S",
        "ship_date": null, "estimated_delivery_date": null, "exception_description": null,
        "actual_delivery_date": (sighting.seen == Seen::Delivered).then(|| sighting.at.to_string()),
        "events": [
            { "occurred_at": sighting.at.to_string(), "carrier_occurred_at": utc(sighting.at),
              "description": "Seen", "city_locality": "", "signer": "", "event_code": "S",
              "status_code": status, "status_detail_code": detail, "proof_of_delivery_url": null },
        ],
    })
}
