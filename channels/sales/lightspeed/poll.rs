//! Asking the store which sales have changed: "polling APIs is the right way to keep systems in sync"
//! (x-series-api.lightspeedhq.com/docs/webhooks).
//!
//! Everything in the store has a version that grows with each change; the cursor is the highest one that was
//! read, and the store is asked for sales after it. Each sale is then looked up with what hangs on it. A new
//! connection begins at the newest version, which is found by halving: the store lists from old to new only.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::rest::Rest;
use crate::port::{CallError, Page, Poll};
use crate::sales::till::stated;
use crate::wire::Exact;

/// Between two rounds.
const EVERY: Duration = Duration::from_mins(5);

/// Sales asked for at once. An answer has to fit into 256 KiB; if it does not, they are asked for singly.
const AT_ONCE: usize = 20;

/// Beyond every version: whole numbers up to here survive the vendor's own JavaScript.
const HIGHEST: u64 = 1 << 53;

/// The sales of one store.
pub(super) struct Sales {
    rest: Arc<Rest>,
}

#[derive(Deserialize)]
struct Found {
    data: Vec<Box<RawValue>>,
    #[serde(default)]
    version: Option<Versions>,
}

#[derive(Deserialize)]
struct Versions {
    #[serde(default)]
    max: Option<Exact>,
}

impl Found {
    fn highest(&self) -> Option<u64> {
        self.version.as_ref()?.max.as_ref()?.0.parse().ok()
    }
}

impl Sales {
    /// Those of the store behind this API.
    pub(super) fn new(rest: Arc<Rest>) -> Self {
        Self { rest }
    }

    async fn after(&self, version: u64, at_once: usize) -> Result<Found, CallError> {
        let query = |size: usize| {
            [
                ("after", version.to_string()),
                ("page_size", size.to_string()),
            ]
        };
        let found = self.rest.list("sales", &query(at_once), &query(1)).await?;
        found.ok_or_else(|| CallError::not_done("the store has no list of sales"))
    }

    /// The newest version that a sale has.
    async fn newest(&self) -> Result<u64, CallError> {
        let (mut low, mut high) = (0, HIGHEST);
        while low < high {
            let middle = low + (high - low) / 2;
            let found = self.after(middle, 1).await?;
            if found.data.is_empty() {
                high = middle;
            } else {
                // What was found says how far one can go on at least.
                let least = found.highest().unwrap_or(0).max(middle + 1);
                low = least.min(high);
            }
        }
        Ok(low)
    }
}

#[async_trait]
impl Poll for Sales {
    fn every(&self) -> Duration {
        EVERY
    }

    async fn page(&self, cursor: Option<&str>, _now: Timestamp) -> Result<Page, CallError> {
        let Some(cursor) = cursor else {
            return Ok(Page {
                statements: Vec::new(),
                next: self.newest().await?.to_string(),
                more: false,
            });
        };
        let version: u64 = cursor
            .parse()
            .map_err(|_| CallError::not_now("the place to go on from cannot be read"))?;
        let found = self.after(version, AT_ONCE).await?;
        let highest = found.highest().unwrap_or(version).max(version);
        if !found.data.is_empty() && highest == version {
            let reason = "the store's list of sales says no version";
            return Err(CallError::not_done(reason));
        }
        let sales = found.data.iter();
        let sales = sales.map(|sale| stated("entry", sale.get().as_bytes().to_vec()));
        Ok(Page {
            more: highest > version,
            next: highest.to_string(),
            statements: sales.collect(),
        })
    }
}
