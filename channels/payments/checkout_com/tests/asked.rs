//! What a payment says when it is asked for: what is firmly there, firmly not there, and not known.

use orderhub_domain::order::PaymentEvidence;
use serde_json::{Value, json};
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{
    ORDER, action, also, answering, authorized, captured, gateway, not_done, ok, order, own, part,
    payment, refunded, total, voided,
};
use crate::payments::Sought;
use crate::port::{CallError, Found};

const ONE: &str = "/payments/pay_own1";
const ACTIONS: &str = "/payments/pay_own1/actions";
const BY_ID: Sought<'_> = Sought::Reference("pay_own1");

type Known = Result<Found<Vec<PaymentEvidence>>, CallError>;

async fn query(server: &MockServer, sought: Sought<'_>) -> Known {
    gateway(&server.uri()).query(order(), sought).await
}

/// What a payment and its actions, latest first, come to.
async fn known(payment: Value, actions: Value) -> Known {
    let server = answering("GET", ONE, ok(payment)).await;
    also(&server, "GET", ACTIONS, ok(actions)).await;
    query(&server, BY_ID).await
}

fn declined(code: &str) -> PaymentEvidence {
    PaymentEvidence::Declined {
        reference: Some("pay_own1".to_owned()),
        code: code.to_owned(),
    }
}

#[tokio::test]
async fn everything_that_was_done_to_a_payment_is_told_oldest_first() {
    let sums = json!({"total_authorized": 4097, "total_captured": 4097, "total_refunded": 595});
    let actions = json!([
        action("act_6", "Refund", 100, false),
        action("act_5", "Refund", 595, true),
        action("act_4", "Capture", 1097, true),
        action("act_3", "Capture", 1097, false),
        action("act_2", "Capture", 3000, true),
        action("act_1", "Authorization", 4097, true),
    ]);
    let whole = payment(json!({"status": "Partially Refunded", "balances": sums}));
    let failed = PaymentEvidence::RefundFailed {
        refund: Some("act_6".to_owned()),
        code: "20051".to_owned(),
    };
    let expected = vec![
        authorized(),
        captured(part("act_2", "30.00")),
        captured(part("act_4", "10.97")),
        refunded(part("act_5", "5.95")),
        failed,
        captured(total("40.97")),
        refunded(total("5.95")),
    ];
    assert_eq!(known(whole, actions).await, Ok(Found::There(expected)));
}

#[tokio::test]
async fn a_failed_capture_counts_while_nothing_was_tried_after_it() {
    let failed = PaymentEvidence::CaptureFailed {
        capture: None,
        code: "20051".to_owned(),
    };
    let actions = json!([action("act_2", "Capture", 4097, false)]);
    let expected = Ok(Found::There(vec![authorized(), failed]));
    assert_eq!(known(payment(json!({})), actions).await, expected);
}

#[tokio::test]
async fn an_end_means_what_came_before_it() {
    for status in ["Voided", "Expired", "Canceled"] {
        let ended = payment(json!({"status": status}));
        let expected = Ok(Found::There(vec![authorized(), voided()]));
        assert_eq!(known(ended, json!([])).await, expected, "{status}");
    }
    let nothing = json!({"total_authorized": 0});
    for (status, code) in [("Expired", "expired"), ("Canceled", "canceled")] {
        let never = payment(json!({"status": status, "balances": nothing}));
        let expected = Ok(Found::There(vec![declined(code)]));
        assert_eq!(known(never, json!([])).await, expected, "{status}");
    }
    let refused = payment(json!({"status": "Declined", "balances": nothing}));
    let actions = json!([action("act_1", "Authorization", 4097, false)]);
    let expected = Ok(Found::There(vec![declined("20051")]));
    assert_eq!(known(refused, actions).await, expected);
}

#[tokio::test]
async fn what_is_not_decided_is_no_answer() {
    let nothing = json!({"total_authorized": 0});
    for status in ["Pending", "Retry Scheduled", "New In 2031"] {
        let open = payment(json!({"status": status, "balances": nothing}));
        assert!(not_done(&known(open, json!([])).await), "{status}");
    }
    let links = json!({"redirect": {"href": "https://ownown12.api.checkout.com/3ds/pay_own1"}});
    let asked = payment(json!({"status": "Pending", "balances": nothing, "_links": links}));
    let expected = PaymentEvidence::ActionRequired {
        reference: "pay_own1".to_owned(),
    };
    assert_eq!(
        known(asked, json!([])).await,
        Ok(Found::There(vec![expected]))
    );
}

#[tokio::test]
async fn only_the_gateways_own_word_says_that_there_is_none() {
    let server = answering("GET", ONE, own(404)).await;
    assert_eq!(query(&server, BY_ID).await, Ok(Found::Absent));
    assert_eq!(
        query(&server, Sought::Reference("..")).await,
        Ok(Found::Absent)
    );
    for status in [301, 401, 403, 404, 429, 500, 503] {
        let page = ResponseTemplate::new(status).set_body_string("<html>no</html>");
        let server = answering("GET", ONE, page).await;
        assert!(not_done(&query(&server, BY_ID).await), "{status}");
    }
    let server = answering("GET", ONE, ok(payment(json!({})))).await;
    assert!(not_done(&query(&server, BY_ID).await));
    assert!(not_done(&known(json!({"Jane": 1}), json!([])).await));
}

#[tokio::test]
async fn an_orders_payments_are_found_by_its_reference() {
    let effect = order().effect(3);
    let of_it = json!({"order_id": ORDER, "effect_id": effect.to_string()});
    let ours = payment(json!({"metadata": of_it}));
    let others = payment(json!({"id": "pay_other", "reference": "ord_another"}));
    let server = answering("GET", ONE, ok(ours.clone())).await;
    also(&server, "GET", ACTIONS, ok(json!([]))).await;
    Mock::given(method("GET"))
        .and(path("/payments"))
        .and(query_param("reference", ORDER))
        .and(header("authorization", "Bearer sk_own_key"))
        .respond_with(ok(json!({"total_count": 2, "data": [others, ours]})))
        .mount(&server)
        .await;
    let expected = Ok(Found::There(vec![authorized()]));
    assert_eq!(query(&server, Sought::All).await, expected);
    assert_eq!(query(&server, Sought::Effect(effect)).await, expected);
    let other = query(&server, Sought::Effect(order().effect(4))).await;
    assert_eq!(other, Ok(Found::Absent));
}

#[tokio::test]
async fn none_is_firm_only_when_all_that_could_be_were_seen() {
    let none = ok(json!({"total_count": 0, "data": []}));
    let server = answering("GET", "/payments", none).await;
    assert_eq!(query(&server, Sought::All).await, Ok(Found::Absent));
    let more = ok(json!({"total_count": 101, "data": []}));
    for answer in [more, own(404), own(500), ok(json!({}))] {
        let server = answering("GET", "/payments", answer).await;
        assert!(not_done(&query(&server, Sought::All).await));
    }
}
