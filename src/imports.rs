//! Reading a file of orders of the past in: what each of its orders comes to, and what would if it were
//! read in. A file that is too long for one request comes in pieces, and each is a file.

use std::collections::{BTreeMap, BTreeSet};

use orderhub_actors::api::{HubApi, HubError};
use orderhub_actors::past::{NewPast, PastSource, Recorded};
use orderhub_actors::ports::Journal;
use orderhub_channels::imports::{Broken, Fault, ImportFormat, ReadOrder, Reading};
use orderhub_domain::canonical::Violation;
use orderhub_domain::ids::OrderId;

/// What becomes of an order of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Its first row.
    pub row: u64,
    /// Its last row.
    pub last_row: u64,
    /// The channel's id of it, as far as it could be read.
    pub external_id: Option<String>,
    /// What.
    pub outcome: Outcome,
}

/// What becomes of an order of a file, in one word and what belongs to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It would be imported.
    WouldImport,
    /// It is on disk now.
    Imported(OrderId),
    /// It is there already; of an order that stands twice in the file and was only tried, nobody knows its
    /// id yet.
    Exists(Option<OrderId>),
    /// It cannot be imported.
    Refused(Vec<Fault>),
}

impl Outcome {
    /// The word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::WouldImport => "would_import",
            Self::Imported(_) => "imported",
            Self::Exists(_) => "exists",
            Self::Refused(_) => "refused",
        }
    }
}

/// Why a file was not read in.
#[derive(Debug, thiserror::Error)]
pub enum Failed {
    /// It is no file of its format; nothing was changed.
    #[error("the file cannot be read: {0}")]
    Broken(#[from] Broken),
    /// The hub could not go on; what it has taken stays taken.
    #[error(transparent)]
    Hub(#[from] HubError),
}

/// What importing stands on.
pub struct Import<'a> {
    /// The orders.
    pub hub: &'a dyn HubApi,
    /// Which orders are there.
    pub journal: &'a dyn Journal,
}

impl Import<'_> {
    /// Reads a file in. Answers a verdict an order, in the order of the file.
    ///
    /// # Errors
    /// When the file is of another format, or the hub cannot go on. The same file, sent again, goes on.
    pub async fn run(
        &self,
        source: &PastSource,
        format: ImportFormat,
        (file, first_row): (&[u8], u64),
        reading: &Reading,
    ) -> Result<Vec<Verdict>, Failed> {
        let read = format.read(file, first_row, reading)?;
        let mut verdicts = Vec::with_capacity(read.len());
        let mut orders = Vec::with_capacity(read.len());
        for found in read {
            let ReadOrder {
                row,
                last_row,
                external_id,
                order,
            } = found;
            let outcome = match order {
                Ok(past) => {
                    orders.push(NewPast {
                        submission: past.submission,
                        history: past.history,
                        body_hash: past.body_hash,
                    });
                    None
                }
                Err(faults) => Some(Outcome::Refused(faults)),
            };
            verdicts.push((row, last_row, external_id, outcome));
        }
        let mut recorded = self.hub.import(source.clone(), orders).await?.into_iter();
        let verdict = |(row, last_row, external_id, outcome): (u64, u64, _, Option<Outcome>)| {
            let outcome = outcome.or_else(|| Some(of_record(recorded.next()?, row)));
            Verdict {
                row,
                last_row,
                external_id,
                outcome: outcome.unwrap_or(Outcome::Refused(Vec::new())),
            }
        };
        Ok(verdicts.into_iter().map(verdict).collect())
    }

    /// Says what reading a file in would come to, and changes nothing.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub async fn try_out(
        &self,
        source: &PastSource,
        format: ImportFormat,
        (file, first_row): (&[u8], u64),
        reading: &Reading,
    ) -> Result<Vec<Verdict>, Failed> {
        let read = format.read(file, first_row, reading)?;
        let sound = read.iter().filter(|found| found.order.is_ok());
        let names: Vec<String> = sound
            .filter_map(|found| found.external_id.clone())
            .collect();
        let there = self.journal.find_all(source.channel, &names).await;
        let there: BTreeMap<String, OrderId> =
            there.map_err(|error| HubError::Unavailable(error.0))?;
        let mut seen = BTreeSet::new();
        let verdict = |found: ReadOrder| {
            let known = found.external_id.as_ref().and_then(|name| there.get(name));
            let outcome = match found.order {
                Err(faults) => Outcome::Refused(faults),
                Ok(_) if known.is_some() => Outcome::Exists(known.copied()),
                Ok(_) if !seen.insert(found.external_id.clone()) => Outcome::Exists(None),
                Ok(_) => Outcome::WouldImport,
            };
            Verdict {
                row: found.row,
                last_row: found.last_row,
                external_id: found.external_id,
                outcome,
            }
        };
        Ok(read.into_iter().map(verdict).collect())
    }
}

fn of_record(recorded: Recorded, row: u64) -> Outcome {
    match recorded {
        Recorded::New(order) => Outcome::Imported(order),
        Recorded::There(order) => Outcome::Exists(Some(order)),
        Recorded::Refused(why) => {
            let violation = Violation::new("", "refused_by_database", why);
            Outcome::Refused(vec![Fault { row, violation }])
        }
    }
}
