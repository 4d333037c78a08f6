//! What a shop offers, against a stand-in with one product.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::{method, path_regex};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use super::look_up::hand_out_keys;
use crate::sales::offering::{has_taken_unheard, offer, takes_nothing, unwell};
use crate::sales::told::not_offered;
use crate::sales::{Offered, SalesConnector};

const PRODUCT: &str = "00000000000000000000000000000071";

#[derive(Default)]
struct Book {
    stock: i64,
    changes: Vec<Value>,
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
        let body: Value = request.body_json().expect("JSON");
        if request.url.path() == "/api/search/product" {
            let wanted = body["filter"][0]["value"].as_str().expect("a number");
            let product = json!({ "id": PRODUCT, "productNumber": "OWN-MUG", "stock": book.stock });
            let found = wanted.eq_ignore_ascii_case("OWN-MUG").then_some(product);
            let found: Vec<_> = found.into_iter().collect();
            return ResponseTemplate::new(200).set_body_json(json!({ "data": found }));
        }
        assert_eq!(request.url.path(), "/api/_action/sync");
        let members = body["write"]["payload"][0].clone();
        book.stock = members["stock"].as_i64().expect("a number");
        book.changes.push(members);
        let lost = book.lose.take();
        lost.unwrap_or_else(|| ResponseTemplate::new(200).set_body_json(json!({ "data": {} })))
    }
}

impl Shop {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        hand_out_keys(&server).await;
        Mock::given(method("POST"))
            .and(path_regex("^/api/(search|_action)/"))
            .respond_with(self.clone())
            .mount(&server)
            .await;
        let connector = calling(&server.uri());
        (server, connector)
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

#[tokio::test]
async fn a_number_is_written_only_when_it_differs() {
    let shop = Shop::default();
    shop.book().stock = 9;
    let (_server, connector) = shop.serve().await;
    assert_eq!(offer(&connector, "OWN-MUG", 4).await, Ok(Offered::Set));
    assert_eq!(offer(&connector, "OWN-MUG", 4).await, Ok(Offered::Same));
    assert_eq!(offer(&connector, "OWN-MUG", -3).await, Ok(Offered::Set));
    for other in ["own-mug", "NONE"] {
        let answer = offer(&connector, other, 4).await;
        assert_eq!(answer, Ok(Offered::NotSold), "{other}");
    }
    let to = |units: i64| json!({ "id": PRODUCT, "stock": units });
    assert_eq!(shop.book().changes, [to(4), to(0)]);
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_finds_what_it_did() {
    let shop = Shop::default();
    shop.book().lose = Some(ResponseTemplate::new(504));
    let (_server, connector) = shop.serve().await;
    has_taken_unheard(&connector, "OWN-MUG", 4).await;
    let no = json!({ "errors": [{ "code": "OWN__NO", "detail": "x" }] });
    shop.book().lose = Some(ResponseTemplate::new(400).set_body_json(no));
    let refused = offer(&connector, "OWN-MUG", 5).await;
    assert_eq!(refused, Ok(not_offered("OWN__NO")));
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
