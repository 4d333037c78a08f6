//! Work in several parcels: that it happens in the worlds, with every fate, and errors about it that they
//! must find.

use super::moves::{Kind, Move};
use super::planted::{changed, must_find};
use super::*;
use crate::order::{
    ClaimEvent, Context, Decided, Effect, Event, Fact, Input, InputBody, LabelEvidence, Order,
    Rejection,
};

/// What the laws about parcels are there for happens often enough to be wrong.
#[test]
fn work_goes_out_in_several_parcels_that_end_differently() {
    let mut times: BTreeMap<&'static str, usize> = BTreeMap::new();
    for seed in 1..=200 {
        let mut dice = Dice::seeded(seed);
        let mut world = World::new(dice.roll(), &Hub, false);
        for next in moves::draw(&mut dice, STEPS) {
            world.play(next);
        }
        // Carriers go on for a while as they do before everybody only wants to be done.
        let course = [Kind::Work, Kind::Deliver, Kind::Scan, Kind::Deliver];
        for (number, kind) in (STEPS + 1..).zip(course.into_iter().cycle()).take(600) {
            let roll = dice.roll();
            let cancels = number.is_multiple_of(40);
            let kind = if cancels { Kind::Cancel } else { kind };
            world.play(Move { number, kind, roll });
        }
        world.come_to_rest();
        assert_eq!(world.broken, None, "seed {seed}");
        let mut count = |what, holds: bool| *times.entry(what).or_default() += usize::from(holds);
        for work in world.audit.orders().flat_map(|order| &order.fulfilments) {
            let several = work.parcels.len() > 1;
            let labels = work.parcels.iter().filter_map(|one| one.label.as_ref());
            let voided = labels.filter(|label| label.voided).count();
            count("several parcels", several);
            count("all of several arrived", several && work.is_delivered());
            count(
                "some of several arrived",
                several && work.is_partly_delivered(),
            );
            count("labels of several given back", several && voided > 1);
            let again = work.parcels.iter().filter(|one| one.replaced_at.is_some());
            let again = again.count();
            count(
                "one of several sent again",
                several && again > 0 && !work.is_replaced(),
            );
            let back = work.parcels.iter().any(|one| one.restocked_at.is_some());
            count("one of several shelved", several && back);
        }
        for recorded in world.store.logs.values().flatten() {
            if let Event::Claim(event) = &recorded.event {
                let unknown = matches!(event, ClaimEvent::Opened { lines, .. } if lines.is_empty());
                let said = matches!(event, ClaimEvent::Resolved { lines, .. } if !lines.is_empty());
                count("a claim about nobody knows what", unknown);
                count("what was in it is said", said);
            }
        }
    }
    assert_eq!(times.len(), 8);
    for (what, often) in &times {
        assert!(*often > 0, "{what}: {often} of {times:?}");
    }
}

/// Gives back the label of the first parcel and forgets the others.
struct ForgetsOtherLabels;

impl Core for ForgetsOtherLabels {
    fn decide(&self, o: &Order, i: &Input, c: &Context<'_>) -> Result<Decided, Rejection> {
        changed(o, i, c, |events| {
            events.retain(|recorded| {
                let opened = recorded.event.opens();
                !opened.is_some_and(
                    |open| matches!(open.effect, Effect::VoidLabel { parcel, .. } if parcel > 1),
                )
            });
        })
    }
}

#[test]
fn a_label_of_a_second_parcel_that_nobody_gives_back_is_found() {
    must_find(&ForgetsOtherLabels, "labels_given_back");
}

/// Takes the label of one parcel for the label of another.
struct MixesLabels;

impl Core for MixesLabels {
    fn decide(&self, o: &Order, i: &Input, c: &Context<'_>) -> Result<Decided, Rejection> {
        let mut wrong = i.clone();
        if let InputBody::Fact(Fact::Label(label)) = &mut wrong.body
            && matches!(label.evidence, LabelEvidence::Bought { .. })
        {
            label.parcel = 1;
        }
        crate::order::decide(o, &wrong, c)
    }
}

#[test]
fn a_label_that_is_put_on_another_parcel_is_found() {
    must_find(&MixesLabels, "comes_to_rest");
}
