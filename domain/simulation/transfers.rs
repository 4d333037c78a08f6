//! Transfers in a simulated world: stores that others send to, people there who say that a parcel has come,
//! and the laws that a unit which travels is on one shelf at a time, and that nobody is called to the store
//! before everything is there.

use super::dice::Dice;
use super::laws::{Verdict, must};
use super::mirror::{Held, Mirror};
use super::world::World;
use crate::ids::LocationCode;
use crate::order::{
    Effect, Event, Fulfilment, FulfilmentEvidence, FulfilmentStage, FulfilmentStep, Location,
    Order, ParcelStatus, Recorded, RestockSource, TransferEvent, units_of,
};
use crate::policy::{PickupSupply, Policy};
use crate::quantity::Quantity;
use crate::stock::HoldKey;

/// In every other world others send to the store what it lacks; in some of those, nobody knows where the
/// first location is. The setting's other choices stay what they are.
pub(super) fn settle_supply(setting: u64, policy: &mut Policy, locations: &mut [Location]) {
    let mut dice = Dice::seeded(setting ^ 0x5041_5243_454c);
    if dice.percent(50) {
        policy.sourcing.pickup_supply = PickupSupply::Transfer;
        let unknown = dice.percent(25);
        if let Some(first) = locations.first_mut() {
            first.addressed = !unknown;
        }
    }
}

/// How many of a hundred buyers collect: more where that has more to it.
pub(super) const fn collectors(policy: &Policy) -> usize {
    match policy.sourcing.pickup_supply {
        PickupSupply::Local => 12,
        PickupSupply::Transfer => 40,
    }
}

/// Whether a store has taken in units that were sent there for an order.
pub(super) fn is_sent_to(order: &Order, store: &LocationCode) -> bool {
    let mut transfers = order
        .fulfilments
        .iter()
        .filter_map(|work| work.transfer.as_ref());
    transfers.any(|transfer| transfer.to == *store && transfer.received.is_some())
}

impl Mirror {
    /// Units came to a store for an order: they are there, and held, once.
    pub(super) fn take_in(
        &mut self,
        at: &LocationCode,
        lines: &[crate::order::StockLine],
        key: impl Fn(&crate::order::StockLine) -> (LocationCode, HoldKey),
    ) {
        for line in lines {
            let key = key(line);
            if self.holds.contains_key(&key) {
                continue;
            }
            let units = line.quantity.whole().unwrap_or_default();
            self.holds
                .insert(key, (line.sku.clone(), units, Held::Hard));
            *self
                .on_hand
                .entry((at.clone(), line.sku.clone()))
                .or_default() += units;
        }
    }
}

/// What must hold of an event about a transfer, or about work that waits for one.
pub(super) fn before_transfer(before: &Order, recorded: &Recorded) -> Verdict {
    match &recorded.event {
        Event::FulfilmentPlanned {
            location,
            pickup,
            transfer_to,
            brought_by,
            ..
        } => {
            let store = before.draft.pickup_location.as_ref();
            let there = store == Some(location);
            let sent = transfer_to.as_ref() == store.filter(|_| !there);
            let right = *pickup == there && sent && (brought_by.is_none() || there);
            must(right, "collected_where_said", || {
                format!("{location} is asked for what is collected at {store:?}")
            })
        }
        Event::FulfilmentReported {
            fulfilment, work, ..
        } => may_be_fetched(before, *fulfilment, work),
        Event::Transfer(TransferEvent::Arrived { fulfilment }) => {
            let work = before.fulfilment(*fulfilment);
            let comes = work.is_some_and(|work| {
                let unseen = |one: &crate::order::Transfer| one.arrived_at.is_none();
                work.has_left() && work.transfer.as_ref().is_some_and(unseen)
            });
            must(comes, "arrives_once", || format!("fulfilment {fulfilment}"))
        }
        Event::Transfer(TransferEvent::Withdrawn { fulfilment, .. }) => {
            let work = before.fulfilment(*fulfilment);
            let between = work.is_some_and(|work| work.is_between() && work.consumed);
            must(between, "withdrawn_on_its_way", || {
                format!("fulfilment {fulfilment}")
            })
        }
        Event::EffectOpened { effect } => may_be_shelved(before, &effect.effect),
        _ => Ok(()),
    }
}

/// Nobody is called to the store before all is there, and nothing is handed out twice.
fn may_be_fetched(before: &Order, number: u16, evidence: &FulfilmentEvidence) -> Verdict {
    let works = || before.fulfilments.iter().filter(|work| !work.is_off());
    let sum = |line: u16, of: &dyn Fn(&Fulfilment) -> bool| {
        let works = works().filter(|work| of(work));
        Quantity::sum(works.map(|work| units_of(&work.lines, line)))
    };
    match evidence {
        FulfilmentEvidence::ReadyForPickup => {
            let sends = |work: &Fulfilment| work.transfer.is_some() || work.brought_by.is_some();
            if !works().any(sends) {
                return Ok(());
            }
            let parting = before.parting.as_ref().map_or(&[][..], |part| &part.lines);
            let packed = |work: &Fulfilment| {
                let counter = [
                    FulfilmentStage::Packed,
                    FulfilmentStage::ReadyForPickup,
                    FulfilmentStage::Collected,
                ];
                work.pickup && counter.contains(&work.stage)
            };
            let missing = before.line_numbers().find(|line| {
                let wanted = before.stocked(*line).minus(units_of(parting, *line));
                sum(*line, &packed) < wanted
            });
            must(missing.is_none(), "ready_when_all_is_there", || {
                format!("fulfilment {number} is ready, and line {missing:?} is not all there")
            })
        }
        FulfilmentEvidence::Collected => {
            let fetched = |work: &Fulfilment| {
                work.stage == FulfilmentStage::Collected || work.number == number
            };
            let twice = before.fulfilment(number).is_none_or(|work| {
                work.is_off() || work.stage == FulfilmentStage::Collected || work.transfer.is_some()
            });
            let beyond = before
                .line_numbers()
                .find(|line| sum(*line, &fetched) > before.stocked(*line));
            must(!twice && beyond.is_none(), "collected_once", || {
                format!("fulfilment {number}, line {beyond:?}")
            })
        }
        _ => Ok(()),
    }
}

/// Units that travelled come on one shelf, once: the store's, held for the buyer or free, or the sender's.
fn may_be_shelved(before: &Order, effect: &Effect) -> Verdict {
    match effect {
        Effect::ReceiveTransfer {
            sent_by,
            location,
            attempt,
            lines,
        } => {
            let work = before.fulfilment(*sent_by);
            let transfer = work.and_then(|work| work.transfer.as_ref());
            let due = work.is_some_and(|work| work.is_between() && work.consumed)
                && transfer.is_some_and(|one| {
                    one.received.is_none() && one.arrived_at.is_some() && one.to == *location
                });
            let whole = work.is_some_and(|work| {
                let units = work.lines.iter();
                units.into_iter().all(|units| {
                    let same = lines.iter().filter(|line| line.line == units.line);
                    let taken = Quantity::sum(same.map(|line| line.quantity));
                    taken == units.quantity.minus(work.replaced(units.line))
                })
            });
            must(
                due && whole && *attempt > before.attempt,
                "received_once",
                || format!("fulfilment {sent_by} at {location}"),
            )
        }
        Effect::RestockUnits {
            location,
            source: RestockSource::Parcel(named),
            ..
        } => {
            let Some(work) = before.fulfilment(named.fulfilment) else {
                return Ok(());
            };
            let Some(transfer) = &work.transfer else {
                return Ok(());
            };
            let parcel = work.parcel(named.parcel);
            let held = work.stage == FulfilmentStage::Transferred;
            let right = parcel.is_some_and(|parcel| {
                let back = parcel.status() == ParcelStatus::Returned;
                let shelf = if back { &work.location } else { &transfer.to };
                let free = !held || parcel.replaced_at.is_some();
                parcel.restocked_at.is_none() && free && location == shelf
            });
            must(right, "shelved_once", || format!("{named:?} at {location}"))
        }
        _ => Ok(()),
    }
}

impl World<'_> {
    /// Somebody at the store has the parcels of a transfer, and the hub does not know it.
    pub(super) fn arrival(&self, order: &Order, work: &Fulfilment) -> Option<FulfilmentStep> {
        let unheard = work.transfer.is_some() && !work.is_at_store();
        let on_way = matches!(
            work.stage,
            FulfilmentStage::Labelled | FulfilmentStage::HandedOver | FulfilmentStage::Cancelled
        );
        let here = (order.id, work.number, 0)..=(order.id, work.number, u16::MAX);
        let mut parcels = self.depot.parcels.range(here).peekable();
        parcels.peek()?;
        let all = parcels.all(|(_, parcel)| parcel.seen == ParcelStatus::Delivered);
        (unheard && on_way && all).then_some(FulfilmentStep::Ready)
    }

    /// Once everybody has answered, what travelled is where it came to: held at the store, or on its shelf.
    pub(super) fn check_transfers(&mut self, order: &Order) {
        let mut broken = None;
        for work in order.fulfilments.iter().filter(|work| work.has_left()) {
            let Some(transfer) = &work.transfer else {
                continue;
            };
            if let Some(attempt) = transfer.received {
                let absent = work.lines.iter().find(|units| {
                    let key = HoldKey {
                        order: order.id,
                        line: units.line,
                        attempt,
                    };
                    let there = self.mirror.holds.get(&(transfer.to.clone(), key));
                    units.quantity > work.replaced(units.line) && there.is_none()
                });
                if let Some(units) = absent {
                    let found = format!("line {} of fulfilment {}", units.line, work.number);
                    broken = Some(("received_at_store", found));
                }
            }
            let shares = work.shares().into_iter();
            let astray = shares
                .filter(|share| !share.units.is_empty())
                .find(|share| {
                    share.all(|parcel| {
                        let key = (order.id, work.number, parcel.number);
                        let sold = self.depot.parcels.get(&key);
                        let here = sold.is_some_and(|one| one.seen == ParcelStatus::Delivered);
                        let free = work.stage == FulfilmentStage::Cancelled
                            || parcel.replaced_at.is_some();
                        here && free && parcel.restocked_at.is_none()
                    })
                });
            if astray.is_some() && work.consumed {
                let found = format!("a parcel of fulfilment {} lies about", work.number);
                broken = Some(("withdrawn_is_shelved", found));
            }
        }
        if let Some((invariant, found)) = broken {
            let found = format!("{}: {found}", self.name(order.id));
            self.fall(invariant, found);
        }
    }
}
