//! Looking up what a webhook of the shop only names: an order whose edit alone was pushed, and whether the shop
//! keeps an order back.
//!
//! A word about a hold names the fulfilment order and neither its order nor the other holds. So what counts is
//! how the order stands when it is asked for: as long as one of its fulfilment orders is on hold, it is kept
//! back.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::order::ChannelFact;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::admin::{Admin, Nodes, WorkOrder};
use super::map::id_of;
use crate::port::{CallError, Inbound, LookUp, Resource, Statement};
use crate::sales::taken::{NotTaken, digits, parse, unreadable};
use crate::wire::Exact;

/// The edit alone, or the whole order.
pub(super) const EDITED: &str = "orders/edited";

/// A fulfilment order was put on hold, or the last hold of it was released.
pub(super) const HOLDS: [&str; 2] = [
    "fulfillment_orders/placed_on_hold",
    "fulfillment_orders/hold_released",
];

/// The header of what was looked up and is no webhook's body.
pub(super) const STATED: &str = "orderhub-stated";

/// What it says of holds.
pub(super) const OF_HOLDS: &str = "holds";

const KEPT_BACK: &str = "query KeptBack($id: ID!) { fulfillmentOrder(id: $id) { order { id \
    fulfillmentOrders(first: 50) { nodes { id status } } } } }";

const ORDER: &str = "order";
const WORK_ORDER: &str = "fulfillment_order";

/// Asks the shop.
pub(super) struct Asking(pub(super) Arc<Admin>);

#[derive(Deserialize)]
struct Edited {
    order_edit: Edit,
}

#[derive(Deserialize)]
struct Edit {
    order_id: Exact,
}

#[derive(Deserialize)]
struct Hold {
    fulfillment_order: NamedWork,
}

#[derive(Deserialize)]
struct NamedWork {
    id: String,
}

/// How an order stands whose fulfilment order was named.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Standing {
    id: String,
    fulfillment_orders: Nodes<WorkOrder>,
}

/// What has to be looked up after a webhook of this topic.
pub(super) fn named(topic: &str, body: &[u8]) -> Result<Inbound, NotTaken> {
    let (kind, id) = if topic == EDITED {
        let Edited { order_edit } = parse(body)?;
        (ORDER, digits(&order_edit.order_id.0))
    } else {
        let Hold { fulfillment_order } = parse(body)?;
        (WORK_ORDER, id_of(Some(&fulfillment_order.id), None))
    };
    Ok(Inbound::Changed(Resource {
        kind: kind.to_owned(),
        id: id.ok_or_else(|| unreadable("the id of what has changed"))?,
    }))
}

/// Whether the shop keeps an order back, as it was looked up.
pub(super) fn kept_back(body: &[u8]) -> Result<Inbound, NotTaken> {
    let standing: Standing = parse(body)?;
    let mut orders = standing.fulfillment_orders.nodes.iter();
    let kept = orders.any(|order| order.status.as_deref() == Some("ON_HOLD"));
    let order = id_of(Some(&standing.id), None);
    Ok(Inbound::Said {
        order: order.ok_or_else(|| unreadable("the order's id"))?,
        facts: vec![ChannelFact::KeptBack { kept }],
    })
}

#[async_trait]
impl LookUp for Asking {
    async fn look_up(&self, resource: &Resource) -> Result<Vec<Statement>, CallError> {
        let Some(id) = digits(&resource.id) else {
            return Ok(Vec::new());
        };
        match resource.kind.as_str() {
            ORDER => {
                let order = self.0.whole(&id).await?;
                let topic = ("x-shopify-topic", "orders/updated");
                Ok(order
                    .map(|raw| statement(topic, &raw))
                    .into_iter()
                    .collect())
            }
            WORK_ORDER => {
                let id = format!("gid://shopify/FulfillmentOrder/{id}");
                let standing = self.standing(&id).await?;
                let stated = (STATED, OF_HOLDS);
                let standing = standing.map(|raw| statement(stated, &raw));
                Ok(standing.into_iter().collect())
            }
            _ => Ok(Vec::new()),
        }
    }
}

impl Asking {
    /// The order of a fulfilment order, with how all of its fulfilment orders stand.
    async fn standing(&self, id: &str) -> Result<Option<Box<RawValue>>, CallError> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Found {
            fulfillment_order: Option<Of>,
        }
        #[derive(Deserialize)]
        struct Of {
            order: Option<Box<RawValue>>,
        }
        let found: Found = self.0.look_up(KEPT_BACK, &json!({ "id": id })).await?;
        Ok(found.fulfillment_order.and_then(|of| of.order))
    }
}

fn statement((name, value): (&str, &str), raw: &RawValue) -> Statement {
    Statement {
        headers: BTreeMap::from([(name.to_owned(), value.to_owned())]),
        raw: raw.get().as_bytes().to_vec(),
    }
}
