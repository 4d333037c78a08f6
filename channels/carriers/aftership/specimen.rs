//! AfterShip's tracking webhooks as AfterShip writes them (aftership.com/docs/tracking/webhook), version
//! 2026-07: the whole tracking as JSON, signed with HMAC-SHA256 in base64 over the body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::port::Statement;
use crate::signature::mac;
use crate::specimen::{Scene, Seen, Signing, Specimen, Thing, utc};

/// An account that pushes its trackings.
#[derive(Debug)]
pub(super) struct Trackings;

impl Specimen for Trackings {
    fn signing(&self) -> Signing {
        Signing::By {
            key: "webhook_secrets",
            window: None,
        }
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, _: &Scene<'_>) {
        let tag = mac(secret.as_bytes(), &[&pushed.raw]);
        let name = "aftership-hmac-sha256".to_owned();
        pushed.headers.insert(name, STANDARD.encode(tag));
    }

    fn state(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Sighting(sighting) = thing else {
            return None;
        };
        let (tag, subtag) = match sighting.seen {
            Seen::InTransit => ("InTransit", "InTransit_001"),
            Seen::Delivered => ("Delivered", "Delivered_001"),
            Seen::Odd => ("OwnTag", "OwnTag_001"),
        };
        let number = &sighting.tracking_number;
        let stated = Statement::json(&json!({
            "event": "tracking_update",
            "event_id": "6d1c7c1e-5d0c-4f5e-9d55-0a6f0d1b2c3d",
            "is_tracking_first_tag": true,
            "msg": {
                "id": "own00000000000000000000000000001", "tracking_number": number,
                "title": number, "slug": "own-post", "tag": tag, "subtag": subtag,
                "subtag_message": "Seen", "order_number": "1001", "signed_by": null,
                "courier_tracking_link": "https://post.example.com/track",
                "checkpoints": [
                    { "slug": "own-post", "checkpoint_time": utc(sighting.at), "message": "Seen",
                      "created_at": sighting.at.to_string(), "location": null, "postal_code": null,
                      "tag": tag, "subtag": subtag, "subtag_message": "Seen" },
                ],
            },
            "ts": sighting.at.as_second(),
        }));
        Some(stated.with("as-webhook-version", "2026-07"))
    }
}
