//! What Walmart offers, against a stand-in with one SKU.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::{Request, Respond, ResponseTemplate};

use super::{nothing, serve};
use crate::port::CallError;
use crate::sales::{Offered, SalesConnector};

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

async fn offer(
    connector: &Arc<dyn SalesConnector>,
    sku: &str,
    units: i64,
) -> Result<Offered, CallError> {
    let way = connector.stock_way().expect("a way");
    way.offer(&sku.into(), units, "key-1").await
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
    let lost = offer(&connector, "OWN/MUG 1", 4).await;
    assert!(matches!(lost, Err(CallError::Unknown { .. })), "{lost:?}");
    assert_eq!(offer(&connector, "OWN/MUG 1", 4).await, Ok(Offered::Same));
    let no = json!({ "errors": [{ "code": "INVALID_REQUEST", "description": "x" }] });
    market.book().lose = Some(ResponseTemplate::new(400).set_body_json(no));
    let code = "INVALID_REQUEST".to_owned();
    let refused = offer(&connector, "OWN/MUG 1", 5).await;
    assert_eq!(refused, Ok(Offered::Refused { code }));
}

#[tokio::test]
async fn a_walmart_that_does_not_answer_well_has_not_done_it() {
    let market = Market::default();
    let (_server, connector) = serve(market.clone()).await;
    for always in [
        ResponseTemplate::new(403),
        ResponseTemplate::new(429),
        ResponseTemplate::new(503),
        ResponseTemplate::new(200).set_body_string("<html>"),
    ] {
        market.book().always = Some(always.clone());
        let answer = offer(&connector, "OWN/MUG 1", 4).await;
        assert!(
            matches!(answer, Err(CallError::NotDone { .. })),
            "{always:?}: {answer:?}"
        );
    }
}
