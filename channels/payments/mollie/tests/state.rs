//! What a payment says that was looked up.

use orderhub_domain::order::{PaymentEvidence, Reported};
use serde_json::{Value, json};

use super::{
    NOWHERE, ORDER, PAYMENT, amount, at, authorized, eur, gateway, payment, voided, with_request,
};
use crate::port::Inbound;

fn read(body: &[u8]) -> Vec<Inbound> {
    let headers = [("x-mollie-resource", "payment")];
    with_request(&headers, body, |request| gateway(NOWHERE).read(request))
}

fn state(changes: Value) -> Vec<Inbound> {
    read(&serde_json::to_vec(&payment(changes)).expect("JSON"))
}

fn evidence(read: Vec<Inbound>) -> Vec<PaymentEvidence> {
    let one = |item| match item {
        Inbound::Payment { evidence, .. } => evidence,
        other => panic!("not about a payment: {other:?}"),
    };
    read.into_iter().map(one).collect()
}

fn topic(read: &[Inbound]) -> &str {
    match read {
        [Inbound::Unknown { topic }] => topic,
        other => panic!("not one unknown: {other:?}"),
    }
}

fn captured(amount: Reported) -> PaymentEvidence {
    PaymentEvidence::Captured {
        reference: "tr_own1".to_owned(),
        amount,
    }
}

fn part(id: &str, amount: &str) -> Reported {
    Reported::Part {
        reference: id.to_owned(),
        amount: eur(amount),
    }
}

fn total(amount: &str) -> Reported {
    Reported::Total {
        amount: eur(amount),
    }
}

fn movement(id: &str, status: &str, value: &str, created: &str) -> Value {
    json!({"id": id, "status": status, "amount": amount(value), "createdAt": created})
}

#[test]
fn an_authorisation_says_whose_when_how_much_and_until_when() {
    let expected = Inbound::Payment {
        reference: "tr_own1".to_owned(),
        order: Some(ORDER.to_owned()),
        occurred_at: Some(at(1_760_000_000)),
        test: false,
        evidence: authorized(),
    };
    assert_eq!(read(PAYMENT.as_bytes()), [expected]);
}

#[test]
fn everything_but_live_mode_is_test_data() {
    for mode in [json!("test"), json!("new"), Value::Null] {
        let read = state(json!({"mode": mode}));
        assert!(matches!(read[..], [Inbound::Payment { test: true, .. }]));
    }
}

#[test]
fn what_we_told_is_found_in_an_object_and_in_a_text() {
    for (metadata, order) in [
        (json!(format!("{{\"order_id\":\"{ORDER}\"}}")), Some(ORDER)),
        (json!("order 7"), None),
        (json!({"order_id": 7}), None),
        (json!([1]), None),
        (Value::Null, None),
    ] {
        let read = state(json!({"metadata": metadata}));
        let [Inbound::Payment { order: named, .. }] = &read[..] else {
            panic!("not one payment: {read:?}");
        };
        assert_eq!(named.as_deref(), order);
    }
}

#[test]
fn captures_count_one_by_one_and_in_all() {
    let captures = json!([
        movement("cpt_2", "succeeded", "10.97", "2025-10-11T08:00:00+00:00"),
        movement("cpt_1", "succeeded", "30.00", "2025-10-10T08:00:00+00:00"),
    ]);
    let paid = json!({"status": "paid", "amountCaptured": amount("40.97"),
        "_embedded": {"captures": captures}});
    let expected = [
        authorized(),
        captured(part("cpt_1", "30.00")),
        captured(part("cpt_2", "10.97")),
        captured(total("40.97")),
    ];
    assert_eq!(evidence(state(paid)), expected);
    let at_once = json!({"status": "paid", "authorizedAt": null, "amountCaptured": null,
        "paidAt": "2025-10-09T08:53:20+00:00"});
    assert_eq!(evidence(state(at_once)), [captured(total("40.97"))]);
}

#[test]
fn a_failed_capture_counts_while_nothing_was_tried_after_it() {
    let failed = PaymentEvidence::CaptureFailed {
        capture: None,
        code: "failed".to_owned(),
    };
    let first = movement("cpt_1", "failed", "40.97", "2025-10-10T08:00:00+00:00");
    let second = movement("cpt_2", "pending", "40.97", "2025-10-11T08:00:00+00:00");
    let alone = json!({"_embedded": {"captures": [first]}});
    assert_eq!(evidence(state(alone)), [authorized(), failed]);
    let again = json!({"_embedded": {"captures": [second, first]}});
    assert_eq!(evidence(state(again)), [authorized()]);
}

#[test]
fn a_refund_counts_from_its_taking_until_it_fails() {
    let refunded = |amount| PaymentEvidence::Refunded {
        reference: "tr_own1".to_owned(),
        amount,
    };
    for status in ["queued", "pending", "processing", "refunded"] {
        let refund = movement("re_1", status, "5.95", "2025-10-12T08:00:00+00:00");
        let read = state(json!({"_embedded": {"refunds": [refund]}}));
        let expected = [authorized(), refunded(part("re_1", "5.95"))];
        assert_eq!(evidence(read), expected, "{status}");
    }
    for status in ["failed", "canceled"] {
        let refund = movement("re_1", status, "5.95", "2025-10-12T08:00:00+00:00");
        let read = state(json!({"_embedded": {"refunds": [refund]}}));
        let expected = PaymentEvidence::RefundFailed {
            refund: Some("re_1".to_owned()),
            code: status.to_owned(),
        };
        assert_eq!(evidence(read), [authorized(), expected], "{status}");
    }
}

#[test]
fn a_chargeback_is_open_until_it_is_reversed_and_in_the_payments_currency() {
    let chargeback = |reversed: Value| {
        json!({"_embedded": {"chargebacks": [{
            "id": "chb_1", "amount": amount("40.97"), "reversedAt": reversed,
            "settlementAmount": {"value": "-35.07", "currency": "USD"},
            "createdAt": "2025-11-02T08:15:00.0Z",
        }]}})
    };
    let opened = PaymentEvidence::DisputeOpened {
        dispute: "chb_1".to_owned(),
        amount: eur("40.97"),
        due: None,
    };
    let open = evidence(state(chargeback(Value::Null)));
    assert_eq!(open, [authorized(), opened.clone()]);
    let closed = PaymentEvidence::DisputeClosed {
        dispute: "chb_1".to_owned(),
        won: true,
        amount: eur("40.97"),
    };
    let won = evidence(state(chargeback(json!("2025-11-09T08:15:00.0Z"))));
    assert_eq!(won, [authorized(), opened, closed]);
}

#[test]
fn an_end_means_what_came_before_it() {
    for status in ["canceled", "expired", "failed"] {
        let held = evidence(state(json!({"status": status})));
        assert_eq!(held, [authorized(), voided()], "{status}");
        let never = json!({"status": status, "authorizedAt": null});
        let expected = PaymentEvidence::Declined {
            reference: Some("tr_own1".to_owned()),
            code: status.to_owned(),
        };
        assert_eq!(evidence(state(never)), [expected], "{status}");
    }
    for (details, code) in [
        (
            json!({"statusReason": {"code": "insufficient_funds"}}),
            "insufficient_funds",
        ),
        (
            json!({"details": {"failureReason": "card_expired"}}),
            "card_expired",
        ),
        (
            json!({"statusReason": {"code": "Jane has no money"}}),
            "failed",
        ),
    ] {
        let mut failed = details;
        failed["status"] = "failed".into();
        failed["authorizedAt"] = Value::Null;
        let expected = PaymentEvidence::Declined {
            reference: Some("tr_own1".to_owned()),
            code: code.to_owned(),
        };
        assert_eq!(evidence(state(failed)), [expected]);
    }
}

#[test]
fn what_is_open_new_or_anothers_is_kept() {
    for (status, expected) in [
        ("open", "not_yet:open"),
        ("pending", "not_yet:pending"),
        ("new-in-2031", "status:new-in-2031"),
        ("Dear Jane", "status:no plain status"),
    ] {
        let read = state(json!({"status": status, "authorizedAt": null}));
        assert_eq!(topic(&read), expected);
    }
    let others = state(json!({"profileId": "pfl_another"}));
    assert_eq!(topic(&others), "another_account:authorized");
}

#[test]
fn what_cannot_be_read_says_where_and_quotes_nothing() {
    let odd = json!({"amount": {"value": "40.975", "currency": "EUR"}});
    for read in [
        state(json!({"amount": "Jane"})),
        state(odd),
        read(b"Jane"),
        read(b"id=tr_own1"),
    ] {
        let [Inbound::Unreadable { reason }] = &read[..] else {
            panic!("readable: {read:?}");
        };
        assert!(!reason.contains("Jane"), "{reason}");
    }
}
