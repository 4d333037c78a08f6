//! What eBay offers, against a stand-in with an inventory and offers at two of its sites.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::{header, method};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use crate::sales::offering::{has_taken_unheard, offer, takes_nothing, unwell};
use crate::sales::told::not_offered;
use crate::sales::{Offered, SalesConnector};

#[derive(Default)]
struct Book {
    /// Of the whole inventory, and of each offer.
    whole: i64,
    offered: i64,
    changes: Vec<Value>,
    /// Carries the next change out and answers this.
    lose: Option<ResponseTemplate>,
    always: Option<ResponseTemplate>,
}

#[derive(Clone, Default)]
struct Site(Arc<Mutex<Book>>);

fn trouble(status: u16, id: u32) -> ResponseTemplate {
    let body = json!({ "errors": [{ "errorId": id, "message": "x" }] });
    ResponseTemplate::new(status).set_body_json(body)
}

fn answers(list: &[(u16, u32)]) -> ResponseTemplate {
    let of = |(status, id): &(u16, u32)| {
        let errors = if *id == 0 {
            json!([])
        } else {
            json!([{ "errorId": id }])
        };
        json!({ "offerId": "81", "sku": "x", "statusCode": status, "errors": errors })
    };
    let list: Vec<_> = list.iter().map(of).collect();
    ResponseTemplate::new(200).set_body_json(json!({ "responses": list }))
}

impl Respond for Site {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let path = request.url.path();
        if path == "/sell/inventory/v1/offer" {
            let sku = request.url.query_pairs().find(|(name, _)| name == "sku");
            let offer = |id: &str, status: &str| json!({ "offerId": id, "status": status, "availableQuantity": book.offered });
            let offers = match sku.expect("a SKU").1.as_ref() {
                "OWN/MUG blue" => json!([
                    offer("81", "PUBLISHED"),
                    offer("82", "UNPUBLISHED"),
                    offer("83", "PUBLISHED")
                ]),
                "OWN-DRAFT" => json!([offer("84", "UNPUBLISHED")]),
                "OWN-MANY" => vec![offer("85", "PUBLISHED"); 26].into(),
                _ => return trouble(404, 25713),
            };
            return ResponseTemplate::new(200).set_body_json(json!({ "offers": offers }));
        }
        if request.method.as_str() == "GET" {
            assert_eq!(path, "/sell/inventory/v1/inventory_item/OWN%2FMUG%20blue");
            let availability = json!({ "shipToLocationAvailability": { "quantity": book.whole } });
            let item = json!({ "sku": "OWN/MUG blue", "availability": availability });
            return ResponseTemplate::new(200).set_body_json(item);
        }
        assert_eq!(path, "/sell/inventory/v1/bulk_update_price_quantity");
        let change: Value = request.body_json().expect("JSON");
        let change = change["requests"][0].clone();
        assert_eq!(change["sku"], "OWN/MUG blue");
        book.whole = change["shipToLocationAvailability"]["quantity"]
            .as_i64()
            .expect("a number");
        book.offered = change["offers"][0]["availableQuantity"]
            .as_i64()
            .expect("a number");
        book.changes.push(change);
        let lost = book.lose.take();
        lost.unwrap_or_else(|| answers(&[(200, 0), (200, 0)]))
    }
}

impl Site {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let (server, connector) = calling().await;
        for verb in ["GET", "POST"] {
            Mock::given(method(verb))
                .and(header("authorization", "Bearer v^1.1#key"))
                .respond_with(self.clone())
                .mount(&server)
                .await;
        }
        (server, connector)
    }

    fn book(&self) -> std::sync::MutexGuard<'_, Book> {
        self.0.lock().expect("a lock")
    }
}

const MUG: &str = "OWN/MUG blue";

#[tokio::test]
async fn both_numbers_are_written_and_only_when_one_differs() {
    let site = Site::default();
    site.book().offered = 4;
    let (_server, connector) = site.serve().await;
    assert_eq!(
        offer(&connector, MUG, 4).await,
        Ok(Offered::Set),
        "the whole differs"
    );
    assert_eq!(offer(&connector, MUG, 4).await, Ok(Offered::Same));
    assert_eq!(offer(&connector, MUG, -1).await, Ok(Offered::Set));
    let book = site.book();
    assert_eq!((book.changes.len(), book.whole, book.offered), (2, 0, 0));
    let offers = json!([{ "offerId": "81", "availableQuantity": 4 }, { "offerId": "83", "availableQuantity": 4 }]);
    assert_eq!(
        book.changes[0]["offers"], offers,
        "not what is no listing yet"
    );
}

#[tokio::test]
async fn what_is_not_on_offer_is_left_alone() {
    let site = Site::default();
    let (_server, connector) = site.serve().await;
    for sku in ["NONE", "OWN-DRAFT", ".."] {
        assert_eq!(
            offer(&connector, sku, 4).await,
            Ok(Offered::NotSold),
            "{sku}"
        );
    }
    assert_eq!(
        offer(&connector, "OWN-MANY", 4).await,
        Ok(not_offered("too_many_offers"))
    );
    assert!(site.book().changes.is_empty());
}

#[tokio::test]
async fn an_answer_that_is_lost_or_odd_is_unknown_and_a_no_is_a_no() {
    let site = Site::default();
    let (_server, connector) = site.serve().await;
    for (units, odd) in [
        (1, ResponseTemplate::new(504)),
        (2, ResponseTemplate::new(200).set_body_string("<html>")),
        (3, answers(&[])),
        (4, answers(&[(200, 0), (500, 25001)])),
    ] {
        site.book().lose = Some(odd);
        has_taken_unheard(&connector, MUG, units).await;
    }
    site.book().lose = Some(answers(&[(200, 0), (400, 25759)]));
    assert_eq!(offer(&connector, MUG, 5).await, Ok(not_offered("25759")));
    site.book().lose = Some(answers(&[(409, 0)]));
    assert_eq!(offer(&connector, MUG, 6).await, Ok(not_offered("409")));
    site.book().lose = Some(trouble(400, 25709));
    assert_eq!(offer(&connector, MUG, 7).await, Ok(not_offered("25709")));
}

#[tokio::test]
async fn a_site_that_does_not_answer_well_has_not_done_it() {
    let site = Site::default();
    let (_server, connector) = site.serve().await;
    let unwell = unwell(403).into_iter();
    let unwell = unwell.chain([ResponseTemplate::new(404)]);
    takes_nothing(&connector, MUG, unwell, |answer| {
        site.book().always = Some(answer);
    })
    .await;
}
