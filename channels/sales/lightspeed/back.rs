//! The way back to Lightspeed: what has left completes the sale's fulfilments.
//!
//! The store completes all fulfilments of a sale by one call that "is an idempotent action" (`POST
//! /fulfillments/fulfill`). Single units can be fulfilled too, but a unit has no mark of who fulfilled it: a
//! try whose answer was lost could not be told from somebody at the till. So a shipment of everything that
//! is open is told, and one of a part is refused with a reason, for a person. The vendor documents no way to
//! cancel a sale but writing all of it anew as voided: that is refused the same way.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::order::NoticeEvidence;
use rust_decimal::Decimal;
use serde::Deserialize;
use serde_json::json;

use super::rest::{Changed, Rest};
use super::wire::Fulfillment;
use crate::port::NoticeAnswer;
use crate::sales::told::refused;
use crate::sales::{CancellationNotice, ShipmentNotice, WayBack};
use crate::wire::path_id;

/// The way back to one store.
pub(super) struct Back {
    rest: Arc<Rest>,
}

/// A sale, as the till has it.
#[derive(Debug, Deserialize)]
struct TillSale {
    state: String,
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
    /// The way to the store behind this API.
    pub(super) fn new(rest: Arc<Rest>) -> Self {
        Self { rest }
    }

    async fn note_shipment(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        let Some(id) = path_id(&notice.external_id) else {
            return Ok(refused("not_a_lightspeed_id"));
        };
        let Some(sale) = self.sale(id).await? else {
            return Ok(refused("sale_not_found"));
        };
        if sale.state == "voided" {
            return Ok(refused("sale_is_voided"));
        }
        let query = [("sale_id", id.to_owned()), ("page_size", "100".to_owned())];
        let held: Option<Vec<Fulfillment>> = self.rest.look_up("fulfillments", &query).await?;
        let mut open: BTreeMap<&str, Decimal> = BTreeMap::new();
        let held = held.unwrap_or_default();
        for part in held.iter().flat_map(|one| &one.line_items) {
            let (held, gone) = (part.quantity.decimal(), part.fulfilled_quantity.decimal());
            let left = held.unwrap_or_default() - gone.unwrap_or_default();
            if left > Decimal::ZERO {
                *open.entry(part.sale_line_item_id.as_str()).or_default() += left;
            }
        }
        if open.is_empty() {
            // Told before, or done by hand; a closed sale has nothing open either.
            let is_done = !held.is_empty() || sale.state == "closed";
            let told = || NoticeEvidence::Told;
            return Ok(if is_done {
                told()
            } else {
                refused("no_fulfillment")
            });
        }
        for (line, units) in &notice.lines {
            if let Some(left) = open.get_mut(line.as_str()) {
                *left -= Decimal::from(*units);
            }
        }
        if open.values().any(|left| *left > Decimal::ZERO) {
            return Ok(refused("partial_shipment"));
        }
        let whole = json!({ "sale_id": id });
        Ok(
            match self.rest.post("fulfillments/fulfill", &whole).await? {
                Changed::Made => NoticeEvidence::Told,
                Changed::Gone => refused("sale_not_found"),
                Changed::Refused => refused("not_fulfillable"),
            },
        )
    }

    async fn note_cancellation(&self, notice: &CancellationNotice) -> NoticeAnswer {
        let Some(id) = path_id(&notice.external_id) else {
            return Ok(refused("not_a_lightspeed_id"));
        };
        Ok(match self.sale(id).await? {
            None => refused("sale_not_found"),
            Some(sale) if sale.state == "voided" => NoticeEvidence::Told,
            Some(_) => refused("void_by_hand"),
        })
    }

    async fn sale(&self, id: &str) -> Result<Option<TillSale>, crate::port::CallError> {
        self.rest.look_up(&format!("sales/{id}"), &[]).await
    }
}
