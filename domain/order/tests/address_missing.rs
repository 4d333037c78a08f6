//! Orders that are to be sent and that nobody has said a destination of.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::super::*;
use super::routing::shelf;
use super::stuck::{act, explained, unstuck};
use super::world::*;
use crate::canonical::*;

const STOCK: [(&str, &str, i64); 1] = [("BER1", "SKU-1", 2)];

fn order() -> OrderDraft {
    let lines = vec![line(1, "SKU-1", 2, "10.00")];
    let mut order = draft(lines, "0.00", Terms::Prepaid { reference: None });
    order.destination = None;
    order.changed_at = Some(beginning());
    order
}

fn nowhere(order: OrderDraft) -> World {
    let mut world = World::place_nowhere(order, &STOCK);
    world.settle();
    world
}

/// The channel states it a minute later.
fn stated(world: &mut World, ship_to: Option<Address>) {
    let mut draft = order();
    draft.changed_at = Some(beginning() + SignedDuration::from_mins(1));
    world.fact(Fact::Channel(ChannelFact::Restated(Box::new(
        Restatement {
            draft,
            wanted: BTreeMap::new(),
            ship_to,
            paid: true,
        },
    ))));
}

#[test]
fn an_order_without_an_address_keeps_its_stock_until_a_person_says_where_it_goes() {
    let mut world = nowhere(order());
    assert_eq!(world.order.stage, Stage::Confirmed);
    assert_eq!(shelf(&world, "BER1", "SKU-1"), (2, 2));
    assert!(world.order.stuck.is_some(), "somebody has to hear of it");
    world.wait(30 * 24 * 3600);
    assert_eq!(shelf(&world, "BER1", "SKU-1"), (2, 2));
    let because = "nobody has said where it goes";
    unstuck(&mut world, because, "change_address", "request_fulfilment");
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    assert_eq!((world.order.stuck, &world.order.holds[..]), (None, &[][..]));
}

#[test]
fn an_address_that_the_channel_states_later_lets_it_go_on() {
    let mut world = nowhere(order());
    stated(&mut world, None);
    assert!(world.order.is_held_for(REASON_ADDRESS_MISSING));
    let mut world = nowhere(order());
    stated(&mut world, Some(home()));
    assert_eq!(world.order.holds, []);
    assert_eq!(world.order.draft.destination.as_deref(), Some("DE"));
    assert!(world.outstanding("request_fulfilment").is_some());
    world.check();
}

#[test]
fn who_releases_it_has_it_sent_with_what_is_known() {
    let mut world = nowhere(order());
    act(&mut world, "release");
    assert_eq!(world.order.holds, []);
    assert!(world.outstanding("request_fulfilment").is_some());
}

#[test]
fn what_the_channel_keeps_back_needs_nobody_before_it_is_released() {
    let mut kept = order();
    kept.awaits_release = true;
    let mut world = nowhere(kept);
    assert_eq!(world.order.holds.len(), 2);
    assert_eq!(world.order.stuck, None);
    let reference = None;
    world.fact(Fact::Channel(ChannelFact::Paid { reference }));
    explained(&world, "nobody has said where it goes", "change_address");
    assert!(world.order.stuck.is_some());
}

#[test]
fn what_its_channel_never_states_anew_is_sent_with_what_is_known() {
    let mut once = order();
    once.changed_at = None;
    let world = nowhere(once);
    assert_eq!(world.order.holds, []);
    assert_eq!(world.order.stage, Stage::Fulfilling);
}

#[test]
fn what_is_collected_or_not_sent_needs_no_address() {
    let mut collected = order();
    collected.pickup_location = Some("BER1".into());
    let mut digital = order();
    digital.lines[0].fulfilled_by = FulfilledBy::Nobody;
    let mut at_the_till = order();
    at_the_till.lines[0].fulfilled_by = FulfilledBy::Channel;
    for order in [collected, digital, at_the_till] {
        assert_eq!(nowhere(order).order.holds, []);
    }
}

#[test]
fn an_address_is_one_that_says_a_street_or_a_city() {
    let some = |text: &str| Some(text.to_owned());
    let names = |change: fn(&mut Address)| {
        let mut address = Address {
            name: some("Ada Example"),
            postcode: some("10115"),
            country: some("DE"),
            ..Address::default()
        };
        change(&mut address);
        address.names_a_place()
    };
    assert!(!names(|_| {}));
    assert!(!names(|address| address.lines = vec![" ".to_owned()]));
    assert!(names(|address| address.lines = vec!["Weg 1".to_owned()]));
    assert!(names(|address| address.city = Some("Berlin".to_owned())));
}
