//! The connector from outside: who is believed, and what it is asked for is read.

mod back;
mod events;
mod news;
mod offer;
mod orders;
mod poll;
mod refunds;

use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;

use crate::port::{Forged, Inbound, RawRequest};
use crate::sales::{SalesConnector, connect};
use crate::settings::{Mode, Settings};

fn settings(base_url: &str) -> Settings {
    let mut settings =
        Settings::new("shop-us".into()).with_secrets("access_token", ["own-access-token"]);
    settings.base_url = Some(base_url.to_owned());
    settings
}

/// A connection that calls its shop there.
fn calling(base_url: &str) -> Arc<dyn SalesConnector> {
    connect("adobe_commerce", &settings(base_url)).expect("a connection")
}

fn request<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> RawRequest<'a> {
    RawRequest {
        headers,
        body,
        url: "",
        received_at: Timestamp::UNIX_EPOCH,
    }
}

fn stated(body: &[u8]) -> Inbound {
    let mut headers = HeaderMap::new();
    headers.insert("orderhub-stated", "order".parse().expect("a header"));
    let read = calling("https://shop.example.com").read(&request(&headers, body));
    let [inbound] = <[Inbound; 1]>::try_from(read).expect("one item");
    inbound
}

fn unknown(topic: &str) -> Inbound {
    Inbound::Unknown {
        topic: topic.to_owned(),
    }
}

#[test]
fn nobody_who_sends_something_is_believed_where_no_events_are_wanted() {
    let shop = calling("https://shop.example.com");
    let mut headers = HeaderMap::new();
    for name in [
        "x-adobe-commerce-webhook-signature",
        "x-adobe-digital-signature-1",
    ] {
        headers.insert(name, "b3du".parse().expect("a header"));
        let body = br#"{"event":{"data":{"value":{"order_id":"8"}}}}"#;
        assert_eq!(shop.verify(&request(&headers, body)), Err(Forged::Missing));
        assert_eq!(shop.read(&request(&headers, body)), [unknown("event")]);
    }
}

#[test]
fn a_shop_without_an_address_does_not_start_and_is_live_unless_told() {
    let mut nowhere = settings("");
    nowhere.base_url = None;
    let refused = connect("adobe_commerce", &nowhere).err().expect("an error");
    assert!(refused.to_string().contains("base_url"), "{refused}");
    assert!(calling("https://shop.example.com").is_live());
    let mut test = settings("https://shop.example.com");
    test.mode = Some(Mode::Test);
    let test = connect("adobe_commerce", &test).expect("a connection");
    assert!(!test.is_live());
}
