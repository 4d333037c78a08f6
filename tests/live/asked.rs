//! A shop that is asked what is new: what it pushes, what it pushed while nobody listened, and what it
//! states in a form that nobody can read.

use std::pin::Pin;
use std::sync::{Arc, Mutex};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use http::Response;
use reqwest::Method;
use serde_json::{Value, json};

use crate::support::api::Api;
use crate::support::checker;
use crate::support::doubles::server::{self, Answer, Asked, Body, Double};
use crate::support::doubles::signing;
use crate::support::hub::kept_secret;
use crate::support::patience::{SOON, until};
use crate::support::world::World;

const SECRET: &str = "woo-scenarios-own-secret";

/// A WooCommerce shop as its REST API shows it: a list of orders by the time of their last change.
#[derive(Default)]
struct Shop {
    orders: Mutex<Vec<Value>>,
    /// What it was asked for, as `modified_after`.
    asked: Mutex<Vec<String>>,
}

impl Double for Shop {
    fn answer(self: Arc<Self>, asked: Asked) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
        Box::pin(async move { Some(self.listed(&asked)) })
    }
}

impl Shop {
    fn listed(&self, asked: &Asked) -> Response<Body> {
        assert_eq!(asked.path, "/wp-json/wc/v3/orders");
        let basic = format!("Basic {}", STANDARD.encode("ck_own:cs_own"));
        if asked.header("authorization") != Some(&basic) {
            return server::json(401, &json!({ "code": "cannot_view" }));
        }
        let query = server::form(&asked.query);
        let named = |name: &str| {
            let found = query.iter().find(|(key, _)| key == name);
            found.map(|(_, value)| value.clone()).unwrap_or_default()
        };
        let after = named("modified_after");
        let known = named("exclude");
        self.asked.lock().unwrap().push(after.clone());
        let orders = self.orders.lock().unwrap();
        let fits = |order: &&Value| {
            let changed = order["date_modified_gmt"].as_str().unwrap();
            let id = order["id"].to_string();
            changed > after.as_str() && !known.split(',').any(|known| known == id)
        };
        let found: Vec<&Value> = orders.iter().filter(fits).take(20).collect();
        server::json(200, &json!(found))
    }
}

/// A paid order of one line, changed at this time.
fn order(id: u32, changed: &str) -> Value {
    json!({
        "id": id, "parent_id": 0, "number": id.to_string(), "status": "processing", "currency": "EUR",
        "date_created_gmt": "2026-11-20T09:00:00", "date_modified_gmt": changed,
        "discount_total": "0.00", "shipping_total": "0.00", "total": "20.00", "total_tax": "0.00",
        "prices_include_tax": true, "date_paid_gmt": "2026-11-20T09:00:30",
        "payment_method": "own_card", "transaction_id": "own_1",
        "billing": { "first_name": "Ada", "last_name": "Example", "country": "DE" },
        "shipping": { "first_name": "Ada", "last_name": "Example", "address_1": "Chausseestr. 1",
                      "city": "Berlin", "postcode": "10115", "country": "DE" },
        "line_items": [{ "id": id * 10, "name": "A mug &ndash; blue", "quantity": 1, "sku": "MUG",
                         "subtotal": "20.00", "subtotal_tax": "0.00", "total": "20.00",
                         "total_tax": "0.00", "taxes": [], "price": 20 }],
        "shipping_lines": [], "fee_lines": [], "coupon_lines": [], "tax_lines": [], "refunds": []
    })
}

async fn push(api: &Api, order: &Value) {
    let body = order.to_string();
    let mac = signing::hmac_sha256(SECRET.as_bytes(), &[body.as_bytes()]);
    let request = api
        .with_key(None)
        .request(Method::POST, "/v1/hooks/sales/woo")
        .header("content-type", "application/json")
        .header("x-wc-webhook-topic", "order.created")
        .header("x-wc-webhook-signature", STANDARD.encode(mac))
        .body(body);
    Api::send(request).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shop_is_asked_for_what_it_pushed_while_nobody_listened() {
    let shop = Arc::new(Shop::default());
    let (listener, addr) = server::listen().await;
    let (_on, switched) = server::switch();
    server::serve(listener, switched, shop.clone());
    let secrets = [SECRET, "ck_own", "cs_own"].map(kept_secret);
    let [secret, key, password] = secrets.each_ref().map(|file| file.path().display());
    let mut world = World::start_under(&format!(
        "[[sales]]\nslug = \"woo\"\nkind = \"woocommerce\"\nbase_url = \"http://{addr}\"\n\
         secrets = [{{ file = \"{secret}\" }}]\nconsumer_key = {{ file = \"{key}\" }}\n\
         consumer_secret = {{ file = \"{password}\" }}\n"
    ))
    .await;
    let api = world.api.clone();
    api.count("BER1", "MUG", 10).await;
    let listed = api.get("/v1/parked?state=dead").await.expect(200);
    assert_eq!(listed["data"], json!([]));
    let asked = || shop.asked.lock().unwrap().len();
    until("the shop is asked after a start", SOON, || async {
        (asked() > 0).then_some(())
    })
    .await;

    // It pushes one order; two more and one that nobody can read are there when the hub is not.
    let now = jiff::Timestamp::now()
        .strftime("%Y-%m-%dT%H:%M:%S")
        .to_string();
    push(&api, &order(31, &now)).await;
    world.hub.kill();
    let mut broken = order(32, &now);
    broken["line_items"] = "none".into();
    let all = [order(31, &now), broken, order(33, &now), order(34, &now)];
    *shop.orders.lock().unwrap() = all.to_vec();
    let before = asked();
    world.hub.start().await;
    for id in ["31", "33", "34"] {
        let what = format!("order {id} of the shop is known");
        let known = until(&what, SOON, || async {
            let known = checker::orders_with(&world.audit, "woo", id).await;
            (!known.is_empty()).then_some(known)
        })
        .await;
        assert_eq!(known.len(), 1, "{id}");
        api.until_stage(&known[0], &["fulfilling"]).await;
    }
    let none = checker::orders_with(&world.audit, "woo", "32").await;
    assert_eq!(none.len(), 0);
    assert!(asked() > before);
    let dead = api.get("/v1/parked?state=dead").await.expect(200);
    let dead = dead["data"].as_array().unwrap();
    assert_eq!(dead.len(), 1, "{dead:?}");
    assert_eq!(dead[0]["source"], "sales/woo");
    let reason = dead[0]["reason"].as_str().unwrap();
    assert!(reason.starts_with("dead: unreadable: "), "{reason}");

    // The cursor stands behind all of it, what could not be read included.
    let cursor: String = sqlx::query_scalar(
        "select cursor from orderhub_check.poll_cursors where source = 'sales/woo'",
    )
    .fetch_one(&world.audit)
    .await
    .unwrap();
    assert!(cursor >= now, "{cursor} is before {now}");
    assert_eq!(
        checker::counters(&world.audit, "BER1", "MUG").await,
        (10, 0, 3)
    );
}
