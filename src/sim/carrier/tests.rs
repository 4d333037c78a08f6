//! The carrier's depot: what is bought is bought once, moves by itself, and is remembered.

use std::path::Path;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::depot::{Clockwork, Depot};

fn depot(book: Option<&Path>) -> Depot {
    let clockwork = Clockwork { seed: 1, speed: 60 };
    Depot::open(book, clockwork).expect("a depot")
}

fn create(depot: &mut Depot, reference: &str) -> Value {
    let body = json!({"shipment": {
        "reference": reference, "to_address": {"zip": "10115"}, "from_address": {},
        "parcel": {"weight": 17.7},
    }});
    let made = depot.create(body.to_string().as_bytes());
    assert_eq!(made.status, 201);
    made.body
}

fn buy(depot: &mut Depot, shipment: &Value) -> (u16, Value) {
    let body = json!({"rate": {"id": shipment["rates"][0]["id"]}});
    let id = shipment["id"].as_str().unwrap_or_default();
    let bought = depot.buy(id, body.to_string().as_bytes());
    (bought.status, bought.body)
}

/// What is told last of whom is due by the end of time.
fn told(depot: &mut Depot) -> Vec<(u64, String)> {
    let due = depot.outbox().due(Timestamp::MAX).into_iter();
    let told = due.map(|letter| {
        let event: Value = serde_json::from_str(&letter.body).expect("JSON");
        let status = event["result"]["status"].as_str().unwrap_or_default();
        (letter.number, status.to_owned())
    });
    told.collect()
}

#[test]
fn a_label_is_bought_once_and_found_by_id_and_reference() {
    let mut depot = depot(None);
    let shipment = create(&mut depot, "ful_1");
    let (status, bought) = buy(&mut depot, &shipment);
    assert_eq!(status, 200);
    assert_eq!(bought["selected_rate"]["rate"], "5.63");
    let (status, again) = buy(&mut depot, &shipment);
    assert_eq!(
        (status, &again["error"]["code"]),
        (422, &json!("SHIPMENT.POSTAGE.EXISTS"))
    );
    let id = shipment["id"].as_str().unwrap_or_default();
    for name in [id, "ful_1"] {
        let shown = depot.show(name);
        assert_eq!(shown.body["tracking_code"], bought["tracking_code"]);
    }
    assert_eq!(depot.show("ful_2").status, 404);
    let unknown = depot.buy(id, b"{");
    assert_eq!(unknown.status, 422);
}

#[test]
fn a_parcel_takes_every_step_once_the_hub_took_the_one_before() {
    let mut depot = depot(None);
    let shipment = create(&mut depot, "ful_1");
    buy(&mut depot, &shipment);
    let mut way = Vec::new();
    while let Some((number, status)) = told(&mut depot).pop() {
        assert!(way.len() < 20, "{way:?}");
        way.push(status);
        depot.seen(number);
    }
    assert_eq!(way.first().map(String::as_str), Some("pre_transit"));
    assert_eq!(way.last().map(String::as_str), Some("delivered"));
}

#[test]
fn a_label_that_was_given_back_moves_no_parcel() {
    let mut depot = depot(None);
    let shipment = create(&mut depot, "ful_1");
    let id = shipment["id"].as_str().unwrap_or_default();
    assert_eq!(depot.refund(id).status, 422);
    buy(&mut depot, &shipment);
    assert_eq!(told(&mut depot).len(), 1);
    for _ in 0..2 {
        assert_eq!(depot.refund(id).body["refund_status"], "submitted");
    }
    assert!(told(&mut depot).is_empty());
}

#[test]
fn pages_go_back_in_time_and_end() {
    let mut depot = depot(None);
    let mut made = Vec::new();
    for number in 0..5 {
        let shipment = create(&mut depot, &format!("ful_{number}"));
        buy(&mut depot, &shipment);
        made.push(shipment);
    }
    create(&mut depot, "without a label");
    let page = |before: Option<&Value>| {
        let mut query = vec![("page_size".to_owned(), "2".to_owned())];
        let before = before.and_then(Value::as_str);
        query.extend(before.map(|id| ("before_id".to_owned(), id.to_owned())));
        let page = depot.list(&query).body;
        let ids = page["shipments"].as_array().cloned().unwrap_or_default();
        let ids: Vec<Value> = ids
            .into_iter()
            .map(|shipment| shipment["id"].clone())
            .collect();
        (ids, page["has_more"] == true)
    };
    let id = |place: usize| made[place]["id"].clone();
    assert_eq!(page(None), (vec![id(4), id(3)], true));
    assert_eq!(page(Some(&id(3))), (vec![id(2), id(1)], true));
    assert_eq!(page(Some(&id(1))), (vec![id(0)], false));
}

#[test]
fn a_depot_goes_on_from_its_book() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("carrier.jsonl");
    let mut first = depot(Some(&path));
    let shipment = create(&mut first, "ful_1");
    let (_, bought) = buy(&mut first, &shipment);
    first.seen(1);
    drop(first);
    let mut second = depot(Some(&path));
    assert_eq!(second.show("ful_1").body, bought);
    assert_eq!(told(&mut second), [(1, "in_transit".to_owned())]);
    let next = create(&mut second, "ful_2");
    assert_ne!(next["id"], shipment["id"]);
    assert_eq!(buy(&mut second, &shipment).0, 422);
}
