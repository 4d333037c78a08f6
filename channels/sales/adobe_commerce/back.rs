//! The way back to an Adobe Commerce shop: shipments, cancellations and refunds of its own orders.
//!
//! The shop knows no idempotency keys here, so every try looks first what it knows already, and adds what is
//! missing. Told twice, or noted by hand before, comes to the same shipments. An order that was invoiced cannot
//! be cancelled there: its invoices are refunded through their gateway (`refunds`), which closes it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::order::{NoticeEvidence, Topic};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde::Deserialize;
use serde_json::{Value, json};

use super::lines::{is_bundle, parts};
use super::map::is_shipped;
use super::refunds;
use super::rest::{Changed, Rest, of_order};
use super::wire::{FIELDS, Item, Order};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::taken::{digits, id_of};
use crate::sales::told::refused;
use crate::sales::{CancellationNotice, PartNotice, ShipmentNotice, WayBack};
use crate::wire::Exact;

/// Carriers that the shop has a code of its own for; the buyer can follow their parcels there.
const CARRIERS: [&str; 4] = ["dhl", "fedex", "ups", "usps"];

/// The way back to one shop.
pub(super) struct Back {
    rest: Arc<Rest>,
    source: Option<String>,
}

/// What has left, as the shop has it.
#[derive(Debug, Deserialize)]
struct Shipment {
    #[serde(default)]
    items: Vec<Shipped>,
    #[serde(default)]
    tracks: Option<Vec<Track>>,
}

#[derive(Debug, Deserialize)]
struct Shipped {
    order_item_id: Exact,
    qty: Exact,
}

#[derive(Debug, Deserialize)]
struct Track {
    #[serde(default)]
    track_number: Option<Exact>,
}

#[async_trait]
impl WayBack for Back {
    async fn shipped(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        self.note_shipment(notice).await
    }

    fn hears(&self) -> &'static [Topic] {
        &[
            Topic::Shipped,
            Topic::Cancelled,
            Topic::PartCancelled,
            Topic::Refund,
        ]
    }

    async fn part_cancelled(&self, notice: &PartNotice) -> NoticeAnswer {
        self.give_back(notice).await
    }

    async fn refunded(&self, notice: &PartNotice) -> NoticeAnswer {
        self.give_back(notice).await
    }

    async fn cancelled(&self, notice: &CancellationNotice) -> NoticeAnswer {
        self.note_cancellation(notice).await
    }
}

impl Back {
    /// The way to the shop behind this API. `source` is where shipments leave from, where there are several.
    pub(super) fn new(rest: Arc<Rest>, source: Option<String>) -> Self {
        Self { rest, source }
    }

    async fn order(&self, id: &str) -> Result<Option<Order>, CallError> {
        let fields = FIELDS.strip_prefix("items[").unwrap_or(FIELDS);
        let fields = fields.strip_suffix(']').unwrap_or(fields);
        let query = [("fields".to_owned(), fields.to_owned())];
        self.rest.look_up(&format!("orders/{id}"), &query).await
    }

    async fn note_shipment(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        let Some(id) = digits(&notice.external_id) else {
            return Ok(refused("not_an_adobe_commerce_id"));
        };
        let Some(order) = self.order(&id).await? else {
            return Ok(refused("order_not_found"));
        };
        let Some(mut missing) = wanted(notice, &order.items) else {
            return Ok(refused("bundle_in_parts"));
        };
        let fields = "items[items[order_item_id,qty],tracks[track_number]]";
        for known in of_order::<Shipment>(&self.rest, "shipments", &id, fields).await? {
            take_off(&known, notice, &mut missing);
        }
        let mut items = Vec::new();
        for item in &order.items {
            let Some(line) = id_of(item.item_id.as_ref()) else {
                continue;
            };
            let ordered = Item::count(item.qty_ordered.as_ref());
            let gone = Item::count(item.qty_shipped.as_ref()) + item.given_up();
            // What is missing beyond that, somebody has noted there by hand.
            let open = (ordered - gone).max(Decimal::ZERO).to_u32().unwrap_or(0);
            let units = missing.get(&line).copied().unwrap_or(0).min(open);
            if units > 0 {
                items.push(json!({ "order_item_id": number(&line), "qty": units }));
            }
        }
        if matches!(order.state.as_deref(), Some("canceled" | "closed")) && !missing.is_empty() {
            return Ok(refused("order_is_cancelled"));
        }
        if items.is_empty() {
            return Ok(NoticeEvidence::Told);
        }
        let shipment = self.shipment(&items, notice);
        let path = format!("order/{id}/ship");
        Ok(match self.rest.change::<Value>(&path, &shipment).await? {
            Changed::Made(_) => NoticeEvidence::Told,
            Changed::Refused => refused("not_shippable"),
        })
    }

    async fn give_back(&self, notice: &PartNotice) -> NoticeAnswer {
        let Some(id) = digits(&notice.external_id) else {
            return Ok(refused("not_an_adobe_commerce_id"));
        };
        match self.order(&id).await? {
            Some(order) => refunds::give_part(&self.rest, &id, &order, notice).await,
            None => Ok(refused("order_not_found")),
        }
    }

    /// A shipment of these units, as the shop takes it; the buyer is told of it.
    fn shipment(&self, items: &[Value], notice: &ShipmentNotice) -> Value {
        let tracks = notice.tracking.iter().map(|parcel| {
            let word = parcel.carrier.to_ascii_lowercase();
            let known = CARRIERS.iter().find(|carrier| **carrier == word);
            json!({
                "track_number": parcel.number,
                "title": parcel.carrier,
                "carrier_code": known.copied().unwrap_or("custom"),
            })
        });
        let tracks: Vec<_> = tracks.collect();
        let mut shipment = json!({ "items": items, "notify": true, "tracks": tracks });
        if let Some(source) = &self.source {
            let from = json!({ "extension_attributes": { "source_code": source } });
            shipment["arguments"] = from;
        }
        shipment
    }

    async fn note_cancellation(&self, notice: &CancellationNotice) -> NoticeAnswer {
        let Some(id) = digits(&notice.external_id) else {
            return Ok(refused("not_an_adobe_commerce_id"));
        };
        let Some(order) = self.order(&id).await? else {
            return Ok(refused("order_not_found"));
        };
        match order.state.as_deref() {
            Some("canceled" | "closed") => return Ok(NoticeEvidence::Told),
            Some("complete") => return Ok(refused("order_is_completed")),
            _ if is_shipped(&order) => return Ok(refused("order_is_shipped")),
            _ => {}
        }
        let count = |text: Option<&Exact>| Item::count(text);
        let has = count(order.total_paid.as_ref()) - count(order.total_refunded.as_ref());
        if has > Decimal::ZERO {
            if !notice.refund {
                return Ok(refused("order_is_invoiced"));
            }
            if let Some(no) = refunds::give_back(&self.rest, &id).await? {
                return Ok(no);
            }
            let now = self.order(&id).await?;
            let state = now.as_ref().and_then(|order| order.state.as_deref());
            if matches!(state, None | Some("canceled" | "closed")) {
                return Ok(NoticeEvidence::Told);
            }
        }
        let path = format!("orders/{id}/cancel");
        Ok(match self.rest.change::<bool>(&path, &json!({})).await? {
            Changed::Made(true) => NoticeEvidence::Told,
            Changed::Made(false) | Changed::Refused => refused("not_cancellable"),
        })
    }
}

/// Units of the shop's own lines; a bundle is shipped as what it is. `None` when a bundle's parts are no
/// whole bundles.
fn wanted(notice: &ShipmentNotice, items: &[Item]) -> Option<BTreeMap<String, u32>> {
    let mut wanted: BTreeMap<String, u32> = BTreeMap::new();
    for (line, quantity) in &notice.lines {
        *wanted.entry(line.clone()).or_default() += quantity;
    }
    let mut parts = parts(items);
    for bundle in items.iter().filter(|item| is_bundle(item)) {
        let Some(id) = id_of(bundle.item_id.as_ref()) else {
            continue;
        };
        let ordered = Item::count(bundle.qty_ordered.as_ref());
        let mut whole: Option<Decimal> = None;
        let of_it = parts.remove(&id).unwrap_or_default();
        let ids: Vec<_> = of_it
            .iter()
            .filter_map(|part| id_of(part.item_id.as_ref()))
            .collect();
        if !ids.iter().any(|id| wanted.contains_key(id)) {
            continue;
        }
        for (part, id) in of_it.iter().zip(&ids) {
            if part.is_virtual.is_some_and(|flag| flag.0) {
                continue;
            }
            let each = Item::count(part.qty_ordered.as_ref()).checked_div(ordered)?;
            let units = Decimal::from(wanted.remove(id).unwrap_or(0));
            let bundles = units.checked_div(each)?;
            if !bundles.fract().is_zero() || whole.is_some_and(|whole| whole != bundles) {
                return None;
            }
            whole = Some(bundles);
        }
        let whole = whole.and_then(|whole| whole.to_u32())?;
        *wanted.entry(id).or_default() += whole;
    }
    Some(wanted)
}

/// Takes off what the shop has noted under one of these tracking numbers.
fn take_off(known: &Shipment, notice: &ShipmentNotice, missing: &mut BTreeMap<String, u32>) {
    let tracks = known.tracks.as_deref().unwrap_or_default();
    let numbers = tracks
        .iter()
        .filter_map(|track| track.track_number.as_ref());
    let mut numbers = numbers.map(|number| number.0.as_str());
    let same = if notice.tracking.is_empty() {
        tracks.is_empty()
    } else {
        numbers.any(|number| notice.tracking.iter().any(|parcel| parcel.number == number))
    };
    for item in known.items.iter().filter(|_| same) {
        if let Some(left) = missing.get_mut(&item.order_item_id.0) {
            let units = item.qty.decimal().and_then(|units| units.to_u32());
            *left = left.saturating_sub(units.unwrap_or(0));
        }
    }
    missing.retain(|_, left| *left > 0);
}

/// An id as the number that the shop wants.
pub(super) fn number(id: &str) -> Value {
    id.parse::<u64>().map_or_else(|_| id.into(), Into::into)
}
