//! The locations of a simulated hub: they decide on the stock in memory, write, and only then
//! answer, like their actors.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::world::{Letter, World};
use crate::ids::{ChannelId, EffectId, LocationCode, OrderId};
use crate::order::{Effect, Fact, StockEvidence, StockFact};
use crate::stock::{HoldKey, News, StockCommand, StockDecision, Told};

/// A hold lapses only when its order had its moment.
const GRACE: SignedDuration = SignedDuration::from_secs(3);
/// How many holds lapse at once.
const LAPSES: usize = 64;

/// What an effect asks of a location's stock.
pub(crate) fn command_of(
    order: OrderId,
    channel: ChannelId,
    effect: &Effect,
) -> Option<StockCommand> {
    let (_, attempt, lines) = effect.stock()?;
    let lines = lines.to_vec();
    Some(match effect {
        Effect::ReserveStock {
            expires_at, queued, ..
        } => StockCommand::Reserve {
            order,
            attempt,
            channel,
            lines,
            expires_at: *expires_at,
            queued: *queued,
        },
        Effect::AwaitStock {
            since,
            declared_only,
            ..
        } => StockCommand::Wait {
            order,
            attempt,
            channel,
            lines,
            since: *since,
            declared_only: *declared_only,
        },
        Effect::ConfirmStock { .. } => StockCommand::Confirm {
            order,
            attempt,
            lines,
        },
        Effect::ReleaseStock { .. } => StockCommand::Release {
            order,
            attempt,
            lines,
        },
        Effect::WriteOffStock { loss, .. } => StockCommand::WriteOff {
            order,
            attempt,
            lines,
            loss: *loss,
        },
        Effect::RestockUnits { .. } => StockCommand::Restock { order, lines },
        Effect::ReceiveTransfer { .. } => StockCommand::TakeIn {
            order,
            attempt,
            lines,
        },
        Effect::RegroupStock { from, .. } => StockCommand::Regroup {
            order,
            from: from.clone(),
            into: attempt,
            lines,
        },
        _ => StockCommand::Consume {
            order,
            attempt,
            lines,
        },
    })
}

impl World<'_> {
    /// Carries an effect out at its location.
    pub(super) fn ask_location(
        &mut self,
        order: OrderId,
        id: EffectId,
        effect: &Effect,
    ) -> Option<Fact> {
        let (location, attempt, _) = effect.stock()?;
        let location = location.clone();
        let channel = self.audit.order(order)?.channel;
        let command = command_of(order, channel, effect)?;
        self.look_up(&location, &command.holds());
        let evidence = self.ask_shelf(&location, &command, Some(id))?;
        Some(Fact::Stock(StockFact {
            location,
            attempt,
            effect: Some(id),
            evidence,
        }))
    }

    /// Brings final holds back into memory that a command names.
    pub(super) fn look_up(&mut self, location: &LocationCode, keys: &[HoldKey]) {
        let Some(tables) = self.store.shelves.get(location) else {
            return;
        };
        let memory = self.stockroom.entry(location.clone());
        let memory = memory.or_insert_with(|| tables.memory());
        for key in keys {
            if let Some(hold) = tables.stock.holds.get(key) {
                memory.holds.entry(*key).or_insert_with(|| hold.clone());
            }
        }
    }

    /// Decides a command, writes it and says what to answer. A write that does not fit is decided
    /// again on what the tables say.
    pub(super) fn ask_shelf(
        &mut self,
        location: &LocationCode,
        command: &StockCommand,
        effect: Option<EffectId>,
    ) -> Option<StockEvidence> {
        let now = match command {
            StockCommand::Expire { .. } => self.now - GRACE,
            _ => self.now,
        };
        for _ in 0..2 {
            let tables = self.store.shelves.get(location)?;
            let memory = self.stockroom.entry(location.clone());
            let memory = memory.or_insert_with(|| tables.memory());
            memory.room.paused = self.board.paused.contains(location);
            let decision = self.core.stock(memory, command, effect, now);
            if !decision.change.is_empty()
                && let Some(crash) = self.begin_commit()
            {
                if crash.written && self.store.change_stock(location, &decision.change) {
                    self.follow(location, command, effect, &decision);
                }
                self.crash(self.owner);
                return None;
            }
            if !decision.change.is_empty() && !self.store.change_stock(location, &decision.change) {
                if let Some(tables) = self.store.shelves.get(location) {
                    let mut stock = tables.stock.clone();
                    stock.booked = tables.booked_effects();
                    self.stockroom.insert(location.clone(), stock);
                }
                continue;
            }
            if let Some((sku, _)) = decision.change.counters.iter().find(|(_, c)| !c.holds()) {
                let found = format!("{sku} at {location} is promised beyond its bound");
                self.fall("stock_bound", found);
                return None;
            }
            self.stockroom.get_mut(location)?.apply(&decision.change);
            for (sku, counters) in &decision.change.counters {
                let key = (location.clone(), sku.clone());
                self.board.heard.insert(key, *counters);
            }
            for ((sku, channel), quota) in &decision.change.quotas {
                let key = (location.clone(), sku.clone(), *channel);
                self.board.quotas.insert(key, *quota);
            }
            let days = decision.change.holds.iter();
            for day in days.filter_map(|(.., hold)| hold.work_day) {
                let stock = self.stockroom.get(location)?;
                let taken = stock.room.taken(day);
                self.board.works.insert((location.clone(), day), taken);
            }
            self.follow(location, command, effect, &decision);
            self.check_shelf(location);
            self.check_quotas(location);
            self.check_logbook(location);
            if !decision.told.is_empty() {
                self.tell_orders(location);
            }
            return decision.evidence;
        }
        let found = format!("{location} cannot write {command:?} in two tries");
        self.fall("stock_writes", found);
        None
    }

    /// The second opinion follows what was written.
    fn follow(
        &mut self,
        at: &LocationCode,
        command: &StockCommand,
        effect: Option<EffectId>,
        decision: &StockDecision,
    ) {
        self.mirror
            .follow(at, command, effect, decision.evidence.as_ref());
        if let Some(found) = self.mirror.hear(at, &decision.told) {
            self.fall("served_in_line", found);
        }
    }

    /// Lets soft holds lapse, cuts what a count found missing, tells orders what no order has
    /// committed yet, and everybody what can be promised.
    pub(super) fn lapse(&mut self) {
        for location in self.places() {
            self.look_up(&location, &[]);
            self.ask_shelf(&location, &StockCommand::Expire { limit: LAPSES }, None);
            self.cut_shortfalls(&location);
            self.tell_orders(&location);
            self.tell_available(&location);
        }
    }

    /// Sends orders what no order has committed yet.
    fn tell_orders(&mut self, location: &LocationCode) {
        let Some(memory) = self.stockroom.get(location) else {
            return;
        };
        let mut by_try: BTreeMap<(OrderId, u16, News), Vec<(HoldKey, i32)>> = BTreeMap::new();
        for told in memory.untold() {
            let Told { key, rev, news } = told;
            let holds = by_try.entry((key.order, key.attempt, news)).or_default();
            holds.push((key, rev));
        }
        for ((order, attempt, news), holds) in by_try {
            let letter = Letter::Told {
                location: location.clone(),
                order,
                attempt,
                news,
                holds,
            };
            if !self.post.iter().any(|known| known.same_news(&letter)) {
                self.post.push(letter);
            }
        }
    }
}

impl Letter {
    /// Whether both tell of a hold that is the same.
    fn same_news(&self, other: &Self) -> bool {
        let key = |letter: &Self| match letter {
            Self::Told {
                location,
                order,
                attempt,
                ..
            } => Some((location.clone(), *order, *attempt)),
            _ => None,
        };
        key(self).is_some() && key(self) == key(other)
    }
}
