//! Mollie's webhooks as it sends them, which only name a payment, and its payment as the API answers.

use serde_json::{Value, json};

use super::STATED;
use crate::port::Statement;
use crate::signature::mac;
use crate::specimen::{Scene, Signing, Specimen, Taken, Taking, Thing};

/// A profile whose webhooks are of the next generation. Classic ones are not signed at all, and nobody can
/// be believed or refused by them.
#[derive(Debug)]
pub(super) struct Profile;

impl Specimen for Profile {
    fn signing(&self) -> Signing {
        Signing::By {
            key: "webhook_secrets",
            window: None,
        }
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, _: &Scene<'_>) {
        let tag = hex::encode(mac(secret.as_bytes(), &[&pushed.raw]));
        let name = "x-mollie-signature".to_owned();
        pushed.headers.insert(name, format!("sha256={tag}"));
    }

    fn state(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Taking(taking) = thing else {
            return None;
        };
        let payment = payment(taking, scene.settings.text("profile"));
        Some(Statement::json(&payment).with(STATED, "payment"))
    }

    fn word(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Taking(taking) = thing else {
            return None;
        };
        let id = format!("tr_{}", taking.number);
        Some(Statement::json(&json!({
            "resource": "event", "id": "hook_own_1", "type": "payment.authorized", "entityId": id,
            "createdAt": taking.at.to_string(),
            "_embedded": { "entity": { "resource": "payment", "id": id } }, "_links": {},
        })))
    }
}

fn payment(taking: &Taking, profile: Option<&str>) -> Value {
    let id = format!("tr_{}", taking.number);
    let at = taking.at.to_string();
    let amount = json!({
        "value": taking.amount.amount().to_string(),
        "currency": taking.amount.currency().code(),
    });
    let movement = |prefix: &str, status: &str| {
        json!({
            "resource": prefix, "id": format!("{prefix}_{}", taking.number), "status": status,
            "amount": amount, "paymentId": id, "createdAt": at,
        })
    };
    let mut payment = json!({
        "resource": "payment", "id": id, "mode": "live", "createdAt": at, "amount": amount,
        "metadata": { "order_id": taking.order }, "captureMode": "manual", "details": null,
        "status": match taking.what {
            Taken::Authorized => "authorized",
            Taken::Declined => "failed",
            Taken::Captured | Taken::Refunded | Taken::Disputed => "paid",
            Taken::Odd => "own_word",
        },
        "_embedded": { "captures": [], "refunds": [], "chargebacks": [] }, "_links": {},
    });
    if let Some(profile) = profile {
        payment["profileId"] = profile.into();
    }
    match taking.what {
        Taken::Authorized => payment["authorizedAt"] = at.clone().into(),
        Taken::Declined => payment["failedAt"] = at.clone().into(),
        Taken::Captured | Taken::Refunded | Taken::Disputed => {
            payment["authorizedAt"] = at.clone().into();
            payment["paidAt"] = at.clone().into();
            payment["amountCaptured"] = amount.clone();
            payment["_embedded"]["captures"] = json!([movement("cpt", "succeeded")]);
        }
        Taken::Odd => {}
    }
    match taking.what {
        Taken::Refunded => payment["_embedded"]["refunds"] = json!([movement("re", "refunded")]),
        Taken::Disputed => {
            payment["_embedded"]["chargebacks"] = json!([movement("chb", "open")]);
        }
        _ => {}
    }
    payment
}
