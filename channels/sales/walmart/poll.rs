//! Asking Walmart for the orders that have changed.
//!
//! The list is asked for by when an order last changed, and says with each page how to ask for the next one.
//! A round asks without an end, so that an order which changes meanwhile stays in the list and none is skipped
//! for it; the next one begins a little before this one did. The way to the next page is good for a short time
//! only: where it is refused, the round begins again. Without a word Walmart lists what was created within the
//! last seven days, so it is asked for all that it keeps.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use serde_json::value::RawValue;

use super::rest::Rest;
use super::wire::Listed;
use crate::port::{CallError, Page, Poll, Statement};

/// Between two rounds: an order is to be acknowledged within four hours.
const EVERY: Duration = Duration::from_mins(5);

/// Orders asked for at once. An answer has to fit into 256 KiB; if it does not, they are asked for singly.
const AT_ONCE: &str = "20";

/// How far a round begins before the last one did, for clocks that differ.
const OVERLAP: SignedDuration = SignedDuration::from_mins(5);

/// How long Walmart lists an order.
const KEPT: SignedDuration = SignedDuration::from_hours(180 * 24);

/// The orders of one seller.
pub(super) struct Orders {
    rest: Arc<Rest>,
}

/// Where a round goes on.
#[derive(Debug, PartialEq, Eq)]
struct Cursor {
    /// What has changed since then is asked for.
    since: Timestamp,
    /// When the round that is under way began, and how it goes on.
    round: Option<(Timestamp, String)>,
}

impl Cursor {
    /// `2026-03-01T10:00:00Z`, or within a round with its beginning and Walmart's own cursor behind it.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '|');
        let since = parts.next()?.parse().ok()?;
        let round = match (parts.next(), parts.next()) {
            (None, None) => None,
            (Some(began), Some(on)) => Some((began.parse().ok()?, on.to_owned())),
            _ => return None,
        };
        Some(Self { since, round })
    }

    fn text(&self) -> String {
        let since = second(self.since);
        match &self.round {
            None => since,
            Some((began, on)) => format!("{since}|{}|{on}", second(*began)),
        }
    }
}

fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// The members of Walmart's own cursor, which is the question for the next page.
fn members(on: &str) -> Vec<(String, String)> {
    let Ok(mut url) = Url::parse("https://cursor.invalid/") else {
        return Vec::new();
    };
    url.set_query(Some(on.trim_start_matches('?')));
    url.query_pairs().into_owned().collect()
}

impl Orders {
    /// Those of the seller behind this door.
    pub(super) fn new(rest: Arc<Rest>) -> Self {
        Self { rest }
    }

    async fn list(&self, cursor: &Cursor, now: Timestamp) -> Result<Option<Vec<u8>>, CallError> {
        if let Some((_, on)) = &cursor.round {
            let members = members(on);
            let query: Vec<(&str, &str)> = members
                .iter()
                .map(|(name, value)| (name.as_str(), value.as_str()))
                .collect();
            let mut fewer = query.clone();
            let limits = fewer.iter_mut().filter(|(name, _)| *name == "limit");
            limits.for_each(|limit| limit.1 = "1");
            return self.rest.list("/v3/orders", &query, &fewer).await;
        }
        let created = second(now.saturating_sub(KEPT).unwrap_or(now));
        let since = second(cursor.since);
        let query = [
            ("limit", AT_ONCE),
            ("createdStartDate", created.as_str()),
            ("lastModifiedStartDate", since.as_str()),
            ("shipNodeType", "SellerFulfilled"),
            ("replacementInfo", "true"),
            ("productInfo", "false"),
        ];
        let mut fewer = query;
        fewer[0].1 = "1";
        self.rest.list("/v3/orders", &query, &fewer).await
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
                since: now,
                round: None,
            },
            Some(text) => Cursor::parse(text)
                .ok_or_else(|| CallError::not_now("the place to go on from cannot be read"))?,
        };
        let body = match self.list(&cursor, now).await {
            // The way to the next page is not good any more. Not at once: it may be refused again.
            Err(CallError::NotDone { well: true, .. }) if cursor.round.is_some() => {
                let since = cursor.since;
                return Ok(Page {
                    statements: Vec::new(),
                    next: Cursor { since, round: None }.text(),
                    more: false,
                });
            }
            body => body?,
        };
        let listed: Option<Listed<'_>> = body
            .as_deref()
            .map(serde_json::from_slice)
            .transpose()
            .map_err(|_| CallError::not_done("Walmart's list of orders cannot be read"))?;
        let list = listed.map(|listed| listed.list);
        let on = list
            .as_ref()
            .and_then(|list| list.meta.as_ref()?.next_cursor.clone());
        let orders = list.and_then(|list| list.elements).map(|all| all.order);
        let orders = orders.unwrap_or_default();
        let began = cursor.round.as_ref().map_or(now, |(began, _)| *began);
        let on = on.filter(|on| !on.is_empty() && !orders.is_empty());
        let more = on.is_some();
        let next = match on {
            Some(on) => Cursor {
                since: cursor.since,
                round: Some((began, on)),
            },
            // Never before where this one began to look.
            None => Cursor {
                since: (began - OVERLAP).max(cursor.since),
                round: None,
            },
        };
        Ok(Page {
            statements: orders.into_iter().map(statement).collect(),
            next: next.text(),
            more,
        })
    }
}

/// An order in Walmart's own bytes. It states nothing else, so that no header has to say what it is.
fn statement(order: &RawValue) -> Statement {
    Statement {
        headers: BTreeMap::new(),
        raw: order.get().as_bytes().to_vec(),
    }
}
