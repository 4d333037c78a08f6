//! Units that go out before others have come back: on trust, charged for what does not come, and never
//! paid twice.

use jiff::SignedDuration;
use proptest::prelude::*;

use super::super::*;
use super::edits::ship_all;
use super::exchanges::{bring_back, nothing_is_owed, other, outcome, sums};
use super::returns::{ask, delivered, inspect, of_line, receive, units};
use super::tenders::report;
use super::world::*;
use crate::canonical::*;
use crate::money::Money;
use crate::stock::StockCommand;

/// Four units that the buyer has, and others that somebody else has.
fn bought() -> World {
    let mut world = delivered(CaptureMode::Many);
    let count = StockCommand::Count {
        sku: "SKU-2".into(),
        on_hand: 9,
        buffer: None,
        backorder_limit: None,
        unpicked: Vec::new(),
    };
    world.shelves.tell("BER1", &count, world.now);
    world
}

/// The buyer sends units of the only line back, and gets others at once.
fn advance(world: &mut World, back: u32, lines: Vec<ExchangeLine>) -> Result<Decided, Rejection> {
    let asked = world.command(Command::Exchange(ExchangeCommand::Open {
        back: Some(vec![("1".to_owned(), units(back))]),
        lines,
        advance: true,
        reason: "needed at once".into(),
    }));
    world.check();
    asked
}

/// Two units of 20.00 are to come back for two of this price, which have left.
fn sent(price: &str) -> World {
    let mut world = bought();
    advance(&mut world, 2, vec![other("SKU-2", 2, price)]).expect("the buyer has them");
    world.settle();
    ship_all(&mut world);
    assert_eq!(world.order.stage, Stage::Completed);
    assert_eq!(outcome(&world, 1), "open");
    world
}

fn claw_back_at(world: &World) -> i64 {
    let at = Wait::ClawBack.until(&world.order, &world.policy);
    at.expect("it waits").duration_since(world.now).as_secs()
}

fn decline(world: &mut World, tender: u16) {
    let declined = PaymentEvidence::Declined {
        reference: Some(format!("pi_{tender}")),
        code: "card_declined".into(),
    };
    report(world, tender, declined);
}

#[test]
fn while_what_goes_out_is_being_secured_the_buyer_owes_nothing_for_it() {
    let mut world = bought();
    advance(&mut world, 2, vec![other("SKU-2", 2, "20.00")]).expect("the buyer has them");
    assert!(world.order.editing.is_some(), "it is not in the order yet");
    let wait = Wait::ClawBack.until(&world.order, &world.policy);
    assert_eq!(wait, None);
    world.settle();
    ship_all(&mut world);
    let wait = Wait::ClawBack.until(&world.order, &world.policy);
    assert!(wait.is_some());
}

#[test]
fn what_went_out_in_advance_is_paid_by_what_comes_back() {
    for (price, captured, refunded) in [
        ("20.00", "84.99", "0.00"),
        ("25.50", "95.99", "0.00"),
        ("12.25", "84.99", "15.50"),
    ] {
        let mut world = sent(price);
        bring_back(&mut world, 1, 2);
        world.settle();
        assert_eq!(outcome(&world, 1), "exchanged", "{price}");
        assert_eq!(sums(&world), (eur(captured), eur(refunded)), "{price}");
        nothing_is_owed(&world);
        assert_eq!(world.folded(), world.order);
    }
}

#[test]
fn what_does_not_come_back_is_charged_in_time_and_refunded_when_it_comes_late() {
    let mut world = sent("25.50");
    assert_eq!(sums(&world).0, eur("95.99"), "the difference alone");
    let wait = claw_back_at(&world);
    world.wait(wait - 1);
    assert_eq!(sums(&world).0, eur("95.99"));
    world.wait(2);
    world.settle();
    assert_eq!(outcome(&world, 1), "clawed_back");
    assert_eq!(sums(&world), (eur("135.99"), eur("0.00")));
    nothing_is_owed(&world);
    bring_back(&mut world, 1, 2);
    world.settle();
    assert_eq!(sums(&world), (eur("135.99"), eur("40.00")));
    nothing_is_owed(&world);
    assert_eq!(world.folded(), world.order);
}

#[test]
fn a_part_that_comes_back_is_counted_and_the_rest_is_charged() {
    let mut world = sent("20.00");
    receive(&mut world, 1, "P1", vec![of_line(1)]);
    let wait = Wait::ClawBack.until(&world.order, &world.policy);
    assert_eq!(wait, None, "what has come is looked at first");
    inspect(&mut world, 1, &[(1, Disposition::Restock)]);
    let wait = claw_back_at(&world);
    world.wait(wait + 1);
    world.settle();
    assert_eq!(outcome(&world, 1), "clawed_back");
    assert_eq!(sums(&world), (eur("104.99"), eur("0.00")));
    nothing_is_owed(&world);
}

#[test]
fn units_that_the_buyer_keeps_after_all_are_charged_at_once() {
    let mut world = sent("20.00");
    let reason = "kept after all".to_owned();
    ask(&mut world, ReturnCommand::Close { number: 1, reason }).expect("nothing came");
    world.settle();
    assert_eq!(outcome(&world, 1), "clawed_back");
    assert_eq!(sums(&world), (eur("124.99"), eur("0.00")));
    nothing_is_owed(&world);
}

#[test]
fn what_cannot_be_charged_waits_for_a_person_or_for_what_still_comes() {
    for late in [true, false] {
        let mut world = sent("20.00");
        let wait = claw_back_at(&world);
        world.wait(wait + 1);
        decline(&mut world, 2);
        world.settle();
        assert!(world.order.is_held_for(REASON_CLAW_BACK_FAILED));
        assert_eq!(outcome(&world, 1), "open");
        if late {
            bring_back(&mut world, 1, 2);
        } else {
            let hold = world.order.holds[0].id;
            let reason = "not worth a letter".to_owned();
            world
                .command(Command::Release { hold, reason })
                .expect("it is held");
        }
        world.settle();
        let end = if late { "exchanged" } else { "written_off" };
        assert_eq!(outcome(&world, 1), end);
        assert!(world.order.holds.is_empty());
        assert_eq!(sums(&world), (eur("84.99"), eur("0.00")));
        nothing_is_owed(&world);
        assert_eq!(world.folded(), world.order);
    }
}

#[test]
fn an_authorisation_that_ends_before_it_is_taken_is_not_asked_for_twice() {
    let mut world = sent("20.00");
    let blocks = vec![Edge::Capture];
    let hold = Command::Hold {
        scope: HoldScope::Order,
        blocks,
        reason: "the books are closed".into(),
        until: None,
        on_expiry: OnExpiry::default(),
    };
    world.command(hold).expect("it is open");
    let wait = claw_back_at(&world);
    world.wait(wait + 1);
    world.settle();
    let expires_at = Some(world.now + SignedDuration::from_hours(24));
    let ends = PaymentEvidence::Authorized {
        reference: "pi_2".into(),
        amount: eur("40.00"),
        expires_at,
    };
    report(&mut world, 2, ends);
    world.wait(25 * 3600);
    world.settle();
    assert!(world.order.is_held_for(REASON_CLAW_BACK_FAILED));
    assert_eq!(world.order.exchanges[0].unpaid, Some(eur("40.00")));
    bring_back(&mut world, 1, 2);
    world.settle();
    assert_eq!(outcome(&world, 1), "exchanged");
    assert_eq!(sums(&world), (eur("84.99"), eur("0.00")));
    nothing_is_owed(&world);
}

#[test]
fn nothing_goes_out_in_advance_where_nobody_could_be_charged() {
    let terms = Terms::Prepaid { reference: None };
    let order = draft(vec![line(1, "SKU-1", 4, "20.00")], "4.99", terms);
    let mut world = World::place(order, &[("BER1", "SKU-1", 9)]);
    super::returns::deliver(&mut world);
    let refused = advance(&mut world, 1, vec![other("SKU-1", 1, "20.00")]);
    assert_eq!(refused.map_err(|why| why.code()), Err("paid_at_channel"));
    assert!(world.order.returns.is_empty());
}

/// Three units of 20.00 are to come back for two of 25.00, of which one is cancelled; what they are
/// worth beyond that goes back, whether they come before what remains has left, or after.
#[test]
fn what_a_part_cancelled_exchange_set_aside_is_given_back_to_the_cent() {
    for early in [true, false] {
        let mut world = bought();
        advance(&mut world, 3, vec![other("SKU-2", 2, "25.00")]).expect("the buyer has them");
        world.settle();
        cancel_of_what_goes_out(&mut world, 1);
        if early {
            bring_back(&mut world, 1, 3);
            world.settle();
        }
        ship_all(&mut world);
        if !early {
            bring_back(&mut world, 1, 3);
        }
        world.settle();
        assert_eq!(outcome(&world, 1), "exchanged", "early: {early}");
        let back = sums(&world);
        assert_eq!(back, (eur("84.99"), eur("35.00")), "early: {early}");
        nothing_is_owed(&world);
        assert_eq!(world.folded(), world.order);
    }
}

fn cancel_of_what_goes_out(world: &mut World, count: u32) {
    let line = world.order.draft.lines[1].external_id.clone();
    let part = Command::Route(RouteCommand::CancelLines {
        lines: vec![(line, units(count))],
        reason: "fewer".to_owned(),
    });
    world.command(part).expect("nothing has left");
    world.settle();
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 200, failure_persistence: None, ..ProptestConfig::default()
    })]

    #[test]
    fn whatever_comes_back_the_buyer_pays_for_what_is_kept(
        fee in prop_oneof![Just(0_u32), Just(15)],
        back in 1_u32..4,
        out in 1_u32..4,
        cents in 0_u32..5000,
        cancelled in 0_u32..3,
        came in 0_u32..4,
        declines in any::<bool>(),
        later in any::<bool>(),
        early in any::<bool>(),
    ) {
        let mut world = bought();
        world.policy.returns.restocking_fee_percent = fee;
        let price = format!("{}.{:02}", cents / 100, cents % 100);
        advance(&mut world, back, vec![other("SKU-2", out, &price)]).expect("legal");
        world.settle();
        if cancelled > 0 {
            cancel_of_what_goes_out(&mut world, cancelled.min(out));
        }
        let came = came.min(back);
        if early && came > 0 {
            bring_back(&mut world, 1, came);
            world.settle();
        }
        ship_all(&mut world);
        world.settle();
        if !early && came > 0 {
            bring_back(&mut world, 1, came);
            world.settle();
        }
        if let Some(at) = Wait::ClawBack.until(&world.order, &world.policy) {
            world.wait(at.duration_since(world.now).as_secs() + 1);
            let asked = world.order.exchanges[0].clawed.map(|(tender, _)| tender);
            if let Some(tender) = asked.filter(|_| declines) {
                decline(&mut world, tender);
            }
            world.settle();
        }
        if later && came < back {
            receive(&mut world, 1, "late", vec![of_line(back - came)]);
            inspect(&mut world, 1, &[(back - came, Disposition::Restock)]);
            world.settle();
        }
        let order = &world.order;
        let unpaid = order.exchanges[0].unpaid.unwrap_or(eur("0"));
        let (captured, refunded) = sums(&world);
        let entitled = order.returns.iter().filter_map(|one| one.payback.entitled);
        let entitled = Money::sum(order.draft.currency, entitled);
        prop_assert_eq!(captured.minus(refunded), order.earned().minus(entitled).minus(unpaid));
        let open = order.exchanges[0].is_open();
        prop_assert_eq!(open, unpaid.is_positive());
        world.check();
        prop_assert_eq!(world.folded(), world.order);
    }
}
