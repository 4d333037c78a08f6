//! Asking Clover which orders have changed: it "does not guarantee when, or if, notifications will be received"
//! (docs.clover.com/clover-platform/docs/webhooks).
//!
//! The list is asked for by the time of the last change, oldest first, and each order of it is then looked up.
//! The cursor is a millisecond. It stays a minute behind now, so that an order that was written down late is
//! not missed: what has changed in that minute is named again in the next round.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::rest::Rest;
use super::wire::List;
use crate::port::{CallError, Page, Poll};
use crate::sales::till::stated;

/// Between two rounds.
const EVERY: Duration = Duration::from_mins(5);

/// Milliseconds that may still be written to.
const UNSETTLED: i64 = 60_000;

/// Orders asked for at once: few enough for an answer of 256 KiB.
const AT_ONCE: usize = 100;

/// The orders of one merchant.
pub(super) struct Orders {
    rest: Arc<Rest>,
}

/// What of an order says where it stands in the list.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    #[serde(default)]
    modified_time: Option<i64>,
}

impl Orders {
    /// Those of the merchant behind this API.
    pub(super) fn new(rest: Arc<Rest>) -> Self {
        Self { rest }
    }
}

#[async_trait]
impl Poll for Orders {
    fn every(&self) -> Duration {
        EVERY
    }

    async fn page(&self, cursor: Option<&str>, now: Timestamp) -> Result<Page, CallError> {
        let now = now.as_millisecond();
        let start = match cursor {
            None => now,
            Some(text) => text
                .parse()
                .map_err(|_| CallError::not_now("the place to go on from cannot be read"))?,
        };
        let (from, limit) = (format!("modifiedTime>={start}"), AT_ONCE.to_string());
        let query = [
            ("filter", from.as_str()),
            ("orderBy", "modifiedTime ASC"),
            ("limit", limit.as_str()),
        ];
        let found: Option<List<Box<RawValue>>> = self.rest.look_up("orders", &query).await?;
        let found = found.ok_or_else(|| CallError::not_done("there is no list of orders"))?;
        let orders = found.elements.iter();
        // What does not say where it stands is put away by whoever reads it.
        let places = orders.filter_map(|order| {
            let place: Place = serde_json::from_str(order.get()).ok()?;
            place.modified_time
        });
        let places: Vec<i64> = places.collect();
        if !places.is_sorted() {
            return Err(CallError::not_done("the list of orders is in no order"));
        }
        let last = places.last().copied().unwrap_or(start).max(start);
        let full = found.elements.len() >= AT_ONCE;
        let next = match (full, last > start) {
            // More than a page in one millisecond: whoever is behind it comes by webhook.
            (true, false) => start + 1,
            (true, true) => last,
            (false, _) => start.max(last.min(now - UNSETTLED)),
        };
        let orders = found.elements.iter();
        let orders = orders.map(|order| stated("entry", order.get().as_bytes().to_vec()));
        Ok(Page {
            statements: orders.collect(),
            next: next.to_string(),
            more: full,
        })
    }
}
