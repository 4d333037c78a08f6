//! Asking the shop for the orders that have changed. It retries a webhook for some hours, then drops it, and
//! sends none to an address that failed too often; what was missed is found here, and looked up.
//!
//! A payment or a delivery that moves leaves its order untouched, so there is no one time to sort by. A
//! round asks for a window of time, for whatever order or part of it changed within, by the order's running
//! number.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::api::{Api, STATED};
use crate::port::{CallError, Page, Poll, Statement};
use crate::sales::window::Window;

/// Between two rounds.
const EVERY: Duration = Duration::from_mins(5);

/// Orders asked for at once, by their ids alone.
const AT_ONCE: usize = 100;

/// What says that an order, or a part of it, has changed.
const CHANGES: [&str; 5] = [
    "createdAt",
    "updatedAt",
    "transactions.createdAt",
    "transactions.updatedAt",
    "deliveries.updatedAt",
];

/// The orders of one shop.
pub(super) struct Orders {
    api: Arc<Api>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Place {
    id: String,
    auto_increment: u64,
}

/// A time as the shop's database keeps it, in UTC.
fn stored(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S.000").to_string()
}

/// What changed within a window, behind its running number.
fn changed(window: Window) -> Value {
    let times = json!({ "gte": stored(window.from), "lt": stored(window.to) });
    let within = CHANGES
        .iter()
        .map(|field| json!({ "type": "range", "field": field, "parameters": times }));
    let within: Vec<_> = within.collect();
    json!({
        "limit": AT_ONCE,
        "filter": [
            { "type": "multi", "operator": "or", "queries": within },
            { "type": "range", "field": "autoIncrement", "parameters": { "gt": window.behind } },
        ],
        "sort": [{ "field": "autoIncrement", "order": "ASC" }],
        "associations": { "transactions": {}, "deliveries": {} },
        "includes": { "order": ["id", "autoIncrement"] },
    })
}

impl Orders {
    /// Those of the shop behind this API.
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }
}

#[async_trait]
impl Poll for Orders {
    fn every(&self) -> Duration {
        EVERY
    }

    async fn page(&self, cursor: Option<&str>, now: Timestamp) -> Result<Page, CallError> {
        let window = Window::of(cursor, now)?;
        if window.is_empty() {
            return Ok(Page {
                statements: Vec::new(),
                next: window.text(),
                more: false,
            });
        }
        let places: Vec<Place> = self.api.search("order", &changed(window)).await?;
        let last = places.last().map(|place| place.auto_increment);
        let (next, more) = window.after(last.filter(|_| places.len() >= AT_ONCE));
        Ok(Page {
            statements: places.iter().map(statement).collect(),
            next,
            more,
        })
    }
}

/// That an order has changed.
fn statement(place: &Place) -> Statement {
    let stated = (STATED.to_owned(), "changed".to_owned());
    Statement {
        headers: BTreeMap::from([stated]),
        raw: json!({ "id": place.id }).to_string().into_bytes(),
    }
}
