//! The way back to TikTok Shop: what the seller ships with labels of its own (`Mark Package As Shipped`), and
//! cancellations.
//!
//! Neither call takes a key, so every try looks first at the order: a unit that has our tracking number was
//! told, and a unit that has left is not told again. An order that the channel gives the labels for
//! (`shipping_type: TIKTOK`) takes no number of anybody else's: it is arranged where the label is made.

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::order::NoticeEvidence;
use serde::Deserialize;
use serde_json::json;

use super::api::{Api, Said};
use super::units::{self, Fate, fate};
use super::wire::{Order, Unit};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::taken::digits;
use crate::sales::told::{is_refused, refused};
use crate::sales::{CancellationNotice, ShipmentNotice, Tracking, WayBack};

/// The way back for one shop.
pub(super) struct Back {
    api: Arc<Api>,
}

#[derive(Deserialize)]
struct Found {
    #[serde(default)]
    orders: Vec<Order>,
}

#[derive(Deserialize)]
struct Providers {
    #[serde(default)]
    shipping_providers: Vec<Provider>,
}

/// A carrier, as the channel knows it.
#[derive(Deserialize)]
struct Provider {
    id: String,
    #[serde(default)]
    name: String,
}

/// A cancellation that was asked for.
#[derive(Deserialize)]
struct Begun {
    #[serde(default)]
    cancel_status: Option<String>,
}

#[async_trait]
impl WayBack for Back {
    async fn shipped(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        self.note_shipment(notice).await
    }

    async fn cancelled(&self, notice: &CancellationNotice) -> NoticeAnswer {
        self.note_cancellation(notice).await
    }
}

impl Back {
    /// The way to the shop behind this API.
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }

    /// An order as the channel has it now.
    async fn order(&self, id: &str) -> Result<Result<Order, NoticeEvidence>, CallError> {
        let Some(id) = digits(id) else {
            return Ok(Err(refused("not_a_tiktok_id")));
        };
        let query = [("ids", id.as_str())];
        let found = self
            .api
            .look_up::<Found>("/order/202309/orders", &query, None);
        let mut orders = found.await?.orders.into_iter();
        let order = orders.find(|order| order.id == id);
        Ok(order.ok_or_else(|| refused("order_not_found")))
    }

    /// The channel's id of a carrier, among those that may carry this order.
    async fn provider(&self, order: &Order, carrier: &str) -> Result<Option<String>, CallError> {
        let option = order.delivery_option_id.as_ref();
        let Some(option) = option.and_then(|option| digits(&option.0)) else {
            return Ok(None);
        };
        let path = format!("/logistics/202309/delivery_options/{option}/shipping_providers");
        let found: Providers = self.api.look_up(&path, &[], None).await?;
        let mut known = found.shipping_providers.into_iter();
        let wanted = bare(carrier);
        let same = |provider: &Provider| bare(&provider.name) == wanted;
        Ok(known.find(same).map(|provider| provider.id))
    }

    /// A package of the channel's is what is in one parcel.
    async fn note_shipment(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        for parcel in notice.by_parcel() {
            let told = self.note_parcel(&parcel).await?;
            if is_refused(&told) {
                return Ok(told);
            }
        }
        Ok(NoticeEvidence::Told)
    }

    async fn note_parcel(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        let order = match self.order(&notice.external_id).await? {
            Ok(order) => order,
            Err(evidence) => return Ok(evidence),
        };
        if order.line_items.iter().any(|unit| is_told(unit, notice)) {
            return Ok(NoticeEvidence::Told);
        }
        match order.status.as_str() {
            "CANCELLED" => return Ok(refused("order_is_cancelled")),
            "UNPAID" | "ON_HOLD" => return Ok(refused("order_is_on_hold")),
            _ => {}
        }
        if order.fulfillment_type.as_deref() != Some("FULFILLMENT_BY_SELLER") {
            return Ok(refused("fulfilled_by_tiktok"));
        }
        if order.shipping_type.as_deref() != Some("SELLER") {
            return Ok(refused("needs_a_label_of_tiktok"));
        }
        let Some(parcel) = notice.tracking.first() else {
            return Ok(refused("no_tracking_number"));
        };
        let Some(units) = chosen(&order, notice) else {
            return Ok(refused("units_are_not_open"));
        };
        let Some(provider) = self.provider(&order, &parcel.carrier).await? else {
            return Ok(refused("carrier_is_not_known"));
        };
        let body = json!({
            "tracking_number": parcel.number,
            "shipping_provider_id": provider,
            "order_line_item_ids": units,
        });
        let path = format!("/fulfillment/202309/orders/{}/packages", order.id);
        Ok(match self.api.change(&path, &body).await? {
            Said::Done(_) => NoticeEvidence::Told,
            Said::Refused(code) => refused(&code),
        })
    }

    /// The channel gives the buyer's money back by itself.
    async fn note_cancellation(&self, notice: &CancellationNotice) -> NoticeAnswer {
        let order = match self.order(&notice.external_id).await? {
            Ok(order) => order,
            Err(evidence) => return Ok(evidence),
        };
        match order.status.as_str() {
            "CANCELLED" => return Ok(NoticeEvidence::Told),
            "UNPAID" | "ON_HOLD" | "AWAITING_SHIPMENT" => {}
            _ => return Ok(refused("order_is_shipped")),
        }
        let reason = reason(&order);
        let body = json!({ "order_id": order.id, "cancel_reason": reason });
        let path = "/return_refund/202309/cancellations";
        let data = match self.api.change(path, &body).await? {
            Said::Done(data) => data,
            Said::Refused(code) => return Ok(refused(&code)),
        };
        let begun: Option<Begun> = serde_json::from_slice(&data).ok();
        let status = begun.and_then(|begun| begun.cancel_status);
        Ok(match status.as_deref() {
            Some("CANCELLATION_REQUEST_CANCEL" | "CANCELLATION_REQUEST_CANCELLED") => {
                refused("cancellation_is_withdrawn")
            }
            // What is pending is decided there; the order says so when it is over.
            _ => NoticeEvidence::Told,
        })
    }
}

/// The reason that is stated. Each market and status has its own (`docv2/page/cancel-reasons`); the others among
/// them state what the hub does not know: a wrong price, an address out of reach, a wish of the buyer.
fn reason(order: &Order) -> &'static str {
    let currency = order.payment.as_ref().map(|of| of.currency.as_str());
    match (order.status.as_str(), currency) {
        ("UNPAID", Some("GBP")) => "seller_cancel_unpaid_reason_out_of_stock_uk",
        ("UNPAID", _) => "seller_cancel_unpaid_reason_out_of_stock",
        (_, Some("GBP")) => "seller_cancel_reason_out_of_stock_uk",
        _ => "seller_cancel_reason_out_of_stock",
    }
}

/// Names of carriers differ in case and in what stands between their words.
fn bare(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

fn is_told(unit: &Unit, notice: &ShipmentNotice) -> bool {
    let number = unit.tracking_number.as_ref();
    let same = |one: &Tracking| number == Some(&one.number);
    notice.tracking.iter().any(same)
}

/// The channel's ids of the units that have left: of each line the first that are open. None when there are
/// fewer than that.
fn chosen(order: &Order, notice: &ShipmentNotice) -> Option<Vec<String>> {
    let lines = units::lines(&order.line_items);
    let mut chosen = Vec::new();
    for (line, quantity) in &notice.lines {
        let known = lines.iter();
        let units = known.filter(|units| units.first().is_some_and(|unit| unit.id == *line));
        let open = units.flatten().filter(|unit| fate(unit) == Fate::Open);
        let ids = open.map(|unit| unit.id.clone());
        let fresh: Vec<String> = ids.filter(|id| !chosen.contains(id)).collect();
        let wanted = usize::try_from(*quantity).ok()?;
        if fresh.len() < wanted {
            return None;
        }
        chosen.extend(fresh.into_iter().take(wanted));
    }
    (!chosen.is_empty()).then_some(chosen)
}
