//! The connector from outside: signatures, trackers, and every call against a stand-in carrier.

mod calls;
mod inbound;
mod vector;

use std::sync::Arc;
use std::time::Duration;

use crate::carriers::{CarrierConnector, connect};
use crate::settings::Settings;

fn carrier(base_url: &str) -> Arc<dyn CarrierConnector> {
    let mut settings = Settings::new("easypost".into())
        .with_secrets("api_key", ["EZTKown"])
        .with_secrets(
            "webhook_secrets",
            ["an-older-secret", "cl\u{e9}-d\u{e9}j\u{e0}-vu"],
        );
    settings.base_url = Some(base_url.to_owned());
    settings.timeout = Duration::from_millis(400);
    connect("easypost", &settings).expect("a connection")
}
