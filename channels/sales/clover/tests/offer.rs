//! What a merchant offers, against a stand-in with one item that it counts.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::header;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use crate::sales::offering::{has_taken_unheard, offer, takes_nothing, unwell};
use crate::sales::told::not_offered;
use crate::sales::{Offered, SalesConnector};

/// A merchant who sells `OWN-MUG` as `OWNITEMMUG`.
#[derive(Default)]
struct Book {
    /// How many there are; none where it was never counted.
    units: Option<i64>,
    changes: Vec<Value>,
    refuse: Option<u16>,
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
        let place = request.url.path();
        let place = place.trim_start_matches("/v3/merchants/OWNMERCHANT/");
        if (request.method.as_str(), place) == ("GET", "items") {
            let asked: Vec<_> = request.url.query_pairs().into_owned().collect();
            assert_eq!(asked[1], ("expand".to_owned(), "itemStock".to_owned()));
            let mut item = json!({ "id": "OWNITEMMUG", "sku": "OWN-MUG" });
            if let Some(units) = book.units {
                // The vendor states doubles.
                let units: Value = serde_json::from_str(&format!("{units}.0")).expect("one");
                item["itemStock"] = json!({ "stockCount": 0, "quantity": units });
            }
            // A filter that finds more than it was asked for.
            let other = json!({ "id": "OWNITEMCARD", "sku": "OWN-MUG=2" });
            let found = match asked[0].1.as_str() {
                "sku=OWN-MUG" => json!({ "elements": [other, item] }),
                _ => json!({ "elements": [] }),
            };
            return ResponseTemplate::new(200).set_body_json(found);
        }
        assert_eq!(
            (request.method.as_str(), place),
            ("POST", "item_stocks/OWNITEMMUG")
        );
        if let Some(status) = book.refuse {
            return ResponseTemplate::new(status).set_body_json(json!({ "message": "no" }));
        }
        let change: Value = request.body_json().expect("JSON");
        book.units = change["quantity"].as_i64();
        book.changes.push(change);
        let done = ResponseTemplate::new(200).set_body_json(json!({}));
        book.lose.take().unwrap_or(done)
    }
}

impl Till {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        Mock::given(header("authorization", "Bearer cl-own-token"))
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
fn stock_is_told_where_the_merchant_is_named_for_it_only() {
    let bare = crate::settings::Settings::new("till-us".into())
        .with_secrets("secrets", ["cl-own-code-1"])
        .with_secrets("access_token", ["cl-own-token"])
        .with_text("merchant_id", "OWNMERCHANT");
    let start = |settings| crate::sales::connect("clover", &settings);
    let till = start(bare.clone()).expect("a connection");
    assert!(till.stock_way().is_none());
    assert!(start(bare.with_text("stock_merchant_id", "OTHER")).is_err());
}

#[tokio::test]
async fn a_number_is_written_only_when_it_differs_and_for_this_very_sku() {
    let till = Till::default();
    let (_server, connector) = till.serve().await;
    assert_eq!(offer(&connector, "OWN-MUG", 4).await, Ok(Offered::Set));
    assert_eq!(offer(&connector, "OWN-MUG", 4).await, Ok(Offered::Same));
    assert_eq!(offer(&connector, "OWN-MUG", -3).await, Ok(Offered::Set));
    assert_eq!(offer(&connector, "NONE", 4).await, Ok(Offered::NotSold));
    let expected = [json!({ "quantity": 4 }), json!({ "quantity": 0 })];
    assert_eq!(till.book().changes, expected);
}

#[tokio::test]
async fn what_the_till_does_not_take_is_refused() {
    let till = Till::default();
    let (_server, connector) = till.serve().await;
    for status in [400, 404] {
        till.book().refuse = Some(status);
        assert_eq!(
            offer(&connector, "OWN-MUG", 4).await,
            Ok(not_offered("not_taken"))
        );
    }
    assert!(till.book().changes.is_empty());
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_finds_what_it_did() {
    for lost in [ResponseTemplate::new(504), ResponseTemplate::new(302)] {
        let there = Till::default();
        there.book().lose = Some(lost);
        let (_server, connector) = there.serve().await;
        has_taken_unheard(&connector, "OWN-MUG", 4).await;
        assert_eq!(there.book().changes.len(), 1);
    }
}

#[tokio::test]
async fn what_does_not_answer_well_has_not_done_it() {
    let there = Till::default();
    let (_server, connector) = there.serve().await;
    takes_nothing(&connector, "OWN-MUG", unwell(401), |answer| {
        there.book().always = Some(answer);
    })
    .await;
    assert!(there.book().changes.is_empty());
}
