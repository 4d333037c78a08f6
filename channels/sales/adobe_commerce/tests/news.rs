//! What is said of an order after it was placed: credit memos, and the units that are still wanted.

use orderhub_domain::money::{Currency, Money};
use orderhub_domain::order::{ChannelFact, Restatement};
use orderhub_domain::quantity::Quantity;
use serde_json::{Value, json};
use wiremock::matchers::{method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::orders::{read, whole};
use super::{calling, stated};
use crate::port::Inbound;

fn memo(id: u64, state: u64, total: &str, at: &str, units: &[(u64, u64)]) -> Value {
    let items = units
        .iter()
        .map(|(line, qty)| json!({ "order_item_id": line, "qty": qty }));
    json!({ "entity_id": id, "state": state, "grand_total": total, "created_at": at,
        "items": items.collect::<Vec<_>>() })
}

fn sent(at: &str, units: &[(u64, u64)]) -> Value {
    let items = units
        .iter()
        .map(|(line, qty)| json!({ "order_item_id": line, "qty": qty }));
    json!({ "created_at": at, "items": items.collect::<Vec<_>>() })
}

/// The order with five mugs of which so many are gone in one way or another.
fn mugs(counts: &[(&str, u64)], memos: &Value, shipments: &Value) -> Restatement {
    let mut order = whole();
    order["items"][0]["qty_ordered"] = json!(5);
    for (member, units) in counts {
        order["items"][0][member] = json!(units);
    }
    order["creditmemos"] = memos.clone();
    order["shipments"] = shipments.clone();
    let facts = match read(&order) {
        Inbound::Order(order) => order.news(),
        Inbound::Said { facts, .. } => facts,
        other => panic!("news: {other:?}"),
    };
    let stated = facts.into_iter().find_map(|fact| match fact {
        ChannelFact::Restated(stated) => Some(*stated),
        _ => None,
    });
    stated.expect("a statement")
}

fn wants(stated: &Restatement) -> Quantity {
    stated.wants("501")
}

fn units(count: u32) -> Quantity {
    Quantity::new(count.into()).unwrap_or(Quantity::ZERO)
}

#[test]
fn a_state_has_the_time_of_its_change() {
    let Inbound::Order(order) = read(&whole()) else {
        panic!("an order");
    };
    let changed = order.submission.draft.changed_at.map(|at| at.to_string());
    assert_eq!(changed.as_deref(), Some("2026-03-01T09:31:00Z"));
}

#[test]
fn each_credit_memo_is_money_that_went_back_once_it_is_refunded() {
    let mut order = whole();
    order["creditmemos"] = json!([
        memo(7, 2, "10.50", "2026-03-02 10:00:00", &[]),
        memo(8, 1, "3", "2026-03-02 10:00:00", &[]),
        memo(9, 3, "4", "2026-03-02 10:00:00", &[]),
        memo(10, 2, "0", "2026-03-02 10:00:00", &[]),
    ]);
    let Inbound::Order(stated) = read(&order) else {
        panic!("an order");
    };
    let euro = Currency::from_code("EUR").expect("a currency");
    let given = ChannelFact::Refunded {
        reference: "7".to_owned(),
        amount: Money::from_minor(1050, euro).expect("an amount"),
        at: "2026-03-02T10:00:00Z".parse().ok(),
    };
    assert_eq!(stated.facts[1..], [given]);
    order["creditmemos"][0]["grand_total"] = json!("jane@example.com");
    assert!(matches!(read(&order), Inbound::Unreadable { .. }));
}

#[test]
fn units_that_were_given_up_before_they_left_are_not_wanted() {
    let none = json!([]);
    let cancelled = mugs(&[("qty_canceled", 2)], &none, &none);
    assert_eq!(wants(&cancelled), units(3));
    let memos = json!([memo(7, 2, "42", "2026-03-02 10:00:00", &[(501, 2)])]);
    let refunded = mugs(&[("qty_refunded", 2)], &memos, &none);
    assert_eq!(wants(&refunded), units(3));
    let unfinished = json!([memo(7, 1, "42", "2026-03-02 10:00:00", &[(501, 2)])]);
    assert_eq!(wants(&mugs(&[], &unfinished, &none)), units(5));
    let all = json!([memo(7, 2, "42", "2026-03-02 10:00:00", &[(501, 5)])]);
    let gone = mugs(&[("qty_refunded", 5)], &all, &none);
    assert_eq!(wants(&gone), Quantity::ZERO);
    assert_eq!(gone.wants("503"), units(1), "the card goes on");
}

#[test]
fn an_order_that_is_over_says_so_and_not_that_its_units_are_not_wanted() {
    let mut order = whole();
    order["state"] = json!("canceled");
    order["items"][0]["qty_canceled"] = json!(2);
    let Inbound::Order(stated) = read(&order) else {
        panic!("an order");
    };
    assert!(stated.submission.draft.cancelled_at.is_some() && stated.wanted.is_empty());
}

#[test]
fn units_that_came_back_were_wanted_and_a_shipment_changes_nothing() {
    let memos = json!([memo(7, 2, "42", "2026-03-03 10:00:00", &[(501, 2)])]);
    let before = json!([sent("2026-03-02 10:00:00", &[(501, 2)])]);
    let counts = [("qty_shipped", 2), ("qty_refunded", 2)];
    let returned = mugs(&counts, &memos, &before);
    assert_eq!(wants(&returned), units(5), "they came back");
    let after = json!([sent("2026-03-04 10:00:00", &[(501, 2)])]);
    let unsent = mugs(&counts, &memos, &after);
    assert_eq!(wants(&unsent), units(3), "they had not left then");
    // One of the two had left.
    let half = json!([
        sent("2026-03-02 10:00:00", &[(501, 1)]),
        sent("2026-03-04 10:00:00", &[(501, 3)]),
    ]);
    let half = mugs(&[("qty_shipped", 4), ("qty_refunded", 2)], &memos, &half);
    assert_eq!(wants(&half), units(4));
}

#[tokio::test]
async fn the_papers_of_an_order_are_asked_for_where_something_went_back() {
    let server = MockServer::start().await;
    let mut order = whole();
    order["total_refunded"] = json!("10.50");
    let mut other = whole();
    other["entity_id"] = json!(3002);
    let answer = |what: &str, body: &Value| {
        let items = ResponseTemplate::new(200).set_body_json(json!({ "items": body }));
        Mock::given(method("GET"))
            .and(path(format!("/rest/all/V1/{what}")))
            .respond_with(items)
    };
    answer("orders", &json!([order, other]))
        .mount(&server)
        .await;
    let of_it = "searchCriteria[filter_groups][0][filters][0][value]";
    let memos = json!([memo(7, 2, "10.50", "2026-03-02 10:00:00", &[(501, 1)])]);
    for (what, body) in [("creditmemos", memos), ("shipments", Value::Null)] {
        let items = ResponseTemplate::new(200).set_body_json(json!({ "items": body }));
        Mock::given(method("GET"))
            .and(path(format!("/rest/all/V1/{what}")))
            .and(query_param(of_it, "3001"))
            .respond_with(items)
            .expect(1)
            .mount(&server)
            .await;
    }
    let shop = calling(&server.uri());
    let (since, now) = ("2026-03-01T09:00:00Z", "2026-03-03T12:00:00Z");
    let page = shop
        .poll()
        .expect("a poll")
        .page(Some(since), now.parse().expect("a time"));
    let page = page.await.expect("a page");
    let Inbound::Order(first) = stated(&page.statements[0].raw) else {
        panic!("an order");
    };
    assert_eq!(first.facts.len(), 2);
    assert_eq!(first.wanted.get("501"), Some(&units(1)));
    let Inbound::Order(second) = stated(&page.statements[1].raw) else {
        panic!("an order");
    };
    assert_eq!(second.facts.len(), 1);
}
