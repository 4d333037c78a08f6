//! `orderhub keys`.

use clap::Subcommand;
use orderhub_domain::ids::Slug;
use serde_json::{Value, json};

use super::{Exit, Failure, Format, Out, Root};
use crate::config::Config;
use crate::http::keys::{Key, NewKey, Scope, generate, token_hash};

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Make a key. It is printed once and cannot be shown again.
    Create {
        /// What people call it.
        name: String,
        /// What it may do, separated by commas.
        #[arg(long, required = true, value_delimiter = ',', value_name = "SCOPES")]
        scopes: Vec<Scope>,
        /// The only channel it may see.
        #[arg(long, value_name = "SLUG")]
        channel: Option<String>,
    },
    /// List the keys, without their secrets.
    Ls,
    /// End a key. It is refused within five seconds everywhere.
    Revoke {
        /// Its id.
        id: String,
    },
}

/// Longest name of a key.
const LONGEST_NAME: usize = 64;

pub(super) async fn run(
    verb: Verb,
    config: &Config,
    root: &dyn Root,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    match verb {
        Verb::Create {
            name,
            scopes,
            channel,
        } => create(name, scopes, channel, config, root, format, out).await,
        Verb::Ls => list(config, root, format, out).await,
        Verb::Revoke { id } => revoke(&id, config, root, out).await,
    }
}

async fn create(
    name: String,
    mut scopes: Vec<Scope>,
    channel: Option<String>,
    config: &Config,
    root: &dyn Root,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let legal = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ' ');
    if name.trim().is_empty() || name.len() > LONGEST_NAME || !name.chars().all(legal) {
        let message = "a key's name is 1 to 64 letters, digits, spaces, -, _ and .";
        return Err(Failure::usage(message, "orderhub keys create --help"));
    }
    scopes.sort_unstable();
    scopes.dedup();
    let channel = channel.map(Slug);
    if let Some(slug) = &channel
        && !config
            .sales
            .iter()
            .any(|sales| sales.connection.slug == *slug)
    {
        let message = format!("there is no sales channel {slug} in the configuration");
        return Err(Failure::new(Exit::NotFound, message, "orderhub channel ls"));
    }
    let (token, id) = generate().map_err(|error| {
        Failure::new(
            Exit::Failed,
            error.to_string(),
            "orderhub keys create --help",
        )
    })?;
    let key = Key {
        id,
        name,
        scopes,
        channel,
    };
    let new = NewKey {
        token_hash: token_hash(&token),
        key,
    };
    root.keys(config).await?.add(&new).await?;
    let words: Vec<_> = new.key.scopes.iter().map(|scope| scope.word()).collect();
    let value =
        json!({ "id": new.key.id, "key": token, "scopes": words, "channel": new.key.channel });
    out.words("keep this key now; it cannot be shown again");
    out.value(format, &value, &token);
    Ok(())
}

async fn list(
    config: &Config,
    root: &dyn Root,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let keys = root.keys(config).await?.list().await?;
    let rows: Vec<Vec<Value>> = keys
        .iter()
        .map(|kept| {
            let words: Vec<_> = kept.key.scopes.iter().map(|scope| scope.word()).collect();
            vec![
                kept.key.id.as_str().into(),
                kept.key.name.as_str().into(),
                words.into(),
                json!(kept.key.channel),
                json!(kept.created_at),
                json!(kept.revoked_at),
            ]
        })
        .collect();
    let heading = [
        "id",
        "name",
        "scopes",
        "channel",
        "created_at",
        "revoked_at",
    ];
    out.rows(format, &heading, &rows);
    Ok(())
}

async fn revoke(id: &str, config: &Config, root: &dyn Root, out: &mut Out) -> Result<(), Failure> {
    if root.keys(config).await?.revoke(id).await? {
        out.words("the key is revoked");
        return Ok(());
    }
    let message = format!("there is no key {id}");
    Err(Failure::new(Exit::NotFound, message, "orderhub keys ls"))
}
