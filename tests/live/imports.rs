//! Files of orders of the past, from outside: tried out, read in, again, cut off in the middle, by two at
//! once, and the same sale by webhook, poll and file in any order.

mod files;
mod pace;
mod same_sale;
mod three_ways;

use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::checker;
use crate::support::operator::Operator;
use crate::support::patience::{AFTER_A_CRASH, SOON, until};
use crate::support::world::World;
use files::{File, heading, row};

/// What an import printed for programs: a verdict a line.
fn verdicts(printed: &str) -> Vec<Value> {
    let lines = printed.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a verdict"))
        .collect()
}

fn words_of(verdicts: &[Value]) -> Vec<&str> {
    let words = verdicts.iter();
    words
        .map(|one| one["verdict"].as_str().expect("a word"))
        .collect()
}

fn ids_of(verdicts: &[Value]) -> Vec<&str> {
    let ids = verdicts.iter();
    ids.map(|one| one["order"].as_str().expect("an id"))
        .collect()
}

/// Nothing was asked of anybody, nothing waits, and nothing is promised.
async fn nothing_was_done(world: &World) {
    assert!(world.stripe.book().is_empty(), "money moved");
    let open: i64 = count(world, "select count(*) from orderhub_check.effects").await;
    let held = count(world, "select count(*) from orderhub_check.reservations").await;
    let booked = count(world, "select count(*) from orderhub_check.money_ledger").await;
    let waking = "select count(*) from orderhub_check.orders where wake_at is not null";
    let waking = count(world, waking).await;
    assert_eq!((open, held, booked, waking), (0, 0, 0, 0));
    let counters = checker::counters(&world.audit, "BER1", "PINK-8").await;
    assert_eq!(counters, (10, 0, 0), "stock moved");
    checker::always(&world.audit).await;
}

async fn count(world: &World, query: &'static str) -> i64 {
    let counted = sqlx::query_scalar(query).fetch_one(&world.audit).await;
    counted.expect("counted")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dry_run_gives_each_order_a_verdict_and_changes_nothing() {
    let world = World::start().await;
    world.api.count("BER1", "PINK-8", 10).await;
    let operator = Operator::of(&world);
    let known = File::of(&[heading(), row(&[("Id", "71"), ("Name", "#71")])]);
    let line = format!("import shopify-csv {} --channel shop-de", known.path());
    operator.text(&line);
    let before = checker::rows(&world.audit).await;
    let file = File::of(&[
        heading(),
        row(&[("Id", "71"), ("Name", "#71")]),
        row(&[("Id", "9007199254740993"), ("Name", "#72")]),
        row(&[
            ("Id", "73"),
            ("Name", "#73"),
            ("Fulfillment Status", "unfulfilled"),
        ]),
        row(&[("Id", "74"), ("Name", "#74"), ("Total", "30.001")]),
        row(&[("Id", "75"), ("Name", "#75"), ("Created at", "last week")]),
        row(&[("Id", "9007199254740993"), ("Name", "#76")]),
    ]);
    let line = format!(
        "import shopify-csv {} --channel shop-de --dry-run",
        file.path()
    );
    let said = operator.run(&format!("{line} -o json"));
    assert!(
        said.words
            .contains("1 would be imported, 2 there already, 3 refused"),
        "{said:?}"
    );
    let told = verdicts(&said.expect(6));
    let expected = [
        "exists",
        "would_import",
        "refused",
        "refused",
        "refused",
        "exists",
    ];
    assert_eq!(words_of(&told), expected);
    assert_eq!(told[1]["external_id"], "9007199254740993");
    let error = |place: usize| {
        let error = &told[place]["errors"][0];
        format!("{} {} {}", error["row"], error["pointer"], error["code"])
    };
    assert_eq!(error(2), r#"4 "/Fulfillment Status" "not_over""#);
    assert_eq!(error(3), r#"5 "/Total" "wrong_exponent""#);
    assert_eq!(error(4), r#"6 "/Created at" "bad_time""#);
    let printed = operator.run(&line).expect(6);
    assert!(printed.contains("row 2  71  exists  ord_"), "{printed}");
    assert!(
        printed.contains("  row 4 /Fulfillment Status not_over: "),
        "{printed}"
    );
    assert!(printed.contains("let the channel push it"), "{printed}");
    assert_eq!(checker::rows(&world.audit).await, before);
    nothing_was_done(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn history_is_shown_and_found_and_nothing_is_ever_done_about_it() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "PINK-8", 10).await;
    let operator = Operator::of(&world);
    let cancelled = [
        ("Id", "82"),
        ("Name", "#82"),
        ("Financial Status", "refunded"),
        ("Fulfillment Status", "unfulfilled"),
        ("Cancelled at", "2024-03-03 10:00:00 +0100"),
        ("Refunded Amount", "30.00"),
    ];
    let refunded = [
        ("Id", "83"),
        ("Name", "#83"),
        ("Financial Status", "refunded"),
    ];
    let file = File::of(&[
        heading(),
        row(&[("Id", "81"), ("Name", "#81")]),
        row(&cancelled),
        row(&refunded),
    ]);
    let line = format!(
        "import shopify-csv {} --channel shop-de -o json",
        file.path()
    );
    let first = verdicts(&operator.run(&line).expect(0));
    assert_eq!(words_of(&first), ["imported"; 3]);
    let again = verdicts(&operator.run(&line).expect(0));
    assert_eq!(words_of(&again), ["exists"; 3]);
    assert_eq!(ids_of(&again), ids_of(&first));
    let shown = |place: usize| api.order(ids_of(&first)[place]);
    let (done, dead, back) = (shown(0).await, shown(1).await, shown(2).await);
    assert_eq!(
        (&done["stage"], &done["status"]),
        (&json!("closed"), &json!("delivered"))
    );
    assert_eq!(done["history"]["end"], "completed");
    assert_eq!(done["history"]["paid"], "30.00");
    assert_eq!(done["payment"]["status"], "captured");
    assert_eq!(done["lines"][0]["quantities"]["delivered"], "2");
    assert_eq!(
        (&dead["stage"], &dead["status"]),
        (&json!("cancelled"), &json!("cancelled"))
    );
    assert_eq!(dead["lines"][0]["quantities"]["cancelled"], "2");
    assert_eq!(
        (&back["stage"], &back["status"]),
        (&json!("closed"), &json!("refunded"))
    );
    assert_eq!(back["payment"]["refunded"], "30.00");
    let id = ids_of(&first)[0];
    for (verb, body) in [
        ("cancel", json!({"reason": "r"})),
        ("refund", json!({"reason": "r"})),
    ] {
        let refused = api
            .post(&format!("/v1/orders/{id}/actions/{verb}"), &body)
            .await;
        assert_eq!(
            (refused.status, refused.code().as_str()),
            (409, "imported_history")
        );
    }
    let noted = api
        .post(
            &format!("/v1/orders/{id}/actions/note"),
            &json!({"reason": "old"}),
        )
        .await;
    assert_eq!(noted.status, 200, "{noted:?}");
    let told = api
        .get(&format!("/v1/orders/{id}/explain"))
        .await
        .expect(200);
    assert!(
        told["because"]
            .as_str()
            .unwrap()
            .starts_with("Imported as history"),
        "{told}"
    );
    until("the list has it", SOON, || async {
        let found = api.get("/v1/orders?q=81").await.expect(200);
        (found["data"][0]["id"] == id).then_some(())
    })
    .await;
    let pool = sqlx::PgPool::connect(&world.setup.database_url)
        .await
        .expect("connected");
    let written = "select count(*) from orderhub.event
                   where body::text like '%grace@%' or body::text like '%Harbor%'";
    let personal: i64 = sqlx::query_scalar(written)
        .fetch_one(&pool)
        .await
        .expect("counted");
    assert_eq!(personal, 0, "personal data stands in the log");
    assert_eq!(done["customer"]["email"], "grace@shop.example");
    nothing_was_done(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_kill_in_the_middle_leaves_each_order_once_when_the_file_is_sent_again() {
    let mut world = World::start().await;
    world.api.count("BER1", "PINK-8", 10).await;
    let file = File::of(&files::many(6_000));
    let key = world.hub.make_key("importer", "ops:act");
    let base = world.api.base().to_owned();
    let words = |url: &str| {
        let line = format!(
            "import shopify-csv {} --channel shop-de -o json --url {url}",
            file.path()
        );
        let words = line.split_whitespace().map(str::to_owned);
        [words.collect(), vec!["--key".to_owned(), key.clone()]].concat()
    };
    let mut cut = world.hub.spawn(&words(&base));
    let orders = || checker::orders(&world.audit);
    until("a part of the file is there", AFTER_A_CRASH, || async {
        (orders().await >= 300).then_some(())
    })
    .await;
    world.hub.kill();
    cut.kill().expect("it runs");
    cut.wait().expect("it has ended");
    world.hub.start().await;
    // What was on its way to the database has ended by now.
    let before = checker::orders(&world.audit).await;
    assert!(before < 6_000, "it was cut at {before}");
    let run = |words: Vec<String>| {
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let output = world.hub.attempt(&words);
        assert!(output.status.success(), "{output:?}");
        verdicts(&String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let url = world.hub.api().base().to_owned();
    let second = run(words(&url));
    let there = words_of(&second)
        .iter()
        .filter(|word| **word == "exists")
        .count();
    assert_eq!(
        i64::try_from(there).unwrap(),
        before,
        "what was there is recognised"
    );
    assert_eq!(checker::orders(&world.audit).await, 6_000);
    let third = run(words(&url));
    assert_eq!(words_of(&third), vec!["exists"; 6_000]);
    assert_eq!(ids_of(&third), ids_of(&second));
    nothing_was_done(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_imports_at_once_make_one_order_each() {
    let world = World::start().await;
    world.api.count("BER1", "PINK-8", 10).await;
    let file = File::of(&files::many(1_000));
    let key = world.hub.make_key("importer", "ops:act");
    let line = format!(
        "import shopify-csv {} --channel shop-de -o json --url {} --key {key}",
        file.path(),
        world.api.base()
    );
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let (one, other) = (world.hub.spawn(&words), world.hub.spawn(&words));
    let ended = [one, other].map(|child| {
        let output = child.wait_with_output().expect("it has ended");
        assert!(output.status.success(), "{output:?}");
        verdicts(&String::from_utf8(output.stdout).expect("UTF-8"))
    });
    let [one, other] = ended;
    assert_eq!(ids_of(&one), ids_of(&other), "both name the same orders");
    let imported = |told: &[Value]| {
        words_of(told)
            .iter()
            .filter(|word| **word == "imported")
            .count()
    };
    assert_eq!(
        imported(&one) + imported(&other),
        1_000,
        "each was made once"
    );
    assert_eq!(checker::orders(&world.audit).await, 1_000);
    nothing_was_done(&world).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_not_import_and_what_is_no_such_file_is_told_so() {
    let world = World::start().await;
    let operator = Operator::of(&world);
    let file = File::of(&[heading(), row(&[("Id", "1"), ("Name", "#1")])]);
    let run = |line: &str| operator.run(&line.replace("FILE", file.path()));
    let nowhere = run("import shopify-csv FILE --channel nowhere");
    assert_eq!(nowhere.exit, 4, "{nowhere:?}");
    let other_kind = run("import woocommerce-csv FILE --channel shop-de");
    assert_eq!(other_kind.exit, 2, "{other_kind:?}");
    assert!(
        other_kind.words.contains("no column order_id"),
        "{other_kind:?}"
    );
    let wrong_channel = world.api.request(
        reqwest::Method::POST,
        "/v1/imports/shop-de?format=woocommerce-csv",
    );
    let refused = Api::send(wrong_channel.body("order_id\n1\n")).await;
    assert_eq!(refused.code(), "unknown_format");
    let reader = world.hub.make_key("reader", "orders:write");
    let small = world.api.with_key(Some(&reader));
    let asked = small.request(
        reqwest::Method::POST,
        "/v1/imports/shop-de?format=shopify-csv",
    );
    assert_eq!(Api::send(asked.body("Name\n")).await.status, 403);
    assert_eq!(checker::orders(&world.audit).await, 0);
}
