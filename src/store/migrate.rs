//! The schema's migrations: embedded in the binary, applied in order under an advisory lock.
//!
//! Nothing migrates by itself: `serve` refuses an old schema, `orderhub migrate up` changes it.

use std::collections::BTreeMap;
use std::str::FromStr;
use std::sync::LazyLock;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};

use super::StoreError;

static MIGRATOR: LazyLock<Migrator> = LazyLock::new(|| {
    let mut migrator = sqlx::migrate!();
    migrator.dangerous_set_table_name("orderhub.migration");
    migrator.create_schema("orderhub");
    migrator
});

/// A migration and whether the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Its number.
    pub version: i64,
    /// Its name: "create journal".
    pub description: String,
    /// Whether it was applied.
    pub state: StepState,
}

/// Whether a migration was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepState {
    /// It was.
    Applied,
    /// It was not.
    Pending,
    /// It was, but its text has changed since. Released migrations are frozen: restore the file.
    Changed,
    /// The database has it and this binary does not: the database belongs to a newer release.
    Unknown,
}

/// Every migration, in order, and whether the database has it. Changes nothing.
pub async fn status(url: &str) -> Result<Vec<Step>, StoreError> {
    let mut conn = connect(url).await?;
    status_on(&mut conn).await
}

/// What `up` would apply.
pub async fn plan(url: &str) -> Result<Vec<Step>, StoreError> {
    let mut steps = status(url).await?;
    steps.retain(|step| step.state == StepState::Pending);
    Ok(steps)
}

/// Applies what is pending and answers what that was. Runs in a task of its own: a caller that
/// goes away must not leave half a migration.
pub async fn up(url: &str) -> Result<Vec<Step>, StoreError> {
    let url = url.to_owned();
    let task = tokio::spawn(async move {
        let mut conn = connect(&url).await?;
        let mut steps = status_on(&mut conn).await?;
        MIGRATOR
            .run_direct(None, &mut conn, false)
            .await
            .map_err(|error| StoreError::Migration(error.to_string()))?;
        steps.retain(|step| step.state == StepState::Pending);
        conn.close().await.map_err(StoreError::database)?;
        Ok(steps)
    });
    task.await
        .map_err(|error| StoreError::Migration(error.to_string()))?
}

/// Refuses a database whose schema is not exactly this binary's, or newer.
pub async fn check_schema(url: &str) -> Result<(), StoreError> {
    check(&mut connect(url).await?).await
}

/// Refuses a schema that is not exactly this binary's, or newer.
pub(super) async fn check(conn: &mut PgConnection) -> Result<(), StoreError> {
    let steps = status_on(conn).await?;
    let pending = steps
        .iter()
        .filter(|step| step.state == StepState::Pending)
        .count();
    if pending > 0 {
        return Err(StoreError::SchemaBehind { pending });
    }
    match steps.iter().find(|step| step.state == StepState::Changed) {
        Some(step) => Err(StoreError::Migration(format!(
            "migration {} has changed since it was applied; use the release that applied it",
            step.version
        ))),
        None => Ok(()),
    }
}

async fn connect(url: &str) -> Result<PgConnection, StoreError> {
    PgConnectOptions::from_str(url)
        .map_err(StoreError::url)?
        .application_name("orderhub migrate")
        .disable_statement_logging()
        // A migration that waits for a lock makes everybody behind it wait too.
        .options([("lock_timeout", "2s"), ("client_min_messages", "warning")])
        .connect()
        .await
        .map_err(StoreError::database)
}

async fn status_on(conn: &mut PgConnection) -> Result<Vec<Step>, StoreError> {
    let exists: bool = sqlx::query_scalar("select to_regclass('orderhub.migration') is not null")
        .fetch_one(&mut *conn)
        .await
        .map_err(StoreError::database)?;
    let mut applied: BTreeMap<i64, (String, Vec<u8>)> = BTreeMap::new();
    if exists {
        let rows: Vec<(i64, String, Vec<u8>)> = sqlx::query_as(
            "select version, description, checksum from orderhub.migration where success",
        )
        .fetch_all(conn)
        .await
        .map_err(StoreError::database)?;
        applied.extend(rows.into_iter().map(|(v, name, sum)| (v, (name, sum))));
    }
    let mut steps: Vec<Step> = MIGRATOR
        .iter()
        .map(|migration| Step {
            version: migration.version,
            description: migration.description.to_string(),
            state: match applied.remove(&migration.version) {
                None => StepState::Pending,
                Some((_, sum)) if sum == *migration.checksum => StepState::Applied,
                Some(_) => StepState::Changed,
            },
        })
        .collect();
    steps.extend(applied.into_iter().map(|(version, (description, _))| Step {
        version,
        description,
        state: StepState::Unknown,
    }));
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_numbered_without_gaps() {
        let versions: Vec<i64> = MIGRATOR.iter().map(|migration| migration.version).collect();
        let expected: Vec<i64> = (1..).take(versions.len()).collect();
        assert!(!versions.is_empty());
        assert_eq!(versions, expected);
    }
}
