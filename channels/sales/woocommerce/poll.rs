//! Asking the shop for the orders that have changed, and for one with its refunds. It sends a webhook once and, after some failures in
//! a row, none any more (`failed_delivery` in `WC_Webhook`), so what was missed is found here.
//!
//! The list is sorted by the time of the last change, in whole seconds, and the cursor is such a second
//! with the orders of it that were read already: the shop is asked for everything from that second on except
//! for these. A second that is still young is read again in the next round, because one of its
//! orders can change once more within it.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::map::parse_time;
use super::rest::Rest;
use super::wire::{Answers, FIELDS, REFUND_FIELDS};
use crate::port::{CallError, LookUp, Page, Poll, Resource, Statement};
use crate::sales::taken::digits;
use crate::wire::Exact;

/// The header of a statement that says what it is. Webhooks do not have it.
pub(super) const STATED: &str = "orderhub-stated";

/// Between two rounds.
const EVERY: Duration = Duration::from_mins(5);

/// Orders asked for at once. An answer has to fit into 256 KiB; if it does not, they are asked for singly.
const AT_ONCE: usize = 20;

/// When a second is over for good, with the shop's clock a little off.
const SETTLED: SignedDuration = SignedDuration::from_secs(60);

/// Most orders of one second that are named in a question, so that its address stays short enough.
const MOST_NAMED: usize = 500;

/// The orders of one shop.
pub(super) struct Orders {
    rest: Arc<Rest>,
}

/// Where a round goes on.
#[derive(Debug, PartialEq, Eq)]
struct Cursor {
    /// The second.
    at: Timestamp,
    /// The orders of this second that were read.
    read: Vec<String>,
}

/// What of an order says where it stands in the list.
#[derive(Deserialize)]
struct Place {
    id: Exact,
    date_modified_gmt: String,
}

impl Cursor {
    /// `2026-03-01T10:00:05Z`, or with orders behind it: `2026-03-01T10:00:05Z/12,13`.
    fn parse(text: &str) -> Option<Self> {
        let (at, read) = text.split_once('/').unwrap_or((text, ""));
        let ids = read.split(',').filter(|id| !id.is_empty());
        let ids: Vec<String> = ids.map(str::to_owned).collect();
        let plain = |id: &String| id.bytes().all(|byte| byte.is_ascii_digit());
        let at = at.parse().ok()?;
        ids.iter().all(plain).then_some(Self { at, read: ids })
    }

    fn text(&self) -> String {
        let mut text = self.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        for (index, id) in self.read.iter().enumerate() {
            let before = if index == 0 { '/' } else { ',' };
            // Writing to a text cannot fail.
            write!(text, "{before}{id}").ok();
        }
        text
    }
}

impl Orders {
    /// Those of the shop behind this API.
    pub(super) fn new(rest: Arc<Rest>) -> Self {
        Self { rest }
    }

    /// The shop's bytes: orders from the cursor's second on.
    async fn list(&self, cursor: &Cursor) -> Result<Vec<u8>, CallError> {
        let second_before = cursor.at - SignedDuration::from_secs(1);
        // Without a zone: the shop would turn any other into its own, and compare that with UTC.
        let after = second_before.strftime("%Y-%m-%dT%H:%M:%S").to_string();
        let (read, at_once) = (cursor.read.join(","), AT_ONCE.to_string());
        let mut query = vec![
            ("per_page", at_once.as_str()),
            ("modified_after", after.as_str()),
            ("dates_are_gmt", "true"),
            ("orderby", "modified"),
            ("order", "asc"),
            ("_fields", FIELDS),
        ];
        if !read.is_empty() {
            query.push(("exclude", read.as_str()));
        }
        let mut fewer = query.clone();
        fewer[0].1 = "1";
        self.rest.list("orders", &query, &fewer).await
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
                at: Timestamp::from_second(now.as_second()).unwrap_or(now),
                read: Vec::new(),
            },
            Some(text) => Cursor::parse(text)
                .ok_or_else(|| CallError::not_now("the place to go on from cannot be read"))?,
        };
        if cursor.read.len() > MOST_NAMED {
            let reason = "the shop changed more orders in one second than can be told apart";
            return Err(CallError::not_now(reason));
        }
        let body = self.list(&cursor).await?;
        let orders: Vec<&RawValue> = serde_json::from_slice(&body)
            .map_err(|_| CallError::not_done("the shop's list of orders cannot be read"))?;
        let here = cursor.text();
        let next = after(cursor, &orders, now);
        // One that was asked for singly fills its page as well.
        let full = orders.len() == 1 || orders.len() >= AT_ONCE;
        let next = if full { next } else { next.settled(now) };
        let text = next.text();
        Ok(Page {
            more: full && text != here,
            next: text,
            statements: orders.into_iter().map(statement).collect(),
        })
    }
}

#[async_trait]
impl LookUp for Orders {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        let id = digits(&resource.id).filter(|_| resource.kind == "order");
        let Some(path) = id.map(|id| format!("orders/{id}")) else {
            return Ok(Vec::new());
        };
        let order: Option<Box<RawValue>> = self.rest.look_up(&path, &[("_fields", FIELDS)]).await?;
        let Some(order) = &order else {
            return Ok(Vec::new());
        };
        let query = [("per_page", "100"), ("_fields", REFUND_FIELDS)];
        let refunds: Option<Box<RawValue>> = self
            .rest
            .look_up(&format!("{path}/refunds"), &query)
            .await?;
        let Some(refunds) = &refunds else {
            return Ok(Vec::new());
        };
        let raw = serde_json::to_vec(&Answers { order, refunds })
            .map_err(|_| CallError::not_now("the shop's answers cannot be joined"))?;
        let stated = (STATED.to_owned(), "order".to_owned());
        Ok(vec![Statement {
            headers: BTreeMap::from([stated]),
            raw,
        }])
    }
}

impl Cursor {
    /// The same place, to be read again from its second on if that is young.
    fn settled(mut self, now: Timestamp) -> Self {
        if self.at + SETTLED > now {
            self.read.clear();
        }
        self
    }
}

/// The place behind these orders.
fn after(mut cursor: Cursor, orders: &[&RawValue], now: Timestamp) -> Cursor {
    // A shop whose clock is far ahead does not take the cursor there.
    let latest = now + SETTLED;
    for order in orders {
        // What does not say where it stands is put away by whoever reads it.
        let Ok(place) = serde_json::from_str::<Place>(order.get()) else {
            continue;
        };
        let Some(at) = parse_time(&place.date_modified_gmt) else {
            continue;
        };
        if at > latest {
            continue;
        }
        if at > cursor.at {
            cursor = Cursor {
                at,
                read: Vec::new(),
            };
        }
        let plain = place.id.0.bytes().all(|byte| byte.is_ascii_digit());
        if plain && at >= cursor.at && !cursor.read.contains(&place.id.0) {
            cursor.read.push(place.id.0);
        }
    }
    cursor
}

/// An order as a webhook would have said it.
fn statement(order: &RawValue) -> Statement {
    let topic = ("x-wc-webhook-topic".to_owned(), "order.updated".to_owned());
    Statement {
        headers: BTreeMap::from([topic]),
        raw: order.get().as_bytes().to_vec(),
    }
}
