//! Who is believed: the credentials and the signatures of items.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{
    AUTHORISATION, CHARGEBACK, KEYS, NOWHERE, gateway, item, message, settings, signature, signed,
    with_request,
};
use crate::payments::connect;
use crate::port::{Forged, Inbound};

fn basic(credentials: &str) -> String {
    format!("Basic {}", STANDARD.encode(credentials))
}

fn verify(authorization: Option<&str>, body: &[u8]) -> Result<(), Forged> {
    with_request(authorization, body, |request| {
        gateway(NOWHERE).verify(request)
    })
}

fn believed(body: &[u8]) -> Result<(), Forged> {
    verify(Some(&basic("orderhub:own-password")), body)
}

fn ours() -> Vec<u8> {
    message("true", [signed(KEYS[0], item(AUTHORISATION, json!({})))])
}

#[test]
fn credentials_and_keys_in_rotation_are_believed() {
    for password in ["own-password", "own-password-before"] {
        let credentials = basic(&format!("orderhub:{password}"));
        for key in KEYS {
            let body = message("true", [signed(key, item(AUTHORISATION, json!({})))]);
            assert_eq!(verify(Some(&credentials), &body), Ok(()), "{key}");
        }
    }
    let lower = basic("orderhub:own-password").replacen("Basic", "basic", 1);
    assert_eq!(verify(Some(&lower), &ours()), Ok(()));
}

#[test]
fn a_signature_alone_is_not_enough() {
    assert_eq!(verify(None, &ours()), Err(Forged::Missing));
    for wrong in [
        basic("orderhub:own-passwor"),
        basic("orderhub:own-password "),
        basic("orderhub:"),
        basic("other:own-password"),
        basic(""),
        "Basic not base64!".to_owned(),
        "Basic".to_owned(),
        "Bearer own-password".to_owned(),
    ] {
        assert_eq!(verify(Some(&wrong), &ours()), Err(Forged::Mismatch));
    }
}

#[test]
fn credentials_alone_are_not_enough() {
    let bare = item(AUTHORISATION, json!({"additionalData": null}));
    assert_eq!(believed(&message("true", [bare])), Err(Forged::Missing));
    assert_eq!(believed(&message("true", [])), Err(Forged::Missing));
    let unsigned = item(AUTHORISATION, json!({}));
    assert_eq!(
        believed(&message("true", [unsigned])),
        Err(Forged::Mismatch)
    );
    for body in [&b""[..], b"[]", b"{}", b"{\"notificationItems\":1}"] {
        assert_eq!(believed(body), Err(Forged::Mismatch));
    }
    let strange = signed("ffff", item(AUTHORISATION, json!({})));
    assert_eq!(believed(&message("true", [strange])), Err(Forged::Mismatch));
}

#[test]
fn every_signed_value_counts() {
    let good = signed(
        KEYS[0],
        item(AUTHORISATION, json!({"originalReference": "OWN0"})),
    );
    assert_eq!(believed(&message("true", [good.clone()])), Ok(()));
    for (name, value) in [
        ("pspReference", json!("OWNPAYMENT000002")),
        ("originalReference", json!("OWN1")),
        ("merchantAccountCode", json!("OwnShopPOS")),
        ("merchantReference", json!("ord_other")),
        ("amount", json!({"currency": "EUR", "value": 4098})),
        ("amount", json!({"currency": "USD", "value": 4097})),
        ("eventCode", json!("CAPTURE")),
        ("success", json!("false")),
    ] {
        let mut changed = good.clone();
        changed[name] = value;
        let answer = believed(&message("true", [changed]));
        assert_eq!(answer, Err(Forged::Mismatch), "{name}");
    }
}

#[test]
fn a_signature_does_not_fit_the_same_text_cut_in_other_places() {
    let changes = json!({"originalReference": "OWN0", "merchantReference": "cart:7"});
    let good = signed(KEYS[0], item(AUTHORISATION, changes));
    assert_eq!(believed(&message("true", [good.clone()])), Ok(()));
    let mut moved = good.clone();
    moved["pspReference"] = json!("OWNPAYMENT000001:OWN0");
    moved["originalReference"] = good["merchantAccountCode"].clone();
    moved["merchantAccountCode"] = json!("cart");
    moved["merchantReference"] = json!("7");
    assert_eq!(signature(KEYS[0], &moved), signature(KEYS[0], &good));
    assert_eq!(believed(&message("true", [moved])), Err(Forged::Mismatch));
}

/// Adyen's published vectors: a key, an item, its signature.
fn vectors() -> [(&'static str, Value, &'static str); 3] {
    let of = |values: [&str; 4], value: i64, event: &str| {
        json!({
            "pspReference": values[0], "originalReference": values[1],
            "merchantAccountCode": values[2], "merchantReference": values[3],
            "amount": {"currency": "EUR", "value": value},
            "eventCode": event, "success": "true",
        })
    };
    let plain = [
        "pspReference",
        "originalReference",
        "merchantAccount",
        "reference",
    ];
    let report = [
        "test_REPORT_AVAILABLE",
        "",
        "Magento2Rik",
        "testMerchantRef1",
    ];
    let odd = [
        "ZVWN7D3WSMK2WN82",
        "",
        "AntoniStroinski",
        "\\:/\\/slashes are fun",
    ];
    [
        (
            "DFB1EB5485895CFA84146406857104ABB4CBCABDC8AAF103A624C8F6A3EAAB00",
            of(plain, 1000, "CAPTURE"),
            "xhpHvYq2u2Np0rstbZ6QjLGu7JWhvf7Iwaa6EviJSX0=",
        ),
        (
            "9064450A8892A093D9E97EFCC9639DE31B74F3A7803135555A3C96F5A57915D6",
            of(report, 0, "REPORT_AVAILABLE"),
            "NuEkADFmlCC6VgX+wcoPAegIWxVPNBPCuKlM4Hzo5qc=",
        ),
        (
            "74F490DD33F7327BAECC88B2947C011FC02D014A473AAA33A8EC93E4DC069174",
            of(odd, 1000, "AUTHORISATION"),
            "CZErGCNQaSsxbaQfZaJlakqo7KPP+mIa8a+wx3yNs9A=",
        ),
    ]
}

#[test]
fn the_published_vectors_are_believed_and_no_others() {
    for (key, mut item, tag) in vectors() {
        let settings = settings(NOWHERE).with_secrets("hmac_keys", ["00", key]);
        let gateway = connect("adyen", &settings).expect("a connection");
        let verify = |item: &Value| {
            let credentials = basic("orderhub:own-password");
            let body = message("true", [item.clone()]);
            with_request(Some(&credentials), &body, |request| gateway.verify(request))
        };
        assert_eq!(signature(key, &item), tag);
        item["additionalData"] = json!({"hmacSignature": tag});
        assert_eq!(verify(&item), Ok(()), "{tag}");
        for changed in [&tag[..40], &tag.to_lowercase(), "", "!"] {
            let mut item = item.clone();
            item["additionalData"]["hmacSignature"] = changed.into();
            assert_eq!(verify(&item), Err(Forged::Mismatch), "{changed}");
        }
        item["amount"]["value"] = 1001.into();
        assert_eq!(verify(&item), Err(Forged::Mismatch));
    }
}

#[test]
fn an_item_that_is_not_signed_counts_for_nothing_beside_one_that_is() {
    let good = signed(KEYS[1], item(AUTHORISATION, json!({})));
    let forged = item(CHARGEBACK, json!({}));
    let body = message("true", [forged, good]);
    assert_eq!(believed(&body), Ok(()));
    let read = with_request(None, &body, |request| gateway(NOWHERE).read(request));
    let [Inbound::Unknown { topic }, Inbound::Payment { .. }] = &read[..] else {
        panic!("not one of each: {read:?}");
    };
    assert_eq!(topic, "unsigned:CHARGEBACK");
}
