//! What is said of an order after it was placed: its changes, what was cancelled there, what went back.

use orderhub_domain::canonical::FulfilledBy;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;
use serde_json::{Value, json};
use wiremock::MockServer;

use super::look_up::{answer, json_answer, look_up, read as read_statement};
use super::orders::{inbound, read};
use super::{hook, read_as, unknown};
use crate::port::{Inbound, Resource};

fn refund(status: &str) -> Value {
    json!({ "id": "OWNPAY1_own", "payment_id": "OWNPAY1", "order_id": "OWNOTHER",
        "location_id": "OWNLOC1", "status": status, "reason": "Own reason",
        "amount_money": { "amount": 555, "currency": "USD" },
        "created_at": "2026-03-02T09:00:00Z", "updated_at": "2026-03-02T10:00:00.500Z" })
}

fn stated(refund: &Value, order: Option<&str>) -> Inbound {
    let body = json!({ "refund": refund, "order_id": order });
    read_as(Some("refund"), &serde_json::to_vec(&body).expect("JSON"))
}

fn given() -> Inbound {
    let dollar = Currency::from_code("USD").expect("a currency");
    Inbound::Said {
        order: "OWN1".to_owned(),
        facts: vec![ChannelFact::Refunded {
            reference: "OWNPAY1_own".to_owned(),
            amount: Money::from_minor(555, dollar).expect("an amount"),
            at: "2026-03-02T10:00:00.500Z".parse().ok(),
        }],
    }
}

#[test]
fn a_state_has_the_time_of_its_change() {
    let at = |changes| inbound(changes).submission.draft.changed_at;
    assert_eq!(at(json!({})), "2026-03-01T09:31:00.456Z".parse().ok());
    let made = json!({"updated_at": null});
    assert_eq!(at(made), "2026-03-01T09:30:00.123Z".parse().ok());
}

#[test]
fn a_cancelled_part_of_an_order_that_goes_on_is_not_wanted() {
    let entries =
        |line: &str, units: &str| json!([{ "uid": "e", "line_item_uid": line, "quantity": units }]);
    let one = |state: &str, line: &str, units: &str| {
        json!({ "uid": format!("own-{line}"), "type": "SHIPMENT", "state": state,
            "line_item_application": "ENTRY_LIST", "entries": entries(line, units) })
    };
    let both = json!([
        one("CANCELED", "own-line-card", "1"),
        one("PROPOSED", "own-line-mug", "2")
    ]);
    let order = inbound(json!({ "fulfillments": both }));
    let draft = &order.submission.draft;
    assert_eq!(draft.cancelled_at, None);
    assert_eq!(draft.lines[0].fulfilled_by, FulfilledBy::Us);
    assert_eq!(draft.lines[1].fulfilled_by, FulfilledBy::Nobody);
    let wanted: Vec<_> = order.wanted.iter().collect();
    assert_eq!(wanted, [(&"own-line-card".to_owned(), &Quantity::ZERO)]);
    let over = inbound(json!({ "later_state": "CANCELED" }));
    assert!(over.submission.draft.cancelled_at.is_some() && over.wanted.is_empty());
    // What we ship ourselves is still wanted.
    let shipped = json!([
        one("COMPLETED", "own-line-card", "1"),
        one("PROPOSED", "own-line-mug", "2")
    ]);
    assert!(
        inbound(json!({ "fulfillments": shipped }))
            .wanted
            .is_empty()
    );
    let half = json!([
        one("CANCELED", "own-line-mug", "1"),
        one("PROPOSED", "own-line-card", "1")
    ]);
    let half = read(json!({ "fulfillments": half }));
    assert_eq!(half, unknown("order:line_in_parts"));
}

#[test]
fn a_refund_is_named_by_its_webhooks_and_looked_up() {
    for topic in ["refund.created", "refund.updated"] {
        let named = read_as(None, &hook(topic, &json!({ "refund": refund("PENDING") })));
        let expected = Inbound::Changed(Resource {
            kind: "refund".into(),
            id: "OWNPAY1_own".into(),
        });
        assert_eq!(named, expected);
    }
    let mut elsewhere = refund("COMPLETED");
    elsewhere["location_id"] = json!("OWNLOC2");
    let kept = read_as(
        None,
        &hook("refund.updated", &json!({ "refund": elsewhere })),
    );
    assert_eq!(kept, unknown("another_location:refund.updated"));
    let bad = read_as(None, &hook("refund.updated", &json!({ "refund": {} })));
    assert!(matches!(bad, Inbound::Unreadable { .. }), "{bad:?}");
}

#[test]
fn only_money_that_went_back_is_said_and_of_the_order_that_was_paid() {
    assert_eq!(stated(&refund("COMPLETED"), Some("OWN1")), given());
    for status in ["PENDING", "FAILED", "REJECTED"] {
        let kept = stated(&refund(status), Some("OWN1"));
        assert_eq!(kept, unknown(&format!("refund.{status}")));
    }
    assert_eq!(
        stated(&refund("COMPLETED"), None),
        unknown("refund:no_order")
    );
    let mut other = refund("COMPLETED");
    other["location_id"] = json!("OWNLOC2");
    assert_eq!(
        stated(&other, Some("OWN1")),
        unknown("another_location:refund")
    );
    for (member, bad) in [
        ("amount_money", json!({ "amount": 5.5, "currency": "USD" })),
        (
            "amount_money",
            json!({ "amount": 5, "currency": "jane@example.com" }),
        ),
        ("updated_at", json!("jane@example.com")),
        ("id", json!("jane@example.com")),
    ] {
        let mut refund = refund("COMPLETED");
        refund[member] = bad;
        let Inbound::Unreadable { reason } = stated(&refund, Some("OWN1")) else {
            panic!("not readable: {member}");
        };
        assert!(!reason.contains("jane"), "{reason}");
    }
}

#[tokio::test]
async fn a_refund_is_looked_up_with_the_order_of_its_payment() {
    let server = MockServer::start().await;
    let found = json_answer(&json!({ "refund": refund("COMPLETED") }));
    answer(&server, "GET", "/v2/refunds/OWNPAY1_own", found).await;
    let payment = json!({ "payment": { "id": "OWNPAY1", "order_id": "OWN1" } });
    answer(
        &server,
        "GET",
        "/v2/payments/OWNPAY1",
        json_answer(&payment),
    )
    .await;
    let found = look_up(&server, "refund", "OWNPAY1_own")
        .await
        .expect("a refund");
    let read: Vec<_> = found
        .iter()
        .map(|one| read_statement(&server, one))
        .collect();
    assert_eq!(read, [given()]);
    let text = String::from_utf8_lossy(&found[0].raw).into_owned();
    assert!(text.contains("\"order_id\":\"OWN1\""), "{text}");
    assert_eq!(look_up(&server, "refund", "OWN2").await, Ok(Vec::new()));
}
