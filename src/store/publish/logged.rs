//! What the publisher reads: logs, and their entries with what an envelope needs.

use jiff::Timestamp;
use orderhub_domain::ids::{LocationCode, OrderId, ShardId, Sku};
use sqlx::Row;
use sqlx::postgres::PgRow;

/// A log that is published: entries in the order of their commits, each with its place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Log {
    /// A shard's events.
    Shard(ShardId),
    /// A location's changes of stock.
    Location(LocationCode),
    /// A location's logbook.
    Logbook(LocationCode),
}

/// A committed entry of a log.
#[derive(Debug, Clone)]
pub struct Logged {
    /// The log.
    pub log: Log,
    /// Its place.
    pub seq: i64,
    /// When it was recorded, by the database's clock.
    pub recorded_at: Timestamp,
    /// The database's time when it was read.
    pub read_at: Timestamp,
    /// What it says.
    pub entry: Entry,
}

/// What an entry says.
#[derive(Debug, Clone)]
pub enum Entry {
    /// Something happened to an order.
    Event(LoggedEvent),
    /// A location's counters changed.
    Stock(LoggedStock),
    /// Something happened at a location that moved no units.
    Logbook(LoggedEntry),
}

/// An event of an order.
#[derive(Debug, Clone)]
pub struct LoggedEvent {
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
    /// The body, without personal data.
    pub body: serde_json::Value,
    /// The channel's present slug.
    pub channel: Option<String>,
}

/// A row of a location's ledger.
#[derive(Debug, Clone)]
pub struct LoggedStock {
    /// The location.
    pub location: LocationCode,
    /// What.
    pub sku: Sku,
    /// Change of what is in the building.
    pub d_on_hand: i64,
    /// Change of what is held softly.
    pub d_reserved: i64,
    /// Change of what is held firmly.
    pub d_allocated: i64,
    /// Why: `count`, `reserve`, ...
    pub cause: String,
    /// For which order.
    pub order: Option<OrderId>,
}

/// An entry of a location's logbook.
#[derive(Debug, Clone)]
pub struct LoggedEntry {
    /// The location.
    pub location: LocationCode,
    /// The last row of the location's ledger that was written before it or with it.
    pub after_seq: i64,
    /// `inventory.feed_applied`, ...
    pub kind: String,
    /// What it is about, if it is about one SKU.
    pub sku: Option<Sku>,
    /// What it says.
    pub body: serde_json::Value,
}

pub(super) fn time(row: &PgRow, name: &str) -> Result<Timestamp, sqlx::Error> {
    row.try_get(name).map(jiff_sqlx::Timestamp::to_jiff)
}

pub(super) fn event(row: &PgRow) -> Result<Entry, sqlx::Error> {
    let occurred_at: Option<jiff_sqlx::Timestamp> = row.try_get("occurred_at")?;
    Ok(Entry::Event(LoggedEvent {
        order: OrderId::from_uuid(row.try_get("stream_id")?),
        version: row.try_get("version")?,
        kind: row.try_get("kind")?,
        schema: row.try_get("schema")?,
        actor: row.try_get("actor")?,
        occurred_at: occurred_at.map(jiff_sqlx::Timestamp::to_jiff),
        body: row.try_get("body")?,
        channel: row.try_get("channel")?,
    }))
}

pub(super) fn stock(row: &PgRow) -> Result<Entry, sqlx::Error> {
    let order: Option<uuid::Uuid> = row.try_get("order_id")?;
    Ok(Entry::Stock(LoggedStock {
        location: LocationCode(row.try_get("log")?),
        sku: Sku(row.try_get("sku")?),
        d_on_hand: row.try_get("d_on_hand")?,
        d_reserved: row.try_get("d_reserved")?,
        d_allocated: row.try_get("d_allocated")?,
        cause: row.try_get("cause")?,
        order: order.map(OrderId::from_uuid),
    }))
}

pub(super) fn entry(row: &PgRow) -> Result<Entry, sqlx::Error> {
    Ok(Entry::Logbook(LoggedEntry {
        location: LocationCode(row.try_get("log")?),
        after_seq: row.try_get("after_seq")?,
        kind: row.try_get("kind")?,
        sku: row.try_get::<Option<String>, _>("sku")?.map(Sku),
        body: row.try_get("body")?,
    }))
}
