//! What a shop offers, against a stand-in with a product, a variation and one that it does not count.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::{header, method};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use crate::sales::offering::{has_taken_unheard, may_have_taken, offer, takes_nothing, unwell};
use crate::sales::told::not_offered;
use crate::sales::{Offered, SalesConnector};

#[derive(Default)]
struct Book {
    units: i64,
    changes: Vec<(String, Value)>,
    /// Carries the next change out and answers this.
    lose: Option<ResponseTemplate>,
    always: Option<ResponseTemplate>,
}

#[derive(Clone, Default)]
struct Shop(Arc<Mutex<Book>>);

impl Respond for Shop {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let path = request.url.path().trim_start_matches("/wp-json/wc/v3/");
        if request.method.as_str() == "GET" {
            assert_eq!(path, "products");
            let query = request.url.query_pairs().find(|(name, _)| name == "sku");
            let (_, sku) = query.expect("a SKU");
            let product = |id: u32, form: &str, of: u32, counted: Value| {
                json!({ "id": id, "type": form, "parent_id": of, "sku": sku,
                    "manage_stock": counted, "stock_quantity": book.units })
            };
            let other = json!({ "id": 9, "type": "simple", "sku": "OTHER", "manage_stock": true });
            let found = match sku.as_ref() {
                "OWN-MUG" => json!([product(71, "simple", 0, json!(true)), other]),
                "OWN,BLUE" => json!([product(82, "variation", 81, json!(true)), other]),
                "OWN-KIT" => json!([product(83, "variation", 81, json!("parent"))]),
                "OWN-PDF" => json!([product(84, "simple", 0, json!(false))]),
                _ => json!([other]),
            };
            return ResponseTemplate::new(200).set_body_json(found);
        }
        let change: Value = request.body_json().expect("JSON");
        book.units = change["stock_quantity"].as_i64().expect("a number");
        book.changes.push((path.to_owned(), change));
        let lost = book.lose.take();
        lost.unwrap_or_else(|| ResponseTemplate::new(200).set_body_json(json!({ "id": 71 })))
    }
}

impl Shop {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        for verb in ["GET", "POST"] {
            Mock::given(method(verb))
                .and(header("authorization", "Basic Y2tfb3duOmNzX293bg=="))
                .respond_with(self.clone())
                .mount(&server)
                .await;
        }
        let connector = calling(&server.uri());
        (server, connector)
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

#[tokio::test]
async fn a_number_is_written_only_when_it_differs_and_where_the_product_lives() {
    let shop = Shop::default();
    shop.book().units = 9;
    let (_server, connector) = shop.serve().await;
    assert_eq!(offer(&connector, "OWN-MUG", 4).await, Ok(Offered::Set));
    assert_eq!(offer(&connector, "OWN-MUG", 4).await, Ok(Offered::Same));
    assert_eq!(offer(&connector, "OWN,BLUE", -3).await, Ok(Offered::Set));
    let to = |path: &str, units: i64| (path.to_owned(), json!({ "stock_quantity": units }));
    let expected = [to("products/71", 4), to("products/81/variations/82", 0)];
    assert_eq!(shop.book().changes, expected);
}

#[tokio::test]
async fn what_the_shop_does_not_sell_or_count_is_left_alone() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    assert_eq!(offer(&connector, "NONE", 4).await, Ok(Offered::NotSold));
    for sku in ["OWN-KIT", "OWN-PDF"] {
        let answer = offer(&connector, sku, 4).await;
        assert_eq!(answer, Ok(not_offered("stock_is_not_managed")), "{sku}");
    }
    assert!(shop.book().changes.is_empty());
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_finds_what_it_did() {
    let shop = Shop::default();
    shop.book().lose = Some(ResponseTemplate::new(504));
    let (_server, connector) = shop.serve().await;
    has_taken_unheard(&connector, "OWN-MUG", 4).await;
    let no = json!({ "code": "woocommerce_rest_own_no", "message": "x" });
    shop.book().lose = Some(ResponseTemplate::new(400).set_body_json(no));
    let refused = offer(&connector, "OWN-MUG", 5).await;
    assert_eq!(refused, Ok(not_offered("woocommerce_rest_own_no")));
    shop.book().lose = Some(ResponseTemplate::new(200).set_body_string("<html>"));
    may_have_taken(&connector, "OWN-MUG", 6).await;
}

#[tokio::test]
async fn a_shop_that_does_not_answer_well_has_not_done_it() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    takes_nothing(&connector, "OWN-MUG", unwell(401), |answer| {
        shop.book().always = Some(answer);
    })
    .await;
}
