//! The money of exchanges: what pays for units that go out is nobody else's meanwhile, and what was paid
//! once is given back once.

use super::super::*;
use super::edits::ship_all;
use super::exchanges::{bring_back, exchange, nothing_is_owed, other, outcome, sums};
use super::returns::{ask, delivered, inspect, of_line, receive, units};
use super::tenders::report;
use super::world::*;
use crate::canonical::*;
use crate::money::Money;
use crate::policy::ShippingRefund;

#[test]
fn what_pays_for_units_that_go_out_is_not_given_back_beside_them() {
    let mut world = delivered(CaptureMode::Many);
    exchange(&mut world, 3, vec![other("SKU-1", 3, "20.00")]).expect("legal");
    bring_back(&mut world, 1, 3);
    world.settle();
    let refund = |amount: i64| Command::Refund {
        amount: Some(amount.into()),
        as_credit: false,
        reason: "so sorry".into(),
    };
    let all = world.command(refund(84)).map_err(|why| why.code());
    assert_eq!(all, Err("refund_too_large"));
    world.command(refund(24)).expect("nobody needs that");
    ship_all(&mut world);
    assert_eq!(outcome(&world, 1), "exchanged");
    assert_eq!(sums(&world), (eur("84.99"), eur("24.00")));
    world.command(refund(60)).expect("they have left");
    world.settle();
    assert_eq!(sums(&world).1, eur("84.00"));
    nothing_is_owed(&world);
}

#[test]
fn money_that_a_bank_takes_back_meanwhile_pays_for_nothing() {
    let mut world = delivered(CaptureMode::Many);
    exchange(&mut world, 2, vec![other("SKU-1", 2, "20.00")]).expect("legal");
    receive(&mut world, 1, "P1", vec![of_line(2)]);
    inspect(&mut world, 1, &[(2, Disposition::Restock)]);
    // It was accepted, and is not on the shelf yet.
    assert_eq!(world.order.exchanges[0].credit, Some(eur("40.00")));
    for won in [None, Some(false)] {
        let (dispute, amount) = ("dp_1".to_owned(), eur("84.99"));
        let due = None;
        let told = match won {
            None => PaymentEvidence::DisputeOpened {
                dispute,
                amount,
                due,
            },
            Some(won) => PaymentEvidence::DisputeClosed {
                dispute,
                won,
                amount,
            },
        };
        report(&mut world, 1, told);
        world.settle();
    }
    assert_eq!(outcome(&world, 1), "worth_less");
    assert_eq!(world.order.fulfilments.len(), 1, "nothing more went out");
    assert_eq!(sums(&world).1, eur("0.00"));
    nothing_is_owed(&world);
}

#[test]
fn shipping_goes_back_once_however_often_units_are_exchanged() {
    for shipping in [ShippingRefund::Whole, ShippingRefund::Share] {
        let mut world = delivered(CaptureMode::Many);
        world.policy.returns.shipping = shipping;
        world.policy.returns.restocking_fee_percent = 15;
        exchange(&mut world, 4, vec![other("SKU-1", 1, "70.00")]).expect("legal");
        bring_back(&mut world, 1, 4);
        world.settle();
        ship_all(&mut world);
        let lines = Some(vec![("new1+x1".to_owned(), units(1))]);
        let reason = "neither".to_owned();
        ask(&mut world, ReturnCommand::Open { lines, reason }).expect("the buyer has it");
        receive(
            &mut world,
            2,
            "Q",
            vec![ReceivedLine::Line("new1+x1".into(), units(1))],
        );
        let rest = Some(Disposition::Restock);
        let (number, lines) = (2, Vec::new());
        let looked = ReturnCommand::Inspect {
            number,
            lines,
            rest,
        };
        ask(&mut world, looked).expect("it is there");
        world.settle();
        // 84.99 less its fee, and 70.00 less its fee.
        let entitled = world
            .order
            .returns
            .iter()
            .filter_map(|r| r.payback.entitled);
        let entitled = Money::sum(eur("0").currency(), entitled);
        assert_eq!(entitled, eur("72.24").plus(eur("59.50")), "{shipping:?}");
        nothing_is_owed(&world);
    }
}
