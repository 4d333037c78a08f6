//! `orderhub dev`: everything by itself, and nothing left behind.

use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::api::Api;
use crate::support::demo::Demo;
use crate::support::patience::{SOON, until};

fn order() -> serde_json::Value {
    json!({
        "channel": "web", "external_id": "D-1", "placed_at": "2026-11-20T09:00:00Z",
        "currency": "EUR", "tax_mode": "inclusive", "customer": {"name": "Ada Example"},
        "lines": [{"external_id": "1", "sku": "TEE-RED-M", "title": "A tee", "quantity": "1",
                   "unit_price": "19.99"}],
        "payment": {"terms": "invoice"}, "stated_total": "19.99",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_starts_by_itself_goes_on_after_a_kill_and_leaves_nothing_behind() {
    let mut demo = Demo::new(&["--no-sims"]);
    // The port that is wanted is taken; the next one is as good.
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    demo.port = taken.local_addr().unwrap().port();
    demo.start();
    let api = demo.api().await;
    drop(taken);
    let placed = api.post("/v1/orders", &order()).await.expect(201);
    let id = placed["id"].as_str().unwrap();
    api.until_stage(id, &["fulfilling"]).await;
    let shelf = api.get("/v1/inventory/TEE-RED-M").await.expect(200);
    assert_eq!(shelf["locations"].as_array().unwrap().len(), 4);

    // A second one in the same folder only says where the first one is.
    let second = demo.command().stderr(Stdio::piped()).output().unwrap();
    assert!(second.status.success());
    let said = String::from_utf8(second.stderr).unwrap();
    assert!(said.contains("runs in this folder already"), "{said}");
    assert!(said.contains(api.base()), "{said}");

    demo.signal("-KILL");
    demo.leaves_nothing().await;
    demo.start();
    let api = until("it is back", SOON * 2, || async {
        let api = demo.api().await;
        let request = api.request(reqwest::Method::GET, &format!("/v1/orders/{id}"));
        let reply = Api::try_send(request).await?;
        (reply.status == 200).then_some(api)
    })
    .await;
    let again = api.post("/v1/orders", &order()).await.expect(200);
    assert_eq!(again["id"], placed["id"]);
    demo.signal("-INT");
    demo.leaves_nothing().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_demo_sells_by_itself_and_carries_its_orders_to_the_end() {
    let mut demo = Demo::new(&["--rate", "120", "--speed", "20000"]);
    demo.start();
    let api = demo.api().await;
    until("an order is completed", SOON * 4, || async {
        let page = api.get("/v1/orders?stage=completed").await;
        let orders = page.expect(200)["data"].as_array()?.len();
        (orders > 0).then_some(())
    })
    .await;
    let token = demo.kept("secret-shop-de-key").expect("the shop's token");
    let config = demo.kept("orderhub.toml").expect("the configuration");
    let shop = config
        .split("slug = \"shop-de\"")
        .nth(1)
        .unwrap_or_default();
    let shop = shop
        .split("base_url = \"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    let url = format!(
        "{}/admin/api/2026-07/graphql.json",
        shop.expect("its address")
    );
    let query = "query Offered { productVariants(first: 1, query: \"sku:\\\"TEE-RED-M\\\"\") { nodes { inventoryItem { \
        inventoryLevel(locationId: \"gid://shopify/Location/655441491\") { quantities(names: [\"available\"]) { \
        quantity } } } } } }";
    until("a shop knows what it can offer", SOON * 4, || async {
        let asked = crate::support::api::plain_client().post(&url);
        let asked = asked.header("x-shopify-access-token", token.trim());
        let answer = asked.json(&json!({ "query": query })).send().await.ok()?;
        let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await.ok()?).ok()?;
        let level =
            "/data/productVariants/nodes/0/inventoryItem/inventoryLevel/quantities/0/quantity";
        (answer.pointer(level)?.as_i64()? > 0).then_some(())
    })
    .await;
    let names = [
        "stripe-eu-webhook",
        "easypost-key",
        "shop-de-webhook",
        "till-muc-key",
        "walmart-us-key",
        "tiktok-de-key",
        "north-webhook",
    ];
    let kept = names.map(|name| demo.kept(&format!("secret-{name}")));
    for secret in kept.into_iter().chain([demo.kept("key")]) {
        let secret = secret.expect("the demo keeps its secrets");
        let shown = Command::new("pgrep")
            .args(["-f", secret.trim()])
            .output()
            .unwrap();
        assert!(shown.stdout.is_empty(), "a command line shows a secret");
    }
    demo.signal("-INT");
    demo.leaves_nothing().await;
    assert!(!demo.socket().exists(), "a folder is left behind");
}
