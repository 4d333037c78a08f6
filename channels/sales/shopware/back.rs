//! The way back to a Shopware shop: shipments and cancellations of its own orders.
//!
//! A shipment becomes tracking codes of the order's delivery and a mark of its units beside them; once the
//! marks cover every line the delivery is `shipped`, until then `shipped_partially`. The shop knows no
//! idempotency keys: every try looks first what is there already and adds what is missing. The order's own
//! state moves for a cancellation only: when it is complete, the shop's own rules decide.

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::canonical::{FulfilledBy, TaxMode};
use orderhub_domain::money::Currency;
use orderhub_domain::order::NoticeEvidence;
use serde_json::json;

use super::amounts::{self, Reading};
use super::api::{Api, Changed, is_id};
use super::map::main_delivery;
use super::wire::{Delivery, State, Whole};
use super::{marks, terms};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::told::{is_refused, refused};
use crate::sales::{CancellationNotice, ShipmentNotice, WayBack};

/// The way back to one shop.
pub(super) struct Back {
    api: Arc<Api>,
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

fn word(state: Option<&State>) -> &str {
    state.map_or("", |state| state.technical_name.as_str())
}

/// The order's delivery with its id.
fn delivery(whole: &Whole) -> Option<(&Delivery, &str)> {
    let all = whole.order.deliveries.as_deref().unwrap_or_default();
    let delivery = main_delivery(all)?;
    let id = delivery.id.as_deref().filter(|id| is_id(id))?;
    Some((delivery, id))
}

/// Whether the marks cover every line that the hub ships.
fn is_all_marked(whole: &Whole, delivery: &Delivery) -> bool {
    let currency = whole.order.currency.as_ref();
    let Some(currency) = currency.and_then(|it| Currency::from_code(&it.iso_code)) else {
        return false;
    };
    let how = Reading {
        currency,
        mode: TaxMode::Inclusive,
        shipped: false,
    };
    let Ok((lines, _)) = amounts::lines(&whole.line_items, how) else {
        return false;
    };
    let marked = marks::units(delivery);
    let mut ours = lines
        .iter()
        .filter(|line| line.fulfilled_by == FulfilledBy::Us);
    ours.all(|line| {
        let shipped = marked.get(&line.external_id).copied().unwrap_or(0);
        let ordered = line
            .quantity
            .whole()
            .and_then(|units| u64::try_from(units).ok());
        ordered.is_some_and(|ordered| shipped >= ordered)
    })
}

impl Back {
    /// The way to the shop behind this API.
    pub(super) fn new(api: Arc<Api>) -> Self {
        Self { api }
    }

    async fn order(&self, id: &str) -> Result<Option<Whole>, CallError> {
        let Some(raw) = self.api.whole(id).await? else {
            return Ok(None);
        };
        let whole = serde_json::from_slice(&raw);
        whole
            .map(Some)
            .map_err(|_| CallError::not_done("the shop's order has another shape than documented"))
    }

    async fn note_shipment(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        let id = notice.external_id.as_str();
        if !is_id(id) {
            return Ok(refused("not_a_shopware_id"));
        }
        let Some(whole) = self.order(id).await? else {
            return Ok(refused("order_not_found"));
        };
        let Some((known, delivery_id)) = delivery(&whole) else {
            return Ok(refused("order_has_no_delivery"));
        };
        let mark = marks::of(notice);
        if marks::has(known, &mark) {
            return self.move_delivery(&whole).await;
        }
        if word(whole.order.state_machine_state.as_ref()) == "cancelled" {
            return Ok(refused("order_is_cancelled"));
        }
        if word(known.state_machine_state.as_ref()) == "cancelled" {
            return Ok(refused("delivery_is_cancelled"));
        }
        // A list is written as a whole: what is there, what other marks have, what is new.
        let mut codes = known.tracking_codes.clone().unwrap_or_default();
        let new = notice.tracking.iter().map(|parcel| parcel.number.clone());
        for code in marks::codes(known).into_iter().chain(new) {
            if !codes.contains(&code) {
                codes.push(code);
            }
        }
        let members = json!({
            "id": delivery_id,
            "trackingCodes": codes,
            "customFields": { mark.name: mark.value },
        });
        if let Changed::Refused(code) = self.api.write("order_delivery", &members).await? {
            return Ok(refused(&code));
        }
        // The order as it is after this mark: the last of several shipments sees all of them.
        match self.order(id).await? {
            Some(whole) => self.move_delivery(&whole).await,
            None => Ok(refused("order_not_found")),
        }
    }

    /// Moves the delivery to where its marks say that it is.
    async fn move_delivery(&self, whole: &Whole) -> NoticeAnswer {
        let Some((delivery, id)) = delivery(whole) else {
            return Ok(refused("order_has_no_delivery"));
        };
        let all = is_all_marked(whole, delivery);
        let transition = match word(delivery.state_machine_state.as_ref()) {
            "open" | "shipped_partially" if all => "ship",
            "open" => "ship_partially",
            // Somebody has moved it further by hand.
            _ => return Ok(NoticeEvidence::Told),
        };
        let moved = self.api.transit("order_delivery", id, transition).await?;
        Ok(told(moved))
    }

    async fn note_cancellation(&self, notice: &CancellationNotice) -> NoticeAnswer {
        let id = notice.external_id.as_str();
        if !is_id(id) {
            return Ok(refused("not_a_shopware_id"));
        }
        let Some(whole) = self.order(id).await? else {
            return Ok(refused("order_not_found"));
        };
        let delivery = delivery(&whole);
        let moved = delivery.map(|(delivery, _)| word(delivery.state_machine_state.as_ref()));
        match word(whole.order.state_machine_state.as_ref()) {
            "completed" => return Ok(refused("order_is_completed")),
            "cancelled" => {}
            _ if matches!(moved, Some("shipped" | "shipped_partially")) => {
                return Ok(refused("order_is_shipped"));
            }
            _ => {
                let cancelled = told(self.api.transit("order", id, "cancel").await?);
                if is_refused(&cancelled) {
                    return Ok(cancelled);
                }
            }
        }
        if let (Some((_, id)), Some("open")) = (delivery, moved) {
            let cancelled = told(self.api.transit("order_delivery", id, "cancel").await?);
            if is_refused(&cancelled) {
                return Ok(cancelled);
            }
        }
        // No state moves money there: a person gives it back.
        if notice.refund && terms::is_paid(&whole.order) {
            return Ok(refused("refund_by_hand"));
        }
        Ok(NoticeEvidence::Told)
    }
}

fn told(changed: Changed) -> NoticeEvidence {
    match changed {
        Changed::Made => NoticeEvidence::Told,
        Changed::Refused(code) => refused(&code),
    }
}
