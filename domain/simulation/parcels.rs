//! Parcels in a simulated world: how packers fill them, what people say was in them, and the laws that
//! each parcel has a label and a course of its own.

use super::dice::Dice;
use super::laws::{Verdict, must};
use super::world::World;
use crate::ids::OrderId;
use crate::order::{
    Claim, ClaimKind, DeliveryProof, Event, Fact, Fulfilment, FulfilmentStep, LineUnits, Order,
    ParcelStatus, ProofFact, Recorded, ScanFact, StatedParcel, evolve,
};
use crate::quantity::Quantity;

/// A parcel by the hub's name for it: order, fulfilment, and its number within that.
pub(super) type ParcelKey = (OrderId, u16, u16);

/// How somebody packs: into one parcel mostly, else into two or three, and about half say what is in
/// which. Now and then they forget a unit.
pub(super) fn pack(
    order: &Order,
    work: &Fulfilment,
    smooth: bool,
    dice: &mut Dice,
) -> FulfilmentStep {
    if dice.percent(60) {
        return FulfilmentStep::Pack;
    }
    let number = 2 + dice.below(2);
    let mut parcels = vec![StatedParcel::default(); number];
    if dice.percent(50) {
        parcels[0].weight_g = Some(1200);
        return FulfilmentStep::PackInto { parcels };
    }
    let forgets = !smooth && dice.percent(10);
    for units in &work.lines {
        let Some(line) = order.line(units.line) else {
            continue;
        };
        let whole = units.quantity.whole().unwrap_or_default();
        for _ in 0..whole - i64::from(forgets) {
            let lines = &mut parcels[dice.below(number)].lines;
            let one = (line.external_id.clone(), Quantity::units(1));
            lines.get_or_insert_default().push(one);
        }
    }
    parcels.retain(|parcel| parcel.lines.is_some());
    FulfilmentStep::PackInto { parcels }
}

/// What a person says was in the parcel of a claim, where nobody has said it yet: about a half of the
/// units that are in one of several parcels, as far as they can be in it.
pub(super) fn said_to_be_in(order: &Order, claim: &Claim) -> Option<Vec<(String, Quantity)>> {
    let work = order.fulfilment(claim.fulfilment)?;
    let parcel = work.parcel(claim.parcel)?;
    let whole = claim.kind != ClaimKind::Damaged;
    if !whole || !claim.lines.is_empty() || work.contents(parcel).is_some() {
        return None;
    }
    let half = |units: &LineUnits| {
        let whole = units.quantity.whole().unwrap_or_default();
        let half = u32::try_from((whole + 1) / 2).unwrap_or_default();
        let count = Quantity::units(half).min(order.may_be_in_it(work, units.line));
        let line = order.line(units.line)?.external_id.clone();
        (!count.is_zero()).then_some((line, count))
    };
    Some(work.mixed_units().iter().filter_map(half).collect())
}

/// What is reported of one parcel changes nothing of the others: no label, no sighting, no fate.
pub(super) fn before_parcel(before: &Order, recorded: &Recorded) -> Verdict {
    let about = match &recorded.event {
        Event::Scanned {
            fulfilment, parcel, ..
        }
        | Event::LabelReported {
            fulfilment, parcel, ..
        } => (*fulfilment, *parcel),
        Event::Parcel(event) => event.parcel(),
        _ => return Ok(()),
    };
    must(
        before.parcel(about.0, about.1).is_some(),
        "parcel_exists",
        || format!("{} about parcel {about:?}", recorded.event.kind()),
    )?;
    let Ok(after) = evolve(Some(before.clone()), recorded) else {
        return Ok(());
    };
    let mut others = before
        .parcels()
        .filter(|(work, parcel)| (work.number, parcel.number) != about);
    let touched =
        others.find(|(work, parcel)| after.parcel(work.number, parcel.number) != Some(*parcel));
    must(touched.is_none(), "parcels_apart", || {
        let other = touched.map(|(work, parcel)| (work.number, parcel.number));
        format!(
            "{} about {about:?} changes {other:?}",
            recorded.event.kind()
        )
    })
}

/// What a carrier can show for a parcel that it delivers: mostly something, and a signature for half.
pub(super) fn proof_of(fact: &Fact, dice: &mut Dice) -> Option<Fact> {
    let Fact::Scan(ScanFact {
        tracking_number,
        carrier,
        scan,
    }) = fact
    else {
        return None;
    };
    let shows = scan.status == ParcelStatus::Delivered && dice.percent(70);
    shows.then(|| {
        Fact::Proof(ProofFact {
            tracking_number: tracking_number.clone(),
            carrier: carrier.clone(),
            proof: DeliveryProof {
                at: scan.at,
                signed: dice.percent(50),
                reference: dice.percent(50).then(|| format!("POD-{tracking_number}")),
            },
        })
    })
}

impl World<'_> {
    /// No label was sold twice for one parcel.
    pub(super) fn check_labels_sold(&mut self) {
        if let Some((order, fulfilment, parcel)) = self.depot.sold_twice {
            let name = self.name(order);
            let found =
                format!("{name}: parcel {parcel} of fulfilment {fulfilment} has two labels");
            self.fall("label_bought_once", found);
        }
    }

    /// Once everybody has answered, no label of work that does not ship is left unreturned, unless its
    /// carrier keeps it.
    pub(super) fn orphan_label(&self, order: &Order) -> Option<String> {
        let kept = |work: &Fulfilment| work.is_off() && !work.has_left();
        let mut off = order.parcels().filter(|(work, _)| kept(work));
        off.find_map(|(work, parcel)| {
            let key = (order.id, work.number, parcel.number);
            let sold = self.depot.parcels.get(&key).filter(|sold| !sold.voided)?;
            let kept = parcel
                .label
                .as_ref()
                .is_some_and(|label| label.void_refused);
            (!kept).then(|| format!("{} of {key:?} was not given back", sold.tracking))
        })
    }
}
