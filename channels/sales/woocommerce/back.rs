//! The way back to a WooCommerce shop: shipments, cancellations and refunds of its own orders.
//!
//! The shop itself knows whole orders only: no shipments, no tracking (plugins add them, each in its own
//! way). So a shipment becomes a note to the buyer with its tracking, and a mark among the order's meta data
//! with its units; once the marks cover every line the order is completed, by whichever try sees that.
//! Marks have a name each, so that two shipments at a time cannot undo each other. There are no
//! idempotency keys: every try looks first what is there already and adds what is missing.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::order::{NoticeEvidence, Topic};
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};

use super::refunds;
use super::rest::{Changed, Rest};
use super::wire::Meta;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::told::{is_refused, refused};
use crate::sales::{CancellationNotice, PartNotice, ShipmentNotice, WayBack, Why};
use crate::wire::Exact;

/// How the names of marks begin. With the underscore the shop keeps them out of its forms.
const MARK: &str = "_orderhub_shipment_";

/// What is asked of an order.
const FIELDS: &str = "id,status,total,date_paid_gmt,line_items,refunds,meta_data";

/// The way back to one shop.
pub(super) struct Back {
    rest: Arc<Rest>,
}

/// An order, as the shop has it.
#[derive(Debug, Deserialize)]
struct ShopOrder {
    status: String,
    total: Exact,
    #[serde(default)]
    date_paid_gmt: Option<String>,
    #[serde(default)]
    line_items: Vec<Line>,
    #[serde(default)]
    refunds: Vec<Refund>,
    #[serde(default)]
    meta_data: Vec<Meta>,
}

#[derive(Debug, Deserialize)]
struct Line {
    id: Exact,
    quantity: Exact,
}

/// Money that the shop gave back, as an amount below zero.
#[derive(Debug, Deserialize)]
struct Refund {
    total: Exact,
}

#[derive(Debug, Deserialize)]
struct Note {
    #[serde(default)]
    note: Option<String>,
}

/// An answer whose content does not matter.
#[derive(Deserialize)]
struct Taken {}

impl ShopOrder {
    fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "cancelled" | "refunded" | "trash")
    }

    /// The units that a shipment was marked with.
    fn marked(&self, name: &str) -> Option<&str> {
        let mut marks = self.meta_data.iter();
        let mark = marks.find(|meta| meta.key.as_deref() == Some(name))?;
        mark.value.as_ref()?.as_str()
    }

    /// Whether the marks cover every line, but for units that were taken out of it.
    fn is_shipped(&self, taken_out: &BTreeMap<String, Decimal>) -> bool {
        let mut shipped: BTreeMap<&str, Decimal> = BTreeMap::new();
        let mut seen = Vec::new();
        for meta in &self.meta_data {
            let (Some(key), Some(Value::String(units))) = (&meta.key, &meta.value) else {
                continue;
            };
            if !key.starts_with(MARK) || seen.contains(&key) {
                continue;
            }
            seen.push(key);
            for (line, count) in units.split(',').filter_map(|part| part.split_once(':')) {
                let count: Decimal = count.parse().unwrap_or_default();
                *shipped.entry(line).or_default() += count;
            }
        }
        self.line_items.iter().all(|line| {
            let ordered = line.quantity.decimal();
            let shipped = shipped.get(line.id.0.as_str()).copied();
            let gone = taken_out.get(&line.id.0).copied().unwrap_or_default();
            ordered.is_some_and(|ordered| shipped.unwrap_or_default() + gone >= ordered)
        })
    }

    fn is_paid(&self) -> bool {
        self.date_paid_gmt.as_ref().is_some_and(|at| !at.is_empty())
    }

    /// Whether everything is noted as given back without the status that follows. The shop notes a refund
    /// before it asks its gateway, and takes the note back if that says no.
    fn is_being_refunded(&self) -> bool {
        self.is_paid() && !self.refunds.is_empty() && self.owed().is_none()
    }

    /// What the buyer paid and has not got back; `None` when nothing is left, or cannot be read.
    fn owed(&self) -> Option<Decimal> {
        if !self.is_paid() {
            return None;
        }
        let mut left = self.total.decimal()?;
        for refund in &self.refunds {
            left = left.checked_sub(refund.total.decimal()?.abs())?;
        }
        (left > Decimal::ZERO).then_some(left)
    }
}

#[async_trait]
impl WayBack for Back {
    fn hears(&self) -> &'static [Topic] {
        &[
            Topic::Shipped,
            Topic::Cancelled,
            Topic::PartCancelled,
            Topic::Refund,
        ]
    }

    async fn part_cancelled(&self, notice: &PartNotice) -> NoticeAnswer {
        refunds::repay(&self.rest, notice).await
    }

    async fn refunded(&self, notice: &PartNotice) -> NoticeAnswer {
        refunds::repay(&self.rest, notice).await
    }

    async fn shipped(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        self.note_shipment(notice).await
    }

    async fn cancelled(&self, notice: &CancellationNotice) -> NoticeAnswer {
        self.note_cancellation(notice).await
    }
}

impl Back {
    /// The way to the shop behind this API.
    pub(super) fn new(rest: Arc<Rest>) -> Self {
        Self { rest }
    }

    async fn order(&self, path: &str) -> Result<Option<ShopOrder>, CallError> {
        self.rest.look_up(path, &[("_fields", FIELDS)]).await
    }

    async fn note_shipment(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        let Some(path) = path(&notice.external_id) else {
            return Ok(refused("not_a_woocommerce_id"));
        };
        let Some(order) = self.order(&path).await? else {
            return Ok(refused("order_not_found"));
        };
        let name = mark(notice);
        let units = units(notice);
        let is_marked = order.marked(&name) == Some(units.as_str());
        let taken_out = if order.refunds.is_empty() {
            BTreeMap::new()
        } else {
            refunds::taken_out(&self.rest, &path).await?
        };
        if is_marked && (order.status == "completed" || !order.is_shipped(&taken_out)) {
            return Ok(NoticeEvidence::Told);
        }
        if order.is_over() {
            return Ok(refused("order_is_cancelled"));
        }
        if !is_marked && let Some(no) = self.tell_buyer(&path, notice).await? {
            return Ok(no);
        }
        let marks = json!({ "meta_data": [{ "key": name, "value": units }] });
        let order = match self.rest.change::<ShopOrder>(&path, &marks).await? {
            Changed::Made(order) => order,
            Changed::Refused(code) => return Ok(refused(&code)),
        };
        // The order as it is after this mark: the last of several shipments sees all of them.
        if order.status == "completed" || !order.is_shipped(&taken_out) {
            return Ok(NoticeEvidence::Told);
        }
        self.set_status(&path, "completed").await
    }

    /// Sends the buyer the tracking, unless a note of the order says it already.
    async fn tell_buyer(
        &self,
        path: &str,
        notice: &ShipmentNotice,
    ) -> Result<Option<NoticeEvidence>, CallError> {
        if notice.tracking.is_empty() {
            return Ok(None);
        }
        let path = format!("{path}/notes");
        let notes: Option<Vec<Note>> = self.rest.look_up(&path, &[("_fields", "note")]).await?;
        let says_all = |note: &Note| {
            let text = note.note.as_deref().unwrap_or_default();
            notice.tracking.iter().all(|one| text.contains(&one.number))
        };
        if notes.unwrap_or_default().iter().any(says_all) {
            return Ok(None);
        }
        let parcels = notice.tracking.iter();
        let parcels: Vec<_> = parcels
            .map(|one| format!("{} {}", one.carrier, one.number))
            .collect();
        let text = format!("Shipped: {}", parcels.join(", "));
        let note = json!({ "note": text, "customer_note": true });
        Ok(match self.rest.change::<Taken>(&path, &note).await? {
            Changed::Made(_) => None,
            Changed::Refused(code) => Some(refused(&code)),
        })
    }

    async fn note_cancellation(&self, notice: &CancellationNotice) -> NoticeAnswer {
        let Some(path) = path(&notice.external_id) else {
            return Ok(refused("not_a_woocommerce_id"));
        };
        let Some(order) = self.order(&path).await? else {
            return Ok(refused("order_not_found"));
        };
        let owed = order.owed().filter(|_| notice.refund);
        match order.status.as_str() {
            "refunded" | "trash" => return Ok(NoticeEvidence::Told),
            "completed" => return Ok(refused("order_is_completed")),
            "cancelled" if owed.is_none() => return Ok(NoticeEvidence::Told),
            _ if notice.refund && order.is_being_refunded() => {
                return Err(CallError::not_now("the shop is giving the money back"));
            }
            _ => {}
        }
        // A refund of everything makes the order "refunded", which is as final as "cancelled".
        let mut not_given_back = None;
        if let Some(owed) = owed {
            let reason = match notice.why {
                Why::OutOfStock => "Out of stock",
                Why::Declined => "Payment declined",
                Why::Other => "Cancelled",
            };
            let refund =
                json!({ "amount": owed.to_string(), "reason": reason, "api_refund": true });
            let refunds = format!("{path}/refunds");
            match self.rest.change::<Taken>(&refunds, &refund).await? {
                Changed::Made(_) => {
                    let now = self.order(&path).await?;
                    if now.is_none_or(|order| order.is_over()) {
                        return Ok(NoticeEvidence::Told);
                    }
                }
                Changed::Refused(code) => not_given_back = Some(refused(&code)),
            }
        }
        if order.status != "cancelled" {
            let said = self.set_status(&path, "cancelled").await?;
            if is_refused(&said) {
                return Ok(said);
            }
        }
        // Cancelled, but the buyer's money is still there: that is for a person to hear.
        Ok(not_given_back.unwrap_or(NoticeEvidence::Told))
    }

    async fn set_status(&self, path: &str, status: &str) -> NoticeAnswer {
        let change = json!({ "status": status });
        Ok(match self.rest.change::<Taken>(path, &change).await? {
            Changed::Made(_) => NoticeEvidence::Told,
            Changed::Refused(code) => refused(&code),
        })
    }
}

/// Where an order lives. `None` for what is no id of a shop.
pub(super) fn path(id: &str) -> Option<String> {
    let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| format!("orders/{id}"))
}

/// The name of a shipment's mark: its parcels', or what was collected.
fn mark(notice: &ShipmentNotice) -> String {
    let name = match notice.tracking.first() {
        Some(parcel) => parcel.number.clone(),
        None => units(notice),
    };
    // The shop keeps 255 characters of a name.
    let name: String = name.chars().take(200).collect();
    format!("{MARK}{name}")
}

/// The units of a shipment, as its mark keeps them: `315:2,316:1`.
fn units(notice: &ShipmentNotice) -> String {
    let mut by_line: BTreeMap<&str, u32> = BTreeMap::new();
    for (line, count) in &notice.lines {
        *by_line.entry(line).or_default() += count;
    }
    let units: Vec<_> = by_line
        .iter()
        .map(|(line, n)| format!("{line}:{n}"))
        .collect();
    units.join(",")
}
