//! An event as the publisher reads it from the log.

use jiff::Timestamp;
use orderhub_domain::ids::{OrderId, ShardId};
use sqlx::postgres::PgRow;
use sqlx::{FromRow, Row};

/// A committed event with what its envelope needs.
#[derive(Debug, Clone)]
pub struct LoggedEvent {
    /// The order's shard.
    pub shard: ShardId,
    /// Its place in the shard's sequence.
    pub seq: i64,
    /// The order.
    pub order: OrderId,
    /// Its place in the order's log.
    pub version: i64,
    /// `order.received`.
    pub kind: String,
    /// The version of the body's form.
    pub schema: i16,
    /// Who caused it.
    pub actor: String,
    /// By the reporter's clock, if the reporter said.
    pub occurred_at: Option<Timestamp>,
    /// When it was recorded, by the database's clock.
    pub recorded_at: Timestamp,
    /// The body, without personal data.
    pub body: serde_json::Value,
    /// The channel's present slug.
    pub channel: Option<String>,
    /// The database's time when it was read.
    pub read_at: Timestamp,
}

impl FromRow<'_, PgRow> for LoggedEvent {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let shard: i16 = row.try_get("shard")?;
        let occurred_at: Option<jiff_sqlx::Timestamp> = row.try_get("occurred_at")?;
        let time = |name| row.try_get(name).map(jiff_sqlx::Timestamp::to_jiff);
        Ok(Self {
            shard: ShardId(u8::try_from(shard).unwrap_or_default()),
            seq: row.try_get("seq")?,
            order: OrderId::from_uuid(row.try_get("stream_id")?),
            version: row.try_get("version")?,
            kind: row.try_get("kind")?,
            schema: row.try_get("schema")?,
            actor: row.try_get("actor")?,
            occurred_at: occurred_at.map(jiff_sqlx::Timestamp::to_jiff),
            recorded_at: time("recorded_at")?,
            body: row.try_get("body")?,
            channel: row.try_get("channel")?,
            read_at: time("read_at")?,
        })
    }
}
