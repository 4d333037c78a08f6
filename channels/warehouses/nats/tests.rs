//! The warehouse over NATS against reports of its own form, and against a double of a NATS server.

mod calls;
mod pages;
mod reading;
mod server;

use std::sync::Arc;

use orderhub_domain::ids::FulfilmentId;

use self::server::Server;
use super::super::WarehouseConnector;
use super::KIND;
use crate::settings::Settings;

fn settings(url: &str) -> Settings {
    Settings::new("north".into())
        .with_text("url", url)
        .with_text("prefix", "acme")
        .with_text("stream", "ACME")
        .with_secrets("credentials", ["a-token-of-our-own"])
}

fn connected(url: &str) -> Arc<dyn WarehouseConnector> {
    (KIND.connect)(&settings(url)).expect("a connection")
}

/// A connection to a double that has both streams.
async fn with_streams() -> (Server, Arc<dyn WarehouseConnector>) {
    let server = Server::start().await;
    server.book().add("ACME_REQUESTS", "acme.requests.");
    server.book().add("ACME_REPORTS", "acme.reports.");
    let warehouse = connected(&server.url());
    (server, warehouse)
}

fn fulfilment() -> FulfilmentId {
    let id = "ful_0199f3c8a2b17def8a6b1c2d3e4f5061_2";
    id.parse().expect("an id")
}
