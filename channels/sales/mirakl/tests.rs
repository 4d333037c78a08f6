//! The connector from outside: who is believed, and what it takes to start.

mod back;
mod offer;
mod orders;
mod poll;

use std::sync::Arc;

use http::HeaderMap;
use jiff::Timestamp;

use crate::port::{Forged, RawRequest};
use crate::sales::{SalesConnector, connect};
use crate::settings::{ConfigError, Mode, Settings};

const ORDER: &str = include_str!("fixtures/order.json");

fn settings(base_url: &str) -> Settings {
    let mut settings = Settings::new("market".into())
        .with_secrets("api_key", ["own-api-key"])
        .with_text("shop_id", "2042");
    settings.base_url = Some(base_url.to_owned());
    settings
}

fn calling(base_url: &str) -> Arc<dyn SalesConnector> {
    connect("mirakl", &settings(base_url)).expect("a connection")
}

fn market() -> Arc<dyn SalesConnector> {
    calling("https://own-instance.example.com")
}

fn request<'a>(headers: &'a HeaderMap, body: &'a [u8]) -> RawRequest<'a> {
    RawRequest {
        headers,
        body,
        url: "",
        received_at: Timestamp::UNIX_EPOCH,
    }
}

#[test]
fn whatever_comes_as_a_webhook_is_not_from_mirakl() {
    let none = HeaderMap::new();
    for body in [ORDER.as_bytes(), b"{}", b""] {
        let believed = market().verify(&request(&none, body));
        assert_eq!(believed, Err(Forged::Missing));
    }
}

#[test]
fn no_connection_starts_without_its_instance_and_its_key() {
    let bare = Settings::new("market".into()).with_secrets("api_key", ["own-api-key"]);
    let refused = connect("mirakl", &bare).err().expect("an error");
    assert!(
        matches!(&refused, ConfigError::BadSetting { key, .. } if *key == "base_url"),
        "{refused}"
    );
    let keyless = settings("https://own-instance.example.com").with_secrets("api_key", [""]);
    assert!(connect("mirakl", &keyless).is_err());
    assert!(market().is_live());
    let mut test = settings("https://own-instance-dev.example.com");
    test.mode = Some(Mode::Test);
    assert!(!connect("mirakl", &test).expect("a connection").is_live());
}
