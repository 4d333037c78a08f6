//! PayPal's checkout orders and disputes as its API states them, and the events that name them.

use serde_json::{Value, json};

use crate::port::Statement;
use crate::specimen::{Scene, Signing, Specimen, Taken, Taking, Thing};

/// An account that sends its events and answers for its payments.
#[derive(Debug)]
pub(super) struct Account;

impl Specimen for Account {
    fn signing(&self) -> Signing {
        Signing::Theirs {
            because: "it signs with a key that only the vendor has, and its certificate is fetched",
        }
    }

    fn state(&self, thing: Thing<'_>, scene: &Scene<'_>) -> Option<Statement> {
        let Thing::Taking(taking) = thing else {
            return None;
        };
        if taking.what == Taken::Disputed {
            let stated = Statement::json(&dispute(taking)).with("x-paypal-resource", "dispute");
            return Some(stated.with("x-paypal-payment", id("AUTH", taking)));
        }
        let status = match taking.what {
            Taken::Authorized => "CREATED",
            Taken::Declined => "DENIED",
            Taken::Captured | Taken::Refunded => "CAPTURED",
            Taken::Disputed | Taken::Odd => "OWN_WORD",
        };
        let order = order(taking, status, scene.settings.text("merchant_id"));
        Some(Statement::json(&order).with("x-paypal-resource", "order"))
    }

    fn word(&self, thing: Thing<'_>, _: &Scene<'_>) -> Option<Statement> {
        let Thing::Taking(taking) = thing else {
            return None;
        };
        let authorization = movement(taking, "AUTH", "CREATED", "orders/x");
        let disputed = taking.what == Taken::Disputed;
        let (kind, of, resource) = if disputed {
            ("CUSTOMER.DISPUTE.CREATED", "dispute", dispute(taking))
        } else {
            (
                "PAYMENT.AUTHORIZATION.CREATED",
                "authorization",
                authorization,
            )
        };
        Some(Statement::json(&json!({
            "id": format!("WH-{}", taking.number), "event_version": "1.0",
            "create_time": taking.at.to_string(), "event_type": kind, "resource_type": of,
            "resource": resource, "links": [],
        })))
    }
}

fn id(kind: &str, taking: &Taking) -> String {
    format!("{kind}{}", taking.number)
}

fn amount(taking: &Taking) -> Value {
    let code = taking.amount.currency().code();
    json!({ "currency_code": code, "value": taking.amount.amount().to_string() })
}

/// An authorisation, a capture or a refund of the whole.
fn movement(taking: &Taking, kind: &str, status: &str, up: &str) -> Value {
    let up = format!("https://api.paypal.com/v2/payments/{up}");
    json!({
        "id": id(kind, taking), "status": status, "amount": amount(taking),
        "custom_id": taking.order, "create_time": taking.at.to_string(),
        "links": [{ "rel": "up", "href": up, "method": "GET" }],
        "supplementary_data": { "related_ids": { "order_id": id("ORDER", taking) } },
    })
}

fn order(taking: &Taking, status: &str, merchant: Option<&str>) -> Value {
    let authorization = movement(taking, "AUTH", status, "orders/x");
    let given = taking.what == Taken::Refunded;
    let word = if given { "REFUNDED" } else { "COMPLETED" };
    let up = format!("authorizations/{}", id("AUTH", taking));
    let capture = movement(taking, "CAPTURE", word, &up);
    let up = format!("captures/{}", id("CAPTURE", taking));
    let refund = movement(taking, "REFUND", "COMPLETED", &up);
    let mut payments = json!({ "authorizations": [authorization] });
    if status == "CAPTURED" {
        payments["captures"] = json!([capture]);
    }
    if given {
        payments["refunds"] = json!([refund]);
    }
    json!({
        "id": id("ORDER", taking), "intent": "AUTHORIZE", "status": "COMPLETED",
        "purchase_units": [{
            "reference_id": "default", "custom_id": taking.order, "amount": amount(taking),
            "payee": { "merchant_id": merchant }, "payments": payments,
        }],
    })
}

fn dispute(taking: &Taking) -> Value {
    json!({
        "dispute_id": id("PP-D-", taking), "create_time": taking.at.to_string(),
        "status": "WAITING_FOR_SELLER_RESPONSE", "dispute_amount": amount(taking),
        "dispute_life_cycle_stage": "CHARGEBACK",
        "disputed_transactions": [{ "seller_transaction_id": id("CAPTURE", taking) }],
    })
}
