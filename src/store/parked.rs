//! Parked messages: verified, kept, and not applied yet.

use std::collections::BTreeMap;

use jiff_sqlx::ToSqlx;
use orderhub_actors::ports::{OrderRef, Parked, RefKind, Unavailable};
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::Store;

const ALL: &str = "
select id, source, reason, ref_kind, ref_scope, ref_value, received_at, headers, body
from orderhub.parked_message
order by received_at, id
limit $1
";

const WAITING_FOR: &str = "
select id, source, reason, ref_kind, ref_scope, ref_value, received_at, headers, body
from orderhub.parked_message
where ref_kind = $1 and ref_scope = $2 and ref_value = $3
order by received_at, id
limit $4
";

impl Store {
    /// Keeps a message. The same again changes only why it is kept and what it waits for.
    pub(super) async fn park_message(&self, message: &Parked) -> Result<(), Unavailable> {
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
            sqlx::query(
                "insert into orderhub.parked_message \
                     (id, source, reason, ref_kind, ref_scope, ref_value, received_at, headers, body) \
                 values ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
                 on conflict (id) do update \
                 set reason = excluded.reason, ref_kind = excluded.ref_kind, \
                     ref_scope = excluded.ref_scope, ref_value = excluded.ref_value",
            )
            .bind(message.id)
            .bind(storable(&message.source))
            .bind(storable(&message.reason))
            .bind(reference.map(|reference| reference.kind.word()))
            .bind(reference.map(|reference| storable(&reference.scope)))
            .bind(reference.map(|reference| storable(&reference.value)))
            .bind(message.received_at.to_sqlx())
            .bind(Json(&headers))
            .bind(&sealed)
            .execute(self.pool())
        };
        self.read(query).await.map(drop)
    }

    /// Messages, oldest first. One that does not open with the configured key stays where it is.
    pub(super) async fn parked_messages(
        &self,
        waiting_for: Option<&OrderRef>,
        limit: u32,
    ) -> Result<Vec<Parked>, Unavailable> {
        let limit = i64::from(limit);
        let rows = if let Some(reference) = waiting_for {
            let query = || {
                sqlx::query(WAITING_FOR)
                    .bind(reference.kind.word())
                    .bind(storable(&reference.scope))
                    .bind(storable(&reference.value))
                    .bind(limit)
                    .fetch_all(self.pool())
            };
            self.read(query).await?
        } else {
            let query = || sqlx::query(ALL).bind(limit).fetch_all(self.pool());
            self.read(query).await?
        };
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

    /// Forgets a message.
    pub(super) async fn unpark_message(&self, id: Uuid) -> Result<(), Unavailable> {
        let query = || {
            sqlx::query("delete from orderhub.parked_message where id = $1")
                .bind(id)
                .execute(self.pool())
        };
        self.read(query).await.map(drop)
    }

    fn parked_from(&self, row: &PgRow) -> Result<Option<Parked>, sqlx::Error> {
        let id: Uuid = row.try_get("id")?;
        let sealed: Vec<u8> = row.try_get("body")?;
        let Ok(body) = self.shared.options.seal.open(&sealed_row(id), &sealed) else {
            tracing::error!(message.id = %id, "a parked message does not open; check the sealing key");
            return Ok(None);
        };
        let kind: Option<String> = row.try_get("ref_kind")?;
        let scope: Option<String> = row.try_get("ref_scope")?;
        let value: Option<String> = row.try_get("ref_value")?;
        let kind = kind.as_deref().and_then(|word| {
            [RefKind::Payment, RefKind::Tracking]
                .into_iter()
                .find(|kind| kind.word() == word)
        });
        let waiting_for = match (kind, scope, value) {
            (Some(kind), Some(scope), Some(value)) => Some(OrderRef { kind, scope, value }),
            _ => None,
        };
        let received_at: jiff_sqlx::Timestamp = row.try_get("received_at")?;
        let Json(headers) = row.try_get("headers")?;
        Ok(Some(Parked {
            id,
            source: row.try_get("source")?,
            reason: row.try_get("reason")?,
            waiting_for,
            received_at: received_at.to_jiff(),
            body,
            headers,
        }))
    }
}

/// The text without NUL, which Postgres has no room for. A message must be kept whatever is in it;
/// its sealed body keeps every byte.
fn storable(text: &str) -> String {
    text.replace('\0', "\u{fffd}")
}

fn sealed_row(id: Uuid) -> String {
    format!("parked/{id}")
}
