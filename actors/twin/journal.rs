//! Reads of the journal in memory, and the small writes beside it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use jiff::Timestamp;
use orderhub_channels::port::UnderWay;
use orderhub_domain::canonical::PrivateDetails;
use orderhub_domain::ids::{ChannelId, CommandId, OrderId, ShardId};
use orderhub_domain::order::{
    Event, Mark, Recorded, RememberedRequest, ShippingLane, TRANSITS_COUNTED, Transit,
};
use uuid::Uuid;

use super::{OrderRow, Twin};
use crate::ports::{
    Journal, Loaded, OrderRef, Parked, ParkedState, RefKind, Seen, Unavailable, Whose,
};

#[async_trait]
impl Journal for Twin {
    async fn now(&self) -> Result<Timestamp, Unavailable> {
        Ok(self.reading()?.now())
    }

    async fn load(&self, orders: &[OrderId]) -> Result<Vec<Loaded>, Unavailable> {
        let world = self.reading()?;
        let rows = orders
            .iter()
            .filter_map(|id| Some((*id, world.orders.get(id)?)));
        let loaded = rows.map(|(order, row)| Loaded {
            order,
            events: row.events.iter().map(through_storage).collect(),
            wake_at: row.wake_at,
        });
        Ok(loaded.collect())
    }

    async fn find(
        &self,
        channel: ChannelId,
        external_id: &str,
    ) -> Result<Option<OrderId>, Unavailable> {
        let world = self.reading()?;
        Ok(world.keys.get(&(channel, external_id.to_owned())).copied())
    }

    async fn resolve(&self, reference: &OrderRef) -> Result<Option<OrderId>, Unavailable> {
        Ok(self.reading()?.refs.get(reference).copied())
    }

    async fn request(
        &self,
        order: OrderId,
        command: CommandId,
    ) -> Result<Option<RememberedRequest>, Unavailable> {
        let world = self.reading()?;
        let Some(row) = world.orders.get(&order) else {
            return Ok(None);
        };
        let of_command = || row.events.iter().filter(|e| e.command_id == Some(command));
        let request = of_command().find_map(|recorded| recorded.event.request());
        let version = of_command().map(|recorded| recorded.version).max();
        Ok(request
            .zip(version)
            .map(|(request, version)| RememberedRequest {
                command_id: command,
                body_hash: request.body_hash.clone(),
                reply_schema: request.reply_schema,
                version,
            }))
    }

    async fn seen(&self, marks: &[Mark], since: Timestamp) -> Result<Vec<Seen>, Unavailable> {
        let world = self.reading()?;
        let seen = marks.iter().map(|mark| {
            let had = || world.marks.iter().filter(|(had, ..)| had == mark);
            let recent = had().filter(|(_, at, _)| *at > since);
            Seen {
                recent: recent.map(|(.., order)| *order).collect(),
                before: had().next().is_some(),
            }
        });
        Ok(seen.collect())
    }

    async fn under_way(
        &self,
        account: &str,
        whose: Whose,
        mark: &str,
        limit: u32,
    ) -> Result<Vec<UnderWay>, Unavailable> {
        let world = self.reading()?;
        let in_hand = |number: &str, order: &OrderId| {
            let row = world.orders.get(order);
            row.is_some_and(|row| row.stage.is_in_hand() || row.awaits(number))
        };
        let meant = |reference: &OrderRef| match reference.carrier() {
            Some(_) => whose == Whose::Everybodys,
            None => reference.scope == account,
        };
        let refs = world.refs.iter().filter(|(reference, order)| {
            reference.kind == RefKind::Tracking
                && meant(reference)
                && in_hand(&reference.value, order)
        });
        let parcels = refs.map(|(reference, order)| UnderWay {
            order: *order,
            test: world.orders.get(order).is_some_and(OrderRow::is_test),
            number: reference.value.clone(),
            carrier: reference.carrier().map(str::to_owned),
        });
        let mut parcels: Vec<(String, UnderWay)> = parcels
            .map(|parcel| (parcel.place(), parcel))
            .filter(|(place, _)| place.as_str() > mark)
            .collect();
        parcels.sort_unstable_by(|one, other| one.0.cmp(&other.0));
        parcels.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(parcels.into_iter().map(|(_, parcel)| parcel).collect())
    }

    async fn transits(&self, lane: &ShippingLane) -> Result<Vec<i64>, Unavailable> {
        let world = self.reading()?;
        let mut of_lane: Vec<&Transit> = world.transits.values().collect();
        of_lane.retain(|transit| transit.lane == *lane);
        of_lane.sort_by_key(|transit| std::cmp::Reverse(transit.delivered_at));
        let newest = of_lane.iter().take(usize::from(TRANSITS_COUNTED));
        Ok(newest.map(|transit| transit.took.as_secs()).collect())
    }

    async fn due(
        &self,
        shard: ShardId,
        mark: Option<(Timestamp, OrderId)>,
        until: Timestamp,
        limit: u32,
    ) -> Result<Vec<(Timestamp, OrderId)>, Unavailable> {
        let world = self.reading()?;
        let rows = world.orders.iter().filter(|(id, _)| id.shard() == shard);
        let mut due: Vec<(Timestamp, OrderId)> = rows
            .filter_map(|(id, row)| Some((row.wake_at?, *id)))
            .filter(|row| row.0 <= until && mark.is_none_or(|mark| *row > mark))
            .collect();
        due.sort_unstable();
        due.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(due)
    }

    async fn private(&self, order: OrderId) -> Result<Option<PrivateDetails>, Unavailable> {
        Ok(self.reading()?.private.get(&order).cloned())
    }

    async fn park(&self, message: &Parked) -> Result<bool, Unavailable> {
        let mut world = self.reading()?;
        let Some(kept) = world.parked.values_mut().find(|kept| kept.id == message.id) else {
            let key = (message.received_at, message.id);
            world.parked.insert(key, message.clone());
            return Ok(message.dead_since.is_some());
        };
        let same_wait = message.waiting_for.is_some() && kept.waiting_for == message.waiting_for;
        if kept.dead_since.is_some() && same_wait {
            return Ok(false);
        }
        let died = kept.dead_since.is_none() && message.dead_since.is_some();
        kept.reason.clone_from(&message.reason);
        kept.waiting_for.clone_from(&message.waiting_for);
        kept.dead_since = message
            .dead_since
            .and(kept.dead_since.or(message.dead_since));
        Ok(died)
    }

    async fn parked(
        &self,
        reference: &OrderRef,
        mark: Option<(Timestamp, Uuid)>,
        limit: u32,
    ) -> Result<Vec<Parked>, Unavailable> {
        let world = self.reading()?;
        let waiting = world.parked.iter().filter(|(place, kept)| {
            kept.waiting_for.as_ref() == Some(reference) && mark.is_none_or(|mark| **place > mark)
        });
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(waiting.take(limit).map(|(_, kept)| kept.clone()).collect())
    }

    async fn awaited(
        &self,
        mark: Option<&OrderRef>,
        limit: u32,
    ) -> Result<Vec<OrderRef>, Unavailable> {
        let world = self.reading()?;
        let place = |one: &OrderRef| (one.kind.word(), one.scope.clone(), one.value.clone());
        let living = world
            .parked
            .values()
            .filter(|kept| kept.dead_since.is_none());
        let awaited = living.filter_map(|kept| kept.waiting_for.clone());
        let in_order: BTreeMap<_, OrderRef> = awaited.map(|one| (place(&one), one)).collect();
        let after = in_order.into_iter();
        let after = after.filter(|(at, _)| mark.is_none_or(|mark| *at > place(mark)));
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        Ok(after.take(limit).map(|(_, one)| one).collect())
    }

    async fn bury(&self, id: Uuid, reason: &str, now: Timestamp) -> Result<bool, Unavailable> {
        let mut world = self.reading()?;
        let mut living = world.parked.values_mut();
        let living = living.find(|kept| kept.id == id && kept.dead_since.is_none());
        Ok(living.is_some_and(|kept| {
            reason.clone_into(&mut kept.reason);
            kept.dead_since = Some(now);
            true
        }))
    }

    async fn unpark(&self, id: Uuid) -> Result<bool, Unavailable> {
        let mut world = self.reading()?;
        let before = world.parked.len();
        world.parked.retain(|(_, kept), _| *kept != id);
        Ok(world.parked.len() < before)
    }

    async fn count_parked(&self) -> Result<BTreeMap<ParkedState, u64>, Unavailable> {
        let world = self.reading()?;
        let mut counts = BTreeMap::new();
        for kept in world.parked.values() {
            *counts.entry(kept.state()).or_default() += 1;
        }
        Ok(counts)
    }

    async fn cursor(&self, source: &str) -> Result<Option<String>, Unavailable> {
        Ok(self.reading()?.cursors.get(source).cloned())
    }

    async fn move_cursor(&self, source: &str, cursor: &str) -> Result<(), Unavailable> {
        let mut world = self.reading()?;
        world.cursors.insert(source.to_owned(), cursor.to_owned());
        Ok(())
    }
}

/// An event as it comes back from a database: by its kind and body.
fn through_storage(recorded: &Recorded) -> Result<Recorded, String> {
    let event = Event::from_stored(recorded.event.kind(), recorded.event.body())
        .map_err(|error| error.to_string())?;
    Ok(Recorded {
        event,
        ..recorded.clone()
    })
}
