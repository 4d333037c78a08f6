//! The door: takes what the edges send to the order or location it belongs to.
//!
//! It decides nothing about orders. What finds no order is kept and offered again.

mod inbound;
mod inlet;
mod look_up;
mod parking;
mod sweep;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use async_trait::async_trait;
use orderhub_domain::ids::{ChannelId, LocationCode, OrderId, Sku};
use orderhub_domain::order::{
    Asked, Command, Fact, Input, InputBody, Location, Order, Places, Recorded, Rejection, Request,
    ShippingLane, TransitTime,
};
use orderhub_domain::stock::{Counters, Quota, StockCommand};
use tokio::sync::oneshot;

use crate::api::{Delivery, Done, HubApi, HubError, NewOrder, Placed, Receipt, Said};
use crate::lanes::Urgency;
use crate::location::LocationMsg;
use crate::order::{fold, unavailable};
use crate::past::{self, NewPast, PastSource};
use crate::ports::Pause;
use crate::shard::{Permit, overloaded};
use crate::shared::Shared;

pub use inlet::{Inlet, Inlets, header_map};
pub(crate) use sweep::sweep;

/// What noting the key of an order that came again needs.
struct Again {
    request: Request,
    actor: String,
}

impl Again {
    fn of(order: &NewOrder) -> Option<Self> {
        let request = order.request.clone()?;
        let actor = order.actor.clone();
        Some(Self { request, actor })
    }
}

/// A node's front door.
#[derive(Clone)]
pub struct Hub {
    pub(crate) shared: Arc<Shared>,
}

impl Hub {
    pub(crate) const fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    /// Why the node is not ready: parts that died, by name. Empty while it only starts or ends.
    pub fn dead_parts(&self) -> Vec<String> {
        self.shared.health.dead_parts()
    }

    /// Orders that cannot be woken: a person has to look at them.
    pub fn poison(&self) -> Vec<OrderId> {
        self.shared.health.poison()
    }

    /// A key that first meets an order which another request made is remembered by that order, so
    /// that its repeat gets the same answer and its reuse is noticed. A key comes before the body:
    /// the order may know it from a body that differs from this one.
    async fn note_key(
        &self,
        again: Option<Again>,
        placed: Result<Placed, HubError>,
    ) -> Result<Placed, HubError> {
        let Some(Again { request, actor }) = again else {
            return placed;
        };
        let order = match &placed {
            Ok(placed) if !placed.is_made_by(Some(&request)) => placed.order,
            Err(HubError::ExternalIdConflict { existing }) => *existing,
            _ => return placed,
        };
        let body_hash = request.body_hash.clone();
        let asked = Asked {
            command: Command::PlaceAgain { body_hash },
            request: Some(request),
            expected: None,
        };
        let body = InputBody::Request(asked);
        let input = Input { actor, body };
        match self.shared.ask(order, input, Urgency::Request).await {
            Ok(noted) => placed.map(|placed| Placed {
                replayed: noted.repeated,
                ..placed
            }),
            Err(HubError::Rejected(Rejection::OtherBody)) => placed,
            Err(error) => Err(error),
        }
    }

    fn admit(&self) -> Result<(), HubError> {
        if self.shared.health.is_open() {
            Ok(())
        } else {
            let closed = "the node starts, ends or lost its lease; try again";
            Err(HubError::Unavailable(closed.into()))
        }
    }
}

/// The board of the node, as an edge may look at it.
impl Places for Hub {
    fn locations(&self) -> &[Location] {
        self.shared.board.locations()
    }

    fn is_paused(&self, location: &LocationCode) -> bool {
        self.shared.board.is_paused(location)
    }

    fn work_of(&self, location: &LocationCode, day: i32) -> u32 {
        self.shared.board.work_of(location, day)
    }

    fn counters(&self, location: &LocationCode, sku: &Sku) -> Counters {
        self.shared.board.counters(location, sku)
    }

    fn quota(&self, location: &LocationCode, sku: &Sku, channel: ChannelId) -> Quota {
        self.shared.board.quota(location, sku, channel)
    }

    fn knows(&self, sku: &Sku) -> bool {
        self.shared.board.knows(sku)
    }

    fn transit_time(&self, lane: &ShippingLane) -> Option<TransitTime> {
        self.shared.board.transit_time(lane)
    }
}

#[async_trait]
impl HubApi for Hub {
    fn ready(&self) -> bool {
        self.shared.health.is_ready()
    }

    async fn place(&self, order: NewOrder) -> Result<Placed, HubError> {
        self.admit()?;
        let channel = order.channel_slug.to_string();
        let again = Again::of(&order);
        let placed = self.note_key(again, self.shared.place(order).await).await;
        let outcome = match &placed {
            Ok(placed) if placed.repeated => "duplicate",
            Ok(_) => "accepted",
            Err(HubError::ExternalIdConflict { .. } | HubError::KeyReused) => "conflict",
            Err(HubError::Overloaded { .. }) => "overloaded",
            Err(HubError::OutcomeUnknown(_)) => "unknown",
            Err(HubError::Unavailable(_)) => "unavailable",
            Err(_) => "refused",
        };
        metrics::counter!(
            "orderhub_orders_received_total", "channel" => channel, "outcome" => outcome
        )
        .increment(1);
        placed
    }

    async fn import(
        &self,
        source: PastSource,
        orders: Vec<NewPast>,
    ) -> Result<Vec<past::Recorded>, HubError> {
        self.admit()?;
        self.shared.record_past(&source, orders).await
    }

    async fn command(&self, order: OrderId, asked: Asked, actor: String) -> Result<Done, HubError> {
        self.admit()?;
        let body = InputBody::Request(asked);
        let input = Input { actor, body };
        self.shared.ask(order, input, Urgency::Request).await
    }

    async fn report(&self, order: OrderId, actor: &str, fact: Fact) -> Result<(), HubError> {
        self.admit()?;
        self.tell(order, actor, fact).await
    }

    async fn inbound(&self, delivery: Delivery) -> Result<Receipt, HubError> {
        self.admit()?;
        self.take(&delivery).await
    }

    async fn order(&self, order: OrderId) -> Result<Option<(Order, Vec<Recorded>)>, HubError> {
        let loaded = self.shared.journal.load(&[order]).await;
        let Some(loaded) = loaded.map_err(unavailable)?.into_iter().next() else {
            return Ok(None);
        };
        let events = loaded.events.map_err(HubError::ReadOnly)?;
        let folded = fold(&events)?;
        Ok(Some((folded, events)))
    }

    async fn tell_stock(
        &self,
        location: LocationCode,
        command: StockCommand,
    ) -> Result<Said, HubError> {
        self.admit()?;
        let door = self.shared.location(&location);
        let door = door.ok_or(HubError::NotFound("location"))?;
        let most = self.shared.limits.per_location;
        let permit = Permit::take(&door.busy, most).ok_or_else(overloaded)?;
        let (reply, answer) = oneshot::channel();
        let message = LocationMsg::Say {
            command: Box::new(command),
            permit,
            reply,
        };
        let ended = || HubError::OutcomeUnknown("the location's process ended".into());
        door.actor.cast(message).map_err(|_| ended())?;
        answer.await.unwrap_or_else(|_| Err(ended()))
    }

    async fn pause(
        &self,
        location: LocationCode,
        paused: bool,
        change: Pause,
    ) -> Result<bool, HubError> {
        self.admit()?;
        let door = self.shared.location(&location);
        let door = door.ok_or(HubError::NotFound("location"))?;
        if self.shared.board.is_paused(&location) == paused {
            return Ok(false);
        }
        let noted = self
            .shared
            .stock_book
            .note_pause(&location, paused, &change);
        noted.await.map_err(unavailable)?;
        if paused {
            self.shared.board.pause(location, change);
        } else {
            self.shared.board.resume(&location);
        }
        self.shared.offers.mark_all(|| self.shared.board.skus());
        // A location that is just being started again looks at the board itself.
        drop(door.actor.cast(LocationMsg::Paused(paused)));
        Ok(true)
    }

    fn pause_of(&self, location: &LocationCode) -> Option<Pause> {
        self.shared.board.pause_of(location)
    }

    fn places(&self) -> Arc<dyn Places + Send + Sync> {
        Arc::new(self.clone())
    }

    async fn stock(&self, sku: Sku) -> Result<Vec<(LocationCode, Counters)>, HubError> {
        self.shared
            .stock_book
            .by_sku(&sku)
            .await
            .map_err(unavailable)
    }
}
