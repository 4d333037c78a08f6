//! Files of orders that are to be carried out: tried out, sent, sent again, cut off by a kill, and the same
//! order posted beside them.

use std::fmt::Write as _;
use std::io::Write as _;

use serde_json::{Value, json};
use tempfile::NamedTempFile;

use crate::support::checker;
use crate::support::operator::{Operator, Said};
use crate::support::patience::{AFTER_A_CRASH, until};
use crate::support::world::World;

/// Semicolons, as a spreadsheet writes them where decimals have commas, and the mark that it begins with.
const HEADING: &str = "\u{feff}channel;external_id;placed_at;currency;tax_mode;customer.name;ship_to.name;\
    ship_to.lines.1;ship_to.city;ship_to.postcode;ship_to.country;payment.terms;payment.reference;\
    stated_total;line.external_id;line.sku;line.title;line.quantity;line.unit_price\r\n";

/// An order of two rows: 2 x 9.99 EUR of PINK-8 and one mug, paid at a till.
fn rows(external_id: &str, title: &str) -> String {
    format!(
        "web;{external_id};2026-11-20T09:00:00Z;EUR;inclusive;Ada Example;Ada Example;Chausseestr. 1;Berlin;\
         10115;DE;prepaid;till-7;24.98;1;PINK-8;\"{title}\";2;9.99\r\n\
         web;{external_id};;;;;;;;;;;;;2;MUG;Mug;1;5.00\r\n"
    )
}

fn file(text: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(text.as_bytes()).unwrap();
    file
}

fn operator(world: &World) -> Operator<'_> {
    Operator {
        key: world.hub.make_key("seller", "orders:write"),
        ..Operator::of(world)
    }
}

fn post(operator: &Operator<'_>, file: &NamedTempFile, more: &str) -> Said {
    let path = file.path().display();
    operator.run(&format!("orders post csv {path} {more}"))
}

/// A verdict a line, as `first-last external_id status`.
fn told(said: &Said) -> Vec<String> {
    let line = |line: &str| {
        let verdict: Value = serde_json::from_str(line).expect("a verdict");
        let id = verdict["external_id"].as_str().unwrap_or("-").to_owned();
        let (first, last) = (&verdict["row"], &verdict["last_row"]);
        format!("{first}-{last} {id} {}", verdict["status"])
    };
    said.data.lines().map(line).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_tried_out_then_sent_and_the_same_file_again_adds_nothing() {
    let world = World::start().await;
    for sku in ["PINK-8", "MUG"] {
        world.api.count("BER1", sku, 10).await;
    }
    let operator = operator(&world);
    let good = rows("9007199254740993", "A \"\"big\"\" thing;\r\nfor two 😀");
    let bad = rows("F-2", "A thing").replace(";9.99\r\n", ";9,99\r\n");
    let text = format!("{HEADING}{good}{bad}{}", rows("F-3", "A thing"));
    let sent = file(&text);

    let before = checker::rows(&world.audit).await;
    let tried = post(&operator, &sent, "--dry-run -o json");
    let expected = ["2-3 9007199254740993 201", "4-5 F-2 422", "6-7 F-3 201"];
    assert_eq!(
        (told(&tried), tried.exit),
        (expected.map(str::to_owned).to_vec(), 6)
    );
    assert_eq!(
        checker::rows(&world.audit).await,
        before,
        "nothing was recorded"
    );
    let people = post(&operator, &sent, "--dry-run");
    assert!(
        people
            .data
            .contains("row 4 /line.unit_price bad_decimal: digits with a point"),
        "{people:?}"
    );
    assert!(
        people
            .words
            .contains("3 orders: 2 would be recorded, 0 there already, 1 refused"),
        "{people:?}"
    );

    let first = post(&operator, &sent, "-o json");
    assert_eq!((told(&first), first.exit), (told(&tried), 6));
    let again = post(&operator, &sent, "-o json");
    let expected = ["2-3 9007199254740993 200", "4-5 F-2 422", "6-7 F-3 200"];
    assert_eq!(told(&again), expected);
    assert_eq!(checker::orders(&world.audit).await, 2);
    let ids = checker::orders_with(&world.audit, "web", "9007199254740993").await;
    world.api.until_stage(&ids[0], &["fulfilling"]).await;
    assert_eq!(
        world.api.order(&ids[0]).await["lines"][0]["title"],
        "A \"big\" thing;\r\nfor two 😀"
    );

    // The same order as JSON is the same one.
    let posted = json!({
        "channel": "web", "external_id": "F-3", "placed_at": "2026-11-20T09:00:00Z", "currency": "EUR",
        "tax_mode": "inclusive", "customer": { "name": "Ada Example" },
        "ship_to": { "name": "Ada Example", "lines": ["Chausseestr. 1"], "city": "Berlin",
                     "postcode": "10115", "country": "DE" },
        "lines": [
            { "external_id": "1", "sku": "PINK-8", "title": "A thing", "quantity": "2", "unit_price": "9.99" },
            { "external_id": "2", "sku": "MUG", "title": "Mug", "quantity": "1", "unit_price": "5.00" }
        ],
        "payment": { "terms": "prepaid", "reference": "till-7" }, "stated_total": "24.98"
    });
    let answer = world.api.post("/v1/orders", &posted).await;
    let id = answer.expect(200)["id"].clone();
    let known = checker::orders_with(&world.audit, "web", "F-3").await;
    assert_eq!(known, [id.as_str().expect("an id")]);
    checker::at_rest(&world.audit, 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_a_kill_cuts_off_is_sent_again_and_each_of_its_orders_is_one() {
    let mut world = World::start().await;
    let mut text = HEADING.to_owned();
    for number in 1..=1_500 {
        write!(text, "{}", rows(&format!("C-{number}"), "A thing")).unwrap();
    }
    let sent = file(&text);
    let key = operator(&world).key.clone();
    let line = format!(
        "orders post csv {} --url {} --key {key}",
        sent.path().display(),
        world.api.base()
    );
    let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
    let cut = world.hub.spawn(&words);
    until("a part of the file is there", AFTER_A_CRASH, || async {
        (checker::orders(&world.audit).await >= 600).then_some(())
    })
    .await;
    world.hub.kill();
    let output = cut.wait_with_output().expect("it has ended");
    let said = Said::of(&output);
    assert!(said.exit != 0 && said.exit != 6, "{said:?}");
    assert!(
        said.words.contains("run the same command again"),
        "{said:?}"
    );
    let before = checker::orders(&world.audit).await;
    assert!(before < 1_500, "it was cut at {before}");
    world.hub.start().await;
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    words.extend(["-o", "json"]);
    let second = Said::of(&world.hub.attempt(&words));
    assert_eq!(second.exit, 0, "{}", second.words);
    let there = told(&second)
        .iter()
        .filter(|line| line.ends_with(" 200"))
        .count();
    assert_eq!(i64::try_from(there).unwrap(), before);
    assert_eq!(checker::orders(&world.audit).await, 1_500);
    checker::always(&world.audit).await;
}
