//! The sales channel states an order anew: what the hub follows by itself, what it asks a person, and
//! that the order of statements does not matter.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;

use super::super::*;
use super::routing::ship;
use super::source::asked;
use super::world::*;
use crate::canonical::*;
use crate::quantity::Quantity;

const HOUR: SignedDuration = SignedDuration::from_hours(1);

/// Two lines, of 3 and of 2 units, paid at the channel, as they were at some time.
fn sold() -> OrderDraft {
    let lines = vec![line(1, "SKU-1", 3, "20.00"), line(2, "SKU-2", 2, "5.00")];
    let mut order = draft(lines, "0", Terms::Prepaid { reference: None });
    order.changed_at = Some(beginning() - HOUR);
    order
}

fn placed(order: OrderDraft) -> World {
    let shelves = [("BER1", "SKU-1", 60), ("BER1", "SKU-2", 60)];
    let mut world = World::place(order, &shelves);
    world.listens = &Topic::ALL;
    world.ship_to = Some(home("Chausseestr. 1"));
    world
}

fn standing() -> World {
    let mut world = placed(sold());
    world.settle();
    world
}

fn home(street: &str) -> Address {
    Address {
        name: Some("Ada Example".into()),
        lines: vec![street.to_owned()],
        city: Some("Berlin".into()),
        postcode: Some("10115".into()),
        country: Some("DE".into()),
        ..Address::default()
    }
}

/// The order as it is stated some minutes after the beginning.
fn statement(minutes: i64, units: [u32; 2]) -> Restatement {
    let mut draft = sold();
    for (line, units) in draft.lines.iter_mut().zip(units) {
        line.quantity = Quantity::units(units);
    }
    draft.changed_at = Some(beginning() + SignedDuration::from_mins(minutes));
    draft.stated_total = draft.totals().grand;
    Restatement {
        draft,
        wanted: BTreeMap::new(),
        ship_to: None,
        paid: true,
    }
}

fn say(world: &mut World, said: Restatement) -> Decided {
    let decided = world.fact(Fact::Channel(ChannelFact::Restated(Box::new(said))));
    world.check();
    assert_eq!(world.folded(), world.order);
    decided
}

fn open(world: &World) -> [u32; 2] {
    [1, 2].map(|line| {
        let units = world.order.open_with_added(line).whole().expect("whole");
        u32::try_from(units).expect("few")
    })
}

#[test]
fn units_that_the_channel_took_back_are_cancelled_and_not_told_to_it() {
    let mut world = standing();
    say(&mut world, statement(1, [1, 2]));
    world.settle();
    assert_eq!(open(&world), [1, 2]);
    assert_eq!(world.order.holds, []);
    let told_back = asked(&world);
    assert!(!told_back.iter().any(|n| n.topic() == Topic::PartCancelled));
    // What they cost, the channel gives back by itself.
    assert_eq!(world.order.due_at_channel(), eur("40.00"));
    world.check();
}

#[test]
fn an_older_statement_is_no_news() {
    let mut world = standing();
    say(&mut world, statement(2, [3, 1]));
    assert_eq!(say(&mut world, statement(1, [1, 1])), Decided::Nothing);
    assert_eq!(say(&mut world, statement(2, [1, 1])), Decided::Nothing);
    world.settle();
    assert_eq!(open(&world), [3, 1]);
    let mut before = statement(0, [1, 1]);
    before.draft.changed_at = Some(beginning() - HOUR - HOUR);
    assert_eq!(
        say(&mut standing(), before),
        Decided::Nothing,
        "than the order"
    );
    let mut timeless = statement(9, [1, 1]);
    timeless.draft.changed_at = None;
    assert_eq!(say(&mut standing(), timeless), Decided::Nothing);
}

#[test]
fn before_it_stands_what_was_taken_back_waits_and_is_cancelled_then() {
    let mut world = placed(sold());
    say(&mut world, statement(1, [3, 0]));
    world.settle();
    assert_eq!(open(&world), [3, 0]);
    assert_eq!(world.order.stage, Stage::Fulfilling);
}

#[test]
fn an_order_of_which_nothing_is_wanted_is_cancelled_at_its_source() {
    let mut world = standing();
    say(&mut world, statement(1, [0, 0]));
    world.settle();
    assert_eq!(world.order.stage, Stage::Cancelled);
    assert!(world.order.cancelled_at_source);
    assert!(!asked(&world).contains(&Notice::Cancelled));
}

#[test]
fn units_that_have_left_are_not_wanted_back() {
    let mut world = standing();
    ship(&mut world, 1);
    world.settle();
    say(&mut world, statement(1, [1, 2]));
    world.settle();
    assert_eq!(open(&world), [3, 2]);
    assert_eq!(world.order.holds, []);
}

#[test]
fn what_was_cancelled_here_already_is_not_cancelled_twice() {
    let mut world = standing();
    let lines = super::routing::units(&[("1", 1)]);
    let reason = "one is broken".to_owned();
    let stop = RouteCommand::CancelLines { lines, reason };
    world.command(Command::Route(stop)).expect("legal");
    world.settle();
    say(&mut world, statement(1, [2, 2]));
    world.settle();
    assert_eq!(open(&world), [2, 2]);
}

#[test]
fn units_that_the_channel_was_paid_for_are_added() {
    let mut world = standing();
    let mut said = statement(1, [4, 2]);
    said.draft.lines.push(line(3, "SKU-2", 1, "7.00"));
    said.draft.stated_total = said.draft.totals().grand;
    say(&mut world, said.clone());
    world.settle();
    assert_eq!(open(&world), [4, 2]);
    assert_eq!(world.order.draft.stated_total, eur("97.00"));
    let taken = world.order.tenders.iter().map(Tender::captured_sum);
    assert_eq!(taken.collect::<Vec<_>>(), [eur("70.00"), eur("27.00")]);
    assert_eq!(world.order.holds, []);
    // The line keeps the channel's name for it: it is stated again, and taken back under it.
    said.draft.changed_at = Some(beginning() + HOUR);
    said.draft.lines[2].quantity = Quantity::ZERO;
    say(&mut world, said);
    world.settle();
    let added = world.order.line_numbers().last().expect("a line");
    assert_eq!(world.order.line_at_channel(added), Some("3"));
    assert_eq!(world.order.open(added), Quantity::ZERO);
}

#[test]
fn units_that_nobody_was_paid_for_wait_for_a_person() {
    let mut world = standing();
    let mut said = statement(1, [4, 2]);
    said.paid = false;
    say(&mut world, said.clone());
    assert_eq!(world.order.holds[0].reason, REASON_UNPAID_AT_SOURCE);
    assert_eq!(open(&world), [3, 2]);
    let why = explain(&world.order, &world.policy);
    assert!(why.because.contains("sales channel"), "{}", why.because);
    said.paid = true;
    said.draft.changed_at = Some(beginning() + HOUR);
    say(&mut world, said);
    world.settle();
    assert_eq!((&world.order.holds[..], open(&world)), (&[][..], [4, 2]));
}

#[test]
fn units_that_nobody_was_paid_for_are_left_out_when_a_person_says_so() {
    let mut world = standing();
    let mut said = statement(1, [4, 2]);
    said.paid = false;
    say(&mut world, said.clone());
    let (hold, reason) = (world.order.holds[0].id, "she takes three".to_owned());
    world
        .command(Command::Release { hold, reason })
        .expect("legal");
    said.draft.changed_at = Some(beginning() + HOUR);
    say(&mut world, said);
    world.settle();
    assert_eq!((&world.order.holds[..], open(&world)), (&[][..], [3, 2]));
}

#[test]
fn a_higher_price_waits_until_it_is_paid_and_a_lower_one_for_nothing() {
    let mut world = standing();
    let mut said = statement(1, [3, 2]);
    said.draft.lines[0].unit_price += rust_decimal::Decimal::ONE;
    said.draft.stated_total = said.draft.totals().grand;
    said.paid = false;
    say(&mut world, said.clone());
    assert_eq!(world.order.holds[0].reason, REASON_UNPAID_AT_SOURCE);
    said.paid = true;
    said.draft.changed_at = Some(beginning() + HOUR);
    say(&mut world, said);
    assert_eq!(world.order.holds, []);
    let mut cheaper = statement(1, [3, 2]);
    cheaper.draft.changed_at = Some(beginning() + HOUR + HOUR);
    cheaper.draft.lines[0].unit_price -= rust_decimal::Decimal::ONE;
    cheaper.draft.stated_total = cheaper.draft.totals().grand;
    cheaper.paid = false;
    say(&mut world, cheaper);
    assert_eq!(world.order.holds, []);
}

#[test]
fn a_price_that_changes_where_the_hub_takes_the_money_waits_for_a_person() {
    for by in [1, -1] {
        let mut order = sold();
        order.tenders[0].terms = to_authorize(CaptureMode::Once);
        let mut world = placed(order);
        world.settle();
        let mut said = statement(1, [3, 2]);
        said.draft.lines[0].unit_price += rust_decimal::Decimal::from(by);
        said.draft.stated_total = said.draft.totals().grand;
        say(&mut world, said);
        assert_eq!(world.order.holds[0].reason, REASON_CHANGED_AT_SOURCE);
    }
}

#[test]
fn units_that_are_added_before_it_stands_are_added_when_it_does() {
    let mut world = placed(sold());
    let mut said = statement(1, [4, 1]);
    said.draft.lines.push(line(3, "SKU-2", 1, "7.00"));
    said.draft.stated_total = said.draft.totals().grand;
    say(&mut world, said.clone());
    assert_eq!(world.order.holds, []);
    // Less is wanted again before any of it could be added.
    said.draft.lines[0].quantity = Quantity::units(3);
    said.draft.changed_at = Some(beginning() + HOUR);
    say(&mut world, said);
    world.settle();
    assert_eq!(open(&world), [3, 1]);
    let added = world.order.line_numbers().last().expect("a line");
    assert_eq!(world.order.line_at_channel(added), Some("3"));
    assert_eq!(world.order.open(added), Quantity::units(1));
    assert_eq!(world.order.holds, []);
}

#[test]
fn units_that_nobody_has_wait_for_a_person() {
    let mut world = standing();
    say(&mut world, statement(1, [90, 2]));
    world.settle();
    assert_eq!(world.order.holds[0].reason, REASON_CHANGED_AT_SOURCE);
    assert_eq!(open(&world), [3, 2]);
}

#[test]
fn another_address_of_the_channels_is_followed_and_the_same_one_is_not() {
    let mut world = standing();
    let mut said = statement(1, [3, 2]);
    said.ship_to = world.ship_to.clone();
    say(&mut world, said.clone());
    assert_eq!(world.order.address, 0);
    said.ship_to = Some(home("Friedrichstr. 2"));
    said.draft.changed_at = Some(beginning() + HOUR);
    assert!(!format!("{said:?}").contains("Friedrich"));
    say(&mut world, said.clone());
    assert_eq!(world.order.address, 1);
    said.draft.changed_at = Some(beginning() + HOUR + HOUR);
    let abroad = said.ship_to.as_mut().expect("an address");
    abroad.country = Some("FR".into());
    say(&mut world, said);
    assert_eq!(world.order.holds[0].reason, REASON_CHANGED_AT_SOURCE);
}

#[test]
fn the_same_address_is_no_news_while_its_label_is_bought_nor_once_everything_has_left() {
    let mut world = standing();
    for step in [
        FulfilmentStep::Accept,
        FulfilmentStep::Pick { lines: None },
        FulfilmentStep::Pack,
    ] {
        world.step(step).expect("legal");
    }
    let mut asked = world.order.outstanding.values().map(|open| &open.effect);
    assert!(asked.any(|effect| matches!(effect, Effect::BuyLabel { .. })));
    let mut said = statement(1, [3, 2]);
    said.ship_to = world.ship_to.clone();
    say(&mut world, said.clone());
    world.settle();
    world.step(FulfilmentStep::HandOver).expect("legal");
    world.settle();
    said.draft.changed_at = Some(beginning() + HOUR);
    say(&mut world, said);
    assert!(!world.kinds().contains(&"order.fact_ignored"));
    assert_eq!((world.order.address, &world.order.holds[..]), (0, &[][..]));
}

#[test]
fn another_address_after_everything_has_left_stands_in_the_log() {
    let mut world = standing();
    ship(&mut world, 1);
    world.settle();
    let mut said = statement(1, [3, 2]);
    said.ship_to = Some(home("Friedrichstr. 2"));
    say(&mut world, said);
    assert!(world.kinds().contains(&"order.fact_ignored"));
    assert_eq!(world.order.holds, []);
}

#[test]
fn a_statement_that_the_channel_has_released_ends_the_wait_for_it() {
    let mut order = sold();
    order.awaits_release = true;
    let mut world = placed(order);
    world.settle();
    assert_eq!(world.order.holds[0].reason, REASON_AWAITS_CHANNEL);
    say(&mut world, statement(1, [3, 2]));
    assert_eq!(world.order.holds, []);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Six statements, some of them twice, in any order: the order is as the newest one says.
    #[test]
    fn in_any_order_and_twice_the_newest_statement_counts(
        units in proptest::collection::vec([1_u32..5, 1_u32..4], 6),
        order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let mut world = standing();
        let newest = units[5];
        for place in order {
            let nth = place % 6;
            let minutes = i64::try_from(nth).expect("few") + 1;
            say(&mut world, statement(minutes, units[nth]));
            world.settle();
        }
        let known: Vec<Timestamp> = world.order.at_source.changed_at.into_iter().collect();
        prop_assert_eq!(known, vec![beginning() + SignedDuration::from_mins(6)]);
        prop_assert_eq!(&world.order.holds, &[]);
        prop_assert_eq!(open(&world), newest);
    }
}
