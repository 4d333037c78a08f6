//! What the channel offers, against a stand-in that takes numbers on and shows them later.

use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use wiremock::matchers::{header, method};
use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

use super::calling;
use crate::sales::offering::{may_have_taken, offer, takes_nothing, unwell};
use crate::sales::told::not_offered;
use crate::sales::{Offered, SalesConnector};

#[derive(Default)]
struct Book {
    changes: Vec<(String, String, Value)>,
    /// Carries the next change out and answers this.
    lose: Option<ResponseTemplate>,
    always: Option<ResponseTemplate>,
}

#[derive(Clone, Default)]
struct Channel(Arc<Mutex<Book>>);

impl Respond for Channel {
    fn respond(&self, request: &Request) -> ResponseTemplate {
        let mut book = self.book();
        if let Some(always) = &book.always {
            return always.clone();
        }
        let path = request.url.path();
        let sku = path.strip_prefix("/listings/2021-08-01/items/AOWN0000000001/");
        let sku = sku.expect("below the seller").to_owned();
        let there = request
            .url
            .query_pairs()
            .find(|(name, _)| name == "marketplaceIds");
        let there = there.expect("a marketplace").1.into_owned();
        if request.method.as_str() == "GET" {
            let way = match (sku.as_str(), there.as_str()) {
                ("OWN%2FMUG%20blue", "A1PA6795UKMFR9") => "DEFAULT",
                ("FBA", _) => "AMAZON_EU",
                _ => {
                    let body = json!({ "errors": [{ "code": "NOT_FOUND", "message": "x" }] });
                    return ResponseTemplate::new(404).set_body_json(body);
                }
            };
            return ResponseTemplate::new(200).set_body_json(json!({
                "sku": "x", "summaries": [{ "marketplaceId": there, "productType": "MUG" }],
                "fulfillmentAvailability": [{ "fulfillmentChannelCode": way, "quantity": 4 }],
            }));
        }
        assert_eq!(request.method.as_str(), "PATCH");
        let change: Value = request.body_json().expect("JSON");
        book.changes.push((sku, there, change));
        let lost = book.lose.take();
        lost.unwrap_or_else(|| submission("ACCEPTED", &json!([])))
    }
}

fn submission(status: &str, issues: &Value) -> ResponseTemplate {
    let body = json!({ "sku": "x", "status": status, "submissionId": "1", "issues": issues });
    ResponseTemplate::new(200).set_body_json(body)
}

impl Channel {
    async fn serve(&self) -> (MockServer, Arc<dyn SalesConnector>) {
        let (server, connector) = calling("A1PA6795UKMFR9,A1F83G8C2ARO7P").await;
        for verb in ["GET", "PATCH"] {
            Mock::given(method(verb))
                .and(header("x-amz-access-token", "Atza|own"))
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

#[tokio::test]
async fn a_number_is_written_where_the_sku_is_sold_and_also_when_it_is_shown_already() {
    let channel = Channel::default();
    let (_server, connector) = channel.serve().await;
    // Four are shown: another number may be on its way, so four are written all the same.
    for units in [4, 4, -2] {
        assert_eq!(
            offer(&connector, "OWN/MUG blue", units).await,
            Ok(Offered::Set)
        );
    }
    let book = channel.book();
    let units: Vec<_> = book
        .changes
        .iter()
        .map(|(sku, there, change)| {
            assert_eq!(sku, "OWN%2FMUG%20blue");
            assert_eq!(there, "A1PA6795UKMFR9", "it is not sold in the other");
            assert_eq!(change["productType"], "MUG");
            let patch = &change["patches"][0];
            assert_eq!(patch["op"], "merge");
            assert_eq!(patch["path"], "/attributes/fulfillment_availability");
            let value = &patch["value"][0];
            assert_eq!(value["fulfillment_channel_code"], "DEFAULT");
            value["quantity"].as_i64().expect("a number")
        })
        .collect();
    assert_eq!(units, [4, 4, 0]);
}

#[tokio::test]
async fn what_is_not_sold_or_lies_at_amazon_is_left_alone() {
    let channel = Channel::default();
    let (_server, connector) = channel.serve().await;
    for sku in ["NONE", "..", ""] {
        assert_eq!(
            offer(&connector, sku, 4).await,
            Ok(Offered::NotSold),
            "{sku}"
        );
    }
    assert_eq!(
        offer(&connector, "FBA", 4).await,
        Ok(not_offered("fulfilled_by_amazon"))
    );
    assert!(channel.book().changes.is_empty());
}

#[tokio::test]
async fn an_answer_that_is_lost_or_odd_is_unknown_and_a_no_is_a_no() {
    let channel = Channel::default();
    let (_server, connector) = channel.serve().await;
    for odd in [
        ResponseTemplate::new(504),
        ResponseTemplate::new(200).set_body_string("<html>"),
        submission("OWN_STATUS", &json!([])),
    ] {
        channel.book().lose = Some(odd);
        may_have_taken(&connector, "OWN/MUG blue", 4).await;
    }
    let issues =
        json!([{ "code": "1", "severity": "WARNING" }, { "code": "90220", "severity": "ERROR" }]);
    channel.book().lose = Some(submission("INVALID", &issues));
    assert_eq!(
        offer(&connector, "OWN/MUG blue", 4).await,
        Ok(not_offered("90220"))
    );
    let no = json!({ "errors": [{ "code": "InvalidInput", "message": "x" }] });
    channel.book().lose = Some(ResponseTemplate::new(400).set_body_json(no));
    assert_eq!(
        offer(&connector, "OWN/MUG blue", 4).await,
        Ok(not_offered("InvalidInput"))
    );
}

#[tokio::test]
async fn a_channel_that_does_not_answer_well_has_not_done_it() {
    let channel = Channel::default();
    let (_server, connector) = channel.serve().await;
    let unwell = unwell(403).into_iter();
    let unwell = unwell.chain([ResponseTemplate::new(404)]);
    takes_nothing(&connector, "OWN/MUG blue", unwell, |answer| {
        channel.book().always = Some(answer);
    })
    .await;
}
