//! Answers of the vendors' own APIs in place of the order in them: whoever tries a connection with what a vendor's
//! page shows, or sends on what it was answered, has the order in an envelope, or several in a list.

use serde_json::{Value, json};

use super::scene::{as_it_is, only, order, sale, topic, vendor};
use crate::port::{Inbound, Resource, Statement};
use crate::specimen::Thing;

/// The order in what a kind states of a sale, where more than the order is stated.
const WITHIN: [(&str, &str); 5] = [
    ("bigcommerce", "order"),
    ("clover", "order"),
    ("lightspeed", "sale"),
    ("shopware", "order"),
    ("square", "order"),
];

/// How a vendor's API answers an order, and a list of orders.
fn answers(kind: &str, order: &Value) -> Vec<Value> {
    match kind {
        "shopify" | "amazon" => {
            vec![json!({ "order": order }), json!({ "orders": [order] })]
        }
        "woocommerce" | "bigcommerce" => vec![json!([order])],
        "adobe_commerce" => {
            vec![json!({ "items": [order], "search_criteria": {}, "total_count": 1 })]
        }
        "shopware" => vec![
            json!({ "total": 1, "data": [order] }),
            json!({ "data": order }),
        ],
        "ebay" | "mirakl" => vec![json!({ "total_count": 1, "orders": [order] })],
        "walmart" => vec![
            json!({ "order": order }),
            json!({ "list": { "meta": {}, "elements": { "order": [order] } } }),
        ],
        "clover" => vec![json!({ "elements": [order], "href": "own" })],
        "lightspeed" => vec![json!({ "data": order }), json!({ "data": [order] })],
        "square" => vec![json!({ "orders": [order] })],
        "tiktok_shop" => vec![json!({ "code": 0, "data": { "orders": [order] } })],
        other => panic!("nobody knows how {other} answers"),
    }
}

/// What a kind states of a plain sale, and the order in it.
fn stated(kind: &str) -> (Statement, Value) {
    let stated = vendor(kind).stated(Thing::Sale(&sale()), as_it_is);
    let mut body: Value = serde_json::from_slice(&stated.raw).expect("JSON");
    if let Some((_, within)) = WITHIN.iter().find(|(known, _)| *known == kind) {
        body = body[*within].take();
    }
    (stated, body)
}

fn read(kind: &str, stated: &Statement, body: &Value) -> Vec<Inbound> {
    let mut stated = stated.clone();
    stated.raw = body.to_string().into_bytes();
    vendor(kind).read(&stated)
}

#[test]
fn an_order_that_says_all_is_the_same_within_an_answer() {
    for kind in [
        "adobe_commerce",
        "amazon",
        "ebay",
        "mirakl",
        "shopify",
        "tiktok_shop",
        "walmart",
        "woocommerce",
    ] {
        let (stated, one) = stated(kind);
        let plain = only(read(kind, &stated, &one));
        assert!(matches!(plain, Inbound::Order(_)), "{kind}: {plain:?}");
        for answer in answers(kind, &one) {
            assert_eq!(only(read(kind, &stated, &answer)), plain, "{kind}");
        }
    }
}

#[test]
fn an_order_that_needs_more_than_an_answer_holds_is_looked_up() {
    for kind in ["bigcommerce", "clover", "lightspeed", "shopware"] {
        let (stated, one) = stated(kind);
        let what = if kind == "lightspeed" {
            "sale"
        } else {
            "order"
        };
        let id = one["id"].as_str().map(str::to_owned);
        let named = Inbound::Changed(Resource {
            kind: what.to_owned(),
            id: id.unwrap_or_else(|| one["id"].to_string()),
        });
        for answer in answers(kind, &one).iter().chain([&one]) {
            assert_eq!(only(read(kind, &stated, answer)), named, "{kind}");
        }
    }
}

#[test]
fn a_tills_order_is_read_without_its_catalogue_and_a_bad_one_loses_no_other() {
    let (stated, one) = stated("square");
    let mut bad = one.clone();
    bad["total_money"] = json!({ "amount": "much", "currency": "EUR" });
    let answer = json!({ "orders": [one, bad, one], "cursor": "own" });
    let [first, second, third] =
        <[Inbound; 3]>::try_from(read("square", &stated, &answer)).expect("three items");
    assert!(matches!(second, Inbound::Unreadable { .. }), "{second:?}");
    assert_eq!(first, third);
    let plain = vendor("square").order(as_it_is).submission.draft;
    let alone = order(first).submission.draft;
    assert_eq!(
        (&alone.external_id, alone.stated_total),
        (&plain.external_id, plain.stated_total)
    );
}

#[test]
fn an_answer_that_is_pushed_is_kept_by_name_where_pushes_only_name_orders() {
    for kind in [
        "bigcommerce",
        "clover",
        "ebay",
        "lightspeed",
        "shopware",
        "square",
        "tiktok_shop",
    ] {
        let (_, one) = stated(kind);
        for answer in answers(kind, &one) {
            let kept = topic(only(vendor(kind).hears(&[], &answer.to_string())));
            let known = ["answer:not_asked_for", "unnamed"];
            assert!(known.contains(&kept.as_str()), "{kind}: {kept}");
        }
    }
}

#[test]
fn what_comes_without_its_topic_is_an_order_or_kept() {
    for kind in ["shopify", "woocommerce"] {
        let (stated, one) = stated(kind);
        let plain = only(read(kind, &stated, &one));
        let hears = |body: &Value| only(vendor(kind).hears(&[], &body.to_string()));
        assert_eq!(
            order(hears(&one)).submission,
            order(plain).submission,
            "{kind}"
        );
        let coupon = json!({ "id": 9, "code": "OWN10", "amount": "10.00" });
        assert_eq!(topic(hears(&coupon)), "no_topic", "{kind}");
    }
}
