//! The connector from outside: who is believed, and what webhooks name.

mod back;
mod look_up;
mod news;
mod offer;
mod orders;
mod poll;

use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;
use serde_json::json;

use crate::port::{Forged, Inbound, RawRequest, Resource};
use crate::sales::{SalesConnector, connect};
use crate::settings::{ConfigError, Mode, Settings};

const BODY: &[u8] =
    "{\"data\":{\"event\":\"own.event\",\"payload\":{\"note\":\"Käse\"}}}".as_bytes();
/// HMAC-SHA256 of the body under the first and the second secret. The vendor publishes no vector.
const FIRST: &str = "4272ed2d5afeb8ac33cf88b78294f837b853845a53c109b24e278247e55da771";
const SECOND: &str = "c26e067d3dd43b9cce40593f2d74a9793ef9e71fcc843c1a6bf0e35a94eeeb14";

/// The order of the fixture.
const ORDER_ID: &str = "00000000000000000000000000003001";

fn settings(base_url: &str) -> Settings {
    let mut settings = Settings::new("shop-de".into())
        .with_text("client_id", "SWIAOWN")
        .with_secrets("client_secret", ["own-integration-secret"])
        .with_secrets("secrets", ["sw-own-secret-1", "sw-own-secret-2"]);
    settings.base_url = Some(base_url.to_owned());
    settings
}

/// A connection that calls its shop there.
fn calling(base_url: &str) -> Arc<dyn SalesConnector> {
    connect("shopware", &settings(base_url)).expect("a connection")
}

fn shop() -> Arc<dyn SalesConnector> {
    calling("https://shop.example.com")
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
    let headers = headers(&[("shopware-shop-signature", signature)]);
    shop.verify(&request(&headers, body))
}

fn hook(shop: &Arc<dyn SalesConnector>, event: &str, payload: &serde_json::Value) -> Vec<Inbound> {
    let body = json!({
        "data": { "event": event, "payload": payload },
        "source": { "url": "https://shop.example.com", "shopId": "ownShop", "eventId": "1" },
        "timestamp": 1_772_357_400,
    });
    shop.read(&request(&HeaderMap::new(), body.to_string().as_bytes()))
}

fn changed(id: &str) -> Inbound {
    Inbound::Changed(Resource {
        kind: "order".into(),
        id: id.into(),
    })
}

fn unknown(topic: &str) -> Inbound {
    Inbound::Unknown {
        topic: topic.to_owned(),
    }
}

#[test]
fn a_signature_of_any_secret_in_force_is_believed_and_nothing_else() {
    assert_eq!(verify(&shop(), FIRST, BODY), Ok(()));
    assert_eq!(verify(&shop(), SECOND, BODY), Ok(()));
    assert_eq!(verify(&shop(), &FIRST.to_ascii_uppercase(), BODY), Ok(()));
    let mut other = BODY.to_vec();
    other[10] ^= 1;
    for (signature, body) in [
        (FIRST, &other[..]),
        (FIRST, &BODY[..BODY.len() - 1]),
        (FIRST, b""),
        ("", BODY),
        ("not hexadecimal", BODY),
        (&FIRST[..62], BODY),
        (&FIRST[..63], BODY),
    ] {
        let believed = verify(&shop(), signature, body);
        assert_eq!(believed, Err(Forged::Mismatch), "{signature}");
    }
    let none = HeaderMap::new();
    assert_eq!(shop().verify(&request(&none, BODY)), Err(Forged::Missing));
    let one = settings("https://shop.example.com").with_secrets("secrets", ["sw-own-secret-1"]);
    let shop = connect("shopware", &one).expect("a connection");
    let retired = verify(&shop, SECOND, BODY);
    assert_eq!(retired, Err(Forged::Mismatch), "its secret is retired");
}

#[test]
fn a_shop_without_the_apps_secret_is_asked_and_never_believed() {
    let bare = settings("https://shop.example.com").with_secrets("secrets", Vec::<&str>::new());
    let shop = connect("shopware", &bare).expect("a connection");
    assert_eq!(verify(&shop, FIRST, BODY), Err(Forged::Mismatch));
    assert!(shop.poll().is_some());
    let weak = settings("https://shop.example.com").with_secrets("secrets", ["secret"]);
    let refused = connect("shopware", &weak).err().expect("an error");
    assert!(matches!(refused, ConfigError::WeakSecret { .. }));
}

#[test]
fn a_shop_without_an_address_does_not_start_and_is_live_unless_told() {
    let mut nowhere = settings("");
    nowhere.base_url = None;
    let refused = connect("shopware", &nowhere).err().expect("an error");
    assert!(refused.to_string().contains("base_url"), "{refused}");
    assert!(shop().is_live());
    let mut test = settings("https://shop.example.com");
    test.mode = Some(Mode::Test);
    assert!(!connect("shopware", &test).expect("a connection").is_live());
}

#[test]
fn every_event_of_an_order_names_it_and_what_it_says_does_not_count() {
    let order = json!({ "order": { "id": ORDER_ID, "amountTotal": 1, "deepLinkCode": "x" } });
    for event in [
        "checkout.order.placed",
        "state_enter.order.state.cancelled",
        "state_enter.order_delivery.state.shipped",
        "state_enter.order_transaction.state.paid",
        "state_enter.order_transaction_capture_refund.state.completed",
    ] {
        assert_eq!(hook(&shop(), event, &order), [changed(ORDER_ID)], "{event}");
    }
    let paid_otherwise = json!({ "orderTransaction": { "id": "1", "orderId": ORDER_ID } });
    let event = "checkout.order.payment_method.changed";
    assert_eq!(hook(&shop(), event, &paid_otherwise), [changed(ORDER_ID)]);
}

#[test]
fn orders_that_were_written_are_told_one_by_one_and_a_bad_one_loses_no_other() {
    let other = "0123456789abcdef0123456789abcdef";
    let order = |id: &str| json!({ "entity": "order", "operation": "update", "primaryKey": id });
    let live = "0fa91ce3e96a4bc2be4bd9ce752c3425";
    let written = json!([
        order(ORDER_ID),
        "odd",
        order("../../x"),
        order(ORDER_ID),
        { "entity": "order", "operation": "insert", "primaryKey": other, "versionId": live },
        { "entity": "order", "operation": "update", "primaryKey": other, "versionId": other },
        { "entity": "order", "operation": "delete", "primaryKey": other },
    ]);
    let read = hook(&shop(), "order.written", &written);
    let [first, odd, unnamed, second, draft, deleted] = &read[..] else {
        panic!("six items: {read:?}");
    };
    assert_eq!((first, second), (&changed(ORDER_ID), &changed(other)));
    for item in [odd, unnamed] {
        assert!(matches!(item, Inbound::Unreadable { .. }), "{item:?}");
    }
    assert_eq!(draft, &unknown("order.written:draft"));
    let deleted_order = Inbound::Changed(Resource {
        kind: "deleted_order".into(),
        id: other.into(),
    });
    assert_eq!(
        deleted, &deleted_order,
        "it is looked up whether it is gone"
    );
}

#[test]
fn other_events_and_other_shops_are_kept_as_unknown() {
    let order = json!({ "order": { "id": ORDER_ID } });
    for event in [
        "app.activated",
        "product.written",
        "checkout.customer.login",
    ] {
        assert_eq!(hook(&shop(), event, &json!([])), [unknown(event)]);
        assert_eq!(hook(&shop(), event, &order), [unknown(event)]);
    }
    let settings = settings("https://shop.example.com");
    let event = "checkout.order.placed";
    let of = |shop_id: &str| {
        let settings = settings.clone().with_text("shop_id", shop_id);
        connect("shopware", &settings).expect("a connection")
    };
    assert_eq!(hook(&of("ownShop"), event, &order), [changed(ORDER_ID)]);
    let strange = unknown("another_shop:checkout.order.placed");
    assert_eq!(hook(&of("another"), event, &order), [strange]);
    // What confirms an app's registration has keys in it, and no event.
    let body = json!({ "apiKey": "own", "secretKey": "own", "shopId": "ownShop" });
    let read = shop().read(&request(&HeaderMap::new(), body.to_string().as_bytes()));
    assert_eq!(read, [unknown("no_event")]);
}

#[test]
fn what_cannot_be_read_says_where_and_quotes_nothing() {
    for body in [
        &b"jane@example.com"[..],
        b"{\"data\":\"jane@example.com\"}",
        b"{\"data\":{\"event\":\"checkout.order.placed\",\"payload\":{\"order\":{\"id\":\"jane@example.com\"}}}}",
        b"{\"data\":{\"event\":\"checkout.order.placed\"}}",
        b"\xff",
        b"",
    ] {
        let read = shop().read(&request(&HeaderMap::new(), body));
        let [Inbound::Unreadable { reason }] = &read[..] else {
            panic!("unreadable: {read:?}");
        };
        assert!(!reason.contains("jane"), "{reason}");
    }
}
