//! Quotas in the statement that moves stock: their rows, and what was said about them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use orderhub_domain::ids::{ChannelId, Sku};
use orderhub_domain::stock::{Quota, QuotaWord, StockChange};
use sqlx::Postgres;
use sqlx::Row;
use sqlx::postgres::{PgArguments, PgRow};
use sqlx::query::QueryAs;
use uuid::Uuid;

/// The quotas of one location's move: the last of each, and every word.
#[derive(Default)]
pub(super) struct QuotaMoves<'a> {
    quotas: BTreeMap<&'a (Sku, ChannelId), &'a Quota>,
    words: Vec<(&'a QuotaWord, Timestamp)>,
}

impl<'a> QuotaMoves<'a> {
    /// Adds what a change says of quotas.
    pub(super) fn add(&mut self, change: &'a StockChange, now: Timestamp) {
        self.quotas.extend(&change.quotas);
        self.words
            .extend(change.words.iter().map(|word| (word, now)));
    }
}

/// The columns of all locations' quotas and words.
#[derive(Default)]
pub(super) struct QuotaRows<'a> {
    location: Vec<&'a str>,
    sku: Vec<&'a str>,
    channel: Vec<Uuid>,
    units: Vec<Option<i64>>,
    reserved: Vec<i64>,
    taken: Vec<i64>,
    rev: Vec<i64>,
    words: WordRows<'a>,
}

#[derive(Default)]
struct WordRows<'a> {
    location: Vec<&'a str>,
    sku: Vec<&'a str>,
    channel: Vec<Uuid>,
    rev: Vec<i64>,
    units: Vec<Option<i64>>,
    said_at: Vec<jiff_sqlx::Timestamp>,
    said_by: Vec<&'a str>,
    reason: Vec<&'a str>,
    after_seq: Vec<i64>,
}

impl<'a> QuotaRows<'a> {
    pub(super) fn push(&mut self, location: &'a str, moves: &QuotaMoves<'a>) {
        for ((sku, channel), quota) in &moves.quotas {
            self.location.push(location);
            self.sku.push(sku.as_str());
            self.channel.push(channel.0);
            self.units.push(quota.units);
            self.reserved.push(quota.reserved);
            self.taken.push(quota.taken);
            self.rev.push(quota.rev);
        }
        let words = &mut self.words;
        for (word, now) in &moves.words {
            words.location.push(location);
            words.sku.push(word.sku.as_str());
            words.channel.push(word.channel.0);
            words.rev.push(word.rev);
            words.units.push(word.units);
            words.said_at.push(now.to_sqlx());
            words.said_by.push(word.by.as_str());
            words.reason.push(word.reason.as_str());
            words.after_seq.push(word.after_seq);
        }
    }

    /// Binds them behind everything else: `$50` and on.
    pub(super) fn bind<'q, O>(
        self,
        query: QueryAs<'q, Postgres, O, PgArguments>,
    ) -> QueryAs<'q, Postgres, O, PgArguments>
    where
        'a: 'q,
    {
        let words = self.words;
        query
            .bind(self.location)
            .bind(self.sku)
            .bind(self.channel)
            .bind(self.units)
            .bind(self.reserved)
            .bind(self.taken)
            .bind(self.rev)
            .bind(words.location)
            .bind(words.sku)
            .bind(words.channel)
            .bind(words.rev)
            .bind(words.units)
            .bind(words.said_at)
            .bind(words.said_by)
            .bind(words.reason)
            .bind(words.after_seq)
    }
}

/// A quota, as a location's stock is read: in the columns that others use too.
pub(super) fn quota(
    channel: ChannelId,
    row: &PgRow,
) -> Result<((Sku, ChannelId), Quota), sqlx::Error> {
    let quota = Quota {
        units: row.try_get("quantity")?,
        reserved: row.try_get("reserved")?,
        taken: row.try_get("allocated")?,
        rev: row.try_get("sequence")?,
    };
    Ok(((Sku(row.try_get("sku")?), channel), quota))
}
