//! What notifications mean.

use orderhub_domain::order::{PaymentEvidence, Reported};
use serde_json::{Value, json};

use super::{
    AUTHORISATION, CHARGEBACK, KEYS, NOWHERE, ORDER, PAYMENT, at, eur, gateway, item, message,
    money, signed, with_request,
};
use crate::port::Inbound;

fn read(body: &[u8]) -> Vec<Inbound> {
    with_request(None, body, |request| gateway(NOWHERE).read(request))
}

fn read_item(fixture: &str, changes: Value) -> Vec<Inbound> {
    read(&message("true", [signed(KEYS[0], item(fixture, changes))]))
}

/// An event about something that happened to the payment.
fn about(event: &str, success: &str, more: Value) -> Vec<Inbound> {
    let mut changes = json!({
        "eventCode": event, "success": success, "reason": "",
        "originalReference": PAYMENT, "pspReference": "OWNCHANGE0000001",
        "amount": {"currency": "EUR", "value": 1500},
    });
    let Value::Object(more) = more else {
        panic!("changes are an object");
    };
    for (name, value) in more {
        changes[name] = value;
    }
    read_item(AUTHORISATION, changes)
}

fn evidence(read: Vec<Inbound>) -> PaymentEvidence {
    match <[Inbound; 1]>::try_from(read) {
        Ok(
            [
                Inbound::Payment {
                    reference,
                    evidence,
                    ..
                },
            ],
        ) => {
            assert_eq!(reference, PAYMENT);
            evidence
        }
        other => panic!("not one payment: {other:?}"),
    }
}

fn topic(read: &[Inbound]) -> &str {
    match read {
        [Inbound::Unknown { topic }] => topic,
        other => panic!("not one unknown: {other:?}"),
    }
}

fn part(amount: &str) -> Reported {
    Reported::Part {
        reference: "OWNCHANGE0000001".to_owned(),
        amount: eur(amount),
    }
}

#[test]
fn an_authorisation_says_whose_when_and_how_much() {
    let expected = Inbound::Payment {
        reference: PAYMENT.to_owned(),
        order: Some(ORDER.to_owned()),
        occurred_at: Some(at(1_760_000_000)),
        test: false,
        evidence: PaymentEvidence::Authorized {
            reference: PAYMENT.to_owned(),
            amount: eur("40.97"),
            expires_at: None,
        },
    };
    assert_eq!(read_item(AUTHORISATION, json!({})), [expected]);
}

#[test]
fn everything_but_the_live_platform_is_test_data() {
    for (live, is_test) in [("true", false), ("false", true), ("", true), ("TRUE", true)] {
        let item = signed(KEYS[0], item(AUTHORISATION, json!({})));
        let read = read(&message(live, [item]));
        let [Inbound::Payment { test, .. }] = read[..] else {
            panic!("not one payment: {read:?}");
        };
        assert_eq!(test, is_test, "{live}");
    }
}

#[test]
fn a_refusal_becomes_a_word_and_never_prose() {
    for (reason, code) in [
        ("Not enough balance", "not_enough_balance"),
        ("Refused", "refused"),
        ("Jane Doe, 4111111111111111", "refused"),
    ] {
        let changes = json!({"success": "false", "reason": reason});
        let expected = PaymentEvidence::Declined {
            reference: Some(PAYMENT.to_owned()),
            code: code.to_owned(),
        };
        assert_eq!(evidence(read_item(AUTHORISATION, changes)), expected);
    }
}

#[test]
fn what_happens_to_a_payment_is_one_movement_each() {
    let captured = PaymentEvidence::Captured {
        reference: PAYMENT.to_owned(),
        amount: part("15.00"),
    };
    assert_eq!(evidence(about("CAPTURE", "true", json!({}))), captured);
    let refunded = PaymentEvidence::Refunded {
        reference: PAYMENT.to_owned(),
        amount: part("15.00"),
    };
    let action = json!({"additionalData": {"modification.action": "refund"}});
    assert_eq!(evidence(about("REFUND", "true", json!({}))), refunded);
    assert_eq!(
        evidence(about("REFUND_WITH_DATA", "true", json!({}))),
        refunded
    );
    assert_eq!(
        evidence(about("CANCEL_OR_REFUND", "true", action)),
        refunded
    );
    let voided = PaymentEvidence::Voided {
        reference: PAYMENT.to_owned(),
    };
    let action = json!({"additionalData": {"modification.action": "cancel"}});
    assert_eq!(evidence(about("CANCEL_OR_REFUND", "true", action)), voided);
    for event in ["CANCELLATION", "TECHNICAL_CANCEL", "EXPIRE"] {
        assert_eq!(evidence(about(event, "true", json!({}))), voided, "{event}");
    }
    let expired = json!({"eventCode": "EXPIRE"});
    assert_eq!(evidence(read_item(AUTHORISATION, expired)), voided);
}

#[test]
fn what_failed_says_what_it_was() {
    let failed = |code: &str| PaymentEvidence::CaptureFailed {
        capture: None,
        code: code.to_owned(),
    };
    let short = json!({"reason": "Insufficient balance on payment"});
    assert_eq!(
        evidence(about("CAPTURE", "false", short)),
        failed("insufficient_balance_on_payment")
    );
    let late = about("CAPTURE_FAILED", "true", json!({}));
    let named = PaymentEvidence::CaptureFailed {
        capture: Some("OWNCHANGE0000001".to_owned()),
        code: "capture_failed".to_owned(),
    };
    assert_eq!(evidence(late), named, "the capture that was told before");
    for (event, success, code) in [
        ("REFUND", "false", "refund_refused"),
        ("REFUND_FAILED", "true", "refund_failed"),
        ("REFUNDED_REVERSED", "true", "refund_failed"),
    ] {
        let expected = PaymentEvidence::RefundFailed {
            refund: Some("OWNCHANGE0000001".to_owned()),
            code: code.to_owned(),
        };
        assert_eq!(evidence(about(event, success, json!({}))), expected);
    }
    let closed = PaymentEvidence::Declined {
        reference: Some(PAYMENT.to_owned()),
        code: "offer_closed".to_owned(),
    };
    let changes = json!({"eventCode": "OFFER_CLOSED"});
    assert_eq!(evidence(read_item(AUTHORISATION, changes)), closed);
}

#[test]
fn a_request_that_was_refused_and_changed_nothing_is_kept() {
    let kept = about("CANCELLATION", "false", json!({}));
    assert_eq!(topic(&kept), "failed:CANCELLATION");
    let silent = about("CANCEL_OR_REFUND", "true", json!({}));
    assert_eq!(topic(&silent), "CANCEL_OR_REFUND");
    let nameless = about("CAPTURE", "true", json!({"originalReference": null}));
    assert_eq!(topic(&nameless), "without_payment:CAPTURE");
}

#[test]
fn a_dispute_is_one_thing_from_its_notice_to_its_end() {
    let opened = PaymentEvidence::DisputeOpened {
        dispute: "OWNDISPUTE000001".to_owned(),
        amount: eur("40.97"),
        due: Some(at(1_763_679_599)),
    };
    for event in ["NOTIFICATION_OF_CHARGEBACK", "CHARGEBACK"] {
        let read = read_item(CHARGEBACK, json!({"eventCode": event}));
        assert_eq!(evidence(read), opened, "{event}");
    }
    for (event, won) in [
        ("CHARGEBACK_REVERSED", true),
        ("ISSUER_RESPONSE_TIMEFRAME_EXPIRED", true),
        ("PREARBITRATION_WON", true),
        ("SCHEME_ARBITRATION_WON", true),
        ("SECOND_CHARGEBACK", false),
        ("DISPUTE_DEFENSE_PERIOD_ENDED", false),
        ("PREARBITRATION_LOST", false),
        ("SCHEME_ARBITRATION_LOST", false),
    ] {
        let closed = PaymentEvidence::DisputeClosed {
            dispute: "OWNDISPUTE000001".to_owned(),
            won,
            amount: eur("40.97"),
        };
        let read = read_item(CHARGEBACK, json!({"eventCode": event}));
        assert_eq!(evidence(read), closed, "{event}");
        let nameless = json!({"eventCode": event, "originalReference": null});
        let kept = read_item(CHARGEBACK, nameless);
        assert_eq!(topic(&kept), format!("without_payment:{event}"));
    }
    for event in ["REQUEST_FOR_INFORMATION", "NOTIFICATION_OF_FRAUD"] {
        let kept = read_item(CHARGEBACK, json!({"eventCode": event}));
        assert_eq!(topic(&kept), event);
    }
}

#[test]
fn an_item_of_another_merchant_account_is_kept() {
    for account in [json!("OwnShopPOS"), json!("ownshopecom"), Value::Null] {
        let kept = about("CAPTURE", "true", json!({"merchantAccountCode": account}));
        assert_eq!(topic(&kept), "another_account:CAPTURE");
    }
}

#[test]
fn only_a_reference_that_we_gave_is_an_order() {
    for reference in [json!("8313842560770001"), Value::Null, json!("ord_x")] {
        let read = about("CAPTURE", "true", json!({"merchantReference": reference}));
        let [Inbound::Payment { order, .. }] = &read[..] else {
            panic!("not one payment: {read:?}");
        };
        assert_eq!(*order, None);
    }
}

#[test]
fn events_that_ask_nothing_are_answered_and_others_are_kept_by_name() {
    assert_eq!(about("REPORT_AVAILABLE", "true", json!({})), []);
    assert_eq!(about("RECURRING_CONTRACT", "true", json!({})), []);
    for event in [
        "AUTHORISATION_ADJUSTMENT",
        "VOID_PENDING_REFUND",
        "NEW_IN_2031",
    ] {
        let read = about(event, "true", json!({}));
        assert_eq!(topic(&read), format!("{event}"));
    }
    let prose = about("Dear Jane", "true", json!({}));
    assert_eq!(topic(&prose), "an event without a plain name");
}

#[test]
fn amounts_are_read_as_the_gateway_counts_them() {
    for (amount, expected) in [
        (json!({"currency": "EUR", "value": "1500"}), eur("15.00")),
        (
            json!({"currency": "JPY", "value": 500}),
            money("500", "JPY"),
        ),
        (json!({"currency": "ISK", "value": 500}), money("5", "ISK")),
        (
            json!({"currency": "IDR", "value": 500}),
            money("500.00", "IDR"),
        ),
        (
            json!({"currency": "KWD", "value": 500}),
            money("0.500", "KWD"),
        ),
    ] {
        let read = about("CAPTURE", "true", json!({"amount": amount}));
        assert_eq!(evidence(read).amount(), Some(expected));
    }
}

#[test]
fn one_bad_item_loses_nothing_else_and_its_reason_quotes_nothing() {
    let good = || signed(KEYS[0], item(AUTHORISATION, json!({})));
    let broken = json!({"eventCode": ["Jane"]});
    let odd = json!({"amount": {"currency": "EUR", "value": "Jane"}});
    let odd = signed(KEYS[0], item(AUTHORISATION, odd));
    let nameless = signed(KEYS[0], item(AUTHORISATION, json!({"pspReference": ""})));
    let read = read(&message("true", [good(), broken, odd, nameless, good()]));
    assert_eq!(read.len(), 5);
    let payments = [&read[0], &read[4]];
    assert!(
        payments
            .iter()
            .all(|i| matches!(i, Inbound::Payment { .. }))
    );
    for (index, bad) in read[1..4].iter().enumerate() {
        let Inbound::Unreadable { reason } = bad else {
            panic!("readable: {bad:?}");
        };
        assert!(
            reason.starts_with(&format!("item {}: ", index + 2)),
            "{reason}"
        );
        assert!(!reason.contains("Jane"), "{reason}");
    }
}

#[test]
fn whatever_is_cut_or_turned_never_panics() {
    let gateway = gateway(NOWHERE);
    let read = |body: &[u8]| with_request(None, body, |request| gateway.read(request));
    let body = message("true", [signed(KEYS[0], item(CHARGEBACK, json!({})))]);
    for place in 0..body.len() {
        read(&body[..place]);
        let mut turned = body.clone();
        turned[place] ^= 1;
        read(&turned);
    }
}
