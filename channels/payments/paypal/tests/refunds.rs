//! Refunds against a stand-in gateway: from which capture, and never twice.

use serde_json::json;

use super::calls::{REFUNDS, created, key, refund, refund_failed, sent, whole};
use super::{
    CAPTURE, amount, answering, known, movement, of_auth, of_capture, ok, part, problem, refunded,
    taken, total,
};

#[tokio::test]
async fn a_refund_that_was_taken_counts_under_its_own_id() {
    for status in ["COMPLETED", "PENDING"] {
        let made = created(movement("OWNREFUND1", status, "5.95", &of_capture()));
        let server = answering("POST", REFUNDS, made).await;
        known(&server, taken(whole("COMPLETED"), json!([]))).await;
        assert_eq!(
            refund(&server).await,
            Ok(refunded(part("OWNREFUND1", "5.95")))
        );
        let expected = json!({"amount": amount("5.95"), "custom_id": key()});
        assert_eq!(sent(&server).await, [(Some(key()), expected)]);
    }
    let server = answering("POST", REFUNDS, problem(422, "REFUND_TIME_LIMIT_EXCEEDED")).await;
    known(&server, taken(whole("COMPLETED"), json!([]))).await;
    let expected = refund_failed("REFUND_TIME_LIMIT_EXCEEDED");
    assert_eq!(refund(&server).await, Ok(expected));
}

#[tokio::test]
async fn a_refund_is_taken_from_one_capture_that_has_as_much_left_and_never_twice() {
    let first = movement("OWNCAPTURE0", "PARTIALLY_REFUNDED", "6.00", &of_auth());
    let given = movement("OWNREFUND0", "COMPLETED", "1.00", "captures/OWNCAPTURE0");
    let captures = json!([first, movement(CAPTURE, "COMPLETED", "34.97", &of_auth())]);
    let made = created(movement("OWNREFUND1", "COMPLETED", "5.95", &of_capture()));
    let server = answering("POST", REFUNDS, made).await;
    known(&server, taken(captures.clone(), json!([given]))).await;
    assert_eq!(
        refund(&server).await,
        Ok(refunded(part("OWNREFUND1", "5.95")))
    );
    // What was given for this effect before is found, whatever is left.
    let mut before = movement("OWNREFUND1", "COMPLETED", "5.95", "captures/OWNCAPTURE0");
    before["custom_id"] = json!(key());
    let server = answering("POST", "/none", ok(json!({}))).await;
    known(&server, taken(captures, json!([before]))).await;
    assert_eq!(
        refund(&server).await,
        Ok(refunded(part("OWNREFUND1", "5.95")))
    );
    assert!(sent(&server).await.is_empty());
    let all = json!([movement("OWNREFUND0", "COMPLETED", "40.97", &of_capture())]);
    let most = json!([movement("OWNREFUND0", "COMPLETED", "40.00", &of_capture())]);
    for (refunds, expected) in [
        (all, refunded(total("40.97"))),
        (most, refund_failed("no_capture_with_as_much_left")),
    ] {
        let server = answering("POST", "/none", ok(json!({}))).await;
        known(&server, taken(whole("REFUNDED"), refunds)).await;
        assert_eq!(refund(&server).await, Ok(expected));
    }
}
