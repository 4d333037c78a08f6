//! Asking the marketplace for the orders that have changed (OR11).
//!
//! The list is sorted by when orders were created and by nothing else, and paged by how many are skipped. So a
//! round asks for everything that has changed since the last one, without an end: an order that changes
//! meanwhile stays in the list and one that is new comes into it, so that nothing moves towards the front
//! and is skipped. What comes in behind the place that the round has reached is found by the next one, which
//! begins a little before this one did. The marketplace itself goes back a little further.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::value::RawValue;

use super::rest::Rest;
use super::wire::List;
use crate::port::{CallError, Page, Poll, Statement};

/// Between two rounds: what the vendor recommends.
const EVERY: Duration = Duration::from_mins(5);

/// Orders asked for at once. An answer has to fit into 256 KiB; if it does not, they are asked for singly.
const AT_ONCE: &str = "10";

/// How far a round begins before the last one did, for clocks that differ.
const OVERLAP: SignedDuration = SignedDuration::from_mins(2);

/// The orders of one shop.
pub(super) struct Orders {
    rest: Arc<Rest>,
}

/// Where a round goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    /// What has changed since then is asked for.
    since: Timestamp,
    /// The round that is under way; none between two.
    round: Option<Round>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Round {
    began: Timestamp,
    read: u64,
}

impl Cursor {
    /// `2026-03-01T10:00:00Z`, or within a round `2026-03-01T10:00:00Z/2026-03-01T10:05:00Z/20`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let since = parts.next()?.parse().ok()?;
        let round = match (parts.next(), parts.next(), parts.next()) {
            (None, None, None) => None,
            (Some(began), Some(read), None) => Some(Round {
                began: began.parse().ok()?,
                read: read.parse().ok()?,
            }),
            _ => return None,
        };
        Some(Self { since, round })
    }

    fn text(&self) -> String {
        let since = second(self.since);
        match self.round {
            None => since,
            Some(Round { began, read }) => format!("{since}/{}/{read}", second(began)),
        }
    }
}

fn second(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Orders {
    /// Those of the shop behind this door.
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
        let cursor = match cursor {
            None => Cursor {
                since: now,
                round: None,
            },
            Some(text) => Cursor::parse(text)
                .ok_or_else(|| CallError::not_now("the place to go on from cannot be read"))?,
        };
        let round = cursor.round.unwrap_or(Round {
            began: now,
            read: 0,
        });
        let (since, read) = (second(cursor.since), round.read.to_string());
        let query = [
            ("max", AT_ONCE),
            ("offset", read.as_str()),
            ("start_update_date", since.as_str()),
            ("sort", "dateCreated"),
            ("order", "asc"),
        ];
        let mut fewer = query;
        fewer[0].1 = "1";
        let body = self.rest.list("/api/orders", &query, &fewer).await?;
        let list: List<'_> = serde_json::from_slice(&body)
            .map_err(|_| CallError::not_done("the marketplace's list of orders cannot be read"))?;
        let read = round.read + list.orders.len() as u64;
        let more = !list.orders.is_empty() && list.total_count.is_none_or(|all| read < all);
        let next = if more {
            Cursor {
                since: cursor.since,
                round: Some(Round { read, ..round }),
            }
        } else {
            // Never before where this one began to look.
            let since = (round.began - OVERLAP).max(cursor.since);
            Cursor { since, round: None }
        };
        Ok(Page {
            statements: list.orders.into_iter().map(statement).collect(),
            next: next.text(),
            more,
        })
    }
}

/// An order in the marketplace's own bytes. It states nothing else, so that no header has to say what it is.
fn statement(order: &RawValue) -> Statement {
    Statement {
        headers: BTreeMap::new(),
        raw: order.get().as_bytes().to_vec(),
    }
}
