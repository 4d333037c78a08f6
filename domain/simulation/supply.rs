//! Supply in a simulated world: announcements whose day and number change, receipts that come twice,
//! and promises that are taken back after a count.

use jiff::SignedDuration;

use super::dice::Dice;
use super::world::World;
use crate::ids::{LocationCode, Sku};
use crate::order::Order;
use crate::stock::{HoldKey, StockCommand};

/// What was announced and what came, to be said again.
#[derive(Debug, Default)]
pub(super) struct Supply {
    announced: Vec<(LocationCode, Sku, String)>,
    received: Vec<(LocationCode, StockCommand)>,
}

impl World<'_> {
    /// Somebody announces units, or says otherwise about what was announced.
    pub(super) fn announce(&mut self, dice: &mut Dice) {
        let known = dice.pick(&self.supply.announced).cloned();
        let known = known.filter(|_| dice.percent(40));
        let (location, sku, reference) = if let Some(known) = known {
            known
        } else {
            let places = self.places();
            let Some(location) = dice.pick(&places).cloned() else {
                return;
            };
            let sku = format!("SKU-{}", 1 + dice.below(self.skus));
            let reference = format!("PO-{}", self.next_number());
            let new = (location, sku.as_str().into(), reference);
            self.supply.announced.push(new.clone());
            new
        };
        let days = SignedDuration::from_hours(24 * dice.between(1, 20));
        let command = StockCommand::Announce {
            sku: sku.clone(),
            reference: reference.clone(),
            quantity: dice.between(0, 12),
            expected_at: Some(self.now + days).filter(|_| dice.percent(80)),
        };
        self.tell(&format!("{location} expects {command:?}"));
        self.ask_shelf(&location, &command, None);
    }

    /// Units come; now and then a receipt comes again.
    pub(super) fn receive_supply(&mut self, dice: &mut Dice) {
        if dice.percent(30)
            && let Some((location, command)) = dice.pick(&self.supply.received).cloned()
        {
            self.tell(&format!("{location} repeats {command:?}"));
            self.ask_shelf(&location, &command, None);
            return;
        }
        let places = self.places();
        let announced = dice.pick(&self.supply.announced).cloned();
        let announced = announced.filter(|_| dice.percent(70));
        let (location, sku, inbound) = if let Some((location, sku, inbound)) = announced {
            (location, sku, Some(inbound))
        } else {
            let Some(location) = dice.pick(&places).cloned() else {
                return;
            };
            let sku = format!("SKU-{}", 1 + dice.below(self.skus));
            (location, sku.as_str().into(), None)
        };
        let command = StockCommand::Receive {
            sku,
            reference: format!("R-{}", self.next_number()),
            quantity: dice.between(1, 8),
            inbound,
        };
        self.tell(&format!("{location} receives {command:?}"));
        self.supply
            .received
            .push((location.clone(), command.clone()));
        self.ask_shelf(&location, &command, None);
    }

    /// Takes promises back that a count left without units, as the location's actor does: it asks the
    /// orders first whose units have been picked.
    pub(super) fn cut_shortfalls(&mut self, location: &LocationCode) {
        let Some(memory) = self.stockroom.get(location) else {
            return;
        };
        let skus = memory.counters.keys();
        let to_cut: Vec<(Sku, Vec<HoldKey>)> = skus
            .filter_map(|sku| Some((sku.clone(), memory.to_cut(sku)?)))
            .collect();
        for (sku, firm) in to_cut {
            let picked = |key: &HoldKey| {
                let order = self.audit.order(key.order);
                order.is_some_and(|order: &Order| order.is_picked(location, key.attempt))
            };
            let unpicked = firm.into_iter().filter(|key| !picked(key)).collect();
            self.ask_shelf(location, &StockCommand::Cut { sku, unpicked }, None);
        }
    }
}
