//! FedEx's pushes as FedEx writes them (developer.fedex.com, Advanced Integrated Visibility): the answer of
//! the Track API, signed with HMAC-SHA256 in base64 over the body.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::port::Statement;
use crate::signature::mac;
use crate::specimen::{Scene, Seen, Signing, Specimen, Thing};

/// An account whose parcels are pushed.
#[derive(Debug)]
pub(super) struct Pushes;

impl Specimen for Pushes {
    fn signing(&self) -> Signing {
        Signing::By {
            key: "webhook_secrets",
            window: None,
        }
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, _: &Scene<'_>) {
        let tag = mac(secret.as_bytes(), &[&pushed.raw]);
        let name = "fdx-signature".to_owned();
        pushed.headers.insert(name, STANDARD.encode(tag));
    }

    fn state(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Sighting(sighting) = thing else {
            return None;
        };
        let (event, derived) = match sighting.seen {
            Seen::InTransit => ("DP", "IT"),
            Seen::Delivered => ("DL", "DL"),
            Seen::Odd => ("0W", "0W"),
        };
        let number = &sighting.tracking_number;
        Some(Statement::json(&json!({
            "transactionId": "7c9e6679-own",
            "output": { "completeTrackResults": [{
                "trackingNumber": number,
                "trackResults": [{
                    "trackingNumberInfo": { "trackingNumber": number, "carrierCode": "FDXG",
                        "trackingNumberUniqueId": format!("1~{number}~FDEG") },
                    "latestStatusDetail": { "code": derived, "description": "Seen" },
                    "scanEvents": [{
                        "date": sighting.at.to_string(), "eventType": event, "eventDescription": "Seen",
                        "exceptionCode": "", "exceptionDescription": "", "derivedStatusCode": derived,
                        "scanLocation": { "city": "Own Town", "countryCode": "US" },
                    }],
                }],
            }]},
        })))
    }
}
