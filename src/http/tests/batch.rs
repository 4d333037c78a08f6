//! Batches as files with columns, and batches that are only tried out.

use serde_json::Value;

use super::client::{Answer, Ask};
use super::{World, limits, order, world, world_with};
use crate::http::limits::Limits;
use std::time::Duration;

const BATCH: &str = "/v1/orders/batch";

fn sheet(path: &str, rows: &str) -> Ask {
    Ask::post(path, rows).header("content-type", "text/csv; charset=utf-8")
}

fn lines(path: &str, orders: &[String]) -> Ask {
    Ask::post(path, orders.join("\n")).header("content-type", "application/x-ndjson")
}

fn verdicts(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let lines = answer.body.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("JSON"))
        .collect()
}

/// Each verdict as `first-last external_id status`.
fn told(verdicts: &[Value]) -> Vec<String> {
    let line = |verdict: &Value| {
        let id = verdict["external_id"].as_str().unwrap_or("-");
        let (first, last) = (&verdict["row"], &verdict["last_row"]);
        format!("{first}-{last} {id} {}", verdict["status"])
    };
    verdicts.iter().map(line).collect()
}

async fn send(world: &World, ask: Ask) -> Vec<Value> {
    verdicts(&world.ask(ask).await)
}

#[tokio::test]
async fn a_file_gets_a_verdict_per_order_and_the_same_file_again_the_same_orders() {
    let world = world().await;
    let rows = "channel,external_id,pickup_location,line.title\n\
                web,B-1,,a mug\nweb,B-1,,\"a cup, 😀\nfor two\"\nweb,B-2,NOWHERE,x\nweb,B-3,,x,y\nweb,B-4,,x\n";
    let first = send(&world, sheet(BATCH, rows)).await;
    let expected = ["2-3 B-1 201", "4-4 B-2 422", "5-5 B-3 422", "6-6 B-4 201"];
    assert_eq!(told(&first), expected);
    let error = |place: usize| &first[place]["error"]["errors"][0];
    assert_eq!(
        (&error(1)["row"], &error(1)["pointer"], &error(1)["code"]),
        (
            &4.into(),
            &"/pickup_location".into(),
            &"unknown_location".into()
        )
    );
    assert_eq!(
        (&error(2)["row"], &error(2)["code"]),
        (&5.into(), &"wrong_cells".into())
    );
    assert_eq!(world.hub.count_orders(), 2);
    let again = send(&world, sheet(BATCH, rows)).await;
    let expected = ["2-3 B-1 200", "4-4 B-2 422", "5-5 B-3 422", "6-6 B-4 200"];
    assert_eq!(told(&again), expected);
    assert_eq!(again[0]["order"], first[0]["order"]);
    let other = rows.replace("a mug", "a jug");
    let conflict = send(&world, sheet(BATCH, &other)).await;
    assert_eq!(told(&conflict)[0], "2-3 B-1 409");
    assert_eq!(conflict[0]["error"]["code"], "external_id_conflict");
    assert_eq!(world.hub.count_orders(), 2);
}

#[tokio::test]
async fn rows_without_a_channel_are_of_the_requests_and_are_numbered_as_in_the_whole_file() {
    let world = world().await;
    let path = format!("{BATCH}?channel=web&first_row=502");
    let told_now = told(&send(&world, sheet(&path, "external_id\nB-1\nB-2\n")).await);
    assert_eq!(told_now, ["502-502 B-1 201", "503-503 B-2 201"]);
    let other = "external_id,channel\nB-3,shop-de\n";
    let refused = send(&world, sheet(&path, other)).await;
    assert_eq!(refused[0]["error"]["code"], "other_channel");
    assert_eq!(world.hub.count_orders(), 2);
}

#[tokio::test]
async fn a_batch_that_is_tried_out_says_what_would_become_of_it_and_records_nothing() {
    let world = world().await;
    let path = format!("{BATCH}?dry_run=true");
    send(&world, lines(BATCH, &[order("B-1"), order("B-2")])).await;
    let changed = order("B-2").replace("\"A\"", "\"B\"");
    let tried = [
        order("B-1"),
        changed,
        order("B-3"),
        order("B-3"),
        order("B-3").replace("\"A\"", "\"B\""),
        "{".to_owned(),
    ];
    let tried = send(&world, lines(&path, &tried)).await;
    let statuses: Vec<_> = tried.iter().map(|one| one["status"].as_u64()).collect();
    assert_eq!(statuses, [200, 409, 201, 200, 409, 400].map(Some));
    assert!(tried.iter().all(|one| one["dry_run"] == true));
    assert!(tried[0]["order"]["id"].is_string());
    assert!(tried[2]["order"]["id"].is_null());
    assert_eq!(tried[2]["order"]["external_id"], "B-3");
    assert_eq!(world.hub.count_orders(), 2);
    // What it said is what happens.
    let sent = send(&world, lines(BATCH, &[order("B-1"), order("B-3")])).await;
    let statuses: Vec<_> = sent.iter().map(|one| one["status"].as_u64()).collect();
    assert_eq!(statuses, [200, 201].map(Some));
    let rows = "channel,external_id\nweb,B-9\n";
    assert_eq!(
        told(&send(&world, sheet(&path, rows)).await),
        ["2-2 B-9 201"]
    );
    assert_eq!(world.hub.count_orders(), 3);
}

#[tokio::test]
async fn a_file_with_another_heading_and_a_query_that_is_misspelt_are_refused_as_a_whole() {
    let world = world().await;
    for (ask, status, code) in [
        (
            sheet(BATCH, "external_id,colour\nB-1,red\n"),
            422,
            "unknown_field",
        ),
        (sheet(BATCH, "channel\nweb\n"), 422, "required"),
        (sheet(BATCH, ""), 400, "empty_body"),
        (sheet(BATCH, "channel,external_id\n"), 400, "empty_body"),
        (
            sheet("/v1/orders/batch?dryrun=true", "external_id\nB-1\n"),
            422,
            "invalid_query",
        ),
        (
            lines("/v1/orders/batch?channel=web", &[order("B-1")]),
            422,
            "invalid_query",
        ),
        (
            Ask::post(BATCH, "x").header("content-type", "text/html"),
            415,
            "unsupported_media_type",
        ),
        (
            Ask::post("/v1/inventory/feeds/erp", "x").header("content-type", "text/csv"),
            415,
            "unsupported_media_type",
        ),
    ] {
        let answer = world.ask(ask).await;
        assert_eq!((answer.status, answer.problem().as_str()), (status, code));
    }
    assert_eq!(world.hub.count_orders(), 0);
}

#[tokio::test]
async fn of_a_file_that_breaks_off_whole_orders_are_recorded_and_the_last_is_not() {
    let limits = Limits {
        body_time: Duration::from_millis(200),
        ..limits()
    };
    let world = world_with(limits).await;
    let rows = "channel,external_id\nweb,B-1\nweb,B-2\n";
    let longer = (rows.len() + 100).to_string();
    let ask = sheet(BATCH, rows).header("content-length", &longer);
    let verdicts = send(&world, ask).await;
    assert_eq!(told(&verdicts), ["2-2 B-1 201", "3-3 - 408"]);
    assert_eq!(world.hub.count_orders(), 1);
}

#[tokio::test]
async fn a_file_ends_after_a_thousand_orders_and_a_longer_order_loses_nothing_else() {
    let world = world().await;
    let row = |number: usize| format!("web,B-{number},x\n");
    let many: String = (0..1_002).map(row).collect();
    let heading = "channel,external_id,line.title\n";
    let answered = send(&world, sheet(BATCH, &format!("{heading}{many}"))).await;
    assert_eq!(answered.len(), 1_001);
    assert_eq!(answered[1_000]["error"]["code"], "too_many");
    assert_eq!(answered[1_000]["row"], 1_002);
    assert_eq!(world.hub.count_orders(), 1_000);
    let long = "y".repeat(1024 * 1024 + 1);
    let rows = format!("{heading}web,L-1,{long}\nweb,L-2,x\n");
    let answered = send(&world, sheet(BATCH, &rows)).await;
    assert_eq!(told(&answered), ["2-2 L-1 413", "3-3 L-2 201"]);
}
