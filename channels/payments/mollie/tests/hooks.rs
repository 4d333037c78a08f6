//! Webhooks: what is let in, and that it only ever names something.

use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{NOWHERE, PAYMENT, gateway, settings, with_request};
use crate::payments::connect;
use crate::port::{Forged, Inbound, Resource};

const EVENT: &str = include_str!("../fixtures/event.json");

fn verify(headers: &[(&str, &str)], body: &[u8]) -> Result<(), Forged> {
    with_request(headers, body, |request| gateway(NOWHERE).verify(request))
}

fn read(body: &[u8]) -> Vec<Inbound> {
    with_request(&[], body, |request| gateway(NOWHERE).read(request))
}

fn changed(id: &str) -> Inbound {
    Inbound::Changed(Resource {
        kind: "payment".to_owned(),
        id: id.to_owned(),
    })
}

fn tag(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

#[test]
fn a_classic_webhook_names_a_payment_and_nothing_more() {
    let body = b"id=tr_5own";
    assert_eq!(verify(&[], body), Ok(()));
    assert_eq!(read(body), [changed("tr_5own")]);
    assert_eq!(read(b"id=tr_5own\r\n"), [changed("tr_5own")]);
    for (body, topic) in [("id=ord_own", "id:ord"), ("id=sub_own", "id:sub")] {
        assert_eq!(verify(&[], body.as_bytes()), Ok(()));
        let topic = topic.to_owned();
        assert_eq!(read(body.as_bytes()), [Inbound::Unknown { topic }]);
    }
    assert_eq!(gateway(NOWHERE).thanks(), Some("OK"));
}

#[test]
fn nothing_but_such_a_form_is_let_in_unsigned() {
    let long = format!("id=tr_{}", "a".repeat(65));
    for body in [
        "",
        "id=",
        "id=tr",
        "id=tr_1/refunds",
        "id=tr_1%2f",
        "id=tr_1&status=paid",
        "x=1&id=tr_1",
        "{\"id\":\"tr_1\"}",
        long.as_str(),
        PAYMENT,
        EVENT,
    ] {
        assert_eq!(verify(&[], body.as_bytes()), Err(Forged::Missing), "{body}");
    }
    assert_eq!(verify(&[], b"id=tr_\xff"), Err(Forged::Missing));
}

#[test]
fn nobody_can_pass_a_payment_off_as_one_that_we_asked_for() {
    let stated = ("x-mollie-resource", "payment");
    for body in [PAYMENT, "id=tr_5own"] {
        assert_eq!(verify(&[stated], body.as_bytes()), Err(Forged::Mismatch));
        let signature = tag("own-secret", body.as_bytes());
        let signed = [stated, ("x-mollie-signature", signature.as_str())];
        assert_eq!(verify(&signed, body.as_bytes()), Err(Forged::Mismatch));
    }
    let read = read(PAYMENT.as_bytes());
    let claims = |item: &Inbound| matches!(item, Inbound::Payment { .. });
    assert!(!read.iter().any(claims), "{read:?}");
}

#[test]
fn a_signature_of_any_secret_in_force_is_believed() {
    let body = EVENT.as_bytes();
    for secret in ["own-secret", "own-secret-before"] {
        let bare = tag(secret, body);
        let prefixed = format!("sha256={bare}");
        let other = "0".repeat(64);
        for headers in [
            vec![("x-mollie-signature", bare.as_str())],
            vec![("x-mollie-signature", prefixed.as_str())],
            vec![
                ("x-mollie-signature", other.as_str()),
                ("x-mollie-signature", bare.as_str()),
            ],
        ] {
            assert_eq!(verify(&headers, body), Ok(()));
        }
    }
}

#[test]
fn whatever_was_changed_is_not_believed() {
    let body = EVENT.as_bytes();
    let good = tag("own-secret", body);
    let signed = |signature: &str, body: &[u8]| verify(&[("x-mollie-signature", signature)], body);
    for place in [0, 10, body.len() - 1] {
        let mut turned = body.to_vec();
        turned[place] ^= 1;
        assert_eq!(signed(&good, &turned), Err(Forged::Mismatch));
    }
    for wrong in [
        "",
        "sha256=",
        &good[..62],
        "not-hexadecimal",
        &tag("other", body),
    ] {
        assert_eq!(signed(wrong, body), Err(Forged::Mismatch), "{wrong}");
    }
    // A wrong signature is no classic webhook either.
    assert_eq!(signed(&good, b"id=tr_5own"), Err(Forged::Mismatch));
    let none = settings(NOWHERE).with_secrets("webhook_secrets", Vec::<String>::new());
    let gateway = connect("mollie", &none).expect("a connection");
    let headers = [("x-mollie-signature", good.as_str())];
    let answer = with_request(&headers, body, |request| gateway.verify(request));
    assert_eq!(answer, Err(Forged::Mismatch));
}

#[test]
fn what_hangs_on_a_payment_and_comes_on_its_own_names_it() {
    for alone in [
        json!({"resource": "payment", "id": "tr_own1", "status": "open"}),
        json!({"resource": "refund", "id": "re_own1", "paymentId": "tr_own1"}),
        json!({"resource": "chargeback", "id": "chb_own1", "paymentId": "tr_own1"}),
    ] {
        let body = alone.to_string();
        assert_eq!(read(body.as_bytes()), [changed("tr_own1")], "{alone}");
    }
    // Where a payment was looked up, too.
    let alone = json!({"resource": "chargeback", "id": "chb_own1", "paymentId": "tr_own1"});
    let stated = [("x-mollie-resource", "payment")];
    let body = alone.to_string();
    let looked_up = with_request(&stated, body.as_bytes(), |request| {
        gateway(NOWHERE).read(request)
    });
    assert_eq!(looked_up, [changed("tr_own1")]);
    let topic = "capture".to_owned();
    let other = br#"{"resource":"capture","id":"cpt_own1"}"#;
    assert_eq!(read(other), [Inbound::Unknown { topic }]);
}

#[test]
fn a_signed_event_names_the_payment_that_it_is_about() {
    assert_eq!(read(EVENT.as_bytes()), [changed("tr_own1")]);
    let of = |change: fn(&mut Value)| {
        let mut event: Value = serde_json::from_str(EVENT).expect("JSON");
        change(&mut event);
        read(&serde_json::to_vec(&event).expect("JSON"))
    };
    let thin = of(|event| {
        event["entityId"] = "tr_own2".into();
        event["_embedded"] = Value::Null;
    });
    assert_eq!(thin, [changed("tr_own2")]);
    let other = of(|event| {
        event["type"] = "payment-link.paid".into();
        event["entityId"] = "pl_own".into();
        event["_embedded"]["entity"]["paymentId"] = Value::Null;
    });
    let topic = "payment-link.paid".to_owned();
    assert_eq!(other, [Inbound::Unknown { topic }]);
    let odd = of(|event| {
        event["type"] = "Dear Jane".into();
        event["entityId"] = "tr_own/../x".into();
        event["_embedded"] = Value::Null;
    });
    let topic = "an event without a plain name".to_owned();
    assert_eq!(odd, [Inbound::Unknown { topic }]);
    let read = read(b"{\"type\":[\"Jane\"]}");
    let [Inbound::Unreadable { reason }] = &read[..] else {
        panic!("readable: {read:?}");
    };
    assert!(!reason.contains("Jane"), "{reason}");
}
