//! Lines of payout files at their order: what they settle, and what is left that none has named.

use super::super::*;
use super::refunds::delivered;
use super::world::*;
use crate::money::Money;
use crate::settlement::{LineDecision, LineKind, PayoutLine, Verdict};

/// A line of the gateway's file about money of the order.
fn line(id: &str, kind: LineKind, gross: &str) -> PayoutLine {
    let gross = eur(gross);
    PayoutLine {
        id: id.into(),
        kind,
        gross,
        fee: Money::zero(gross.currency()),
        net: gross,
        at: None,
    }
}

fn say(world: &mut World, line: &PayoutLine) {
    let gateway = world.order.tenders[0].gateway().cloned();
    world.fact(Fact::Payout(PayoutFact {
        source: gateway.expect("it was paid through one"),
        payment: None,
        line: line.clone(),
    }));
}

fn unnamed(world: &World) -> Vec<String> {
    let open = world.order.unreconciled();
    open.map(|(tender, gateway, open)| format!("{tender} {gateway} {open}"))
        .collect()
}

#[test]
fn money_is_unreconciled_from_its_capture_until_a_line_that_fits_names_it() {
    let mut world = delivered();
    let open = ["1 stripe-eu 44.97 EUR"];
    assert_eq!(unnamed(&world), open);
    say(&mut world, &line("txn_1", LineKind::Charge, "44.96"));
    assert_eq!(unnamed(&world), open, "a cent is missing: it names nothing");
    say(&mut world, &line("txn_2", LineKind::Refund, "-5.00"));
    assert_eq!(unnamed(&world), open, "a refund names no capture");
    let right = line("txn_1", LineKind::Charge, "44.97");
    say(&mut world, &right);
    assert_eq!(unnamed(&world), [""; 0]);
    assert_eq!(world.order.payout_verdict(&right), Some(Verdict::Matched));
    assert_eq!(world.folded(), world.order);
    world.check();
}

fn decide_about(
    world: &mut World,
    line: &str,
    decision: LineDecision,
) -> Result<Decided, Rejection> {
    world.command(Command::DecideLine {
        line: line.into(),
        decision,
        reason: "the bank took a cent".into(),
    })
}

#[test]
fn a_persons_decision_about_a_line_stands_in_the_log_and_ends_the_waiting() {
    let mut world = delivered();
    say(&mut world, &line("txn_1", LineKind::Charge, "44.96"));
    decide_about(&mut world, "txn_1", LineDecision::WrittenOff).expect("it does not fit");
    assert_eq!(unnamed(&world), [""; 0], "nobody waits for it any more");
    let decided = |world: &World| {
        let kinds = world.kinds().into_iter();
        let kinds = kinds.filter(|kind| kind.starts_with("payment.variance_"));
        kinds.collect::<Vec<_>>()
    };
    assert_eq!(decided(&world), ["payment.variance_written_off"]);
    decide_about(&mut world, "txn_1", LineDecision::WrittenOff).expect("the same again");
    assert_eq!(decided(&world).len(), 1, "it was said before");
    decide_about(&mut world, "txn_1", LineDecision::Resolved).expect("another mind");
    assert_eq!(decided(&world).len(), 2);
    assert_eq!(unnamed(&world), [""; 0]);
    // A line that the order has not judged is noted all the same.
    decide_about(&mut world, "txn_9", LineDecision::Resolved).expect("it names the order");
    assert_eq!(decided(&world).len(), 3);
    assert_eq!(world.folded(), world.order);
    world.check();
}

#[test]
fn there_is_nothing_to_decide_about_a_line_that_fits_and_a_refund_settles_no_capture() {
    let mut world = delivered();
    say(&mut world, &line("txn_2", LineKind::Refund, "-5.00"));
    decide_about(&mut world, "txn_2", LineDecision::Resolved).expect("no refund is known");
    assert_eq!(unnamed(&world), ["1 stripe-eu 44.97 EUR"]);
    say(&mut world, &line("txn_1", LineKind::Charge, "44.97"));
    let refused = decide_about(&mut world, "txn_1", LineDecision::Resolved);
    assert_eq!(refused.err(), Some(Rejection::NothingToDecide));
}
