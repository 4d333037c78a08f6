//! Logbooks in the statement that moves stock: their entries, and what was last said to be available.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use orderhub_domain::ids::Sku;
use orderhub_domain::stock::{Availability, LogbookEntry, StockChange};
use serde_json::Value;
use sqlx::Postgres;
use sqlx::Row;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::QueryAs;

/// The logbook of one location's move: every entry, and the last word about each SKU.
#[derive(Default)]
pub(super) struct LogbookMoves<'a> {
    entries: Vec<(&'a LogbookEntry, Timestamp)>,
    told: BTreeMap<&'a Sku, &'a Availability>,
}

impl<'a> LogbookMoves<'a> {
    /// Adds what a change says.
    pub(super) fn add(&mut self, change: &'a StockChange, now: Timestamp) {
        let entries = change.logbook.iter();
        self.entries.extend(entries.map(|entry| (entry, now)));
        self.told.extend(&change.told);
    }
}

/// The columns of all locations' logbooks.
#[derive(Default)]
pub(super) struct LogbookRows<'a> {
    location: Vec<&'a str>,
    kind: Vec<&'static str>,
    sku: Vec<Option<&'a str>>,
    name: Vec<Option<&'a str>>,
    body: Vec<Value>,
    recorded_at: Vec<jiff_sqlx::Timestamp>,
    after_seq: Vec<i64>,
    told: ToldRows<'a>,
}

#[derive(Default)]
struct ToldRows<'a> {
    location: Vec<&'a str>,
    sku: Vec<&'a str>,
    version: Vec<i64>,
    units: Vec<i64>,
}

impl<'a> LogbookRows<'a> {
    pub(super) fn push(&mut self, location: &'a str, moves: &LogbookMoves<'a>) {
        for (entry, now) in &moves.entries {
            self.location.push(location);
            self.kind.push(entry.says.kind());
            self.sku.push(entry.says.sku().map(Sku::as_str));
            self.name.push(entry.name.as_deref());
            self.body.push(entry.says.body());
            self.recorded_at.push(now.to_sqlx());
            self.after_seq.push(entry.after_seq);
        }
        for (sku, told) in &moves.told {
            self.told.location.push(location);
            self.told.sku.push(sku.as_str());
            self.told.version.push(told.version);
            self.told.units.push(told.units);
        }
    }

    /// Binds them behind everything else: `$66` and on.
    pub(super) fn bind<'q, O>(
        self,
        query: QueryAs<'q, Postgres, O, PgArguments>,
    ) -> QueryAs<'q, Postgres, O, PgArguments>
    where
        'a: 'q,
    {
        query
            .bind(self.location)
            .bind(self.kind)
            .bind(self.sku)
            .bind(self.name)
            .bind(self.body)
            .bind(self.recorded_at)
            .bind(self.after_seq)
            .bind(self.told.location)
            .bind(self.told.sku)
            .bind(self.told.version)
            .bind(self.told.units)
    }
}

/// What was last said of a SKU, as a location's stock is read: in the columns that others use too.
pub(super) fn told(row: &PgRow) -> Result<(Sku, Availability), sqlx::Error> {
    let told = Availability {
        version: row.try_get("told")?,
        units: row.try_get("quantity")?,
    };
    Ok((Sku(row.try_get("sku")?), told))
}
