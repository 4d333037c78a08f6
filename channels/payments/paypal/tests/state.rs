//! What is said by what was looked up.

use orderhub_domain::order::PaymentEvidence;
use serde_json::{Value, json};

use super::{
    AUTH, CAPTURE, CAPTURED, FIXTURE, NOWHERE, ORDER, amount, at, authorized, captured, eur,
    gateway, held, movement, of_auth, of_capture, part, refunded, settings, stated, taken, voided,
    with_request,
};
use crate::payments::connect;
use crate::port::Inbound;
use crate::settings::Mode;

const DISPUTE: &str = include_str!("../fixtures/dispute.json");

fn read(kind: &str, body: &[u8]) -> Vec<Inbound> {
    let headers = [("x-paypal-resource", kind), ("x-paypal-payment", AUTH)];
    with_request(&headers, body, |request| gateway(NOWHERE).read(request))
}

fn state(order: &Value) -> Vec<Inbound> {
    read("order", &serde_json::to_vec(order).expect("JSON"))
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

fn dispute(status: &str, outcome: Value) -> Vec<Inbound> {
    let mut dispute: Value = serde_json::from_str(DISPUTE).expect("JSON");
    dispute["status"] = status.into();
    dispute["dispute_outcome"] = outcome;
    read("dispute", &serde_json::to_vec(&dispute).expect("JSON"))
}

#[test]
fn an_authorisation_says_whose_when_how_much_and_until_when() {
    let expected = Inbound::Payment {
        reference: AUTH.to_owned(),
        order: Some(ORDER.to_owned()),
        occurred_at: Some(at(1_760_000_000)),
        test: false,
        evidence: authorized(),
    };
    assert_eq!(read("order", FIXTURE.as_bytes()), [expected]);
}

#[test]
fn what_the_sandbox_says_is_test_data() {
    let mut settings = settings(NOWHERE);
    settings.mode = Some(Mode::Test);
    let gateway = connect("paypal", &settings).expect("a connection");
    let headers = [("x-paypal-resource", "order")];
    let body = FIXTURE.as_bytes();
    let read = with_request(&headers, body, |request| gateway.read(request));
    assert!(matches!(read[..], [Inbound::Payment { test: true, .. }]));
}

#[test]
fn the_order_is_named_by_the_part_or_the_movement() {
    for (custom, order) in [(json!(null), Some(ORDER)), (json!("cart 7"), Some(ORDER))] {
        let read = state(&stated(json!({"custom_id": custom}), json!({})));
        let [Inbound::Payment { order: named, .. }] = &read[..] else {
            panic!("not one payment: {read:?}");
        };
        assert_eq!(named.as_deref(), order);
    }
}

#[test]
fn captures_and_refunds_count_one_by_one_under_their_authorisation() {
    let captures = json!([
        movement(CAPTURE, "PARTIALLY_REFUNDED", "30.00", &of_auth()),
        movement("OWNCAPTURE2", "COMPLETED", "10.97", &of_auth()),
    ]);
    let refunds = json!([
        movement("OWNREFUND1", "COMPLETED", "5.95", &of_capture()),
        movement("OWNREFUND2", "PENDING", "1.00", &of_capture()),
        movement("OWNREFUND3", "FAILED", "2.00", &of_capture()),
        movement("OWNREFUND4", "NEW_IN_2031", "2.00", &of_capture()),
    ]);
    let failed = PaymentEvidence::RefundFailed {
        refund: Some("OWNREFUND3".to_owned()),
        code: "failed".to_owned(),
    };
    let expected = [
        authorized(),
        captured(part(CAPTURE, "30.00")),
        captured(part("OWNCAPTURE2", "10.97")),
        refunded(part("OWNREFUND1", "5.95")),
        refunded(part("OWNREFUND2", "1.00")),
        failed,
    ];
    assert_eq!(evidence(state(&taken(captures, refunds))), expected);
}

#[test]
fn a_failed_capture_counts_while_nothing_was_tried_after_it() {
    let first = movement("OWNCAPTURE0", "DECLINED", "40.97", &of_auth());
    let mut second = movement(CAPTURE, "PENDING", "40.97", &of_auth());
    second["create_time"] = "2025-10-11T08:00:00Z".into();
    let failed = PaymentEvidence::CaptureFailed {
        capture: None,
        code: "declined".to_owned(),
    };
    let alone = taken(json!([first]), json!([]));
    assert_eq!(evidence(state(&alone)), [authorized(), failed]);
    let again = taken(json!([second, first]), json!([]));
    assert_eq!(evidence(state(&again)), [authorized()]);
}

#[test]
fn an_end_means_what_came_before_it() {
    for status in ["VOIDED", "EXPIRED"] {
        let expected = [authorized(), voided()];
        assert_eq!(evidence(state(&held(status))), expected, "{status}");
    }
    let denied = PaymentEvidence::Declined {
        reference: Some(AUTH.to_owned()),
        code: "denied".to_owned(),
    };
    assert_eq!(evidence(state(&held("DENIED"))), [denied]);
}

#[test]
fn what_was_captured_at_once_is_its_own_payment() {
    let mut sale = stated(
        json!({}),
        json!({"authorizations": [],
        "captures": [movement(CAPTURE, "COMPLETED", "40.97", "x")]}),
    );
    sale["intent"] = "CAPTURE".into();
    let read = state(&sale);
    let [Inbound::Payment { reference, .. }] = &read[..] else {
        panic!("not one payment: {read:?}");
    };
    assert_eq!(reference, CAPTURE);
    // And one that belongs to no order speaks for itself.
    let expected = [captured(part(CAPTURE, "40.97"))];
    assert_eq!(
        evidence(self::read("capture", CAPTURED.as_bytes())),
        expected
    );
}

#[test]
fn a_dispute_is_open_until_it_is_resolved_one_way_or_the_other() {
    let opened = PaymentEvidence::DisputeOpened {
        dispute: "PP-D-OWN1".to_owned(),
        amount: eur("40.97"),
        due: "2025-11-12T18:00:00Z".parse().ok(),
    };
    let closed = |won, value: &str| PaymentEvidence::DisputeClosed {
        dispute: "PP-D-OWN1".to_owned(),
        won,
        amount: eur(value),
    };
    for status in ["OPEN", "WAITING_FOR_SELLER_RESPONSE", "UNDER_REVIEW"] {
        let read = dispute(status, json!(null));
        assert_eq!(evidence(read), std::slice::from_ref(&opened), "{status}");
    }
    for (code, won) in [
        ("RESOLVED_SELLER_FAVOUR", true),
        ("RESOLVED_WITH_PAYOUT", true),
        ("CANCELED_BY_BUYER", true),
        ("DENIED", true),
        ("RESOLVED_BUYER_FAVOUR", false),
        ("ACCEPTED", false),
    ] {
        let read = dispute("RESOLVED", json!({"outcome_code": code}));
        assert_eq!(
            evidence(read),
            [opened.clone(), closed(won, "40.97")],
            "{code}"
        );
    }
    let in_part = json!({"outcome_code": "ACCEPTED", "amount_refunded": amount("10.00")});
    let read = dispute("RESOLVED", in_part);
    assert_eq!(evidence(read), [opened, closed(false, "10.00")]);
    let new = dispute("RESOLVED", json!({"outcome_code": "NEW_IN_2031"}));
    assert_eq!(topic(&new), "outcome:NEW_IN_2031");
    let headers = [("x-paypal-resource", "dispute")];
    let read = with_request(&headers, DISPUTE.as_bytes(), |request| {
        gateway(NOWHERE).read(request)
    });
    assert_eq!(topic(&read), "without_payment:WAITING_FOR_SELLER_RESPONSE");
}

#[test]
fn what_is_open_new_or_anothers_is_kept() {
    for status in ["PENDING", "NEW_IN_2031"] {
        assert_eq!(topic(&state(&held(status))), "not_yet:COMPLETED");
    }
    let mut bare = stated(json!({"payments": {}}), json!({}));
    bare["status"] = "APPROVED".into();
    assert_eq!(topic(&state(&bare)), "not_yet:APPROVED");
    bare["status"] = "Dear Jane".into();
    assert_eq!(topic(&state(&bare)), "not_yet:no plain word");
    let others = stated(json!({"payee": {"merchant_id": "OTHER"}}), json!({}));
    assert_eq!(topic(&state(&others)), "another_account:COMPLETED");
    assert_eq!(topic(&read("strange", b"{}")), "resource:strange");
}

#[test]
fn what_cannot_be_read_says_where_and_quotes_nothing() {
    let wrong = |value: Value| {
        let mut order = held("CREATED");
        order["purchase_units"][0]["payments"]["authorizations"][0]["amount"] = value;
        state(&order)
    };
    for read in [
        wrong(json!("Jane")),
        wrong(json!({"currency_code": "EUR", "value": "40.975"})),
        wrong(json!({"currency_code": "JAN", "value": "40.97"})),
        wrong(json!({"currency_code": "EUR", "value": "Jane"})),
        read("order", b"Jane"),
        read("dispute", b"{\"dispute_id\":\"Jane\"}"),
    ] {
        let [Inbound::Unreadable { reason }] = &read[..] else {
            panic!("readable: {read:?}");
        };
        assert!(!reason.contains("Jane"), "{reason}");
    }
}

#[test]
fn a_dispute_stands_as_it_does_since_its_last_change() {
    let changed = |status: &str, at: &str| -> Vec<_> {
        let mut dispute: Value = serde_json::from_str(DISPUTE).expect("JSON");
        dispute["status"] = status.into();
        dispute["update_time"] = at.into();
        dispute["dispute_outcome"] = json!({"outcome_code": "RESOLVED_BUYER_FAVOUR"});
        let read = read("dispute", &serde_json::to_vec(&dispute).expect("JSON"));
        let when = |item: Inbound| match item {
            Inbound::Payment {
                occurred_at,
                evidence,
                ..
            } => (occurred_at, evidence.kind()),
            other => panic!("not about a payment: {other:?}"),
        };
        read.into_iter().map(when).collect()
    };
    let made = "2025-11-02T08:15:00Z".parse().ok();
    let (decided, again) = ("2025-11-20T10:00:00Z", "2025-11-25T10:00:00Z");
    let lost = changed("RESOLVED", decided);
    let expected = [
        (made, "payment.dispute_opened"),
        (decided.parse().ok(), "payment.dispute_lost"),
    ];
    assert_eq!(lost, expected);
    let reopened = changed("UNDER_REVIEW", again);
    assert_eq!(reopened, [(again.parse().ok(), "payment.dispute_opened")]);
}
