//! The way back to a Shopify shop: shipments, cancellations and refunds of its own orders.
//!
//! The shop knows no idempotency keys here, so every try looks first what the shop knows already,
//! and adds what is missing. Told twice, or noted by hand before, comes to the same shipments.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::order::{NoticeEvidence, Topic};

use super::admin::{Admin, Refusal, ShopOrder};
use super::refunds;
use crate::port::{CallError, NoticeAnswer};
use crate::sales::told::{is_refused, refused};
use crate::sales::{CancellationNotice, PartNotice, ShipmentNotice, WayBack, Why};
use crate::wire::code;

/// States of a shop's work orders and shipments in which nothing of them counts any more.
const OVER: [&str; 4] = ["CANCELLED", "CLOSED", "ERROR", "FAILURE"];

/// The way back to one shop.
pub(super) struct Back {
    admin: Arc<Admin>,
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
        refunds::repay(&self.admin, notice).await
    }

    async fn refunded(&self, notice: &PartNotice) -> NoticeAnswer {
        refunds::repay(&self.admin, notice).await
    }

    async fn shipped(&self, notice: &ShipmentNotice) -> NoticeAnswer {
        self.note_shipment(notice).await
    }

    async fn cancelled(&self, notice: &CancellationNotice) -> NoticeAnswer {
        self.note_cancellation(notice).await
    }
}

impl Back {
    /// The way to the shop behind this Admin API.
    pub(super) fn new(admin: Arc<Admin>) -> Self {
        Self { admin }
    }

    /// Each parcel is a shipment of its own, so that the buyer sees what is in which; where nobody knows that,
    /// all numbers stand on one.
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
        let Some(id) = gid("Order", &notice.external_id) else {
            return Ok(refused("not_a_shopify_id"));
        };
        let Some(order) = self.admin.order(&id).await? else {
            return Ok(refused("order_not_found"));
        };
        let mut missing: BTreeMap<String, u32> = BTreeMap::new();
        for (line, quantity) in &notice.lines {
            let Some(line) = gid("LineItem", line) else {
                return Ok(refused("not_a_shopify_id"));
            };
            *missing.entry(line).or_default() += quantity;
        }
        self.take_off_what_is_known(&order, notice, &mut missing)
            .await?;
        if missing.is_empty() {
            return Ok(NoticeEvidence::Told);
        }
        if order.cancelled_at.is_some() {
            return Ok(refused("order_is_cancelled"));
        }
        // A shipment is about one location of the shop, as each of its work orders is.
        for work in &order.fulfillment_orders.nodes {
            if missing.is_empty() || is_over(work.status.as_deref()) {
                continue;
            }
            let mut units = Vec::new();
            for left in self.admin.open_lines(&work.id).await? {
                let wanted = missing.get(&left.line_item.id).copied().unwrap_or(0);
                let taken = wanted.min(left.quantity);
                if let (Some(id), true) = (left.id, taken > 0) {
                    units.push((id, taken));
                    subtract(&mut missing, &left.line_item.id, taken);
                }
            }
            if units.is_empty() {
                continue;
            }
            if let Some(refusal) = self
                .admin
                .fulfil(&work.id, &units, &notice.tracking)
                .await?
            {
                return Ok(said_no(&refusal, "not_fulfillable"));
            }
        }
        // What is missing still, the shop does not wait for: somebody noted it there by hand.
        Ok(NoticeEvidence::Told)
    }

    /// Units that the shop has noted under one of these tracking numbers: all of a shipment's parcels are
    /// noted together.
    async fn take_off_what_is_known(
        &self,
        order: &ShopOrder,
        notice: &ShipmentNotice,
        missing: &mut BTreeMap<String, u32>,
    ) -> Result<(), CallError> {
        let ours = |number: &str| notice.tracking.iter().any(|t| t.number == number);
        for shipment in &order.fulfillments {
            let mut numbers = shipment.tracking_info.iter().map(|t| t.number.as_deref());
            let same = if notice.tracking.is_empty() {
                numbers.all(|known| known.is_none())
            } else {
                numbers.any(|known| known.is_some_and(ours))
            };
            if !same || is_over(shipment.status.as_deref()) {
                continue;
            }
            for known in self.admin.shipped_lines(&shipment.id).await? {
                subtract(missing, &known.line_item.id, known.quantity);
            }
        }
        Ok(())
    }

    async fn note_cancellation(&self, notice: &CancellationNotice) -> NoticeAnswer {
        let Some(id) = gid("Order", &notice.external_id) else {
            return Ok(refused("not_a_shopify_id"));
        };
        let Some(order) = self.admin.order(&id).await? else {
            return Ok(refused("order_not_found"));
        };
        if order.cancelled_at.is_some() {
            return Ok(NoticeEvidence::Told);
        }
        let reason = match notice.why {
            Why::OutOfStock => "INVENTORY",
            Why::Declined => "DECLINED",
            Why::Other => "OTHER",
        };
        let refusal = self.admin.cancel(&id, reason, notice.refund).await?;
        Ok(refusal.map_or(NoticeEvidence::Told, |no| said_no(&no, "not_cancellable")))
    }
}

fn subtract(missing: &mut BTreeMap<String, u32>, line: &str, units: u32) {
    if let Some(left) = missing.get_mut(line) {
        *left = left.saturating_sub(units);
    }
    missing.retain(|_, left| *left > 0);
}

/// The name of a thing of the shop: `gid://shopify/Order/1`. `None` for what is no id of a shop.
pub(super) fn gid(kind: &str, id: &str) -> Option<String> {
    let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| format!("gid://shopify/{kind}/{id}"))
}

fn is_over(status: Option<&str>) -> bool {
    status.is_some_and(|status| OVER.contains(&status))
}

pub(super) fn said_no(refusal: &Refusal, usual: &str) -> NoticeEvidence {
    let code = refusal.code.as_deref().and_then(code);
    refused(code.as_deref().unwrap_or(usual))
}
