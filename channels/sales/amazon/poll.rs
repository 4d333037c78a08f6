//! Asking for the orders that have changed (`searchOrders`). Amazon pushes notifications to its own queues
//! (`SQS`, `EventBridge`) and to no web address, so this is the only way.
//!
//! A round asks for a closed stretch of time: from where the last one ended until a few minutes ago, because
//! the vendor wants an end that is two minutes old at least. Both ends belong to the stretch, and an order that
//! changes meanwhile moves into the next one, so none is missed and some come twice. The pages of a
//! stretch are followed by the vendor's token, which lives for 24 hours: when it is refused, the stretch
//! begins anew.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::STATED;
use super::api::Api;
use crate::outbound::Failure;
use crate::port::{CallError, Page, Poll, Statement};

/// Between two rounds: the vendor allows one question in three minutes, and twenty in a burst.
const EVERY: Duration = Duration::from_mins(5);

/// How old the end of a stretch is: the vendor's two minutes, with our clock a little off.
const SETTLED: SignedDuration = SignedDuration::from_secs(180);

/// Orders asked for at once. An answer has to fit into 256 KiB; a stretch whose answer does not is asked
/// for anew in smaller pages.
const AT_ONCE: [&str; 3] = ["50", "10", "1"];

/// What is asked for beside the lines, which come always.
const INCLUDED: &str = "BUYER,RECIPIENT,PROCEEDS,CANCELLATION,FULFILLMENT";

/// The orders of one seller.
pub(super) struct Orders {
    api: Arc<Api>,
    marketplaces: String,
}

/// Where a round goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cursor {
    /// Where the stretch begins.
    from: Timestamp,
    /// The stretch, when it is being read.
    within: Option<Stretch>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Stretch {
    until: Timestamp,
    /// Which of the sizes its pages have.
    size: usize,
    /// The vendor's word for the next page; empty for the first one.
    token: String,
}

#[derive(Deserialize)]
struct Found<'a> {
    #[serde(borrow)]
    orders: Vec<&'a RawValue>,
    #[serde(default)]
    pagination: Option<Pagination>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Pagination {
    #[serde(default)]
    next_token: Option<String>,
}

fn seconds(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

impl Cursor {
    /// `<from>`, or while a stretch is being read `<from>/<until>/<size>/<token>`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(4, '/');
        let from = parts.next()?.parse().ok()?;
        let within = match (parts.next(), parts.next(), parts.next()) {
            (None, ..) => None,
            (Some(until), Some(size), Some(token)) => Some(Stretch {
                until: until.parse().ok()?,
                size: size.parse().ok().filter(|size| *size < AT_ONCE.len())?,
                token: token.to_owned(),
            }),
            _ => return None,
        };
        Some(Self { from, within })
    }

    fn text(&self) -> String {
        let from = seconds(self.from);
        match &self.within {
            None => from,
            Some(Stretch { until, size, token }) => {
                format!("{from}/{}/{size}/{token}", seconds(*until))
            }
        }
    }
}

impl Orders {
    /// Those of these marketplaces.
    pub(super) fn new(api: Arc<Api>, marketplaces: &[String]) -> Self {
        let marketplaces = marketplaces.join(",");
        Self { api, marketplaces }
    }
}

/// Nothing, and where to go on.
fn empty(next: &Cursor, more: bool) -> Page {
    Page {
        statements: Vec::new(),
        next: next.text(),
        more,
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
                from: now,
                within: None,
            },
            Some(text) => Cursor::parse(text)
                .ok_or_else(|| CallError::not_now("the place to go on from cannot be read"))?,
        };
        let stretch = cursor.within.clone().unwrap_or_else(|| Stretch {
            until: now - SETTLED,
            size: 0,
            token: String::new(),
        });
        if stretch.until <= cursor.from {
            return Ok(empty(&cursor, false));
        }
        let (from, until) = (seconds(cursor.from), seconds(stretch.until));
        let mut query = vec![
            ("lastUpdatedAfter", from.as_str()),
            ("lastUpdatedBefore", until.as_str()),
            ("marketplaceIds", self.marketplaces.as_str()),
            ("maxResultsPerPage", AT_ONCE[stretch.size]),
            ("includedData", INCLUDED),
        ];
        if !stretch.token.is_empty() {
            query.push(("paginationToken", stretch.token.as_str()));
        }
        let answer = match self.api.get("/orders/2026-01-01/orders", &query).await {
            Err(Failure::Lost(_)) if stretch.size + 1 < AT_ONCE.len() => {
                // Perhaps the page is too long.
                let smaller = Stretch {
                    size: stretch.size + 1,
                    token: String::new(),
                    ..stretch
                };
                let next = Cursor {
                    within: Some(smaller),
                    ..cursor
                };
                return Ok(empty(&next, true));
            }
            answer => answer.map_err(Failure::of_look_up)?,
        };
        if let Some(failure) = answer.failure() {
            return Err(CallError::of_question(failure));
        }
        if answer.status.as_u16() == 400 && !stretch.token.is_empty() {
            let anew = Cursor {
                within: None,
                ..cursor
            };
            return Ok(empty(&anew, false));
        }
        if !answer.status.is_success() {
            let status = answer.status.as_u16();
            return Err(answer.not_done(format!(
                "the channel answered {status}; check marketplaces and the application's roles"
            )));
        }
        let found: Found<'_> = serde_json::from_slice(&answer.body)
            .map_err(|_| CallError::not_done("the channel's list of orders cannot be read"))?;
        let token = found.pagination.and_then(|pages| pages.next_token);
        let token = token.filter(|token| !token.is_empty());
        if token.as_ref() == Some(&stretch.token) {
            return Err(CallError::not_now(
                "the channel's list of orders has no end",
            ));
        }
        let more = token.is_some();
        let next = match token {
            Some(token) => Cursor {
                within: Some(Stretch { token, ..stretch }),
                ..cursor
            },
            None => Cursor {
                from: stretch.until,
                within: None,
            },
        };
        Ok(Page {
            statements: found.orders.into_iter().map(statement).collect(),
            next: next.text(),
            more,
        })
    }
}

/// An order, to be read like a webhook.
fn statement(order: &RawValue) -> Statement {
    let stated = (STATED.to_owned(), "order".to_owned());
    Statement {
        headers: BTreeMap::from([stated]),
        raw: order.get().as_bytes().to_vec(),
    }
}
