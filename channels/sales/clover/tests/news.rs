//! What is said of an order after it was placed: its changes, refunds, that it was deleted.

use jiff::Timestamp;
use orderhub_domain::canonical::FulfilledBy;
use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::ChannelFact;
use orderhub_domain::quantity::Quantity;
use serde_json::{Value, json};
use wiremock::MockServer;

use super::look_up::{look_up, read as read_statement, with_order};
use super::orders::{inbound, of_type, read};
use super::read_as;
use crate::port::Inbound;

const AT: i64 = 1_772_445_600_000;

fn refund(id: &str, amount: i64, voided: bool) -> Value {
    json!({ "id": id, "amount": amount, "taxAmount": 5, "createdTime": AT, "voided": voided })
}

fn given(id: &str, cents: i64) -> ChannelFact {
    let dollar = Currency::from_code("USD").expect("a currency");
    ChannelFact::Refunded {
        reference: id.to_owned(),
        amount: Money::from_minor(cents, dollar).expect("an amount"),
        at: Timestamp::from_millisecond(AT).ok(),
    }
}

#[test]
fn a_state_has_the_time_of_its_change() {
    let at = |changes| inbound(changes).submission.draft.changed_at;
    let changed = json!({ "modifiedTime": AT });
    assert_eq!(at(changed), Timestamp::from_millisecond(AT).ok());
    assert_eq!(at(json!({ "modifiedTime": null })), None);
}

#[test]
fn refunds_and_credits_are_money_that_went_back_unless_they_were_voided() {
    let changes = json!({
        "paymentState": "PARTIALLY_REFUNDED",
        "refunds": { "elements": [refund("OWNR1", 555, false), refund("OWNR2", 100, true)] },
        "credits": { "elements": [refund("OWNC1", 45, false), { "id": "OWNC2" }] },
    });
    let facts = inbound(changes).facts;
    assert_eq!(facts[1..], [given("OWNR1", 555), given("OWNC1", 45)]);
    let counter = json!({ "orderType": null, "paymentState": "REFUNDED",
        "refunds": { "elements": [refund("OWNR1", 6210, false)] } });
    let facts = inbound(counter).facts;
    assert_eq!(
        facts[1..],
        [given("OWNR1", 6210)],
        "a return is no cancellation"
    );
    for bad in [
        json!({ "id": "jane@example.com", "amount": 1, "createdTime": AT }),
        json!({ "id": "OWNR1", "amount": 1.5 }),
        json!({ "id": "OWNR1", "amount": 1, "createdTime": i64::MAX }),
    ] {
        let read = read(json!({ "refunds": { "elements": [bad] } }));
        let Inbound::Unreadable { reason } = read else {
            panic!("not readable: {read:?}");
        };
        assert!(!reason.contains("jane"), "{reason}");
    }
}

#[test]
fn a_unit_whose_money_went_back_is_not_wanted() {
    let order = inbound(json!({ "line_refunded": true }));
    let line = &order.submission.draft.lines[0];
    assert_eq!(line.fulfilled_by, FulfilledBy::Nobody);
    assert_eq!(order.wanted.get(&line.external_id), Some(&Quantity::ZERO));
    assert_eq!(order.wanted.len(), 1);
    let mut sold = of_type("OWNTAKEOUT");
    sold["line_refunded"] = json!(true);
    let sold = inbound(sold).submission.draft;
    assert_eq!(sold.lines[0].fulfilled_by, FulfilledBy::Channel);
    assert!(inbound(json!({ "line_refunded": false })).wanted.is_empty());
    let over = inbound(json!({ "line_refunded": true, "paymentState": "REFUNDED" }));
    assert!(over.submission.draft.cancelled_at.is_some() && over.wanted.is_empty());
}

#[tokio::test]
async fn an_order_is_deleted_once_the_merchant_has_it_no_more() {
    let server = with_order("OWNSHIP").await;
    let still = look_up(&server, "deleted_order", "OWNORDER9001").await;
    let still = still.expect("an order");
    let read = read_statement(&server, &still[0]);
    assert!(matches!(read, Inbound::Order(_)), "{read:?}");
    let server = MockServer::start().await;
    let gone = look_up(&server, "deleted_order", "OWN1")
        .await
        .expect("an answer");
    let cancelled = Inbound::Said {
        order: "OWN1".to_owned(),
        facts: vec![ChannelFact::Cancelled {
            at: Timestamp::UNIX_EPOCH,
        }],
    };
    assert_eq!(read_statement(&server, &gone[0]), cancelled);
    let bad = read_as("deleted_order", b"{\"id\":\"../x\"}");
    assert!(matches!(bad, Inbound::Unreadable { .. }), "{bad:?}");
}
