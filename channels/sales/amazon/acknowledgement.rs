//! What Amazon is told of an order as a whole, by a feed (`POST_ORDER_ACKNOWLEDGEMENT_DATA`): that it stands, which
//! nobody there asks for, or that nothing of it will be shipped, which "will automatically cancel the order".
//!
//! The channel works a feed off minutes later, and the notice is under way until then. Which feed an order's was is
//! remembered while the process lives; one that is handed in once more changes nothing, for an order is
//! acknowledged or cancelled, or it is not.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use orderhub_domain::order::NoticeEvidence;

use super::back::Back;
use super::documents::{Status, acknowledgement};
use super::feeds::Fate;
use super::wire::{Item, Order};
use crate::port::{CallError, NoticeAnswer};
use crate::sales::told::refused;
use crate::sales::{CancellationNotice, Why};

/// The feed that says what became of orders.
const ACKNOWLEDGEMENTS: &str = "POST_ORDER_ACKNOWLEDGEMENT_DATA";

/// What a feed says of its order.
const STANDS: &str = "stands";
const ENDS: &str = "ends";

/// The feeds that are worked off, by what they say and of which order.
#[derive(Debug, Default)]
pub(super) struct HandedIn(Mutex<BTreeMap<(&'static str, String), String>>);

impl HandedIn {
    fn all(&self) -> MutexGuard<'_, BTreeMap<(&'static str, String), String>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Back {
    /// Tells the channel that an order stands.
    pub(super) async fn acknowledge(&self, external_id: &str) -> NoticeAnswer {
        let (order, id) = match self.order(external_id).await? {
            Ok(found) => found,
            Err(evidence) => return Ok(evidence),
        };
        if order.is_by_amazon() {
            return Ok(refused("fulfilled_by_amazon"));
        }
        match order.status() {
            Some("UNSHIPPED") => self.say(&order, id, Status::Success).await,
            Some("PENDING" | "PENDING_AVAILABILITY") => {
                Err(CallError::not_now("the order does not stand there yet"))
            }
            Some("CANCELLED") => Ok(refused("order_is_cancelled")),
            // What leaves stands.
            _ => {
                self.handed_in.all().remove(&(STANDS, id));
                Ok(NoticeEvidence::Told)
            }
        }
    }

    /// Tells the channel that nothing of an order will be shipped.
    pub(super) async fn cancel(&self, notice: &CancellationNotice) -> NoticeAnswer {
        let (order, id) = match self.order(&notice.external_id).await? {
            Ok(found) => found,
            Err(evidence) => return Ok(evidence),
        };
        match order.status() {
            Some("CANCELLED") => {
                self.handed_in.all().remove(&(ENDS, id));
                return Ok(NoticeEvidence::Told);
            }
            Some("SHIPPED" | "PARTIALLY_SHIPPED") => return Ok(refused("order_is_shipped")),
            _ => {}
        }
        if order.is_by_amazon() {
            return Ok(refused("fulfilled_by_amazon"));
        }
        let reason = match notice.why {
            _ if order.items.iter().any(Item::is_unwanted) => "BuyerCanceled",
            Why::OutOfStock => "NoInventory",
            Why::Declined | Why::Other => "GeneralAdjustment",
        };
        self.say(&order, id, Status::Failure(reason)).await
    }

    /// Hands in a feed that says so, or asks what has become of the one that does.
    async fn say(&self, order: &Order, id: String, status: Status) -> NoticeAnswer {
        let word = match status {
            Status::Success => STANDS,
            Status::Failure(_) => ENDS,
        };
        let name = (word, id);
        let known = self.handed_in.all().get(&name).cloned();
        if let Some(feed) = known {
            let answer = match self.api.fate(&feed).await? {
                Fate::UnderWay => return Err(under_way()),
                Fate::Taken => NoticeEvidence::Told,
                Fate::Refused(code) => refused(&code),
            };
            self.handed_in.all().remove(&name);
            return Ok(answer);
        }
        let Some(marketplace) = order.marketplace() else {
            return Ok(refused("no_marketplace"));
        };
        let open = order.items.iter().filter(|item| !item.is_gone());
        let items: Vec<&str> = open.map(|item| item.id.as_str()).collect();
        let content = acknowledgement(&self.seller, &order.id, &items, status);
        let Some(content) = content else {
            return Ok(refused("not_an_amazon_id"));
        };
        let document = match self.api.lay_down(content).await? {
            Ok(document) => document,
            Err(code) => return Ok(refused(&code)),
        };
        let made = self.api.make_feed(ACKNOWLEDGEMENTS, marketplace, &document);
        match made.await? {
            Ok(feed) => {
                self.handed_in.all().insert(name, feed);
                Err(under_way())
            }
            Err(code) => Ok(refused(&code)),
        }
    }
}

fn under_way() -> CallError {
    CallError::under_way("the channel works off what it was told of the order")
}
