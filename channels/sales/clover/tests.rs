//! The connector from outside: who is believed, and what a webhook names.

mod look_up;
mod news;
mod offer;
mod orders;

use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;

use crate::port::{Forged, Inbound, RawRequest, Resource};
use crate::sales::{SalesConnector, connect};
use crate::settings::{Mode, Settings};

fn settings() -> Settings {
    Settings::new("till-us".into())
        .with_secrets("secrets", ["cl-own-code-1", "cl-own-code-2"])
        .with_secrets("access_token", ["cl-own-token"])
        .with_text("merchant_id", "OWNMERCHANT")
        .with_text("ship_order_type", "OWNSHIP")
        .with_text("pickup_order_type", "OWNPICKUP")
        .with_text("pickup_location", "STORE-1")
        .with_text("stock_merchant_id", "OWNMERCHANT")
}

fn till() -> Arc<dyn SalesConnector> {
    connect("clover", &settings()).expect("a connection")
}

/// A connection that calls its till there.
fn calling(base_url: &str) -> Arc<dyn SalesConnector> {
    let mut settings = settings();
    settings.base_url = Some(base_url.to_owned());
    connect("clover", &settings).expect("a connection")
}

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    let pairs = pairs.iter();
    pairs
        .map(|(name, value)| {
            let name = http::HeaderName::from_static(name);
            (name, value.parse().expect("a header"))
        })
        .collect()
}

fn request<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> RawRequest<'a> {
    RawRequest {
        headers,
        body,
        url: "",
        received_at: Timestamp::UNIX_EPOCH,
    }
}

fn read_all(body: &[u8]) -> Vec<Inbound> {
    till().read(&request(&HeaderMap::new(), body))
}

fn read_as(stated: &str, body: &[u8]) -> Inbound {
    let headers = headers(&[("orderhub-stated", stated)]);
    let read = till().read(&request(&headers, body));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

fn unknown(topic: &str) -> Inbound {
    Inbound::Unknown {
        topic: topic.to_owned(),
    }
}

fn changed(kind: &str, id: &str) -> Inbound {
    Inbound::Changed(Resource {
        kind: kind.to_owned(),
        id: id.to_owned(),
    })
}

const CODE: &[u8] = b"{\"verificationCode\":\"0d0c1f6e-0000-4000-8000-000000000001\"}";

#[test]
fn any_code_in_force_is_believed_and_nothing_like_it() {
    let verify = |code: &str| {
        let headers = headers(&[("x-clover-auth", code)]);
        till().verify(&request(&headers, b"{\"merchants\":{}}"))
    };
    for code in ["cl-own-code-1", "cl-own-code-2", " cl-own-code-1 "] {
        assert_eq!(verify(code), Ok(()), "{code}");
    }
    for code in [
        "",
        "cl-own-code-3",
        "cl-own-code-",
        "CL-OWN-CODE-1",
        "cl-own-code-11",
    ] {
        assert_eq!(verify(code), Err(Forged::Mismatch), "{code}");
    }
    let none = HeaderMap::new();
    let bare = till().verify(&request(&none, b"{\"merchants\":{}}"));
    assert_eq!(bare, Err(Forged::Missing));
    // What was looked up never comes this way.
    let posing = headers(&[
        ("x-clover-auth", "cl-own-code-1"),
        ("orderhub-stated", "order"),
    ]);
    let posing = till().verify(&request(&posing, b"{}"));
    assert_eq!(posing, Err(Forged::Mismatch));
}

#[test]
fn the_verification_code_is_taken_from_anybody_and_says_nothing() {
    let none = HeaderMap::new();
    assert_eq!(till().verify(&request(&none, CODE)), Ok(()));
    assert_eq!(read_all(CODE), [unknown("verification_code")]);
    for body in [
        &b"{\"verificationCode\":\"\"}"[..],
        b"{\"verificationCode\":\"a\",\"merchants\":{}}",
        b"{\"verificationCode\":\"a\\u0022\"}",
        b"{\"verificationcode\":\"a\"}",
        b"",
    ] {
        let believed = till().verify(&request(&none, body));
        assert_eq!(believed, Err(Forged::Missing));
    }
}

#[test]
fn a_merchant_without_code_token_or_id_does_not_start() {
    let start = |settings: &Settings| connect("clover", settings).map(|till| till.is_live());
    assert_eq!(start(&settings()), Ok(true));
    for key in ["secrets", "access_token"] {
        assert!(start(&settings().with_secrets(key, Vec::<&str>::new())).is_err());
    }
    for bad in ["", "a/b", ".."] {
        assert!(start(&settings().with_text("merchant_id", bad)).is_err());
    }
    let half = Settings::new("till-us".into())
        .with_secrets("secrets", ["cl-own-code-1"])
        .with_secrets("access_token", ["cl-own-token"])
        .with_text("merchant_id", "OWNMERCHANT");
    assert_eq!(start(&half), Ok(true));
    for (key, text) in [
        ("pickup_order_type", "OWNPICKUP"),
        ("pickup_location", "STORE-1"),
    ] {
        assert!(start(&half.clone().with_text(key, text)).is_err(), "{key}");
    }
    let mut test = settings();
    test.mode = Some(Mode::Test);
    assert_eq!(start(&test), Ok(false));
    assert!(till().way_back().is_none());
}

#[test]
fn one_webhook_names_many_things_each_once_and_a_bad_one_loses_nothing_else() {
    let body = br#"{"appId":"OWNAPP","merchants":{
        "OTHER":[{"objectId":"O:OWN9","type":"UPDATE","ts":1}],
        "OWNMERCHANT":[
            {"objectId":"O:OWN1","type":"CREATE","ts":1},
            {"objectId":"O:OWN1","type":"UPDATE","ts":2},
            {"objectId":"P:OWNPAY1","type":"CREATE","ts":2},
            {"objectId":7},
            {"objectId":"O:buyer@example.com","type":"UPDATE","ts":3},
            {"objectId":"I:OWNITEM","type":"UPDATE","ts":3},
            {"objectId":"O:OWN2","type":"DELETE","ts":3}]}}"#;
    let read = read_all(body);
    let quoted = format!("{read:?}");
    assert!(!quoted.contains("buyer@"), "{quoted}");
    let (unreadable, read): (Vec<_>, Vec<_>) = read
        .into_iter()
        .partition(|item| matches!(item, Inbound::Unreadable { .. }));
    assert_eq!(unreadable.len(), 2);
    let expected = [
        unknown("another_merchant:O.UPDATE"),
        changed("order", "OWN1"),
        changed("payment", "OWNPAY1"),
        unknown("I.UPDATE"),
        changed("deleted_order", "OWN2"),
    ];
    assert_eq!(read, expected);
    let entry = b"{\"id\":\"OWN1\",\"modifiedTime\":1}";
    assert_eq!(read_as("entry", entry), changed("order", "OWN1"));
}

#[test]
fn what_cannot_be_read_says_so_and_quotes_nothing() {
    for body in [&b""[..], b"{}", b"buyer@example.com", b"{\"merchants\":[]}"] {
        let [Inbound::Unreadable { reason }] = &read_all(body)[..] else {
            panic!("not readable");
        };
        assert!(!reason.contains("buyer@"), "{reason}");
    }
    for stated in ["entry", "order"] {
        let read = read_as(stated, b"{\"id\":\"buyer@example.com\",\"order\":1}");
        assert!(matches!(read, Inbound::Unreadable { .. }), "{read:?}");
    }
}
