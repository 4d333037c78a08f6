//! Stripe's events as it sends them: the payment intent, the charge or the dispute that changed, signed
//! with a time and HMAC-SHA256 in hexadecimal.

use jiff::SignedDuration;
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
            window: Some(SignedDuration::from_mins(5)),
        }
    }

    fn sign(&self, pushed: &mut Statement, secret: &str, scene: &Scene<'_>) {
        let time = scene.at.as_second().to_string();
        let tag = mac(secret.as_bytes(), &[time.as_bytes(), b".", &pushed.raw]);
        let header = format!("t={time},v1={}", hex::encode(tag));
        pushed.headers.insert("stripe-signature".to_owned(), header);
    }

    fn state(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Taking(taking) = thing else {
            return None;
        };
        let (kind, object) = changed(taking);
        Some(Statement::json(&json!({
            "id": format!("evt_{}_{kind}", taking.number), "object": "event",
            "api_version": "2026-06-30.basil", "created": taking.at.as_second(), "livemode": true,
            "type": kind, "data": { "object": object },
        })))
    }
}

/// The event's type, and the object as it is after it.
fn changed(taking: &Taking) -> (&'static str, Value) {
    match taking.what {
        Taken::Authorized => (
            "payment_intent.amount_capturable_updated",
            intent(taking, "requires_capture"),
        ),
        Taken::Declined => (
            "payment_intent.payment_failed",
            intent(taking, "requires_payment_method"),
        ),
        Taken::Captured => ("payment_intent.succeeded", intent(taking, "succeeded")),
        Taken::Refunded => ("charge.refunded", charge(taking)),
        Taken::Disputed => ("charge.dispute.created", dispute(taking)),
        Taken::Odd => ("payment_intent.own_word", intent(taking, "own_word")),
    }
}

fn intent(taking: &Taking, status: &str) -> Value {
    let minor = taking.amount.minor();
    let held = if status == "requires_capture" {
        minor
    } else {
        0
    };
    let received = if status == "succeeded" { minor } else { 0 };
    let problem = json!({ "type": "card_error", "code": "card_declined" });
    let declined = taking.what == Taken::Declined;
    json!({
        "id": format!("pi_{}", taking.number), "object": "payment_intent", "status": status,
        "amount": minor, "amount_capturable": held, "amount_received": received,
        "capture_method": "manual", "created": taking.at.as_second(), "livemode": true,
        "currency": currency(taking), "metadata": { "order_id": taking.order },
        "last_payment_error": declined.then_some(problem),
    })
}

fn charge(taking: &Taking) -> Value {
    let minor = taking.amount.minor();
    json!({
        "id": format!("ch_{}", taking.number), "object": "charge", "captured": true,
        "payment_intent": format!("pi_{}", taking.number), "currency": currency(taking),
        "amount": minor, "amount_captured": minor, "amount_refunded": minor, "refunded": true,
        "metadata": { "order_id": taking.order },
    })
}

fn dispute(taking: &Taking) -> Value {
    json!({
        "id": format!("dp_{}", taking.number), "object": "dispute", "status": "needs_response",
        "charge": format!("ch_{}", taking.number), "currency": currency(taking),
        "payment_intent": format!("pi_{}", taking.number), "amount": taking.amount.minor(),
        "reason": "product_not_received", "metadata": {},
    })
}

fn currency(taking: &Taking) -> String {
    taking.amount.currency().code().to_ascii_lowercase()
}
