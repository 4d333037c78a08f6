//! Looking through the webhooks that came: lists, and one with what it said.

use std::collections::BTreeMap;

use orderhub_actors::ports::Unavailable;
use orderhub_domain::ids::OrderId;
use sqlx::Row;
use sqlx::postgres::PgRow;
use sqlx::types::Json;
use uuid::Uuid;

use super::webhooks::sealed_row;
use super::{SealError, Store};

// Absent filters are null and fall away when the statement is planned: it is planned anew each
// time, for what is asked. Ids are by time, so "newest first" needs no further order.
const LIST: &str = "
select id, source, outcome, reason, order_id, received_at
from orderhub.webhook_received
where ($1::text is null or source = $1)
  and ($2::text is null or outcome = $2)
  and ($3::uuid is null or id < $3)
order by id desc
limit $4
";

const ONE: &str = "
select id, source, outcome, reason, order_id, received_at, headers, body
from orderhub.webhook_received
where id = $1
";

/// Which webhooks to list. Everything absent matches everything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookFilter {
    /// Only those of this connection.
    pub source: Option<String>,
    /// Only those that fared like this.
    pub outcome: Option<String>,
    /// Only those that came before this one: the cursor of the page before.
    pub before: Option<Uuid>,
    /// At most so many.
    pub limit: u16,
}

/// A webhook in a list, without what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookListing {
    /// Its id.
    pub id: Uuid,
    /// Where it came from: `payments/stripe-eu`.
    pub source: String,
    /// What became of it: `applied`, `ignored`, `unmatched`, `invalid`.
    pub outcome: String,
    /// Why a part of it changed nothing.
    pub reason: Option<String>,
    /// The order that it reached.
    pub order: Option<OrderId>,
    /// When it came.
    pub received_at: jiff::Timestamp,
}

/// A page of webhooks, newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WebhookPage {
    /// The webhooks.
    pub webhooks: Vec<WebhookListing>,
    /// What the next page begins after, when there is one.
    pub next: Option<Uuid>,
}

/// A webhook with what it said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookDetail {
    /// What became of it.
    pub listing: WebhookListing,
    /// Headers without secrets and signatures.
    pub headers: BTreeMap<String, String>,
    /// The raw body, unless another key sealed it.
    pub body: Result<Vec<u8>, SealError>,
}

impl Store {
    /// Lists webhooks, newest first.
    pub async fn list_webhooks(&self, filter: &WebhookFilter) -> Result<WebhookPage, Unavailable> {
        let texts = [filter.source.as_deref(), filter.outcome.as_deref()];
        if texts.into_iter().flatten().any(|text| text.contains('\0')) {
            return Ok(WebhookPage::default());
        }
        let limit = usize::from(filter.limit.max(1));
        let query = || {
            sqlx::query(LIST)
                .bind(filter.source.as_deref())
                .bind(filter.outcome.as_deref())
                .bind(filter.before)
                .bind(i64::from(filter.limit.max(1)) + 1)
                .persistent(false)
                .fetch_all(self.pool())
        };
        let rows = self.read(query).await?;
        let more = rows.len() > limit;
        let webhooks: Result<Vec<WebhookListing>, sqlx::Error> =
            rows.iter().take(limit).map(listing).collect();
        let webhooks = webhooks.map_err(|error| Unavailable(error.to_string()))?;
        let next = webhooks.last().filter(|_| more).map(|last| last.id);
        Ok(WebhookPage { webhooks, next })
    }

    /// A webhook that was kept, by its id.
    pub async fn webhook(&self, id: Uuid) -> Result<Option<WebhookDetail>, Unavailable> {
        let query = || sqlx::query(ONE).bind(id).fetch_optional(self.pool());
        let Some(row) = self.read(query).await? else {
            return Ok(None);
        };
        let unreadable = |error: sqlx::Error| Unavailable(error.to_string());
        let Json(headers) = row.try_get("headers").map_err(unreadable)?;
        let sealed: Vec<u8> = row.try_get("body").map_err(unreadable)?;
        Ok(Some(WebhookDetail {
            listing: listing(&row).map_err(unreadable)?,
            headers,
            body: self.shared.options.seal.open(&sealed_row(id), &sealed),
        }))
    }
}

fn listing(row: &PgRow) -> Result<WebhookListing, sqlx::Error> {
    let order: Option<Uuid> = row.try_get("order_id")?;
    let received_at: jiff_sqlx::Timestamp = row.try_get("received_at")?;
    Ok(WebhookListing {
        id: row.try_get("id")?,
        source: row.try_get("source")?,
        outcome: row.try_get("outcome")?,
        reason: row.try_get("reason")?,
        order: order.map(OrderId::from_uuid),
        received_at: received_at.to_jiff(),
    })
}
