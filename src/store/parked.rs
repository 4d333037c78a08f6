//! Parked messages as the hub looks after them: verified, kept, and not applied yet. How operators
//! see them is [`super::parked_list`]'s.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use orderhub_actors::ports::{OrderRef, Parked, ParkedState, RefKind, Unavailable};
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::Store;

// A dead message that comes again and waits for the same as before stays dead; any other one is
// judged anew. When it died first is kept, so it died by this very statement when that is the time
// that it gives; asked again because its answer was lost, it says the same.
const PARK: &str = "
insert into orderhub.parked_message as kept
    (id, source, reason, ref_kind, ref_scope, ref_value, received_at, headers, body, dead_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (id) do update
set reason = excluded.reason, ref_kind = excluded.ref_kind, ref_scope = excluded.ref_scope,
    ref_value = excluded.ref_value,
    dead_at = case when excluded.dead_at is null then null
                   else coalesce(kept.dead_at, excluded.dead_at) end
where kept.dead_at is null
   or excluded.ref_kind is null
   or (kept.ref_kind, kept.ref_scope, kept.ref_value)
      is distinct from (excluded.ref_kind, excluded.ref_scope, excluded.ref_value)
returning coalesce(dead_at = $10, false) as died
";

const WAITING_FOR: &str = "
select id, source, reason, ref_kind, ref_scope, ref_value, received_at, headers, body, dead_at
from orderhub.parked_message
where ref_kind = $1 and ref_scope = $2 and ref_value = $3
  and (received_at, id) > (coalesce($4, '-infinity'::timestamptz),
                           coalesce($5, '00000000-0000-0000-0000-000000000000'::uuid))
order by received_at, id
limit $6
";

// Nothing is named by empty texts, so everything comes after them.
const AWAITED: &str = "
select distinct ref_kind, ref_scope, ref_value
from orderhub.parked_message
where ref_kind is not null and dead_at is null
  and (ref_kind, ref_scope, ref_value) > ($1, $2, $3)
order by ref_kind, ref_scope, ref_value
limit $4
";

const BURY: &str = "
update orderhub.parked_message
set reason = $2, dead_at = $3
where id = $1 and dead_at is null
";

const COUNT: &str = "
select count(*) filter (where dead_at is null and ref_kind is not null) as waiting,
       count(*) filter (where dead_at is null and ref_kind is null) as kept,
       count(*) filter (where dead_at is not null) as dead
from orderhub.parked_message
";

impl Store {
    /// Keeps a message, or what is new about one that is kept; whether it died by this.
    pub(super) async fn park_message(&self, message: &Parked) -> Result<bool, Unavailable> {
        let sealed = self
            .shared
            .options
            .seal
            .close(&sealed_row(message.id), &message.body)
            .map_err(|error| Unavailable(error.to_string()))?;
        let reference = message.waiting_for.as_ref();
        let headers: BTreeMap<String, String> = message
            .headers
            .iter()
            .map(|(name, value)| (storable(name), storable(value)))
            .collect();
        let query = || {
            sqlx::query(PARK)
                .bind(message.id)
                .bind(storable(&message.source))
                .bind(storable(&message.reason))
                .bind(reference.map(|reference| reference.kind.word()))
                .bind(reference.map(|reference| storable(&reference.scope)))
                .bind(reference.map(|reference| storable(&reference.value)))
                .bind(message.received_at.to_sqlx())
                .bind(Json(&headers))
                .bind(&sealed)
                .bind(message.dead_since.map(ToSqlx::to_sqlx))
                .fetch_optional(self.pool())
        };
        // No row: it was dead before, and stays as it is.
        let Some(row) = self.read(query).await? else {
            return Ok(false);
        };
        let died = row.try_get("died");
        died.map_err(|error: sqlx::Error| Unavailable(error.to_string()))
    }

    /// Messages that wait for a reference, oldest first. One that does not open with the configured
    /// key stays where it is.
    pub(super) async fn waiting_messages(
        &self,
        reference: &OrderRef,
        mark: Option<(Timestamp, Uuid)>,
        limit: u32,
    ) -> Result<Vec<Parked>, Unavailable> {
        let query = || {
            sqlx::query(WAITING_FOR)
                .bind(reference.kind.word())
                .bind(storable(&reference.scope))
                .bind(storable(&reference.value))
                .bind(mark.map(|(at, _)| at.to_sqlx()))
                .bind(mark.map(|(_, id)| id))
                .bind(i64::from(limit))
                .fetch_all(self.pool())
        };
        let rows = self.read(query).await?;
        let mut messages = Vec::with_capacity(rows.len());
        for row in rows {
            match self.parked_from(&row) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => {}
                Err(error) => return Err(Unavailable(error.to_string())),
            }
        }
        Ok(messages)
    }

    /// References that living messages wait for.
    pub(super) async fn awaited_references(
        &self,
        mark: Option<&OrderRef>,
        limit: u32,
    ) -> Result<Vec<OrderRef>, Unavailable> {
        let query = || {
            sqlx::query(AWAITED)
                .bind(mark.map_or("", |mark| mark.kind.word()))
                .bind(mark.map(|mark| storable(&mark.scope)).unwrap_or_default())
                .bind(mark.map(|mark| storable(&mark.value)).unwrap_or_default())
                .bind(i64::from(limit))
                .fetch_all(self.pool())
        };
        let rows = self.read(query).await?;
        let references: Result<Vec<_>, sqlx::Error> = rows.iter().map(reference_from).collect();
        let references = references.map_err(|error| Unavailable(error.to_string()))?;
        Ok(references.into_iter().flatten().collect())
    }

    /// Declares a message dead.
    pub(super) async fn bury_message(
        &self,
        id: Uuid,
        reason: &str,
        now: Timestamp,
    ) -> Result<bool, Unavailable> {
        let query = || {
            sqlx::query(BURY)
                .bind(id)
                .bind(storable(reason))
                .bind(now.to_sqlx())
                .execute(self.pool())
        };
        let done = self.read(query).await?;
        Ok(done.rows_affected() > 0)
    }

    /// Forgets a message.
    pub(super) async fn unpark_message(&self, id: Uuid) -> Result<bool, Unavailable> {
        let query = || {
            sqlx::query("delete from orderhub.parked_message where id = $1")
                .bind(id)
                .execute(self.pool())
        };
        let done = self.read(query).await?;
        Ok(done.rows_affected() > 0)
    }

    /// How many messages are kept, by state.
    pub(super) async fn count_parked_messages(
        &self,
    ) -> Result<BTreeMap<ParkedState, u64>, Unavailable> {
        let query = || sqlx::query(COUNT).fetch_one(self.pool());
        let row = self.read(query).await?;
        let mut counts = BTreeMap::new();
        for state in ParkedState::ALL {
            let count: Result<i64, sqlx::Error> = row.try_get(state.word());
            let count = count.map_err(|error| Unavailable(error.to_string()))?;
            if let Some(count) = u64::try_from(count).ok().filter(|count| *count > 0) {
                counts.insert(state, count);
            }
        }
        Ok(counts)
    }

    fn parked_from(&self, row: &PgRow) -> Result<Option<Parked>, sqlx::Error> {
        let id: Uuid = row.try_get("id")?;
        let sealed: Vec<u8> = row.try_get("body")?;
        let Ok(body) = self.shared.options.seal.open(&sealed_row(id), &sealed) else {
            tracing::error!(message.id = %id, "a parked message does not open; check the sealing key");
            return Ok(None);
        };
        let received_at: jiff_sqlx::Timestamp = row.try_get("received_at")?;
        let dead_at: Option<jiff_sqlx::Timestamp> = row.try_get("dead_at")?;
        let Json(headers) = row.try_get("headers")?;
        Ok(Some(Parked {
            id,
            source: row.try_get("source")?,
            reason: row.try_get("reason")?,
            waiting_for: reference_from(row)?,
            dead_since: dead_at.map(jiff_sqlx::Timestamp::to_jiff),
            received_at: received_at.to_jiff(),
            body,
            headers,
        }))
    }
}

/// What a row waits for; `None` also for a kind that this binary does not know.
pub(super) fn reference_from(row: &PgRow) -> Result<Option<OrderRef>, sqlx::Error> {
    let kind: Option<String> = row.try_get("ref_kind")?;
    let scope: Option<String> = row.try_get("ref_scope")?;
    let value: Option<String> = row.try_get("ref_value")?;
    let kind = kind
        .as_deref()
        .and_then(|word| RefKind::ALL.into_iter().find(|kind| kind.word() == word));
    Ok(match (kind, scope, value) {
        (Some(kind), Some(scope), Some(value)) => Some(OrderRef { kind, scope, value }),
        _ => None,
    })
}

/// The text without NUL, which Postgres has no room for. A message must be kept whatever is in it;
/// its sealed body keeps every byte.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

/// Names a row of `parked_message`, for sealing.
pub(super) fn sealed_row(id: Uuid) -> String {
    format!("parked/{id}")
}
