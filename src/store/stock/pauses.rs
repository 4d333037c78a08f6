//! Which locations take no new work, since when and why: a log of what people said. The last word about
//! a location holds.

use jiff_sqlx::ToSqlx;
use orderhub_actors::ports::{Pause, Unavailable};
use orderhub_domain::ids::LocationCode;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::super::Store;

const LAST_WORDS: &str = "
select p.location, p.said_at, p.said_by, p.reason
from (select distinct on (location) location, paused, said_at, said_by, reason
      from orderhub.location_pause
      order by location, seq desc) p
where p.paused
order by p.location
";

impl Store {
    pub(super) async fn read_pauses(&self) -> Result<Vec<(LocationCode, Pause)>, Unavailable> {
        let rows = self
            .read(|| sqlx::query(LAST_WORDS).fetch_all(self.pool()))
            .await?;
        let found: Result<_, sqlx::Error> = rows.iter().map(pause).collect();
        found.map_err(|error| Unavailable(error.to_string()))
    }

    pub(super) async fn write_pause(
        &self,
        location: &LocationCode,
        paused: bool,
        change: &Pause,
    ) -> Result<(), Unavailable> {
        let insert = sqlx::query(
            "insert into orderhub.location_pause (location, paused, said_at, said_by, reason) \
             values ($1, $2, $3, $4, $5)",
        );
        let written = insert
            .bind(location.as_str())
            .bind(paused)
            .bind(change.at.to_sqlx())
            .bind(&change.by)
            .bind(&change.reason)
            .execute(self.pool())
            .await;
        written
            .map(drop)
            .map_err(|error| Unavailable(error.to_string()))
    }
}

fn pause(row: &PgRow) -> Result<(LocationCode, Pause), sqlx::Error> {
    let at: jiff_sqlx::Timestamp = row.try_get("said_at")?;
    let pause = Pause {
        at: at.to_jiff(),
        by: row.try_get("said_by")?,
        reason: row.try_get("reason")?,
    };
    Ok((LocationCode(row.try_get("location")?), pause))
}
