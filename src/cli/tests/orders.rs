//! Orders and stock through a hub that is told what to answer.

use super::scripted::ScriptedHub;
use super::*;

const ID: &str = "ord_019b76daa80070008000000000000001";

/// Runs a verb against a hub under a key.
async fn ask(hub: &ScriptedHub, line: &str) -> (Exit, String, String) {
    run_line(&format!("{line} --url {} --key ohk_secret", hub.url)).await
}

fn listed(last: u32, external_id: &str) -> Value {
    json!({
        "id": format!("ord_{last:032x}"), "channel": "web", "external_id": external_id,
        "number": null, "version": 3, "stage": "fulfilling", "test": false,
        "placed_at": "2026-11-20T09:00:00Z", "updated_at": "2026-11-20T09:00:05.123456Z",
        "currency": "EUR", "total": "19.99", "holds": 1,
    })
}

fn page(orders: &[Value], cursor: Option<&str>) -> String {
    json!({"data": orders, "next_cursor": cursor, "has_more": cursor.is_some()}).to_string()
}

/// An order with something of everything.
fn full() -> Value {
    let quantities = json!({"ordered": "2", "hard": "0", "shipped": "1", "picked": "1.0"});
    json!({
        "id": ID, "channel": "web", "external_id": "W-1", "number": "#1", "version": 9,
        "stage": "fulfilling", "reason": null, "status": "part_shipped", "test": false,
        "placed_at": "2026-11-20T09:00:00Z", "updated_at": "2026-11-20T09:00:05.5Z",
        "wake_at": null, "currency": "EUR", "tax_mode": "inclusive",
        "totals": {"items": "39.98", "discounts": "0.00", "shipping": "4.99", "taxes": "0.00",
                   "fees": "0.00", "grand": "44.97"},
        "customer": {"masked": true, "name": "A***", "email": "a***@***.example", "phone": null},
        "ship_to": {"masked": true, "country": "DE"},
        "lines": [{"line": 1, "external_id": "1", "sku": "TEE", "quantity": "2",
                   "title": "A tee with a title that is longer than a table has room for",
                   "unit_price": "19.99", "net": "39.98", "quantities": quantities}],
        "payment": {"status": "authorized", "authorized": "44.97", "captured": "0.00",
                    "refunded": "0.00", "tenders": [{"tender": 1, "terms": "to_authorize",
                    "gateway": "stripe-eu", "amount": "44.97", "captured": "0.00",
                    "refunded": "0.00", "reference": "pi_1", "declined": null, "disputes": [],
                    "action_required": true}]},
        "fulfilments": [{"id": "ful_1", "location": "BER1", "stage": "in_transit",
                         "lines": [{"line": "1", "sku": "TEE", "quantity": "1"}],
                         "carrier": "easypost", "tracking_number": "1Z-77"}],
        "holds": [{"id": 2, "scope": "order", "blocks": ["ship"], "owner": "operator:anna",
                   "reason": "look\u{1b}[2J", "since": "2026-11-20T09:00:04Z", "until": null}],
        "outstanding": [{"effect": "e1", "kind": "buy_label", "attempt": 3,
                         "opened_at": "2026-11-20T09:00:03Z", "next_try_at": null}],
    })
}

#[tokio::test]
async fn a_list_is_walked_page_by_page_up_to_the_limit() {
    let first: Vec<Value> = (0..200).map(|n| listed(n, "W-1")).collect();
    let second: Vec<Value> = (200..250).map(|n| listed(n, "W-2")).collect();
    let hub = ScriptedHub::start(&[
        (
            "GET /v1/orders?stage=fulfilling&q=W-&limit=50&cursor=abc",
            200,
            &page(&second, Some("d")),
        ),
        (
            "GET /v1/orders?stage=fulfilling&q=W-&limit=200",
            200,
            &page(&first, Some("abc")),
        ),
    ]);
    let line = "orders ls --stage fulfilling -q W- --limit 250 -o json";
    let (exit, data, words) = ask(&hub, line).await;
    assert_eq!(exit, Exit::Done, "{words}");
    let got: Vec<Value> = serde_json::from_str(&data).expect("an array");
    assert_eq!(got, [first, second].concat());
    assert!(words.contains("older ones"), "{words}");
    assert_eq!(hub.lines().len(), 2);
    assert!(
        hub.asked()[0]
            .headers
            .contains("authorization: bearer ohk_secret")
    );
}

#[tokio::test]
async fn a_list_for_people_has_whole_ids_and_ends_quietly() {
    let order = listed(7, "W-\u{1b}[2J1");
    let hub = ScriptedHub::start(&[("GET /v1/orders?limit=50", 200, &page(&[order], None))]);
    let (exit, data, words) = ask(&hub, "orders ls").await;
    assert_eq!((exit, words.as_str()), (Exit::Done, ""));
    let lines: Vec<&str> = data.lines().collect();
    assert_eq!(lines.len(), 2, "{data}");
    assert!(lines[0].starts_with("ID "), "{data}");
    for part in [
        "ord_00000000000000000000000000000007",
        "19.99 EUR",
        "2026-11-20T09:00:05Z",
        "W-\u{fffd}[2J1",
    ] {
        assert!(lines[1].contains(part), "{part}: {data}");
    }
    assert!(
        data.lines().all(|line| line.chars().count() <= 120),
        "{data}"
    );
    for wrong in [
        "--stage flying",
        "--limit 0",
        "--limit 10001",
        "--updated-after today",
    ] {
        let (exit, ..) = ask(&hub, &format!("orders ls {wrong}")).await;
        assert_eq!(exit, Exit::Usage, "{wrong}");
    }
}

#[tokio::test]
async fn an_order_is_shown_for_people_and_as_the_hub_says_it() {
    let order = full();
    let hub = ScriptedHub::start(&[(&format!("GET /v1/orders/{ID}"), 200, &order.to_string())]);
    let (exit, data, words) = ask(&hub, &format!("orders show {ID}")).await;
    assert_eq!(exit, Exit::Done, "{words}");
    for part in [
        ID,
        "web W-1, number #1",
        "44.97 EUR (items 39.98, shipping 4.99)",
        "authorized: 44.97 authorised, 0.00 captured, 0.00 refunded",
        "A***, a***@***.example (masked)",
        "DE (masked)",
        "1.0 picked, 1 shipped",
        "1Z-77",
        "1 TEE",
        "look\u{fffd}[2J",
        "buy_label",
        "action required",
    ] {
        assert!(data.contains(part), "{part} is not in:\n{data}");
    }
    assert!(!data.contains("room for"), "a title is cut:\n{data}");
    assert!(!data.contains("0 hard"), "{data}");
    assert!(!data.contains("goes on by"), "nothing wakes it:\n{data}");
    let (_, data, _) = ask(&hub, &format!("orders show {ID} -o json")).await;
    assert_eq!(serde_json::from_str::<Value>(&data).ok(), Some(order));
}

#[tokio::test]
async fn a_timeline_and_an_explanation_are_the_hubs_own_sentences() {
    let timeline = json!([{"version": 1, "kind": "order.received", "actor": "key:shop",
        "occurred_at": "2026-11-20T09:00:00.25Z", "recorded_at": "2026-11-20T09:00:01Z",
        "summary": "Received from web with 1 line, 19.99 EUR.", "raw": {}}]);
    let explain = json!({"id": ID, "version": 4, "stage": "fulfilling", "waiting_for": "location",
        "since": "2026-11-20T09:00:05Z", "until": null, "recommended": null,
        "because": "Location BER1 has to accept fulfilment 1.",
        "actions": [{"action": "cancel", "allowed": true, "why_not": null},
                    {"action": "release", "allowed": false, "why_not": "there is no hold"}]});
    let (of_timeline, of_explain) = (
        format!("GET /v1/orders/{ID}/timeline"),
        format!("GET /v1/orders/{ID}/explain"),
    );
    let hub = ScriptedHub::start(&[
        (&of_timeline, 200, &timeline.to_string()),
        (&of_explain, 200, &explain.to_string()),
    ]);
    let (_, data, _) = ask(&hub, &format!("orders timeline {ID}")).await;
    let expected = "TIME                  ACTOR     WHAT\n\
                    2026-11-20T09:00:00Z  key:shop  Received from web with 1 line, 19.99 EUR.\n";
    assert_eq!(data, expected);
    let (_, data, _) = ask(&hub, &format!("orders explain {ID}")).await;
    for part in [
        "waits for    location\n",
        "because      Location BER1 has to accept fulfilment 1.\n",
        "recommended  -\n",
        "cancel   yes      -\n",
        "release  no       there is no hold\n",
    ] {
        assert!(data.contains(part), "{part} is not in:\n{data}");
    }
    for (verb, said) in [("timeline", timeline), ("explain", explain)] {
        let (_, data, _) = ask(&hub, &format!("orders {verb} {ID} -o json")).await;
        assert_eq!(serde_json::from_str::<Value>(&data).ok(), Some(said));
    }
}

#[tokio::test]
async fn a_name_is_looked_up_and_only_one_order_may_have_it() {
    let (one, two) = (listed(0xaf21, "W-1"), listed(0xbf21, "W-2"));
    let hub = ScriptedHub::start(&[
        (
            "GET /v1/orders?named=af21&limit=200",
            200,
            &page(std::slice::from_ref(&one), None),
        ),
        (
            "GET /v1/orders?named=f21a&limit=200",
            200,
            &page(&[one, two], None),
        ),
        ("GET /v1/orders?named=none&limit=200", 200, &page(&[], None)),
        (
            "GET /v1/orders/ord_0000000000000000000000000000af21",
            200,
            &full().to_string(),
        ),
    ]);
    let (exit, data, words) = ask(&hub, "orders show af21").await;
    assert_eq!(exit, Exit::Done, "{words}");
    assert!(data.contains("W-1"), "{data}");
    let (exit, data, words) = ask(&hub, "orders show f21a").await;
    assert_eq!((exit, data.as_str()), (Exit::Conflict, ""));
    assert!(
        words.contains("ord_0000000000000000000000000000bf21 web W-2"),
        "{words}"
    );
    for name in ["none", &format!("ord_{:032x}", 5)] {
        let (exit, _, words) = ask(&hub, &format!("orders show {name}")).await;
        assert_eq!(exit, Exit::NotFound);
        assert!(
            words.contains(&format!("there is no order {name}")),
            "{words}"
        );
        assert!(words.contains("next: orderhub orders ls"), "{words}");
    }
}

#[tokio::test]
async fn what_is_asked_of_an_order_goes_to_the_hub_as_it_was_typed() {
    let (post, get) = (
        format!("POST /v1/orders/{ID}/actions/"),
        format!("GET /v1/orders/{ID}"),
    );
    let answer = json!({"id": ID, "version": 10, "hold_id": 2});
    let hub = ScriptedHub::start(&[
        (&post, 200, &answer.to_string()),
        (&get, 200, &full().to_string()),
    ]);
    let line = format!(
        "orders hold {ID} --reason fraud --blocks ship,capture --until 2027-01-01T00:00:00Z \
         --if-match 9"
    );
    let (exit, data, words) = ask(&hub, &line).await;
    assert_eq!(exit, Exit::Done, "{words}");
    assert!(
        data.contains("version    10\n") && data.contains("stage      fulfilling\n"),
        "{data}"
    );
    assert!(data.contains("holds now  2 (look\u{fffd}[2J)\n"), "{data}");
    let asked = hub.asked()[0].clone();
    assert_eq!(asked.line, format!("POST /v1/orders/{ID}/actions/hold"));
    assert!(
        asked.headers.contains("if-match: \"9\""),
        "{}",
        asked.headers
    );
    let body: Value = serde_json::from_str(&asked.body).expect("JSON");
    let expected = json!({"reason": "fraud", "blocks": ["ship", "capture"],
                          "until": "2027-01-01T00:00:00Z"});
    assert_eq!(body, expected);
    // The only hold need not be named.
    for (line, at) in [("--hold 2", 2), ("", 4)] {
        let line = format!("orders release {ID} --reason done {line} -o json");
        let (exit, data, words) = ask(&hub, &line).await;
        assert_eq!(exit, Exit::Done, "{words}");
        assert_eq!(data.trim_end(), answer.to_string());
        let sent = hub
            .asked()
            .into_iter()
            .skip(at)
            .find(|one| one.line.starts_with("POST"));
        let body: Value = serde_json::from_str(&sent.expect("sent").body).expect("JSON");
        assert_eq!(body, json!({"reason": "done", "hold_id": 2}));
    }
    for wrong in [
        "hold",
        "hold --reason x --blocks everything",
        "cancel --until today --reason x",
    ] {
        let (verb, rest) = wrong.split_once(' ').unwrap_or((wrong, ""));
        let (exit, ..) = ask(&hub, &format!("orders {verb} {ID} {rest}")).await;
        assert_eq!(exit, Exit::Usage, "{wrong}");
    }
}

#[tokio::test]
async fn a_dry_run_says_what_would_be_recorded() {
    let post = format!("POST /v1/orders/{ID}/actions/cancel");
    let events = ["order.cancel_requested", "order.cancelled"];
    let answer = json!({"id": ID, "version": 9, "dry_run": true, "events": events});
    let hub = ScriptedHub::start(&[(&post, 200, &answer.to_string())]);
    let line = format!("orders cancel {ID} --reason asked --dry-run");
    let (exit, data, words) = ask(&hub, &line).await;
    assert_eq!(exit, Exit::Done, "{words}");
    assert!(
        data.contains("order.cancel_requested,order.cancelled"),
        "{data}"
    );
    assert_eq!(hub.lines().len(), 1, "nothing else is asked");
    assert!(hub.asked()[0].body.contains("\"dry_run\":true"));
}

#[tokio::test]
async fn refusals_have_their_exit_codes() {
    let refusals = [
        (409, "wrong_stage", Exit::Conflict),
        (412, "stale_version", Exit::Conflict),
        (422, "no_such_hold", Exit::NotFound),
        (404, "not_found", Exit::NotFound),
        (401, "unauthorized", Exit::Usage),
        (403, "forbidden", Exit::Usage),
        (503, "overloaded", Exit::Failed),
    ];
    for (status, code, exit) in refusals {
        let said = json!({"code": code, "detail": "It is not so.", "errors": []}).to_string();
        let hub = ScriptedHub::start(&[("POST ", status, &said)]);
        let line = format!("orders release {ID} --hold 7 --reason x");
        let (got, data, words) = ask(&hub, &line).await;
        assert_eq!(got, exit, "{code}: {words}");
        assert!(data.is_empty() && words.contains("\nnext: "), "{words}");
    }
}

#[tokio::test]
async fn an_order_with_no_hold_or_several_is_not_released_by_guessing() {
    for (holds, said) in [
        (json!([]), "has no hold"),
        (
            json!([{"id": 1, "reason": "a"}, {"id": 2, "reason": "b"}]),
            "2 b",
        ),
    ] {
        let order = json!({"id": ID, "holds": holds}).to_string();
        let hub = ScriptedHub::start(&[("GET ", 200, &order)]);
        let (exit, _, words) = ask(&hub, &format!("orders release {ID} --reason x")).await;
        assert_eq!(exit, Exit::Conflict);
        assert!(words.contains(said), "{words}");
        assert_eq!(hub.lines().len(), 1, "nothing was released");
    }
}

#[tokio::test]
async fn stock_is_read_and_counted_by_location() {
    let counters = json!({"location": "BER1", "on_hand": 9, "reserved": 1, "allocated": 2,
                          "buffer": 1, "available": 5, "waiting": 3, "inbound": 4});
    let receipt = json!({"location": "BER1", "on_hand": 9, "reserved": 1, "allocated": 2,
                         "buffer": 1, "available": 5, "waiting": 3, "inbound": 4, "repeated": true});
    let shelf = json!({"sku": "A/B", "locations": [counters]});
    let empty = json!({"sku": "C", "locations": []});
    let hub = ScriptedHub::start(&[
        ("GET /v1/inventory/A%2FB", 200, &shelf.to_string()),
        ("GET /v1/inventory/C", 200, &empty.to_string()),
        ("PUT /v1/inventory/BER1/A%2FB", 200, &counters.to_string()),
        (
            "POST /v1/inventory/BER1/A%2FB/inbound",
            200,
            &counters.to_string(),
        ),
        (
            "POST /v1/inventory/BER1/A%2FB/receipts",
            200,
            &receipt.to_string(),
        ),
    ]);
    let table = "LOCATION  ON HAND  RESERVED  ALLOCATED  BUFFER  AVAILABLE  WAITING  INBOUND\n\
         BER1      9        1         2          1       5          3        4\n";
    let (_, data, _) = ask(&hub, "inventory get A/B").await;
    assert_eq!(data, table);
    let (_, data, _) = ask(&hub, "inventory get A/B -o json").await;
    assert_eq!(data.trim_end(), shelf.to_string());
    let (exit, _, words) = ask(&hub, "inventory get C").await;
    assert_eq!(exit, Exit::Done);
    assert!(words.contains("no location has counted C"), "{words}");
    let (exit, data, words) = ask(&hub, "inventory set BER1 A/B 9 --buffer 1").await;
    assert_eq!((exit, data.as_str()), (Exit::Done, table), "{words}");
    assert_eq!(hub.asked()[3].body, r#"{"buffer":1,"on_hand":9}"#);
    let announce = "inventory announce BER1 A/B PO-1 4 --expected-at 2026-12-01T00:00:00Z";
    let (exit, data, words) = ask(&hub, announce).await;
    assert_eq!((exit, data.as_str()), (Exit::Done, table), "{words}");
    let (exit, data, words) = ask(&hub, "inventory receive BER1 A/B R-1 4 --inbound PO-1").await;
    assert_eq!((exit, data.as_str()), (Exit::Done, table), "{words}");
    assert!(words.contains("R-1 was booked before"), "{words}");
    let said = hub.asked().split_off(4);
    let bodies: Vec<&str> = said.iter().map(|asked| asked.body.as_str()).collect();
    let expected = [
        r#"{"expected_at":"2026-12-01T00:00:00Z","quantity":4,"reference":"PO-1"}"#,
        r#"{"inbound":"PO-1","quantity":4,"reference":"R-1"}"#,
    ];
    assert_eq!(bodies, expected);
    for wrong in [
        "set BER1 A -1",
        "set BER1 A many",
        "set BER1",
        "get",
        "get ..",
    ] {
        let (exit, ..) = ask(&hub, &format!("inventory {wrong}")).await;
        assert_eq!(exit, Exit::Usage, "{wrong}");
    }
}

#[tokio::test]
async fn an_output_for_shells_is_one_verbs_alone() {
    let (exit, data, words) = run_line("version -o env").await;
    assert_eq!((exit, data.as_str()), (Exit::Usage, ""));
    assert!(words.contains("next: orderhub status -o env"), "{words}");
    let (_, help, _) = run_line("orders ls --help").await;
    assert!(!help.contains("env]"), "{help}");
}
