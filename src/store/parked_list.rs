//! Looking through parked messages: lists, and one with what it said.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff_sqlx::ToSqlx;
use orderhub_actors::ports::{OrderRef, ParkedState, Unavailable};
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::parked::{reference_from, sealed_row};
use super::{SealError, Store};

// Absent filters are null and fall away when the statement is planned: it is planned anew each
// time, for what is asked.
const LIST: &str = "
select id, source, reason, ref_kind, ref_scope, ref_value, received_at, dead_at
from orderhub.parked_message
where ($1::text is null or source = $1)
  and ($2::text is null or starts_with(reason, $2))
  and ($3::boolean is null or (dead_at is not null) = $3)
  and ($4::boolean is null or (ref_kind is not null) = $4)
  and ($5::timestamptz is null or (received_at, id) > ($5, $6::uuid))
order by received_at, id
limit $7
";

const ONE: &str = "
select id, source, reason, ref_kind, ref_scope, ref_value, received_at, headers, body, dead_at
from orderhub.parked_message
where id = $1
";

/// A message's place in lists: when it arrived, and its id.
pub type ParkedPlace = (Timestamp, Uuid);

/// Which parked messages to list. Everything absent matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParkedFilter {
    /// Only those of this connection.
    pub source: Option<String>,
    /// Only those whose reason begins like this.
    pub reason: Option<String>,
    /// Only those in this state.
    pub state: Option<ParkedState>,
    /// Only those after this place: the cursor of the page before.
    pub after: Option<ParkedPlace>,
    /// At most so many.
    pub limit: u16,
}

/// A parked message in a list, without what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedListing {
    /// Its id.
    pub id: Uuid,
    /// Where it came from: `payments/stripe-eu`.
    pub source: String,
    /// Why it is kept.
    pub reason: String,
    /// The reference it waits for, or died waiting for.
    pub waiting_for: Option<OrderRef>,
    /// Since when nobody looks after it by itself.
    pub dead_since: Option<Timestamp>,
    /// When it arrived.
    pub received_at: Timestamp,
}

impl ParkedListing {
    /// What becomes of it if nobody does anything.
    pub const fn state(&self) -> ParkedState {
        ParkedState::of(self.dead_since.as_ref(), self.waiting_for.as_ref())
    }
}

/// A page of parked messages, oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ParkedPage {
    /// The messages.
    pub messages: Vec<ParkedListing>,
    /// What the next page begins after, when there is one.
    pub next: Option<ParkedPlace>,
}

/// A parked message with what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedDetail {
    /// Why it is kept.
    pub listing: ParkedListing,
    /// Headers without secrets and signatures.
    pub headers: BTreeMap<String, String>,
    /// The raw body, unless another key sealed it.
    pub body: Result<Vec<u8>, SealError>,
}

impl Store {
    /// Lists parked messages, oldest first.
    pub async fn list_parked(&self, filter: &ParkedFilter) -> Result<ParkedPage, Unavailable> {
        let texts = [filter.source.as_deref(), filter.reason.as_deref()];
        if texts.into_iter().flatten().any(|text| text.contains('\0')) {
            return Ok(ParkedPage::default());
        }
        let limit = usize::from(filter.limit.max(1));
        let query = || {
            sqlx::query(LIST)
                .bind(filter.source.as_deref())
                .bind(filter.reason.as_deref())
                .bind(filter.state.map(|state| state == ParkedState::Dead))
                .bind(match filter.state {
                    None | Some(ParkedState::Dead) => None,
                    Some(state) => Some(state == ParkedState::Waiting),
                })
                .bind(filter.after.map(|(at, _)| at.to_sqlx()))
                .bind(filter.after.map(|(_, id)| id))
                .bind(i64::from(filter.limit.max(1)) + 1)
                .persistent(false)
                .fetch_all(self.pool())
        };
        let rows = self.read(query).await?;
        let more = rows.len() > limit;
        let messages: Result<Vec<ParkedListing>, sqlx::Error> =
            rows.iter().take(limit).map(listing).collect();
        let messages = messages.map_err(|error| Unavailable(error.to_string()))?;
        let last = messages.last().filter(|_| more);
        let next = last.map(|last| (last.received_at, last.id));
        Ok(ParkedPage { messages, next })
    }

    /// A parked message, by its id.
    pub async fn parked_message(&self, id: Uuid) -> Result<Option<ParkedDetail>, Unavailable> {
        let query = || sqlx::query(ONE).bind(id).fetch_optional(self.pool());
        let Some(row) = self.read(query).await? else {
            return Ok(None);
        };
        let unreadable = |error: sqlx::Error| Unavailable(error.to_string());
        let Json(headers) = row.try_get("headers").map_err(unreadable)?;
        let sealed: Vec<u8> = row.try_get("body").map_err(unreadable)?;
        Ok(Some(ParkedDetail {
            listing: listing(&row).map_err(unreadable)?,
            headers,
            body: self.shared.options.seal.open(&sealed_row(id), &sealed),
        }))
    }
}

fn listing(row: &PgRow) -> Result<ParkedListing, sqlx::Error> {
    let received_at: jiff_sqlx::Timestamp = row.try_get("received_at")?;
    let dead_at: Option<jiff_sqlx::Timestamp> = row.try_get("dead_at")?;
    Ok(ParkedListing {
        id: row.try_get("id")?,
        source: row.try_get("source")?,
        reason: row.try_get("reason")?,
        waiting_for: reference_from(row)?,
        dead_since: dead_at.map(jiff_sqlx::Timestamp::to_jiff),
        received_at: received_at.to_jiff(),
    })
}
