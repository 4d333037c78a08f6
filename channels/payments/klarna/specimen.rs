//! Klarna's orders as its order management API states them, and the push that names one.

use serde_json::{Value, json};

use crate::port::Statement;
use crate::specimen::{Scene, Signing, Specimen, Taken, Taking, Thing};

/// An account that sends its pushes and answers for its orders.
#[derive(Debug)]
pub(super) struct Account;

impl Specimen for Account {
    fn signing(&self) -> Signing {
        Signing::Theirs {
            because: "the secret stands in the address that is called, and nothing is signed",
        }
    }

    fn state(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Taking(taking) = thing else {
            return None;
        };
        let order = match taking.what {
            Taken::Authorized => order(taking, "AUTHORIZED", [0, 0]),
            Taken::Declined => order(taking, "CANCELLED", [0, 0]),
            Taken::Captured => order(taking, "CAPTURED", [1, 0]),
            Taken::Refunded => order(taking, "CAPTURED", [1, 1]),
            Taken::Odd => order(taking, "OWN_WORD", [0, 0]),
            Taken::Disputed => return None,
        };
        Some(Statement::json(&order).with("x-klarna-resource", "order"))
    }

    fn word(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Taking(taking) = thing else {
            return None;
        };
        let rejected = taking.what == Taken::Declined;
        let word = if rejected { "REJECTED" } else { "ACCEPTED" };
        Some(Statement::json(&json!({
            "order_id": id(taking), "event_type": format!("FRAUD_RISK_{word}"),
        })))
    }
}

fn id(taking: &Taking) -> String {
    format!("0b1d9815-own1-4f2e-9a67-{}", taking.number)
}

/// An order of which all or nothing was captured and given back.
fn order(taking: &Taking, status: &str, [captured, refunded]: [i64; 2]) -> Value {
    let (minor, at) = (taking.amount.minor(), taking.at.to_string());
    let capture = json!({
        "capture_id": format!("{}-1", taking.number), "captured_amount": minor, "captured_at": at,
    });
    let refund = json!({
        "refund_id": format!("{}-2", taking.number), "refunded_amount": minor, "refunded_at": at,
    });
    let declined = taking.what == Taken::Declined;
    json!({
        "order_id": id(taking), "status": status,
        "fraud_status": if declined { "REJECTED" } else { "ACCEPTED" },
        "order_amount": minor, "original_order_amount": minor,
        "captured_amount": captured * minor, "refunded_amount": refunded * minor,
        "remaining_authorized_amount": (1 - captured) * minor,
        "purchase_currency": taking.amount.currency().code(), "purchase_country": "DE",
        "merchant_reference1": "#1042", "merchant_reference2": taking.order,
        "created_at": at, "captures": (captured == 1).then_some(vec![capture]),
        "refunds": (refunded == 1).then_some(vec![refund]),
    })
}
