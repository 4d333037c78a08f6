//! What a store offers, against a stand-in whose variants are counted in every way that there is.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::header;
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use crate::sales::offering::{has_taken_unheard, offer, takes_nothing, unwell};
use crate::sales::told::not_offered;
use crate::sales::{Offered, SalesConnector};

/// A store of three products: 7, counted by its variants 71 (`OWN-MUG`) and 72; 8, which has one variant, 81
/// (`OWN-CARD`), and is counted as a whole; 9, counted as a whole over 91 (`OWN-TEE`) and another.
#[derive(Default)]
struct Book {
    /// How many there are of the variant 71 and of the product 8.
    units: [Option<i64>; 2],
    changes: Vec<Value>,
    /// Product 7 is not counted.
    uncounted: bool,
    no_location: bool,
    refuse: bool,
    /// Carries the next change out and answers this.
    lose: Option<ResponseTemplate>,
    always: Option<ResponseTemplate>,
}

#[derive(Clone, Default)]
struct Store(Arc<Mutex<Book>>);

impl Book {
    fn found(&self, place: &str, asked: &[(String, String)]) -> Option<Value> {
        let of = |name: &str| asked.iter().find(|(known, _)| known == name);
        let product = |tracking: &str, base: Option<u64>| json!({ "id": 1, "inventory_tracking": tracking, "base_variant_id": base });
        Some(match place {
            "catalog/variants" => match of("sku").map(|(_, sku)| sku.as_str()) {
                // The vendor compares without case.
                Some("OWN-MUG") => json!([
                    { "id": 71, "product_id": 7, "sku": "OWN-MUG" },
                    { "id": 72, "product_id": 7, "sku": "own-mug" } ]),
                Some("OWN-CARD") => json!([{ "id": 81, "product_id": 8, "sku": "OWN-CARD" }]),
                Some("OWN-TEE") => json!([{ "id": 91, "product_id": 9, "sku": "OWN-TEE" }]),
                _ => json!([]),
            },
            "catalog/products/7" if self.uncounted => product("none", None),
            "catalog/products/7" => product("variant", None),
            "catalog/products/8" => product("product", Some(81)),
            "catalog/products/9" => product("product", None),
            "inventory/locations/3/items" if !self.no_location => {
                let nth = usize::from(of("product_id:in").is_some());
                let expected = [("variant_id:in", "71"), ("product_id:in", "8")][nth];
                let asked = of(expected.0).map(|(_, id)| id.as_str());
                assert_eq!(asked, Some(expected.1));
                let level = self.units[nth].map(|units| {
                    json!({ "available_to_sell": units - 1, "total_inventory_onhand": units })
                });
                json!(level.into_iter().collect::<Vec<_>>())
            }
            _ => return None,
        })
    }

    fn change(&mut self, change: Value) {
        for item in change["items"].as_array().expect("items") {
            assert_eq!(item["location_id"], 3);
            let nth = usize::from(item["variant_id"] != 71);
            assert!(nth == 0 || item["product_id"] == 8, "{item}");
            self.units[nth] = item["quantity"].as_i64();
        }
        self.changes.push(change);
    }
}

impl Respond for Store {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let place = request.url.path().strip_prefix("/stores/ownhash/v3/");
        let place = place.expect("the API's V3");
        if request.method.as_str() == "GET" {
            let asked: Vec<_> = request.url.query_pairs().into_owned().collect();
            let found = book.found(place, &asked);
            return found.map_or(ResponseTemplate::new(404), |found| {
                ResponseTemplate::new(200).set_body_json(json!({ "data": found, "meta": {} }))
            });
        }
        assert_eq!(place, "inventory/adjustments/absolute");
        if book.refuse {
            return ResponseTemplate::new(422).set_body_json(json!({ "title": "no" }));
        }
        book.change(request.body_json().expect("JSON"));
        let done = ResponseTemplate::new(200).set_body_json(json!({ "transaction_id": "own" }));
        book.lose.take().unwrap_or(done)
    }
}

impl Store {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let server = MockServer::start().await;
        Mock::given(header("x-auth-token", "bc-own-token"))
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
    let bare = crate::settings::Settings::new("store-us".into())
        .with_secrets("secrets", ["bc-own-secret-1"])
        .with_secrets("access_token", ["bc-own-token"])
        .with_text("store_hash", "ownhash");
    let start = |settings| crate::sales::connect("bigcommerce", &settings);
    let store = start(bare.clone()).expect("a connection");
    assert!(store.stock_way().is_none());
    assert!(start(bare.with_text("stock_location", "99999999999999999999999")).is_err());
}

#[tokio::test]
async fn a_number_is_written_only_when_it_differs_and_as_the_store_counts() {
    let store = Store::default();
    let (_server, connector) = store.serve().await;
    for (sku, member, id) in [("OWN-MUG", "variant_id", 71), ("OWN-CARD", "product_id", 8)] {
        assert_eq!(offer(&connector, sku, 4).await, Ok(Offered::Set));
        assert_eq!(offer(&connector, sku, 4).await, Ok(Offered::Same));
        assert_eq!(offer(&connector, sku, -3).await, Ok(Offered::Set));
        let book = store.book();
        let items = &book.changes.last().expect("a change")["items"];
        assert_eq!(
            *items,
            json!([{ "location_id": 3, member: id, "quantity": 0 }])
        );
    }
    assert_eq!(store.book().changes.len(), 4);
}

#[tokio::test]
async fn what_has_no_number_of_its_own_there_is_not_told() {
    let store = Store::default();
    let (_server, connector) = store.serve().await;
    assert_eq!(offer(&connector, "NONE", 4).await, Ok(Offered::NotSold));
    assert_eq!(
        offer(&connector, "OWN-TEE", 4).await,
        Ok(not_offered("counted_by_product"))
    );
    store.book().refuse = true;
    assert_eq!(
        offer(&connector, "OWN-MUG", 4).await,
        Ok(not_offered("not_taken"))
    );
    store.book().no_location = true;
    assert_eq!(
        offer(&connector, "OWN-MUG", 4).await,
        Ok(not_offered("location_not_found"))
    );
    store.book().uncounted = true;
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
