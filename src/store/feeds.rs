//! Sources of stock feeds: the last message of each that was taken as a whole, and what is missing.

use async_trait::async_trait;
use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::Slug;
use orderhub_domain::stock::FeedMark;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::Store;
use crate::stock_feeds::{Gap, Message, Progress, Source, Sources};

/// Gaps that are listed of a source.
const GAPS_LISTED: i64 = 20;

// A source that has a later message keeps it, and the gap that was found beside an earlier one is not
// noted then: it was found when the later one came.
const NOTE: &str = "
with noted as (
    insert into orderhub.feed_source as s
        (source, sequence, digest, as_of, applied_at, rows, rejected, gaps, missing)
    values ($1, $2, $3, $4, $5, $6, $7,
            ($8::bigint is not null)::int, coalesce($9::bigint::numeric - $8::bigint + 1, 0))
    on conflict (source) do update set
        sequence = excluded.sequence, digest = excluded.digest, as_of = excluded.as_of,
        applied_at = excluded.applied_at, rows = excluded.rows, rejected = excluded.rejected,
        gaps = s.gaps + excluded.gaps, missing = s.missing + excluded.missing
    where s.sequence < excluded.sequence
    returning source
)
insert into orderhub.feed_gap (source, first, last, found_at)
select noted.source, $8::bigint, $9::bigint, $5 from noted where $8::bigint is not null
on conflict do nothing
";

const PROGRESS: &str = "
select b.sequence, b.digest, s.sequence, s.digest
from orderhub.feed_begun b
left join orderhub.feed_source s using (source)
where b.source = $1
";

const BEGIN: &str = "
insert into orderhub.feed_begun as b (source, sequence, digest) values ($1, $2, $3)
on conflict (source) do update set sequence = excluded.sequence, digest = excluded.digest
where b.sequence < excluded.sequence
";

const ALL: &str = "
select source, sequence, digest, as_of, applied_at, rows, rejected, gaps, missing
from orderhub.feed_source
order by source
";

const GAPS: &str = "
select s.source, g.first, g.last, g.found_at
from orderhub.feed_source s
cross join lateral (
    select first, last, found_at from orderhub.feed_gap
    where source = s.source
    order by first desc
    limit $1
) g
order by s.source, g.first desc
";

#[async_trait]
impl Sources for Store {
    async fn progress(&self, source: &Slug) -> Result<Progress, Unavailable> {
        let query = || {
            sqlx::query_as::<_, (i64, String, Option<i64>, Option<String>)>(PROGRESS)
                .bind(source.as_str())
                .fetch_optional(self.pool())
        };
        let Some((sequence, digest, taken, taken_digest)) = self.read(query).await? else {
            return Ok(Progress::default());
        };
        let taken = taken.zip(taken_digest);
        Ok(Progress {
            begun: Some(FeedMark { sequence, digest }),
            taken: taken.map(|(sequence, digest)| FeedMark { sequence, digest }),
        })
    }

    async fn begin(&self, source: &Slug, mark: &FeedMark) -> Result<(), Unavailable> {
        let query = || {
            sqlx::query(BEGIN)
                .bind(source.as_str())
                .bind(mark.sequence)
                .bind(&mark.digest)
                .execute(self.pool())
        };
        self.read(query).await.map(drop)
    }

    async fn known(&self) -> Result<usize, Unavailable> {
        let query = || {
            sqlx::query_scalar::<_, i64>("select count(*) from orderhub.feed_begun")
                .fetch_one(self.pool())
        };
        let known = self.read(query).await?;
        Ok(usize::try_from(known).unwrap_or(usize::MAX))
    }

    async fn note(
        &self,
        source: &Slug,
        message: &Message,
        gap: Option<(i64, i64)>,
        now: Timestamp,
    ) -> Result<(), Unavailable> {
        let number = |many: usize| i32::try_from(many).unwrap_or(i32::MAX);
        let query = || {
            sqlx::query(NOTE)
                .bind(source.as_str())
                .bind(message.mark.sequence)
                .bind(&message.mark.digest)
                .bind(message.as_of.map(ToSqlx::to_sqlx))
                .bind(now.to_sqlx())
                .bind(number(message.rows()))
                .bind(number(message.rejected))
                .bind(gap.map(|(first, _)| first))
                .bind(gap.map(|(_, last)| last))
                .execute(self.pool())
        };
        self.read(query).await.map(drop)
    }

    async fn all(&self) -> Result<Vec<Source>, Unavailable> {
        let unreadable = |error: sqlx::Error| Unavailable(error.to_string());
        let rows = self
            .read(|| sqlx::query(ALL).fetch_all(self.pool()))
            .await?;
        let found: Result<Vec<Source>, sqlx::Error> = rows.iter().map(source_of).collect();
        let mut found = found.map_err(unreadable)?;
        if found.iter().all(|source| source.gaps == 0) {
            return Ok(found);
        }
        let query = || sqlx::query(GAPS).bind(GAPS_LISTED).fetch_all(self.pool());
        for row in &self.read(query).await? {
            let (name, gap) = gap_of(row).map_err(unreadable)?;
            let of = found
                .iter_mut()
                .find(|source| source.source.as_str() == name);
            if let Some(source) = of {
                source.newest_gaps.push(gap);
            }
        }
        Ok(found)
    }
}

fn source_of(row: &PgRow) -> Result<Source, sqlx::Error> {
    let applied_at: jiff_sqlx::Timestamp = row.try_get("applied_at")?;
    let as_of: Option<jiff_sqlx::Timestamp> = row.try_get("as_of")?;
    let (rows, rejected): (i32, i32) = (row.try_get("rows")?, row.try_get("rejected")?);
    let missing: Decimal = row.try_get("missing")?;
    Ok(Source {
        source: row.try_get::<String, _>("source")?.as_str().into(),
        mark: FeedMark {
            sequence: row.try_get("sequence")?,
            digest: row.try_get("digest")?,
        },
        as_of: as_of.map(jiff_sqlx::Timestamp::to_jiff),
        applied_at: applied_at.to_jiff(),
        rows: usize::try_from(rows).unwrap_or_default(),
        rejected: usize::try_from(rejected).unwrap_or_default(),
        gaps: row.try_get("gaps")?,
        missing: missing.to_i128().unwrap_or(i128::MAX),
        newest_gaps: Vec::new(),
    })
}

fn gap_of(row: &PgRow) -> Result<(String, Gap), sqlx::Error> {
    let found_at: jiff_sqlx::Timestamp = row.try_get("found_at")?;
    let gap = Gap {
        first: row.try_get("first")?,
        last: row.try_get("last")?,
        found_at: found_at.to_jiff(),
    };
    Ok((row.try_get("source")?, gap))
}
