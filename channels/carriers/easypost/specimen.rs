//! EasyPost's `tracker.updated` events as it sends them, signed with HMAC-SHA256 in hexadecimal.

use serde_json::json;
use unicode_normalization::UnicodeNormalization;

use crate::port::Statement;
use crate::signature::mac;
use crate::specimen::{Scene, Seen, Signing, Specimen, Thing};

/// An account that sends what its trackers see.
#[derive(Debug)]
pub(super) struct Trackers;

impl Specimen for Trackers {
    fn signing(&self) -> Signing {
        Signing::By {
            key: "webhook_secrets",
            window: None,
        }
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, _: &Scene<'_>) {
        let secret: String = secret.nfkd().collect();
        let tag = hex::encode(mac(secret.as_bytes(), &[&pushed.raw]));
        let header = format!("hmac-sha256-hex={tag}");
        pushed.headers.insert("x-hmac-signature".to_owned(), header);
    }

    fn state(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Sighting(sighting) = thing else {
            return None;
        };
        let status = match sighting.seen {
            Seen::InTransit => "in_transit",
            Seen::Delivered => "delivered",
            Seen::Odd => "own_word",
        };
        let number = &sighting.tracking_number;
        let at = sighting.at.to_string();
        Some(Statement::json(&json!({
            "id": format!("evt_{number}"), "object": "Event", "mode": "production",
            "description": "tracker.updated",
            "result": {
                "id": format!("trk_{number}"), "object": "Tracker", "mode": "production",
                "tracking_code": number, "status": status, "status_detail": "own_detail",
                "updated_at": at,
                "tracking_details": [
                    { "status": status, "status_detail": "own_detail", "datetime": at,
                      "message": "Seen", "carrier_code": "" },
                ],
            },
        })))
    }
}
