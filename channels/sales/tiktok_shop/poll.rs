//! Asking for the orders that have changed (`Get Order List`), beside the webhooks, which get lost.
//!
//! A round asks for a closed stretch of time: from where the last one ended until two minutes ago. An order that
//! changes meanwhile moves into the next stretch, so none is missed and some come twice. The pages of a
//! stretch are followed by the vendor's token; when it is refused, the stretch begins anew.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::api::{Api, Orders, Said, statement};
use crate::port::{CallError, Page, Poll};

/// Between two rounds.
const EVERY: Duration = Duration::from_mins(5);

/// How old the end of a stretch is. The vendor does not say when a change is in the list.
const SETTLED: SignedDuration = SignedDuration::from_secs(120);

/// Orders asked for at once: few enough for an answer of 256 KiB.
const AT_ONCE: &str = "20";

/// The orders of one shop.
pub(super) struct Changes {
    api: Arc<Api>,
}

/// Where a round goes on: the second at which the stretch begins, and within a stretch the one at which it
/// ends and the vendor's word for the next page.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Cursor {
    from: i64,
    within: Option<(i64, String)>,
}

impl Cursor {
    /// `<from>`, or within a stretch `<from>/<until>/<token>`.
    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.splitn(3, '/');
        let from = parts.next()?.parse().ok()?;
        let within = match (parts.next(), parts.next()) {
            (None, _) => None,
            (Some(until), Some(token)) => Some((until.parse().ok()?, token.to_owned())),
            (Some(_), None) => return None,
        };
        Some(Self { from, within })
    }

    fn text(&self) -> String {
        match &self.within {
            None => self.from.to_string(),
            Some((until, token)) => format!("{}/{until}/{token}", self.from),
        }
    }
}

impl Changes {
    /// Those of the shop behind this API.
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }
}

#[async_trait]
impl Poll for Changes {
    fn every(&self) -> Duration {
        EVERY
    }

    async fn page(&self, cursor: Option<&str>, now: Timestamp) -> Result<Page, CallError> {
        let begun = Cursor {
            from: now.as_second(),
            within: None,
        };
        let cursor = match cursor {
            None => begun,
            Some(text) => Cursor::parse(text)
                .ok_or_else(|| CallError::not_now("the place to go on from cannot be read"))?,
        };
        let settled = now.as_second() - SETTLED.as_secs();
        let (until, token) = cursor.within.clone().unwrap_or((settled, String::new()));
        let go_on = |next: Cursor, more| Page {
            statements: Vec::new(),
            next: next.text(),
            more,
        };
        if until <= cursor.from {
            return Ok(go_on(cursor, false));
        }
        let mut query = vec![
            ("page_size", AT_ONCE),
            ("sort_field", "update_time"),
            ("sort_order", "ASC"),
        ];
        if !token.is_empty() {
            query.push(("page_token", token.as_str()));
        }
        let stretch = json!({ "update_time_ge": cursor.from, "update_time_lt": until });
        let path = "/order/202309/orders/search";
        let data = match self.api.ask(path, &query, Some(&stretch)).await? {
            Said::Done(data) => data,
            Said::Refused(_) if !token.is_empty() => {
                let anew = Cursor {
                    within: None,
                    ..cursor
                };
                return Ok(go_on(anew, false));
            }
            Said::Refused(_) => {
                return Err(CallError::not_now(
                    "the channel refuses to be asked for orders",
                ));
            }
        };
        let found: Orders<'_> = serde_json::from_slice(&data)
            .map_err(|_| CallError::not_done("the channel's list of orders cannot be read"))?;
        let next = found.next_page_token.filter(|next| !next.is_empty());
        if next.as_ref() == Some(&token) {
            return Err(CallError::not_now(
                "the channel's list of orders has no end",
            ));
        }
        let more = next.is_some();
        let next = match next {
            Some(next) => Cursor {
                within: Some((until, next)),
                ..cursor
            },
            None => Cursor {
                from: until,
                within: None,
            },
        };
        Ok(Page {
            statements: found.orders.into_iter().map(statement).collect(),
            ..go_on(next, more)
        })
    }
}
