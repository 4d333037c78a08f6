//! The connector from outside: who is believed, and what a webhook names.

mod back;
mod look_up;
mod offer;
mod returns;
mod sales;

use std::sync::Arc;

use hmac::{Hmac, KeyInit, Mac};
use http::HeaderMap;
use jiff::Timestamp;
use reqwest::Url;
use sha2::Sha256;

use crate::port::{Forged, Inbound, RawRequest, Resource};
use crate::sales::{SalesConnector, connect};
use crate::settings::{Mode, Settings};

fn unsigned() -> Settings {
    Settings::new("till-nz".into())
        .with_secrets("access_token", ["ls-own-token"])
        .with_text("domain_prefix", "ownstore")
        .with_text("outlet_id", "own-outlet-1")
        .with_text("pickup_location", "STORE-1")
        .with_text("stock_outlet_id", "own-outlet-9")
}

fn settings() -> Settings {
    unsigned().with_secrets("secrets", ["ls-own-secret-1", "ls-own-secret-2"])
}

fn till() -> Arc<dyn SalesConnector> {
    connect("lightspeed", &settings()).expect("a connection")
}

/// A connection that calls its till there.
fn calling(base_url: &str) -> Arc<dyn SalesConnector> {
    let mut settings = settings();
    settings.base_url = Some(base_url.to_owned());
    connect("lightspeed", &settings).expect("a connection")
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

fn read_as(stated: Option<&str>, body: &[u8]) -> Inbound {
    let headers = match stated {
        Some(what) => headers(&[("orderhub-stated", what)]),
        None => HeaderMap::new(),
    };
    let read = till().read(&request(&headers, body));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

fn form(fields: &[(&str, &str)]) -> Vec<u8> {
    let mut form = Url::parse("https://form.invalid/").expect("a URL");
    form.query_pairs_mut().extend_pairs(fields);
    form.query().expect("a form").as_bytes().to_vec()
}

fn unknown(topic: &str) -> Inbound {
    Inbound::Unknown {
        topic: topic.to_owned(),
    }
}

const SOLD: &str =
    r#"{"id":"own-sale-1","status":"CLOSED","register_sale_products":[{"name":"ü&+"}]}"#;

fn tag(secret: &str, body: &[u8]) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("a key");
    mac.update(body);
    hex::encode(mac.finalize().into_bytes())
}

#[test]
fn a_signature_of_any_secret_in_force_is_believed_and_nothing_else() {
    let body = form(&[("payload", SOLD)]);
    let verify = |header: &str, body: &[u8]| {
        let headers = headers(&[("x-signature", header)]);
        till().verify(&request(&headers, body))
    };
    for secret in ["ls-own-secret-1", "ls-own-secret-2"] {
        let tag = tag(secret, &body);
        for header in [
            format!("signature={tag}, algorithm=HMAC-SHA256"),
            format!("algorithm=HMAC-SHA256,signature={tag}"),
            tag.clone(),
        ] {
            assert_eq!(verify(&header, &body), Ok(()), "{header}");
        }
        let other = format!("signature={tag}, algorithm=HMAC-MD5");
        assert_eq!(verify(&other, &body), Err(Forged::Mismatch));
    }
    let good = format!(
        "signature={}, algorithm=HMAC-SHA256",
        tag("ls-own-secret-1", &body)
    );
    for (header, body) in [
        (good.as_str(), &body[..body.len() - 1]),
        (&good[..40], &body[..]),
        ("signature=, algorithm=HMAC-SHA256", &body[..]),
        ("", &body[..]),
        (&format!("signature={}", tag("other", &body)), &body[..]),
    ] {
        assert_eq!(verify(header, body), Err(Forged::Mismatch), "{header}");
    }
    let none = HeaderMap::new();
    assert_eq!(till().verify(&request(&none, &body)), Err(Forged::Missing));
}

#[test]
fn without_a_secret_a_form_is_let_in_that_can_only_name_a_sale() {
    let till = connect("lightspeed", &unsigned()).expect("a connection");
    let none = HeaderMap::new();
    let body = form(&[("payload", SOLD)]);
    assert_eq!(till.verify(&request(&none, &body)), Ok(()));
    for body in [&b""[..], SOLD.as_bytes(), b"id=own-sale-1", b"\xff"] {
        let believed = till.verify(&request(&none, body));
        assert_eq!(believed, Err(Forged::Missing));
    }
    // What was looked up never comes this way.
    let posing = headers(&[("orderhub-stated", "sale")]);
    let believed = till.verify(&request(&posing, &body));
    assert_eq!(believed, Err(Forged::Mismatch));
}

#[test]
fn a_store_without_its_token_prefix_or_outlet_does_not_start() {
    let start = |settings: &Settings| connect("lightspeed", settings).map(|till| till.is_live());
    assert_eq!(start(&settings()), Ok(true));
    assert!(start(&settings().with_secrets("access_token", Vec::<&str>::new())).is_err());
    assert!(start(&settings().with_secrets("secrets", ["changeme"])).is_err());
    for key in ["domain_prefix", "outlet_id"] {
        for bad in ["", "a/b", "own.store"] {
            assert!(start(&settings().with_text(key, bad)).is_err(), "{key}");
        }
    }
    let mut test = settings();
    test.mode = Some(Mode::Test);
    assert_eq!(start(&test), Ok(false));
}

#[test]
fn a_webhook_names_the_sale_that_has_changed() {
    let changed = Inbound::Changed(Resource {
        kind: "sale".to_owned(),
        id: "own-sale-1".to_owned(),
    });
    for body in [
        form(&[("payload", SOLD)]),
        form(&[
            ("domain_prefix", "ownstore"),
            ("payload", SOLD),
            ("type", "sale.update"),
        ]),
        form(&[
            ("type", "sale.update"),
            ("payload", "{\"id\":\"own-sale-1\"}"),
        ]),
    ] {
        assert_eq!(read_as(None, &body), changed);
    }
    let entry = b"{\"id\":\"own-sale-1\",\"state\":\"closed\"}";
    assert_eq!(read_as(Some("entry"), entry), changed);
}

#[test]
fn what_is_not_ours_or_asks_nothing_is_kept_under_its_name() {
    let other = form(&[("payload", SOLD), ("domain_prefix", "other")]);
    assert_eq!(read_as(None, &other), unknown("another_store:sale.update"));
    for topic in [
        "inventory.update",
        "consignment.receive",
        "product.update",
        "own.topic",
    ] {
        let body = form(&[("payload", "{\"id\":\"x\"}"), ("type", topic)]);
        assert_eq!(read_as(None, &body), unknown(topic));
    }
    let bare = form(&[("payload", "{\"id\":\"x\"}")]);
    assert_eq!(read_as(None, &bare), unknown("unnamed"));
    let nameless = form(&[("payload", "{\"register_sale_products\":[]}")]);
    assert_eq!(read_as(None, &nameless), unknown("sale.update:no_id"));
}

#[test]
fn what_cannot_be_read_says_so_and_quotes_nothing() {
    let garbled = form(&[("payload", "buyer@example.com")]);
    for (stated, body) in [
        (None, &b"buyer@example.com"[..]),
        (None, b""),
        (None, &garbled),
        (Some("entry"), b"{\"id\":\"buyer@example.com\"}"),
        (Some("sale"), b"{\"sale\":\"buyer@example.com\"}"),
    ] {
        let Inbound::Unreadable { reason } = read_as(stated, body) else {
            panic!("not readable");
        };
        assert!(!reason.contains("buyer@"), "{reason}");
    }
}
