//! Orders: every rule of the mapping, from one order with parts replaced.

use orderhub_domain::canonical::{FulfilledBy, KitPart, OrderDraft, TaxMode, Terms};
use orderhub_domain::ids::Sku;
use orderhub_domain::order::ChannelFact;
use serde_json::{Value, json};

use super::{stated, unknown};
use crate::port::{Inbound, InboundOrder};

pub(super) const ORDER: &str = include_str!("../fixtures/order.json");

pub(super) fn whole() -> Value {
    serde_json::from_str(ORDER).expect("JSON")
}

/// The order with members replaced: by pointer.
fn with(changes: &[(&str, Value)]) -> Value {
    let mut order = whole();
    for (pointer, value) in changes {
        let (parent, name) = pointer.rsplit_once('/').expect("a pointer");
        order.pointer_mut(parent).expect("a place")[name] = value.clone();
    }
    order
}

pub(super) fn read(order: &Value) -> Inbound {
    stated(order.to_string().as_bytes())
}

fn inbound(changes: &[(&str, Value)]) -> InboundOrder {
    match read(&with(changes)) {
        Inbound::Order(order) => *order,
        other => panic!("no order: {other:?}"),
    }
}

fn draft(changes: &[(&str, Value)]) -> OrderDraft {
    inbound(changes).submission.draft
}

#[test]
fn an_order_is_read_whole_and_its_parts_make_its_total() {
    let order = inbound(&[]);
    let draft = &order.submission.draft;
    assert_eq!(draft.external_id, "3001");
    assert_eq!(draft.number.as_deref(), Some("#000003001"));
    assert_eq!(draft.placed_at.to_string(), "2026-03-01T09:30:00Z");
    assert_eq!(draft.currency.code(), "EUR");
    assert_eq!(draft.tax_mode, TaxMode::Exclusive);
    assert_eq!(draft.stated_total.amount().to_string(), "60.37");
    assert_eq!(draft.totals().grand, draft.stated_total);
    let [mug, card] = &draft.lines[..] else {
        panic!("two lines");
    };
    assert_eq!(mug.external_id, "501");
    assert_eq!(mug.sku.as_ref().map(Sku::as_str), Some("OWN-MUG-BLUE"));
    assert_eq!(mug.unit_price.to_string(), "21.01");
    assert_eq!(mug.discounts[0].amount.amount().to_string(), "4.20");
    assert_eq!(mug.discounts[0].code.as_deref(), Some("ten"));
    assert_eq!(mug.taxes[0].amount.amount().to_string(), "7.18");
    assert_eq!(card.external_id, "503");
    assert_eq!(card.fulfilled_by, FulfilledBy::Us);
    assert_eq!(draft.shipping[0].title, "Own Post - Parcel");
    let reference = Some("pay_own_1".to_owned());
    let tenders: Vec<_> = draft
        .tenders
        .iter()
        .map(|one| (one.amount.amount().to_string(), one.terms.clone()))
        .collect();
    let expected = [
        ("8.00".to_owned(), Terms::Prepaid { reference: None }),
        (
            "52.37".to_owned(),
            Terms::Prepaid {
                reference: reference.clone(),
            },
        ),
    ];
    assert_eq!(tenders, expected);
    assert_eq!(order.facts, [ChannelFact::Paid { reference }]);
    let private = &order.submission.private;
    let ship_to = private.ship_to.as_ref().expect("an address");
    assert_eq!(ship_to.lines, ["Eigene Straße 1", "Hof", "3. Stock"]);
    assert_eq!(ship_to.postcode.as_deref(), Some("01067"));
    let bill_to = private.bill_to.as_ref().expect("an address");
    assert_eq!(
        bill_to.postcode.as_deref(),
        Some("1069"),
        "the shop lost its zero"
    );
}

#[test]
fn what_the_shop_has_of_the_money_decides_whether_it_is_an_order() {
    let unpaid = |state: &str, method: &str, held: Value| {
        let held = json!({ "method": method, "amount_authorized": held });
        with(&[
            ("/state", json!(state)),
            ("/total_paid", Value::Null),
            ("/payment", held),
        ])
    };
    for (state, method, held, terms) in [
        ("processing", "own_card", json!(52.37), "authorized"),
        ("new", "cashondelivery", Value::Null, "on_delivery"),
        ("new", "purchaseorder", Value::Null, "invoice"),
        ("processing", "checkmo", Value::Null, "invoice"),
    ] {
        let Inbound::Order(order) = read(&unpaid(state, method, held)) else {
            panic!("an order: {state} {method}");
        };
        let last = order.submission.draft.tenders.last().expect("a tender");
        let kind = serde_json::to_value(&last.terms).expect("JSON");
        assert_eq!(kind["kind"], terms, "{state} {method}");
        assert_eq!(order.facts, []);
    }
    for (state, method) in [
        ("new", "checkmo"),
        ("new", "own_card"),
        ("pending_payment", "own_card"),
        ("payment_review", "own_card"),
        ("holded", "own_card"),
    ] {
        let read = read(&unpaid(state, method, json!(0)));
        assert_eq!(read, unknown(&format!("not_yet:{state}")), "{method}");
    }
    let odd = read(&unpaid("own_state", "own_card", json!(0)));
    assert_eq!(odd, unknown("order:state.own_state"));
    let free = draft(&[
        ("/grand_total", json!(0)),
        ("/extension_attributes/gift_cards_amount", json!("60.37")),
    ]);
    assert_eq!(free.tenders.len(), 1);
    assert_eq!(free.tenders[0].amount, free.stated_total);
}

#[test]
fn an_order_that_is_over_says_so_and_when_unless_something_was_sent() {
    let at = "2026-03-01T09:31:00Z".parse().expect("a time");
    for (state, paid) in [("canceled", Value::Null), ("closed", json!(52.37))] {
        let order = inbound(&[("/state", json!(state)), ("/total_paid", paid)]);
        assert_eq!(order.submission.draft.cancelled_at, Some(at), "{state}");
        assert!(order.facts.contains(&ChannelFact::Cancelled { at }));
    }
    let mut sent = with(&[("/state", json!("closed"))]);
    sent["items"][2]["qty_shipped"] = json!(1);
    let Inbound::Order(order) = read(&sent) else {
        panic!("an order");
    };
    assert_eq!(order.submission.draft.cancelled_at, None);
    let complete = draft(&[("/state", json!("complete"))]);
    assert!(
        complete
            .lines
            .iter()
            .all(|line| line.fulfilled_by == FulfilledBy::Channel)
    );
}

#[test]
fn what_was_shipped_or_given_up_in_part_is_not_guessed_at() {
    let line = |member: &str, units: Value| {
        let mut order = whole();
        order["items"][0][member] = units;
        read(&order)
    };
    // Of a known order it is news; of an unknown one it waits.
    for said in [
        line("qty_shipped", json!(1)),
        line("qty_canceled", json!("1.0")),
    ] {
        let Inbound::Said { order, facts } = said else {
            panic!("news: {said:?}");
        };
        assert_eq!(order, "3001");
        let restated = |fact: &ChannelFact| matches!(fact, ChannelFact::Restated(_));
        assert!(facts.iter().any(restated), "{facts:?}");
    }
    for (member, by) in [
        ("qty_shipped", FulfilledBy::Channel),
        ("qty_canceled", FulfilledBy::Nobody),
    ] {
        let Inbound::Order(order) = line(member, json!(2)) else {
            panic!("an order: {member}");
        };
        assert_eq!(order.submission.draft.lines[0].fulfilled_by, by);
    }
    for change in [("/items", "virtual"), ("/items", "downloadable")] {
        let mut order = whole();
        order["items"][2]["product_type"] = json!(change.1);
        let Inbound::Order(order) = read(&order) else {
            panic!("an order");
        };
        assert_eq!(
            order.submission.draft.lines[1].fulfilled_by,
            FulfilledBy::Nobody
        );
    }
}

#[test]
fn a_bundle_is_paid_for_once_and_its_parts_are_picked() {
    let mut order = whole();
    order["items"][0]["product_type"] = json!("bundle");
    order["items"][0]["tax_amount"] = json!(0);
    order["items"][1]["qty_ordered"] = json!(4);
    order["items"][1]["row_total"] = json!(42.02);
    order["items"][1]["tax_amount"] = json!(7.18);
    let Inbound::Order(read_order) = read(&order) else {
        panic!("an order");
    };
    let draft = read_order.submission.draft;
    assert_eq!(draft.totals().grand, draft.stated_total);
    let [bundle, _, part] = &draft.lines[..] else {
        panic!("three lines");
    };
    assert_eq!(bundle.fulfilled_by, FulfilledBy::Components);
    assert_eq!(part.part_of, Some(KitPart { line: 1, each: 2 }));
    assert_eq!(
        (part.unit_price.to_string(), part.taxes.len()),
        ("0".to_owned(), 0)
    );
    order["items"][1]["qty_ordered"] = json!(3);
    let halves = read(&order);
    assert!(matches!(halves, Inbound::Unreadable { .. }), "{halves:?}");
    order["items"][1]["parent_item_id"] = json!(999);
    assert_eq!(read(&order), unknown("order:nested_lines"));
}

#[test]
fn a_gap_that_is_no_rounding_stays_open() {
    let cent = draft(&[("/grand_total", json!(52.38))]);
    assert_eq!(cent.totals().grand, cent.stated_total);
    let off = draft(&[("/grand_total", json!(53.37))]);
    assert_ne!(off.totals().grand, off.stated_total);
}

#[test]
fn what_cannot_be_read_says_which_part_and_quotes_nothing() {
    let bad = json!("buyer@example.com");
    for pointer in [
        "/entity_id",
        "/created_at",
        "/order_currency_code",
        "/grand_total",
        "/total_paid",
        "/shipping_amount",
        "/items",
        "/extension_attributes",
    ] {
        let Inbound::Unreadable { reason } = read(&with(&[(pointer, bad.clone())])) else {
            panic!("not readable: {pointer}");
        };
        assert!(!reason.contains("buyer@"), "{reason}");
    }
    for member in [
        "item_id",
        "qty_ordered",
        "row_total",
        "tax_amount",
        "discount_amount",
    ] {
        let mut order = whole();
        order["items"][0][member] = bad.clone();
        let read = read(&order);
        assert!(
            matches!(read, Inbound::Unreadable { .. }),
            "{member}: {read:?}"
        );
    }
}
