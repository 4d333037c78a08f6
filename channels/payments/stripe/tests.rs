//! The connector from outside: signatures, webhooks, and every call against a stand-in gateway.

mod calls;
mod inbound;
mod renewals;
mod vector;

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use orderhub_domain::canonical::CaptureMode;
use orderhub_domain::ids::OrderId;
use orderhub_domain::money::{Currency, Money};

use crate::payments::{PaymentConnector, connect};
use crate::settings::Settings;

const ORDER: &str = "ord_0199f3c8a2b17def8a6b1c2d3e4f5061";

fn settings(base_url: &str) -> Settings {
    let mut settings = Settings::new("stripe-eu".into())
        .with_secrets("api_key", ["sk_test_own_key"])
        .with_secrets(
            "webhook_secrets",
            ["whsec_own_vector_1", "whsec_own_vector_2"],
        );
    settings.base_url = Some(base_url.to_owned());
    settings.timeout = Duration::from_millis(400);
    settings
}

fn gateway(base_url: &str) -> Arc<dyn PaymentConnector> {
    connect("stripe", &settings(base_url)).expect("a connection")
}

fn gateway_with_many_captures(base_url: &str) -> Arc<dyn PaymentConnector> {
    let mut settings = settings(base_url);
    settings.capture = CaptureMode::Many;
    connect("stripe", &settings).expect("a connection")
}

fn order() -> OrderId {
    ORDER.parse().expect("an order id")
}

fn money(amount: &str, currency: &str) -> Money {
    let currency = Currency::from_code(currency).expect("a currency");
    Money::exact(amount.parse().expect("a decimal"), currency).expect("money")
}

fn eur(amount: &str) -> Money {
    money(amount, "EUR")
}

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).expect("a time")
}
