//! What edits are worth and paid with, and what cannot be edited.

use super::super::*;
use super::edits::{edit, new, set, ship_all};
use super::routing::{shelf, standing, step};
use super::world::*;
use crate::canonical::*;
use crate::money::Money;
use crate::policy::{ClaimDefault, ShippingRefund};

#[test]
fn added_units_have_their_part_of_discounts_and_taxes() {
    let mut stated = line(1, "A", 3, "10.00");
    stated.discounts.push(Discount {
        code: None,
        amount: eur("3.01"),
        funded_by: FundedBy::Seller,
    });
    stated.taxes.push(Tax {
        name: "VAT".into(),
        rate: None,
        amount: eur("5.13"),
        included: false,
    });
    let mut order = draft(vec![stated], "0.00", to_authorize(CaptureMode::Many));
    order.tax_mode = TaxMode::Exclusive;
    order.stated_total = order.totals().grand;
    order.tenders[0].amount = order.stated_total;
    let mut world = World::place(order, &[("BER1", "A", 9)]);
    world.settle();
    world.command(edit(vec![set("1", 5)])).expect("legal");
    world.settle();
    // 20.00 less two thirds of 3.01, and two thirds of 5.13 on top.
    assert_eq!(world.order.tenders[1].amount, eur("21.41"));
    let tax = world
        .order
        .ledger
        .balance(&Account::Tax, eur("0").currency());
    assert_eq!(tax, eur("8.55").negated());
    world.check();
    ship_all(&mut world);
    assert_eq!(world.order.tenders[1].captured_sum(), eur("21.41"));
}

/// A parcel leaves, and its carrier brings it back.
fn comes_back(world: &mut World, fulfilment: u16) {
    step(world, fulfilment, FulfilmentStep::Pick { lines: None });
    step(world, fulfilment, FulfilmentStep::Pack);
    world.settle();
    step(world, fulfilment, FulfilmentStep::HandOver);
    world.settle();
    let second = 20 * i64::from(fulfilment);
    world.fact(seen(fulfilment, second, ParcelStatus::Returned));
    world.settle();
}

/// What all payments gave back.
fn given_back(world: &World) -> Money {
    let back = world.order.tenders.iter().map(Tender::refunded_sum);
    Money::sum(world.order.draft.currency, back)
}

/// Shipping was agreed for what the order came with. What an edit adds between two refunds changes the
/// share of neither.
#[test]
fn units_that_come_later_have_no_part_in_the_shipping_that_goes_back() {
    for kept in [ShippingRefund::Share, ShippingRefund::Whole] {
        let lines = vec![line(1, "A", 1, "10.00"), line(2, "B", 1, "10.00")];
        let order = draft(lines, "5.00", to_authorize(CaptureMode::Many));
        let mut world = World::place(order, &[("BER1", "A", 9), ("HAM1", "B", 9)]);
        world.policy.returns.shipping = kept;
        world.policy.claims.returned_to_sender = ClaimDefault::Refund;
        world.settle();
        comes_back(&mut world, 1);
        let share = kept == ShippingRefund::Share;
        let first = if share { "12.50" } else { "10.00" };
        assert_eq!(given_back(&world), eur(first));
        world.command(edit(vec![set("1", 3)])).expect("legal");
        world.settle();
        comes_back(&mut world, 2);
        assert_eq!(given_back(&world), eur("25.00"), "{kept:?}");
        comes_back(&mut world, 3);
        assert_eq!(given_back(&world), eur("45.00"), "{kept:?}");
        world.check();
    }
}

#[test]
fn a_kit_grows_with_its_components() {
    let mut kit = line(1, "KIT", 2, "30.00");
    kit.sku = None;
    kit.fulfilled_by = FulfilledBy::Components;
    let mut part = line(2, "A", 4, "0");
    part.part_of = Some(KitPart { line: 1, each: 2 });
    let order = draft(vec![kit, part], "0.00", to_authorize(CaptureMode::Once));
    let mut world = World::place(order, &[("BER1", "A", 8)]);
    world.settle();
    let alone = world.command(edit(vec![set("2", 6)])).expect_err("no");
    assert_eq!(alone.code(), "part_of_kit");
    world.command(edit(vec![set("1", 3)])).expect("legal");
    world.settle();
    assert_eq!(world.order.components(3), [(4, 2)]);
    assert_eq!(shelf(&world, "BER1", "A"), (8, 6));
    ship_all(&mut world);
    let captured: Vec<_> = world
        .order
        .tenders
        .iter()
        .map(Tender::captured_sum)
        .collect();
    assert_eq!(captured, [eur("60.00"), eur("30.00")]);
    assert_eq!(world.order.stage, Stage::Completed);
}

#[test]
fn what_cannot_be_edited_is_refused_with_its_code() {
    let code = |world: &mut World, lines: Vec<LineEdit>| {
        let refused = world.command(edit(lines)).expect_err("refused");
        refused.code()
    };
    let mut world = standing();
    assert_eq!(code(&mut world, vec![set("9", 1)]), "no_such_line");
    assert_eq!(
        code(&mut world, vec![set("1", 1), set("1", 2)]),
        "duplicate"
    );
    assert_eq!(code(&mut world, vec![set("1", 3)]), "nothing_changes");
    assert_eq!(code(&mut world, vec![new("B", 0, "1.00")]), "invalid_line");
    assert_eq!(code(&mut world, vec![new("B", 1, "-1.00")]), "invalid_line");
    world.command(edit(vec![set("1", 4)])).expect("legal");
    assert_eq!(code(&mut world, vec![set("1", 5)]), "edit_open");
    world.settle();
    ship_all(&mut world);
    assert_eq!(code(&mut world, vec![set("1", 5)]), "wrong_stage");

    // The shop takes the money of this one, and nobody else can.
    let terms = Terms::Authorized {
        gateway: None,
        reference: None,
        expires_at: None,
        capture: CaptureMode::Many,
    };
    let order = draft(vec![line(1, "A", 1, "10.00")], "0.00", terms);
    let mut world = World::place(order, &[("BER1", "A", 9)]);
    world.settle();
    assert_eq!(code(&mut world, vec![set("1", 2)]), "not_chargeable");
    // Goods that cost nothing need nobody's money.
    world.command(edit(vec![new("A", 1, "0")])).expect("legal");
    world.settle();
    assert_eq!(world.order.draft.lines.len(), 2);
    assert_eq!(world.order.tenders.len(), 1);
    world.check();
}

#[test]
fn an_order_on_invoice_is_edited_on_invoice() {
    let order = draft(vec![line(1, "A", 1, "10.00")], "0.00", Terms::Invoice);
    let mut world = World::place(order, &[("BER1", "A", 9)]);
    world.settle();
    world.command(edit(vec![set("1", 3)])).expect("legal");
    world.settle();
    let order = &world.order;
    assert_eq!(order.draft.stated_total, eur("30.00"));
    assert_eq!(order.tenders[1].terms, Terms::Invoice);
    let owed = order
        .ledger
        .balance(&Account::Receivable, order.draft.currency);
    assert_eq!(owed, eur("30.00"));
    world.check();
}

#[test]
fn what_the_channel_was_paid_for_grows_by_nothing_that_costs_more() {
    let terms = Terms::Prepaid { reference: None };
    let order = draft(vec![line(1, "A", 2, "10.00")], "0.00", terms);
    let mut world = World::place(order, &[("BER1", "A", 9)]);
    world.settle();
    let more = world.command(edit(vec![set("1", 3)])).expect_err("unpaid");
    assert_eq!(more.code(), "paid_at_channel");
    world
        .command(edit(vec![set("1", 1)]))
        .expect("fewer may be");
    world.command(edit(vec![new("A", 1, "0")])).expect("a gift");
    world.settle();
    assert_eq!(world.order.editing, None);
    assert_eq!(world.order.draft.lines.len(), 2);
    world.check();
}
