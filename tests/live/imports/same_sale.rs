//! The same sale by webhook or by the API and by file, in either order.

use serde_json::json;

use super::files::{File, heading, ndjson, row};
use super::{ids_of, nothing_was_done, verdicts, words_of};
use crate::support::checker;
use crate::support::operator::Operator;
use crate::support::orders::paid_elsewhere;
use crate::support::shopify::{self as shop, deliver};
use crate::support::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_same_sale_by_webhook_and_by_file_is_one_order_whichever_came_first() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "PINK-8", 10).await;
    let operator = Operator::of(&world);
    // By file first: whatever the shop tells of it later adds nothing twice.
    let file = File::of(&[heading(), row(&[("Id", "91"), ("Name", "#91")])]);
    let line = format!(
        "import shopify-csv {} --channel shop-de -o json",
        file.path()
    );
    let told = verdicts(&operator.run(&line).expect(0));
    let id = ids_of(&told)[0];
    let order = shop::paid(91, "PINK-8");
    for _ in 0..2 {
        for topic in ["orders/create", "orders/paid", "orders/updated"] {
            deliver(api, topic, &order).await.expect(200);
        }
        deliver(api, "orders/cancelled", &shop::cancelled(order.clone()))
            .await
            .expect(200);
    }
    let known = checker::orders_with(&world.audit, "shop-de", "91").await;
    assert_eq!(known, [id.to_owned()]);
    let shown = api.order(id).await;
    assert_eq!(
        (&shown["stage"], &shown["version"]),
        (&json!("closed"), &json!(2))
    );
    assert_eq!(
        checker::events_of(&world.audit, id, "order.fact_ignored").await,
        1
    );
    nothing_was_done(&world).await;
    // By webhook first: the file finds it there, and it goes on living.
    deliver(api, "orders/create", &shop::paid(92, "PINK-8"))
        .await
        .expect(200);
    let living = checker::orders_with(&world.audit, "shop-de", "92").await;
    let file = File::of(&[heading(), row(&[("Id", "92"), ("Name", "#92")])]);
    let line = format!(
        "import shopify-csv {} --channel shop-de -o json",
        file.path()
    );
    let told = verdicts(&operator.run(&line).expect(0));
    assert_eq!(
        (words_of(&told), ids_of(&told)),
        (vec!["exists"], vec![living[0].as_str()])
    );
    api.until_stage(&living[0], &["fulfilling"]).await;
    assert_eq!(
        checker::events_of(&world.audit, &living[0], "order.imported").await,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_of_the_hubs_own_form_is_recognised_when_it_is_posted() {
    let world = World::start().await;
    let api = &world.api;
    api.count("BER1", "PINK-8", 10).await;
    let operator = Operator::of(&world);
    let order = paid_elsewhere("H-1", "PINK-8");
    let file = File::of(&[
        ndjson(&order, &json!({"end": "completed"})),
        order.to_string(),
    ]);
    let line = format!("import ndjson {} --channel web -o json", file.path());
    let told = verdicts(&operator.run(&line).expect(6));
    assert_eq!(words_of(&told), ["imported", "refused"]);
    assert_eq!(told[1]["errors"][0]["code"], "not_over");
    let id = told[0]["order"].as_str().expect("an id");
    let posted = api.post("/v1/orders", &order).await;
    assert_eq!((posted.status, &posted.json()["id"]), (200, &json!(id)));
    let mut other = order.clone();
    other["lines"][0]["title"] = "Another thing".into();
    let refused = api.post("/v1/orders", &other).await;
    assert_eq!(refused.code(), "external_id_conflict");
    nothing_was_done(&world).await;
}
