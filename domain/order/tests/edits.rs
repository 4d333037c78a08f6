//! Edits of orders that stand: what is added is secured before anybody sees it, or nothing happened.

use super::super::*;
use super::routing::{shelf, ship, standing, step};
use super::tenders::{asked, report};
use super::world::*;
use crate::canonical::*;
use crate::money::Money;
use crate::quantity::Quantity;

pub(super) fn set(line: &str, quantity: u32) -> LineEdit {
    LineEdit::Set {
        line: line.to_owned(),
        quantity: Quantity::units(quantity),
    }
}

pub(super) fn new(sku: &str, quantity: u32, price: &str) -> LineEdit {
    LineEdit::Add(Box::new(NewLine {
        sku: sku.into(),
        title: sku.to_owned(),
        quantity: Quantity::units(quantity),
        unit_price: price.parse().expect("a price"),
        taxes: Vec::new(),
    }))
}

pub(super) fn edit(lines: Vec<LineEdit>) -> Command {
    Command::Edit(EditCommand {
        lines,
        reason: "the buyer called".into(),
    })
}

/// What anybody sees of what an order consists of and comes to.
fn seen(order: &Order) -> (OrderDraft, Totals, Vec<LineState>, [Money; 3]) {
    let money = [order.earned(), order.expected(), order.cancelled_value()];
    (
        order.draft.clone(),
        order.totals,
        order.lines.clone(),
        money,
    )
}

fn refused(world: &World) -> Option<String> {
    world.log.iter().rev().find_map(|one| match &one.event {
        Event::Edit(EditEvent::Refused { reason, .. }) => Some(reason.clone()),
        _ => None,
    })
}

/// Ships whatever is open until nothing is, and lets the rest be answered.
pub(super) fn ship_all(world: &mut World) {
    for _ in 0..20 {
        let works = world.order.fulfilments.iter();
        let mut open = works.filter(|work| !work.is_off() && !work.is_shipped());
        let Some(number) = open.next().map(|work| work.number) else {
            return;
        };
        ship(world, number);
        world.settle();
        world.check();
    }
    panic!("it does not end: {:?}", world.order.fulfilments);
}

#[test]
fn more_units_are_secured_during_the_pick_before_anybody_sees_them() {
    let mut world = standing();
    step(&mut world, 1, FulfilmentStep::Accept);
    step(&mut world, 1, FulfilmentStep::Pick { lines: None });
    world.settle();
    let before = seen(&world.order);
    world.command(edit(vec![set("1", 5)])).expect("legal");
    assert_eq!(seen(&world.order), before, "nothing of it is visible");
    world.answer("reserve_stock");
    assert_eq!(seen(&world.order), before, "not with the units alone");
    world.answer("confirm_stock");
    assert_eq!(seen(&world.order), before);
    assert_eq!(world.order.fulfilments.len(), 1, "and nobody is asked");
    world.answer("authorize_payment");
    let order = &world.order;
    assert_eq!(order.editing, None);
    assert_eq!(order.draft.stated_total, eur("64.99"));
    assert_eq!(order.totals.grand, order.draft.stated_total);
    assert_eq!(order.open_with_added(1), Quantity::units(5));
    let added = order.line(3).expect("a line of its own");
    assert_eq!(added.external_id, "1+1");
    assert_eq!(order.lines[2].adds_to, Some(1));
    assert_eq!(order.tenders[1].amount, eur("20.00"));
    assert_eq!(order.fulfilments.len(), 2, "its work is planned");
    assert_eq!(world.folded(), world.order);
    world.check();
    ship_all(&mut world);
    let captured: Vec<_> = world
        .order
        .tenders
        .iter()
        .map(Tender::captured_sum)
        .collect();
    assert_eq!(captured, [eur("44.99"), eur("20.00")]);
    assert_eq!(world.order.stage, Stage::Completed);
}

#[test]
fn an_edit_that_nobody_has_the_units_for_leaves_the_order_as_it_was() {
    let mut world = standing();
    let before = seen(&world.order);
    world.command(edit(vec![set("1", 200)])).expect("asked for");
    world.settle();
    assert_eq!(refused(&world).as_deref(), Some("out_of_stock"));
    assert_eq!(seen(&world.order), before);
    assert_eq!(world.order.editing, None);
    assert!(
        asked(&world, "authorize_payment").len() == 1,
        "no money was asked for"
    );
    ship_all(&mut world);
    assert_eq!(world.captured(), eur("44.99"));
}

#[test]
fn an_edit_whose_money_is_declined_gives_its_units_back() {
    for needs_the_buyer in [false, true] {
        let mut world = standing();
        let before = seen(&world.order);
        world
            .command(edit(vec![new("B", 1, "7.00")]))
            .expect("legal");
        world.answer("reserve_stock");
        world.answer("confirm_stock");
        assert_eq!(shelf(&world, "BER1", "B").1, 3);
        let (evidence, why) = if needs_the_buyer {
            let reference = "pi_2".to_owned();
            let asks = PaymentEvidence::ActionRequired { reference };
            (asks, "payment_needs_the_buyer")
        } else {
            let code = "card_declined".to_owned();
            let declined = PaymentEvidence::Declined {
                reference: Some("pi_2".into()),
                code,
            };
            (declined, "payment_declined")
        };
        report(&mut world, 2, evidence);
        assert_eq!(refused(&world).as_deref(), Some(why));
        world.settle();
        assert_eq!(seen(&world.order), before);
        assert_eq!(shelf(&world, "BER1", "B").1, 2, "the unit is back");
        assert_eq!(world.order.editing, None);
        assert_eq!(world.order.tenders[1].voided, needs_the_buyer);
        world.check();
        // The next one may come, and its lines get the numbers that nobody used.
        world
            .command(edit(vec![new("A", 1, "9.00")]))
            .expect("legal");
        world.settle();
        assert_eq!(world.order.edits, 2);
        assert_eq!(world.order.line(3).expect("added").title, "A");
        world.check();
        ship_all(&mut world);
        assert_eq!(world.order.stage, Stage::Completed);
        assert_eq!(world.order.tenders[2].captured_sum(), eur("9.00"));
    }
}

#[test]
fn an_edit_whose_time_is_over_is_refused_and_money_that_comes_later_is_released() {
    let mut world = standing();
    let before = seen(&world.order);
    world.command(edit(vec![set("2", 3)])).expect("legal");
    world.answer("reserve_stock");
    world.answer("confirm_stock");
    let (wait, at) = next_wait(&world.order, &world.policy).expect("a timer");
    assert!(at <= world.now + world.policy.edit_time, "{wait:?}");
    assert_eq!(
        Wait::Edit.until(&world.order, &world.policy),
        Some(world.now + world.policy.edit_time)
    );
    world.wait(15 * 60);
    assert_eq!(refused(&world).as_deref(), Some("edit_timed_out"));
    world.answer("release_stock");
    assert_eq!(world.order.editing, None);
    world.answer("authorize_payment");
    world.settle();
    assert!(world.order.tenders[1].voided, "nobody needs it any more");
    assert_eq!(seen(&world.order), before);
    world.check();
}

#[test]
fn a_cancel_ends_an_open_edit_first() {
    for answered in 0..3 {
        let mut world = standing();
        world
            .command(edit(vec![set("1", 4), new("B", 1, "3.00")]))
            .expect("legal");
        for word in ["reserve_stock", "confirm_stock"].iter().take(answered) {
            world.answer(word);
        }
        let reason = "changed mind".to_owned();
        world.command(Command::Cancel { reason }).expect("legal");
        assert_eq!(refused(&world).as_deref(), Some("order_is_ending"));
        world.settle();
        assert_eq!(world.order.stage, Stage::Cancelled);
        assert_eq!(world.order.draft.lines.len(), 2);
        assert_eq!(shelf(&world, "BER1", "A"), (10, 0));
        assert_eq!(shelf(&world, "BER1", "B"), (10, 0));
        let captured = world.order.tenders.iter().map(Tender::captured_sum);
        assert!(captured.into_iter().all(Money::is_zero));
        let idle = |t: &Tender| t.voided || t.authorized.is_none();
        assert!(world.order.tenders.iter().all(idle));
        world.check();
    }
}

#[test]
fn fewer_units_are_a_part_that_is_cancelled_and_nothing_else() {
    let mut world = standing();
    world
        .command(edit(vec![set("1", 1), set("2", 0)]))
        .expect("legal");
    world.settle();
    assert_eq!(world.order.open(1), Quantity::units(1));
    assert!(world.order.open(2).is_zero());
    assert!(
        !world
            .kinds()
            .iter()
            .any(|kind| kind.starts_with("order.edit"))
    );
    ship_all(&mut world);
    assert_eq!(world.captured(), eur("14.99"));
}

#[test]
fn a_swap_takes_the_old_units_out_only_once_the_new_ones_are_in() {
    let mut world = standing();
    world
        .command(edit(vec![set("1", 0), set("2", 0), new("B", 4, "4.00")]))
        .expect("legal");
    assert!(world.order.cancelled_value().is_zero());
    assert_eq!(world.order.parting, None);
    world.settle();
    assert!(world.order.open(1).is_zero() && world.order.open(2).is_zero());
    assert_eq!(world.order.open(3), Quantity::units(4));
    world.check();
    ship_all(&mut world);
    assert_eq!(world.order.stage, Stage::Completed);
    let captured: Vec<_> = world
        .order
        .tenders
        .iter()
        .map(Tender::captured_sum)
        .collect();
    assert_eq!(
        captured,
        [eur("4.99"), eur("16.00")],
        "shipping is owed as before"
    );
    // The same swap, of which the new units cannot be had: the old ones stay.
    let mut world = standing();
    world
        .command(edit(vec![set("1", 0), new("B", 400, "4.00")]))
        .expect("asked for");
    world.settle();
    assert_eq!(refused(&world).as_deref(), Some("out_of_stock"));
    assert_eq!(world.order.open(1), Quantity::units(3));
    assert_eq!(world.order.parting, None);
}

#[test]
fn quantities_count_what_earlier_edits_added_and_the_last_added_goes_first() {
    let mut world = standing();
    world.command(edit(vec![set("1", 5)])).expect("legal");
    world.settle();
    let again = world
        .command(edit(vec![set("1", 5)]))
        .expect_err("it has them");
    assert_eq!(again, EditRejection::Unchanged.into());
    world.command(edit(vec![set("1", 4)])).expect("legal");
    world.settle();
    assert_eq!(world.order.open(1), Quantity::units(3));
    assert_eq!(world.order.open(3), Quantity::units(1));
    world
        .command(edit(vec![set("1+1", 0), set("2", 1)]))
        .expect("legal");
    world.settle();
    assert!(world.order.open(3).is_zero());
    world.check();
    ship_all(&mut world);
    let captured: Vec<_> = world
        .order
        .tenders
        .iter()
        .map(Tender::captured_sum)
        .collect();
    assert_eq!(captured, [eur("39.99"), eur("0.00")]);
    assert!(
        world.order.tenders[1].voided,
        "what pays for nothing is released"
    );
}

#[test]
fn a_promise_for_an_edit_that_is_taken_back_is_looked_for_elsewhere() {
    let mut world = standing();
    world.command(edit(vec![set("1", 5)])).expect("legal");
    world.answer("reserve_stock");
    world.answer("confirm_stock");
    let attempt = world.order.attempt;
    let lines = vec![3];
    world.fact(Fact::Stock(StockFact {
        location: "BER1".into(),
        attempt,
        effect: None,
        evidence: StockEvidence::Cut { lines },
    }));
    assert_eq!(world.order.attempt, attempt + 1, "another try");
    assert!(world.order.editing.is_some());
}

#[test]
fn a_channel_knows_more_of_a_line_and_not_what_it_never_sold() {
    let mut world = standing();
    world
        .command(edit(vec![set("1", 4), new("A", 1, "5.00")]))
        .expect("legal");
    world.settle();
    let known: Vec<_> = world
        .order
        .line_numbers()
        .map(|line| world.order.line_at_channel(line))
        .collect();
    assert_eq!(known, [Some("1"), Some("2"), Some("1"), None]);
}
