//! Asking for the orders that have changed (`getOrders` by `lastmodifieddate`), and for one of them.
//!
//! eBay's pages are counted from the list's beginning, and an order that changes meanwhile leaves the list, so
//! that another one moves to a page that was read before. Pages are therefore not used: a stretch of time
//! that holds more orders than fit into one answer is asked for in halves. Only a single second that holds too
//! many is read order by order, from its end to its beginning, where a gap can hide nothing. Both ends belong
//! to a stretch, so none is missed and some come twice.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::STATED;
use super::api::{Api, found};
use crate::outbound::Failure;
use crate::port::{CallError, LookUp, Page, Poll, Resource, Statement};
use crate::sales::told::segment;

/// Between two rounds.
const EVERY: Duration = Duration::from_mins(5);

/// How old the end of a stretch is. The vendor does not say when a change is in the list; this is chosen.
const SETTLED: SignedDuration = SignedDuration::from_secs(120);

/// The shortest stretch.
const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// Orders asked for at once: few enough for an answer of 256 KiB.
const AT_ONCE: usize = 25;

/// Where orders are.
const ORDERS: &str = "/sell/fulfillment/v1/order";

/// What it takes for fees to be stated, which are in the total either way.
const WITH_FEES: (&str, &str) = ("fieldGroups", "TAX_BREAKDOWN");

/// The orders of one seller.
pub(super) struct Orders {
    api: Arc<Api>,
}

/// Where a round goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    from: Timestamp,
    /// Where the stretch ends; until what is settled by now when there is none.
    until: Option<Timestamp>,
    /// The place of the next order, in a second that is read order by order.
    place: Option<usize>,
}

#[derive(Deserialize)]
struct List<'a> {
    #[serde(borrow, default)]
    orders: Vec<&'a RawValue>,
    #[serde(default)]
    total: Option<usize>,
}

fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S.000Z").to_string()
}

impl Cursor {
    const fn at(from: Timestamp) -> Self {
        Self {
            from,
            until: None,
            place: None,
        }
    }

    /// `<from>`, `<from>/<until>` or `<from>/<until>/<place>`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('/');
        let mut cursor = Self::at(parts.next()?.parse().ok()?);
        if let Some(until) = parts.next() {
            cursor.until = Some(until.parse().ok()?);
        }
        if let Some(place) = parts.next() {
            cursor.place = Some(place.parse().ok()?);
        }
        parts.next().is_none().then_some(cursor)
    }

    fn text(&self) -> String {
        let mut text = seconds(self.from);
        if let Some(until) = self.until {
            text = format!("{text}/{}", seconds(until));
        }
        if let Some(place) = self.place {
            text = format!("{text}/{place}");
        }
        text
    }
}

/// The middle of a stretch, in whole seconds; none of the shortest one.
fn middle(from: Timestamp, until: Timestamp) -> Option<Timestamp> {
    let half = until.duration_since(from).as_secs() / 2;
    let middle = from.checked_add(SignedDuration::from_secs(half)).ok()?;
    (half > 0 && until.duration_since(from) > SECOND).then_some(middle)
}

/// Nothing yet, and where to go on.
fn empty(next: Cursor, more: bool) -> Page {
    Page {
        statements: Vec::new(),
        next: next.text(),
        more,
    }
}

impl Orders {
    /// Those of the seller behind this API.
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }

    /// eBay's bytes: so many orders of a stretch, from a place on.
    async fn list(
        &self,
        (from, until): (Timestamp, Timestamp),
        place: usize,
        most: usize,
    ) -> Result<Vec<u8>, Failed> {
        let (from, until) = (seconds(from), seconds(until));
        let filter = format!("lastmodifieddate:[{from}..{until}]");
        let (most, place) = (most.to_string(), place.to_string());
        let query = [
            ("filter", filter.as_str()),
            ("limit", most.as_str()),
            ("offset", place.as_str()),
            WITH_FEES,
        ];
        let answer = match self.api.get(ORDERS, &query).await {
            Err(Failure::Lost(reason)) => return Err(Failed::Lost(reason)),
            answer => answer.map_err(|failure| Failed::Not(failure.of_look_up()))?,
        };
        let none = || CallError::not_done("eBay has no list of orders; check base_url");
        let body = found(answer).and_then(|body| body.ok_or_else(none));
        body.map_err(Failed::Not)
    }

    /// How many orders a second holds.
    async fn count(&self, stretch: (Timestamp, Timestamp)) -> Result<usize, Failed> {
        let body = self.list(stretch, 0, 1).await?;
        let list = read(&body).map_err(Failed::Not)?;
        Ok(list.total.unwrap_or(list.orders.len()))
    }
}

/// Why there is no list.
enum Failed {
    /// Perhaps it is too long.
    Lost(&'static str),
    Not(CallError),
}

impl From<Failed> for CallError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Lost(reason) => Self::not_done(reason),
            Failed::Not(error) => error,
        }
    }
}

fn read(body: &[u8]) -> Result<List<'_>, CallError> {
    serde_json::from_slice(body)
        .map_err(|_| CallError::not_done("eBay's list of orders cannot be read"))
}

#[async_trait]
impl Poll for Orders {
    fn every(&self) -> Duration {
        EVERY
    }

    async fn page(&self, cursor: Option<&str>, now: Timestamp) -> Result<Page, CallError> {
        let cursor = match cursor {
            None => Cursor::at(now),
            Some(text) => Cursor::parse(text)
                .ok_or_else(|| CallError::not_now("the place to go on from cannot be read"))?,
        };
        let settled = now - SETTLED;
        let until = cursor.until.unwrap_or(settled);
        if until <= cursor.from {
            return Ok(empty(Cursor::at(cursor.from), false));
        }
        let stretch = (cursor.from, until);
        // What is settled by now may lie behind a half of what was.
        let after = Cursor::at(until);
        let more = settled.duration_since(until) > SECOND;
        if let Some(place) = cursor.place {
            let body = self.list(stretch, place, 1).await?;
            let before = place.checked_sub(1).map(|place| Cursor {
                place: Some(place),
                ..cursor
            });
            return Ok(Page {
                statements: read(&body)?.orders.into_iter().map(statement).collect(),
                more: more || before.is_some(),
                next: before.unwrap_or(after).text(),
            });
        }
        let too_many = match self.list(stretch, 0, AT_ONCE).await {
            Ok(body) => {
                let list = read(&body)?;
                if list.total.unwrap_or(0) <= list.orders.len() {
                    return Ok(Page {
                        statements: list.orders.into_iter().map(statement).collect(),
                        next: after.text(),
                        more,
                    });
                }
                list.total
            }
            Err(Failed::Lost(_)) => None,
            Err(failed) => return Err(failed.into()),
        };
        if let Some(half) = middle(cursor.from, until) {
            let half = Cursor {
                until: Some(half),
                ..cursor
            };
            return Ok(empty(half, true));
        }
        let count = match too_many {
            Some(count) => count,
            None => self.count(stretch).await?,
        };
        let last = Cursor {
            until: Some(until),
            place: Some(count.saturating_sub(1)),
            ..cursor
        };
        Ok(empty(last, true))
    }
}

#[async_trait]
impl LookUp for Orders {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        let Some(id) = segment(&resource.id).filter(|_| resource.kind == "order") else {
            return Ok(Vec::new());
        };
        let order = self
            .api
            .bytes(&format!("{ORDERS}/{id}"), &[WITH_FEES])
            .await?;
        Ok(order.into_iter().map(stated).collect())
    }
}

fn statement(order: &RawValue) -> Statement {
    stated(order.get().as_bytes().to_vec())
}

/// An order, to be read like a webhook.
fn stated(raw: Vec<u8>) -> Statement {
    let stated = (STATED.to_owned(), "order".to_owned());
    Statement {
        headers: BTreeMap::from([stated]),
        raw,
    }
}
