//! Taking promises back: a count, or a shelf that was found empty, says that there are fewer units
//! than were promised.
//!
//! Where it is known what has been picked, they are taken back before the count is booked, so that no
//! prefix of the ledger promises what is not there. Otherwise the difference stands in the counters as a
//! shortfall until it is known; nothing is sold meanwhile.

use std::collections::BTreeSet;

use super::draft::Draft;
use super::{Counters, HoldKey, HoldState, LocationStock, StockHold};
use crate::ids::{OrderId, Sku};
use crate::order::{Loss, StockLine};

impl Draft<'_> {
    /// Cuts what a count left without units, as far as it was found out what has been picked.
    pub(super) fn cut(&mut self, sku: &Sku, unpicked: &[HoldKey]) {
        let on_hand = self.counters(sku).on_hand;
        self.make_room(sku, on_hand, unpicked, &[]);
    }

    /// Units are about to be written off with these holds: others' soft holds on them go first.
    pub(super) fn make_room_for_loss(
        &mut self,
        order: OrderId,
        attempt: u16,
        lines: &[StockLine],
        loss: Loss,
    ) {
        let key = |line: &StockLine| HoldKey {
            order,
            line: line.line,
            attempt,
        };
        let ending: Vec<HoldKey> = lines.iter().map(key).collect();
        let skus: BTreeSet<&Sku> = lines.iter().map(|line| &line.sku).collect();
        for sku in skus {
            let held = ending.iter().filter_map(|key| self.hold(*key));
            let held = held.filter(|hold| hold.sku == *sku && hold.state.is_live());
            let (all, promised) = held.fold((0, 0), |(all, promised), hold| {
                let firm = matches!(hold.state, HoldState::Soft | HoldState::Hard);
                (
                    all + hold.quantity,
                    promised + i64::from(firm) * hold.quantity,
                )
            });
            let on_hand = self.counters(sku).on_hand;
            let left = match loss {
                Loss::NotThere => 0,
                Loss::Damaged => (on_hand - all).max(0),
            };
            if all > 0 {
                self.make_room(sku, left + promised, &[], &ending);
            }
        }
    }

    /// Cuts the newest soft holds, then the newest firm ones that nobody has picked for, until no more
    /// is promised than this. A hold is cut as a whole: its order asks again for all of it. Those that
    /// are `ending` anyway are left alone.
    pub(super) fn make_room(
        &mut self,
        sku: &Sku,
        room: i64,
        unpicked: &[HoldKey],
        ending: &[HoldKey],
    ) {
        let too_many = |counters: Counters| counters.reserved + counters.allocated > room;
        if !too_many(self.counters(sku)) {
            return;
        }
        let promised = self.stock.promised(sku);
        let promised = promised.filter(|(key, _)| !ending.contains(key));
        let soft = |hold: &StockHold| hold.state == HoldState::Soft;
        let (soft, firm): (Vec<_>, Vec<_>) = promised.partition(|(_, hold)| soft(hold));
        let firm = firm.into_iter().filter(|(key, _)| unpicked.contains(key));
        // What is taken back is nobody's effect: the ledger knows an effect and a SKU once.
        let effect = self.effect.take();
        for (key, hold) in soft.into_iter().chain(firm) {
            if !too_many(self.counters(sku)) {
                break;
            }
            let (reserved, allocated) = match hold.state {
                HoldState::Soft => (-hold.quantity, 0),
                _ => (0, -hold.quantity),
            };
            self.book(sku, Some(key.order), "cut", (0, reserved, allocated));
            let cut = StockHold {
                state: HoldState::Cut,
                ..hold
            };
            self.put_and_tell(key, cut);
        }
        self.effect = effect;
    }
}

impl LocationStock {
    /// Holds of a SKU that promise units, the newest order's first.
    fn promised(&self, sku: &Sku) -> impl Iterator<Item = (HoldKey, StockHold)> {
        let promises = |hold: &StockHold| matches!(hold.state, HoldState::Soft | HoldState::Hard);
        self.holds
            .iter()
            .rev()
            .filter(move |(_, hold)| hold.sku == *sku && promises(hold))
            .map(|(key, hold)| (*key, hold.clone()))
    }

    /// Firm holds of a SKU, the newest first, when promises have to be taken back for there to be no
    /// more of them than `on_hand`; `None` when soft ones make up for it, or nothing is short.
    pub fn firm_to_cut(&self, sku: &Sku, on_hand: i64) -> Option<Vec<HoldKey>> {
        let short = self.counters(sku).allocated - on_hand;
        let firm = |(_, hold): &(HoldKey, StockHold)| hold.state == HoldState::Hard;
        let firm = self.promised(sku).filter(firm).map(|(key, _)| key);
        (short > 0).then(|| firm.collect())
    }

    /// The same for what was counted; empty when only soft ones have to go.
    pub fn to_cut(&self, sku: &Sku) -> Option<Vec<HoldKey>> {
        let short = self.counters(sku).shortfall;
        let firm = |(_, hold): &(HoldKey, StockHold)| hold.state == HoldState::Hard;
        let firm = self.promised(sku).filter(firm).map(|(key, _)| key);
        (short > 0).then(|| firm.collect())
    }
}
