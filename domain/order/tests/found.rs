//! Errors that the simulator found, each as the shortest life that shows it.

use jiff::SignedDuration;

use super::super::*;
use super::returns::{arrival, ask, delivered, of_line, open, receive};
use super::tenders::{asked, paid_by, report, ship};
use super::world::*;
use crate::canonical::*;
use crate::ids::OrderId;
use crate::money::Money;
use crate::policy::{OnceCapture, RefundWay};
use crate::quantity::Quantity;
use crate::stock::StockCommand;

/// The stock that two lines of one order come from.
const TWO: [(&str, &str, i64); 4] = [
    ("BER1", "SKU-1", 5),
    ("BER1", "SKU-2", 5),
    ("HAM1", "SKU-1", 5),
    ("HAM1", "SKU-2", 5),
];

#[test]
fn a_line_that_was_lost_is_not_consumed_with_the_lines_beside_it() {
    let lines = vec![line(1, "SKU-1", 2, "10.00"), line(2, "SKU-2", 1, "5.00")];
    let order = draft(lines, "0.00", to_authorize(CaptureMode::Once));
    let mut world = World::place(order, &TWO);
    world.answer("reserve_stock");
    world.answer("authorize_payment");
    let confirms = world.outstanding("confirm_stock");
    world.fact(Fact::Stock(StockFact {
        location: "BER1".into(),
        attempt: 1,
        effect: confirms,
        evidence: StockEvidence::Lost { lines: vec![2] },
    }));
    world.settle();
    assert_eq!(world.order.fulfilments.len(), 2);
    for fulfilment in [1, 2] {
        for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
            world
                .command(Command::Fulfil { fulfilment, step })
                .expect("legal");
        }
        world.settle();
        let step = FulfilmentStep::HandOver;
        world
            .command(Command::Fulfil { fulfilment, step })
            .expect("legal");
        world.settle();
        // The shelf of this world knows nothing of the loss, so only the order is looked at.
        assert!(world.order.violations().is_empty());
        assert_eq!(world.folded(), world.order);
    }
}

#[test]
fn an_order_that_stands_and_waits_for_units_of_others_is_woken_and_says_so() {
    let lines = vec![line(1, "SKU-1", 2, "10.00")];
    let order = draft(lines, "0.00", Terms::Invoice);
    let mut world = World::place(order, &[("BER1", "SKU-1", 2), ("HAM1", "SKU-1", 2)]);
    let others = StockCommand::Reserve {
        order: OrderId::new(0, [9; 8], [0; 2]),
        attempt: 1,
        channel: crate::ids::ChannelId(uuid::Uuid::nil()),
        lines: vec![StockLine {
            line: 1,
            sku: "SKU-1".into(),
            quantity: Quantity::units(2),
        }],
        expires_at: world.now + SignedDuration::from_mins(15),
        queued: false,
    };
    let shelf = world
        .shelves
        .stock
        .get_mut(&"HAM1".into())
        .expect("a shelf");
    let held = shelf.decide(&others, None, world.now);
    shelf.apply(&held.change);
    world.settle();
    let reason = "closed".to_owned();
    world
        .step(FulfilmentStep::Reject { reason })
        .expect("legal");
    world.settle();
    let why = explain(&world.order, &world.policy);
    assert_eq!(why.waiting_for, "stock");
    let wakes = wake_at(&world.order, &world.policy).expect("a timer");
    assert!(wakes <= world.now + world.policy.contention_wait);
    // Nobody gives a unit back: a person decides, and nothing wakes the order before.
    world.wait(world.policy.contention_wait.as_secs());
    assert!(world.order.is_held_for(REASON_NO_LOCATION));
    assert_eq!(wake_at(&world.order, &world.policy), None);
}

#[test]
fn an_order_that_is_held_from_asking_for_stock_is_not_woken_for_it() {
    let lines = vec![line(1, "SKU-1", 2, "10.00")];
    let order = draft(lines, "0.00", Terms::Invoice);
    let mut world = World::place(order, &[("BER1", "SKU-1", 2)]);
    world
        .command(Command::Hold {
            scope: HoldScope::Order,
            blocks: vec![Edge::Reserve],
            reason: "check".into(),
            until: None,
            on_expiry: OnExpiry::default(),
        })
        .expect("legal");
    world.fact(Fact::Stock(StockFact {
        location: "BER1".into(),
        attempt: 1,
        effect: world.outstanding("reserve_stock"),
        evidence: StockEvidence::Refused {
            reason: StockRefusal::Short,
        },
    }));
    assert_eq!(world.order.stage, Stage::Reserving);
    assert_eq!(wake_at(&world.order, &world.policy), None);
}

/// Packed and labelled, and then the gateway lets the authorisation go.
fn authorisation_lost() -> World {
    let lines = vec![line(1, "SKU-1", 2, "10.00")];
    let order = draft(lines, "0.00", to_authorize(CaptureMode::Once));
    let mut world = World::place(order, &[("BER1", "SKU-1", 2)]);
    world.settle();
    for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
        world.step(step).expect("legal");
    }
    world.settle();
    let reference = "pi_1".to_owned();
    world.pay(PaymentEvidence::Voided { reference });
    world
}

#[test]
fn a_parcel_does_not_leave_when_its_authorisation_was_lost_after_its_release() {
    let mut world = authorisation_lost();
    assert!(world.order.is_held_for(REASON_PAYMENT_LOST));
    let refused = world.step(FulfilmentStep::HandOver);
    assert!(matches!(refused, Err(Rejection::OnHold(_))), "{refused:?}");
}

#[test]
fn a_parcel_that_left_unpaid_all_the_same_is_shown_to_a_person() {
    let mut world = authorisation_lost();
    world.fact(seen(1, 60, ParcelStatus::PickedUp));
    world.fact(seen(1, 90, ParcelStatus::Delivered));
    world.settle();
    let why = explain(&world.order, &world.policy);
    assert_eq!(
        (world.order.stage, why.waiting_for),
        (Stage::Fulfilling, "person")
    );
    assert!(world.order.is_held_for(REASON_PAYMENT_LOST));
    world.check();
}

#[test]
fn an_order_that_lost_its_location_and_then_its_money_is_shown_to_a_person() {
    let lines = vec![line(1, "SKU-1", 2, "10.00")];
    let order = draft(lines, "0.00", to_authorize(CaptureMode::Once));
    let mut world = World::place(order, &[("BER1", "SKU-1", 2), ("HAM1", "SKU-1", 2)]);
    world.settle();
    let reason = "closed".to_owned();
    world
        .step(FulfilmentStep::Reject { reason })
        .expect("legal");
    let reference = "pi_1".to_owned();
    world.pay(PaymentEvidence::Voided { reference });
    world.settle();
    let why = explain(&world.order, &world.policy);
    assert_eq!(why.waiting_for, "person");
    assert!(world.order.is_held_for(REASON_PAYMENT_LOST));
}

#[test]
fn a_label_that_comes_while_the_location_refuses_to_stop_is_kept() {
    let lines = vec![line(1, "SKU-1", 1, "10.00")];
    let order = draft(lines, "0.00", to_authorize(CaptureMode::Once));
    let mut world = World::place(order, &[("BER1", "SKU-1", 1)]);
    world.settle();
    for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
        world.step(step).expect("legal");
    }
    let reason = "the buyer has changed their mind".into();
    world.command(Command::Cancel { reason }).expect("legal");
    world.answer("buy_label");
    world.fact(Fact::Fulfilment(FulfilmentFact {
        fulfilment: 1,
        occurred_at: None,
        evidence: FulfilmentEvidence::CancelRefused,
    }));
    assert_eq!(world.order.fulfilments[0].stage, FulfilmentStage::Labelled);
    world.step(FulfilmentStep::HandOver).expect("it ships");
    assert_eq!(world.folded(), world.order);
}

#[test]
fn a_parcel_without_a_list_brings_nothing_that_came_with_another_return() {
    let mut world = delivered(CaptureMode::Once);
    open(&mut world, 3);
    open(&mut world, 1);
    // The second return's parcel has three units in it, two more than were announced for it.
    receive(&mut world, 2, "B", vec![of_line(3)]);
    let parcel = Arrival {
        lines: None,
        ..arrival("A", Vec::new())
    };
    ask(&mut world, ReturnCommand::Receive { number: 1, parcel }).expect("one is left");
    let first = world.order.returned(1).expect("it is open");
    assert_eq!(first.received(1), Quantity::units(1));
    assert_eq!(world.order.came_back(1), Quantity::units(4));
}

#[test]
fn a_cent_that_a_person_grants_is_not_of_money_that_goes_back_by_itself() {
    let lines = vec![line(1, "SKU-1", 2, "10.00")];
    let order = draft(lines, "0.00", Terms::Invoice);
    let card = |gateway: &str| Terms::ToAuthorize {
        gateway: gateway.into(),
        token: "pm_card".into(),
        capture: CaptureMode::Once,
    };
    let cards = [
        (eur("10.00"), card("stripe-eu")),
        (eur("10.00"), card("adyen")),
    ];
    let order = paid_by(order, &cards);
    let shelves = [("BER1", "SKU-1", 1), ("HAM1", "SKU-1", 1)];
    let mut world = World::place_under(order, &shelves, |policy| {
        policy.payment.once_capture = OnceCapture::AtFirstShipment;
        policy.payment.refund_order = vec![RefundWay::Gateway("adyen".into())];
    });
    world.settle();
    ship(&mut world, 1);
    let each = |world: &World, of: fn(&Tender) -> Money| {
        let tenders = world.order.tenders.iter();
        tenders.map(of).collect::<Vec<_>>()
    };
    // All is taken although half of it is earned, and that half is the first card's.
    let all = [eur("10.00"), eur("10.00")];
    assert_eq!(each(&world, Tender::captured_sum), all);
    let scratched = Command::Refund {
        amount: Some(eur("0.01").amount()),
        as_credit: false,
        reason: "scratched".into(),
    };
    world.command(scratched).expect("there is enough");
    world.settle();
    let reason = "the rest is not wanted any more".into();
    world.command(Command::Cancel { reason }).expect("legal");
    world.settle();
    // What never ships goes back whole, and the cent beside it.
    let back = [eur("0.01"), eur("10.00")];
    assert_eq!(each(&world, Tender::refunded_sum), back);
    world.check();
}

#[test]
fn a_renewal_takes_nothing_while_what_it_renews_is_being_captured() {
    let lines = vec![line(1, "SKU-1", 2, "10.00")];
    let order = draft(lines, "0.00", to_authorize(CaptureMode::Many));
    let mut world = World::place(order, &[("BER1", "SKU-1", 1), ("HAM1", "SKU-1", 1)]);
    while world.outstanding("reserve_stock").is_some() {
        world.answer("reserve_stock");
    }
    let authorized = |world: &World, tender: u16| PaymentEvidence::Authorized {
        reference: format!("pi_{tender}"),
        amount: eur("20.00"),
        expires_at: Some(world.now + SignedDuration::from_hours(7 * 24)),
    };
    let first = authorized(&world, 1);
    report(&mut world, 1, first);
    world.settle();
    for fulfilment in 1..=2 {
        let step = FulfilmentStep::Accept;
        let accept = Command::Fulfil { fulfilment, step };
        world.command(accept).expect("legal");
    }
    for step in [FulfilmentStep::Pick { lines: None }, FulfilmentStep::Pack] {
        world.step(step).expect("legal");
    }
    world.settle();
    // A day before its end the authorisation is renewed; the parcel leaves at that very moment.
    world.wait(6 * 24 * 3600);
    assert_eq!(asked(&world, "authorize_payment"), [1, 2]);
    world.step(FulfilmentStep::HandOver).expect("legal");
    assert_eq!(asked(&world, "capture_payment"), [1]);
    let renewed = authorized(&world, 2);
    report(&mut world, 2, renewed);
    assert_eq!(asked(&world, "capture_payment"), [1], "it is taken once");
    world.settle();
    ship(&mut world, 2);
    let taken = world.order.tenders.iter().map(Tender::captured_sum);
    assert_eq!(taken.collect::<Vec<_>>(), [eur("10.00"), eur("10.00")]);
    world.check();
}
