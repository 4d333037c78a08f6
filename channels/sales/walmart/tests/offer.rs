//! What Walmart offers, against a stand-in with one SKU.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::{Request, Respond, ResponseTemplate};

use super::{nothing, serve};
use crate::sales::Offered;
use crate::sales::offering::{has_taken_unheard, offer, takes_nothing, unwell};
use crate::sales::told::not_offered;

#[derive(Default)]
struct Book {
    units: i64,
    changes: Vec<Value>,
    /// Carries the next change out and answers this.
    lose: Option<ResponseTemplate>,
    always: Option<ResponseTemplate>,
}

#[derive(Clone, Default)]
struct Market(Arc<Mutex<Book>>);

impl Respond for Market {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        assert_eq!(request.url.path(), "/v3/inventory");
        let sku = request.url.query_pairs().next().expect("a SKU").1;
        if sku != "OWN/MUG 1" {
            return nothing();
        }
        if request.method.as_str() == "PUT" {
            let change: Value = request.body_json().expect("JSON");
            book.units = change["quantity"]["amount"].as_i64().expect("a number");
            book.changes.push(change);
            if let Some(lost) = book.lose.take() {
                return lost;
            }
        }
        let quantity = json!({ "unit": "EACH", "amount": book.units });
        ResponseTemplate::new(200).set_body_json(json!({ "sku": sku, "quantity": quantity }))
    }
}

impl Market {
    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

#[tokio::test]
async fn a_number_is_written_only_when_it_differs() {
    let market = Market::default();
    market.book().units = 9;
    let (_server, connector) = serve(market.clone()).await;
    assert_eq!(offer(&connector, "OWN/MUG 1", 4).await, Ok(Offered::Set));
    assert_eq!(offer(&connector, "OWN/MUG 1", 4).await, Ok(Offered::Same));
    assert_eq!(offer(&connector, "OWN/MUG 1", -3).await, Ok(Offered::Set));
    assert_eq!(offer(&connector, "NONE", 4).await, Ok(Offered::NotSold));
    let to =
        |units: i64| json!({ "sku": "OWN/MUG 1", "quantity": { "unit": "EACH", "amount": units } });
    assert_eq!(market.book().changes, [to(4), to(0)]);
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_finds_what_it_did() {
    let market = Market::default();
    market.book().lose = Some(ResponseTemplate::new(504));
    let (_server, connector) = serve(market.clone()).await;
    has_taken_unheard(&connector, "OWN/MUG 1", 4).await;
    let no = json!({ "errors": [{ "code": "INVALID_REQUEST", "description": "x" }] });
    market.book().lose = Some(ResponseTemplate::new(400).set_body_json(no));
    let refused = offer(&connector, "OWN/MUG 1", 5).await;
    assert_eq!(refused, Ok(not_offered("INVALID_REQUEST")));
}

#[tokio::test]
async fn a_walmart_that_does_not_answer_well_has_not_done_it() {
    let market = Market::default();
    let (_server, connector) = serve(market.clone()).await;
    takes_nothing(&connector, "OWN/MUG 1", unwell(403), |answer| {
        market.book().always = Some(answer);
    })
    .await;
}
