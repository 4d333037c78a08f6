//! Asking Square which orders have changed: an order made in the Point of Sale app sends no `order.created`
//! (the event's own description), and webhooks get lost.
//!
//! `SearchOrders` is asked for entries only, which name an order, by the time of its last change; each is then
//! looked up. A round reads one window of time page by page. An entry states no time of its own, so the cursor
//! is the window and Square's own place in it, and the next window begins a little before the end of the last
//! one: an order that was still being written is named in both.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::rest::Rest;
use crate::port::{CallError, Page, Poll};
use crate::sales::till::stated;

/// Between two rounds.
const EVERY: Duration = Duration::from_mins(5);

/// How far two windows overlap.
const OVERLAP: SignedDuration = SignedDuration::from_secs(60);

/// Entries asked for at once; Square takes at most 1000.
const AT_ONCE: usize = 200;

/// The orders of one location.
pub(super) struct Orders {
    rest: Arc<Rest>,
    location: String,
}

/// Where a round goes on: `start`, or `start/end/place` within a window that is being read.
#[derive(Debug, PartialEq, Eq)]
struct Cursor {
    start: Timestamp,
    within: Option<(Timestamp, String)>,
}

impl Cursor {
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '/');
        let start = parts.next()?.parse().ok()?;
        let within = match (parts.next(), parts.next()) {
            (None, None) => None,
            (Some(end), Some(place)) => Some((end.parse().ok()?, place.to_owned())),
            _ => return None,
        };
        Some(Self { start, within })
    }
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    order_entries: Vec<Box<RawValue>>,
    #[serde(default)]
    cursor: Option<String>,
}

impl Orders {
    /// Those of the location of this id.
    pub(super) fn new(rest: Arc<Rest>, location: String) -> Self {
        Self { rest, location }
    }
}

#[async_trait]
impl Poll for Orders {
    fn every(&self) -> Duration {
        EVERY
    }

    async fn page(&self, cursor: Option<&str>, now: Timestamp) -> Result<Page, CallError> {
        let cursor = match cursor {
            None => Cursor {
                start: now,
                within: None,
            },
            Some(text) => Cursor::parse(text)
                .ok_or_else(|| CallError::not_now("the place to go on from cannot be read"))?,
        };
        let start = cursor.start;
        let (end, place) = cursor
            .within
            .unwrap_or_else(|| (now.max(start), String::new()));
        let mut question = json!({
            "location_ids": [self.location], "return_entries": true, "limit": AT_ONCE,
            "query": {
                "filter": { "date_time_filter": { "updated_at": {
                    "start_at": start.to_string(), "end_at": end.to_string() } } },
                "sort": { "sort_field": "UPDATED_AT", "sort_order": "ASC" },
            },
        });
        if !place.is_empty() {
            question["cursor"] = place.as_str().into();
        }
        let found = self.rest.search("/v2/orders/search", &question).await;
        let found: Option<Found> = match found {
            // Square forgets its own places: the window is read again from its start.
            Err(CallError::NotDone { well: true, .. }) if !place.is_empty() => {
                return Ok(Page {
                    statements: Vec::new(),
                    next: start.to_string(),
                    more: true,
                });
            }
            found => found?,
        };
        let found = found.ok_or_else(|| CallError::not_done("there is no list of orders"))?;
        let entries = found.order_entries.iter();
        let entries = entries.map(|entry| stated("entry", entry.get().as_bytes().to_vec()));
        let place = found.cursor.filter(|place| !place.is_empty());
        let next = match &place {
            Some(place) => format!("{start}/{end}/{place}"),
            None => start.max(end - OVERLAP).to_string(),
        };
        Ok(Page {
            statements: entries.collect(),
            next,
            more: place.is_some(),
        })
    }
}
