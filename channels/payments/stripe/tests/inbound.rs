//! Webhooks: who is believed, and what they mean.

use http::HeaderMap;
use orderhub_domain::order::{PaymentEvidence, Reported};
use serde_json::{Value, json};

use super::{ORDER, at, eur, gateway, money};
use crate::port::{Forged, Inbound, RawRequest};

const NOWHERE: &str = "http://127.0.0.1:9";
const BODY: &[u8] =
    "{\"id\":\"evt_own_1\",\"type\":\"payment_intent.succeeded\",\"note\":\"Grüße\"}\n".as_bytes();
/// HMAC-SHA256 of `1760000000.` and the body under the first and the second secret.
const FIRST: &str = "ac4f0de1ae3b7060b174b165472328ff9573b77b16b3b2a8f32d9ee876855f12";
const SECOND: &str = "1c2a5564fb10415625b1cecc44ce0d690b42b496b4121b47e7e03783d34d0129";

fn verify(header: Option<&str>, body: &[u8], received_at: i64) -> Result<(), Forged> {
    let mut headers = HeaderMap::new();
    if let Some(header) = header {
        headers.insert("stripe-signature", header.parse().expect("a header"));
    }
    gateway(NOWHERE).verify(&RawRequest {
        headers: &headers,
        body,
        url: "https://hub.example.com/v1/hooks/payments/stripe-eu",
        received_at: at(received_at),
    })
}

fn signed(signature: &str) -> String {
    format!("t=1760000000,v1={signature}")
}

#[test]
fn a_signature_of_any_secret_in_force_is_believed() {
    for header in [
        signed(FIRST),
        signed(SECOND),
        format!("t=1760000000, v1={SECOND}, v0=00"),
        format!("t=1760000000,v1={},v1={FIRST}", "0".repeat(64)),
        format!("v1={FIRST},t=1760000000,v9=x"),
    ] {
        assert_eq!(
            verify(Some(&header), BODY, 1_760_000_000),
            Ok(()),
            "{header}"
        );
    }
}

#[test]
fn whatever_was_changed_is_not_believed() {
    let header = signed(FIRST);
    let believed = |body: &[u8]| verify(Some(&header), body, 1_760_000_000);
    for place in [0, 10, BODY.len() - 1] {
        let mut changed = BODY.to_vec();
        changed[place] ^= 1;
        assert_eq!(believed(&changed), Err(Forged::Mismatch), "byte {place}");
    }
    assert_eq!(believed(&BODY[..BODY.len() - 1]), Err(Forged::Mismatch));
    assert_eq!(believed(b""), Err(Forged::Mismatch));
    let with_crlf = [&BODY[..BODY.len() - 1], b"\r\n"].concat();
    assert_eq!(believed(&with_crlf), Err(Forged::Mismatch));
    for header in [
        format!("t=1760000001,v1={FIRST}"),
        format!("t=1760000000,v0={FIRST}"),
        format!("t=1760000000,v1={}", &FIRST[..62]),
        format!("t=1760000000,v1={FIRST}00"),
        "t=1760000000,v1=not-hexadecimal".to_owned(),
        "t=1760000000,v1=".to_owned(),
        "t=1760000000".to_owned(),
    ] {
        let answer = verify(Some(&header), BODY, 1_760_000_000);
        assert_eq!(answer, Err(Forged::Mismatch), "{header}");
    }
    assert_eq!(verify(None, BODY, 1_760_000_000), Err(Forged::Missing));
    let timeless = format!("v1={FIRST}");
    assert_eq!(
        verify(Some(&timeless), BODY, 1_760_000_000),
        Err(Forged::Missing)
    );
}

#[test]
fn five_minutes_either_way_are_the_limit() {
    let header = signed(FIRST);
    for (received_at, answer) in [
        (1_760_000_300, Ok(())),
        (1_759_999_700, Ok(())),
        (1_760_000_301, Err(Forged::Stale)),
        (1_759_999_699, Err(Forged::Stale)),
    ] {
        assert_eq!(
            verify(Some(&header), BODY, received_at),
            answer,
            "{received_at}"
        );
    }
    // A stale time with a wrong signature is a wrong signature.
    let forged = signed(&"0".repeat(64));
    assert_eq!(verify(Some(&forged), BODY, 0), Err(Forged::Mismatch));
}

fn read(body: &[u8]) -> Vec<Inbound> {
    gateway(NOWHERE).read(&RawRequest {
        headers: &HeaderMap::new(),
        body,
        url: "",
        received_at: at(1_760_000_000),
    })
}

/// A fixture with one part of its object replaced.
fn event(fixture: &str, kind: Option<&str>, changes: Value) -> Vec<Inbound> {
    let mut event: Value = serde_json::from_str(fixture).expect("JSON");
    if let Some(kind) = kind {
        event["type"] = kind.into();
    }
    let Value::Object(changes) = changes else {
        panic!("changes are an object");
    };
    for (name, value) in changes {
        event["data"]["object"][name] = value;
    }
    read(&serde_json::to_vec(&event).expect("JSON"))
}

fn evidence(read: Vec<Inbound>) -> PaymentEvidence {
    match <[Inbound; 1]>::try_from(read) {
        Ok([Inbound::Payment { evidence, .. }]) => evidence,
        other => panic!("not one payment: {other:?}"),
    }
}

const AUTHORIZED: &str = include_str!("../fixtures/event_authorized.json");
const REFUNDED: &str = include_str!("../fixtures/event_refunded.json");
const REFUND: &str = include_str!("../fixtures/event_refund_updated.json");
const DISPUTE: &str = include_str!("../fixtures/event_dispute.json");

fn captured(amount: &str) -> PaymentEvidence {
    PaymentEvidence::Captured {
        reference: "pi_own_1".to_owned(),
        amount: Reported::Total {
            amount: eur(amount),
        },
    }
}

fn refunded(amount: &str) -> PaymentEvidence {
    PaymentEvidence::Refunded {
        reference: "pi_own_1".to_owned(),
        amount: Reported::Total {
            amount: eur(amount),
        },
    }
}

fn voided() -> PaymentEvidence {
    PaymentEvidence::Voided {
        reference: "pi_own_1".to_owned(),
    }
}

#[test]
fn an_authorisation_says_whose_when_and_how_much() {
    let expected = Inbound::Payment {
        reference: "pi_own_1".to_owned(),
        order: Some(ORDER.to_owned()),
        occurred_at: Some(at(1_760_000_100)),
        test: false,
        evidence: PaymentEvidence::Authorized {
            reference: "pi_own_1".to_owned(),
            amount: eur("40.97"),
            expires_at: None,
        },
    };
    assert_eq!(read(AUTHORIZED.as_bytes()), [expected]);
}

#[test]
fn facts_of_test_accounts_are_marked() {
    let test = AUTHORIZED.replacen("\"livemode\": true", "\"livemode\": false", 1);
    let read = read(test.as_bytes());
    assert!(
        matches!(read[..], [Inbound::Payment { test: true, .. }]),
        "{read:?}"
    );
}

#[test]
fn a_capture_states_what_was_received_not_what_was_asked_for() {
    let changes = json!({"status": "succeeded", "amount_received": 3000, "amount_capturable": 0,
        "capture_method": "automatic"});
    let kind = Some("payment_intent.succeeded");
    assert_eq!(
        evidence(event(AUTHORIZED, kind, changes)),
        captured("30.00")
    );
    let charge = json!({"amount_captured": 3000});
    assert_eq!(
        evidence(event(REFUNDED, Some("charge.captured"), charge)),
        captured("30.00")
    );
}

#[test]
fn one_event_may_carry_several_facts() {
    let changes = json!({"status": "succeeded", "amount_received": 4097});
    let read = event(AUTHORIZED, Some("payment_intent.succeeded"), changes);
    assert_eq!(read.len(), 2, "authorised by hand and captured: {read:?}");
}

#[test]
fn currencies_have_the_gateways_own_decimals() {
    for (currency, minor, amount) in [
        ("jpy", 500, "500"),
        ("kwd", 5120, "5.120"),
        ("isk", 500, "5"),
    ] {
        let changes = json!({"currency": currency, "amount": minor, "amount_capturable": minor});
        let expected = money(amount, &currency.to_ascii_uppercase());
        assert_eq!(
            evidence(event(AUTHORIZED, None, changes)).amount(),
            Some(expected)
        );
    }
    let read = event(AUTHORIZED, None, json!({"currency": "zzz"}));
    assert!(matches!(read[..], [Inbound::Unreadable { .. }]), "{read:?}");
}

#[test]
fn a_failed_try_and_a_challenge_are_told_apart() {
    let problem = json!({"status": "requires_payment_method", "last_payment_error":
        {"type": "card_error", "code": "card_declined", "decline_code": "insufficient_funds"}});
    let declined = PaymentEvidence::Declined {
        reference: Some("pi_own_1".to_owned()),
        code: "insufficient_funds".to_owned(),
    };
    let kind = Some("payment_intent.payment_failed");
    assert_eq!(evidence(event(AUTHORIZED, kind, problem)), declined);
    let kind = Some("payment_intent.requires_action");
    let challenge = evidence(event(
        AUTHORIZED,
        kind,
        json!({"status": "requires_action"}),
    ));
    assert!(
        matches!(challenge, PaymentEvidence::ActionRequired { .. }),
        "{challenge:?}"
    );
}

#[test]
fn a_cancelled_payment_is_a_void_however_it_is_reported() {
    let kind = Some("payment_intent.canceled");
    assert_eq!(
        evidence(event(AUTHORIZED, kind, json!({"status": "canceled"}))),
        voided()
    );
    // Cancelling what was never captured is reported as a refund of all of it.
    let released = json!({"captured": false, "amount_captured": 0, "amount_refunded": 4097});
    assert_eq!(evidence(event(REFUNDED, None, released)), voided());
}

#[test]
fn refunds_are_cumulative_and_leave_out_what_a_partial_capture_released() {
    assert_eq!(evidence(read(REFUNDED.as_bytes())), refunded("10.00"));
    // 30.00 of 40.97 taken; 10.97 released; 5.00 really given back.
    let partial = json!({"amount_captured": 3000, "amount_refunded": 1597});
    assert_eq!(evidence(event(REFUNDED, None, partial)), refunded("5.00"));
    let only_released = json!({"amount_captured": 3000, "amount_refunded": 1097});
    assert_eq!(
        evidence(event(REFUNDED, None, only_released)),
        captured("30.00")
    );
}

#[test]
fn single_refunds_are_parts_with_their_own_reference() {
    let part = PaymentEvidence::Refunded {
        reference: "pi_own_1".to_owned(),
        amount: Reported::Part {
            reference: "re_own_1".to_owned(),
            amount: eur("10.00"),
        },
    };
    assert_eq!(evidence(read(REFUND.as_bytes())), part);
    assert_eq!(
        evidence(event(REFUND, Some("refund.created"), json!({}))),
        part
    );
    let failed = evidence(event(
        REFUND,
        Some("refund.failed"),
        json!({"status": "failed", "failure_reason": "expired_or_canceled_card"}),
    ));
    let expected = PaymentEvidence::RefundFailed {
        refund: Some("re_own_1".to_owned()),
        code: "expired_or_canceled_card".to_owned(),
    };
    assert_eq!(failed, expected);
}

#[test]
fn refunds_that_moved_nothing_yet_or_ever_are_only_kept() {
    for changes in [
        json!({"status": "pending"}),
        json!({"balance_transaction": null}),
    ] {
        let read = event(REFUND, None, changes.clone());
        assert!(
            matches!(read[..], [Inbound::Unknown { .. }]),
            "{changes}: {read:?}"
        );
    }
    // Our own refund names its order and counts before its booking is known.
    let ours = json!({"balance_transaction": null, "metadata": {"order_id": ORDER}});
    assert!(matches!(
        event(REFUND, None, ours)[..],
        [Inbound::Payment { .. }]
    ));
}

#[test]
fn disputes_open_and_close() {
    let opened = PaymentEvidence::DisputeOpened {
        dispute: "dp_own_1".to_owned(),
        amount: eur("30.00"),
        due: None,
    };
    assert_eq!(evidence(read(DISPUTE.as_bytes())), opened);
    for (status, won) in [("won", true), ("warning_closed", true), ("lost", false)] {
        let kind = Some("charge.dispute.closed");
        let closed = evidence(event(DISPUTE, kind, json!({"status": status})));
        let expected = PaymentEvidence::DisputeClosed {
            dispute: "dp_own_1".to_owned(),
            won,
            amount: eur("30.00"),
        };
        assert_eq!(closed, expected, "{status}");
    }
    for kind in ["charge.dispute.closed", "charge.dispute.updated"] {
        let read = event(DISPUTE, Some(kind), json!({"status": "surprise"}));
        assert!(matches!(read[..], [Inbound::Unknown { .. }]), "{read:?}");
    }
    let mut again: Value = serde_json::from_str(DISPUTE).expect("JSON");
    again["type"] = "charge.dispute.updated".into();
    again["data"]["previous_attributes"] = json!({"status": "warning_closed"});
    assert_eq!(evidence(read(again.to_string().as_bytes())), opened);
}

#[test]
fn events_that_ask_nothing_of_us_say_nothing() {
    for kind in [
        "payment_intent.created",
        "payment_intent.processing",
        "charge.failed",
        "charge.succeeded",
        "charge.updated",
        "charge.pending",
    ] {
        assert_eq!(event(AUTHORIZED, Some(kind), json!({})), [], "{kind}");
    }
}

#[test]
fn what_is_not_for_us_is_kept_with_its_topic_and_what_is_broken_with_its_reason() {
    let read_other = event(AUTHORIZED, Some("customer.created"), json!({}));
    assert_eq!(
        read_other,
        [Inbound::Unknown {
            topic: "customer.created".to_owned()
        }]
    );
    for body in [
        "",
        "[]",
        "{}",
        "{\"type\":\"charge.captured\",\"data\":{\"object\":{}}}",
        "\u{0}",
    ] {
        let read = read(body.as_bytes());
        assert!(
            matches!(read[..], [Inbound::Unreadable { .. }]),
            "{body:?}: {read:?}"
        );
    }
}
