//! Findings: opened once, healed once, and forgotten 30 days after that (`retention`).

use orderhub_domain::drift::Drift;

use super::super::StoreError;
use super::AuditBook;

const OPEN: &str = "
select invariant, subject
from orderhub.finding
where healed_at is null
";

const NOTE: &str = "
insert into orderhub.finding (invariant, subject, detail)
select f.invariant, f.subject, f.detail
from unnest($1::text[], $2::text[], $3::text[]) as f (invariant, subject, detail)
on conflict (invariant, subject) where healed_at is null do nothing
returning invariant, subject
";

const HEAL: &str = "
update orderhub.finding f
set healed_at = clock_timestamp()
from unnest($1::text[], $2::text[]) as h (invariant, subject)
where f.invariant = h.invariant and f.subject = h.subject and f.healed_at is null
returning f.invariant, f.subject
";

/// The rule and the subject of a finding that has not healed.
pub type OpenFinding = (String, String);

impl AuditBook {
    /// Everything that has not healed yet.
    pub async fn open_findings(&mut self) -> Result<Vec<OpenFinding>, StoreError> {
        let mut conn = self.take().await?;
        let open = sqlx::query_as(OPEN).fetch_all(&mut conn).await;
        let open = open.map_err(StoreError::database)?;
        self.give_back(conn);
        Ok(open)
    }

    /// Writes findings down. Answers those that nobody had written down before.
    pub async fn note(&mut self, found: &[Drift]) -> Result<Vec<OpenFinding>, StoreError> {
        let column = |of: fn(&Drift) -> &str| -> Vec<String> {
            // Texts of the tables may hold anything but NUL, and so may these.
            found.iter().map(|drift| of(drift).to_owned()).collect()
        };
        let mut conn = self.take().await?;
        let noted = sqlx::query_as(NOTE)
            .bind(column(|drift| drift.invariant))
            .bind(column(|drift| &drift.subject))
            .bind(column(|drift| &drift.detail))
            .fetch_all(&mut conn)
            .await
            .map_err(StoreError::database)?;
        self.give_back(conn);
        Ok(noted)
    }

    /// Writes down that these hold again. Answers those for which nobody had done so before.
    pub async fn heal(&mut self, healed: &[OpenFinding]) -> Result<Vec<OpenFinding>, StoreError> {
        let (invariants, subjects): (Vec<&str>, Vec<&str>) = healed
            .iter()
            .map(|(invariant, subject)| (invariant.as_str(), subject.as_str()))
            .unzip();
        let mut conn = self.take().await?;
        let healed = sqlx::query_as(HEAL)
            .bind(invariants)
            .bind(subjects)
            .fetch_all(&mut conn)
            .await
            .map_err(StoreError::database)?;
        self.give_back(conn);
        Ok(healed)
    }
}
