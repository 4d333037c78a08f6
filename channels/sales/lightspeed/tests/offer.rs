//! What an outlet offers, against a stand-in store with one product that it counts.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::header;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use crate::sales::offering::{has_taken_unheard, offer, takes_nothing, unwell};
use crate::sales::told::not_offered;
use crate::sales::{Offered, SalesConnector};

/// A store that sells `OWN-MUG` as `own-mug`.
struct Book {
    /// How many there are at the outlet; none where it was never counted.
    units: Option<i64>,
    counted: bool,
    changes: Vec<Value>,
    refuse: Option<u16>,
    /// Carries the next change out and answers this.
    lose: Option<ResponseTemplate>,
    always: Option<ResponseTemplate>,
}

#[derive(Clone)]
struct Store(Arc<Mutex<Book>>);

impl Default for Store {
    fn default() -> Self {
        Self(Arc::new(Mutex::new(Book {
            units: None,
            counted: true,
            changes: Vec::new(),
            refuse: None,
            lose: None,
            always: None,
        })))
    }
}

impl Book {
    fn products(&self, sku: &str) -> Value {
        let product = |id: &str, sku: &str, deleted: Option<&str>| {
            json!({ "id": id, "sku": sku, "has_inventory": self.counted, "is_composite": false,
                "deleted_at": deleted })
        };
        match sku {
            // One is found by another of its codes, and one is deleted.
            "OWN-MUG" => json!([
                product("other", "OWN-MUG-OLD", None),
                product("gone", "OWN-MUG", Some("2026-01-01T00:00:00+00:00")),
                product("own-mug", "OWN-MUG", None)
            ]),
            _ => json!([]),
        }
    }
}

impl Respond for Store {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let place = request.url.path().trim_start_matches("/api/2026-07/");
        let found = match (request.method.as_str(), place) {
            ("GET", "products") => {
                let sku = request.url.query_pairs().next().expect("a SKU").1;
                json!({ "data": book.products(&sku), "version": { "min": 1, "max": 2 } })
            }
            ("GET", "inventory/own-mug") => {
                let level = |outlet: &str, units: i64| {
                    // The vendor states doubles.
                    let units: Value = serde_json::from_str(&format!("{units}.0")).expect("one");
                    json!({ "outlet_id": outlet, "product_id": "own-mug",
                        "current_inventory_level": units })
                };
                let here = book.units.map(|units| level("own-outlet-9", units));
                let levels = [Some(level("own-outlet-1", 4)), here];
                json!(levels.into_iter().flatten().collect::<Vec<_>>())
            }
            (verb, place) => {
                assert_eq!((verb, place), ("PUT", "products/own-mug"));
                if let Some(status) = book.refuse {
                    return ResponseTemplate::new(status).set_body_json(json!({ "error": "no" }));
                }
                let change: Value = request.body_json().expect("JSON");
                let level = &change["details"]["inventory"][0];
                assert_eq!(level["outlet_id"], "own-outlet-9");
                book.units = level["current_amount"].as_i64();
                book.changes.push(change);
                let done = ResponseTemplate::new(200).set_body_json(json!({ "data": {} }));
                return book.lose.take().unwrap_or(done);
            }
        };
        ResponseTemplate::new(200).set_body_json(found)
    }
}

impl Store {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        Mock::given(header("authorization", "Bearer ls-own-token"))
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
fn without_an_outlet_for_it_no_stock_is_told() {
    let bare = crate::settings::Settings::new("till-nz".into())
        .with_secrets("access_token", ["ls-own-token"])
        .with_text("domain_prefix", "ownstore")
        .with_text("outlet_id", "own-outlet-1");
    let start = |settings| crate::sales::connect("lightspeed", &settings);
    let till = start(bare.clone()).expect("a connection");
    assert!(till.stock_way().is_none());
    assert!(start(bare.with_text("stock_outlet_id", "a/b")).is_err());
}

#[tokio::test]
async fn a_number_is_written_only_when_it_differs_and_for_this_very_product() {
    let store = Store::default();
    let (_server, connector) = store.serve().await;
    assert_eq!(offer(&connector, "OWN-MUG", 4).await, Ok(Offered::Set));
    assert_eq!(offer(&connector, "OWN-MUG", 4).await, Ok(Offered::Same));
    assert_eq!(offer(&connector, "OWN-MUG", -3).await, Ok(Offered::Set));
    let book = store.book();
    assert_eq!(book.changes.len(), 2);
    let level = json!({ "outlet_id": "own-outlet-9", "current_amount": 0 });
    assert_eq!(
        book.changes[1],
        json!({ "details": { "inventory": [level] } })
    );
}

#[tokio::test]
async fn what_is_not_counted_or_not_taken_is_not_told() {
    let store = Store::default();
    let (_server, connector) = store.serve().await;
    assert_eq!(offer(&connector, "NONE", 4).await, Ok(Offered::NotSold));
    store.book().refuse = Some(422);
    assert_eq!(
        offer(&connector, "OWN-MUG", 4).await,
        Ok(not_offered("not_taken"))
    );
    // Deleted between the question and the change.
    store.book().refuse = Some(404);
    assert_eq!(offer(&connector, "OWN-MUG", 4).await, Ok(Offered::Same));
    store.book().counted = false;
    assert_eq!(
        offer(&connector, "OWN-MUG", 4).await,
        Ok(not_offered("stock_is_not_tracked"))
    );
    assert!(store.book().changes.is_empty());
}

#[tokio::test]
async fn a_lost_answer_is_unknown_and_the_next_try_finds_what_it_did() {
    for lost in [ResponseTemplate::new(504), ResponseTemplate::new(302)] {
        let there = Store::default();
        there.book().lose = Some(lost);
        let (_server, connector) = there.serve().await;
        has_taken_unheard(&connector, "OWN-MUG", 4).await;
        assert_eq!(there.book().changes.len(), 1);
    }
}

#[tokio::test]
async fn what_does_not_answer_well_has_not_done_it() {
    let there = Store::default();
    let (_server, connector) = there.serve().await;
    takes_nothing(&connector, "OWN-MUG", unwell(401), |answer| {
        there.book().always = Some(answer);
    })
    .await;
    assert!(there.book().changes.is_empty());
}
