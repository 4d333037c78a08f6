//! Shippo's tracking webhooks as Shippo writes them (docs.goshippo.com/docs/tracking/webhooks): the whole
//! track as JSON, signed with HMAC-SHA256 in hexadecimal over the time and the body.

use jiff::SignedDuration;
use serde_json::json;

use crate::port::Statement;
use crate::signature::mac;
use crate::specimen::{Scene, Seen, Signing, Specimen, Thing};

/// An account that pushes its tracks.
#[derive(Debug)]
pub(super) struct Tracks;

impl Specimen for Tracks {
    fn signing(&self) -> Signing {
        Signing::By {
            key: "webhook_secrets",
            window: Some(SignedDuration::from_mins(5)),
        }
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, scene: &Scene<'_>) {
        let time = scene.at.as_second().to_string();
        let tag = mac(secret.as_bytes(), &[time.as_bytes(), b".", &pushed.raw]);
        let tag = hex::encode(tag);
        let name = "shippo-auth-signature".to_owned();
        pushed.headers.insert(name, format!("t={time},v1={tag}"));
    }

    fn state(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Sighting(sighting) = thing else {
            return None;
        };
        let (status, substatus) = match sighting.seen {
            Seen::InTransit => ("TRANSIT", "package_departed"),
            Seen::Delivered => ("DELIVERED", "delivered"),
            Seen::Odd => ("OWN_STATUS", "own_substatus"),
        };
        let number = &sighting.tracking_number;
        let at = sighting.at.to_string();
        let seen = json!({
            "object_id": "3f0000000000000000000000000000aa", "object_created": at,
            "object_updated": at, "status": status, "status_date": at,
            "substatus": { "code": substatus, "text": "Seen.", "action_required": false },
            "status_details": "Seen", "location": null,
        });
        Some(Statement::json(&json!({
            "event": "track_updated",
            "test": false,
            "data": {
                "carrier": "own_post", "tracking_number": number, "transaction": null,
                "messages": [], "metadata": "", "eta": null, "original_eta": null,
                "address_from": null, "address_to": null, "servicelevel": null,
                "tracking_status": seen, "tracking_history": [seen],
            },
        })))
    }
}
