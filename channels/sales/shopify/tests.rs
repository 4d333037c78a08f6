//! The connector from outside: who is believed, and what an order means.

mod back;
mod changes;
mod look;
mod offer;
mod orders;
mod refunds;

use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;
use orderhub_domain::canonical::CaptureMode;

use crate::port::{Forged, Inbound, RawRequest};
use crate::sales::{SalesConnector, connect};
use crate::settings::{Gateway, Mode, Settings};

const BODY: &[u8] = "{\"id\":1001,\"note\":\"Käse\"}".as_bytes();
/// HMAC-SHA256 of the body under the first and the second secret.
const FIRST: &str = "oaKdOJDuE0d1uJMdYavgY6J1JO06G4KQsRyH05H3+6Q=";
const SECOND: &str = "iy/MQ54wSNPKFKmwdeWUfocHdFC6cVuPbztTbw/AoYU=";

fn settings() -> Settings {
    let mut settings = Settings::new("shop-de".into())
        .with_secrets("secrets", ["shopify-own-secret-1", "shopify-own-secret-2"]);
    settings.payment = Some(Gateway {
        slug: "stripe-eu".into(),
        capture: CaptureMode::Once,
    });
    settings
}

fn shop() -> Arc<dyn SalesConnector> {
    connect("shopify", &settings()).expect("a connection")
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

fn verify(shop: &Arc<dyn SalesConnector>, signature: &str, body: &[u8]) -> Result<(), Forged> {
    let headers = headers(&[("x-shopify-hmac-sha256", signature)]);
    shop.verify(&request(&headers, body))
}

#[test]
fn the_published_vector_is_believed() {
    let settings = settings().with_secrets("secrets", ["hush"]);
    let shop = connect("shopify", &settings).expect("a connection");
    let signature = "hMTq0K2x7oyOjoBwGYeTj5oxfnaVYXzbanUG9aajpKI=";
    assert_eq!(verify(&shop, signature, b"\"my secret message\""), Ok(()));
    assert_eq!(
        verify(&shop, signature, b"my secret message"),
        Err(Forged::Mismatch)
    );
}

#[test]
fn a_signature_of_any_secret_in_force_is_believed_and_nothing_else() {
    assert_eq!(verify(&shop(), FIRST, BODY), Ok(()));
    assert_eq!(verify(&shop(), SECOND, BODY), Ok(()));
    let mut changed = BODY.to_vec();
    changed[6] ^= 1;
    for (signature, body) in [
        (FIRST, &changed[..]),
        (FIRST, &BODY[..BODY.len() - 1]),
        (FIRST, b""),
        ("", BODY),
        ("not base64!", BODY),
        ("oaKdOJDuE0d1uJMdYavgY6J1JO06G4KQsRyH05H3", BODY),
        // The same digest in hexadecimal, and in the alphabet for URLs.
        ("a1a29d3890ee134775b8931d61abe063a275", BODY),
        ("oaKdOJDuE0d1uJMdYavgY6J1JO06G4KQsRyH05H3-6Q=", BODY),
    ] {
        assert_eq!(
            verify(&shop(), signature, body),
            Err(Forged::Mismatch),
            "{signature}"
        );
    }
    let none = HeaderMap::new();
    assert_eq!(shop().verify(&request(&none, BODY)), Err(Forged::Missing));
    let one = settings().with_secrets("secrets", ["shopify-own-secret-1"]);
    let shop = connect("shopify", &one).expect("a connection");
    assert_eq!(
        verify(&shop, SECOND, BODY),
        Err(Forged::Mismatch),
        "its secret is retired"
    );
}

#[test]
fn a_configured_shop_is_the_only_one_believed() {
    let settings = settings().with_text("shop_domain", "own.myshopify.com");
    let shop = connect("shopify", &settings).expect("a connection");
    let from = |domain: &str| {
        let headers = headers(&[
            ("x-shopify-hmac-sha256", FIRST),
            ("x-shopify-shop-domain", domain),
        ]);
        shop.verify(&request(&headers, BODY))
    };
    assert_eq!(from("own.myshopify.com"), Ok(()));
    assert_eq!(from("Own.MyShopify.com"), Ok(()));
    assert_eq!(from("other.myshopify.com"), Err(Forged::Mismatch));
    assert_eq!(
        verify(&shop, FIRST, BODY),
        Err(Forged::Mismatch),
        "it does not say"
    );
}

#[test]
fn a_shop_without_a_secret_does_not_start_and_is_live_unless_told() {
    let mut bare = settings();
    bare = bare.with_secrets("secrets", Vec::<&str>::new());
    assert!(connect("shopify", &bare).is_err());
    assert!(shop().is_live());
    let mut test = settings();
    test.mode = Some(Mode::Test);
    assert!(!connect("shopify", &test).expect("a connection").is_live());
}

#[test]
fn other_topics_are_kept_as_unknown() {
    for topic in [
        "products/update",
        "draft_orders/create",
        "draft_orders/update",
        "draft_orders/delete",
        "order_transactions/create",
    ] {
        let headers = headers(&[("x-shopify-topic", topic)]);
        let read = shop().read(&request(&headers, b"{\"id\":1}"));
        assert_eq!(
            read,
            [Inbound::Unknown {
                topic: topic.to_owned()
            }]
        );
    }
    let headers = headers(&[("x-shopify-topic", "orders/edited")]);
    let read = shop().read(&request(&headers, b"{\"order_edit\":{\"id\":1}}"));
    assert!(matches!(read[..], [Inbound::Unknown { .. }]), "{read:?}");
}
