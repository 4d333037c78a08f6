//! Checkout.com's events as its workflows send them: the payment or the dispute that something happened to,
//! with what it came to in all, signed with HMAC-SHA256 in hexadecimal over the body.

use serde_json::{Value, json};

use crate::port::Statement;
use crate::signature::mac;
use crate::specimen::{Scene, Signing, Specimen, Taken, Taking, Thing};

/// An account that sends its events.
#[derive(Debug)]
pub(super) struct Account;

impl Specimen for Account {
    fn signing(&self) -> Signing {
        Signing::By {
            key: "webhook_secrets",
            window: None,
        }
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, _: &Scene<'_>) {
        let tag = hex::encode(mac(secret.as_bytes(), &[&pushed.raw]));
        pushed.headers.insert("cko-signature".to_owned(), tag);
    }

    fn state(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Taking(taking) = thing else {
            return None;
        };
        let channel = scene.settings.text("processing_channel");
        let (kind, data) = match taking.what {
            Taken::Authorized => ("payment_approved", payment(taking, [1, 0, 0])),
            Taken::Declined => ("payment_declined", payment(taking, [0, 0, 0])),
            Taken::Captured => ("payment_captured", payment(taking, [1, 1, 0])),
            Taken::Refunded => ("payment_refunded", payment(taking, [1, 1, 1])),
            Taken::Disputed => ("dispute_evidence_required", dispute(taking)),
            Taken::Odd => ("payment_own_word", payment(taking, [1, 0, 0])),
        };
        let mut data = data;
        data["processing_channel_id"] = json!(channel);
        let own = format!("https://acme0123.api.checkout.com/workflows/events/evt_{kind}");
        Some(Statement::json(&json!({
            "id": format!("evt_{}_{kind}", taking.number), "type": kind, "version": "1.0.29",
            "created_on": taking.at.to_string(), "data": data,
            "_links": { "self": { "href": own } },
        })))
    }
}

/// A payment of which this much was authorised, captured and given back: all or nothing.
fn payment(taking: &Taking, [authorized, captured, refunded]: [i64; 3]) -> Value {
    let minor = taking.amount.minor();
    let approved = taking.what != Taken::Declined;
    json!({
        "id": format!("pay_{}", taking.number), "reference": taking.order,
        "action_id": format!("act_{}_{:?}", taking.number, taking.what),
        "amount": minor, "currency": taking.amount.currency().code(),
        "metadata": { "order_id": taking.order }, "payment_type": "Regular",
        "processed_on": taking.at.to_string(),
        "response_code": if approved { "10000" } else { "20051" },
        "balances": {
            "total_authorized": authorized * minor, "total_voided": 0,
            "total_captured": captured * minor, "total_refunded": refunded * minor,
            "available_to_capture": (authorized - captured) * minor,
        },
    })
}

fn dispute(taking: &Taking) -> Value {
    json!({
        "id": format!("dsp_{}", taking.number), "category": "fraudulent", "reason_code": "10.4",
        "date": taking.at.to_string(), "amount": taking.amount.minor(),
        "currency": taking.amount.currency().code(),
        "payment_id": format!("pay_{}", taking.number), "payment_reference": taking.order,
    })
}
