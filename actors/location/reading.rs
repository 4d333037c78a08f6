//! What a location reads before it decides: its stock, and what pending commands name that is not kept
//! in memory.

use orderhub_domain::ids::{EffectId, LocationCode, Sku};
use orderhub_domain::order::Places;
use orderhub_domain::stock::{HoldKey, LocationStock, Room, StockCommand};

use super::pipeline::LocationState;
use crate::ports::Unavailable;
use crate::shared::Shared;

impl LocationState {
    /// Holds that pending commands name: final ones are not in memory and must be looked up.
    pub(super) fn keys_under_way(&self) -> Vec<HoldKey> {
        let commands = self.under_way.iter().map(|pending| &pending.command);
        let mut keys: Vec<HoldKey> = commands.flat_map(StockCommand::holds).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    /// Names of receipts under way: one that came in a former life is not in memory.
    pub(super) fn receipts_under_way(&self) -> Vec<(Sku, String)> {
        let commands = self.under_way.iter().map(|pending| &pending.command);
        let names = commands.filter_map(|command| match command {
            StockCommand::Receive { sku, reference, .. } => Some((sku.clone(), reference.clone())),
            _ => None,
        });
        names.collect()
    }

    /// Effects that no hold names: whether the ledger has them already must be looked up.
    pub(super) fn effects_under_way(&self) -> Vec<EffectId> {
        let restocks = self
            .under_way
            .iter()
            .filter(|pending| matches!(pending.command, StockCommand::Restock { .. }));
        restocks.filter_map(|pending| pending.effect).collect()
    }
}

pub(super) async fn read_stock(
    shared: &Shared,
    code: &LocationCode,
    (keys, effects, receipts): (&[HoldKey], &[EffectId], &[(Sku, String)]),
) -> Result<LocationStock, Unavailable> {
    let mut stock = shared.stock_book.load(code).await?;
    stock.held_for = shared.policy.reservation_ttl;
    stock.room = read_room(shared, code).await?;
    if !receipts.is_empty() {
        let known = shared.stock_book.receipts(code, receipts).await?;
        stock.receipts.extend(known);
    }
    if !keys.is_empty() {
        for (key, hold) in shared.stock_book.holds(code, keys).await? {
            stock.holds.insert(key, hold);
        }
    }
    if !effects.is_empty() {
        stock.booked = shared.stock_book.booked(code, effects).await?;
    }
    // Counted by the auditor, once, however often the location is loaded.
    for sku in stock.violations() {
        tracing::error!(location = %code, %sku, "counters and holds differ; look at the stock ledger");
    }
    Ok(stock)
}

/// How much work the location takes on, and has taken on.
async fn read_room(shared: &Shared, code: &LocationCode) -> Result<Room, Unavailable> {
    let mut known = shared.board.locations().iter();
    let Some(location) = known.find(|known| known.code == *code) else {
        return Ok(Room::default());
    };
    let mut room = Room {
        paused: shared.board.is_paused(code),
        capacity: location.capacity_per_day,
        hours: location.hours.clone(),
        ..Room::default()
    };
    if room.capacity.is_some() {
        let today = room.hours.day(shared.clock.now());
        for (day, order, attempt) in shared.stock_book.works(code, today).await? {
            room.works.entry(day).or_default().insert((order, attempt));
        }
    }
    Ok(room)
}
