//! What a shop offers, against a stand-in with one source whose units are partly reserved.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use crate::sales::offering::{has_taken_unheard, offer, takes_nothing, unwell};
use crate::sales::told::not_offered;
use crate::sales::{Offered, SalesConnector};

#[derive(Default)]
struct Book {
    quantity: i64,
    reserved: i64,
    changes: Vec<Value>,
    /// Carries the next change out and answers this.
    lose: Option<ResponseTemplate>,
    always: Option<ResponseTemplate>,
    unmanaged: bool,
}

#[derive(Clone, Default)]
struct Shop(Arc<Mutex<Book>>);

impl Respond for Shop {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let path = request
            .url
            .path()
            .trim_start_matches("/rest/all/V1/inventory/");
        if path == "get-product-salable-quantity/OWN%20MUG%2FA/1" {
            if book.unmanaged {
                let no = json!({ "message": "Can't check requested quantity for products without Source Items support." });
                return ResponseTemplate::new(400).set_body_json(no);
            }
            let salable = book.quantity - book.reserved;
            return ResponseTemplate::new(200).set_body_json(salable);
        }
        assert_eq!(path, "source-items");
        if request.method.as_str() == "GET" {
            let mut query = request.url.query_pairs();
            let known = query.any(|(_, value)| value == "OWN MUG/A");
            let item = json!({ "sku": "OWN MUG/A", "source_code": "default",
                "quantity": book.quantity, "status": 1 });
            let items = if known { json!([item]) } else { json!([]) };
            return ResponseTemplate::new(200).set_body_json(json!({ "items": items }));
        }
        let change: Value = request.body_json().expect("JSON");
        let item = change["sourceItems"][0].clone();
        book.quantity = item["quantity"].as_i64().expect("a number");
        book.changes.push(item);
        let lost = book.lose.take();
        lost.unwrap_or_else(|| ResponseTemplate::new(200).set_body_json(json!([])))
    }
}

impl Shop {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        for verb in ["GET", "POST"] {
            Mock::given(method(verb))
                .and(path_regex("^/rest/all/V1/"))
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
async fn what_can_be_sold_becomes_the_number_and_what_is_reserved_stays() {
    let shop = Shop::default();
    shop.book().quantity = 10;
    shop.book().reserved = 3;
    let (_server, connector) = shop.serve().await;
    assert_eq!(offer(&connector, "OWN MUG/A", 7).await, Ok(Offered::Same));
    assert_eq!(offer(&connector, "OWN MUG/A", 4).await, Ok(Offered::Set));
    assert_eq!(offer(&connector, "OWN MUG/A", 4).await, Ok(Offered::Same));
    assert_eq!(offer(&connector, "OWN MUG/A", -3).await, Ok(Offered::Set));
    assert_eq!(offer(&connector, "NONE", 4).await, Ok(Offered::NotSold));
    let to = |quantity: i64| json!({ "sku": "OWN MUG/A", "source_code": "default", "quantity": quantity, "status": 1 });
    assert_eq!(shop.book().changes, [to(7), to(3)]);
    shop.book().unmanaged = true;
    let answer = offer(&connector, "OWN MUG/A", 4).await;
    assert_eq!(answer, Ok(not_offered("stock_is_not_managed")));
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_finds_what_it_did() {
    let shop = Shop::default();
    shop.book().lose = Some(ResponseTemplate::new(504));
    let (_server, connector) = shop.serve().await;
    has_taken_unheard(&connector, "OWN MUG/A", 4).await;
    shop.book().lose = Some(ResponseTemplate::new(400).set_body_json(json!({ "message": "x" })));
    let refused = offer(&connector, "OWN MUG/A", 5).await;
    assert_eq!(refused, Ok(not_offered("not_offered")));
}

#[tokio::test]
async fn a_shop_that_does_not_answer_well_has_not_done_it() {
    let shop = Shop::default();
    let (_server, connector) = shop.serve().await;
    takes_nothing(&connector, "OWN MUG/A", unwell(401), |answer| {
        shop.book().always = Some(answer);
    })
    .await;
}
