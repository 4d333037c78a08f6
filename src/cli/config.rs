//! `orderhub config`.

use clap::Subcommand;

use super::{Format, Out};
use crate::config::{Config, leaves, shown};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Print the configuration in force. Secrets are never printed.
    Show {
        /// Say where each value comes from.
        #[arg(long)]
        sources: bool,
    },
    /// Say everything that is wrong with the configuration.
    Check,
}

pub(super) fn run(verb: &Verb, config: &Config, format: Format, out: &mut Out) {
    match verb {
        // A configuration that is loaded is right: what is wrong was told before.
        Verb::Check => out.words("the configuration is right"),
        Verb::Show { sources } => {
            let value = shown(config);
            let lines: Vec<String> = leaves(&value)
                .into_iter()
                .map(|(path, value)| {
                    let from = sources.then(|| source(config, &path));
                    let from = from.map(|from| format!("  # {from}")).unwrap_or_default();
                    format!("{path} = {value}{from}")
                })
                .collect();
            out.value(format, &value, &lines.join("\n"));
        }
    }
}

/// Where a value comes from: the file names lists as a whole.
fn source<'a>(config: &'a Config, path: &str) -> &'a str {
    let list = path.split('[').next().unwrap_or(path);
    config
        .given
        .get(path)
        .or_else(|| config.given.get(list))
        .map_or("default", String::as_str)
}
