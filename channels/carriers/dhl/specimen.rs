//! DHL's push messages as DHL writes them, and what it says when it is asked
//! (developer.dhl.com/api-reference/shipment-tracking-unified-push and .../shipment-tracking).

use serde_json::{Value, json};

use crate::port::Statement;
use crate::specimen::{Scene, Seen, Sighting, Signing, Specimen, Thing, utc};

/// An account with a push subscription.
#[derive(Debug)]
pub(super) struct Pushes;

impl Specimen for Pushes {
    fn signing(&self) -> Signing {
        Signing::Theirs {
            because: "it shows a token that it was told and signs nothing",
        }
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, _: &Scene<'_>) {
        let name = "x-orderhub-token".to_owned();
        pushed.headers.insert(name, secret.to_owned());
    }

    fn state(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Sighting(sighting) = thing else {
            return None;
        };
        let stated = Statement::json(&json!({
            "url": "/shipments?offset=0&limit=5", "firstUrl": "/shipments?offset=0&limit=5",
            "shipments": [shipment(sighting)],
        }));
        Some(stated.with("x-dhl-resource", "tracking"))
    }

    fn word(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Sighting(sighting) = thing else {
            return None;
        };
        Some(Statement::json(&json!({
            "scope": "subscription.push",
            "self": "https://api-eu.dhl.com/tracking/push/v1/subscription/0b1c2d3e-own",
            "note": "Regular push message",
            "shipments": [shipment(sighting)],
        })))
    }
}

fn shipment(sighting: &Sighting) -> Value {
    let word = match sighting.seen {
        Seen::InTransit => "transit",
        Seen::Delivered => "delivered",
        Seen::Odd => "own-word",
    };
    let place = json!({ "address": { "addressLocality": "Own Town", "countryCode": "DE" } });
    json!({
        "id": sighting.tracking_number, "service": "parcel-de",
        "status": { "timestamp": sighting.at.to_string(), "location": place, "statusCode": word,
            "status": "Seen", "description": "Seen" },
        "events": [{ "timestamp": utc(sighting.at), "location": place, "statusCode": word,
            "status": "Seen", "description": "Seen" }],
    })
}
