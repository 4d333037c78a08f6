//! What is said of an order that does not go on by itself: once when it begins, once when it ends, and no
//! order is woken to say it again.

use super::super::*;
use super::stuck::{act, order_of_two, packed};
use super::world::*;

fn said(world: &World) -> Vec<&StuckEvent> {
    let events = world.log.iter().map(|recorded| &recorded.event);
    let said = events.filter_map(|event| match event {
        Event::Stuck(event) => Some(event),
        _ => None,
    });
    said.collect()
}

/// The open call of this kind gets no answer.
fn fail(world: &mut World, call: &str) {
    let effect = world.outstanding(call).expect("it is open");
    world.fact(Fact::Unknown(Postponement {
        effect,
        reason: "no answer".to_owned(),
        not_before: None,
    }));
}

#[test]
fn a_call_that_fails_for_long_is_said_once_and_taken_back_by_its_answer() {
    let mut world = order_of_two(&[("BER1", "SKU-1", 2)]);
    world.answer("reserve_stock");
    fail(&mut world, "authorize_payment");
    assert_eq!(said(&world), [] as [&StuckEvent; 0]);
    let due = world.now + world.policy.stuck_after;
    assert_eq!(Wait::Stuck.until(&world.order, &world.policy), Some(due));
    for _ in 0..5 {
        world.wait(60);
        fail(&mut world, "authorize_payment");
    }
    let stuck = StuckEvent::Stuck {
        by: StuckBy::Call {
            effect: "authorize_payment".to_owned(),
        },
        recommended: Some("retry".to_owned()),
    };
    assert_eq!(said(&world), [&stuck]);
    assert!(world.order.stuck.is_some());
    // Nothing wakes it for that any more.
    assert_eq!(Wait::Stuck.until(&world.order, &world.policy), None);
    let since = world.order.stuck.expect("it is stuck");
    world.answer("authorize_payment");
    assert_eq!(said(&world), [&stuck, &StuckEvent::Unstuck { since }]);
    assert_eq!(world.order.stuck, None);
    world.check();
}

#[test]
fn a_call_that_fails_and_then_succeeds_in_time_is_not_worth_a_word() {
    let mut world = order_of_two(&[("BER1", "SKU-1", 2)]);
    world.answer("reserve_stock");
    fail(&mut world, "authorize_payment");
    world.wait(30);
    world.answer("authorize_payment");
    world.settle();
    world.wait(600);
    assert_eq!(said(&world), [] as [&StuckEvent; 0]);
}

#[test]
fn a_hold_of_the_hub_is_said_with_what_helps_and_stays_said_until_it_is_lifted() {
    let mut world = packed();
    world.fact(Fact::Label(LabelFact {
        fulfilment: 1,
        parcel: 1,
        evidence: LabelEvidence::Failed {
            reason: "no service".to_owned(),
        },
    }));
    let held = world
        .log
        .iter()
        .position(|recorded| recorded.event.kind() == "order.hold_placed");
    assert!(held.is_some(), "{:?}", world.order.holds);
    let stuck = StuckEvent::Stuck {
        by: StuckBy::Hold {
            reason: REASON_LABEL_FAILED.to_owned(),
        },
        recommended: Some("release".to_owned()),
    };
    assert_eq!(said(&world), [&stuck], "in the same commit");
    // Days pass.
    let version = world.order.version;
    world.wait(3 * 24 * 3_600);
    assert_eq!(world.order.version, version, "nothing is said again");
    act(&mut world, "release");
    assert!(matches!(said(&world)[..], [_, StuckEvent::Unstuck { .. }]));
    world.check();
}

#[test]
fn a_hold_that_a_person_placed_is_nobodys_trouble() {
    let mut world = packed();
    world.settle();
    let hold = Command::Hold {
        blocks: vec![Edge::Ship],
        scope: HoldScope::Order,
        reason: "the buyer called".to_owned(),
        until: None,
        on_expiry: OnExpiry::default(),
    };
    world.command(hold).expect("legal");
    assert_eq!(said(&world), [] as [&StuckEvent; 0]);
    assert_eq!(world.order.stuck, None);
}

#[test]
fn an_event_of_a_stuck_order_reads_back_as_it_was_stored() {
    for event in [
        Event::Stuck(StuckEvent::Stuck {
            by: StuckBy::Call {
                effect: "buy_label".to_owned(),
            },
            recommended: None,
        }),
        Event::Stuck(StuckEvent::Unstuck {
            since: jiff::Timestamp::UNIX_EPOCH,
        }),
    ] {
        let read = Event::from_stored(event.kind(), event.body());
        assert_eq!(read.expect("readable"), event);
    }
}
