//! Who is believed, and what events mean.

use hmac::{Hmac, KeyInit, Mac};
use orderhub_domain::order::PaymentEvidence;
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    KEYS, NOWHERE, ORDER, at, captured, changed, eur, gateway, part, refunded, settings, total,
    voided, with_request,
};
use crate::payments::connect;
use crate::port::{Forged, Inbound};

const APPROVED: &str = include_str!("../fixtures/event_approved.json");
const DISPUTE: &str = include_str!("../fixtures/event_dispute.json");

fn signature(key: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(key.as_bytes()).expect("a key");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

fn verify(signature: Option<&str>, body: &[u8]) -> Result<(), Forged> {
    with_request(signature, body, |request| gateway(NOWHERE).verify(request))
}

fn read(body: &[u8]) -> Vec<Inbound> {
    with_request(None, body, |request| gateway(NOWHERE).read(request))
}

/// An event of another type, with some members of its data replaced.
fn event(fixture: &str, kind: &str, data: Value) -> Vec<Inbound> {
    let mut event = changed(fixture, Some("data"), data);
    event["type"] = kind.into();
    read(&serde_json::to_vec(&event).expect("JSON"))
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

fn declined(code: &str) -> PaymentEvidence {
    PaymentEvidence::Declined {
        reference: Some("pay_own1".to_owned()),
        code: code.to_owned(),
    }
}

/// What a payment has come to.
fn balances(authorized: i64, captured: i64, left: i64, refunded: i64) -> Value {
    json!({"total_authorized": authorized, "total_captured": captured,
        "available_to_capture": left, "total_refunded": refunded})
}

#[test]
fn either_of_two_keys_in_rotation_is_believed_and_no_other() {
    let body = APPROVED.as_bytes();
    for key in KEYS {
        let good = signature(key, body);
        assert_eq!(verify(Some(&good), body), Ok(()));
        assert_eq!(verify(Some(&good.to_uppercase()), body), Ok(()));
        for (bad, body) in [
            (good[..62].to_owned(), body),
            (good.replace(&good[..2], "zz"), body),
            (String::new(), body),
            (good.clone(), &body[1..]),
            (good, APPROVED.trim_end().as_bytes()),
        ] {
            assert_eq!(verify(Some(&bad), body), Err(Forged::Mismatch), "{bad}");
        }
    }
    let strange = signature("another-key", body);
    assert_eq!(verify(Some(&strange), body), Err(Forged::Mismatch));
    assert_eq!(verify(None, body), Err(Forged::Missing));
}

#[test]
fn an_authorisation_says_whose_when_and_how_much() {
    let expected = Inbound::Payment {
        reference: "pay_own1".to_owned(),
        order: Some(ORDER.to_owned()),
        occurred_at: Some(at(1_760_000_000)),
        test: false,
        evidence: PaymentEvidence::Authorized {
            reference: "pay_own1".to_owned(),
            amount: eur("40.97"),
            expires_at: None,
        },
    };
    assert_eq!(read(APPROVED.as_bytes()), [expected]);
}

#[test]
fn the_order_is_named_by_the_reference_or_the_metadata() {
    for (data, order) in [
        (json!({"reference": "cart 7"}), Some(ORDER)),
        (json!({"metadata": null}), Some(ORDER)),
        (json!({"reference": "cart 7", "metadata": {}}), None),
        (
            json!({"reference": null, "metadata": {"order_id": 7}}),
            None,
        ),
    ] {
        let read = event(APPROVED, "payment_approved", data);
        let [Inbound::Payment { order: named, .. }] = &read[..] else {
            panic!("not one payment: {read:?}");
        };
        assert_eq!(named.as_deref(), order);
    }
}

#[test]
fn what_comes_from_the_sandbox_is_test_data() {
    let of = |links: Value, key: &str| {
        let mut event: Value = serde_json::from_str(APPROVED).expect("JSON");
        event["_links"] = links;
        let body = serde_json::to_vec(&event).expect("JSON");
        let settings = settings(NOWHERE).with_secrets("api_key", [key]);
        let gateway = connect("checkout_com", &settings).expect("a connection");
        let read = with_request(None, &body, |request| gateway.read(request));
        let [Inbound::Payment { test, .. }] = &read[..] else {
            panic!("not one payment: {read:?}");
        };
        *test
    };
    let own =
        |host: &str| json!({"self": {"href": format!("https://{host}/workflows/events/evt_1")}});
    assert!(of(own("api.sandbox.checkout.com"), "sk_own"));
    assert!(of(own("ownown12.api.sandbox.checkout.com"), "sk_own"));
    assert!(!of(own("ownown12.api.checkout.com"), "sk_sbox_own"));
    // Who does not say so is what its connection is.
    assert!(!of(json!({}), "sk_own"));
    assert!(of(Value::Null, "sk_sbox_own"));
}

#[test]
fn captures_and_refunds_count_one_by_one_and_in_all() {
    let data =
        json!({"action_id": "act_2", "amount": 1097, "balances": balances(4097, 4097, 0, 0)});
    let expected = [captured(part("act_2", "10.97")), captured(total("40.97"))];
    assert_eq!(
        evidence(event(APPROVED, "payment_captured", data)),
        expected
    );
    let data =
        json!({"action_id": "act_3", "amount": 595, "balances": balances(4097, 4097, 0, 595)});
    let expected = [refunded(part("act_3", "5.95")), refunded(total("5.95"))];
    assert_eq!(
        evidence(event(APPROVED, "payment_refunded", data)),
        expected
    );
    // An older event has no balances.
    let data = json!({"action_id": "act_2", "balances": null});
    let expected = [captured(part("act_2", "40.97"))];
    assert_eq!(
        evidence(event(APPROVED, "payment_captured", data)),
        expected
    );
}

#[test]
fn refusals_carry_the_gateways_code_and_no_prose() {
    let code = json!({"response_code": "20051", "action_id": "act_4"});
    let refused = evidence(event(APPROVED, "payment_declined", code.clone()));
    assert_eq!(refused, [declined("20051")]);
    let prose = json!({"response_code": "Jane has no money"});
    let refused = evidence(event(APPROVED, "payment_declined", prose));
    assert_eq!(refused, [declined("declined")]);
    let expected = PaymentEvidence::CaptureFailed {
        capture: None,
        code: "20051".to_owned(),
    };
    let refused = evidence(event(APPROVED, "payment_capture_declined", code.clone()));
    assert_eq!(refused, [expected]);
    let expected = PaymentEvidence::RefundFailed {
        refund: Some("act_4".to_owned()),
        code: "20051".to_owned(),
    };
    let refused = evidence(event(APPROVED, "payment_refund_declined", code));
    assert_eq!(refused, [expected]);
}

#[test]
fn an_end_means_what_came_before_it() {
    let ended = |kind, balances| evidence(event(APPROVED, kind, json!({"balances": balances})));
    let done = || balances(4097, 0, 0, 0);
    for kind in ["payment_voided", "payment_expired", "payment_canceled"] {
        assert_eq!(ended(kind, done()), [voided()], "{kind}");
    }
    let never = || balances(0, 0, 0, 0);
    assert_eq!(ended("payment_expired", never()), [declined("expired")]);
    assert_eq!(
        ended("payment_canceled", Value::Null),
        [declined("canceled")]
    );
    let in_part = event(
        APPROVED,
        "payment_voided",
        json!({"balances": balances(4097, 0, 3000, 0)}),
    );
    assert_eq!(topic(&in_part), "in_part:payment_voided");
}

#[test]
fn a_dispute_opens_and_ends_under_one_reference() {
    for kind in ["dispute_received", "dispute_evidence_required"] {
        let read = event(DISPUTE, kind, json!({}));
        let expected = Inbound::Payment {
            reference: "pay_own1".to_owned(),
            order: Some(ORDER.to_owned()),
            occurred_at: "2025-11-02T08:15:01.582Z".parse().ok(),
            test: false,
            evidence: PaymentEvidence::DisputeOpened {
                dispute: "dsp_own1".to_owned(),
                amount: eur("40.97"),
                due: "2025-11-12T18:00:00Z".parse().ok(),
            },
        };
        assert_eq!(read, [expected], "{kind}");
    }
    for (kind, won) in [
        ("dispute_won", true),
        ("dispute_canceled", true),
        ("dispute_resolved", true),
        ("dispute_lost", false),
        ("dispute_expired", false),
        ("dispute_accepted", false),
    ] {
        let expected = PaymentEvidence::DisputeClosed {
            dispute: "dsp_own1".to_owned(),
            won,
            amount: eur("40.97"),
        };
        assert_eq!(
            evidence(event(DISPUTE, kind, json!({}))),
            [expected],
            "{kind}"
        );
    }
}

#[test]
fn what_is_open_new_or_anothers_is_kept() {
    for (kind, data, expected) in [
        ("payment_pending", json!({}), "not_yet:payment_pending"),
        ("payment_new_in_2031", json!({}), "payment_new_in_2031"),
        ("card_verified", json!({}), "card_verified"),
        ("Dear Jane", json!({}), "an event without a plain name"),
        (
            "payment_approved",
            json!({"processing_channel_id": "pc_other"}),
            "another_account:payment_approved",
        ),
        (
            "payment_approved",
            json!({"destination": {}}),
            "payout:payment_approved",
        ),
    ] {
        assert_eq!(topic(&event(APPROVED, kind, data)), expected);
    }
    let others = event(
        DISPUTE,
        "dispute_won",
        json!({"processing_channel_id": "pc_other"}),
    );
    assert_eq!(topic(&others), "another_account:dispute_won");
    let new = event(DISPUTE, "dispute_new_in_2031", json!({}));
    assert_eq!(topic(&new), "dispute_new_in_2031");
    for kind in ["payment_capture_pending", "authentication_approved"] {
        assert_eq!(event(APPROVED, kind, json!({})), [], "{kind}");
    }
}

#[test]
fn what_cannot_be_read_says_where_and_quotes_nothing() {
    let bare = json!({"action_id": null, "balances": null});
    for read in [
        event(
            APPROVED,
            "payment_approved",
            json!({"balances": null, "amount": "Jane"}),
        ),
        event(APPROVED, "payment_approved", json!({"currency": "JAN"})),
        event(APPROVED, "payment_approved", json!({"id": {"Jane": 1}})),
        event(APPROVED, "payment_captured", bare),
        event(DISPUTE, "dispute_won", json!({"payment_id": null})),
        read(b"Jane"),
        read(b"{\"type\":\"payment_approved\"}"),
    ] {
        let [Inbound::Unreadable { reason }] = &read[..] else {
            panic!("readable: {read:?}");
        };
        assert!(!reason.contains("Jane"), "{reason}");
    }
}
