//! `orderhub channel`.

use clap::Subcommand;
use orderhub_channels::conformance::{Finding, Verdict, try_connection};
use orderhub_channels::registry::{self, About, Form, Setting};
use orderhub_domain::ids::Slug;
use serde_json::{Value, json};

use super::{Exit, Failure, Format, Out};
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// List the configured connections.
    Ls {
        /// List the kinds of connections that there are instead.
        #[arg(long)]
        kinds: bool,
    },
    /// Print the section of orderhub.toml that a new connection needs.
    New {
        /// The kind, as `orderhub channel ls --kinds` names it.
        kind: String,
        /// The connection's own short name.
        slug: Slug,
    },
    /// Try what a configured connection makes of everything that its vendor may send: duplicates, all
    /// orders of what is said, bad money, unknown words, replaced secrets. Nothing leaves this machine.
    Test {
        /// The connection's short name.
        slug: Slug,
    },
}

pub(super) fn run(
    verb: &Verb,
    config: impl FnOnce() -> Result<Config, Failure>,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    match verb {
        Verb::Ls { kinds: true } => kinds(format, out),
        Verb::Ls { kinds: false } => list(&config()?, format, out),
        Verb::New { kind, slug } => out.data(&section(known(kind)?, slug)),
        Verb::Test { slug } => return test(&config()?, slug, format, out),
    }
    Ok(())
}

/// Every kind of connection, of all families.
fn kinds(format: Format, out: &mut Out) {
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
fn list(config: &Config, format: Format, out: &mut Out) {
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

fn known(kind: &str) -> Result<&'static About, Failure> {
    let found = registry::kinds().find(|known| known.name == kind);
    found.ok_or_else(|| {
        let message = format!("there is no kind of connection called \"{kind}\"");
        Failure::new(Exit::NotFound, message, "orderhub channel ls --kinds")
    })
}

/// The section of the configuration that a connection of a kind needs, with what each setting is. What may
/// be left out is commented out.
fn section(kind: &About, slug: &Slug) -> String {
    let mut lines = vec![
        format!("[[{}]]", kind.family),
        format!("slug = \"{slug}\""),
        format!("kind = \"{}\"", kind.name),
    ];
    for setting in kind.settings {
        lines.push(format!("# {}", setting.what));
        let mark = if setting.required { "" } else { "# " };
        lines.push(format!("{mark}{} = {}", setting.key, value(setting, slug)));
    }
    lines.join("\n")
}

/// How a setting is written. Secrets are named and stand elsewhere.
fn value(setting: &Setting, slug: &Slug) -> String {
    let variable = format!("{slug}_{}", setting.key);
    let variable = variable.replace('-', "_").to_ascii_uppercase();
    match setting.form {
        Form::Secret => format!("{{ env = \"{variable}\" }}"),
        Form::Secrets => format!("[{{ env = \"{variable}\" }}]"),
        Form::Url => "\"https://\"".to_owned(),
        Form::Nats => "\"tls://\"".to_owned(),
        Form::Text | Form::Digits => "\"\"".to_owned(),
        Form::Flag => "true".to_owned(),
    }
}

/// What came of the conformance kit; a failure if anything does not hold.
fn test(config: &Config, slug: &Slug, format: Format, out: &mut Out) -> Result<(), Failure> {
    let Some(connection) = config.connections().find(|one| one.slug == *slug) else {
        let message = format!("no connection is called \"{slug}\"");
        return Err(Failure::new(Exit::NotFound, message, "orderhub channel ls"));
    };
    let findings = try_connection(connection.kind, &connection.settings());
    let findings = findings
        .map_err(|error| Failure::usage(error.to_string(), "correct it, then try again"))?;
    let row = |finding: &Finding| {
        let verdict = &finding.verdict;
        vec![
            finding.check.into(),
            verdict.word().into(),
            json!(verdict.why()),
        ]
    };
    let rows: Vec<Vec<Value>> = findings.iter().map(row).collect();
    out.rows(format, &["check", "verdict", "why"], &rows);
    let failed = |finding: &&Finding| matches!(finding.verdict, Verdict::Fails(_));
    match findings.iter().filter(failed).count() {
        0 => Ok(()),
        count => Err(Failure::new(
            Exit::Failed,
            format!("{count} of {} checks do not hold", findings.len()),
            format!("see docs/connectors/{}.md", connection.kind.name),
        )),
    }
}
