//! Payout files as large as they come: read in as a stream, once, whatever happens meanwhile. The full
//! size is measured only when somebody asks for it:
//!
//! ```text
//! cargo test --test live -- --ignored --nocapture a_payout_file_of_a_hundred_thousand_lines
//! ```

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use reqwest::{Method, RequestBuilder};
use serde_json::Value;

use crate::support::api::{Api, Reply};
use crate::support::checker;
use crate::support::operator::Operator;
use crate::support::orders::paid_elsewhere;
use crate::support::patience::{AFTER_A_CRASH, until};
use crate::support::world::World;

const PATH: &str = "/v1/settlements/web?format=stripe_balance";

/// What the payer says of an order of 19.99: it comes in parts.
const PARTS: [&str; 5] = ["4.00", "4.00", "4.00", "4.00", "3.99"];

const HEADING: &str = "id,Type,Source,Amount,Fee,Net,Currency,order_id (metadata)";

/// Orders that were paid before they came; their ids.
async fn paid_orders(world: &World, many: usize) -> Vec<String> {
    world.api.count("BER1", "SKU-1", 1_000_000).await;
    let mut orders = Vec::new();
    for first in (0..many).step_by(1000) {
        let mut lines = String::new();
        for number in first..many.min(first + 1000) {
            let order = paid_elsewhere(&format!("P-{number}"), "SKU-1");
            writeln!(lines, "{order}").unwrap();
        }
        let request = world.api.request(Method::POST, "/v1/orders/batch");
        let request = request.header("content-type", "application/x-ndjson");
        let answer = Api::send(request.body(lines)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        let ids = text.lines().map(|line| {
            let verdict: Value = serde_json::from_str(line).unwrap();
            verdict["order"]["id"].as_str().expect("an id").to_owned()
        });
        orders.extend(ids);
    }
    orders
}

/// The payer's file about these orders: first a part of each, then the next.
fn file_of(orders: &[String]) -> String {
    let mut file = format!("{HEADING}\n");
    for (part, amount) in PARTS.iter().enumerate() {
        for order in orders {
            let id = format!("txn_{part}_{}", &order[4..]);
            writeln!(file, "{id},charge,ch_1,{amount},0.00,{amount},eur,{order}").unwrap();
        }
    }
    file
}

fn sending(api: &Api, file: &str) -> RequestBuilder {
    let request = api.request(Method::POST, PATH);
    request
        .header("content-type", "text/csv")
        .timeout(Duration::from_hours(1))
        .body(file.to_owned())
}

/// Every line was read, matched, and counted once.
async fn each_line_once(world: &World, answer: &Reply, lines: usize) {
    assert_eq!(answer.status, 200, "{answer:?}");
    let read = answer.json();
    assert_eq!(read["lines"], lines, "{read}");
    let sums = &read["totals"][0];
    assert_eq!(sums["matched"], sums["total"], "{read}");
    let lines = i64::try_from(lines).unwrap();
    assert_eq!(judged(world).await, lines, "one event a line");
    let kept: i64 = sqlx::query_scalar(
        "select count(*) from orderhub_check.payout_lines where verdict = 'matched'",
    )
    .fetch_one(&world.audit)
    .await
    .unwrap();
    assert_eq!(kept, lines, "one row a line");
}

/// How many lines orders have judged.
async fn judged(world: &World) -> i64 {
    sqlx::query_scalar(
        "select count(*) from orderhub_check.events
         where kind in ('payment.reconciled', 'payment.unreconciled')",
    )
    .fetch_one(&world.audit)
    .await
    .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_of_a_file_leaves_each_line_once_when_it_is_sent_again() {
    let mut world = World::start().await;
    let orders = paid_orders(&world, 300).await;
    let file = file_of(&orders);
    let lines = orders.len() * PARTS.len();
    let cut = tokio::spawn(Api::try_send(sending(&world.api, &file)));
    until("a third of the file is judged", AFTER_A_CRASH, || async {
        (judged(&world).await * 3 > i64::try_from(lines).unwrap()).then_some(())
    })
    .await;
    world.hub.kill();
    assert!(cut.await.unwrap().is_none(), "nobody answers for it");
    let before = judged(&world).await;
    assert!(before < i64::try_from(lines).unwrap(), "it was cut");
    world.hub.start().await;
    let answer = Api::send(sending(&world.api, &file)).await;
    each_line_once(&world, &answer, lines).await;
    let again = Api::send(sending(&world.api, &file)).await;
    assert_eq!(
        again.json()["id"],
        answer.json()["id"],
        "it is the same file"
    );
    each_line_once(&world, &again, lines).await;
    checker::always(&world.audit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_file_sent_by_two_people_at_once_is_read_in_once() {
    let world = World::start().await;
    let orders = paid_orders(&world, 200).await;
    let file = file_of(&orders);
    let lines = orders.len() * PARTS.len();
    let (one, other) = tokio::join!(
        Api::try_send(sending(&world.api, &file)),
        Api::try_send(sending(&world.api, &file))
    );
    let (one, other) = (one.expect("answered"), other.expect("answered"));
    each_line_once(&world, &one, lines).await;
    each_line_once(&world, &other, lines).await;
    assert_eq!(one.json()["id"], other.json()["id"], "it is one file");
    let files = world.api.get("/v1/settlements").await.expect(200);
    assert_eq!(files["data"].as_array().map(Vec::len), Some(1), "{files}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_too_long_is_refused_with_what_to_do_and_changes_nothing() {
    let world = World::start().await;
    let orders = paid_orders(&world, 1).await;
    let mut file = file_of(&orders);
    let filler = format!("{HEADING}\n").repeat(1024);
    while file.len() <= 64 * 1024 * 1024 {
        file.push_str(&filler);
    }
    let answer = Api::try_send(sending(&world.api, &file)).await;
    let answer = answer.expect("the refusal is heard");
    assert_eq!(
        (answer.status, answer.code().as_str()),
        (413, "too_large"),
        "{answer:?}"
    );
    let detail = answer.json()["detail"].as_str().unwrap().to_owned();
    assert!(detail.contains("64 MiB"), "{detail}");
    assert_eq!(judged(&world).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "some minutes of reading; the module says how to run it"]
async fn a_payout_file_of_a_hundred_thousand_lines() {
    let asked = std::env::var("ORDERHUB_PAYOUT_LINES").ok();
    let lines = asked.and_then(|text| text.parse().ok()).unwrap_or(100_000);
    let world = World::start().await;
    let since = Instant::now();
    let orders = paid_orders(&world, lines / PARTS.len()).await;
    let file = file_of(&orders);
    let lines = orders.len() * PARTS.len();
    println!("{} orders in {:?}", orders.len(), since.elapsed());
    for round in ["first", "again"] {
        let before = world.hub.memory_kib();
        let since = Instant::now();
        let reading = tokio::spawn(Api::try_send(sending(&world.api, &file)));
        let mut most = 0;
        while !reading.is_finished() {
            most = most.max(world.hub.memory_kib());
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        let took = since.elapsed();
        let answer = reading.await.unwrap().expect("answered");
        println!(
            "{round}: {lines} lines, {} bytes, in {took:?}; memory {before} KiB before, {most} KiB at most",
            file.len()
        );
        each_line_once(&world, &answer, lines).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persons_decision_about_a_line_stands_in_the_orders_log() {
    let world = World::start().await;
    let orders = paid_orders(&world, 1).await;
    // The payer says a cent more than is left.
    let file = format!(
        "{HEADING}\ntxn_1,charge,ch_1,20.00,0.00,20.00,eur,{}\ntxn_2,charge,ch_2,5.00,0.00,5.00,eur,\n",
        orders[0]
    );
    let read = Api::send(sending(&world.api, &file)).await;
    assert_eq!(read.status, 200, "{read:?}");
    let open = world
        .api
        .get("/v1/settlements/lines?open=true")
        .await
        .expect(200);
    let open = open["data"].as_array().cloned().unwrap();
    assert_eq!(open.len(), 2);
    let operator = Operator::of(&world);
    for line in &open {
        let id = line["id"].as_str().unwrap();
        let said = operator.json(&format!("settlements resolve {id} --reason rounded"));
        assert_eq!(said["resolution"]["by"], "operator:operator");
    }
    let timeline = world
        .api
        .get(&format!("/v1/orders/{}/timeline", orders[0]))
        .await;
    let timeline = timeline.expect(200).to_string();
    assert!(timeline.contains("payment.variance_resolved"), "{timeline}");
    assert!(timeline.contains("operator:operator"), "{timeline}");
    assert!(
        world
            .hub
            .last_words()
            .contains("a payout line of no order is decided about"),
        "the other one stands in the hub's log"
    );
}
