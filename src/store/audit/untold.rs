//! Findings about stock that no logbook speaks of yet.

use jiff::Timestamp;
use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::LocationCode;
use sqlx::Row;
use sqlx::postgres::PgRow;

use super::super::Store;

// Open findings are few and have an index of their own, as healed ones do; each name is looked up in the
// logbooks' index of names. What healed before it could be told is told for an hour more.
const UNTOLD: &str = "
select distinct on (f.id) o.location, 'finding/' || f.id as name, f.invariant, f.subject, f.detail, f.found_at
from orderhub.finding f
join orderhub.location_owner o on starts_with(f.subject, o.location || '/')
where (f.healed_at is null or f.healed_at > now() - interval '1 hour')
  and f.invariant = any($1)
  and not exists (select from orderhub.logbook b where b.name = 'finding/' || f.id)
order by f.id, length(o.location) desc
limit 100
";

/// A finding about a location's stock.
#[derive(Debug, Clone)]
pub struct UntoldFinding {
    /// The location.
    pub location: LocationCode,
    /// A name that no other finding has.
    pub name: String,
    /// The rule that is broken.
    pub invariant: String,
    /// The location's SKU, channel's quota or row of the ledger.
    pub subject: String,
    /// What was found and expected.
    pub detail: String,
    /// When.
    pub found_at: Timestamp,
}

impl Store {
    /// Findings under these rules that no logbook speaks of yet, oldest first.
    pub async fn untold_findings(
        &self,
        invariants: &[&str],
    ) -> Result<Vec<UntoldFinding>, Unavailable> {
        let query = || sqlx::query(UNTOLD).bind(invariants).fetch_all(self.pool());
        let rows = self.read(query).await?;
        let found: Result<_, sqlx::Error> = rows.iter().map(finding).collect();
        found.map_err(|error| Unavailable(error.to_string()))
    }
}

fn finding(row: &PgRow) -> Result<UntoldFinding, sqlx::Error> {
    let found_at: jiff_sqlx::Timestamp = row.try_get("found_at")?;
    Ok(UntoldFinding {
        location: LocationCode(row.try_get("location")?),
        name: row.try_get("name")?,
        invariant: row.try_get("invariant")?,
        subject: row.try_get("subject")?,
        detail: row.try_get("detail")?,
        found_at: found_at.to_jiff(),
    })
}
