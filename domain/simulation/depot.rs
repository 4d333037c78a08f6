//! The simulated locations and carriers: who works at a dock, what is physically gone, which labels
//! were sold and where parcels are. They know the hub by what it has committed and by its calls.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::dice::Dice;
use super::parcels::{ParcelKey, pack};
use crate::ids::{EffectId, OrderId};
use crate::money::Money;
use crate::order::{
    Effect, Fact, Fulfilment, FulfilmentEvidence, FulfilmentFact, FulfilmentStage, FulfilmentStep,
    LabelEvidence, LabelFact, Order, ParcelStatus, Routing, Scan, ScanFact,
};
use crate::quantity::Quantity;

/// A piece of work by the hub's name for it.
pub(super) type Piece = (OrderId, u16);

/// A parcel, as its carrier knows it.
#[derive(Debug, Clone)]
pub(super) struct Parcel {
    pub(super) tracking: String,
    pub(super) seen: ParcelStatus,
    pub(super) voided: bool,
    /// The number of the address on its label.
    pub(super) address: Option<u16>,
}

/// Locations and carriers.
#[derive(Default)]
pub(super) struct Depot {
    /// Left the building.
    pub(super) gone: BTreeSet<Piece>,
    /// The location agreed to stop, or refused the work: it will not ship.
    pub(super) stopped: BTreeSet<Piece>,
    /// The location refused to stop, and says so again.
    goes_on: BTreeSet<Piece>,
    pub(super) parcels: BTreeMap<ParcelKey, Parcel>,
    /// A parcel that a second label was sold for.
    pub(super) sold_twice: Option<ParcelKey>,
    sold: BTreeMap<EffectId, LabelEvidence>,
    /// No location agrees to stop.
    pub(super) never_stops: bool,
    /// No label is taken back.
    pub(super) keeps_labels: bool,
    /// How often each piece of work was asked for, by effect.
    pub(super) requested: BTreeMap<Piece, BTreeSet<EffectId>>,
}

impl Depot {
    /// Carries a call out.
    pub(super) fn carry_out(
        &mut self,
        order: OrderId,
        id: EffectId,
        effect: &Effect,
        price: Option<Money>,
        smooth: bool,
        dice: &mut Dice,
    ) -> Option<Fact> {
        let fulfilment = effect.fulfilment()?;
        let piece = (order, fulfilment);
        let work = |evidence| {
            Fact::Fulfilment(FulfilmentFact {
                fulfilment,
                occurred_at: None,
                evidence,
            })
        };
        let number = effect.parcel().map_or(1, |(_, parcel)| parcel);
        let key = (order, fulfilment, number);
        let label = |evidence| {
            Fact::Label(LabelFact {
                fulfilment,
                parcel: number,
                evidence,
            })
        };
        Some(match effect {
            Effect::RequestFulfilment { .. } => {
                self.requested.entry(piece).or_default().insert(id);
                work(FulfilmentEvidence::Delivered)
            }
            Effect::CancelFulfilment { .. } => {
                let stops = !self.never_stops
                    && !self.gone.contains(&piece)
                    && !self.goes_on.contains(&piece)
                    && (smooth || self.stopped.contains(&piece) || dice.percent(75));
                if stops {
                    self.stopped.insert(piece);
                    work(FulfilmentEvidence::Cancelled)
                } else {
                    self.goes_on.insert(piece);
                    work(FulfilmentEvidence::CancelRefused)
                }
            }
            Effect::BuyLabel { .. } => label(self.sell(key, id, price, !smooth && dice.percent(3))),
            _ => {
                let (gone, keeps) = (self.gone.contains(&piece), self.keeps_labels);
                let parcel = self.parcels.get_mut(&key)?;
                if gone || keeps {
                    label(LabelEvidence::VoidRefused {
                        reason: "the parcel was seen".into(),
                    })
                } else {
                    parcel.voided = true;
                    label(LabelEvidence::Voided)
                }
            }
        })
    }

    fn sell(
        &mut self,
        key: ParcelKey,
        id: EffectId,
        cost: Option<Money>,
        fails: bool,
    ) -> LabelEvidence {
        if let Some(sold) = self.sold.get(&id) {
            return sold.clone();
        }
        let evidence = if fails {
            LabelEvidence::Failed {
                reason: "no service to this address".into(),
            }
        } else {
            let number = self.sold.len() + 1;
            let tracking = format!("TRK{number}");
            let parcel = Parcel {
                tracking: tracking.clone(),
                seen: ParcelStatus::LabelCreated,
                voided: false,
                address: None,
            };
            if self.parcels.insert(key, parcel).is_some_and(|p| !p.voided) {
                self.sold_twice = Some(key);
            }
            LabelEvidence::Bought {
                service: None,
                account: "easypost".into(),
                carrier: "UPS".into(),
                tracking_number: tracking,
                reference: format!("shp_{number}"),
                label_url: None,
                cost,
            }
        };
        self.sold.insert(id, evidence.clone());
        evidence
    }

    /// What the hub recorded of a piece of work binds who stands there: what it let pass is gone, what
    /// it let be refused will not go.
    pub(super) fn heed(&mut self, piece: Piece, work: &FulfilmentEvidence) {
        match work {
            FulfilmentEvidence::HandedOver | FulfilmentEvidence::Collected => {
                self.gone.insert(piece);
            }
            FulfilmentEvidence::Rejected { .. } => {
                self.stopped.insert(piece);
            }
            _ => {}
        }
    }

    /// Work that ended in other work, was refused in part or was put back on its shelf does not go.
    pub(super) fn heed_routing(&mut self, order: OrderId, routing: &Routing) {
        let ended = match routing {
            Routing::ShortPicked { child, .. } => *child,
            Routing::Merged { from, .. } => *from,
            Routing::PickupExpired { fulfilment } => *fulfilment,
            _ => return,
        };
        self.stopped.insert((order, ended));
    }

    /// Takes a labelled parcel off the dock, whatever the hub thinks of it by now.
    pub(super) fn pick_up(&mut self, piece: Piece) -> bool {
        let (order, fulfilment) = piece;
        let here = (order, fulfilment, 0)..=(order, fulfilment, u16::MAX);
        let there = self.parcels.range(here).any(|(_, p)| !p.voided);
        there && !self.stopped.contains(&piece) && self.gone.insert(piece)
    }

    /// The next sighting of a parcel that is on its way.
    pub(super) fn see(
        &mut self,
        key: ParcelKey,
        smooth: bool,
        dice: &mut Dice,
        now: Timestamp,
    ) -> Option<Fact> {
        if !self.gone.contains(&(key.0, key.1)) {
            return None;
        }
        let parcel = self.parcels.get_mut(&key)?;
        let odd = !smooth && dice.percent(12);
        parcel.seen = match parcel.seen {
            ParcelStatus::LabelCreated => ParcelStatus::PickedUp,
            ParcelStatus::PickedUp | ParcelStatus::Exception => ParcelStatus::InTransit,
            ParcelStatus::InTransit if odd && dice.percent(50) => ParcelStatus::Lost,
            ParcelStatus::InTransit if odd => ParcelStatus::Exception,
            ParcelStatus::InTransit => ParcelStatus::OutForDelivery,
            ParcelStatus::OutForDelivery if odd => ParcelStatus::Returned,
            ParcelStatus::OutForDelivery => ParcelStatus::Delivered,
            _ => return None,
        };
        let scan = Scan {
            at: now,
            status: parcel.seen,
            code: parcel.seen.word().to_owned(),
        };
        let tracking_number = parcel.tracking.clone();
        Some(Fact::Scan(ScanFact {
            tracking_number,
            carrier: None,
            scan,
        }))
    }
}

/// What somebody at the location would do next with a piece of work. `smooth` staff just work.
pub(super) fn next_step(
    order: &Order,
    work: &Fulfilment,
    smooth: bool,
    dice: &mut Dice,
) -> Option<FulfilmentStep> {
    let refuses = !smooth && dice.percent(10);
    let reason = ["not_in_stock", "damaged", "closed"][dice.below(3)].to_owned();
    let short = !smooth && dice.percent(10);
    Some(match work.stage {
        FulfilmentStage::Requested | FulfilmentStage::Accepted | FulfilmentStage::Picking
            if refuses =>
        {
            FulfilmentStep::Reject { reason }
        }
        FulfilmentStage::Requested => FulfilmentStep::Accept,
        FulfilmentStage::Accepted | FulfilmentStage::Picking
            if short && !Order::left_to_pick(work).is_empty() =>
        {
            let left = Order::left_to_pick(work);
            let first = left.first()?;
            let line = order.line(first.line)?.external_id.clone();
            let picked = i64::try_from(dice.below(3)).unwrap_or(0);
            let picked = picked.min(first.quantity.whole().unwrap_or(0));
            let picked = Quantity::units(u32::try_from(picked).unwrap_or(0));
            FulfilmentStep::PickShort {
                lines: vec![(line, picked)],
                reason,
            }
        }
        FulfilmentStage::Accepted if !smooth && dice.percent(30) => {
            let first = work.lines.first()?;
            let line = order.line(first.line)?.external_id.clone();
            FulfilmentStep::Pick {
                lines: Some(vec![(line, Quantity::units(1))]),
            }
        }
        FulfilmentStage::Picking if Order::left_to_pick(work).is_empty() => {
            pack(order, work, smooth, dice)
        }
        FulfilmentStage::Accepted | FulfilmentStage::Picking => {
            FulfilmentStep::Pick { lines: None }
        }
        // Who just works waits for the rest of the order.
        FulfilmentStage::Packed if work.pickup && smooth && order.is_gathered() => return None,
        FulfilmentStage::Packed if work.pickup => FulfilmentStep::Ready,
        FulfilmentStage::Labelled => FulfilmentStep::HandOver,
        FulfilmentStage::ReadyForPickup => FulfilmentStep::Collect,
        _ => return None,
    })
}
