//! Lines of payout files at their order: what they settle, and what is left that none has named.

use super::super::*;
use super::refunds::delivered;
use super::world::*;
use crate::money::Money;
use crate::settlement::{LineKind, PayoutLine, Verdict};

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
