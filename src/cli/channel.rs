//! `orderhub channel`.

use clap::Subcommand;
use serde_json::{Value, json};

use super::{Format, Out};
use crate::config::{Config, Connection, KINDS};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the configured connections.
    Ls {
        /// List the kinds of connections that there are instead.
        #[arg(long)]
        kinds: bool,
    },
}

/// Every kind of connection, of all families.
pub(super) fn kinds(format: Format, out: &mut Out) {
    let rows: Vec<Vec<Value>> = KINDS
        .iter()
        .map(|kind| vec![kind.family.into(), kind.kind.into()])
        .collect();
    out.rows(format, &["family", "kind"], &rows);
}

/// The configured connections.
pub(super) fn list(config: &Config, format: Format, out: &mut Out) {
    let mut connections: Vec<&Connection> = Vec::new();
    connections.extend(config.sales.iter().map(|one| &one.connection));
    connections.extend(config.payments.iter().map(|one| &one.connection));
    connections.extend(config.carriers.iter().map(|one| &one.connection));
    connections.extend(config.warehouses.iter().map(|one| &one.connection));
    let rows: Vec<Vec<Value>> = connections
        .into_iter()
        .map(|one| {
            let mode = one.mode.map(|mode| mode.to_string());
            vec![
                one.kind.family.into(),
                one.slug.as_str().into(),
                one.kind.kind.into(),
                json!(mode),
                json!(one.base_url),
            ]
        })
        .collect();
    out.rows(
        format,
        &["family", "slug", "kind", "mode", "base_url"],
        &rows,
    );
}
