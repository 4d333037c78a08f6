//! The kinds of logs: which table each stands in, how its key is written, and how its rows are read.

use orderhub_domain::ids::{LocationCode, ShardId};
use sqlx::Row;
use sqlx::postgres::PgRow;
use uuid::Uuid;

use super::statement::{self, Statements};
use super::{
    Checkpoint, KeptCheckpoint, LastMessage, Log, Logged, PublishCursor, logged, unreadable,
};

/// Logs that stand in the same table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Shards,
    Locations,
    Logbooks,
}

impl Log {
    pub(super) const fn kind(&self) -> Kind {
        match self {
            Self::Shard(_) => Kind::Shards,
            Self::Location(_) => Kind::Locations,
            Self::Logbook(_) => Kind::Logbooks,
        }
    }
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Shards, Self::Locations, Self::Logbooks];

    pub(super) const fn statements(self) -> &'static Statements {
        match self {
            Self::Shards => &statement::SHARDS,
            Self::Locations => &statement::LOCATIONS,
            Self::Logbooks => &statement::LOGBOOKS,
        }
    }

    /// The keys of those logs that are of this kind, as text.
    pub(super) fn names<'a>(self, logs: impl Iterator<Item = &'a Log>) -> Vec<String> {
        let of_kind = logs.filter(|log| log.kind() == self);
        let name = |log: &Log| match log {
            Log::Shard(shard) => shard.0.to_string(),
            Log::Location(location) | Log::Logbook(location) => location.to_string(),
        };
        of_kind.map(name).collect()
    }

    pub(super) fn log(self, name: String) -> Result<Log, sqlx::Error> {
        Ok(match self {
            Self::Shards => Log::Shard(ShardId(name.parse().map_err(unreadable)?)),
            Self::Locations => Log::Location(LocationCode(name)),
            Self::Logbooks => Log::Logbook(LocationCode(name)),
        })
    }

    pub(super) fn cursor(self, row: &PgRow) -> Result<PublishCursor, sqlx::Error> {
        let stream_seq: Option<i64> = row.try_get("stream_seq")?;
        let id: Option<Uuid> = row.try_get("msg_id")?;
        let recorded_at: Option<jiff_sqlx::Timestamp> = row.try_get("recorded_at")?;
        let stream_seq = stream_seq.and_then(|seq| u64::try_from(seq).ok());
        Ok(PublishCursor {
            log: self.log(row.try_get("log")?)?,
            published: row.try_get("published_seq")?,
            last: stream_seq
                .zip(id)
                .map(|(stream_seq, id)| LastMessage { stream_seq, id }),
            recorded_at: recorded_at.map(jiff_sqlx::Timestamp::to_jiff),
        })
    }

    pub(super) fn kept(self, row: &PgRow) -> Result<(Log, KeptCheckpoint), sqlx::Error> {
        let stream_seq: i64 = row.try_get("stream_seq")?;
        let last = LastMessage {
            stream_seq: u64::try_from(stream_seq).map_err(unreadable)?,
            id: row.try_get("msg_id")?,
        };
        let checkpoint = Checkpoint {
            published: row.try_get("published_seq")?,
            last,
        };
        let kept = KeptCheckpoint {
            checkpoint,
            published_at: logged::time(row, "published_at")?,
            read_at: logged::time(row, "read_at")?,
        };
        Ok((self.log(row.try_get("log")?)?, kept))
    }

    pub(super) fn logged(self, row: &PgRow) -> Result<Logged, sqlx::Error> {
        Ok(Logged {
            log: self.log(row.try_get("log")?)?,
            seq: row.try_get("seq")?,
            recorded_at: logged::time(row, "recorded_at")?,
            read_at: logged::time(row, "read_at")?,
            entry: match self {
                Self::Shards => logged::event(row)?,
                Self::Locations => logged::stock(row)?,
                Self::Logbooks => logged::entry(row)?,
            },
        })
    }
}

/// The logs of these locations: a commit there may have written to either.
pub(super) fn both(locations: impl IntoIterator<Item = LocationCode>) -> impl Iterator<Item = Log> {
    let locations = locations.into_iter();
    locations.flat_map(|code| [Log::Location(code.clone()), Log::Logbook(code)])
}

/// The shard of a mark; there are as many marks as shards.
pub(super) fn shard(mark: i16) -> ShardId {
    ShardId(u8::try_from(mark).unwrap_or_default())
}
