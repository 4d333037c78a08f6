//! Stock feeds of an outside system, over the API and the command line, through a restart.

use serde_json::{Value, json};

use crate::support::api::{Api, Reply};
use crate::support::checker;
use crate::support::doubles::stripe::Applied;
use crate::support::operator::Operator;
use crate::support::orders::one_unit;
use crate::support::world::World;

fn lines_of(rows: &[Value]) -> String {
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    lines.join("\n")
}

async fn feed(api: &Api, sequence: u32, rows: &[Value]) -> Reply {
    let lines = lines_of(rows);
    let path = format!("/v1/inventory/feeds/erp?sequence={sequence}&as_of=2026-11-20T09:00:00Z");
    let request = api.request(reqwest::Method::POST, &path);
    let request = request.header("content-type", "application/x-ndjson");
    Api::send(request.body(lines)).await
}

fn counted(location: &str, sku: &str, on_hand: u32) -> Value {
    json!({"location": location, "sku": sku, "on_hand": on_hand})
}

fn changed(location: &str, sku: &str, delta: i32) -> Value {
    json!({"location": location, "sku": sku, "delta": delta})
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_taken_once_through_a_restart_and_gaps_are_named() {
    let mut world = World::start_with(&["BER1", "HAM1"], None).await;
    let api = world.api.clone();
    let first = [
        counted("BER1", "A", 5),
        counted("HAM1", "A", 2),
        counted("MOON", "A", 9),
        json!({"location": "BER1", "sku": "B", "on_hand": 1.5}),
        changed("BER1", "B", 3),
    ];
    let said = feed(&api, 40, &first).await.expect(200);
    assert_eq!(
        (&said["outcome"], &said["applied"], &said["rejected"]),
        (&json!("partial"), &json!(3), &json!(2)),
        "{said}"
    );
    assert_eq!(said["errors"][0]["code"], "unknown_location");
    assert_eq!(said["errors"][1]["code"], "not_a_count");

    // One unit is sold and leaves: the repeat must not bring it back.
    let id = api.place(&one_unit("F-1", "A")).await;
    api.until_stage(&id, &["fulfilling"]).await;
    world.hub.kill();
    world.hub.start().await;
    let again = feed(&api, 40, &first).await.expect(200);
    assert_eq!(again["feeds"][0]["outcome"], "repeated");
    let delta = [changed("BER1", "B", 4)];
    let gap = feed(&api, 43, &delta).await.expect(200);
    assert_eq!(gap["feeds"][0]["gap"], json!({"first": 41, "last": 42}));
    let again = feed(&api, 43, &delta).await.expect(200);
    assert_eq!(again["outcome"], "repeated");
    let late = feed(&api, 42, &[counted("BER1", "B", 0)]).await;
    assert_eq!((late.status, late.code().as_str()), (409, "feed_outdated"));
    let other = feed(&api, 43, &[counted("BER1", "B", 0)]).await;
    assert_eq!(other.code(), "feed_sequence_reused");
    let (on_hand, ..) = checker::counters(&world.audit, "BER1", "B").await;
    assert_eq!(on_hand, 7);

    let listed = api.get("/v1/inventory/feeds").await.expect(200);
    let known = &listed["data"][0];
    assert_eq!(
        (
            &known["source"],
            &known["sequence"],
            &known["gaps"],
            &known["missing"]
        ),
        (&json!("erp"), &json!(43), &json!(1), &json!(2))
    );
    assert_eq!(known["as_of"], "2026-11-20T09:00:00Z");
    let named: Vec<(String, String)> = sqlx::query_as(
        "select sku, reference from orderhub_check.stock_ledger where cause = 'feed' \
         and location = 'BER1' order by seq",
    )
    .fetch_all(&world.audit)
    .await
    .unwrap();
    let name = |sku: &str, reference: &str| (sku.to_owned(), reference.to_owned());
    assert_eq!(
        named,
        [
            name("A", "erp/40"),
            name("B", "erp/40"),
            name("B", "erp/43")
        ]
    );
    checker::always(&world.audit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_feed_below_the_promises_takes_them_back_as_a_count_does() {
    let world = World::start().await;
    let api = &world.api;
    feed(
        api,
        1,
        &[counted("BER1", "CUT", 3), counted("BER1", "REST", 1)],
    )
    .await
    .expect(200);
    let mut ids = Vec::new();
    for number in 0..3 {
        let id = api.place(&one_unit(&format!("C-{number}"), "CUT")).await;
        let order = api.until_stage(&id, &["fulfilling"]).await;
        let fulfilment = order["fulfilments"][0]["id"].as_str().unwrap().to_owned();
        ids.push((id, fulfilment));
    }
    // The newest is on somebody's trolley already.
    let (newest, fulfilment) = &ids[2];
    for verb in ["accept", "pick"] {
        let path = format!("/v1/fulfilments/{fulfilment}/{verb}");
        api.post(&path, &json!({})).await.expect(200);
    }
    let rows = [changed("BER1", "CUT", -2), changed("BER1", "REST", 4)];
    feed(api, 2, &rows).await.expect(200);
    for (id, _) in &ids[..2] {
        let order = api.until_stage(id, &["cancelled"]).await;
        assert_eq!(order["reason"], "stock_lost", "{order}");
        let voided = world.stripe.book_of(id);
        let voided = voided
            .iter()
            .filter(|(applied, _)| *applied == Applied::Canceled);
        assert_eq!(voided.count(), 1, "{id}");
    }
    assert_eq!(api.order(newest).await["stage"], "fulfilling");
    assert_eq!(
        checker::counters(&world.audit, "BER1", "CUT").await,
        (1, 0, 1)
    );
    checker::always(&world.audit).await;
    checker::nothing_was_promised_that_was_not_there(&world.audit).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_sends_a_file_and_hears_which_lines_were_not_taken() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("stock.ndjson");
    let lines = [
        json!({"sequence": 7}),
        counted("BER1", "A", 12),
        counted("MOON", "A", 1),
    ];
    std::fs::write(&file, lines_of(&lines)).unwrap();
    let said = operator.run(&format!("inventory feed erp {}", file.display()));
    assert!(said.words.contains("line 3 /location"), "{said:?}");
    assert!(said.expect(6).contains("partial"));
    std::fs::write(&file, format!("{}\n", counted("BER1", "A", 13))).unwrap();
    let line = format!("inventory feed erp {} --sequence 9", file.display());
    let said = operator.run(&line);
    assert!(
        said.words.contains("messages 8 to 8 never came"),
        "{said:?}"
    );
    said.expect(0);
    let listed = operator.json("inventory feeds");
    assert_eq!(listed["data"][0]["sequence"], 9);
    let table = operator.text("inventory feeds");
    assert!(table.contains("erp"), "{table}");
    let stock = operator.json("inventory get A");
    assert_eq!(stock["locations"][0]["on_hand"], 13);
    let nobody = operator.run("inventory feed erp /nowhere/stock.ndjson --sequence 10");
    nobody.expect(2);
}
