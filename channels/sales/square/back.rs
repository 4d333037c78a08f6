//! The way back to Square: fulfilments and cancellations of its own orders.
//!
//! A fulfilment is completed as a whole. So each shipment leaves a mark in its metadata (the parcel's number,
//! with the units by the place of their line), and the one after which the marks cover everything completes
//! it. Mark and state change in one update that names the order's version: an order that has changed
//! since is not touched, and a try whose answer was lost finds its own mark. Square keeps ten marks a
//! fulfilment, and changes no order that was made in the Point of Sale app itself.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::Slug;
use orderhub_domain::order::NoticeEvidence;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::amounts::count;
use super::refunds::{Tender, give_back};
use super::rest::{Changed, Rest};
use crate::outbound::Stopwatch;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::till::{is_refusal, refused};
use crate::sales::{CancellationNotice, ShipmentNotice, WayBack};
use crate::wire::{Exact, path_id};

/// How the names of marks begin.
const MARK: &str = "orderhub_";

/// Marks that a fulfilment keeps, and the length of a name and of a value there.
const MARKS: usize = 10;
const NAME: usize = 60;
const VALUE: usize = 255;

/// The way back to one seller.
pub(super) struct Back {
    slug: Slug,
    rest: Arc<Rest>,
}

/// An answer that has the order.
#[derive(Debug, Deserialize)]
struct Found {
    order: TillOrder,
}

/// An order, as the till has it.
#[derive(Debug, Deserialize)]
struct TillOrder {
    location_id: String,
    #[serde(default)]
    version: i64,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    line_items: Vec<Line>,
    #[serde(default)]
    fulfillments: Vec<Fulfillment>,
    #[serde(default)]
    tenders: Vec<Tender>,
}

#[derive(Debug, Deserialize)]
struct Line {
    uid: String,
    quantity: Exact,
}

#[derive(Debug, Deserialize)]
struct Fulfillment {
    uid: String,
    #[serde(default, rename = "type")]
    form: Option<String>,
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    entries: Vec<Entry>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    line_item_uid: String,
    quantity: Exact,
}

/// Units by the place of their line.
type Units = BTreeMap<usize, Decimal>;

impl Fulfillment {
    fn state(&self) -> &str {
        self.state.as_deref().unwrap_or("PROPOSED")
    }

    fn is_pending(&self) -> bool {
        matches!(self.state(), "PROPOSED" | "RESERVED" | "PREPARED")
    }

    /// What it holds.
    fn units(&self, order: &TillOrder) -> Units {
        let lines = order.line_items.iter().enumerate();
        let held = lines.filter_map(|(place, line)| {
            if self.entries.is_empty() {
                return Some((place, count(&line.quantity)?));
            }
            let of_line = self.entries.iter();
            let of_line = of_line.filter(|entry| entry.line_item_uid == line.uid);
            let units: Decimal = of_line.filter_map(|entry| count(&entry.quantity)).sum();
            (!units.is_zero()).then_some((place, units))
        });
        held.collect()
    }

    /// Whether the marks cover everything that it holds.
    fn is_covered(marks: &BTreeMap<String, String>, held: &Units) -> bool {
        let mut sent = Units::new();
        for (_, units) in marks.iter().filter(|(name, _)| name.starts_with(MARK)) {
            for part in units.split(' ').filter_map(|part| part.split_once('x')) {
                if let (Ok(place), Ok(units)) = (part.0.parse(), part.1.parse::<Decimal>()) {
                    *sent.entry(place).or_default() += units;
                }
            }
        }
        held.iter().all(|(place, units)| {
            let sent = sent.get(place).copied().unwrap_or_default();
            sent >= *units
        })
    }
}

#[async_trait]
impl WayBack for Back {
    async fn shipped(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        let watch = Stopwatch::channel(self.slug.as_str(), "shipped");
        let answer = self.note_shipment(notice).await;
        watch.stop(&answer, is_refusal);
        answer
    }

    async fn cancelled(&self, notice: &CancellationNotice) -> NoticeAnswer {
        let watch = Stopwatch::channel(self.slug.as_str(), "cancelled");
        let answer = self.note_cancellation(notice).await;
        watch.stop(&answer, is_refusal);
        answer
    }
}

impl Back {
    /// The way to the seller behind this API.
    pub(super) fn new(slug: Slug, rest: Arc<Rest>) -> Self {
        Stopwatch::channel(slug.as_str(), "shipped").announce();
        Self { slug, rest }
    }

    async fn note_shipment(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        let Some(path) = path(&notice.external_id) else {
            return Ok(refused("not_a_square_id"));
        };
        let Some(Found { order }) = self.rest.look_up(&path).await? else {
            return Ok(refused("order_not_found"));
        };
        let mut left = Units::new();
        for (uid, units) in &notice.lines {
            if let Some(place) = order.line_items.iter().position(|line| line.uid == *uid) {
                *left.entry(place).or_default() += Decimal::from(*units);
            }
        }
        let name = mark(notice);
        let mut changes = Vec::new();
        let (mut is_dropped, mut is_known) = (false, false);
        for one in &order.fulfillments {
            let held = one.units(&order);
            let mut here = Units::new();
            for (place, units) in &mut left {
                let taken = held.get(place).copied().unwrap_or_default().min(*units);
                *units -= taken;
                if !taken.is_zero() {
                    here.insert(*place, taken);
                }
            }
            if here.is_empty() {
                continue;
            }
            is_known = true;
            if one.metadata.contains_key(&name) || one.state() == "COMPLETED" {
                continue;
            }
            if !one.is_pending() {
                is_dropped = true;
                continue;
            }
            match change(one, &held, name.clone(), &here, notice) {
                Ok(change) => changes.push(change),
                Err(code) => return Ok(refused(code)),
            }
        }
        if is_dropped || order.state.as_deref() == Some("CANCELED") {
            return Ok(refused("order_is_cancelled"));
        }
        if !is_known {
            return Ok(refused("no_fulfillment"));
        }
        if changes.is_empty() {
            return Ok(NoticeEvidence::Told);
        }
        self.update(&path, &order, json!({ "fulfillments": changes }))
            .await
            .map(|changed| match changed {
                Changed::Made(_) => NoticeEvidence::Told,
                Changed::Refused(code) => refused(&code),
            })
    }

    /// Changes members of an order that is still as it was read.
    async fn update(
        &self,
        path: &str,
        order: &TillOrder,
        mut members: Value,
    ) -> Result<Changed<Found>, CallError> {
        members["version"] = order.version.into();
        members["location_id"] = order.location_id.as_str().into();
        self.rest.put(path, &json!({ "order": members })).await
    }

    async fn note_cancellation(&self, notice: &CancellationNotice) -> NoticeAnswer {
        let Some(path) = path(&notice.external_id) else {
            return Ok(refused("not_a_square_id"));
        };
        let Some(Found { mut order }) = self.rest.look_up(&path).await? else {
            return Ok(refused("order_not_found"));
        };
        if order
            .fulfillments
            .iter()
            .any(|one| one.state() == "COMPLETED")
        {
            return Ok(refused("order_is_shipped"));
        }
        let pending = order.fulfillments.iter().filter(|one| one.is_pending());
        let pending: Vec<Value> = pending
            .map(|one| json!({ "uid": one.uid, "state": "CANCELED" }))
            .collect();
        if !pending.is_empty() {
            let change = json!({ "fulfillments": pending });
            match self.update(&path, &order, change).await? {
                Changed::Made(Found { order: now }) => order = now,
                Changed::Refused(code) => return Ok(refused(&code)),
            }
        }
        // Square closes what nobody paid; a paid order stays open there, with nothing left to do.
        if order.tenders.is_empty() && order.state.as_deref() == Some("OPEN") {
            let change = json!({ "state": "CANCELED" });
            if let Changed::Refused(code) = self.update(&path, &order, change).await? {
                return Ok(refused(&code));
            }
        }
        if notice.refund && !give_back(&self.rest, &order.tenders, notice.why).await? {
            return Ok(refused("refund_by_hand"));
        }
        Ok(NoticeEvidence::Told)
    }
}

/// What a fulfilment becomes by a shipment of these units of it.
fn change(
    one: &Fulfillment,
    held: &Units,
    name: String,
    here: &Units,
    notice: &ShipmentNotice,
) -> Result<Value, &'static str> {
    let units: Vec<_> = here
        .iter()
        .map(|(place, units)| format!("{place}x{}", units.normalize()))
        .collect();
    let mut marks = one.metadata.clone();
    marks.insert(name, units.join(" "));
    let is_covered = Fulfillment::is_covered(&marks, held);
    let too_long = units.join(" ").len() > VALUE;
    if !is_covered && (too_long || marks.len() > MARKS) {
        return Err("too_many_parcels");
    }
    let mut change = json!({ "uid": one.uid });
    if !too_long && marks.len() <= MARKS {
        change["metadata"] = json!(marks);
    }
    if is_covered {
        change["state"] = "COMPLETED".into();
    }
    if let Some(first) = notice.tracking.first()
        && one.form.as_deref() == Some("SHIPMENT")
    {
        let parcels = notice.tracking.iter();
        let parcels: Vec<_> = parcels.map(|one| one.number.as_str()).collect();
        change["shipment_details"] = json!({
            "carrier": first.carrier.chars().take(50).collect::<String>(),
            "tracking_number": parcels.join(", ").chars().take(100).collect::<String>(),
        });
    }
    Ok(change)
}

/// The name of a shipment's mark: its first parcel's, or what was collected.
fn mark(notice: &ShipmentNotice) -> String {
    let name = if let Some(parcel) = notice.tracking.first() {
        parcel.number.clone()
    } else {
        let units = notice.lines.iter();
        let units: Vec<_> = units.map(|(uid, n)| format!("{uid}x{n}")).collect();
        // Longer than a name may be, where there are many lines.
        hex::encode(&Sha256::digest(units.join("_"))[..16])
    };
    format!("{MARK}{name}").chars().take(NAME).collect()
}

/// Where an order lives. `None` for what is no id of one.
fn path(id: &str) -> Option<String> {
    path_id(id).map(|id| format!("/v2/orders/{id}"))
}
