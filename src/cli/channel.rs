//! `orderhub channel`.

use clap::Subcommand;
use orderhub_channels::registry;
use serde_json::{Value, json};

use super::{Format, Out};
use crate::config::Config;

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
    let rows: Vec<Vec<Value>> = registry::kinds()
        .map(|kind| {
            let can: Vec<&str> = kind.can.iter().map(|one| one.word()).collect();
            vec![
                kind.family.word().into(),
                kind.name.into(),
                kind.standing.word().into(),
                can.join(" ").into(),
            ]
        })
        .collect();
    out.rows(format, &["family", "kind", "standing", "can"], &rows);
}

/// The configured connections.
pub(super) fn list(config: &Config, format: Format, out: &mut Out) {
    let rows: Vec<Vec<Value>> = config
        .connections()
        .map(|one| {
            let mode = one.mode.map(|mode| mode.to_string());
            vec![
                one.kind.family.word().into(),
                one.slug.as_str().into(),
                one.kind.name.into(),
                one.kind.standing.word().into(),
                json!(mode),
                json!(one.base_url),
            ]
        })
        .collect();
    out.rows(
        format,
        &["family", "slug", "kind", "standing", "mode", "base_url"],
        &rows,
    );
}
