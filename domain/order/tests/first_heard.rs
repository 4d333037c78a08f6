//! An order of which its channel had taken units out before the hub first heard of it: it ends as if that had
//! been said afterwards.

use std::collections::BTreeMap;

use jiff::SignedDuration;

use super::super::*;
use super::world::*;
use crate::canonical::*;
use crate::money::Money;
use crate::quantity::Quantity;

const SHELVES: [(&str, &str, i64); 2] = [("BER1", "SKU-1", 60), ("BER1", "SKU-2", 60)];

fn units(count: u32) -> Quantity {
    Quantity::units(count)
}

/// Two lines, of 3 and of 2 units, as they were stated some minutes after the beginning.
fn sold(terms: Terms, minutes: i64) -> OrderDraft {
    let lines = vec![line(1, "SKU-1", 3, "20.00"), line(2, "SKU-2", 2, "5.00")];
    let mut order = draft(lines, "4.99", terms);
    order.changed_at = Some(beginning() + SignedDuration::from_mins(minutes));
    order
}

fn prepaid() -> Terms {
    Terms::Prepaid { reference: None }
}

fn left(counts: [u32; 2]) -> BTreeMap<String, Quantity> {
    let named = ["1", "2"].map(str::to_owned).into_iter();
    named.zip(counts.map(units)).collect()
}

fn stated(terms: &Terms, minutes: i64, wanted: BTreeMap<String, Quantity>) -> Fact {
    Fact::Channel(ChannelFact::Restated(Box::new(Restatement {
        draft: sold(terms.clone(), minutes),
        wanted,
        ship_to: None,
        paid: true,
    })))
}

/// What counts of an order in the end.
#[derive(Debug, Clone, PartialEq)]
struct End {
    stage: Stage,
    open: Vec<Quantity>,
    /// What was taken and given back, by tender.
    moved: Vec<(Money, Money)>,
    due: Money,
    balances: Vec<(Account, Money)>,
    at_source: AtSource,
}

fn end(world: &World) -> End {
    let order = &world.order;
    let tenders = order.tenders.iter();
    let balances = order
        .ledger
        .iter()
        .filter(|(_, balance)| !balance.is_zero());
    End {
        stage: order.stage,
        open: order.line_numbers().map(|line| order.open(line)).collect(),
        moved: tenders
            .map(|one| (one.captured_sum(), one.refunded_sum()))
            .collect(),
        due: order.due_at_channel(),
        balances: balances
            .map(|(account, balance)| (account.clone(), *balance))
            .collect(),
        at_source: order.at_source.clone(),
    }
}

fn cut_afterwards(terms: &Terms, counts: [u32; 2], settled: bool) -> World {
    let mut world = World::place(sold(terms.clone(), 0), &SHELVES);
    if settled {
        world.settle();
    }
    world.fact(stated(terms, 1, left(counts)));
    world.settle();
    world.check();
    world
}

fn cut_before(terms: &Terms, counts: [u32; 2]) -> World {
    let mut world = World::place_cut(sold(terms.clone(), 1), left(counts), &SHELVES);
    let before = stated(terms, 0, BTreeMap::new());
    assert_eq!(world.fact(before.clone()), Decided::Nothing);
    world.settle();
    assert_eq!(world.fact(before), Decided::Nothing);
    world.check();
    assert_eq!(world.folded(), world.order);
    world
}

#[test]
fn an_order_that_was_cut_before_it_came_ends_like_one_that_was_cut_afterwards() {
    for terms in [prepaid(), Terms::Invoice, to_authorize(CaptureMode::Once)] {
        for counts in [[1, 2], [0, 2], [2, 1], [3, 2], [0, 0]] {
            let before = cut_before(&terms, counts);
            let first = end(&before);
            for settled in [false, true] {
                let afterwards = end(&cut_afterwards(&terms, counts, settled));
                let heard = afterwards.at_source.changed_at;
                let mut first = first.clone();
                // Where nothing was cut, the first statement is no news.
                let at_source = &mut first.at_source;
                at_source.changed_at = at_source.changed_at.or(heard);
                assert_eq!(first, afterwards, "{terms:?} {counts:?} {settled}");
            }
            let open = counts.iter().any(|count| *count > 0);
            let stage = if open {
                Stage::Fulfilling
            } else {
                Stage::Cancelled
            };
            assert_eq!(before.order.stage, stage);
        }
    }
}

#[test]
fn only_what_is_left_of_it_is_asked_for() {
    // Nobody has more than one: the two that were taken out keep nobody waiting.
    let shelves = [("BER1", "SKU-1", 1), ("BER1", "SKU-2", 2)];
    let mut world = World::place_cut(sold(prepaid(), 1), left([1, 2]), &shelves);
    let asked = world.outstanding("reserve_stock").expect("it is asked for");
    let Effect::ReserveStock { lines, .. } = world.order.outstanding[&asked].effect.clone() else {
        panic!("stock");
    };
    let asked: Vec<_> = lines.iter().map(|line| line.quantity).collect();
    assert_eq!(asked, [units(1), units(2)]);
    world.settle();
    assert_eq!(world.order.stage, Stage::Fulfilling);
    let account = world
        .order
        .ledger
        .balance(&Account::Revenue, world.order.draft.currency);
    assert_eq!(account.negated().max(account), eur("30.00"));
    world.check();
}

#[test]
fn an_order_of_which_nothing_was_left_asks_for_no_stock_and_no_money() {
    for terms in [prepaid(), to_authorize(CaptureMode::Once)] {
        let world = World::place_cut(sold(terms, 1), left([0, 0]), &SHELVES);
        assert_eq!(world.order.stage, Stage::Cancelled);
        assert!(world.order.cancelled_at_source);
        let asked = |kind: &&str| kind.contains("requested") && *kind != "order.cancel_requested";
        let kinds = world.kinds();
        assert_eq!(kinds.iter().find(|kind| asked(kind)), None, "{kinds:?}");
        world.check();
    }
}

#[test]
fn kits_that_were_taken_out_take_their_components_with_them() {
    let kit = |mut order: OrderDraft| {
        order.lines[0].fulfilled_by = FulfilledBy::Components;
        order.lines[0].sku = None;
        let mut part = line(3, "SKU-1", 6, "0");
        part.part_of = Some(KitPart { line: 1, each: 2 });
        order.lines.push(part);
        order
    };
    let mut world = World::place_cut(kit(sold(prepaid(), 1)), left([1, 2]), &SHELVES);
    world.settle();
    let open = |line| world.order.open(line);
    assert_eq!([open(1), open(2), open(3)], [1, 2, 2].map(units));
    assert_eq!(world.order.stage, Stage::Fulfilling);
    world.check();
}

#[test]
fn what_the_channel_gave_back_of_an_order_that_came_cancelled_is_booked() {
    let mut order = sold(prepaid(), 1);
    order.cancelled_at = Some(beginning());
    let mut world = World::place(order, &SHELVES);
    assert_eq!(world.order.due_at_channel(), eur("74.99"));
    world.fact(Fact::Channel(ChannelFact::Refunded {
        reference: "r1".into(),
        amount: eur("74.99"),
        at: None,
    }));
    assert_eq!(world.order.due_at_channel(), eur("0"));
    assert_eq!(world.order.holds, []);
    world.check();
}
