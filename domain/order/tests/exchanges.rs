//! Units that go out for others that come back: held until those were accepted, paid with them, and to
//! the minor unit what was said before.

use proptest::prelude::*;

use super::super::*;
use super::edits::{new, ship_all};
use super::returns::{
    arrival, ask, delivered, inspect, of_line, on_hand, open, receive, stage, units,
};
use super::tenders::report;
use super::world::*;
use crate::canonical::*;
use crate::money::Money;

pub(super) fn other(sku: &str, quantity: u32, price: &str) -> ExchangeLine {
    match new(sku, quantity, price) {
        LineEdit::Add(line) => ExchangeLine::Other(line),
        LineEdit::Set { .. } => unreachable!("it adds"),
    }
}

fn again(quantity: u32) -> ExchangeLine {
    ExchangeLine::Again {
        line: "1".to_owned(),
        quantity: units(quantity),
    }
}

pub(super) fn exchange(
    world: &mut World,
    back: u32,
    lines: Vec<ExchangeLine>,
) -> Result<Decided, Rejection> {
    let asked = world.command(Command::Exchange(ExchangeCommand::Open {
        back: Some(vec![("1".to_owned(), units(back))]),
        lines,
        advance: false,
        reason: "another size".into(),
    }));
    world.check();
    asked
}

/// What was announced came and is good as new.
pub(super) fn bring_back(world: &mut World, number: u16, count: u32) {
    receive(world, number, &format!("P{number}"), vec![of_line(count)]);
    inspect(world, number, &[(count, Disposition::Restock)]);
}

pub(super) fn sums(world: &World) -> (Money, Money) {
    let all = |part: fn(&Tender) -> Money| {
        let tenders = world.order.tenders.iter().map(part);
        Money::sum(world.order.draft.currency, tenders)
    };
    (all(Tender::captured_sum), all(Tender::refunded_sum))
}

pub(super) fn outcome(world: &World, number: u16) -> &str {
    let exchange = world.order.exchange(number).expect("it is there");
    let settled = exchange.settled.as_ref();
    settled.map_or("open", |end| &end.outcome)
}

/// Whatever was sold and kept is what was paid and kept, in the ledger too.
pub(super) fn nothing_is_owed(world: &World) {
    let currency = world.order.draft.currency;
    let owed = world.order.ledger.balance(&Account::Receivable, currency);
    assert!(owed.is_zero(), "{owed} is owed");
    world.check();
}

#[test]
fn an_even_exchange_moves_no_money_and_ships_once_the_units_are_back() {
    let mut world = delivered(CaptureMode::Many);
    let before = sums(&world);
    exchange(&mut world, 2, vec![again(2)]).expect("the buyer has them");
    world.settle();
    assert_eq!(stage(&world, 1), "approved");
    assert_eq!(world.order.fulfilments.len(), 1, "nothing goes out yet");
    assert_eq!(on_hand(&world), 1);
    bring_back(&mut world, 1, 2);
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    assert_eq!(world.order.fulfilments.len(), 2, "now it does");
    assert_eq!(sums(&world), before, "and nobody pays for it");
    ship_all(&mut world);
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(outcome(&world, 1), "exchanged");
    assert_eq!(sums(&world), before);
    assert_eq!(world.order.tenders.len(), 1);
    nothing_is_owed(&world);
    assert_eq!(world.folded(), world.order);
}

#[test]
fn what_lacks_is_charged_and_what_is_over_goes_back() {
    for (price, captured, refunded) in [
        ("25.50", "95.99", "0.00"),
        ("12.25", "84.99", "15.50"),
        ("0.00", "84.99", "40.00"),
    ] {
        let mut world = delivered(CaptureMode::Many);
        exchange(&mut world, 2, vec![other("SKU-1", 2, price)]).expect("legal");
        bring_back(&mut world, 1, 2);
        world.settle();
        ship_all(&mut world);
        assert_eq!(world.order.stage, Stage::Completed, "{price}");
        assert_eq!(outcome(&world, 1), "exchanged", "{price}");
        assert_eq!(sums(&world), (eur(captured), eur(refunded)), "{price}");
        nothing_is_owed(&world);
    }
}

#[test]
fn units_that_are_not_accepted_are_no_exchange_and_nothing_more_is_charged() {
    let mut world = delivered(CaptureMode::Many);
    world.policy.returns.refund_damaged = false;
    exchange(&mut world, 2, vec![again(2)]).expect("legal");
    receive(&mut world, 1, "P1", vec![of_line(2)]);
    inspect(
        &mut world,
        1,
        &[(1, Disposition::Restock), (1, Disposition::Scrap)],
    );
    world.settle();
    assert_eq!(outcome(&world, 1), "worth_less");
    assert_eq!(sums(&world), (eur("84.99"), eur("20.00")));
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.order.fulfilments.len(), 1);
    nothing_is_owed(&world);
}

#[test]
fn a_first_parcel_of_an_exchange_waits_for_the_second() {
    let mut world = delivered(CaptureMode::Many);
    exchange(&mut world, 2, vec![again(2)]).expect("legal");
    bring_back(&mut world, 1, 1);
    world.settle();
    assert_eq!(sums(&world).1, eur("0.00"), "it pays for something");
    receive(&mut world, 1, "P2", vec![of_line(1)]);
    inspect(&mut world, 1, &[(1, Disposition::Restock)]);
    world.settle();
    ship_all(&mut world);
    assert_eq!(outcome(&world, 1), "exchanged");
    assert_eq!(sums(&world), (eur("84.99"), eur("0.00")));
}

#[test]
fn what_does_not_come_back_is_not_exchanged() {
    let mut world = delivered(CaptureMode::Many);
    exchange(&mut world, 1, vec![again(1)]).expect("legal");
    world.settle();
    let until = wake_at(&world.order, &world.policy).expect("it waits");
    world.wait(until.duration_since(world.now).as_secs() + 1);
    assert_eq!(stage(&world, 1), "no_show");
    assert_eq!(outcome(&world, 1), "not_accepted");
    // Evidence is taken all the same, and paid back like any other.
    bring_back(&mut world, 1, 1);
    world.settle();
    assert_eq!(sums(&world).1, eur("20.00"));
    nothing_is_owed(&world);
}

#[test]
fn what_nobody_has_is_paid_back() {
    let mut world = delivered(CaptureMode::Many);
    exchange(&mut world, 1, vec![other("SKU-9", 1, "20.00")]).expect("legal");
    bring_back(&mut world, 1, 1);
    world.settle();
    assert_eq!(outcome(&world, 1), "out_of_stock");
    assert_eq!(sums(&world).1, eur("20.00"));
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(world.order.editing, None);
    nothing_is_owed(&world);
}

#[test]
fn a_difference_that_is_declined_leaves_the_money_of_what_came_back() {
    let mut world = delivered(CaptureMode::Many);
    exchange(&mut world, 1, vec![other("SKU-1", 1, "30.00")]).expect("legal");
    bring_back(&mut world, 1, 1);
    for word in ["restock_units", "reserve_stock", "confirm_stock"] {
        world.answer(word);
    }
    assert_eq!(world.order.tenders[1].amount, eur("10.00"));
    let declined = PaymentEvidence::Declined {
        reference: Some("pi_2".into()),
        code: "card_declined".into(),
    };
    report(&mut world, 2, declined);
    world.settle();
    assert_eq!(outcome(&world, 1), "payment_declined");
    assert_eq!(sums(&world), (eur("84.99"), eur("20.00")));
    nothing_is_owed(&world);
}

#[test]
fn what_is_cancelled_of_it_before_it_ships_is_paid_back() {
    let mut world = delivered(CaptureMode::Many);
    exchange(&mut world, 2, vec![other("SKU-1", 2, "25.00")]).expect("legal");
    bring_back(&mut world, 1, 2);
    world.settle();
    let reason = "changed their mind".to_owned();
    world
        .command(Command::Cancel { reason })
        .expect("not shipped");
    world.settle();
    assert_eq!(outcome(&world, 1), "cancelled");
    assert_eq!(sums(&world), (eur("84.99"), eur("40.00")));
    assert_eq!(world.order.stage, Stage::Completed);
    nothing_is_owed(&world);
}

#[test]
fn what_went_out_may_come_back_in_its_turn() {
    let mut world = delivered(CaptureMode::Many);
    exchange(&mut world, 2, vec![other("SKU-1", 2, "25.00")]).expect("legal");
    bring_back(&mut world, 1, 2);
    world.settle();
    ship_all(&mut world);
    let id = world.order.draft.lines[1].external_id.clone();
    assert_eq!(id, "new1+x1");
    let lines = Some(vec![(id.clone(), units(2))]);
    let reason = "neither fits".to_owned();
    ask(&mut world, ReturnCommand::Open { lines, reason }).expect("the buyer has them");
    let came = ReceivedLine::Line(id.clone(), units(2));
    let parcel = arrival("Q", vec![came]);
    ask(&mut world, ReturnCommand::Receive { number: 2, parcel }).expect("it came");
    let lines = vec![InspectedLine {
        line: id,
        quantity: units(2),
        disposition: Disposition::Restock,
        accepted: None,
    }];
    let inspect = ReturnCommand::Inspect {
        number: 2,
        lines,
        rest: None,
    };
    ask(&mut world, inspect).expect("they are there");
    world.settle();
    assert_eq!(sums(&world), (eur("94.99"), eur("50.00")));
    nothing_is_owed(&world);
}

#[test]
fn what_cannot_be_exchanged_is_said_at_once() {
    let mut world = delivered(CaptureMode::Many);
    let nothing = exchange(&mut world, 1, Vec::new());
    assert_eq!(nothing.map_err(|why| why.code()), Err("nothing_goes_out"));
    let many = exchange(&mut world, 5, vec![again(1)]);
    assert_eq!(many.map_err(|why| why.code()), Err("too_many"));
    let negative = exchange(&mut world, 1, vec![other("SKU-1", 1, "-1.00")]);
    assert_eq!(negative.map_err(|why| why.code()), Err("invalid_line"));
    assert!(world.order.returns.is_empty(), "and nothing was opened");
    open(&mut world, 4);
    let again = exchange(&mut world, 1, vec![again(1)]);
    assert_eq!(again.map_err(|why| why.code()), Err("nothing_to_return"));
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 300, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn however_units_are_exchanged_the_buyer_pays_for_what_is_kept(
        fee in prop_oneof![Just(0_u32), Just(15)],
        once in any::<bool>(),
        swaps in prop::collection::vec((1_u32..3, 0_u32..4000, 0_u8..4), 1..3),
    ) {
        let mode = if once { CaptureMode::Once } else { CaptureMode::Many };
        let mut world = delivered(mode);
        world.policy.returns.restocking_fee_percent = fee;
        let mut kept = 4;
        for (count, cents, fate) in swaps {
            if count > kept {
                break;
            }
            let price = format!("{}.{:02}", cents / 100, cents % 100);
            let number = u16::try_from(world.order.returns.len()).expect("few") + 1;
            exchange(&mut world, count, vec![other("SKU-1", 1, &price)]).expect("legal");
            if fate == 0 {
                let reason = "kept after all".to_owned();
                ask(&mut world, ReturnCommand::Close { number, reason }).expect("nothing came");
                world.settle();
                prop_assert_eq!(outcome(&world, number), "not_accepted");
                continue;
            }
            bring_back(&mut world, number, count);
            kept -= count;
            world.settle();
            let open = world.order.fulfilments.iter().any(|f| !f.is_off() && !f.is_shipped());
            if fate == 1 && open {
                let reason = "changed their mind".to_owned();
                world.command(Command::Cancel { reason }).expect("not shipped");
                world.settle();
            }
            ship_all(&mut world);
            world.settle();
        }
        prop_assert!(world.order.exchanges.iter().all(|one| !one.is_open()));
        let (captured, refunded) = sums(&world);
        let order = &world.order;
        let entitled = order.returns.iter().filter_map(|back| back.payback.entitled);
        let entitled = Money::sum(order.draft.currency, entitled);
        prop_assert_eq!(captured.minus(refunded), order.earned().minus(entitled));
        nothing_is_owed(&world);
        prop_assert_eq!(world.folded(), world.order);
    }
}
