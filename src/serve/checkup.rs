//! What `orderhub doctor` cannot see without the store, the bus and the connectors.

use futures_util::future::join_all;
use jiff::SignedDuration;
use orderhub_channels::registry;

use crate::bus;
use crate::cli::{Exit, Failure, Finding};
use crate::config::Config;
use crate::store::{Checkup, Sealed, StoreError};

use super::{connections, sealing_key, unusable, url_of};

/// How far two clocks may be apart before it is told, in seconds.
const CLOCKS_APART: i64 = 2;

/// Everything that a hub with this configuration stands on.
pub(super) async fn examine(config: &Config) -> Vec<Finding> {
    let mut findings = vec![Finding::of("connections", connectors(config))];
    match connected(config).await {
        Err(failure) => findings.push(Finding::of("database", Err(failure))),
        Ok(mut store) => {
            findings.push(Finding::of("database", server(&mut store).await));
            let schema = schema(&mut store).await;
            let whole = schema.is_ok();
            findings.push(Finding::of("migrations", schema));
            if whole {
                findings.push(Finding::of(
                    "sealing key",
                    sealing(config, &mut store).await,
                ));
            }
            findings.push(clock(&mut store).await);
        }
    }
    findings.push(bus(config).await);
    findings.extend(partners(config).await);
    findings
}

/// Those partners whose side can be looked at. The hub starts without them.
async fn partners(config: &Config) -> Vec<Finding> {
    let looks = config.connections().map(async |one| {
        // One that cannot be built is told of already.
        let connector = registry::connector(one.kind, &one.settings()).ok()?;
        let found = connector.checkup()?.look().await;
        let name = format!("{}/{}", one.kind.family, one.slug);
        Some(match found {
            Ok(detail) => Finding::of("partner", Ok(format!("{name}: {detail}"))),
            Err(error) => Finding::warning(
                "partner",
                format!("{name}: {error}"),
                "bring it up, or correct the connection; meanwhile its work waits",
            ),
        })
    });
    join_all(looks).await.into_iter().flatten().collect()
}

fn connectors(config: &Config) -> Result<String, Failure> {
    let count = connections::check(config)?;
    Ok(format!("{count} connections have what they need"))
}

async fn connected(config: &Config) -> Result<Checkup, Failure> {
    let url = url_of(config)?;
    Checkup::connect(url).await.map_err(in_the_way)
}

/// The store's refusals, each with the command that mends it.
fn in_the_way(error: StoreError) -> Failure {
    let next = match &error {
        StoreError::Database(_) => {
            "sudo systemctl start postgresql; or correct DATABASE_URL, or [store] url".to_owned()
        }
        StoreError::NotDurable { setting } => format!(
            "psql -c 'alter system set {setting} = on' -c 'select pg_reload_conf()', as its superuser"
        ),
        StoreError::TooOld { .. } => "install Postgres 14 or newer and move the data".to_owned(),
        _ => return unusable(error),
    };
    Failure::new(Exit::Missing, error.to_string(), next)
}

async fn server(store: &mut Checkup) -> Result<String, Failure> {
    let version = store.server().await.map_err(in_the_way)?;
    let size = store.size().await.map_err(in_the_way)?;
    let mib = size / (1024 * 1024);
    Ok(format!(
        "Postgres {version} keeps what it confirms; the database takes {mib} MiB"
    ))
}

async fn schema(store: &mut Checkup) -> Result<String, Failure> {
    store.schema().await.map_err(in_the_way)?;
    Ok("the schema is this binary's, or newer".to_owned())
}

async fn sealing(config: &Config, store: &mut Checkup) -> Result<String, Failure> {
    let configured = config.seal_key.as_ref();
    let configured = configured.map(|key| sealing_key(key.expose().trim()));
    let kept = configured.is_none();
    let sealed = store.sealing(configured.transpose()?).await;
    let sealed = sealed.map_err(|error| match error {
        StoreError::Seal(_) => Failure::usage(
            "what was sealed last does not open with this key",
            "set [store] seal_key to the key that was in force",
        ),
        other => in_the_way(other),
    })?;
    let whose = if kept {
        "the database keeps one beside what it seals, as [store] seal_key is not set"
    } else {
        "it is configured"
    };
    let opens = match sealed {
        Sealed::Opens => "it opens what was sealed last",
        Sealed::Nothing => "nothing is sealed yet",
    };
    Ok(format!("{whose}; {opens}"))
}

async fn clock(store: &mut Checkup) -> Finding {
    match store.clock_ahead().await {
        Ok(ahead) => agreement(ahead),
        Err(error) => Finding::of("clock", Err(in_the_way(error))),
    }
}

/// What it means that the database's clock is so far ahead of ours.
fn agreement(ahead: SignedDuration) -> Finding {
    let apart = ahead.as_secs().abs();
    if apart < CLOCKS_APART {
        return Finding::of("clock", Ok("it agrees with the database's".to_owned()));
    }
    let where_to = if ahead.is_negative() {
        "behind"
    } else {
        "ahead of"
    };
    let detail = format!("the database's is {apart} s {where_to} ours");
    Finding::warning(
        "clock",
        detail,
        "timedatectl set-ntp true, on both machines",
    )
}

async fn bus(config: &Config) -> Finding {
    let what = "bus";
    let Some(url) = &config.bus else {
        let detail = "none is configured; events wait in the log";
        return Finding::of(what, Ok(detail.to_owned()));
    };
    let seen = bus::look(url.expose()).await;
    let seen = seen.map(|bus::Seen { version, events }| {
        let events = events.map_or(
            "the stream is made at the first start".to_owned(),
            |events| format!("the stream has {events} events"),
        );
        format!("NATS {version} with JetStream; {events}")
    });
    let seen = seen.map_err(|error| {
        let next = match &error {
            bus::BusError::Url(_) => "correct NATS_URL, or [bus] url",
            bus::BusError::Silent(_) => "nats-server -js; or correct NATS_URL, or [bus] url",
            bus::BusError::NoJetStream(_) => "start nats-server with -js",
        };
        let message = format!("{error}; orders go on, events wait in the log");
        Failure::new(Exit::Missing, message, next)
    });
    Finding::of(what, seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_that_are_apart_are_told_with_who_is_behind() {
        let said = |seconds| format!("{:?}", agreement(SignedDuration::from_secs(seconds)));
        assert!(said(1).contains("agrees") && said(-1).contains("agrees"));
        assert!(said(90).contains("90 s ahead of ours"), "{}", said(90));
        assert!(said(-3).contains("3 s behind ours"), "{}", said(-3));
    }
}
