//! What a shop offers, against a stand-in with one variant that is changed from a known number alone.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::settings;
use crate::port::CallError;
use crate::sales::offering::offer;
use crate::sales::told::not_offered;
use crate::sales::{Offered, SalesConnector, connect};
use crate::settings::ConfigError;

const SKU: &str = "A \"1\"";

#[derive(Default)]
struct Book {
    available: Option<i64>,
    /// Somebody buys between the question and the change.
    buys: i64,
    searches: Vec<String>,
    changes: Vec<Value>,
    always: Option<ResponseTemplate>,
}

#[derive(Clone, Default)]
struct Shop(Arc<Mutex<Book>>);

impl Respond for Shop {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.0.lock().expect("a lock");
        if let Some(always) = &book.always {
            return always.clone();
        }
        let asked: Value = request.body_json().expect("JSON");
        let (query, variables) = (asked["query"].as_str().expect("text"), &asked["variables"]);
        let data = if query.starts_with("mutation") {
            assert!(query.contains("@idempotent(key: $key)"), "{query}");
            book.changes.push(variables.clone());
            let change = &variables["input"]["quantities"][0];
            let now = book.available.map(|units| units - book.buys);
            let fits = change["changeFromQuantity"].as_i64() == now;
            let error = json!({ "code": "CHANGE_FROM_QUANTITY_STALE" });
            let errors: Vec<Value> = (!fits).then_some(error).into_iter().collect();
            book.available = if fits {
                change["quantity"].as_i64()
            } else {
                now
            };
            book.buys = 0;
            json!({ "done": { "errors": errors } })
        } else {
            let search = variables["search"].as_str().expect("a search");
            book.searches.push(search.to_owned());
            assert_eq!(variables["location"], "gid://shopify/Location/77");
            let level = |units: i64| json!({ "quantities": [{ "quantity": units }] });
            let variant = |sku: &str, id: u8, units: Option<i64>| {
                let id = format!("gid://shopify/InventoryItem/{id}");
                json!({ "sku": sku, "inventoryItem": { "id": id, "inventoryLevel": units.map(level) } })
            };
            let nodes = [variant("A", 1, Some(0)), variant(SKU, 2, book.available)];
            json!({ "productVariants": { "nodes": nodes } })
        };
        ResponseTemplate::new(200).set_body_json(json!({ "data": data }))
    }
}

impl Shop {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        let mock = Mock::given(method("POST")).respond_with(self.clone());
        mock.mount(&server).await;
        let mut settings = settings()
            .with_secrets("access_token", ["shpat_own"])
            .with_text("stock_location", "77");
        settings.base_url = Some(server.uri());
        let connector = connect("shopify", &settings).expect("a connection");
        (server, connector)
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

#[tokio::test]
async fn a_number_is_changed_from_the_one_that_was_read_and_only_when_it_differs() {
    let shop = Shop::default();
    shop.book().available = Some(9);
    let (_server, connector) = shop.serve().await;
    assert_eq!(offer(&connector, SKU, 4).await, Ok(Offered::Set));
    assert_eq!(offer(&connector, SKU, 4).await, Ok(Offered::Same));
    let book = shop.book();
    assert_eq!(book.searches[0], "sku:\"A \\\"1\\\"\"");
    assert_eq!(
        book.changes,
        [json!({ "key": "key-1", "input": {
            "name": "available", "reason": "correction", "quantities": [{
                "inventoryItemId": "gid://shopify/InventoryItem/2",
                "locationId": "gid://shopify/Location/77",
                "quantity": 4, "changeFromQuantity": 9,
            }],
        } })]
    );
}

#[tokio::test]
async fn a_number_that_has_just_changed_is_tried_again_and_says_nothing_against_the_shop() {
    let shop = Shop::default();
    shop.book().available = Some(9);
    shop.book().buys = 1;
    let (_server, connector) = shop.serve().await;
    let first = offer(&connector, SKU, 4).await;
    assert!(
        matches!(first, Err(CallError::NotDone { well: true, .. })),
        "{first:?}"
    );
    assert_eq!(offer(&connector, SKU, 4).await, Ok(Offered::Set));
    assert_eq!(shop.book().available, Some(4));
}

#[tokio::test]
async fn what_the_shop_does_not_sell_or_stock_there_is_left_alone() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    assert_eq!(offer(&connector, "B", 4).await, Ok(Offered::NotSold));
    assert_eq!(
        offer(&connector, SKU, 4).await,
        Ok(not_offered("not_stocked_at_location"))
    );
    assert!(shop.book().changes.is_empty());
}

#[tokio::test]
async fn a_shop_that_slows_us_down_has_not_done_it() {
    let shop = Shop::default();
    let throttled = json!({ "errors": [{ "extensions": { "code": "THROTTLED" } }] });
    shop.book().always = Some(ResponseTemplate::new(200).set_body_json(throttled));
    let (_server, connector) = shop.serve().await;
    let answer = offer(&connector, SKU, 4).await;
    assert!(
        matches!(answer, Err(CallError::NotDone { .. })),
        "{answer:?}"
    );
}

#[test]
fn a_location_without_a_way_there_does_not_start() {
    let settings = settings().with_text("stock_location", "77");
    let refused = connect("shopify", &settings).err().expect("an error");
    assert!(
        matches!(&refused, ConfigError::BadSetting { key, .. } if *key == "stock_location"),
        "{refused}"
    );
}
