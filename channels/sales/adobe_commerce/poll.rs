//! Asking the shop for the orders that have changed: core shops push nothing. A round asks for a window of
//! `updated_at`, by the order's number. An order that an event names is looked up by that number.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::{RawValue, to_raw_value};

use super::rest::{Filter, Rest, criteria, of_order};
use super::wire::{CreditMemo, FIELDS, Item, Sent};
use crate::port::{CallError, LookUp, Page, Poll, Resource, Statement};
use crate::sales::window::Window;
use crate::wire::Exact;

/// Between two rounds.
const EVERY: Duration = Duration::from_mins(5);

/// Orders asked for at once. An answer has to fit into 256 KiB; if it does not, they are asked for singly.
const AT_ONCE: usize = 20;

/// The header of a statement that says what it is.
pub(super) const STATED: &str = "orderhub-stated";

/// The orders of one shop.
pub(super) struct Orders {
    rest: Arc<Rest>,
}

#[derive(Deserialize)]
struct Place {
    entity_id: Exact,
}

impl Orders {
    /// Those of the shop behind this API.
    pub(super) fn new(rest: Arc<Rest>) -> Self {
        Self { rest }
    }
}

/// A time as the shop's database keeps it, in UTC.
fn stored(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// What changed within a window, behind its number.
fn changed(window: Window, at_once: usize) -> Vec<(String, String)> {
    let (from, to) = (stored(window.from), stored(window.to));
    let behind = window.behind.to_string();
    let filter = |field, is, value| Filter { field, is, value };
    let mut query = criteria(&[
        filter("updated_at", "gteq", &from),
        filter("updated_at", "lt", &to),
        filter("entity_id", "gt", &behind),
    ]);
    for (name, value) in [
        ("searchCriteria[sortOrders][0][field]", "entity_id"),
        ("searchCriteria[sortOrders][0][direction]", "ASC"),
        ("searchCriteria[pageSize]", &at_once.to_string()),
        ("fields", FIELDS),
    ] {
        query.push((name.to_owned(), value.to_owned()));
    }
    query
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
        let fewer = changed(window, 1);
        let orders: Vec<Box<RawValue>> = self
            .rest
            .list("orders", &changed(window, AT_ONCE), Some(&fewer))
            .await?;
        let place = |order: &RawValue| -> Option<u64> {
            let place: Place = serde_json::from_str(order.get()).ok()?;
            place.entity_id.0.parse().ok()
        };
        let last = orders.iter().filter_map(|order| place(order)).max();
        // One that was asked for singly fills its page as well.
        let full = orders.len() == 1 || orders.len() >= AT_ONCE;
        let (next, more) = window.after(last.filter(|_| full));
        let mut statements = Vec::with_capacity(orders.len());
        for order in &orders {
            statements.push(self.statement(order).await?);
        }
        Ok(Page {
            statements,
            next,
            more,
        })
    }
}

#[async_trait]
impl LookUp for Orders {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        let id = &resource.id;
        let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
        if resource.kind != "order" || !plain {
            return Ok(Vec::new());
        }
        // The members of one order, without the list around it.
        let fields = FIELDS.strip_prefix("items[");
        let fields = fields.and_then(|fields| fields.strip_suffix(']'));
        let query = [("fields".to_owned(), fields.unwrap_or(FIELDS).to_owned())];
        let order: Option<Box<RawValue>> =
            self.rest.look_up(&format!("orders/{id}"), &query).await?;
        match order {
            Some(order) => Ok(vec![self.statement(&order).await?]),
            None => Ok(Vec::new()),
        }
    }
}

impl Orders {
    /// An order, with what its sums are made of where something of it went back.
    async fn statement(&self, order: &RawValue) -> Result<Statement, CallError> {
        let raw = match serde_json::from_str::<Outline>(order.get()) {
            Ok(outline) if outline.went_back() => self.with_papers(order, &outline).await?,
            // One that cannot be read is put away by whoever reads it.
            _ => order.get().as_bytes().to_vec(),
        };
        Ok(Statement {
            headers: BTreeMap::from([(STATED.to_owned(), "order".to_owned())]),
            raw,
        })
    }

    async fn with_papers(&self, order: &RawValue, of: &Outline) -> Result<Vec<u8>, CallError> {
        let joined = |_| CallError::not_now("the shop's answers cannot be joined");
        let mut whole: BTreeMap<String, Box<RawValue>> =
            serde_json::from_str(order.get()).map_err(joined)?;
        for (papers, fields) in [
            ("creditmemos", CreditMemo::FIELDS),
            ("shipments", Sent::FIELDS),
        ] {
            let list: Vec<Box<RawValue>> =
                of_order(&self.rest, papers, &of.entity_id.0, fields).await?;
            whole.insert(papers.to_owned(), to_raw_value(&list).map_err(joined)?);
        }
        serde_json::to_vec(&whole).map_err(joined)
    }
}

/// What of an order says that something of it went back.
#[derive(Deserialize)]
struct Outline {
    entity_id: Exact,
    #[serde(default)]
    total_refunded: Option<Exact>,
    #[serde(default)]
    items: Vec<Item>,
}

impl Outline {
    fn went_back(&self) -> bool {
        let money = self.total_refunded.iter();
        let units = self
            .items
            .iter()
            .filter_map(|item| item.qty_refunded.as_ref());
        let mut counts = money.chain(units).map(|count| Item::count(Some(count)));
        counts.any(|count| !count.is_zero())
    }
}
