//! What a location offers, against a stand-in with one variation that it counts.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::header;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use crate::sales::offering::{has_taken_unheard, may_have_taken, offer, takes_nothing, unwell};
use crate::sales::told::not_offered;
use crate::sales::{Offered, SalesConnector};

#[derive(Default)]
struct Book {
    units: Option<String>,
    changes: Vec<Value>,
    /// Carries the next change out and answers this.
    lose: Option<ResponseTemplate>,
    always: Option<ResponseTemplate>,
}

#[derive(Clone, Default)]
struct Till(Arc<Mutex<Book>>);

impl Respond for Till {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let asked: Value = request.body_json().expect("JSON");
        let found = match request.url.path() {
            "/v2/catalog/search" => {
                let sku = &asked["query"]["exact_query"]["attribute_value"];
                let object = |id: &str, sku: &str| {
                    json!({ "type": "ITEM_VARIATION", "id": id,
                        "item_variation_data": { "sku": sku } })
                };
                if sku == "OWN-MUG" {
                    json!({ "objects": [object("V1", "OWN-MUG"), object("V2", "own-mug")] })
                } else {
                    json!({})
                }
            }
            "/v2/inventory/counts/batch-retrieve" => {
                assert_eq!(asked["location_ids"], json!(["OWNLOC9"]));
                let counts = book.units.iter().map(|units| {
                    json!({ "catalog_object_id": "V1", "state": "IN_STOCK", "quantity": units })
                });
                json!({ "counts": counts.collect::<Vec<_>>() })
            }
            other => {
                assert_eq!(other, "/v2/inventory/changes/batch-create");
                let count = &asked["changes"][0]["physical_count"];
                book.units = count["quantity"].as_str().map(str::to_owned);
                book.changes.push(asked);
                let lost = book.lose.take();
                return lost.unwrap_or_else(|| ResponseTemplate::new(200).set_body_json(json!({})));
            }
        };
        ResponseTemplate::new(200).set_body_json(found)
    }
}

impl Till {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        Mock::given(header("authorization", "Bearer sq-own-token"))
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

#[test]
fn without_a_location_for_it_no_stock_is_told() {
    let bare = crate::settings::Settings::new("till-us".into())
        .with_secrets("secrets", ["sq-own-key-1"])
        .with_secrets("access_token", ["sq-own-token"])
        .with_text("merchant_id", "OWNMERCHANT")
        .with_text("location_id", "OWNLOC1");
    let till = crate::sales::connect("square", &bare).expect("a connection");
    assert!(till.stock_way().is_none());
}

#[tokio::test]
async fn a_number_is_written_only_when_it_differs_and_for_this_very_sku() {
    let till = Till::default();
    let (_server, connector) = till.serve().await;
    assert_eq!(offer(&connector, "OWN-MUG", 4).await, Ok(Offered::Set));
    assert_eq!(offer(&connector, "OWN-MUG", 4).await, Ok(Offered::Same));
    assert_eq!(offer(&connector, "OWN-MUG", -3).await, Ok(Offered::Set));
    assert_eq!(offer(&connector, "NONE", 4).await, Ok(Offered::NotSold));
    let book = till.book();
    assert_eq!(book.changes.len(), 2);
    let change = &book.changes[1];
    assert_eq!(change["idempotency_key"], "key-1");
    assert_eq!(change["changes"].as_array().map(Vec::len), Some(1));
    let count = &change["changes"][0]["physical_count"];
    assert_eq!(
        (&count["quantity"], &count["state"]),
        (&json!("0"), &json!("IN_STOCK"))
    );
    assert_eq!(count["location_id"], "OWNLOC9");
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_finds_what_it_did() {
    let till = Till::default();
    till.book().lose = Some(ResponseTemplate::new(504));
    let (_server, connector) = till.serve().await;
    has_taken_unheard(&connector, "OWN-MUG", 4).await;
    let no = json!({ "errors": [{ "code": "BAD_REQUEST", "detail": "x" }] });
    till.book().lose = Some(ResponseTemplate::new(400).set_body_json(no));
    let refused = offer(&connector, "OWN-MUG", 5).await;
    assert_eq!(refused, Ok(not_offered("bad_request")));
    till.book().lose = Some(ResponseTemplate::new(200).set_body_string("<html>"));
    may_have_taken(&connector, "OWN-MUG", 6).await;
}

#[tokio::test]
async fn a_till_that_does_not_answer_well_has_not_done_it() {
    let till = Till::default();
    let (_server, connector) = till.serve().await;
    takes_nothing(&connector, "OWN-MUG", unwell(401), |answer| {
        till.book().always = Some(answer);
    })
    .await;
}
