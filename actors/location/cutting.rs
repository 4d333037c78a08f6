//! Finding out which promises may be taken back when there are fewer units than were promised.
//!
//! What has been picked only the orders know, so their logs are read, the newest first, and no more of
//! them than it takes. A hold whose order cannot be read counts as picked; it is looked at again later.

use std::collections::BTreeSet;
use std::sync::Arc;

use orderhub_domain::ids::{LocationCode, OrderId, Sku};
use orderhub_domain::stock::{HoldKey, StockCommand};

use super::{LocationMsg, LocationState, Reply};
use crate::order::fold;
use crate::shard::Permit;
use crate::shared::Shared;

/// Orders that are read at once.
const READ: usize = 32;

impl LocationState {
    /// Looks for everything whose promises have to be taken back.
    pub(super) fn look_for_cuts(&mut self) {
        let stock = self.stock.as_ref();
        let short = stock.into_iter().flat_map(|stock| &stock.counters);
        let short = short.filter(|(_, counters)| counters.shortfall > 0);
        let skus: Vec<Sku> = short.map(|(sku, _)| sku.clone()).collect();
        for sku in skus {
            self.look_for_cut(&sku);
        }
    }

    /// A count, or a feed, that leaves firm promises without units waits until it is known which of
    /// them nobody has picked for. Answers what does not have to wait.
    pub(super) fn look_first(
        &mut self,
        command: StockCommand,
        permit: Permit,
        reply: Reply,
    ) -> Option<(StockCommand, Permit, Reply)> {
        let Some(stock) = &self.stock else {
            return Some((command, permit, reply));
        };
        let mut short = Vec::new();
        for (sku, on_hand) in command.counted(stock) {
            if let Some(firm) = stock.firm_to_cut(&sku, on_hand) {
                let missing = stock.counters(&sku).allocated - on_hand;
                short.push((self.with_units(&firm), missing));
            }
        }
        if short.is_empty() {
            return Some((command, permit, reply));
        }
        let (shared, code, myself) = (
            Arc::clone(&self.shared),
            self.code.clone(),
            self.myself.clone(),
        );
        self.shared.tasks.spawn(async move {
            let mut found = Vec::new();
            for (firm, missing) in short {
                found.extend(unpicked(&shared, &code, &firm, missing).await);
            }
            let command = Box::new(command.knowing(found));
            drop(myself.cast(LocationMsg::Counted {
                command,
                permit,
                reply,
            }));
        });
        None
    }

    fn with_units(&self, keys: &[HoldKey]) -> Vec<(HoldKey, i64)> {
        let holds = self.stock.as_ref().map(|stock| &stock.holds);
        let units = |key| {
            holds
                .and_then(|holds| holds.get(key))
                .map_or(0, |hold| hold.quantity)
        };
        keys.iter().map(|key| (*key, units(key))).collect()
    }

    /// Finds out what may be cut of a SKU, and comes back with it.
    pub(super) fn look_for_cut(&mut self, sku: &Sku) {
        let Some(stock) = &self.stock else {
            return;
        };
        let Some(firm) = stock.to_cut(sku) else {
            return;
        };
        let firm = self.with_units(&firm);
        let short = stock.counters(sku).shortfall;
        if !self.cutting.insert(sku.clone()) {
            return;
        }
        let (shared, code, myself) = (
            Arc::clone(&self.shared),
            self.code.clone(),
            self.myself.clone(),
        );
        let sku = sku.clone();
        self.shared.tasks.spawn(async move {
            let unpicked = unpicked(&shared, &code, &firm, short).await;
            drop(myself.cast(LocationMsg::Cut { sku, unpicked }));
        });
    }

    pub(super) async fn cut(&mut self, sku: Sku, unpicked: Vec<HoldKey>) {
        self.cutting.remove(&sku);
        let command = StockCommand::Cut { sku, unpicked };
        self.take(command, None, 0, None).await;
    }
}

/// Of these holds, those whose units nobody has picked, as many as make up for what is missing.
async fn unpicked(
    shared: &Shared,
    code: &LocationCode,
    firm: &[(HoldKey, i64)],
    mut short: i64,
) -> Vec<HoldKey> {
    let mut unpicked = Vec::new();
    for some in firm.chunks(READ) {
        if short <= 0 {
            break;
        }
        let orders: BTreeSet<OrderId> = some.iter().map(|(key, _)| key.order).collect();
        let orders: Vec<OrderId> = orders.into_iter().collect();
        let Ok(loaded) = shared.journal.load(&orders).await else {
            break;
        };
        let logs = loaded.into_iter().filter_map(|loaded| loaded.events.ok());
        let read: Vec<_> = logs.filter_map(|events| fold(&events).ok()).collect();
        for (key, units) in some {
            let order = read.iter().find(|order| order.id == key.order);
            if order.is_some_and(|order| !order.is_picked(code, key.attempt)) {
                unpicked.push(*key);
                short -= units;
            }
        }
    }
    unpicked
}
