//! `orderhub migrate`. Nothing migrates by itself: `serve` refuses an old schema.

use clap::Subcommand;
use serde_json::Value;

use super::{Exit, Failure, Format, Out, Root};
use crate::config::Config;

#[derive(Debug, Subcommand)]
pub(super) enum Verb {
    /// Say what `up` would apply. Changes nothing.
    Plan,
    /// Apply what is pending.
    Up,
    /// List every migration and whether the database has it.
    Status,
}

/// A migration and whether the database has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MigrationStep {
    /// Its number.
    pub version: i64,
    /// Its name.
    pub name: String,
    /// Whether it was applied.
    pub state: MigrationState,
}

/// Whether a migration was applied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MigrationState {
    /// It was.
    Applied,
    /// It was not.
    Pending,
    /// It was, but its text has changed since.
    Changed,
    /// The database has it and this binary does not.
    Unknown,
}

impl MigrationState {
    /// The word for it.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::Pending => "pending",
            Self::Changed => "changed",
            Self::Unknown => "unknown",
        }
    }
}

pub(super) async fn run(
    verb: &Verb,
    config: &Config,
    root: &dyn Root,
    format: Format,
    out: &mut Out,
) -> Result<(), Failure> {
    let steps = match verb {
        Verb::Up => {
            let applied = root.migrate(config).await?;
            out.words(&format!("{} migrations applied", applied.len()));
            applied
        }
        Verb::Plan => {
            let mut steps = root.migrations(config).await?;
            refuse_foreign(&steps)?;
            steps.retain(|step| step.state == MigrationState::Pending);
            steps
        }
        Verb::Status => root.migrations(config).await?,
    };
    let rows: Vec<Vec<Value>> = steps
        .iter()
        .map(|step| {
            vec![
                step.version.into(),
                step.name.as_str().into(),
                step.state.word().into(),
            ]
        })
        .collect();
    out.rows(format, &["version", "name", "state"], &rows);
    Ok(())
}

/// A schema that this binary does not know is not for it to change.
fn refuse_foreign(steps: &[MigrationStep]) -> Result<(), Failure> {
    let foreign = |step: &&MigrationStep| {
        matches!(
            step.state,
            MigrationState::Changed | MigrationState::Unknown
        )
    };
    let Some(step) = steps.iter().find(foreign) else {
        return Ok(());
    };
    let message = format!(
        "migration {} is {} to this binary",
        step.version,
        step.state.word()
    );
    Err(Failure::new(
        Exit::Conflict,
        message,
        "orderhub migrate status",
    ))
}
