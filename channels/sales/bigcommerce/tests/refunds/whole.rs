//! The money of an order that is cancelled as a whole: it goes back once, and the order ends.

use std::sync::Arc;

use orderhub_domain::order::NoticeEvidence;
use serde_json::{Value, json};
use wiremock::ResponseTemplate;

use super::Store;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::giving::no;
use crate::sales::{CancellationNotice, SalesConnector, Why};

const TOLD: NoticeAnswer = Ok(NoticeEvidence::Told);

async fn cancel(connector: &Arc<dyn SalesConnector>) -> NoticeAnswer {
    let notice = CancellationNotice {
        external_id: "9001".into(),
        why: Why::OutOfStock,
        refund: true,
    };
    let way = connector.way_back().expect("a way back");
    way.cancelled(&notice).await
}

fn store() -> Store {
    let store = Store::default();
    store.book().credit = "0.0000";
    store
}

/// The store gave this back already.
fn earlier(amount: &Value, declined: bool) -> Value {
    json!({ "id": 11, "order_id": 9001, "reason": "by hand", "items": [],
        "payments": [{ "id": 39, "amount": amount, "is_declined": declined }] })
}

#[tokio::test]
async fn what_is_left_of_the_money_goes_back_once_and_then_the_order_is_cancelled() {
    let store = store();
    store.book().credit = "1.5000";
    store.book().refunds = vec![earlier(&json!(10), false), earlier(&json!(3), true)];
    let (_server, connector) = store.serve().await;
    for _ in 0..3 {
        assert_eq!(cancel(&connector).await, TOLD);
    }
    let book = store.book();
    assert_eq!((book.sent.len(), book.cancelled), (1, 1));
    let item = "{\"item_type\":\"ORDER\",\"item_id\":9001,\"amount\":20.00,\
        \"reason\":\"orderhub-cancellation\"}";
    assert!(book.sent[0].contains(item), "{}", book.sent[0]);
}

#[tokio::test]
async fn a_refund_that_ends_the_order_needs_no_other_status() {
    let store = store();
    store.book().ended_by = Some(4);
    let (_server, connector) = store.serve().await;
    for _ in 0..2 {
        assert_eq!(cancel(&connector).await, TOLD);
    }
    let book = store.book();
    assert_eq!((book.refunds.len(), book.cancelled), (1, 0));
}

#[tokio::test]
async fn a_refund_of_all_whose_answer_was_lost_is_found_again() {
    let store = store();
    let (_server, connector) = store.serve().await;
    store.book().lose = Some(ResponseTemplate::new(502));
    let lost = cancel(&connector).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    assert_eq!(cancel(&connector).await, TOLD);
    let book = store.book();
    assert_eq!((book.refunds.len(), book.cancelled), (1, 1));
}

#[tokio::test]
async fn money_that_was_given_back_by_hand_is_not_given_twice() {
    let store = store();
    store.book().refunds = vec![earlier(&json!(31.5), false)];
    let (_server, connector) = store.serve().await;
    assert_eq!(cancel(&connector).await, TOLD);
    let book = store.book();
    assert_eq!((book.sent.len(), book.cancelled), (0, 1));
}

#[tokio::test]
async fn what_the_store_cannot_give_back_is_cancelled_and_left_to_a_person() {
    let store = store();
    store.book().offline = true;
    let (_server, connector) = store.serve().await;
    for _ in 0..2 {
        assert_eq!(cancel(&connector).await, Ok(no("refund_by_hand")));
    }
    assert_eq!(store.book().cancelled, 1);
    store.book().offline = false;
    store.book().declined = true;
    assert_eq!(cancel(&connector).await, Ok(no("refund_declined")));
    let book = store.book();
    assert_eq!((book.refunds.len(), book.cancelled), (1, 1));
}

#[tokio::test]
async fn a_quote_that_does_not_come_leaves_everything_as_it_is() {
    let store = store();
    store.book().away = Some(ResponseTemplate::new(503));
    let (_server, connector) = store.serve().await;
    let away = cancel(&connector).await;
    assert!(matches!(away, Err(CallError::NotDone { .. })), "{away:?}");
    let book = store.book();
    assert_eq!((book.refunds.len(), book.cancelled), (0, 0));
}
