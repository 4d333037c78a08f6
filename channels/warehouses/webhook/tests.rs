//! The webhook warehouse against messages of its own form, and against a double of a warehouse.

mod calls;
mod reports;

use std::sync::Arc;

use super::super::WarehouseConnector;
use super::KIND;
use crate::settings::{ConfigError, Settings};
use crate::specimen::Specimen;

fn settings() -> Settings {
    let secret = |number| super::specimen::Site.secret(number);
    Settings::new("own".into())
        .with_text("url", "https://wms.example.com/hooks/orderhub")
        .with_secrets("request_secret", [secret(1)])
        .with_secrets("callback_secrets", [secret(2)])
}

fn connected(settings: &Settings) -> Result<Arc<dyn WarehouseConnector>, ConfigError> {
    (KIND.connect)(settings)
}

#[test]
fn secrets_of_another_form_and_addresses_that_carry_more_are_refused() {
    assert!(connected(&settings()).is_ok());
    for (key, value) in [
        ("request_secret", "not of the form but long enough"),
        ("request_secret", "whsec_c2hvcnQ="),
        ("callback_secrets", "whsec_%%%%"),
    ] {
        let refused = connected(&settings().with_secrets(key, [value])).map(|_| ());
        assert!(
            refused.is_err_and(|why| why.to_string().contains(key)),
            "{value}"
        );
    }
    for url in [
        "http://wms.example.com/hooks",
        "https://user:word@wms.example.com/",
        "https://wms.example.com/?key=1",
        "wms.example.com",
    ] {
        assert!(
            connected(&settings().with_text("url", url)).is_err(),
            "{url}"
        );
    }
}
